"""Hodas & Stinis 2018, section 3 with figures 4A and 4B: MLPs with a shortcut start with a higher mutual information
between first and last layer than those without, and it then decreases towards the optimum that both seem to approach.

The last layer of a shortcut network is here the vector that enters its softmax (pair first-merged). Judged on networks
with and without shortcut of the same seed, all else equal, on three effects: before training the MI with shortcut less
that without, above 0; the MI with shortcut after the last epoch less that before training, below 0; and how much of
the distance between the two is left (its absolute value after the last epoch less that before training), below 0. All
in bits.
"""

from functools import partial

from analysis.claims.contrasts import between
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, across_architectures, has_first_to_last


def lead(shortcut: Run, mlp: Run, measure: Measure) -> float:
    """MI with shortcut less that without, before training, bits."""
    return shortcut.first_to_last(measure).first - mlp.first_to_last(measure).first


def fall(shortcut: Run, _: Run, measure: Measure) -> float:
    """MI with shortcut, after the last epoch less before training, bits."""
    curve = shortcut.first_to_last(measure)
    return curve.last - curve.first


def approach(shortcut: Run, mlp: Run, measure: Measure) -> float:
    """Distance between the MI of both, after the last epoch less before training, bits."""
    last = shortcut.first_to_last(measure).last - mlp.first_to_last(measure).last
    return abs(last) - abs(lead(shortcut, mlp, measure))


COMPARED = partial(between, first="shortcut", second="mlp")

CLAIM = Claim(
    number=2,
    name="shortcut-falls",
    statement="Shortcut: the MI starts above the MLP's and falls towards the optimum (first-merged)",
    paper="Hodas & Stinis 2018",
    section="3 Results, figures 4A and 4B",
    definition=__doc__,
    preset="fig4a",
    needs="MLPs with and without shortcut at the same width and depth",
    groups=across_architectures("mlp", "shortcut"),
    is_measured=has_first_to_last,
    effects=(
        Effect("MI at the start, shortcut less MLP", "bits", "above", COMPARED(lead), beyond="nothing"),
        Effect("MI of shortcut, last epoch less first", "bits", "below", COMPARED(fall)),
        Effect("distance to the MLP's MI, last less first", "bits", "below", COMPARED(approach), beyond="number"),
    ),
    other_measures=LADDER,
    is_of_learning=True,
)
