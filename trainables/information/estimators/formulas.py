"""The formulas that turn neighbor counts into MI, and which of them go by which name."""

from collections.abc import Callable
from math import log

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.pair import Neighborhood

Formula = Callable[[int, int, npt.NDArray[np.int64], npt.NDArray[np.int64], float], float]


def ksg_bits(n: int, k: int, x_counts: npt.NDArray[np.int64], y_counts: npt.NDArray[np.int64], base: float) -> float:
    """Kraskov 2004, eq. 8: digamma(k) + digamma(N) - <digamma(n_x + 1) + digamma(n_y + 1)>, in units of the base."""
    terms = mean_digamma(x_counts + 1), mean_digamma(y_counts + 1)
    return float((digamma(k) + digamma(n) - terms[0] - terms[1]) / log(base))


def ksg2_bits(n: int, k: int, x_counts: npt.NDArray[np.int64], y_counts: npt.NDArray[np.int64], base: float) -> float:
    """Kraskov 2004, eq. 9: digamma(k) - 1/k + digamma(N) - <digamma(n_x) + digamma(n_y)>, in units of the base."""
    terms = mean_digamma(x_counts), mean_digamma(y_counts)
    return float((digamma(k) - 1.0 / k + digamma(n) - terms[0] - terms[1]) / log(base))


def mean_digamma(numbers: npt.NDArray[np.int64]) -> float:
    """The mean of the digamma of whole numbers above 0."""
    # Counts repeat: one digamma per distinct value instead of one per point.
    multiplicity = np.bincount(numbers)
    present = np.flatnonzero(multiplicity)
    return float(digamma(present) @ multiplicity[present]) / len(numbers)


FORMULAS: dict[str, tuple[Neighborhood, Formula]] = {
    "ksg": ("square", ksg_bits),
    "ksg2": ("rectangle", ksg2_bits),
}
ESTIMATORS = (*FORMULAS, "npeet")
