"""The participation ratio: in how many linear directions the variance of a layer lies."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from trainables.geometry.measure import Measure
from trainables.geometry.rows import rows_of
from trainables.information import DegenerateInput
from trainables.information.samples import Floats

NONE = Measure(
    None,
    "dimensions",
    shows="Over how many orthogonal directions the variance of the activations is spread.",
    does_not_show="A curved sheet of few coordinates can fill many directions: it is no count of coordinates.",
)


def participation_ratio(x: npt.ArrayLike) -> Measure:
    """(sum of lambda)^2 / sum of lambda^2, lambda the eigenvalues of the covariance of x, shape (N, d); from 1 to d.

    Isotropic data have d, data on a line 1 (Litwin-Kumar, Harris, Axel, Sompolinsky & Abbott 2017; Gao et al. 2017).
    Moved, rotated or scaled data have the same. N rows show no more than N - 1 directions, and fewer than the
    distribution has: isotropic Gaussian data about d N / (N + d). No eigenvalue is computed, only traces of the
    covariance and of its square.

    The standard error is that of the infinitesimal jackknife: how the ratio changes with the weight of each row
    (Efron 1982, chapter 6). It is too large near isotropy, the maximum, where no weight changes the ratio to first
    order. Constant x has no value, only a reason.
    """
    try:
        traces = _traces(_centered(rows_of(x, "x", least=2)))
    except DegenerateInput as reason:
        return replace(NONE, reason=str(reason))
    ratio = traces.total**2 / traces.of_square
    influence = 2 * (traces.row_norms / traces.total - traces.row_forms / traces.of_square) * ratio
    return replace(NONE, value=float(ratio), standard_error=float(influence.std() / np.sqrt(len(influence))))


@dataclass(frozen=True, eq=False)
class _Traces:
    """Of C, the covariance of centered rows z: tr C, tr C^2, and for each row z.z and z.Cz, whose means they are."""

    total: float
    of_square: float
    row_norms: Floats
    row_forms: Floats


def _centered(rows: Floats) -> Floats:
    """The rows around their mean, the largest value 1, so that fourth powers neither overflow nor vanish."""
    largest = float(np.abs(rows).max())
    scaled = rows / largest if largest > 0.0 else rows
    moved: Floats = scaled - scaled[0]
    moved -= moved.mean(axis=0)
    extent = float(np.abs(moved).max())
    if extent == 0.0:
        raise DegenerateInput("x is constant: no direction has variance")
    moved /= extent
    return moved


def _traces(rows: Floats) -> _Traces:
    count, width = rows.shape
    norms = np.sum(rows**2, axis=1)
    if width <= count:
        forms = np.sum((rows @ (rows.T @ rows)) * rows, axis=1) / count
    else:
        forms = np.sum((rows @ rows.T) ** 2, axis=1) / count
    return _Traces(float(norms.mean()), float(forms.mean()), norms, forms)
