"""Statements of the xAPI Video Profile become events, whichever way an emitter wrote them. All of them are invented."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.playback.json_events import PROVIDES, Format, batches, recognise
from analyzer.sessions.playback.json_fields import UnreadableError
from analyzer.sessions.playback.schema import EVENT_TABLE, WORDS
from analyzer.sessions.playback.xapi import event_of

VIDEO = "https://w3id.org/xapi/video/extensions/"
ACCOUNT = {"homePage": "https://tv.example", "name": "Robin"}


def statement(verb: str = "played", result: dict | None = None, context: dict | None = None, **changes) -> dict:
    made = {
        "id": "e-1",
        "actor": {"account": ACCOUNT},
        "verb": {"id": f"https://w3id.org/xapi/video/verbs/{verb}"},
        "object": {"id": "https://tv.example/fog", "definition": {"name": {"en-GB": "Fog", "sv": "Dimma"}}},
        "timestamp": "2024-03-01T20:00:00.000Z",
        "result": {"extensions": {VIDEO + name: value for name, value in (result or {}).items()}},
        "context": {"extensions": {VIDEO + name: value for name, value in (context or {}).items()}},
    }
    return made | changes


def write(folder: Path, content: str) -> Path:
    path = folder / "statements.json"
    path.write_text(content)
    return path


@pytest.mark.parametrize(
    ("verb", "event"),
    [
        ("initialized", "start"),
        ("played", "play"),
        ("paused", "pause"),
        ("seeked", "seek"),
        ("interacted", "captions"),
        ("completed", "ping"),
        ("terminated", "stop"),
        ("abandoned", "stop"),
        ("suspended", "stop"),
        ("experienced", "other"),
        ("PLAYED", "play"),
        ("played/", "play"),
    ],
)
def test_a_verb_is_known_by_the_last_part_of_its_address(verb, event):
    assert event_of(statement(verb))["event"] == event
    assert event_of(statement() | {"verb": {"id": f"http://adlnet.gov/expapi/verbs#{verb}"}})["event"] == event


def test_a_statement_tells_who_watched_what_and_when():
    row = event_of(statement("played", {"time": 12.5}, {"length": 3000, "session-id": "s-1", "speed": "1.25x"}))
    assert row == {
        "event": "play",
        "viewer_id": "https://tv.example|Robin",
        "title_id": "https://tv.example/fog",
        "title_name": "Fog",
        "occurred_at": "2024-03-01T20:00:00.000Z",
        "event_id": "e-1",
        "session_id": "s-1",
        "runtime_s": 3000.0,
        "rate": 1.25,
        "captions": None,
        "position_s": 12.5,
    }


def test_a_seek_has_where_it_began_and_where_it_landed():
    row = event_of(statement("seeked", {"time-from": 100, "time-to": "40.5", "time": 7}))
    assert (row["position_s"], row["to_position_s"]) == (100.0, 40.5)


def test_a_seek_that_does_not_say_from_where_has_no_direction():
    row = event_of(statement("seeked", {"time": 40, "time-to": 40}))
    assert (row["position_s"], row["to_position_s"]) == (None, 40.0)


@pytest.mark.parametrize(
    ("held", "rate"),
    [("1.25x", 1.25), ("2X", 2.0), (" 1.5 x", 1.5), ("0.75", 0.75), (1, 1.0), (None, None), (float("nan"), None)],
)
def test_a_speed_is_read_with_and_without_its_x(held, rate):
    row = event_of(statement("interacted", context={"speed": held}))
    assert (row["rate"], row["event"]) == (rate, "captions" if rate is None else "rate")


@pytest.mark.parametrize("name", ["cc-subtitle-enabled", "cc-enabled"])
@pytest.mark.parametrize("section", ["result", "context"])
@pytest.mark.parametrize(
    ("held", "captions"), [(True, True), (False, False), ("true", True), ("False", False), (1, True), (None, None)]
)
def test_captions_are_read_under_both_names_and_in_both_places(name, section, held, captions):
    row = event_of(statement("interacted", **{section: {name: held}}))
    assert (row["event"], row["captions"]) == ("captions", captions)


def test_an_extension_counts_wherever_it_stands():
    row = event_of(statement("paused", {"length": 60}, {"time": 5}))
    assert (row["position_s"], row["runtime_s"]) == (5.0, 60.0)
    assert event_of(statement("paused", {"time": None}, {"time": 5}))["position_s"] == 5.0
    assert event_of(statement("paused", {"time": 4}, {"time": 5}))["position_s"] == 4.0


def test_progress_on_either_scale_and_played_segments_change_nothing():
    said = {"progress": 100, "played-segments": "0.000[.]12.000[,]14.000[.]21.000", "time": 21}
    assert event_of(statement("completed", said)) == event_of(statement("completed", said | {"progress": 1}))


@pytest.mark.parametrize(
    ("actor", "viewer"),
    [
        ({"account": ACCOUNT, "mbox": "mailto:robin@tv.example"}, "https://tv.example|Robin"),
        ({"account": {"name": 17}}, "17"),
        ({"account": {"homePage": "https://tv.example"}, "openid": "https://id.example/r"}, "https://id.example/r"),
        ({"mbox": "mailto:robin@tv.example"}, "mailto:robin@tv.example"),
        ({"mbox_sha1sum": "ab12", "openid": "https://id.example/r"}, "ab12"),
    ],
)
def test_each_kind_of_identifier_names_a_viewer(actor, viewer):
    assert event_of(statement(actor=actor))["viewer_id"] == viewer


def test_a_session_is_told_by_its_extension_else_by_the_registration():
    assert event_of(statement(context={"session-id": "s-1"}))["session_id"] == "s-1"
    assert event_of(statement(context=None) | {"context": {"registration": "r-1"}})["session_id"] == "r-1"
    assert event_of(statement())["session_id"] is None


def test_a_missing_time_is_the_time_of_storing_and_a_missing_name_is_null():
    row = event_of(statement(timestamp=None, stored="2024-03-01T20:00:09Z", object={"id": "fog"}))
    assert (row["occurred_at"], row["title_id"], row["title_name"]) == ("2024-03-01T20:00:09Z", "fog", None)
    assert event_of(statement(object={"definition": {"name": {"en": 5, "sv": "Dimma"}}}))["title_name"] == "Dimma"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (statement(actor={"name": "Robin"}), "actor has no identifier"),
        (statement(actor=None), "actor has no identifier"),
        (statement(actor=[ACCOUNT]), "actor has no identifier"),
        (statement(actor={"account": {"name": True}, "mbox": ""}), "actor has no identifier"),
        (statement() | {"verb": None}, "verb.id is missing"),
        (statement() | {"verb": {"id": 5.5}}, "verb.id is missing"),
        (statement(result={"time": "soon"}), "result.extensions.time is not a number"),
        (statement(result={"time": True}), "result.extensions.time is not a number"),
        (statement(result={"time": [1]}), "result.extensions.time is not a number"),
        (statement("seeked", {"time-to": {}}), "result.extensions.time-to is not a number"),
        (statement(context={"length": "PT5M"}), "context.extensions.length is not a number"),
        (statement(context={"speed": "fast"}), "context.extensions.speed is not a number"),
        (statement(context={"cc-enabled": "sv"}), "context.extensions.cc-enabled is neither true nor false"),
        (statement(timestamp=1709323200), "timestamp is not a time in text"),
    ],
)
def test_what_cannot_be_read_is_a_reason(broken, reason):
    with pytest.raises(UnreadableError) as caught:
        event_of(broken)
    assert str(caught.value) == reason


@pytest.mark.parametrize("held", [None, "", " ", "NaN", float("inf"), float("-inf"), float("nan"), 10**400, "1e999"])
def test_a_position_that_is_no_finite_number_is_unknown(held):
    assert event_of(statement("paused", {"time": held}))["position_s"] is None


def test_what_says_nothing_about_playback_needs_no_viewer_and_no_position():
    row = event_of(statement("liked", {"time": "soon"}, actor=None))
    assert row == {"event": "other", "viewer_id": None}


def test_a_page_of_a_store_is_read_whole(tmp_path):
    statements = [statement("initialized"), statement("liked"), statement(actor={}), "?", statement("experienced")]
    path = write(tmp_path, json.dumps({"more": "", "statements": statements}))
    assert recognise(path) is Format.XAPI
    (rows,) = batches(path, Format.XAPI)
    assert rows.columns["event"].to_pylist() == ["start", "other", None, None, "other"]
    assert rows.reject.to_pylist() == [None, None, "actor has no identifier", "the record is not an object", None]
    assert rows.line.to_pylist() == [1, 2, 3, 4, 5]
    assert rows.file == str(path)
    assert rows.notes == ("statements.json: 'experienced' and 'liked' say nothing about playback.",)


def test_batches_have_the_same_columns_and_name_a_verb_once(tmp_path):
    verbs = ["played", "liked", "liked", "paused", "shared"]
    path = write(tmp_path, "\n".join(json.dumps(statement(verb)) for verb in verbs))
    parts = list(batches(path, Format.XAPI, batch_rows=2))
    assert [part.columns.num_rows for part in parts] == [2, 2, 1]
    assert len({part.columns.schema for part in parts}) == 1
    assert tuple(parts[0].columns.column_names) == PROVIDES[Format.XAPI]
    assert [line for part in parts for line in part.line.to_pylist()] == [1, 2, 3, 4, 5]
    assert [note.split(": ")[1].split(" ")[0] for part in parts for note in part.notes] == ["'liked'", "'shared'"]


def test_a_file_without_records_is_one_batch_without_rows(tmp_path):
    (rows,) = batches(write(tmp_path, '{"statements": []}'), Format.XAPI)
    assert rows.columns.num_rows == len(rows.line) == 0


def test_each_format_provides_columns_of_the_event_table():
    for provided in PROVIDES.values():
        assert set(provided) <= set(EVENT_TABLE.by_name)
        assert set(EVENT_TABLE.present) <= set(provided)


def test_halves_of_characters_do_not_stop_a_file(tmp_path):
    made = statement("liked\ud800", id="\ud800", actor={"mbox": "mailto:\udfff"})
    path = write(tmp_path, json.dumps([made, made | {"verb": {"id": "played"}}]))
    (rows,) = batches(path, Format.XAPI)
    assert rows.columns["viewer_id"].to_pylist() == ["mailto:?", "mailto:?"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["", "1", "true", "x", "\ud800", "1x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "name", "en"]), inner),
    max_leaves=5,
)


@given(
    verb=st.sampled_from(["played", "seeked", "interacted", "terminated", "liked"]) | ANYTHING,
    parts=st.dictionaries(st.sampled_from(["id", "actor", "object", "result", "context", "timestamp"]), ANYTHING),
    held=st.dictionaries(st.sampled_from(["time", "time-to", "speed", "cc-enabled", "session-id"]), ANYTHING),
)
def test_a_statement_of_any_shape_is_a_row_or_a_reason(verb, parts, held):
    made = statement("played", held, held) | {"verb": {"id": verb}} | parts
    try:
        row = event_of(made)
    except UnreadableError:
        return
    assert row["event"] in WORDS


@pytest.mark.parametrize("verb", ["initialized", "completed", "terminated"])
def test_a_course_that_is_begun_or_completed_is_no_playback(verb):
    course = {"id": "https://lms.example/course", "definition": {"type": "http://adlnet.gov/expapi/activities/course"}}
    statement = {
        "actor": {"mbox": "mailto:a@example.org"},
        "verb": {"id": f"http://adlnet.gov/expapi/verbs/{verb}"},
        "timestamp": "2024-03-01T20:00:00Z",
    }
    assert event_of({**statement, "object": course})["event"] == "other"
    length = {"extensions": {"https://w3id.org/xapi/video/extensions/length": 60}}
    assert event_of({**statement, "object": course, "context": length})["event"] != "other"
    assert event_of({**statement, "object": {"id": "https://lms.example/film"}})["event"] != "other"
