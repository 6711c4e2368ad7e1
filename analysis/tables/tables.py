"""The two tables that an analysis starts from: their columns, units and order."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from analysis.tables.columns import described
from trainables.config import TrialConfig
from trainables.probes import default_pair
from trainables.records import HISTORY_SCHEMA, JACOBIAN_FIELDS

SHARED = ("dataset", "architecture", "width", "depth", "seed", "initializer")
"""Fields of the config that stand in every epoch row."""

_ARROW = {bool: pa.bool_(), int: pa.int64(), float: pa.float64(), str: pa.string()}
_CONFIG = {name: _ARROW[type(value)] for name, value in TrialConfig().flat().items()}

EPOCHS = described(
    [
        ("sweep", pa.string()),
        ("point_id", pa.string()),
        *((name, _CONFIG[name]) for name in SHARED),
        *(
            HISTORY_SCHEMA.field(name)
            for name in (
                "epoch",
                "pair",
                "mutual_information_bits",
                "mutual_information_balanced_bits",
                "scale_ratio",
                "test_error",
                "test_loss",
                "train_loss",
                "train_seconds",
                "measure_seconds",
                "timestamp",
            )
        ),
    ]
)
"""epochs.parquet: one row per (point, epoch, pair); MI in bits, null where it was not measured."""

ATTEMPT_TIMES = pa.list_(
    pa.struct(
        [(name, pa.string()) for name in ("started", "ended", "host", "device", "failure_kind")]
        + [("process", pa.int64())]
    )
)
"""Each attempt at a point: when it started and ended (ISO 8601, UTC; null while it runs) and in which process."""

POINTS = described(
    [
        ("sweep", pa.string()),
        ("point_id", pa.string()),
        ("config_id", pa.string()),
        *_CONFIG.items(),
        ("state", pa.string()),
        ("attempts", pa.int64()),
        ("epochs_done", pa.int64()),
        ("final_test_error", pa.float64()),
        ("final_mutual_information_bits", pa.float64()),
        ("mi_ceiling_bits", pa.float64()),
        ("mi_null_bits", pa.float64()),
        ("mi_standard_error_bits", pa.float64()),
        *((name, pa.float64()) for name in JACOBIAN_FIELDS),
        ("wall_seconds", pa.float64()),
        ("device", pa.string()),
        ("host", pa.string()),
        ("backend", pa.string()),
        ("git_commit", pa.string()),
        ("failure_kind", pa.string()),
        ("failure_message", pa.string()),
        ("attempt_times", ATTEMPT_TIMES),
    ]
)
"""points.parquet: one row per point of the spec, in any state; its MI is that of the default pair.

Its Jacobian is that of the last hidden layer in the untrained network, null where the pairs of the input and each layer
were not measured.
"""


class Tables(NamedTuple):
    """The epochs and the points of one sweep."""

    epochs: pa.Table
    points: pa.Table


def epoch_rows(sweep: str, point_id: str, config: Mapping[str, Any], history: pa.Table) -> pa.Table:
    """A history with the columns that its rows share, in the columns of `EPOCHS`."""
    shared = {"sweep": sweep, "point_id": point_id} | {name: config[name] for name in SHARED}
    columns = [
        pa.repeat(pa.scalar(shared[field.name], field.type), len(history))
        if field.name in shared
        else history[field.name]
        for field in EPOCHS
    ]
    return pa.table(columns, schema=EPOCHS)


def last_values(history: pa.Table) -> dict[str, float | None]:
    """Of the last epoch and the default pair: error, MI, and how far to trust it; nothing for an empty history."""
    if not len(history):
        return {}
    is_shown = pa.compute.equal(history["pair"], default_pair(history["pair"].unique().to_pylist()))
    last = history.slice(int(is_shown.to_numpy().nonzero()[0][-1]), 1).to_pylist()[0]
    names = ("mi_ceiling_bits", "mi_null_bits", "mi_standard_error_bits")
    return {
        "epochs_done": last["epoch"],
        "final_test_error": last["test_error"],
        "final_mutual_information_bits": last["mutual_information_bits"],
    } | {name: last[name] for name in names}


def first_spectrum(history: pa.Table) -> dict[str, float | None]:
    """Of the untrained network: the singular values of the last layer that is paired with the input, if any is."""
    rows = history.filter(pa.compute.equal(history["epoch"], 0)).select(["pair", *JACOBIAN_FIELDS]).to_pylist()
    by_pair = {row.pop("pair"): row for row in rows}
    layers = [name for name in by_pair if name.startswith("input-")]
    return by_pair[max(layers, key=lambda name: int(name.removeprefix("input-")))] if layers else {}


def assemble(histories: Sequence[pa.Table], points: Sequence[Mapping[str, Any]]) -> Tables:
    """One table of all epoch rows and one of all point rows; a column that a point lacks is null."""
    epochs = pa.concat_tables(histories) if histories else EPOCHS.empty_table()
    return Tables(epochs, pa.Table.from_pylist([dict(row) for row in points], schema=POINTS))
