"""The Euclidean distances of every row to its two nearest other rows, exactly."""

import numpy as np

from trainables.information.samples import Floats

BLOCK = 2**22
"""Distances that are held at a time: 32 MiB."""


def two_nearest(rows: Floats) -> Floats:
    """Squared distances of each row to its nearest and its second nearest other row, shape (N, 2); at least 3 rows.

    A matrix product tells which rows may be the nearest: all whose squared distance exceeds the second least by no more
    than rounding can explain. Of these alone the distance is taken again, as the sum of squared differences, so that
    neither large norms nor the threads of the product move the result.
    """
    moved = rows - rows.mean(axis=0)
    norms = np.sum(moved**2, axis=1)
    size = max(1, BLOCK // len(rows))
    found = [
        _two_nearest_of(np.arange(start, min(start + size, len(rows))), rows, moved, norms)
        for start in range(0, len(rows), size)
    ]
    return np.concatenate(found)


def _two_nearest_of(which: np.ndarray, rows: Floats, moved: Floats, norms: Floats) -> Floats:
    rough = moved[which] @ (-2.0 * moved.T)
    rough += norms
    places = np.arange(len(which))
    rough[places, which] = np.inf
    nearest = rough.argmin(axis=1)
    least = rough[places, nearest]
    rough[places, nearest] = np.inf
    second = rough.min(axis=1)
    rough[places, nearest] = least
    limit = second + _slack(norms[which], second + norms[which], moved.shape[1])
    ours, others = np.nonzero(rough <= limit[:, None])
    squared = _squared_distances(rows, which[ours], others)
    order = np.lexsort((squared, ours))
    starts = np.searchsorted(ours, places)
    return np.stack([squared[order][starts], squared[order][starts + 1]], axis=1)


def _slack(norms: Floats, second: Floats, width: int) -> Floats:
    """How far |b|^2 - 2 a.b of the two nearest b of rows a may exceed the second least, by the rounding of both.

    The product of so many columns is rounded by less than (width + 8) eps |a||b|, and |b| is at most |a| + |a - b|.
    """
    slack: Floats = 8.0 * (width + 8) * np.finfo(float).eps * (norms + np.maximum(second, 0.0))
    return slack


def _squared_distances(rows: Floats, ours: np.ndarray, others: np.ndarray) -> Floats:
    size = max(1, BLOCK // rows.shape[1])
    found = [
        np.sum((rows[ours[start : start + size]] - rows[others[start : start + size]]) ** 2, axis=1)
        for start in range(0, len(ours), size)
    ]
    return np.concatenate(found)
