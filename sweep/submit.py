"""The command `submit`: run a sweep as a job of a Ray cluster, which goes on when this command ends."""

from typing import Annotated

import typer

from sweep import options
from sweep.credentials import without_login
from sweep.following import Commands, follow
from sweep.given import given_words
from sweep.job_end import exit_code
from sweep.job_request import SPEC_FILE, Request, said_spec
from sweep.jobs import Cluster, dashboard, settings_passed_on
from sweep.on_cluster import show
from sweep.options import talk
from sweep.printed import Printed
from sweep.reading import retry_kinds
from sweep.running import Points
from sweep.spec_reader import load
from sweep.versions import code
from sweep.words import counted

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
    request = Request(arguments, url, said_spec(spec, settings or []), settings_passed_on(), code())
    job = cluster.start(wanted.name, request, wanted.to_yaml())
    again = Commands(
        options.command_line("status", wanted.name, address=url), options.command_line("stop", wanted.name, address=url)
    )
    talk.print(f"{wanted.name}: {counted(len(wanted.points), 'point')}, job {job} on {url}", soft_wrap=True)
    if not follow_log:
        talk.print(f"next: {again.later}; or {again.stop}", soft_wrap=True)
        return
    talk.print("it goes on when this command ends; Ctrl-C asks it to stop", soft_wrap=True)
    printed = Printed(show)
    ended = follow(cluster, job, printed, again)
    raise typer.Exit(exit_code(ended, printed, cluster, job))
