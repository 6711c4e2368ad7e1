"""The MLflow mirror: one experiment per sweep, one run per point, only committed epochs. The one module with mlflow.

Replaying is harmless: a run is found by its `point_id` tag, and a metric logged twice with the same step and recorded
timestamp is one row. The mirror may fail in any way without touching the sweep.
"""

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from sweep.options import command_line, settle_mlflow
from sweep.spec import SweepSpec
from sweep.store import Known, State, Store
from trainables.config import TrialConfig
from trainables.probes import default_pair
from trainables.records import EpochRecord, metric_name

settle_mlflow()

METRICS_PER_BATCH = 1000
TAG_LENGTH = 4000
RETRY_SECONDS = 15.0
EPOCH_FIELDS = ("test_error", "test_loss", "train_loss", "train_seconds", "measure_seconds", "credibility_seconds")
MI_FIELDS = ("mutual_information_bits", "mutual_information_balanced_bits")
TRUST_FIELDS = ("mi_ceiling_bits", "mi_null_bits", "mi_standard_error_bits")
STATUS = {
    State.FINISHED: "FINISHED",
    State.DIVERGED: "FINISHED",
    State.FAILED: "FAILED",
    State.INTERRUPTED: "KILLED",
}


@dataclass(frozen=True)
class _Run:
    run_id: str
    status: str


class Mirror:
    """Writes points of one sweep to the tracking store. Every method may raise what MLflow raises."""

    def __init__(self, tracking_uri: str, spec: SweepSpec) -> None:
        import mlflow

        self._client = mlflow.MlflowClient(tracking_uri)
        self._sweep = spec.name
        self._experiment = self._find_or_create_experiment(tracking_uri, spec)
        self._runs = {run.data.tags["point_id"]: _Run(run.info.run_id, run.info.status) for run in self._all_runs()}
        self._logged: dict[str, int] = {}

    def sync(self, point: TrialConfig, known: Known, is_running: bool = False) -> None:
        """Make the point's run say what the store says."""
        if known.state is State.MISSING:
            return
        run = self._runs.get(point.point_id) or self._create(point, known)
        done = self._logged.get(point.point_id, -1)
        fresh = [record for record in known.history if record.epoch > done]
        metrics = [metric for record in fresh for metric in _metrics(record)]
        for start in range(0, len(metrics), METRICS_PER_BATCH):
            self._client.log_batch(run.run_id, metrics=metrics[start : start + METRICS_PER_BATCH])
        status = "RUNNING" if is_running else STATUS[known.state]
        if fresh or status != run.status:
            self._client.log_batch(run.run_id, tags=_tags(self._sweep, point, known))
        self._set_status(point, run, status, known)
        if fresh:
            self._logged[point.point_id] = fresh[-1].epoch

    def is_complete(self, point: TrialConfig, known: Known) -> bool:
        """Whether the run holds every committed epoch and the right status."""
        run = self._runs.get(point.point_id)
        if run is None:
            return known.state is State.MISSING
        steps = {metric.step for metric in self._client.get_metric_history(run.run_id, "test_error")}
        return run.status == STATUS.get(known.state) and steps == {record.epoch for record in known.history}

    def _find_or_create_experiment(self, tracking_uri: str, spec: SweepSpec) -> str:
        if found := self._client.get_experiment_by_name(spec.name):
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)
        database = tracking_uri.removeprefix("sqlite:///")
        beside = (Path(database).parent / "mlartifacts").as_uri() if database != tracking_uri else None
        tags = {"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": spec.description}
        return str(self._client.create_experiment(spec.name, f"{beside}/{spec.name}" if beside else None, tags))

    def _create(self, point: TrialConfig, known: Known) -> _Run:
        from mlflow.entities import Param, RunTag

        history = known.history
        created = self._client.create_run(
            self._experiment,
            start_time=_milliseconds(history[0]) if history else None,
            tags={"point_id": point.point_id, "mlflow.runName": point.name},
            run_name=point.name,
        )
        params = [Param(key, str(value)) for key, value in point.flat().items()]
        tags = [RunTag("mlflow.note.content", f"{point.name} of sweep {self._sweep}")]
        self._client.log_batch(created.info.run_id, params=params, tags=tags)
        self._runs[point.point_id] = _Run(created.info.run_id, "RUNNING")
        return self._runs[point.point_id]

    def _set_status(self, point: TrialConfig, run: _Run, status: str, known: Known) -> None:
        if status == run.status:
            return
        if status == "RUNNING":
            self._client.update_run(run.run_id, status)
        else:
            end = _milliseconds(known.history[-1]) if known.history else None
            self._client.set_terminated(run.run_id, status, end)
        self._runs[point.point_id] = _Run(run.run_id, status)

    def _all_runs(self) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], "tags.point_id != ''", max_results=1000, page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return

    def replay(self, points: Iterable[TrialConfig], store: Store) -> int:
        """Make every run complete and true, whatever it was; the number of runs that had to be mended."""
        mended = 0
        for point in points:
            known = store.known(point)
            if not self.is_complete(point, known):
                self._logged.pop(point.point_id, None)
                self.sync(point, known)
                mended += 1
        return mended

    def reconcile(self, points: Iterable[TrialConfig], store: Store) -> None:
        """End the runs that a killed driver left RUNNING."""
        for point in points:
            run = self._runs.get(point.point_id)
            if run and run.status == "RUNNING":
                self.sync(point, store.known(point))


