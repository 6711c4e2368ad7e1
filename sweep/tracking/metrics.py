"""The values that are logged of a point: metrics by epoch, and tags."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime

from sweep.store import PointState
from sweep.tracking import more_metrics
from trainables.config import TrialConfig
from trainables.probes import default_pair
from trainables.records import JACOBIAN_FIELDS, EpochRecord, metric_name

TAG_LENGTH = 4000
EPOCH_FIELDS = ("test_loss", "train_loss", "train_seconds", "measure_seconds", "credibility_seconds")
MI_FIELDS = ("mutual_information_bits", "mutual_information_balanced_bits")
TRUST_FIELDS = ("mi_ceiling_bits", "mi_null_bits", "mi_standard_error_bits")
WALL_SECONDS = "wall_seconds"
NOTE_LENGTH = 500
ATTEMPT_TIMES = "mlflow.sweep.attempt_times"
"""For `export --from-mlflow`; MLflow's UI does not show tags whose name begins so."""
DEFAULT_PAIR = "default_pair"
"""The tag that names the pair of the metrics without a pair in their name."""
MARKS = ("state", "mlflow.sweep.mirrored")
"""The tags that say how much was mirrored; the second, of epochs and attempts, is for the mirror alone, and hidden."""
NUMBERS_ONCE_TAGS = ("attempts", "epochs_done", "cpus", "threads")
"""Metrics that older mirrors have as tags."""
NOT_TAGS = frozenset({"pid", "sweep", "session", "run"})
LAST_METRIC = "test_error"
"""Logged last of its epoch, so that an epoch that has it is complete."""

MetricValue = tuple[str, float, int, int]
"""Name, value, moment in milliseconds, epoch."""


def metrics(record: EpochRecord) -> list[MetricValue]:
    """The metrics of one epoch; values that are absent are not logged.

    The MI of the default pair has the plain name alone, so that a run has no two charts of the same numbers.
    """
    default = default_pair([pair.pair for pair in record.pairs])
    values = {metric_name(field): getattr(record, field) for field in EPOCH_FIELDS}
    for pair in record.pairs:
        of_pair = None if pair.pair == default else pair.pair
        values |= {metric_name(field, of_pair): getattr(pair, field) for field in MI_FIELDS}
        values |= {metric_name(field, pair.pair): getattr(pair, field) for field in ("scale_ratio", *JACOBIAN_FIELDS)}
    values |= more_metrics.chosen(record)
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


def summary(state: PointState) -> list[MetricValue]:
    """Numbers of the point as a whole, as metrics of its last epoch: how far it is, where, and how far to trust its MI.

    Before its first epoch they are of epoch 0, and of the moment at which its last attempt started, or 0 if unknown.
    """
    values: dict[str, float | None] = {"epochs_done": state.epochs_done, "attempts": len(state.attempts)}
    values |= {key: value for key, value in state.provenance.items() if _is_number(value) and key not in NOT_TAGS}
    if state.history:
        last = state.history[-1]
        by_name = {pair.pair: pair for pair in last.pairs}
        final = by_name[default_pair(list(by_name))]
        values |= {field: getattr(final, field) for field in TRUST_FIELDS}
        values[WALL_SECONDS] = state.result.wall_seconds if state.result else None
        moment, epoch = milliseconds(last), last.epoch
    else:
        started = state.attempts[-1].started if state.attempts else ""
        moment, epoch = int(datetime.fromisoformat(started).timestamp() * 1000) if started else 0, 0
    return [(name, value, moment, epoch) for name, value in values.items() if value is not None]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def tags(sweep: str, point: TrialConfig, state: PointState) -> dict[str, str]:
    """Identity, state and provenance: what is text, as numbers are metrics.

    Without empty ones, but for a failure that may have been written before.
    """
    failure, has_failed = state.failure, any(attempt.failure for attempt in state.attempts)
    values = {"sweep": sweep, "config_id": point.config_id, **marks(state)}
    if names := [pair.pair for record in state.history[:1] for pair in record.pairs]:
        values |= {"pairs": " ".join(names)[:TAG_LENGTH], DEFAULT_PAIR: default_pair(names)}
    if has_failed:
        values["failure_kind"] = failure.kind if failure else ""
        values["failure_message"] = failure.message[:TAG_LENGTH] if failure else ""
    if left_out := more_metrics.left_out(state.history):
        values["metrics_left_out"] = " ".join(left_out)[:TAG_LENGTH]
    times = json.dumps([attempt.times for attempt in state.attempts])
    values[ATTEMPT_TIMES] = times if len(times) <= TAG_LENGTH else ""
    texts = {k: _text(value) for k, value in state.provenance.items() if not _is_number(value) and k not in NOT_TAGS}
    return values | {key: text[:TAG_LENGTH] for key, text in texts.items() if text}


def _text(value: object) -> str:
    """A value of a provenance as text: versions as `keras 3.12.0, numpy 2.3.0`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return "" if value is None else str(value)


def note(sweep: str, point: TrialConfig, state: PointState) -> str:
    """What a person asks first, for the top of the run's page."""
    lines = [f"{point.name} of sweep {sweep}: {state.state}, epoch {state.epochs_done} of {point.epochs}"]
    if state.history:
        last = state.history[-1]
        pair = default_pair([pair.pair for pair in last.pairs])
        bits = next(each.mutual_information_bits for each in last.pairs if each.pair == pair)
        lines.append(f"test error {last.test_error:.4f}" + (f", MI {pair} {bits:.3f} bits" if bits is not None else ""))
    if state.failure:
        lines.append(f"{state.failure.kind}: {state.failure.message[:NOTE_LENGTH]}")
    return "\n\n".join(lines)


def marks(state: PointState) -> dict[str, str]:
    """The values of `MARKS`, which are written last, after everything else has arrived."""
    return dict(zip(MARKS, (str(state.state), f"{state.epochs_done} {len(state.attempts)}"), strict=True))


def milliseconds(record: EpochRecord) -> int:
    """When the epoch was recorded, in milliseconds since 1970."""
    return int(record.timestamp.timestamp() * 1000)
