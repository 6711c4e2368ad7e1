"""Mutual information of one pair by the estimators of Kraskov, Stoegbauer & Grassberger (2004)."""

from collections.abc import Sequence

import numpy.typing as npt

from trainables.information.device.backend import to_host
from trainables.information.device.ksg import device_pair
from trainables.information.estimators.formulas import (
    Request,
    estimates,
    is_for_device,
    require_base,
    require_estimator,
    require_known,
    require_threads,
)
from trainables.information.host.pairs import host_pair
from trainables.information.pair import SCALES, Pair
from trainables.information.results import Measurement, MutualInformation
from trainables.information.samples import NPEET_NOISE, DegenerateInput, as_samples
from trainables.information.threads import available_threads


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
    diagnostics: bool = False,
) -> MutualInformation:
    """Mutual information of x (N, dx) and y (N, dy), exactly as NPEET computes it (Kraskov 2004, eq. 8; max norm).

    scale "none" takes x and y as they are, "balanced" divides each by the median of its own k-th neighbour distances.
    noise * U[0, 1) from `seed` breaks ties. threads: None for all; the value does not depend on it.
    estimator: "ksg2" is Kraskov's eq. 9 (JIDT's algorithm 2), "npeet" calls npeet_plus.
    NPEET subtracts 1e-15 from its radii, which float64 swallows from 16 on: from there it counts the neighbours at the
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
    pair = _pair(x, y, k, noise, seed, threads, estimator, base, device)
    require_known("scale", scale, tuple(SCALES))
    (bits,) = estimates([Request(pair, SCALES[scale](pair), seed)], base, estimator)
    if isinstance(bits, DegenerateInput):
        raise bits
    credibility = None
    if diagnostics:
        from trainables.information.credibility.diagnostics import (
            diagnose,  # which asks this module for other values in turn
        )

        credibility = diagnose(
            to_host(x),
            to_host(y),
            k,
            base,
            scale=scale,
            noise=noise,
            seed=seed,
            threads=threads,
            estimator=estimator,
        )
    return MutualInformation(bits, pair.n, k, pair.dims, float(base), scale, credibility=credibility)


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
        require_known("scale", scale, tuple(SCALES))
    try:
        pair = _pair(x, y, k, noise, seed, threads, estimator, base, device)
    except DegenerateInput as degenerate:
        return Measurement(None, None, None, str(degenerate))
    (measurement,) = measurements([(pair, scales, seed)], base, estimator)
    return measurement


def measurements(wanted: Sequence[tuple[Pair, tuple[str, ...], int]], base: float, estimator: str) -> list[Measurement]:
    """The measurement of each pair on its scales, with its seed; pairs share the work of the layers they share."""
    requests: dict[tuple[int, str], Request] = {}
    missing: dict[tuple[int, str], DegenerateInput] = {}
    for place, (pair, scales, seed) in enumerate(wanted):
        for scale in scales:
            try:
                requests[place, scale] = Request(pair, SCALES[scale](pair), seed)
            except DegenerateInput as degenerate:
                missing[place, scale] = degenerate
    values = dict(zip(requests, estimates(list(requests.values()), base, estimator), strict=True)) | missing
    return [
        _measurement({scale: values[place, scale] for scale in scales}, requests.get((place, "balanced")))
        for place, (_, scales, _) in enumerate(wanted)
    ]


def _measurement(values: dict[str, float | DegenerateInput], balanced: Request | None) -> Measurement:
    bits = {scale: value for scale, value in values.items() if isinstance(value, float)}
    reasons = [str(value) for value in values.values() if isinstance(value, DegenerateInput)]
    ratio = balanced.units[1] / balanced.units[0] if balanced else None
    return Measurement(bits.get("none"), bits.get("balanced"), ratio, "; ".join(reasons) or None)


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
    require_estimator(estimator, noise)
    require_base(base)
    require_threads(threads)
    if is_for_device(device, estimator, (x, y)):
        return device_pair({"x": x, "y": y}, k, noise, seed)
    samples = as_samples(x, y, k)
    return host_pair(*samples, k, noise, seed, threads or available_threads())
