"""The MLflow mirror: one experiment per sweep, one run per point, only committed epochs. The one module with mlflow.

Replaying can be repeated: a run is found by its `point_id` tag, an epoch that the run has is not logged again, and a
metric logged twice with the same step and recorded timestamp is one row. Runs that another store has mirrored into the
same experiment, as their `store_id` tag says, are left alone.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sweep.spec import SweepSpec
from sweep.store import PointState, State, Store, store_id
from sweep.tracking.metrics import (
    LAST_METRIC,
    MARKS,
    NUMBERS_ONCE_TAGS,
    batches,
    marks,
    milliseconds,
    note,
    summary,
    tags,
)
from sweep.tracking.settings import database_file, settle_mlflow
from sweep.tracking.ui_view import KIND, VIEWS
from trainables.config import TrialConfig
from trainables.records import EpochRecord

settle_mlflow()

METRICS_PER_BATCH = 900
"""MLflow takes 1,000 items at once, the params of a new run among them."""
STORE_ID = "store_id"

RUNS_PER_PAGE = 200
"""A page of runs comes with all their params, metrics and tags."""

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
    outdated: tuple[str, ...] = ()

    @classmethod
    def of(cls, run: Any) -> "_Run":
        marks = {name: run.data.tags.get(name, "") for name in MARKS}
        outdated = tuple(name for name in NUMBERS_ONCE_TAGS if name in run.data.tags)
        return cls(run.info.run_id, run.info.status, bool(run.data.params), marks, outdated)


class Mirror:
    """Writes points of one sweep of a store to MLflow. Every method may raise what MLflow raises.

    `runs_of_others` is the number of runs in the experiment that other stores have mirrored.
    """

    def __init__(self, tracking_uri: str, spec: SweepSpec, store: Store) -> None:
        import mlflow

        if database := database_file(tracking_uri):
            database.parent.mkdir(parents=True, exist_ok=True)
        self._client = mlflow.MlflowClient(tracking_uri)
        self._sweep, self._store, self._store_id = spec.name, store, store_id(store)
        self.runs_of_others = 0
        self._experiment = self._find_or_create_experiment(tracking_uri, spec)
        self._runs: dict[str, _Run] = {}
        self._logged: dict[str, set[int]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read the runs again. Of two runs of one point, created when an answer was lost, one is deleted."""
        by_point: dict[str, list[_Run]] = {}
        self.runs_of_others = 0
        for run in self._search("tags.point_id != ''"):
            if not self._is_own(run):
                self.runs_of_others += 1
                continue
            by_point.setdefault(run.data.tags["point_id"], []).append(_Run.of(run))
        earlier, self._runs = self._runs, {}
        for point_id, runs in by_point.items():
            own = earlier.get(point_id)
            kept = next((run for run in runs if own and run.run_id == own.run_id), runs[0])
            self._runs[point_id] = kept
            if own is None or own.run_id != kept.run_id:
                self._logged.pop(point_id, None)
            for run in runs:
                if run is not kept:
                    self._client.delete_run(run.run_id)

    def sync(self, point: TrialConfig, state: PointState, is_running: bool = False) -> None:
        """Update the point's run from the store; the epochs of a point that has ended are compared with MLflow's."""
        run = self._runs.get(point.point_id)
        if state.state is State.MISSING:
            if run and not is_running:
                self._end(point.point_id, run)
            return
        if run is None:
            run = self._find(point) or self._create(point, state)
        history, logged = state.history, self._logged.get(point.point_id)
        if logged is None:
            logged = self._steps(run)
            if state.state.is_done and logged - {record.epoch for record in history}:
                self._client.delete_run(run.run_id)  # its history is not that of the result
                run, logged = self._create(point, state), set()
        fresh = [record for record in history if record.epoch not in logged]
        run = self._log(point, run, fresh)
        epochs = logged | {record.epoch for record in fresh}
        if fresh and not is_running and self._steps(run) != epochs:
            self._logged.pop(point.point_id, None)
            raise LookupError(f"{point.point_id}: not every epoch arrived")
        if state.state.is_done:
            self._logged.pop(point.point_id, None)
        else:
            self._logged[point.point_id] = epochs
        status = "RUNNING" if is_running else STATUS[state.state]
        if fresh or status != run.status or marks(state) != run.marks:
            self._describe(run, point, state)
            run = replace(run, marks=marks(state), outdated=())
        self._runs[point.point_id] = self._with_status(run, status, history)

    def is_complete(self, point: TrialConfig, state: PointState, is_running: bool = False, deep: bool = True) -> bool:
        """Whether the run holds every committed epoch and the right status.

        If `deep`, its epochs are compared; else its tags are trusted, which are written after every epoch has arrived.
        """
        run = self._runs.get(point.point_id)
        if run is None:
            return state.state is State.MISSING
        if state.state is State.MISSING:
            return run.status != "RUNNING" or is_running
        status = "RUNNING" if is_running else STATUS[state.state]
        if run.status != status or run.marks != marks(state):
            return False
        return not deep or self._steps(run) == {record.epoch for record in state.history}

    def replay(self, points: Iterable[TrialConfig], running: Collection[str] = (), deep: bool = True) -> int:
        """Make every run equal to the store; returns the number of runs that had to be repaired."""
        repaired = 0
        for point in points:
            state, is_running = self._store.state(point), point.point_id in running
            if not self.is_complete(point, state, is_running, deep):
                if deep:
                    self._logged.pop(point.point_id, None)
                self.sync(point, state, is_running)
                repaired += 1
        return repaired

    def reconcile(self, points: Iterable[TrialConfig], running: Collection[str] = ()) -> None:
        """End the runs that a killed driver left RUNNING, also of points that the spec no longer names."""
        by_id = {point.point_id: point for point in points}
        left = [(point_id, run) for point_id, run in self._runs.items() if run.status == "RUNNING"]
        for point_id, run in left:
            if point_id in by_id and point_id not in running:
                self.sync(by_id[point_id], self._store.state(by_id[point_id]))
            elif point_id not in running:
                self._end(point_id, run)

    def _find_or_create_experiment(self, tracking_uri: str, spec: SweepSpec) -> str:
        if experiment := self._client.get_experiment_by_name(spec.name):
            if experiment.lifecycle_stage == "deleted":
                self._client.restore_experiment(experiment.experiment_id)
            for key, value in (KIND | VIEWS).items():
                if experiment.tags.get(key) != value:
                    self._client.set_experiment_tag(experiment.experiment_id, key, value)
            return str(experiment.experiment_id)
        database = database_file(tracking_uri)
        artifacts = (database.parent / "mlartifacts").as_uri() if database else None
        tags = KIND | VIEWS | {"mlflow.note.content": spec.description}
        return str(self._client.create_experiment(spec.name, f"{artifacts}/{spec.name}" if artifacts else None, tags))

    def _find(self, point: TrialConfig) -> _Run | None:
        """The point's run if there is one: a request to create it may have succeeded although its answer was lost."""
        found = self._search(f"tags.point_id = '{point.point_id}'")
        return next((_Run.of(run) for run in found if self._is_own(run)), None)

    def _is_own(self, run: Any) -> bool:
        """Whether this store has mirrored the run; an older one, which says nothing of its store, becomes its own."""
        owner = run.data.tags.get(STORE_ID)
        if not owner and self._store_id:
            self._client.set_tag(run.info.run_id, STORE_ID, self._store_id)
        return owner in (None, "", self._store_id)

    def _create(self, point: TrialConfig, state: PointState) -> _Run:
        history = state.history
        labels = {"mlflow.runName": point.name, "mlflow.note.content": note(self._sweep, point, state)}
        created = self._client.create_run(
            self._experiment,
            start_time=milliseconds(history[0]) if history else None,
            tags={"point_id": point.point_id, STORE_ID: self._store_id} | labels,
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

    def _describe(self, run: _Run, point: TrialConfig, state: PointState) -> None:
        """Write what is known of the whole point: tags, the note above them, and numbers of its last epoch."""
        from mlflow.entities import Metric, RunTag

        values = {"mlflow.note.content": note(self._sweep, point, state)} | tags(self._sweep, point, state)
        self._client.log_batch(
            run.run_id,
            metrics=[Metric(*value) for value in summary(state)],
            tags=[RunTag(key, value) for key, value in values.items()],
        )
        for name in run.outdated:
            self._client.delete_tag(run.run_id, name)

    def _with_status(self, run: _Run, status: str, history: tuple[EpochRecord, ...]) -> _Run:
        if status == run.status:
            return run
        if status == "RUNNING":
            self._client.update_run(run.run_id, status)
        else:
            self._client.set_terminated(run.run_id, status, milliseconds(history[-1]) if history else None)
        return replace(run, status=status)

    def _end(self, point_id: str, run: _Run) -> None:
        """End a run whose point is not in the store."""
        if run.status == "RUNNING":
            self._client.set_terminated(run.run_id, "KILLED")
            self._runs[point_id] = replace(run, status="KILLED")

    def _steps(self, run: _Run) -> set[int]:
        return {metric.step for metric in self._client.get_metric_history(run.run_id, LAST_METRIC)}

    def _search(self, filter_string: str) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment],
                filter_string,
                max_results=RUNS_PER_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            yield from page
            token = page.token
            if not token:
                return


def experiments(tracking_uri: str) -> dict[str, str]:
    """The ids of the experiments that are mirrors of sweeps, by name, the newest first. Raises what MLflow raises."""
    import mlflow

    found = mlflow.MlflowClient(tracking_uri).search_experiments(order_by=["last_update_time DESC"])
    return {one.name: str(one.experiment_id) for one in found if KIND.items() <= one.tags.items()}


def log_in(tracking_uri: str) -> None:
    """Check that a tracking server accepts the login, by a request that needs it. Raises what MLflow raises."""
    import mlflow

    mlflow.MlflowClient(tracking_uri).search_experiments(max_results=1)
