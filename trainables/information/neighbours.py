"""Exact k-th neighbour radii and neighbour counts of prepared spaces, in the max norm."""

import numpy as np
import numpy.typing as npt

from trainables.information import counting, searching
from trainables.information.compilation import run_in_threads
from trainables.information.edges import Edges, no_edges
from trainables.information.samples import Floats
from trainables.information.spaces import Levels, Space, joint_levels

Counts = npt.NDArray[np.int64]

# Blocks searched at a time: few enough to keep all threads busy to the end.
CHUNK = 2


def own_radii(space: Space, k: int, threads: int) -> Floats:
    """(N,) distance of each point to its k-th nearest other point of the space."""
    nothing = np.empty((len(space.values), 0)), no_edges()
    return _distances(space.levels, (space.values, space.edges), nothing, (1.0, 1.0), k, threads)[:, -1].copy()


def joint_radii(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N,) distance to the k-th nearest other point; distance = max(x distance / units[0], y distance / units[1])."""
    return joint_distances(x, y, units, k, threads)[:, -1].copy()


def joint_distances(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N, k) distances to the k nearest other points, ascending: the radii of every number of neighbours up to k."""
    levels = joint_levels((x, y), units, threads)
    return _distances(levels, (x.values, x.edges), (y.values, y.edges), units, k, threads)


def counts_within(space: Space, units: npt.ArrayLike, radii: Floats, threads: int) -> Counts:
    """(R, N) numbers of other points with distance / units[r] strictly below radii[r, i], for R searches at once."""
    counts = np.empty(radii.shape, np.int64)
    bounds, divisors = space.levels, np.asarray(units, np.float64)

    def search(first: int, last: int) -> None:
        counting.neighbour_counts(
            first,
            last,
            bounds.rows,
            bounds.tiles,
            bounds.pivots,
            bounds.step,
            bounds.clipped,
            space.edges,
            space.values,
            divisors,
            radii,
            counts,
        )

    run_in_threads(search, len(bounds.tiles), threads, CHUNK)
    return counts


def joint_rectangles(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> tuple[Floats, Floats]:
    """Two (N,): how far, in x and in y, the other points reach that are no farther than the k-th nearest one."""
    bounds = joint_levels((x, y), units, threads)
    distances = _distances(bounds, (x.values, x.edges), (y.values, y.edges), units, k, threads)
    beyond = np.nextafter(distances[:, -1], np.inf)
    x_extents, y_extents = np.empty_like(beyond), np.empty_like(beyond)

    def search(first: int, last: int) -> None:
        counting.neighbour_extents(
            first,
            last,
            bounds.rows,
            bounds.tiles,
            bounds.pivots,
            bounds.step,
            x.values,
            y.values,
            *units,
            beyond,
            x_extents,
            y_extents,
        )

    run_in_threads(search, len(bounds.tiles), threads, CHUNK)
    return x_extents, y_extents


def _distances(
    bounds: Levels, x: tuple[Floats, Edges], y: tuple[Floats, Edges], units: tuple[float, float], k: int, threads: int
) -> Floats:
    distances = np.empty((len(bounds.rows), k))

    def search(first: int, last: int) -> None:
        searching.neighbour_distances(
            first,
            last,
            bounds.rows,
            bounds.tiles,
            bounds.pivots,
            bounds.step,
            x[1],
            y[1],
            x[0],
            y[0],
            *units,
            k,
            distances,
        )

    run_in_threads(search, len(bounds.tiles), threads, CHUNK)
    return distances
