"""How effects become verdicts: whole seeds count, configs may differ, and small effects are none."""

from collections.abc import Sequence

import numpy as np
import pytest

from analysis.claims import Verdict, plain, text
from tests.judged import judged
from tests.synthetic import Measured, grid
from tests.worlds import as_told
from trainables.config import TrialConfig


def test_configs_that_differ_in_sign_are_counted_and_no_seeds_are_asked_for() -> None:
    def mixed(config: TrialConfig) -> Measured:
        noise = np.random.default_rng([config.seed, config.width]).normal(scale=0.05, size=config.epochs + 1)
        bits = 5 + np.linspace(0, 1 if config.width == 20 else -1, config.epochs + 1) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    for answer in judged("mlp-rises", grid(seed=range(5), width=[20, 30], epochs=8), mixed).answers:
        finding = answer.findings[0]
        assert finding.has_either_sign
        assert (finding.configs_as_claimed, [name for name, _ in finding.by_config]) == (1, ["width 20", "width 30"])
        assert answer.verdict == Verdict.UNDECIDED
        assert "as they differ in sign (MI, last epoch less first: 1 of 2 as claimed" in answer.need.lack
        assert answer.need.command == "sweep claims made --json"


def test_one_large_config_does_not_outvote_the_others() -> None:
    def mostly_falling(config: TrialConfig) -> Measured:
        rise = 30 if config.width == 20 else -1
        noise = np.random.default_rng([config.seed, config.width]).normal(scale=0.05, size=config.epochs + 1)
        bits = 40 + np.linspace(0, rise, config.epochs + 1) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    found = judged("mlp-rises", grid(seed=range(12), width=[20, 30, 40, 50], epochs=8), mostly_falling)
    finding = found.answers[0].findings[0]
    assert finding.estimate.low > 0
    assert finding.p < 0.001
    assert (finding.configs_as_claimed, len(finding.by_config), finding.has_either_sign) == (1, 4, True)
    assert finding.verdict == Verdict.UNDECIDED
    assert "in 1 of 4 configs, which differ in sign" in text([found], 200)
    by_config = plain([found])[0]["answers"][0]["effects"][0]["by_config"]
    assert by_config["width 20"]["low"] > 0 > by_config["width 30"]["high"]


def test_where_no_test_of_whole_seeds_can_decide_it_says_so_with_the_seeds_that_would_do() -> None:
    (npeet, _) = judged("mlp-rises", grid(seed=range(3), width=[20, 30], epochs=8), as_told).deciding
    assert npeet.verdict == Verdict.UNDECIDED
    assert npeet.need.lack == "6 seeds: no test of whole seeds can reach 5 % with 3"
    assert npeet.need.command == "sweep run made.yaml --set grid.seed=0..5"
    (finding, _) = npeet.findings
    assert (finding.estimate.n, finding.estimate.p) == (3, 0.25)
    chosen = judged("resnet-peaks", grid(architecture="resnet", seed=range(6), epochs=20), as_told).answers[0]
    assert chosen.need.lack == "12 seeds, whose 6 odd ones test what the even ones choose (odd ones here: 3)"
    assert chosen.need.command == "sweep run made.yaml --set grid.seed=0..11"


@pytest.mark.parametrize(
    ("seeds", "lack"),
    [
        (range(0, 24, 2), "12 seeds, whose 6 odd ones test what the even ones choose (odd ones here: 0)"),
        (range(1, 24, 2), "even seeds, which choose what the odd ones test: there are none"),
        ([*range(0, 24, 2), 1], "12 seeds, whose 6 odd ones test what the even ones choose (odd ones here: 1)"),
    ],
)
def test_where_half_of_the_seeds_choose_it_says_which_half_is_lacking(seeds: Sequence[int], lack: str) -> None:
    found = judged("resnet-peaks", grid(architecture="resnet", seed=list(seeds), epochs=20), as_told).answers[0]
    assert (found.verdict, found.need.lack) == (Verdict.UNDECIDED, lack)


