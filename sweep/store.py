"""The truth: what is known of every point, in whole sealed objects. Owns every object name. Knows no Ray.

points/POINT_ID/result            the accepted result: its presence, intact, is what finished means
points/POINT_ID/snapshot-EPOCH    the last two snapshots of an unfinished point
points/POINT_ID/attempt-NUMBER    one attempt: where, when, and how it failed if it did
points/POINT_ID/log-NUMBER        the last part of what that attempt printed, as plain text
points/POINT_ID/damaged-*         objects that did not match their checksum, put aside
sweeps/NAME/spec.yaml             the spec as last run, complete in itself, with its checksum
sweeps/NAME/lease                 the live driver of the sweep
sweeps/NAME/stop                  what that driver was asked to do: stop
code/SHA256.diff                  the uncommitted changes that points were computed with, long ones cut
"""

import contextlib
import hashlib
import json
import shlex
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from sweep import spec_reader
from sweep.errors import UsageError
from sweep.objects import Objects
from sweep.spec import SweepSpec
from trainables.config import TrialConfig
from trainables.records import (
    RECORD_VERSION,
    EpochRecord,
    Failure,
    PointResult,
    history_from_arrow,
    last_epoch,
)
from trainables.sealed import DamagedObject, seal, unseal
from trainables.snapshots import Snapshot, history_arrow

T = TypeVar("T")

SNAPSHOTS_KEPT = 2
DIFF_BYTES = 1_000_000
SEAL = "# sha256 "
"""Begins the first line of a spec that is kept; specs kept before there were checksums lack it."""


class State(StrEnum):
    """What the store knows of a point."""

    FINISHED = "finished"
    DIVERGED = "diverged"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    MISSING = "missing"

    @property
    def is_done(self) -> bool:
        """Whether the point has its result; a diverged training is one."""
        return self in (State.FINISHED, State.DIVERGED)


@dataclass(frozen=True)
class Attempt:
    """One try at a point: numbered from 1, kept for ever."""

    number: int
    started: str
    host: str
    from_epoch: int
    provenance: dict[str, Any]
    log: tuple[str, ...] = ()
    ended: str | None = None
    failure: Failure | None = None


@dataclass(frozen=True)
class Known:
    """What the store knows of one point: its state, and the newest intact object behind it."""

    state: State
    history_arrow: bytes | None = None
    result: PointResult | None = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def failure(self) -> Failure | None:
        """Why the last attempt failed, if it did and no result came after."""
        return self.attempts[-1].failure if self.state is State.FAILED else None

    @property
    def provenance(self) -> dict[str, Any]:
        """Where and with what code the point was computed: as its result says, else as its last attempt does."""
        if self.result:
            return self.result.provenance
        return self.attempts[-1].provenance if self.attempts else {}

    @property
    def history(self) -> tuple[EpochRecord, ...]:
        """The committed epochs."""
        return history_from_arrow(self.history_arrow) if self.history_arrow else ()

    @cached_property
    def epochs_done(self) -> int:
        """Epochs trained and committed."""
        return last_epoch(self.history_arrow) if self.history_arrow else 0


