"""Exact k-th neighbour radii and neighbour counts of prepared spaces, in the max norm."""

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors import count
from trainables.information.neighbors import search as searching
from trainables.information.neighbors.saturation import no_edges
from trainables.information.neighbors.search import Nearest, Side
from trainables.information.neighbors.simd import LANES
from trainables.information.neighbors.space import Levels, Space, joint_levels
from trainables.information.pair import Counts
from trainables.information.samples import Floats
from trainables.information.threads import gather_from_threads

# Blocks searched at a time: few enough to keep all threads busy to the end.
CHUNK = 2


def own_radii(space: Space, k: int, threads: int) -> Floats:
    """(N,) distance of each point to its k-th nearest other point of the space."""
    nothing = Side(np.empty((len(space.values), 0)), no_edges(), 1.0)
    return _distances(space.levels, Side(space.values, space.edges, 1.0), nothing, k, threads)[:, -1].copy()


def joint_radii(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N,) distance to the k-th nearest other point; distance = max(x distance / units[0], y distance / units[1])."""
    return joint_distances(x, y, units, k, threads)[:, -1].copy()


def joint_distances(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N, k) distances to the k nearest other points, ascending: the radii of every number of neighbours up to k."""
    return _distances(joint_levels((x, y), units, threads), *_sides(x, y, units), k, threads)


def counts_within(space: Space, units: npt.ArrayLike, radii: Floats, threads: int) -> Counts:
    """(R, N) numbers of other points with distance / units[r] strictly below radii[r, i], for R searches at once."""
    levels, edges, divisors = space.levels, space.edges, np.asarray(units, np.float64)
    by_level, by_edge = (count.no_reach(len(radii), len(levels.tiles) * LANES) for _ in range(2))
    reaches, words = np.empty_like(radii), space.words
    count.fill_reaches(radii, divisors, levels.step, edges, by_level, by_edge, reaches)

    def begin() -> count.Workspace:
        return count.workspace(levels.rows.shape[1], edges, *radii.shape)

    def search(first: int, last: int, work: count.Workspace) -> None:
        count.neighbour_counts(
            first, last, levels, edges, space.values, divisors, radii, reaches, words, by_level, by_edge, work
        )

    works = gather_from_threads(begin, search, len(levels.tiles), threads, CHUNK)
    return sum((work.counts for work in works[1:]), works[0].counts)


def joint_rectangles(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> tuple[Floats, Floats]:
    """Two (N,): how far, in x and in y, the other points reach that are no farther than the k-th nearest one."""
    levels, sides = joint_levels((x, y), units, threads), _sides(x, y, units)
    beyond = np.nextafter(_distances(levels, *sides, k, threads)[:, -1], np.inf)
    x_extents, y_extents = np.empty_like(beyond), np.empty_like(beyond)

    def begin() -> searching.Workspace:
        return searching.workspace(levels.rows.shape[1], *sides, k)

    def search(first: int, last: int, work: searching.Workspace) -> None:
        count.neighbour_extents(first, last, levels, *sides, beyond, x_extents, y_extents, work)

    gather_from_threads(begin, search, len(levels.tiles), threads, CHUNK)
    return x_extents, y_extents


def _sides(x: Space, y: Space, units: tuple[float, float]) -> tuple[Side, Side]:
    return Side(x.values, x.edges, units[0]), Side(y.values, y.edges, units[1])


def _distances(levels: Levels, x: Side, y: Side, k: int, threads: int) -> Floats:
    filled = len(levels.tiles) * LANES
    levels_of, x_bytes, y_bytes = np.full((3, filled), 255, np.uint8)
    near = Nearest(np.full((len(levels.rows), k), np.inf), levels_of, x_bytes, y_bytes)

    def room() -> searching.Workspace:
        return searching.workspace(levels.rows.shape[1], x, y, k)

    def search_near(first: int, last: int, work: searching.Workspace) -> None:
        searching.search_near(first, last, levels, x, y, near, work)

    def room_and_copy() -> tuple[searching.Workspace, Nearest]:
        return room(), near if threads == 1 else Nearest._make(array.copy() for array in near)

    def search_far(first: int, last: int, state: tuple[searching.Workspace, Nearest]) -> None:
        work, nearest = state
        searching.search_far(first, last, levels, x, y, nearest, work)

    gather_from_threads(room, search_near, len(levels.tiles), threads, CHUNK)
    found = gather_from_threads(room_and_copy, search_far, len(levels.tiles), threads, CHUNK)
    if threads > 1:
        searching.merge(near.distances, np.stack([nearest.distances for _, nearest in found]), np.empty(k))
    return near.distances