def constant_in_some(config: TrialConfig) -> Measured:
    """A world in which the MI rises but in two seeds, where it stays as it was: no rank correlation with anything."""
    noise = np.random.default_rng(config.seed).normal(scale=0.05, size=config.epochs + 1)
    bits = np.full(config.epochs + 1, 5.0) if config.seed < 2 else 5 + np.linspace(0, 1, config.epochs + 1) + noise
    return Measured(np.linspace(0.9, 0.1, config.epochs + 1) ** 2, {"first-merged": (bits, bits)})


def test_what_is_undefined_is_counted_and_named() -> None:
    points = grid(seed=range(10), epochs=8)
    found = judged("mlp-rises", points, constant_in_some)
    rise, trend = found.answers[0].findings
    constant = tuple(sorted(point.point_id for point in points if point.seed < 2))
    assert (rise.comparisons, rise.undefined, rise.estimate.n) == (10, 0, 10)
    assert (trend.comparisons, trend.undefined, trend.undefined_points, trend.estimate.n) == (10, 2, constant, 8)
    assert set(constant) <= set(found.answers[0].used)
    assert "in 1 of 1 config, 2 of 10 numbers undefined" in " ".join(text([found], 200).split())
    plain_effect = plain([found])[0]["answers"][0]["effects"][1]
    assert (plain_effect["undefined"], plain_effect["undefined_points"]) == (2, list(constant))


def test_points_without_a_number_in_any_effect_are_left_out_and_that_is_said_to_be_a_choice_by_outcome() -> None:
    points = grid(seed=range(10), epochs=8)
    found = judged("slope-follows-mi", points, constant_in_some)
    constant = {point.point_id for point in points if point.seed < 2}
    assert found.answers[0].left_out == dict.fromkeys(constant, "without a number in any effect")
    assert not constant & set(found.answers[0].used)
    said = " ".join(text([found], 200).split())
    assert "left out: 2 without a number in any effect (so the others are chosen by their outcome): mlp-" in said


def test_that_diverged_points_are_left_out_is_said_to_be_a_choice_by_outcome() -> None:
    points = grid(seed=range(10), epochs=8)
    found = judged("mlp-rises", points, as_told, {points[0].point_id: "diverged"})
    said = " ".join(text([found], 200).split())
    assert f"left out: 1 diverged (so the others are chosen by their outcome): {points[0].point_id}" in said
    assert plain([found])[0]["answers"][0]["left_out"] == {points[0].point_id: "diverged"}


def test_the_seeds_that_choose_are_not_undefined() -> None:
    found = judged("resnet-peaks", grid(architecture="resnet", seed=range(8), epochs=20), as_told)
    assert [(one.comparisons, one.undefined) for one in found.answers[0].findings] == [(4, 0)] * 2


def test_numbers_that_share_their_seeds_are_no_more_numbers_than_seeds() -> None:
    def shared(config: TrialConfig) -> Measured:
        rise = np.random.default_rng(config.seed).normal(scale=1.0)
        bits = 5 + np.linspace(0, rise, config.epochs + 1)
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    one, many = (
        judged("mlp-rises", grid(seed=range(8), width=widths, epochs=8), shared).answers[0].findings[0].estimate
        for widths in ([20], [10, 20, 30, 40, 50])
    )
    assert (many.low, many.high, many.n) == (pytest.approx(one.low), pytest.approx(one.high), 8)
    assert many.p == pytest.approx(one.p)


def test_effects_that_are_certainly_smaller_than_any_of_interest_are_said_to_be_none() -> None:
    def hardly(config: TrialConfig) -> Measured:
        noise = np.random.default_rng([config.seed, config.width]).normal(scale=0.02, size=config.epochs + 1)
        bits = 5 + np.linspace(0, 0.03, config.epochs + 1) + noise
        return Measured(np.linspace(0.9, 0.1, config.epochs + 1), {"first-merged": (bits, bits)})

    answer, _ = judged("mlp-rises", grid(seed=range(12), width=[20, 30], epochs=8), hardly).deciding
    assert answer.verdict == Verdict.NO_EFFECT
    assert answer.findings[0].verdict == Verdict.NO_EFFECT
    assert answer.findings[0].smallest == 0.1
    assert answer.need is None
