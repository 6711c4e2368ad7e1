"""Mutual information by estimator 1 of Kraskov, Stoegbauer & Grassberger (2004): formula and public functions."""

from dataclasses import dataclass
from math import isfinite, log

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.accelerator import device_pair
from trainables.information.backend import is_on_accelerator
from trainables.information.compilation import available_threads
from trainables.information.npeet import npeet_bits, require_its_noise
from trainables.information.pairs import SCALES, Pair, Units
from trainables.information.samples import NPEET_NOISE, DegenerateInput, as_samples, with_noise

ESTIMATORS = ("ksg", "npeet")


@dataclass(frozen=True, slots=True)
class MutualInformation:
    """One estimate. `bits` is in units of the logarithm's base: bits for base 2, nats for base e."""

    bits: float
    n: int
    k: int
    dims: tuple[int, int]
    base: float = 2.0
    scale: str = "none"

    @property
    def ceiling_bits(self) -> float:
        """The largest value that N samples can give, in the unit of `bits`."""
        return ceiling_bits(self.n, self.k, self.base)


@dataclass(frozen=True, slots=True)
class Measurement:
    """One pair on both scales; None is a value that was not asked for or, if `reason` is given, does not exist.

    bits: NPEET's number. balanced_bits: each space in units of its own median k-th neighbour distance.
    scale_ratio: that median of y divided by that of x. reason: sentences that say which values are missing and why.
    """

    bits: float | None
    balanced_bits: float | None
    scale_ratio: float | None
    reason: str | None = None


def ceiling_bits(n: int, k: int = 3, base: float = 2) -> float:
    """digamma(n) - digamma(k) - 1/k in units of the base: what KSG-1 with noise gives for y = x, whatever the truth."""
    return float((digamma(n) - digamma(k) - 1.0 / k) / log(base))


def mutual_information(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    k: int = 3,
    base: float = 2,
    *,
    scale: str = "none",
    noise: float = NPEET_NOISE,
    seed: int = 0,
    threads: int | None = None,
    estimator: str = "ksg",
    device: bool | None = None,
) -> MutualInformation:
    """Mutual information of x (N, dx) and y (N, dy), exactly as NPEET computes it (Kraskov 2004, eq. 8; max norm).

    scale "none" takes x and y as they are, "balanced" divides each by the median of its own k-th neighbour distances.
    noise * U[0, 1) from `seed` breaks ties. threads: None for all; the value does not depend on it.
    estimator "npeet" calls npeet_plus. Raises DegenerateInput (a ValueError) where no value exists.

    x and y may be arrays of Keras' backend. If either lives on an accelerator, all work is done there, without a copy
    of it to the host, and gives the same value; device=True asks for that whatever x and y are, False forbids it.
    """
    pair = _pair(x, y, k, noise, seed, threads, estimator, base, device)
    _require_known("scale", scale, tuple(SCALES))
    bits = _bits(pair, SCALES[scale](pair), base, seed, estimator)
    return MutualInformation(bits, len(pair.x), k, (pair.x.shape[1], pair.y.shape[1]), float(base), scale)


def measure(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    *,
    k: int = 3,
    base: float = 2,
    scales: tuple[str, ...] = ("none", "balanced"),
    noise: float = NPEET_NOISE,
    seed: int = 0,
    threads: int | None = None,
    estimator: str = "ksg",
    device: bool | None = None,
) -> Measurement:
    """Both scales of one pair at once, sharing work; arguments as in `mutual_information`.

    Degenerate samples give None and a reason, never an exception; wrong arguments (an unknown scale) still raise.
    """
    for scale in scales:
        _require_known("scale", scale, tuple(SCALES))
    try:
        pair = _pair(x, y, k, noise, seed, threads, estimator, base, device)
    except DegenerateInput as degenerate:
        return Measurement(None, None, None, str(degenerate))
    values: dict[str, float] = {}
    reasons: list[str] = []
    ratio = None
    for scale in scales:
        try:
            units = SCALES[scale](pair)
            if scale == "balanced":
                ratio = units[1] / units[0]
            values[scale] = _bits(pair, units, base, seed, estimator)
        except DegenerateInput as degenerate:
            reasons.append(str(degenerate))
    return Measurement(values.get("none"), values.get("balanced"), ratio, "; ".join(reasons) or None)


def ksg_bits(n: int, k: int, x_counts: npt.NDArray[np.int64], y_counts: npt.NDArray[np.int64], base: float) -> float:
    """Kraskov 2004, eq. 8: digamma(k) + digamma(N) - <digamma(n_x + 1) + digamma(n_y + 1)>, in units of the base."""
    terms = _mean_digamma(x_counts + 1), _mean_digamma(y_counts + 1)
    return float((digamma(k) + digamma(n) - terms[0] - terms[1]) / log(base))


def _mean_digamma(counts: npt.NDArray[np.int64]) -> float:
    # Counts repeat: one digamma per distinct value instead of one per point.
    multiplicity = np.bincount(counts)
    present = np.flatnonzero(multiplicity)
    return float(digamma(present) @ multiplicity[present]) / len(counts)


def _pair(
    x: npt.ArrayLike,
    y: npt.ArrayLike,
    k: int,
    noise: float,
    seed: int,
    threads: int | None,
    estimator: str,
    base: float,
    device: bool | None,
) -> Pair:
    _require_known("estimator", estimator, ESTIMATORS)
    if estimator == "npeet":
        require_its_noise(noise)
        if device:
            raise ValueError("device = True: estimator 'npeet' runs on the CPU only; use estimator 'ksg'")
    if not (isfinite(base) and base > 1.0):
        raise ValueError(f"base = {base}: the base of the logarithm must be a finite number above 1")
    if threads is not None and threads < 1:
        raise ValueError(f"threads = {threads}: at least 1 is needed, or None for all")
    threads = threads or available_threads()
    if device is None:
        device = estimator == "ksg" and (is_on_accelerator(x) or is_on_accelerator(y))
    if device:
        return device_pair(x, y, k, noise, seed, threads)
    samples = as_samples(x, y, k)
    return Pair(*with_noise(*samples, noise, seed), k, noise, threads)


def _bits(pair: Pair, units: Units, base: float, seed: int, estimator: str) -> float:
    if estimator == "npeet":
        return npeet_bits(pair.x / units[0], pair.y / units[1], pair.k, base, seed)
    return ksg_bits(len(pair.x), pair.k, *pair.counts(units), base)


def _require_known(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: allowed are {', '.join(map(repr, allowed))}")
