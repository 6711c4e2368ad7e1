"""The MLflow mirror: one experiment per sweep, one run per point, only committed epochs. The one module with mlflow.

Replaying is harmless: a run is found by its `point_id` tag, an epoch that the run has is not logged again, and a metric
logged twice with the same step and recorded timestamp is one row. The mirror may fail in any way without touching the
sweep.
"""

import contextlib
import queue
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console

from sweep.options import command_line, settle_mlflow
from sweep.spec import SweepSpec
from sweep.store import Known, State, Store
from sweep.tracked import LAST_METRIC, batches, marks, milliseconds, tags
from trainables.config import TrialConfig
from trainables.records import EpochRecord

settle_mlflow()

METRICS_PER_BATCH = 900
"""MLflow takes 1,000 items at once, the params of a new run among them."""

RETRY_SECONDS = 15.0
KNOCK_SECONDS = 3.0
END_SECONDS = {"server": 20.0, "database": 120.0}
"""The end of a sweep waits at most this long for the mirror, and END_SHARE of the sweep's own time."""
END_SHARE = 0.01
OUTAGE_END_SECONDS = 4.0
"""The same where the tracker did not answer when last asked."""

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
    has_params: bool = False
    marks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Any) -> "_Run":
        said = {name: run.data.tags.get(name, "") for name in ("state", "epochs_done")}
        return cls(run.info.run_id, run.info.status, bool(run.data.params), said)


