"""The command `submit`: run a sweep as a job of a Ray cluster, which goes on when this command ends."""

from typing import Annotated

import typer

from sweep.cli import options
from sweep.cli.on_cluster import show
from sweep.cli.passed_options import given_words
from sweep.cli.run import Points
from sweep.cli.show import retry_kinds
from sweep.commands import SPEC_FILE, command_line, said_spec
from sweep.console import talk
from sweep.jobs import Cluster, Commands, JobLog, Request, dashboard, exit_code, follow, settings_passed_on
from sweep.store import load
from sweep.system.provenance import code_versions
from sweep.text import counted
from sweep.tracking.settings import without_login

RESOLVED_HERE = ("spec", "settings", "gpus_per_trial", "cpus_per_trial", "address", "follow_log")

Store = Annotated[
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


def submit(
    context: typer.Context,
    spec: options.Spec,
    settings: options.Settings = None,
    store: Store = None,
    tracking_uri: TrackingUri = None,
    data_dir: DataDir = None,
    gpus_per_trial: options.GpusPerTrial = None,
    cpus_per_trial: options.CpusPerTrial = None,
    max_concurrent: options.MaxConcurrent = None,
    address: options.Dashboard = None,
    retry: options.Retry = None,
    point: Points = None,
    accept_code_change: options.AcceptCodeChange = False,
    follow_log: Follow = True,
) -> None:
    """Run a sweep as a job of a Ray cluster, with the code installed there; it goes on when this command ends.

    Store, data folder and tracking server are named as the cluster sees them, and by default as they are set there.
    """
    wanted = load(spec, settings or []).with_resources(options.given_resources(gpus_per_trial, cpus_per_trial))
    wanted.only(point or ())
    retry_kinds(retry)
    words = given_words(context, RESOLVED_HERE)
    url = dashboard(address)
    cluster = Cluster(url)
    arguments = ("run", SPEC_FILE, *words, "--address", "auto")
    request = Request(arguments, url, said_spec(spec, settings or []), settings_passed_on(), code_versions())
    job = cluster.start(wanted.name, request, wanted.to_yaml())
    again = Commands(command_line("status", wanted.name, address=url), command_line("stop", wanted.name, address=url))
    talk.print(f"{wanted.name}: {counted(len(wanted.points), 'point')}, job {job} on {url}", soft_wrap=True)
    if not follow_log:
        talk.print(f"next: {again.later}; or {again.stop}", soft_wrap=True)
        return
    talk.print("it goes on when this command ends; Ctrl-C asks it to stop", soft_wrap=True)
    printed = JobLog(show)
    ended = follow(cluster, job, printed, again)
    raise typer.Exit(exit_code(ended, printed, cluster, job))
