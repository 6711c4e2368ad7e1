"""One live driver per sweep: a lease that its holder renews, and that others judge alive or lost."""

import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import psutil

from sweep.errors import DriverLive, StorageFault
from sweep.store import Store

BEAT_SECONDS = 2.0
OBSERVED_BEATS = 2


@dataclass(frozen=True)
class Holder:
    """The driver that holds a lease, with what it says of its work at every beat."""

    host: str
    pid: int
    process_started: float
    session: str
    since: str
    beat: int = 0
    renewed: str = ""
    work: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"pid {self.pid} on {self.host}, since {self.since}"

    @property
    def heartbeat_age_seconds(self) -> float:
        """Seconds since the last beat by the wall clocks of both sides: for people, not for decisions."""
        return max(0.0, (datetime.now(UTC) - datetime.fromisoformat(self.renewed)).total_seconds())


def holder(store: Store, sweep: str) -> Holder | None:
    """Who holds the lease of the sweep, alive or not."""
    data = store.objects.read(store.lease_name(sweep))
    return Holder(**json.loads(data)) if data else None


def is_alive(store: Store, sweep: str, seen: Holder) -> bool:
    """Whether that driver still lives.

    On the same host its process is looked up. On another host the lease is watched for a change by our own monotonic
    clock, so that clocks that differ cannot mislead.
    """
    if seen.host == socket.gethostname():
        return _process_started(seen.pid) == seen.process_started
    deadline = time.monotonic() + OBSERVED_BEATS * BEAT_SECONDS
    while time.monotonic() < deadline:
        time.sleep(BEAT_SECONDS / 4)
        current = holder(store, sweep)
        if current != seen:
            return current is not None
    return False


class Lease:
    """Held while in the `with` block, and renewed by a thread with what `work` returns.

    Raises:
        DriverLive: when another live driver holds it.
    """

    def __init__(self, store: Store, sweep: str, work: Callable[[], dict[str, Any]] = dict) -> None:
        self._store, self._sweep, self._work = store, sweep, work
        self._name = store.lease_name(sweep)
        moment = datetime.now(UTC).isoformat(timespec="seconds")
        started = _process_started(os.getpid()) or 0.0
        self._mine = Holder(socket.gethostname(), os.getpid(), started, uuid.uuid4().hex, moment, renewed=moment)
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        while not self._store.objects.create(self._name, self._bytes()):
            other = holder(self._store, self._sweep)
            if other and is_alive(self._store, self._sweep, other):
                raise DriverLive(
                    f"sweep '{self._sweep}' already has a live driver: {other}\n"
                    f"  next: sweep status {self._sweep} --watch"
                )
            self._store.objects.delete(self._name)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._thread.join()
        self._store.objects.delete(self._name)

    def _renew(self) -> None:
        while not self._released.wait(BEAT_SECONDS):
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            self._mine = replace(self._mine, beat=self._mine.beat + 1, renewed=moment, work=self._work())
            try:
                self._store.objects.write(self._name, self._bytes())
            except StorageFault:  # the trials will meet it too, and end the sweep with the right code
                continue

    def _bytes(self) -> bytes:
        return json.dumps(asdict(self._mine)).encode()


def _process_started(pid: int) -> float | None:
    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
