"""Costs: what like points took, per epoch and once; unknown where there is none; how places fill."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sweep.planning import Sample, costs, makespan, sample, work
from sweep.planning.costs import shape
from sweep.store import Attempt, PointState, State
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PointResult, history_to_arrow

POINT = TrialConfig(epochs=10)
PER_EPOCH = 0.25 + 0.5  # of the made-up histories

History = Callable[[TrialConfig, int], tuple[EpochRecord, ...]]
Result = Callable[[TrialConfig], PointResult]


def finished(result: PointResult, *attempts: Attempt) -> PointState:
    return PointState(State.FINISHED, result.history_arrow, result, attempts)


def test_a_finished_point_tells_what_it_took_once_and_per_epoch(result: Result) -> None:
    taken = sample(POINT, finished(replace(result(POINT), wall_seconds=20.0)))
    assert taken is not None
    assert taken.per_epoch == pytest.approx(PER_EPOCH)
    assert taken.once == pytest.approx(20 - 10 * PER_EPOCH)
    assert (taken.device, taken.threads) == ("cpu", 1)


def test_of_a_resumed_point_the_last_attempt_alone_took_the_wall_time(result: Result) -> None:
    last = Attempt(2, "", "", 6, {})
    taken = sample(POINT, finished(replace(result(POINT), wall_seconds=20.0, attempt=2), last))
    assert taken is not None
    assert taken.once == pytest.approx(20 - 4 * PER_EPOCH)


def test_an_unfinished_point_tells_only_of_its_epochs(history: History) -> None:
    taken = sample(POINT, PointState(State.INTERRUPTED, history_to_arrow(history(POINT, 4))))
    assert taken is not None
    assert (taken.per_epoch, taken.once) == (pytest.approx(PER_EPOCH), None)
    assert sample(POINT, PointState(State.INTERRUPTED, history_to_arrow(history(POINT, 1)))) is None
    assert sample(POINT, PointState(State.MISSING)) is None


def test_the_cost_of_a_point_scales_with_the_epochs_it_has_left() -> None:
    cost = costs([Sample(shape(POINT), work(POINT), 2.0, 5.0)])
    assert cost.seconds(POINT) == 5 + 2 * 10
    assert cost.seconds(POINT, epochs_done=7) == 5 + 2 * 3
    assert cost.seconds(TrialConfig(epochs=100, seed=3)) == 5 + 2 * 100
    assert cost.seconds(TrialConfig(epochs=10, width=51)) is None


def test_points_without_epochs_cost_what_they_take_once_and_tell_nothing_of_epochs(result: Result) -> None:
    untrained = TrialConfig(epochs=0)
    taken = sample(untrained, finished(result(untrained)))
    assert taken is not None
    assert taken.per_epoch is None
    cost = costs([taken])
    assert cost.seconds(TrialConfig(epochs=0, seed=1)) == 12.5
    assert cost.seconds(POINT) is None


def test_what_ran_on_like_hardware_tells_more() -> None:
    def took(seconds: float, device: str, threads: int) -> Sample:
        return Sample(shape(POINT), work(POINT), seconds, 0.0, device, threads)

    samples = [took(1.0, "NVIDIA H200", 1), took(8.0, "cpu", 1), took(5.0, "cpu", 2)]
    assert costs(samples, threads=1, is_gpu=True).per_epoch[shape(POINT)] == 1.0
    assert costs(samples, threads=2, is_gpu=False).per_epoch[shape(POINT)] == 5.0
    assert costs(samples, threads=64, is_gpu=False).per_epoch[shape(POINT)] == 6.5
    assert costs(samples[1:], threads=1, is_gpu=True).devices == ("cpu",)


def test_a_guess_takes_the_nearest_shape_and_needs_at_least_one() -> None:
    small, large, between = (TrialConfig(width=width, epochs=10) for width in (10, 100, 90))
    cost = costs([Sample(shape(small), work(small), 0.1, 1.0), Sample(shape(large), work(large), 4.0, 3.0)])
    assert cost.guess(between, 10, is_running=True) == pytest.approx(40 * work(between) / work(large))
    assert cost.guess(large, 10, is_running=False) == pytest.approx(42.0)
    assert costs([]).guess(between, 10, is_running=True) is None


def test_the_newest_points_tell_how_fast_the_machine_is_now() -> None:
    samples = [Sample(shape(POINT), 1.0, float(pace), 1.0, moment=float(pace)) for pace in range(10)]
    assert costs(samples).per_epoch[shape(POINT)] == 4.5
    assert costs(samples, newest=3).per_epoch[shape(POINT)] == 8.0


@pytest.mark.parametrize(
    ("seconds", "at_a_time", "expected"),
    [([], 2, 0), ([5], 2, 5), ([4, 3, 2, 1], 1, 10), ([4, 3, 2, 1], 2, 5), ([4, 3, 2, 1], 9, 4), ([4, 3], 0, 7)],
)
def test_places_are_filled_as_they_become_free(seconds: list[float], at_a_time: int, expected: float) -> None:
    assert makespan(seconds, at_a_time) == expected
