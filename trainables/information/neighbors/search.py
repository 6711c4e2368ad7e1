"""The compiled loops that find the distances of each point to its k nearest neighbors.

Rows are in spatial order, and blocks of 64 form a ring. First every point looks at the blocks around its own, which
hold most of its neighbors; then each pair of farther blocks is compared once, for the points of both:

    blocks   ... 4  5  6  7 [8] 9  10  11  12  13  14 ...
    search_near        <-------------->                      for the points of block 8 alone
    search_far                            ------------->     for those of block 8 and of the other, half way around

    search_block(own, block), for each point of `own`:
        prune_by_first_columns   of the joint levels                    \
        prune_by_bound           the other columns                       } which lanes may be nearer than the k-th
        prune_by_bound           the ends of x and of y, if saturated   /
        joint_distance, update_nearest   in float64, for each lane that is left
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.bounds import LIMIT_SLACK, outer_levels, ring_steps, valid_lanes
from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.lanes import (
    FEW_LANES,
    LaneRadii,
    QueryBlock,
    load_block,
    no_radii,
    prune_by_bound,
    prune_by_first_columns,
    query_blocks,
)
from trainables.information.neighbors.saturation import outer_bytes
from trainables.information.neighbors.simd import CHUNK, LANES, bit_count, lowest_bit, max_norm
from trainables.information.neighbors.space import JointSpace
from trainables.information.samples import Floats

# Blocks to either side that a point looks at first.
NEAR_BLOCKS = 3


class Nearest(NamedTuple):
    """The nearest neighbors found so far.

    distances: (N, k) ascending. level_radii, x_edge_radii, y_edge_radii: for each point, N filled up to whole blocks,
    the largest difference that a nearer neighbor can have in the joint levels and at the edges of either space.
    """

    distances: Floats
    level_radii: npt.NDArray[np.uint8]
    x_edge_radii: npt.NDArray[np.uint8]
    y_edge_radii: npt.NDArray[np.uint8]


@compiled_into_callers
def insert_sorted(distances: Any, i: int, distance: float) -> None:
    """Put distance into the ascending distances[i], dropping the largest."""
    place = distances.shape[1] - 1
    while place > 0 and distances[i, place - 1] > distance:
        distances[i, place] = distances[i, place - 1]
        place -= 1
    distances[i, place] = distance


@compiled_into_callers
def update_nearest(nearest: Any, i: int, distance: float, joint: Any) -> None:
    """Put distance, below that of its k-th neighbor, among the nearest of point i, and shrink its radii in bytes."""
    x, y = joint.x, joint.y
    insert_sorted(nearest.distances, i, distance)
    kth = nearest.distances[i, nearest.distances.shape[1] - 1]
    nearest.level_radii[i] = min(nearest.level_radii[i], outer_levels(kth, joint.levels.step))
    if len(x.edges.rows) > 0:
        nearest.x_edge_radii[i] = outer_bytes(kth * x.unit, x.edges.base, x.edges.scale)
    if len(y.edges.rows) > 0:
        nearest.y_edge_radii[i] = outer_bytes(kth * y.unit, y.edges.base, y.edges.scale)


@compiled_into_callers
def joint_distance(x: Any, y: Any, i: int, j: int, limit: float) -> float:
    """max(|x_i - x_j| / x unit, |y_i - y_j| / y unit), or some number in [limit, distance] once that is reached."""
    # Division rounds monotonically, so dividing the maximum equals the maximum of the divided.
    x_distance = max_norm(x.values, i, j, limit * x.unit * (1.0 + LIMIT_SLACK)) / x.unit
    if x_distance >= limit:
        return x_distance
    return max(x_distance, max_norm(y.values, i, j, limit * y.unit * (1.0 + LIMIT_SLACK)) / y.unit)


class SearchBuffers(NamedTuple):
    """Room for one thread's search.

    A block's points as queries of the joint levels and of the edges; smallest: (1, k) differences.
    """

    levels: QueryBlock
    x_edges: QueryBlock
    y_edges: QueryBlock
    no_radii: LaneRadii
    smallest: Floats


def search_buffers(joint: JointSpace, k: int) -> SearchBuffers:
    """Room to search the joint space."""
    levels, x_edges, y_edges = query_blocks(joint.levels, joint.x.edges, joint.y.edges)
    return SearchBuffers(levels, x_edges, y_edges, no_radii(), np.empty((1, k)))


@compiled_into_callers
def load_joint_block(own: int, buffers: Any) -> None:
    """Make queries of the points of a block: of the joint levels, and of the ends of either range."""
    load_block(own, buffers.levels)
    load_block(own, buffers.x_edges)
    load_block(own, buffers.y_edges)


@compiled
def bound_kth_distances(own: int, nearest: Any, buffers: Any) -> None:
    """Lower the radii of the block's points to what their k nearest within the block prove, before any distance."""
    count, k = nearest.distances.shape
    levels, smallest = buffers.levels, buffers.smallest
    clipped, differences = levels.approximation.clipped[own], levels.differences
    valid = valid_lanes(own, count)
    for slot in range(min(LANES, count - own * LANES)):
        if (clipped >> np.uint64(slot)) & np.uint64(1):
            continue
        _, complete = prune_by_bound(slot, own, levels, 255, buffers.no_radii, valid, 0)
        if not complete:
            continue
        for rank in range(k):
            smallest[0, rank] = 255.0
        others = valid & ~clipped & ~(np.uint64(1) << np.uint64(slot))
        while others != 0:
            lane = lowest_bit(others)
            others &= others - np.uint64(1)
            if differences[slot * LANES + lane] < smallest[0, k - 1]:
                insert_sorted(smallest, 0, np.float64(differences[slot * LANES + lane]))
        # At most m levels apart is less than m + 1 steps apart, and such a pair may differ by m + 2 levels.
        nearest.level_radii[own * LANES + slot] = np.uint8(min(smallest[0, k - 1] + 2.0, 255.0))