class Mirror:
    """Writes points of one sweep to the tracking store. Every method may raise what MLflow raises."""

    def __init__(self, tracking_uri: str, spec: SweepSpec) -> None:
        import mlflow

        self._client = mlflow.MlflowClient(tracking_uri)
        self._sweep = spec.name
        self._experiment = self._find_or_create_experiment(tracking_uri, spec)
        self._runs: dict[str, _Run] = {}
        self._logged: dict[str, set[int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read anew which runs there are. Of two runs of one point, made when an answer got lost, one is deleted."""
        found: dict[str, list[Any]] = {}
        for run in self._search("tags.point_id != ''"):
            found.setdefault(run.data.tags["point_id"], []).append(run)
        earlier, self._runs = self._runs, {}
        for point_id, runs in found.items():
            own = earlier.get(point_id)
            kept = next((run for run in runs if own and run.info.run_id == own.run_id), runs[0])
            self._runs[point_id] = _Run.of(kept)
            if own is None or own.run_id != kept.info.run_id:
                self._logged.pop(point_id, None)
            for run in runs:
                if run is not kept:
                    self._client.delete_run(run.info.run_id)

    def sync(self, point: TrialConfig, known: Known, is_running: bool = False) -> None:
        """Make the point's run say what the store says; a point that has ended is compared with what MLflow holds."""
        run = self._runs.get(point.point_id)
        if known.state is State.MISSING:
            if run and not is_running:
                self._end(point.point_id, run)
            return
        if run is None:
            run = self._find(point) or self._create(point, known)
        history, logged = known.history, self._logged.get(point.point_id)
        if logged is None:
            logged = self._steps(run)
            if known.state.is_done and logged - {record.epoch for record in history}:
                self._client.delete_run(run.run_id)  # it tells of another history than that of the result
                run, logged = self._create(point, known), set()
        fresh = [record for record in history if record.epoch not in logged]
        run = self._log(point, run, fresh)
        epochs = logged | {record.epoch for record in fresh}
        if fresh and not is_running and self._steps(run) != epochs:
            self._logged.pop(point.point_id, None)
            raise LookupError(f"{point.point_id}: not every epoch arrived")
        self._logged[point.point_id] = epochs
        status = "RUNNING" if is_running else STATUS[known.state]
        if fresh or status != run.status or marks(known) != run.marks:
            self._tag(run, tags(self._sweep, point, known))
            run = replace(run, marks=marks(known))
        self._runs[point.point_id] = self._with_status(run, status, history)

    def is_complete(self, point: TrialConfig, known: Known, is_running: bool = False, deep: bool = True) -> bool:
        """Whether the run holds every committed epoch and the right status; only if `deep` are its epochs counted.

        Else its tags are believed, which are written when every epoch has arrived and was counted.
        """
        run = self._runs.get(point.point_id)
        if run is None:
            return known.state is State.MISSING
        if known.state is State.MISSING:
            return run.status != "RUNNING" or is_running
        status = "RUNNING" if is_running else STATUS[known.state]
        if run.status != status or run.marks != marks(known):
            return False
        return not deep or self._steps(run) == {record.epoch for record in known.history}

    def replay(
        self, points: Iterable[TrialConfig], store: Store, running: Collection[str] = (), deep: bool = True
    ) -> int:
        """Make every run complete and true, whatever it was; the number of runs that had to be mended."""
        mended = 0
        for point in points:
            known, is_running = store.known(point), point.point_id in running
            if not self.is_complete(point, known, is_running, deep):
                if deep:
                    self._logged.pop(point.point_id, None)
                self.sync(point, known, is_running)
                mended += 1
        return mended

    def reconcile(self, points: Iterable[TrialConfig], store: Store, running: Collection[str] = ()) -> None:
        """End the runs that a killed driver left RUNNING, those of points no longer named among them."""
        by_id = {point.point_id: point for point in points}
        left = [(point_id, run) for point_id, run in self._runs.items() if run.status == "RUNNING"]
        for point_id, run in left:
            if point_id in by_id and point_id not in running:
                self.sync(by_id[point_id], store.known(by_id[point_id]))
            elif point_id not in running:
                self._end(point_id, run)

    def _find_or_create_experiment(self, tracking_uri: str, spec: SweepSpec) -> str:
        if found := self._client.get_experiment_by_name(spec.name):
            if found.lifecycle_stage == "deleted":
                self._client.restore_experiment(found.experiment_id)
            return str(found.experiment_id)
        database = tracking_uri.removeprefix("sqlite:///")
        beside = (Path(database).parent / "mlartifacts").as_uri() if database != tracking_uri else None
        tags = {"mlflow.experimentKind": "custom_model_development", "mlflow.note.content": spec.description}
        return str(self._client.create_experiment(spec.name, f"{beside}/{spec.name}" if beside else None, tags))

    def _find(self, point: TrialConfig) -> _Run | None:
        """The point's run, should it be there after all: an answer may have got lost, not the question."""
        found = next(self._search(f"tags.point_id = '{point.point_id}'"), None)
        return _Run.of(found) if found else None

    def _create(self, point: TrialConfig, known: Known) -> _Run:
        history = known.history
        about = {"mlflow.runName": point.name, "mlflow.note.content": f"{point.name} of sweep {self._sweep}"}
        created = self._client.create_run(
            self._experiment,
            start_time=milliseconds(history[0]) if history else None,
            tags={"point_id": point.point_id} | about,
            run_name=point.name,
        )
        self._runs[point.point_id] = _Run(created.info.run_id, "RUNNING")
        self._logged[point.point_id] = set()
        return self._runs[point.point_id]

    def _log(self, point: TrialConfig, run: _Run, records: list[EpochRecord]) -> _Run:
        """Log the epochs, and the params of a run that has none yet."""
        from mlflow.entities import Metric, Param

        params = [] if run.has_params else [Param(key, str(value)) for key, value in point.flat().items()]
        for batch in batches(records, METRICS_PER_BATCH) or [[]]:
            if batch or params:
                self._client.log_batch(run.run_id, metrics=[Metric(*value) for value in batch], params=params)
                params = []
        return replace(run, has_params=True)

    def _tag(self, run: _Run, values: dict[str, str]) -> None:
        from mlflow.entities import RunTag

        self._client.log_batch(run.run_id, tags=[RunTag(key, value) for key, value in values.items()])

    def _with_status(self, run: _Run, status: str, history: tuple[EpochRecord, ...]) -> _Run:
        if status == run.status:
            return run
        if status == "RUNNING":
            self._client.update_run(run.run_id, status)
        else:
            self._client.set_terminated(run.run_id, status, milliseconds(history[-1]) if history else None)
        return replace(run, status=status)

    def _end(self, point_id: str, run: _Run) -> None:
        """End a run of which the store knows nothing."""
        if run.status == "RUNNING":
            self._client.set_terminated(run.run_id, "KILLED")
            self._runs[point_id] = replace(run, status="KILLED")

    def _steps(self, run: _Run) -> set[int]:
        return {metric.step for metric in self._client.get_metric_history(run.run_id, LAST_METRIC)}

    def _search(self, what: str) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment], what, max_results=1000, order_by=["attributes.start_time ASC"], page_token=token
            )
            yield from page
            token = page.token
            if not token:
                return


