"""Definitions as they were before the present ones, so that runs older than these can be judged by both.

What was chosen for each seed was chosen on all other seeds (leave one out). That errs: the best of the others is where
that seed is lower than the mean (`benchmarks.verdicts`). Of a network whose error never falls no share was told.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from analysis.claims import final_not_needed, isometry_maximal, one_epoch_trains, resnet_peaks
from analysis.claims.contrasts import of_each
from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import Run, RunGroup

OTHERS_CHOOSE = "Before 2026-12-01, with what is chosen taken for each seed from all others. "
OF_TRAINED = "Before 2026-12-01T10:17, with nothing told of networks whose error never falls. "


def _best_of_others(values: np.ndarray) -> np.ndarray:
    """For every row of values (seeds, places), the place where the mean of the other rows is highest; -1 for none."""
    places = np.full(len(values), -1)
    for row in range(len(values)):
        others = np.delete(values, row, axis=0)
        is_known = np.isfinite(others).any(axis=0) if len(others) else np.zeros(values.shape[1], bool)
        if is_known.any():
            means = np.full(values.shape[1], -np.inf)
            means[is_known] = np.nanmean(others[:, is_known], axis=0)
            places[row] = np.argmax(means)
    return places


def _chosen(values: np.ndarray) -> np.ndarray:
    """Of every row (seeds, places) its value at the best place of the others; NaN where there is none."""
    places = _best_of_others(values)
    return np.where(places < 0, np.nan, values[np.arange(len(values)), places])


def _peaks(groups: Sequence[RunGroup], measure: Measure) -> np.ndarray:
    curves = resnet_peaks.curves_of(groups, measure)
    _, values = resnet_peaks.inside(curves, groups[0].only.config["epochs"])
    return _chosen(values) if values.size else np.full(len(curves), np.nan)


def _rises(groups: Sequence[RunGroup], measure: Measure) -> list[float]:
    firsts = [curve.first for curve in resnet_peaks.curves_of(groups, measure)]
    return list(_peaks(groups, measure) - firsts)


def _falls(groups: Sequence[RunGroup], measure: Measure) -> list[float]:
    lasts = [curve.last for curve in resnet_peaks.curves_of(groups, measure)]
    return list(lasts - _peaks(groups, measure))


def _least_less_most(cell: Sequence[RunGroup], measure: Measure) -> list[float]:
    bits, errors = final_not_needed.final_values(cell, measure)
    found = []
    for row in range(len(cell)) if len(cell) > 1 else []:
        others = (np.delete(numbers, row, axis=0).mean(axis=0) for numbers in (bits, errors))
        least, most = final_not_needed.least_and_most(*others)
        found.append(float(bits[row, least] - bits[row, most]))
    return found or [float("nan")] * len(cell)


def _isometry_less_best(cell: Sequence[RunGroup], measure: Measure) -> list[float]:
    less = list(isometry_maximal.isometry_less_others(cell, measure).values())
    return list(-_chosen(-np.transpose(less))) if less else [float("nan")] * len(cell)


def _share_of_fall(run: Run, measure: Measure) -> float:
    falls = run.errors.first > run.errors.settled
    return one_epoch_trains.share_after_one_epoch(run, measure) if falls else float("nan")


def _as_was(claim: Claim, version: int, *effects: Effect, said: str = OTHERS_CHOOSE) -> Claim:
    return replace(claim, version=version, definition=said + claim.definition, effects=effects, half_chooses=False)


EARLIER: tuple[Claim, ...] = (
    _as_was(
        resnet_peaks.CLAIM,
        1,
        Effect("MI, peak less first epoch", "bits", "above", _rises),
        Effect("MI, last epoch less peak", "bits", "below", _falls),
    ),
    _as_was(
        final_not_needed.CLAIM,
        3,
        replace(final_not_needed.CLAIM.effects[0], of=_least_less_most),
    ),
    _as_was(
        isometry_maximal.CLAIM,
        2,
        Effect(
            "MI at isometry less the best beyond 25 % of its gain", "bits", "above", _isometry_less_best, each="depth"
        ),
    ),
    _as_was(
        one_epoch_trains.CLAIM,
        1,
        replace(one_epoch_trains.EFFECT, of=of_each(_share_of_fall)),
        said=OF_TRAINED,
    ),
)
"""Of what each changed, and of definitions that are not kept, docs/claims.md tells."""
