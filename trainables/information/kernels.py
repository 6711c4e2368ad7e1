"""The compiled steps of exact max-norm neighbour searches, decided by 8-bit bounds where possible.

Points come in blocks of 64, one byte per point and column. With levels floor(z / step), a difference of m levels in
some column proves a distance above (m - 1) step, and at most m levels in every column prove one below (m + 1) step.
Only pairs that these bounds leave open are computed, in float64.
"""

from typing import Any

import numpy as np

from trainables.information.compilation import compiled
from trainables.information.simd import CHUNK, LANES, absorb, bit_count

# In levels: far above the rounding of the quantization and far below a level.
SLACK = 1e-6
# Relative: far above the rounding of one product.
LIMIT_SLACK = 1e-9
# Once so many columns have left at most so many points of a block, their exact distances are cheaper than more columns.
ENOUGH_COLUMNS = 64
FEW_LANES = 2
ALL_BITS = 0xFFFFFFFFFFFFFFFF
# The level that no byte reaches: nothing is excluded.
NEVER = 256


@compiled
def gather(first: int, last: int, samples: Any, order: Any, centres: Any, values: Any, reaches: Any) -> None:
    """values[i] = samples[order[i]] and reaches[i] = its largest distance from the centres, for i in first..last-1."""
    for i in range(first, last):
        reach = 0.0
        for column in range(samples.shape[1]):
            value = samples[order[i], column]
            values[i, column] = value
            reach = max(reach, abs(value - centres[column]))
        reaches[i] = reach


@compiled
def quantize(first: int, last: int, values: Any, centres: Any, scale: float, levels: Any, tiles: Any, at: int) -> None:
    """Fill levels and tiles, from column `at` on, with (value - centre) * scale around the middle of a byte.

    For the blocks first..last-1; levels (N, width) by point, tiles (blocks, width, 64) by block and column.
    """
    for block in range(first, last):
        for i in range(block * LANES, min(block * LANES + LANES, len(values))):
            for column in range(centres.size):
                level = np.floor((values[i, column] - centres[column]) * scale + 127.5)
                byte = np.uint8(min(max(level, 0.0), 255.0))
                levels[i, at + column] = byte
                tiles[block, at + column, i - block * LANES] = byte


@compiled
def order_columns(levels: Any, pivots: Any, columns: Any, query: Any, first: int, padded: int) -> None:
    """Fill columns (offsets into a tile) and query (levels), from first on, by descending distance from the pivots.

    Where a point is far from the middle it is far from most points: the columns that exclude most come first.
    The padding repeats a column, which a maximum does not notice.
    """
    starts = np.zeros(257, np.int64)
    for column in range(levels.size):
        starts[256 - abs(np.int64(levels[column]) - np.int64(pivots[column]))] += 1
    for rank in range(256):
        starts[rank + 1] += starts[rank]
    for column in range(levels.size):
        nearness = 255 - abs(np.int64(levels[column]) - np.int64(pivots[column]))
        place = first + starts[nearness]
        starts[nearness] += 1
        columns[place] = column * LANES
        query[place] = levels[column]
    for place in range(first + levels.size, first + padded):
        columns[place] = columns[first]
        query[place] = query[first]


@compiled
def exclusion_level(distance: float, step: float) -> Any:
    """Level difference that proves a pair to be at least `distance` apart; NEVER where no byte can prove it."""
    level = distance / step + 1.0 + SLACK
    return np.int64(np.ceil(level)) if level <= 255.0 else np.int64(NEVER)


@compiled
def inclusion_level(distance: float, step: float) -> Any:
    """Largest level difference that proves a pair to be less than `distance` apart; -1 where there is none."""
    level = distance / step - 1.0 - SLACK
    return np.int64(max(-1.0, np.floor(min(level, 255.0))))


@compiled
def outward(own: int, turn: int, count: int) -> int:
    """The turn-th block when starting at `own` and stepping out to both sides in a ring of `count` blocks."""
    return (own + ((turn + 1) // 2 if turn % 2 == 1 else count - turn // 2)) % count


@compiled
def valid_lanes(block: int, count: int) -> Any:
    """One bit for each lane of the block that holds one of `count` points."""
    return np.uint64(ALL_BITS) >> np.uint64(LANES - min(LANES, count - block * LANES))


@compiled
def survivors(
    tiles: Any, row: int, columns: Any, query: Any, first: int, last: int, level: int, valid: Any, bounds: Any
) -> Any:
    """The valid lanes that no column in first..last-1 excludes, and whether `bounds` has seen all those columns."""
    if level >= NEVER:
        return valid, False
    alive = valid
    for start in range(first, last, CHUNK):
        alive = absorb(tiles, row * LANES, columns, query, start, bounds, start == first, np.uint8(level)) & valid
        if alive == 0:
            return alive, False
        if start >= first + ENOUGH_COLUMNS and bit_count(alive) <= FEW_LANES:
            return alive, start + CHUNK >= last
    return alive, True
