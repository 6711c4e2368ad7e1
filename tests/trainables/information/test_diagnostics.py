"""What is said about a value's credibility is true of it."""

import numpy as np
import pytest

from trainables.information import ceiling_bits, diagnose, mutual_information

CORRELATION = 0.8


def correlated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=n)
    return x, CORRELATION * x + np.sqrt(1 - CORRELATION**2) * generator.normal(size=n)


def test_null_is_near_zero_and_the_ceiling_is_known() -> None:
    x, y = correlated(2000, seed=0)
    credibility = diagnose(x, y)
    assert mutual_information(x, y).bits > 0.6
    assert credibility.null_bits == pytest.approx(0.0, abs=0.06)
    assert credibility.ceiling_bits == ceiling_bits(2000, 3)
    assert credibility.reason is None


def test_standard_error_is_the_spread_over_fresh_samples() -> None:
    n = 600
    spread = np.std([mutual_information(*correlated(n, seed)).bits for seed in range(60)], ddof=1)
    stated = np.mean([diagnose(*correlated(n, seed)).standard_error_bits for seed in range(100, 110)])
    assert 0.6 < stated / spread < 1.6


def test_the_same_seed_gives_the_same_numbers() -> None:
    x, y = correlated(300, seed=0)
    assert diagnose(x, y, seed=4) == diagnose(x, y, seed=4)
    assert diagnose(x, y, seed=4) != diagnose(x, y, seed=5)


def test_too_few_samples_for_parts_are_recorded() -> None:
    x, y = correlated(7, seed=0)
    credibility = diagnose(x, y)
    assert credibility.standard_error_bits is None
    assert credibility.null_bits is not None
    assert "standard_error_bits: N = 7 samples with k = 3: at least 8" in str(credibility.reason)


def test_the_balanced_scale_is_diagnosed_with_its_own_units() -> None:
    x, y = correlated(400, seed=0)
    rescaled = diagnose(x, 1000 * y, scale="balanced", noise=0.0).null_bits
    assert rescaled == pytest.approx(diagnose(x, y, scale="balanced", noise=0.0).null_bits, abs=1e-9)
