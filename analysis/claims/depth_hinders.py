"""Hodas & Stinis 2018, section 4 with figure 4B: even with batch normalization deep MLPs remain hard to train; beyond
5 to 10 layers, adding depth slows their training and makes them converge to a lower accuracy.

Judged on MLPs of the same seed, all else equal, each deeper than 10 hidden layers against the deepest that has 5 to
10, on two effects: the epochs to the lowest error that both reach, deeper less shallower, above 0; and the test error
at the end (median over the last tenth of the epochs), deeper less shallower, above 0. Where there are several deeper
ones, their mean.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from analysis.claims.contrasts import OfGroups, epochs_to_the_same_error
from analysis.claims.model import Claim, Effect, Reading
from analysis.claims.runs import Group, Run, as_in_the_paper, compared, has_errors

DEEP_ENOUGH, BEYOND = 5, 10


def groups(runs: Sequence[Run]) -> list[Group]:
    """MLPs that differ in depth alone, with one of 5 to 10 layers and one of more."""
    wanted = [run for run in runs if as_in_the_paper(run) and run.config["architecture"] == "mlp"]
    wanted = [run for run in wanted if run.config["depth"] >= DEEP_ENOUGH]
    found = compared(wanted, "depth", lambda depths: min(depths) <= BEYOND < max(depths))
    return [Group(group.cell, _compared_ones(group.runs)) for group in found]


def _compared_ones(runs: Any) -> dict[int, Run]:
    base = max(depth for depth in runs if depth <= BEYOND)
    return {depth: run for depth, run in runs.items() if depth >= base}


def final_error(deep: Run, shallow: Run, _: Reading) -> float:
    """Test error at the end, deeper less shallower."""
    return deep.errors.settled - shallow.errors.settled


def _deeper_less_base(number: Callable[[Run, Run, Reading], float]) -> OfGroups:
    def of(cell: Sequence[Group], reading: Reading) -> list[float]:
        return [
            float(np.mean([number(run, base, reading) for run in deeper])) for base, *deeper in map(_by_depth, cell)
        ]

    return of


def _by_depth(group: Group) -> list[Run]:
    return [group.runs[depth] for depth in sorted(group.runs)]


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
        Effect(
            "epochs to the same error, deeper less shallower",
            "epochs",
            "above",
            _deeper_less_base(epochs_to_the_same_error),
        ),
        Effect("error at the end, deeper less shallower", "error", "above", _deeper_less_base(final_error)),
    ),
    readings=("error",),
)
