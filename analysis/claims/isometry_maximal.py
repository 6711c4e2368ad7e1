"""Weng et al. 2022, abstract: the mutual information between the inputs and the propagated signals is largest when a
network is initialized at dynamic isometry, where layers preserve norms.

Judged on untrained tanh networks without batch normalization and with channel noise (without noise a small gain is
only a change of units), which differ in initializer and gain alone, at every depth apart. Isometry is the orthogonal
network that keeps norms in the mean: of the gains run, the one whose input-output Jacobian has a mean squared singular
value nearest 1 (median over seeds), as the figures ring it; orthogonal, because the singular values of Gaussian weights
spread at any gain. The signal is the last hidden layer (pair input-D). The effect, in bits and above 0 at every depth:
the MI at isometry less that of every other network, which is an orthogonal one whose gain differs from that of isometry
by more than a factor of 1.25, or a Gaussian one of any gain. All of these differences must lie above 0; what is told is
the smallest. Pairs with the input are measured on the balanced scale only.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import Curve, Run, RunGroup, compared
from analysis.quantities import keeps_norms

INITIALIZERS = ("orthogonal", "gaussian")
NEAR = 1.25
Setting = tuple[str, float]


def groups(runs: Sequence[Run]) -> list[RunGroup]:
    """Untrained noisy networks that differ in initializer and gain, with isometry, gains below it and above it."""
    return of_gains([run for run in runs if run.config["channel_noise"] > 0])


def of_gains(runs: Sequence[Run]) -> list[RunGroup]:
    """Untrained networks that differ in initializer and gain, with isometry, gains below it and above it."""
    untrained = [run for run in runs if run.config["epochs"] == 0 and run.config["initializer"] in INITIALIZERS]
    untrained = [run for run in untrained if not run.config["batch_norm"]]
    return compared(untrained, ("initializer", "gain"), _is_complete)


def _is_complete(settings: set[Setting]) -> bool:
    gains = [gain for initializer, gain in settings if initializer == "orthogonal"]
    return any(map(_is_near, gains)) and any(gain < 1 / NEAR for gain in gains) and any(gain > NEAR for gain in gains)


def _is_near(ratio: float, near: float = NEAR) -> bool:
    return 1 / near <= ratio <= near


def signal(run: Run, measure: Measure) -> Curve:
    """MI of the input and the last hidden layer; one epoch, the untrained network's."""
    return run.bits(f"input-{run.config['depth']}", measure)


def isometry_less_others(
    cell: Sequence[RunGroup],
    measure: Measure,
    near: float = NEAR,
    of: Callable[[Run, Measure], Curve] = signal,
) -> Mapping[str, list[float]]:
    """MI of input and last layer, or another quantity, at isometry less that of each other setting, bits.

    Nothing without isometry.
    """
    settings = sorted(set.intersection(*(set(group.runs) for group in cell)))
    isometry = _isometry(cell, [setting for setting in settings if setting[0] == "orthogonal"])
    if isometry is None:
        return {}
    gain = isometry[1]
    others = [one for one in settings if one[0] != "orthogonal" or not _is_near(one[1] / gain, near)]
    at_isometry = [of(group.runs[isometry], measure).first for group in cell]
    return {
        f"{initializer} {gain:g}": [
            best - of(group.runs[initializer, gain], measure).first
            for best, group in zip(at_isometry, cell, strict=True)
        ]
        for initializer, gain in others
    }


def _isometry(cell: Sequence[RunGroup], settings: Sequence[Setting]) -> Setting | None:
    means = [np.median([group.runs[setting].mean_squared_singular_value for group in cell]) for setting in settings]
    place = keeps_norms(means)
    return None if place is None else settings[place]


def is_measured(run: Run, measure: Measure) -> bool:
    """Whether that MI is known, and the Jacobian."""
    return len(signal(run, measure)) > 0 and math.isfinite(run.mean_squared_singular_value)


def with_others_beyond(effect: Effect, of: Callable[[Run, Measure], Curve] = signal) -> dict[str, tuple[Effect, ...]]:
    """The effect with other factors beyond which a gain is another setting."""
    return {
        f"other gains: beyond {near - 1:.0%}": (replace(effect, of=partial(isometry_less_others, near=near, of=of)),)
        for near in (1.1, 1.5)
    }


EFFECT = Effect(
    "MI at isometry less others beyond 25 % of its gain", "bits", "above", isometry_less_others, each="depth"
)

CLAIM = Claim(
    number=10,
    name="isometry-maximal",
    statement="The MI of input and signal is largest at dynamic isometry, at every depth tested",
    paper="Weng et al. 2022",
    section="abstract",
    definition=__doc__,
    preset="isometry",
    needs="untrained networks with channel noise, orthogonal with gains below, at and above 1",
    groups=groups,
    is_measured=is_measured,
    effects=(EFFECT,),
    measures=("balanced",),
    version=3,
    other_margins=with_others_beyond(EFFECT),
    curve=signal,
)
