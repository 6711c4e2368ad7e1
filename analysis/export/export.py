"""Export a sweep from the store to parquet: partitioned on request, and reading only the points that are new."""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import pyarrow as pa

from analysis.export import manifest
from analysis.export.earlier import Earlier
from analysis.export.manifest import Entry, File, Manifest
from analysis.export.parquet import write_groups
from analysis.tables import EPOCHS, POINTS
from analysis.tables.collect import Collected, collect
from analysis.tables.tables import SHARED
from sweep.errors import UsageError
from sweep.store import State, Store, running
from trainables.config import TrialConfig

EXPORT_VERSION = 1
"""Raised when equal objects of the store would give other rows than an earlier export has."""

GROUP_ROWS = 200_000
"""A row group ends with the point that reaches so many rows; two of them are in memory at a time."""

POINTS_AT_A_TIME = 64
"""So many points are read together: a bucket answers requests in parallel much faster than one after another."""

POINTS_FILE = "points.parquet"

DONE = frozenset(str(state) for state in State if state.is_done)

T = TypeVar("T")


class Exported(NamedTuple):
    """The files of an export, the number of its points, and of those that had to be read from the store."""

    paths: list[Path]
    points: int
    points_read: int


def export(store: Store, sweep: str, folder: Path, partition_by: Sequence[str] = ()) -> Exported:
    """Write what is committed now of a sweep to epochs.parquet and points.parquet in the folder.

    partition_by: columns by whose values the epochs are spread over folders, as in epochs/width=10/part-0.parquet; they
    are then no columns of the files. The points are always one file.

    Points that were done in an earlier export to this folder, and whose objects have not been written since, are taken
    from it. The files are the same, byte for byte, as without it.

    Raises:
        UsageError: for a column that the epochs cannot be partitioned by; and as `Store.spec`.
    """
    points = store.spec(sweep).points
    parts = _parts(points, partition_by)
    schema = pa.schema([column for column in EPOCHS if column.name not in partition_by])
    origin = _origin(store, sweep, partition_by)
    before = manifest.read(folder)
    source = _Source(store, sweep, points, Earlier(folder, before.intact(folder, origin), POINTS_FILE))
    folder.mkdir(parents=True, exist_ok=True)
    planned_files = {path: File() for path in (*before.files, *parts, POINTS_FILE)}
    # If this export is killed, the next one finds all its files here, and trusts none of them.
    manifest.write(folder, Manifest(origin, planned_files))
    noted = {path: _write_epochs(folder / path, members, source, schema) for path, members in parts.items()}
    by_id = {noted_point.entry.point_id: noted_point for part in noted.values() for noted_point in part}
    rows = pa.Table.from_pylist([by_id[point.point_id].row for point in points], schema=POINTS)
    write_groups(folder / POINTS_FILE, POINTS, [rows])
    files = {
        path: File(manifest.checksum(folder / path), tuple(noted_point.entry for noted_point in noted[path]))
        for path in noted
    }
    files[POINTS_FILE] = File(manifest.checksum(folder / POINTS_FILE))
    _remove(folder, planned_files.keys() - files.keys())
    manifest.write(folder, Manifest(origin, files))
    return Exported(
        [folder / path for path in files], len(points), sum(noted_point.is_new for noted_point in by_id.values())
    )


def _remove(folder: Path, paths: Iterable[str]) -> None:
    """Delete these files of an earlier export, and the folders below this one that are empty then."""
    for path in paths:
        (folder / path).unlink(missing_ok=True)
        for above in (folder / path).parents[: path.count("/")]:
            with contextlib.suppress(OSError):
                above.rmdir()


def _parts(points: Sequence[TrialConfig], partition_by: Sequence[str]) -> dict[str, list[TrialConfig]]:
    """The points by the path of the file that their epochs go to."""
    for column in partition_by:
        if column not in SHARED:
            raise UsageError(
                f"--partition-by {column}: not a column to partition by; allowed are {', '.join(SHARED)}",
                next="the same with one of these, or without --partition-by",
            )
    parts: dict[str, list[TrialConfig]] = {}
    for point in points:
        folders = [f"{column}={getattr(point, column)}" for column in partition_by]
        path = "/".join(["epochs", *folders, "part-0.parquet"]) if folders else "epochs.parquet"
        parts.setdefault(path, []).append(point)
    return parts


def _origin(store: Store, sweep: str, partition_by: Sequence[str]) -> dict[str, str]:
    columns = EPOCHS.to_string() + POINTS.to_string()
    return {
        "sweep": sweep,
        "store": str(store.folder.absolute() if store.folder else store.root),
        "version": str(EXPORT_VERSION),
        "columns": hashlib.sha256(columns.encode()).hexdigest(),
        "partition_by": ",".join(partition_by),
    }


class _Noted(NamedTuple):
    """What is noted of a point when its epochs are written."""

    entry: Entry
    row: dict[str, object]
    is_new: bool


class _Source:
    """The rows of points: from an earlier export if they have not changed since, else from the store.

    Marks are taken before anything is read, so that points written meanwhile count as new next time.
    """

    def __init__(self, store: Store, sweep: str, points: Sequence[TrialConfig], earlier: Earlier) -> None:
        self._store, self._sweep, self._earlier = store, sweep, earlier
        self._at_work = running(store, sweep)
        self._listed = store.marks()
        self._marks = self._listed or store.marks_of(points)

    def read(self, points: Sequence[TrialConfig]) -> Iterator[tuple[pa.Table, _Noted]]:
        """The epochs of each of these points, with what is noted of it."""
        for start in range(0, len(points), POINTS_AT_A_TIME):
            chunk = points[start : start + POINTS_AT_A_TIME]
            kept = {point.point_id: self._kept(point.point_id) for point in chunk}
            new = [point for point in chunk if kept[point.point_id] is None]
            states = self._store.states_of(new, self._listed)
            read = {
                point.point_id: collect(self._sweep, point, state, self._at_work)
                for point, state in zip(new, states, strict=True)
            }
            for point in chunk:
                yield self._noted(point.point_id, kept[point.point_id] or read[point.point_id], point.point_id in read)

    def _kept(self, point_id: str) -> Collected | None:
        return self._earlier.point(point_id, self._marks.get(point_id))

    def _noted(self, point_id: str, collected: Collected, is_new: bool) -> tuple[pa.Table, _Noted]:
        mark = self._marks.get(point_id) if collected.row["state"] in DONE else None
        return collected.epochs, _Noted(Entry(point_id, len(collected.epochs), mark), collected.row, is_new)


def _write_epochs(path: Path, points: Sequence[TrialConfig], source: _Source, schema: pa.Schema) -> list[_Noted]:
    """Write the epochs of these points to one file; returns what is noted of each."""
    noted: list[_Noted] = []

    def groups() -> Iterator[pa.Table]:
        waiting: list[pa.Table] = []
        rows = 0
        for epochs, noted_point in source.read(points):
            waiting.append(epochs.select(schema.names))
            noted.append(noted_point)
            rows += len(epochs)
            if rows >= GROUP_ROWS:
                yield pa.concat_tables(waiting).cast(schema)
                waiting, rows = [], 0
        if waiting:
            yield pa.concat_tables(waiting).cast(schema)

    write_groups(path, schema, _one_ahead(groups()))
    return noted


def _one_ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; the next one is computed in another thread while one is in use."""
    end = object()
    with ThreadPoolExecutor(1) as pool:
        next_item = pool.submit(next, items, end)
        while (item := next_item.result()) is not end:
            next_item = pool.submit(next, items, end)
            yield item  # type: ignore[misc]
