"""Dimensions of samples whose dimension is known, and what must not move them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.stats import ortho_group

from trainables.geometry import Measure, participation_ratio, twonn_dimension
from trainables.geometry.two_nearest import two_nearest

Dimension = Callable[..., Measure]
DIMENSIONS = (participation_ratio, twonn_dimension)


def gaussian(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d))


def sheet(n: int, seed: int = 0) -> np.ndarray:
    """A square that is rolled up in 50 dimensions: each of these is a wave over the square."""
    generator = np.random.default_rng(seed)
    square = generator.uniform(size=(n, 2))
    return np.cos(square @ generator.normal(scale=4.0, size=(2, 50)) + generator.uniform(0, 2 * np.pi, 50))


def value(measure: Measure) -> float:
    assert measure.value is not None, measure.reason
    return measure.value


def error(measure: Measure) -> float:
    assert measure.standard_error is not None, measure.reason
    return measure.standard_error


@pytest.mark.parametrize("d", [1, 2, 5])
def test_twonn_finds_the_dimension_of_gaussians_within_its_error(d: int) -> None:
    found = twonn_dimension(gaussian(4000, d))
    assert value(found) == pytest.approx(d, abs=3 * error(found))
    assert error(found) < 0.03 * d


@pytest.mark.parametrize("d", [1, 5, 50])
def test_the_participation_ratio_of_isotropic_data_is_their_dimension_but_for_the_number_of_rows(d: int) -> None:
    """Of a Wishart matrix E (tr S)^2 is d^2 + 2 d / N, and E tr S^2 is d + d (d + 1) / N."""
    for n in (100, 4000):
        found = participation_ratio(gaussian(n, d))
        assert value(found) == pytest.approx((d + 2 / n) / (1 + (d + 1) / n), abs=4 * error(found) + 1e-9)
        assert error(found) < 0.05 * d


def test_the_participation_ratio_is_that_of_the_eigenvalues_of_the_covariance() -> None:
    for n, d in ((60, 7), (7, 60)):
        x = gaussian(n, d) * np.linspace(0.1, 3, d) + 5
        eigenvalues = np.linalg.eigvalsh(np.cov(x.T))
        assert value(participation_ratio(x)) == pytest.approx(eigenvalues.sum() ** 2 / np.sum(eigenvalues**2))


def test_two_directions_of_unequal_variance_count_as_the_formula_says() -> None:
    corners = np.array([[3, 1], [3, -1], [-3, 1], [-3, -1]])
    assert value(participation_ratio(corners)) == pytest.approx((9 + 1) ** 2 / (81 + 1))


def test_a_curved_sheet_has_two_coordinates_and_fills_more_directions() -> None:
    x = sheet(4000)
    assert value(twonn_dimension(x)) == pytest.approx(2, abs=0.1)
    assert value(participation_ratio(x)) > 6


def test_noise_below_the_distance_of_neighbors_is_not_seen_and_above_it_is() -> None:
    x, noise = sheet(2000), gaussian(2000, 50, seed=1)
    assert value(twonn_dimension(x + 1e-4 * noise)) == pytest.approx(2, abs=0.15)
    assert value(twonn_dimension(x + 1e-1 * noise)) > 5


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_a_move_a_rotation_and_a_scaling_change_nothing(dimension: Dimension) -> None:
    x = sheet(500)
    before = dimension(x)
    for changed in (x @ ortho_group.rvs(50, random_state=0), 1e-150 * x, 1e150 * x, x + 1000.0, -x, x[::-1]):
        after = dimension(changed)
        assert value(after) == pytest.approx(value(before), rel=1e-6)
        assert error(after) == pytest.approx(error(before), rel=1e-6)


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize("d", [2, 8])
def test_the_standard_error_is_about_the_spread_over_draws(dimension: Dimension, d: int) -> None:
    found = [dimension(gaussian(200, d, seed) * np.linspace(1, 3, d)) for seed in range(100)]
    spread = float(np.std([value(one) for one in found]))
    claimed = float(np.mean([error(one) for one in found]))
    assert 0.65 < claimed / spread < 1.3


def test_rows_that_repeat_count_once() -> None:
    x = gaussian(300, 3)
    once, repeated = twonn_dimension(x), twonn_dimension(np.concatenate([x, x[:100], x[:50]]))
    assert repeated.value == once.value
    assert repeated.details["duplicate_share"] == 250 / 450
    assert once.details["duplicate_share"] == 0.0
    assert once.details["distinct_rows"] == 300


@pytest.mark.parametrize("unit", [1.0, 0.1, np.float32(0.1)])
def test_a_lattice_has_a_reason_in_place_of_a_dimension(unit: float) -> None:
    found = twonn_dimension(unit * np.stack(np.meshgrid(range(10), range(10)), axis=-1).reshape(100, 2))
    assert found.value is None
    assert "equally far for 100% of the rows" in str(found.reason)
    assert found.details["tied_share"] == 1.0


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.ones((50, 4)), "constant|distinct"),
        (np.full((50, 3), 0.3), "constant|distinct"),
        ([[1.0, 2.0]], "1 rows"),
        (np.array([[0.0], [np.nan]] * 20), "nan"),
        (np.array([["a"]] * 40), "dtype"),
        (np.zeros((40, 0)), "shape"),
    ],
)
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_what_has_no_dimension_has_a_reason(dimension: Dimension, x: Any, words: str) -> None:
    found = dimension(x)
    assert found.value is None
    assert found.standard_error is None
    assert any(word in str(found.reason) for word in words.split("|")), found.reason


def test_few_distinct_rows_are_too_few() -> None:
    found = twonn_dimension(np.repeat(gaussian(19, 2), 10, axis=0))
    assert found.reason == "x has 19 distinct rows: at least 20 are needed"
    assert found.details["duplicate_share"] == 1.0


@pytest.mark.parametrize("discard_fraction", [0.0, 0.1, 0.5])
def test_the_share_that_is_left_out_of_the_fit_is_stated_and_moves_gaussians_little(discard_fraction: float) -> None:
    found = twonn_dimension(gaussian(2000, 3), discard_fraction)
    assert found.details["discard_fraction"] == discard_fraction
    assert value(found) == pytest.approx(3, rel=0.1)


@pytest.mark.parametrize("discard_fraction", [-0.1, 1.0, float("nan")])
def test_a_share_that_is_none_is_refused(discard_fraction: float) -> None:
    with pytest.raises(ValueError, match=f"discard_fraction = {discard_fraction}"):
        twonn_dimension(gaussian(30, 3), discard_fraction)


HARD = {
    "gaussian": gaussian(500, 20),
    "far from 0": gaussian(300, 4) * 1e-7 + 1e3,
    "clusters": np.repeat(gaussian(10, 30), 30, axis=0) + 1e-9 * gaussian(300, 30, seed=1),
    "an outlier": np.concatenate([gaussian(300, 5), [[1e9] * 5]]),
    "ties": np.random.default_rng(0).integers(0, 3, size=(200, 6)).astype(float),
    "three rows": gaussian(3, 2),
}


@pytest.mark.parametrize("x", HARD.values(), ids=HARD)
def test_the_two_nearest_are_those_of_a_search_by_differences(x: np.ndarray) -> None:
    expected = cKDTree(x).query(x, k=3)[0][:, 1:]
    assert np.sqrt(two_nearest(x)) == pytest.approx(expected, rel=1e-12)


def test_the_two_nearest_in_many_blocks_are_those_in_one(monkeypatch: pytest.MonkeyPatch) -> None:
    x = gaussian(200, 6)
    whole = two_nearest(x)
    monkeypatch.setattr("trainables.geometry.two_nearest.BLOCK", 700)
    assert two_nearest(x).tobytes() == whole.tobytes()
