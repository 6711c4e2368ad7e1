"""Claims of learning beside networks that never learn: what these show too supports nothing."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from analysis.claims import CLAIMS, Judgement, Reading, Verdict, judge, plain, text
from tests.judged import BY_NAME, ORIGIN, judged
from tests.synthetic import Measured, World, grid, tables
from tests.worlds import as_told, both_papers, with_still_twins, with_twins, with_twins_alike
from trainables.config import TrialConfig

OF_LEARNING = [claim.name for claim in CLAIMS if claim.is_of_learning]
OF_LEVELS = ("depth-lowers-mi", "final-mi-not-needed")
"""In the made-up worlds the MI differs as these say before any training."""

of_learning = pytest.mark.parametrize("name", OF_LEARNING)


@cache
def in_world(world: World) -> dict[str, Judgement]:
    trained = [config for config in both_papers() if config.epochs and config.width == 20]
    claims = [claim for claim in CLAIMS if claim.is_of_learning]
    return {one.claim.name: one for one in judge(*tables(with_twins(trained), world), claims, ORIGIN)}


def said(judgement: Judgement, networks: str, measure: str = "NPEET", variant: str = "as measured") -> Verdict:
    return judgement.answer(Reading(measure, networks, variant)).verdict


def test_they_are_those_about_mi_in_training() -> None:
    assert OF_LEARNING == [
        "mlp-rises",
        "shortcut-falls",
        "resnet-peaks",
        "depth-lowers-mi",
        "slope-follows-mi",
        "final-mi-not-needed",
        "correlates-first",
        "slope-in-plane",
        "speed-at-equal-error",
        "resnet-needs-less",
        "lower-dimensional",
    ]


@of_learning
def test_what_networks_that_never_learn_show_as_well_is_explained_by_them(name: str) -> None:
    found = in_world(with_twins_alike)[name]
    assert {said(found, networks) for networks in ("trained", "frozen")} == {Verdict.SUPPORTED}
    assert said(found, "trained less frozen") in (Verdict.NO_EFFECT, Verdict.UNDECIDED)
    assert found.verdict in ("explained by control", "undecided")
    assert "of networks that never learn" in plain([found])[0]["headline"]


@of_learning
def test_a_claim_is_supported_where_networks_that_never_learn_do_not_move(name: str) -> None:
    found = in_world(with_still_twins)[name]
    assert said(found, "trained") == Verdict.SUPPORTED
    if name in OF_LEVELS:
        assert said(found, "frozen") == Verdict.SUPPORTED
    else:
        assert said(found, "frozen") != Verdict.SUPPORTED
        assert found.verdict == "supported"
    assert found.control is None


def test_the_start_is_the_same_with_and_without_learning_and_is_not_asked_of_the_difference() -> None:
    found = in_world(with_still_twins)["shortcut-falls"]
    of = {
        networks: [finding.effect for finding in found.answer(Reading("NPEET", networks)).findings]
        for networks in ("trained", "frozen", "trained less frozen")
    }
    assert of["trained"][0] == "MI at the start, shortcut less MLP"
    assert of["frozen"] == of["trained less frozen"] == of["trained"][1:]


def test_the_difference_is_that_of_each_pair_of_twins() -> None:
    def risen(config: TrialConfig) -> Measured:
        rise = 1.0 if config.frozen else 0.4
        bits = 5 + config.seed + np.linspace(0, rise + 0.01 * config.seed, config.epochs + 1)
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    points = with_twins(grid(seed=range(8), epochs=8))
    found = judged("mlp-rises", points, risen)
    answer = found.answer(Reading("NPEET", "trained less frozen"))
    assert answer.findings[0].estimate.value == pytest.approx(-0.6)
    assert answer.verdict == Verdict.CONTRADICTED
    assert set(answer.used) == {point.point_id for point in points}
    assert found.verdict == "explained by control"
    assert plain([found])[0]["headline"] == (
        "MI, last epoch less first: "
        "NPEET +0.435 bits, of networks that never learn +1.035 bits, beyond them -0.600 bits; "
        "balanced +0.435 bits, of networks that never learn +1.035 bits, beyond them -0.600 bits"
    )


def test_a_twin_that_is_not_done_leaves_the_difference_open_and_the_claim_unsupported() -> None:
    points = with_twins(grid(seed=range(8), epochs=8))
    lacking = next(point for point in points if point.frozen)
    found = judged("mlp-rises", points, with_still_twins, {lacking.point_id: "missing"})
    beyond = found.answer(Reading("NPEET", "trained less frozen"))
    twin = next(point for point in points if not point.frozen and point.seed == lacking.seed)
    assert beyond.left_out == {
        lacking.point_id: "missing",
        twin.point_id: "compared with a point that is left out",
    }
    assert beyond.need.command == "sweep resume made"
    assert found.verdict == "undecided"


def test_without_such_networks_it_says_so_with_the_command_that_adds_them() -> None:
    (found,) = judge(*tables(both_papers(), as_told), CLAIMS[:1], ORIGIN)
    assert found.control.command == "sweep run made.yaml --set 'grid.frozen=[false, true]'"
    assert "Claims 1 lack networks that never learn" in text([found], 200)
    assert plain([found])[0]["control"]["command"] == found.control.command
    assert plain([found])[0]["headline"] is None


def test_recalibrated_statistics_are_a_reading_of_their_own() -> None:
    def lagging(config: TrialConfig) -> Measured:
        rise = 2.0 if config.batch_norm_statistics == "moving" else 0.0
        noise = np.random.default_rng([config.seed, config.frozen]).normal(scale=0.02, size=config.epochs + 1)
        bits = 5 + np.linspace(0, rise, config.epochs + 1) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    points = with_twins(grid(seed=range(9), epochs=8, batch_norm_statistics=["moving", "recalibrated"]))
    found = judged("mlp-rises", points, lagging)
    assert said(found, "trained") == said(found, "frozen") == Verdict.SUPPORTED
    assert said(found, "trained", variant="recalibrated") == Verdict.NO_EFFECT
    assert "NPEET, recalibrated" in text([found], 100)


def test_networks_trained_by_batches_and_other_residual_sums_are_readings_of_their_own() -> None:
    """The paper's networks take all images at once and sum pairs: others change none of their verdicts."""

    def opposite(config: TrialConfig) -> Measured:
        is_papers = config.batch_size == "all" and config.residual_sums == "pairs"
        noise = np.random.default_rng([config.seed, len(config.architecture)]).normal(
            scale=1e-4, size=config.epochs + 1
        )
        last = (0.1 if is_papers else 0.3) if "resnet" in config.architecture else 0.2
        errors = np.geomspace(0.9, last, config.epochs + 1) + noise
        return Measured(errors, {"first-merged": (5 + noise, 5 + noise)})

    fields = {"seed": range(9), "epochs": 8, "depth": 6}
    without, residual = ["mlp", "shortcut"], ["resnet", "shortcut_resnet"]
    papers = grid(architecture=[*without, *residual], **fields)
    in_batches = grid(architecture=[*without, *residual], batch_size=[64, 256], **fields)
    every_layer = grid(architecture=residual, residual_sums="every_layer", **fields)
    found = {
        variant: judged("residuals-improve", [*papers, *others], opposite).answer(Reading("error", variant=variant))
        for variant, others in (
            ("as measured", [*in_batches, *every_layer]),
            ("mini-batches", in_batches),
            ("sums of every layer", every_layer),
        )
    }
    (by_papers,), (in_small,), (by_every_layer,) = (
        [
            one
            for one in found[variant].findings
            if one.effect == "error at matched epochs, MLP with residuals less without"
        ]
        for variant in found
    )
    assert [by_papers.verdict, in_small.verdict, by_every_layer.verdict] == [
        Verdict.SUPPORTED,
        Verdict.CONTRADICTED,
        Verdict.CONTRADICTED,
    ]
    assert set(found["as measured"].used) == {point.point_id for point in papers}
    smallest = {point.point_id for point in in_batches if point.batch_size == 64}
    assert set(found["mini-batches"].used) == smallest
    others = {point.point_id for point in papers if point.architecture in without}
    assert set(found["sums of every layer"].used) == others | {point.point_id for point in every_layer}


