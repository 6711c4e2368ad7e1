"""Hodas & Stinis 2018, section 3 with figure 5A and its last paragraph: a high mutual information is not a necessary
condition for accuracy; well trained networks end with little of it, and to maximize it does not directly maximize
accuracy.

Judged on the four architectures of the same seed, all else equal, after the last epoch: the MI of the most accurate
one less that of the one, of the others, that holds most (bits); below 0. Were a high final MI needed, the most accurate
network would be the one with the most of it, and the difference above 0. Which one is the most accurate (lowest median
test error over the last tenth of the epochs), and which of the others holds most MI, is taken from the other seeds: the
best of several noisy numbers is better than it is.
"""

from collections.abc import Sequence

import numpy as np

from analysis.claims.contrasts import highest_elsewhere
from analysis.claims.model import Claim, Effect, Reading
from analysis.claims.runs import Group, across_architectures, has_first_to_last


def most_accurate_less_highest(cell: Sequence[Group], reading: Reading) -> list[float]:
    """Final MI of the most accurate network less the highest of the others, bits; NaN with a single seed."""
    architectures = sorted(cell[0].runs)
    runs = [[group.runs[architecture] for architecture in architectures] for group in cell]
    bits = np.array([[run.first_to_last(reading).last for run in row] for row in runs])
    accurate = highest_elsewhere(np.array([[-run.errors.settled for run in row] for row in runs]))
    found = np.full(len(cell), np.nan)
    for row in np.flatnonzero(accurate >= 0):
        others = np.delete(bits, accurate[row], axis=1)
        found[row] = bits[row, accurate[row]] - others[row, highest_elsewhere(others)[row]]
    return [float(number) for number in found]


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
    effects=(
        Effect(
            "final MI, most accurate architecture less the highest of the others",
            "bits",
            "below",
            most_accurate_less_highest,
        ),
    ),
)
