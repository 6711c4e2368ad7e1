"""Hodas & Stinis 2018, section 3 with figures 4A and 4B: while a traditional MLP trains, the mutual information
between its first and its last hidden layer increases systematically.

Judged for every MLP by itself, on two effects, both above 0: the MI after the last epoch less that before any training
(bits), and the rank correlation of the MI with the epoch over all measured epochs (systematically: not only at the
end).
"""

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, has_first_to_last, of_architectures


def rise(run: Run, measure: Measure) -> float:
    """MI after the last epoch less that before any training, bits."""
    curve = run.first_to_last(measure)
    return curve.last - curve.first


def trend(run: Run, measure: Measure) -> float:
    """Rank correlation of the MI with the epoch; NaN when it never changes."""
    curve = run.first_to_last(measure)
    return rank_correlation_or_nan(curve.epochs, curve.values)


CLAIM = Claim(
    number=1,
    name="mlp-rises",
    statement="MLP: the MI of first and last layer rises through training",
    paper="Hodas & Stinis 2018",
    section="3 Results, figures 4A and 4B",
    definition=__doc__,
    preset="fig4a",
    needs="trained MLPs with batch normalization and without channel noise",
    groups=of_architectures("mlp"),
    is_measured=has_first_to_last,
    effects=(
        Effect("MI, last epoch less first", "bits", "above", of_each(rise)),
        Effect("rank correlation of MI with epoch", "rho", "above", of_each(trend)),
    ),
    other_measures=LADDER,
    is_of_learning=True,
)
