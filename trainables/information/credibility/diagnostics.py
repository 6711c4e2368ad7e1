"""How far an estimate can be trusted: its limits, how it moves with N, k, scale and noise, what ails the samples."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from trainables.information.credibility.case import Case
from trainables.information.credibility.wording import in_words
from trainables.information.estimators.ksg import measure, require_scales
from trainables.information.estimators.labels import mutual_information_with_labels
from trainables.information.estimators.settings import Settings
from trainables.information.results import Credibility, PairEstimate, ceiling_bits
from trainables.information.samples import DegenerateInput, as_samples

CURVE_NEIGHBORS = (1, 3, 5, 10)
NOISE_SEEDS = 3
STEADY_BITS = 1e-3
# A value that changes from N/2 to N by no more than so many standard errors, this share of it, or so much, is steady.
CONVERGED_ERRORS, CONVERGED_SHARE, CONVERGED_BITS = 2.0, 0.05, 1e-3
SATURATED = 1.0 - 1e-6
# A side whose rows appear so many times k + 1 times on average is one of labels.
FEW_REPEATS = 2


def diagnose(
    x: npt.ArrayLike, y: npt.ArrayLike, scale: str, settings: Settings, seed: int, measured: PairEstimate | None = None
) -> Credibility:
    """The credibility of the value on that scale; all work is done on the host.

    measured: what `measure` gave; by default it is asked for all scales that are needed. Everything else is by the same
    estimator, but for "npeet" by "ksg".
    """
    require_scales([scale])
    scales = ("balanced",) if scale == "balanced" else ("none", "balanced")
    on_host = replace(settings, device=False)
    known = measured or measure(x, y, scales, on_host, seed)
    try:
        x_samples, y_samples = (side.astype(np.float64, copy=False) for side in as_samples(x, y, settings.k))
    except DegenerateInput as degenerate:
        return _with_sentence(Credibility(reason=str(degenerate)))
    others = "ksg" if settings.estimator == "npeet" else settings.estimator
    case = Case(x_samples, y_samples, scale, replace(on_host, estimator=others), seed, known)
    values: dict[str, Any] = {}
    reasons: dict[str, list[str]] = {}
    for name, diagnostic in DIAGNOSTICS.items():
        try:
            values[name] = diagnostic(case)
        except DegenerateInput as degenerate:
            reasons.setdefault(str(degenerate), []).append(name)
    told = [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]
    return _with_sentence(
        Credibility(
            n=len(case.x),
            k=settings.k,
            dims=(case.x.shape[1], case.y.shape[1]),
            base=float(settings.base),
            scale=scale,
            noise=settings.noise,
            reason="; ".join(told) or None,
            **values,
        )
    )


def _with_sentence(credibility: Credibility) -> Credibility:
    return replace(credibility, sentence=in_words(credibility))


def _ceiling_bits(case: Case) -> float:
    return ceiling_bits(len(case.x), case.settings.k, case.settings.base)


def _ceiling_share(case: Case) -> float:
    if len(case.x) == case.settings.k + 1:
        raise DegenerateInput(f"N = {len(case.x)} samples with k = {case.settings.k}: the ceiling is 0")
    return case.value / _ceiling_bits(case)


def _null_bits(case: Case) -> float:
    return case.estimate(case.x, case.y[case.permutation])


def _standard_error_bits(case: Case) -> float:
    """Holmes & Nemenman 2019 (Phys. Rev. E 100, 022404): the variance is B/N, B fitted to disjoint parts.

    As in their findMI_KSG_stddev: sum (n - 1) var_n / n over sum (n - 1), where var_n is among the values of n parts.
    """
    parts = case.part_values
    if not parts:
        least = 2 * case.settings.k + 2
        raise DegenerateInput(
            f"N = {len(case.x)} samples with k = {case.settings.k}: at least {least} are needed for two parts"
        )
    weighted = sum((count - 1) * float(np.var(values, ddof=1)) / count for count, values in parts.items())
    return float(np.sqrt(weighted / sum(count - 1 for count in parts)))


def _n_curve(case: Case) -> dict[int, float]:
    """The mean over the disjoint quarters and halves, which varies less than that of one nested subset."""
    curve = {
        len(case.x) // count: float(np.mean(case.part_values[count])) for count in (4, 2) if count in case.part_values
    }
    return curve | {len(case.x): case.value}


def _is_converged(case: Case) -> bool:
    error = _standard_error_bits(case)
    change = abs(case.value - float(np.mean(case.part_values[2])))
    return change <= max(CONVERGED_ERRORS * error, CONVERGED_SHARE * abs(case.value), CONVERGED_BITS)


def _k_curve(case: Case) -> dict[int, float]:
    others = [k for k in CURVE_NEIGHBORS if k <= case.distances.shape[1] and k != case.settings.k]
    curve = case.values_at(others) | ({case.settings.k: case.value} if case.settings.k in CURVE_NEIGHBORS else {})
    return dict(sorted(curve.items()))


def _balanced_bits(case: Case) -> float | None:
    if case.measured.balanced_bits is None and case.measured.reason:
        raise DegenerateInput(case.measured.reason)
    return case.measured.balanced_bits


def _noise_spread_bits(case: Case) -> float:
    if case.settings.noise == 0.0:
        return 0.0
    values = [case.value, case.estimate(case.x, case.y, seed=case.seed + 1)]
    # Without ties the noise moves nothing but the last digits, and another seed would only cost.
    if abs(values[1] - values[0]) > STEADY_BITS:
        values += [case.estimate(case.x, case.y, seed=case.seed + step) for step in range(2, NOISE_SEEDS)]
    return max(values) - min(values)


def _tied_share(case: Case) -> float:
    # Each of the two distances is off by less than one amplitude of the noise.
    slack = 2.0 * case.settings.noise / min(case.units)
    around = np.diff(case.distances[:, max(0, case.settings.k - 2) : case.settings.k + 1], axis=1)
    return float(np.mean((around <= slack).any(axis=1)))


def _duplicate_share(case: Case) -> float:
    return _repeated_share(list(zip(*case.row_digests, strict=True)))


def _repeated_share(keys: list[Any]) -> float:
    counts: dict[Any, int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    return sum(count for count in counts.values() if count > 1) / len(keys)


def _saturated_share(case: Case) -> float | None:
    sizes = [np.abs(side) for side in (case.x, case.y)]
    if max(float(size.max()) for size in sizes) > 1.0:
        return None
    return sum(int(np.count_nonzero(size >= SATURATED)) for size in sizes) / sum(size.size for size in sizes)


def _below_noise(case: Case) -> tuple[str, ...]:
    sides = {"x": case.pair.x, "y": case.pair.y}
    small = [name for name, side in sides.items() if side.own_median <= 2.0 * case.settings.noise]
    return tuple(name for name in small if case.distinct_rows[name] > len(case.x) / 2)


def _few_values(case: Case) -> dict[str, int]:
    most = len(case.x) / (FEW_REPEATS * (case.settings.k + 1))
    return {name: count for name, count in case.distinct_rows.items() if count <= most}


def _label_bits(case: Case) -> float | None:
    if len(sides := _few_values(case)) != 1:
        return None
    (name,) = sides
    continuous = case.y if name == "x" else case.x
    return mutual_information_with_labels(continuous, case.codes(name), case.settings, case.seed).bits


def _label_entropy_bits(case: Case) -> float | None:
    if len(sides := _few_values(case)) != 1:
        return None
    shares = np.bincount(case.codes(*sides)) / len(case.x)
    return float(-(shares * np.log(shares)).sum() / np.log(case.settings.base)) + 0.0


DIAGNOSTICS: dict[str, Callable[[Case], Any]] = {
    "bits": lambda case: case.value,
    "ceiling_bits": _ceiling_bits,
    "ceiling_share": _ceiling_share,
    "null_bits": _null_bits,
    "standard_error_bits": _standard_error_bits,
    "n_curve": _n_curve,
    "is_converged": _is_converged,
    "k_curve": _k_curve,
    "balanced_bits": _balanced_bits,
    "scale_ratio": lambda case: case.measured.scale_ratio,
    "noise_spread_bits": _noise_spread_bits,
    "tied_share": _tied_share,
    "duplicate_share": _duplicate_share,
    "x_duplicate_share": lambda case: _repeated_share(case.row_digests[0]),
    "y_duplicate_share": lambda case: _repeated_share(case.row_digests[1]),
    "saturated_share": _saturated_share,
    "below_noise": _below_noise,
    "few_values": _few_values,
    "label_bits": _label_bits,
    "label_entropy_bits": _label_entropy_bits,
}
"""What is asked of every value, by field of Credibility. A diagnostic that raises DegenerateInput is left out."""
