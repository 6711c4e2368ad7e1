"""Collect a sweep from the store into tables, and tables into parquet."""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from analysis.tables import Tables, assemble, epoch_rows, first_spectrum, last_values
from sweep.store import Known, Store
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, arrow_to_table


def from_store(store: Store, sweep: str) -> Tables:
    """The tables of a sweep, of what is committed now; raises as `Store.spec`."""
    histories, rows = [], []
    points = store.spec(sweep).points
    for point, known in zip(points, store.known_of(points, store.marks()), strict=True):
        history = arrow_to_table(known.history_arrow) if known.history_arrow else HISTORY_SCHEMA.empty_table()
        histories.append(epoch_rows(sweep, point.point_id, point.flat(), history))
        rows.append(_point_row(sweep, point, known, history))
    return assemble(histories, rows)


def _point_row(sweep: str, point: TrialConfig, known: Known, history: pa.Table) -> dict[str, Any]:
    identity = {"sweep": sweep, "point_id": point.point_id, "config_id": point.config_id}
    result, failure = known.result, known.failure
    provenance = result.provenance if result else known.attempts[-1].provenance if known.attempts else {}
    outcome = {
        "state": str(known.state),
        "attempts": len(known.attempts),
        "epochs_done": 0,
        "wall_seconds": result.wall_seconds if result else None,
        "failure_kind": failure.kind if failure else None,
        "failure_message": failure.message if failure else None,
        "attempt_times": [attempt.times for attempt in known.attempts],
    }
    where = {name: provenance.get(name) for name in ("device", "host", "backend", "git_commit")}
    return identity | point.flat() | outcome | last_values(history) | first_spectrum(history) | where


def write_parquet(tables: Tables, folder: Path) -> list[Path]:
    """Write epochs.parquet and points.parquet, each in one piece; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in tables._asdict().items():
        path = folder / f"{name}.parquet"
        unfinished = path.with_suffix(".part")
        pq.write_table(table, unfinished)
        os.replace(unfinished, path)
        paths.append(path)
    return paths
