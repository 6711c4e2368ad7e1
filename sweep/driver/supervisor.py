"""A driver's reaction to failures: it records deaths, kills hanging trials, and decides on retries and when to stop."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from rich.console import Console

from sweep.console import warn
from sweep.driver.nodes import Nodes
from sweep.failures import (
    FailedExecution,
    Health,
    NodeLosses,
    RetryDecision,
    cause,
    explain,
    oom_kills,
    retry,
)
from sweep.store import BLAMED_ON, HOST_BARRED, NODE_LOST, RUN, Attempt, PointState, Store
from sweep.timing import Timing
from sweep.trial.log_capture import rescue
from sweep.trial.watchdog import Pace
from trainables.config import TrialConfig
from trainables.records import Failure

SLACK_FACTOR = 1.5
"""A hanging trial ends itself. If it does not, the driver kills it after its allowance times this factor, plus
`Timing.slack_seconds`.
"""


class Supervisor:
    """Follows the executions of a run. The driver ends the run if `must_stop`.

    If `placement_changed`, as a host was barred or every point needs more room, it has all trials placed anew.
    """

    def __init__(
        self,
        store: Store,
        states: Mapping[str, PointState],
        console: Console,
        nodes: Nodes,
        timing: Timing,
        run_id: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run_id = run_id
        self._store, self._console, self._nodes, self._timing, self._clock = store, console, nodes, timing, clock
        self._begun = {
            name: max((attempt.number for attempt in state.attempts), default=0) for name, state in states.items()
        }
        self.health = Health()
        self.must_stop = False
        self.placement_changed = False
        self.has_more_room = False
        self.trial_size = (0.0, 0.0)
        self._noted = dict(self._begun)
        self._begun_here: set[str] = set()
        self._running: dict[str, _RunningPoint] = {}
        self._lost: set[str] = set()
        self._node_losses = NodeLosses()
        self._oom_kills = oom_kills()
        self._looked = 0.0

    def begin(self) -> None:
        """All trials are placed from here on; none runs yet."""
        self._running.clear()
        self.placement_changed = False

    def started(self, point_id: str) -> None:
        """An execution of the point starts."""
        self._running[point_id] = _RunningPoint(self._clock(), self._timing)
        if point_id in self._begun_here:
            self._noted[point_id] = max((attempt.number for attempt in self._store.attempts(point_id)), default=0)
        self._begun_here.add(point_id)

    def decide(self, point: TrialConfig) -> RetryDecision:
        """Whether the point, which failed and does not run, runs again."""
        self._note_node_losses()
        return retry(self._store.attempts(point.point_id))

    def reported(self, point_id: str, result: Mapping[str, Any]) -> None:
        """Take a report of an execution; the last one says how it ended."""
        execution = self._running.setdefault(point_id, _RunningPoint(self._clock(), self._timing))
        execution.heard(self._clock(), result)
        if kind := result.get("failure_kind"):
            self._take_failure(point_id, execution, kind, result["cause"])
        elif result["done"]:
            self._running.pop(point_id)
            self.health.succeeded(execution.node)
        else:
            self.health.progressed(execution.node, execution.epoch)

    def died(self, point: TrialConfig, executor_error: str) -> RetryDecision | None:
        """The process of an execution died: record why, and save the end of its log.

        Returns the decision if the point is to run again at once. One that ran out of memory is decided on later.
        """
        if self._store.result(point) is not None:  # accepted just before: nothing was lost
            return None
        execution = self._running.get(point.point_id) or _RunningPoint(self._clock(), self._timing)
        attempt = self._last_attempt(point.point_id)
        if attempt and attempt.failure:  # written down just before
            return None
        if attempt is None or attempt.ended:  # it died before it could begin one
            begun = Attempt(0, datetime.now(UTC).isoformat(timespec="seconds"), "unknown", 0, {RUN: self._run_id})
            attempt = self._store.begin_attempt(point.point_id, begun)
        execution.node = execution.node or attempt.provenance.get("ray_node", "")
        self._nodes.on_node(execution.node, rescue, self._store, point.point_id, attempt.number)
        failure = self._failure_of_death(executor_error, point.point_id, execution, attempt)
        self._store.save_attempt(point.point_id, replace(attempt, failure=failure))
        self._blame_barred_hosts([point.point_id])
        self._node_losses.died(point.point_id, attempt.number, execution.node, self._clock())
        decision = self.decide(point)
        runs_at_once = decision.is_due and failure.kind != "resource"
        consequence = "it goes on from its last snapshot" if runs_at_once else "it is not restarted now"
        text = f"{point.point_id}: {failure.message} at epoch {execution.epoch}; {consequence}"
        warn(text, self._console)
        self._take_failure(point.point_id, execution, failure.kind, cause(failure).digest)
        return decision if runs_at_once else None

    def kill_silent(self, actor_of: Callable[[str], Any]) -> None:
        """Kill executions that hang and did not end themselves; `actor_of` gives the actor for a point's id."""
        moment = self._clock()
        if moment - self._looked < self._timing.look_seconds:
            return
        self._looked = moment
        self._note_node_losses()
        for point_id, execution in self._running.items():
            silent = moment - execution.heard_at
            if execution.was_silent_for is None and silent > execution.patience:
                execution.was_silent_for = silent
                attempt = self._last_attempt(point_id)
                provenance = attempt.provenance if attempt else {}
                node = execution.node or provenance.get("ray_node", "")
                self._nodes.kill(actor_of(point_id), node, provenance.get("pid"))

    def _note_node_losses(self) -> None:
        """Ask Ray about undecided deaths, and write down which came with the loss of their node."""
        if self._node_losses.are_open:
            try:
                live = self._nodes.live()
            except Exception:  # the loss of the head is reported by `port_watch`
                return
            for point_id, number in self._node_losses.look(live, self._clock()):
                self._blame(point_id, NODE_LOST, partial(_has_number, number))

    def _blame_barred_hosts(self, point_ids: Iterable[str]) -> None:
        """Write down which failures of these points were on hosts that are barred."""
        barred = self.health.barred_hosts
        for point_id in point_ids if barred else ():
            self._blame(point_id, HOST_BARRED, lambda attempt: attempt.provenance.get("ray_node") in barred)

    def _blame(self, point_id: str, reason: str, is_concerned: Callable[[Attempt], bool]) -> None:
        """Write down, for failed attempts of this run at the point, what else than the point they are due to."""
        for attempt in self._store.attempts(point_id):
            is_new = attempt.provenance.get(BLAMED_ON) != reason
            if is_new and attempt.number > self._begun[point_id] and attempt.failure and is_concerned(attempt):
                blamed = replace(attempt, provenance=attempt.provenance | {BLAMED_ON: reason})
                self._store.save_attempt(point_id, blamed)

    def _failure_of_death(
        self, executor_error: str, point_id: str, execution: "_RunningPoint", attempt: Attempt
    ) -> Failure:
        kills, self._oom_kills = oom_kills() - self._oom_kills, oom_kills()
        is_oom_killed = kills > 0 and execution.node == self._nodes.own()
        return explain(
            self._store.log(point_id, attempt.number), executor_error, execution.was_silent_for, is_oom_killed
        )

    def _take_failure(self, point_id: str, execution: "_RunningPoint", kind: str, digest: str) -> None:
        self._running.pop(point_id, None)
        if self._is_lost(execution.node):
            return
        failed = FailedExecution(point_id, execution.node, kind, digest, execution.epoch, execution.has_reported)
        live = self._nodes.live(*self.trial_size)
        barred_before = set(self.health.barred_hosts)
        running_epochs = {other: other_execution.epoch for other, other_execution in self._running.items()}
        self.health.failed(failed, running_epochs, self._nodes_in_use() if kind == "infra" else (), live)
        for node in self.health.barred_hosts - barred_before:
            text = f"{live.get(node, 'a host')} (node {node[:8]}) fails where others do not: no more trials run there"
            warn(text, self._console)
            self.placement_changed = True
        self._blame_barred_hosts(self._begun_here if self.health.barred_hosts - barred_before else [point_id])
        if self.health.failing_alike:
            if kind == "resource" and not self.has_more_room:
                warn("every point runs out of memory: going on with more room for each", self._console)
                self.has_more_room = self.placement_changed = True
                self.health.forget_alike()
            else:
                self.must_stop = True

    def _is_lost(self, node: str) -> bool:
        """Whether that node has left the cluster; then its failures count neither against it nor against the sweep."""
        if not node or node in self._nodes.live():
            return False
        if node not in self._lost:
            self._lost.add(node)
            warn(f"node {node[:8]} has left the cluster", self._console)
        return True

    def _nodes_in_use(self) -> set[str]:
        """The nodes of the running executions; of those that have not reported yet, as the store has them."""
        in_use = set()
        for point_id, execution in self._running.items():
            if not execution.node and (attempt := self._last_attempt(point_id)):
                execution.node = attempt.provenance.get("ray_node", "")
            in_use.add(execution.node)
        return in_use - {""}

    def _last_attempt(self, point_id: str) -> Attempt | None:
        """The attempt of the current execution, if it has begun one."""
        attempts = self._store.attempts(point_id)
        return attempts[-1] if attempts and attempts[-1].number > self._noted[point_id] else None


def _has_number(number: int, attempt: Attempt) -> bool:
    return attempt.number == number


class _RunningPoint:
    """One point in one process: its node, its epoch, its last report, and how long it may be silent."""

    def __init__(self, moment: float, timing: Timing) -> None:
        self.heard_at, self.node, self.epoch = moment, "", 0
        self.has_reported = False
        self.was_silent_for: float | None = None
        self._slack = timing.slack_seconds
        self._allowance = Pace(timing.hang_seconds).allowance(is_first=True)

    def heard(self, moment: float, report: Mapping[str, Any]) -> None:
        """Note a report of the trial, and how long it may be silent from now on."""
        self.heard_at, self.node, self.epoch, self.has_reported = moment, report["ray_node"], report["epoch"], True
        self._allowance = report["allowance_seconds"]

    @property
    def patience(self) -> float:
        """Seconds of silence after which the driver kills it: more than it takes to end itself."""
        return SLACK_FACTOR * self._allowance + self._slack
