"""The state of every point and sweep, in whole sealed objects, in a folder or a bucket. Imports no Ray."""

import contextlib
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sweep.errors import OtherRecordVersion, UsageError
from sweep.spec import SweepSpec, spec_from_bytes
from sweep.storage import StoreAddress, at, below, check_writable, place_of
from sweep.store import damage, encoding, layout
from sweep.store.index import Entry, read_index, write_index
from sweep.store.point_state import Attempt, PointState, State
from sweep.store.retry_rule import retry_is_due
from sweep.text import did_you_mean
from sweep.timing import StoreTiming
from trainables.config import TrialConfig
from trainables.format.sealed import DamagedObject
from trainables.format.versions import OtherVersion
from trainables.records import Failure, PointResult
from trainables.snapshots import Snapshot, history_arrow

T = TypeVar("T")

SNAPSHOTS_KEPT = 2
DIFF_BYTES = 1_000_000
READERS = 16
NOTHING = PointState(State.MISSING)


class Store:
    """Points and sweeps in one folder or bucket. Reading never writes; an object that is not intact counts as absent.

    Reading a record of a newer schema version raises OtherRecordVersion; older records are read like current ones.

    Raises:
        UsageError: when the address is that of neither.
    """

    def __init__(self, root: StoreAddress, timing: StoreTiming | None = None) -> None:
        self.root, self.timing = place_of(root), timing or StoreTiming()
        self.objects = at(self.root, self.timing)

    @property
    def folder(self) -> Path | None:
        """The folder that the store is; None when it is in a bucket."""
        return self.root if isinstance(self.root, Path) else None

    def check_writable(self) -> None:
        """Check that objects can be written, read and deleted.

        Raises:
            StorageFault: when they cannot.
        """
        check_writable(self.objects)

    # points

    def state(self, config: TrialConfig) -> PointState:
        """The state of the point, from its newest intact objects."""
        attempts = self.attempts(config.point_id)
        history = self._newest_snapshot(config, history_arrow)
        if result := self.result(config):  # read last: its snapshots go only once it is there
            return PointState(State(result.outcome), result.history_arrow, result, attempts)
        if attempts and attempts[-1].failure and not retry_is_due(attempts):
            return PointState(State.FAILED, history, None, attempts)
        return PointState(State.INTERRUPTED if history or attempts else State.MISSING, history, None, attempts)

    def marks(self) -> Mapping[str, str] | None:
        """A mark of every point that has objects, as `Objects.marks`."""
        return self.objects.marks("points")

    def marks_of(self, points: Sequence[TrialConfig]) -> Mapping[str, str]:
        """By point id, a mark of each of these points that changes whenever its objects do; reads no object.

        Empty for a point without objects, or left out.
        """
        if (marks := self.marks()) is not None:
            return marks
        return {point.point_id: self.objects.mark(layout.point(point.point_id)) for point in points}

    def states_of(self, points: Sequence[TrialConfig], marks: Mapping[str, str] | None = None) -> Iterator[PointState]:
        """The state of each point, in turn. With `marks` only those with a mark are read, in parallel from a bucket."""
        if marks is None or self.folder:
            for point in points:
                yield self.state(point) if marks is None or marks.get(point.point_id) else NOTHING
            return
        with ThreadPoolExecutor(READERS) as pool:
            yield from pool.map(lambda point: self.state(point) if point.point_id in marks else NOTHING, points)

    def index(self) -> dict[str, Entry]:
        """What was last known of the points, by id: an entry counts while the mark of its point is the same."""
        return read_index(self.objects)

    def keep_index(self, entries: Mapping[str, Entry]) -> None:
        """Put these entries in place of the older ones. Raises StorageFault."""
        write_index(self.objects, entries)

    def result(self, config: TrialConfig) -> PointResult | None:
        """The accepted result, or None when there is no intact one of this config."""
        data = self.objects.read(layout.point(config.point_id, "result"))
        try:
            with self._named(config.point_id, "result"):
                return encoding.result_from_bytes(data, config) if data is not None else None
        except DamagedObject:
            return None

    @contextlib.contextmanager
    def _named(self, point_id: str, name: str) -> Iterator[None]:
        """Raise OtherRecordVersion, with the object's name, for one of a version that this program does not read."""
        try:
            yield
        except OtherVersion as error:
            where = below(self.root, layout.point(point_id, name))
            raise OtherRecordVersion.of(f"{where}: {error}") from error

    def commit_result(self, config: TrialConfig, result: PointResult) -> None:
        """Store the result, then delete the point's snapshots. A result that was accepted before stays."""
        name = layout.point(config.point_id, "result")
        while not self.objects.create(name, encoding.result_to_bytes(result)) and self.result(config) is None:
            damage.put_aside(self.objects, config, "result")
        self._drop_snapshots(config.point_id)

    def _drop_snapshots(self, point_id: str, keep: int = 0) -> None:
        names = self._snapshot_names(point_id)
        for name in names[: len(names) - keep]:
            self.objects.delete(layout.point(point_id, name))

    def snapshot(self, config: TrialConfig) -> Snapshot | None:
        """The newest intact snapshot of this config."""
        return self._newest_snapshot(config, Snapshot.from_bytes)

    def _newest_snapshot(self, config: TrialConfig, read: Callable[[bytes, TrialConfig], T]) -> T | None:
        """`read` of the newest intact snapshot; if one is deleted meanwhile, newer ones have replaced it."""
        is_stable = False
        while not is_stable:
            is_stable = True
            for name in reversed(self._snapshot_names(config.point_id)):
                data = self.objects.read(layout.point(config.point_id, name))
                try:
                    if data is not None:
                        with self._named(config.point_id, name):
                            return read(data, config)
                    is_stable = False
                except DamagedObject:
                    continue
        return None

    def commit_snapshot(self, snapshot: Snapshot) -> None:
        """Store the snapshot, and delete all but the newest `SNAPSHOTS_KEPT`."""
        point_id = snapshot.config.point_id
        self.objects.write(layout.snapshot(point_id, snapshot.epoch), snapshot.to_bytes())
        self._drop_snapshots(point_id, keep=SNAPSHOTS_KEPT)

    def attempts(self, point_id: str) -> tuple[Attempt, ...]:
        """Every attempt, oldest first."""
        attempts = []
        for name in self.objects.names(layout.point(point_id)):
            if layout.attempt_number(name):
                with contextlib.suppress(DamagedObject), self._named(point_id, name):
                    attempts.append(encoding.attempt_from_bytes(self.objects.read(layout.point(point_id, name)) or b""))
        return tuple(attempts)

    def begin_attempt(self, point_id: str, attempt: Attempt) -> Attempt:
        """Store a new attempt under the next free number; returns the attempt with that number.

        Older attempts without an end are marked as failed, since their process died; except one of another sweep that
        has a driver, which may still run.
        """
        for older in self.attempts(point_id):
            if older.ended is None and older.failure is None and not self._may_live(older, attempt):
                died = Failure("infra", "its process died without a word")
                self.save_attempt(point_id, replace(older, failure=died))
        while True:
            names = self.objects.names(layout.point(point_id))
            attempt = replace(attempt, number=1 + max(map(layout.number_used, names), default=0))
            if self.objects.create(layout.attempt(point_id, attempt.number), encoding.attempt_to_bytes(attempt)):
                return attempt

    def _may_live(self, older: Attempt, newer: Attempt) -> bool:
        """Whether the older attempt is of another sweep that has a driver."""
        sweep = str(older.provenance.get("sweep") or "")
        is_of_another = sweep not in ("", newer.provenance.get("sweep"))
        return is_of_another and self.objects.read(self.lease_name(sweep)) is not None

    def save_attempt(self, point_id: str, attempt: Attempt) -> None:
        """Store an attempt, in place of its earlier record."""
        self.objects.write(layout.attempt(point_id, attempt.number), encoding.attempt_to_bytes(attempt))

    def damaged(self, config: TrialConfig) -> list[str]:
        """Names of the point's objects that do not match their checksum."""
        return damage.damaged(self.objects, config)

    def log(self, point_id: str, number: int) -> str:
        """The last part of the attempt's log; empty when there is none."""
        return (self.objects.read(layout.log(point_id, number)) or b"").decode(errors="replace")

    def log_tail(self, point_id: str, number: int, lines: int) -> list[str]:
        """The last lines of the attempt's log."""
        return self.log(point_id, number).rstrip().splitlines()[-lines:]

    def save_log(self, point_id: str, number: int, printed: bytes) -> None:
        """Store the attempt's log so far, in place of an earlier part."""
        self.objects.write(layout.log(point_id, number), printed)

    def quarantine(self, config: TrialConfig) -> list[str]:
        """Rename the damaged objects of the point, so that they are kept but not read; returns their names."""
        names = self.damaged(config)
        for name in names:
            damage.put_aside(self.objects, config, name)
        return names

    def tidy(self, name: str, points: Sequence[TrialConfig]) -> None:
        """Delete leftovers of killed processes: temporary objects, and snapshots of points that are done."""
        trainings = dict.fromkeys(layout.training(point.training_id) for point in points)
        of_points = (layout.point(point.point_id) for point in points)
        self.objects.clear_leftovers(["", f"sweeps/{name}", *of_points, *trainings])
        for point in points:
            if self._snapshot_names(point.point_id) and self.result(point):
                self._drop_snapshots(point.point_id)

    def _snapshot_names(self, point_id: str) -> list[str]:
        return [name for name in self.objects.names(layout.point(point_id)) if layout.is_snapshot(name)]

    # sweeps

    def sweeps(self) -> list[str]:
        """Names of the sweeps that were run in this store."""
        return self.objects.names("sweeps")

    def save_spec(self, name: str, text: str) -> None:
        """Keep the spec of the sweep, in place of an older one."""
        self.objects.write(self.spec_name(name), encoding.spec_to_bytes(text))

    def spec(self, name: str) -> SweepSpec:
        """The spec kept for the sweep.

        Raises:
            UsageError: when no sweep of that name was run in this store, or its spec does not match its checksum.
        """
        kept, where = self._kept_spec(name), self.spec_address(name)
        if not encoding.is_spec(kept):
            raise UsageError(
                f"{where}: damaged or edited, it is not the spec that was run",
                next=f"sweep run SPEC with that spec, or sweep run {shlex.quote(where)} to run it as it is now",
            )
        return spec_from_bytes(kept, where)

    def keeps(self, name: str, text: str) -> bool:
        """Whether exactly this spec is kept for the sweep."""
        return self.objects.read(self.spec_name(name)) == encoding.spec_to_bytes(text)

    def has_spec(self, name: str) -> bool:
        """Whether a spec is kept for the sweep."""
        return self.objects.read(self.spec_name(name)) is not None

    def spec_address(self, name: str) -> str:
        """Path or address of the spec kept for the sweep, for `store.load`."""
        return below(self.root, self.spec_name(name))

    def require(self, name: str) -> None:
        """Check that a sweep of that name was run in this store.

        Raises:
            UsageError: when none was.
        """
        self._kept_spec(name)

    def _kept_spec(self, name: str) -> bytes:
        sweeps = self.sweeps()
        if name in sweeps and (kept := self.objects.read(self.spec_name(name))) is not None:
            return kept
        have = ", ".join(sweeps) or "none"
        raise UsageError(
            f"unknown sweep '{name}'{did_you_mean(name, sweeps)} in the store {self.root}: there are {have}",
            next="sweep presets, then sweep run SPEC; or choose another store with --store (SWEEP_STORE)",
        )

    def save_diff(self, changes: str | None) -> None:
        """Store uncommitted changes once, under their checksum; only the beginning of long ones."""
        if changes:
            data = changes.encode()
            self.objects.create(self.diff_name(encoding.sha256(data)), data[:DIFF_BYTES])

    def diff_address(self, sha256: str) -> str:
        """Path or address of the uncommitted changes of that checksum."""
        return self.objects.where(self.diff_name(sha256))

    diff_name = staticmethod(layout.diff)
    lease_name = staticmethod(layout.lease)
    spec_name = staticmethod(layout.spec)
    stop_name = staticmethod(layout.stop)
