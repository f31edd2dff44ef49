"""The session table is declared once, and what is declared is what is checked."""

from __future__ import annotations

import pyarrow as pa
import pytest

from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS, REQUIRED, SESSIONS, Column, Kind, arrow_schema


def test_viewer_title_time_and_length_are_all_that_a_source_must_know() -> None:
    assert set(REQUIRED) == {"viewer_id", "title_id", "started_at", "played_s"}


def test_the_accessibility_settings_are_marked_and_optional() -> None:
    assert set(ACCESSIBILITY) == {"captions", "audio_description", "playback_rate", "assistive_tech"}
    assert not set(ACCESSIBILITY) & set(REQUIRED)


@pytest.mark.parametrize("column", SESSIONS, ids=lambda c: c.name)
def test_every_column_says_what_it_means_and_what_it_allows(column: Column) -> None:
    assert column.meaning.endswith(".")
    assert column.allowed
    assert (column.kind is Kind.CHOICE) == bool(column.choices)
    if column.kind in (Kind.KEY, Kind.TEXT, Kind.FLAG, Kind.CHOICE):
        assert column.minimum is column.maximum is None, "bounds are for numbers"
    if column.kind is Kind.NUMBER:
        assert column.unit, "a number has a unit"


def test_names_are_declared_once() -> None:
    assert len(COLUMNS) == len(SESSIONS)


def test_the_arrow_schema_holds_every_column_in_declared_order_and_required_ones_are_not_null() -> None:
    schema = arrow_schema()
    assert schema.names == [c.name for c in SESSIONS]
    assert [f.name for f in schema if not f.nullable] == list(REQUIRED)
    assert schema.field("started_at").type == pa.timestamp("us", tz="UTC")


def test_a_limited_schema_keeps_the_declared_order_and_ignores_what_is_not_declared() -> None:
    assert arrow_schema(["played_s", "nonsense", "viewer_id"]).names == ["viewer_id", "played_s"]


def test_bounds_are_told_in_words() -> None:
    assert COLUMNS["played_s"].allowed == "0 to 86400"
    assert COLUMNS["end_position_s"].allowed == "at least 0"
    assert COLUMNS["content_kind"].allowed == "one of main, trailer, preview, recap, other"
    assert COLUMNS["started_at"].allowed == "2005-01-01 to 2050-01-01 (exclusive)"
    assert COLUMNS["utc_offset_min"].allowed == "-900 to 900"
    assert COLUMNS["captions"].allowed == "true or false"
