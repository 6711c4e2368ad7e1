"""Axes with plain numbers on them, logarithmic where that shows more."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

LADDER = tuple(step * 10.0**power for power in range(-5, 1) for step in (1, 2, 5))
FINE_LADDERS = (
    tuple(step * 10.0**power for power in range(-3, 4) for step in (1, 3)),
    tuple(step * 10.0**power for power in range(-3, 4) for step in (1, 1.5, 2, 3, 5, 7)),
    tuple(step * 10.0**power for power in range(-3, 4) for step in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9)),
)
DECADE = 10.0
ENOUGH_TICKS = 4


def error_axis(axis: Axes, errors: pd.Series) -> None:
    """Set scale, limits and ticks of the y axis. errors: shares in [0, 1]; a zero keeps the axis linear."""
    low, high = float(errors.min()), float(errors.max())
    if low <= 0 or high / low <= DECADE:
        axis.set_ylim(max(0.0, low - 0.06 * (high - low or 1)), high + 0.06 * (high - low or 1))
        return
    margin = (high / low) ** 0.05
    axis.set_yscale("log")
    axis.set_ylim(low / margin, high * margin)
    _ticks(axis.yaxis, [tick for tick in LADDER if low / margin <= tick <= high * margin])


def number_axis(axis: Axis, low: float, high: float) -> None:
    """Ticks of a logarithmic axis at round numbers from `low` to `high`, written plainly."""
    ladders = [[tick for tick in ladder if low * 0.999 <= tick <= high * 1.001] for ladder in FINE_LADDERS]
    _ticks(axis, next((ticks for ticks in ladders if len(ticks) >= ENOUGH_TICKS), ladders[-1]))


def epoch_axis(axis: Axes, epochs: Sequence[int]) -> None:
    """The x axis of epochs: logarithmic from epoch 1 on where their distances grow (0, 1, 2, 4, 8, ...)."""
    seen = sorted(set(epochs))
    axis.set_xlabel("Epoch")
    if len(seen) > 3 and seen[-2] - seen[-3] > 2 * (seen[1] - seen[0]):
        axis.set_xscale("symlog", linthresh=1, linscale=0.5)
        axis.set_xlim(-0.25, 1.15 * seen[-1])
        number_axis(axis.xaxis, 1, seen[-1])
        _ticks(axis.xaxis, [0, *axis.xaxis.get_major_locator()()])


def _ticks(axis: Axis, ticks: Sequence[float]) -> None:
    axis.set_major_locator(FixedLocator(list(ticks)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())
