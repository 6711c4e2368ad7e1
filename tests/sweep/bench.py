"""A supervisor of executions that tests start and end."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from sweep.driver.supervisor import Supervisor
from sweep.store import RUN, Attempt, Store
from sweep.timing import Timing
from trainables.config import TrialConfig
from trainables.records import Failure

POINTS = tuple(TrialConfig(seed=seed) for seed in range(6))
POINT = POINTS[0].point_id


class Bench:
    """A supervisor over a store, the executions it follows, and what it killed."""

    def __init__(self, folder: Path) -> None:
        self.store, self.killed, self.clock = Store(folder), [], 1000.0
        self.said = ""
        self.live = {"n1": "one", "n2": "two"}
        nodes: Any = SimpleNamespace(
            live=lambda *_: self.live,
            own=lambda: "n1",
            largest=lambda _: 8.0,
            kill=lambda actor, node, pid: self.killed.append((node, pid)),
            on_node=lambda *_: None,
        )
        states = {point.point_id: self.store.state(point) for point in POINTS}
        timing = Timing(hang_seconds=600.0)
        self.supervisor = Supervisor(
            self.store, states, Console(quiet=True), nodes, timing, "this run", lambda: self.clock
        )

    def start(self, point: TrialConfig = POINTS[0], node: str = "n1", begins: bool = True) -> None:
        """An execution starts, and begins an attempt unless it dies before."""
        self.supervisor.started(point.point_id)
        if begins:
            provenance = {"ray_node": node, "pid": 7, RUN: "this run"}
            self.store.begin_attempt(point.point_id, Attempt(0, "now", "one", 0, provenance))

    def die(self, point: TrialConfig = POINTS[0]) -> bool:
        """Whether the point runs again at once."""
        return self.supervisor.died(point, self.said) is not None

    def fail(self, point: TrialConfig, kind: str) -> None:
        """The last attempt of the point is recorded as failed."""
        attempt = self.store.attempts(point.point_id)[-1]
        self.store.save_attempt(point.point_id, replace(attempt, failure=Failure(kind, "it failed")))

    def kill_silent(self) -> None:
        self.supervisor.kill_silent(lambda _: None)


def report(bench: Bench, point: TrialConfig, **fields: object) -> None:
    bench.supervisor.reported(
        point.point_id, {"ray_node": "n1", "epoch": 0, "done": True, "allowance_seconds": 600.0} | fields
    )
