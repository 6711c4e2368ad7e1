"""The compiled steps of exact max-norm neighbor searches, decided by 8-bit bounds where possible.

With levels floor(z / step), a difference of m levels in some column proves a distance above (m - 1) step, and at most m
levels in every column prove one below (m + 1) step. Only pairs that these bounds leave open are computed, in float64.
Points come in blocks of 64 lanes. The levels of a block are a tile, one row of 64 bytes per column:

              lane 0   1   2  ...  63                  query: one point, its columns ordered so that
    column 0  [  17  93   4  ...  51 ]   |tile - 20|    those that exclude most lanes come first
    column 1  [ 201 180 199  ... 130 ]   |tile - 190|
      ...                                    ...        one vector operation per column
    maximum   [  11  73  16  ...  60 ]   <- `differences`: of each lane so far
    candidate [   1   0   1  ...   0 ]   <- a bit for each lane whose difference is at most the radius

A kernel that must not stop the others works on the blocks first..last-1 and fills arrays that its caller has made.
"""

from typing import Any, NamedTuple

import numpy as np

from trainables.information.neighbors.compilation import compiled, compiled_for_finite, compiled_into_callers
from trainables.information.neighbors.simd import LANES
from trainables.information.samples import Floats

# In levels: far above the rounding of the quantization and far below a level.
SLACK = 1e-6
# Relative: far above the rounding of one product.
LIMIT_SLACK = 1e-9
ALL_BITS = 0xFFFFFFFFFFFFFFFF


class Grid(NamedTuple):
    """How values become levels: (value - centre of the column) * scale around the middle of the range of levels."""

    centres: Floats
    scale: float


# In the loops below indices are unsigned: numba looks after negative ones, which keeps LLVM from making vector code.


@compiled_for_finite
def gather_rows(first: int, last: int, samples: Any, order: Any, centres: Any, values: Any, deviations: Any) -> None:
    """values[i] = samples[order[i]], deviations[i] = its largest distance from the centres, for i in first..last-1."""
    width = np.uint64(samples.shape[1])
    for i in range(np.uint64(first), np.uint64(last)):
        row, largest = np.uint64(order[i]), 0.0
        for column in range(width):
            value = samples[row, column]
            values[i, column] = value
            largest = max(largest, abs(value - centres[column]))
        deviations[i] = largest


@compiled_for_finite
def quantize(first: int, last: int, values: Any, grid: Any, levels: Any, tiles: Any, at: int) -> None:
    """Fill levels and tiles, from column `at` on, with the values on the grid, around the middle of a byte.

    For the blocks first..last-1; levels (N, width) by point, tiles (blocks, width, 64) by block and column.
    """
    centres, scale = grid.centres, grid.scale
    width, place, lanes, count = np.uint64(centres.size), np.uint64(at), np.uint64(LANES), np.uint64(len(values))
    for block in range(np.uint64(first), np.uint64(last)):
        begin = block * lanes
        size = min(lanes, count - begin)
        for i in range(begin, begin + size):
            for column in range(width):
                level = np.floor((values[i, column] - centres[column]) * scale + 127.5)
                levels[i, place + column] = np.uint8(np.int32(min(max(level, 0.0), 255.0)))
        for column in range(width):
            for lane in range(size):
                tiles[block, place + column, lane] = levels[begin + lane, place + column]


@compiled_for_finite
def quantize_to_words(first: int, last: int, values: Any, grid: Any, words: Any) -> None:
    """Fill the rows first..last-1 of words with the values on the grid, around the middle of 16 bits."""
    centres, scale = grid.centres, grid.scale
    for i in range(np.uint64(first), np.uint64(last)):
        for column in range(np.uint64(centres.size)):
            level = np.floor((values[i, column] - centres[column]) * scale + 32767.5)
            words[i, column] = np.uint16(np.int32(min(max(level, 0.0), 65535.0)))


@compiled_into_callers
def outer_levels(distance: float, step: float) -> Any:
    """Largest level difference of a pair that may be closer than `distance`; 255 where no byte proves the contrary."""
    level = distance / step + 1.0 + SLACK
    return np.uint8(np.ceil(level) - 1.0) if level <= 255.0 else np.uint8(255)


@compiled_into_callers
def inner_levels(distance: float, step: float) -> Any:
    """The level difference below which an unclipped pair is certainly closer than `distance`; 0 where none is."""
    level = np.floor(min(distance / step - 1.0 - SLACK, 254.0))
    return np.uint8(max(level + 1.0, 0.0))


@compiled
def ring_steps(own: int, count: int) -> int:
    """How many steps block `own` of a ring of `count` takes in one direction, so that each pair meets just once."""
    return (count - 1) // 2 + (1 if count % 2 == 0 and own < count // 2 else 0)


@compiled_into_callers
def valid_lanes(block: int, count: int) -> Any:
    """One bit for each lane of the block that holds one of `count` points."""
    return np.uint64(ALL_BITS) >> np.uint64(LANES - min(LANES, count - block * LANES))
