"""A request for pairs names outputs of the network, each pair once."""

import pytest

from trainables.architectures import ARCHITECTURES, build
from trainables.config import TrialConfig
from trainables.probes import DEFAULT_PAIR, LayerPair, pairs


def requested(*requests: str, depth: int = 4, has_shortcut: bool = True) -> tuple[LayerPair, ...]:
    architecture = "shortcut" if has_shortcut else "mlp"
    return pairs(TrialConfig(architecture=architecture, depth=depth, measure={"pairs": requests}))


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ("first-merged", [("first-merged", "hidden_1", "merged")]),
        ("first-last", [("first-last", "hidden_1", "hidden_4")]),
        (
            "successive",
            [("1-2", "hidden_1", "hidden_2"), ("2-3", "hidden_2", "hidden_3"), ("3-4", "hidden_3", "hidden_4")],
        ),
        ("input-each", [(f"input-{layer}", "input", f"hidden_{layer}") for layer in (1, 2, 3, 4)]),
        ("each-label", [(f"{layer}-label", f"hidden_{layer}", "label") for layer in (1, 2, 3, 4)]),
        (
            "all",
            [(f"{a}-{b}", f"hidden_{a}", f"hidden_{b}") for a, b in [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]],
        ),
    ],
)
@pytest.mark.parametrize("has_shortcut", [True, False])
def test_each_request_is_its_pairs(request_: str, expected: list[tuple[str, ...]], has_shortcut: bool) -> None:
    assert list(requested(request_, has_shortcut=has_shortcut)) == expected


@pytest.mark.parametrize("depth", [2, 3, 7])
def test_the_numbers_of_pairs_follow_from_the_depth(depth: int) -> None:
    assert len(requested("successive", depth=depth)) == depth - 1
    assert len(requested("input-each", depth=depth)) == depth
    assert len(requested("each-label", depth=depth)) == depth
    assert len(requested("all", depth=depth)) == depth * (depth - 1) // 2
    assert requested("first-last", depth=depth)[0].y == f"hidden_{depth}"


def test_with_a_shortcut_merged_and_last_are_two_pairs_in_the_order_asked_for() -> None:
    assert [pair.name for pair in requested("first-merged", "first-last")] == ["first-merged", "first-last"]
    assert [pair.name for pair in requested("first-last", "first-merged")] == ["first-last", "first-merged"]


@pytest.mark.parametrize("requests", [("first-merged", "first-last"), ("first-last", "first-merged")])
def test_without_a_shortcut_merged_and_last_are_one_pair_under_the_name_asked_for_first(
    requests: tuple[str, ...],
) -> None:
    assert [pair.name for pair in requested(*requests, has_shortcut=False)] == [requests[0]]


@pytest.mark.parametrize("request_", ["first-merged", "first-last"])
def test_without_a_shortcut_a_single_name_is_kept(request_: str) -> None:
    assert [pair.name for pair in requested(request_, has_shortcut=False)] == [request_]


def test_pairs_asked_for_twice_are_measured_once() -> None:
    names = [pair.name for pair in requested("successive", "all", "input-each")]
    assert names == ["1-2", "2-3", "3-4", "1-3", "1-4", "2-4", "input-1", "input-2", "input-3", "input-4"]


def test_only_pairs_with_the_image_or_the_label_say_so() -> None:
    found = requested("first-merged", "first-last", "successive", "input-each", "each-label", "all")
    assert {pair.name for pair in found if pair.is_with_label} == {f"{layer}-label" for layer in (1, 2, 3, 4)}
    assert {pair.name for pair in found if pair.is_with_input} == {f"input-{layer}" for layer in (1, 2, 3, 4)}


def test_the_default_pair_is_asked_for_by_default() -> None:
    for architecture in ARCHITECTURES:
        assert pairs(TrialConfig(architecture=architecture))[0].name == DEFAULT_PAIR


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_pair_names_outputs_that_the_network_has(architecture: str) -> None:
    requests = ("first-merged", "first-last", "successive", "input-each", "each-label", "all")
    config = TrialConfig(architecture=architecture, width=2, depth=4, measure={"pairs": requests})
    outputs = set(build(config, 3, 10).output)
    for pair in pairs(config):
        assert {pair.x, pair.y} <= outputs | {"label"}
