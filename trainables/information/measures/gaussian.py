"""The mutual information of the Gaussian with the samples' covariance, from canonical correlations, without bias."""

from math import log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import threadpoolctl
from scipy.special import digamma, polygamma

from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of
from trainables.information.samples import DegenerateInput, Floats

ROWS_PER_COMPONENT = 10
"""No side has more components than N over this: above, principal components of the largest variance are kept."""
RANK_TOLERANCE = 1e-6
"""Components with less than this share of the largest standard deviation are rounding, as of float32 activations."""
LEAST_UNEXPLAINED = 1e-12
"""Below this share of unexplained variance, one side has a direction that is a linear function of the other."""


def gaussian_information(x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int) -> MeasuredValue:
    """-1/2 sum log2(1 - rho^2) over the canonical correlations rho of x and y, minus its bias, with a standard error.

    At most N/10 components of each side are kept: of full rank all, else those of the largest variance. For Gaussian
    samples the bias is known, whatever their correlations (the mean logarithm of a Wishart determinant; Misra, Singh
    & Demchuk 2005), and independent samples give 0 on average: values below 0 are part of that. The standard error
    is that of the samples, from the influence of each. Raises DegenerateInput where a correlation is 1: the Gaussian
    MI is infinite.
    """
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        x_basis, y_basis = _whitened(x), _whitened(y)
        widths = x_basis.shape[1], y_basis.shape[1]
        if 0 in widths:
            return MeasuredValue(0.0, standard_error=0.0)
        x_turn, correlations, y_turn = np.linalg.svd(x_basis.T @ y_basis, full_matrices=False)
        unexplained = 1.0 - correlations**2
        if unexplained.min() < LEAST_UNEXPLAINED:
            raise DegenerateInput(
                f"canonical correlation {correlations.max():.15g} of x and y: one side has a direction that is a "
                "linear function of the other, so that their Gaussian MI is infinite"
            )
        influences = _influences(x_basis @ x_turn, y_basis @ y_turn.T, correlations)
    free = len(x) - 1
    bias, variance_at_zero = _of_independent_samples(*widths, free)
    nats = -0.5 * float(np.log(unexplained).sum()) - bias
    # Correlations that are none but of the sample add to the spread of influences what they have on average.
    spread = max(float(influences.var()) - widths[0] * widths[1] / free, 0.0)
    return MeasuredValue(nats / log(2), standard_error=sqrt(spread / free + variance_at_zero) / log(2))


def _whitened(samples: npt.NDArray[Any]) -> Floats:
    """(N, r) orthonormal columns that span the kept principal components of the centred samples."""
    centred = samples.astype(np.float64)
    largest = float(np.abs(centred).max())
    if largest > 0:
        centred /= largest  # squares neither overflow nor vanish
    centred -= centred.mean(axis=0)
    basis, deviations, _ = np.linalg.svd(centred, full_matrices=False)
    kept = np.count_nonzero(deviations > max(RANK_TOLERANCE * deviations[0], _rounding(samples)))
    return basis[:, : min(kept, max(1, len(samples) // ROWS_PER_COMPONENT))]


def _rounding(samples: npt.NDArray[Any]) -> float:
    """The singular value that rounding alone can give samples of size 1, most of them equal."""
    return float(np.finfo(samples.dtype).eps) * sqrt(samples.size)


def _influences(x: Floats, y: Floats, correlations: Floats) -> Floats:
    """(N,) in nats, N times what each sample adds to the value; of canonical variates with a sum of squares of 1.

    For variates of variance 1 it is 1/2 sum (2 rho x y - rho^2 (x^2 + y^2)) / (1 - rho^2), whose own variance is
    sum rho^2 for Gaussians.
    """
    terms = 2.0 * correlations * x * y - correlations**2 * (x**2 + y**2)
    influences: Floats = 0.5 * len(x) * (terms / (1.0 - correlations**2)).sum(axis=1)
    return influences


def _of_independent_samples(dx: int, dy: int, free: int) -> tuple[float, float]:
    """Mean and variance, in nats, of the uncorrected value of independent Gaussians: of -1/2 log Wilks' lambda.

    free: degrees of freedom, N - 1. Wilks' lambda is then a product of independent beta variables.
    """
    few, many = sorted((dx, dy))
    whole = (free - np.arange(few)) / 2.0
    rest = whole - many / 2.0
    mean = 0.5 * float((digamma(whole) - digamma(rest)).sum())
    variance = 0.25 * float((polygamma(1, rest) - polygamma(1, whole)).sum())
    return mean, variance


MEASURE = Measure(
    "gaussian",
    "affine",
    "The MI of the Gaussian with the same covariance: sees covariances alone, so that parity reads 0; a lower bound of "
    "MI where each side is Gaussian, and neither bound else; no invertible linear map of a layer of at most N/10 units "
    "moves it, and of wider ones, cut to N/10 principal components, no rotation or factor.",
    gaussian_information,
    all_of("exchange", "affine"),
)
