"""What holds for any player events: nothing is lost, and neither order, files nor strangers matter."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.playback.schema import EVENTS, WORDS
from tests.spec.playback.oracle import Event
from tests.spec.playback.table import DAY_MS, FIRST_MS, Row, arrow_of, events_of, read, rows_of, streams

FEW = settings(max_examples=20, deadline=None)


def _rows(events: list[Event]) -> list[Row]:
    return rows_of(read(arrow_of(events)))


@FEW
@given(events=streams(), data=st.data())
def test_the_order_of_rows_does_not_matter(events: list[Event], data: st.DataObject) -> None:
    assert _rows(data.draw(st.permutations(events))) == _rows(events)


@FEW
@given(events=streams(), data=st.data())
def test_events_may_lie_in_any_number_of_files(events: list[Event], data: st.DataObject) -> None:
    part = [data.draw(st.integers(0, 2)) for _ in events]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{n}.parquet" for n in sorted(set(part))]
        for path in paths:
            pq.write_table(arrow_of(e for e, n in zip(events, part, strict=True) if n == int(path.stem)), path)
        assert rows_of(read(paths)) == _rows(events)


@FEW
@given(mine=streams(("ana",)), strangers=streams(("ben", "eva")))
def test_other_viewers_in_the_table_change_nothing(mine: list[Event], strangers: list[Event]) -> None:
    together = [row for row in _rows([*strangers, *mine]) if row["viewer_id"] == "ana"]
    assert together == _rows(mine)


@FEW
@given(events=streams(), data=st.data())
def test_events_that_were_sent_twice_change_nothing(events: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=9))
    assert _rows([*events, *again]) == _rows(events)


@FEW
@given(events=streams())
def test_the_day_on_which_it_happened_changes_nothing_but_the_day(events: list[Event]) -> None:
    def later(moment: int | None) -> int | None:
        return None if moment is None else moment + 365 * DAY_MS

    moved = [replace(e, at_ms=later(e.at_ms), started_ms=later(e.started_ms)) for e in events]
    days = pd.Timedelta(days=365)
    assert _rows(moved) == [row | {"started_at": row["started_at"] + days} for row in _rows(events)]


@FEW
@given(events=streams(), data=st.data())
def test_every_event_that_was_read_is_used_dropped_or_quarantined(events: list[Event], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(events), max_size=3))
    unplaced = [replace(e, at_ms=None, t_ms=None) for e in data.draw(st.lists(st.sampled_from(events), max_size=3))]
    sessions = read(arrow_of([*events, *again, *unplaced]))
    assume(sessions.events is not None)
    tally = sessions.events.tally
    assert tally.read == len(events) + len(again) + len(unplaced)
    assert tally.read == tally.used + sum(tally.dropped.values()) + tally.quarantined
    assert len(sessions.quarantine) == tally.quarantined


@FEW
@given(events=streams())
def test_measures_of_one_session_agree_with_each_other(events: list[Event]) -> None:
    for row in _rows(events):
        assert row["played_s"] >= 0
        assert (row["content_s"] is None) == (row["unique_s"] is None) == (row["passage_passes"] is None)
        assert row["content_s"] is None or 0 < row["unique_s"] <= row["content_s"]
        assert row["passage_passes"] is None or 1 <= row["passage_passes"] <= max(1, row["content_s"] / 10)
        assert row["rewinds"] is None or row["rewind_chain"] <= row["rewinds"]
        assert (row["rewind_s"] is not None) == bool(row["rewinds"])
        assert (row["rewind_gap_s"] is not None) == ((row["rewinds"] or 0) > 1)


_ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from([*WORDS, "ana", "2024-01-01T20:00:00Z", "12.5", "-1", "1e400", "NaN", "film"]),
    st.binary(max_size=3),
)


_USUAL = {"viewer_id": "ana", "event": "play", "occurred_at": "2024-01-01T20:00:00Z", "title_id": "film"}
_OPEN = [column.name for column in EVENTS if column.name != "event"]  # of a word that is no event, see below


@settings(max_examples=80, deadline=None)
@given(data=st.data(), names=st.sets(st.sampled_from(_OPEN), min_size=1, max_size=6))
def test_whatever_stands_in_the_columns_is_read_or_refused_in_words(data: st.DataObject, names: set[str]) -> None:
    columns = {name: [value] * 4 for name, value in _USUAL.items()}
    columns |= {name: [*data.draw(st.lists(_ANYTHING, min_size=3, max_size=3)), _USUAL.get(name)] for name in names}
    frame = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in columns.items()})
    try:
        tally = read(frame).events.tally
    except InputError:
        return
    assert tally.read == 4 == tally.used + sum(tally.dropped.values()) + tally.quarantined


# ---------------------------------------------------------------- what once did not hold


def test_a_list_beside_a_text_is_read_as_text_and_no_failure() -> None:
    table = arrow_of(events_of("time|event\n0|play\n1m|stop")).to_pandas()
    table["title_id"] = pd.Series(["film", []], dtype=object)
    assert read(table).events.tally.read == 2


def test_a_word_that_is_no_event_is_quarantined() -> None:
    tally = read(arrow_of(events_of("time|event\n0|play\n1m|sneeze\n2m|stop"))).events.tally
    assert (tally.read, tally.quarantined) == (3, 1)


def test_a_number_of_more_than_64_bits_is_unreadable_and_no_failure() -> None:
    table = arrow_of(events_of("time|event\n0|play\n1m|stop")).to_pandas()
    table["position_s"] = pd.Series([2**63, None], dtype=object)
    assert read(table).events.tally.read == 2


def test_another_viewer_without_t_ms_does_not_change_how_long_it_played() -> None:
    times = ((0, 0, "play"), (60_000, 90_000, "stop"))
    mine = [Event("ana", word, "film", "s1", t_ms=t, at_ms=FIRST_MS + at) for t, at, word in times]
    stranger = events_of("viewer|time|event\nben|0|play\nben|1m|stop")
    assert [row for row in _rows([*mine, *stranger]) if row["viewer_id"] == "ana"] == _rows(mine)


def test_another_viewer_with_many_ads_does_not_change_what_was_seen() -> None:
    mine = events_of("time|event|position|target\n0|play|0|\n1m|seek|1m|0\n2m|stop|1m|")
    ads = events_of("""viewer|time|event|position|target|ads
    ben|0|ad_start|||yes
    ben|5m|ad_end|||yes
    ben|6m|ad_start|||yes
    ben|11m|ad_end|||yes
    ben|11m|play|5m||yes
    ben|12m|seek|6m|5m|yes
    ben|13m|stop|6m||yes""")
    assert [row for row in _rows([*mine, *ads]) if row["viewer_id"] == "ana"] == _rows(mine)


def test_a_title_that_one_of_two_equal_rows_names_is_known_in_any_order() -> None:
    events = events_of("time|event|title\n0|play|film\n0|play|\n1m|stop|")
    assert _rows([events[1], events[0], events[2]]) == _rows(events)
