"""Plan a sweep: which points remain, and what they will cost. Reads the store, and writes nothing."""

import contextlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sweep.errors import OtherRecordVersion, UsageError
from sweep.failures import FailureGroup, group, is_asked_for
from sweep.planning.costs import Costs, Sample, Shape, costs, makespan, sample, shape, work
from sweep.spec import Resources, SweepSpec
from sweep.store import KeptStates, PointState, State, Store, running
from trainables.config import TrialConfig
from trainables.identity import components

SAMPLES_PER_SHAPE = 5


@dataclass(frozen=True)
class Plan:
    """The points of a spec by their state, what a run would do, and what it would cost.

    `point_seconds` is the cost of each point to run, in their order; None where no point of its shape has finished.
    `running` has the points that a live driver is running, with the epoch of each; they count in no other state.
    `from_states` has the points to run that are measured from kept states, without training.
    `measured_on` names the devices, and `measured_points` counts the finished points, from which it was estimated.
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
    running: Mapping[str, int] = field(default_factory=dict)
    from_states: frozenset[str] = frozenset()

    def count(self, state: State) -> int:
        """Number of points in that state, without the running ones."""
        return sum(other is state for point, other in self.states.items() if point not in self.running)

    @property
    def uncalibrated(self) -> int:
        """Number of points to run of a shape of which no point has finished."""
        return self.point_seconds.count(None)

    @property
    def known_seconds(self) -> float:
        """Total trial time of the points to run whose cost is known."""
        return sum(seconds or 0.0 for seconds in self.point_seconds)

    @property
    def seconds(self) -> float | None:
        """Total trial time of the points to run; None while the cost of some is unknown."""
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
    at_work: Mapping[str, int] | None = None,
    measurable: Collection[str] = (),
) -> Plan:
    """Split the points by their state; failed ones run again only if `retry` names their kind or cause.

    The points to run are in the order in which they should start.

    The cost is estimated from finished points of the same shape, and from the samples `elsewhere` in the store; from
    those with the threads and the kind of device of `resources` where there are any. `at_work` are the points that a
    live driver is running, with their epochs. `measurable` are the points whose states are kept: those of them that
    have no epochs of their own are measured without training.
    """
    left_failed, to_run = [], []
    for point in points:
        state = states[point.point_id]
        if state.failure is not None and not is_asked_for(state.failure, retry):
            left_failed.append(point)
        elif not state.state.is_done:
            to_run.append(point)
    own = [taken for point in points if (taken := sample(point, states[point.point_id])) and taken.once is not None]
    done = {point.point_id: states[point.point_id].epochs_done for point in to_run}
    from_states = frozenset(name for name, epochs in done.items() if name in measurable and not epochs)
    shapes = {shape(point, point.point_id in from_states) for point in to_run}
    relevant = [item for item in (*own, *elsewhere) if item.shape in shapes]
    cost = costs(relevant, resources.threads, resources.gpus > 0) if resources else costs(relevant)
    to_run = list(launch_order(to_run, cost, done, from_states))
    at_work = {name: epoch for name, epoch in (at_work or {}).items() if name in done}
    return Plan(
        states={point.point_id: states[point.point_id].state for point in points},
        to_run=tuple(to_run),
        left_failed=tuple(left_failed),
        failed=tuple(group(states)),
        interrupted={
            point.point_id: states[point.point_id].epochs_done
            for point in points
            if states[point.point_id].state is State.INTERRUPTED and point.point_id not in at_work
        },
        epochs_to_run=sum(point.epochs - done[point.point_id] for point in to_run if point.point_id not in from_states),
        point_seconds=tuple(
            cost.seconds(point, done[point.point_id], point.point_id in from_states) for point in to_run
        ),
        measured_on=cost.devices,
        measured_points=cost.samples,
        running=at_work,
        from_states=from_states,
    )


def unknown_shapes(todo: Plan) -> set[Shape]:
    """The shapes of the points to run whose cost is unknown."""
    return {
        shape(point, point.point_id in todo.from_states)
        for point, seconds in zip(todo.to_run, todo.point_seconds, strict=True)
        if seconds is None
    }


def priced(spec: SweepSpec, store: Store, states: Mapping[str, PointState], retry: tuple[str, ...]) -> Plan:
    """The plan; where its own points are too few, its cost is estimated from other sweeps of the store as well."""
    at_work = running(store, spec.name)
    kept = measurable(store, spec.points, states)
    todo = plan(spec.points, states, retry, resources=spec.resources, at_work=at_work, measurable=kept)
    if unknown := unknown_shapes(todo):
        elsewhere = samples_elsewhere(store, unknown, states)
        todo = plan(spec.points, states, retry, elsewhere, spec.resources, at_work, kept)
    return todo


def measurable(store: Store, points: Sequence[TrialConfig], states: Mapping[str, PointState]) -> set[str]:
    """Those of the points without a result that can be measured from kept states."""
    missing = {point.point_id: point for point in points if not states[point.point_id].state.is_done}
    return KeptStates(store).measurable(missing, components.identities())


def samples_elsewhere(store: Store, shapes: Collection[Shape], counted: Collection[str]) -> list[Sample]:
    """What finished points of these shapes took: a few of each, of any sweep of the store, but for those `counted`."""
    samples: dict[Shape, list[Sample]] = {key: [] for key in shapes}
    seen = set(counted)
    for name in store.sweeps():
        with contextlib.suppress(UsageError):
            for point in store.spec(name).points:
                keys = [key for key in (shape(point), shape(point, from_states=True)) if key in samples]
                if point.point_id in seen or all(len(samples[key]) >= SAMPLES_PER_SHAPE for key in keys):
                    continue
                seen.add(point.point_id)
                with contextlib.suppress(OtherRecordVersion):
                    taken = sample(point, store.state(point))
                    if taken and taken.once is not None and taken.shape in samples:
                        samples[taken.shape].append(taken)
    return [item for group in samples.values() for item in group]


def accelerator_hours(spec: SweepSpec, todo: Plan) -> tuple[str, float | None]:
    """GPU-hours where trials ask for GPUs, and the measured points ran on them; else CPU-hours. None if unknown."""
    on_gpu = spec.resources.gpus > 0 and set(todo.measured_on) != {"cpu"}
    each = spec.resources.gpus if on_gpu else spec.resources.cpus
    return ("GPU" if on_gpu else "CPU"), None if todo.seconds is None else todo.seconds * each / 3600


def launch_order(
    points: Iterable[TrialConfig],
    cost: Costs,
    epochs_done: Mapping[str, int],
    from_states: Collection[str] = (),
) -> tuple[TrialConfig, ...]:
    """The points, shape by shape, the shape with the longest point first and in each shape the longest point first.

    A point takes what `cost` says. Where that is unknown, it takes its work times the epochs that it has left and one
    more (points without training are measured too), at the pace of the known shapes. Equals keep their order.
    """
    paces = [per_epoch / cost.works[key] for key, per_epoch in cost.per_epoch.items() if cost.works.get(key)]
    pace = median(paces) if paces else 1.0

    def seconds(point: TrialConfig) -> float:
        done = epochs_done.get(point.point_id, 0)
        expected = cost.seconds(point, done, point.point_id in from_states)
        return pace * work(point) * (point.epochs + 1 - done) if expected is None else expected

    by_shape: dict[Shape, list[tuple[float, TrialConfig]]] = {}
    for point in points:
        by_shape.setdefault(shape(point), []).append((seconds(point), point))
    longest_first = [sorted(group, key=lambda timed: -timed[0]) for group in by_shape.values()]
    longest_first.sort(key=lambda group: -group[0][0])
    return tuple(point for group in longest_first for _, point in group)
