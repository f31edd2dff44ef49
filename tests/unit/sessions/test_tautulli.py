"""Tautulli's history is read from any form in which its answers are kept; each row is a session or has a reason.

Names and titles are invented.
"""

from __future__ import annotations

import codecs
import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.door import DoorRules, check
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import COLUMNS
from analyzer.sessions.source import read_sessions
from analyzer.sessions.tautulli import PROVIDES, batches, looks_like

STARTED = 1_709_410_500  # 2024-03-02 20:15 UTC
ROW = {
    "reference_id": 1123,
    "row_id": 1124,
    "id": 1125,
    "date": STARTED,
    "started": STARTED,
    "stopped": STARTED + 2_500,
    "duration": 2_391,
    "play_duration": 2_392,
    "paused_counter": 100,
    "user_id": 328_871,
    "user": "robin",
    "platform": "Windows",
    "player": "Living room",
    "media_type": "episode",
    "rating_key": 4_348,
    "parent_rating_key": 544,
    "grandparent_rating_key": 351,
    "full_title": "Harbour Lights - Fog",
    "title": "Fog",
    "percent_complete": 84,
    "watched_status": 0,
    "group_count": 1,
    "group_ids": "1124",
}


def row(*without: str, **values: Any) -> dict[str, Any]:
    return {name: value for name, value in (ROW | values).items() if name not in without}


def answer(*rows: Any) -> dict[str, Any]:
    page = {
        "draw": 1,
        "recordsTotal": 1_000,
        "recordsFiltered": 250,
        "total_duration": "42 days",
        "filter_duration": "",
    }
    return {"response": {"result": "success", "message": None, "data": {**page, "data": list(rows)}}}


@dataclass(frozen=True)
class History:
    """Writes a file and reads it back."""

    folder: Path

    def write(self, content: Any) -> Path:
        path = self.folder / "history.json"
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def rows(self, content: Any) -> RawRows:
        (batch,) = batches(self.write(content))
        return batch

    def titles(self, content: Any) -> list[str | None]:
        return self.rows(content).columns["title_id"].to_pylist()

    def value(self, column: str, *without: str, **values: Any) -> Any:
        return self.rows([row(*without, **values)]).columns[column][0].as_py()

    def reasons(self, content: Any) -> list[str | None]:
        return self.rows(content).reject.to_pylist()


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path)


class TestARow:
    def test_is_one_session(self, history):
        rows = history.rows(answer(ROW))
        assert rows.columns.to_pylist() == [
            {
                "viewer_id": "328871",
                "title_id": "4348",
                "title_name": "Harbour Lights - Fog",
                "series_id": "351",
                "started_at": float(STARTED),
                "played_s": 2_400.0,
                "session_id": "1124",
                "content_kind": "main",
                "device": "Living room",
            }
        ]
        assert (rows.line.to_pylist(), rows.reject.to_pylist(), rows.notes) == ([1], [None], ())

    def test_has_the_columns_that_it_says_and_that_are_declared(self, history):
        names = history.rows([ROW]).columns.column_names
        assert set(names) == set(PROVIDES) <= set(COLUMNS)

    def test_becomes_a_session_of_a_viewer_with_a_pseudonym(self, history, tmp_path):
        found = read_sessions(history.write(answer(ROW)), key_file=tmp_path / "key").table.to_pylist()[0]
        assert found["viewer_id"].startswith("v_")
        assert found["started_at"] == datetime(2024, 3, 2, 20, 15, tzinfo=UTC)

    def test_says_nothing_of_a_titles_length(self, history):
        assert "runtime_s" not in history.rows([ROW]).columns.column_names

    @pytest.mark.parametrize(
        ("column", "without", "values", "expected"),
        [
            ("viewer_id", (), {"user_id": 0}, "0"),
            ("viewer_id", ("user_id",), {}, "robin"),
            ("viewer_id", (), {"user_id": None}, "robin"),
            ("viewer_id", (), {"user_id": "", "user": ""}, None),
            ("title_id", (), {"rating_key": "4348"}, "4348"),
            ("title_id", (), {"rating_key": ""}, None),
            ("title_name", ("full_title",), {}, "Fog"),
            ("title_name", (), {"full_title": " ", "title": None}, None),
            ("series_id", (), {"media_type": "movie"}, None),
            ("series_id", (), {"media_type": "EPISODE"}, "351"),
            ("series_id", (), {"grandparent_rating_key": ""}, None),
            ("series_id", (), {"grandparent_rating_key": [351]}, None),
            ("session_id", ("row_id",), {}, "1125"),
            ("session_id", (), {"row_id": None, "id": None}, None),
            ("device", (), {"player": ""}, "Windows"),
            ("device", ("player", "platform"), {}, None),
            ("started_at", ("started",), {}, float(STARTED)),
            ("started_at", (), {"started": str(STARTED)}, float(STARTED)),
        ],
    )
    def test_is_read_by_what_it_has(self, history, column, without, values, expected):
        assert history.value(column, *without, **values) == expected

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("movie", "main"),
            ("episode", "main"),
            ("track", "main"),
            ("Movie", "main"),
            ("clip", "trailer"),
            ("trailer", "trailer"),
            ("photo", None),
            (None, None),
            (["movie"], None),
        ],
    )
    def test_says_what_kind_of_content_was_played(self, history, kind, content):
        assert history.value("content_kind", media_type=kind) == content


