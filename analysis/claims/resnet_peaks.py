"""Hodas & Stinis 2018, section 3 with figure 5A: residual networks start with a low mutual information between first
and last layer; it increases gradually as they train, reaches a maximum, and begins to decrease again.

Judged for every residual network without shortcut by itself, on two effects in bits: the MI at its peak less that
before training, above 0; and the MI after the last epoch less that at its peak, below 0. The peak is the
largest MI between a tenth and nine tenths of the epochs, so that neither end of the run counts as one. Its epoch is
where the mean of the even seeds of the same network is highest, and the effects are those of the odd seeds: taken from
the same curve it would lie above the end by noise alone.
"""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from analysis.claims.contrasts import chooses
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Curve, RunGroup, has_first_to_last, of_architectures

Shares = tuple[float, float]
INSIDE: Shares = (0.1, 0.9)


def rises(groups: Sequence[RunGroup], measure: Measure, shares: Shares = INSIDE) -> list[float]:
    """MI at the peak less that before training, bits."""
    peaks, curves = _peaks(groups, measure, shares), curves_of(groups, measure)
    return [peak - curve.first for peak, curve in zip(peaks, curves, strict=True)]


def falls(groups: Sequence[RunGroup], measure: Measure, shares: Shares = INSIDE) -> list[float]:
    """MI after the last epoch less that at the peak, bits."""
    peaks, curves = _peaks(groups, measure, shares), curves_of(groups, measure)
    return [curve.last - peak for peak, curve in zip(peaks, curves, strict=True)]


def _peaks(groups: Sequence[RunGroup], measure: Measure, shares: Shares) -> np.ndarray:
    """The MI of each run at the epoch where the seeds that choose peak; NaN for these. Shape (seeds,)."""
    epoch = peak_epoch(groups, measure, shares)
    return np.array([math.nan if chooses(group) else _at(group, measure, epoch) for group in groups])


def _at(group: RunGroup, measure: Measure, epoch: int | None) -> float:
    curve = group.only.first_to_last(measure)
    value = curve.values[curve.epochs == epoch]
    return float(value[0]) if len(value) else math.nan


def peak_epoch(groups: Sequence[RunGroup], measure: Measure, shares: Shares = INSIDE) -> int | None:
    """The epoch inside the run at which the mean MI of the seeds that choose is highest; None where there is none."""
    curves = curves_of([group for group in groups if chooses(group)], measure)
    if not curves:
        return None
    epochs, values = inside(curves, groups[0].only.config["epochs"], shares)
    means = np.where(np.isfinite(values).all(axis=0), values.sum(axis=0), -np.inf)
    return int(epochs[np.argmax(means)]) if np.isfinite(means).any() else None


def curves_of(groups: Sequence[RunGroup], measure: Measure) -> list[Curve]:
    """The MI of each run through training."""
    return [group.only.first_to_last(measure) for group in groups]


def inside(curves: Sequence[Curve], last: int, shares: Shares = INSIDE) -> tuple[np.ndarray, np.ndarray]:
    """The measured epochs between two shares of all, and the MI there, NaN where a run lacks it.

    Shapes (epochs,), (seeds, epochs).
    """
    epochs = np.unique(np.concatenate([curve.epochs for curve in curves]))
    epochs = epochs[(epochs >= shares[0] * last) & (epochs <= shares[1] * last)]
    values = np.full((len(curves), len(epochs)), np.nan)
    for row, curve in enumerate(curves):
        values[row, np.isin(epochs, curve.epochs)] = curve.values[np.isin(curve.epochs, epochs)]
    return epochs, values


def with_peaks_inside(effects: Callable[[Shares], tuple[Effect, ...]]) -> dict[str, tuple[Effect, ...]]:
    """Effects of a peak with other shares of the epochs between which it is looked for."""
    return {
        f"peak: {shares[0]:.0%} to {shares[1]:.0%} of the epochs": effects(shares)
        for shares in ((0.05, 0.95), (0.2, 0.8))
    }


def effects(shares: Shares, each: str | None = None) -> tuple[Effect, ...]:
    """The rise to the peak and the fall from it."""
    return (
        Effect("MI, peak less first epoch", "bits", "above", partial(rises, shares=shares), each=each),
        Effect("MI, last epoch less peak", "bits", "below", partial(falls, shares=shares), each=each),
    )


CLAIM = Claim(
    number=3,
    name="resnet-peaks",
    statement="ResNet: the MI starts low, rises, peaks inside the run, then falls",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5A",
    definition=__doc__,
    preset="fig5a",
    needs="residual networks",
    groups=of_architectures("resnet"),
    is_measured=has_first_to_last,
    effects=effects(INSIDE),
    other_margins=with_peaks_inside(effects),
    half_chooses=True,
    other_measures=LADDER,
    is_of_learning=True,
    version=2,
)
