"""Run a sweep: make the store converge to the spec, with Ray Tune as the executor of what is missing."""

import contextlib
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

from sweep import nodes, provenance
from sweep.causes import group
from sweep.cluster import Share, check_reachable, connected, share  # sets what Ray reads when it is imported
from sweep.errors import Interrupted, PointsFailed, StorageFault, UsageError
from sweep.failure_report import advice, in_short, retry_words
from sweep.failures import RETRIES
from sweep.lease import Lease
from sweep.options import command_line, default_tracking_uri
from sweep.plan import Plan, plan
from sweep.progress import LiveView
from sweep.rounds import Round, next_round, roomier
from sweep.session import Launch, Reports, Session, StopWhenAsked, point_of
from sweep.spec import SweepSpec
from sweep.status import Watch
from sweep.store import Store
from sweep.tracking import BackgroundMirror
from sweep.trial import PointTrial, Surroundings
from trainables import datasets
from trainables.config import DatasetName

from ray import tune  # isort: skip


CAUSES_SAID = 3


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

    def command(self, *words: str) -> str:
        """A `sweep` command on the same store, data, tracker and cluster, to paste."""
        tracking = None if self.tracking_uri == default_tracking_uri(self.store) else self.tracking_uri
        return command_line(
            *words, store=self.store, tracking_uri=tracking, data_dir=self.data_dir, address=self.address
        )


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
    console.print(announcement(spec.name, todo), soft_wrap=True)
    _say_what_is_dropped(spec, store, console)
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
            _execute(spec, todo, options, watch, session, mirror, console)
    _conclude(spec, watch, session, options, console)


def announcement(sweep: str, todo: Plan) -> str:
    """What a run will do, in one line: `demo: 32 points (30 finished, 2 interrupted), 2 to run`."""
    counts = Counter(str(state) for state in todo.states.values())
    parts = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"{sweep}: {len(todo.states)} points ({parts}), {len(todo.to_run)} to run"


def _say_what_is_dropped(spec: SweepSpec, store: Store, console: Console) -> None:
    """Points of the sweep as it was last run that this spec no longer names stay in the store, unseen."""
    with contextlib.suppress(UsageError):  # none is kept, or it cannot be read: this one takes its place
        dropped = {point.point_id for point in store.spec(spec.name).points} - {point.point_id for point in spec.points}
        if dropped:
            text = (
                f"{len(dropped)} points of {spec.name} as last run are not in this spec: kept, but no longer part of it"
            )
            console.print(text, style="yellow", soft_wrap=True)


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
    judge, now = session.judge, Round(todo.to_run)
    with connected(options.address):
        granted = share(spec.resources, options.max_concurrent, is_own=options.address is None)
        _announce(granted, console)
        data_dir = str(options.data_dir.absolute()) if options.data_dir else None
        surroundings = Surroundings(str(watch.store.root), data_dir, granted.threads, provenance.code())
        while now.points and not (session.stopping.is_set() or judge.must_stop):
            has_more_room = now.has_more_room or judge.has_more_room
            given = roomier(granted, nodes.largest("CPU")) if has_more_room else granted
            session.begin_round()
            _fit(spec.name, now, given, surroundings, session, mirror, watch, console)
            now = next_round(todo.to_run, watch.known(), judge.begun, judge.health.sick, judge.must_regroup)
            if now.points and not session.is_round_over:
                more = ", with more room for each" if now.has_more_room else ""
                console.print(f"{len(now.points)} failed points run again{more}", style="yellow")


def _fit(
    name: str,
    now: Round,
    granted: Share,
    surroundings: Surroundings,
    session: Session,
    mirror: BackgroundMirror,
    watch: Watch,
    console: Console,
) -> None:
    """Let Ray Tune run the points of one round."""
    session.judge.trial_size = (granted.cpus, granted.gpus)
    space = {"point": tune.grid_search([point.model_dump(mode="json") for point in now.points])}
    with tempfile.TemporaryDirectory(prefix="sweep-tune-") as scratch:
        tuner = tune.Tuner(
            tune.with_resources(PointTrial, nodes.room(granted, session.judge.health.sick)),
            param_space=space | {"surroundings": asdict(surroundings)},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                search_alg=Launch(session, granted.concurrent),
                trial_name_creator=_name,
                trial_dirname_creator=_name,
            ),
            run_config=tune.RunConfig(
                name=name,
                storage_path=scratch,
                verbose=0,
                stop=StopWhenAsked(session),
                callbacks=[Reports(session, mirror)],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                failure_config=tune.FailureConfig(max_failures=RETRIES["infra"]),
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
    known = watch.known()
    again = command_line("failures", spec.name, store=options.store)
    hopeless = session.judge.health.hopeless if not session.stopping.is_set() else None
    for alike in (one for one in group(known) if hopeless and one.cause.digest == hopeless.cause):
        retry = options.command(*retry_words(spec.name, alike, known, spec.resources))
        raise PointsFailed(
            f"stopped: {alike.attempts} executions failed alike and none did better; {advice(alike, spec.resources)}\n"
            f"  {in_short(alike)}\n  next: {again} shows the log; then {retry}"
        )
    if unfinished := status.counts["missing"] + status.counts["interrupted"]:
        again = options.command("resume", spec.name)
        raise Interrupted(f"stopped with {unfinished} points to go; what was trained is kept\n  next: {again}")
    if failed := status.counts["failed"]:
        causes = [f"\n  {len(one.points)} {in_short(one)}" for one in group(known)[:CAUSES_SAID]]
        raise PointsFailed(
            f"{failed} of {status.points_total} points failed{''.join(causes)}\n"
            f"  next: {again} shows the logs and how to run them again"
        )


def _name(trial: Any) -> str:
    return point_of(trial).point_id
