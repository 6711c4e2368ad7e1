"""Run a sweep: make the store converge to the spec, with Ray Tune as the executor of what is missing."""

import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any, Self

from rich.console import Console

from sweep import provenance
from sweep.cluster import Share, connected, share  # sets what Ray reads when it is imported
from sweep.errors import Interrupted, PointsFailed, StorageFault, UsageError
from sweep.lease import Lease
from sweep.plan import Plan, plan
from sweep.progress import LiveView
from sweep.spec import SweepSpec
from sweep.status import Progress, Watch
from sweep.store import Attempt, Store
from sweep.tracking import BackgroundMirror
from sweep.trial import PointTrial, Surroundings
from trainables import datasets
from trainables.config import DatasetName, TrialConfig
from trainables.records import Failure

from ray import tune  # isort: skip

DEATHS_ALLOWED = 3
"""How often Ray may restart a point whose process died, from its last snapshot, before the point counts as failed."""


@dataclass(frozen=True)
class Options:
    """How to run, as given on the command line."""

    store: Path
    tracking_uri: str
    data_dir: Path | None
    max_concurrent: int | None = None
    address: str | None = None
    retry: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def run(spec: SweepSpec, options: Options, console: Console) -> None:
    """Compute what the store does not hold yet of the spec's points, or `only` of these; finished ones are left alone.

    Raises:
        UsageError: when the data set is missing or damaged.
        DriverLive, StorageFault, ClusterUnusable: as their names say.
        Interrupted: when a signal stopped it; running the same again goes on.
        PointsFailed: when points failed, now or earlier.
    """
    store = Store(options.store.absolute())
    points = spec.only(options.only) if options.only else spec.points
    watch = Watch(store, spec.name, points)
    todo = plan(points, watch.known(), options.retry)
    console.print(announcement(spec.name, todo), highlight=False, soft_wrap=True)
    _say_what_is_dropped(spec, store, console)
    if todo.to_run:
        _check_data({point.dataset for point in todo.to_run}, options.data_dir)
    store.objects.check_writable()
    session = _Session(watch)
    with Lease(store, spec.name, session.for_lease):
        store.save_spec(spec.name, spec.to_yaml())
        with BackgroundMirror(options.tracking_uri, spec, store, console) as mirror:
            if todo.to_run:
                _execute(spec, todo, options, watch, session, mirror, console)
    _conclude(spec, watch, session, options, console)


def announcement(sweep: str, todo: Plan) -> str:
    """What a run will do, in one line: `demo: 32 points (30 finished, 2 interrupted), 2 to run`."""
    counts = Counter(str(state) for state in todo.states.values())
    parts = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{sweep}: {len(todo.states)} points ({parts}), {len(todo.to_run)} to run"


def _say_what_is_dropped(spec: SweepSpec, store: Store, console: Console) -> None:
    """Points of the sweep as it was last run that this spec no longer names stay in the store, unseen."""
    if spec.name in store.sweeps():
        dropped = {point.point_id for point in store.spec(spec.name).points} - {point.point_id for point in spec.points}
        if dropped:
            text = (
                f"{len(dropped)} points of {spec.name} as last run are not in this spec: kept, but no longer part of it"
            )
            console.print(text, style="yellow", highlight=False, soft_wrap=True)


class _Session:
    """What this driver knows of the points it runs, shared between Ray's callbacks, the lease and the display."""

    def __init__(self, watch: Watch) -> None:
        self._first_start: float | None = None
        self._epochs_at_start = sum(known.epochs_done for known in watch.known().values())
        self.running: dict[str, int] = {}
        self.stopping = threading.Event()
        self.storage_fault: str | None = None

    def progress(self) -> Progress:
        since = self._first_start or time.monotonic()
        return Progress(dict(self.running), self._epochs_at_start, time.monotonic() - since)

    def started(self, point_id: str) -> None:
        self._first_start = self._first_start or time.monotonic()
        self.running.setdefault(point_id, 0)

    def for_lease(self) -> dict[str, Any]:
        return asdict(self.progress())


