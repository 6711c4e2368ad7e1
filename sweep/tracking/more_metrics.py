"""The metrics of what is measured beside KSG, under short names, and no more of them than a run's page bears."""

from collections.abc import Iterable

from trainables.records import EpochRecord, MeasureRecord

MOST_METRICS = 30
"""Of a run, by default; the pairs of a spec may ask for more of them."""

PER_EPOCH, PER_PAIR = 6, 3
"""Metrics that every epoch has, and every pair."""

OF_A_LAYER = {
    "participation_ratio": "dim/participation",
    "twonn_dimension": "dim/twonn",
    "mean_squared_activation": "norm",
    "saturated_share": "saturation",
    "gradient_signal_to_noise": "gradient/snr",
    "isometry_deviation": "jacobian/isometry_deviation",
    "mean_squared_singular_value": "jacobian/mean_square",
}


def metric_name(one: MeasureRecord) -> str | None:
    """As in `mi/channel/input-5` and `dim/twonn/3`; None for what is in the tables alone."""
    if one.pair:
        return f"mi/{one.scale if one.measure == 'ksg' else one.measure}/{one.pair}"
    return f"{OF_A_LAYER[one.measure]}/{one.layer}" if one.measure in OF_A_LAYER else None


def chosen(record: EpochRecord) -> dict[str, float | None]:
    """The values of an epoch by their metric, as many as there is room for beside its pairs."""
    return dict(list(_by_name(record).items())[: _room(record)])


def left_out(history: Iterable[EpochRecord]) -> list[str]:
    """The metrics for which there is no room."""
    found: dict[str, None] = {}
    for record in history:
        if record.measures:
            found |= dict.fromkeys(list(_by_name(record))[_room(record) :])
    return list(found)


def _by_name(record: EpochRecord) -> dict[str, float | None]:
    return {name: one.value for one in record.measures if (name := metric_name(one))}


def _room(record: EpochRecord) -> int:
    return max(0, MOST_METRICS - PER_EPOCH - PER_PAIR * len(record.pairs))
