"""The `sweep` command: its subcommands and the exit code of every error. Heavy imports wait for the commands."""

import os
import sys

import typer

from analysis import cli as analysis
from sweep import mi, reading, running
from sweep.errors import SweepError
from sweep.options import talk

app = typer.Typer(
    help="Ask why neural networks can be trained: sweeps of full-batch training, with test error and mutual "
    "information between layers at every epoch.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

for command in (
    reading.presets,
    reading.plan,
    running.run,
    running.resume,
    reading.status,
    reading.show,
    running.track,
    running.ui,
    analysis.export,
    analysis.figures,
    mi.mi,
):
    app.command()(command)


def main() -> None:
    """Run the command; an error is one message on stderr and its exit code, a stack trace only if SWEEP_DEBUG=1."""
    try:
        app()
    except Exception as error:
        if os.environ.get("SWEEP_DEBUG") == "1":
            raise
        known = isinstance(error, SweepError)
        text = str(error) if known else f"internal error: {type(error).__name__}: {error}"
        hint = "" if known else "\n  next: the same again with SWEEP_DEBUG=1 shows the stack trace"
        talk.print(f"sweep: {text}{hint}", style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(error.exit_code if isinstance(error, SweepError) else 1)
