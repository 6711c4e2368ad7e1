"""The driver's bookkeeping of executions: deaths written down, budgets counted, the silent killed."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from sweep.driver import supervisor as judging
from sweep.driver.supervisor import Supervisor
from sweep.failures.health import ALIKE, SICK
from sweep.failures.kinds import RETRIES_NODE_LOST
from sweep.failures.node_losses import NOTICE_SECONDS
from sweep.store.store import Attempt, Store
from trainables.config import TrialConfig
from trainables.records import PointResult

POINTS = tuple(TrialConfig(seed=seed) for seed in range(6))
POINT = POINTS[0].point_id


class Bench:
    """A judge over a store, the trials it follows, and what it killed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.killed, self.clock = Store(folder), [], 1000.0
        self.said = ""
        self.live = {"n1": "one", "n2": "two"}
        fakes = {
            "live": lambda *_: self.live,
            "own": lambda: "n1",
            "rescue_log": lambda *_: None,
            "kill": lambda actor, node, pid: self.killed.append((node, pid)),
        }
        monkeypatch.setattr(judging, "nodes", SimpleNamespace(**fakes))
        monkeypatch.setattr(judging.time, "monotonic", lambda: self.clock)
        known = {point.point_id: self.store.state(point) for point in POINTS}
        self.judge = Supervisor(self.store, known, Console(quiet=True))

    def trial(self, point: TrialConfig = POINTS[0]) -> Any:
        error = lambda: self.said  # noqa: E731
        actor = SimpleNamespace(ray_actor=None)
        return SimpleNamespace(
            id=point.point_id, num_failures=0, max_failures=0, get_error=error, temporary_state=actor
        )

    def start(self, trial: Any, node: str = "n1", begins: bool = True) -> None:
        self.judge.started(trial, trial.id)
        if begins:
            self.store.begin_attempt(trial.id, Attempt(0, "now", "one", 0, {"ray_node": node, "pid": 7}))

    def die(self, trial: Any, will_restart: bool = True) -> None:
        trial.num_failures += 1
        point = next(point for point in POINTS if point.point_id == trial.id)
        self.judge.died(trial, point, will_restart)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(tmp_path, monkeypatch)


def test_each_death_is_written_down_and_leaves_one_restart_less(bench: Bench) -> None:
    trial, restarts = bench.trial(), []
    for _ in range(4):
        bench.start(trial)
        restarts.append(trial.max_failures - trial.num_failures)
        bench.die(trial)
    assert restarts == [3, 2, 1, 0]
    assert [one.failure.kind for one in bench.store.attempts(POINT) if one.failure] == ["infra"] * 4


def test_a_death_for_memory_leaves_one_restart(bench: Bench) -> None:
    trial = bench.trial()
    bench.start(trial)
    bench.said = "Task was killed due to the node running low on memory"
    bench.die(trial)
    bench.start(trial)
    assert trial.max_failures - trial.num_failures == 0
    assert [one.failure.kind for one in bench.store.attempts(POINT) if one.failure] == ["resource"]


def test_a_process_that_dies_before_it_begins_is_an_attempt_too(bench: Bench) -> None:
    bench.start(bench.trial(), begins=False)
    bench.die(bench.trial(), will_restart=False)
    (only,) = bench.store.attempts(POINT)
    assert (only.host, only.failure.kind if only.failure else None) == ("unknown", "infra")


def test_an_attempt_that_was_stopped_in_order_did_not_die(bench: Bench) -> None:
    trial = bench.trial()
    bench.start(trial)
    (stopped,) = bench.store.attempts(POINT)
    bench.store.save_attempt(POINT, judging.replace(stopped, ended="later"))
    bench.judge.begin_round()
    bench.start(trial, begins=False)
    bench.die(trial)
    first, second = bench.store.attempts(POINT)
    assert (first.failure, bool(second.failure)) == (None, True)


def test_a_death_after_the_result_was_accepted_loses_nothing(
    bench: Bench, result: Callable[[TrialConfig], PointResult]
) -> None:
    bench.start(bench.trial())
    bench.store.commit_result(POINTS[0], result(POINTS[0]))
    bench.die(bench.trial())
    assert bench.store.attempts(POINT)[0].failure is None