def test_other_measures_are_asked_where_they_were_measured_and_bounds_are_not_compared() -> None:
    epochs, points = tables(with_twins(grid(seed=range(8), epochs=8)), with_still_twins)
    measured = epochs.assign(
        rank_bits=epochs["mutual_information_bits"],
        rank_ceiling_bits=20.0,
        binned_bits=8.5,
        binned_ceiling_bits=np.log2(364),
    )
    (found,) = judge(measured, points, CLAIMS[:1], ORIGIN)
    assert {answer.reading.measure for answer in found.answers} == {"NPEET", "balanced", "rank", "binned"}
    assert said(found, "trained", "rank") == Verdict.SUPPORTED
    binned = found.answer(Reading("binned"))
    assert binned.verdict == Verdict.UNDECIDED
    assert set(binned.left_out.values()) == {"within 5 % of the ceiling: a bound, no level to compare"}
    assert binned.need.command == "sweep run made.yaml --set measure.samples=all"


def test_the_first_step_and_the_last_layer_can_be_asked_apart() -> None:
    def jumping(config: TrialConfig) -> Measured:
        """All of the rise is the first step's, and the last layer alone falls."""
        noise = np.random.default_rng(config.seed).normal(scale=0.02, size=config.epochs + 1)
        merged = 5 + np.minimum(np.arange(config.epochs + 1), 1) + noise
        last = 5 - np.linspace(0, 1, config.epochs + 1) + noise
        pairs = {"first-merged": (merged, merged)} | (
            {"first-last": (last, last)} if "short" in config.architecture else {}
        )
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), pairs)

    points = grid(architecture=["mlp", "shortcut"], seed=range(9), epochs=8)
    rises, falls = (judged(name, points, jumping) for name in ("mlp-rises", "shortcut-falls"))
    assert rises.answer(Reading("NPEET")).findings[0].verdict == Verdict.SUPPORTED
    assert said(rises, "trained", variant="from epoch 1") == Verdict.NO_EFFECT
    assert rises.answer(Reading("NPEET", variant="first-last")) is None
    fall = {
        variant: falls.answer(Reading("NPEET", variant=variant)).findings[1]
        for variant in ("as measured", "first-last")
    }
    assert fall["as measured"].verdict == Verdict.CONTRADICTED
    assert fall["first-last"].verdict == Verdict.SUPPORTED