class TestSecondsPlayed:
    def test_are_those_from_start_to_stop_without_pauses(self, history):
        assert history.value("played_s") == 2_400
        assert history.value("played_s", paused_counter=None) == 2_500
        assert history.value("played_s", "paused_counter", stopped=str(STARTED + 60)) == 60

    @pytest.mark.parametrize("stopped", [None, 0, "", float("nan")])
    def test_of_what_has_not_stopped_are_what_the_server_counted(self, history, stopped):
        assert history.value("played_s", stopped=stopped) == 2_392
        assert history.value("played_s", "play_duration", stopped=stopped) == 2_391
        assert history.value("played_s", "play_duration", "duration", stopped=stopped) is None

    def test_below_zero_or_beyond_a_day_are_left_to_the_door(self, history):
        odd = [row(stopped=STARTED - 60), row(stopped=STARTED + 30 * 3_600, row_id=2), ROW]
        checked = check(history.rows(odd), DoorRules())
        assert (checked.summary.tally.used, checked.summary.tally.quarantined) == (1, 2)

    def test_of_several_plays_in_one_leave_out_what_lies_between_and_are_said(self, history):
        rows = history.rows([row(group_count=3, stopped=STARTED + 90_000), row(row_id=2)])
        assert rows.columns["played_s"].to_pylist() == [2_392, 2_400]
        assert "grouping=0" in rows.notes[0]

    def test_of_several_plays_without_a_count_are_those_from_start_to_stop(self, history):
        assert history.value("played_s", "duration", "play_duration", group_count="2") == 2_400


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ({"started": "yesterday"}, "started is not a number"),
            ({"started": True}, "started is not a number"),
            ({"started": {}}, "started is not a number"),
            ({"stopped": "soon"}, "stopped is not a number"),
            ({"paused_counter": [1]}, "paused_counter is not a number"),
            ({"play_duration": "long"}, "play_duration is not a number"),
            ({"group_count": "many"}, "group_count is not a number"),
        ],
    )
    def test_costs_its_row_only(self, history, values, reason):
        assert history.reasons([ROW, row(**values), ROW]) == [None, reason, None]

    @pytest.mark.parametrize("value", [None, 7, "row", [], True, [ROW]])
    def test_is_no_row(self, history, value):
        assert history.reasons(answer(ROW, value)) == [None, "the row is not an object"]

    @pytest.mark.parametrize("huge", ["1" + "0" * 400, "9" * 5_000, "1e999", "-1e308", "NaN", "Infinity"])
    def test_of_numbers_beyond_all_bounds(self, history, huge):
        text = json.dumps([ROW, row(started=-77), row(stopped=-77)]).replace("-77", huge)
        rows = history.rows(text)
        assert len(rows.line) == 3
        assert check(rows, DoorRules()).summary.tally.read == 3

    def test_of_nested_text(self, history):
        text = json.dumps([ROW, row(user="?")]).replace('"?"', "[" * 5_000 + "]" * 5_000)
        assert history.reasons(text)[0] is None
        assert len(history.reasons(text)) == 2

    def test_of_an_answer_that_tells_of_an_error(self, history):
        refusal = {"response": {"result": "error", "message": "Invalid apikey", "data": {}}}
        assert history.reasons(refusal) == ["the answer holds no history"]
        assert history.reasons([answer(ROW), refusal]) == [None, "the answer holds no history"]

    def test_of_empty_rows_is_said_by_the_door(self, history):
        tally = check(history.rows([{}, ROW]), DoorRules()).summary.tally
        assert (tally.used, tally.quarantined) == (1, 1)

    def test_of_letters_cut_in_half_is_text_all_the_same(self, history):
        assert history.value("title_name", full_title="Fog \ud83d") == "Fog ?"
        assert history.titles(json.dumps([ROW]).replace("Fog", "F\xe9g").encode("latin-1")) == ["4348"]


A, B, C, D = (row(rating_key=letter, row_id=letter) for letter in "abcd")