@compiled
def search_block(own: int, block: int, mutual: bool, joint: Any, nearest: Any, buffers: Any) -> None:
    """Look for neighbors of the block `own` in another block, or in itself; if mutual, also the other way round."""
    count, k = nearest.distances.shape
    distances, x, y = nearest.distances, joint.x, joint.y
    levels, x_edges, y_edges = buffers.levels, buffers.x_edges, buffers.y_edges
    begin = own * LANES
    others, x_others, y_others = buffers.no_radii, buffers.no_radii, buffers.no_radii
    if mutual:
        others = LaneRadii(nearest.level_radii, block * LANES)
        x_others = LaneRadii(nearest.x_edge_radii, block * LANES)
        y_others = LaneRadii(nearest.y_edge_radii, block * LANES)
    valid = valid_lanes(block, count)
    prune_by_first_columns(own, block, levels, nearest.level_radii, others)
    for slot in range(min(LANES, count - begin)):
        candidates = levels.candidates[slot] & valid
        if block == own:
            candidates &= ~(np.uint64(1) << np.uint64(slot))
        if candidates == 0:
            continue
        i = begin + slot
        candidates, _ = prune_by_bound(slot, block, levels, nearest.level_radii[i], others, candidates, CHUNK)
        if x_edges.padded > 0 and bit_count(candidates) > FEW_LANES:
            candidates, _ = prune_by_bound(slot, block, x_edges, nearest.x_edge_radii[i], x_others, candidates, 0)
        if y_edges.padded > 0 and bit_count(candidates) > FEW_LANES:
            candidates, _ = prune_by_bound(slot, block, y_edges, nearest.y_edge_radii[i], y_others, candidates, 0)
        while candidates != 0:
            j = block * LANES + lowest_bit(candidates)
            candidates &= candidates - np.uint64(1)
            limit = distances[i, k - 1]
            if mutual:
                limit = max(limit, distances[j, k - 1])
            distance = joint_distance(x, y, i, j, limit)
            if distance < distances[i, k - 1]:
                update_nearest(nearest, i, distance, joint)
            if mutual and distance < distances[j, k - 1]:
                update_nearest(nearest, j, distance, joint)


@compiled
def search_near(first: int, last: int, joint: Any, nearest: Any, buffers: Any) -> None:
    """Find the nearest within NEAR_BLOCKS to either side, for the points of the blocks first..last-1 alone."""
    blocks = len(joint.levels.tiles)
    for own in range(first, last):
        load_joint_block(own, buffers)
        bound_kth_distances(own, nearest, buffers)
        search_block(own, own, False, joint, nearest, buffers)
        for steps in range(1, min(NEAR_BLOCKS, blocks // 2) + 1):
            search_block(own, (own + steps) % blocks, False, joint, nearest, buffers)
            if 2 * steps != blocks:
                search_block(own, (own - steps) % blocks, False, joint, nearest, buffers)


@compiled
def search_far(first: int, last: int, joint: Any, nearest: Any, buffers: Any) -> None:
    """Improve the nearest by the blocks beyond NEAR_BLOCKS: both of each pair that belongs to one of first..last-1."""
    blocks = len(joint.levels.tiles)
    for own in range(first, last):
        farthest = ring_steps(own, blocks)
        if farthest <= NEAR_BLOCKS:
            continue
        load_joint_block(own, buffers)
        for steps in range(NEAR_BLOCKS + 1, farthest + 1):
            search_block(own, (own + steps) % blocks, True, joint, nearest, buffers)


@compiled
def merge_nearest(distances: Any, improved: Any, before: Any) -> None:
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
                    insert_sorted(distances, i, distance)
