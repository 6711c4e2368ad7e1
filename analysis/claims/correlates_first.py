"""Hodas & Stinis 2018, section 3: training first correlates features in different layers, and then the mutual
information steadily decreases as the network fine-tunes to its final accuracy.

Said of all networks. Judged for every network by itself, each architecture apart, as `resnet-peaks` is: the MI at its
peak, between a tenth and nine tenths of the epochs, less that before training, above 0; and the MI after the last epoch
less that at its peak, below 0. The even seeds choose the epoch of the peak, the odd ones test.
"""

from functools import partial

from analysis.claims.model import LADDER, Claim
from analysis.claims.resnet_peaks import INSIDE, effects, with_peaks_inside
from analysis.claims.runs import has_first_to_last, of_architectures

APART = partial(effects, each="architecture")

CLAIM = Claim(
    number=12,
    name="correlates-first",
    statement="Training first correlates first and last layer, then their MI decreases, in every network",
    paper="Hodas & Stinis 2018",
    section="3 Results",
    definition=__doc__,
    preset="fig5b",
    needs="networks of any architecture",
    groups=of_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=APART(INSIDE),
    other_margins=with_peaks_inside(APART),
    other_measures=LADDER,
    half_chooses=True,
    is_of_learning=True,
)
