"""Means over one and two normal variables, against closed forms, Gauss-Hermite quadrature, and draws."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import erf, roots_hermitenorm

from analysis.mean_field import ACTIVATIONS
from analysis.mean_field.expectations import mean, mean_of_product
from trainables.architectures import ACTIVATIONS as TRAINED

Floats = NDArray[np.float64]
VARIANCES = np.array([0.05, 0.6, 2.0, 6.0])
CORRELATIONS = np.array([-0.99, -0.3, 0.0, 0.5, 0.9, 0.999, 1.0])
NAMES = sorted(ACTIVATIONS)


def of_two(name: str, what: str, u: float, v: float, correlation: float) -> float:
    product = getattr(ACTIVATIONS[name], what)  # type: ignore[call-overload]
    one, other = np.array([u]), np.array([v])
    return float(product(one, other, np.array([[correlation * np.sqrt(u * v)]]))[0, 0])


def by_gauss_hermite(function, u: float, v: float, correlation: float, nodes: int = 180) -> float:
    z, weights = roots_hermitenorm(nodes)
    weights = weights / weights.sum()
    first = function(np.sqrt(u) * z)
    second = function(np.sqrt(v) * (correlation * z[:, None] + np.sqrt(1 - correlation**2) * z[None]))
    return float(weights @ ((first[:, None] * second) @ weights))


def test_every_activation_of_a_config_has_its_theory() -> None:
    assert ACTIVATIONS.keys() == TRAINED.keys()


@pytest.mark.parametrize("variance", [0.0, 0.01, 1.0, 7.0, 50.0, 1e4])
def test_means_of_erf_squared_are_the_arcsine(variance: float) -> None:
    truth = 2 / np.pi * np.arcsin(2 * variance / (1 + 2 * variance))
    assert mean(lambda x: erf(x) ** 2, variance) == pytest.approx(truth, abs=1e-13)


@pytest.mark.parametrize("power", [2, 4, 6])
def test_means_of_powers_are_the_moments(power: int) -> None:
    assert mean(lambda x: x**power, 3.0) == pytest.approx({2: 3.0, 4: 27.0, 6: 405.0}[power], rel=1e-13)


@pytest.mark.parametrize("variance", [0.5, 5.0, 30.0])
def test_means_of_tanh_squared_are_those_on_a_finer_grid(variance: float) -> None:
    z = np.linspace(-14, 14, 280_001)
    fine = 1e-4 * (np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * np.tanh(np.sqrt(variance) * z) ** 2).sum()
    assert mean(lambda x: np.tanh(x) ** 2, variance) == pytest.approx(fine, abs=1e-13)


@pytest.mark.parametrize("what", ["product", "product_of_derivatives"])
@pytest.mark.parametrize("name", ["tanh", "erf", "gelu", "linear"])
def test_means_over_two_variables_are_those_of_gauss_and_hermite(name: str, what: str) -> None:
    activation = ACTIVATIONS[name]
    function = activation.function if what == "product" else activation.derivative
    for u, v, correlation in [(0.6, 2.0, -0.3), (0.3, 0.3, 0.9), (1.0, 1.0, 0.999), (2.0, 0.05, 0.5), (2.0, 2.0, 1.0)]:
        truth = by_gauss_hermite(function, u, v, correlation)
        assert of_two(name, what, u, v, correlation) == pytest.approx(truth, abs=3e-7), (u, v, correlation)


@pytest.mark.parametrize("what", ["product", "product_of_derivatives"])
@pytest.mark.parametrize("name", NAMES)
def test_means_over_two_variables_are_those_of_draws(name: str, what: str) -> None:
    activation = ACTIVATIONS[name]
    function = activation.function if what == "product" else activation.derivative
    z = np.random.default_rng(0).normal(size=(2, 200_000))
    for u, v, correlation in [(0.6, 6.0, -0.8), (2.0, 2.0, 0.95)]:
        second = correlation * z[0] + np.sqrt(1 - correlation**2) * z[1]
        drawn = function(np.sqrt(u) * z[0]) * function(np.sqrt(v) * second)
        error = drawn.std() / np.sqrt(drawn.size)
        assert abs(of_two(name, what, u, v, correlation) - drawn.mean()) <= 4 * error + 1e-12


def test_the_series_is_the_closed_form_where_there_is_one() -> None:
    """Leaves out at most 1e-8 of the mean square, below variances where it says so."""
    covariances = CORRELATIONS[:4, None] * np.sqrt(np.multiply.outer(VARIANCES, VARIANCES))
    found = mean_of_product(erf, VARIANCES, VARIANCES.copy(), covariances)
    truth = ACTIVATIONS["erf"].product(VARIANCES, VARIANCES, covariances)
    np.testing.assert_allclose(found, truth, atol=1e-8)


def test_half_of_a_symmetric_matrix_gives_the_other_half() -> None:
    inputs = np.random.default_rng(2).normal(size=(150, 5))
    gram = inputs @ inputs.T
    variances = np.diag(gram).copy()
    whole = mean_of_product(np.tanh, variances, variances.copy(), gram)
    np.testing.assert_allclose(mean_of_product(np.tanh, variances, variances, gram), whole, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_the_mean_square_is_the_mean_of_two_that_are_one(name: str) -> None:
    for variance in VARIANCES:
        square = ACTIVATIONS[name].mean_square(variance)
        assert square == pytest.approx(of_two(name, "product", variance, variance, 1.0), rel=2e-8)
        square = ACTIVATIONS[name].mean_square_of_derivative(variance)
        assert square == pytest.approx(of_two(name, "product_of_derivatives", variance, variance, 1.0), rel=2e-8)


@pytest.mark.parametrize("name", NAMES)
def test_gram_matrices_of_layers_are_gram_matrices(name: str) -> None:
    inputs = np.random.default_rng(1).normal(size=(60, 4))
    gram = inputs @ inputs.T
    found = ACTIVATIONS[name].product(np.diag(gram), np.diag(gram), gram)
    assert np.linalg.eigvalsh((found + found.T) / 2).min() > -1e-10 * np.trace(found)


def test_signals_that_the_series_does_not_resolve_are_refused() -> None:
    large = np.array([1e4])
    with pytest.raises(ValueError, match=r"variance 1e\+04 is beyond the series of 512 terms"):
        mean_of_product(np.tanh, large, large, large[None])


def test_a_signal_of_no_length_has_products_of_zero() -> None:
    none, some = np.zeros(1), np.array([0.0, 1.0])
    for name in ("tanh", "erf", "relu", "gelu"):
        assert ACTIVATIONS[name].product(none, some, np.zeros((1, 2))).tolist() == [[0.0, 0.0]] or name == "gelu"
        assert np.isfinite(ACTIVATIONS[name].product_of_derivatives(none, some, np.zeros((1, 2)))).all()
