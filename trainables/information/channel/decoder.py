"""A lower bound of I(X; T) for noise at every layer, by a decoder that is fitted to other paths than it is tested on.

For any q(x|t), I(X; T) >= log2 N + E log2 q(x|t) (Barber & Agakov 2003). Here q is that of Gaussians with one
covariance, the pooled one of the paths, around the mean of each image's paths, shrunk as its own error asks for. It
is tight where noise leaves a layer Gaussian and of one size, as in linear networks, and too low elsewhere. A mixture
over paths needs so many that one comes near each outcome in all units; this does not.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from trainables.information.estimators.labels import classes_of
from trainables.information.samples import Floats


class Bound(NamedTuple):
    """Bits, and their standard error over images; of labels, where there were any, the same."""

    bits: float
    standard_error: float
    label_bits: float | None = None
    label_standard_error: float | None = None


def decoded_information(
    paths: Floats, noise: float, seed: int = 0, labels: npt.ArrayLike | Sequence[str] | None = None
) -> Bound:
    """At least so much is I(X; T) in bits, for X uniform on the N images and T = layer + N(0, noise^2).

    paths: (N, P, d), finite, P >= 3 independent paths of each image before the layer's own noise; the first is decoded.
    labels: one for each image; I(T; Y) is at least H(Y) + E log2 q(y|t), with q(y|t) the sum of q(x|t) over the images
    of the class.
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
    of_images = _mean_and_error(values)
    if labels is None:
        return Bound(*of_images)
    classes = classes_of(labels)
    own = np.arange(images), classes
    share = (np.exp(odds) @ np.eye(int(classes.max()) + 1)[classes])[own] / np.exp(odds).sum(axis=1)
    with np.errstate(divide="ignore"):
        of_classes = np.log2(share) - np.log2(np.bincount(classes)[classes] / images)
    return Bound(*of_images, *_mean_and_error(of_classes))


def _mean_and_error(values: Floats) -> tuple[float, float]:
    return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
