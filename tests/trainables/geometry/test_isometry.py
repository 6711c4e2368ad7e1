"""Singular values of known Jacobians: how far from an isometry they are."""

import numpy as np
import pytest

from trainables.geometry import isometry_deviation, mean_squared_singular_value


def test_an_isometry_has_mean_one_and_no_deviation() -> None:
    ones = np.ones((10, 4))
    assert (mean_squared_singular_value(ones).value, isometry_deviation(ones).value) == (1.0, 0.0)
    assert (mean_squared_singular_value(ones).standard_error, isometry_deviation(ones).standard_error) == (0.0, 0.0)


def test_a_mean_of_one_alone_is_no_isometry() -> None:
    half_lost = np.array([[np.sqrt(2.0), 0.0]] * 3)
    assert mean_squared_singular_value(half_lost).value == pytest.approx(1.0)
    assert isometry_deviation(half_lost).value == pytest.approx(1.0)


@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_square_gaussian_matrices_have_the_moments_of_marchenko_and_pastur(gain: float) -> None:
    """Of W of variance gain^2 / n: E(s^2) = g^2 and E(s^4) = 2 g^4, so that the deviation is 2 g^4 - 2 g^2 + 1."""
    matrices = np.random.default_rng(0).normal(scale=gain / np.sqrt(100), size=(10, 100, 100))
    singular_values = np.linalg.svd(matrices, compute_uv=False)
    for found, expected in (
        (mean_squared_singular_value(singular_values), gain**2),
        (isometry_deviation(singular_values), 2 * gain**4 - 2 * gain**2 + 1),
    ):
        assert found.standard_error is not None
        assert found.value == pytest.approx(expected, rel=0.02)
        assert found.value == pytest.approx(expected, abs=4 * found.standard_error + gain**4 / 100)


def test_a_constant_map_deviates_by_one_and_a_single_image_has_no_error() -> None:
    found = isometry_deviation(np.zeros((1, 5)))
    assert (found.value, found.standard_error) == (1.0, None)


@pytest.mark.parametrize(
    ("values", "words"), [([[-0.5]], "-0.5"), ([[np.nan]], "nan"), ([[1e120]], "overflow"), (np.zeros((0, 2)), "shape")]
)
def test_what_are_no_singular_values_have_a_reason(values: object, words: str) -> None:
    found = isometry_deviation(values)  # type: ignore[arg-type]
    assert found.value is None
    assert words in str(found.reason)
