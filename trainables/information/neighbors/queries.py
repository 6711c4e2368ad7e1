"""Exact k-th neighbor radii and neighbor counts of prepared spaces, in the max norm."""

import numpy as np
import numpy.typing as npt

from trainables.information.neighbors.count import (
    CountBuffers,
    CountedSpace,
    count_buffers,
    count_neighbors,
    find_extents,
    range_searches,
)
from trainables.information.neighbors.search import (
    Nearest,
    SearchBuffers,
    merge_nearest,
    search_buffers,
    search_far,
    search_near,
)
from trainables.information.neighbors.simd import LANES
from trainables.information.neighbors.space import JointSpace, Space, joint_space, space_alone
from trainables.information.pair import Counts
from trainables.information.samples import Floats
from trainables.information.threads import gather_from_threads

# Blocks searched at a time: few enough to keep all threads busy to the end.
CHUNK = 2


def own_radii(space: Space, k: int, threads: int) -> Floats:
    """(N,) distance of each point to its k-th nearest other point of the space."""
    return _distances(space_alone(space), k, threads)[:, -1].copy()


def joint_radii(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N,) distance to the k-th nearest other point; distance = max(x distance / units[0], y distance / units[1])."""
    return joint_distances(x, y, units, k, threads)[:, -1].copy()


def joint_distances(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> Floats:
    """(N, k) distances to the k nearest other points, ascending: the radii of every number of neighbors up to k."""
    return _distances(joint_space(x, y, units, threads), k, threads)


def counts_within(space: Space, units: npt.ArrayLike, radii: Floats, threads: int) -> Counts:
    """(R, N) numbers of other points with distance / units[r] strictly below radii[r, i], for R searches at once."""
    counted = CountedSpace(space.levels, space.edges, space.words, space.values)
    searches = range_searches(radii, np.asarray(units, np.float64), counted)

    def begin() -> CountBuffers:
        return count_buffers(counted, searches)

    def search(first: int, last: int, buffers: CountBuffers) -> None:
        count_neighbors(first, last, counted, searches, buffers)

    found = gather_from_threads(begin, search, len(counted.levels.tiles), threads, CHUNK)
    return sum((buffers.counts for buffers in found[1:]), found[0].counts)


def joint_rectangles(x: Space, y: Space, units: tuple[float, float], k: int, threads: int) -> tuple[Floats, Floats]:
    """Two (N,): how far, in x and in y, the other points reach that are no farther than the k-th nearest one."""
    joint = joint_space(x, y, units, threads)
    beyond = np.nextafter(_distances(joint, k, threads)[:, -1], np.inf)
    x_extents, y_extents = np.empty_like(beyond), np.empty_like(beyond)

    def begin() -> SearchBuffers:
        return search_buffers(joint, k)

    def search(first: int, last: int, buffers: SearchBuffers) -> None:
        find_extents(first, last, joint, beyond, x_extents, y_extents, buffers)

    gather_from_threads(begin, search, len(joint.levels.tiles), threads, CHUNK)
    return x_extents, y_extents


def _distances(joint: JointSpace, k: int, threads: int) -> Floats:
    blocks = len(joint.levels.tiles)
    radii = np.full((3, blocks * LANES), 255, np.uint8)
    near = Nearest(np.full((len(joint.levels.rows), k), np.inf), *radii)

    def begin() -> SearchBuffers:
        return search_buffers(joint, k)

    def near_blocks(first: int, last: int, buffers: SearchBuffers) -> None:
        search_near(first, last, joint, near, buffers)

    def begin_with_copy() -> tuple[SearchBuffers, Nearest]:
        return begin(), near if threads == 1 else Nearest._make(array.copy() for array in near)

    def far_blocks(first: int, last: int, state: tuple[SearchBuffers, Nearest]) -> None:
        buffers, nearest = state
        search_far(first, last, joint, nearest, buffers)

    gather_from_threads(begin, near_blocks, blocks, threads, CHUNK)
    found = gather_from_threads(begin_with_copy, far_blocks, blocks, threads, CHUNK)
    if threads > 1:
        merge_nearest(near.distances, np.stack([nearest.distances for _, nearest in found]), np.empty(k))
    return near.distances
