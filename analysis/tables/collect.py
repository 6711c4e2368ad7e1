"""Collect a sweep from the store: the epochs and the row of every point in its current state."""

from collections.abc import Collection
from typing import Any, NamedTuple

import pyarrow as pa

from analysis.tables.tables import Tables, assemble, epoch_rows, first_spectrum, last_values
from sweep.store import PointState, Store, running
from trainables.config import TrialConfig
from trainables.records import HISTORY_SCHEMA, arrow_to_table


class Collected(NamedTuple):
    """The rows of one point: those of `EPOCHS`, and the one of `POINTS`."""

    epochs: pa.Table
    row: dict[str, Any]


def from_store(store: Store, sweep: str) -> Tables:
    """The tables of a sweep, of what is committed now; raises as `Store.spec`."""
    points, at_work = store.spec(sweep).points, running(store, sweep)
    states = store.states_of(points, store.marks())
    collected = [collect(sweep, point, state, at_work) for point, state in zip(points, states, strict=True)]
    return assemble([each.epochs for each in collected], [each.row for each in collected])


def collect(sweep: str, point: TrialConfig, state: PointState, at_work: Collection[str] = ()) -> Collected:
    """The rows of the tables for a point in this state; `at_work` are the points that a live driver is running."""
    history = arrow_to_table(state.history_arrow) if state.history_arrow else HISTORY_SCHEMA.empty_table()
    epochs = epoch_rows(sweep, point.point_id, point.flat(), history)
    name = "running" if point.point_id in at_work and not state.state.is_done else str(state.state)
    return Collected(epochs, _point_row(sweep, point, state, history) | {"state": name})


def _point_row(sweep: str, point: TrialConfig, state: PointState, history: pa.Table) -> dict[str, Any]:
    identity = {"sweep": sweep, "point_id": point.point_id, "config_id": point.config_id}
    result, failure = state.result, state.failure
    outcome = {
        "attempts": len(state.attempts),
        "epochs_done": 0,
        "wall_seconds": result.wall_seconds if result else None,
        "failure_kind": failure.kind if failure else None,
        "failure_message": failure.message if failure else None,
        "attempt_times": [attempt.times for attempt in state.attempts],
    }
    where = {name: state.provenance.get(name) for name in ("device", "host", "backend", "git_commit")}
    return identity | point.flat() | outcome | last_values(history) | first_spectrum(history) | where
