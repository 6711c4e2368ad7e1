"""Hodas & Stinis 2018, sections 3 and 4: high mutual information between layers lets a network find a low-dimensional
manifold, from which it gradually moves away as the mutual information falls.

Read of the features: the sample of images lies on fewer coordinates in the last layer where its MI with the first one
is high. Judged for every network by itself, each architecture apart: the rank correlation, over its measured epochs,
of the MI of first and last layer with the dimension of what enters the softmax; below 0. The dimension is TwoNN's
(Facco et al. 2017), which is of manifolds; the participation ratio of the covariance is asked besides, as it is of
flat spaces alone. The paper also speaks of a manifold of the weights, which is not measured here.
"""

from dataclasses import replace
from functools import partial

import numpy as np

from analysis.claims.contrasts import of_each, rank_correlation_or_nan
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, has_first_to_last, of_architectures
from analysis.quantities import PARTICIPATION, TWONN


def with_dimension(run: Run, measure: Measure, quantity: str = TWONN) -> float:
    """Rank correlation of MI and dimension over the epochs at which both are known; NaN when one never changes."""
    mi, dimension = run.first_to_last(measure), run.of_what_enters_the_softmax(quantity)
    _, of_mi, of_dimension = np.intersect1d(mi.epochs, dimension.epochs, return_indices=True)
    return rank_correlation_or_nan(mi.values[of_mi], dimension.values[of_dimension])


def is_measured(run: Run, measure: Measure) -> bool:
    """Whether MI and dimension are known before and after training."""
    return has_first_to_last(run, measure) and run.is_whole(run.of_what_enters_the_softmax(TWONN))


EFFECT = Effect(
    "rank correlation of MI with the last layer's dimension",
    "rho",
    "below",
    of_each(with_dimension),
    each="architecture",
)

CLAIM = Claim(
    number=18,
    name="lower-dimensional",
    statement="The last layer lies on fewer dimensions where its MI with the first is high",
    paper="Hodas & Stinis 2018",
    section="3 Results; 4 Discussion",
    definition=__doc__,
    preset="paper-controls",
    needs="networks of any architecture with the measure geometry",
    groups=of_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=is_measured,
    effects=(EFFECT,),
    other_measures=LADDER,
    other_margins={
        "dimension: participation ratio": (
            replace(EFFECT, of=of_each(partial(with_dimension, quantity=PARTICIPATION))),
        )
    },
    is_of_learning=True,
    settings=("measure.measures=[geometry]",),
)
