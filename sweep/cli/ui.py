"""The command `ui`: MLflow's own server on the tracking store, for this machine only."""

import os
import socket
import sys
from typing import Annotated

import typer

from sweep.cli import options
from sweep.commands import command_line
from sweep.console import say
from sweep.errors import UsageError
from sweep.tracking.settings import database_file, is_server


def ui(
    shared: options.Shared,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 5000,
) -> None:
    """Open the MLflow UI on the tracking store, reachable from this machine only."""
    tracking_uri = shared.tracking_uri
    if tracking_uri and is_server(tracking_uri):
        raise UsageError(f"{tracking_uri} is a server with a UI of its own", next="open it in a browser")
    uri = shared.tracker
    database = database_file(uri)
    if not tracking_uri and database and not database.is_file():
        raise UsageError(
            f"no tracking database in the store {shared.store}: no file {database}",
            next="sweep run demo, or choose another --store",
        )
    _check_port(port, shared)
    say(f"MLflow UI on http://127.0.0.1:{port}, Ctrl-C ends it")
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    serve = ["-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, *serve, "--workers", "1"])


def _check_port(port: int, shared: options.Shared) -> None:
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