class BackgroundMirror:
    """Keeps the mirror up to date from a thread of its own while in the `with` block, and at its end verifies it.

    An outage is said once, delays the mirror, and changes nothing else.
    """

    def __init__(self, tracking_uri: str, spec: SweepSpec, store: Store, console: Console) -> None:
        self._uri, self._spec, self._store, self._console = tracking_uri, spec, store, console
        self._touched: queue.SimpleQueue[tuple[TrialConfig, bool] | None] = queue.SimpleQueue()
        self._mirror: Mirror | None = None
        self._has_warned = False
        self._thread = threading.Thread(target=self._work, name="mirror", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._touched.put(None)
        self._thread.join()

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        """Say that more of the point was committed; returns at once."""
        self._touched.put((point, is_running))

    def _work(self) -> None:
        self._try(lambda mirror: mirror.reconcile(self._spec.points, self._store))
        pending: dict[TrialConfig, bool] = {}
        is_ending, resume_at = False, 0.0
        while not is_ending:
            is_ending = self._collect(pending)
            if not is_ending and time.monotonic() >= resume_at and not self._sync(pending):
                resume_at = time.monotonic() + RETRY_SECONDS
        if not self._try(lambda mirror: mirror.replay(self._spec.points, self._store)):
            again = command_line("track", self._spec.name, store=self._store.root, tracking_uri=self._uri)
            self._console.print(f"MLflow is behind the store\n  next: {again}", style="yellow", soft_wrap=True)

    def _collect(self, pending: dict[TrialConfig, bool]) -> bool:
        """Wait for something to do, and take all there is; whether the end was among it."""
        with contextlib.suppress(queue.Empty):
            item = self._touched.get(timeout=1.0)
            while item is not None:
                pending[item[0]] = item[1]
                item = self._touched.get_nowait()
            return True
        return False

    def _sync(self, pending: dict[TrialConfig, bool]) -> bool:
        for point, is_running in list(pending.items()):
            if not self._try(partial(self._sync_point, point=point, is_running=is_running)):
                return False
            del pending[point]
        return True

    def _sync_point(self, mirror: Mirror, point: TrialConfig, is_running: bool) -> None:
        mirror.sync(point, self._store.known(point), is_running)

    def _try(self, action: Callable[[Mirror], object]) -> bool:
        try:
            if self._mirror is None:
                self._mirror = Mirror(self._uri, self._spec)
            action(self._mirror)
        except Exception as error:
            if not self._has_warned:
                text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
                self._console.print(
                    f"MLflow at {self._uri} does not answer ({text}); the sweep goes on", style="yellow"
                )
            self._has_warned = True
            return False
        return True


def _metrics(record: EpochRecord) -> list[Any]:
    """The metrics of one epoch; values that are absent are not logged."""
    from mlflow.entities import Metric

    default = default_pair([pair.pair for pair in record.pairs])
    values = {metric_name(field): getattr(record, field) for field in EPOCH_FIELDS}
    for pair in record.pairs:
        for field in (*MI_FIELDS, "scale_ratio"):
            values[metric_name(field, pair.pair)] = getattr(pair, field)
        if pair.pair == default:
            values |= {metric_name(field): getattr(pair, field) for field in MI_FIELDS}
    moment = _milliseconds(record)
    return [Metric(name, value, moment, record.epoch) for name, value in values.items() if value is not None]


def _tags(sweep: str, point: TrialConfig, known: Known) -> list[Any]:
    """Identity, state and provenance."""
    from mlflow.entities import RunTag

    provenance = known.result.provenance if known.result else (known.attempts[-1].provenance if known.attempts else {})
    failure = known.failure
    tags = {
        "sweep": sweep,
        "config_id": point.config_id,
        "state": str(known.state),
        "attempts": str(len(known.attempts)),
        "epochs_done": str(known.epochs_done),
        "pairs": " ".join(pair.pair for record in known.history[:1] for pair in record.pairs)[:TAG_LENGTH],
        "wall_seconds": str(known.result.wall_seconds) if known.result else "",
        "failure_kind": failure.kind if failure else "",
        "failure_message": failure.message[:TAG_LENGTH] if failure else "",
    }
    if known.history:
        by_name = {pair.pair: pair for pair in known.history[-1].pairs}
        final = by_name[default_pair(list(by_name))]
        tags |= {field: repr(value) for field in TRUST_FIELDS if (value := getattr(final, field)) is not None}
    tags |= {key: value if isinstance(value, str) else json.dumps(value) for key, value in provenance.items()}
    return [RunTag(key, value) for key, value in tags.items()]


def _milliseconds(record: EpochRecord) -> int:
    return int(record.timestamp.timestamp() * 1000)
