"""LEAF. Means over normal variables: of a function of one, and of the product of a function of two correlated ones.

One variable: the trapezoidal rule, whose error for a function that is analytic within a of the real axis falls as
exp(-2 pi a / step) (Trefethen & Weideman 2014, section 5), faster than that of Gauss and Hermite, whose nodes lie apart
where tanh(sqrt(q) z) has poles at a = pi / (2 sqrt(q)). With the step taken here that is 1e-14 of the function's size.

Two variables: Mehler's series. With f(sqrt(q) z) = sum_k a_k(q) h_k(z), h_k the normalised Hermite polynomials,
E f(u) f(v) = sum_k a_k(q_u) a_k(q_v) c^k for variances q_u, q_v and correlation c. What the terms left out amount to is
known, as E f(u)^2 is; every sum of them is the Gram matrix of something, and distances from it are those of something.
"""

from collections.abc import Callable
from functools import lru_cache
from math import pi, sqrt

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Function = Callable[[Floats], Floats]

FARTHEST = 14.0
"""Beyond so many standard deviations the normal density is below 1e-43."""
WIDEST_STEP = 1 / 16
NARROWEST_STEP = 1 / 2000
LEFT_OUT = 1e-8
MOST_LEFT_OUT = 1e-5
TERMS = (16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
ROWS = 64


def mean(function: Function, variance: float) -> float:
    """E f(sqrt(variance) z) of z ~ N(0, 1), for f with no singularity but poles at multiples of i pi / 2, or none."""
    nodes, weights = _rule(_step(variance))
    return float(weights @ function(sqrt(variance) * nodes))


def mean_of_product(function: Function, variances: Floats, other: Floats, covariances: Floats) -> Floats:
    """E f(u) f(v), shape (N, M), of normal u and v with these variances, (N,) and (M,), and covariances, (N, M).

    Where both variances are the same array the covariances are taken for symmetric.
    The terms left out amount to at most 1e-8 of E f^2, up to variances of about 9 for tanh, and to 1e-5 always.

    Raises:
        ValueError: variances beyond that; for tanh they begin at about 50.
    """
    largest = float(max(variances.max(), other.max()))
    coefficients = _coefficients(function, np.array([largest]), TERMS[-1])[0]
    whole = mean(lambda x: function(x) ** 2, largest)
    shares = 1.0 - np.cumsum(coefficients**2) / whole if whole > 0 else np.zeros(TERMS[-1])
    terms = next((count for count in TERMS if shares[count - 1] <= LEFT_OUT), TERMS[-1])
    if shares[terms - 1] > MOST_LEFT_OUT:
        raise ValueError(
            f"a signal of variance {largest:.3g} is beyond the series of {terms} terms: it leaves out "
            f"{shares[terms - 1]:.1g} of the mean, allowed is {MOST_LEFT_OUT:g}; smaller gains give smaller variances"
        )
    left = _coefficients(function, variances, terms)
    right = left if other is variances else _coefficients(function, other, terms)
    kept = np.flatnonzero(np.abs(coefficients[:terms]) > 1e-15 * np.sqrt(whole))
    return _sum_of_powers(left, right, _correlations(variances, other, covariances), kept)


def _correlations(variances: Floats, other: Floats, covariances: Floats) -> Floats:
    sizes = np.sqrt(variances[:, None] * other[None])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.clip(np.where(sizes > 0, covariances / sizes, 0.0), -1.0, 1.0)


def _sum_of_powers(left: Floats, right: Floats, correlations: Floats, kept: npt.NDArray[np.int64]) -> Floats:
    """sum_k left[:, k] right[:, k] c^k by Horner's rule, in blocks of rows that stay in the cache."""
    found = np.empty_like(correlations)
    for first in range(0, len(correlations), ROWS):
        rows = slice(first, first + ROWS)
        columns = slice(first if left is right else 0, None)
        powers = correlations[rows, columns]
        square, total, above = powers * powers, np.zeros_like(powers), None
        for k in kept[::-1]:
            if above is not None:
                total *= powers if above - k == 1 else square if above - k == 2 else powers ** (above - k)
            total += np.multiply.outer(left[rows, k], right[columns, k])
            above = int(k)
        found[rows, columns] = total * powers ** int(above or 0)
        if left is right:
            found[columns, rows] = found[rows, columns].T
    return found


def _coefficients(function: Function, variances: Floats, terms: int) -> Floats:
    """a_k of f(sqrt(q) z) for each variance q, shape (N, terms)."""
    step = _step(float(variances.max()))
    nodes, weights = _rule(step)
    values = function(np.sqrt(variances)[:, None] * nodes) * weights
    return values @ _hermite(step)[:terms].T


@lru_cache(maxsize=4)
def _hermite(step: float) -> Floats:
    """The normalised Hermite polynomials h_0, h_1, ... at the nodes, shape (terms, nodes), as many as are ever used."""
    nodes, terms = _rule(step)[0], TERMS[-1]
    found = np.ones((terms, len(nodes)))
    found[1] = nodes
    for k in range(1, terms - 1):
        found[k + 1] = (nodes * found[k] - sqrt(k) * found[k - 1]) / sqrt(k + 1)
    return found


def _step(variance: float) -> float:
    step = pi**2 / (33 * sqrt(variance)) if variance > 0 else WIDEST_STEP
    return max(NARROWEST_STEP, min(WIDEST_STEP, step))


@lru_cache(maxsize=4)
def _rule(step: float) -> tuple[Floats, Floats]:
    """Nodes and weights of the trapezoidal rule on the normal density."""
    count = round(FARTHEST / step)
    nodes: Floats = step * np.arange(-count, count + 1.0)
    weights: Floats = step * np.exp(-0.5 * nodes**2) / sqrt(2 * pi)
    return nodes, weights
