"""Mutual information of one pair, or of several, by the estimators of Kraskov, Stoegbauer & Grassberger (2004)."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy.typing as npt

from trainables.information.device import device_pair
from trainables.information.estimators.formulas import FORMULAS
from trainables.information.estimators.npeet import npeet_bits
from trainables.information.estimators.settings import Settings
from trainables.information.host.pairs import host_pair
from trainables.information.pair import SCALES, Pair, Units
from trainables.information.results import MutualInformation, PairEstimate
from trainables.information.samples import DegenerateInput, as_samples, require_known


class Estimand(NamedTuple):
    """One value asked for: of a pair, its distances divided by the units; the seed is used by NPEET alone."""

    pair: Pair
    units: Units
    seed: int


def mutual_information(
    x: npt.ArrayLike, y: npt.ArrayLike, scale: str, settings: Settings, seed: int
) -> MutualInformation:
    """The estimate on one scale. Raises DegenerateInput where there is none."""
    require_scales([scale])
    pair = _pair(x, y, settings, seed)
    (bits,) = estimates([Estimand(pair, SCALES[scale](pair), seed)], settings)
    if isinstance(bits, DegenerateInput):
        raise bits
    return MutualInformation(bits, pair.n, settings.k, pair.dims, float(settings.base), scale)


def measure(x: npt.ArrayLike, y: npt.ArrayLike, scales: Sequence[str], settings: Settings, seed: int) -> PairEstimate:
    """The estimates on these scales, sharing work; None and a reason where there is none."""
    require_scales(scales)
    try:
        pair = _pair(x, y, settings, seed)
    except DegenerateInput as degenerate:
        return PairEstimate(None, None, None, str(degenerate))
    (estimate,) = pair_estimates([(pair, scales, seed)], settings)
    return estimate


def pair_estimates(asked: Sequence[tuple[Pair, Sequence[str], int]], settings: Settings) -> list[PairEstimate]:
    """The estimates of each pair on its scales, with its seed; pairs share the work of the layers they share."""
    estimands: dict[tuple[int, str], Estimand] = {}
    missing: dict[tuple[int, str], DegenerateInput] = {}
    for place, (pair, scales, seed) in enumerate(asked):
        for scale in scales:
            try:
                estimands[place, scale] = Estimand(pair, SCALES[scale](pair), seed)
            except DegenerateInput as degenerate:
                missing[place, scale] = degenerate
    values = dict(zip(estimands, estimates(list(estimands.values()), settings), strict=True)) | missing
    return [
        _pair_estimate({scale: values[place, scale] for scale in scales}, estimands.get((place, "balanced")))
        for place, (_, scales, _) in enumerate(asked)
    ]


def estimates(estimands: Sequence[Estimand], settings: Settings) -> list[float | DegenerateInput]:
    """The value of each estimand, in units of the base, or why there is none; all in one search of each layer.

    All pairs are of one kind: on the host, or on a device. The number of neighbors is that of each pair.
    """
    if settings.estimator == "npeet":
        return [_by_npeet(estimand, settings.base) for estimand in estimands]
    if not estimands:
        return []
    neighborhood, formula = FORMULAS[settings.estimator]
    pairs = [estimand.pair for estimand in estimands]
    counts = type(pairs[0]).counts([(estimand.pair, estimand.units) for estimand in estimands], neighborhood)
    return [formula(pair.n, pair.k, *both, settings.base) for pair, both in zip(pairs, counts, strict=True)]


def require_scales(scales: Iterable[str]) -> None:
    """Raise ValueError unless all scales are known."""
    for scale in scales:
        require_known("scale", scale, tuple(SCALES))


def _by_npeet(estimand: Estimand, base: float) -> float | DegenerateInput:
    pair, units, seed = estimand
    x, y = pair.host_samples()
    try:
        return npeet_bits(x / units[0], y / units[1], pair.k, base, seed)
    except DegenerateInput as degenerate:
        return degenerate


def _pair_estimate(values: dict[str, float | DegenerateInput], balanced: Estimand | None) -> PairEstimate:
    bits = {scale: value for scale, value in values.items() if isinstance(value, float)}
    reasons = [str(value) for value in values.values() if isinstance(value, DegenerateInput)]
    ratio = balanced.units[1] / balanced.units[0] if balanced else None
    return PairEstimate(bits.get("none"), bits.get("balanced"), ratio, "; ".join(reasons) or None)


def _pair(x: npt.ArrayLike, y: npt.ArrayLike, settings: Settings, seed: int) -> Pair:
    if settings.is_for_device((x, y)):
        return device_pair({"x": x, "y": y}, settings.k, settings.noise, seed)
    samples = as_samples(x, y, settings.k)
    return host_pair(*samples, settings.k, settings.noise, seed, settings.cpu_threads)
