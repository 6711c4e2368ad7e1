"""Collect a sweep from MLflow instead of the store."""

import json
import math
import sys
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from analysis.tables.mlflow_access import experiment, runs
from analysis.tables.tables import POINTS, Tables, assemble, epoch_rows, first_spectrum, last_values
from sweep.errors import UsageError
from trainables.probes import default_pair
from trainables.records import HISTORY_SCHEMA, JACOBIAN_FIELDS, metric_name

TAG_LENGTH = 4000
_EPOCH_FIELDS = ("test_error", "test_loss", "train_loss", "train_seconds", "measure_seconds")
_SUMMARY_FIELDS = (
    "attempts",
    "epochs_done",
    "wall_seconds",
    "mi_ceiling_bits",
    "mi_null_bits",
    "mi_standard_error_bits",
)
_PLAIN = ("mutual_information_bits", "mutual_information_balanced_bits")
"""Of the default pair these are metrics without a pair in their name."""
_PAIR_FIELDS = (*_PLAIN, "scale_ratio", *JACOBIAN_FIELDS)


def from_mlflow(tracking_uri: str, sweep: str, store_id: str = "") -> Tables:
    """The tables of a sweep as MLflow mirrors it: points that never started have no run and so no row.

    store_id: of the store whose runs are meant, where several stores have mirrored sweeps of that name.

    Raises:
        UsageError: when MLflow has no experiment of that name, or runs of several stores but none of the one that is
            meant, or the address is not that of an MLflow.
    """
    histories, rows = [], []
    with experiment(tracking_uri, sweep) as (client, experiment_id):
        of_points = _of_one_store(list(runs(client, experiment_id, "tags.point_id != ''")), sweep, store_id)
        for run in sorted(of_points, key=lambda run: run.data.tags["point_id"]):
            history, config = _history(client, run), _config(run.data.params)
            histories.append(epoch_rows(sweep, run.data.tags["point_id"], config, history))
            measured = last_values(history) | first_spectrum(history)
            rows.append(config | {"sweep": sweep} | measured | _outcome(run))
    return assemble(histories, rows)


def _of_one_store(of_points: list[Any], sweep: str, store_id: str) -> list[Any]:
    stores = {run.data.tags.get("store_id", "") for run in of_points}
    if len(stores) < 2:
        return of_points
    if store_id not in stores:
        raise UsageError(
            f"experiment {sweep} holds runs of {len(stores)} stores, and none is of the store given",
            next="the same with --store, the folder or bucket whose runs are meant",
        )
    return [run for run in of_points if run.data.tags.get("store_id", "") == store_id]


def _history(client: Any, run: Any) -> pa.Table:
    """One row per (epoch, pair), as the store keeps it."""
    pairs = _pairs(run)
    default = default_pair(pairs) if pairs else ""
    by_field = {name: _by_step(client, run, metric_name(name)) for name in _EPOCH_FIELDS}
    metrics = {
        (pair, name): metric_name(name, None if pair == default and name in _PLAIN else pair)
        for pair in pairs
        for name in _PAIR_FIELDS
    }
    measured = {of: _by_step(client, run, name) for of, name in metrics.items() if name in run.data.metrics}
    rows = [
        {"epoch": step, "pair": pair, "timestamp": datetime.fromtimestamp(first.timestamp / 1000, UTC)}
        | {name: _finite_or_not(steps[step].value) for name, steps in by_field.items() if step in steps}
        | {name: steps[step].value for (of, name), steps in measured.items() if of == pair and step in steps}
        for step, first in sorted(by_field["test_error"].items())
        for pair in pairs
    ]
    return pa.Table.from_pylist(rows, schema=HISTORY_SCHEMA)


def _finite_or_not(value: float) -> float:
    """The value that was logged: MLflow's databases keep infinities as the largest floats."""
    return math.copysign(math.inf, value) if abs(value) == sys.float_info.max else value


def _pairs(run: Any) -> list[str]:
    """The pairs in the order of the config; from the metrics where their list was too long for a tag."""
    listed = run.data.tags.get("pairs", "")
    if 0 < len(listed) < TAG_LENGTH:
        return list(listed.split())
    measured = {name.partition(".")[2] for name in run.data.metrics if name.startswith(_PLAIN)}
    return sorted({*measured, run.data.tags.get("default_pair", "")} - {""})


def _by_step(client: Any, run: Any, metric: str) -> dict[int, Any]:
    return {entry.step: entry for entry in client.get_metric_history(run.info.run_id, metric)}


def _config(params: dict[str, str]) -> dict[str, Any]:
    return {name: _parse(POINTS.field(name).type, text) for name, text in params.items() if name in POINTS.names}


def _parse(kind: pa.DataType, text: str) -> Any:
    if pa.types.is_boolean(kind):
        return text == "True"
    if pa.types.is_list(kind):
        return json.loads(text)
    return int(float(text)) if pa.types.is_integer(kind) else float(text) if pa.types.is_floating(kind) else text


def _outcome(run: Any) -> dict[str, Any]:
    """State, failure, provenance, and the numbers of the whole point, which older mirrors have as tags."""
    names = set(POINTS.names) - {"sweep"}
    tags = {name.removeprefix("mlflow.sweep."): text for name, text in run.data.tags.items()}
    texts = {name: text for name, text in tags.items() if name in names and text not in ("", "null")}
    numbers = {name: str(run.data.metrics[name]) for name in _SUMMARY_FIELDS if name in run.data.metrics}
    return {name: _parse(POINTS.field(name).type, text) for name, text in (texts | numbers).items()}
