"""What changed since the last run: points, fields, code."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from sweep.planning import code_change
from sweep.planning.changes import spec_change, values
from sweep.store import Attempt, PointState, State
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PointResult, history_to_arrow

POINT = TrialConfig(epochs=4, width=8)
COMPONENTS = {"architecture mlp": "1" * 16, "architecture resnet": "2" * 16, "training": "3" * 16}
NOW = {
    "code_sha256": "b" * 64,
    "components": COMPONENTS,
    "git_commit": "2" * 40,
    "git_diff_sha256": None,
    "backend": "tensorflow",
    "packages": {"keras": "3.15.0", "numpy": "2.2.0", "tensorflow": "2.21.0", "ray": "2.60.0"},
}

Result = Callable[[TrialConfig], PointResult]
History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]


def seeds(*numbers: int, **fields: Any) -> list[TrialConfig]:
    return [TrialConfig(seed=number, **fields) for number in numbers]


def test_added_seeds_are_the_only_change() -> None:
    change = spec_change(seeds(*range(5)), seeds(*range(10)))
    assert [point_id.split("-")[3] for point_id in change.added] == ["s5", "s6", "s7", "s8", "s9"]
    assert (change.kept, change.dropped) == (5, ())
    assert change.in_words() == ["since last run: 5 points added, 5 kept", "  seed: 0..4 -> 0..9"]


def test_a_changed_value_makes_other_points_and_is_named() -> None:
    change = spec_change(seeds(0, 1, epochs=200), seeds(0, 1, epochs=80))
    assert (len(change.added), change.kept, len(change.dropped)) == (2, 0, 2)
    assert change.fields == {"epochs": ([200], [80])}
    assert "2 no longer named (they stay in the store)" in change.in_words()[0]


def test_the_same_points_in_another_order_are_no_change() -> None:
    assert spec_change(seeds(0, 1), seeds(1, 0)).in_words() == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "none"),
        ([0, 1, 2, 7], "0..2, 7"),
        ([1, 0], "0, 1"),
        ([True, False], "True, False"),
        (["mlp", "resnet"], "mlp, resnet"),
        (list(range(0, 40, 2)), "0, 2, 4, 6, 8, 10, 12, 14, and 12 more"),
    ],
)
def test_values_in_a_few_words(found: list[Any], words: str) -> None:
    assert values(found) == words


@pytest.fixture
def done(result: Result) -> Callable[..., dict[str, PointState]]:
    """A finished point that was computed by the code of now but for some changes."""

    def states(**changes: Any) -> dict[str, PointState]:
        found = replace(result(POINT), provenance=NOW | changes)
        return {POINT.point_id: PointState(State.FINISHED, found.history_arrow, found)}

    return states


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"code_sha256": "a" * 64, "components": None}, "trainables"),
        ({"components": COMPONENTS | {"architecture mlp": "4" * 16}}, "architecture mlp"),
        ({"components": COMPONENTS | {"training": "4" * 16, "architecture resnet": "4" * 16}}, "training"),
        ({"packages": NOW["packages"] | {"numpy": "2.1.0"}}, "numpy"),
        ({"packages": NOW["packages"] | {"tensorflow": "2.20.0"}}, "tensorflow"),
        ({"backend": "jax"}, "backend"),
    ],
)
def test_what_decides_the_numbers_is_a_change(
    done: Callable[..., dict[str, PointState]], changes: dict[str, Any], part: str
) -> None:
    change = code_change([POINT], done(**changes), NOW)
    assert change.points == (POINT.point_id,)
    assert set(change.parts) == {part}
    assert any(line.startswith(f"  {part}: ") for line in change.in_words())


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"git_commit": "1" * 40},
        {"git_diff_sha256": "c" * 64},
        {"packages": NOW["packages"] | {"ray": "2.59.0"}},
        {"threads": 4, "host": "there", "device": "gpu"},
        {"code_sha256": None, "components": None},
        {"code_sha256": "a" * 64},
        {"components": COMPONENTS | {"architecture resnet": "4" * 16}},
        {"components": {"training": "3" * 16}},
    ],
)
def test_what_cannot_move_a_number_is_none(done: Callable[..., dict[str, PointState]], changes: dict[str, Any]) -> None:
    assert not code_change([POINT], done(**changes), NOW)


def test_an_interrupted_point_counts_with_every_attempt_and_one_without_numbers_not(history: History) -> None:
    def attempt(number: int, **changes: Any) -> Attempt:
        return Attempt(number, "", "", number - 1, NOW | changes)

    tries = (attempt(1, code_sha256="a" * 64, components=None, git_commit="1" * 40), attempt(2))
    begun = PointState(State.INTERRUPTED, history_to_arrow(history(POINT, 2)), None, tries)
    change = code_change([POINT], {POINT.point_id: begun}, NOW)
    assert change.commits == ("1" * 12,)
    assert change.in_words() == [
        "1 point was computed by other code (111111111111)",
        f"  trainables: {'a' * 12} -> {'b' * 12}",
    ]
    assert not code_change([POINT], {POINT.point_id: PointState(State.INTERRUPTED, None, None, tries)}, NOW)


def test_attempts_that_left_nothing_behind_do_not_count(history: History) -> None:
    other = NOW | {"code_sha256": "a" * 64, "components": None}
    failed = Attempt(1, "", "", 0, other)
    fresh, further = Attempt(2, "", "", 0, NOW), Attempt(2, "", "", 2, NOW)
    never_trained = Attempt(3, "", "", 0, {"code_sha256": "a" * 64})
    arrow = history_to_arrow(history(POINT, 2))
    mended = PointState(State.INTERRUPTED, arrow, None, (failed, fresh, never_trained))
    mixed = PointState(State.INTERRUPTED, arrow, None, (failed, further, never_trained))
    assert not code_change([POINT], {POINT.point_id: mended}, NOW)
    assert code_change([POINT], {POINT.point_id: mixed}, NOW)


def test_a_change_concerns_the_points_that_use_what_changed(done: Callable[..., dict[str, PointState]]) -> None:
    mlp, resnet = TrialConfig(epochs=4, width=9), TrialConfig(epochs=4, width=8, architecture="resnet")
    of_one = code_change([POINT], done(components=COMPONENTS | {"architecture mlp": "4" * 16}), NOW)
    assert of_one.concerns([resnet, mlp])
    assert not of_one.concerns([resnet])
    assert not of_one.concerns([])
    of_all = code_change([POINT], done(components=COMPONENTS | {"training": "4" * 16}), NOW)
    assert of_all.concerns([resnet])
    assert code_change([POINT], done(backend="jax"), NOW).concerns([resnet])
    assert not code_change([POINT], done(), NOW).concerns([mlp])


def test_what_gives_equal_numbers_is_no_change(
    done: Callable[..., dict[str, PointState]], monkeypatch: pytest.MonkeyPatch
) -> None:
    then = done(components=COMPONENTS | {"training": "4" * 16})
    assert code_change([POINT], then, NOW)
    monkeypatch.setattr("trainables.identity.components.EQUAL_NUMBERS", {"training": ("4" * 16, "3" * 16)})
    assert not code_change([POINT], then, NOW)
