"""The long table of everything that was measured: one row for each point, epoch, pair or layer, measure and scale."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa

from analysis.quantities import CEILINGS, LABEL_BITS, OF_LAYERS, OTHER_MEASURES, layer_row
from analysis.tables.columns import described
from sweep.store import PointState, Store
from trainables.config import TrialConfig
from trainables.records import EpochRecord, MeasureRecord, PairRecord

MeasuredValue = tuple[str, int, str, str, float | None, float | None]
"""point_id, epoch, pair, measure, value and ceiling in bits."""

LayerValue = tuple[str, int, str, str, float]
"""point_id, epoch, layer, quantity and value."""

MEASURES = described(
    [
        ("sweep", pa.string()),
        ("point_id", pa.string()),
        ("frozen", pa.bool_()),
        ("epoch", pa.int64()),
        ("pair", pa.string()),
        ("layer", pa.string()),
        ("measure", pa.string()),
        ("scale", pa.string()),
        ("noise", pa.float64()),
        ("value", pa.float64()),
        ("unit", pa.string()),
        ("standard_error", pa.float64()),
        ("lower", pa.float64()),
        ("upper", pa.float64()),
        ("ceiling", pa.float64()),
        ("saturated", pa.bool_()),
        ("seconds", pa.float64()),
        ("reason", pa.string()),
    ]
)
"""measures.parquet; KSG's values, which have columns of their own in epochs.parquet, are rows here too."""


def measure_rows(sweep: str, point: TrialConfig, state: PointState) -> pa.Table:
    """The rows of a point, in the order of epochs."""
    identity = {"sweep": sweep, "point_id": point.point_id, "frozen": point.frozen}
    rows = [
        identity | {"epoch": record.epoch} | values for record in state.history for values in _of_epoch(point, record)
    ]
    return pa.Table.from_pylist(rows, schema=MEASURES)


def measured_values(points: Iterable[tuple[TrialConfig, PointState]]) -> list[MeasuredValue]:
    """What measures beside KSG say of pairs, in bits, of the points that have any."""
    return [
        (point_id, epoch, one.pair, name, one.value, one.ceiling)
        for point_id, epoch, one in _with_value(points)
        if one.pair is not None and (name := other_measure(one.measure, one.scale)) in OTHER_MEASURES
    ]


def layer_values(points: Iterable[tuple[TrialConfig, PointState]]) -> list[LayerValue]:
    """What is measured of single layers, of the quantities of `OF_LAYERS`, of the points that have any."""
    return [
        (point_id, epoch, one.layer, name, one.value)
        for point_id, epoch, one in _with_value(points)
        if one.layer is not None and one.value is not None and (name := of_layer(one.measure, one.pair)) in OF_LAYERS
    ]


def _with_value(points: Iterable[tuple[TrialConfig, PointState]]) -> Iterator[tuple[str, int, MeasureRecord]]:
    """(point_id, epoch, record) of all that is measured beside KSG and has a value."""
    for point, state in points:
        for record in state.history if point.measure.measures else ():
            for one in record.measures:
                if one.value is not None:
                    yield point.point_id, record.epoch, one


def of_layer(measure: str, pair: str | None) -> str:
    """The name of a quantity of a single layer: the exact channel to the class is one."""
    return LABEL_BITS if measure == "channel" and str(pair).endswith("-label") else measure


def with_layers(epochs: pd.DataFrame, values: Sequence[LayerValue]) -> pd.DataFrame:
    """The epochs, after them a row for each layer, in whose columns of `OF_LAYERS` these values are."""
    rows = pd.DataFrame(values, columns=["point_id", "epoch", "pair", "measure", "value"])
    if rows.empty:
        return epochs
    rows["pair"] = rows["pair"].map(layer_row)
    wide = rows.pivot_table("value", ["point_id", "epoch", "pair"], "measure", sort=False).reset_index()
    return pd.concat([epochs, wide.astype({name: epochs[name].dtype for name in ("point_id", "epoch", "pair")})])


def other_measure(measure: str, scale: str | None) -> str:
    """The name of a measure beside KSG's two of the paper: KSG of ranks is one of its own."""
    return "rank" if (measure, scale) == ("ksg", "rank") else measure


def kept_values(store: Store, sweep: str) -> list[MeasuredValue]:
    """`measured_values` of the points of a sweep that has any."""
    return measured_values(measuring(store, sweep))


def measuring(store: Store, sweep: str) -> list[tuple[TrialConfig, PointState]]:
    """The points of a sweep that measure more than KSG."""
    points = [point for point in store.spec(sweep).points if point.measure.measures]
    return list(zip(points, store.states_of(points), strict=True))


def with_measures(epochs: pd.DataFrame, values: Sequence[MeasuredValue]) -> pd.DataFrame:
    """The epochs, and for each of these measures the columns of `OTHER_MEASURES` and `CEILINGS`, NaN for nothing."""
    keys = ["point_id", "epoch", "pair"]
    rows = pd.DataFrame(values, columns=[*keys, "measure", "value", "ceiling"])
    rows = rows.astype({name: epochs[name].dtype for name in keys})
    for measure, of_measure in rows.groupby("measure"):
        column = OTHER_MEASURES[str(measure)]
        named = of_measure.rename(columns={"value": column, "ceiling": CEILINGS[column]}).drop(columns="measure")
        named = named.astype({column: float, CEILINGS[column]: float})
        epochs = epochs.merge(named, on=keys, how="left", validate="one_to_one")
    return epochs


def _of_epoch(point: TrialConfig, record: EpochRecord) -> Iterator[dict[str, object]]:
    for pair in record.pairs:
        yield from _of_pair(point, pair)
    for one in record.measures:
        yield vars(one)


def _of_pair(point: TrialConfig, pair: PairRecord) -> Iterator[dict[str, object]]:
    is_with_label = pair.pair.endswith("-label")
    shared: dict[str, object] = {
        "pair": pair.pair,
        "measure": "ross" if is_with_label else point.measure.estimator,
        "noise": point.channel_noise or None,
        "unit": "bits",
        "ceiling": pair.mi_ceiling_bits,
        "reason": pair.reason,
    }
    values = {"none": pair.mutual_information_bits, "balanced": pair.mutual_information_balanced_bits}
    measured = {scale: value for scale, value in values.items() if value is not None}
    examined = next(iter(measured), None)  # the first scale is the one whose error is found
    for scale, value in measured.items():
        error = pair.mi_standard_error_bits if scale == examined and not is_with_label else None
        yield shared | {"scale": scale, "value": value, "standard_error": error}
    if not measured and pair.reason:
        yield shared
