"""The disk space that a run needs against the space that is free; and the error when a disk is full nevertheless."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sweep.errors import StorageFault
from sweep.storage import free_bytes, fullness, mount_point, nearest_existing
from sweep.store import SNAPSHOTS_KEPT
from sweep.system.paths import temporary_folder
from trainables import probes
from trainables.config import TrialConfig
from trainables.kept_states import Keep, epochs_kept
from trainables.sizes import SLOTS, weights, widths

OBJECT_BYTES = 16_000
ARRAY_BYTES = 300
ROW_BYTES = 260
METRIC_BYTES = 260
METRICS_PER_EPOCH = 8
RUN_BYTES = 40_000
TEMPORARY_BYTES = 32_000_000
TEMPORARY_BYTES_PER_POINT = 20_000
SCARCE_BYTES = 1_000_000
"""A file system with less than this free counts as full, whatever the error says."""


@dataclass(frozen=True)
class SpaceNeed:
    """The bytes that a run needs in a folder for one purpose."""

    purpose: str
    folder: Path
    bytes: int


def history_bytes(point: TrialConfig) -> int:
    """Approximate size of the whole history of a point: one row for each epoch and pair."""
    rows = (point.epochs + 1) * len(probes.pairs(point))
    return OBJECT_BYTES + ROW_BYTES * (rows + _measures(point))


def _measures(point: TrialConfig) -> int:
    """At most so many values beside KSG's in the history of a point."""
    if not point.measure.measures:
        return 0
    pairs = probes.pairs(point)
    layers = len({name for pair in pairs for name in (pair.x, pair.y)} - {"input", "label"})
    due = sum(point.measure.is_due(epoch, point.epochs) for epoch in range(point.epochs + 1))
    return due * len(point.measure.measures) * max(len(pairs), 4 * layers)


def snapshot_bytes(point: TrialConfig) -> int:
    """Approximate size of the last snapshot of a point: its weights, its optimizer's variables, its history."""
    copies = 1 + SLOTS[point.optimizer]
    arrays = (4 * copies + 2) * (point.depth + 1)
    return 4 * weights(point) * copies + 8 * sum(widths(point)) + ARRAY_BYTES * arrays + history_bytes(point)


def kept_bytes(points: Sequence[TrialConfig], keep: Keep) -> int:
    """At most what the states of these points' networks take that are kept, those of one training once."""
    by_training = {(point.training_id, point.epochs): point for point in points}
    return sum(len(epochs_kept(keep, point.epochs)) * state_bytes(point) for point in by_training.values())


def state_bytes(point: TrialConfig) -> int:
    """Approximate size of a kept state, if it could not be compressed: weights, moving statistics, test errors."""
    return 4 * weights(point) + 8 * sum(widths(point)) + OBJECT_BYTES + ROW_BYTES * (point.epochs + 1)


def needs(
    points: Sequence[TrialConfig], at_a_time: int, store: Path | None, database: Path | None, keep: Keep = "none"
) -> list[SpaceNeed]:
    """What a run of these points writes: results, snapshots of those that run at a time, MLflow's database, scratch.

    A store that is no folder is in a bucket, which has room for everything.
    """
    scratch = TEMPORARY_BYTES + len(points) * TEMPORARY_BYTES_PER_POINT
    space_needs = [SpaceNeed("Ray's temporary files", temporary_folder(), scratch)]
    if store:
        largest = sorted((snapshot_bytes(point) for point in points), reverse=True)[:at_a_time]
        results = SpaceNeed("results", store, sum(history_bytes(point) for point in points))
        if kept := kept_bytes(points, keep):
            space_needs.append(SpaceNeed("kept states", store, kept))
        space_needs = [results, SpaceNeed("snapshots", store, (SNAPSHOTS_KEPT + 1) * sum(largest)), *space_needs]
    if database:
        space_needs.append(
            SpaceNeed("MLflow's database", database.parent, sum(_mirrored_bytes(point) for point in points))
        )
    return space_needs


def _mirrored_bytes(point: TrialConfig) -> int:
    pairs = len(probes.pairs(point))
    metrics = (point.epochs + 1) * (METRICS_PER_EPOCH + 3 * pairs) + _measures(point)
    return RUN_BYTES + metrics * METRIC_BYTES


def check(space_needs: Sequence[SpaceNeed]) -> None:
    """Check that every file system has the space that is needed on it.

    Raises:
        StorageFault: names each file system that has not, with the free and the needed space.
    """
    by_device: dict[int, list[SpaceNeed]] = {}
    for need in space_needs:
        by_device.setdefault(nearest_existing(need.folder).stat().st_dev, []).append(need)
    short = []
    for group in by_device.values():
        needed, free = sum(need.bytes for need in group), free_bytes(group[0].folder)
        if free < needed:
            parts = ", ".join(f"{_megabytes(need.bytes)} {need.purpose}" for need in group)
            where = mount_point(group[0].folder)
            short.append(f"{where}: {_megabytes(free)} free, about {_megabytes(needed)} needed ({parts})")
    if short:
        raise StorageFault(
            "too little space on the file system " + "; ".join(short),
            next="free some there, or choose other folders with --store (SWEEP_STORE), --tracking-uri and TMPDIR",
        )


@contextmanager
def full_is_a_storage_fault(folders: Sequence[Path]) -> Iterator[None]:
    """Turn an error that a full disk caused into a StorageFault, whoever raised it.

    Raises:
        StorageFault: in place of an error that reports a full disk, or that is raised while one of the folders is full.
    """
    try:
        yield
    except StorageFault:
        raise
    except Exception as error:
        disk_full = fullness(error)
        full = [folder for folder in folders if free_bytes(folder) < SCARCE_BYTES]
        if disk_full and disk_full.filename:
            full = [Path(disk_full.filename)]
        if not disk_full and not full:
            raise
        names = ", ".join(str(mount_point(folder)) for folder in full or folders)
        raise StorageFault(
            f"no space left on the file system {names}; what was committed is kept",
            next="free some there, then run the same again",
        ) from error


def _megabytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"
