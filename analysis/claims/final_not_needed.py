"""Hodas & Stinis 2018, section 3 with figure 5A and its last paragraph: a high mutual information is not a necessary
condition for accuracy; well trained networks end with little of it, and to maximize it does not directly maximize
accuracy.

Judged on the four architectures of the same seed, all else equal: the rank correlation between them of the MI after
the last epoch with the test error at the end (median over the last tenth of the epochs). Were a high final MI needed,
the network that ends with more of it would end with the lower error and the correlation be strongly negative.
Supported where it lies above -0.5, which is where a correlation is called large (Cohen 1988); contradicted where it
lies below.
"""

from collections.abc import Sequence

from analysis.claims.model import Claim, Effect, Reading
from analysis.claims.runs import Group, across_architectures, has_first_to_last
from analysis.statistics import spearman

LARGE = -0.5


def final_mi_with_error(cell: Sequence[Group], reading: Reading) -> list[float]:
    """Rank correlation between networks of final MI with final test error; NaN when all are equal."""
    found = [
        spearman(
            [run.first_to_last(reading).last for run in group.runs.values()],
            [run.errors.settled for run in group.runs.values()],
        )
        for group in cell
    ]
    return [float("nan") if one is None else one for one in found]


CLAIM = Claim(
    number=9,
    name="final-mi-not-needed",
    statement="A high final MI is not needed for accuracy",
    paper="Hodas & Stinis 2018",
    section="3 Results, figure 5A and last paragraph",
    definition=__doc__,
    preset="fig5b",
    needs="the four architectures at the same width and depth",
    groups=across_architectures("mlp", "shortcut", "resnet", "shortcut_resnet"),
    is_measured=has_first_to_last,
    effects=(Effect("rank correlation of final MI with final error", "rho", "above", final_mi_with_error, null=LARGE),),
)
