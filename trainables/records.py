"""LEAF. What a trial leaves behind: epoch records, the result of a point, a failure, and their Arrow schema."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

RECORD_VERSION = 1
"""Version of everything written to the store; raised when older stores need another reader."""


@dataclass(frozen=True)
class PairRecord:
    """One measured pair of layers at one epoch. MI in bits; `reason` says why a value is missing.

    The mi_ fields say how far to trust the value, at the first and the last epoch, as in information.Credibility:
    mi_half_n_bits and mi_quarter_n_bits are values of N/2 and N/4 samples, mi_k1_bits and its like of other k.

    The jacobian_ fields, at the same epochs and of pairs with the input alone, are mean and standard deviation of the
    squared singular values of the layer's Jacobian, as in jacobian.Isometry.
    """

    pair: str
    mutual_information_bits: float | None = None
    mutual_information_balanced_bits: float | None = None
    scale_ratio: float | None = None
    reason: str | None = None
    mi_ceiling_bits: float | None = None
    mi_null_bits: float | None = None
    mi_standard_error_bits: float | None = None
    mi_half_n_bits: float | None = None
    mi_quarter_n_bits: float | None = None
    mi_k1_bits: float | None = None
    mi_k5_bits: float | None = None
    mi_k10_bits: float | None = None
    mi_noise_spread_bits: float | None = None
    mi_tied_share: float | None = None
    mi_duplicate_share: float | None = None
    mi_saturated_share: float | None = None
    jacobian_mean_squared_singular_value: float | None = None
    jacobian_spread_squared_singular_value: float | None = None


@dataclass(frozen=True)
class MeasureRecord:
    """One value of a measure, of a pair of layers or of a layer, at one epoch; `reason` says why it is missing.

    scale: what a measure of a pair is in units of; noise: the standard deviation that belongs to a channel. lower and
    upper are bounds, ceiling the most that so many samples can give; seconds is what it took.
    """

    measure: str
    value: float | None
    unit: str
    pair: str | None = None
    layer: str | None = None
    scale: str | None = None
    noise: float | None = None
    standard_error: float | None = None
    lower: float | None = None
    upper: float | None = None
    ceiling: float | None = None
    saturated: bool | None = None
    seconds: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class EpochRecord:
    """One epoch: epoch 0 is the untrained network; `train_loss` is that of the step that led here, on its batch.

    `measure_seconds` went into the evaluation and the values of MI; `credibility_seconds`, at the first and the last
    epoch, into finding out how far to trust them, and into the Jacobians. `measures` are those beside KSG.
    """

    epoch: int
    test_error: float
    test_loss: float
    train_loss: float | None
    train_seconds: float
    measure_seconds: float
    timestamp: datetime
    pairs: tuple[PairRecord, ...]
    credibility_seconds: float | None = None
    measures: tuple[MeasureRecord, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why an attempt ended without a result."""

    kind: str
    message: str
    traceback: str = ""


Outcome = Literal["finished", "diverged"]


@dataclass(frozen=True)
class PointResult:
    """A point that is done: its canonical config, how it ended, where it ran and its whole history as Arrow bytes."""

    config: str
    outcome: Outcome
    attempt: int
    wall_seconds: float
    provenance: dict[str, Any]
    history_arrow: bytes


_SCALARS = ("test_error", "test_loss", "train_loss", "train_seconds", "measure_seconds", "credibility_seconds")
JACOBIAN_FIELDS = ("jacobian_mean_squared_singular_value", "jacobian_spread_squared_singular_value")
_METRIC_NAMES = {f"{name}_seconds": f"seconds.{name}" for name in ("train", "measure", "credibility")}
_PAIR_FIELDS = tuple(name for name in PairRecord.__dataclass_fields__ if name != "pair")

