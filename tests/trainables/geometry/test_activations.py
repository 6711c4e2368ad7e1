"""Norms and saturation of activations whose values are known."""

from typing import Any

import numpy as np
import pytest

from trainables.geometry import (
    Measure,
    mean_squared_activation,
    saturated_share,
    spread_of_squared_activation,
)
from trainables.information import diagnose

TWO_IMAGES = np.array([[3.0, 4.0], [0.0, 1.0]])


def test_the_mean_square_is_that_over_units_and_images_and_the_spread_is_over_images() -> None:
    """12.5 of the one image, 0.5 of the other."""
    mean, spread = mean_squared_activation(TWO_IMAGES), spread_of_squared_activation(TWO_IMAGES)
    assert (mean.value, mean.standard_error) == pytest.approx((6.5, 6.0))
    assert spread.value == pytest.approx(12 / np.sqrt(2))


def test_gaussian_units_of_variance_q_have_q_and_a_spread_that_falls_with_width() -> None:
    """A sum of W squares of variance 2 q^2 each, over W."""
    x = np.random.default_rng(0).normal(scale=2.0, size=(2000, 50))
    for measure, expected in (
        (mean_squared_activation(x), 4.0),
        (spread_of_squared_activation(x), 4 * np.sqrt(2 / 50)),
    ):
        assert measure.standard_error is not None
        assert measure.value == pytest.approx(expected, abs=3 * measure.standard_error)
        assert measure.standard_error < 0.03 * expected


def test_images_of_one_length_have_no_spread() -> None:
    angles = np.linspace(0, 3, 20)
    found = spread_of_squared_activation(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    assert found.value == pytest.approx(0, abs=1e-15)
    assert spread_of_squared_activation(np.ones((5, 3))).value == 0.0
    assert spread_of_squared_activation(np.ones((5, 3))).standard_error == 0.0


@pytest.mark.parametrize("measure", [mean_squared_activation, spread_of_squared_activation, saturated_share])
@pytest.mark.parametrize(
    ("x", "words"), [([[np.inf, 1.0], [0, 0]], "inf"), (np.zeros((0, 3)), "shape"), ([["a"]], "dtype")]
)
def test_what_has_no_norm_has_a_reason(measure: Any, x: Any, words: str) -> None:
    found: Measure = measure(x)
    assert (found.value, found.standard_error) == (None, None)
    assert words in str(found.reason)


def test_one_image_has_a_norm_without_error_and_no_spread() -> None:
    mean, spread = mean_squared_activation(TWO_IMAGES[:1]), spread_of_squared_activation(TWO_IMAGES[:1])
    assert (mean.value, mean.standard_error) == (12.5, None)
    assert spread.reason == "x has 1 rows: at least 2 are needed"


def test_squares_that_overflow_are_said_to() -> None:
    assert "1e+200" in str(mean_squared_activation([[1e200], [1.0]]).reason)


def test_the_saturated_share_is_that_of_the_diagnostics_of_mi() -> None:
    x = np.tanh(np.random.default_rng(0).normal(scale=6.0, size=(200, 5)))
    found = saturated_share(x)
    assert found.value == pytest.approx(diagnose(x, x).saturated_share)
    assert 0.05 < found.value < 0.5  # type: ignore[operator]


def test_the_threshold_is_stated_and_its_values_are_counted() -> None:
    found = saturated_share([[0.5, -0.9], [0.89, 1.0]], threshold=0.9)
    assert (found.value, found.standard_error) == (0.5, 0.0)
    assert found.details == {"threshold": 0.9}
    assert saturated_share([[1.0, -1.0]], threshold=1.0).value == 1.0


def test_units_without_bounds_have_no_saturation() -> None:
    assert "size 1.5" in str(saturated_share([[0.2, -1.5]]).reason)


@pytest.mark.parametrize("threshold", [0.0, 1.1, float("nan")])
def test_a_threshold_outside_the_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match=f"threshold = {threshold}"):
        saturated_share(TWO_IMAGES, threshold)


def test_every_measure_says_what_it_shows_and_what_not() -> None:
    for found in (mean_squared_activation(TWO_IMAGES), saturated_share([[0.0]]), spread_of_squared_activation([[1.0]])):
        assert found.unit
        for sentence in (found.shows, found.does_not_show):
            assert sentence.endswith(".")
            assert sentence.count(".") == 1
