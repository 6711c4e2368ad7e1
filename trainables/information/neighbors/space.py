"""A space prepared for neighbor searches: its rows in spatial order, and its columns quantized to bytes."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors import bounds
from trainables.information.neighbors.saturation import Edges, edges, no_edges
from trainables.information.neighbors.simd import EXACT_STRIDE, LANES, WORD_LANES, aligned_zeros
from trainables.information.samples import Floats
from trainables.information.threads import run_in_threads

SAMPLED_ROWS = 256
# Share of points that the quantized range must hold entirely; the rest is clipped, so that a few far points do not
# coarsen the levels of all others.
HELD_SHARE = 0.98
# Outside these the levels could round badly; such data are searched exactly, without levels.
SMALLEST_STEP, LARGEST_STEP = 1e-250, 1e250


class Levels(NamedTuple):
    """Columns as bytes, with one step for all of them.

    rows (N, d) and tiles (blocks, d, 64) hold the same levels; pivots (d,) are the levels of the columns' medians;
    clipped (blocks,) has one bit per point with a value outside the range; step is in the units of the distances.
    """

    rows: npt.NDArray[np.uint8]
    tiles: npt.NDArray[np.uint8]
    pivots: npt.NDArray[np.uint8]
    clipped: npt.NDArray[np.uint64]
    step: float


class Words(NamedTuple):
    """Columns in 16 bits, with one step for all of them: rows (N, d, zeros up to whole WORD_LANES).

    The step is infinite where the values could round badly: their differences then prove nothing.
    """

    rows: npt.NDArray[np.uint16]
    step: float


@dataclass(frozen=True, eq=False)
class Space:
    """One side of a pair, its rows in a spatial order, ready for every search in the same order.

    values: float64 (N, d, zeros up to a whole EXACT_STRIDE). centres, medians: (d,), of sampled rows.
    deviations: (N,) largest distance of a point's values from the centres.
    """

    values: Floats
    centres: Floats
    medians: Floats
    deviations: Floats
    threads: int

    @cached_property
    def levels(self) -> Levels:
        """The levels for distances in this space alone."""
        return joint_levels((self,), (1.0,), self.threads)

    @cached_property
    def words(self) -> Words:
        """The values in fine levels, none of them clipped."""
        half = float(self.deviations.max())
        step = 2.0 * half / 65534.0
        usable = SMALLEST_STEP < step < LARGEST_STEP
        rows = aligned_zeros((len(self.values), -(-len(self.centres) // WORD_LANES) * WORD_LANES), np.uint16)

        def fill(first: int, last: int) -> None:
            bounds.quantize_to_words(first, last, self.values, bounds.Grid(self.centres, 1.0 / step), rows)

        if usable:
            run_in_threads(fill, len(rows), self.threads, chunk=1024)
        return Words(rows, step if usable else np.inf)

    @cached_property
    def edges(self) -> Edges:
        """The ends of the range, magnified where values saturate."""
        return edges(self.values, len(self.centres), self.threads)


class Side(NamedTuple):
    """One space of a joint search: its values (N, padded d), its edges, and the unit that divides its distances."""

    values: Floats
    edges: Edges
    unit: float


class JointSpace(NamedTuple):
    """Two spaces side by side: their joint levels, and either side by itself."""

    levels: Levels
    x: Side
    y: Side


def prepare(samples: Floats, order: npt.NDArray[np.int64], threads: int) -> Space:
    """The samples (N, d) as a Space in the given row order."""
    count, width = samples.shape
    sampled = np.sort(samples[:: max(1, count // SAMPLED_ROWS)], axis=0)
    highest = len(sampled) - 1
    centres = sampled[highest // 50] / 2.0 + sampled[highest - highest // 50] / 2.0
    values = aligned_zeros((count, -(-width // EXACT_STRIDE) * EXACT_STRIDE))
    deviations = np.empty(count)

    def fill(first: int, last: int) -> None:
        bounds.gather_rows(first, last, samples, order, centres, values, deviations)

    run_in_threads(fill, count, threads, chunk=1024)
    return Space(values, centres, sampled[highest // 2], deviations, threads)


def joint_space(x: Space, y: Space, units: tuple[float, float], threads: int) -> JointSpace:
    """x and y side by side, distances in each divided by its unit."""
    levels = joint_levels((x, y), units, threads)
    return JointSpace(levels, Side(x.values, x.edges, units[0]), Side(y.values, y.edges, units[1]))


def space_alone(space: Space) -> JointSpace:
    """The space beside one of no columns, so that joint distances are its own."""
    nothing = Side(np.empty((len(space.values), 0)), no_edges(), 1.0)
    return JointSpace(space.levels, Side(space.values, space.edges, 1.0), nothing)


def joint_levels(spaces: tuple[Space, ...], units: tuple[float, ...], threads: int) -> Levels:
    """The levels of several spaces side by side, distances in each divided by its unit."""
    with np.errstate(over="ignore"):
        scaled = [space.deviations / unit for space, unit in zip(spaces, units, strict=True)]
        deviations = np.max(scaled, axis=0)
    half = _held_deviation(deviations)
    # Half a level is left free at either end, so that rounding cannot clip what `half` holds.
    step = 2.0 * half / 254.0
    usable = SMALLEST_STEP < step < LARGEST_STEP and all(unit > SMALLEST_STEP for unit in units)
    clipped = deviations > half if usable else np.ones(len(deviations), np.bool_)
    scales = [1.0 / (unit * step) if usable else 0.0 for unit in units]
    pivots = np.concatenate([_pivots(space, scale) for space, scale in zip(spaces, scales, strict=True)])
    rows = np.empty((len(deviations), len(pivots)), np.uint8)
    tiles = aligned_zeros((-(-len(deviations) // LANES), len(pivots), LANES), np.uint8)
    column = 0
    for space, scale in zip(spaces, scales, strict=True):
        _fill(space, scale, rows, tiles, column, threads)
        column += len(space.centres)
    return Levels(rows, tiles, pivots, _bits(clipped), step if usable else 1.0)


def _held_deviation(deviations: Floats) -> float:
    place = int(np.ceil(HELD_SHARE * len(deviations))) - 1
    return float(np.partition(deviations, place)[place])


def _pivots(space: Space, scale: float) -> npt.NDArray[np.uint8]:
    return np.clip(np.floor((space.medians - space.centres) * scale + 127.5), 0, 255).astype(np.uint8)


def _fill(
    space: Space, scale: float, rows: npt.NDArray[np.uint8], tiles: npt.NDArray[np.uint8], column: int, threads: int
) -> None:
    def fill(first: int, last: int) -> None:
        bounds.quantize(first, last, space.values, bounds.Grid(space.centres, scale), rows, tiles, column)

    run_in_threads(fill, len(tiles), threads, chunk=16)


def _bits(flags: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint64]:
    padded = np.zeros(-(-len(flags) // LANES) * LANES, np.bool_)
    padded[: len(flags)] = flags
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)
