"""What is said about a value's credibility is true of it."""

from typing import Any

import numpy as np
import pytest

from trainables.information import ceiling_bits, diagnose, measure, mutual_information
from trainables.information.credibility.diagnostics import CURVE_NEIGHBORS, DIAGNOSTICS

CORRELATION = 0.8
OF_SPECIAL_SAMPLES = {"saturated_share", "below_noise", "few_values", "label_bits", "label_entropy_bits"}
"""Empty or None where the samples are not of that kind."""


def correlated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    return x, CORRELATION * x + np.sqrt(1 - CORRELATION**2) * generator.normal(size=n)


def tanh_pair(n: int, d: int, gain: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Deterministic in 12 hidden dimensions: the truth is infinite, and estimates grow with n."""
    generator = np.random.default_rng(seed)
    z = generator.normal(size=(n, 12)) @ generator.normal(size=(12, d)) * gain
    return np.tanh(z), np.tanh(z @ generator.normal(size=(d, d)) / np.sqrt(d))


# limits


def test_null_is_near_zero_and_the_ceiling_is_known() -> None:
    x, y = correlated(2000, seed=0)
    credibility = diagnose(x, y)
    assert credibility.bits == mutual_information(x, y).bits > 0.6
    assert credibility.null_bits == pytest.approx(0.0, abs=0.06)
    assert credibility.ceiling_bits == ceiling_bits(2000, 3)
    assert credibility.ceiling_share == credibility.bits / ceiling_bits(2000, 3)
    assert credibility.reason is None


def test_the_null_of_independent_samples_is_their_value_within_chance() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 1500, 3))
    trust = diagnose(x, y)
    assert trust.null_bits == pytest.approx(0.0, abs=0.06)
    assert trust.bits == pytest.approx(trust.null_bits, abs=4 * (trust.standard_error_bits or 0))


def test_a_copy_is_at_its_ceiling_and_not_converged() -> None:
    x, _ = tanh_pair(800, 5)
    trust = diagnose(x, x)
    assert trust.ceiling_share == pytest.approx(1.0, abs=1e-9)
    assert trust.is_converged is False


# standard error and the curve over N


def test_standard_error_is_the_spread_over_fresh_samples() -> None:
    n = 600
    spread = np.std([mutual_information(*correlated(n, seed)).bits for seed in range(60)], ddof=1)
    stated = [diagnose(*correlated(n, seed)).standard_error_bits for seed in range(100, 120)]
    assert 0.7 < np.sqrt(np.mean(np.square(stated))) / spread < 1.4
    assert 0.5 < np.median(stated) / spread < 2.0


def test_standard_error_is_the_formula_of_holmes_and_nemenman() -> None:
    x, y = correlated(600, seed=0)
    shuffled = np.random.default_rng((0, 1)).permutation(600)
    weighted, freedom, means = 0.0, 0, {}
    for parts in (2, 4, 10):
        values = [mutual_information(x[rows], y[rows]).bits for rows in np.array_split(shuffled, parts)]
        weighted += (parts - 1) / parts * np.var(values, ddof=1)
        freedom += parts - 1
        means[600 // parts] = np.mean(values)
    trust = diagnose(x, y)
    assert trust.standard_error_bits == pytest.approx(np.sqrt(weighted / freedom), rel=1e-3)  # another noise
    assert list(trust.n_curve) == [150, 300, 600]
    assert trust.n_curve[150] == pytest.approx(means[150], abs=1e-4)
    assert trust.n_curve[300] == pytest.approx(means[300], abs=1e-4)
    assert trust.n_curve[600] == trust.bits


def test_a_gaussian_of_one_dimension_is_converged_and_a_deterministic_network_is_not() -> None:
    assert diagnose(*correlated(2000, seed=0)).is_converged is True
    trust = diagnose(*tanh_pair(2000, 30))
    assert trust.is_converged is False
    assert trust.n_curve[500] < trust.n_curve[1000] < trust.n_curve[2000]


def test_too_few_samples_for_parts_are_recorded() -> None:
    x, y = correlated(7, seed=0)
    credibility = diagnose(x, y)
    assert credibility.standard_error_bits is None
    assert credibility.is_converged is None
    assert credibility.n_curve == {7: credibility.bits}
    assert credibility.null_bits is not None
    assert "standard_error_bits, is_converged: N = 7 samples with k = 3: at least 8" in str(credibility.reason)


# the curve over k


@pytest.mark.parametrize("k", [1, 3, 4, 12])
def test_the_curve_over_k_equals_separate_estimates(k: int) -> None:
    x, y = tanh_pair(400, 6)
    trust = diagnose(x, y, k, np.e, seed=5)
    assert tuple(trust.k_curve) == CURVE_NEIGHBORS
    for neighbors, bits in trust.k_curve.items():
        assert bits == pytest.approx(mutual_information(x, y, neighbors, np.e, seed=5).bits, abs=1e-12)


def test_the_curve_over_k_keeps_the_units_of_the_balanced_scale() -> None:
    x, y = tanh_pair(300, 6)
    trust = diagnose(x, 50 * y, scale="balanced", noise=0.0)
    assert trust.bits == trust.k_curve[3] == mutual_information(x, 50 * y, scale="balanced", noise=0.0).bits
    ratio = measure(x, y, noise=0.0).scale_ratio or 0
    for neighbors, bits in trust.k_curve.items():
        assert bits == pytest.approx(mutual_information(ratio * x, y, neighbors, noise=0.0).bits, abs=1e-9)


def test_the_curve_over_k_ends_where_the_samples_do() -> None:
    x, y = correlated(8, seed=0)
    assert list(diagnose(x, y).k_curve) == [1, 3, 5]


# scale, noise, ties, duplicates, saturation


def test_the_balanced_value_and_the_ratio_are_those_of_measure() -> None:
    x, y = tanh_pair(300, 6)
    measured = measure(x, 3 * y)
    trust = diagnose(x, 3 * y)
    assert (trust.bits, trust.balanced_bits, trust.scale_ratio) == (
        measured.bits,
        measured.balanced_bits,
        measured.scale_ratio,
    )
    assert diagnose(x, 3 * y, measured=measured) == trust


def test_the_balanced_scale_is_diagnosed_with_its_own_units() -> None:
    x, y = correlated(400, seed=0)
    rescaled = diagnose(x, 1000 * y, scale="balanced", noise=0.0).null_bits
    assert rescaled == pytest.approx(diagnose(x, y, scale="balanced", noise=0.0).null_bits, abs=1e-9)


def test_ties_are_counted_and_the_noise_that_breaks_them_spreads_the_value() -> None:
    x, y = (np.sign(side) for side in tanh_pair(400, 12))
    trust = diagnose(x, y, seed=3)
    assert trust.tied_share == pytest.approx(tied_by_brute_force(x, y, k=3), abs=1e-12)
    assert (trust.tied_share or 0) > 0.5
    values = [mutual_information(x, y, seed=seed).bits for seed in (3, 4, 5)]
    assert trust.noise_spread_bits == max(values) - min(values) > 0.001
    assert trust.saturated_share == 1.0


def tied_by_brute_force(x: np.ndarray, y: np.ndarray, k: int) -> float:
    tied = 0
    for i in range(len(x)):
        distances = np.sort(np.delete(np.abs(np.hstack([x, y]) - np.hstack([x, y])[i]).max(axis=1), i))
        tied += distances[k - 1] in (distances[k - 2] if k > 1 else None, distances[k])
    return tied / len(x)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@pytest.mark.parametrize("noise", [1e-10, 0.0])
def test_tied_share_is_that_of_the_samples_without_noise(k: int, noise: float) -> None:
    x, y = (np.round(side, 1) for side in tanh_pair(200, 1))
    assert diagnose(x, y, k, noise=noise).tied_share == pytest.approx(tied_by_brute_force(x, y, k), abs=1e-12)


def test_samples_without_ties_say_so() -> None:
    trust = diagnose(*correlated(500, seed=0))
    assert (trust.tied_share, trust.duplicate_share) == (0.0, 0.0)
    assert trust.noise_spread_bits == pytest.approx(0.0, abs=1e-4)
    assert trust.saturated_share is None


def test_duplicates_inflate_the_value_and_are_reported() -> None:
    x, y = tanh_pair(300, 4)
    alone, twice = diagnose(x, y), diagnose(np.repeat(x, 2, axis=0), np.repeat(y, 2, axis=0))
    assert (twice.bits or 0) > (alone.bits or 0) + 0.3
    assert (alone.duplicate_share, twice.duplicate_share) == (0.0, 1.0)


def test_duplicates_of_one_side_are_not_duplicates_of_the_pair() -> None:
    x, y = tanh_pair(300, 4)
    x[:30] = -0.0
    x[30:60] = 0.0
    trust = diagnose(x, y)
    assert (trust.duplicate_share, trust.x_duplicate_share, trust.y_duplicate_share) == (0.0, 0.2, 0.0)


def test_saturated_share_counts_values_of_both_sides() -> None:
    x, y = (0.9 * side for side in tanh_pair(100, 2))
    x[:25] = 1.0
    y[:25, 0] = -1.0 + 1e-7
    assert diagnose(x, y).saturated_share == 75 / 400
    assert diagnose(2 * x, y).saturated_share is None


# all together


def test_the_credibility_of_ksg2_is_all_by_ksg2() -> None:
    generator = np.random.default_rng(0)
    x = np.tanh(3 * generator.normal(size=(400, 12)))
    y = np.tanh(3 * x @ generator.normal(size=(12, 12)))
    trust = diagnose(x, y, estimator="ksg2")
    assert trust.bits == trust.k_curve[3] == trust.n_curve[400]
    assert trust.k_curve[5] == pytest.approx(mutual_information(x, y, 5, estimator="ksg2").bits, abs=1e-9)
    assert abs(mutual_information(x, y).bits - trust.bits) > 0.1 > trust.noise_spread_bits


def test_a_value_brings_its_diagnostics_on_request() -> None:
    x, y = np.random.default_rng(0).normal(size=(2, 300, 3)).round(1)
    plain, asked = (mutual_information(x, y, k=4, scale="balanced", diagnostics=ask) for ask in (False, True))
    assert (plain.bits, plain.tied_share, plain.credibility) == (asked.bits, None, None)
    assert asked.credibility == diagnose(x, y, 4, scale="balanced")
    assert asked.tied_share == asked.credibility.tied_share > 0.5


def test_the_same_seed_gives_the_same_numbers() -> None:
    x, y = correlated(300, seed=0)
    assert diagnose(x, y, seed=4) == diagnose(x, y, seed=4, threads=1)
    assert diagnose(x, y, seed=4) != diagnose(x, y, seed=5)


def test_a_diagnostic_more_is_one_function_and_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DIAGNOSTICS, "null_bits", lambda case: float(len(case.x)))
    assert diagnose(*correlated(50, seed=0)).null_bits == 50.0


def test_npeet_s_values_are_diagnosed_by_the_estimator_that_gives_them() -> None:
    x, y = tanh_pair(200, 4)
    ours, theirs = diagnose(x, y), diagnose(x, y, estimator="npeet")
    assert theirs.bits == mutual_information(x, y, estimator="npeet").bits
    assert theirs.bits == pytest.approx(ours.bits, abs=1e-4)
    assert (theirs.null_bits, theirs.standard_error_bits) == (ours.null_bits, ours.standard_error_bits)


def test_a_scale_that_does_not_exist_is_one_reason_and_leaves_the_rest() -> None:
    x, y = np.repeat(tanh_pair(20, 3)[0], 5, axis=0), tanh_pair(100, 3)[1]
    trust = diagnose(x, y, scale="balanced")
    assert (trust.bits, trust.tied_share, trust.k_curve) == (None, None, {})
    assert (trust.x_duplicate_share, trust.duplicate_share) == (1.0, 0.0)
    assert str(trust.reason).count("x has no balanced scale") == 1
    assert trust.sentence.startswith("No value: ")
    plain = diagnose(x, y)
    assert plain.bits is not None
    assert plain.balanced_bits is None
    assert str(plain.reason).startswith("balanced_bits: x has no balanced scale")


@pytest.mark.parametrize("options", [{}, {"scale": "balanced"}, {"noise": 0.0}])
@pytest.mark.parametrize("n", [4, 5, 8, 9, 12])
def test_small_samples_give_numbers_or_reasons(n: int, options: dict[str, Any]) -> None:
    x, y = correlated(n, seed=0)
    trust = diagnose(x, y, **options)
    for name in DIAGNOSTICS.keys() - OF_SPECIAL_SAMPLES:
        assert getattr(trust, name) not in (None, {}) or name in str(trust.reason)
    assert trust.sentence
