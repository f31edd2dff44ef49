"""Whatever form a column comes in, its values are read as declared or reported; none is guessed."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.convert import read_as
from analyzer.sessions.schema import COLUMNS, EARLIEST, LATEST, SESSIONS, Column

KEY, NUMBER, INSTANT = COLUMNS["viewer_id"], COLUMNS["played_s"], COLUMNS["started_at"]
INTEGER, FLAG, CHOICE = COLUMNS["utc_offset_min"], COLUMNS["autoplay"], COLUMNS["content_kind"]
NEW_YEAR = dt.datetime(2024, 1, 1, 18, tzinfo=dt.UTC)
NEW_YEAR_S = int(NEW_YEAR.timestamp())
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EARLIEST_US, LATEST_US = (int(moment.timestamp()) * 10**6 for moment in (EARLIEST, LATEST))


def read_with_mask(column: Column, array: pa.Array) -> tuple[pa.Array, np.ndarray]:
    """Return the values and where one is there but unreadable; the reader says None where there is none."""
    values, unreadable = read_as(column, array)
    return values, np.zeros(len(array), dtype=bool) if unreadable is None else unreadable


def read(column: Column, values: pa.Array | list[object]) -> list[object]:
    """Return the values read, with "?" for those that are there but cannot be read."""
    array = pa.array(values) if isinstance(values, list) else values
    result, unreadable = read_with_mask(column, array)
    assert result.type == column.kind.arrow_type
    assert len(result) == len(array)
    return ["?" if bad else value for value, bad in zip(result.to_pylist(), unreadable, strict=True)]


@pytest.mark.parametrize("column", SESSIONS, ids=lambda c: c.name)
def test_a_column_of_nulls_is_null_in_every_kind(column: Column) -> None:
    assert read(column, pa.nulls(3)) == [None, None, None]


ODD = {
    "lists": pa.array([["a"], ["b"]]),
    "structs": pa.array([{"x": 1}, {"x": 2}]),
    "bytes that are no text": pa.array([b"\xff\xfe", b"\xff"]),
    "durations beyond any clock": pa.array([2**62, 2**62], pa.duration("s")),
    "unsigned integers beyond int64": pa.array([2**64 - 1, 2**64 - 1], pa.uint64()),
    "int64 limits": pa.array([2**63 - 1, -(2**63)]),
    "infinite": pa.array([float("inf"), float("-inf")]),
    "days beyond the calendar": pa.array([2**31 - 1, -(2**31)], pa.int32()).cast(pa.date32()),
    "seconds beyond the calendar": pa.array([2**62, -(2**62)], pa.timestamp("s")),
    "times of day": pa.array([dt.time(1), dt.time(2)]),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2], ["a", "b"]),
    "coded views": pa.array(["a", "b"]).cast(pa.string_view()).dictionary_encode(),
    "half floats": pa.array(np.array([1.5, 2.0], dtype=np.float16)),
}


@pytest.mark.parametrize("array", ODD.values(), ids=ODD)
@pytest.mark.parametrize("column", [KEY, NUMBER, INSTANT, INTEGER, FLAG, CHOICE], ids=lambda c: c.kind.value)
def test_no_type_is_too_odd_to_be_answered(column: Column, array: pa.Array) -> None:
    assert len(read(column, array)) == 2


# ---------------------------------------------------------------- keys

TEXTS = {
    "string": pa.array(["ana", "ben", None]),
    "large string": pa.array(["ana", "ben", None], pa.large_string()),
    "string view": pa.array(["ana", "ben", None]).cast(pa.string_view()),
    "dictionary": pa.array(["ana", "ben", None]).dictionary_encode(),
    "dictionary of large strings": pa.array(["ana", "ben", None], pa.large_string()).dictionary_encode(),
    "dictionary of views": pa.array(["ana", "ben", None]).cast(pa.string_view()).dictionary_encode(),
    "bytes": pa.array([b"ana", b"ben", None]),
    "runs": pa.RunEndEncodedArray.from_arrays([1, 2, 3], ["ana", "ben", None]),
    "a null among the words": pa.DictionaryArray.from_arrays([0, 1, 2], pa.array(["ana", "ben", None])),
}


@pytest.mark.parametrize("array", TEXTS.values(), ids=TEXTS)
def test_a_key_is_the_same_in_every_form_of_text(array: pa.Array) -> None:
    assert read(KEY, array) == ["ana", "ben", None]


def test_whole_numbers_are_keys_and_a_gap_does_not_make_them_fractions() -> None:
    assert read(KEY, [12, 13]) == ["12", "13"]
    assert read(KEY, pa.array([12.0, None, 13.0])) == ["12", None, "13"]
    assert read(KEY, pa.array([12.0, float("nan")])) == ["12", None]
    assert read(KEY, pa.array([1.5, 2.0])) == ["1.5", "2"] or read(KEY, pa.array([1.5, 2.0])) == [
        "1.5",
        "2.0",
    ]
    assert read(KEY, pa.array([2**63 + 1, 5], pa.uint64())) == [str(2**63 + 1), "5"]
    assert read(KEY, pa.array([1, 2, 1]).dictionary_encode()) == ["1", "2", "1"]


def test_a_number_that_is_no_id_is_reported() -> None:
    assert read(KEY, pa.array([1.0, float("inf")])) == ["1", "?"]
    assert read(KEY, pa.array([2.0**53, 2.0])) == ["?", "2"], "beyond 2**53 two ids are one float"


def test_a_uuid_reads_as_people_write_it() -> None:
    ids = [uuid.UUID(int=1), uuid.UUID(int=2)]
    assert read(KEY, pa.array([i.bytes for i in ids], pa.uuid())) == [str(i) for i in ids]


def test_blank_text_is_null() -> None:
    assert read(KEY, ["", "  ", "\t", "ana"]) == [None, None, None, "ana"]
    assert read(NUMBER, ["", " ", "5"]) == [None, None, 5.0]
    assert read(INSTANT, ["", "2024-01-01"]) == [None, dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]


def test_a_word_that_stands_twice_in_a_dictionary_is_one_key() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, 0]), pa.array(["ana", "ana"]))
    values, _ = read_as(KEY, array)
    assert values.to_pylist() == ["ana"] * 3
    assert len(set(values.indices.to_pylist())) == 1


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "array",
    [
        pa.array([90, 60], pa.int8()),
        pa.array([90, 60], pa.uint64()),
        pa.array([90.0, 60.0], pa.float32()),
        pa.array([Decimal(90), Decimal("60.0")]),
        pa.array([Decimal(90), Decimal(60)]).cast(pa.decimal256(50, 3)),
        pa.array([90_000, 60_000], pa.duration("ms")),
        pa.array(["90", "6e1"]),
        pa.array([" 90 ", "+60."], pa.large_string()),
        pa.array(["90", "60"]).cast(pa.string_view()),
        pa.array([90.0, 60.0]).dictionary_encode(),
        pa.array(["90", "60"]).dictionary_encode(),
        pa.RunEndEncodedArray.from_arrays([1, 2], [90.0, 60.0]),
    ],
    ids=lambda a: str(a.type),
)
def test_a_number_is_read_from_every_numeric_form(array: pa.Array) -> None:
    assert read(NUMBER, array) == [90.0, 60.0]


def test_what_is_no_number_is_reported_and_nan_is_null() -> None:
    assert read(NUMBER, ["1,5", "1_000", "0x10", "abc", "inf", "nan", "1h", "--5"]) == ["?"] * 8
    assert read(NUMBER, [float("nan"), float("inf"), float("-inf"), 1.0]) == [None, "?", "?", 1.0]
    assert read(NUMBER, [True, False]) == ["?", "?"], "true is no duration"


def test_an_integer_is_whole_or_reported() -> None:
    assert read(INTEGER, [60.0, 1.5, 2.0**40]) == [60, "?", "?"]
    assert read(INTEGER, ["-330", "5.5"]) == [-330, "?"]
    assert read(INTEGER, pa.array([3600], pa.duration("s"))) == ["?"], "no unit is guessed"


# ---------------------------------------------------------------- flags and choices


def test_a_flag_is_read_from_words_and_numbers() -> None:
    assert read(FLAG, [True, None, False]) == [True, None, False]
    assert read(FLAG, [" Yes ", "NO", "t", "0", "maybe", ""]) == [True, False, True, False, "?", None]
    assert read(FLAG, [1, 0, 2]) == [True, False, "?"]
    assert read(FLAG, [1.0, 0.0, float("nan")]) == [True, False, None]
    assert read(FLAG, pa.array([True, False]).dictionary_encode()) == [True, False]


def test_a_choice_is_read_in_any_case_and_without_the_spaces_around_it() -> None:
    assert read(CHOICE, ["Main", " TRAILER ", "advert", None]) == ["main", "trailer", "advert", None]


# ---------------------------------------------------------------- times


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.float64()], ids=str)
def test_numbers_since_1970_are_told_apart_by_their_size(per_second: int, kind: pa.DataType) -> None:
    array = pa.array([NEW_YEAR_S * per_second, (NEW_YEAR_S + 90) * per_second]).cast(kind, safe=False)
    assert read(INSTANT, array) == [NEW_YEAR, NEW_YEAR + dt.timedelta(seconds=90)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_timestamp_of_any_unit_is_the_same_moment(unit: str) -> None:
    naive = pa.array([NEW_YEAR.replace(tzinfo=None)], pa.timestamp(unit))
    assert read(INSTANT, naive) == [NEW_YEAR], "without a zone it is UTC"
    assert read(INSTANT, pa.array([NEW_YEAR], pa.timestamp(unit, "Asia/Tokyo"))) == [NEW_YEAR]
    assert read(INSTANT, naive.dictionary_encode()) == [NEW_YEAR]


def test_a_date_is_its_midnight() -> None:
    day = dt.date(2024, 2, 29)
    midnight = dt.datetime(2024, 2, 29, tzinfo=dt.UTC)
    assert read(INSTANT, pa.array([day])) == [midnight]
    assert read(INSTANT, pa.array([day], pa.date64())) == [midnight]
    assert read(INSTANT, ["2024-02-29", " 2024-02-29 "]) == [midnight, midnight]


def test_an_offset_in_the_text_counts() -> None:
    texts = ["2024-01-01T18:00Z", "2024-01-01 20:00:00+02:00", "2024-01-01T13:00:00-0500", "2024-01-01 18:00"]
    assert read(INSTANT, texts) == [NEW_YEAR] * 4


@pytest.mark.parametrize(
    "text",
    ["now", "today", "yesterday", "2023-02-29", "2024-13-01", "01/02/2024", "2024-01-01T25:00", "NaT", "-"],
)
def test_a_text_that_is_no_time_is_reported(text: str) -> None:
    assert read(INSTANT, [text, "2024-01-01T18:00"]) == ["?", NEW_YEAR]


def test_a_moment_too_far_for_its_type_does_not_wrap_round_into_the_present() -> None:
    # In seconds times a million these pass 2**64 and would land on new year again.
    around = NEW_YEAR_S + 2**64 // 10**6
    values, _ = read_with_mask(INSTANT, pa.array([NEW_YEAR_S, NEW_YEAR_S, around]))
    assert values.to_pylist()[:2] == [NEW_YEAR, NEW_YEAR]
    assert values[2].as_py() > NEW_YEAR + dt.timedelta(days=365 * 500), "read as ms by its size; the door refuses it"
    values, unreadable = read_with_mask(INSTANT, pa.array([NEW_YEAR_S, around], pa.timestamp("s")))
    assert values.to_pylist() == [NEW_YEAR, None]
    assert unreadable.tolist() == [False, True]


# ---------------------------------------------------------------- anything

_ANY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=12),
    st.datetimes(),
    st.dates(),
    st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9),
    st.binary(max_size=4),
)


@given(value=_ANY, column=st.sampled_from(SESSIONS), count=st.integers(0, 3))
def test_any_value_is_read_null_or_reported_in_any_column(value: object, column: Column, count: int) -> None:
    array = pa.array([value] * count + [None])
    values, unreadable = read_with_mask(column, array)
    assert values.type == column.kind.arrow_type
    assert len(values) == len(unreadable) == count + 1
    assert not unreadable[-1], "null is null, not unreadable"
    assert all(v is None for v, bad in zip(values.to_pylist(), unreadable, strict=True) if bad)


@given(st.lists(st.one_of(st.none(), st.floats(0, 86_400)), min_size=1))
def test_a_number_survives_being_written_as_text(numbers: list[float | None]) -> None:
    texts = pa.array([None if n is None else repr(n) for n in numbers], pa.string())
    assert read(NUMBER, texts) == read(NUMBER, pa.array(numbers, pa.float64()))


@given(st.lists(st.integers(EARLIEST_US, LATEST_US).map(lambda us: EPOCH + dt.timedelta(microseconds=us)), min_size=1))
def test_a_time_survives_being_written_as_text(moments: list[dt.datetime]) -> None:
    texts = pa.array([m.isoformat() for m in moments])
    assert read(INSTANT, texts) == moments
    assert read(INSTANT, pa.array(pd.Series(moments).astype("datetime64[us, UTC]"))) == moments
