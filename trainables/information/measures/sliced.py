"""Sliced mutual information (Goldfeld & Greenewald 2021): the mean MI of one-dimensional projections of both sides."""

from math import sqrt
from typing import Any

import numpy as np
import numpy.typing as npt
import threadpoolctl

from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of, is_saturated
from trainables.information.measures.line import balanced_bits
from trainables.information.results import ceiling_bits
from trainables.information.samples import Floats

SLICES = 100


def sliced_information(x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int) -> MeasuredValue:
    """The mean of the balanced KSG of a . x and b . y over 100 pairs of directions a, b, even on the unit spheres.

    The standard error is that of the directions; the error of the samples, which all slices share, is not in it.
    Raises DegenerateInput where a projection has no balanced scale.
    """
    generator = np.random.default_rng(seed)
    x_slices, y_slices = _slices(x, generator), _slices(y, generator)
    values = [balanced_bits(one, other, settings, seed) for one, other in zip(x_slices, y_slices, strict=True)]
    value, ceiling = float(np.mean(values)), ceiling_bits(len(x), settings.k)
    return MeasuredValue(
        value,
        standard_error=float(np.std(values, ddof=1)) / sqrt(SLICES),
        ceiling=ceiling,
        saturated=is_saturated(value, ceiling),
    )


def _slices(samples: npt.NDArray[Any], generator: np.random.Generator) -> Floats:
    """(slices, N) projections on directions of length 1."""
    directions = generator.standard_normal((samples.shape[1], SLICES))
    directions /= np.linalg.norm(directions, axis=0)
    with threadpoolctl.threadpool_limits(1, user_api="blas"):
        projected: Floats = samples.astype(np.float64) @ directions
    return np.ascontiguousarray(projected.T)


MEASURE = Measure(
    "sliced",
    "balanced",
    "Another quantity than MI, never above it, and 0 only where the sides are independent: found from one dimension "
    "at a time, so that many units do not make the estimate worse, but the more directions share a dependence, the "
    "smaller it is, so that layers of unequal width cannot be compared; no rotation and no factor of a layer moves it, "
    "factors of single units do.",
    sliced_information,
    all_of("exchange", "rotation", "global factor", "translation"),
    within_error=frozenset({"exchange", "rotation"}),
)
