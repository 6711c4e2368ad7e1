"""The state of a sweep in numbers: from the store, and from what its driver says at every beat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sweep.planning import NEWEST, Sample, costs, makespan, sample, work
from sweep.store import Holder, PointState, State, Store, holder, is_alive
from trainables.config import TrialConfig


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
        seen = self.driver.holder
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
            "driver_host": seen.host if seen else None,
            "driver_pid": seen.pid if seen else None,
            "driver_since": seen.since if seen else None,
            "heartbeat_age_seconds": seen.heartbeat_age_seconds if seen else None,
        }


class Watch:
    """Reads the state of a sweep again and again; finished points are read once, and in a bucket what has changed."""

    def __init__(self, store: Store, sweep: str, points: Sequence[TrialConfig]) -> None:
        self.store, self._sweep, self._points = store, sweep, points
        self._seen: dict[str, tuple[str | None, PointState]] = {}
        self._took: dict[str, Sample | None] = {}

    def known(self) -> dict[str, PointState]:
        """What the store knows of every point, now; in brief, without the values of its epochs."""
        marks = self.store.marks()
        asked = [point for point in self._points if self._may_have_changed(point.point_id, marks)]
        for point, known in zip(asked, self.store.states_of(asked, marks), strict=True):
            # With the mark from before it was read: another thread that looks at the same time leaves nothing stale.
            self._seen[point.point_id] = (marks.get(point.point_id) if marks is not None else None, known.brief())
        return {point.point_id: self._seen[point.point_id][1] for point in self._points}

    def _may_have_changed(self, point_id: str, marks: Mapping[str, str] | None) -> bool:
        if point_id not in self._seen:
            return True
        mark, known = self._seen[point_id]
        return not known.state.is_done and (marks is None or marks.get(point_id) != mark)

    def status(self, progress: "Progress | None" = None) -> Status:
        """The state of the sweep; a driver passes its own progress, anyone else's is what the lease says."""
        known = self.known()
        driver = DriverState("alive") if progress else self._driver()
        if progress is None and driver.state == "alive" and driver.holder and driver.holder.work:
            progress = Progress(**driver.holder.work)
        running = {
            point: epoch
            for point, epoch in (progress.running if progress else {}).items()
            if point in known and not known[point].state.is_done
        }
        counts = Counter({str(state): 0 for state in (*State, "running")})
        counts.update("running" if point in running else str(found.state) for point, found in known.items())
        epochs_done = sum(max(found.epochs_done, running.get(point, 0)) for point, found in known.items())
        never = sum(
            point.epochs - known[point.point_id].epochs_done
            for point in self._points
            if known[point.point_id].state in (State.DIVERGED, State.FAILED) and point.point_id not in running
        )
        total = sum(point.epochs for point in self._points)
        rate = progress.rate(epochs_done) if progress else None
        left = self._seconds_left(known, running)
        if left is None and rate:
            left = (total - epochs_done - never) / rate
        return Status(
            sweep=self._sweep,
            counts=dict(counts),
            epochs_done=epochs_done,
            epochs_total=total,
            running=running,
            epochs_per_second=rate,
            eta_seconds=left if rate else None,
            driver=driver,
        )

    def _seconds_left(self, known: Mapping[str, PointState], running: Mapping[str, int]) -> float | None:
        """Time until the last point has ended, at as many at a time as now; None before anything tells by what costs.

        Points cost what like ones took so far; running ones count only what is left of them.
        """
        if not running:
            return None
        samples = (one for point in self._points if (one := self._sample(point, known[point.point_id])))
        cost = costs(samples, newest=NEWEST)
        left = []
        for point in sorted(self._points, key=lambda one: (one.point_id not in running, -one.epochs * work(one))):
            found, epoch = known[point.point_id], running.get(point.point_id, 0)
            if found.state.is_done or (found.state is State.FAILED and point.point_id not in running):
                continue
            seconds = cost.guess(point, point.epochs - max(found.epochs_done, epoch), is_running=epoch > 0)
            if seconds is None:
                return None
            left.append(seconds)
        return makespan(left, len(running))

    def _sample(self, point: TrialConfig, known: PointState) -> Sample | None:
        if not known.state.is_done:
            return sample(point, known)
        if point.point_id not in self._took:
            self._took[point.point_id] = sample(point, known)
        return self._took[point.point_id]

    def _driver(self) -> DriverState:
        seen = holder(self.store, self._sweep)
        if seen is None:
            return DriverState("none")
        return DriverState("alive" if is_alive(self.store, self._sweep, seen) else "lost", seen)


@dataclass(frozen=True)
class Progress:
    """What a driver knows before the store does: the epoch of every running point, and since when it counts."""

    running: dict[str, int]
    epochs_at_start: int
    seconds: float

    def rate(self, epochs_done: int) -> float | None:
        """Epochs per second since the first trial started; None before there is anything to count."""
        done = epochs_done - self.epochs_at_start
        return done / self.seconds if done > 0 and self.seconds > 0 else None
