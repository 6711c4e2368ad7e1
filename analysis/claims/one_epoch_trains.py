"""Hodas & Stinis 2018, section 3 with figure 5B: networks with shortcut connections start with such a high mutual
information that they are largely trained within a single epoch.

Judged for every network with a shortcut by itself, each architecture apart: the share of the whole fall of its test
error (from before training to the median over the last tenth of the epochs) that lies behind it after epoch 1, or 0
where the error never falls; above one half. An epoch is here one step on all training images; of an epoch of
mini-batches, which is many steps and which the paper may mean, it says nothing.
"""

from dataclasses import replace

from analysis.claims.contrasts import of_each
from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import Run, has_errors, of_architectures

LARGELY = 0.5


def share_after_one_epoch(run: Run, _: Measure) -> float:
    """The share of the fall of the test error that epoch 1 brings; 0 where it never falls, as nothing is trained."""
    errors = run.errors
    fall = errors.first - errors.settled
    if errors.epochs[1] != 1:
        return float("nan")
    return (errors.first - float(errors.values[1])) / fall if fall > 0 else 0.0


EFFECT = Effect(
    "share of the error's fall after one epoch",
    "share",
    "above",
    of_each(share_after_one_epoch),
    null=LARGELY,
    each="architecture",
)

CLAIM = Claim(
    number=11,
    name="one-epoch-trains",
    statement="Networks with a shortcut are largely trained within a single epoch",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5B",
    definition=__doc__,
    preset="fig5b",
    needs="networks with a shortcut",
    groups=of_architectures("shortcut", "shortcut_resnet"),
    is_measured=has_errors,
    effects=(EFFECT,),
    other_margins={f"largely: {share:.0%}": (replace(EFFECT, null=share),) for share in (0.4, 0.6)},
    measures=("error",),
    version=2,
)
