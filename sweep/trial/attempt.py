"""One attempt at a point: train it, commit snapshots and result to the store, record how it ended."""

import json
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import TypeAdapter

from sweep.errors import StorageFault
from sweep.failures import classify
from sweep.storage import fullness
from sweep.store import Attempt, KeptStates, StateUnusable, Store
from sweep.system.provenance import refuse_other_code
from sweep.timing import Timing
from sweep.trial.from_states import remeasurement
from sweep.trial.log_capture import Output, path_on_host, rescue
from sweep.trial.watchdog import Pace, unwatch, watch
from sweep.trial.worker_state import WorkerState
from trainables import device
from trainables.config import TrialConfig
from trainables.identity import components
from trainables.kept_states import Keep, KeptState, is_kept
from trainables.records import EpochRecord, Failure, Outcome, PointResult, history_to_arrow
from trainables.snapshots import Snapshot

if TYPE_CHECKING:
    from trainables.datasets import Dataset
    from trainables.remeasurement import Remeasurement  # imports Keras, which must wait for `device.pin`
    from trainables.training import Training


SNAPSHOT_SHARE = 0.02
"""A snapshot is taken after `Timing.snapshot_seconds`, or later where it would take more than this share of time."""


@dataclass(frozen=True)
class TrialSettings:
    """The settings of a trial besides its point; only the threads change its numbers."""

    store: str
    data_dir: str | None
    threads: int
    code: dict[str, Any]
    gpus: float = 0.0
    timing: Timing = field(default_factory=Timing)
    keep: Keep = "none"

    def to_json(self) -> str:
        """These settings as text, which Tune carries to the process of the trial."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings that `to_json` wrote."""
        return TypeAdapter(cls).validate_json(text)


