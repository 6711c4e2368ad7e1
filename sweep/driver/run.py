"""Run a sweep: make the store converge to the spec, with Ray Tune as the executor of what is missing."""

import json
import shutil
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from sweep.cluster import nodes
from sweep.cluster.connection import (  # sets what Ray reads when it is imported
    Share,
    check_reachable,
    connected,
    head_address,
    share,
)
from sweep.cluster.driver_data import DriverData, keep_from_logs
from sweep.cluster.head_watch import head_watched
from sweep.cluster.preflight import supplied
from sweep.commands import command_line
from sweep.driver import pre_run
from sweep.driver.session import Launch, Reports, Session, StopWhenAsked, point_of
from sweep.driver.stopping import Stopping
from sweep.driver.tune_internals import Reuse
from sweep.errors import Interrupted, PointsFailed
from sweep.failures import RETRIES, Round, advice, group, in_short, next_round, retry_words
from sweep.planning import Plan, disk_space, plan
from sweep.progress import LiveView, Watch
from sweep.spec import SweepSpec
from sweep.storage import StoreAddress, absolute, check_writable
from sweep.store import Lease, Store
from sweep.system import machine, provenance
from sweep.text import counted
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.settings import default_tracking_uri
from sweep.trial.actor import PointTrial
from sweep.trial.attempt import TrialSettings

from ray import tune  # isort: skip

CAUSES_SAID = 3


@dataclass(frozen=True)
class Options:
    """How to run, as given on the command line."""

    store: StoreAddress
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
    store = Store(absolute(options.store))
    points = spec.only(options.only) if options.only else spec.points
    watch = Watch(store, spec.name, points)
    todo = plan(points, watch.known(), options.retry)
    console.print(pre_run.announcement(spec.name, todo), soft_wrap=True)
    everything = watch.known() if points is spec.points else Watch(store, spec.name, spec.points).known()
    pre_run.say_what_changed(spec, store, console)
    pre_run.check_code(spec.points, everything, todo, options.accept_code_change, console)
    pre_run.say_what_is_damaged(store, todo, console)
    todo = pre_run.leave_to_others(spec.name, store, todo, console)
    supplies = None
    if todo.to_run:
        check_reachable(options.address)
        supplies = DriverData.loaded({point.dataset for point in todo.to_run}, options.data_dir)
        if not options.address:  # trials on this machine load its files themselves, and use its GPUs
            supplies = None
            pre_run.say_what_is_too_small(spec, todo, machine.gpus(), options.max_concurrent, console)
        pre_run.check_space(spec, todo, options.max_concurrent, options.tracking_uri, store)
    check_writable(store.objects)
    session = Session(watch, console)
    again, at_once = options.command("resume", spec.name), options.command("stop", spec.name, "--now")
    stopping = Stopping(session.stopping, console, again, at_once)
    lease = Lease(store, spec.name, session.for_lease, stopping.on_loss, stopping.on_request)
    stopping.last_acts.append(lease.leave)
    pre_run.say_what_is_waited_for(spec.name, store, console)
    if not store.folder and options.tracking_uri == default_tracking_uri(store.root):
        console.print(f"a bucket cannot hold MLflow's database: it is {options.tracking_uri}", soft_wrap=True)
    with (
        stopping.on_signals(),
        lease,
        BackgroundMirror(options.tracking_uri, spec, store, console) as mirror,
    ):
        store.tidy(spec.name, points)
        store.save_spec(spec.name, spec.to_yaml())
        if todo.to_run:
            store.save_diff(provenance.diff())
            with disk_space.full_is_a_storage_fault([*filter(None, [store.folder]), disk_space.temporary_folder()]):
                _execute(spec, todo, supplies, options, watch, session, stopping, mirror, console)
    _conclude(spec, watch, session, options, console)


