"""Commands with `--address`: run as a short job on the head of a cluster, which sees the store, and answered here."""

import contextlib
import functools
import inspect
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import typer

from sweep.cli import options
from sweep.cli.passed_options import given_words
from sweep.commands import SPEC_FILE, command_line, said_spec
from sweep.console import talk
from sweep.errors import ClusterUnusable, Interrupted
from sweep.jobs import (
    Cluster,
    Commands,
    Ended,
    JobLog,
    Request,
    dashboard,
    exit_code,
    follow,
    is_url,
    settings_passed_on,
)
from sweep.store import load

POLL_SECONDS = 0.2
LONG = ("stop", "resume")
"""Commands whose talk is shown as it comes; the others are asked, which is quicker."""


def on_cluster(command: Callable[..., None]) -> Callable[..., None]:
    """The command, which with the address of a dashboard runs on that cluster instead of here."""
    own = inspect.signature(command).parameters
    added = [inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    if "address" not in own:
        kind = options.Dashboard
        added.append(inspect.Parameter("address", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind))

    @functools.wraps(command)
    def run(**values: Any) -> None:
        address = values.get("address")
        if address is None or ("address" in own and not is_url(address)):
            command(**{name: value for name, value in values.items() if name in own})
        else:
            _run_there(command.__name__, values, dashboard(address))

    run.__signature__ = inspect.Signature([*own.values(), *added])  # type: ignore[attr-defined]
    run.__annotations__ = command.__annotations__ | {parameter.name: parameter.annotation for parameter in added}
    return run


@dataclass(frozen=True)
class _Asked:
    """What was asked for: the sweep, the other words of the command, and for `plan` the spec and its client's words."""

    sweep: str
    words: list[str]
    spec: str | None = None
    said_spec: tuple[str, ...] = ()


def _run_there(command: str, values: dict[str, Any], address: str) -> None:
    """Run the command as a job, print its answer, and end with its exit code."""
    asked = _asked(command, values)
    cluster = Cluster(address)
    cluster.forget_answered()
    words = asked.words
    if "--store" not in words and (store := cluster.store_of(asked.sweep)):
        words = [*words, "--store", store]
    subject = asked.sweep if asked.spec is None else SPEC_FILE
    request = Request((command, subject, *words), address, asked.said_spec, settings_passed_on())
    job = cluster.start(asked.sweep, request, asked.spec)
    printed = JobLog(show)
    if command in LONG or values.get("watch"):
        later, stop = (command_line(word, asked.sweep, address=address) for word in ("status", "stop"))
        ended = follow(cluster, job, printed, Commands(later, stop))
    else:
        ended = _wait(cluster, job, printed)
    code = exit_code(ended, printed, cluster, job)
    sys.stdout.write(printed.answer)
    raise typer.Exit(code)


def _asked(command: str, values: dict[str, Any]) -> _Asked:
    words = given_words(values["context"], without=("address", "sweep", "spec", "settings"))
    if command != "plan":
        return _Asked(values["sweep"], [*words, "--address", "auto"] if command == "resume" else words)
    settings = values["settings"] or []
    wanted = load(values["spec"], settings)
    return _Asked(wanted.name, words, wanted.to_yaml(), said_spec(values["spec"], settings))


def _wait(cluster: Cluster, job: str, printed: JobLog) -> Ended:
    """How a short job ended; its log is taken at once, sooner than Ray would hand it on piece by piece."""
    try:
        while (ended := cluster.ended(job)) is None:
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        with contextlib.suppress(ClusterUnusable):
            cluster.stop(job)
        raise Interrupted("interrupted before the cluster had answered", next="the same again") from None
    printed.take(cluster.log(job))
    printed.end()
    return ended


def show(line: str) -> None:
    """A line of a job's talk on stderr."""
    talk.print(line, soft_wrap=True)
