"""The order in which executions start, and which points come again, over a real store and supervisor."""

from rich.console import Console

from sweep.cluster.share import Share
from sweep.driver.point_queue import PointQueue
from tests.sweep.bench import POINTS, Bench, report


def queue(bench: Bench, points: int = 3, concurrent: int | None = None) -> PointQueue:
    share = Share(0.25, 1, 1, concurrent)
    return PointQueue(POINTS[:points], share, share.enlarged(2), bench.supervisor, Console(quiet=True))


def take(bench: Bench, points: PointQueue) -> tuple[int, float] | None:
    """The seed of the next execution and its part of a GPU; its attempt begins."""
    if execution := points.take():
        bench.start(execution.point)
        return execution.point.seed, execution.share.gpus
    return None


def end(bench: Bench, points: PointQueue, seed: int, failure: str | None = None) -> None:
    """The execution ends with a result, or with a failure of that kind."""
    point = POINTS[seed]
    if failure == "death":
        decision = bench.supervisor.died(point, "")
        if decision:
            points.restart(point.point_id, decision.needs_more_room)
        else:
            points.failed(point.point_id)
    elif failure:
        report(bench, point, failure_kind=failure, cause=f"cause {seed}")
        bench.fail(point, failure)
        points.failed(point.point_id)
    else:
        report(bench, point)
        points.finished(point.point_id)


def test_points_start_in_their_order_and_the_queue_is_over_once_all_have_ended(bench: Bench) -> None:
    points = queue(bench)
    assert [take(bench, points) for _ in range(4)] == [(0, 0.25), (1, 0.25), (2, 0.25), None]
    for seed in range(3):
        assert not points.is_over
        end(bench, points, seed)
    assert points.is_over
    assert take(bench, points) is None


def test_no_more_are_out_than_run_at_a_time(bench: Bench) -> None:
    points = queue(bench, concurrent=2)
    assert [take(bench, points) for _ in range(3)] == [(0, 0.25), (1, 0.25), None]
    end(bench, points, 1)
    assert take(bench, points) == (2, 0.25)


def test_what_died_comes_next_and_what_failed_after_the_others_with_more_room_last(bench: Bench) -> None:
    points = queue(bench, points=4, concurrent=3)
    for _ in range(3):
        take(bench, points)
    end(bench, points, 0, "resource")
    end(bench, points, 1, "infra")
    end(bench, points, 2, "death")
    order = []
    while execution := take(bench, points):
        order.append(execution)
        end(bench, points, execution[0])
    assert order == [(2, 0.25), (3, 0.25), (1, 0.25), (0, 1.0)]
    assert points.is_over


def test_a_point_whose_retries_are_used_up_is_left(bench: Bench) -> None:
    points = queue(bench, points=1)
    for _ in range(4):
        assert take(bench, points) == (0, 0.25)
        end(bench, points, 0, "death")
    assert take(bench, points) is None
    assert points.is_over


def test_a_death_whose_node_is_known_to_be_gone_only_later_is_retried_after_all(bench: Bench) -> None:
    points = queue(bench, points=2)
    assert take(bench, points) == (0, 0.25)
    assert take(bench, points) == (1, 0.25)
    end(bench, points, 1)
    for _ in range(3):
        end(bench, points, 0, "death")
        assert take(bench, points) == (0, 0.25)
    end(bench, points, 0, "death")
    del bench.live["n1"]
    assert take(bench, points) == (0, 0.25)


def test_points_that_were_out_when_trials_were_stopped_come_first(bench: Bench) -> None:
    points = queue(bench, points=4)
    for _ in range(3):
        take(bench, points)
    end(bench, points, 1)
    points.take_back()
    assert [take(bench, points) for _ in range(3)] == [(0, 0.25), (2, 0.25), (3, 0.25)]


def test_a_point_that_was_out_with_more_room_keeps_it_when_trials_were_stopped(bench: Bench) -> None:
    points = queue(bench, points=2)
    take(bench, points)
    take(bench, points)
    end(bench, points, 0, "resource")
    assert take(bench, points) == (0, 1.0)
    points.take_back()
    assert sorted([take(bench, points) or (), take(bench, points) or ()]) == [(0, 1.0), (1, 0.25)]


def test_no_more_start_while_all_may_be_failing_alike(bench: Bench) -> None:
    points = queue(bench, points=6)
    assert [take(bench, points) for _ in range(6)][-2:] == [(4, 0.25), None]
    report(bench, POINTS[0], epoch=1, done=False)
    assert take(bench, points) == (5, 0.25)
