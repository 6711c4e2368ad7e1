"""A history is stored as Arrow bytes and comes back exactly: missing stays missing, NaN stays NaN."""

import dataclasses
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trainables.records import (
    HISTORY_SCHEMA,
    MEASURE_TYPE,
    EpochRecord,
    PairRecord,
    arrow_to_table,
    history_from_arrow,
    history_to_arrow,
    now,
    summarize,
)

MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
PLAIN = EpochRecord(0, 0.9, 2.3, None, 0.0, 0.1, MOMENT, (PairRecord("first-merged"),))

numbers = st.floats()
optional = st.none() | numbers
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
pair_values = st.tuples(
    *(st.none() | st.text() if field.name == "reason" else optional for field in dataclasses.fields(PairRecord)[1:])
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[EpochRecord, ...]:
    names = draw(st.lists(st.text(), min_size=1, max_size=3, unique=True))
    return tuple(
        EpochRecord(
            epoch,
            draw(numbers),
            draw(numbers),
            draw(optional),
            draw(numbers),
            draw(numbers),
            draw(moments),
            tuple(PairRecord(name, *draw(pair_values)) for name in names),
        )
        for epoch in range(draw(st.integers(0, 4)))
    )


def comparable(value: Any) -> Any:
    """The same value with every NaN replaced by a word, as NaN differs from itself."""
    if dataclasses.is_dataclass(value):
        return comparable(tuple(getattr(value, field.name) for field in dataclasses.fields(value)))
    if isinstance(value, tuple):
        return tuple(comparable(item) for item in value)
    return "NaN" if isinstance(value, float) and math.isnan(value) else value


@given(histories())
@example(())
@example((dataclasses.replace(PLAIN, test_loss=math.nan, train_loss=math.inf, test_error=-math.inf),))
def test_a_history_comes_back_exactly(history: tuple[EpochRecord, ...]) -> None:
    data = history_to_arrow(history)
    assert comparable(history_from_arrow(data)) == comparable(history)
    summary = summarize(data)
    assert (summary.last_epoch if summary else None) == (history[-1].epoch if history else None)


def test_missing_and_not_a_number_are_two_things() -> None:
    pair = PairRecord("p", mutual_information_bits=None, mutual_information_balanced_bits=math.nan)
    (back,) = history_from_arrow(history_to_arrow([dataclasses.replace(PLAIN, train_loss=math.nan, pairs=(pair,))]))
    assert back.pairs[0].mutual_information_bits is None
    assert math.isnan(back.pairs[0].mutual_information_balanced_bits or 0)
    assert back.train_loss is not None
    assert math.isnan(back.train_loss)


def test_equal_histories_have_equal_bytes() -> None:
    assert history_to_arrow([PLAIN]) == history_to_arrow([dataclasses.replace(PLAIN)])


def test_there_is_one_row_per_epoch_and_pair_in_order() -> None:
    pairs = (PairRecord("b"), PairRecord("a"))
    table = arrow_to_table(history_to_arrow([dataclasses.replace(PLAIN, epoch=e, pairs=pairs) for e in range(3)]))
    rows = list(zip(table["epoch"].to_pylist(), table["pair"].to_pylist(), strict=True))
    assert rows == [(0, "b"), (0, "a"), (1, "b"), (1, "a"), (2, "b"), (2, "a")]


def test_the_schema_is_the_one_that_stores_hold() -> None:
    """Adding a column leaves older stores readable; any other change takes a new RECORD_VERSION."""
    bits = ("mutual_information_bits", "mutual_information_balanced_bits", "scale_ratio")
    trust = (
        *("mi_ceiling_bits", "mi_null_bits", "mi_standard_error_bits", "mi_half_n_bits", "mi_quarter_n_bits"),
        *("mi_k1_bits", "mi_k5_bits", "mi_k10_bits", "mi_noise_spread_bits"),
        *("mi_tied_share", "mi_duplicate_share", "mi_saturated_share"),
        *("jacobian_mean_squared_singular_value", "jacobian_spread_squared_singular_value"),
    )
    scalars = ("test_error", "test_loss", "train_loss", "train_seconds", "measure_seconds", "credibility_seconds")
    expected = (
        {"epoch": pa.int32(), "pair": pa.string()}
        | dict.fromkeys(bits, pa.float64())
        | {"reason": pa.string()}
        | dict.fromkeys((*trust, *scalars), pa.float64())
        | {"timestamp": pa.timestamp("ms", tz="UTC"), "measures": pa.list_(MEASURE_TYPE)}
    )
    assert [(field.name, field.type) for field in HISTORY_SCHEMA] == list(expected.items())
    for history in ((), (PLAIN,)):
        assert arrow_to_table(history_to_arrow(history)).schema == HISTORY_SCHEMA


def test_a_history_without_the_columns_of_later_versions_is_read_with_nulls_in_them() -> None:
    lacking = [name for name in HISTORY_SCHEMA.names if name not in ("mi_half_n_bits", "mi_k1_bits")]
    older = arrow_to_table(history_to_arrow([PLAIN])).select(lacking)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, older.schema) as writer:
        writer.write_table(older)
    data = sink.getvalue().to_pybytes()
    assert history_from_arrow(data) == (PLAIN,)
    assert arrow_to_table(data).schema == HISTORY_SCHEMA


def test_no_field_of_a_record_is_left_out_of_the_schema() -> None:
    fields = {field.name for kind in (EpochRecord, PairRecord) for field in dataclasses.fields(kind)}
    assert fields - {"pairs"} == set(HISTORY_SCHEMA.names)


def test_now_is_the_present_in_utc_to_the_millisecond() -> None:
    before, moment, after = datetime.now(UTC), now(), datetime.now(UTC)
    assert before - timedelta(milliseconds=1) < moment <= after
    assert moment.utcoffset() == timedelta(0)
    assert moment.microsecond % 1000 == 0
    (back,) = history_from_arrow(history_to_arrow([dataclasses.replace(PLAIN, timestamp=moment)]))
    assert back.timestamp == moment


@pytest.mark.parametrize("record", [PLAIN, PLAIN.pairs[0]])
def test_records_are_frozen(record: Any) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.reason = "none"
