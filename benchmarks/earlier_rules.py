"""The rules of verdicts before seeds were blocks, for comparison: every number counts as independent of every other.

Welch's t over all numbers, Holm's correction over all effects, a share of three quarters where configs differ in sign,
and a best setting chosen for each seed on the other seeds.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

SIGNIFICANT = 0.05
MOST = 0.75


def verdict_of_effect(numbers: np.ndarray, p: float) -> str:
    """Of an effect that is expected above 0. numbers: (seeds, cells); p: corrected."""
    means = numbers.mean(axis=0)
    if p >= SIGNIFICANT:
        return "undecided"
    is_above = means.mean() > 0
    differ = len(means) > 1 and min(means) < 0 < max(means) and stats.f_oneway(*numbers.T).pvalue < SIGNIFICANT
    if differ and np.mean((means > 0) == is_above) < MOST:
        return "undecided"
    return "supported" if is_above else "contradicted"


def p_of_mean(numbers: np.ndarray) -> float:
    """Welch's t of the mean over cells, as if no two numbers shared anything."""
    seeds, cells = numbers.shape
    errors = numbers.var(axis=0, ddof=1) / seeds
    freedom = errors.sum() ** 2 / (errors**2 / (seeds - 1)).sum()
    return float(2 * stats.t.sf(abs(numbers.mean()) / (np.sqrt(errors.sum()) / cells), freedom))


def verdict(effects: Sequence[np.ndarray], others: int = 0) -> str:
    """Of a claim, all of whose effects are expected above 0. others: effects of other claims, without any effect."""
    p_values = [p_of_mean(numbers) for numbers in effects]
    corrected = _holm([*p_values, *[1.0] * others])[: len(effects)]
    found = {verdict_of_effect(numbers, p) for numbers, p in zip(effects, corrected, strict=True)}
    return next((one for one in ("contradicted", "undecided") if one in found), "supported")


def verdict_of_best(claimed: np.ndarray, settings: np.ndarray) -> str:
    """Of a claim that one setting exceeds all others. claimed: (seeds,); settings: (seeds, other settings)."""
    best = [np.argmax(np.delete(settings, seed, axis=0).mean(axis=0)) for seed in range(len(settings))]
    return verdict([(claimed - settings[np.arange(len(settings)), best])[:, None]])


def _holm(p_values: Sequence[float]) -> list[float]:
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(np.argsort(p_values, kind="stable")):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[place]))
        corrected[place] = largest
    return corrected
