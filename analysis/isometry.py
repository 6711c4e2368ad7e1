"""LEAF. Where a family of untrained networks is nearest to dynamic isometry: the one notion of figures and claims."""

from collections.abc import Sequence

import numpy as np

MEAN = "jacobian_mean_squared_singular_value"
SPREAD = "jacobian_spread_squared_singular_value"


def keeps_norms(means: Sequence[float]) -> int | None:
    """Which of networks that differ in gain keeps norms in the mean: its mean squared singular value is nearest 1.

    means: that of the input-output Jacobian of each; nearness is by logarithm, as halving and doubling are as far.
    None when all lie on one side of 1, as the gain of isometry is not among these then; values that are not positive
    numbers count for nothing.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithms = np.log(np.asarray(means, dtype=float))
    known = np.isfinite(logarithms)
    if not known.any() or not logarithms[known].min() <= 0 <= logarithms[known].max():
        return None
    return int(np.argmin(np.where(known, np.abs(logarithms), np.inf)))
