"""Run a sweep: an executor trains the points of the spec that the store does not hold."""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console

from sweep.cluster.run_folder import clear_dead
from sweep.commands import command_line
from sweep.console import say
from sweep.driver import pre_run
from sweep.driver.executor import Executor, RunContext
from sweep.driver.options import Options
from sweep.driver.point_queue import PointQueue
from sweep.driver.session import Session, Tracker
from sweep.driver.stopping import Stopping
from sweep.driver.supervisor import Supervisor
from sweep.errors import Interrupted, PointsFailed
from sweep.failures import advice, group, in_short, retry_arguments
from sweep.planning import Plan, disk_space, measurable, plan
from sweep.progress import Watch
from sweep.spec import SweepSpec
from sweep.storage import absolute
from sweep.store import Lease, Store, record_definitions
from sweep.system import provenance
from sweep.system.paths import temporary_folder
from sweep.text import counted
from sweep.timing import Timing
from sweep.tracking.background import BackgroundMirror
from sweep.tracking.settings import default_tracking_uri
from sweep.trial.log_capture import rescue_ended

CAUSES_SHOWN = 3


def run(spec: SweepSpec, options: Options, console: Console) -> None:
    """Run the sweep on this machine or, where `options` has an address, on that cluster; raises as `Driver.run`."""
    from sweep.driver.tune_executor import Cluster, OwnMachine  # imports Ray

    executor = Cluster(options.address) if options.address else OwnMachine()
    timing = Timing()
    store = Store(absolute(options.store), timing.store)
    mirror = BackgroundMirror(options.tracking_uri, spec, store, console, timing.mirror)
    Driver(spec, options, executor, mirror, console, timing).run()


class TrackerInBlock(Tracker, AbstractContextManager["Tracker"], Protocol):
    """A tracker that works while in its `with` block."""


