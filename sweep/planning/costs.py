"""What points cost, from what like ones took: seconds to set a point up, and seconds per epoch. Pure."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from sweep.store import PointState, State
from trainables.config import TrialConfig
from trainables.records import SETTLED

Shape = tuple[object, ...]


def shape(point: TrialConfig) -> Shape:
    """Points of equal shape take alike; seeds, epochs and numbers that only weigh differ."""
    measured = point.measure.model_dump_json()
    return (point.dataset, point.architecture, point.width, point.depth, point.batch_norm, measured)


def work(point: TrialConfig) -> float:
    """Grows with the cost of an epoch of the point."""
    return (point.width * 1000 + point.width**2 * point.depth) * len(point.measure.scales)


NEWEST = 5
"""Of what is shown of a running sweep, only so many points tell: the machine may have been faster before."""


@dataclass(frozen=True)
class Sample:
    """What one point took: seconds per epoch (None when it had none to tell by) and once, where it ran."""

    shape: Shape
    work: float
    per_epoch: float | None
    once: float | None
    device: str = "unknown"
    threads: int | None = None
    moment: float = 0.0
    """When its last epoch was recorded: what is newest tells best how fast this machine is now."""


def sample(point: TrialConfig, known: PointState) -> Sample | None:
    """What a finished point took, or the epochs so far of another one; None where there is nothing to tell by."""
    if known.summary is None:
        return None
    per_epoch = known.summary.seconds_per_epoch
    once, provenance = None, known.provenance
    if known.result and known.state is State.FINISHED:
        tries = {attempt.number: attempt.from_epoch for attempt in known.attempts}
        trained = point.epochs - tries.get(known.result.attempt, 0)
        once = max(0.0, known.result.wall_seconds - (per_epoch or 0.0) * trained)
    if per_epoch is None and once is None:
        return None
    device, threads = str(provenance.get("device") or "unknown"), provenance.get("threads")
    return Sample(shape(point), work(point), per_epoch, once, device, threads, known.summary.moment)


@dataclass(frozen=True)
class Costs:
    """What points of each shape take; `devices` and `samples` say how it is known."""

    per_epoch: Mapping[Shape, float] = field(default_factory=dict)
    once: Mapping[Shape, float] = field(default_factory=dict)
    works: Mapping[Shape, float] = field(default_factory=dict)
    devices: tuple[str, ...] = ()
    samples: int = 0
    newest_once: float = 0.0

    def seconds(self, point: TrialConfig, epochs_done: int = 0) -> float | None:
        """Seconds that the rest of the point will take, its setting up included; None without a like point."""
        like = shape(point)
        once, per_epoch = self.once.get(like), self.per_epoch.get(like)
        if once is None or (per_epoch is None and point.epochs >= SETTLED):
            return None
        return once + (per_epoch or 0.0) * (point.epochs - epochs_done)

    def guess(self, point: TrialConfig, epochs_left: int, is_running: bool) -> float | None:
        """The same for a display that must say something: shapes without a like take as the nearest does, by work."""
        if not self.per_epoch:
            return None
        like, size = shape(point), work(point)
        near = like if like in self.per_epoch else min(self.per_epoch, key=lambda other: abs(self.works[other] - size))
        once = 0.0 if is_running else self.newest_once
        return once + self.per_epoch[near] * size / self.works[near] * epochs_left


def costs(
    samples: Iterable[Sample], threads: int | None = None, is_gpu: bool | None = None, newest: int | None = None
) -> Costs:
    """The median of each shape, from what ran with those threads and on such a device where there is any.

    If `newest` is given, only so many of each shape count.
    """
    by_shape: dict[Shape, list[Sample]] = {}
    latest = sorted(samples, key=lambda one: one.moment, reverse=True)
    for one in latest:
        by_shape.setdefault(one.shape, []).append(one)
    chosen = {like: _most_like(found, threads, is_gpu)[:newest] for like, found in by_shape.items()}
    paces = {like: [one.per_epoch for one in found if one.per_epoch is not None] for like, found in chosen.items()}
    starts = {like: [one.once for one in found if one.once is not None] for like, found in chosen.items()}
    used = [one for found in chosen.values() for one in found]
    return Costs(
        {like: median(found) for like, found in paces.items() if found},
        {like: median(found) for like, found in starts.items() if found},
        {like: found[0].work for like, found in chosen.items()},
        tuple(sorted({one.device for one in used})),
        len(used),
        median([one.once for one in latest if one.once is not None][:NEWEST] or [0.0]),
    )


def _most_like(found: Sequence[Sample], threads: int | None, is_gpu: bool | None) -> Sequence[Sample]:
    same_device = [one for one in found if is_gpu is None or (one.device != "cpu") == is_gpu] or found
    return [one for one in same_device if threads is None or one.threads == threads] or same_device


def makespan(seconds: Sequence[float], at_a_time: int) -> float:
    """Seconds until all are done when each, in this order, starts as soon as one of so many places is free."""
    places = [0.0] * max(1, min(at_a_time, len(seconds)))
    for one in seconds:
        heapq.heapreplace(places, places[0] + one)
    return max(places)
