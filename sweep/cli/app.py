"""The `sweep` command: its subcommands and the exit code of every error. Heavy imports wait for the commands."""

import os
import sys
from collections.abc import Callable

import typer

from sweep.cli import doctor, failures, mi, plan, presets, resume, run, show, status, stop, store, submit, track, ui
from sweep.cli.options import expanded
from sweep.console import say_error
from sweep.errors import SweepError

app = typer.Typer(
    help="Ask why neural networks can be trained: sweeps of full-batch training, with test error and mutual "
    "information between layers at every epoch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def add(command: Callable[..., None]) -> None:
    """Add a command, named like its function, to `sweep`."""
    app.command()(expanded(command))


for command in (
    presets.presets,
    plan.plan,
    run.run,
    resume.resume,
    submit.submit,
    status.status,
    stop.stop,
    failures.failures,
    show.show,
    track.track,
    ui.ui,
    doctor.doctor,
    mi.mi,
):
    add(command)
app.add_typer(store.app, name="store")


def report_errors(command: Callable[[], None] = app) -> None:
    """Run the command; an error is one message on stderr and its exit code, a stack trace only if SWEEP_DEBUG=1."""
    try:
        command()
    except Exception as error:
        if os.environ.get("SWEEP_DEBUG") == "1":
            raise
        fault = error if isinstance(error, SweepError) else _internal(error)
        say_error(fault)
        sys.exit(fault.exit_code)


def _internal(error: Exception) -> SweepError:
    """The message for an error that no command expects."""
    message = f"internal error: {type(error).__name__}: {error}"
    return SweepError(message, next="the same again with SWEEP_DEBUG=1 shows the stack trace")
