"""Commands with `--address`: each runs as a short job on the head of a cluster, which sees the store."""

import contextlib
import sys
import time
from dataclasses import dataclass
from typing import NoReturn

import typer

from sweep.cli.options import OnCluster
from sweep.cli.passed_options import passed_options
from sweep.commands import SPEC_FILE, command_line, spec_arguments
from sweep.console import say
from sweep.errors import ClusterUnusable, Interrupted
from sweep.jobs import (
    Commands,
    Ended,
    JobClient,
    JobLog,
    Request,
    dashboard,
    exit_code,
    follow,
    settings_passed_on,
)
from sweep.store import load

POLL_SECONDS = 0.2
FOLLOWED = ("stop", "resume")
"""Commands whose messages are shown as they come; of other commands the log is read at the end, which is faster."""


def run_on_cluster_if_asked(cluster: OnCluster) -> None:
    """Run this very command on the cluster, and do not return, if the address of one was given."""
    if cluster.address is not None:
        run_on_cluster(cluster.context, cluster.address)


def run_on_cluster(context: typer.Context, address: str) -> NoReturn:
    """Run this very command as a job on the cluster, print its answer, and end with its exit code."""
    command, values = str(context.command.name), context.params
    address = dashboard(address)
    question = _question(command, context)
    cluster = JobClient(address)
    cluster.forget_answered()
    arguments = question.arguments
    if "--store" not in arguments and (store := cluster.store_of(question.sweep)):
        arguments = [*arguments, "--store", store]
    subject = question.sweep if question.spec is None else SPEC_FILE
    request = Request((command, subject, *arguments), address, question.said_spec, settings_passed_on())
    job = cluster.start(question.sweep, request, question.spec)
    log = JobLog(say)
    if command in FOLLOWED or values.get("watch"):
        later, stop = (command_line(word, question.sweep, address=address) for word in ("status", "stop"))
        ended = follow(cluster, job, log, Commands(later, stop))
    else:
        ended = _wait(cluster, job, log)
    code = exit_code(ended, log, cluster, job)
    sys.stdout.write(log.answer)
    raise typer.Exit(code)


@dataclass(frozen=True)
class _Question:
    """The request of a command: sweep, passed options, and for `plan` the spec and the arguments that name it."""

    sweep: str
    arguments: list[str]
    spec: str | None = None
    said_spec: tuple[str, ...] = ()


def _question(command: str, context: typer.Context) -> _Question:
    arguments = passed_options(context, without=("address", "sweep", "source", "settings"))
    values = context.params
    if command != "plan":
        return _Question(values["sweep"], [*arguments, "--address", "auto"] if command == "resume" else arguments)
    settings = values["settings"] or []
    spec = load(values["source"], settings)
    return _Question(spec.name, arguments, spec.to_yaml(), spec_arguments(values["source"], settings))


def _wait(cluster: JobClient, job: str, log: JobLog) -> Ended:
    """How a short job ended; its log is read as a whole at the end, which is faster than following it."""
    try:
        while (ended := cluster.ended(job)) is None:
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        with contextlib.suppress(ClusterUnusable):
            cluster.stop(job)
        raise Interrupted("interrupted before the cluster had answered", next="the same again") from None
    log.take(cluster.log(job))
    log.end()
    return ended
