"""Hodas & Stinis 2018, section 3 with figure 5A: the points that represent the outcome of each epoch show a high slope,
and decrease in error, at high mutual information, and a low slope at low mutual information.

The sentence read as the slope of the trace in the plane of MI and test error. Judged for every network by itself, each
architecture apart: the rank correlation, over its measured epochs, of the MI with the decrease of the error to the next
measured epoch per bit that the MI changes meanwhile, in either direction; above 0. Where the MI stands still the slope
is infinite, which ranks do not mind. `slope-follows-mi` reads it as speed instead.
"""

import numpy as np

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, has_first_to_last, of_architectures


def slope_with_mi(run: Run, measure: Measure) -> float:
    """Rank correlation of the MI with the slope of the trace; NaN when either never changes."""
    mi, errors = run.first_to_last(measure), run.errors
    _, of_mi, of_errors = np.intersect1d(mi.epochs, errors.epochs, return_indices=True)
    decrease, change = -np.diff(errors.values[of_errors]), np.abs(np.diff(mi.values[of_mi]))
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = decrease / change
    is_known = ~np.isnan(slope)
    return rank_correlation_or_nan(mi.values[of_mi][:-1][is_known], slope[is_known])


CLAIM = Claim(
    number=13,
    name="slope-in-plane",
    statement="In the plane of MI and error the slope is high at a high MI, and low at a low one",
    paper="Hodas & Stinis 2018",
    section="3 Results, figures 5A and 5B",
    definition=__doc__,
    preset="fig5b",
    needs="networks of any architecture",
    groups=of_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=(
        Effect(
            "rank correlation of MI with the slope of the trace",
            "rho",
            "above",
            of_each(slope_with_mi),
            each="architecture",
        ),
    ),
    other_measures=LADDER,
    is_of_learning=True,
)
