"""The compiled loops that find the distances of each point to its k nearest neighbors.

Rows are in spatial order, and blocks of 64 form a ring. First every point looks at the blocks around its own, which
hold most of its neighbors; then each pair of farther blocks is compared once, for the points of both:

    blocks   ... 4  5  6  7 [8] 9  10  11  12  13  14 ...
    search_near        <-------------->                      for the points of block 8 alone
    search_far                            ------------->     for those of block 8 and of the other, half way around

    compare(own, block), for each point of `own`:
        sift     the first 16 columns of the joint levels        \
        within   the other columns                                } which of the 64 lanes may be nearer than the k-th
        within   the ends of the range of x, of y, if saturated  /
        scaled_distance and remember, in float64, for each lane that is left
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.bounds import LIMIT_SLACK, farthest_level, ring_distances, valid_lanes
from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.lanes import FEW_LANES, Query, order_block, query, sift, within
from trainables.information.neighbors.saturation import farthest_byte
from trainables.information.neighbors.simd import CHUNK, LANES, aligned_zeros, bit_count, lowest_bit, max_norm
from trainables.information.neighbors.space import JointSpace
from trainables.information.samples import Floats

# Blocks to either side that a point looks at first.
NEAR_BLOCKS = 3


class Nearest(NamedTuple):
    """The nearest neighbors found so far.

    distances: (N, k) ascending. levels, x_bytes, y_bytes: for each point, N filled up to whole blocks, the largest
    difference that a nearer neighbor can have in the joint levels and at the edges of either space.
    """

    distances: Floats
    levels: npt.NDArray[np.uint8]
    x_bytes: npt.NDArray[np.uint8]
    y_bytes: npt.NDArray[np.uint8]


@compiled_into_callers
def insert(nearest: Any, i: int, distance: float) -> None:
    """Put distance into the ascending nearest[i], dropping the largest."""
    place = nearest.shape[1] - 1
    while place > 0 and nearest[i, place - 1] > distance:
        nearest[i, place] = nearest[i, place - 1]
        place -= 1
    nearest[i, place] = distance


@compiled_into_callers
def remember(nearest: Any, i: int, distance: float, joint: Any) -> None:
    """Put distance, below that of its last neighbor, among the nearest of point i."""
    x, y = joint.x, joint.y
    insert(nearest.distances, i, distance)
    kth = nearest.distances[i, nearest.distances.shape[1] - 1]
    nearest.levels[i] = min(nearest.levels[i], farthest_level(kth, joint.levels.step))
    if len(x.edges.rows) > 0:
        nearest.x_bytes[i] = farthest_byte(kth * x.unit, x.edges.base, x.edges.scale)
    if len(y.edges.rows) > 0:
        nearest.y_bytes[i] = farthest_byte(kth * y.unit, y.edges.base, y.edges.scale)


@compiled_into_callers
def scaled_distance(x: Any, y: Any, i: int, j: int, limit: float) -> float:
    """max(|x_i - x_j| / x unit, |y_i - y_j| / y unit), or some number in [limit, distance] once that is reached."""
    # Division rounds monotonically, so dividing the maximum equals the maximum of the divided.
    x_distance = max_norm(x.values, i, j, limit * x.unit * (1.0 + LIMIT_SLACK)) / x.unit
    if x_distance >= limit:
        return x_distance
    return max(x_distance, max_norm(y.values, i, j, limit * y.unit * (1.0 + LIMIT_SLACK)) / y.unit)


class SearchBuffers(NamedTuple):
    """Room for one thread's search.

    The queries at the joint levels and at the edges; for each slot the lanes alive and their bounds (room); nobody:
    reaches of no one; lowest: (1, k) levels.
    """

    query: Query
    x_query: Query
    y_query: Query
    alive: npt.NDArray[np.uint64]
    room: npt.NDArray[np.uint8]
    nobody: npt.NDArray[np.uint8]
    lowest: Floats


def search_buffers(joint: JointSpace, k: int) -> SearchBuffers:
    """Room to search the joint space."""
    return SearchBuffers(
        query=query(joint.levels.rows.shape[1]),
        x_query=query(joint.x.edges.rows.shape[1]),
        y_query=query(joint.y.edges.rows.shape[1]),
        alive=np.empty(LANES, np.uint64),
        room=aligned_zeros((LANES * LANES,), np.uint8),
        nobody=aligned_zeros((LANES,), np.uint8),
        lowest=np.empty((1, k)),
    )


@compiled_into_callers
def order_joint(own: int, joint: Any, work: Any) -> None:
    """Fill the queries with the points of a block: at the joint levels, and at the ends of either range."""
    order_block(own, joint.levels, work.query)
    order_block(own, joint.x.edges, work.x_query)
    order_block(own, joint.y.edges, work.y_query)


@compiled
def expect(own: int, levels: Any, nearest: Any, work: Any) -> None:
    """Lower the levels of the block's points to what their k nearest within the block prove, before any distance."""
    count, k = nearest.distances.shape
    valid = valid_lanes(own, count)
    for slot in range(min(LANES, count - own * LANES)):
        if (levels.clipped[own] >> np.uint64(slot)) & np.uint64(1):
            continue
        _, complete = within(slot, own, levels, work.query, 255, work.nobody, 0, valid, work.room, 0)
        if not complete:
            continue
        for rank in range(k):
            work.lowest[0, rank] = 255.0
        others = valid & ~levels.clipped[own] & ~(np.uint64(1) << np.uint64(slot))
        while others != 0:
            lane = lowest_bit(others)
            others &= others - np.uint64(1)
            if work.room[slot * LANES + lane] < work.lowest[0, k - 1]:
                insert(work.lowest, 0, np.float64(work.room[slot * LANES + lane]))
        # At most m levels apart is less than m + 1 steps apart, and such a pair may differ by m + 2 levels.
        nearest.levels[own * LANES + slot] = np.uint8(min(work.lowest[0, k - 1] + 2.0, 255.0))