class TestForms:
    @pytest.mark.parametrize("indent", [None, 2])
    @pytest.mark.parametrize(
        "content",
        [
            answer(A, B, C, D),
            answer(A, B, C, D)["response"],
            answer(A, B, C, D)["response"]["data"],
            [A, B, C, D],
            [answer(A, B), answer(), answer(C, D)],
            [answer(A, B)["response"]["data"], answer(C, D)["response"]["data"]],
            [[A, B], [C, D]],
        ],
    )
    def test_of_one_document_give_the_same_rows_with_running_numbers(self, history, content, indent):
        rows = history.rows(json.dumps(content, indent=indent))
        assert rows.columns["title_id"].to_pylist() == list("abcd")
        assert rows.line.to_pylist() == [1, 2, 3, 4]

    def test_of_rows_as_lines_give_the_number_of_the_line(self, history):
        rows = history.rows("\n".join([json.dumps(A), "", json.dumps(B), "{oops", json.dumps(C)]) + "\n")
        assert rows.columns["title_id"].to_pylist() == ["a", "b", None, "c"]
        assert rows.line.to_pylist() == [1, 3, 4, 5]
        assert rows.reject.null_count == 3

    def test_of_answers_as_lines_give_all_their_rows(self, history):
        content = "\n".join(map(json.dumps, [answer(A, B), answer(C), answer(D)]))
        assert history.titles(content) == list("abcd")

    @pytest.mark.parametrize("mark", [codecs.BOM_UTF8, b""])
    def test_of_any_line_end_and_mark_are_read(self, history, mark):
        content = mark + json.dumps(answer(A, B), indent=1).replace("\n", "\r\n").encode()
        assert history.titles(content) == ["a", "b"]
        assert looks_like(history.write(content))

    def test_of_two_bytes_a_letter_are_read(self, history):
        content = json.dumps(answer(A, B)).encode("utf-16")
        assert looks_like(history.write(content))
        assert history.titles(content) == ["a", "b"]

    def test_are_read_some_rows_at_a_time_and_each_row_once(self, history):
        path = history.write(answer(*(row(rating_key=n) for n in range(25))))
        found = list(batches(path, batch_rows=10))
        assert [len(batch.line) for batch in found] == [10, 10, 5]
        assert pa.concat_arrays([batch.line for batch in found]).to_pylist() == list(range(1, 26))

    @pytest.mark.parametrize("content", [answer(), [], "", "{}\n"])
    def test_without_rows_are_one_batch(self, history, content):
        rows = history.rows(content)
        assert set(rows.columns.column_names) == set(PROVIDES)


class TestAFileThatBreaksOff:
    @pytest.mark.parametrize("indent", [None, 2])
    @pytest.mark.parametrize(
        "content",
        [
            answer(A, B, C, D),
            answer(A, B, C, D)["response"],
            answer(A, B, C, D)["response"]["data"],
            [A, B, C, D],
        ],
    )
    def test_keeps_the_rows_before(self, history, content, indent):
        text = json.dumps(content, indent=indent)
        for kept, letter in enumerate("bcd", 1):
            cut = text.index(f'"row_id": "{letter}"')
            rows = history.rows(text[:cut])
            assert rows.columns["title_id"].to_pylist() == [*"abcd"[:kept], None]
            assert rows.reject.to_pylist() == [None] * kept + ["the JSON breaks off here"]

    def test_behind_its_last_row_keeps_them_all(self, history):
        assert history.titles(json.dumps(answer(A, B))[:-2]) == ["a", "b", None]

    @pytest.mark.parametrize("text", ["{", "[", '{"response"', '{"response": {"data": {"data": [', '[{"rating_key": 1'])
    def test_before_its_first_row_is_one_record_with_a_reason(self, history, text):
        assert history.reasons(text) == ["the JSON breaks off here"]


class TestRecognition:
    def test_goes_by_what_a_row_or_an_answer_has(self, history):
        for content in (answer(ROW), answer(), [ROW], json.dumps(ROW) + "\n" + json.dumps(ROW), [answer(ROW)]):
            assert looks_like(history.write(content))

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"\0\0",
            b"PAR1\xff",
            b"rating_key,paused_counter\n",
            {"actor": {}, "verb": {}, "object": {}},
            [{"event": "Video Playback Started", "properties": {}}],
            {"response": {"result": "error", "message": "Invalid apikey", "data": {}}},
            [],
        ],
    )
    def test_of_something_else_says_no(self, history, content):
        assert not looks_like(history.write(content))

    def test_of_what_cannot_be_opened_says_no_and_reading_it_says_why(self, tmp_path):
        for path in (tmp_path, tmp_path / "nothing.json", Path("\0")):
            assert not looks_like(path)
        for path in (tmp_path, tmp_path / "nothing.json"):
            with pytest.raises(InputError, match="cannot be read"):
                list(batches(path))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.lists(values | st.fixed_dictionaries({}, optional=dict.fromkeys(ROW, values)), max_size=5))
def test_every_row_is_accounted_for_whatever_it_holds(tmp_path_factory, rows):
    history = History(tmp_path_factory.mktemp("history"))
    found = history.rows(answer(*rows, ROW))
    assert check(found, DoorRules()).summary.tally.read == len(rows) + 1


@given(st.integers(), st.integers(0, 30))
def test_a_file_with_bytes_that_went_astray_is_read(tmp_path_factory, seed, count):
    history, chance = History(tmp_path_factory.mktemp("history")), random.Random(seed)  # noqa: S311
    form = chance.choice([answer(A, B, C), [A, B, C], [answer(A), answer(B, C)]])
    data = bytearray(json.dumps(form, indent=chance.choice([None, 1])).encode())
    for _ in range(count):
        data[chance.randrange(len(data))] = chance.choice(b'"\\,;[]{}:\n\r\0\xff\xe9 1-nE')
    path = history.write(bytes(data[: chance.randrange(1, len(data) + 1)]))
    looks_like(path)
    for batch in batches(path):
        assert len(batch.line) == len(batch.reject) == check(batch, DoorRules()).summary.tally.read
