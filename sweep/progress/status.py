"""The state of a sweep in numbers: from the store, and from the progress that its driver writes into the lease."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sweep.errors import StorageFault
from sweep.planning import NEWEST, Sample, costs, makespan, sample, work
from sweep.store import (
    Entry,
    Holder,
    PointState,
    State,
    Store,
    holder,
    is_alive,
    is_progress,
)
from trainables.config import TrialConfig

UNREAD = Entry("unread", PointState(State.MISSING))


@dataclass(frozen=True)
class DriverState:
    """Whether a driver works on the sweep: `none` after it ended in order, `lost` when it died."""

    state: Literal["alive", "lost", "none"]
    holder: Holder | None = None

    def __str__(self) -> str:
        if self.holder is None:
            return "no driver"
        if self.state == "alive":
            return f"driver alive: {self.holder}"
        return f"driver lost: {self.holder}, last heartbeat {self.holder.heartbeat_age_seconds:.0f} s ago"


@dataclass(frozen=True)
class Status:
    """Counts of points by state (`running` ones apart), epochs done and to do, the rate and the time left."""

    sweep: str
    counts: Mapping[str, int]
    epochs_done: int
    epochs_total: int
    running: Mapping[str, int]
    epochs_per_second: float | None
    eta_seconds: float | None
    driver: DriverState

    @property
    def points_total(self) -> int:
        """Number of points of the spec."""
        return sum(self.counts.values())

    def as_json(self) -> dict[str, Any]:
        """For scripts."""
        lease_holder = self.driver.holder
        return {
            "sweep": self.sweep,
            "points": dict(self.counts),
            "points_total": self.points_total,
            "epochs_done": self.epochs_done,
            "epochs_total": self.epochs_total,
            "running": dict(self.running),
            "epochs_per_second": self.epochs_per_second,
            "eta_seconds": self.eta_seconds,
            "driver": self.driver.state,
            "driver_host": lease_holder.host if lease_holder else None,
            "driver_pid": lease_holder.pid if lease_holder else None,
            "driver_since": lease_holder.since if lease_holder else None,
            "heartbeat_age_seconds": lease_holder.heartbeat_age_seconds if lease_holder else None,
        }


class Watch:
    """Reads the state of a sweep repeatedly: only points that the index does not know, or that have changed."""

    def __init__(self, store: Store, sweep: str, points: Sequence[TrialConfig]) -> None:
        self.store, self._sweep, self._points = store, sweep, points
        self._seen: dict[str, Entry] = {}
        self._index: dict[str, Entry] | None = None
        self._samples: dict[str, Sample | None] = {}
        self._known: set[str] = set()
        self._indexed = time.monotonic()
        self._reading = threading.RLock()

    def states(self) -> dict[str, PointState]:
        """The state of every point, by its id, read from the store now; without the values of the epochs."""
        with self._reading:
            if self._index is None:
                self._index = self.store.index()
                self._seen = {point.point_id: self._index.get(point.point_id, UNREAD) for point in self._points}
            open_points = [point for point in self._points if self._may_have_changed(point.point_id)]
            marks = self.store.marks_of(open_points)
            changed = [
                point for point in open_points if self._seen[point.point_id].mark != marks.get(point.point_id, "")
            ]
            for point, state in zip(changed, self.store.states_of(changed, marks), strict=True):
                # The mark is older than the state: a write in between, seen by another thread, makes it be read again.
                self._seen[point.point_id] = Entry(marks.get(point.point_id, ""), state.brief())
            self._known.update(point.point_id for point in open_points)
            return {point.point_id: self._seen[point.point_id].state for point in self._points}

    def _may_have_changed(self, point_id: str) -> bool:
        """Whether the point is to be looked at: a result that was seen here stays."""
        return point_id not in self._known or not self._seen[point_id].state.state.is_done

    def save_index(self, seconds: float = 0.0) -> None:
        """Keep what is known of the points in the store's index, if that is more than it holds; for drivers.

        seconds: nothing is done so soon after the last time. A store that refuses it goes without.
        """
        with self._reading, contextlib.suppress(StorageFault):
            if time.monotonic() - self._indexed < seconds:
                return
            self._indexed = time.monotonic()
            self.states()
            kept = self.store.index()
            known = {name: entry for name, entry in self._seen.items() if entry.mark}
            if any(kept.get(name) is None or kept[name].mark != entry.mark for name, entry in known.items()):
                self.store.keep_index(kept | known)

    def status(self, progress: "Progress | None" = None) -> Status:
        """The state of the sweep. A driver passes its own progress; other processes read it from the lease."""
        states = self.states()
        driver = DriverState("alive") if progress else self._driver()
        if progress is None and driver.state == "alive" and driver.holder and is_progress(driver.holder.work):
            progress = Progress(**driver.holder.work)
        running = {
            point: epoch
            for point, epoch in (progress.running if progress else {}).items()
            if point in states and not states[point].state.is_done
        }
        counts = Counter({str(state): 0 for state in (*State, "running")})
        counts.update("running" if point in running else str(state.state) for point, state in states.items())
        epochs_done = sum(max(state.epochs_done, running.get(point, 0)) for point, state in states.items())
        abandoned = sum(
            point.epochs - states[point.point_id].epochs_done
            for point in self._points
            if states[point.point_id].state in (State.DIVERGED, State.FAILED) and point.point_id not in running
        )
        total = sum(point.epochs for point in self._points)
        rate = progress.rate(epochs_done) if progress else None
        seconds_left = None
        if rate and self._can_tell(states, running):
            seconds_left = self._seconds_left(states, running)
            if seconds_left is None:
                seconds_left = (total - epochs_done - abandoned) / rate
        return Status(
            sweep=self._sweep,
            counts=dict(counts),
            epochs_done=epochs_done,
            epochs_total=total,
            running=running,
            epochs_per_second=rate,
            eta_seconds=seconds_left,
            driver=driver,
        )

    def _can_tell(self, states: Mapping[str, PointState], running: Mapping[str, int]) -> bool:
        """Whether the time left can be told: a point has finished, or none waits and one is half through.

        The first epochs of the first points are those in which data is loaded and networks are compiled.
        """
        if any(state.state.is_done for state in states.values()):
            return True
        is_none_waiting = all(point in running or state.state is State.FAILED for point, state in states.items())
        return is_none_waiting and any(2 * running.get(point.point_id, 0) >= point.epochs for point in self._points)

    def _seconds_left(self, states: Mapping[str, PointState], running: Mapping[str, int]) -> float | None:
        """Seconds until the last point ends, with as many points at a time as now; None while no cost is known.

        A point costs what points of its shape took so far; a running point costs what is left of it.
        """
        if not running:
            return None
        samples = (taken for point in self._points if (taken := self._sample(point, states[point.point_id])))
        cost = costs(samples, newest=NEWEST)
        left = []
        launch_order = sorted(self._points, key=lambda item: (item.point_id not in running, -item.epochs * work(item)))
        for point in launch_order:
            state, epoch = states[point.point_id], running.get(point.point_id, 0)
            if state.state.is_done or (state.state is State.FAILED and point.point_id not in running):
                continue
            seconds = cost.guess(point, point.epochs - max(state.epochs_done, epoch), is_running=epoch > 0)
            if seconds is None:
                return None
            left.append(seconds)
        return makespan(left, len(running))

    def _sample(self, point: TrialConfig, state: PointState) -> Sample | None:
        if not state.state.is_done:
            return sample(point, state)
        if point.point_id not in self._samples:
            self._samples[point.point_id] = sample(point, state)
        return self._samples[point.point_id]

    def _driver(self) -> DriverState:
        lease_holder = holder(self.store, self._sweep)
        if lease_holder is None:
            return DriverState("none")
        return DriverState("alive" if is_alive(self.store, self._sweep, lease_holder) else "lost", lease_holder)


@dataclass(frozen=True)
class Progress:
    """What a driver knows before the store does: the epoch of each running point, and how long the run has lasted."""

    running: dict[str, int]
    epochs_at_start: int
    seconds: float

    def rate(self, epochs_done: int) -> float | None:
        """Epochs per second since the first trial started; None before there is anything to count."""
        done = epochs_done - self.epochs_at_start
        return done / self.seconds if done > 0 and self.seconds > 0 else None
