"""Heat maps: coloured cells with their numbers written in them, and the legend of the colours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize, to_hex
from matplotlib.patches import Patch, Rectangle

COLOURS = "viridis"
LEVELS = 4
DARK_BELOW = 0.5
MOST_WRITTEN = 9
"""With more columns than this the numbers in the cells would be too small to read."""


def norm(values: Sequence[float], is_share: bool = False) -> Normalize:
    """The scale from the smallest to the largest value; for a single value, a scale around it.

    is_share: whether ratios matter, as for errors: then the scale is logarithmic, if all values are positive.
    """
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if not high > low:
        return Normalize(low - 0.5, low + 0.5)
    return LogNorm(low, high) if is_share and low > 0 else Normalize(low, high)


def are_written(columns: Sequence[Any]) -> bool:
    """Whether cells in so many columns have their numbers written in them."""
    return len(columns) <= MOST_WRITTEN


def draw(
    axis: Axes,
    columns: Sequence[Any],
    rows: Sequence[Any],
    cells: dict[tuple[Any, Any], tuple[float, str]],
    scale: Normalize,
) -> None:
    """Draw the cells, (column, row) -> (value, text), in the grid of these columns and rows.

    Places without a cell stay white. The first row is on top. With many columns the texts are left out.
    """
    for (column, row), (value, text) in cells.items():
        x, y = columns.index(column), rows.index(row)
        colour = colormaps[COLOURS](scale(value))
        axis.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour, edgecolor="white", lw=0.6))
        if are_written(columns):
            ink = "white" if _luminance(colour) < DARK_BELOW else "black"
            axis.text(x, y, text, color=ink, ha="center", va="center", fontsize=5.5, linespacing=1.15)
    axis.set(xlim=(-0.5, len(columns) - 0.5), ylim=(len(rows) - 0.5, -0.5))
    axis.set_xticks(range(len(columns)), [str(value) for value in columns])
    axis.set_yticks(range(len(rows)), [str(value) for value in rows])
    axis.tick_params(length=0)
    axis.grid(False)
    for side in axis.spines.values():
        side.set_visible(False)


def keys(scale: Normalize, pattern: str) -> list[Artist]:
    """Legend handles from the lowest to the highest colour; pattern: how a value is written, such as `{:.2f}`."""
    values = [float(scale.inverse(share)) for share in np.linspace(0, 1, LEVELS)]
    return [Patch(color=to_hex(colormaps[COLOURS](scale(value))), label=pattern.format(value)) for value in values]


def _luminance(colour: Sequence[float]) -> float:
    return float(np.dot(colour[:3], (0.2126, 0.7152, 0.0722)))
