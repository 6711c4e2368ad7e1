"""The ways in which a claim is asked, and the runs as each of them sees these."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from analysis.claims.model import OF_TRAINING, Claim, Networks, Reading, Variant
from analysis.claims.runs import MI_COLUMNS, NOTHING, Curve, Run, RunGroup
from analysis.quantities import DONE_STATES, PREFERRED_PAIRS, TEST_ERROR
from trainables.config import WITH_RESIDUALS, WITH_SHORTCUT, Statistics

AS_MOVING: Mapping[str, Any] = {"frozen": False, "batch_norm_statistics": "moving"}
AS_PAPER: Mapping[Variant, Mapping[str, Any]] = {
    "sums of every layer": {"residual_sums": "pairs"},
    "mini-batches": {"batch_size": "all"},
}
Views = Mapping[tuple[Networks, Variant], list[Run]]


def views(runs: Sequence[Run]) -> Views:
    """The runs of these networks, so varied, each as if it were trained and not varied: so that they are compared."""
    moving, recalibrated = (
        [run for run in runs if run.config["batch_norm_statistics"] == of] for of in get_args(Statistics)
    )
    every_layer = [run for run in moving if run.config["residual_sums"] == "every_layer"]
    without_residuals = [run for run in moving if run.config["architecture"] not in WITH_RESIDUALS]
    by_variant: Mapping[Variant, list[Run]] = {
        "as measured": moving,
        "recalibrated": recalibrated,
        "from epoch 1": list(map(_from_epoch_1, moving)) if any(map(_is_measured_at_epoch_1, moving)) else [],
        "first-last": [replace(run, pairs=PREFERRED_PAIRS[::-1]) for run in moving],
        "sums of every layer": [*every_layer, *without_residuals] if every_layer else [],
        "mini-batches": _of_smallest_batches(moving),
    }
    return {
        (networks, variant): [_with_config(run, AS_PAPER.get(variant, {})) for run in seen]
        for variant, of in by_variant.items()
        for networks, seen in _beside(of).items()
    }


def readings(claim: Claim, seen: Views) -> Iterator[Reading]:
    """Those by the measures that decide first; others where the sweep has what they ask for."""
    plain = list(map(Reading, claim.measures))
    yield from plain
    for (networks, variant), runs in seen.items():
        is_asked = claim.is_of_learning or (networks == "trained" and variant in {"as measured", *OF_TRAINING})
        groups = claim.groups(runs) if is_asked else []
        if variant == "first-last" and not any(_has_shortcut(group) for group in groups):
            continue
        for measure in (*claim.measures, *claim.other_measures) if groups else ():
            reading = Reading(measure, networks, variant)
            if reading not in plain and (measure in claim.measures or _is_measured(runs, MI_COLUMNS[measure])):
                yield reading


PLAIN: tuple[Networks, Variant] = ("trained", "as measured")


def _of_smallest_batches(runs: Sequence[Run]) -> list[Run]:
    sizes = {str(run.config["batch_size"]) for run in runs} - {"all"}
    smallest = min(sizes, key=int, default=None)
    return [run for run in runs if str(run.config["batch_size"]) == smallest]


def _beside(runs: Sequence[Run]) -> dict[Networks, list[Run]]:
    trained, frozen = ([run for run in runs if bool(run.config["frozen"]) == kind] for kind in (False, True))
    twins = {_without_frozen(run): run for run in frozen}
    pairs = [(run, twins[_without_frozen(run)]) for run in trained if _without_frozen(run) in twins]
    return {
        "trained": [_with_config(run, AS_MOVING) for run in trained],
        "frozen": [_with_config(run, AS_MOVING) for run in frozen],
        "trained less frozen": [_with_config(_difference(*pair), AS_MOVING) for pair in pairs],
    }


def _has_shortcut(group: RunGroup) -> bool:
    return any(run.config["architecture"] in WITH_SHORTCUT for run in group.runs.values())


def _is_measured_at_epoch_1(run: Run) -> bool:
    return any(1 in curve.epochs for (_, column), curve in run.curves.items() if column in MI_COLUMNS.values())


def _from_epoch_1(run: Run) -> Run:
    curves = {
        name: replace(curve, epochs=curve.epochs[curve.epochs > 0], values=curve.values[curve.epochs > 0])
        for name, curve in run.curves.items()
    }
    return replace(run, curves=curves, start=1)


def _is_measured(runs: Sequence[Run], column: str) -> bool:
    return any(len(curve) for run in runs for (_, of), curve in run.curves.items() if of == column)


def _without_frozen(run: Run) -> tuple[Any, ...]:
    return tuple(value for name, value in run.config.items() if name != "frozen")


def _with_config(run: Run, fields: Mapping[str, Any]) -> Run:
    return replace(run, config={**run.config, **fields})


def _difference(trained: Run, frozen: Run) -> Run:
    """The trained run with, in place of its MI, what it has more than its twin that never learns.

    Where one of the two is not done, it is that one.
    """
    for run in (trained, frozen):
        if run.state not in DONE_STATES:
            return replace(run, curves={}, difference_of=(trained, frozen))
    state = "diverged" if "diverged" in (trained.state, frozen.state) else trained.state
    curves = {
        (pair, column): curve if column == TEST_ERROR else _less(curve, frozen.curves.get((pair, column)))
        for (pair, column), curve in trained.curves.items()
    }
    return replace(trained, state=state, curves=curves, difference_of=(trained, frozen))


def _less(trained: Curve, frozen: Curve | None) -> Curve:
    """The difference at the epochs that both have."""
    if frozen is None:
        return NOTHING
    epochs, of_trained, of_frozen = np.intersect1d(trained.epochs, frozen.epochs, return_indices=True)
    values = trained.values[of_trained] - frozen.values[of_frozen]
    return Curve(epochs, values, is_near_ceiling=trained.is_near_ceiling or frozen.is_near_ceiling)
