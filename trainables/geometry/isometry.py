"""How far the singular values of Jacobians are from 1: what dynamical isometry means in numbers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trainables.geometry.measure import Measure
from trainables.geometry.rows import rows_of, standard_error
from trainables.information import DegenerateInput
from trainables.information.samples import Floats

MEAN = Measure(
    None,
    "1",
    shows="By how much a layer stretches small changes of the image on average over directions, squared.",
    does_not_show="A mean of 1 is no isometry: few directions may be stretched far and all others lost.",
)
DEVIATION = Measure(
    None,
    "1",
    shows="How far the map from image to layer is from an isometry on its row space: 0 for one, 1 for a constant map.",
    does_not_show="It is of small changes around a few images, and blind to directions dropped for want of units.",
)


def mean_squared_singular_value(singular_values: npt.ArrayLike) -> Measure:
    """E(s^2) over all singular values s, shape (images, rank), as `Isometry.singular_values` gives them of a layer.

    In mean-field theory it is a power of chi, which is 1 at the critical gain, where gradients neither grow nor vanish
    (Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017; Pennington, Schoenholz & Ganguli 2017).
    """
    return _mean(MEAN, singular_values, lambda squares: squares)


def isometry_deviation(singular_values: npt.ArrayLike) -> Measure:
    """E((s^2 - 1)^2) over all singular values s, shape (images, rank): 0 at dynamical isometry, and only there.

    It is the variance of s^2 plus the square of E(s^2) - 1. Dynamical isometry: all singular values of the input-output
    Jacobian near 1, not their mean alone (Saxe, McClelland & Ganguli 2014; Pennington, Schoenholz & Ganguli 2017;
    Weng et al. 2022, who find the MI of input and signal largest there).
    """
    return _mean(DEVIATION, singular_values, lambda squares: (squares - 1.0) ** 2)


def _mean(measure: Measure, singular_values: npt.ArrayLike, of: Callable[[Floats], Floats]) -> Measure:
    """The mean over images and directions of a function of s^2, and its standard error over images."""
    try:
        values = rows_of(singular_values, "singular_values", least=1)
        if (least := float(values.min())) < 0.0:
            raise DegenerateInput(f"singular_values has {least:g}: none is below 0")
        with np.errstate(over="ignore"):
            means = np.mean(of(values**2), axis=1)
        if not np.isfinite(means).all():
            raise DegenerateInput(f"the powers of singular_values overflow: the largest is {values.max():g}")
    except DegenerateInput as reason:
        return replace(measure, reason=str(reason))
    return replace(measure, value=float(means.mean()), standard_error=standard_error(means))
