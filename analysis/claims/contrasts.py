"""Comparisons of the runs of a group: the numbers that several claims use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from analysis.claims.model import Measure
from analysis.claims.runs import Curve, Run, RunGroup
from analysis.statistics import spearman

OfGroups = Callable[[Sequence[RunGroup], Measure], list[float]]


def of_each(number: Callable[[Run, Measure], float]) -> OfGroups:
    """The effect with that number of the single run of every group."""
    return lambda groups, measure: [number(group.only, measure) for group in groups]


def between(number: Callable[[Run, Run, Measure], float], first: Any, second: Any) -> OfGroups:
    """The effect with that number of two runs of every group: those with these values of the compared field."""
    return lambda groups, measure: [number(group.runs[first], group.runs[second], measure) for group in groups]


def rank_correlation_or_nan(x: np.ndarray, y: np.ndarray) -> float:
    """Spearman's rank correlation; NaN where it is undefined, as for constants."""
    value = spearman(x, y)
    return float("nan") if value is None else value


def error_at_matched_epochs(run: Run, other: Run, _: Measure = "error") -> float:
    """Mean difference of the test errors, `run` less `other`, over the epochs after the first step that both have."""
    shared, of_run, of_other = np.intersect1d(run.errors.epochs, other.errors.epochs, return_indices=True)
    trained = shared > 0
    return float(np.mean(run.errors.values[of_run][trained] - other.errors.values[of_other][trained]))


def epochs_to_the_same_error(run: Run, other: Run, _: Measure = "error") -> float:
    """Difference of the epochs, `run` less `other`, to the lowest error that both reach."""
    goal = max(run.errors.values.min(), other.errors.values.min())
    return epochs_to_reach(run.errors, goal) - epochs_to_reach(other.errors, goal)


def epochs_to_reach(errors: Curve, goal: float) -> float:
    """The first epoch at which the error is at most the goal; it must reach the goal."""
    return float(errors.epochs[np.argmax(errors.values <= goal)])


def slope_per_doubling(numbers: Mapping[int, float]) -> float:
    """The growth of a number when the depth doubles: the slope of a least-squares line. numbers: by depth."""
    doublings = np.log2(list(numbers))
    return float(np.polynomial.polynomial.polyfit(doublings, list(numbers.values()), 1)[1])


def chooses(group: RunGroup) -> bool:
    """Whether the seed of the group is one of those that choose what the other seeds then test: an even one.

    What is chosen and tested on the same noisy numbers is better than it is; chosen for each seed on all the others, it
    is worse, since their best is where that seed is lower than the mean.
    """
    return group.seed % 2 == 0
