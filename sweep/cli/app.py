"""The `sweep` command: its subcommands and the exit code of every error. Heavy imports wait for the commands."""

import functools
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from sweep.cli import doctor, failures, mi, options, plan, show, stop, submit
from sweep.cli import run as running
from sweep.cli.on_cluster import on_cluster
from sweep.console import talk
from sweep.errors import SweepError

SHARED = {"store": options.Store, "tracking_uri": options.TrackingUri, "data_dir": options.DataDir}


def with_shared_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command, taking the options shared by all also where it has no use for them."""
    own = inspect.signature(command).parameters
    missing = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for name, kind in SHARED.items()
        if name not in own
    ]

    @functools.wraps(command)
    def run(**values: Any) -> None:
        command(**{name: value for name, value in values.items() if name in own})

    run.__signature__ = inspect.Signature([*own.values(), *missing])  # type: ignore[attr-defined]
    run.__annotations__ = command.__annotations__ | {parameter.name: parameter.annotation for parameter in missing}
    return run


app = typer.Typer(
    help="Ask why neural networks can be trained: sweeps of full-batch training, with test error and mutual "
    "information between layers at every epoch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (
    show.presets,
    on_cluster(plan.plan),
    running.run,
    on_cluster(running.resume),
    submit.submit,
    on_cluster(show.status),
    on_cluster(stop.stop),
    on_cluster(failures.failures),
    on_cluster(show.show),
    running.track,
    running.ui,
    doctor.doctor,
    mi.mi,
):
    app.command()(with_shared_options(command))


def report_errors(command: Callable[[], None] = app) -> None:
    """Run the command; an error is one message on stderr and its exit code, a stack trace only if SWEEP_DEBUG=1."""
    try:
        command()
    except Exception as error:
        if os.environ.get("SWEEP_DEBUG") == "1":
            raise
        known = error if isinstance(error, SweepError) else _internal(error)
        talk.print(f"sweep: {known}", style="red", soft_wrap=True)
        sys.exit(known.exit_code)


def _internal(error: Exception) -> SweepError:
    """An error that no command expects, as the user sees it."""
    said = f"internal error: {type(error).__name__}: {error}"
    return SweepError(said, next="the same again with SWEEP_DEBUG=1 shows the stack trace")
