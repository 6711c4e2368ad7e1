"""Mutual information of a continuous variable and a label (Ross 2014)."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.estimators.formulas import mean_digamma
from trainables.information.estimators.settings import Settings
from trainables.information.host.layers import RowOrder
from trainables.information.neighbors.queries import counts_within, own_radii
from trainables.information.neighbors.space import prepare
from trainables.information.results import MutualInformation
from trainables.information.samples import DegenerateInput, Floats, as_matrix, noisy, require_rows


def mutual_information_with_labels(
    x: npt.ArrayLike, labels: npt.ArrayLike | Sequence[str], settings: Settings, seed: int
) -> MutualInformation:
    """I(x; label) by Ross 2014, eq. 1. Raises DegenerateInput where there is none."""
    k = settings.k
    samples, classes = as_matrix(x, "x"), classes_of(labels)
    require_rows({"x": samples, "labels": classes}, k)
    members = np.bincount(classes)
    kept = members[classes] > 1
    if not kept.any():
        raise DegenerateInput(f"none of the {len(classes)} labels occurs twice: a class needs at least two points")
    of_label = noisy(samples, settings.noise, np.random.default_rng(seed))[kept], classes[kept]
    near = _neighborhood_sizes(*of_label, k, settings.cpu_threads)
    class_sizes = members[classes[kept]]
    largest = float(digamma(len(class_sizes))) - mean_digamma(class_sizes)
    value = largest + mean_digamma(np.minimum(class_sizes - 1, k)) - mean_digamma(near)
    units = log(settings.base)
    dims = samples.shape[1], 1
    return MutualInformation(
        value / units, len(class_sizes), k, dims, float(settings.base), largest_bits=largest / units
    )


def _neighborhood_sizes(samples: Floats, classes: npt.NDArray[np.int64], k: int, threads: int) -> npt.NDArray[np.int64]:
    """Ross's m of each point: itself and all points strictly nearer than its k-th neighbor of the same class."""
    rows = RowOrder((samples,)).rows
    samples, ordered = samples[rows], classes[rows]
    radii = np.empty(len(rows))
    for label in np.unique(classes):
        places = np.flatnonzero(ordered == label)
        class_space = prepare(samples[places], np.arange(len(places)), threads)
        radii[places] = own_radii(class_space, min(k, len(places) - 1), threads)
    space = prepare(samples, np.arange(len(samples)), threads)
    return counts_within(space, [1.0], radii[np.newaxis], threads)[0] + 1


def classes_of(labels: npt.ArrayLike | Sequence[str]) -> npt.NDArray[np.int64]:
    """(N,) the number of each label among the sorted different ones. Raises DegenerateInput for no labels."""
    array: npt.NDArray[Any] = np.asarray(labels)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0:
        raise DegenerateInput(f"labels have shape {array.shape}: one label per row is needed")
    if array.dtype.kind not in "fiubUS":
        raise DegenerateInput(f"labels have dtype {array.dtype}: numbers, booleans or strings are needed")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise DegenerateInput(f"labels[{int(np.argmin(np.isfinite(array)))}] is not finite: all labels must be")
    return np.unique(array, return_inverse=True)[1].astype(np.int64)
