"""Measures beside KSG in a tracker: short names, and no more than a run's page bears."""

from datetime import UTC, datetime

from sweep.tracking.metrics import metrics
from sweep.tracking.more_metrics import MOST_METRICS, left_out, metric_name
from trainables.records import EpochRecord, MeasureRecord, PairRecord


def record(measures: int, pairs: int = 1) -> EpochRecord:
    """An epoch with so many dimensions of layers."""
    layers = tuple(
        MeasureRecord("twonn_dimension", 1.0 + layer, "dimensions", layer=str(layer)) for layer in range(measures)
    )
    measured = tuple(PairRecord(f"input-{one}", 1.0, 2.0, 0.5) for one in range(pairs))
    return EpochRecord(0, 0.9, 2.0, 2.0, 0.1, 0.1, datetime(2026, 1, 1, tzinfo=UTC), measured, measures=layers)


def test_names_are_short() -> None:
    assert metric_name(MeasureRecord("channel", 1.0, "bits", pair="input-5", layer="5", scale="none")) == (
        "mi/channel/input-5"
    )
    assert metric_name(MeasureRecord("ksg", 1.0, "bits", pair="first-merged", scale="rank")) == "mi/rank/first-merged"
    assert metric_name(MeasureRecord("twonn_dimension", 2.0, "dimensions", layer="3")) == "dim/twonn/3"
    assert metric_name(MeasureRecord("singular_value", 2.0, "1", layer="3", scale="quantile 0.5")) is None


def test_what_there_is_room_for_is_logged_and_the_rest_is_named() -> None:
    few, many = record(measures=3), record(measures=50)
    assert {"dim/twonn/0", "dim/twonn/2"} < {name for name, *_ in metrics(few)}
    assert left_out([few]) == []
    logged = [name for name, *_ in metrics(many)]
    assert len(logged) <= MOST_METRICS
    assert len([name for name in logged if name.startswith("dim")]) + len(left_out([few, many])) == 50
    assert left_out([many])[-1] == "dim/twonn/49"


def test_pairs_that_a_spec_asks_for_are_all_logged() -> None:
    logged = {name for name, *_ in metrics(record(measures=5, pairs=20))}
    assert sum(name.startswith("mutual_information_bits") for name in logged) == 20
    assert not any(name.startswith("dim") for name in logged)