_WORDS = ("measure", "unit", "pair", "layer", "scale", "reason")
MEASURE_TYPE = pa.struct(
    [
        (name, pa.string() if name in _WORDS else pa.bool_() if name == "saturated" else pa.float64())
        for name in MeasureRecord.__dataclass_fields__
    ]
)

HISTORY_SCHEMA = pa.schema(
    [
        ("epoch", pa.int32()),
        ("pair", pa.string()),
        *((name, pa.string() if name == "reason" else pa.float64()) for name in _PAIR_FIELDS),
        *((name, pa.float64()) for name in _SCALARS),
        ("timestamp", pa.timestamp("ms", tz="UTC")),
        ("measures", pa.list_(MEASURE_TYPE)),
    ]
)
"""One row per (epoch, pair): how histories are stored. The first row of an epoch has its other measures."""


def now() -> datetime:
    """The present in UTC, cut to the milliseconds that tables and trackers keep."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def history_to_arrow(history: Iterable[EpochRecord]) -> bytes:
    """Arrow IPC bytes of a history, one row per (epoch, pair)."""
    rows = [
        asdict(pair)
        | {name: getattr(record, name) for name in ("epoch", "timestamp", *_SCALARS)}
        | {
            "measures": [asdict(one) for one in record.measures]
            if record.measures and pair is record.pairs[0]
            else None
        }
        for record in history
        for pair in record.pairs
    ]
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, HISTORY_SCHEMA) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema=HISTORY_SCHEMA))
    return sink.getvalue().to_pybytes()


def arrow_to_table(data: bytes) -> pa.Table:
    """The Arrow table, of `HISTORY_SCHEMA`, in the bytes of a history; a column that older ones lack is null."""
    table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
    if table.schema == HISTORY_SCHEMA:
        return table
    columns = [
        table[column.name] if column.name in table.column_names else pa.nulls(len(table), column.type)
        for column in HISTORY_SCHEMA
    ]
    return pa.table(columns, schema=HISTORY_SCHEMA)


SETTLED = 2
"""The first epochs compile; what an epoch takes is told by those from this one on."""


@dataclass(frozen=True)
class HistorySummary:
    """Of a history: its last epoch, when that was recorded (s since 1970), and the seconds a settled epoch took."""

    last_epoch: int
    moment: float
    seconds_per_epoch: float | None


def summarize(data: bytes) -> HistorySummary | None:
    """The summary of the history in Arrow IPC bytes; None when it has no epoch."""
    table = arrow_to_table(data)
    if not len(table):
        return None
    last, moment = table["epoch"][-1].as_py(), table["timestamp"][-1].as_py().timestamp()
    table = table.filter(pc.equal(table["pair"], table["pair"][0]))
    table = table.filter(pc.greater_equal(table["epoch"], SETTLED))
    seconds = pc.sum(pc.add(table["train_seconds"], table["measure_seconds"])).as_py()
    return HistorySummary(last, moment, None if seconds is None else seconds / len(table))


def history_from_arrow(data: bytes) -> tuple[EpochRecord, ...]:
    """The history in Arrow IPC bytes; the inverse of `history_to_arrow`."""
    rows = arrow_to_table(data).to_pylist()
    return tuple(_epoch_record(list(group)) for _, group in groupby(rows, key=lambda row: row["epoch"]))


def _epoch_record(rows: Sequence[dict[str, Any]]) -> EpochRecord:
    pairs = tuple(PairRecord(row["pair"], **{name: row[name] for name in _PAIR_FIELDS}) for row in rows)
    shared = {name: rows[0][name] for name in ("epoch", "timestamp", *_SCALARS)}
    measures = tuple(MeasureRecord(**one) for one in rows[0]["measures"] or ())
    return EpochRecord(pairs=pairs, measures=measures, **shared)


def metric_name(field: str, pair: str | None = None) -> str:
    """Under which name trackers know a field, of a pair or of the epoch; sorted, what matters most comes first."""
    name = _METRIC_NAMES.get(field, field)
    return name if pair is None else f"{name}.{pair}"
