"""measures.parquet of a sweep, where it measures more than KSG: written anew as a whole each time."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from analysis.export.parquet import write_groups
from analysis.tables import MEASURES, measure_rows
from sweep.store import Store

FILE = "measures.parquet"
GROUP_ROWS = 200_000


def write_measures(store: Store, sweep: str, folder: Path) -> list[Path]:
    """Write the file into the folder, and return its path; remove it, and return none, where nothing asks for it."""
    path = folder / FILE
    points = [point for point in store.spec(sweep).points if point.measure.measures]
    if not points:
        path.unlink(missing_ok=True)
        return []

    def groups() -> Iterator[pa.Table]:
        waiting: list[pa.Table] = [MEASURES.empty_table()]
        for point, state in zip(points, store.states_of(points), strict=True):
            waiting.append(measure_rows(sweep, point, state))
            if sum(map(len, waiting)) >= GROUP_ROWS:
                yield pa.concat_tables(waiting)
                waiting = []
        if waiting:
            yield pa.concat_tables(waiting)

    write_groups(path, MEASURES, groups())
    return [path]
