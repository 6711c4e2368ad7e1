"""How large activations are: their mean square, the order parameter of mean-field theory, and its spread."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trainables.geometry.measure import Measure
from trainables.geometry.rows import rows_of, standard_error
from trainables.information import DegenerateInput

MEAN = Measure(
    None,
    "squared activation",
    shows="How large the activations of a unit typically are, so whether the signal grows or dies out with depth.",
    does_not_show="Nothing of direction: images that all map to one point can have any norm.",
)
SPREAD = Measure(
    None,
    "squared activation",
    shows="How far images differ in the length of their activations; mean-field theory has 0 in wide, deep layers.",
    does_not_show="Nothing of differences in direction: images of equal length can be all alike or all different.",
)


def mean_squared_activation(x: npt.ArrayLike) -> Measure:
    """q, the mean over units and images of the squared activation, x of shape (images, units).

    In mean-field theory q_l is that of the inputs of layer l's nonlinearity (Poole, Lahiri, Raghu, Sohl-Dickstein &
    Ganguli 2016, eq. 2); of the outputs, which is what the networks here have, it is the average of tanh^2 in their
    eq. 3, without the variance of weights and biases.
    """
    try:
        squares = _squares(x, least=1)
    except DegenerateInput as reason:
        return replace(MEAN, reason=str(reason))
    return replace(MEAN, value=float(squares.mean()), standard_error=standard_error(squares))


def spread_of_squared_activation(x: npt.ArrayLike) -> Measure:
    """The standard deviation over images of the mean over units of the squared activation, x (images, units).

    Its standard error is that of a standard deviation: sqrt((m4 - s^4) / (4 s^2 N)), m4 the fourth central moment.
    """
    try:
        squares = _squares(x, least=2)
    except DegenerateInput as reason:
        return replace(SPREAD, reason=str(reason))
    spread = float(squares.std(ddof=1))
    error = float(((squares - squares.mean()) ** 2).std() / np.sqrt(len(squares)) / (2 * spread)) if spread else 0.0
    return replace(SPREAD, value=spread, standard_error=error)


def _squares(x: npt.ArrayLike, least: int) -> npt.NDArray[np.float64]:
    """The mean square of each image's activations, shape (images,)."""
    rows = rows_of(x, "x", least)
    with np.errstate(over="ignore"):
        squares: npt.NDArray[np.float64] = np.mean(rows**2, axis=1)
    if not np.isfinite(squares).all():
        raise DegenerateInput(f"the squares of x overflow float64: its largest value is {np.abs(rows).max():g}")
    return squares
