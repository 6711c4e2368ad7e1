"""The compiled loops: exact max-norm neighbour radii and counts, decided by 8-bit bounds where possible.

Points come in blocks of 64, one byte per point and column. With levels floor(z / step), a difference of m levels in
some column proves a distance above (m - 1) step, and at most m levels in every column prove one below (m + 1) step.
Only pairs that these bounds leave open are computed, in float64.
"""

from typing import Any

import numpy as np

from trainables.information.compilation import compiled
from trainables.information.simd import CHUNK, LANES, absorb, bit_count, lanes_below, lowest_bit, max_norm

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
def insert(nearest: Any, first: int, last: int, distance: float) -> None:
    """Put distance into the ascending nearest[first..last], dropping the largest."""
    place = last
    while place > first and nearest[place - 1] > distance:
        nearest[place] = nearest[place - 1]
        place -= 1
    nearest[place] = distance


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


@compiled
def scaled_distance(x: Any, y: Any, x_unit: float, y_unit: float, i: int, j: int, limit: float) -> float:
    """max(|x_i - x_j| / x_unit, |y_i - y_j| / y_unit), or some number in [limit, distance] once that is reached."""
    # Division rounds monotonically, so dividing the maximum equals the maximum of the divided.
    x_distance = max_norm(x, i, j, limit * x_unit * (1.0 + LIMIT_SLACK)) / x_unit
    if x_distance >= limit:
        return x_distance
    return max(x_distance, max_norm(y, i, j, limit * y_unit * (1.0 + LIMIT_SLACK)) / y_unit)


@compiled
def neighbour_distances(
    first: int,
    last: int,
    levels: Any,
    tiles: Any,
    pivots: Any,
    step: float,
    x: Any,
    y: Any,
    x_unit: float,
    y_unit: float,
    k: int,
    distances: Any,
) -> None:
    """distances[i] = ascending scaled distances of point i to its k nearest others, for the blocks first..last-1."""
    count, width = levels.shape
    blocks = len(tiles)
    padded = (width + CHUNK - 1) // CHUNK * CHUNK
    columns = np.empty(LANES * padded, np.uint32)
    query = np.empty(LANES * padded, np.uint8)
    excluding = np.empty(LANES, np.int64)
    nearest = np.empty(LANES * k)
    bounds = np.empty(LANES, np.uint8)
    for own in range(first, last):
        begin = own * LANES
        size = min(LANES, count - begin)
        nearest[:] = np.inf
        excluding[:] = NEVER
        for slot in range(size):
            order_columns(levels[begin + slot], pivots, columns, query, slot * padded, padded)
        for turn in range(blocks):
            block = outward(own, turn, blocks)
            valid = valid_lanes(block, count)
            for slot in range(size):
                at = slot * padded
                alive, _ = survivors(
                    tiles, block * width, columns, query, at, at + padded, excluding[slot], valid, bounds
                )
                if block == own:
                    alive &= ~(np.uint64(1) << np.uint64(slot))
                if alive == 0:
                    continue
                kth = slot * k + k - 1
                while alive != 0:
                    j = block * LANES + lowest_bit(alive)
                    alive &= alive - np.uint64(1)
                    distance = scaled_distance(x, y, x_unit, y_unit, begin + slot, j, nearest[kth])
                    if distance < nearest[kth]:
                        insert(nearest, slot * k, kth, distance)
                excluding[slot] = exclusion_level(nearest[kth], step)
        for slot in range(size):
            distances[begin + slot] = nearest[slot * k : slot * k + k]


@compiled
def neighbour_counts(
    first: int,
    last: int,
    levels: Any,
    tiles: Any,
    pivots: Any,
    step: float,
    clipped: Any,
    x: Any,
    x_unit: float,
    radii: Any,
    counts: Any,
) -> None:
    """counts[i] = number of other points with |x_i - x_j| / x_unit < radii[i], for the blocks first..last-1.

    clipped: uint64 per block, one bit for each point with a value outside the quantized range; for such a point a small
    level difference proves nothing.
    """
    count, width = levels.shape
    blocks = len(tiles)
    padded = (width + CHUNK - 1) // CHUNK * CHUNK
    columns = np.empty(LANES * padded, np.uint32)
    query = np.empty(LANES * padded, np.uint8)
    excluding = np.empty(LANES, np.int64)
    including = np.empty(LANES, np.int64)
    bounds = np.empty(LANES, np.uint8)
    for own in range(first, last):
        begin = own * LANES
        size = min(LANES, count - begin)
        for slot in range(size):
            order_columns(levels[begin + slot], pivots, columns, query, slot * padded, padded)
            reach = radii[begin + slot] * x_unit
            excluding[slot] = exclusion_level(reach, step)
            is_clipped = (clipped[own] >> np.uint64(slot)) & np.uint64(1)
            including[slot] = inclusion_level(reach, step) if is_clipped == 0 else np.int64(-1)
            counts[begin + slot] = 0
        for turn in range(blocks):
            block = outward(own, turn, blocks)
            valid = valid_lanes(block, count)
            for slot in range(size):
                at = slot * padded
                alive, complete = survivors(
                    tiles, block * width, columns, query, at, at + padded, excluding[slot], valid, bounds
                )
                if block == own:
                    alive &= ~(np.uint64(1) << np.uint64(slot))
                if alive == 0:
                    continue
                i = begin + slot
                if complete and including[slot] >= 0:
                    certain = alive & ~clipped[block]
                    if including[slot] < 255:
                        certain &= lanes_below(bounds, np.uint8(including[slot] + 1))
                    counts[i] += bit_count(certain)
                    alive &= ~certain
                limit = radii[i] * x_unit * (1.0 + LIMIT_SLACK)
                while alive != 0:
                    j = block * LANES + lowest_bit(alive)
                    alive &= alive - np.uint64(1)
                    if max_norm(x, i, j, limit) / x_unit < radii[i]:
                        counts[i] += 1