def _execute(
    spec: SweepSpec,
    todo: Plan,
    supplies: DriverData | None,
    options: Options,
    watch: Watch,
    session: Session,
    stopping: Stopping,
    mirror: BackgroundMirror,
    console: Console,
) -> None:
    """Let Ray Tune run the points to do; whatever happens to Ray or Tune, the store says what was done."""
    judge, now = session.judge, Round(todo.to_run)
    keep_from_logs()
    with connected(options.address), head_watched(head_address(), stopping.on_head_loss):
        granted = share(spec.resources, options.max_concurrent, is_own=options.address is None)
        _announce(granted, console)
        data_dir = str(options.data_dir.absolute()) if options.data_dir else None
        code = provenance.code() | {"sweep": spec.name} | ({"components": None} if options.accept_code_change else {})
        around = TrialSettings(str(watch.store.root), data_dir, granted.threads, code)
        trainable: Any = PointTrial
        if supplies:
            trainable, gpus = supplied(PointTrial, supplies, granted, watch.store, spec.name, console)
            pre_run.say_what_is_too_small(spec, todo, gpus, options.max_concurrent, console)
        while now.points and not (session.stopping.is_set() or judge.must_stop):
            has_more_room = now.has_more_room or judge.has_more_room
            given = roomier(granted, nodes.largest("CPU")) if has_more_room else granted
            session.begin_round()
            trial_settings = replace(around, gpus=given.gpus)
            _fit(spec.name, trainable, now, given, trial_settings, session, stopping, mirror, watch, console)
            if session.stopping.is_set():  # Ray, which the same signal may have ended, is asked nothing more
                break
            sick, with_node = judge.health.sick, judge.with_node()
            now = next_round(todo.to_run, watch.known(), judge.begun, sick, with_node, judge.must_regroup)
            if now.points and not session.is_round_over:
                more = ", with more room for each" if now.has_more_room else ""
                console.print(f"to run again: {counted(len(now.points), 'failed point')}{more}", style="yellow")


def _fit(
    name: str,
    trainable: Any,
    now: Round,
    granted: Share,
    trial_settings: TrialSettings,
    session: Session,
    stopping: Stopping,
    mirror: BackgroundMirror,
    watch: Watch,
    console: Console,
) -> None:
    """Let Ray Tune run the points of one round."""
    session.judge.trial_size = (granted.cpus, granted.gpus)
    searched = {"point": tune.grid_search([point.model_dump_json() for point in now.points])}
    with tempfile.TemporaryDirectory(prefix="sweep-tune-") as scratch:
        stopping.last_acts.append(lambda: shutil.rmtree(scratch, ignore_errors=True))
        # Tune copies the space for each point; texts are shared by the copies.
        tuner = tune.Tuner(
            tune.with_resources(trainable, nodes.room(granted, session.judge.health.sick)),
            param_space=searched | {"trial_settings": json.dumps(asdict(trial_settings))},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                search_alg=Launch(session, granted.concurrent),
                scheduler=Reuse(),
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
        with stopping.on_signals(), LiveView(lambda: watch.status(session.progress()), console):
            tuner.fit()


def _announce(granted: Share, console: Console) -> None:
    if granted.note:
        console.print(granted.note, style="yellow", soft_wrap=True)
    gpus = f"{granted.gpus:g} GPU and " if granted.gpus else ""
    console.print(f"{granted.concurrent or 'as many as fit'} at a time, {gpus}{granted.cpus:g} CPU each")


def _conclude(spec: SweepSpec, watch: Watch, session: Session, options: Options, console: Console) -> None:
    """Say how it ended, from what the store holds."""
    status = watch.status()
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    console.print(f"{spec.name}: {counts}")
    if session.fault:
        raise session.fault
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
        raise Interrupted(
            f"stopped with {counted(unfinished, 'point')} to go; what was trained is kept\n  next: {again}"
        )
    if failed := status.counts["failed"]:
        causes = [f"\n  {len(one.points)} {in_short(one)}" for one in group(known)[:CAUSES_SAID]]
        raise PointsFailed(
            f"{failed:,} of {counted(status.points_total, 'point')} failed{''.join(causes)}\n"
            f"  next: {again} shows the logs and how to run them again"
        )


def _name(trial: Any) -> str:
    return point_of(trial).point_id


def roomier(granted: Share, largest_cpus: float) -> Share:
    """A share that packs less: a whole GPU for a part of one, twice the CPUs if a node has them, half as many at once.

    The threads stay, as they change the numbers.
    """
    return replace(
        granted,
        gpus=1.0 if 0 < granted.gpus < 1 else granted.gpus,
        cpus=max(granted.cpus, min(2 * granted.cpus, largest_cpus)),
        concurrent=max(1, granted.concurrent // 2) if granted.concurrent else None,
    )
