"""NEW MODULE."""

import contextlib
import json
import os
from dataclasses import replace
from typing import Any

import ray
from ray import tune

from sweep.cluster.driver_data import DriverData
from sweep.cluster.preflight import check_here
from sweep.errors import ClusterUnusable, StorageFault
from sweep.failures import cause
from sweep.store import Store
from sweep.trial.attempt import PointAttempt, TrialSettings
from sweep.trial.worker_state import WorkerState
from trainables.config import TrialConfig

STEP_SECONDS = 1.0
"""A step trains epochs for at least this long, so that Ray's cost per report does not grow with fast epochs."""


class PointTrial(tune.Trainable):
    """Trains one point after another in the same process; each ends with a result or a failure in the store.

    Errors of the training are caught and stored, so Ray only ever sees the death of a process. The last report of a
    point says whether the process is worn, so that the driver gives it no other.
    """

    def setup(self, config: dict[str, Any], supplies: DriverData | None = None) -> None:
        self._workplace = WorkerState(supplies.unpacked() if supplies else {})
        self._node = ray.get_runtime_context().get_node_id()
        self._work: PointAttempt | None = None
        self._has_seen_store = False
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._begin(new_config)
        return True

    def _begin(self, config: dict[str, Any]) -> None:
        if self._work:
            self._work.release()
        self._point = TrialConfig.model_validate_json(config["point"])
        given = TrialSettings(**json.loads(config["trial_settings"]))
        self._surroundings = replace(given, code=given.code | {"ray_node": self._node, "pid": os.getpid()})
        self._store = Store(self._surroundings.store)
        self._work = None

    def step(self) -> dict[str, Any]:
        report: dict[str, Any] = {"point_id": self._point.point_id, "ray_node": self._node}
        try:
            self._see_store()
            if self._work is None and self._store.result(self._point):  # accepted just before the process died
                done = {"epoch": self._point.epochs, "committed": self._point.epochs, "done": True}
                return report | done | {"allowance_seconds": 0.0}
            if self._work is None:
                self._work = PointAttempt(self._point, self._surroundings, self._store, self._workplace)
            self._work.advance(STEP_SECONDS)
        except (StorageFault, ClusterUnusable) as fault:
            return report | {"epoch": 0, "done": True, type(fault).__name__: str(fault)}
        report |= {"epoch": self._work.epoch, "committed": self._work.committed, "done": self._work.is_over}
        report |= {"allowance_seconds": self._work.allowance_seconds}
        if self._work.is_over:
            self._workplace.end_point()
            report["needs_restart"] = self._workplace.needs_restart
        if failure := self._work.failure:
            report |= {"failure_kind": failure.kind, "cause": cause(failure).digest}
        return report

    def _see_store(self) -> None:
        """Once in a process: its node may have come after the driver's preflight."""
        if not self._has_seen_store:
            check_here(self._store, self._surroundings.code["sweep"])
            self._has_seen_store = True

    def cleanup(self) -> None:
        """Called when the sweep is stopped: what was trained is committed before the process goes."""
        if self._work and not self._work.is_over:
            with contextlib.suppress(StorageFault):  # nothing more can be kept; the snapshots before are whole
                self._work.interrupt()
