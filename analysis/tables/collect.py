"""Collect a sweep from the store: every point as it is known now, its epochs and its row."""

from typing import Any, NamedTuple

import pyarrow as pa

from analysis.tables.tables import Tables, assemble, epoch_rows, first_spectrum, last_values
from sweep.store import PointState, Store
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, arrow_to_table


class Collected(NamedTuple):
    """What the tables hold of one point: its rows of `EPOCHS`, and its row of `POINTS`."""

    epochs: pa.Table
    row: dict[str, Any]


def from_store(store: Store, sweep: str) -> Tables:
    """The tables of a sweep, of what is committed now; raises as `Store.spec`."""
    points = store.spec(sweep).points
    known = store.states_of(points, store.marks())
    collected = [collect(sweep, *one) for one in zip(points, known, strict=True)]
    return assemble([one.epochs for one in collected], [one.row for one in collected])


def collect(sweep: str, point: TrialConfig, known: PointState) -> Collected:
    """What the tables hold of a point of which this is known."""
    history = arrow_to_table(known.history_arrow) if known.history_arrow else HISTORY_SCHEMA.empty_table()
    epochs = epoch_rows(sweep, point.point_id, point.flat(), history)
    return Collected(epochs, _point_row(sweep, point, known, history))


def _point_row(sweep: str, point: TrialConfig, known: PointState, history: pa.Table) -> dict[str, Any]:
    identity = {"sweep": sweep, "point_id": point.point_id, "config_id": point.config_id}
    result, failure = known.result, known.failure
    outcome = {
        "state": str(known.state),
        "attempts": len(known.attempts),
        "epochs_done": 0,
        "wall_seconds": result.wall_seconds if result else None,
        "failure_kind": failure.kind if failure else None,
        "failure_message": failure.message if failure else None,
        "attempt_times": [attempt.times for attempt in known.attempts],
    }
    where = {name: known.provenance.get(name) for name in ("device", "host", "backend", "git_commit")}
    return identity | point.flat() | outcome | last_values(history) | first_spectrum(history) | where