def test_where_the_first_step_was_not_measured_it_is_not_asked() -> None:
    epochs, points = tables(grid(seed=range(3), epochs=8), as_told)
    skipped = epochs.assign(
        **{name: epochs[name].where(epochs["epoch"] != 1) for name in epochs if name.startswith("mutual_information")}
    )
    (found,) = judge(skipped, points, CLAIMS[:1], ORIGIN)
    assert {answer.reading.variant for answer in found.answers} == {"as measured"}


def test_support_takes_twins_of_every_network_that_the_claim_compares() -> None:
    both = grid(seed=range(9), epochs=8, width=[20, 30])
    some = [*both, *(point for point in with_twins(both) if point.frozen and point.width == 20)]
    found = judged("mlp-rises", some, with_still_twins)
    assert said(found, "trained") == said(found, "trained less frozen") == Verdict.SUPPORTED
    assert found.verdict == "undecided"
    assert found.control.command == "sweep run made.yaml --set 'grid.frozen=[false, true]'"


def test_twins_with_recalibrated_statistics_alone_are_no_control_of_the_others() -> None:
    recalibrated = with_twins(grid(seed=range(9), epochs=8, batch_norm_statistics="recalibrated"))
    found = judged("mlp-rises", [*grid(seed=range(9), epochs=8), *recalibrated], with_still_twins)
    assert found.control is not None


def test_values_at_their_ceiling_in_some_networks_decide_nothing_by_the_others() -> None:
    epochs, points = tables(grid(seed=range(16), epochs=8), as_told)
    points["mi_ceiling_bits"] = np.where(points["seed"] < 8, 4.0, 20.0)
    (found,) = judge(epochs, points, CLAIMS[:1], ORIGIN)
    assert {answer.verdict for answer in found.deciding} == {Verdict.UNDECIDED}
    assert len(found.deciding[0].left_out) == 8
    other_pair = epochs.assign(pair="input-1", mutual_information_bits=19.9, mutual_information_balanced_bits=19.9)
    points["mi_ceiling_bits"] = 20.0
    (found,) = judge(pd.concat([epochs, other_pair]), points, CLAIMS[:1], ORIGIN)
    assert found.verdict == "supported"


def test_a_seed_that_lacks_a_setting_is_left_out_and_named() -> None:
    points = [point for point in both_papers(seeds=range(8)) if not point.epochs]
    lacking = next(point for point in points if point.gain == 1.5 and point.seed == 7 and point.depth == 2)
    (found,) = judge(
        *tables([one for one in points if one is not lacking], as_told), [BY_NAME["isometry-maximal"]], ORIGIN
    )
    reasons = found.deciding[0].left_out
    assert set(reasons.values()) == {"of a seed that lacks some of the networks it is compared with"}
    assert {point.point_id for point in points if point.seed == 7 and point.depth == 2} - {lacking.point_id} == set(
        reasons
    )
