"""Plans: what runs, what is left alone, what it costs."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sweep.planning import Sample, plan
from sweep.planning.costs import shape
from sweep.planning.plan import unknown_shapes
from sweep.store import Attempt, PointState, State
from trainables.config import TrialConfig
from trainables.records import EpochRecord, Failure, PointResult, history_to_arrow

POINTS = tuple(TrialConfig(epochs=10, seed=seed) for seed in range(5))


@pytest.fixture
def states(
    history: Callable[[TrialConfig, int], tuple[EpochRecord, ...]], result: Callable[[TrialConfig], PointResult]
) -> dict[str, PointState]:
    failed = Attempt(1, "", "", 0, {}, failure=Failure("code", "no"))
    finished = replace(result(POINTS[0]), wall_seconds=50.0)
    states = [
        PointState(State.FINISHED, finished.history_arrow, finished),
        PointState(State.DIVERGED, None, result(POINTS[1])),
        PointState(State.FAILED, None, None, (failed,)),
        PointState(State.INTERRUPTED, history_to_arrow(history(POINTS[3], 4))),
        PointState(State.MISSING),
    ]
    return {point.point_id: state for point, state in zip(POINTS, states, strict=True)}


def test_done_and_failed_points_are_left_alone(states: dict[str, PointState]) -> None:
    todo = plan(POINTS, states)
    assert {point.seed for point in todo.to_run} == {3, 4}
    assert [point.seed for point in todo.left_failed] == [2]
    assert todo.count(State.FINISHED) == todo.count(State.DIVERGED) == 1


def test_failed_points_run_again_when_their_kind_is_asked_for(states: dict[str, PointState]) -> None:
    assert {point.seed for point in plan(POINTS, states, ["code"]).to_run} == {2, 3, 4}
    assert {point.seed for point in plan(POINTS, states, ["infra"]).to_run} == {3, 4}


def test_the_cost_is_what_like_points_took_for_the_epochs_still_to_come(states: dict[str, PointState]) -> None:
    states[POINTS[1].point_id] = PointState(State.MISSING)
    todo = plan(POINTS, states)
    once = 50.0 - 10 * 0.75
    assert todo.epochs_to_run == 10 + 6 + 10
    assert todo.seconds == pytest.approx(3 * once + 0.75 * (10 + 6 + 10))
    assert todo.wall_seconds(1) == pytest.approx(todo.seconds)
    assert todo.wall_seconds(2) == pytest.approx(2 * 50.0 - 4 * 0.75)
    assert todo.wall_seconds(3) == pytest.approx(50.0)
    assert (todo.measured_on, todo.measured_points) == (("cpu",), 1)


def test_the_cost_is_unknown_rather_than_nothing_without_a_like_point(states: dict[str, PointState]) -> None:
    other = TrialConfig(epochs=10, width=51)
    todo = plan((*POINTS, other), states | {other.point_id: PointState(State.MISSING)})
    assert todo.seconds is None
    assert todo.uncalibrated == 1
    assert todo.wall_seconds(2) is None
    assert todo.known_seconds > 0
    assert unknown_shapes(todo) == {shape(other)}
    elsewhere = [Sample(shape(other), 1.0, 2.0, 5.0)]
    assert plan((other,), {other.point_id: PointState(State.MISSING)}, (), elsewhere).seconds == 5 + 2 * 10


def test_failures_are_told_by_cause_and_interruptions_by_epoch(states: dict[str, PointState]) -> None:
    todo = plan(POINTS, states)
    assert [(one.cause.kind, one.cause.message, one.points) for one in todo.failed] == [
        ("code", "no", (POINTS[2].point_id,))
    ]
    assert todo.interrupted == {POINTS[3].point_id: 4}


def test_the_longest_points_come_first() -> None:
    points = [TrialConfig(width=width, depth=depth) for width in (10, 100) for depth in (3, 6)]
    todo = plan(points, {point.point_id: PointState(State.MISSING) for point in points})
    assert [(point.width, point.depth) for point in todo.to_run] == [(100, 6), (100, 3), (10, 6), (10, 3)]
