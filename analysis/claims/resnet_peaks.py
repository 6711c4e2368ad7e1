"""Hodas & Stinis 2018, section 3 with figure 5A: residual networks start with a low mutual information between first
and last layer; it increases gradually as they train, reaches a maximum, and begins to decrease again.

Judged for every residual network without shortcut by itself, on two effects in bits: the MI at its peak less that
before training, above 0; and the MI after the last epoch less that at its peak, below 0. The peak is the
largest MI between a tenth and nine tenths of the epochs, so that neither end of the run counts as one. Its epoch is
where the mean of the even seeds of the same network is highest, and the effects are those of the odd seeds: taken from
the same curve it would lie above the end by noise alone.
"""

from collections.abc import Sequence

import numpy as np

from analysis.claims.contrasts import chooses
from analysis.claims.model import Claim, Effect, Reading
from analysis.claims.runs import Curve, Run, RunGroup, has_first_to_last, of_architectures

INSIDE = (0.1, 0.9)


def rises(groups: Sequence[RunGroup], reading: Reading) -> list[float]:
    """MI at the peak less that before training, bits."""
    peaks, curves = _peaks(groups, reading), _curves(groups, reading)
    return [peak - curve.first for peak, curve in zip(peaks, curves, strict=True)]


def falls(groups: Sequence[RunGroup], reading: Reading) -> list[float]:
    """MI after the last epoch less that at the peak, bits."""
    peaks, curves = _peaks(groups, reading), _curves(groups, reading)
    return [curve.last - peak for peak, curve in zip(peaks, curves, strict=True)]


def _peaks(groups: Sequence[RunGroup], reading: Reading) -> np.ndarray:
    """The MI of each run at the epoch where the seeds that choose peak; NaN for these. Shape (seeds,)."""
    curves = _curves(groups, reading)
    epochs = _epochs_inside(groups[0].only, np.unique(np.concatenate([curve.epochs for curve in curves])))
    values = np.full((len(curves), len(epochs)), np.nan)
    for row, curve in enumerate(curves):
        places = np.isin(epochs, curve.epochs)
        values[row, places] = curve.values[np.isin(curve.epochs, epochs)]
    choosing = np.array([chooses(group) for group in groups])
    whole = np.isfinite(values[choosing]).all(axis=0)
    if not choosing.any() or not whole.any():
        return np.full(len(curves), np.nan)
    means = np.where(whole, values[choosing].sum(axis=0), -np.inf)
    return np.where(choosing, np.nan, values[:, int(np.argmax(means))])


def _curves(groups: Sequence[RunGroup], reading: Reading) -> list[Curve]:
    return [group.only.first_to_last(reading) for group in groups]


def _epochs_inside(run: Run, epochs: np.ndarray) -> np.ndarray:
    first, last = (share * run.config["epochs"] for share in INSIDE)
    return epochs[(epochs >= first) & (epochs <= last)]


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
    effects=(
        Effect("MI, peak less first epoch", "bits", "above", rises),
        Effect("MI, last epoch less peak", "bits", "below", falls),
    ),
    half_chooses=True,
)
