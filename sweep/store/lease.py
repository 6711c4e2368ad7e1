"""One live driver per sweep: a lease that its holder renews, and by which other processes see whether it is alive."""

import contextlib
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

from sweep.errors import DriverLive, StorageFault
from sweep.store import encoding
from sweep.store.stop_request import StopRequest, delete_stop_request, stop_requested
from sweep.store.store import Store
from sweep.system.processes import place, started
from sweep.text import escaped
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject


@dataclass(frozen=True)
class Holder:
    """The driver that holds a lease, with the progress that it writes at every heartbeat."""

    host: str
    pid: int
    process_started: str
    session: str
    since: str
    beat: int = 0
    renewed: str = ""
    work: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return escaped(f"pid {self.pid} on {self.host}, since {self.since}", in_one_line=True)

    @property
    def is_near(self) -> bool:
        """Whether its process runs on this machine, so that it can be looked up."""
        return self.host == socket.gethostname() and self.process_started.rpartition("/")[0] == place()

    @property
    def running(self) -> dict[str, int]:
        """The points that it runs, and the epoch of each."""
        running: Any = self.work.get("running")
        return dict(running) if _are_epochs(running) else {}

    @property
    def heartbeat_age_seconds(self) -> float:
        """Seconds since the last heartbeat by the wall clocks of both hosts: to be shown, not for decisions."""
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.renewed)).total_seconds())


PROGRESS = {"running", "epochs_at_start", "seconds"}


def holder(store: Store, sweep: str) -> Holder | None:
    """The driver that holds the lease of the sweep, alive or not; None when there is none."""
    return _parsed(store.objects.read(store.lease_name(sweep)))


def _parsed(data: bytes | None) -> Holder | None:
    """The holder that a lease names; a damaged one names nobody. Those of older versions have no checksum."""
    try:
        found = Holder(**encoding.json_from_bytes(data)[1]) if data else None
        if found and not _is_wellformed(found):
            return None
    except (DamagedObject, ValueError, TypeError):
        return None
    return found


def _is_wellformed(found: Holder) -> bool:
    """Whether every field is of its type: a lease of an older version has no checksum."""
    texts = (found.host, found.process_started, found.session, found.since, found.renewed)
    numbers = (found.pid, found.beat)
    if not (all(type(text) is str for text in texts) and all(type(number) is int for number in numbers)):
        return False
    if found.renewed and datetime.fromisoformat(found.renewed).tzinfo is None:
        return False
    return isinstance(found.work, dict)


def is_progress(work: dict[str, Any]) -> bool:
    """Whether this is the progress that drivers write: of each running point the epoch, and two numbers."""
    return (
        work.keys() == PROGRESS
        and _are_epochs(work["running"])
        and type(work["epochs_at_start"]) is int
        and type(work["seconds"]) in (int, float)
    )


def _are_epochs(running: Any) -> bool:
    return isinstance(running, dict) and all(type(epoch) is int for epoch in running.values())


def is_alive(store: Store, sweep: str, seen: Holder, patience: float | None = None) -> bool:
    """Whether that driver is still alive.

    On this machine its process is looked up. On other hosts the lease is watched for a change, by this process'
    monotonic clock, so that differing clocks do not matter; after `patience` seconds without one, or else after those
    of the store's timing, it counts as lost.
    """
    if seen.is_near:
        return started(seen.pid) == seen.process_started
    return _changed(store, sweep, seen, patience) is not None


def running(store: Store, sweep: str) -> dict[str, int]:
    """The points that the driver of the sweep is running, and the epoch of each; none unless it is certainly alive."""
    driver = holder(store, sweep)
    if driver is None or not is_alive(store, sweep, driver, store.timing.lease.look_seconds):
        return {}
    return driver.running


def refuse_if_live(store: Store, sweep: str) -> None:
    """Check, in a few seconds, that the sweep has no driver that is certainly alive; the lease decides other cases.

    Raises:
        DriverLive: when it has one.
    """
    seen = holder(store, sweep)
    if seen and is_alive(store, sweep, seen, store.timing.lease.look_seconds):
        raise _driver_live(sweep, seen)


def _driver_live(sweep: str, seen: Holder) -> DriverLive:
    return DriverLive(
        f"sweep '{sweep}' already has a live driver: {seen}",
        next=f"sweep status {sweep} --watch; or sweep stop {sweep}, then the same again",
    )


def _changed(store: Store, sweep: str, before: Holder | None, patience: float | None = None) -> Holder | None:
    """The holder that the lease names after a change; None if it is deleted, or does not change within `patience`."""
    deadline = time.monotonic() + (store.timing.lease.silence_seconds if patience is None else patience)
    while time.monotonic() < deadline:
        time.sleep(store.timing.lease.beat_seconds / 4)
        data = store.objects.read(store.lease_name(sweep))
        if data is None:
            return None
        current = _parsed(data)
        if current not in (None, before):
            return current
    return None


