"""The compiled loop that finds the distances of each point to its k nearest neighbours.

Numba's cache on disk watches only this file: after an edit in kernels.py, edges.py or simd.py touch it too.
"""

from typing import Any

import numpy as np

from trainables.information.compilation import compiled
from trainables.information.edges import excluding_byte
from trainables.information.kernels import (
    FEW_LANES,
    LIMIT_SLACK,
    NEVER,
    exclusion_level,
    order_columns,
    outward,
    survivors,
    valid_lanes,
)
from trainables.information.simd import CHUNK, LANES, bit_count, lowest_bit, max_norm


@compiled
def insert(nearest: Any, first: int, last: int, distance: float) -> None:
    """Put distance into the ascending nearest[first..last], dropping the largest."""
    place = last
    while place > first and nearest[place - 1] > distance:
        nearest[place] = nearest[place - 1]
        place -= 1
    nearest[place] = distance


@compiled
def scaled_distance(x: Any, y: Any, x_unit: float, y_unit: float, i: int, j: int, limit: float) -> float:
    """max(|x_i - x_j| / x_unit, |y_i - y_j| / y_unit), or some number in [limit, distance] once that is reached."""
    # Division rounds monotonically, so dividing the maximum equals the maximum of the divided.
    x_distance = max_norm(x, i, j, limit * x_unit * (1.0 + LIMIT_SLACK)) / x_unit
    if x_distance >= limit:
        return x_distance
    return max(x_distance, max_norm(y, i, j, limit * y_unit * (1.0 + LIMIT_SLACK)) / y_unit)


@compiled
def buffers(edges: Any) -> Any:
    """Room for the ordered columns of a block's points, and how much one point takes; none without edges."""
    width = edges.rows.shape[1]
    padded = (width + CHUNK - 1) // CHUNK * CHUNK
    return np.empty(LANES * padded, np.uint32), np.empty(LANES * padded, np.uint8), padded


@compiled
def neighbour_distances(
    first: int,
    last: int,
    levels: Any,
    tiles: Any,
    pivots: Any,
    step: float,
    x_edges: Any,
    y_edges: Any,
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
    x_columns, x_query, x_padded = buffers(x_edges)
    y_columns, y_query, y_padded = buffers(y_edges)
    bounds = np.empty(LANES, np.uint8)
    for own in range(first, last):
        begin = own * LANES
        size = min(LANES, count - begin)
        nearest[:] = np.inf
        excluding[:] = NEVER
        for slot in range(size):
            order_columns(levels[begin + slot], pivots, columns, query, slot * padded, padded)
            if x_padded > 0:
                order_columns(x_edges.rows[begin + slot], x_edges.pivots, x_columns, x_query, slot * x_padded, x_padded)
            if y_padded > 0:
                order_columns(y_edges.rows[begin + slot], y_edges.pivots, y_columns, y_query, slot * y_padded, y_padded)
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
                kth = slot * k + k - 1
                if x_padded > 0 and bit_count(alive) > FEW_LANES:
                    byte = excluding_byte(nearest[kth] * x_unit, x_edges.base, x_edges.scale)
                    at = slot * x_padded
                    row = block * x_edges.rows.shape[1]
                    alive, _ = survivors(x_edges.tiles, row, x_columns, x_query, at, at + x_padded, byte, alive, bounds)
                if y_padded > 0 and bit_count(alive) > FEW_LANES:
                    byte = excluding_byte(nearest[kth] * y_unit, y_edges.base, y_edges.scale)
                    at = slot * y_padded
                    row = block * y_edges.rows.shape[1]
                    alive, _ = survivors(y_edges.tiles, row, y_columns, y_query, at, at + y_padded, byte, alive, bounds)
                if alive == 0:
                    continue
                while alive != 0:
                    j = block * LANES + lowest_bit(alive)
                    alive &= alive - np.uint64(1)
                    distance = scaled_distance(x, y, x_unit, y_unit, begin + slot, j, nearest[kth])
                    if distance < nearest[kth]:
                        insert(nearest, slot * k, kth, distance)
                excluding[slot] = exclusion_level(nearest[kth], step)
        for slot in range(size):
            distances[begin + slot] = nearest[slot * k : slot * k + k]
