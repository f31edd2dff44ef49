"""What the player did, as a member's own export tells it, is read event by event; nothing in the file goes uncounted.

Names and titles are invented.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import random
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.netflix import read
from analyzer.sessions.playback.door import check_events
from analyzer.sessions.playback.netflix_traces import PROVIDES, looks_like_traces, read_traces
from analyzer.sessions.playback.schema import EVENT_TABLE
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.records import RawRows
from analyzer.sessions.source import read_sessions

HEADER = ("Profile Name", "Title Description", "Device", "Playback Start Utc Ts", "Country", "Playtraces")
TITLE = "Harbour Lights: Season 1: Fog (Episode 2)"
START = "2024-03-02 20:15:00"
KEY = Pseudonymiser(bytes(range(32)))


def event(kind: Any, since_start: Any, media: Any = None) -> dict[str, Any]:
    return {"eventType": kind, "sessionOffsetMs": since_start, "mediaOffsetMs": media}


SEEN = [
    event("start", 0, 0),
    event("playing", 900, 0),
    event("paused", 60_900, 60_000),
    event("playing", 70_900, 60_000),
    event("reposition", 80_900, 30_000),
    event("playing", 81_000, 30_000),
    event("stopped", 141_000, 90_000),
]


def line(cells: list[str], separator: str = ",") -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="", delimiter=separator).writerow(cells)
    return buffer.getvalue()


def row(
    traces: Any = SEEN,
    profile: str = "Robin",
    title: str = TITLE,
    device: str = "Tablet",
    start: str = START,
    country: str = "SE (Sweden)",
    separator: str = ",",
) -> str:
    text = traces if isinstance(traces, str) else json.dumps(traces)
    return line([profile, title, device, start, country, text], separator)


def file_of(*rows: str, separator: str = ",") -> str:
    return "\n".join([line(list(HEADER), separator), *rows]) + "\n"


def wrapped(text: str, tail: str = ";;") -> str:
    return '"' + text.replace('"', '""') + '"' + tail


@dataclass(frozen=True)
class Export:
    """Writes a file and reads it back."""

    folder: Path

    def write(self, content: str | bytes) -> Path:
        path = self.folder / "PlaybackRelatedEvents.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, content: str | bytes, **options: Any) -> RawRows:
        return read_traces(self.write(content), **{"pseudonymiser": None, "account": "alpha"} | options)

    def values(self, content: str | bytes, column: str, **options: Any) -> list[Any]:
        return self.rows(content, **options).columns[column].to_pylist()

    def reasons(self, *rows: str) -> list[str | None]:
        return self.rows(file_of(*rows)).reject.to_pylist()

    def session(self, *rows: str) -> dict[str, Any]:
        """Return the one session that the rows tell of, without what is unknown."""
        found = read_sessions(events=self.write(file_of(*rows)), pseudonyms=False)
        assert len(found) == 1
        return {name: value for name, value in found.table.to_pylist()[0].items() if value is not None}


@pytest.fixture
def export(tmp_path: Path) -> Export:
    return Export(tmp_path)


class TestOneRowOfTheFile:
    def test_is_one_playback_of_many_events(self, export):
        rows = export.rows(file_of(row()))
        assert rows.columns["event"].to_pylist() == ["start", "play", "pause", "play", "seek", "play", "stop"]
        assert rows.columns["t_ms"].to_pylist() == [e["sessionOffsetMs"] for e in SEEN]
        assert rows.columns["seq"].to_pylist() == list(range(7))
        assert rows.line.to_pylist() == [2] * 7
        assert rows.reject.null_count == 7
        assert rows.notes == ()

    def test_tells_of_whole_and_when_and_where(self, export):
        first = export.rows(file_of(row())).columns.to_pylist()[0]
        assert len(first.pop("session_id")) == 32
        assert first == {
            "viewer_id": "alpha/Robin",
            "household_id": "alpha",
            "title_id": TITLE,
            "title_name": TITLE,
            "series_id": "Harbour Lights",
            "started_at": datetime(2024, 3, 2, 20, 15, tzinfo=UTC),
            "utc_offset_min": 60,
            "country": "SE",
            "device": "Tablet",
            "seq": 0,
            "t_ms": 0.0,
            "event": "start",
            "position_s": 0.0,
            "to_position_s": None,
        }

    def test_has_the_columns_that_it_says_and_that_are_declared(self, export):
        names = export.rows(file_of(row())).columns.column_names
        assert set(names) == set(PROVIDES) <= set(EVENT_TABLE.by_name)

    def test_belongs_to_the_viewer_of_the_members_other_files(self, export, tmp_path):
        activity = tmp_path / "ViewingActivity.csv"
        activity.write_text(f"Profile Name,Start Time,Duration,Title\nZoe\u0308 ,{START},00:40:00,{TITLE}\n")
        of_activity = read(activity, pseudonymiser=KEY, account="alpha").columns
        of_events = export.rows(file_of(row(profile="Zo\u00eb")), pseudonymiser=KEY).columns
        for name in ("viewer_id", "household_id", "title_id", "series_id", "started_at"):
            assert of_events[name][0].as_py() == of_activity[name][0].as_py()

    def test_names_no_profile_where_names_are_hidden(self, export):
        rows = export.rows(file_of(row(profile="Robin", title="Fog")), pseudonymiser=KEY)
        assert "Robin" not in str(rows.columns.to_pylist())

    def test_without_a_profile_is_quarantined_event_by_event(self, export):
        checked = check_events(export.rows(file_of(row(profile=" "), row())))
        assert (checked.summary.tally.used, checked.summary.tally.quarantined) == (7, 7)

    def test_takes_the_callers_zone_over_the_countrys(self, export):
        content = file_of(row(country="US (United States)"), row(country="Atlantis"))
        assert export.values(content, "utc_offset_min") == [None] * 14
        assert export.values(content, "country") == ["US"] * 7 + [None] * 7
        assert export.values(content, "utc_offset_min", timezone="America/Chicago") == [-360] * 14

    def test_refuses_a_zone_that_nobody_knows(self, export):
        with pytest.raises(InputError, match="no known time zone"):
            export.rows(file_of(row()), timezone="Europe/Atlantis")


class TestEvents:
    @pytest.mark.parametrize(
        ("kind", "word"),
        [
            ("start", "start"),
            ("playing", "play"),
            ("paused", "pause"),
            ("reposition", "seek"),
            ("stopped", "stop"),
            ("rebuffer", "buffer"),
            ("buffering", "buffer"),
            ("PLAYING", "play"),
            (" Reposition ", "seek"),
            ("creditsShown", "other"),
        ],
    )
    def test_of_each_type_have_a_word(self, export, kind, word):
        assert export.values(file_of(row([event(kind, 1, 2)])), "event") == [word]

    def test_say_where_a_seek_landed_and_not_where_it_began(self, export):
        rows = export.rows(file_of(row([event("reposition", 5, 30_500), event("paused", 6, 30_500)]))).columns
        assert rows["position_s"].to_pylist() == [None, 30.5]
        assert rows["to_position_s"].to_pylist() == [30.5, None]

    def test_without_a_media_offset_have_no_position(self, export):
        rows = export.rows(file_of(row([event("reposition", 5), event("playing", 6), event("stopped", 7)]))).columns
        assert rows["position_s"].to_pylist() == rows["to_position_s"].to_pylist() == [None] * 3

    def test_whose_offsets_are_text_are_read(self, export):
        rows = export.rows(file_of(row([event("playing", "12.5", " 2500 ")]))).columns.to_pylist()[0]
        assert (rows["t_ms"], rows["position_s"]) == (12.0, 2.5)

    def test_of_unknown_types_are_named_and_dropped_and_harm_nothing(self, export):
        rows = export.rows(file_of(row([event("skipIntro", None, "?"), *SEEN, event("hdcp\n error", True)])))
        assert rows.notes == (
            "PlaybackRelatedEvents.csv: events that say nothing about playback: 'hdcp error', 'skipIntro'.",
        )
        tally = check_events(rows).summary.tally
        assert (tally.used, tally.quarantined, sum(tally.dropped.values())) == (7, 0, 2)

    def test_of_thousands_of_unknown_types_give_a_short_note(self, export):
        rows = export.rows(file_of(row([event(f"{n}" * 500, n) for n in range(3_000)])))
        assert len(rows.notes[0]) < 2_000

    @pytest.mark.parametrize(
        ("element", "reason"),
        [
            (event("playing", None, 0), "sessionOffsetMs is missing"),
            ({"eventType": "playing"}, "sessionOffsetMs is missing"),
            (event("playing", "", 0), "sessionOffsetMs is missing"),
            (event("playing", float("nan"), 0), "sessionOffsetMs is missing"),
            (event("playing", float("inf"), 0), "sessionOffsetMs is missing"),
            (event("playing", True, 0), "sessionOffsetMs is not a number"),
            (event("playing", "soon", 0), "sessionOffsetMs is not a number"),
            (event("playing", [1], 0), "sessionOffsetMs is not a number"),
            (event("playing", 0, {"ms": 1}), "mediaOffsetMs is not a number"),
            (event("playing", 0, False), "mediaOffsetMs is not a number"),
            (event(None, 0, 0), "eventType is missing"),
            (event(" ", 0, 0), "eventType is missing"),
            (event(7, 0, 0), "eventType is not text"),
            (event(["playing"], 0, 0), "eventType is not text"),
            ({}, "eventType is missing"),
            ([], "the event is not an object"),
            (None, "the event is not an object"),
            ("playing", "the event is not an object"),
            (7, "the event is not an object"),
        ],
    )
    def test_that_cannot_be_read_cost_themselves_only(self, export, element, reason):
        assert export.reasons(row([SEEN[0], element, SEEN[1]])) == [None, reason, None]

    def test_before_their_session_are_left_to_the_door(self, export):
        rows = export.rows(file_of(row([event("start", 0, 0), event("playing", -5, 0), event("paused", 9, -1_000)])))
        assert rows.reject.null_count == 3
        checked = check_events(rows)
        assert checked.summary.quarantine["reason"].to_pylist() == ["t_ms is not at least 0 ms"]
        assert checked.used["position_s"].to_pylist() == [0.0, None]

    @pytest.mark.parametrize("huge", ["1" + "0" * 300, "9" * 5_000, "1e400", "-1e308"])
    def test_with_numbers_beyond_all_bounds_are_rows_like_others(self, export, huge):
        traces = '[{"eventType":"playing","sessionOffsetMs":%s,"mediaOffsetMs":%s}]' % (huge, huge)  # noqa: UP031
        checked = check_events(export.rows(file_of(row(traces), row())))
        assert (checked.summary.tally.used, checked.summary.tally.quarantined) == (7, 1)

    def test_nested_without_end_cost_themselves_only(self, export):
        def reasons(depth: int) -> list[str | None]:
            deep = "[" * depth + "]" * depth
            return export.reasons(row(f'[{json.dumps(SEEN[0])},{{"eventType":{deep}}},{json.dumps(SEEN[1])}]'))

        assert reasons(900) == [None, "eventType is not text", None]
        assert reasons(2_000) == [None, "in one event, the JSON is nested too deep", None]
        assert reasons(100_000) == [None, "Playtraces is nested too deep after 1 event"]

    def test_with_a_key_that_stands_twice_are_read_by_the_last(self, export):
        traces = '[{"eventType":"start","eventType":"playing","sessionOffsetMs":1,"sessionOffsetMs":2}]'
        rows = export.rows(file_of(row(traces))).columns
        assert (rows["event"].to_pylist(), rows["t_ms"].to_pylist()) == (["play"], [2.0])


class TestPlaytraces:
    @pytest.mark.parametrize(
        ("traces", "reason"),
        [
            ("", "Playtraces is empty"),
            ("  ", "Playtraces is empty"),
            ("[]", "Playtraces is empty"),
            (" [ ] ", "Playtraces is empty"),
            ("null", "Playtraces is not a list"),
            ('{"eventType":"start"}', "Playtraces is not a list"),
            ("12", "Playtraces is not a list"),
            ("nothing", "Playtraces is not a list"),
            ("[", "Playtraces cannot be read as JSON"),
            ('[{"eventType":"st', "Playtraces cannot be read as JSON"),
            ("[}", "Playtraces cannot be read as JSON"),
            ("[{'eventType': 'start'}]", "Playtraces cannot be read as JSON"),
        ],
    )
    def test_of_which_nothing_can_be_read_are_one_record_with_a_reason(self, export, traces, reason):
        rows = export.rows(file_of(row(traces), row()))
        assert rows.reject.to_pylist() == [reason] + [None] * 7
        assert rows.line.to_pylist() == [2] + [3] * 7

    @pytest.mark.parametrize("kept", range(1, 7))
    def test_that_break_off_keep_the_events_before(self, export, kept):
        whole = json.dumps(SEEN)
        ends = [at + 1 for at, char in enumerate(whole) if char == "}"]
        for end in (ends[kept - 1], ends[kept - 1] + 2, ends[kept] - 1, ends[kept] - 20):
            reasons = export.reasons(row(whole[:end]))
            words = f"Playtraces is cut off after {kept} event{'s' if kept > 1 else ''}"
            assert reasons == [None] * kept + [words]

    def test_that_turn_into_something_else_keep_the_events_before(self, export):
        traces = json.dumps(SEEN[:3])[:-1] + ", oops, " + json.dumps(SEEN[3]) + "]"
        assert export.reasons(row(traces)) == [None] * 3 + ["Playtraces is not JSON after 3 events"]

    def test_of_a_row_whose_start_cannot_be_read_are_one_record(self, export):
        reasons = export.reasons(row(start="yesterday"), row(start=""), row())
        assert reasons == ["Playback Start Utc Ts cannot be read as a date and time"] * 2 + [None] * 7

    def test_of_a_row_with_other_fields_than_the_header_are_one_record(self, export):
        reasons = export.reasons("Robin,Fog,Tablet", row(), row() + ",more")
        assert reasons[0] == "the row has too few fields (3 instead of 6)"
        assert reasons[1:8] == [None] * 7
        assert reasons[8:] == ["the row has too many fields (7 instead of 6)"]


class TestSessions:
    def test_are_told_with_their_navigation(self, export):
        found = export.session(row())
        assert found["played_s"] == pytest.approx(60 + 10 + 60, abs=0.2)
        assert (found["pauses"], found["rewinds"], found["forward_skips"]) == (1, 1, 0)
        assert found["rewind_s"] == pytest.approx(40)

    def test_with_seeks_to_nowhere_know_no_direction(self, export):
        found = export.session(row([event("playing", 0), event("reposition", 9_000), event("stopped", 20_000)]))
        assert found["undirected_seeks"] == 1
        assert "rewinds" not in found

    def test_that_start_twice_without_a_stop_are_read(self, export):
        events = [event("start", 0, 0), event("playing", 10, 0), event("start", 60_010, 0), event("playing", 60_020, 0)]
        assert export.session(row([*events, event("stopped", 120_020, 60_000)]))["played_s"] == pytest.approx(
            120, abs=1
        )

    def test_with_offsets_that_run_backwards_are_put_in_order_of_time(self, export):
        assert export.session(row(SEEN[::-1]))["played_s"] == export.session(row())["played_s"]

    def test_of_thirty_hours_are_accounted_for(self, export):
        long = [event("start", 0, 0), event("playing", 0, 0), event("stopped", 30 * 3_600_000, 5_000)]
        found = read_sessions(events=export.write(file_of(row(long), row(title="Fog"))), pseudonyms=False)
        assert found.tally.read == found.tally.used + sum(found.tally.dropped.values()) + found.tally.quarantined == 10

    def test_have_one_id_in_every_file_and_order_of_rows(self, export):
        rows = [row(), row(title="Fog"), row(device="TV"), row(start="2024-03-03 20:15:00"), row(profile="Kim")]
        ids = export.values(file_of(*rows), "session_id")[::7]
        assert len(set(ids)) == 5
        assert export.values(file_of(*reversed(rows)), "session_id")[::7] == ids[::-1]

    def test_that_were_exported_twice_count_once(self, export):
        found = read_sessions(events=export.write(file_of(row(), row())), pseudonyms=False)
        assert (len(found), found.tally.used, found.tally.dropped) == (1, 7, {"duplicate": 7})

    def test_of_which_one_copy_is_cut_off_count_once(self, export):
        cut = row(json.dumps(SEEN)[:300])
        for rows in ([cut, row()], [row(), cut]):
            found = read_sessions(events=export.write(file_of(*rows)), pseudonyms=False)
            assert (len(found), found.tally.used) == (1, 7)

    def test_that_begin_in_one_second_are_several(self, export):
        rows = [row(), row(SEEN[:3]), row([*SEEN[:2], event("stopped", 9_000, 9_000)])]
        ids = export.values(file_of(*rows), "session_id")
        assert len(set(ids)) == 3
        assert set(export.values(file_of(*reversed(rows)), "session_id")) == set(ids)


class TestSize:
    def test_a_million_seeks_in_one_playback_are_read(self, export):
        seek = '{"eventType":"reposition","sessionOffsetMs":%d,"mediaOffsetMs":1000}'
        traces = "[" + ",".join(seek % at for at in range(1_000_000)) + "]"
        rows = export.rows(file_of(row(traces)))
        assert len(rows.line) == 1_000_000
        assert rows.reject.null_count == 1_000_000
        assert rows.columns["t_ms"][-1].as_py() == 999_999

    def test_a_row_of_nothing_but_separators_is_none(self, export):
        assert len(export.rows(file_of(row(), "; " * 300_000, "," * 300_000)).line) == 7

    def test_a_row_with_hundreds_of_thousands_of_semicolons_within_is_one_record(self, export):
        assert len(export.reasons("x" + "; " * 300_000 + "x")) == 1


class TestSpreadsheets:
    @pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("wrap", [False, True])
    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_do_not_matter(self, export, separator, wrap, ending):
        rows = [line(list(HEADER), separator), row(separator=separator)]
        if wrap and separator == ";":
            rows = [wrapped(text, ",,") for text in rows]
        elif wrap:
            rows = [wrapped(text) for text in rows]
        content = codecs.BOM_UTF8 + (ending.join(rows) + ending).encode()
        plain = export.rows(file_of(row())).columns
        assert export.rows(content).columns.equals(plain)

    def test_keep_the_line_numbers_of_the_file(self, export):
        content = "\n\n" + file_of(row(), "", row("[]"))
        assert export.rows(content).line.to_pylist() == [4] * 7 + [6]

    def test_that_turn_dates_around_are_read_and_said(self, export):
        rows = export.rows(file_of(row(start="3/2/2024 20:15"), row(start="3/22/2024 20:15")))
        assert rows.columns["started_at"][0].as_py() == datetime(2024, 3, 2, 20, 15, tzinfo=UTC)
        assert "month/day/year" in rows.notes[0]

    def test_that_order_columns_otherwise_are_read(self, export):
        cells = dict(zip(HEADER, ["Robin", TITLE, "Tablet", START, "SE", json.dumps(SEEN)], strict=True))
        names = sorted(HEADER, reverse=True)
        content = line(names) + "\n" + line([cells[name] for name in names]) + "\n"
        assert export.values(content, "event") == export.values(file_of(row()), "event")

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "cp1252"])
    def test_that_write_other_bytes_are_read(self, export, encoding):
        content = file_of(row(title="Zoë")).encode(encoding)
        assert export.values(content, "title_id") == ["Zoë"] * 7


class TestRecognition:
    def test_goes_by_the_header(self, export):
        assert looks_like_traces(export.write(file_of()))
        assert looks_like_traces(export.write(file_of(row()).upper()))

    @pytest.mark.parametrize(
        "content",
        [b"", b"\0\0\0", b"PAR1\0\xff", b"SQLite format 3\0", b"{}", b"Title,Date\nFog,1/2/24\n", b"\xff\xfe\xff"],
    )
    def test_of_something_else_says_no_and_reading_it_says_what_to_give(self, export, content):
        path = export.write(content)
        assert not looks_like_traces(path)
        with pytest.raises(InputError):
            read_traces(path, pseudonymiser=None, account="alpha")

    def test_of_what_cannot_be_opened_says_no(self, tmp_path):
        for path in (tmp_path, tmp_path / "nothing.csv", Path("\0")):
            assert not looks_like_traces(path)
        with pytest.raises(InputError, match="cannot be read"):
            read_traces(tmp_path / "nothing.csv", pseudonymiser=None, account="alpha")

    def test_a_file_without_rows_has_no_events(self, export):
        rows = export.rows(file_of())
        assert (len(rows.line), rows.columns.num_rows) == (0, 0)
        assert set(rows.columns.column_names) == set(PROVIDES)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
strange = st.fixed_dictionaries(
    {}, optional={"eventType": values | st.sampled_from(["start", "playing", "stopped"]), "sessionOffsetMs": values}
)


@given(st.lists(strange | values, max_size=6))
def test_every_element_is_one_record_whatever_it_holds(tmp_path_factory, elements):
    export = Export(tmp_path_factory.mktemp("export"))
    rows = export.rows(file_of(row(elements), row()))
    assert len(rows.line) == len(rows.reject) == max(len(elements), 1) + 7
    checked = check_events(rows)
    assert checked.summary.tally.read == len(rows.line)


@given(st.integers(), st.integers(0, 40))
def test_a_file_with_bytes_that_went_astray_is_read_or_refused_in_words(tmp_path_factory, seed, count):
    export, chance = Export(tmp_path_factory.mktemp("export")), random.Random(seed)  # noqa: S311
    data = bytearray(file_of(row(), row(title="Fog"), row(profile="Kim")).encode())
    for _ in range(count):
        data[chance.randrange(len(data))] = chance.choice(b'"\\,;[]{}\n\r\0\xff\xe9 1-nE')
    del data[chance.randrange(len(data)) :]
    if not looks_like_traces(path := export.write(bytes(data))):
        with pytest.raises(InputError):
            read_traces(path, pseudonymiser=None, account="alpha")
        return
    with suppress(InputError):  # a zero byte far behind the header
        rows = read_traces(path, pseudonymiser=None, account="alpha")
        assert len(rows.line) == rows.columns.num_rows == check_events(rows).summary.tally.read
