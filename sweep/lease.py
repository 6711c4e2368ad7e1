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
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

from sweep.errors import DriverLive, StorageFault
from sweep.store import Store

BEAT_SECONDS = 2.0
SILENCE_SECONDS = 30.0
"""A driver on another host counts as lost after this long without a beat: slow shared folders delay beats."""


@dataclass(frozen=True)
class Holder:
    """The driver that holds a lease, with what it says of its work at every beat."""

    host: str
    pid: int
    process_started: str
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
    try:
        return Holder(**json.loads(data)) if data else None
    except (ValueError, TypeError):  # a damaged lease holds nothing
        return None


def is_alive(store: Store, sweep: str, seen: Holder) -> bool:
    """Whether that driver still lives.

    On the same host its process is looked up. On another host the lease is watched for a change by our own monotonic
    clock, so that clocks that differ cannot mislead.
    """
    if seen.host == socket.gethostname():
        return _process_started(seen.pid) == seen.process_started
    deadline = time.monotonic() + SILENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(BEAT_SECONDS / 4)
        current = holder(store, sweep)
        if current != seen:
            return current is not None
    return False


class Lease:
    """Held while in the `with` block, and renewed by a thread with what `work` returns.

    Should another driver take it over nevertheless, `on_loss` is called, once.

    Raises:
        DriverLive: when another live driver holds it.
    """

    def __init__(
        self,
        store: Store,
        sweep: str,
        work: Callable[[], dict[str, Any]] = dict,
        on_loss: Callable[[], None] = lambda: None,
    ) -> None:
        self._store, self._sweep, self._work, self._on_loss = store, sweep, work, on_loss
        self._name = store.lease_name(sweep)
        moment, started = _now(), _process_started(os.getpid()) or ""
        self._mine = Holder(socket.gethostname(), os.getpid(), started, uuid.uuid4().hex, moment, renewed=moment)
        self._released = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    def __enter__(self) -> Self:
        while not self._store.objects.create(self._name, self._bytes()):
            other = holder(self._store, self._sweep)
            if other and is_alive(self._store, self._sweep, other):
                raise DriverLive(f"sweep '{self._sweep}' already has a live driver: {other}")
            self._put_aside(other)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._released.set()
        self._thread.join()
        if self._is_mine():
            self._store.objects.delete(self._name)

    def _put_aside(self, judged: Holder | None) -> None:
        """Move the lost lease away: only one taker can, and what was not the lease judged is put back."""
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
        while not self._released.wait(BEAT_SECONDS):
            try:
                if not self._is_mine():
                    self._on_loss()
                    return
                self._mine = replace(self._mine, beat=self._mine.beat + 1, renewed=_now(), work=self._work())
                self._store.objects.write(self._name, self._bytes())
            except StorageFault:  # the trials will meet it too, and end the sweep with the right code
                continue

    def _bytes(self) -> bytes:
        return json.dumps(asdict(self._mine)).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _process_started(pid: int) -> str | None:
    """When the process started, in a form that no change of the clock changes; None when there is no such process."""
    try:
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}/{ticks}"
    except FileNotFoundError:
        pass
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None