def test_what_is_silent_for_too_long_is_killed_once(bench: Bench) -> None:
    trial = bench.trial()
    bench.start(trial)
    report(bench, POINTS[0], epoch=1, done=False)
    for seconds, killed in [(900, []), (40, [("n1", 7)]), (5000, [("n1", 7)])]:
        bench.clock += seconds
        bench.judge.look_for_silent([trial], lambda trial: trial.id)
        assert bench.killed == killed
    bench.die(trial)
    (only,) = bench.store.attempts(POINT)
    assert only.failure == judging.explain("", "", 940, False)


def test_what_may_take_long_is_not_killed_before_it_ends_itself(bench: Bench) -> None:
    trial = bench.trial()
    bench.start(trial)
    report(bench, POINTS[0], epoch=1, done=False, allowance_seconds=3000.0)
    bench.clock += 3000
    bench.judge.look_for_silent([trial], lambda trial: trial.id)
    assert bench.killed == []


def report(bench: Bench, point: TrialConfig, **fields: object) -> None:
    bench.judge.reported(
        point.point_id, {"ray_node": "n1", "epoch": 0, "done": True, "allowance_seconds": 600.0} | fields
    )


def test_every_point_out_of_memory_asks_for_more_room_once(bench: Bench) -> None:
    for _ in range(2):
        for point in POINTS[:ALIKE]:
            assert not bench.judge.must_stop
            bench.start(bench.trial(point))
            report(bench, point, failure_kind="resource", cause="same")
        if not bench.judge.must_stop:
            assert bench.judge.must_regroup
            assert bench.judge.has_more_room
            bench.judge.begin_round()
    assert bench.judge.must_stop


def test_a_sick_host_asks_to_regroup(bench: Bench) -> None:
    bench.start(bench.trial(POINTS[5]), node="n2")
    for point in POINTS[:SICK]:
        bench.start(bench.trial(point))
        bench.die(bench.trial(point))
    assert bench.judge.health.sick == {"n1"}
    assert bench.judge.must_regroup
    assert not bench.judge.must_stop


def test_deaths_with_the_node_leave_as_many_restarts_up_to_a_budget_of_their_own(bench: Bench) -> None:
    trial, restarts = bench.trial(), []
    for number in range(RETRIES_NODE_LOST + 2):
        node = f"spot-{number}"
        bench.live[node] = "spot"
        bench.start(trial, node)
        restarts.append(trial.max_failures - trial.num_failures)
        del bench.live[node]
        bench.die(trial)
    assert restarts == [3] * 8 + [2, 1, 0, 0]
    assert {one.failure.kind for one in bench.store.attempts(POINT) if one.failure} == {"infra"}


def test_a_death_on_a_node_that_leaves_later_stays_what_it_was(bench: Bench) -> None:
    trial, restarts = bench.trial(), []
    for number in range(4):
        node = f"spot-{number}"
        bench.live[node] = "spot"
        bench.start(trial, node)
        restarts.append(trial.max_failures - trial.num_failures)
        bench.die(trial)
        bench.clock += NOTICE_SECONDS + 1
        bench.judge.look_for_silent([], lambda trial: trial.id)
        del bench.live[node]
    assert restarts == [3, 2, 1, 0]
    assert not bench.judge.with_node()


def test_a_node_of_which_ray_tells_a_little_late_took_the_execution_with_it(bench: Bench) -> None:
    trial = bench.trial()
    bench.start(trial)
    bench.die(trial)
    bench.clock += NOTICE_SECONDS / 2
    bench.judge.look_for_silent([], lambda trial: trial.id)
    assert not bench.judge.with_node()
    del bench.live["n1"]
    assert bench.judge.with_node() == {POINT: {1}}
    bench.live["n1"] = "one"
    bench.clock += 2 * NOTICE_SECONDS
    assert bench.judge.with_node() == {POINT: {1}}


def test_a_lost_host_is_not_sick_and_what_runs_elsewhere_goes_on(bench: Bench) -> None:
    bench.start(bench.trial(POINTS[5]), node="n2")
    for point in POINTS[:SICK]:
        bench.start(bench.trial(point))
    del bench.live["n1"]
    for point in POINTS[:SICK]:
        bench.die(bench.trial(point))
    assert not bench.judge.health.sick
    assert not bench.judge.must_regroup
    assert [bench.store.attempts(point.point_id)[0].failure is not None for point in POINTS[:SICK]] == [True] * SICK
