"""Follows a job of a cluster to its end: shows its log, reconnects when the connection is lost, passes Ctrl-C on."""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from sweep.console import warn
from sweep.errors import ClusterUnusable, Interrupted, with_next
from sweep.jobs.client import GRACE_SECONDS, Ended, JobClient
from sweep.jobs.job_log import JobLog

EXIT_CODES = range(8)

LINES_SHOWN = 3


SILENCE_SECONDS = 30.0
"""A job may print nothing for long; after so long without output the client checks that the cluster still answers."""
PATIENCE_SECONDS = 120.0
"""The client tries for so long to reach a cluster that no longer answers."""
RETRY_SECONDS = 1.0


@dataclass(frozen=True)
class Commands:
    """The commands for a client that no longer follows: to look at the sweep later, and to stop it."""

    later: str
    stop: str


def follow(cluster: JobClient, job: str, log: JobLog, commands: Commands) -> Ended:
    """Follow the job until it has ended; returns how, after `log` has taken all that it printed.

    The first SIGINT is passed on to the job, which ends in order, however long it takes to reach the cluster; the
    second ends this process, not the job.

    Raises:
        ClusterUnusable: when the cluster was out of reach for too long; the message ends with a command.
    """
    following = _Following(cluster, job, log)
    with _interrupts_passed_on(cluster, job, commands):
        while True:
            try:
                asyncio.run(following.tail())
                if ended := cluster.ended(job):
                    log.end()
                    return ended
            except ClusterUnusable as error:
                following.say_lost()
                if following.seconds_unanswered > PATIENCE_SECONDS:
                    raise ClusterUnusable(
                        f"the cluster at {cluster.address} no longer answers; as long as it lives, job {job} goes on",
                        next=commands.later,
                    ) from error
            time.sleep(RETRY_SECONDS)


class _Following:
    """Reads the log of a job, from its beginning after every loss of the connection."""

    def __init__(self, cluster: JobClient, job: str, log: JobLog) -> None:
        self._cluster, self._job, self._log = cluster, job, log
        self._answered, self._has_said = time.monotonic(), False

    def say_lost(self) -> None:
        """Say once that the connection is lost."""
        if not self._has_said:
            warn(f"the cluster does not answer; retrying for {PATIENCE_SECONDS:.0f} s, and the job goes on")
        self._has_said = True

    @property
    def seconds_unanswered(self) -> float:
        """Seconds since the cluster last answered."""
        return time.monotonic() - self._answered

    async def tail(self) -> None:
        """Take the log until it ends.

        Raises:
            ClusterUnusable: when the connection is lost.
        """
        take, pieces = self._log.again(), self._cluster.tail(self._job)
        while True:
            next_piece = asyncio.ensure_future(anext(pieces, None))
            while not (await asyncio.wait({next_piece}, timeout=SILENCE_SECONDS))[0]:
                self._cluster.check_answers()
                self._answered = time.monotonic()
            if (text := next_piece.result()) is None:
                return
            self._answered, self._has_said = time.monotonic(), False
            take(text)


@contextmanager
def _interrupts_passed_on(cluster: JobClient, job: str, commands: Commands) -> Iterator[None]:
    """While in the block, pass SIGINT on to the job; other signals end this process and not the job."""
    asked, arrived = threading.Event(), threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        if asked.is_set():
            if arrived.is_set():
                warn(with_next(f"no longer following; job {job} goes on ending", commands.later))
            else:
                warn(with_next(f"no longer following; the cluster was not reached: job {job} goes on", commands.stop))
            os._exit(Interrupted.exit_code)
        asked.set()
        warn(f"SIGINT goes to job {job}, which has {GRACE_SECONDS} s to end in order; once more to stop following it")
        threading.Thread(target=_stop, args=(cluster, job, arrived), name="stop", daemon=True).start()

    earlier = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)


def _stop(cluster: JobClient, job: str, arrived: threading.Event) -> None:
    """Try to stop the job until the cluster has accepted it; a job that is still being prepared cannot be stopped."""
    while not arrived.is_set():
        with contextlib.suppress(ClusterUnusable):
            cluster.check_answers()  # a call through a dead link would wait for minutes
            if cluster.stop(job) or cluster.ended(job):
                arrived.set()
                return
        time.sleep(RETRY_SECONDS)


def exit_code(ended: Ended, log: JobLog, cluster: JobClient, job: str) -> int:
    """The exit code of the command that ran as the job; one that was stopped was interrupted.

    Raises:
        ClusterUnusable: when the command could not run there, or its process died.
    """
    if ended.is_stopped:
        return Interrupted.exit_code
    whole_log = f"ray job logs {job} --address {cluster.address}"
    if not log.has_begun:
        raise ClusterUnusable(
            f"the head cannot run this project's command: {_end(log, ended)}",
            next="install the project on the cluster, its python3 first on the path of `ray start`, as in "
            f"cluster.yaml; {whole_log}",
        )
    if ended.code is None or ended.code not in EXIT_CODES:
        how = f"ended with {ended.code}" if ended.code is not None else ended.message.strip().split("\n")[0]
        raise ClusterUnusable(
            f"the job's process died: {how}; what was committed is kept", next=f"the same again; {whole_log}"
        )
    return ended.code


def _end(log: JobLog, ended: Ended) -> str:
    """The last lines of a job that never began."""
    lines = [line.strip() for line in log.preparations if line.strip()] or ended.message.strip().splitlines()
    return " / ".join(lines[-LINES_SHOWN:])
