"""What a driver makes of failures as they come: it notes deaths, ends what hangs, and says when to stop or regroup."""

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from sweep.cluster import nodes
from sweep.cluster.nodes import on_node
from sweep.failures import (
    NODE_LOST,
    RETRIES,
    FailedExecution,
    Health,
    NodeLosses,
    cause,
    explain,
    kinds_since,
    oom_kills,
    retries,
)
from sweep.store import Attempt, PointState, Store
from sweep.trial.log_capture import rescue
from sweep.trial.watchdog import HANG_SECONDS, Pace
from trainables.config import TrialConfig
from trainables.records import Failure

SLACK_SECONDS = min(30.0, HANG_SECONDS)
SLACK_FACTOR = 1.5
"""A trial that hangs ends itself; one that cannot even do that is killed by the driver, after this much more."""

LOOK_SECONDS = 1.0


class Supervisor:
    """Follows the executions of a run. `must_stop` and `must_regroup` are what it asks of the driver."""

    def __init__(self, store: Store, known: Mapping[str, PointState], console: Console) -> None:
        self._store, self._console = store, console
        self.begun = {point: max((one.number for one in found.attempts), default=0) for point, found in known.items()}
        self.health = Health()
        self.must_stop = False
        self.must_regroup = False
        self.has_more_room = False
        self.trial_size = (0.0, 0.0)
        self._noted = dict(self.begun)
        self._begun_here: set[str] = set()
        self._running: dict[str, _Execution] = {}
        self._lost: set[str] = set()
        self._departures = NodeLosses()
        self._oom_kills = oom_kills()
        self._looked = 0.0

    def begin_round(self) -> None:
        """Nothing runs yet."""
        self._running.clear()
        self.must_regroup = False

    def started(self, trial: Any, point_id: str) -> None:
        """An execution starts; Ray may restart it as often as its failures in this run leave it retries."""
        self._running[point_id] = _Execution(time.monotonic())
        allowed = RETRIES["infra"]
        if point_id in self._begun_here:
            attempts = self._store.attempts(point_id)
            self._noted[point_id] = max((one.number for one in attempts), default=0)
            kinds = kinds_since(attempts, self.begun[point_id], self.health.sick, self.with_node().get(point_id, ()))
            left = [retries(kind) - kinds.count(kind) for kind in ("infra", NODE_LOST)]
            allowed = 0 if kinds[-1:] == ["resource"] else max(0, min(left))
        self._begun_here.add(point_id)
        trial.max_failures = trial.num_failures + allowed

    def reported(self, point_id: str, result: Mapping[str, Any]) -> None:
        """An execution tells of itself; its last word says how it ended."""
        one = self._running.setdefault(point_id, _Execution(time.monotonic()))
        one.heard(result["ray_node"], result["epoch"], result["allowance_seconds"])
        if kind := result.get("failure_kind"):
            self._judge(point_id, one, kind, result["cause"])
        elif result["done"]:
            self._running.pop(point_id)
            self.health.succeeded(one.node)
        else:
            self.health.progressed(one.node, one.epoch)

    def died(self, trial: Any, point: TrialConfig, will_restart: bool) -> None:
        """The process of an execution died: write down why, and save its last words."""
        if self._store.result(point) is not None:  # accepted just before: nothing was lost
            return
        one = self._running.get(point.point_id) or _Execution(time.monotonic())
        attempt = self._last_attempt(point.point_id)
        if attempt and attempt.failure:  # written down just before
            return
        if attempt is None or attempt.ended:  # it died before it could begin one
            begun = Attempt(0, datetime.now(UTC).isoformat(timespec="seconds"), "unknown", 0, {})
            attempt = self._store.begin_attempt(point.point_id, begun)
        one.node = one.node or attempt.provenance.get("ray_node", "")
        rescue_log(self._store, point.point_id, attempt.number, one.node)
        failure = self._why(trial, point.point_id, one, attempt)
        self._store.save_attempt(point.point_id, replace(attempt, failure=failure))
        self._departures.died(point.point_id, attempt.number, one.node, time.monotonic())
        after = "it goes on from its last snapshot" if will_restart else "it is left for later"
        text = f"{point.point_id}: {failure.message} at epoch {one.epoch}; {after}"
        self._console.print(text, style="yellow", soft_wrap=True)
        self._judge(point.point_id, one, failure.kind, cause(failure).digest)

    def look_for_silent(self, trials: list[Any], point_id_of: Any) -> None:
        """Kill what has been silent for so long that it cannot even end itself."""
        moment = time.monotonic()
        if moment - self._looked < LOOK_SECONDS:
            return
        self._looked = moment
        self.with_node()
        for point_id, one in self._running.items():
            silent = moment - one.heard_at
            if one.was_silent_for is None and silent > one.patience:
                one.was_silent_for = silent
                attempt = self._last_attempt(point_id)
                seen = attempt.provenance if attempt else {}
                node = one.node or seen.get("ray_node", "")
                for trial in (trial for trial in trials if point_id_of(trial) == point_id):
                    nodes.kill(trial.temporary_state.ray_actor, node, seen.get("pid"))

    def with_node(self) -> Mapping[str, Collection[int]]:
        """The numbers of the attempts that died with their node, by point; Ray is asked where it may not have said."""
        if self._departures.are_open:
            with suppress(Exception):  # a head that is lost is told of by its own watch
                self._departures.look(nodes.live(), time.monotonic())
        return self._departures.with_node

    def _why(self, trial: Any, point_id: str, one: "_Execution", attempt: Attempt) -> Failure:
        kills, self._oom_kills = oom_kills() - self._oom_kills, oom_kills()
        said = ""
        with suppress(Exception):
            said = str(trial.get_error() or "")
        is_oom_killed = kills > 0 and one.node == nodes.own()
        return explain(self._store.log(point_id, attempt.number), said, one.was_silent_for, is_oom_killed)

    def _judge(self, point_id: str, one: "_Execution", kind: str, digest: str) -> None:
        self._running.pop(point_id, None)
        if self._is_lost(one.node):
            return
        blow = FailedExecution(point_id, one.node, kind, digest, one.epoch, one.has_reported)
        live = nodes.live(*self.trial_size)
        before = set(self.health.sick)
        others = {other: found.epoch for other, found in self._running.items()}
        self.health.failed(blow, others, self._nodes_in_use() if kind == "infra" else (), live)
        for node in self.health.sick - before:
            text = f"{live.get(node, 'a host')} (node {node[:8]}) fails where others do not: no more trials run there"
            self._console.print(text, style="yellow", soft_wrap=True)
            self.must_regroup = True
        if self.health.hopeless:
            if kind == "resource" and not self.has_more_room:
                self._console.print("every point runs out of memory: on with more room for each", style="yellow")
                self.has_more_room = self.must_regroup = True
                self.health.forget_alike()
            else:
                self.must_stop = True

    def _is_lost(self, node: str) -> bool:
        """Whether that node has left the cluster, which says nothing of it or of the sweep; told once."""
        if not node or node in nodes.live():
            return False
        if node not in self._lost:
            self._lost.add(node)
            self._console.print(f"node {node[:8]} has left the cluster", style="yellow")
        return True

    def _nodes_in_use(self) -> set[str]:
        """Where the running executions are; those that have not reported yet are looked up in the store."""
        found = set()
        for point_id, one in self._running.items():
            if not one.node and (attempt := self._last_attempt(point_id)):
                one.node = attempt.provenance.get("ray_node", "")
            found.add(one.node)
        return found - {""}

    def _last_attempt(self, point_id: str) -> Attempt | None:
        """The attempt of the present execution, if it has begun one."""
        attempts = self._store.attempts(point_id)
        return attempts[-1] if attempts and attempts[-1].number > self._noted[point_id] else None


class _Execution:
    """One point in one process: where, how far, when it was last heard of, and how long it may be silent."""

    def __init__(self, moment: float) -> None:
        self.heard_at, self.node, self.epoch = moment, "", 0
        self.has_reported = False
        self.was_silent_for: float | None = None
        self._allowance = Pace().allowance(is_first=True)

    def heard(self, node: str, epoch: int, allowance_seconds: float) -> None:
        self.heard_at, self.node, self.epoch, self.has_reported = time.monotonic(), node, epoch, True
        self._allowance = allowance_seconds

    @property
    def patience(self) -> float:
        """Seconds of silence after which it is killed from outside: more than it takes to end itself."""
        return SLACK_FACTOR * self._allowance + SLACK_SECONDS


def rescue_log(store: Store, point_id: str, number: int, node: str) -> None:
    """Save what an attempt printed whose process died on that node, if the node still answers; never raises."""
    on_node(node, rescue, store, point_id, number)
