"""Commands that act: run, resume, track, ui."""

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.show import retry_kinds
from sweep.commands import DEFAULT_STORE, command_line
from sweep.console import talk
from sweep.errors import Interrupted, SweepError, UsageError
from sweep.jobs import is_url
from sweep.progress import Watch
from sweep.spec import SweepSpec
from sweep.store import Store, load, refuse_if_live
from sweep.text import counted
from sweep.tracking.settings import LOGIN, default_tracking_uri, is_refused

Points = Annotated[list[str] | None, typer.Option("--point", help="Only this point of the spec; may be repeated.")]


def run(
    spec: options.Spec,
    settings: options.Settings = None,
    store: options.Store = DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
    data_dir: options.DataDir = None,
    gpus_per_trial: options.GpusPerTrial = None,
    cpus_per_trial: options.CpusPerTrial = None,
    max_concurrent: options.MaxConcurrent = None,
    address: options.Address = None,
    retry: options.Retry = None,
    point: Points = None,
    accept_code_change: options.AcceptCodeChange = False,
) -> None:
    """Compute what the store does not hold yet. Finished points are left alone, interrupted ones continue."""
    _refuse_dashboard(spec, address)
    wanted = load(spec, settings or [])
    wanted = wanted.with_resources(options.given_resources(gpus_per_trial, cpus_per_trial))
    _run(wanted, store, tracking_uri, data_dir, max_concurrent, address, retry, point, accept_code_change)


def _refuse_dashboard(spec: str, address: str | None) -> None:
    if is_url(address):
        again = command_line("submit", spec, address=address)
        raise UsageError(
            f"--address {address} is a dashboard, which takes jobs", next=f"{again} and what else was given"
        )


def resume(
    sweep: options.Sweep,
    store: options.Store = DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
    data_dir: options.DataDir = None,
    gpus_per_trial: options.GpusPerTrial = None,
    cpus_per_trial: options.CpusPerTrial = None,
    max_concurrent: options.MaxConcurrent = None,
    address: options.Address = None,
    retry: options.Retry = None,
    accept_code_change: options.AcceptCodeChange = False,
) -> None:
    """Run a sweep again with the spec kept in the store."""
    wanted = Store(store).spec(sweep)
    wanted = wanted.with_resources(options.given_resources(gpus_per_trial, cpus_per_trial))
    _run(wanted, store, tracking_uri, data_dir, max_concurrent, address, retry, None, accept_code_change)


def _run(
    wanted: SweepSpec,
    store: str,
    tracking_uri: str | None,
    data_dir: Path | None,
    max_concurrent: int | None,
    address: str | None,
    retry: str | None,
    only: list[str] | None,
    accept_code_change: bool,
) -> None:
    kinds = retry_kinds(retry)
    tracking_uri = tracking_uri or default_tracking_uri(store)
    refuse_if_live(Store(store), wanted.name)
    try:
        from sweep.driver.run import Options
        from sweep.driver.run import run as execute

        chosen = tuple(only or ())
        given = Options(store, tracking_uri, data_dir, max_concurrent, address, kinds, chosen, accept_code_change)
        execute(wanted, given, talk)
    except KeyboardInterrupt:
        raise Interrupted("stopped before any trial was started", next="the same again") from None


def track(sweep: options.Sweep, store: options.Store = DEFAULT_STORE, tracking_uri: options.TrackingUri = None) -> None:
    """Replay a sweep's store into MLflow. Harmless when repeated."""
    wanted, uri = Store(store).spec(sweep), tracking_uri or default_tracking_uri(store)
    from sweep.tracking.mirror import Mirror

    running = Watch(Store(store), sweep, wanted.points).status().running
    try:
        mirror = Mirror(uri, wanted)
        mended = mirror.replay(wanted.points, Store(store), running)
        mirror.reconcile(wanted.points, Store(store), running)
    except Exception as error:
        again = command_line("track", sweep, store=store, tracking_uri=tracking_uri)
        first = LOGIN if is_refused(error) else "check it"
        raise SweepError(f"MLflow at {uri} failed: {error}", next=f"{first}, then {again}") from error
    talk.print(
        f"{counted(len(wanted.points), 'point')} checked, {counted(mended, 'run')} mended in {uri}", soft_wrap=True
    )


def ui(
    store: options.Store = DEFAULT_STORE,
    tracking_uri: options.TrackingUri = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 5000,
) -> None:
    """Open the MLflow UI on the tracking store, reachable from this machine only."""
    if tracking_uri and tracking_uri.startswith("http"):
        raise UsageError(f"{tracking_uri} is a server with a UI of its own", next="open it in a browser")
    uri = tracking_uri or default_tracking_uri(store)
    if not tracking_uri and not (database := Path(uri.removeprefix("sqlite:///"))).is_file():
        raise UsageError(
            f"no tracking database in the store {store}: no file {database}",
            next="sweep run demo, or choose another --store",
        )
    _check_port(port, store, tracking_uri)
    talk.print(f"MLflow UI on http://127.0.0.1:{port}, Ctrl-C ends it", highlight=False)
    os.environ.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    serve = ["-m", "mlflow", "server", "--backend-store-uri", uri, "--host", "127.0.0.1", "--port", str(port)]
    os.execv(sys.executable, [sys.executable, *serve, "--workers", "1"])


def _check_port(port: int, store: str, tracking_uri: str | None) -> None:
    """See that the server can have the port; it would not say so in its exit code.

    Raises:
        UsageError: when it is taken, or not for this user.
    """
    if error := _refusal(port):
        free = next((one for one in range(max(port, 1023) + 1, 65536) if not _refusal(one)), None)
        again = command_line("ui", store=store, tracking_uri=tracking_uri, port=free or "N")
        raise UsageError(
            f"--port {port} of this machine: {error}; allowed is a port that is free, of 1 to 65535", next=again
        )


def _refusal(port: int) -> str | None:
    """Why no server could listen on that port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return (error.strerror or str(error)).lower()
    return None
