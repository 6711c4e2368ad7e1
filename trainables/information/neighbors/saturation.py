"""A second look at saturated values: the two ends of the range as bytes, each magnified to the width of its noise.

Where most values lie at one of two extremes, most distances are the whole range up to the tie-breaking noise, and
levels of the whole range decide nothing. So values at the upper end get the bytes 129..255 and those at the lower end
0..126, in steps of a fraction of the noise, and all values between get 127. Bytes that differ by 129 or more can only
belong to opposite ends, and their difference bounds the distance from both sides.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.simd import LANES, aligned_zeros
from trainables.information.samples import Floats
from trainables.information.threads import run_in_threads

SAMPLED_ROWS = 256
# Share of sampled values that must lie at each end.
LEAST_SHARE = 0.02
# Shares of the range: what still counts as its end, and the narrowest end that float64 resolves well.
WIDEST_END, NARROWEST_END = 2.0**-30, 2.0**-36
MIDDLE, OPPOSITE = 127, 129
# In bytes: above the rounding of distances, at most 1e-15 of the range, in steps of NARROWEST_END / 126.
SLACK = 0.02


class Edges(NamedTuple):
    """The ends of a space's range as bytes; of no rows where they are not populated.

    rows (N, d), tiles (blocks, d, 64) and pivots (d,) as in `Levels`. base: the least distance of opposite ends;
    scale: bytes per unit of distance.
    """

    rows: npt.NDArray[np.uint8]
    tiles: npt.NDArray[np.uint8]
    pivots: npt.NDArray[np.uint8]
    base: float
    scale: float


class Ends(NamedTuple):
    """The two ends of a range, everything within `width` of an extreme value, and the bytes per unit of distance."""

    lowest: float
    highest: float
    width: float
    scale: float


def no_edges() -> Edges:
    """Edges of a space that is not saturated."""
    return Edges(np.empty((0, 0), np.uint8), np.empty((0, 0, LANES), np.uint8), np.empty(0, np.uint8), 0.0, 0.0)


def edges(values: Floats, width: int, threads: int) -> Edges:
    """The edges of values[:, :width], rows in the internal order."""
    sampled = values[:: max(1, len(values) // SAMPLED_ROWS), :width]
    reach = float(sampled.max()) - float(sampled.min())
    ends = [np.mean(abs(sampled - end) <= WIDEST_END * reach) for end in (sampled.min(), sampled.max())]
    if not reach > 0.0 or min(ends) < LEAST_SHARE:
        return no_edges()
    lowest, highest = float(values[:, :width].min()), float(values[:, :width].max())
    reach = highest - lowest
    width_of_end = max(_width_of_ends(values[:, :width], lowest, highest), NARROWEST_END * reach)
    magnified = Ends(lowest, highest, width_of_end, 126.0 / (width_of_end * (1.0 + 1e-9)))
    if not (np.isfinite(reach) and np.isfinite(magnified.scale)):
        return no_edges()
    rows = np.full((len(values), width), MIDDLE, np.uint8)
    tiles = aligned_zeros((-(-len(values) // LANES), width, LANES), np.uint8)

    def fill(first: int, last: int) -> None:
        magnify(first, last, values, magnified, rows, tiles)

    run_in_threads(fill, len(tiles), threads, chunk=16)
    return Edges(rows, tiles, np.full(width, MIDDLE, np.uint8), reach - width_of_end, magnified.scale)


def _width_of_ends(values: Floats, lowest: float, highest: float) -> float:
    """The width that holds every value near an end."""
    widest = WIDEST_END * (highest - lowest)
    upper = float(np.min(values, where=values >= highest - widest, initial=highest))
    lower = float(np.max(values, where=values <= lowest + widest, initial=lowest))
    return max(highest - upper, lower - lowest)


@compiled
def magnify(first: int, last: int, values: Any, ends: Any, rows: Any, tiles: Any) -> None:
    """Fill rows and tiles of the blocks first..last-1 with what the values are at the ends."""
    lowest, highest, width, scale = ends.lowest, ends.highest, ends.width, ends.scale
    for i in range(first * LANES, min(last * LANES, len(values))):
        for column in range(rows.shape[1]):
            value = values[i, column]
            byte = np.int64(MIDDLE)
            if value - lowest <= width:
                byte = min(np.int64((value - lowest) * scale), np.int64(126))
            elif highest - value <= width:
                above = max(width - (highest - value), 0.0)
                byte = np.int64(OPPOSITE) + min(np.int64(above * scale), np.int64(126))
            rows[i, column] = np.uint8(byte)
            tiles[i // LANES, column, i % LANES] = np.uint8(byte)


@compiled_into_callers
def outer_bytes(distance: float, base: float, scale: float) -> Any:
    """Largest byte difference of a pair that may be closer than `distance`; 255 where no byte proves the contrary."""
    # Both bytes are rounded down, so a difference m is a distance of more than base + (m - OPPOSITE - 1) / scale.
    byte = (distance - base) * scale + (OPPOSITE + 1) + SLACK
    if not byte <= 255.0:
        return np.uint8(255)
    return np.uint8(max(np.ceil(byte), np.float64(OPPOSITE)) - 1.0)


@compiled_into_callers
def inner_bytes(distance: float, base: float, scale: float) -> Any:
    """The byte difference below which a pair is certainly closer than `distance`; 0 where none proves it."""
    byte = (distance - base) * scale + (OPPOSITE - 1) - SLACK
    # Below OPPOSITE the ends are not told from the middle: all such pairs are at most `base` apart.
    if not byte >= np.float64(OPPOSITE - 1):
        return np.uint8(0)
    return np.uint8(np.floor(min(byte, 254.0)) + 1.0)
