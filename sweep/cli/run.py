"""The command `run`: compute the points of a spec that the store does not hold yet."""

from importlib import import_module
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.app import DEFINITIONS, UNTIL
from sweep.commands import command_line
from sweep.console import say, talk
from sweep.errors import Interrupted, UsageError
from sweep.jobs import is_url
from sweep.planning import priced
from sweep.progress import Watch
from sweep.spec import SweepSpec
from sweep.store import Store, load, refuse_if_live


def hours(text: str) -> float:
    """Hours from text such as 20h, 90m or 1.5.

    Raises:
        typer.BadParameter: when it is none.
    """
    number, unit = text.rstrip("hm"), text[len(text.rstrip("hm")) :]
    try:
        found = float(number) / {"h": 1, "m": 60, "": 1}[unit]
    except (ValueError, KeyError):
        raise typer.BadParameter(f"{text}: hours or minutes, as 20h or 90m") from None
    if not 0 < found < 1e6:
        raise typer.BadParameter(f"{text}: a time above 0")
    return found


def run(
    source: options.Spec,
    shared: options.Shared,
    trials: options.Trials,
    running: options.Running,
    settings: options.SpecSettings = None,
    point: options.Points = None,
    until: Annotated[
        str | None,
        typer.Option(
            "--until",
            metavar="decided",
            help="Add seeds to the networks that open claims compare, at looks that share an error of 5 %.",
        ),
    ] = None,
    budget: Annotated[
        float | None,
        typer.Option(
            "--budget",
            metavar="HOURS",
            parser=hours,
            help="With --until: begin no look that takes trials beyond so many hours, one at a time, as 20h or 90m.",
        ),
    ] = None,
) -> None:
    """Compute what the store does not hold yet. Finished points are left alone, interrupted ones continue."""
    if is_url(running.address):
        again = command_line("submit", source, address=running.address)
        raise UsageError(
            f"--address {running.address} is a dashboard, which takes jobs", next=f"{again} and what else was given"
        )
    spec = trials.applied_to(load(source, settings or []))
    if until is None and budget is None:
        run_spec(spec, shared, trials, running, tuple(point or ()))
        return
    if until not in UNTIL:
        wrong = f"--until {until}: allowed is {', '.join(UNTIL)}" if until else "--budget is for --until"
        raise UsageError(wrong, next=f"sweep run {source} --until decided --budget 20h")
    if point:
        raise UsageError("--until chooses the points itself", next="the same without --point")
    module, name = UNTIL[until].split(":")
    run_until = getattr(import_module(module), name)
    store, address = Store(shared.store), shared.store

    def price(grown: SweepSpec) -> float | None:
        states = Watch(store, grown.name, grown.points).states()
        seconds = priced(grown, store, states, options.retry_kinds(running.retry)).seconds
        return None if seconds is None else seconds / 3600

    run_until(spec, store, address, lambda grown: run_spec(grown, shared, trials, running), price, say, budget)


def run_spec(
    spec: SweepSpec,
    shared: options.Shared,
    trials: options.Trials,
    running: options.Running,
    only: tuple[str, ...] = (),
) -> None:
    """Run the sweep of that spec, or those points of it, from this process."""
    kinds = options.retry_kinds(running.retry)
    tracker = shared.tracker
    refuse_if_live(Store(shared.store), spec.name)
    try:
        from sweep.driver import Options
        from sweep.driver import run as drive

        at_most, address, mixes = trials.max_concurrent, running.address, running.accept_code_change
        options_given = (shared.store, tracker, shared.data_dir, at_most, address, kinds, only, mixes)
        drive(spec, Options(*options_given, definitions=DEFINITIONS), talk)
    except KeyboardInterrupt:
        raise Interrupted("stopped before any trial was started", next="the same again") from None
