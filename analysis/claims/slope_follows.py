"""Hodas & Stinis 2018, section 3 with figures 5A and 5B: a high mutual information goes with a rapid decrease of the
test error from epoch to epoch, a low one with a slow decrease, as in the drift and diffusion phases of training.

Judged for every network by itself, each architecture apart: the rank correlation, over its measured epochs, of the MI
with the decrease of the test error from that epoch to the next measured one, per epoch; above 0. The paper's sentence
can also be read as the slope of the trace in the plane of MI and error; that has no bound where the MI stands still,
and it is of speed that the two phases speak.
"""

import numpy as np

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, has_first_to_last, of_architectures


def slope_with_mi(run: Run, measure: Measure) -> float:
    """Rank correlation of the MI with the decrease of the error that follows; NaN when either never changes."""
    mi, errors = run.first_to_last(measure), run.errors
    _, of_mi, of_errors = np.intersect1d(mi.epochs, errors.epochs, return_indices=True)
    decrease = -np.diff(errors.values[of_errors]) / np.diff(errors.epochs[of_errors])
    return rank_correlation_or_nan(mi.values[of_mi][:-1], decrease)


CLAIM = Claim(
    number=8,
    name="slope-follows-mi",
    statement="A high MI goes with a fast decrease of the error, a low MI with a slow one",
    paper="Hodas & Stinis 2018",
    section="3 Results, figures 5A and 5B",
    definition=__doc__,
    preset="fig5b",
    needs="networks of any architecture",
    groups=of_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=(
        Effect(
            "rank correlation of MI with the error's decrease",
            "rho",
            "above",
            of_each(slope_with_mi),
            each="architecture",
        ),
    ),
    other_measures=LADDER,
    is_of_learning=True,
    version=2,
)