class BackgroundMirror:
    """Keeps the mirror up to date from a thread of its own while in the `with` block, and at its end verifies it.

    An outage is said once, delays the mirror, and changes nothing else: commits only enter a queue, and the end waits a
    bounded time. When the tracker answers again, what it holds is read anew before anything is written.
    """

    def __init__(self, tracking_uri: str, spec: SweepSpec, store: Store, console: Console) -> None:
        self._uri, self._spec, self._store, self._console = tracking_uri, spec, store, console
        self._touched: queue.SimpleQueue[tuple[TrialConfig, bool] | None] = queue.SimpleQueue()
        self._running: set[str] = set()
        self._mirror: Mirror | None = None
        self._started = time.monotonic()
        self._is_out, self._has_warned, self._is_abandoned = False, False, False
        self._thread = threading.Thread(target=self._work, name="mirror", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._touched.put(None)
        ended = time.monotonic()
        most = END_SECONDS["server" if _is_server(self._uri) else "database"] + END_SHARE * (ended - self._started)
        while self._thread.is_alive():
            self._thread.join(0.05)
            if time.monotonic() - ended > (min(most, OUTAGE_END_SECONDS) if self._is_out else most):
                self._is_abandoned = True
                self._say_behind()
                return

    def touch(self, point: TrialConfig, is_running: bool) -> None:
        """Say that more of the point was committed; returns at once."""
        self._touched.put((point, is_running))

    def _work(self) -> None:
        pending: dict[TrialConfig, bool] = {}
        is_ending, resume_at = False, 0.0
        if not self._try(lambda mirror: None):
            resume_at = time.monotonic() + RETRY_SECONDS
        while not is_ending:
            is_ending = self._collect(pending)
            if not is_ending and time.monotonic() >= resume_at and not self._sync(pending):
                resume_at = time.monotonic() + RETRY_SECONDS
        self._running.clear()
        if not self._try(self._verify) and not self._is_abandoned:
            self._say_behind()

    def _verify(self, mirror: Mirror) -> None:
        mirror.refresh()
        waited_for = takewhile(lambda point: not self._is_abandoned, self._spec.points)
        mirror.replay(waited_for, self._store, deep=False)
        mirror.reconcile(self._spec.points, self._store)

    def _collect(self, pending: dict[TrialConfig, bool]) -> bool:
        """Wait for something to do, and take all there is; whether the end was among it."""
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
        """Bring what is pending to the tracker; also without any, one that is out is tried again."""
        if self._is_out and not self._try(lambda mirror: None):
            return False
        for point, is_running in list(pending.items()):
            if self._is_abandoned or not self._try(partial(self._sync_point, point=point, is_running=is_running)):
                return False
            del pending[point]
        return True

    def _sync_point(self, mirror: Mirror, point: TrialConfig, is_running: bool) -> None:
        mirror.sync(point, self._store.known(point), is_running)

    def _try(self, action: Callable[[Mirror], object]) -> bool:
        """Do it with a mirror that knows what the tracker holds; after a failure that must be read anew."""
        try:
            if self._mirror is None:
                knock(self._uri)
                mirror = Mirror(self._uri, self._spec)
                mirror.reconcile(self._spec.points, self._store, self._running)
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
            text = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            said = f"MLflow at {self._uri} does not answer ({text}); the sweep goes on"
            self._console.print(said, style="yellow", soft_wrap=True)
        self._has_warned = True

    def _say_behind(self) -> None:
        again = command_line("track", self._spec.name, store=self._store.root, tracking_uri=self._uri)
        self._console.print(f"MLflow is behind the store\n  next: {again}", style="yellow", soft_wrap=True)


def knock(tracking_uri: str) -> None:
    """Ask a tracking server whether it is there; any answer will do but that it cannot serve.

    Raises:
        OSError: when there is no such answer within that time.
    """
    if not _is_server(tracking_uri):
        return
    anyone = ssl._create_unverified_context()  # only a question; MLflow checks certificates as it is told to
    try:
        urllib.request.urlopen(f"{tracking_uri.rstrip('/')}/health", timeout=KNOCK_SECONDS, context=anyone).close()
    except urllib.error.HTTPError as error:
        if error.code == 429 or error.code >= 500:
            raise


def _is_server(tracking_uri: str) -> bool:
    return tracking_uri.startswith(("http://", "https://"))
