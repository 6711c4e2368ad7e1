"""Plan a sweep: which points remain, and what they will cost. Pure: what the store knows comes in, nothing goes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sweep.causes import is_asked_for
from sweep.store import Known, State
from trainables.config import TrialConfig

Shape = tuple[object, ...]


@dataclass(frozen=True)
class Plan:
    """The points of a spec by what is known of them, and what a run would do."""

    states: Mapping[str, State]
    to_run: tuple[TrialConfig, ...]
    left_failed: tuple[TrialConfig, ...]
    epochs_to_run: int
    seconds: float | None
    uncalibrated: int

    def count(self, state: State) -> int:
        """Number of points in that state."""
        return sum(found is state for found in self.states.values())


def plan(points: Sequence[TrialConfig], known: Mapping[str, Known], retry: Sequence[str] = ()) -> Plan:
    """Split the points by what is known of them; failed ones run again only if `retry` names their kind or cause.

    `seconds` is the summed trial time still to come, from the seconds per epoch of finished points of like shape;
    None as long as `uncalibrated` points have no like.
    """
    states = {point.point_id: known[point.point_id].state for point in points}
    left_failed, to_run = [], []
    for point in points:
        failure = known[point.point_id].failure
        if failure is not None and not is_asked_for(failure, retry):
            left_failed.append(point)
        elif not states[point.point_id].is_done:
            to_run.append(point)
    to_run.sort(key=_work, reverse=True)
    paces = _seconds_per_epoch(points, known)
    costs = [_cost(point, known[point.point_id], paces) for point in to_run]
    uncalibrated = sum(cost is None for cost in costs)
    return Plan(
        states=states,
        to_run=tuple(to_run),
        left_failed=tuple(left_failed),
        epochs_to_run=sum(point.epochs - known[point.point_id].epochs_done for point in to_run),
        seconds=None if uncalibrated else sum(cost or 0.0 for cost in costs),
        uncalibrated=uncalibrated,
    )


def _work(point: TrialConfig) -> float:
    """Grows with the cost of a point: longest first leaves no straggler at the end."""
    return point.epochs * (point.width * 1000 + point.width**2 * point.depth) * len(point.measure.scales)


def _shape(point: TrialConfig) -> Shape:
    return (point.dataset, point.architecture, point.width, point.depth, point.measure)


def _seconds_per_epoch(points: Sequence[TrialConfig], known: Mapping[str, Known]) -> dict[Shape, float]:
    durations: dict[Shape, list[float]] = {}
    for point in points:
        result = known[point.point_id].result
        if result and result.attempt == 1:
            durations.setdefault(_shape(point), []).append(result.wall_seconds / max(1, point.epochs))
    return {shape: median(found) for shape, found in durations.items()}


def _cost(point: TrialConfig, known: Known, paces: Mapping[Shape, float]) -> float | None:
    pace = paces.get(_shape(point))
    return None if pace is None else pace * (point.epochs - known.epochs_done)
