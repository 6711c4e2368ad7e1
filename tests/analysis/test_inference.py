"""How effects become verdicts: whole seeds count, configs may differ, and small effects are none."""

import numpy as np
import pytest

from analysis.claims import Verdict, plain, text
from tests.judged import judged
from tests.synthetic import Measured, as_told, grid
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
    assert chosen.need.lack == "12 seeds: no test of whole seeds can reach 5 % with 6"


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