class _InThisProcess:
    """What Tune copies and pickles with its own state, but which only means something here and now."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {}


class _Reports(_InThisProcess, tune.Callback):
    """Takes what trials report: epochs for the display, commits for the mirror, deaths as failures."""

    def __init__(self, session: _Session, store: Store, mirror: BackgroundMirror) -> None:
        self._session, self._store, self._mirror = session, store, mirror

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.started(_point_of(trial).point_id)

    def on_trial_result(self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **_: Any) -> None:
        if fault := result.get("storage_fault"):
            self._session.storage_fault = fault
            self._session.stopping.set()
            return
        point = _point_of(trial)
        self._session.running[point.point_id] = result["epoch"]
        if result["committed"] >= 0 or result["done"]:
            self._mirror.touch(point, is_running=not result["done"])

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        self._session.running.pop(_point_of(trial).point_id, None)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **_: Any) -> None:
        point = _point_of(trial)
        self._session.running.pop(point.point_id, None)
        attempts = self._store.attempts(point.point_id)
        last = attempts[-1] if attempts else Attempt(1, "", "unknown", 0, {})
        message = f"the process died {DEATHS_ALLOWED + 1} times"
        failure = Failure("infra", message, str(getattr(trial, "get_error", lambda: "")() or ""))
        self._store.save_attempt(point.point_id, replace(last, failure=failure))
        self._mirror.touch(point, is_running=False)


class _StopWhenAsked(_InThisProcess, tune.Stopper):
    """Ends all trials once the session is stopping."""

    def __init__(self, session: _Session) -> None:
        self._session = session

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return False

    def stop_all(self) -> bool:
        return self._session.stopping.is_set()


def _execute(
    spec: SweepSpec,
    todo: Plan,
    options: Options,
    watch: Watch,
    session: _Session,
    mirror: BackgroundMirror,
    console: Console,
) -> None:
    """Let Ray Tune run the points to do; whatever happens to Ray or Tune, the store says what was done."""
    with connected(options.address), tempfile.TemporaryDirectory(prefix="sweep-tune-") as scratch:
        granted = share(spec.resources, options.max_concurrent)
        _announce(granted, console)
        data_dir = str(options.data_dir.absolute()) if options.data_dir else None
        surroundings = Surroundings(str(watch.store.root), data_dir, granted.threads, provenance.code())
        space = {"point": tune.grid_search([point.model_dump(mode="json") for point in todo.to_run])}
        tuner = tune.Tuner(
            tune.with_resources(PointTrial, {"cpu": granted.cpus, "gpu": granted.gpus}),
            param_space=space | {"surroundings": asdict(surroundings)},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                max_concurrent_trials=granted.concurrent,
                trial_name_creator=_name,
                trial_dirname_creator=_name,
            ),
            run_config=tune.RunConfig(
                name=spec.name,
                storage_path=scratch,
                verbose=0,
                stop=_StopWhenAsked(session),
                callbacks=[_Reports(session, watch.store, mirror)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                failure_config=tune.FailureConfig(max_failures=DEATHS_ALLOWED),
            ),
        )
        with _signals_stop(session, console), LiveView(lambda: watch.status(session.progress()), console):
            tuner.fit()


def _announce(granted: Share, console: Console) -> None:
    if granted.note:
        console.print(granted.note, style="yellow", highlight=False)
    gpus = f"{granted.gpus:g} GPU and " if granted.gpus else ""
    console.print(f"{granted.concurrent} at a time, {gpus}{granted.cpus:g} CPU each", highlight=False)


@contextmanager
def _signals_stop(session: _Session, console: Console) -> Iterator[None]:
    """The first SIGINT or SIGTERM stops the sweep in order, with snapshots; the second ends it at once."""

    def handle(number: int, _frame: FrameType | None) -> None:
        if session.stopping.is_set():
            raise KeyboardInterrupt
        session.stopping.set()
        name = signal.Signals(number).name
        console.print(f"{name}: taking snapshots, then stopping; once more to stop at once", style="yellow")

    earlier = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    except KeyboardInterrupt:
        session.stopping.set()
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _check_data(names: set[DatasetName], data_dir: Path | None) -> None:
    """Every data set is there and intact before anything starts; what must be downloaded is downloaded here, once."""
    for name in sorted(names):
        try:
            datasets.load(name, data_dir, download=True)
        except datasets.DatasetError as error:
            raise UsageError(str(error)) from error


def _conclude(spec: SweepSpec, watch: Watch, session: _Session, options: Options, console: Console) -> None:
    """Say how it ended, from what the store holds."""
    status = watch.status()
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    console.print(f"{spec.name}: {counts}", highlight=False)
    if session.storage_fault:
        raise StorageFault(session.storage_fault)
    if session.stopping.is_set():
        raise Interrupted(
            f"stopped before the end; what was trained is kept\n  next: sweep resume {spec.name}{_where(options)}"
        )
    if failed := status.counts["failed"]:
        raise PointsFailed(
            f"{failed} of {status.points_total} points failed\n  next: sweep status {spec.name}{_where(options)}, then "
            f"sweep resume {spec.name}{_where(options)} --retry all"
        )
    if unfinished := status.counts["missing"] + status.counts["interrupted"]:
        raise Interrupted(f"{unfinished} points are not finished\n  next: sweep resume {spec.name}{_where(options)}")


def _where(options: Options) -> str:
    default = Path("runs").absolute()
    return "" if options.store.absolute() == default else f" --store {options.store}"


def _point_of(trial: Any) -> TrialConfig:
    return TrialConfig.model_validate(trial.config["point"])


def _name(trial: Any) -> str:
    return _point_of(trial).point_id
