"""One trial: the Ray actor that trains points and commits what they yield to the store."""

import contextlib
import json
import os
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray import tune

from sweep.causes import cause
from sweep.errors import ClusterUnusable, StorageFault
from sweep.failures import classify
from sweep.file_systems import fullness
from sweep.hanging import Pace, unwatch, watch
from sweep.output import Output, path_on_host, rescue
from sweep.preflight import check_here
from sweep.provenance import refuse_other_code
from sweep.store import Attempt, Store
from sweep.supplies import Supplies
from sweep.workplace import Workplace
from trainables import device
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, Outcome, PointResult, history_to_arrow

if TYPE_CHECKING:
    from trainables.training import Training  # imports Keras, which must wait for `device.pin`

STEP_SECONDS = 1.0
"""A step trains epochs for at least this long, so that Ray's cost per report does not grow with fast epochs."""

SNAPSHOT_SECONDS = float(os.environ.get("SWEEP_SNAPSHOT_SECONDS", "10"))
SNAPSHOT_SHARE = 0.02
"""A snapshot is taken after SNAPSHOT_SECONDS, or later where it would cost more than this share of the time."""


@dataclass(frozen=True)
class Surroundings:
    """What a trial needs besides its point; none of it changes the numbers but for the threads."""

    store: str
    data_dir: str | None
    threads: int
    code: dict[str, Any]
    gpus: float = 0.0


class PointTrial(tune.Trainable):
    """Trains one point after another in the same process; each ends with a result or a failure in the store.

    Errors of the training are caught and stored, so Ray only ever sees the death of a process. The last report of a
    point says whether the process is worn, so that the driver gives it no other.
    """

    def setup(self, config: dict[str, Any], supplies: Supplies | None = None) -> None:
        self._workplace = Workplace(supplies.unpacked() if supplies else {})
        self._node = ray.get_runtime_context().get_node_id()
        self._work: PointWork | None = None
        self._has_seen_store = False
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        self._begin(new_config)
        return True

    def _begin(self, config: dict[str, Any]) -> None:
        if self._work:
            self._work.release()
        self._point = TrialConfig.model_validate_json(config["point"])
        given = Surroundings(**json.loads(config["surroundings"]))
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
                self._work = PointWork(self._point, self._surroundings, self._store, self._workplace)
            self._work.advance(STEP_SECONDS)
        except (StorageFault, ClusterUnusable) as fault:
            return report | {"epoch": 0, "done": True, type(fault).__name__: str(fault)}
        report |= {"epoch": self._work.epoch, "committed": self._work.committed, "done": self._work.is_over}
        report |= {"allowance_seconds": self._work.allowance_seconds}
        if self._work.is_over:
            self._workplace.end_point()
            report["is_worn"] = self._workplace.is_worn
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


