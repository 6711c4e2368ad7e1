"""From the caller's array to rows in float64, and the standard error of a mean over rows."""

import numpy as np
import numpy.typing as npt

from trainables.information import DegenerateInput
from trainables.information.samples import Floats, as_matrix


def rows_of(values: npt.ArrayLike, name: str, least: int) -> Floats:
    """The values as a finite float64 matrix with at least so many rows, one an image; further axes are flattened.

    Raises:
        DegenerateInput: when they are not finite real numbers, or too few rows.
    """
    rows = as_matrix(values, name)
    if len(rows) < least:
        raise DegenerateInput(f"{name} has {len(rows)} rows: at least {least} are needed")
    return rows


def standard_error(values: Floats) -> float | None:
    """Of the mean of independent values, shape (N,): their standard deviation (N - 1) over the root of N."""
    return float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None
