"""The compiled loops over neighbours within given radii: how many there are, and how far they reach in either space.

Numba's cache on disk watches only this file: after an edit in kernels.py, edges.py or simd.py touch it too.
"""

from typing import Any

import numpy as np

from trainables.information.compilation import compiled
from trainables.information.edges import excluding_byte, including_byte
from trainables.information.kernels import (
    FEW_LANES,
    LIMIT_SLACK,
    NEVER,
    exclusion_level,
    inclusion_level,
    order_columns,
    outward,
    survivors,
    valid_lanes,
)
from trainables.information.searching import buffers
from trainables.information.simd import CHUNK, LANES, bit_count, lanes_below, lowest_bit, max_norm


@compiled
def decide(alive: Any, bounds: Any, unbounded: Any, excluding: Any, including: Any, certain: Any, counts: Any) -> Any:
    """Add to counts[r] the lanes alive that are within radius r by their bounds, and return those left open for some r.

    excluding, including: per radius, as from `exclusion_level` and `inclusion_level`. unbounded: lanes whose bounds
    hold from below only. certain: room for one mask per radius.
    """
    undecided = np.uint64(0)
    for search in range(len(excluding)):
        inside = np.uint64(0)
        if including[search] >= 0:
            inside = alive & ~unbounded
            if including[search] < 255:
                inside &= lanes_below(bounds, np.uint8(including[search] + 1))
        possible = alive
        if excluding[search] < NEVER:
            possible &= lanes_below(bounds, np.uint8(excluding[search]))
        certain[search] = inside
        undecided |= possible & ~inside
    for search in range(len(excluding)):
        counts[search] += bit_count(certain[search] & ~undecided)
    return undecided


@compiled
def neighbour_counts(
    first: int,
    last: int,
    levels: Any,
    tiles: Any,
    pivots: Any,
    step: float,
    clipped: Any,
    edges: Any,
    x: Any,
    units: Any,
    radii: Any,
    counts: Any,
) -> None:
    """counts[r, i] = number of other points with |x_i - x_j| / units[r] < radii[r, i], for the blocks first..last-1.

    clipped: uint64 per block, one bit for each point with a value outside the quantized range; for such a point a small
    level difference proves nothing.
    """
    count, width = levels.shape
    blocks, searches = len(tiles), len(units)
    padded = (width + CHUNK - 1) // CHUNK * CHUNK
    columns = np.empty(LANES * padded, np.uint32)
    query = np.empty(LANES * padded, np.uint8)
    reaches = np.empty(LANES)
    excluding = np.empty((LANES, searches), np.int64)
    including = np.empty((LANES, searches), np.int64)
    excluding_edges = np.empty((LANES, searches), np.int64)
    including_edges = np.empty((LANES, searches), np.int64)
    certain = np.empty(searches, np.uint64)
    edge_columns, edge_query, edge_padded = buffers(edges)
    bounds = np.empty(LANES, np.uint8)
    for own in range(first, last):
        begin = own * LANES
        size = min(LANES, count - begin)
        for slot in range(size):
            order_columns(levels[begin + slot], pivots, columns, query, slot * padded, padded)
            is_clipped = (clipped[own] >> np.uint64(slot)) & np.uint64(1)
            reaches[slot] = 0.0
            for search in range(searches):
                reach = radii[search, begin + slot] * units[search]
                reaches[slot] = max(reaches[slot], reach)
                excluding[slot, search] = exclusion_level(reach, step)
                including[slot, search] = inclusion_level(reach, step) if is_clipped == 0 else np.int64(-1)
                excluding_edges[slot, search] = excluding_byte(reach, edges.base, edges.scale)
                including_edges[slot, search] = including_byte(reach, edges.base, edges.scale)
                counts[search, begin + slot] = 0
            if edge_padded > 0:
                order_columns(
                    edges.rows[begin + slot], edges.pivots, edge_columns, edge_query, slot * edge_padded, edge_padded
                )
        for turn in range(blocks):
            block = outward(own, turn, blocks)
            valid = valid_lanes(block, count)
            for slot in range(size):
                at = slot * padded
                farthest = exclusion_level(reaches[slot], step)
                alive, complete = survivors(
                    tiles, block * width, columns, query, at, at + padded, farthest, valid, bounds
                )
                if block == own:
                    alive &= ~(np.uint64(1) << np.uint64(slot))
                if alive == 0:
                    continue
                i = begin + slot
                undecided = alive
                if complete:
                    undecided = decide(
                        alive, bounds, clipped[block], excluding[slot], including[slot], certain, counts[:, i]
                    )
                if edge_padded > 0 and bit_count(undecided) > FEW_LANES:
                    at = slot * edge_padded
                    byte = excluding_edges[slot].max()
                    row = block * edges.rows.shape[1]
                    undecided, complete = survivors(
                        edges.tiles, row, edge_columns, edge_query, at, at + edge_padded, byte, undecided, bounds
                    )
                    if complete:
                        undecided = decide(
                            undecided,
                            bounds,
                            np.uint64(0),
                            excluding_edges[slot],
                            including_edges[slot],
                            certain,
                            counts[:, i],
                        )
                limit = reaches[slot] * (1.0 + LIMIT_SLACK)
                while undecided != 0:
                    j = block * LANES + lowest_bit(undecided)
                    undecided &= undecided - np.uint64(1)
                    distance = max_norm(x, i, j, limit)
                    for search in range(searches):
                        if distance / units[search] < radii[search, i]:
                            counts[search, i] += 1


@compiled
def neighbour_extents(
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
    beyond: Any,
    x_extents: Any,
    y_extents: Any,
) -> None:
    """The largest |x_i - x_j| / x_unit, and the same of y, among the points j whose larger one is below beyond[i].

    For the blocks first..last-1; levels are those of x and y side by side.
    """
    count, width = levels.shape
    blocks = len(tiles)
    padded = (width + CHUNK - 1) // CHUNK * CHUNK
    columns = np.empty(padded, np.uint32)
    query = np.empty(padded, np.uint8)
    bounds = np.empty(LANES, np.uint8)
    for i in range(first * LANES, min(last * LANES, count)):
        order_columns(levels[i], pivots, columns, query, 0, padded)
        level = exclusion_level(beyond[i], step)
        x_limit = beyond[i] * x_unit * (1.0 + LIMIT_SLACK)
        y_limit = beyond[i] * y_unit * (1.0 + LIMIT_SLACK)
        x_extents[i] = 0.0
        y_extents[i] = 0.0
        for block in range(blocks):
            alive, _ = survivors(
                tiles, block * width, columns, query, 0, padded, level, valid_lanes(block, count), bounds
            )
            while alive != 0:
                j = block * LANES + lowest_bit(alive)
                alive &= alive - np.uint64(1)
                x_distance = max_norm(x, i, j, x_limit) / x_unit
                if x_distance >= beyond[i]:
                    continue
                y_distance = max_norm(y, i, j, y_limit) / y_unit
                if y_distance < beyond[i]:
                    x_extents[i] = max(x_extents[i], x_distance)
                    y_extents[i] = max(y_extents[i], y_distance)
