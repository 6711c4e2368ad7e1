"""TwoNN, the intrinsic dimension from the ratio of two distances: on how many coordinates a layer locally depends."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from trainables.geometry.measure import Measure
from trainables.geometry.rows import rows_of
from trainables.geometry.two_nearest import two_nearest
from trainables.information import DegenerateInput
from trainables.information.samples import Floats

DISCARDED = 0.1
"""The share of points of largest ratio that Facco et al. leave out of the fit, where the density varies most."""

LEAST_ROWS = 20
TIED = 1e-6
"""Distances whose logarithms differ by no more are equal: float32, of which activations are, has no more digits."""

NONE = Measure(
    None,
    "dimensions",
    shows="On how many coordinates the activations depend at the scale of the distances between neighboring images.",
    does_not_show="Noise and discrete steps at that scale count too, and above about 10 dimensions it is too low.",
)


def twonn_dimension(x: npt.ArrayLike, discard_fraction: float = DISCARDED) -> Measure:
    """The intrinsic dimension of the sample x, shape (N, d), by TwoNN (Facco, d'Errico, Rodriguez & Laio 2017).

    Of each point mu is the Euclidean distance to its second nearest neighbor over that to its nearest. Where the
    density is constant over these, log(mu) is exponential of rate D, the dimension: the slope of -log(1 - i / N)
    against the i-th least log(mu), fitted through the origin without the `discard_fraction` of points of largest mu.

    Rows that are equal count once. details: duplicate_share, of the rows that appear more than once; tied_share, of the
    distinct rows whose two nearest are equally far, as on a lattice; discard_fraction; distinct_rows.
    Moved, rotated or scaled data have the same dimension.

    The standard error takes the ratios of all points for independent, which those of neighbors are not: over draws of
    Gaussians the value spreads by 1.3 times as much in 2 dimensions, 1.1 times in 10.

    Raises:
        ValueError: when the fraction is not at least 0 and below 1.
    """
    if not 0.0 <= discard_fraction < 1.0:
        raise ValueError(f"discard_fraction = {discard_fraction}: it must be at least 0 and below 1")
    details: dict[str, float] = {"discard_fraction": discard_fraction}
    try:
        rows, repeats = np.unique(_scaled(rows_of(x, "x", LEAST_ROWS)), axis=0, return_counts=True)
        details |= {"duplicate_share": _share_of_repeated(repeats), "distinct_rows": len(rows)}
        if len(rows) < LEAST_ROWS:
            raise DegenerateInput(f"x has {len(rows)} distinct rows: at least {LEAST_ROWS} are needed")
        logarithms = _log_ratios(two_nearest(rows))
        details["tied_share"] = float(np.mean(logarithms == 0.0))
        value, error = _fit(np.sort(logarithms), discard_fraction)
    except DegenerateInput as reason:
        return replace(NONE, reason=str(reason), details=details)
    return replace(NONE, value=value, standard_error=error, details=details)


def _scaled(rows: Floats) -> Floats:
    """The rows times the power of 2 that brings them below 1, so that squares do not overflow and no digit is lost.

    Adding zero turns -0.0 into 0.0.
    """
    _, exponent = np.frexp(np.abs(rows).max())
    scaled: Floats = np.ldexp(rows, -exponent) + 0.0
    return scaled


def _share_of_repeated(repeats: npt.NDArray[np.int64]) -> float:
    return float(repeats[repeats > 1].sum() / repeats.sum())


def _log_ratios(squared: Floats) -> Floats:
    """log(mu) of each point, shape (N,), from the squares of its two distances, shape (N, 2); 0 where they are tied."""
    if not squared.all():
        raise DegenerateInput("some rows of x differ by less than float64 can square")
    logarithms: Floats = 0.5 * np.log(squared[:, 1] / squared[:, 0])
    logarithms[logarithms <= TIED] = 0.0
    return logarithms


def _fit(logarithms: Floats, discard_fraction: float) -> tuple[float, float]:
    """The slope through the origin, and its standard error, from all N values of log(mu), ascending.

    The i-th least of N exponentials is a sum of i independent ones with means 1 / (rate * (N - j)), j = 0 .. i - 1
    (Rényi 1953). To first order the slope is a weighted sum of their relative deviations from these means.
    """
    count = len(logarithms)
    kept = min(int(count * (1.0 - discard_fraction)), count - 1)
    x, y = logarithms[:kept], -np.log1p(-np.arange(1, kept + 1) / count)
    if not x.any():
        raise DegenerateInput(
            f"the two nearest rows are equally far for {np.mean(logarithms == 0.0):.0%} of the rows of x"
        )
    slope = float(np.sum(x * y) / np.sum(x * x))
    weights = np.cumsum(y[::-1])[::-1] / (count - np.arange(kept))
    return slope, slope * float(np.sqrt(np.sum(weights**2)) / np.sum(y**2))
