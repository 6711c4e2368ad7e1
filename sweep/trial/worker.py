"""The work of a trial's process, with any executor: it trains one point after another and reports each step."""

import contextlib
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sweep.errors import ClusterUnusable, StorageFault
from sweep.failures import cause
from sweep.store import Store
from sweep.timing import Timing
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from trainables.config import TrialConfig
from trainables.datasets import Dataset


class Worker:
    """Trains one point after another; each ends with a result or a failure in the store.

    `check_store` is called once, with the first point's store and the name of the sweep, before anything is trained.
    """

    def __init__(
        self,
        node: str,
        datasets: Mapping[str, Dataset] | None = None,
        timing: Timing | None = None,
        check_store: Callable[[Store, str], None] | None = None,
    ) -> None:
        self._node, self._timing, self._check_store = node, timing or Timing(), check_store
        self._state = WorkerState(datasets, self._timing.points_per_process)
        self._attempt: PointAttempt | None = None

    def begin(self, point: TrialConfig, settings: TrialSettings) -> None:
        """Start on that point; the log of the previous one is closed."""
        if self._attempt:
            self._attempt.release()
        self._point, self._attempt = point, None
        self._settings = replace(settings, code=settings.code | {"ray_node": self._node, "pid": os.getpid()})
        self._store = Store(settings.store, settings.timing.store)

    def step(self) -> dict[str, Any]:
        """Train for a step; returns a report of the point's progress, the last one with its end."""
        report: dict[str, Any] = {"point_id": self._point.point_id, "ray_node": self._node}
        try:
            self._check_store_once()
            if self._attempt is None and self._store.result(self._point):  # accepted just before the process died
                done = {"epoch": self._point.epochs, "committed": self._point.epochs, "done": True}
                return report | done | {"allowance_seconds": 0.0}
            if self._attempt is None:
                self._attempt = PointAttempt(self._point, self._settings, self._store, self._state)
            attempt = self._attempt
            attempt.advance(self._timing.step_seconds)
        except (StorageFault, ClusterUnusable) as fault:
            return report | {"epoch": 0, "done": True, type(fault).__name__: str(fault)}
        report |= {"epoch": attempt.epoch, "committed": attempt.committed, "done": attempt.is_over}
        report |= {"allowance_seconds": attempt.allowance_seconds}
        if attempt.is_over:
            self._state.end_point()
            report["needs_restart"] = self._state.needs_restart
        if failure := attempt.failure:
            report |= {"failure_kind": failure.kind, "cause": cause(failure).digest}
        return report

    def stop(self) -> None:
        """Commit what was trained of a point that has not ended."""
        if self._attempt and not self._attempt.is_over:
            with contextlib.suppress(StorageFault):  # nothing more can be kept; the snapshots before are whole
                self._attempt.interrupt()

    def _check_store_once(self) -> None:
        """Check the store at the first step of this process: its node may have joined after the driver's preflight."""
        if self._check_store:
            self._check_store(self._store, self._settings.code["sweep"])
            self._check_store = None
