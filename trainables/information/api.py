"""The functions that others call: keywords in, plain results out. What they do is done in the packages below."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypedDict, Unpack

import numpy.typing as npt

from trainables.information.credibility import diagnostics as credibility
from trainables.information.device import to_host
from trainables.information.estimators import batches, conditional, ksg
from trainables.information.estimators import labels as with_labels
from trainables.information.estimators.settings import Settings
from trainables.information.results import Credibility, MutualInformation, PairEstimate

Scales = tuple[str, ...]


class SampleOptions(TypedDict, total=False):
    """Keywords of every estimate; `Settings` has their defaults.

    noise: amplitude of what breaks ties, by default NPEET's, 1e-10. threads: None for all.
    """

    noise: float
    threads: int | None


class EstimatorOptions(SampleOptions, total=False):
    """Keywords of an MI of two samples. estimator: "ksg", "ksg2" or "npeet"."""

    estimator: str


class EstimateOptions(EstimatorOptions, total=False):
    """The same where work may be done on a device. device: None for where the samples are, else whether to."""

    device: bool | None


def mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    k: int = 3,
    base: float = 2,
    *,
    scale: str = "none",
    seed: int = 0,
    diagnostics: bool = False,
    **options: Unpack[EstimateOptions],
) -> MutualInformation:
    """Mutual information of x (N, dx) and y (N, dy), exactly as NPEET computes it (Kraskov 2004, eq. 8; max norm).

    scale "none" takes x and y as they are, "balanced" divides each by the median of its own k-th neighbor distances.
    noise * U[0, 1) from `seed` breaks ties. threads: None for all; the value does not depend on it.
    estimator: "ksg2" is Kraskov's eq. 9 (JIDT's algorithm 2), "npeet" calls npeet_plus.
    NPEET subtracts 1e-15 from its radii, which float64 swallows from 16 on: from there it counts the neighbors at the
    radius itself too, and its number is no longer Kraskov's, nor ours.

    Any real dtype and layout will do; one axis is one column, further axes are flattened. Constant columns, dead units,
    duplicate rows and saturated values have a value. NaN, infinities, no more than k rows, unequal numbers of rows, and
    a balanced scale where most rows coincide raise DegenerateInput (a ValueError) with the culprit; wrong arguments
    ValueError.

    x and y may be arrays of Keras' backend. If either lives on an accelerator, "ksg" does all work there, without a
    copy of it to the host, and gives the same value; device=True asks for that whatever x and y are, False forbids it.
    diagnostics: also give the result its `credibility`, as `diagnose` finds it, on the host and at several times the
    cost.
    """
    settings = Settings(k, base, **options)
    value = ksg.mutual_information(x, y, scale, settings, seed)
    if not diagnostics:
        return value
    return replace(value, credibility=credibility.diagnose(to_host(x), to_host(y), scale, settings, seed))


def measure(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    k: int = 3,
    base: float = 2,
    scales: Scales = ("none", "balanced"),
    seed: int = 0,
    **options: Unpack[EstimateOptions],
) -> PairEstimate:
    """Both scales of one pair at once, sharing work; arguments as in `mutual_information`.

    Degenerate samples give None and a reason, never an exception; wrong arguments (an unknown scale) still raise.
    """
    return ksg.measure(x, y, scales, Settings(k, base, **options), seed)


def measure_pairs(
    layers: Mapping[str, npt.ArrayLike],
    pairs: Sequence[tuple[str, str]],
    *,
    k: int = 3,
    base: float = 2,
    scales: Scales | Sequence[Scales] = ("none", "balanced"),
    seeds: Mapping[str, int] | int = 0,
    **options: Unpack[EstimateOptions],
) -> list[PairEstimate]:
    """What `measure` gives for each pair of layers, by name, sharing all work of the layers that they share.

    scales: of all pairs, or one tuple per pair. seeds: of each layer's noise; a number stands for one seed for each
    layer, by its place. The noise of a layer is then the same in all its pairs, and the values are exactly those that
    `measure` gives for samples with that noise; `measure` itself draws both layers' from one generator, as NPEET does.
    estimator "npeet" draws its own noise besides, from the seed of x. Degenerate samples give None and a reason.

    If any layer lives on an accelerator, "ksg" does all work there, pair by pair, and gives the same values; device as
    in `mutual_information`.
    """
    settings = Settings(k, base, **options)
    return batches.measure_pairs(layers, pairs, scales, settings, seeds)


def diagnose(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    k: int = 3,
    base: float = 2,
    *,
    scale: str = "none",
    seed: int = 0,
    measured: PairEstimate | None = None,
    **options: Unpack[EstimatorOptions],
) -> Credibility:
    """The credibility of `mutual_information(x, y, ...)` with the same arguments, at five to six times its cost.

    measured: what `measure` gave for these arguments; by default it is called for both scales. Everything else is by
    the same estimator, but for "npeet" by "ksg", whose number is the same as long as radii stay below 16. Degenerate
    samples give None and a reason, never an exception; wrong arguments still raise ValueError.
    """
    return credibility.diagnose(x, y, scale, Settings(k, base, device=None, **options), seed, measured)


def conditional_mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    z: npt.ArrayLike,
    k: int = 3,
    base: float = 2,
    *,
    seed: int = 0,
    **options: Unpack[SampleOptions],
) -> MutualInformation:
    """I(x; y | z) of samples (N, dx), (N, dy), (N, dz), exactly as NPEET's `cmi` computes it (max norm).

    Frenzel & Pompe 2007, eq. 8: digamma(k) - <digamma(n_xz + 1) + digamma(n_yz + 1) - digamma(n_z + 1)>, the numbers
    of other points strictly nearer than the k-th joint neighbor. noise * U[0, 1) is added to x, then to y, and not to
    z, as in NPEET. Where distances in z tie but for the last digits of decimals (0.1 + 0.2 and 0.3), NPEET counts them
    as equal, and its number is another. Arguments and errors otherwise as in `mutual_information`; dims are those of x
    and y.
    """
    settings = Settings(k, base, estimator="ksg", device=None, **options)
    return conditional.conditional_mutual_information(x, y, z, settings, seed)


def mutual_information_with_labels(
    x: npt.ArrayLike,
    labels: npt.ArrayLike | Sequence[str],
    k: int = 3,
    base: float = 2,
    *,
    seed: int = 0,
    **options: Unpack[SampleOptions],
) -> MutualInformation:
    """I(x; label) of samples (N, d) and N labels (numbers, booleans or strings; compared for equality), max norm.

    Ross 2014, eq. 1: digamma(N) - <digamma(N_label)> + digamma(k) - <digamma(m)>, where m - 1 counts the other points
    of any label strictly nearer than the k-th neighbor among those of the same label. All distances are taken in x, so
    the value does not change with its scale: it is the balanced value too. This is the algorithm of scikit-learn's
    `mutual_info_classif`, its treatment of small classes included (k is at most N_label - 1; points whose label no
    other has are left out), but in any dimension, and not cut off at 0. NPEET's `micd` is another estimator: a
    difference of entropies. `ceiling_bits` is the value of separated classes: digamma(N) - <digamma(N_label)>.
    noise * U[0, 1) is added to x. Raises DegenerateInput where no value exists: also for labels that never repeat.
    """
    settings = Settings(k, base, estimator="ksg", device=None, **options)
    return with_labels.mutual_information_with_labels(x, labels, settings, seed)
