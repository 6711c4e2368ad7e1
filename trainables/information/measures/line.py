"""Balanced KSG of two one-dimensional samples by trees and sorting: the number of `estimators.ksg` in N log N."""

from math import inf

import numpy as np
from scipy.spatial import cKDTree

from trainables.information.estimators.formulas import ksg_bits
from trainables.information.estimators.settings import Settings
from trainables.information.pair import Counts, as_unit
from trainables.information.samples import Floats, with_noise


def balanced_bits(x: Floats, y: Floats, settings: Settings, seed: int) -> float:
    """Kraskov 2004, eq. 8, of x and y (N,), each in units of its own median neighbor distance. N > k.

    Counts are strict but for distances that agree with the radius to the last few digits, which are not counted.
    Raises DegenerateInput where one side has no balanced scale.
    """
    noisy = with_noise(x, y, settings.noise, seed)
    scaled = [
        side / as_unit(name, float(np.median(_own_radii(side, settings.k))), settings.k, settings.noise)
        for name, side in zip("xy", noisy, strict=True)
    ]
    joint = np.stack(scaled, axis=1)
    distances, _ = cKDTree(joint).query(joint, [settings.k + 1], p=inf, workers=settings.cpu_threads)
    radii = distances[:, 0]
    x_counts, y_counts = (_counts(side, radii) for side in scaled)
    return ksg_bits(len(x), settings.k, x_counts, y_counts, settings.base)


def _own_radii(values: Floats, k: int) -> Floats:
    """(N,) distances to the k-th nearest other value, in ascending order of the values."""
    ordered = np.concatenate([np.full(k, -inf), np.sort(values), np.full(k, inf)])
    count = len(values)
    own = ordered[k : k + count]
    windows = [
        np.maximum(own - ordered[first : first + count], ordered[first + k : first + k + count] - own)
        for first in range(k + 1)
    ]
    radii: Floats = np.minimum.reduce(windows)
    return radii


def _counts(values: Floats, radii: Floats) -> Counts:
    """(N,) the numbers of other values that are nearer than the radius of each."""
    rounding = 4.0 * np.spacing(np.abs(values).max())
    inner = np.maximum(radii - rounding, 0.0)
    ordered = np.sort(values)
    above = np.searchsorted(ordered, values + inner, side="right")
    below = np.searchsorted(ordered, values - inner, side="left")
    counts: Counts = above - below - 1
    return counts
