"""The `sweep` command: its table of commands, each loaded when it is run, and the exit code of every error."""

import errno
import os
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from sweep.console import say_error
from sweep.errors import StorageFault, SweepError

MEANINGS = {
    1: "internal error",
    2: "bad usage or spec",
    3: "points failed",
    4: "another driver is live",
    5: "interrupted (the same again goes on)",
    6: "storage fault",
    7: "cluster unusable",
}


def exit_codes(*codes: int, success: str = "done", failure: str = MEANINGS[1]) -> str:
    """The line of `--help` for a command that can end with these codes, and, as any, with 0 and 1."""
    told = {0: success, 1: failure} | {code: MEANINGS[code] for code in codes}
    return f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in told.items())}."


EXIT_CODES = exit_codes(2, 3, 4, 5, 6, 7, success="done (of a run: every point finished)")
_OF_A_RUN = exit_codes(2, 3, 4, 5, 6, 7, success="every point finished")
_OF_USAGE = exit_codes(2)
OF_THE_STORE = exit_codes(2, 6)
_OF_A_QUERY = exit_codes(2, 5, 6, 7)
_OF_MLFLOW = "MLflow failed, or internal error"
_OF_DOCTOR = exit_codes(2, 6, 7, success="fit for a sweep")

READER_GONE = 141
"""The exit code of a command whose reader, as `head` does, closed the pipe: as of one that SIGPIPE ends."""

RUN, LOOK, ANALYSE, STORE, CLUSTER = "Run", "Look", "Analyse", "Store and tracker", "Cluster"


class Entry(NamedTuple):
    """A command: the module and name of its function or of its Typer app, and panel, first line and end of its help."""

    source: str
    panel: str
    help: str
    exit_codes: str


COMMANDS: dict[str, Entry] = {
    "presets": Entry("sweep.cli.presets:presets", RUN, "List the packaged specs, with size and purpose.", _OF_USAGE),
    "plan": Entry("sweep.cli.plan:plan", RUN, "Show what a run would do and cost.", _OF_A_QUERY),
    "run": Entry("sweep.cli.run:run", RUN, "Compute what the store does not hold yet.", _OF_A_RUN),
    "resume": Entry("sweep.cli.resume:resume", RUN, "Run a sweep again with the spec kept in the store.", _OF_A_RUN),
    "measure": Entry(
        "sweep.cli.measure:measure", RUN, "Measure kept states of a sweep's networks anew, without training.", _OF_A_RUN
    ),
    "stop": Entry("sweep.cli.stop:stop", RUN, "Stop the driver of a sweep, here or on another host.", _OF_A_QUERY),
    "status": Entry(
        "sweep.cli.status:status",
        LOOK,
        "Show counts, rate, time left, and whether the driver is alive or lost.",
        _OF_A_QUERY,
    ),
    "show": Entry(
        "sweep.cli.show:show", LOOK, "Show one point: config, result, provenance, attempts, log.", _OF_A_QUERY
    ),
    "failures": Entry("sweep.cli.failures:failures", LOOK, "Show failed points grouped by cause.", _OF_A_QUERY),
    "doctor": Entry("sweep.cli.doctor:doctor", LOOK, "Look whether everything is fit for a sweep.", _OF_DOCTOR),
    "mi": Entry("sweep.cli.mi:mi", ANALYSE, "Measure the MI of the arrays x and y in a file.", _OF_USAGE),
    "track": Entry(
        "sweep.cli.track:track",
        STORE,
        "Replay a sweep's store into MLflow.",
        exit_codes(2, 6, failure=_OF_MLFLOW),
    ),
    "ui": Entry(
        "sweep.cli.ui:ui",
        STORE,
        "Open the MLflow UI at the runs of a sweep.",
        exit_codes(2, failure=_OF_MLFLOW),
    ),
    "weights": Entry(
        "sweep.cli.weights:weights", STORE, "Write a sweep's kept networks as Keras and NumPy files.", OF_THE_STORE
    ),
    "store": Entry("sweep.cli.store:app", STORE, "Look after a store as a whole.", exit_codes(2, 4, 6)),
    "submit": Entry("sweep.cli.submit:submit", CLUSTER, "Run a sweep as a job of a Ray cluster.", _OF_A_RUN),
}
"""The commands by name, in the order of `--help`; the analysis adds its own."""


