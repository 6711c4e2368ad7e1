"""The command `run`: compute the points of a spec that the store does not hold yet."""

from sweep.cli import options
from sweep.cli.app import DEFINITIONS
from sweep.commands import command_line
from sweep.console import talk
from sweep.errors import Interrupted, UsageError
from sweep.jobs import is_url
from sweep.spec import SweepSpec
from sweep.store import Store, load, refuse_if_live


def run(
    source: options.Spec,
    shared: options.Shared,
    trials: options.Trials,
    running: options.Running,
    settings: options.SpecSettings = None,
    point: options.Points = None,
) -> None:
    """Compute what the store does not hold yet. Finished points are left alone, interrupted ones continue."""
    if is_url(running.address):
        again = command_line("submit", source, address=running.address)
        raise UsageError(
            f"--address {running.address} is a dashboard, which takes jobs", next=f"{again} and what else was given"
        )
    run_spec(trials.applied_to(load(source, settings or [])), shared, trials, running, tuple(point or ()))


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
