"""Mirrors a sweep while it runs: a background thread copies commits to MLflow.

A failure of MLflow or of the mirror never affects the sweep.
"""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from types import TracebackType
from typing import Self

from rich.console import Console

from sweep.commands import command_line
from sweep.console import warn
from sweep.errors import with_next
from sweep.spec import SweepSpec
from sweep.store import Store
from sweep.system.network import http_status
from sweep.text import counted
from sweep.timing import MirrorTiming
from sweep.tracking.mirror import Mirror
from sweep.tracking.problems import problem
from sweep.tracking.settings import is_server
from trainables.config import TrialConfig

TOO_MANY_REQUESTS, SERVER_ERROR = 429, 500
END_SHARE = 0.01
"""The end of a sweep waits for the mirror as long as `MirrorTiming` says, plus this share of the sweep's duration."""


class BackgroundMirror:
    """Keeps the mirror up to date from a background thread while in the `with` block, and verifies it at the end.

    An outage is reported once and delays only the mirror: commits enter a queue, and the wait at the end is bounded.
    When the tracker answers again, its runs are read again before anything is written.
    """

    def __init__(
        self, tracking_uri: str, spec: SweepSpec, store: Store, console: Console, timing: MirrorTiming | None = None
    ) -> None:
        self._uri, self._spec, self._store, self._console = tracking_uri, spec, store, console
        self._timing = timing or MirrorTiming()
        self._touched: queue.SimpleQueue[tuple[TrialConfig, bool] | None] = queue.SimpleQueue()
        self._running: set[str] = set()
        self._mirror: Mirror | None = None
        self._started = time.monotonic()
        self._is_out, self._has_warned, self._is_abandoned, self._has_said_others = False, False, False, False
        self._thread = threading.Thread(target=self._work, name="mirror", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._touched.put(None)
        ended = time.monotonic()
        timing = self._timing
        most = timing.server_end_seconds if is_server(self._uri) else timing.database_end_seconds
        most += END_SHARE * (ended - self._started)
        while self._thread.is_alive():
            self._thread.join(0.05)
            if time.monotonic() - ended > (min(most, timing.outage_end_seconds) if self._is_out else most):
                self._is_abandoned = True
                self._say_behind()
                return

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        """Note that more of the point was committed; returns at once."""
        self._touched.put((point, is_running))

    def _work(self) -> None:
        pending: dict[TrialConfig, bool] = {}
        is_ending, resume_at = False, 0.0
        if not self._try(lambda mirror: None):
            resume_at = time.monotonic() + self._timing.retry_seconds
        while not is_ending:
            is_ending = self._collect(pending)
            if not is_ending and time.monotonic() >= resume_at and not self._sync(pending):
                resume_at = time.monotonic() + self._timing.retry_seconds
        self._running.clear()
        if not self._try(self._verify) and not self._is_abandoned:
            self._say_behind()

    def _verify(self, mirror: Mirror) -> None:
        mirror.refresh()
        waited_for = takewhile(lambda point: not self._is_abandoned, self._spec.points)
        mirror.replay(waited_for, deep=False)
        mirror.reconcile(self._spec.points)

    def _collect(self, pending: dict[TrialConfig, bool]) -> bool:
        """Wait for commits, and move all of the queue into `pending`; returns whether the end was in the queue."""
        with contextlib.suppress(queue.Empty):
            item = self._touched.get(timeout=1.0)
            while item is not None:
                point, is_running = item
                pending[point] = is_running
                (self._running.add if is_running else self._running.discard)(point.point_id)
                item = self._touched.get_nowait()
            return True
        return False

    def _sync(self, pending: dict[TrialConfig, bool]) -> bool:
        """Copy the pending points to the tracker; after an outage, first try to reach it, even with none pending."""
        if self._is_out and not self._try(lambda mirror: None):
            return False
        for point, is_running in list(pending.items()):
            if self._is_abandoned or not self._try(partial(self._sync_point, point=point, is_running=is_running)):
                return False
            del pending[point]
        return True

    def _sync_point(self, mirror: Mirror, point: TrialConfig, is_running: bool) -> None:
        mirror.sync(point, self._store.state(point), is_running)

    def _try(self, action: Callable[[Mirror], object]) -> bool:
        """Call `action` with the mirror; returns whether it succeeded. After a failure the tracker is read again."""
        try:
            if self._mirror is None:
                check_answers(self._uri, self._timing.answer_seconds)
                mirror = Mirror(self._uri, self._spec, self._store)
                mirror.reconcile(self._spec.points, self._running)
                self._warn_of_others(mirror)
                self._mirror = mirror
            action(self._mirror)
        except Exception as error:
            self._mirror, self._is_out = None, True
            self._warn(error)
            return False
        self._is_out = False
        return True

    def _warn(self, error: Exception) -> None:
        if not self._has_warned and not self._is_abandoned:
            what, remedy = problem(self._uri, error)
            warn(with_next(f"{what}; the sweep goes on", remedy), self._console)
        self._has_warned = True

    def _warn_of_others(self, mirror: Mirror) -> None:
        if mirror.runs_of_others and not self._has_said_others:
            warn(of_others(mirror.runs_of_others, self._spec.name, self._uri), self._console)
        self._has_said_others = True

    def _say_behind(self) -> None:
        again = command_line("track", self._spec.name, store=self._store.root, tracking_uri=self._uri)
        warn(with_next("MLflow is behind the store", again), self._console)


def of_others(runs: int, sweep: str, tracking_uri: str) -> str:
    """What to say where other stores have mirrored a sweep of the same name into the same MLflow."""
    return with_next(
        f"experiment {sweep} at {tracking_uri} also holds {counted(runs, 'run')} of another store, left alone",
        "to keep them apart, another name in one of the specs, or another --tracking-uri",
    )


def check_answers(tracking_uri: str, seconds: float) -> None:
    """Check that a tracking server answers, with any status but "too many requests" or a server error.

    Databases are not checked.

    Raises:
        OSError: when it does not answer so within these seconds.
    """
    if not is_server(tracking_uri):
        return
    status = http_status(f"{tracking_uri.rstrip('/')}/health", seconds)
    if status == TOO_MANY_REQUESTS or (status or 0) >= SERVER_ERROR:
        raise OSError(f"HTTP status {status}")