DEFINITIONS: dict[str, dict[str, Any]] = {}
"""The definitions of claims that hold now, by claim: a sweep records them when it starts. The analysis adds its own."""


UNTIL: dict[str, str] = {}
"""What a run can go on until, by name: the module and the function that run a spec so. The analysis adds its own."""


class Commands(TyperGroup):
    """The commands of the table. Listing them loads none; one is loaded when it is run, or asked for its help."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names, panel by panel."""
        panels = [RUN, LOOK, ANALYSE, STORE, CLUSTER]
        return sorted(COMMANDS, key=lambda name: panels.index(COMMANDS[name].panel))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """What `--help` lists of a command."""
        if entry := COMMANDS.get(cmd_name):
            return TyperCommand(cmd_name, help=entry.help, rich_help_panel=entry.panel)
        return None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is run, whole."""
        from sweep.spec import presets

        if args and args[0] not in COMMANDS and args[0] in presets():
            ctx.fail(f"No such command '{args[0]}', which is a preset: sweep run {args[0]}")
        known: Any = dict.fromkeys(COMMANDS)
        self.commands = known  # of which Typer suggests the nearest
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and loaded(str(name)), rest


def loaded(name: str) -> Any:
    """The command of that name for click, with its options; imports what it needs."""
    from sweep.cli.options import expanded

    entry = COMMANDS[name]
    module, attribute = entry.source.split(":")
    source = getattr(import_module(module), attribute)
    if isinstance(source, typer.Typer):
        command: Any = typer.main.get_group(source)
    else:
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(name)(expanded(source))
        command = typer.main.get_command(alone)
    command.name = name
    for one in (command, *getattr(command, "commands", {}).values()):
        one.epilog = entry.exit_codes
    return command


app = typer.Typer(cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False, epilog=EXIT_CODES)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        print(f"mi-sweep {version('mi-sweep')}")
        raise typer.Exit


@app.callback()
def sweep(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version, and exit.")
    ] = False,
) -> None:
    """Ask why neural networks can be trained: sweeps of full-batch training, with test error and mutual information
    between layers at every epoch.
    """


def report_errors(command: Callable[[], None] = app) -> None:
    """Run the command; an error is one message on stderr and its exit code, a stack trace only if SWEEP_DEBUG=1.

    Where the reader of its output has gone, it ends without a word.
    """
    try:
        command()
    except SystemExit as end:
        cause = end.__context__
        if (full := _flush()) and not end.code:
            say_error(full)
            sys.exit(full.exit_code)
        if isinstance(cause, OSError) and cause.errno == errno.EPIPE:
            sys.exit(READER_GONE)
        raise
    except Exception as error:
        if os.environ.get("SWEEP_DEBUG") == "1":
            raise
        fault = error if isinstance(error, SweepError) else _internal(error)
        say_error(fault)
        sys.exit(fault.exit_code)


def _flush() -> SweepError | None:
    """Write out what was printed; what nobody reads, or what does not fit, is dropped. Says why it does not fit."""
    if sys.stdout is None:  # closed before the command began
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return None if isinstance(error, BrokenPipeError) else _unwritten(error)
    return None


def _unwritten(error: OSError) -> SweepError:
    """The message for an output that cannot be written, as on a full device."""
    return StorageFault(f"the output cannot be written: {error.strerror}", next="the same with another output")


def _internal(error: Exception) -> SweepError:
    """The message for an error that no command expects."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and error.filename is None:  # of print
        return _unwritten(error)
    message = f"internal error: {type(error).__name__}: {error}"
    return SweepError(message, next="the same again with SWEEP_DEBUG=1 shows the stack trace")