class Lease:
    """The lease of a sweep, held while in the `with` block, and renewed by a thread with what `work` returns.

    Its delays are those of the store's timing.

    If another driver takes it over, `on_loss` is called, once. A request in the store to stop this driver is passed to
    `on_stop`, once for each way of stopping.

    Raises:
        DriverLive: when another live driver holds it.
    """

    def __init__(
        self,
        store: Store,
        sweep: str,
        work: Callable[[], dict[str, Any]] = dict,
        on_loss: Callable[[], None] = lambda: None,
        on_stop: Callable[[StopRequest], None] = lambda request: None,
    ) -> None:
        self._store, self._sweep, self._work, self._on_loss, self._on_stop = store, sweep, work, on_loss, on_stop
        self._name, self._timing = store.lease_name(sweep), store.timing.lease
        moment, own = _now(), started(os.getpid()) or ""
        self._mine = Holder(socket.gethostname(), os.getpid(), own, uuid.uuid4().hex, moment, renewed=moment)
        self._obeyed: StopRequest | None = None
        self._released, self._writing = threading.Event(), threading.RLock()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        while not self._is_taken():
            other = holder(self._store, self._sweep)
            if other and is_alive(self._store, self._sweep, other):
                raise _driver_live(self._sweep, other)
            if other is None and _changed(self._store, self._sweep, None):
                continue  # it was damaged, and a live driver has rewritten it
            if holder(self._store, self._sweep) == other:
                self._put_aside(other)
        self._thread.start()
        return self

    def _is_taken(self) -> bool:
        """Create the lease; whether it is still this driver's after the time in which another taker may replace it."""
        # It may be this driver's although it cannot be created: another taker moved it away and put it back.
        if not (self._store.objects.create(self._name, self._bytes()) or self._is_mine()):
            return False
        time.sleep(self._store.objects.settle_seconds)
        return self._is_mine()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._thread.join()
        self.leave()

    def leave(self) -> None:
        """Delete the lease and the stop request that was obeyed; a lease that cannot be deleted will count as lost."""
        self._released.set()
        self._writing.acquire(timeout=self._timing.beat_seconds)  # a heartbeat that is being written would put it back
        with contextlib.suppress(StorageFault):
            if stop_requested(self._store, self._sweep, self._mine.session):
                delete_stop_request(self._store, self._sweep)
            if self._is_mine():
                self._store.objects.delete(self._name)

    def _put_aside(self, judged: Holder | None) -> None:
        """Move the lost lease away; if it is not the lease that was judged, put it back.

        In a folder only one taker can do this; in a bucket two may at the same time, and `_is_taken` then lets one win.
        """
        aside = f"{self._name}-lost-{self._mine.session}"
        try:
            self._store.objects.rename(self._name, aside)
        except StorageFault:  # another taker was faster
            return
        moved = self._store.objects.read(aside) or b""
        if judged and f'"{judged.session}"'.encode() not in moved:
            self._store.objects.create(self._name, moved)
        self._store.objects.delete(aside)

    def _is_mine(self) -> bool:
        current = holder(self._store, self._sweep)
        return current is not None and current.session == self._mine.session

    def _renew(self) -> None:
        while not self._released.wait(self._timing.beat_seconds):
            try:
                self._obey()
                with self._writing:
                    if self._released.is_set():
                        return
                    if self._holds():
                        self._beat()
                        continue
                self._on_loss()
                return
            except StorageFault:  # trials have the same fault, and end the sweep with its exit code
                continue

    def _beat(self) -> None:
        self._mine = replace(self._mine, beat=self._mine.beat + 1, renewed=_now(), work=self._work())
        self._store.objects.write(self._name, self._bytes())

    def _obey(self) -> None:
        request = stop_requested(self._store, self._sweep, self._mine.session)
        if request and request != self._obeyed:
            self._obeyed = request
            self._on_stop(request)

    def _holds(self) -> bool:
        """Whether this driver holds the lease; a deleted lease is created again, and a damaged one is overwritten."""
        data = self._store.objects.read(self._name)
        if data is None:
            return self._store.objects.create(self._name, self._bytes())
        current = _parsed(data)
        return current is None or current.session == self._mine.session

    def _bytes(self) -> bytes:
        return encoding.json_to_bytes(asdict(self._mine))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def running_elsewhere(store: Store, sweep: str, points: Sequence[TrialConfig]) -> dict[str, tuple[str, Holder]]:
    """The points that live drivers of other sweeps are running: by point, the sweep and its driver."""
    point_ids = {point.point_id for point in points}
    elsewhere: dict[str, tuple[str, Holder]] = {}
    for other in store.sweeps():
        driver = None if other == sweep else holder(store, other)
        shared = point_ids & driver.running.keys() if driver else set()
        if driver and shared and is_alive(store, other, driver, store.timing.lease.look_seconds):
            elsewhere |= dict.fromkeys(shared, (other, driver))
    return elsewhere


def others_last(points: Sequence[TrialConfig], elsewhere: dict[str, tuple[str, Holder]]) -> tuple[TrialConfig, ...]:
    """The points in their order, with those that other drivers are running at the end: they may be finished by then."""
    return tuple(sorted(points, key=lambda point: point.point_id in elsewhere))
