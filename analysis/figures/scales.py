"""The axis of the test error: logarithmic where the error falls by more than a decade, with plain numbers on it."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

LADDER = tuple(step * 10.0**power for power in range(-5, 1) for step in (1, 2, 5))
DECADE = 10.0


def error_axis(axis: Axes, errors: pd.Series) -> None:
    """Set scale, limits and ticks of the y axis. errors: shares in [0, 1]; a zero keeps the axis linear."""
    low, high = float(errors.min()), float(errors.max())
    if low <= 0 or high / low <= DECADE:
        axis.set_ylim(max(0.0, low - 0.06 * (high - low or 1)), high + 0.06 * (high - low or 1))
        return
    margin = (high / low) ** 0.05
    axis.set_yscale("log")
    axis.set_ylim(low / margin, high * margin)
    axis.yaxis.set_major_locator(FixedLocator([tick for tick in LADDER if low / margin <= tick <= high * margin]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_minor_formatter(NullFormatter())
