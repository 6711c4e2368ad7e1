"""Plan a sweep: which points remain, and what they will cost. Pure: what the store knows comes in, nothing goes out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sweep.causes import Group, group, is_asked_for
from sweep.costs import Sample, Shape, costs, makespan, sample, shape
from sweep.order import launch_order
from sweep.spec import Resources
from sweep.store import Known, State
from trainables.config import TrialConfig


@dataclass(frozen=True)
class Plan:
    """The points of a spec by what is known of them, what a run would do, and what it would cost.

    `point_seconds` are those of the points to run, in their order, None where no like point has finished; `measured_on`
    names the devices and the number of finished points behind them.
    """

    states: Mapping[str, State]
    to_run: tuple[TrialConfig, ...]
    left_failed: tuple[TrialConfig, ...]
    failed: tuple[Group, ...]
    interrupted: Mapping[str, int]
    epochs_to_run: int
    point_seconds: tuple[float | None, ...]
    measured_on: tuple[str, ...]
    measured_points: int

    def count(self, state: State) -> int:
        """Number of points in that state."""
        return sum(found is state for found in self.states.values())

    @property
    def uncalibrated(self) -> int:
        """Number of points to run without a finished one of like shape."""
        return self.point_seconds.count(None)

    @property
    def known_seconds(self) -> float:
        """Summed trial time still to come, of those points to run whose cost is known."""
        return sum(seconds or 0.0 for seconds in self.point_seconds)

    @property
    def seconds(self) -> float | None:
        """Summed trial time still to come; None as long as it is unknown of some points."""
        return None if self.uncalibrated else self.known_seconds

    def wall_seconds(self, at_a_time: int | None) -> float | None:
        """Time until the last point has ended with so many trials at a time; None where either is unknown."""
        if at_a_time is None or self.uncalibrated:
            return None
        return makespan([seconds or 0.0 for seconds in self.point_seconds], at_a_time)


def plan(
    points: Sequence[TrialConfig],
    known: Mapping[str, Known],
    retry: Sequence[str] = (),
    elsewhere: Iterable[Sample] = (),
    resources: Resources | None = None,
) -> Plan:
    """Split the points by what is known of them; failed ones run again only if `retry` names their kind or cause.

    Those to run are in the order in which they should start.

    The cost is told by finished points of like shape, and by what others `elsewhere` in the store took; by those with
    the threads and the kind of device of `resources` where there are any.
    """
    left_failed, to_run = [], []
    for point in points:
        found = known[point.point_id]
        if found.failure is not None and not is_asked_for(found.failure, retry):
            left_failed.append(point)
        elif not found.state.is_done:
            to_run.append(point)
    taken = [one for point in points if (one := sample(point, known[point.point_id])) and one.once is not None]
    wanted = {shape(point) for point in to_run}
    like = [one for one in (*taken, *elsewhere) if one.shape in wanted]
    cost = costs(like, resources.threads, resources.gpus > 0) if resources else costs(like)
    done = {point.point_id: known[point.point_id].epochs_done for point in to_run}
    to_run = list(launch_order(to_run, cost, done))
    return Plan(
        states={point.point_id: known[point.point_id].state for point in points},
        to_run=tuple(to_run),
        left_failed=tuple(left_failed),
        failed=tuple(group(known)),
        interrupted={
            point.point_id: known[point.point_id].epochs_done
            for point in points
            if known[point.point_id].state is State.INTERRUPTED
        },
        epochs_to_run=sum(point.epochs - done[point.point_id] for point in to_run),
        point_seconds=tuple(cost.seconds(point, done[point.point_id]) for point in to_run),
        measured_on=cost.devices,
        measured_points=cost.samples,
    )


def unknown_shapes(todo: Plan) -> set[Shape]:
    """The shapes of the points to run whose cost is unknown."""
    return {shape(point) for point, seconds in zip(todo.to_run, todo.point_seconds, strict=True) if seconds is None}
