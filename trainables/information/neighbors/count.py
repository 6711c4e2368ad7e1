"""The compiled loops over neighbors within given radii: how many there are, and how far they reach in either space.

Each pair of blocks is compared once, for all searches and for the points of both blocks:

    neighbor_counts, for each point i of a block and the 64 lanes of another:
        sift, within   levels: which lanes may be within a radius           lanes that no column excludes
        decide         bound < certain: counted;  bound > possible: not     lanes that levels leave open
        within, decide the same at the ends of the range, if saturated      lanes that bytes leave open
        count_pair     16-bit words, and if these leave it open, float64
    counts[search, i] counts for i, tallies[search, lane] for the lanes, until the block is done
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.bounds import (
    LIMIT_SLACK,
    SLACK,
    certain_levels,
    farthest_level,
    order_columns,
    ring_distances,
    valid_lanes,
)
from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.lanes import FEW_LANES, Query, order_block, query, sift, within
from trainables.information.neighbors.saturation import Edges, certain_bytes, farthest_byte
from trainables.information.neighbors.simd import (
    CHUNK,
    LANES,
    aligned_zeros,
    bit_count,
    lanes_below,
    lanes_below_each,
    lanes_up_to,
    lanes_up_to_each,
    lowest_bit,
    max_norm,
    tally,
    word_distance,
)
from trainables.information.neighbors.space import Levels, Words
from trainables.information.samples import Floats


class Reach(NamedTuple):
    """What the radii of R searches mean in bytes; N filled up to whole blocks.

    possible, certain: (R, N), the largest difference that a neighbor can have, and that below which every point is
    one. farthest: (N,), the largest of `possible`.
    """

    possible: npt.NDArray[np.uint8]
    certain: npt.NDArray[np.uint8]
    farthest: npt.NDArray[np.uint8]


class CountedSpace(NamedTuple):
    """One space in every precision: bytes of the range and of its ends, 16-bit words, float64 values (N, padded d)."""

    levels: Levels
    edges: Edges
    words: Words
    values: Floats


class Searches(NamedTuple):
    """R searches at once: units (R,), radii (R, N), reaches = radii * units, and what these mean in bytes."""

    units: Floats
    radii: Floats
    reaches: Floats
    by_level: Reach
    by_edge: Reach


class CountBuffers(NamedTuple):
    """Room for one thread's counting, and the counts (R, N) of the pairs that it has compared.

    The queries at the levels and at the edges; for each slot the lanes alive and their bounds (room); two masks for
    each search (inside); for each search what the lanes of a block have gained (tallies).
    """

    query: Query
    edge_query: Query
    alive: npt.NDArray[np.uint64]
    room: npt.NDArray[np.uint8]
    inside: npt.NDArray[np.uint64]
    tallies: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]


def count_buffers(space: CountedSpace, searches: Searches) -> CountBuffers:
    """Room for these searches in that space."""
    number, count = searches.radii.shape
    return CountBuffers(
        query=query(space.levels.rows.shape[1]),
        edge_query=query(space.edges.rows.shape[1]),
        alive=np.empty(LANES, np.uint64),
        room=aligned_zeros((LANES * LANES,), np.uint8),
        inside=np.empty((number, 2), np.uint64),
        tallies=aligned_zeros((number * LANES,), np.uint8),
        counts=np.zeros((number, count), np.int64),
    )


def searches_within(radii: Floats, units: Floats, space: CountedSpace) -> Searches:
    """The searches for points with distance / units[r] strictly below radii[r, i]."""
    searches = Searches(units, radii, np.empty_like(radii), *(_no_reach(radii, space) for _ in range(2)))
    fill_reaches(space, searches)
    return searches


def _no_reach(radii: Floats, space: CountedSpace) -> Reach:
    filled = len(space.levels.tiles) * LANES
    possible, certain = aligned_zeros((2, len(radii), filled), np.uint8)
    return Reach(possible, certain, aligned_zeros((filled,), np.uint8))


@compiled
def fill_reaches(space: Any, searches: Any) -> None:
    """Fill the reaches with radii * units, and with what they mean in levels and in the bytes of the edges."""
    step, edges, by_level, by_edge = space.levels.step, space.edges, searches.by_level, searches.by_edge
    number, count = searches.radii.shape
    for i in range(count):
        for search in range(number):
            reach = searches.radii[search, i] * searches.units[search]
            searches.reaches[search, i] = reach
            by_level.possible[search, i] = farthest_level(reach, step)
            by_level.certain[search, i] = certain_levels(reach, step)
            by_level.farthest[i] = max(by_level.farthest[i], by_level.possible[search, i])
            if len(edges.rows) > 0:
                by_edge.possible[search, i] = farthest_byte(reach, edges.base, edges.scale)
                by_edge.certain[search, i] = certain_bytes(reach, edges.base, edges.scale)
                by_edge.farthest[i] = max(by_edge.farthest[i], by_edge.possible[search, i])


@compiled_into_callers
def decide(alive: Any, provable: Any, reach: Any, i: int, place: int, slot: int, work: Any) -> Any:
    """Count the lanes alive whose bounds decide them in every search, and return the other lanes.

    A lane may be a neighbor of point i, and i one of the lane's: that is counted in counts[search, i] and in the
    lane's byte of tallies. provable: lanes whose bounds hold from above too.
    """
    room, inside, at = work.room, work.inside, slot * LANES
    undecided = np.uint64(0)
    searches, padded = reach.possible.shape
    for search in range(searches):
        each = search * padded + place
        inside[search, 0] = alive & provable & lanes_below(room, at, reach.certain[search, i])
        inside[search, 1] = alive & provable & lanes_below_each(room, at, reach.certain, each)
        undecided |= alive & lanes_up_to(room, at, reach.possible[search, i]) & ~inside[search, 0]
        undecided |= alive & lanes_up_to_each(room, at, reach.possible, each) & ~inside[search, 1]
    for search in range(searches):
        work.counts[search, i] += bit_count(inside[search, 0] & ~undecided)
        tally(work.tallies, search * LANES, inside[search, 1] & ~undecided)
    return undecided


@compiled_into_callers
def count_pair(i: int, j: int, space: Any, searches: Any, counts: Any) -> None:
    """Count the pair in every search, for both of its points: by its distance in words, or if need be exactly."""
    words, units, radii, reaches = space.words, searches.units, searches.radii, searches.reaches
    number = len(units)
    difference = np.float64(word_distance(words.rows, i, j))
    least = (difference - 1.0 - SLACK) * words.step
    most = (difference + 1.0 + SLACK) * words.step
    is_open, limit = False, 0.0
    for search in range(number):
        own, other = reaches[search, i], reaches[search, j]
        is_open |= (least < own and own < most) or (least < other and other < most)
        limit = max(limit, max(own, other))
    if not is_open:
        for search in range(number):
            counts[search, i] += most <= reaches[search, i]
            counts[search, j] += most <= reaches[search, j]
        return
    distance = max_norm(space.values, i, j, limit * (1.0 + LIMIT_SLACK))
    for search in range(number):
        counts[search, i] += distance / units[search] < radii[search, i]
        counts[search, j] += distance / units[search] < radii[search, j]


@compiled
def neighbor_counts(first: int, last: int, space: Any, searches: Any, work: Any) -> None:
    """Add to work.counts[r, i] the number of points with |z_i - z_j| / units[r] < radii[r, i], over pairs of blocks.

    Each pair of blocks is compared once, by the one of the blocks first..last-1 that it belongs to. For a point with a
    value outside the quantized range (clipped) a small level difference proves nothing.
    """
    levels, edges, by_level, by_edge = space.levels, space.edges, searches.by_level, searches.by_edge
    number, count = searches.radii.shape
    blocks = len(levels.tiles)
    counts, tallies = work.counts, work.tallies
    everyone = ~np.uint64(0)
    for own in range(first, last):
        begin = own * LANES
        order_block(own, levels, work.query)
        order_block(own, edges, work.edge_query)
        for apart in range(ring_distances(own, blocks) + 1):
            block = (own + apart) % blocks
            place = block * LANES
            valid = valid_lanes(block, count)
            sift(own, block, levels, work.query, by_level.farthest, by_level.farthest, place, work)
            for slot in range(min(LANES, count - begin)):
                alive = work.alive[slot] & valid
                if apart == 0:
                    # Of each pair within the block, one is looked at.
                    alive &= ~((np.uint64(2) << np.uint64(slot)) - np.uint64(1))
                if alive == 0:
                    continue
                i = begin + slot
                alive, complete = within(
                    slot,
                    block,
                    levels,
                    work.query,
                    by_level.farthest[i],
                    by_level.farthest,
                    place,
                    alive,
                    work.room,
                    CHUNK,
                )
                if alive == 0:
                    continue
                if complete:
                    own_is_clipped = (levels.clipped[own] >> np.uint64(slot)) & np.uint64(1)
                    provable = np.uint64(0) if own_is_clipped else ~levels.clipped[block]
                    alive = decide(alive, provable, by_level, i, place, slot, work)
                if work.edge_query.padded > 0 and bit_count(alive) > FEW_LANES:
                    alive, complete = within(
                        slot,
                        block,
                        edges,
                        work.edge_query,
                        by_edge.farthest[i],
                        by_edge.farthest,
                        place,
                        alive,
                        work.room,
                        0,
                    )
                    if complete:
                        alive = decide(alive, everyone, by_edge, i, place, slot, work)
                while alive != 0:
                    j = place + lowest_bit(alive)
                    alive &= alive - np.uint64(1)
                    count_pair(i, j, space, searches, counts)
            for search in range(number):
                for lane in range(min(LANES, count - place)):
                    counts[search, place + lane] += tallies[search * LANES + lane]
                    tallies[search * LANES + lane] = 0


@compiled
def neighbor_extents(first: int, last: int, joint: Any, beyond: Any, x_extents: Any, y_extents: Any, work: Any) -> None:
    """The largest |x_i - x_j| / x unit, and the same of y, among the points j whose larger one is below beyond[i].

    For the blocks first..last-1. work: as for a search.
    """
    levels, x, y, query = joint.levels, joint.x, joint.y, work.query
    count = len(levels.rows)
    for i in range(first * LANES, min(last * LANES, count)):
        order_columns(levels.rows[i], levels.pivots, query.columns, query.levels, 0, query.padded, query.starts)
        reach = farthest_level(beyond[i], levels.step)
        x_limit = beyond[i] * x.unit * (1.0 + LIMIT_SLACK)
        y_limit = beyond[i] * y.unit * (1.0 + LIMIT_SLACK)
        x_extents[i] = 0.0
        y_extents[i] = 0.0
        for block in range(len(levels.tiles)):
            valid = valid_lanes(block, count)
            alive, _ = within(0, block, levels, query, reach, work.nobody, 0, valid, work.room, 0)
            while alive != 0:
                j = block * LANES + lowest_bit(alive)
                alive &= alive - np.uint64(1)
                x_distance = max_norm(x.values, i, j, x_limit) / x.unit
                if x_distance >= beyond[i]:
                    continue
                y_distance = max_norm(y.values, i, j, y_limit) / y.unit
                if y_distance < beyond[i]:
                    x_extents[i] = max(x_extents[i], x_distance)
                    y_extents[i] = max(y_extents[i], y_distance)
