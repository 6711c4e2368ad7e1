"""The state that a driver shares with its executor: the epoch of each running point, and when to stop."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Protocol

from sweep.driver.point_queue import Execution, PointQueue
from sweep.driver.supervisor import Supervisor
from sweep.errors import ClusterUnusable, StorageFault, SweepError
from sweep.progress import Progress, Watch
from trainables.config import TrialConfig


class Tracker(Protocol):
    """Copies commits to a tracker; `sweep.tracking.background.BackgroundMirror` is one."""

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        """Note that more of the point was committed; returns at once and never raises."""


class Session:
    """Hands the executor points from the queue, and passes its reports to the supervisor, mirror, lease and display.

    A fault of the store during a report stops the run in order; no method raises it.
    """

    def __init__(self, watch: Watch, supervisor: Supervisor, mirror: Tracker) -> None:
        self._mirror = mirror
        self._first_report: float | None = None
        self._epochs_at_start = sum(state.epochs_done for state in watch.states().values())
        self.running: dict[str, int] = {}
        self.stopping = threading.Event()
        self.fault: SweepError | None = None
        self.supervisor = supervisor
        self.queue: PointQueue  # set once it is known what the executor can give each trial

    def progress(self) -> Progress:
        """The progress that the store does not hold yet."""
        since = self._first_report or time.monotonic()
        return Progress(dict(self.running), self._epochs_at_start, time.monotonic() - since)

    def for_lease(self) -> dict[str, Any]:
        """The progress as the lease carries it."""
        return asdict(self.progress())

    def begin(self) -> None:
        """All trials are placed from here on; none runs yet."""
        self.running.clear()
        self.supervisor.begin()

    @property
    def must_end_trials(self) -> bool:
        """Whether running trials are to stop: the run ends, or they are placed anew."""
        return self.stopping.is_set() or self.supervisor.must_stop or self.supervisor.placement_changed

    def next_execution(self) -> Execution | None:
        """The execution to start next; None while none may start."""
        if not self.must_end_trials:
            with self.faults_noted():
                return self.queue.take()
        return None

    def started(self, point_id: str) -> None:
        """The process of this point starts to train it."""
        self.running.setdefault(point_id, 0)
        with self.faults_noted():
            self.supervisor.started(point_id)

    def reported(self, point: TrialConfig, report: Mapping[str, Any]) -> None:
        """Take a report of a trial: the epoch for the display, commits for the mirror, failures for the supervisor."""
        for kind in (StorageFault, ClusterUnusable):
            if text := report.get(kind.__name__):
                self.end_for(kind(text))
                return
        self._count(point.point_id, report["epoch"])
        with self.faults_noted():
            self.supervisor.reported(point.point_id, report)
        if report.get("failure_kind"):
            self.queue.failed(point.point_id)
        elif report["done"]:
            self.queue.finished(point.point_id)
        if report["committed"] >= 0 or report["done"]:
            self._mirror.touch(point, is_running=not report["done"])

    def completed(self, point_id: str) -> None:
        """The point has ended with a result or a failure of its own, both reported before."""
        self.running.pop(point_id, None)

    def died(self, point: TrialConfig, executor_error: str) -> None:
        """The process of the point died."""
        with self.faults_noted():
            if decision := self.supervisor.died(point, executor_error):
                self.queue.restart(point.point_id, decision.needs_more_room)
                return
            self.queue.failed(point.point_id)
        self.running.pop(point.point_id, None)
        self._mirror.touch(point, is_running=False)

    def end_for(self, fault: SweepError) -> None:
        """Stop in order because of a fault; the command ends with it."""
        self.fault = fault
        self.stopping.set()

    @contextmanager
    def faults_noted(self) -> Iterator[None]:
        """Catch a fault of the store and stop the run in order: raised in a callback, it would abort Tune."""
        try:
            yield
        except StorageFault as fault:
            self.end_for(fault)

    def _count(self, point_id: str, epoch: int) -> None:
        """Note the epoch of a running point; the rate is measured from the first report on, to leave compiling out."""
        self.running[point_id] = epoch
        if self._first_report is None:
            self._first_report = time.monotonic()
            self._epochs_at_start += epoch
