"""KSG-2 equals its slow, obvious twin, NPEET's ceiling and the truth on Gaussians."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma

from tests.trainables.information.conftest import distances
from trainables.information import measure, mutual_information


def twin_bits(x: np.ndarray, y: np.ndarray, k: int) -> float:
    """Kraskov 2004, eq. 9, as it is written; where distances tie, all points as near as the k-th are neighbors."""
    terms = []
    for i in range(len(x)):
        of_x, of_y = distances(x, i), distances(y, i)
        joint = np.maximum(of_x, of_y)
        near = joint <= np.sort(joint)[k - 1]
        terms += [sum(digamma(np.count_nonzero(side <= side[near].max())) for side in (of_x, of_y))]
    return (digamma(k) - 1 / k + digamma(len(x)) - np.mean(terms)) / np.log(2)


def gaussian_pair(n: int, dx: int, dy: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(n)
    x = generator.normal(size=(n, dx))
    return x, x @ generator.normal(size=(dx, dy)) / np.sqrt(dx) + generator.normal(size=(n, dy))


@pytest.mark.parametrize(("n", "dx", "dy"), [(50, 1, 1), (65, 3, 2), (300, 40, 60), (200, 1, 130)])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_value_is_the_twins(n: int, dx: int, dy: int, k: int) -> None:
    x, y = gaussian_pair(n, dx, dy)
    found = mutual_information(x, y, k, noise=0.0, estimator="ksg2").bits
    assert found == pytest.approx(twin_bits(x, y, k), abs=1e-12)


@given(data=st.data(), n=st.integers(5, 140), dx=st.integers(1, 12), dy=st.integers(1, 12), k=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_equality_under_ties_and_duplicates(data: st.DataObject, n: int, dx: int, dy: int, k: int) -> None:
    values = st.one_of(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-10, 10, allow_subnormal=False))
    distinct = data.draw(arrays(np.float64, (5, dx + dy), elements=values))
    z = distinct[data.draw(arrays(np.int64, n, elements=st.integers(0, 4)))]
    z = z + data.draw(st.sampled_from([0.0, 0.5])) * np.random.default_rng(n).integers(-1, 2, size=z.shape)
    x, y = z[:, :dx], z[:, dx:]
    assert mutual_information(x, y, k, noise=0.0, estimator="ksg2").bits == pytest.approx(twin_bits(x, y, k), abs=1e-12)


def test_the_balanced_value_ignores_a_change_of_units() -> None:
    x, y = gaussian_pair(300, 4, 4)
    one, other = (measure(x, factor * y, noise=0.0, estimator="ksg2") for factor in (1.0, 500.0))
    assert one.balanced_bits == pytest.approx(other.balanced_bits, abs=1e-9)
    assert abs(one.bits - other.bits) > 0.1


@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.9])
def test_value_is_near_the_truth_on_gaussians(correlation: float) -> None:
    x, noise = np.random.default_rng(0).normal(size=(2, 4000))
    y = correlation * x + np.sqrt(1 - correlation**2) * noise
    truth = -0.5 * np.log2(1 - correlation**2)
    assert mutual_information(x, y, estimator="ksg2").bits == pytest.approx(truth, abs=0.05)


def test_a_copy_reaches_the_ceiling() -> None:
    x, _ = gaussian_pair(500, 4, 1)
    estimate = mutual_information(x, x, noise=0.0, estimator="ksg2")
    assert estimate.bits == pytest.approx(estimate.ceiling_bits, abs=1e-9)


def test_value_does_not_depend_on_threads() -> None:
    x, y = gaussian_pair(1500, 20, 30)
    assert len({measure(x, y, threads=threads, estimator="ksg2") for threads in (None, 1, 3)}) == 1