class PointWork:
    """The work on one point: an attempt with its log, the training, and its commits."""

    def __init__(self, point: TrialConfig, surroundings: Surroundings, store: Store, workplace: Workplace) -> None:
        self._point, self._surroundings, self._store, self._workplace = point, surroundings, store, workplace
        self._started = time.perf_counter()
        self._last_snapshot, self._snapshot_cost = time.monotonic(), 0.0
        self.epoch, self.committed, self.is_over = 0, -1, False
        self.failure: Failure | None = None
        self._pace, self._is_first = Pace(), True
        quarantined = store.quarantine(point)
        begun = Attempt(0, _moment(), socket.gethostname(), 0, surroundings.code)
        self._attempt = store.begin_attempt(point.point_id, begun)
        number = self._attempt.number
        for earlier in range(1, number):
            rescue(store, point.point_id, earlier)
        path = path_on_host(store.root, point.point_id, number)
        self._output = Output(path, partial(store.save_log, point.point_id, number))
        self._output.start()
        for name in quarantined:
            self._log(f"{name} was damaged and is put aside")
        self._training: Training | None = None
        self._records = self._train()

    def advance(self, seconds: float) -> None:
        """Train for about that long; commit what is due; afterwards `is_over` tells whether the point has ended."""
        deadline = time.monotonic() + seconds
        watch(seconds + self.allowance_seconds, self._output.descriptor)
        try:
            for record in self._records:
                self.epoch = record.epoch
                self._pace.add(_seconds(record))
                self._is_first = False
                if self._training and self._snapshot_is_due():
                    self._commit_snapshot(self._training)
                if time.monotonic() >= deadline:
                    return
            assert self._training is not None
            self._finish(self._training)
        except StorageFault:
            raise
        except Exception as error:
            if full := fullness(error):
                raise StorageFault(f"no space left: {full}; what was committed is kept") from error
            self._fail(error)
        finally:
            unwatch()

    @property
    def allowance_seconds(self) -> float:
        """How long it may be silent before its process ends."""
        return self._pace.allowance(self._is_first)

    def interrupt(self) -> None:
        """Commit what was trained since the last snapshot."""
        if self._training and self._training.epoch > self.committed:
            self._commit_snapshot(self._training)
            self.epoch = self._training.epoch
        self._log(f"stopped at epoch {self.epoch}")
        self._save(ended=_moment())
        self.release()

    def release(self) -> None:
        """Give back what the attempt has taken of its process; its log is saved."""
        self._output.stop()

    def _train(self) -> Iterator[EpochRecord]:
        """The records still to come; everything heavy is imported, loaded and compiled here, inside the attempt."""
        self._workplace.furnish(self._surroundings.threads, self._surroundings.gpus)
        from trainables.training import Training

        snapshot = self._store.snapshot(self._point)
        from_epoch = self.epoch = snapshot.epoch if snapshot else 0
        self._pace = Pace(map(_seconds, snapshot.history if snapshot else ()))
        provenance = self._surroundings.code | device.describe(self._surroundings.threads)
        refuse_other_code(self._surroundings.code, provenance)
        self._attempt = replace(self._attempt, from_epoch=from_epoch, provenance=provenance)
        self._log(f"attempt {self._attempt.number} starts at epoch {from_epoch}")
        self._save()
        if limit := self._workplace.gpu_limit_mib:
            provenance |= {"gpu_limit_mib": limit}
        elif 0 < self._surroundings.gpus < 1:
            self._log("its part of a GPU has no limit: NVIDIA's driver names none on this host")
        data_dir = self._surroundings.data_dir
        data = self._workplace.dataset(self._point.dataset, Path(data_dir) if data_dir else None)
        provenance |= {"dataset_sha256": data.sha256}
        self._attempt = replace(self._attempt, provenance=provenance)
        self._training = Training(
            self._point,
            data,
            snapshot,
            self._surroundings.threads,
            earlier=self._workplace.take_network(self._point, data),
        )
        yield from self._training

    def _snapshot_is_due(self) -> bool:
        elapsed = time.monotonic() - self._last_snapshot
        return elapsed >= max(SNAPSHOT_SECONDS, self._snapshot_cost / SNAPSHOT_SHARE)

    def _commit_snapshot(self, training: "Training") -> None:
        start = time.monotonic()
        self._store.commit_snapshot(training.snapshot())
        self.committed = training.epoch
        self._last_snapshot = time.monotonic()
        self._snapshot_cost = self._last_snapshot - start
        print(f"{_moment()} snapshot at epoch {training.epoch}, in {self._snapshot_cost:.3f} s", flush=True)
        self._output.save()

    def _finish(self, training: "Training") -> None:
        self._workplace.keep_network(training.network)
        outcome: Outcome = "diverged" if training.is_diverged else "finished"
        result = PointResult(
            config=self._point.canonical(),
            outcome=outcome,
            attempt=self._attempt.number,
            wall_seconds=round(time.perf_counter() - self._started, 3),
            provenance=self._attempt.provenance,
            history_arrow=history_to_arrow(training.history),
        )
        self._store.commit_result(self._point, result)
        self.committed, self.is_over = self.epoch, True
        self._log(f"{outcome} at epoch {self.epoch}")
        self._save(ended=_moment())
        self.release()

    def _fail(self, error: Exception) -> None:
        message = f"{type(error).__name__}: {error}"
        self._log(f"failed at epoch {self.epoch}: {message}")
        self.failure = Failure(classify(error), message, traceback.format_exc())
        self._save(ended=_moment(), failure=self.failure)
        self.is_over = True
        self.release()

    def _log(self, line: str) -> None:
        text = f"{_moment()} {line}"
        self._attempt = replace(self._attempt, log=(*self._attempt.log, text))
        print(text, flush=True)

    def _save(self, **changes: Any) -> None:
        self._attempt = replace(self._attempt, **changes)
        self._store.save_attempt(self._point.point_id, self._attempt)


def _seconds(record: EpochRecord) -> float:
    return record.train_seconds + record.measure_seconds + (record.credibility_seconds or 0.0)


def _moment() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
