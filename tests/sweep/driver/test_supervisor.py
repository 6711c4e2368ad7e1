"""The driver's bookkeeping of executions: deaths written down, budgets counted, the silent killed."""

from collections.abc import Callable
from dataclasses import replace

from sweep.failures import RetryDecision, explain
from sweep.failures.health import ALIKE, BARRED_AFTER
from sweep.failures.node_losses import NOTICE_SECONDS
from sweep.store import BLAMED_ON, HOST_BARRED, NODE_LOST, State, counted_kinds
from sweep.store.retry_rule import RETRIES_NODE_LOST
from tests.sweep.bench import POINT, POINTS, Bench, report
from trainables.config import TrialConfig
from trainables.records import PointResult


def test_each_death_is_written_down_and_three_of_them_lead_to_a_restart(bench: Bench) -> None:
    restarts = []
    for _ in range(4):
        bench.start()
        restarts.append(bench.die())
    assert restarts == [True] * 3 + [False]
    assert [one.failure.kind for one in bench.store.attempts(POINT) if one.failure] == ["infra"] * 4


def test_a_point_that_ran_out_of_memory_runs_again_later_with_more_room(bench: Bench) -> None:
    bench.start()
    bench.said = "Task was killed due to the node running low on memory"
    assert not bench.die()
    assert bench.supervisor.decide(POINTS[0]) == RetryDecision(is_due=True, needs_more_room=True)
    assert [one.failure.kind for one in bench.store.attempts(POINT) if one.failure] == ["resource"]


def test_a_process_that_dies_before_it_begins_is_an_attempt_too(bench: Bench) -> None:
    bench.start(begins=False)
    bench.die()
    (only,) = bench.store.attempts(POINT)
    assert (only.host, only.failure.kind if only.failure else None) == ("unknown", "infra")


def test_an_attempt_that_was_stopped_in_order_did_not_die(bench: Bench) -> None:
    bench.start()
    (stopped,) = bench.store.attempts(POINT)
    bench.store.save_attempt(POINT, replace(stopped, ended="later"))
    bench.supervisor.begin()
    bench.start(begins=False)
    bench.die()
    first, second = bench.store.attempts(POINT)
    assert (first.failure, bool(second.failure)) == (None, True)


def test_a_death_after_the_result_was_accepted_loses_nothing(
    bench: Bench, result: Callable[[TrialConfig], PointResult]
) -> None:
    bench.start()
    bench.store.commit_result(POINTS[0], result(POINTS[0]))
    bench.die()
    assert bench.store.attempts(POINT)[0].failure is None


def test_what_is_silent_for_too_long_is_killed_once(bench: Bench) -> None:
    bench.start()
    report(bench, POINTS[0], epoch=1, done=False)
    for seconds, killed in [(900, []), (40, [("n1", 7)]), (5000, [("n1", 7)])]:
        bench.clock += seconds
        bench.kill_silent()
        assert bench.killed == killed
    bench.die()
    (only,) = bench.store.attempts(POINT)
    assert only.failure == explain("", "", 940, False)


def test_what_may_take_long_is_not_killed_before_it_ends_itself(bench: Bench) -> None:
    bench.start()
    report(bench, POINTS[0], epoch=1, done=False, allowance_seconds=3000.0)
    bench.clock += 3000
    bench.kill_silent()
    assert bench.killed == []


def test_every_point_out_of_memory_asks_for_more_room_once(bench: Bench) -> None:
    for _ in range(2):
        for point in POINTS[:ALIKE]:
            assert not bench.supervisor.must_stop
            bench.start(point)
            report(bench, point, failure_kind="resource", cause="same")
        if not bench.supervisor.must_stop:
            assert bench.supervisor.placement_changed
            assert bench.supervisor.has_more_room
            bench.supervisor.begin()
    assert bench.supervisor.must_stop


def test_a_barred_host_has_trials_placed_anew(bench: Bench) -> None:
    bench.start(POINTS[5], node="n2")
    for point in POINTS[:BARRED_AFTER]:
        bench.start(point)
        bench.die(point)
    assert bench.supervisor.health.barred_hosts == {"n1"}
    assert bench.supervisor.placement_changed
    assert not bench.supervisor.must_stop


def lost_attempts(bench: Bench) -> list[int]:
    """The numbers of the point's attempts of which the store says that they died because their node left."""
    return [one.number for one in bench.store.attempts(POINT) if one.provenance.get(BLAMED_ON) == NODE_LOST]


def test_a_failure_on_a_host_that_is_barred_does_not_count_wherever_it_is_read(bench: Bench) -> None:
    bench.start(POINTS[5], node="n2")
    for _ in range(2):
        for point in POINTS[:BARRED_AFTER]:
            bench.start(point)
            bench.die(point)
    assert bench.supervisor.health.barred_hosts == {"n1"}
    for point in POINTS[:BARRED_AFTER]:
        attempts = bench.store.attempts(point.point_id)
        assert [one.provenance.get(BLAMED_ON) for one in attempts] == [HOST_BARRED] * 2
        assert counted_kinds(attempts) == []
        assert bench.store.state(point).state is State.INTERRUPTED


def test_deaths_with_the_node_leave_as_many_restarts_up_to_a_budget_of_their_own(bench: Bench) -> None:
    restarts = []
    for number in range(RETRIES_NODE_LOST + 2):
        node = f"spot-{number}"
        bench.live[node] = "spot"
        bench.start(node=node)
        del bench.live[node]
        restarts.append(bench.die())
    assert restarts == [True] * RETRIES_NODE_LOST + [False] * 2
    assert {one.failure.kind for one in bench.store.attempts(POINT) if one.failure} == {"infra"}


def test_a_death_on_a_node_that_leaves_later_stays_what_it_was(bench: Bench) -> None:
    restarts = []
    for number in range(4):
        node = f"spot-{number}"
        bench.live[node] = "spot"
        bench.start(node=node)
        restarts.append(bench.die())
        bench.clock += NOTICE_SECONDS + 1
        bench.kill_silent()
        del bench.live[node]
    assert restarts == [True] * 3 + [False]
    assert not lost_attempts(bench)


def test_a_node_of_which_ray_tells_a_little_late_took_the_execution_with_it(bench: Bench) -> None:
    bench.start()
    bench.die()
    bench.clock += NOTICE_SECONDS / 2
    bench.kill_silent()
    assert not lost_attempts(bench)
    del bench.live["n1"]
    bench.supervisor.decide(POINTS[0])
    assert lost_attempts(bench) == [1]
    bench.live["n1"] = "one"
    bench.clock += 2 * NOTICE_SECONDS
    bench.supervisor.decide(POINTS[0])
    assert lost_attempts(bench) == [1]


def test_a_lost_host_is_not_barred_and_what_runs_elsewhere_goes_on(bench: Bench) -> None:
    bench.start(POINTS[5], node="n2")
    for point in POINTS[:BARRED_AFTER]:
        bench.start(point)
    del bench.live["n1"]
    for point in POINTS[:BARRED_AFTER]:
        bench.die(point)
    assert not bench.supervisor.health.barred_hosts
    assert not bench.supervisor.placement_changed
    assert [bench.store.attempts(point.point_id)[0].failure is not None for point in POINTS[:BARRED_AFTER]] == [
        True
    ] * BARRED_AFTER
