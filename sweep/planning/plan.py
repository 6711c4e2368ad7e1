"""Plan a sweep: which points remain, and what they will cost. Pure: what the store knows comes in, nothing goes out."""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from sweep.errors import OtherRecordVersion, UsageError
from sweep.failures import FailureGroup, group, is_asked_for
from sweep.planning.costs import Costs, Sample, Shape, costs, makespan, sample, shape, work
from sweep.spec import Resources, SweepSpec
from sweep.store import PointState, State, Store
from trainables.config import TrialConfig

SAMPLES_PER_SHAPE = 5


@dataclass(frozen=True)
class Plan:
    """The points of a spec by what is known of them, what a run would do, and what it would cost.

    `point_seconds` are those of the points to run, in their order, None where no like point has finished; `measured_on`
    names the devices and the number of finished points behind them.
    """

    states: Mapping[str, State]
    to_run: tuple[TrialConfig, ...]
    left_failed: tuple[TrialConfig, ...]
    failed: tuple[FailureGroup, ...]
    interrupted: Mapping[str, int]
    epochs_to_run: int
    point_seconds: tuple[float | None, ...]
    measured_on: tuple[str, ...]
    measured_points: int

    def count(self, state: State) -> int:
        """Number of points in that state."""
        return sum(one is state for one in self.states.values())

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
    states: Mapping[str, PointState],
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
        state = states[point.point_id]
        if state.failure is not None and not is_asked_for(state.failure, retry):
            left_failed.append(point)
        elif not state.state.is_done:
            to_run.append(point)
    taken = [one for point in points if (one := sample(point, states[point.point_id])) and one.once is not None]
    shapes = {shape(point) for point in to_run}
    like = [one for one in (*taken, *elsewhere) if one.shape in shapes]
    cost = costs(like, resources.threads, resources.gpus > 0) if resources else costs(like)
    done = {point.point_id: states[point.point_id].epochs_done for point in to_run}
    to_run = list(launch_order(to_run, cost, done))
    return Plan(
        states={point.point_id: states[point.point_id].state for point in points},
        to_run=tuple(to_run),
        left_failed=tuple(left_failed),
        failed=tuple(group(states)),
        interrupted={
            point.point_id: states[point.point_id].epochs_done
            for point in points
            if states[point.point_id].state is State.INTERRUPTED
        },
        epochs_to_run=sum(point.epochs - done[point.point_id] for point in to_run),
        point_seconds=tuple(cost.seconds(point, done[point.point_id]) for point in to_run),
        measured_on=cost.devices,
        measured_points=cost.samples,
    )


def unknown_shapes(todo: Plan) -> set[Shape]:
    """The shapes of the points to run whose cost is unknown."""
    return {shape(point) for point, seconds in zip(todo.to_run, todo.point_seconds, strict=True) if seconds is None}


def priced(spec: SweepSpec, store: Store, states: Mapping[str, PointState], retry: tuple[str, ...]) -> Plan:
    """The plan, its cost also told by points of like shape that only other sweeps of the store name."""
    todo = plan(spec.points, states, retry, resources=spec.resources)
    if unknown := unknown_shapes(todo):
        elsewhere = samples_elsewhere(store, unknown, states)
        todo = plan(spec.points, states, retry, elsewhere, spec.resources)
    return todo


def samples_elsewhere(store: Store, shapes: Collection[Shape], counted: Collection[str]) -> list[Sample]:
    """What finished points of these shapes took, a few of each, of any sweep of the store without those `counted`."""
    samples: dict[Shape, list[Sample]] = {like: [] for like in shapes}
    seen = set(counted)
    for name in store.sweeps():
        with contextlib.suppress(UsageError):
            for point in store.spec(name).points:
                like = shape(point)
                if like not in samples or point.point_id in seen or len(samples[like]) >= SAMPLES_PER_SHAPE:
                    continue
                seen.add(point.point_id)
                with contextlib.suppress(OtherRecordVersion):
                    if (one := sample(point, store.state(point))) and one.once is not None:
                        samples[like].append(one)
    return [one for taken in samples.values() for one in taken]


def accelerator_hours(spec: SweepSpec, todo: Plan) -> tuple[str, float | None]:
    """GPU-hours where trials ask for GPUs, and like points ran on them; else CPU-hours. None while unknown."""
    on_gpu = spec.resources.gpus > 0 and set(todo.measured_on) != {"cpu"}
    each = spec.resources.gpus if on_gpu else spec.resources.cpus
    return ("GPU" if on_gpu else "CPU"), None if todo.seconds is None else todo.seconds * each / 3600


def launch_order(points: Iterable[TrialConfig], cost: Costs, epochs_done: Mapping[str, int]) -> tuple[TrialConfig, ...]:
    """The points, shape by shape, the shape with the longest point first and in each shape the longest point first.

    A point takes what `cost` says; where that is unknown, its work for all epochs that it has left counts, and for one
    more, as points without training are measured too, at the pace of the shapes that are known. Equals stay in the
    order given.
    """
    paces = [per_epoch / cost.works[like] for like, per_epoch in cost.per_epoch.items() if cost.works.get(like)]
    pace = median(paces) if paces else 1.0

    def seconds(point: TrialConfig) -> float:
        done = epochs_done.get(point.point_id, 0)
        known = cost.seconds(point, done)
        return pace * work(point) * (point.epochs + 1 - done) if known is None else known

    alike: dict[Shape, list[tuple[float, TrialConfig]]] = {}
    for point in points:
        alike.setdefault(shape(point), []).append((seconds(point), point))
    longest_first = [sorted(group, key=lambda one: -one[0]) for group in alike.values()]
    longest_first.sort(key=lambda group: -group[0][0])
    return tuple(point for group in longest_first for _, point in group)
