"""Weng et al. 2022, abstract: the mutual information between the inputs and the propagated signals is largest when a
network is initialized at dynamic isometry, where layers preserve norms.

The sentence as `isometry-maximal` reads it, of the channel itself: MI of the image and the last hidden layer with
Gaussian noise of a stated size on every unit of every layer, whose distribution is known, in place of an estimate by
neighbors. Judged on untrained tanh networks without batch normalization, which differ in initializer and gain alone, at
every depth apart, with isometry and the other settings as there. Where the paths of signals through the noise leave the
value open, it is a lower bound; values within 5 % of their ceiling are left out. The full text of the paper was not at
hand.
"""

from collections.abc import Sequence

from analysis.claims.isometry_maximal import EFFECT, is_measured, of_gains, signal, with_others_beyond
from analysis.claims.model import Claim
from analysis.claims.runs import Run, RunGroup


def groups(runs: Sequence[Run]) -> list[RunGroup]:
    """Untrained networks with noise at every layer that differ in initializer and gain, isometry among them."""
    return of_gains([run for run in runs if run.config["measure_noise_at"] == "every_layer"])


CLAIM = Claim(
    number=16,
    name="isometry-by-channel",
    statement="The exact MI of input and noisy signal is largest at dynamic isometry, at every depth tested",
    paper="Weng et al. 2022",
    section="abstract",
    definition=__doc__,
    preset="isometry",
    needs="untrained networks with the measure channel and noise at every layer, orthogonal with gains around 1",
    groups=groups,
    is_measured=is_measured,
    effects=(EFFECT,),
    measures=("channel",),
    other_margins=with_others_beyond(EFFECT),
    curve=signal,
    settings=("measure.pairs=[input-each]", "measure.measures=[channel]", "measure.noise_at=every_layer"),
)