class Store:
    """Points and sweeps in one folder. Reading never writes; what is read is intact or counts as absent."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.objects = Objects(root)

    # points

    def known(self, config: TrialConfig) -> Known:
        """Everything known of the point, from its newest intact objects."""
        attempts = self.attempts(config.point_id)
        history = self._newest_snapshot(config, history_arrow)
        if result := self.result(config):  # read last: its snapshots go only once it is there
            return Known(State(result.outcome), result.history_arrow, result, attempts)
        if attempts and attempts[-1].failure:
            return Known(State.FAILED, history, None, attempts)
        return Known(State.INTERRUPTED if history or attempts else State.MISSING, history, None, attempts)

    def result(self, config: TrialConfig) -> PointResult | None:
        """The accepted result, or None when there is no intact one of this config."""
        data = self.objects.read(_point(config.point_id, "result"))
        try:
            return _result_from_bytes(data, config) if data is not None else None
        except DamagedObject:
            return None

    def commit_result(self, config: TrialConfig, result: PointResult) -> None:
        """Make the point finished, then drop its snapshots. A result that was accepted before stays."""
        name = _point(config.point_id, "result")
        while not self.objects.create(name, _result_to_bytes(result)) and self.result(config) is None:
            self._put_aside(config.point_id, "result")
        self._drop_snapshots(config.point_id)

    def _drop_snapshots(self, point_id: str, keep: int = 0) -> None:
        names = self._snapshot_names(point_id)
        for name in names[: len(names) - keep]:
            self.objects.delete(_point(point_id, name))

    def snapshot(self, config: TrialConfig) -> Snapshot | None:
        """The newest intact snapshot of this config."""
        return self._newest_snapshot(config, Snapshot.from_bytes)

    def _newest_snapshot(self, config: TrialConfig, read: Callable[[bytes, TrialConfig], T]) -> T | None:
        """Read from the newest intact one; should one vanish meanwhile, newer ones have taken its place."""
        is_stable = False
        while not is_stable:
            is_stable = True
            for name in reversed(self._snapshot_names(config.point_id)):
                data = self.objects.read(_point(config.point_id, name))
                try:
                    if data is not None:
                        return read(data, config)
                    is_stable = False
                except DamagedObject:
                    continue
        return None

    def commit_snapshot(self, snapshot: Snapshot) -> None:
        """Keep the snapshot, and of the older ones the newest."""
        point_id = snapshot.config.point_id
        self.objects.write(_point(point_id, f"snapshot-{snapshot.epoch:09d}"), snapshot.to_bytes())
        self._drop_snapshots(point_id, keep=SNAPSHOTS_KEPT)

    def attempts(self, point_id: str) -> tuple[Attempt, ...]:
        """Every attempt, oldest first."""
        found = []
        for name in self.objects.names(_point(point_id)):
            if name.startswith("attempt-"):
                with contextlib.suppress(DamagedObject):
                    found.append(_attempt_from_bytes(self.objects.read(_point(point_id, name)) or b""))
        return tuple(found)

    def begin_attempt(self, point_id: str, attempt: Attempt) -> Attempt:
        """Write down a new attempt under the next free number; the attempt with that number.

        Older attempts that never ended died with their process, and are marked so, but for one of another sweep that
        has a driver: it may be alive.
        """
        for older in self.attempts(point_id):
            if older.ended is None and older.failure is None and not self._may_live(older, attempt):
                died = Failure("infra", "its process died without a word")
                self.save_attempt(point_id, replace(older, failure=died))
        while True:
            used = [name.rpartition("-")[2] for name in self.objects.names(_point(point_id)) if "attempt-" in name]
            attempt = replace(attempt, number=1 + max((int(number) for number in used), default=0))
            if self.objects.create(_attempt_name(point_id, attempt), _attempt_to_bytes(attempt)):
                return attempt

    def _may_live(self, older: Attempt, newer: Attempt) -> bool:
        """Whether the older one belongs to another sweep, and that sweep to a driver."""
        sweep = str(older.provenance.get("sweep") or "")
        is_of_another = sweep not in ("", newer.provenance.get("sweep"))
        return is_of_another and self.objects.read(self.lease_name(sweep)) is not None

    def save_attempt(self, point_id: str, attempt: Attempt) -> None:
        """Write down an attempt: when it starts, as it goes on, and how it ended."""
        self.objects.write(_attempt_name(point_id, attempt), _attempt_to_bytes(attempt))

    def damaged(self, config: TrialConfig) -> list[str]:
        """Names of the point's objects that are not what was written there."""
        return [name for name in self.objects.names(_point(config.point_id)) if self._is_damaged(config, name)]

    def _is_damaged(self, config: TrialConfig, name: str) -> bool:
        data = self.objects.read(_point(config.point_id, name))
        try:
            if data is None:  # dropped meanwhile
                return False
            if name == "result":
                _result_from_bytes(data, config)
            elif name.startswith("snapshot-"):
                Snapshot.from_bytes(data, config)
            elif name.startswith("attempt-"):
                _attempt_from_bytes(data)
        except DamagedObject:
            return True
        return False

    def log(self, point_id: str, number: int) -> str:
        """The last part of what that attempt printed; empty when nothing is kept."""
        return (self.objects.read(_log_name(point_id, number)) or b"").decode(errors="replace")

    def save_log(self, point_id: str, number: int, printed: bytes) -> None:
        """Keep what that attempt printed so far, in place of what was kept before."""
        self.objects.write(_log_name(point_id, number), printed)

    def quarantine(self, config: TrialConfig) -> list[str]:
        """Put damaged objects of the point aside, so that they are seen and never read again; their names."""
        damaged = self.damaged(config)
        for name in damaged:
            self._put_aside(config.point_id, name)
        return damaged

    def _put_aside(self, point_id: str, name: str) -> None:
        taken = self.objects.names(_point(point_id))
        new_names = (f"damaged-{name}", *(f"damaged-{number}-{name}" for number in range(2, len(taken) + 3)))
        new_name = next(new for new in new_names if new not in taken)
        self.objects.rename(_point(point_id, name), _point(point_id, new_name))

    def tidy(self, name: str, points: Sequence[TrialConfig]) -> None:
        """Delete what killed processes left behind: temporary names, and snapshots of points that are done."""
        self.objects.clear_leftovers(["", f"sweeps/{name}", *(_point(point.point_id) for point in points)])
        for point in points:
            if self._snapshot_names(point.point_id) and self.result(point):
                self._drop_snapshots(point.point_id)

    def _snapshot_names(self, point_id: str) -> list[str]:
        return [name for name in self.objects.names(_point(point_id)) if name.startswith("snapshot-")]

    # sweeps

    def sweeps(self) -> list[str]:
        """Names of the sweeps that were run in this store."""
        return self.objects.names("sweeps")

    def save_spec(self, name: str, text: str) -> None:
        """Keep the spec of the sweep, in place of an older one."""
        self.objects.write(self.spec_name(name), f"{SEAL}{_sha256(text.encode())}\n{text}".encode())

    def spec(self, name: str) -> SweepSpec:
        """The spec kept for the sweep.

        Raises:
            UsageError: when no sweep of that name was run in this store, or its spec is not as it was kept.
        """
        path = self.spec_path(name)
        kept = self.objects.read(self.spec_name(name)) or b""
        first, _, text = kept.partition(b"\n")
        if first != f"{SEAL}{_sha256(text)}".encode() and not kept.startswith(b"name:"):
            raise UsageError(
                f"{path}: damaged or edited, it is not the spec that was run\n"
                f"  next: sweep run SPEC with that spec, or sweep run {shlex.quote(str(path))} to run it as it is now"
            )
        return spec_reader.load(str(path))

    def spec_path(self, name: str) -> Path:
        """Path of the spec kept for the sweep.

        Raises:
            UsageError: when no sweep of that name was run in this store.
        """
        if name in self.sweeps() and (path := self.objects.path(self.spec_name(name))).is_file():
            return path
        have = ", ".join(self.sweeps()) or "none"
        raise UsageError(
            f"unknown sweep '{name}' in the store {self.root}: there are {have}\n"
            "  next: sweep presets, then sweep run SPEC; or choose another store with --store (SWEEP_STORE)"
        )

    @staticmethod
    def spec_name(sweep: str) -> str:
        """Object name of the spec kept for a sweep."""
        return f"sweeps/{sweep}/spec.yaml"

    def save_diff(self, changes: str | None) -> None:
        """Keep uncommitted changes, once, under their checksum; of long ones the beginning."""
        if changes:
            data = changes.encode()
            self.objects.create(self.diff_name(hashlib.sha256(data).hexdigest()), data[:DIFF_BYTES])

    @staticmethod
    def diff_name(sha256: str) -> str:
        """Object name of the uncommitted changes of that checksum."""
        return f"code/{sha256}.diff"

    @staticmethod
    def lease_name(sweep: str) -> str:
        """Object name of the lease of a sweep."""
        return f"sweeps/{sweep}/lease"

    @staticmethod
    def stop_name(sweep: str) -> str:
        """Object name of the request that the sweep's driver stop."""
        return f"sweeps/{sweep}/stop"


