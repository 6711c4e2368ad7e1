"""Weng et al. 2022, abstract: information bottleneck theory confirms the relations among dynamic isometry, maximal
mutual information, and optimal properties of the channel.

The full text was not at hand, so this is a reading: what a network's signal tells of the class, I(T;Y), is largest at
dynamic isometry too. Judged on untrained networks with noise of a stated size at every layer, at every depth apart:
the exact channel's I(T;Y) of the last hidden layer at isometry less that of every other setting, above 0, in bits.
Where the paths of signals through the noise leave the value open, it is a lower bound.
"""

import math
from functools import partial

from analysis.claims.isometry_by_channel import groups
from analysis.claims.isometry_maximal import isometry_less_others, with_others_beyond
from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import Curve, Run
from analysis.quantities import LABEL_BITS


def of_class(run: Run, _: Measure) -> Curve:
    """I(T;Y) of the last hidden layer with noise; one epoch, the untrained network's."""
    return run.of_layer(str(run.config["depth"]), LABEL_BITS)


def is_measured(run: Run, measure: Measure) -> bool:
    """Whether that is known, and the Jacobian."""
    return len(of_class(run, measure)) > 0 and math.isfinite(run.mean_squared_singular_value)


EFFECT = Effect(
    "I(T;Y) at isometry less others beyond 25 % of its gain",
    "bits",
    "above",
    partial(isometry_less_others, of=of_class),
    each="depth",
)

CLAIM = Claim(
    number=20,
    name="bottleneck-at-isometry",
    statement="What a noisy signal tells of the class is largest at dynamic isometry, at every depth tested",
    paper="Weng et al. 2022",
    section="abstract",
    definition=__doc__,
    preset="isometry",
    needs="untrained networks with the measure channel and noise at every layer, orthogonal with gains around 1",
    groups=groups,
    is_measured=is_measured,
    effects=(EFFECT,),
    measures=("channel",),
    other_margins=with_others_beyond(EFFECT, of_class),
    curve=of_class,
    settings=("measure.pairs=[input-each]", "measure.measures=[channel]", "measure.noise_at=every_layer"),
)
