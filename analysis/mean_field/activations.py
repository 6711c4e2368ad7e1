"""Activations with the means that the theory asks of them, over two normal variables u and v.

Closed forms but for tanh: erf, E phi phi (Williams 1998, "Computing with infinite networks"); relu, both (Cho & Saul
2009, "Kernel methods for deep learning", order 1 and 0); gelu, by parts (as Tsuchida et al. 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, ndtr

from analysis.mean_field.expectations import Floats, Function, mean, mean_of_product
from trainables.config import Activation

MeanOfTwo = Callable[[Floats, Floats, Floats], Floats]
"""variances (N,) of u, variances (M,) of v, covariances (N, M) -> means (N, M)."""


@dataclass(frozen=True)
class MeanFieldActivation:
    """phi, its derivative, E phi(u) phi(v) and E phi'(u) phi'(v); whether these two are closed forms."""

    function: Function
    derivative: Function
    product: MeanOfTwo
    product_of_derivatives: MeanOfTwo
    is_closed: bool = True

    def mean_square(self, variance: float) -> float:
        """E phi(u)^2 for a variance of u."""
        return self._of_one(self.function, self.product, variance)

    def mean_square_of_derivative(self, variance: float) -> float:
        """E phi'(u)^2 for a variance of u."""
        return self._of_one(self.derivative, self.product_of_derivatives, variance)

    def _of_one(self, function: Function, product: MeanOfTwo, variance: float) -> float:
        if not self.is_closed:
            return mean(lambda x: function(x) ** 2, variance)
        of_one = np.array([float(variance)])
        return float(product(of_one, of_one, of_one[None])[0, 0])


def _tanh_derivative(x: Floats) -> Floats:
    found: Floats = 1 - np.tanh(x) ** 2
    return found


def _by_series(function: Function) -> MeanOfTwo:
    return lambda u, v, covariances: mean_of_product(function, u, v, covariances)


def _erf_product(u: Floats, v: Floats, covariances: Floats) -> Floats:
    sizes = np.sqrt(np.multiply.outer(1 + 2 * u, 1 + 2 * v))
    return 2 / np.pi * np.arcsin(2 * covariances / sizes)


def _erf_product_of_derivatives(u: Floats, v: Floats, covariances: Floats) -> Floats:
    return 4 / np.pi / np.sqrt(np.multiply.outer(1 + 2 * u, 1 + 2 * v) - 4 * covariances**2)


def _angles(u: Floats, v: Floats, covariances: Floats) -> tuple[Floats, Floats]:
    """Cosines of the angles of u and v, and the product of their deviations."""
    sizes = np.sqrt(np.multiply.outer(u, v))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(np.where(sizes > 0, covariances / sizes, 0.0), -1.0, 1.0), sizes


def _relu_product(u: Floats, v: Floats, covariances: Floats) -> Floats:
    cosines, sizes = _angles(u, v, covariances)
    return sizes * (np.sqrt(1 - cosines**2) + cosines * (np.pi - np.arccos(cosines))) / (2 * np.pi)


def _relu_product_of_derivatives(u: Floats, v: Floats, covariances: Floats) -> Floats:
    found: Floats = (np.pi - np.arccos(_angles(u, v, covariances)[0])) / (2 * np.pi)
    return found


def _gelu_parts(u: Floats, v: Floats, covariances: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """1 + u and 1 + v as column and row, E Phi(u) Phi(v), E n(u) n(v) of the normal density n, and the determinant."""
    one, other = 1 + u[:, None], 1 + v[None]
    determinants = one * other - covariances**2
    distributions = 0.25 + np.arcsin(covariances / np.sqrt(one * other)) / (2 * np.pi)
    return one, other, distributions, 1 / (2 * np.pi * np.sqrt(determinants)), determinants


def _gelu_product(u: Floats, v: Floats, covariances: Floats) -> Floats:
    one, other, distributions, densities, _ = _gelu_parts(u, v, covariances)
    rest = np.multiply.outer(u, v) + covariances**2 * (1 / one + 1 / other - 1)
    found: Floats = covariances * distributions + densities * rest
    return found


def _gelu_product_of_derivatives(u: Floats, v: Floats, covariances: Floats) -> Floats:
    one, other, distributions, densities, determinants = _gelu_parts(u, v, covariances)
    found: Floats = distributions + densities * covariances * (1 / one + 1 / other + 1 / determinants)
    return found


ACTIVATIONS: dict[Activation, MeanFieldActivation] = {
    "tanh": MeanFieldActivation(
        np.tanh, _tanh_derivative, _by_series(np.tanh), _by_series(_tanh_derivative), is_closed=False
    ),
    "erf": MeanFieldActivation(
        erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-(x**2)), _erf_product, _erf_product_of_derivatives
    ),
    "relu": MeanFieldActivation(
        lambda x: np.maximum(x, 0.0),
        lambda x: (x > 0).astype(float),
        _relu_product,
        _relu_product_of_derivatives,
    ),
    "linear": MeanFieldActivation(
        lambda x: x,
        np.ones_like,
        lambda u, v, covariances: covariances,
        lambda u, v, covariances: np.ones_like(covariances),
    ),
    "gelu": MeanFieldActivation(
        lambda x: x * ndtr(x),
        lambda x: ndtr(x) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi),
        _gelu_product,
        _gelu_product_of_derivatives,
    ),
}
"""By the names that a config has for them."""
