"""The compiled steps that compare each point of one block with the 64 lanes of another, by their bytes."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.bounds import NEARNESSES, order_columns
from trainables.information.neighbors.compilation import compiled, compiled_into_callers
from trainables.information.neighbors.simd import CHUNK, LANES, absorb, bit_count

# Once so many columns have left at most so many points of a block, their exact distances are cheaper than more columns.
ENOUGH_COLUMNS = 64
FEW_LANES = 2


class Query(NamedTuple):
    """Room for the ordered columns of a block's points, `padded` for each point; none for no columns."""

    columns: npt.NDArray[np.uint32]
    levels: npt.NDArray[np.uint8]
    padded: int
    starts: npt.NDArray[np.uint64]


def query(width: int) -> Query:
    """Room for the points of one block, of that many columns."""
    padded = -(-width // CHUNK) * CHUNK
    return Query(
        np.empty(LANES * padded, np.uint32),
        np.empty(LANES * padded, np.uint8),
        padded,
        np.empty(NEARNESSES + 1, np.uint64),
    )


@compiled
def order_block(own: int, bounds: Any, query: Any) -> None:
    """Fill the query with the points of a block; bounds: levels or edges."""
    if query.padded == 0:
        return
    begin = own * LANES
    for slot in range(min(LANES, len(bounds.rows) - begin)):
        first = slot * query.padded
        order_columns(
            bounds.rows[begin + slot], bounds.pivots, query.columns, query.levels, first, query.padded, query.starts
        )


@compiled_into_callers
def sift(own: int, block: int, bounds: Any, query: Any, reaches: Any, others: Any, place: int, work: Any) -> None:
    """What the first columns leave of another block for each point of the block `own`: work.alive and room, by slot.

    reaches: of all points, in the unit of the bounds; others: of the other block's lanes, from `place` on.
    """
    base, begin = block * bounds.rows.shape[1] * LANES, own * LANES
    for slot in range(min(LANES, len(bounds.rows) - begin)):
        first, at, reach = slot * query.padded, slot * LANES, reaches[begin + slot]
        work.alive[slot] = absorb(
            bounds.tiles, base, query.columns, query.levels, first, work.room, at, True, reach, others, place
        )


@compiled_into_callers
def within(
    slot: int, block: int, bounds: Any, query: Any, own: int, reaches: Any, place: int, alive: Any, room: Any, seen: int
) -> Any:
    """The lanes alive of a block that no column of the ordered point in that slot excludes; whether room saw them all.

    A lane is excluded by a difference above both `own` and its own reaches[place + lane]. room[slot * LANES:] are the
    bounds of the lanes; the first `seen` columns are in them already.
    """
    base, at = block * bounds.rows.shape[1] * LANES, slot * LANES
    first, last = slot * query.padded, slot * query.padded + query.padded
    columns, levels = query.columns, query.levels
    for column in range(first + seen, last, CHUNK):
        alive &= absorb(
            bounds.tiles, base, columns, levels, column, room, at, column == first, np.uint8(own), reaches, place
        )
        if alive == 0:
            return alive, False
        if column >= first + ENOUGH_COLUMNS and bit_count(alive) <= FEW_LANES:
            return alive, column + CHUNK >= last
    return alive, True