@compiled
def compare(own: int, block: int, mutual: bool, joint: Any, nearest: Any, work: Any) -> None:
    """Look for neighbors of the block `own` in another block, or in itself; if mutual, also the other way round."""
    count, k = nearest.distances.shape
    distances, levels, x, y = nearest.distances, joint.levels, joint.x, joint.y
    begin, place = own * LANES, 0
    others, x_others, y_others = work.nobody, work.nobody, work.nobody
    if mutual:
        place = block * LANES
        others, x_others, y_others = nearest.levels, nearest.x_bytes, nearest.y_bytes
    valid = valid_lanes(block, count)
    sift(own, block, levels, work.query, nearest.levels, others, place, work)
    for slot in range(min(LANES, count - begin)):
        alive = work.alive[slot] & valid
        if block == own:
            alive &= ~(np.uint64(1) << np.uint64(slot))
        if alive == 0:
            continue
        i = begin + slot
        alive, _ = within(slot, block, levels, work.query, nearest.levels[i], others, place, alive, work.room, CHUNK)
        if work.x_query.padded > 0 and bit_count(alive) > FEW_LANES:
            own_bytes = nearest.x_bytes[i]
            alive, _ = within(slot, block, x.edges, work.x_query, own_bytes, x_others, place, alive, work.room, 0)
        if work.y_query.padded > 0 and bit_count(alive) > FEW_LANES:
            own_bytes = nearest.y_bytes[i]
            alive, _ = within(slot, block, y.edges, work.y_query, own_bytes, y_others, place, alive, work.room, 0)
        while alive != 0:
            j = block * LANES + lowest_bit(alive)
            alive &= alive - np.uint64(1)
            limit = distances[i, k - 1]
            if mutual:
                limit = max(limit, distances[j, k - 1])
            distance = scaled_distance(x, y, i, j, limit)
            if distance < distances[i, k - 1]:
                remember(nearest, i, distance, joint)
            if mutual and distance < distances[j, k - 1]:
                remember(nearest, j, distance, joint)


@compiled
def search_near(first: int, last: int, joint: Any, nearest: Any, work: Any) -> None:
    """Find the nearest within NEAR_BLOCKS to either side, for the points of the blocks first..last-1 alone."""
    blocks = len(joint.levels.tiles)
    for own in range(first, last):
        order_joint(own, joint, work)
        expect(own, joint.levels, nearest, work)
        compare(own, own, False, joint, nearest, work)
        for apart in range(1, min(NEAR_BLOCKS, blocks // 2) + 1):
            compare(own, (own + apart) % blocks, False, joint, nearest, work)
            if 2 * apart != blocks:
                compare(own, (own - apart) % blocks, False, joint, nearest, work)


@compiled
def search_far(first: int, last: int, joint: Any, nearest: Any, work: Any) -> None:
    """Improve the nearest by the blocks beyond NEAR_BLOCKS: both of each pair that belongs to one of first..last-1."""
    blocks = len(joint.levels.tiles)
    for own in range(first, last):
        farthest = ring_distances(own, blocks)
        if farthest <= NEAR_BLOCKS:
            continue
        order_joint(own, joint, work)
        for apart in range(NEAR_BLOCKS + 1, farthest + 1):
            compare(own, (own + apart) % blocks, True, joint, nearest, work)


@compiled
def merge(distances: Any, improved: Any, before: Any) -> None:
    """Put into the ascending distances (N, k) what rows of `improved`, which began as copies of them, have gained.

    before: room for k numbers.
    """
    count, k = distances.shape
    for i in range(count):
        for rank in range(k):
            before[rank] = distances[i, rank]
        for found in range(len(improved)):
            known = 0
            for rank in range(k):
                distance = improved[found, i, rank]
                while known < k and before[known] < distance:
                    known += 1
                if known < k and before[known] == distance:
                    known += 1
                elif distance < distances[i, k - 1]:
                    insert(distances, i, distance)
