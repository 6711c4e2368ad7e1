"""The formulas that turn neighbour counts into MI, and which of them go by which name."""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import digamma

from trainables.information.device.backend import is_on_accelerator
from trainables.information.estimators.npeet import npeet_bits, require_its_noise
from trainables.information.pair import Neighborhood, Pair, Units
from trainables.information.samples import DegenerateInput

Formula = Callable[[int, int, npt.NDArray[np.int64], npt.NDArray[np.int64], float], float]


class Request(NamedTuple):
    """One value asked for: of a pair, its distances divided by the units; the seed is used by NPEET alone."""

    pair: Pair
    units: Units
    seed: int


def ksg_bits(n: int, k: int, x_counts: npt.NDArray[np.int64], y_counts: npt.NDArray[np.int64], base: float) -> float:
    """Kraskov 2004, eq. 8: digamma(k) + digamma(N) - <digamma(n_x + 1) + digamma(n_y + 1)>, in units of the base."""
    terms = mean_digamma(x_counts + 1), mean_digamma(y_counts + 1)
    return float((digamma(k) + digamma(n) - terms[0] - terms[1]) / log(base))


def ksg2_bits(n: int, k: int, x_counts: npt.NDArray[np.int64], y_counts: npt.NDArray[np.int64], base: float) -> float:
    """Kraskov 2004, eq. 9: digamma(k) - 1/k + digamma(N) - <digamma(n_x) + digamma(n_y)>, in units of the base."""
    terms = mean_digamma(x_counts), mean_digamma(y_counts)
    return float((digamma(k) - 1.0 / k + digamma(n) - terms[0] - terms[1]) / log(base))


def mean_digamma(numbers: npt.NDArray[np.int64]) -> float:
    """The mean of the digamma of whole numbers above 0."""
    # Counts repeat: one digamma per distinct value instead of one per point.
    multiplicity = np.bincount(numbers)
    present = np.flatnonzero(multiplicity)
    return float(digamma(present) @ multiplicity[present]) / len(numbers)


NEIGHBOR_ESTIMATORS: dict[str, tuple[Neighborhood, Formula]] = {
    "ksg": ("square", ksg_bits),
    "ksg2": ("rectangle", ksg2_bits),
}
ESTIMATORS = (*NEIGHBOR_ESTIMATORS, "npeet")


def estimates(requests: Sequence[Request], base: float, estimator: str) -> list[float | DegenerateInput]:
    """The value of each request, in units of the base, or why there is none; all in one search of each layer.

    All pairs are of one kind: on the host, or on a device.
    """
    if estimator == "npeet":
        return [_by_npeet(request, base) for request in requests]
    if not requests:
        return []
    neighborhood, formula = NEIGHBOR_ESTIMATORS[estimator]
    kind = type(requests[0].pair)
    counts = kind.counts([(request.pair, request.units) for request in requests], neighborhood)
    return [
        formula(request.pair.n, request.pair.k, *both, base) for request, both in zip(requests, counts, strict=True)
    ]


def _by_npeet(request: Request, base: float) -> float | DegenerateInput:
    pair, units, seed = request
    x, y = pair.host_samples()
    try:
        return npeet_bits(x / units[0], y / units[1], pair.k, base, seed)
    except DegenerateInput as degenerate:
        return degenerate


def require_estimator(estimator: str, noise: float) -> None:
    """Raise ValueError unless the estimator is known and can be used with that noise."""
    require_known("estimator", estimator, ESTIMATORS)
    if estimator == "npeet":
        require_its_noise(noise)


def is_for_device(device: bool | None, estimator: str, layers: Iterable[object]) -> bool:
    """Whether to work on the device: if asked to, or if not told and "ksg" is to use an array on an accelerator."""
    if device and estimator != "ksg":
        raise ValueError(f"device = True: estimator {estimator!r} runs on the CPU only; use estimator 'ksg'")
    return estimator == "ksg" and any(map(is_on_accelerator, layers)) if device is None else device


def require_base(base: float) -> None:
    """Raise ValueError unless the base can be that of a logarithm."""
    if not (isfinite(base) and base > 1.0):
        raise ValueError(f"base = {base}: the base of the logarithm must be a finite number above 1")


def require_threads(threads: int | None) -> None:
    """Raise ValueError unless the threads are None, which is all, or at least one."""
    if threads is not None and threads < 1:
        raise ValueError(f"threads = {threads}: at least 1 is needed, or None for all")


def require_known(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raise ValueError unless the value is one of those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} = {value!r}: allowed are {', '.join(map(repr, allowed))}")
