"""The command `ui`: MLflow's own server on the tracking store, for this machine only, opened at the runs."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from types import FrameType
from typing import IO, Annotated, Any

import typer

from sweep.cli import options
from sweep.cli.completion import sweep_names
from sweep.commands import command_line
from sweep.console import say
from sweep.errors import SweepError, UsageError
from sweep.system.network import http_status
from sweep.text import did_you_mean
from sweep.tracking.problems import problem
from sweep.tracking.settings import database_file, is_server
from sweep.tracking.ui_view import runs_address

START_SECONDS = 300.0
SAY_SECONDS = 10.0
SHOWN = 10
END_SECONDS = 10.0
LOG_BYTES = 2000

OptionalSweep = Annotated[
    str | None,
    typer.Argument(
        metavar="[SWEEP]", autocompletion=sweep_names, help="Whose runs to open; by default those of the newest."
    ),
]


def ui(
    shared: options.Tracked,
    sweep: OptionalSweep = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 5000,
    browser: Annotated[bool, typer.Option(help="Open a browser, where there is one.")] = True,
) -> None:
    """Open the MLflow UI at the runs of a sweep, reachable from this machine only."""
    tracking_uri = shared.tracking_uri
    if tracking_uri and is_server(tracking_uri):
        raise UsageError(f"{tracking_uri} is a server with a UI of its own", next="open it in a browser")
    _check_port(port, shared)
    uri = shared.tracker
    database = database_file(uri)
    if database and not os.path.isfile(database):
        where = uri if tracking_uri else f"the store {shared.store}"
        raise UsageError(
            f"no tracking database in {where}: no file {database}",
            next="sweep run demo, or choose another --store",
        )
    say("starting MLflow's server")
    addresses = _addresses(uri, port)
    if sweep is not None and sweep not in addresses:
        raise UsageError(
            f"no runs of sweep '{sweep}'{did_you_mean(sweep, addresses)} in {uri}: there are "
            f"{', '.join(addresses) or 'none'}",
            next=command_line("track", sweep, store=shared.store, tracking_uri=tracking_uri),
        )
    with _served(uri, port) as server:
        chosen = {sweep: addresses[sweep]} if sweep else addresses
        for name, address in list(chosen.items())[:SHOWN]:
            say(f"runs of {name}: {address}")
        if len(chosen) > SHOWN:
            say(f"and {len(chosen) - SHOWN} more at http://127.0.0.1:{port}/#/experiments")
        say("Ctrl-C ends it")
        if browser and chosen and _has_screen():
            webbrowser.open(next(iter(chosen.values())))
        server.wait()
    raise SweepError(f"MLflow's server has ended with exit code {server.returncode}", next="the same again")


def _has_screen() -> bool:
    """Whether a browser can open a window: on Linux only where a display is named."""
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _addresses(uri: str, port: int) -> dict[str, str]:
    """The page with the runs of each sweep, the newest sweep first.

    Raises:
        UsageError: when MLflow cannot use the database.
    """
    from sweep.tracking.mirror import experiments

    try:
        ids = experiments(uri)
    except Exception as error:
        what, remedy = problem(uri, error)
        raise UsageError(what, next=remedy) from error
    return {name: runs_address(port, experiment_id) for name, experiment_id in ids.items()}


@contextlib.contextmanager
def _served(uri: str, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """MLflow's server in a process of its own, which answers; it and all its processes end with the block.

    Raises:
        SweepError: when it ends, or does not answer, with the end of what it printed.
    """
    serve = ["-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    environment = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "PYTHONWARNINGS": "ignore"} | os.environ
    with tempfile.TemporaryFile() as log, _ends_on_signals():
        server = subprocess.Popen(
            [sys.executable, *serve, "--workers", "1"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            _wait_until_it_answers(server, port, log)
            yield server
        except KeyboardInterrupt:
            sys.exit(0)
        finally:
            _end(server)


def _wait_until_it_answers(server: "subprocess.Popen[bytes]", port: int, log: IO[bytes]) -> None:
    start = said = time.monotonic()
    while server.poll() is None and time.monotonic() - start < START_SECONDS:
        with contextlib.suppress(OSError):
            if http_status(f"http://127.0.0.1:{port}/health", 1.0) == 200:
                return
        if time.monotonic() - said > SAY_SECONDS:
            said = time.monotonic()
            say(f"starting MLflow's server ({said - start:.0f} s)")
        time.sleep(0.1)
    log.seek(max(0, log.seek(0, os.SEEK_END) - LOG_BYTES))
    raise SweepError(f"MLflow's server does not answer:\n{log.read().decode(errors='replace')}", next="sweep doctor")


def _end(server: "subprocess.Popen[bytes]") -> None:
    """End the server and the processes that it has started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, number)  # it leads a session of its own
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(END_SECONDS)


@contextlib.contextmanager
def _ends_on_signals() -> Iterator[None]:
    """While in the block, what asks this process to end is like Ctrl-C, also where it was started to ignore that."""

    def interrupt(number: int, frame: FrameType | None) -> Any:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_port(port: int, shared: options.Tracked) -> None:
    """Check that the server can use the port; its exit code would not report this.

    Raises:
        UsageError: when it is taken, or not for this user.
    """
    if error := _refusal(port):
        free = next((candidate for candidate in range(max(port, 1023) + 1, 65536) if not _refusal(candidate)), None)
        again = command_line("ui", store=shared.store, tracking_uri=shared.tracking_uri, port=free or "N")
        raise UsageError(
            f"--port {port} of this machine: {error}; allowed is a port that is free, of 1 to 65535", next=again
        )


def _refusal(port: int) -> str | None:
    """Why no server can listen on that port of this machine; None if one can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
