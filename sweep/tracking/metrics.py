"""The values that are logged of a point: metrics by epoch, and tags."""

import json
from collections.abc import Iterable

from sweep.store import PointState
from trainables.config import TrialConfig
from trainables.probes import default_pair
from trainables.records import JACOBIAN_FIELDS, EpochRecord, metric_name

TAG_LENGTH = 4000
EPOCH_FIELDS = ("test_loss", "train_loss", "train_seconds", "measure_seconds", "credibility_seconds")
MI_FIELDS = ("mutual_information_bits", "mutual_information_balanced_bits")
TRUST_FIELDS = ("mi_ceiling_bits", "mi_null_bits", "mi_standard_error_bits")
LAST_METRIC = "test_error"
"""Logged last of its epoch, so that an epoch that has it is complete."""

MetricValue = tuple[str, float, int, int]
"""Name, value, moment in milliseconds, epoch."""


def metrics(record: EpochRecord) -> list[MetricValue]:
    """The metrics of one epoch; values that are absent are not logged."""
    default = default_pair([pair.pair for pair in record.pairs])
    values = {metric_name(field): getattr(record, field) for field in EPOCH_FIELDS}
    for pair in record.pairs:
        for field in (*MI_FIELDS, "scale_ratio", *JACOBIAN_FIELDS):
            values[metric_name(field, pair.pair)] = getattr(pair, field)
        if pair.pair == default:
            values |= {metric_name(field): getattr(pair, field) for field in MI_FIELDS}
    values[LAST_METRIC] = record.test_error
    moment = milliseconds(record)
    return [(name, value, moment, record.epoch) for name, value in values.items() if value is not None]


def batches(history: Iterable[EpochRecord], size: int) -> list[list[MetricValue]]:
    """The metrics in batches of at most that size; an epoch is split only where it alone is larger."""
    filled: list[list[MetricValue]] = [[]]
    for record in history:
        rest = metrics(record)
        if filled[-1] and len(filled[-1]) + len(rest) > size:
            filled.append([])
        while len(rest) > size:
            filled[-1:] = [rest[:size], []]
            rest = rest[size:]
        filled[-1].extend(rest)
    return [batch for batch in filled if batch]


def tags(sweep: str, point: TrialConfig, state: PointState) -> dict[str, str]:
    """Identity, state and provenance."""
    failure = state.failure
    values = {
        "sweep": sweep,
        "config_id": point.config_id,
        **marks(state),
        "attempts": str(len(state.attempts)),
        "pairs": " ".join(pair.pair for record in state.history[:1] for pair in record.pairs)[:TAG_LENGTH],
        "wall_seconds": str(state.result.wall_seconds) if state.result else "",
        "failure_kind": failure.kind if failure else "",
        "failure_message": failure.message[:TAG_LENGTH] if failure else "",
    }
    if state.history:
        by_name = {pair.pair: pair for pair in state.history[-1].pairs}
        final = by_name[default_pair(list(by_name))]
        values |= {field: repr(value) for field in TRUST_FIELDS if (value := getattr(final, field)) is not None}
    times = json.dumps([attempt.times for attempt in state.attempts])
    values["attempt_times"] = times if len(times) <= TAG_LENGTH else ""
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in state.provenance.items()}
    return values | {key: text[:TAG_LENGTH] for key, text in texts.items()}


def marks(state: PointState) -> dict[str, str]:
    """The tags that say how much was mirrored; they are written last, after everything else has arrived."""
    return {"state": str(state.state), "epochs_done": str(state.epochs_done)}


def milliseconds(record: EpochRecord) -> int:
    """When the epoch was recorded, in milliseconds since 1970."""
    return int(record.timestamp.timestamp() * 1000)
