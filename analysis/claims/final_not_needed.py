"""Hodas & Stinis 2018, section 3 with figure 5A and its last paragraph: a high mutual information is not a necessary
condition for accuracy; well trained networks end with little of it, and to maximize it does not directly maximize
accuracy.

Judged on the four architectures of the same seed, all else equal, after the last epoch. Accurate are those whose test
error (median over the last tenth of the epochs) is at most a tenth above the lowest of the four. The effect: the MI of
the accurate one with the least of it, less that of the one, of all others, with the most (bits); below 0. Were a high
final MI needed, only networks with the most of it would be accurate, and the difference above 0. Which ones are
accurate, and which of them has the least MI and which other one the most, is taken from the other seeds: the best of
several noisy numbers is better than it is.
"""

from collections.abc import Sequence

import numpy as np

from analysis.claims.model import Claim, Effect, Reading
from analysis.claims.runs import RunGroup, across_architectures, has_first_to_last

MARGIN = 1.1


def accurate_with_least_less_most(cell: Sequence[RunGroup], reading: Reading) -> list[float]:
    """Final MI of the accurate network with the least less that of the other with the most; NaN with a single seed."""
    architectures = sorted(cell[0].runs)
    runs = [[group.runs[architecture] for architecture in architectures] for group in cell]
    bits = np.array([[run.first_to_last(reading).last for run in row] for row in runs])
    errors = np.array([[run.errors.settled for run in row] for row in runs])
    if len(cell) < 2:
        return [float("nan")]
    return [_least_less_most(bits[row], *_means_of_others(bits, errors, row)) for row in range(len(cell))]


def _means_of_others(bits: np.ndarray, errors: np.ndarray, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Of every architecture, over the other seeds. bits, errors: (seeds, architectures)."""
    return np.delete(bits, row, axis=0).mean(axis=0), np.delete(errors, row, axis=0).mean(axis=0)


def _least_less_most(bits: np.ndarray, others_bits: np.ndarray, others_errors: np.ndarray) -> float:
    accurate = np.flatnonzero(others_errors <= MARGIN * others_errors.min())
    least = accurate[np.argmin(others_bits[accurate])]
    rest = np.delete(np.arange(len(bits)), least)
    most = rest[np.argmax(others_bits[rest])]
    return float(bits[least] - bits[most])


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
            "final MI, the least of an accurate architecture less the most of another",
            "bits",
            "below",
            accurate_with_least_less_most,
        ),
    ),
)
