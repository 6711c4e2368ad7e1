"""Run a sweep: make the store converge to the spec, with Ray Tune as the executor of what is missing."""

import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console

from sweep import provenance
from sweep.changes import code_change
from sweep.cluster import Share, check_reachable, connected, share  # sets what Ray reads when it is imported
from sweep.errors import Interrupted, PointsFailed, StorageFault, UsageError
from sweep.lease import Lease
from sweep.options import command_line, default_tracking_uri
from sweep.plan import Plan, plan
from sweep.planning import last_change
from sweep.progress import LiveView
from sweep.session import DEATHS_ALLOWED, Reports, Session, StopWhenAsked, point_of
from sweep.spec import SweepSpec
from sweep.status import Watch
from sweep.store import Known, Store
from sweep.tracking import BackgroundMirror
from sweep.trial import PointTrial, Surroundings
from trainables import datasets
from trainables.config import DatasetName

from ray import tune  # isort: skip


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
    accept_code_change: bool = False

    def command(self, *words: str) -> str:
        """A `sweep` command on the same store, data, tracker and cluster, to paste."""
        words = (*words, "--accept-code-change") if self.accept_code_change else words
        tracking = None if self.tracking_uri == default_tracking_uri(self.store) else self.tracking_uri
        return command_line(
            *words, store=self.store, tracking_uri=tracking, data_dir=self.data_dir, address=self.address
        )


def run(spec: SweepSpec, options: Options, console: Console) -> None:
    """Compute what the store does not hold yet of the spec's points, or `only` of these; finished ones are left alone.

    Raises:
        UsageError: when the data set is missing or damaged, or points were computed by other code.
        DriverLive, StorageFault, ClusterUnusable: as their names say.
        Interrupted: when a signal stopped it; running the same again goes on.
        PointsFailed: when points failed, now or earlier.
    """
    store = Store(options.store.absolute())
    points = spec.only(options.only) if options.only else spec.points
    watch = Watch(store, spec.name, points)
    todo = plan(points, watch.known(), options.retry)
    console.print(announcement(spec.name, todo), soft_wrap=True)
    everything = watch.known() if points is spec.points else Watch(store, spec.name, spec.points).known()
    _say_what_changed(spec, store, console)
    _check_code(everything, todo, options.accept_code_change, console)
    if todo.to_run:
        check_reachable(options.address)
        _check_data({point.dataset for point in todo.to_run}, options.data_dir)
    store.objects.check_writable()
    session = Session(watch, console)
    with (
        _signals_stop(session, console),
        Lease(store, spec.name, session.for_lease, session.stopping.set),
        BackgroundMirror(options.tracking_uri, spec, store, console) as mirror,
    ):
        store.save_spec(spec.name, spec.to_yaml())
        if todo.to_run:
            store.save_diff(provenance.diff())
            _execute(spec, todo, options, watch, session, mirror, console)
    _conclude(spec, watch, session, options, console)


def announcement(sweep: str, todo: Plan) -> str:
    """What a run will do, in one line: `demo: 32 points (30 finished, 2 interrupted), 2 to run`."""
    counts = Counter(str(state) for state in todo.states.values())
    parts = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{sweep}: {len(todo.states)} points ({parts}), {len(todo.to_run)} to run"


def _say_what_changed(spec: SweepSpec, store: Store, console: Console) -> None:
    """Compare the spec with the one last run; points no longer named stay in the store, unseen."""
    if change := last_change(spec, store):
        for line in change.in_words():
            console.print(line, style="yellow", soft_wrap=True)


def _check_code(known: dict[str, Known], todo: Plan, is_accepted: bool, console: Console) -> None:
    """Say which points were computed by other code; to add to them takes the explicit word."""
    change = code_change(known, provenance.current())
    for line in change.in_words():
        console.print(line, style="yellow", soft_wrap=True)
    if change and todo.to_run and not is_accepted:
        raise UsageError(
            f"{len(todo.to_run)} points to run would mix with {len(change.points)} computed by other code\n"
            "  next: go back to that code, or choose another --store, or mix them knowingly: the same with "
            "--accept-code-change"
        )


def _execute(
    spec: SweepSpec,
    todo: Plan,
    options: Options,
    watch: Watch,
    session: Session,
    mirror: BackgroundMirror,
    console: Console,
) -> None:
    """Let Ray Tune run the points to do; whatever happens to Ray or Tune, the store says what was done."""
    with connected(options.address), tempfile.TemporaryDirectory(prefix="sweep-tune-") as scratch:
        granted = share(spec.resources, options.max_concurrent, is_own=options.address is None)
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
                stop=StopWhenAsked(session),
                callbacks=[Reports(session, watch.store, mirror)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                failure_config=tune.FailureConfig(max_failures=DEATHS_ALLOWED),
            ),
        )
        if session.stopping.is_set():
            return
        # Ray put handlers of its own in place of ours when it started.
        with _signals_stop(session, console), LiveView(lambda: watch.status(session.progress()), console):
            tuner.fit()


def _announce(granted: Share, console: Console) -> None:
    if granted.note:
        console.print(granted.note, style="yellow", soft_wrap=True)
    gpus = f"{granted.gpus:g} GPU and " if granted.gpus else ""
    console.print(f"{granted.concurrent or 'as many as fit'} at a time, {gpus}{granted.cpus:g} CPU each")


@contextmanager
def _signals_stop(session: Session, console: Console) -> Iterator[None]:
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


def _conclude(spec: SweepSpec, watch: Watch, session: Session, options: Options, console: Console) -> None:
    """Say how it ended, from what the store holds."""
    status = watch.status()
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    console.print(f"{spec.name}: {counts}")
    if session.storage_fault:
        raise StorageFault(session.storage_fault)
    if unfinished := status.counts["missing"] + status.counts["interrupted"]:
        again = options.command("resume", spec.name)
        raise Interrupted(f"stopped with {unfinished} points to go; what was trained is kept\n  next: {again}")
    if failed := status.counts["failed"]:
        again = options.command("resume", spec.name, "--retry", "all")
        raise PointsFailed(
            f"{failed} of {status.points_total} points failed\n  next: sweep show {spec.name} POINT; {again}"
        )


def _name(trial: Any) -> str:
    return point_of(trial).point_id
