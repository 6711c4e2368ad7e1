"""Exact k-th neighbour radii and neighbour counts of prepared spaces, in the max norm."""

import numpy as np
import numpy.typing as npt

from trainables.information import kernels
from trainables.information.compilation import run_in_threads
from trainables.information.samples import Floats
from trainables.information.spaces import Levels, Space, joint_levels

Counts = npt.NDArray[np.int64]

# Blocks searched at a time: few enough to keep all threads busy to the end.
CHUNK = 2


def own_radii(space: Space, k: int, threads: int) -> Floats:
    """(N,) distance of each point to its k-th nearest other point of the space."""
    nothing = np.empty((len(space.values), 0))
    return _distances(space.levels, space.values, nothing, (1.0, 1.0), k, threads)[:, -1].copy()


def joint_radii(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N,) distance to the k-th nearest other point; distance = max(x distance / units[0], y distance / units[1])."""
    return joint_distances(x, y, units, k, threads)[:, -1].copy()


def joint_distances(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N, k) distances to the k nearest other points, ascending: the radii of every number of neighbours up to k."""
    return _distances(joint_levels((x, y), units, threads), x.values, y.values, units, k, threads)


def counts_within(space: Space, unit: float, radii: Floats, threads: int) -> Counts:
    """(N,) number of other points with distance / unit strictly below radii[i]."""
    counts = np.empty(len(radii), np.int64)
    bounds = space.levels

    def search(first: int, last: int) -> None:
        kernels.neighbour_counts(
            first,
            last,
            bounds.rows,
            bounds.tiles,
            bounds.pivots,
            bounds.step,
            bounds.clipped,
            space.values,
            unit,
            radii,
            counts,
        )

    run_in_threads(search, len(bounds.tiles), threads, CHUNK)
    return counts


def _distances(bounds: Levels, x: Floats, y: Floats, units: tuple[float, float], k: int, threads: int) -> Floats:
    distances = np.empty((len(x), k))

    def search(first: int, last: int) -> None:
        kernels.neighbour_distances(
            first, last, bounds.rows, bounds.tiles, bounds.pivots, bounds.step, x, y, *units, k, distances
        )

    run_in_threads(search, len(bounds.tiles), threads, CHUNK)
    return distances