class PointAttempt:
    """The work on one point: an attempt with its log, the training, and its commits."""

    def __init__(self, point: TrialConfig, settings: TrialSettings, store: Store, worker_state: WorkerState) -> None:
        self._point, self._settings, self._store, self._worker_state = point, settings, store, worker_state
        self._started = time.perf_counter()
        self._last_snapshot, self._snapshot_cost = time.monotonic(), 0.0
        self.epoch, self.committed, self.is_over = 0, -1, False
        self.failure: Failure | None = None
        self._pace, self._is_first = Pace(settings.timing.hang_seconds), True
        quarantined = store.quarantine(point)
        begun = Attempt(0, _moment(), socket.gethostname(), 0, settings.code)
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
        self._work: Training | Remeasurement | None = None
        self._records = self._prepared()

    def advance(self, seconds: float) -> None:
        """Train for about that long and commit a snapshot if one is due; then `is_over` says if the point has ended."""
        deadline = time.monotonic() + seconds
        watch(seconds + self.allowance_seconds, self._output.descriptor)
        try:
            for record in self._records:
                self.epoch = record.epoch
                self._pace.add(_seconds(record))
                self._is_first = False
                if self._training:
                    self._keep_state(self._training)
                    if self._snapshot_is_due():
                        self._commit_snapshot(self._training)
                if time.monotonic() >= deadline:
                    return
            assert self._work is not None
            self._finish(self._work)
        except StorageFault:
            raise
        except Exception as error:
            if full := fullness(error):
                raise StorageFault(
                    f"no space left: {full}; what was committed is kept", next="make room there, then the same again"
                ) from error
            self._fail(error)
        finally:
            unwatch()

    @property
    def allowance_seconds(self) -> float:
        """Seconds without a new epoch after which its process ends itself."""
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
        """Save the log, and give standard output and errors back to the process."""
        self._output.stop()

    def _prepared(self) -> Iterator[EpochRecord]:
        """The records of the remaining epochs; libraries and data are loaded here, where errors are recorded."""
        self._worker_state.configure(self._settings.threads, self._settings.gpus)
        snapshot = self._store.snapshot(self._point)
        from_epoch = self.epoch = snapshot.epoch if snapshot else 0
        self._pace = Pace(self._settings.timing.hang_seconds, map(_seconds, snapshot.history if snapshot else ()))
        provenance = self._settings.code | device.describe(self._settings.threads)
        provenance |= {"components": {name: provenance["components"][name] for name in components.names(self._point)}}
        refuse_other_code(self._settings.code, provenance)
        self._attempt = replace(self._attempt, from_epoch=from_epoch, provenance=provenance)
        self._log(f"attempt {self._attempt.number} starts at epoch {from_epoch}")
        self._save()
        if limit := self._worker_state.gpu_limit_mib:
            provenance |= {"gpu_limit_mib": limit}
        elif 0 < self._settings.gpus < 1:
            self._log("its part of a GPU has no limit: NVIDIA's driver names none on this host")
        data_dir = self._settings.data_dir
        data = self._worker_state.dataset(self._point.dataset, Path(data_dir) if data_dir else None)
        provenance |= {"dataset_sha256": data.sha256}
        self._attempt = replace(self._attempt, provenance=provenance)
        try:
            if snapshot is None and (work := self._remeasurement(data)):
                yield from self._measured(work)
                return
        except StateUnusable as unusable:
            self._log(f"{unusable}: it is trained")
        yield from self._trained(data, snapshot)

    def _remeasurement(self, data: "Dataset") -> "Remeasurement | None":
        return remeasurement(
            self._point,
            self._store,
            data,
            self._settings.threads,
            self._attempt.provenance["components"],
            partial(self._worker_state.take_network, self._point, data),
        )

    def _measured(self, work: "Remeasurement") -> Iterator[EpochRecord]:
        """The records from kept states. Raises StateUnusable where one of them is not what it should be."""
        self._log("measured from kept states, without training")
        self._attempt = replace(self._attempt, provenance=self._attempt.provenance | {"measured_from_states": True})
        self._work = work
        try:
            yield from work
        except StateUnusable:
            self._attempt.provenance.pop("measured_from_states")
            self._worker_state.keep_network(work.network)
            raise

    def _trained(self, data: "Dataset", snapshot: Snapshot | None) -> Iterator[EpochRecord]:
        from trainables.training import Training

        earlier = self._worker_state.take_network(self._point, data)
        self._training = self._work = Training(self._point, data, snapshot, self._settings.threads, earlier=earlier)
        yield from self._training

    def _keep_state(self, training: "Training") -> None:
        """Keep the state after the present epoch, if the sweep asks for it."""
        if is_kept(self._settings.keep, training.epoch, training.is_done):
            outcome: Outcome | None = None
            if training.is_done:
                outcome = "diverged" if training.is_diverged else "finished"
            code = components.of_training(self._point, self._attempt.provenance["components"])
            state = KeptState.of(self._point, training.history, training.network.state(), outcome, code)
            if not KeptStates(self._store).keep(self._point, state):
                self._log(
                    f"the state of epoch {training.epoch} is not kept: one of a newer version stands in its place"
                )

    def _snapshot_is_due(self) -> bool:
        elapsed = time.monotonic() - self._last_snapshot
        return elapsed >= max(self._settings.timing.snapshot_seconds, self._snapshot_cost / SNAPSHOT_SHARE)

    def _commit_snapshot(self, training: "Training") -> None:
        start = time.monotonic()
        self._store.commit_snapshot(training.snapshot())
        self.committed = training.epoch
        self._last_snapshot = time.monotonic()
        self._snapshot_cost = self._last_snapshot - start
        print(f"{_moment()} snapshot at epoch {training.epoch}, in {self._snapshot_cost:.3f} s", flush=True)
        self._output.save()

    def _finish(self, work: "Training | Remeasurement") -> None:
        self._worker_state.keep_network(work.network)
        outcome: Outcome = "diverged" if work.is_diverged else "finished"
        result = PointResult(
            config=self._point.canonical(),
            outcome=outcome,
            attempt=self._attempt.number,
            wall_seconds=round(time.perf_counter() - self._started, 3),
            provenance=self._attempt.provenance,
            history_arrow=history_to_arrow(work.history),
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
