"""A network with noise at every layer: p(t|x) has no closed form, but is the mean of Gaussians over noisy paths.

Sample propagation (Goldfeld et al. 2019, "Estimating information flow in deep neural networks"): the image is sent
through the noisy network several times, and each time the layer before its own noise is the mean of a Gaussian.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite, log, log2, sqrt

import numpy as np
import numpy.typing as npt

from trainables.information.channel.exact import entropy_bits
from trainables.information.channel.mixture import Components, log_sums_of_paths
from trainables.information.channel.result import ChannelInformation
from trainables.information.estimators.labels import classes_of
from trainables.information.samples import DegenerateInput, Floats, require_rows
from trainables.information.threads import available_threads


def propagated_information(
    paths: npt.ArrayLike,
    noise: float,
    seed: int = 0,
    threads: int | None = None,
    labels: npt.ArrayLike | Sequence[str] | None = None,
) -> ChannelInformation:
    """I(X; T) in bits for X uniform on N images and T = layer + N(0, noise^2), with noise at the layers before too.

    paths: (N, P, d), the layer without its own noise for each image on P >= 2 independent paths through the noisy
    network. The first path with fresh noise is what is observed, t; p(t|x) is the mean of Gaussians at the paths of x.
    Without the observed path that mean is too small in logarithm (Jensen), with it too large: `lower` and `upper` are
    the values of the two, `bits` is halfway, and their distance is what the number of paths leaves open. Beyond a few
    noisy layers, where paths of an image lie many noises apart, that is everything and more, and `bits` says nothing:
    `decoded_information` then gives a lower bound. The standard error is that of the wider bound, over images. With
    labels, one for each image, I(T; Y) in the same way: p(t|y) is the mean over the paths of all images of the class.

    Raises:
        DegenerateInput: paths of another shape, or not finite, or labels that are not one for each image.
        ValueError: noise that is not above 0.
    """
    array = np.asarray(paths, np.float64)
    if array.ndim != 3 or array.shape[0] < 2 or array.shape[1] < 2:
        raise DegenerateInput(
            f"paths have shape {array.shape}: allowed is (images, paths, units), at least 2 of the first two"
        )
    if not np.isfinite(array).all():
        raise DegenerateInput("paths have values that are not finite")
    if not (isfinite(noise) and noise > 0):
        raise ValueError(f"noise = {noise}: the standard deviation must be a finite number above 0")
    images, count, units = array.shape
    components = Components.of(array.reshape(images * count, units))
    # Of densities relative to that of the observed path's own Gaussian.
    classes = None
    if labels is not None:
        classes = classes_of(labels)
        require_rows({"paths": array[:, 0], "labels": classes}, 2)
    own, others, alike = log_sums_of_paths(components, count, noise, seed, threads or available_threads(), classes)
    without, including = own - log(count - 1), np.logaddexp(own, 0.0) - log(count)
    lower, upper = ((at - np.logaddexp(others - log(count), at) + log(images)) / log(2) for at in (without, including))
    found = ChannelInformation(
        bits=float((lower + upper).mean()) / 2,
        standard_error=_wider_error(lower, upper),
        lower=float(lower.mean()),
        upper=float(upper.mean()),
        ceiling=log2(images),
        n=images,
        d=units,
        noise=float(noise),
    )
    if classes is None:
        return found
    of_class = np.log(np.bincount(classes) / images)[classes]
    lower, upper = (
        (np.logaddexp(alike - log(count), at) - of_class - np.logaddexp(others - log(count), at)) / log(2)
        for at in (without, including)
    )
    return replace(
        found,
        label_bits=float((lower + upper).mean()) / 2,
        label_standard_error=_wider_error(lower, upper),
        label_ceiling=entropy_bits(classes),
        label_lower=float(lower.mean()),
        label_upper=float(upper.mean()),
    )


def _wider_error(lower: Floats, upper: Floats) -> float:
    return float(max(lower.std(ddof=1), upper.std(ddof=1))) / sqrt(len(lower))
