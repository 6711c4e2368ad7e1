"""Mutual information of a continuous variable and a label (Ross 2014)."""

from collections.abc import Sequence
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.estimators.formulas import mean_digamma, require_base, require_threads
from trainables.information.host.layers import RowOrder
from trainables.information.neighbors.queries import counts_within, own_radii
from trainables.information.neighbors.space import prepare
from trainables.information.results import MutualInformation
from trainables.information.samples import (
    NPEET_NOISE,
    DegenerateInput,
    Floats,
    as_matrix,
    noisy,
    require_neighbours,
    require_rows,
)
from trainables.information.threads import available_threads


def mutual_information_with_labels(
    x: npt.ArrayLike,
    labels: npt.ArrayLike | Sequence[str],
    k: int = 3,
    base: float = 2,
    *,
    noise: float = NPEET_NOISE,
    seed: int = 0,
    threads: int | None = None,
) -> MutualInformation:
    """I(x; label) of samples (N, d) and N labels (numbers, booleans or strings; compared for equality), max norm.

    Ross 2014, eq. 1: digamma(N) - <digamma(N_label)> + digamma(k) - <digamma(m)>, where m - 1 counts the other points
    of any label strictly nearer than the k-th neighbour among those of the same label. All distances are taken in x, so
    the value does not change with its scale: it is the balanced value too. This is the algorithm of scikit-learn's
    `mutual_info_classif`, its treatment of small classes included (k is at most N_label - 1; points whose label no
    other has are left out), but in any dimension, and not cut off at 0. NPEET's `micd` is another estimator: a
    difference of entropies. `ceiling_bits` is the value of separated classes: digamma(N) - <digamma(N_label)>.
    noise * U[0, 1) is added to x. Raises DegenerateInput where no value exists: also for labels that never repeat.
    """
    require_base(base)
    require_threads(threads)
    require_neighbours(k)
    samples, classes = as_matrix(x, "x"), _classes(labels)
    require_rows({"x": samples, "labels": classes}, k)
    members = np.bincount(classes)
    kept = members[classes] > 1
    if not kept.any():
        raise DegenerateInput(f"none of the {len(classes)} labels occurs twice: a class needs at least two points")
    of_label = noisy(samples, noise, np.random.default_rng(seed))[kept], classes[kept]
    near = _neighbourhoods(*of_label, k, threads or available_threads())
    class_sizes = members[classes[kept]]
    largest = float(digamma(len(class_sizes))) - mean_digamma(class_sizes)
    value = largest + mean_digamma(np.minimum(class_sizes - 1, k)) - mean_digamma(near)
    units = log(base)
    dims = samples.shape[1], 1
    return MutualInformation(value / units, len(class_sizes), k, dims, float(base), largest_bits=largest / units)


def _neighbourhoods(samples: Floats, classes: npt.NDArray[np.int64], k: int, threads: int) -> npt.NDArray[np.int64]:
    """Ross's m of each point: itself and all points strictly nearer than its k-th neighbour of the same class."""
    rows = RowOrder((samples,)).rows
    samples, ordered = samples[rows], classes[rows]
    radii = np.empty(len(rows))
    for label in np.unique(classes):
        places = np.flatnonzero(ordered == label)
        class_space = prepare(samples[places], np.arange(len(places)), threads)
        radii[places] = own_radii(class_space, min(k, len(places) - 1), threads)
    space = prepare(samples, np.arange(len(samples)), threads)
    return counts_within(space, [1.0], radii[np.newaxis], threads)[0] + 1


def _classes(labels: npt.ArrayLike | Sequence[str]) -> npt.NDArray[np.int64]:
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
