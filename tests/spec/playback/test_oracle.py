"""On small random streams of events the package gives what the page says, session by session.

Where the two still differ is written down below, each as the smallest example; such a test fails when the package or
the page changes, and is then turned into a spec.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings

from .oracle import Event, Stretch, passes, sessions_of
from .table import FIRST_MS, Row, answers, arrow_of, events_of, read, rows_of, streams


def assert_same(actual: list[Row], expected: list[Row]) -> None:
    """Compare sessions: exact in milliseconds, passes to a billionth."""
    assert len(actual) == len(expected)
    for got, wanted in zip(actual, expected, strict=True):
        for name, value in wanted.items():
            same = got[name] == (pytest.approx(value, rel=0, abs=1e-9) if isinstance(value, float) else value)
            assert same, f"{name} is {got[name]}, and by the page {value}"


@settings(max_examples=100, deadline=None)
@given(events=streams())
def test_every_session_is_what_the_page_says(events: list[Event]) -> None:
    assert_same(rows_of(read(arrow_of(events))), answers(events))


def _agree(text: str) -> None:
    events = events_of(text)
    assert_same(rows_of(read(arrow_of(events))), answers(events))


def test_the_passage_with_most_passes_is_found_between_the_ends_of_stretches() -> None:
    halves = [Stretch(0, 0, 6_000), Stretch(1, 5_000, 11_000), Stretch(2, 20_000, 21_000)]
    assert passes(halves) == Fraction(11, 10)
    every_millisecond = max(
        sum(max(min(s.end, w + 10_000) - max(s.begin, w), 0) for s in halves) for w in range(-10_000, 21_000)
    )
    assert passes(halves) == Fraction(every_millisecond, 10_000)


def test_no_time_is_lost_where_nothing_is_told_of_the_place() -> None:
    [session] = sessions_of(events_of("time|event\n0|play\n2001s|stop"))
    assert session.played_ms == 2_001_000


# ---------------------------------------------------------------- where the two once differed


def test_half_speed_loses_no_millisecond() -> None:
    _agree("time|event|rate\n0|play|0.5\n2.001s|stop|")


def test_two_ads_whose_places_nobody_knows_leave_the_session_readable() -> None:
    _agree("""time|event|position|ads
    0|ad_start||yes
    10s|ad_end||yes
    70s|ad_start||yes
    80s|ad_end||yes
    81s|stop|15s|yes""")


def test_an_ad_between_a_seek_and_its_landing_is_taken_off_the_landing() -> None:
    _agree("""time|event|position|ads
    0|play|0|yes
    1m|seek|1m|yes
    1m|ad_start|1m|yes
    1m30s|ad_end||yes
    1m30s|seek_end|5m|yes
    2m30s|stop|6m|yes""")


def test_a_row_that_repeats_a_repeated_row_counts_once() -> None:
    _agree("""time|event|position|id
    0|play|0|a
    0|play|0|b
    1m|pause||b
    2m|play||c
    3m|stop||d""")


def test_the_start_is_told_once_for_all_titles_of_an_id() -> None:
    one = Event("ana", "play", "one", "s1", t_ms=0, started_ms=FIRST_MS, position_ms=0)
    two = Event("ana", "play", "two", "s1", t_ms=60_000, position_ms=0)
    events = [one, two, replace(two, event="stop", t_ms=120_000, position_ms=60_000)]
    assert_same(rows_of(read(arrow_of(events))), answers(events))


def test_a_time_between_two_milliseconds_is_rounded() -> None:
    table = arrow_of(events_of("time|event\n0|play\n1m|stop"))
    times = pa.array([FIRST_MS * 1_000, (FIRST_MS + 60_000) * 1_000 + 600]).cast(pa.timestamp("us", tz="UTC"))
    [row] = rows_of(read(table.set_column(table.column_names.index("occurred_at"), "occurred_at", times)))
    assert row["played_s"] == 60.001
