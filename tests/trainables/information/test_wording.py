"""The sentence on a value says what its credibility adds up to, in every regime."""

from dataclasses import replace

import numpy as np
import pytest

from trainables.information import Credibility, diagnose
from trainables.information.credibility.wording import in_words, unit

GROWING = Credibility(
    bits=5.28,
    n=10_000,
    k=3,
    dims=(200, 200),
    ceiling_bits=11.475,
    ceiling_share=5.28 / 11.475,
    null_bits=0.01,
    standard_error_bits=0.02,
    n_curve={2500: 3.4, 5000: 4.28, 10_000: 5.28},
    is_converged=False,
    balanced_bits=6.80,
    scale_ratio=0.8,
    noise_spread_bits=1e-5,
    tied_share=0.0,
    duplicate_share=0.0,
)
STEADY = replace(
    GROWING, dims=(1, 1), n_curve={2500: 5.2, 5000: 5.27, 10_000: 5.28}, is_converged=True, balanced_bits=5.285
)
NULL = replace(
    STEADY,
    bits=-0.004,
    ceiling_share=0.0,
    balanced_bits=0.0,
    dims=(50, 50),
    n_curve={5000: 0.0, 10_000: -0.004},
)

BOUND = "Read it as a lower bound, and do not compare it across widths."
EXPECTED = {
    "growing": (
        GROWING,
        "5.28 bits, 46 % of the most that 10,000 samples can show. Not converged: it grew by 1.00 from 5,000 to 10,000 "
        f"samples. Depends on the scale of x against y (balanced: 6.80). {BOUND}",
    ),
    "falling": (
        replace(GROWING, balanced_bits=5.28, n_curve={5000: 6.0, 10_000: 5.28}),
        "5.28 bits, 46 % of the most that 10,000 samples can show. Not converged: it fell by 0.72 from 5,000 to 10,000 "
        "samples. Do not read it as a bound: measure more samples.",
    ),
    "steady in few dimensions": (
        STEADY,
        "5.28 bits, 46 % of the most that 10,000 samples can show. Steady: it changed by 0.01 from 5,000 to 10,000 "
        "samples. Its standard error, 0.020, knows nothing of bias.",
    ),
    "steady in many dimensions": (
        replace(STEADY, dims=(5, 5)),
        "5.28 bits, 46 % of the most that 10,000 samples can show. Steady: it changed by 0.01 from 5,000 to 10,000 "
        f"samples. {BOUND}",
    ),
    "null": (
        NULL,
        "0.00 bits, within chance of what shuffled pairs give (0.01): no dependence shows at this scale. Steady: it "
        "changed by 0.00 from 5,000 to 10,000 samples. In 100 dimensions that is weak evidence of independence.",
    ),
    "below null": (
        replace(NULL, bits=-0.2, dims=(1, 1)),
        "-0.20 bits, below what shuffled pairs give (0.01): no dependence shows at this scale. Steady: it changed by "
        "0.00 from 5,000 to 10,000 samples. Depends on the scale of x against y (balanced: 0.00).",
    ),
    "near the ceiling": (
        replace(STEADY, bits=11.4, ceiling_share=0.993, balanced_bits=11.4),
        "11.40 bits, 99 % of the most that 10,000 samples can show: the truth may be far larger. Steady: it changed "
        f"by 0.01 from 5,000 to 10,000 samples. {BOUND}",
    ),
    "tied": (
        replace(STEADY, tied_share=0.998, noise_spread_bits=0.06),
        "5.28 bits, 46 % of the most that 10,000 samples can show. Steady: it changed by 0.01 from 5,000 to 10,000 "
        "samples. The nearest neighbors of more than 99 % of the points are tied, and the noise that breaks the ties "
        "moves it by 0.06. Do not read it as a bound.",
    ),
    "duplicates": (
        replace(STEADY, duplicate_share=0.12),
        "5.28 bits, 46 % of the most that 10,000 samples can show. Steady: it changed by 0.01 from 5,000 to 10,000 "
        "samples. 12 % of the rows appear more than once, which can inflate it. Do not read it as a bound.",
    ),
    "too few samples": (
        replace(GROWING, balanced_bits=None, is_converged=None, standard_error_bits=None, n_curve={7: 5.28}),
        "5.28 bits, 46 % of the most that 10,000 samples can show. Too few samples to tell whether it has converged. "
        f"{BOUND}",
    ),
    "degenerate": (Credibility(reason="x[3, 1] = nan"), "No value: x[3, 1] = nan."),
}


@pytest.mark.parametrize("regime", EXPECTED)
def test_the_words_of_each_regime(regime: str) -> None:
    credibility, words = EXPECTED[regime]
    assert in_words(credibility) == words


def test_the_balanced_value_is_not_told_to_depend_on_scale() -> None:
    assert "scale of x" not in in_words(replace(GROWING, scale="balanced", bits=6.8, balanced_bits=6.8))


def test_tied_samples_without_noise_may_exceed_the_ceiling() -> None:
    x, y = np.repeat(np.random.default_rng(0).normal(size=(2, 75, 2)), 4, axis=1)
    said = diagnose(x, y, noise=0.0).sentence
    assert "more than 300 samples can show" in said
    assert said.endswith("Do not read it as a bound.")


def test_a_real_value_gets_its_sentence() -> None:
    x = np.random.default_rng(0).normal(size=(500, 3))
    said = diagnose(x, x).sentence
    assert "100 % of the most that 500 samples can show: the truth may be far larger. Not converged: it grew" in said
    assert (
        diagnose(x[:2], x[:2]).sentence == "No value: N = 2 samples with k = 3: at least k + 1 = 4 samples are needed."
    )


@pytest.mark.parametrize(("base", "name"), [(2, "bits"), (np.e, "nats"), (10, "hartleys"), (3, "units of log base 3")])
def test_units_have_their_names(base: float, name: str) -> None:
    assert unit(base) == name
    assert in_words(replace(GROWING, base=base)).startswith(f"5.28 {name}, ")
