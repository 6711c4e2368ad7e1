"""How runs of a group are set against each other: the numbers that several claims share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.claims.model import Reading
from analysis.claims.runs import Curve, Run, RunGroup

OfGroups = Callable[[Sequence[RunGroup], Reading], list[float]]


def of_each(number: Callable[[Run, Reading], float]) -> OfGroups:
    """The number of the run of every group of one."""
    return lambda groups, reading: [number(group.only, reading) for group in groups]


def between(number: Callable[[Run, Run, Reading], float], one: Any, other: Any) -> OfGroups:
    """The number of the two runs of every group that go by these values."""
    return lambda groups, reading: [number(group.runs[one], group.runs[other], reading) for group in groups]


def error_at_matched_epochs(run: Run, other: Run, _: Reading = "error") -> float:
    """Test error of `run` less that of `other`, the mean over the epochs after the first step that both have."""
    shared, mine, others = np.intersect1d(run.errors.epochs, other.errors.epochs, return_indices=True)
    trained = shared > 0
    return float(np.mean(run.errors.values[mine][trained] - other.errors.values[others][trained]))


def epochs_to_the_same_error(run: Run, other: Run, _: Reading = "error") -> float:
    """Epochs that `run` takes less those of `other` to the lowest error that both reach, so none falls short."""
    goal = max(run.errors.values.min(), other.errors.values.min())
    return epochs_to_reach(run.errors, goal) - epochs_to_reach(other.errors, goal)


def epochs_to_reach(errors: Curve, goal: float) -> float:
    """The first epoch at which the error is at most the goal, which it reaches."""
    return float(errors.epochs[np.argmax(errors.values <= goal)])


def slope_per_doubling(numbers: Mapping[int, float]) -> float:
    """How much a number by depth grows when the depth doubles: a line through all of them by least squares."""
    doublings = np.log2(list(numbers))
    return float(np.polynomial.polynomial.polyfit(doublings, list(numbers.values()), 1)[1])


def highest_elsewhere(values: np.ndarray) -> np.ndarray:
    """For every row of values (seeds, places) the place where the mean of the other rows is highest.

    To look for a maximum and to measure it on the same noisy numbers finds one always; on the others it is a guess
    that can be wrong. NaN counts as no value.

    Returns (seeds,) indices; -1 where there is no other row with a value.
    """
    found = np.full(len(values), -1)
    for row in range(len(values)):
        others = np.delete(values, row, axis=0)
        known = np.isfinite(others)
        if known.any():
            sums = np.where(known, others, 0).sum(axis=0)
            counts = known.sum(axis=0)
            found[row] = np.argmax(np.where(counts > 0, sums / np.maximum(counts, 1), -np.inf))
    return found
