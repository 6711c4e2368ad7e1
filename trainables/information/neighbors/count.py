"""The compiled loops over neighbors within given radii: how many there are, and how far they reach in either space.

Each pair of blocks is compared once, for all searches and for the points of both blocks:

    count_neighbors, for each point i of a block and the 64 lanes of another:
        prune_by_...      levels: which lanes may be within a radius          lanes that no column excludes
        count_by_bounds   difference < inner: counted;  > outer: not          lanes that levels leave open
        both again        at the ends of the range, if saturated              lanes that bytes leave open
        count_pair        16-bit words, and if these leave it open, float64
    counts[search, i] counts for i, lane_counts[search, lane] for the lanes, until the block is done
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.bounds import (
    LIMIT_SLACK,
    SLACK,
    inner_levels,
    outer_levels,
    ring_steps,
    valid_lanes,
)
from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.lanes import (
    FEW_LANES,
    LaneRadii,
    QueryBlock,
    load_block,
    order_columns,
    prune_by_bound,
    prune_by_first_columns,
    query_blocks,
)
from trainables.information.neighbors.saturation import Edges, inner_bytes, outer_bytes
from trainables.information.neighbors.simd import (
    CHUNK,
    LANES,
    aligned_zeros,
    bit_count,
    increment_lanes,
    lanes_below,
    lanes_below_each,
    lanes_up_to,
    lanes_up_to_each,
    lowest_bit,
    max_norm,
    word_distance,
)
from trainables.information.neighbors.space import Levels, Words
from trainables.information.samples import Floats


class ByteRadii(NamedTuple):
    """What the radii of R searches mean in bytes; N filled up to whole blocks.

    outer, inner: (R, N), the largest difference that a neighbor can have, and that below which every point is one.
    largest: (N,), the largest of `outer`.
    """

    outer: npt.NDArray[np.uint8]
    inner: npt.NDArray[np.uint8]
    largest: npt.NDArray[np.uint8]


class CountedSpace(NamedTuple):
    """One space in every precision: bytes of the range and of its ends, 16-bit words, float64 values (N, padded d)."""

    levels: Levels
    edges: Edges
    words: Words
    values: Floats


class RangeSearches(NamedTuple):
    """R searches at once: units (R,), radii (R, N), scaled_radii = radii * units, and what these mean in bytes."""

    units: Floats
    radii: Floats
    scaled_radii: Floats
    by_level: ByteRadii
    by_edge: ByteRadii


class CountBuffers(NamedTuple):
    """Room for one thread's counting, and the counts (R, N) of the pairs that it has compared.

    A block's points as queries of the levels and of the edges; inside: two masks for each search; lane_counts: for each
    search what the lanes of a block have gained.
    """

    levels: QueryBlock
    edges: QueryBlock
    inside: npt.NDArray[np.uint64]
    lane_counts: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]


def count_buffers(space: CountedSpace, searches: RangeSearches) -> CountBuffers:
    """Room for these searches in that space."""
    number, count = searches.radii.shape
    levels, edges = query_blocks(space.levels, space.edges)
    return CountBuffers(
        levels=levels,
        edges=edges,
        inside=np.empty((number, 2), np.uint64),
        lane_counts=aligned_zeros((number * LANES,), np.uint8),
        counts=np.zeros((number, count), np.int64),
    )


def range_searches(radii: Floats, units: Floats, space: CountedSpace) -> RangeSearches:
    """The searches for points with distance / units[r] strictly below radii[r, i]."""
    searches = RangeSearches(units, radii, np.empty_like(radii), *(_no_radii(radii, space) for _ in range(2)))
    quantize_radii(space, searches)
    return searches


def _no_radii(radii: Floats, space: CountedSpace) -> ByteRadii:
    filled = len(space.levels.tiles) * LANES
    outer, inner = aligned_zeros((2, len(radii), filled), np.uint8)
    return ByteRadii(outer, inner, aligned_zeros((filled,), np.uint8))


@compiled
def quantize_radii(space: Any, searches: Any) -> None:
    """Fill the scaled radii with radii * units, and with what they mean in levels and in the bytes of the edges."""
    step, edges, by_level, by_edge = space.levels.step, space.edges, searches.by_level, searches.by_edge
    number, count = searches.radii.shape
    for i in range(count):
        for search in range(number):
            radius = searches.radii[search, i] * searches.units[search]
            searches.scaled_radii[search, i] = radius
            by_level.outer[search, i] = outer_levels(radius, step)
            by_level.inner[search, i] = inner_levels(radius, step)
            by_level.largest[i] = max(by_level.largest[i], by_level.outer[search, i])
            if len(edges.rows) > 0:
                by_edge.outer[search, i] = outer_bytes(radius, edges.base, edges.scale)
                by_edge.inner[search, i] = inner_bytes(radius, edges.base, edges.scale)
                by_edge.largest[i] = max(by_edge.largest[i], by_edge.outer[search, i])


@compiled_into_callers
def count_by_bounds(i: int, slot: int, block: int, radii: Any, provable: Any, candidates: Any, buffers: Any) -> Any:
    """Count the candidates whose differences decide them in every search, and return the others.

    A lane may be a neighbor of point i, and i one of the lane's: that is counted in counts[search, i] and in the
    lane's byte of lane_counts. provable: lanes whose differences bound the distance from above too.
    """
    differences, inside, at, place = buffers.levels.differences, buffers.inside, slot * LANES, block * LANES
    undecided = np.uint64(0)
    searches, padded = radii.outer.shape
    for search in range(searches):
        each = search * padded + place
        inside[search, 0] = candidates & provable & lanes_below(differences, at, radii.inner[search, i])
        inside[search, 1] = candidates & provable & lanes_below_each(differences, at, radii.inner, each)
        undecided |= candidates & lanes_up_to(differences, at, radii.outer[search, i]) & ~inside[search, 0]
        undecided |= candidates & lanes_up_to_each(differences, at, radii.outer, each) & ~inside[search, 1]
    for search in range(searches):
        buffers.counts[search, i] += bit_count(inside[search, 0] & ~undecided)
        increment_lanes(buffers.lane_counts, search * LANES, inside[search, 1] & ~undecided)
    return undecided


@compiled_into_callers
def count_pair(i: int, j: int, space: Any, searches: Any, counts: Any) -> None:
    """Count the pair in every search, for both of its points: by its distance in words, or if need be exactly."""
    words, units, radii, scaled_radii = space.words, searches.units, searches.radii, searches.scaled_radii
    number = len(units)
    difference = np.float64(word_distance(words.rows, i, j))
    least = (difference - 1.0 - SLACK) * words.step
    most = (difference + 1.0 + SLACK) * words.step
    is_open, limit = False, 0.0
    for search in range(number):
        own, other = scaled_radii[search, i], scaled_radii[search, j]
        is_open |= (least < own and own < most) or (least < other and other < most)
        limit = max(limit, max(own, other))
    if not is_open:
        for search in range(number):
            counts[search, i] += most <= scaled_radii[search, i]
            counts[search, j] += most <= scaled_radii[search, j]
        return
    distance = max_norm(space.values, i, j, limit * (1.0 + LIMIT_SLACK))
    for search in range(number):
        counts[search, i] += distance / units[search] < radii[search, i]
        counts[search, j] += distance / units[search] < radii[search, j]


@compiled
def count_neighbors(first: int, last: int, space: Any, searches: Any, buffers: Any) -> None:
    """Add to buffers.counts[r, i] the number of points with |z_i - z_j| / units[r] < radii[r, i], over pairs of blocks.

    Each pair of blocks is compared once, by the one of the blocks first..last-1 that it belongs to. For a point with a
    value outside the quantized range (clipped) a small level difference proves nothing.
    """
    levels, edges, by_level, by_edge = buffers.levels, buffers.edges, searches.by_level, searches.by_edge
    clipped, counts, lane_counts = space.levels.clipped, buffers.counts, buffers.lane_counts
    number, count = searches.radii.shape
    blocks = len(space.levels.tiles)
    everyone = ~np.uint64(0)
    for own in range(first, last):
        begin = own * LANES
        load_block(own, levels)
        load_block(own, edges)
        for steps in range(ring_steps(own, blocks) + 1):
            block = (own + steps) % blocks
            place = block * LANES
            valid = valid_lanes(block, count)
            lanes, edge_lanes = LaneRadii(by_level.largest, place), LaneRadii(by_edge.largest, place)
            prune_by_first_columns(own, block, levels, by_level.largest, lanes)
            for slot in range(min(LANES, count - begin)):
                candidates = levels.candidates[slot] & valid
                if steps == 0:
                    # Of each pair within the block, one is looked at.
                    candidates &= ~((np.uint64(2) << np.uint64(slot)) - np.uint64(1))
                if candidates == 0:
                    continue
                i = begin + slot
                radius = by_level.largest[i]
                candidates, complete = prune_by_bound(slot, block, levels, radius, lanes, candidates, CHUNK)
                if candidates == 0:
                    continue
                if complete:
                    own_is_clipped = (clipped[own] >> np.uint64(slot)) & np.uint64(1)
                    provable = np.uint64(0) if own_is_clipped else ~clipped[block]
                    candidates = count_by_bounds(i, slot, block, by_level, provable, candidates, buffers)
                if edges.padded > 0 and bit_count(candidates) > FEW_LANES:
                    radius = by_edge.largest[i]
                    candidates, complete = prune_by_bound(slot, block, edges, radius, edge_lanes, candidates, 0)
                    if complete:
                        candidates = count_by_bounds(i, slot, block, by_edge, everyone, candidates, buffers)
                while candidates != 0:
                    j = place + lowest_bit(candidates)
                    candidates &= candidates - np.uint64(1)
                    count_pair(i, j, space, searches, counts)
            for search in range(number):
                for lane in range(min(LANES, count - place)):
                    counts[search, place + lane] += lane_counts[search * LANES + lane]
                    lane_counts[search * LANES + lane] = 0


@compiled
def find_extents(first: int, last: int, joint: Any, beyond: Any, x_extents: Any, y_extents: Any, buffers: Any) -> None:
    """The largest |x_i - x_j| / x unit, and the same of y, among the points j whose larger one is below beyond[i].

    For the blocks first..last-1. buffers: as for a search.
    """
    x, y, levels = joint.x, joint.y, buffers.levels
    count = len(joint.levels.rows)
    for i in range(first * LANES, min(last * LANES, count)):
        order_columns(i, 0, levels)
        radius = outer_levels(beyond[i], joint.levels.step)
        x_limit = beyond[i] * x.unit * (1.0 + LIMIT_SLACK)
        y_limit = beyond[i] * y.unit * (1.0 + LIMIT_SLACK)
        x_extents[i] = 0.0
        y_extents[i] = 0.0
        for block in range(len(joint.levels.tiles)):
            valid = valid_lanes(block, count)
            candidates, _ = prune_by_bound(0, block, levels, radius, buffers.no_radii, valid, 0)
            while candidates != 0:
                j = block * LANES + lowest_bit(candidates)
                candidates &= candidates - np.uint64(1)
                x_distance = max_norm(x.values, i, j, x_limit) / x.unit
                if x_distance >= beyond[i]:
                    continue
                y_distance = max_norm(y.values, i, j, y_limit) / y.unit
                if y_distance < beyond[i]:
                    x_extents[i] = max(x_extents[i], x_distance)
                    y_extents[i] = max(y_extents[i], y_distance)
