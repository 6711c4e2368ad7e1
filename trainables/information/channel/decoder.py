"""A lower bound of I(X; T) for noise at every layer, by a decoder that is fitted to other paths than it is tested on.

For any q(x|t), I(X; T) >= log2 N + E log2 q(x|t) (Barber & Agakov 2003). Here q is that of Gaussians with one
covariance, the pooled one of the paths, around the mean of each image's paths, shrunk as its own error asks for. It
is tight where noise leaves a layer Gaussian and of one size, as in linear networks, and too low elsewhere. A mixture
over paths needs so many that one comes near each outcome in all units; this does not.
"""

from typing import NamedTuple

import numpy as np

from trainables.information.samples import Floats


class Bound(NamedTuple):
    """Bits, and their standard error over images."""

    bits: float
    standard_error: float


def decoded_information(paths: Floats, noise: float, seed: int = 0) -> Bound:
    """At least so much is I(X; T) in bits, for X uniform on the N images and T = layer + N(0, noise^2).

    paths: (N, P, d), finite, P >= 3 independent paths of each image before the layer's own noise; the first is decoded.
    """
    images, count, units = paths.shape
    fitted = paths[:, 1:]
    means = fitted.mean(axis=1)
    residuals = (fitted - means[:, None]).reshape(-1, units)
    within = residuals.T @ residuals / (images * (count - 2))
    center, of_means = means.mean(axis=0), within / (count - 1)
    spread, axes = np.linalg.eigh(np.cov(means.T) - of_means)
    between = (axes * np.maximum(spread, 0.0)) @ axes.T
    shrinkage = between @ np.linalg.pinv(between + of_means, hermitian=True)
    shrunk = center + (means - center) @ shrinkage.T
    covariance = within + (between - shrinkage @ between) + noise**2 * np.eye(units)
    sizes, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    root = axes * np.sqrt(np.maximum(sizes, noise**2))  # rounding leaves less where other units are very large
    observed = paths[:, 0] + noise * np.random.default_rng([seed, 2]).standard_normal((images, units))
    points, targets = (np.linalg.solve(root, (one - center).T).T for one in (observed, shrunk))
    odds = points @ targets.T - 0.5 * np.sum(targets**2, axis=1)
    odds -= odds.max(axis=1, keepdims=True)
    values = np.log2(images) + (np.diag(odds) - np.log(np.exp(odds).sum(axis=1))) / np.log(2)
    return Bound(float(values.mean()), float(values.std(ddof=1) / np.sqrt(images)))
