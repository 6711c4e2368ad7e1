"""The command `submit`: run a sweep as a job of a Ray cluster, which goes on when this command ends."""

from dataclasses import dataclass
from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.passed_options import passed_options
from sweep.commands import SPEC_FILE, command_line, spec_arguments
from sweep.console import say
from sweep.jobs import Commands, JobClient, JobLog, Request, dashboard, exit_code, follow, settings_passed_on
from sweep.store import load
from sweep.system.provenance import code_versions
from sweep.text import counted
from sweep.tracking.settings import without_login

RESOLVED_HERE = ("source", "settings", "gpus_per_trial", "cpus_per_trial", "address", "follow_log")

StoreThere = Annotated[
    str | None,
    typer.Option("--store", help="Folder or bucket of the results, as nodes see it; by default SWEEP_STORE there."),
]
TrackingUri = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        callback=without_login,
        help="MLflow, as the head sees it; by default MLFLOW_TRACKING_URI.",
    ),
]
DataDir = Annotated[
    str | None,
    typer.Option(
        "--data-dir", help="Folder of mnist/*-ubyte.gz, as every node sees it; by default SWEEP_DATA_DIR there."
    ),
]
Follow = Annotated[bool, typer.Option("--follow/--no-follow", help="Show its log and wait for its end, or leave it.")]


@dataclass(frozen=True)
class SharedThere:
    """The options that every command takes, here as the cluster sees these places."""

    store: StoreThere = None
    tracking_uri: TrackingUri = None
    data_dir: DataDir = None


def submit(
    context: typer.Context,
    source: options.Spec,
    _shared: SharedThere,
    trials: options.Trials,
    address: options.Dashboard = None,
    settings: options.SpecSettings = None,
    retry: options.Retry = None,
    point: options.Points = None,
    accept_code_change: options.AcceptCodeChange = False,
    follow_log: Follow = True,
) -> None:
    """Run a sweep as a job of a Ray cluster, with the code installed there; it goes on when this command ends.

    Store, data folder and tracking server are named as the cluster sees them, and by default as they are set there.
    """
    spec = trials.applied_to(load(source, settings or []))
    spec.only(point or ())
    options.retry_kinds(retry)
    options_passed = passed_options(context, without=RESOLVED_HERE)
    url = dashboard(address)
    cluster = JobClient(url)
    arguments = ("run", SPEC_FILE, *options_passed, "--address", "auto")
    code = code_versions(spec.points)
    request = Request(arguments, url, spec_arguments(source, settings or []), settings_passed_on(), code)
    job = cluster.start(spec.name, request, spec.to_yaml())
    later = Commands(command_line("status", spec.name, address=url), command_line("stop", spec.name, address=url))
    say(f"{spec.name}: {counted(len(spec.points), 'point')}, job {job} on {url}")
    if not follow_log:
        say(f"next: {later.later}; or {later.stop}")
        return
    say("it goes on when this command ends; Ctrl-C asks it to stop")
    log = JobLog(say)
    ended = follow(cluster, job, log, later)
    raise typer.Exit(exit_code(ended, log, cluster, job))
