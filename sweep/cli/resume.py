"""The command `resume`: run a sweep again with the spec kept in the store."""

import typer

from sweep.cli import options
from sweep.cli.on_cluster import run_on_cluster
from sweep.cli.run import run_spec
from sweep.jobs import is_url
from sweep.store import Store


def resume(
    context: typer.Context,
    sweep: options.Sweep,
    shared: options.Shared,
    trials: options.Trials,
    running: options.Running,
) -> None:
    """Run a sweep again with the spec kept in the store."""
    if running.address is not None and is_url(running.address):
        run_on_cluster(context, running.address)
    run_spec(trials.applied_to(Store(shared.store).spec(sweep)), shared, trials, running)