def _point(point_id: str, name: str = "") -> str:
    return f"points/{point_id}/{name}".rstrip("/")


def _result_to_bytes(result: PointResult) -> bytes:
    head = asdict(result)
    history = head.pop("history_arrow")
    return seal("result", RECORD_VERSION, head, {"history": history})


def _result_from_bytes(data: bytes, config: TrialConfig) -> PointResult:
    head, parts = unseal("result", RECORD_VERSION, data)
    if head["config"] != config.canonical():
        raise DamagedObject(f"a result of another config: {head['config']}")
    return PointResult(**head, history_arrow=parts["history"])


def _attempt_name(point_id: str, attempt: Attempt) -> str:
    return _point(point_id, f"attempt-{attempt.number:04d}")


def _log_name(point_id: str, number: int) -> str:
    return _point(point_id, f"log-{number:04d}")


def _attempt_to_bytes(attempt: Attempt) -> bytes:
    """Plain JSON, for people to read, with the checksum of the rest."""
    return json.dumps(_checked(asdict(attempt)), indent=1, sort_keys=True).encode()


def _attempt_from_bytes(data: bytes) -> Attempt:
    try:
        fields = json.loads(data)
        if "sha256" in fields and fields != _checked({key: value for key, value in fields.items() if key != "sha256"}):
            raise ValueError("its checksum differs")
        fields.pop("sha256", None)
        failure = fields.pop("failure")
        log = tuple(fields.pop("log"))
        return Attempt(**fields, log=log, failure=Failure(**failure) if failure else None)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DamagedObject(f"not an attempt: {error}") from error


def _checked(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"sha256": _sha256(json.dumps(fields, sort_keys=True).encode())}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
