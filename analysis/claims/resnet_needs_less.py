"""Hodas & Stinis 2018, section 3 with figure 5A: a high mutual information is not a necessary condition for accuracy;
in figure 5A the MI of residual networks falls after its maximum, while the test error still decreases.

Read through the training of one network, within one quantity. Judged for every residual network without shortcut by
itself: the MI after the last epoch less that at its peak, below 0, in bits; and the test error at the end (median over
the last tenth of the epochs) less that at the epoch of the peak, below 0. The peak is as in `resnet-peaks`: the even
seeds choose its epoch, the odd ones test.
"""

from collections.abc import Sequence
from functools import partial

from analysis.claims.contrasts import chooses
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.resnet_peaks import INSIDE, Shares, falls, peak_epoch, with_peaks_inside
from analysis.claims.runs import RunGroup, has_first_to_last, of_architectures


def error_falls(groups: Sequence[RunGroup], measure: Measure, shares: Shares = INSIDE) -> list[float]:
    """Test error at the end less that at the epoch where the MI peaks; NaN for seeds that choose."""
    epoch = peak_epoch(groups, measure, shares)
    found = []
    for group in groups:
        errors = group.only.errors
        at_peak = errors.values[errors.epochs == epoch]
        is_tested = len(at_peak) > 0 and not chooses(group)
        found.append(errors.settled - float(at_peak[0]) if is_tested else float("nan"))
    return found


def effects(shares: Shares) -> tuple[Effect, ...]:
    """The fall of the MI from its peak, and that of the error meanwhile."""
    return (
        Effect("MI, last epoch less peak", "bits", "below", partial(falls, shares=shares)),
        Effect("error, end less epoch of the peak", "error", "below", partial(error_falls, shares=shares)),
    )


CLAIM = Claim(
    number=15,
    name="resnet-needs-less",
    statement="ResNet: its error still falls while its MI falls from the peak",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5A",
    definition=__doc__,
    preset="fig5a",
    needs="residual networks",
    groups=of_architectures("resnet"),
    is_measured=has_first_to_last,
    effects=effects(INSIDE),
    other_margins=with_peaks_inside(effects),
    other_measures=LADDER,
    half_chooses=True,
    is_of_learning=True,
)
