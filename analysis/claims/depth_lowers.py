"""Hodas & Stinis 2018, section 4 with figure 4B: deeper MLPs have a lower mutual information between first and last
layer, which makes it harder for their training to find a low-dimensional manifold to begin with.

Judged on MLPs of the same seed that differ in depth alone: how much the MI, its mean over all measured epochs, changes
when the depth doubles (bits, the slope of a line through all depths by least squares); below 0. Both ends of every pair
are 2W wide at any depth, so the numbers are of equal dimension.
"""

from collections.abc import Sequence

from analysis.claims.contrasts import slope_per_doubling
from analysis.claims.model import LADDER, Claim, Effect, Measure
from analysis.claims.runs import Run, RunGroup, compared, has_first_to_last, of_the_paper


def groups(runs: Sequence[Run]) -> list[RunGroup]:
    """MLPs that differ in depth alone."""
    return compared(of_the_paper(runs, "mlp"), "depth", lambda depths: len(depths) > 1)


def per_doubling(cell: Sequence[RunGroup], measure: Measure) -> list[float]:
    """Change of the mean MI through training when the depth doubles, bits."""
    return [slope_per_doubling({depth: _mean(run, measure) for depth, run in group.runs.items()}) for group in cell]


def _mean(run: Run, measure: Measure) -> float:
    return float(run.first_to_last(measure).values.mean())


CLAIM = Claim(
    number=7,
    name="depth-lowers-mi",
    statement="Deeper MLPs have a lower MI of first and last layer",
    paper="Hodas & Stinis 2018",
    section="4 Discussion, figure 4B",
    definition=__doc__,
    preset="fig4b",
    needs="MLPs of one width and at least two depths",
    groups=groups,
    is_measured=has_first_to_last,
    effects=(Effect("MI through training, per doubling of depth", "bits", "below", per_doubling),),
    other_measures=LADDER,
    is_of_learning=True,
)
