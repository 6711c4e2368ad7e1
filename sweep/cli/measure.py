"""The command `measure`: measure the kept states of a sweep's networks anew, without training."""

from dataclasses import replace
from typing import Annotated, Any, get_args

import typer

from sweep.cli import options
from sweep.cli.run import run_spec
from sweep.commands import command_line
from sweep.console import say
from sweep.errors import UsageError
from sweep.jobs import is_url
from sweep.planning import Plan, priced
from sweep.progress import Watch
from sweep.spec import SweepSpec, remeasured
from sweep.store import KeptStates, Store
from sweep.text import counted, duration
from trainables.config import Estimator, Measurement, MeasureName, NoiseAt, PairRequest, Scale, TrialConfig

POINTS_SHOWN = 3

Pairs = Annotated[
    list[str] | None, typer.Option("--pairs", metavar="PAIR,...", help=f"Of {', '.join(get_args(PairRequest))}.")
]
Scales = Annotated[
    list[str] | None, typer.Option("--scales", metavar="SCALE,...", help=f"Of KSG: {', '.join(get_args(Scale))}.")
]
Neighbors = Annotated[
    list[str] | None, typer.Option("--neighbors", metavar="K,...", help="k of KSG; each of several is measured.")
]
Samples = Annotated[str | None, typer.Option("--samples", metavar="N|all", help="Validation images measured.")]
Every = Annotated[
    str | None,
    typer.Option("--every", metavar="N|log", help="At which epochs; by default at those whose states are kept."),
]
Measures = Annotated[
    list[str] | None,
    typer.Option("--measure", metavar="MEASURE,...", help=f"Beside KSG: {', '.join(get_args(MeasureName))}."),
]
Noise = Annotated[float | None, typer.Option("--noise", help="Standard deviation of the noise, for the channel.")]
NoiseAtOption = Annotated[
    str | None, typer.Option("--noise-at", metavar="WHERE", help=f"{' or '.join(get_args(NoiseAt))}.")
]
EstimatorOption = Annotated[
    str | None, typer.Option("--estimator", help=f"Estimator of the MI: {', '.join(get_args(Estimator))}.")
]
Train = Annotated[bool, typer.Option("--train", help="Train again where the states that are needed were not kept.")]


def measure(
    sweep: options.Sweep,
    shared: options.Shared,
    trials: options.Trials,
    running: options.Running,
    pairs: Pairs = None,
    scales: Scales = None,
    neighbors: Neighbors = None,
    samples: Samples = None,
    every: Every = None,
    estimator: EstimatorOption = None,
    measures: Measures = None,
    noise: Noise = None,
    noise_at: NoiseAtOption = None,
    train: Train = False,
) -> None:
    """Measure kept states of a sweep's networks anew, without training: other pairs, measures, k or samples.

    The measurements are a sweep of their own, SWEEP.WHAT-VALUE, to be looked at, exported and resumed like any other.
    """
    if running.address is not None and is_url(running.address):
        raise UsageError(
            f"--address {running.address} is a dashboard, and measure runs from this process",
            next="the same on a host of the cluster with --address auto, or with HOST:PORT of its head",
        )
    store = Store(shared.store)
    spec = store.spec(sweep)
    changes: dict[str, Any] = {"pairs": _split(pairs), "scales": _split(scales), "estimator": estimator}
    changes |= {"measures": _split(measures), "noise": noise, "noise_at": noise_at}
    changes |= {"samples": _number_or_word(samples), "every": _number_or_word(every)}
    changes = {name: value for name, value in changes.items() if value is not None}
    several = [_number_or_word(k) for k in _split(neighbors) or ()]
    if not changes and not several:
        raise UsageError(
            f"measure {sweep}: nothing to measure that was not",
            next=command_line("measure", sweep, neighbors=5, store=shared.store),
        )
    measured = remeasured(spec, changes, several)
    if every is None:
        measured = _with_every(measured, _every_kept(spec, store))
    states = Watch(store, measured.name, measured.points).states()
    todo = priced(measured, store, states, options.retry_kinds(running.retry))
    _check_kept(spec, store, todo, train)
    say(f"the measurements are the sweep {measured.name}")
    run_spec(trials.applied_to(measured), shared, trials, running)


def _split(texts: list[str] | None) -> list[str] | None:
    """The words of an option that takes several, repeated or with commas between."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()] if texts else None


def _number_or_word(text: str | None) -> int | str | None:
    return int(text) if text is not None and text.isdecimal() else text


def _with_every(measured: SweepSpec, every: int | str | None) -> SweepSpec:
    """The same, measured at these epochs; its name stays."""
    if every is None:
        return measured
    return replace(remeasured(measured, {"every": every}), name=measured.name, description=measured.description)


def _every_kept(spec: SweepSpec, store: Store) -> int | str | None:
    """The `measure.every` that asks for kept states alone; None where that of the spec does, or nothing is kept."""
    kept = KeptStates(store)
    epochs = [(point, set(kept.epochs(point))) for point in spec.points]
    have = [(point, states) for point, states in epochs if states]
    if not have or all(kept.needed(point) is not None for point, _ in have):
        return None
    logarithmic = [point.model_copy(update={"measure": _at_powers_of_two(point)}) for point, _ in have]
    if all(kept.needed(point) is not None for point in logarithmic):
        return "log"
    return max(1, *(point.epochs for point, _ in have))


def _at_powers_of_two(point: TrialConfig) -> Measurement:
    return point.measure.model_copy(update={"every": "log"})


def _check_kept(spec: SweepSpec, store: Store, todo: Plan, train: bool) -> None:
    """Refuse to train again without being asked to, and say what that would cost."""
    again = [point for point in todo.to_run if point.point_id not in todo.from_states]
    if not again or train:
        return
    took = {point.training_id: store.result(point) for point in spec.points}
    seconds = [result.wall_seconds for point in again if (result := took.get(point.training_id))]
    cost = f", which took {duration(sum(seconds))} before" if len(seconds) == len(again) else ""
    names = ", ".join(point.name for point in again[:POINTS_SHOWN]) + (", ..." if len(again) > POINTS_SHOWN else "")
    raise UsageError(
        f"{counted(len(again), 'point')} of {len(todo.states)} would train again{cost}: no states are kept of the "
        f"epochs that are measured ({names})",
        next="the same with --train; a run keeps states with --set keep=log",
    )
