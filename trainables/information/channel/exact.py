"""The channel image -> layer + Gaussian noise: p(t|x) is one Gaussian, so I(X; T) is known up to sampling error."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, log, log2, sqrt

import numpy as np
import numpy.typing as npt

from trainables.information.channel import on_device
from trainables.information.channel.mixture import Components, mean_overlaps, sums_of_ratios
from trainables.information.channel.result import ChannelInformation
from trainables.information.device import is_on_accelerator, to_host
from trainables.information.estimators.labels import classes_of
from trainables.information.samples import Floats, as_matrix, require_rows
from trainables.information.threads import available_threads

PARTS_OF_CURVE = (4, 2)


def channel_information(
    signals: npt.ArrayLike,
    noise: float,
    labels: npt.ArrayLike | Sequence[str] | None = None,
    draws: int = 1,
    seed: int = 0,
    threads: int | None = None,
    device: bool | None = None,
) -> ChannelInformation:
    """I(X; T) in bits for X uniform on N images and T = signals[X] + N(0, noise^2) in every one of d units.

    signals: (N, d), one row per image; further axes are flattened. With s_i the signal of image i and n its noise,

        I(X; T) = log2 N - 1/N sum_i E_n log2 sum_j exp(-(|s_i + n - s_j|^2 - |n|^2) / (2 noise^2)),

    the mean over n from `draws` draws for every image. The standard error is that of these draws; for one draw that of
    the images too, which is larger. `lower` and `upper` are the pairwise bounds of Kolchinsky & Tracey 2017, eq. 10 and
    11, by Bhattacharyya coefficients and by Kullback-Leibler divergences. With labels (N of them), I(T; Y) by the
    same mixture, by class. Equal seeds give equal bits for any number of threads (None for all).

    device: whether the device of Keras' backend computes the sums, in float64, as by default for signals that are on an
    accelerator. It draws the same noise, and differs from the CPU by rounding.

    The value is that of these N images: of the distribution that they are drawn from it is a lower bound on average,
    which `ceiling` = log2 N limits; `saturated` says where.

    Raises:
        DegenerateInput: signals that are not finite real numbers, or labels that are not one for each image.
        ValueError: noise that is not above 0, fewer than one draw or thread.
    """
    use_device = is_on_accelerator(signals) if device is None else device
    matrix = as_matrix(to_host(signals), "signals")
    _require(noise, draws, threads)
    classes = None
    if labels is not None:
        classes = classes_of(labels)
        require_rows({"signals": matrix, "labels": classes}, 1)
    use = threads or available_threads()
    components, sets = Components.of(matrix), _Sets.of(len(matrix), classes, seed)
    if use_device:
        sums = [on_device.sums_of_ratios(components, sets.indicators, noise, seed, draw) for draw in range(draws)]
        overlaps, divergences = on_device.mean_overlaps(components, noise)
    else:
        sums = [sums_of_ratios(components, sets.indicators, noise, seed, draw, use) for draw in range(draws)]
        overlaps, divergences = mean_overlaps(components, noise, use)
    values = [sets.values(one) for one in sums]
    bits, error = _mean_and_error([value.image for value in values])
    label_bits, label_error = (
        _mean_and_error([value.label for value in values]) if classes is not None else (None, None)
    )
    return ChannelInformation(
        bits=bits,
        standard_error=error,
        lower=-float(np.log2(overlaps).mean()),
        upper=-float(np.log2(divergences).mean()),
        ceiling=log2(len(matrix)),
        n=len(matrix),
        d=matrix.shape[1],
        noise=float(noise),
        label_bits=label_bits,
        label_standard_error=label_error,
        label_ceiling=None if classes is None else entropy_bits(classes),
        n_curve={
            size: float(np.mean([value.parts[place] for value in values])) for place, size in enumerate(sets.sizes)
        },
    )


@dataclass(frozen=True, slots=True)
class _Values:
    """In bits: log p(t|x)/p(t) of every image, log p(t|y)/p(t) of every image, and the mean of the first on parts."""

    image: Floats
    label: Floats
    parts: list[float]


@dataclass(frozen=True, slots=True)
class _Sets:
    """The sets of images over which a mixture is summed: each part of the curve, the last of them all; each class.

    The indicators of parts and of classes are two matrices, so that labels change no other value.
    """

    indicators: list[Floats]
    members: list[npt.NDArray[np.int64]]
    classes: npt.NDArray[np.int64] | None

    @classmethod
    def of(cls, count: int, classes: npt.NDArray[np.int64] | None, seed: int) -> "_Sets":
        order = np.random.default_rng([seed, count]).permutation(count)
        members = [np.sort(order[: count // part]) for part in PARTS_OF_CURVE if count // part > 1]
        members.append(np.arange(count))
        parts = np.zeros((count, len(members)))
        for place, rows in enumerate(members):
            parts[rows, place] = 1.0
        by_class = [] if classes is None else [np.eye(int(classes.max()) + 1)[classes]]
        return cls([parts, *by_class], members, classes)

    @property
    def sizes(self) -> list[int]:
        return [len(rows) for rows in self.members]

    def values(self, sums: Sequence[Floats]) -> _Values:
        """From the sums of the ratios over each set."""
        of_parts, *of_classes = sums
        parts = [
            float((log2(len(rows)) - np.log2(of_parts[rows, place])).mean()) for place, rows in enumerate(self.members)
        ]
        whole = of_parts[:, -1]
        image = log2(len(whole)) - np.log2(whole)
        label = np.zeros(0)
        if self.classes is not None:
            same = of_classes[0][np.arange(len(whole)), self.classes]
            label = np.log2(same / np.bincount(self.classes)[self.classes]) - np.log2(whole / len(whole))
        return _Values(image, label, parts)


def _mean_and_error(draws: list[Floats]) -> tuple[float, float]:
    values = np.stack(draws)
    count, images = values.shape
    if count == 1:
        return float(values.mean()), float(values.std(ddof=1)) / sqrt(images)
    return float(values.mean()), float(np.sqrt(values.var(axis=0, ddof=1).sum() / count)) / images


def entropy_bits(classes: npt.NDArray[np.int64]) -> float:
    """The entropy of labels (N,), as they are distributed among the images."""
    shares = np.bincount(classes) / len(classes)
    return -sum(float(share) * log(share) for share in shares) / log(2)


def _require(noise: float, draws: int, threads: int | None) -> None:
    if not (isfinite(noise) and noise > 0):
        raise ValueError(f"noise = {noise}: the standard deviation must be a finite number above 0")
    if draws < 1:
        raise ValueError(f"draws = {draws}: at least 1 is needed")
    if threads is not None and threads < 1:
        raise ValueError(f"threads = {threads}: at least 1 is needed, or None for all")
