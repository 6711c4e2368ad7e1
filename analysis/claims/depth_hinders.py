"""Hodas & Stinis 2018, section 4 with figure 4B: even with batch normalization deep MLPs remain hard to train; beyond
5 to 10 layers, adding depth slows their training and makes them converge to a lower accuracy.

Judged on MLPs of the same seed that differ in depth alone, of 5 hidden layers and more, some of them deeper than 10, on
two effects, both above 0: how much the epochs to the lowest error that all of them reach grow when the depth doubles,
and how much the test error at the end (median over the last tenth of the epochs) does; slopes of lines through all
these depths by least squares.
"""

from collections.abc import Sequence

from analysis.claims.contrasts import epochs_to_reach, slope_per_doubling
from analysis.claims.model import Claim, Effect, Measure
from analysis.claims.runs import Run, RunGroup, compared, has_errors, of_the_paper

DEEP_ENOUGH, BEYOND = 5, 10


def groups(runs: Sequence[Run]) -> list[RunGroup]:
    """MLPs that differ in depth alone, with one of 5 to 10 layers and one of more."""
    mlps = [run for run in of_the_paper(runs, "mlp") if run.config["depth"] >= DEEP_ENOUGH]
    return compared(mlps, "depth", lambda depths: min(depths) <= BEYOND < max(depths))


def slowing(cell: Sequence[RunGroup], _: Measure) -> list[float]:
    """Epochs to the lowest error that networks of all depths reach, per doubling of depth."""
    return [slope_per_doubling(_epochs_to_the_same_error(group)) for group in cell]


def _epochs_to_the_same_error(group: RunGroup) -> dict[int, float]:
    goal = max(run.errors.values.min() for run in group.runs.values())
    return {depth: epochs_to_reach(run.errors, goal) for depth, run in group.runs.items()}


def worsening(cell: Sequence[RunGroup], _: Measure) -> list[float]:
    """Test error at the end, per doubling of depth."""
    return [slope_per_doubling({depth: run.errors.settled for depth, run in group.runs.items()}) for group in cell]


CLAIM = Claim(
    number=6,
    name="depth-hinders",
    statement="Beyond 5 to 10 layers, depth slows the MLP and lowers its accuracy",
    paper="Hodas & Stinis 2018",
    section="4 Discussion, figure 4B",
    definition=__doc__,
    preset="fig4b",
    needs="MLPs of one width with 5 to 10 hidden layers and with more",
    groups=groups,
    is_measured=has_errors,
    effects=(
        Effect("epochs to the same error, per doubling of depth", "epochs", "above", slowing),
        Effect("error at the end, per doubling of depth", "error", "above", worsening),
    ),
    measures=("error",),
    version=2,
)
