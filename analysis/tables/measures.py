"""The long table of everything that was measured: one row for each point, epoch, pair or layer, measure and scale."""

from collections.abc import Iterable, Iterator, Sequence

import pandas as pd
import pyarrow as pa

from analysis.quantities import CHANNEL_BITS
from analysis.tables.columns import described
from sweep.store import PointState
from trainables.config import TrialConfig
from trainables.records import EpochRecord, PairRecord

ChannelValue = tuple[str, int, str | None, float | None]

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


def channel_values(points: Iterable[tuple[TrialConfig, PointState]]) -> list[ChannelValue]:
    """What the exact channel says of the points that measure it: point_id, epoch, pair, bits or None."""
    return [
        (point.point_id, record.epoch, one.pair, one.value)
        for point, state in points
        if "channel" in point.measure.measures
        for record in state.history
        for one in record.measures
        if one.measure == "channel"
    ]


def with_channel(epochs: pd.DataFrame, values: Sequence[ChannelValue]) -> pd.DataFrame:
    """The epochs, and in column `channel_bits` what the exact channel says of the same pair, in bits, NaN for nothing.

    As they are where there are no such values.
    """
    if not values:
        return epochs
    keys = ["point_id", "epoch", "pair"]
    channel = pd.DataFrame(values, columns=[*keys, CHANNEL_BITS]).astype({name: epochs[name].dtype for name in keys})
    return epochs.merge(channel, on=keys, how="left", validate="one_to_one").astype({CHANNEL_BITS: float})


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
