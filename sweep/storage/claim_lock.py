"""Exclusive creation in a bucket without conditional PUTs: writers put claims, and the oldest claim wins."""

import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from sweep.errors import StorageFault
from sweep.timing import ClaimTiming

TRIES = 10
CLAIM = ".claim-"


class Listed(Protocol):
    """The methods of a bucket that claims use."""

    def where(self, name: str) -> str: ...
    def write(self, name: str, data: bytes) -> None: ...
    def read(self, name: str) -> bytes | None: ...
    def delete(self, name: str) -> None: ...
    def listed(self, folder: str) -> list[Any]: ...


@dataclass(frozen=True)
class _Claim:
    folder: str
    name: str
    began: float


class ClaimLock:
    """A lock from PUTs, listings and waiting: PUTs and listings alone cannot elect one of two writers (Herlihy 1991).

    A writer puts a claim, waits, and lists the claims. If its claim is the oldest, by the service's clock and then by
    name, it writes the object; else it waits for the older one. It deletes its claim at the end.

    Of the calls that race for a name exactly one returns true, and the object is that call's, provided that the service
    lists what it has acknowledged, that its clock does not step by a second, and that no write is under way for longer
    than `stale_seconds` - `hold_seconds`. Slow claims do not count, and clocks of writers play no part. Otherwise a
    later writer may replace the object of an earlier one: objects are whole even then.
    """

    def __init__(self, bucket: Listed, timing: ClaimTiming) -> None:
        self._bucket, self._timing = bucket, timing

    def create(self, name: str, data: bytes) -> bool:
        """Write the object unless one of that name exists; whether this call did it."""
        for _ in range(TRIES):
            if self._exists(name):
                return False
            claim = self._claim(name)
            try:
                if time.monotonic() - claim.began > self._timing.write_seconds:
                    continue
                time.sleep(self._timing.settle_seconds)
                before = self._first(claim)
                if before == claim.name:
                    if self._exists(name):  # another writer wrote it and deleted its claim already
                        return False
                    if time.monotonic() - claim.began > self._timing.hold_seconds:
                        continue
                    self._bucket.write(name, data)
                    return True
            finally:
                self._bucket.delete(claim.name)
            self._wait_for(name, before, claim)
        raise StorageFault(
            f"cannot write {self._bucket.where(name)}: the service is too slow to decide which writer came first",
            next="the same again, or choose another --store (SWEEP_STORE)",
        )

    def clear_leftovers(self, folders: Iterable[str]) -> int:
        """Delete claims that are stale by the service's clock, which is read from a new claim; returns their number."""
        claims = [(folder, info) for folder in folders for info in self._bucket.listed(folder) if _is_claim(info)]
        if not claims:
            return 0
        clock = self._claim("clock")
        moment = next((info.mtime_ns for info in self._bucket.listed("") if info.base_name == clock.name), 0)
        self._bucket.delete(clock.name)
        age = self._timing.stale_seconds * 1e9
        stale = [(folder, info) for folder, info in claims if moment - info.mtime_ns > age]
        for folder, info in stale:
            self._bucket.delete(f"{folder}/{info.base_name}".lstrip("/"))
        return len(stale)

    def _exists(self, name: str) -> bool:
        return self._bucket.read(name) is not None

    def _claim(self, name: str) -> _Claim:
        folder, _, base = name.rpartition("/")
        own = f"{folder}/{CLAIM}{base}-{uuid.uuid4().hex}".lstrip("/")
        began = time.monotonic()
        self._bucket.write(own, b"claim")
        return _Claim(folder, own, began)

    def _first(self, claim: _Claim) -> str | None:
        """Name of the oldest claim on the same object."""
        own = claim.name.rpartition("-")[0].rpartition("/")[2]
        claims = [info for info in self._bucket.listed(claim.folder) if info.base_name.rpartition("-")[0] == own]
        oldest = min(claims, key=lambda info: (info.mtime_ns, info.base_name), default=None)
        return f"{claim.folder}/{oldest.base_name}".lstrip("/") if oldest else None

    def _wait_for(self, name: str, other: str | None, claim: _Claim) -> None:
        """Wait until the object exists or the other claim is gone; delete that claim if it is stale."""
        deadline = time.monotonic() + self._timing.stale_seconds
        while other and time.monotonic() < deadline and self._bucket.read(other) is not None:
            if self._exists(name):
                return
            time.sleep(self._timing.look_seconds)
        if other and time.monotonic() >= deadline:
            self._bucket.delete(other)


def _is_claim(info: Any) -> bool:
    return str(info.base_name).startswith(CLAIM)
