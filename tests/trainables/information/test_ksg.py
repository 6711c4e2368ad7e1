"""The fast estimator equals its slow, obvious twin: per-point radii and counts, and the value."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma

from tests.trainables.information.conftest import distances
from tests.trainables.information.neighborhoods import neighborhoods
from trainables.information import ceiling_bits, measure, mutual_information
from trainables.information.host.pairs import host_pair


class Twin(NamedTuple):
    radii: np.ndarray
    x_counts: np.ndarray
    y_counts: np.ndarray
    bits: float


def twin(x: np.ndarray, y: np.ndarray, k: int, units: tuple[float, float] = (1.0, 1.0)) -> Twin:
    """Kraskov 2004, eq. 8, as it is written: all distances of each point, in float64."""
    radii, x_counts, y_counts = [], [], []
    for i in range(len(x)):
        x_distances, y_distances = distances(x, i) / units[0], distances(y, i) / units[1]
        radius = np.sort(np.maximum(x_distances, y_distances))[k - 1]
        radii.append(radius)
        x_counts.append(np.count_nonzero(x_distances < radius))
        y_counts.append(np.count_nonzero(y_distances < radius))
    terms = np.mean(digamma(np.array(x_counts) + 1) + digamma(np.array(y_counts) + 1))
    bits = (digamma(k) + digamma(len(x)) - terms) / np.log(2)
    return Twin(np.array(radii), np.array(x_counts), np.array(y_counts), bits)


def own_median(points: np.ndarray, k: int) -> float:
    return float(np.median([np.sort(distances(points, i))[k - 1] for i in range(len(points))]))


def noisy(x: np.ndarray, y: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return x + 1e-10 * generator.random(x.shape), y + 1e-10 * generator.random(y.shape)


def assert_equal_to_twin(
    x: np.ndarray, y: np.ndarray, k: int, units: tuple[float, float] = (1.0, 1.0), threads: tuple[int, ...] = (2,)
) -> None:
    expected = twin(x, y, k, units)
    for number in threads:
        pair = host_pair(x, y, k, noise=0.0, seed=0, threads=number)
        radii, x_counts, y_counts = neighborhoods(pair, units)
        np.testing.assert_array_equal(radii, expected.radii)
        np.testing.assert_array_equal(x_counts, expected.x_counts)
        np.testing.assert_array_equal(y_counts, expected.y_counts)


def gaussian_pair(n: int, dx: int, dy: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(n, dx))
    return x, x @ generator.normal(size=(dx, dy)) / np.sqrt(dx) + generator.normal(size=(n, dy))


def saturated_pair(n: int, d: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = gaussian_pair(n, d, d)
    return np.tanh(20 * x), np.tanh(20 * y)


CASES = {
    "one block": gaussian_pair(50, 3, 4),
    "exactly one block": gaussian_pair(64, 3, 4),
    "one point more": gaussian_pair(65, 3, 4),
    "one-dimensional": gaussian_pair(500, 1, 1),
    "unequal widths": gaussian_pair(300, 1, 130),
    "wide": gaussian_pair(333, 210, 190),
    "heavy tails": tuple(np.random.default_rng(0).standard_cauchy(size=(2, 400, 5))),
    "wide with heavy tails": tuple(np.random.default_rng(0).standard_t(2, size=(2, 300, 90))),
    "unequal scales": (gaussian_pair(300, 9, 9)[0], 1e-6 * gaussian_pair(300, 9, 9)[1]),
    "far from zero": tuple(1e8 + side for side in gaussian_pair(300, 9, 9)),
    "enormous": tuple(1e200 * side for side in gaussian_pair(200, 5, 5)),
    "minute": tuple(1e-260 * side for side in gaussian_pair(200, 5, 5)),
    "saturated": saturated_pair(300, 30),
    "every row twice": tuple(np.repeat(side, 2, axis=0) for side in gaussian_pair(150, 8, 8)),
    "dead units": tuple(side * (np.arange(20) % 3 == 0) for side in gaussian_pair(300, 20, 20)),
    "one far outlier": tuple(np.vstack([side, 1e6 * side[:1]]) for side in gaussian_pair(299, 20, 20)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("k", [1, 3])
def test_radii_and_counts_equal_the_twin(name: str, k: int) -> None:
    assert_equal_to_twin(*CASES[name], k)


@pytest.mark.parametrize("name", CASES)
def test_with_noise_and_units_too(name: str) -> None:
    assert_equal_to_twin(*noisy(*CASES[name]), k=3)
    assert_equal_to_twin(*CASES[name], k=3, units=(0.3, 7.1))


MANY_BLOCKS = {
    "an even number": gaussian_pair(640, 4, 6),
    "an odd number": gaussian_pair(700, 6, 4),
    "saturated": saturated_pair(1100, 25),
    "every row twice": tuple(np.repeat(side, 2, axis=0) for side in gaussian_pair(500, 8, 8)),
    "few values": tuple(np.round(side) for side in gaussian_pair(900, 2, 3)),
    "heavy tails": tuple(np.random.default_rng(0).standard_cauchy(size=(2, 1200, 4))),
    "wide": gaussian_pair(800, 150, 40),
    "two in the last block": gaussian_pair(642, 120, 120),
    "three in the last block": gaussian_pair(643, 120, 120),
}


@pytest.mark.parametrize("name", MANY_BLOCKS)
@pytest.mark.parametrize("k", [1, 2, 4])
def test_pairs_of_distant_blocks_equal_the_twin_on_any_threads(name: str, k: int) -> None:
    assert_equal_to_twin(*MANY_BLOCKS[name], k, threads=(1, 2, 5))
    assert_equal_to_twin(*noisy(*MANY_BLOCKS[name]), k, units=(0.4, 2.5), threads=(1, 3))


def test_two_points_alone_in_the_last_block_may_differ_in_any_column() -> None:
    """The two are alike but in one column, where the first is ordinary; its nearest is in another block."""
    generator = np.random.default_rng(0)
    points = np.clip(generator.normal(size=(642, 200)), -3, 3)
    points[np.arange(642), generator.integers(0, 200, 642)] = 12 * generator.choice([-1, 1], 642)
    points[:4] = 4.0
    points[[0, 1, 2], 150] = [0.0, 8.0, -6.0]
    points[3, 20] = 0.5
    x, y = np.ascontiguousarray(points[:, :100]), np.ascontiguousarray(points[:, 100:])
    assert set(host_pair(x, y, 1, noise=0.0, seed=0, threads=1).x.order.rows[640:]) == {0, 2}
    assert_equal_to_twin(x, y, k=1, threads=(1, 2))


@pytest.mark.parametrize("k", [63, 64, 100, 149])
def test_more_neighbors_than_a_block_holds(k: int) -> None:
    assert_equal_to_twin(*gaussian_pair(150, 5, 5), k)


tied_values = st.one_of(
    st.sampled_from([-1.0, 0.0, 1.0]), st.integers(-3, 3).map(float), st.floats(-10, 10, allow_subnormal=False)
)


@given(
    data=st.data(),
    n=st.integers(5, 140),
    dx=st.integers(1, 20),
    dy=st.integers(1, 20),
    k=st.integers(1, 4),
    with_noise=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_equality_under_ties_and_duplicates(
    data: st.DataObject, n: int, dx: int, dy: int, k: int, with_noise: bool
) -> None:
    distinct = data.draw(arrays(np.float64, (5, dx + dy), elements=tied_values))
    rows = data.draw(arrays(np.int64, n, elements=st.integers(0, 4)))
    columns = data.draw(arrays(np.int64, dx + dy, elements=st.integers(0, dx + dy - 1)))
    jitter = np.random.default_rng(n).integers(-1, 2, size=(n, dx + dy)) * data.draw(st.sampled_from([0.0, 0.5]))
    z = (distinct[rows] + jitter)[:, columns]
    x, y = (z[:, :dx], z[:, dx:])
    if with_noise:
        x, y = noisy(x, y)
    assert_equal_to_twin(x, y, k)


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(5, 200),
    d=st.integers(1, 40),
    k=st.integers(1, 4),
    between=st.sampled_from([0.0, 0.1, 0.5]),
    noise=st.sampled_from([0.0, 1e-15, 1e-13, 1e-10, 1e-9, 3e-9, 1e-3]),
    offset=st.sampled_from([0.0, 1.0, 1e5]),
    units=st.sampled_from([(1.0, 1.0), (0.3, 0.3), (2.0, 0.7), (1.0, 1.0 + 1e-10)]),
)
@settings(max_examples=150, deadline=None)
def test_equality_where_most_values_lie_at_two_extremes(
    seed: int, n: int, d: int, k: int, between: float, noise: float, offset: float, units: tuple[float, float]
) -> None:
    generator = np.random.default_rng(seed)
    signs = np.where(generator.random((2, n, d)) < 0.5, -1.0, 1.0)
    signals = np.where(generator.random((2, n, d)) < between, np.tanh(generator.normal(0, 3, (2, n, d))), signs)
    x, y = signals + noise * generator.random((2, n, d)) + offset
    assert_equal_to_twin(x, y, k, units)


def test_saturated_samples_are_decided_by_their_edges() -> None:
    x, _ = noisy(*saturated_pair(300, 30))
    saturated, smooth = (host_pair(side, side, 3, 0.0, 0, 1).x.space for side in (x, gaussian_pair(300, 30, 1)[0]))
    assert saturated.edges.rows.shape == (300, 30)
    assert smooth.edges.rows.size == 0


@pytest.mark.parametrize("base", [2, np.e, 10])
def test_value_is_equation_8_of_noisy_samples(base: float) -> None:
    x, y = gaussian_pair(400, 4, 6)
    estimate = mutual_information(x, y, base=base, seed=5)
    assert estimate.bits == pytest.approx(twin(*noisy(x, y, seed=5), k=3).bits / np.log2(base), abs=1e-12)
    assert (estimate.n, estimate.k, estimate.dims) == (400, 3, (4, 6))


def test_balanced_value_divides_each_space_by_its_own_median() -> None:
    x, y = gaussian_pair(300, 4, 6)
    y = 0.07 * y
    noisy_x, noisy_y = noisy(x, y)
    units = own_median(noisy_x, 3), own_median(noisy_y, 3)
    measurement = measure(x, y)
    assert measurement.balanced_bits == pytest.approx(twin(noisy_x, noisy_y, 3, units).bits, abs=1e-12)
    assert measurement.scale_ratio == pytest.approx(units[1] / units[0], rel=1e-12)
    assert measurement.reason is None


def test_measure_equals_the_separate_values() -> None:
    x, y = gaussian_pair(500, 10, 12)
    measurement = measure(x, y, k=4, base=np.e, seed=2)
    options = {"k": 4, "base": np.e, "seed": 2}
    assert measurement.bits == mutual_information(x, y, **options).bits
    assert measurement.balanced_bits == mutual_information(x, y, scale="balanced", **options).bits


def test_measure_leaves_out_what_is_not_asked_for() -> None:
    x, y = gaussian_pair(100, 2, 2)
    assert measure(x, y, scales=("none",)).balanced_bits is None
    assert measure(x, y, scales=("none",)).scale_ratio is None
    assert measure(x, y, scales=("balanced",)).bits is None


@pytest.mark.parametrize("factors", [(1.0, 1e-5), (3.7, 1.0), (1e6, 0.02)])
def test_balanced_value_ignores_global_rescaling(factors: tuple[float, float]) -> None:
    x, y = gaussian_pair(600, 8, 8)
    expected = measure(x, y, noise=0.0)
    rescaled = measure(factors[0] * x, factors[1] * y, noise=0.0)
    assert rescaled.balanced_bits == pytest.approx(expected.balanced_bits, abs=1e-9)
    assert rescaled.scale_ratio == pytest.approx(expected.scale_ratio * factors[1] / factors[0], rel=1e-9)


def test_unbalanced_value_does_depend_on_scale() -> None:
    x, y = gaussian_pair(600, 8, 8)
    assert mutual_information(x, 10 * y).bits < mutual_information(x, y).bits - 0.1


@pytest.mark.parametrize("shape", [(3000, 6, 6), (1500, 120, 80)])
def test_value_does_not_depend_on_threads(shape: tuple[int, int, int]) -> None:
    x, y = gaussian_pair(*shape)
    values = {measure(x, y, threads=threads) for threads in (None, 1, 2, 3, 7)}
    assert len(values) == 1


def test_value_depends_on_row_order_through_the_noise_only() -> None:
    x, y = gaussian_pair(700, 5, 5)
    shuffled = np.random.default_rng(0).permutation(700)
    expected = mutual_information(x, y, noise=0.0).bits
    assert mutual_information(x[shuffled], y[shuffled], noise=0.0).bits == expected


def test_any_float_layout_gives_the_same_value() -> None:
    x, y = (np.round(side * 64) / 64 for side in gaussian_pair(200, 6, 6))
    expected = mutual_information(x, y).bits
    assert mutual_information(np.asfortranarray(x), np.repeat(y, 2, axis=0)[::2]).bits == expected
    assert mutual_information(x.astype(np.float32), y.tolist()).bits == expected
    assert mutual_information(x.astype(np.float16), y.astype(np.longdouble)).bits == pytest.approx(expected, abs=0.05)


def test_one_dimensional_input_is_one_column() -> None:
    x, y = gaussian_pair(200, 1, 1)
    assert mutual_information(x[:, 0], y[:, 0]) == mutual_information(x, y)


def test_input_is_not_changed() -> None:
    x, y = gaussian_pair(100, 3, 3)
    kept = x.copy(), y.copy()
    measure(x, y)
    np.testing.assert_array_equal((x, y), kept)


def test_a_copy_reaches_the_ceiling() -> None:
    x, _ = gaussian_pair(500, 4, 1)
    estimate = mutual_information(x, x)
    assert estimate.bits == pytest.approx(estimate.ceiling_bits, abs=1e-9)
    assert ceiling_bits(10_000, 3) == pytest.approx(11.475, abs=5e-4)
