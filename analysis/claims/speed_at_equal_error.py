"""Hodas & Stinis 2018, section 3 with figures 5A and 5B: a high mutual information goes with a rapid decrease of the
test error, a low one with a slow decrease.

The sentence read as speed, with the error held fixed: early in training the error falls fast because there is much to
gain, whatever the MI is then. Judged for every network by itself, each architecture apart: the partial rank
correlation, over its measured epochs, of the MI with the decrease of the test error to the next measured epoch, per
epoch, given the error at that epoch; above 0.
"""

import numpy as np

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, has_first_to_last, of_architectures


def speed_with_mi(run: Run, measure: Measure) -> float:
    """Partial rank correlation of MI and decrease given the error; NaN when one of the three never changes."""
    mi, errors = run.first_to_last(measure), run.errors
    _, of_mi, of_errors = np.intersect1d(mi.epochs, errors.epochs, return_indices=True)
    decrease = -np.diff(errors.values[of_errors]) / np.diff(errors.epochs[of_errors])
    bits, error = mi.values[of_mi][:-1], errors.values[of_errors][:-1]
    plain, with_error, of_error = (
        rank_correlation_or_nan(*pair) for pair in ((bits, decrease), (bits, error), (decrease, error))
    )
    rest = (1 - with_error**2) * (1 - of_error**2)
    return (plain - with_error * of_error) / rest**0.5 if rest > 0 else float("nan")


CLAIM = Claim(
    number=14,
    name="speed-at-equal-error",
    statement="At equal error a high MI goes with a fast decrease of the error, a low MI with a slow one",
    paper="Hodas & Stinis 2018",
    section="3 Results, figures 5A and 5B",
    definition=__doc__,
    preset="fig5b",
    needs="networks of any architecture",
    groups=of_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=(
        Effect(
            "partial rank correlation of MI with the error's decrease",
            "rho",
            "above",
            of_each(speed_with_mi),
            each="architecture",
        ),
    ),
    other_measures=LADDER,
    is_of_learning=True,
)