class Driver:
    """One run of a sweep: trains the points of its spec, or those in `options.only`, that the store does not hold."""

    def __init__(
        self,
        spec: SweepSpec,
        options: Options,
        executor: Executor,
        mirror: TrackerInBlock,
        console: Console,
        timing: Timing | None = None,
    ) -> None:
        timing = timing or Timing()
        store = Store(absolute(options.store), timing.store)
        self._points = spec.only(options.only) if options.only else spec.points
        watch = Watch(store, spec.name, self._points)
        self._spec, self._options, self._console, self._store, self._watch = spec, options, console, store, watch
        self._executor, self._mirror = executor, mirror
        run_id = uuid.uuid4().hex[:12]
        self._supervisor = Supervisor(store, watch.states(), console, executor.nodes, timing, run_id)
        self._session = Session(watch, self._supervisor, mirror)
        again, at_once = options.command("resume", spec.name), options.command("stop", spec.name, "--now")
        self._stopping = Stopping(self._session.stopping, console, again, at_once)
        self._run = RunContext(spec, options, watch, self._session, self._stopping, console, timing, run_id)

    def run(self) -> None:
        """Train the points that the store does not hold yet; finished ones are left alone.

        Raises:
            UsageError: when the data set is missing or damaged, or points were computed by other code.
            DriverLive, StorageFault, ClusterUnusable: as their names say.
            Interrupted: when a signal stopped it; running the same again goes on.
            PointsFailed: when points failed, now or earlier.
        """
        todo = self._checked_plan()
        self._store.check_writable()
        with self._leased(), self._mirror:
            self._store.tidy(self._spec.name, self._points)
            rescue_ended(self._store, {name for name, one in self._watch.states().items() if one.state.is_done})
            self._store.save_spec(self._spec.name, self._spec.to_yaml())
            if todo.to_run:
                record_definitions(self._store, self._spec.name, self._options.definitions, datetime.now(UTC))
                self._store.save_diff(provenance.diff())
                folders = [*filter(None, [self._store.folder]), temporary_folder()]
                with disk_space.full_is_a_storage_fault(folders):
                    self._execute(todo)
            else:
                clear_dead()
            self._watch.save_index()
        self._conclude()

    def _checked_plan(self) -> Plan:
        """The plan of the run, after all checks and announcements that come before it."""
        spec, options, console, store = self._spec, self._options, self._console, self._store
        states = self._watch.states()
        todo = plan(self._points, states, options.retry, measurable=measurable(store, self._points, states))
        say(pre_run.announcement(spec.name, todo), console)
        is_whole = self._points is spec.points
        all_points = self._watch.states() if is_whole else Watch(store, spec.name, spec.points).states()
        pre_run.say_spec_change(spec, store, console)
        pre_run.check_code(spec.points, all_points, todo, options.accept_code_change, console)
        pre_run.warn_of_damage(store, todo, console)
        todo = pre_run.put_points_of_others_last(spec.name, store, todo, console)
        if todo.to_run:
            self._executor.prepare(self._run, todo)
            pre_run.check_space(spec, todo, options.max_concurrent, options.tracking_uri, store)
        return todo

    @contextmanager
    def _leased(self) -> Iterator[None]:
        """Hold the lease of the sweep, and take signals and requests to stop."""
        store, name, stopping = self._store, self._spec.name, self._stopping
        lease = Lease(store, name, self._session.for_lease, stopping.on_loss, stopping.on_request)
        stopping.last_acts.append(lease.leave)
        pre_run.say_lease_wait(name, store, self._console)
        tracking_uri = self._options.tracking_uri
        if not store.folder and tracking_uri == default_tracking_uri(store.root):
            say(f"a bucket cannot hold MLflow's database: it is {tracking_uri}", self._console)
        with stopping.on_signals(), lease:
            yield

    def _execute(self, todo: Plan) -> None:
        """Let the executor train the points; the store records what was done, whatever happens."""
        session, supervisor = self._session, self._supervisor
        with self._executor.opened(self._run, todo) as share:
            enlarged = share.enlarged(self._executor.nodes.largest("CPU"))
            session.queue = PointQueue(todo.to_run, share, enlarged, supervisor, self._console)
            is_over = False
            while not is_over:
                session.begin()
                placed = enlarged if supervisor.has_more_room else share
                supervisor.trial_size = (placed.cpus, placed.gpus)
                self._executor.execute(self._run)
                session.queue.take_back()
                is_over = not supervisor.placement_changed or supervisor.must_stop or session.stopping.is_set()

    def _conclude(self) -> None:
        """Report how the run ended, by the states in the store; raises as `run`."""
        spec, options, console = self._spec, self._options, self._console
        status = self._watch.status()
        counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
        say(f"{spec.name}: {counts}", console)
        if self._session.fault:
            raise self._session.fault
        states = self._watch.states()
        again = command_line("failures", spec.name, store=options.store)
        failing_alike = self._supervisor.health.failing_alike if not self._session.stopping.is_set() else None
        groups = group(states)
        last = [*groups, *group(states, are_due=True)]
        for alike in (each for each in last if failing_alike and each.cause.digest == failing_alike.cause):
            retry = options.command(*retry_arguments(spec.name, alike, states, spec.resources))
            raise PointsFailed(
                f"stopped: {alike.attempts} executions failed alike and none did better; "
                f"{advice(alike, spec.resources)}\n  {in_short(alike)}",
                next=f"{again} shows the log; then {retry}",
            )
        if unfinished := status.counts["missing"] + status.counts["interrupted"]:
            again = options.command("resume", spec.name)
            raise Interrupted(
                f"stopped with {counted(unfinished, 'point')} to go; what was trained is kept", next=again
            )
        if failed := status.counts["failed"]:
            causes = [f"\n  {len(each.points)} {in_short(each)}" for each in groups[:CAUSES_SHOWN]]
            raise PointsFailed(
                f"{failed:,} of {counted(status.points_total, 'point')} failed{''.join(causes)}",
                next=f"{again} shows the logs and how to run them again",
            )
