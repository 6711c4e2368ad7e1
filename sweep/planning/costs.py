"""What points cost, from what points of the same shape took: setup seconds, and seconds per epoch. Pure."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sweep.store import PointState, State
from trainables.config import TrialConfig
from trainables.records import SETTLED

Shape = tuple[object, ...]


def shape(point: TrialConfig, from_states: bool = False) -> Shape:
    """What decides the cost of an epoch: points of equal shape take equally long, whatever their seed and epochs.

    from_states: whether the point is measured from kept states, which takes a time of its own.
    """
    measured = point.measure.model_dump_json()
    trained = ("from states", point.epochs) if from_states else ()
    network = (point.dataset, point.architecture, point.width, point.depth, point.batch_norm, point.activation)
    return (*network, point.batch_size, point.residual_sums, point.batch_norm_statistics, measured, *trained)


def work(point: TrialConfig) -> float:
    """Grows with the cost of an epoch of the point."""
    return (point.width * 1000 + point.width**2 * point.depth) * len(point.measure.scales)


NEWEST = 5
"""The time left of a running sweep is estimated from so many of its newest points: the machine's speed may change."""


@dataclass(frozen=True)
class Sample:
    """What one point took: seconds per epoch (None if it has no timed epochs), setup seconds, and where it ran."""

    shape: Shape
    work: float
    per_epoch: float | None
    once: float | None
    device: str = "unknown"
    threads: int | None = None
    moment: float = 0.0
    """When its last epoch was recorded: the newest samples show best how fast this machine is now."""


def sample(point: TrialConfig, state: PointState) -> Sample | None:
    """What a finished point took, or what the epochs of an unfinished point took so far; None without timed epochs."""
    if state.summary is None:
        return None
    per_epoch = state.summary.seconds_per_epoch
    once, provenance = None, state.provenance
    from_states = bool(provenance.get("measured_from_states"))
    if state.result and from_states:
        per_epoch, once = 0.0, state.result.wall_seconds
    elif state.result and state.state is State.FINISHED:
        from_epochs = {attempt.number: attempt.from_epoch for attempt in state.attempts}
        trained = point.epochs - from_epochs.get(state.result.attempt, 0)
        once = max(0.0, state.result.wall_seconds - (per_epoch or 0.0) * trained)
    if per_epoch is None and once is None:
        return None
    device, threads = str(provenance.get("device") or "unknown"), provenance.get("threads")
    return Sample(shape(point, from_states), work(point), per_epoch, once, device, threads, state.summary.moment)


@dataclass(frozen=True)
class Costs:
    """What points of each shape take; measured on these `devices`, from so many `samples`."""

    per_epoch: Mapping[Shape, float] = field(default_factory=dict)
    once: Mapping[Shape, float] = field(default_factory=dict)
    works: Mapping[Shape, float] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    samples: int = 0
    newest_once: float = 0.0

    def seconds(self, point: TrialConfig, epochs_done: int = 0, from_states: bool = False) -> float | None:
        """Seconds that the rest of the point will take, with its setup; None without a point of its shape."""
        key = shape(point, from_states)
        once, per_epoch = self.once.get(key), self.per_epoch.get(key)
        if once is None or (per_epoch is None and point.epochs >= SETTLED):
            return None
        return once + (per_epoch or 0.0) * (point.epochs - epochs_done)

    def guess(self, point: TrialConfig, epochs_left: int, is_running: bool) -> float | None:
        """The same for a display: a shape without samples is estimated from the shape with the nearest work."""
        if not self.per_epoch:
            return None
        key, size = shape(point), work(point)
        nearest = key if key in self.per_epoch else min(self.per_epoch, key=lambda other: abs(self.works[other] - size))
        once = 0.0 if is_running else self.newest_once
        return once + self.per_epoch[nearest] * size / self.works[nearest] * epochs_left


def costs(
    samples: Iterable[Sample], threads: int | None = None, is_gpu: bool | None = None, newest: int | None = None
) -> Costs:
    """The median of each shape, from samples with those threads and that kind of device where there are any.

    With `newest`, only so many of the newest samples of each shape count.
    """
    by_shape: dict[Shape, list[Sample]] = {}
    latest = sorted(samples, key=lambda item: item.moment, reverse=True)
    for item in latest:
        by_shape.setdefault(item.shape, []).append(item)
    chosen = {key: _comparable(group, threads, is_gpu)[:newest] for key, group in by_shape.items()}
    per_epoch = {key: [item.per_epoch for item in group if item.per_epoch is not None] for key, group in chosen.items()}
    once = {key: [item.once for item in group if item.once is not None] for key, group in chosen.items()}
    used = [item for group in chosen.values() for item in group]
    return Costs(
        {key: median(seconds) for key, seconds in per_epoch.items() if seconds},
        {key: median(seconds) for key, seconds in once.items() if seconds},
        {key: group[0].work for key, group in chosen.items()},
        tuple(sorted({item.device for item in used})),
        len(used),
        median([item.once for item in latest if item.once is not None][:NEWEST] or [0.0]),
    )


def _comparable(samples: Sequence[Sample], threads: int | None, is_gpu: bool | None) -> Sequence[Sample]:
    """The samples from that kind of device, and of these the ones with so many threads, as far as there are any."""
    same_device = [item for item in samples if is_gpu is None or (item.device != "cpu") == is_gpu] or samples
    return [item for item in same_device if threads is None or item.threads == threads] or same_device


def makespan(seconds: Sequence[float], at_a_time: int) -> float:
    """Seconds until all jobs have ended, if each, in this order, starts as soon as one of `at_a_time` slots is free."""
    slots = [0.0] * max(1, min(at_a_time, len(seconds)))
    for duration in seconds:
        heapq.heapreplace(slots, slots[0] + duration)
    return max(slots)
