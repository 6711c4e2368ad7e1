"""Hodas & Stinis 2018, section 3 with figure 5A and its last paragraph: a high mutual information is not a necessary
condition for accuracy; well trained networks end with little of it, and to maximize it does not directly maximize
accuracy.

Judged on the four architectures of the same seed, all else equal, after the last epoch. Accurate are those whose test
error (median over the last tenth of the epochs) is at most a tenth above the lowest of the four. The effect: the MI of
the accurate one with the least of it, less that of the one, of all others, with the most (bits); below 0. Were a high
final MI needed, only networks with the most of it would be accurate, and the difference above 0. Which ones are
accurate, and which of them has the least MI and which other one the most, is taken from the even seeds, and the effect
from the odd ones: the best of several noisy numbers is better than it is.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from analysis.claims.contrasts import chooses
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import RunGroup, across_architectures, has_first_to_last

MARGIN = 1.1


def accurate_with_least_less_most(cell: Sequence[RunGroup], measure: Measure, margin: float = MARGIN) -> list[float]:
    """Final MI of the accurate network with the least less the most of the others; NaN for seeds that choose."""
    bits, errors = final_values(cell, measure)
    choosing = np.array([chooses(group) for group in cell])
    if not choosing.any():
        return [float("nan")] * len(cell)
    least, most = least_and_most(bits[choosing].mean(axis=0), errors[choosing].mean(axis=0), margin)
    return [float("nan") if chose else float(of[least] - of[most]) for chose, of in zip(choosing, bits, strict=True)]


def final_values(cell: Sequence[RunGroup], measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    """MI after the last epoch, and the error there. Shapes (seeds, architectures)."""
    architectures = sorted(cell[0].runs)
    runs = [[group.runs[architecture] for architecture in architectures] for group in cell]
    bits = np.array([[run.first_to_last(measure).last for run in row] for row in runs])
    return bits, np.array([[run.errors.settled for run in row] for row in runs])


def least_and_most(bits: np.ndarray, errors: np.ndarray, margin: float = MARGIN) -> tuple[int, int]:
    """Of the accurate architectures the one with the least MI, and of all others that with the most."""
    accurate = np.flatnonzero(errors <= margin * errors.min())
    least = int(accurate[np.argmin(bits[accurate])])
    rest = np.delete(np.arange(len(bits)), least)
    return least, int(rest[np.argmax(bits[rest])])


EFFECT = Effect(
    "final MI, the least of an accurate architecture less the most of another",
    "bits",
    "below",
    accurate_with_least_less_most,
)

CLAIM = Claim(
    number=9,
    name="final-mi-not-needed",
    statement="A high final MI is not needed for accuracy",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5A and last paragraph",
    definition=__doc__,
    preset="fig5b",
    needs="the four architectures at the same width and depth",
    groups=across_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=(EFFECT,),
    half_chooses=True,
    other_measures=LADDER,
    is_of_learning=True,
    version=4,
    other_margins={
        f"accurate: within {margin - 1:.0%}": (
            replace(EFFECT, of=partial(accurate_with_least_less_most, margin=margin)),
        )
        for margin in (1.05, 1.2)
    },
)
