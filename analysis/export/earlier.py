"""Points of an earlier export that have not changed since."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.export.manifest import Entry, File
from analysis.tables.collect import Collected


class Earlier:
    """The rows of the files of an earlier export, which must be intact, by point."""

    def __init__(self, folder: Path, files: Mapping[str, File], points_file: str) -> None:
        self._folder = folder
        self._rows = {}
        if points_file in files:
            self._rows = {row["point_id"]: row for row in pq.read_table(folder / points_file).to_pylist()}
        self._places: dict[str, tuple[str, int, Entry]] = {}
        for path, file in files.items():
            start = 0
            for entry in file.entries:
                self._places[entry.point_id] = path, start, entry
                start += entry.rows
        self._open: tuple[str, pa.Table] = ("", None)

    def point(self, point_id: str, mark: str | None) -> Collected | None:
        """The exported rows of the point, if it was done and its objects had this mark; else None."""
        path, start, entry = self._places.get(point_id, ("", 0, None))
        if entry is None or not mark or entry.mark != mark or point_id not in self._rows:
            return None
        if self._open[0] != path:
            self._open = path, pq.read_table(self._folder / path, partitioning=None)
        return Collected(self._open[1].slice(start, entry.rows), self._rows[point_id])
