"""How many activations sit at the bounds of their range, where a nonlinearity passes no derivative on."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trainables.geometry.measure import Measure
from trainables.geometry.rows import rows_of, standard_error
from trainables.information import DegenerateInput
from trainables.information.credibility.diagnostics import SATURATED

NONE = Measure(
    None,
    "share of values",
    shows="Which share of the activations is so near 1 or -1 that moving the image hardly moves them.",
    does_not_show="A share of 0 leaves open how nonlinear the layer is: units far below the threshold can bend too.",
)


def saturated_share(x: npt.ArrayLike, threshold: float = SATURATED) -> Measure:
    """The share of the values of x, shape (images, units), with |value| >= threshold; for units bounded by -1 and 1.

    By default the threshold is that of `Credibility.saturated_share`, 1 - 1e-6, where neighbor distances lose their
    digits; at 0.99 a tanh still passes on 2 % of its derivative at 0. No value where some |value| exceeds 1.
    details: threshold.

    Raises:
        ValueError: when the threshold is not above 0 and at most 1.
    """
    if not 0.0 < threshold <= 1.0:
        raise ValueError(f"threshold = {threshold}: it must be above 0 and at most 1")
    details = {"threshold": threshold}
    try:
        sizes = np.abs(rows_of(x, "x", least=1))
        if (largest := float(sizes.max())) > 1.0:
            raise DegenerateInput(f"x has a value of size {largest:g}: saturation is of units bounded by -1 and 1")
    except DegenerateInput as reason:
        return replace(NONE, reason=str(reason), details=details)
    shares = np.mean(sizes >= threshold, axis=1)
    return replace(NONE, value=float(shares.mean()), standard_error=standard_error(shares), details=details)
