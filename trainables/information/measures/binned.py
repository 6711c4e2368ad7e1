"""The binned mutual information of Shwartz-Ziv & Tishby (2017): each layer's binned vector is one discrete symbol."""

from math import log2, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of, is_saturated

BINS = 30

Symbols = npt.NDArray[np.int64]


def binned_information(x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int) -> MeasuredValue:
    """H(x) + H(y) - H(x, y) in bits of the shares of symbols ("plug-in"), with the standard error of N draws.

    A symbol is the vector of the bins of all units of a row, of 30 equal bins between the smallest and the largest
    value of the whole layer. Not corrected: independent sides with K and L equally likely symbols give about
    (K - 1)(L - 1) / (2 N ln 2) bits, and sides on which every row is a symbol of its own give log2 N, the ceiling.
    """
    first, second = symbols(x), symbols(y)
    joint = np.unique(np.stack([first, second], axis=1), axis=0, return_inverse=True)[1].ravel()
    count = len(joint)
    local = log2(count) + np.log2(_members(joint)) - np.log2(_members(first)) - np.log2(_members(second))
    value, ceiling = float(local.mean()), log2(count)
    return MeasuredValue(
        value,
        standard_error=float(local.std()) / sqrt(count),
        ceiling=ceiling,
        saturated=is_saturated(value, ceiling),
    )


def symbols(samples: npt.NDArray[Any]) -> Symbols:
    """(N,) the number of each row's symbol among the different ones."""
    low, high = float(samples.min()), float(samples.max())
    if low == high:
        return np.zeros(len(samples), np.int64)
    shares = (samples.astype(np.float64) - low) / (high - low)
    bins = np.minimum((shares * BINS).astype(np.int8), BINS - 1)
    return np.unique(bins, axis=0, return_inverse=True)[1].ravel().astype(np.int64)


def _members(of_rows: Symbols) -> Symbols:
    """(N,) how many rows have the symbol of each row."""
    return np.bincount(of_rows)[of_rows]


MEASURE = Measure(
    "binned",
    "range",
    "What 30 bins per unit keep, as in the information plane of Shwartz-Ziv & Tishby: an estimate of discrete "
    "variables with few symbols alone; layers of twenty units mostly read log2 N, whatever they carry, and how a layer "
    "fills its range moves it as information would.",
    binned_information,
    all_of("exchange", "global factor"),
)
