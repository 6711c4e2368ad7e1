"""Conditional MI equals its slow, obvious twin and npeet_plus, and the truth on Gaussians."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import digamma

from tests.trainables.information.conftest import distances
from trainables.information import DegenerateInput, conditional_mutual_information, mutual_information

Triple = tuple[np.ndarray, np.ndarray, np.ndarray]


def twin_bits(x: np.ndarray, y: np.ndarray, z: np.ndarray, k: int) -> float:
    """Frenzel & Pompe 2007, eq. 8, as it is written."""
    terms = []
    for i in range(len(x)):
        of_x, of_y, of_z = (distances(side, i) for side in (x, y, z))
        radius = np.sort(np.maximum.reduce([of_x, of_y, of_z]))[k - 1]
        xz, yz = np.maximum(of_x, of_z), np.maximum(of_y, of_z)
        counts = [np.count_nonzero(side < radius) for side in (xz, yz, of_z)]
        terms.append(digamma(counts[0] + 1) + digamma(counts[1] + 1) - digamma(counts[2] + 1))
    return (digamma(k) - np.mean(terms)) / np.log(2)


def triple(n: int, dx: int, dy: int, dz: int) -> Triple:
    generator = np.random.default_rng(n)
    z = generator.normal(size=(n, dz))
    x = generator.normal(size=(n, dx)) + z[:, :1]
    return x, 0.5 * x @ generator.normal(size=(dx, dy)) + z[:, :1] + generator.normal(size=(n, dy)), z


@pytest.mark.parametrize(("n", "dx", "dy", "dz"), [(50, 1, 1, 1), (65, 3, 2, 4), (300, 40, 60, 3), (200, 1, 2, 130)])
@pytest.mark.parametrize("k", [1, 3, 10])
def test_value_is_the_twins(n: int, dx: int, dy: int, dz: int, k: int) -> None:
    samples = triple(n, dx, dy, dz)
    assert conditional_mutual_information(*samples, k, noise=0.0).bits == pytest.approx(
        twin_bits(*samples, k), abs=1e-12
    )


@given(data=st.data(), n=st.integers(5, 130), d=st.integers(3, 24), k=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_equality_under_ties_and_duplicates(data: st.DataObject, n: int, d: int, k: int) -> None:
    values = st.one_of(st.sampled_from([-1.0, 0.0, 1.0]), st.floats(-10, 10, allow_subnormal=False))
    distinct = data.draw(arrays(np.float64, (5, d), elements=values))
    w = distinct[data.draw(arrays(np.int64, n, elements=st.integers(0, 4)))]
    w = w + data.draw(st.sampled_from([0.0, 0.5])) * np.random.default_rng(n).integers(-1, 2, size=w.shape)
    samples = w[:, : d // 3], w[:, d // 3 : 2 * d // 3], w[:, 2 * d // 3 :]
    assert conditional_mutual_information(*samples, k, noise=0.0).bits == pytest.approx(
        twin_bits(*samples, k), abs=1e-12
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("saturation", [1.0, 30.0])
def test_value_is_npeets(k: int, saturation: float) -> None:
    from npeet_plus import cmi

    # NPEET's radius - 1e-15 loses the neighbors between: a point or two where float32 activations are saturated.
    tolerance = 1e-9 if saturation == 1.0 else 2e-3
    x, y, z = (np.tanh(saturation * side).astype(np.float32).astype(np.float64) for side in triple(400, 4, 5, 2))
    for seed in range(3):
        np.random.seed(seed)
        theirs = cmi(x, y, z, k=k, base=2)
        np.random.seed(seed)
        noisy_x, noisy_y = (side + 1e-10 * np.random.random_sample(side.shape) for side in (x, y))
        found = conditional_mutual_information(noisy_x, noisy_y, z, k, noise=0.0).bits
        assert found == pytest.approx(theirs, abs=tolerance)
        assert conditional_mutual_information(x, y, z, k, seed=seed).bits == pytest.approx(theirs, abs=0.1)


def test_value_is_near_the_truth_on_gaussians() -> None:
    generator = np.random.default_rng(0)
    z, x_noise, y_noise = generator.normal(size=(3, 4000))
    x = z + x_noise
    y = z + 0.75 * x_noise + y_noise
    truth = 0.5 * np.log2(1 + 0.75**2)
    assert conditional_mutual_information(x, y, z).bits == pytest.approx(truth, abs=0.06)
    assert conditional_mutual_information(x, z + y_noise, z).bits == pytest.approx(0, abs=0.05)


def test_a_constant_condition_leaves_the_mutual_information_nearly_as_it_is() -> None:
    x, y, _ = triple(2000, 2, 2, 1)
    expected = mutual_information(x, y).bits
    assert conditional_mutual_information(x, y, np.zeros(2000)).bits == pytest.approx(expected, abs=1e-3)


def test_value_does_not_depend_on_threads() -> None:
    samples = triple(1500, 20, 30, 5)
    assert len({conditional_mutual_information(*samples, threads=threads) for threads in (None, 1, 3)}) == 1


@pytest.mark.parametrize(
    ("position", "values", "message"),
    [
        (2, np.full(50, np.nan), r"z\[0, 0\] = nan"),
        (2, np.zeros(49), "x has 50 rows and z has 49: each row must be one triple"),
        (1, np.full(50, np.inf), r"y\[0, 0\] = inf"),
    ],
)
def test_refused_input_is_named(position: int, values: np.ndarray, message: str) -> None:
    samples = list(triple(50, 1, 1, 1))
    samples[position] = values
    with pytest.raises(DegenerateInput, match=message):
        conditional_mutual_information(*samples)


@pytest.mark.parametrize("options", [{"k": 0}, {"base": 1}, {"noise": -1.0}, {"threads": 0}])
def test_wrong_arguments_raise(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="= "):
        conditional_mutual_information(*triple(50, 1, 1, 1), **options)  # type: ignore[arg-type]
