"""The compiled steps that compare each point of a block, a query, with the 64 points of another, its lanes, by bytes.

Each query takes its columns in an order of its own, and drops the lanes that cannot be within a radius:

    query  [ 20 190  74 | ... ]     prune_by_first_columns   the first 16 columns, for all queries of a block
            |    |   |              prune_by_bound           the others, 16 at a time, for one query: until no lane is
    lane 0  17  201   4                                      left, or, from 64 columns on, few
    lane 1  93  180   8             differences[lane]        the largest |query - lane| so far: bounds the distance
      ...                           candidates               a bit for each lane whose difference is at most the radius
                                                             of the query or its own
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.saturation import Edges
from trainables.information.neighbors.simd import CHUNK, LANES, aligned_zeros, bit_count, prune_by_chunk
from trainables.information.neighbors.space import Levels

# Classes of columns by their distance from the pivot.
NEARNESSES = 64
# Once so many columns have left at most so many points of a block, their exact distances are cheaper than more columns.
ENOUGH_COLUMNS = 64
FEW_LANES = 2


class QueryBlock(NamedTuple):
    """The points of one block as queries, by slot, and room for what is found of the lanes of another block.

    columns, levels: for each slot `padded` offsets into a tile, and the bytes of the point there; none for no columns.
    starts: room to order columns. candidates: (64,), for each slot a bit for each lane. differences: (64 * 64,), for
    each slot the largest difference of each lane so far.
    """

    approximation: Levels | Edges
    columns: npt.NDArray[np.uint32]
    levels: npt.NDArray[np.uint8]
    padded: int
    starts: npt.NDArray[np.uint64]
    candidates: npt.NDArray[np.uint64]
    differences: npt.NDArray[np.uint8]


class LaneRadii(NamedTuple):
    """Radii in bytes; those of the lanes of a block begin at `first`."""

    radii: npt.NDArray[np.uint8]
    first: int


def query_blocks(*approximations: Levels | Edges) -> tuple[QueryBlock, ...]:
    """Room for the points of a block as queries of each approximation; they share their candidates and differences."""
    candidates, differences = np.empty(LANES, np.uint64), aligned_zeros((LANES * LANES,), np.uint8)
    found = []
    for approximation in approximations:
        padded = -(-approximation.rows.shape[1] // CHUNK) * CHUNK
        columns, levels = np.empty(LANES * padded, np.uint32), np.empty(LANES * padded, np.uint8)
        starts = np.empty(NEARNESSES + 1, np.uint64)
        found.append(QueryBlock(approximation, columns, levels, padded, starts, candidates, differences))
    return tuple(found)


def no_radii() -> LaneRadii:
    """Of lanes that look for nothing themselves."""
    return LaneRadii(aligned_zeros((LANES,), np.uint8), 0)


@compiled
def order_columns(i: int, slot: int, query: Any) -> None:
    """Put point i into that slot of the query, its columns by descending distance from the pivots.

    Where a point is far from the middle it is far from most points: the columns that exclude most come first.
    The padding repeats a column, which a maximum does not notice.
    """
    row, pivots, starts = query.approximation.rows[i], query.approximation.pivots, query.starts
    one, begin, width = np.uint64(1), np.uint64(slot * query.padded), np.uint64(row.size)
    for nearness in range(np.uint64(NEARNESSES + 1)):
        starts[nearness] = begin
    for column in range(width):
        starts[nearness_class(row[column], pivots[column]) + one] += one
    for nearness in range(np.uint64(NEARNESSES - 1)):
        starts[nearness + one] += starts[nearness] - begin
    for column in range(width):
        nearness = nearness_class(row[column], pivots[column])
        place = starts[nearness]
        starts[nearness] = place + one
        query.columns[place] = np.uint32(column * np.uint64(LANES))
        query.levels[place] = row[column]
    for place in range(begin + width, begin + np.uint64(query.padded)):
        query.columns[place] = query.columns[begin]
        query.levels[place] = query.levels[begin]


@compiled
def nearness_class(level: Any, pivot: Any) -> Any:
    """In classes of four levels, 0 for the farthest."""
    far = np.int32(level) - np.int32(pivot)
    return np.uint64((np.uint32(255) - np.uint32(abs(far))) >> np.uint32(2))


@compiled
def load_block(own: int, query: Any) -> None:
    """Put the points of the block `own` into the query."""
    if query.padded == 0:
        return
    begin = own * LANES
    for slot in range(min(LANES, len(query.approximation.rows) - begin)):
        order_columns(begin + slot, slot, query)


@compiled_into_callers
def prune_by_first_columns(own: int, block: int, query: Any, radii: Any, lanes: Any) -> None:
    """Fill candidates and differences with what the first columns leave of a block for each point of the block `own`.

    radii: of all points, in bytes; lanes: of the other block, as LaneRadii.
    """
    rows = query.approximation.rows
    tile, begin = block * rows.shape[1] * LANES, own * LANES
    for slot in range(min(LANES, len(rows) - begin)):
        radius = radii[begin + slot]
        query.candidates[slot] = prune_by_chunk(query, slot * query.padded, tile, slot * LANES, True, radius, lanes)


@compiled_into_callers
def prune_by_bound(slot: int, block: int, query: Any, radius: int, lanes: Any, candidates: Any, seen: int) -> Any:
    """The candidates of a block that no column of the point in that slot excludes; whether all columns were compared.

    A lane is excluded by a difference above both `radius` and its own (LaneRadii). The first `seen` columns are in the
    differences already.
    """
    tile, place = block * query.approximation.rows.shape[1] * LANES, slot * LANES
    first, last = slot * query.padded, slot * query.padded + query.padded
    for column in range(first + seen, last, CHUNK):
        candidates &= prune_by_chunk(query, column, tile, place, column == first, np.uint8(radius), lanes)
        if candidates == 0:
            return candidates, False
        if column >= first + ENOUGH_COLUMNS and bit_count(candidates) <= FEW_LANES:
            return candidates, column + CHUNK >= last
    return candidates, True
