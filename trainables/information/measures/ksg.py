"""Kraskov's estimator on the two scales of `pair`: NPEET's number, and with one factor for each side."""

from functools import partial
from typing import Any

import numpy.typing as npt

from trainables.information.estimators.ksg import mutual_information
from trainables.information.estimators.settings import Settings
from trainables.information.measures.contract import Measure, MeasuredValue, all_of, is_saturated


def on_scale(scale: str, x: npt.NDArray[Any], y: npt.NDArray[Any], settings: Settings, seed: int) -> MeasuredValue:
    """Kraskov 2004, eq. 8, with its ceiling. Raises DegenerateInput where the scale does not exist."""
    found = mutual_information(x, y, scale, settings, seed)
    return MeasuredValue(found.bits, ceiling=found.ceiling_bits, saturated=is_saturated(found.bits, found.ceiling_bits))


AS_IT_IS = Measure(
    "ksg",
    "none",
    "NPEET's number, which the paper reports: sees dependence of any form in a few dimensions, and is too low in many; "
    "moves when one side is rescaled, so that a change over time or between networks may be one of scale alone.",
    partial(on_scale, "none"),
    all_of("exchange", "common factor", "translation"),
)
BALANCED = Measure(
    "ksg",
    "balanced",
    "The same with each side in units of its own median neighbor distance: one factor for a whole layer no longer "
    "moves it; units of unequal scale, and maps of single units such as a saturating tanh, do.",
    partial(on_scale, "balanced"),
    all_of("exchange", "global factor", "translation"),
)
