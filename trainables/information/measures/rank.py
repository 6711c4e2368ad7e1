"""KSG of ranks: each unit is replaced by its normal scores, so that no monotone map of single units moves it."""

from typing import Any

import numpy.typing as npt
from scipy.special import ndtri
from scipy.stats import rankdata

from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of
from trainables.information.measures.ksg import on_scale
from trainables.information.samples import Floats


def normal_scores(samples: npt.NDArray[Any]) -> Floats:
    """(N, d): each column's ranks r = 1 ... N as normal quantiles of (r - 1/2) / N (van der Waerden).

    Equal values share the mean of their ranks, so that a constant column stays constant.
    """
    ranks = rankdata(samples, axis=0)
    scores: Floats = ndtri((ranks - 0.5) / len(samples))
    return scores


def rank_information(x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int) -> MeasuredValue:
    """Balanced KSG of the normal scores. Ties that are left are broken as KSG does, by 1e-10 * U[0, 1) of the seed."""
    return on_scale("balanced", normal_scores(x), normal_scores(y), settings, seed)


MEASURE = Measure(
    "ksg",
    "rank",
    "Balanced KSG of each unit's ranks: no monotone map of single units moves it, saturation included as long as "
    "distinct values stay distinct; rotating a layer does, and the amplitudes of units count no longer: a unit of "
    "mere noise weighs as much as any other.",
    rank_information,
    all_of("exchange", "monotone per unit"),
)
