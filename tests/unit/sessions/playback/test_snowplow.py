"""Snowplow media events become events of the table, enriched or as they were sent. All of them are invented."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.playback.json_events import PROVIDES, Format, batches, recognise
from analyzer.sessions.playback.json_fields import UnreadableError
from analyzer.sessions.playback.schema import WORDS
from analyzer.sessions.playback.snowplow import event_of

PLAYER = {"currentTime": 12.5, "duration": 3000, "playbackRate": 1.25, "paused": False, "label": "Fog"}
ENTITY = "contexts_com_snowplowanalytics_snowplow_media_player_2"
SESSION = "contexts_com_snowplowanalytics_snowplow_media_session_1"
CHANGE = "unstruct_event_com_snowplowanalytics_snowplow_media_playback_rate_change_event_1"


def enriched(name: object = "play_event", player: dict | None = None, **changes) -> dict:
    made = {
        "app_id": "tv",
        "event_name": name,
        "event_id": "e-1",
        "user_id": "u-1",
        "domain_userid": "d-1",
        "network_userid": "n-1",
        "derived_tstamp": "2024-03-01T20:00:00.000Z",
        "page_url": "https://tv.example/fog?x=1",
        "page_urlpath": "/fog",
        "contexts_com_snowplowanalytics_snowplow_client_session_1": [{"sessionId": "c-1", "userId": "x"}],
        SESSION: [{"mediaSessionId": "s-1", "timePlayed": 7}],
        ENTITY: [PLAYER | (player or {})],
    }
    return made | changes


EVENTS = {
    "ready": "start",
    "play": "play",
    "pause": "pause",
    "seek_start": "seek",
    "seek_end": "seek_end",
    "playback_rate_change": "rate",
    "ping": "play",
    "percent_progress": "play",
    "end": "complete",
    "buffer_start": "buffer",
    "buffer_end": "buffer_end",
    "ad_break_start": "ad_start",
    "ad_start": "ad_start",
    "ad_quartile": "ad_start",
    "ad_first_quartile": "ad_start",
    "ad_midpoint": "ad_start",
    "ad_third_quartile": "ad_start",
    "ad_resume": "ad_start",
    "ad_pause": "ad_start",
    "ad_break_end": "ad_end",
    "ad_complete": "ad_end",
    "ad_skip": "ad_end",
    "ad_click": "ping",
    "volume_change": "ping",
    "fullscreen_change": "ping",
    "quality_change": "ping",
    "picture_in_picture_change": "ping",
    "error": "ping",
    "page_view": "other",
    "event": "other",
}


@pytest.mark.parametrize(("name", "event"), EVENTS.items())
def test_each_media_event_is_known_with_and_without_its_ending(name, event):
    for written in (name, f"{name}_event", name.upper(), f" {name} "):
        assert event_of(enriched(written))["event"] == event


def test_an_event_tells_who_watched_what_and_when():
    assert event_of(enriched()) == {
        "event": "play",
        "viewer_id": "u-1",
        "session_id": "s-1",
        "title_id": "Fog",
        "title_name": "Fog",
        "occurred_at": "2024-03-01T20:00:00.000Z",
        "position_s": 12.5,
        "runtime_s": 3000.0,
        "rate": 1.25,
        "event_id": "e-1",
    }


@pytest.mark.parametrize("name", ["ping_event", "percent_progress"])
@pytest.mark.parametrize(
    ("paused", "event"), [(False, "play"), (True, "pause"), (None, "ping"), ("false", "play"), (1, "pause")]
)
def test_a_sign_of_life_says_what_the_player_was_doing(name, paused, event):
    assert event_of(enriched(name, {"paused": paused}))["event"] == event


def test_a_seek_begins_where_the_player_is_and_its_target_is_unknown():
    row = event_of(enriched("seek_start_event"))
    assert row["position_s"] == 12.5
    assert row.get("to_position_s") is None


@pytest.mark.parametrize("name", ["ad_break_start_event", "ad_start_event", "ad_complete_event", "ad_skip"])
def test_the_position_of_an_ad_is_the_place_in_the_title(name):
    assert event_of(enriched(name))["position_s"] == 12.5


def test_a_change_of_speed_says_the_new_speed():
    name = "playback_rate_change_event"
    assert event_of(enriched(name, **{CHANGE: {"previousRate": 1, "newRate": 2}}))["rate"] == 2.0
    assert event_of(enriched(name, **{CHANGE: {"previous_rate": 1, "new_rate": 2}}))["rate"] == 2.0
    sent = {"schema": "iglu:x/unstruct_event", "data": {"schema": f"iglu:x/{name}", "data": {"newRate": "0.5"}}}
    assert event_of(enriched(name, unstruct_event=sent))["rate"] == 0.5
    assert event_of(enriched(name, **{CHANGE: {}}))["rate"] == 1.25
    assert event_of(enriched(name, **{CHANGE: []}))["rate"] == 1.25


@pytest.mark.parametrize(
    "session",
    ["iglu:com.snowplowanalytics.snowplow.media/session/jsonschema/1-0-0", "iglu:com.snowplowanalytics/media/session"],
)
def test_entities_are_read_as_they_were_sent_too(session):
    sent = enriched()
    del sent[ENTITY], sent[SESSION]
    sent["contexts"] = {
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1",
        "data": [
            {"schema": "iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2", "data": {"a": 1}},
            {"schema": "iglu:com.snowplowanalytics.snowplow/media_player/jsonschema/2-0-0", "data": PLAYER},
            {"schema": session, "data": {"mediaSessionId": "s-1"}},
        ],
    }
    assert event_of(sent) == event_of(enriched())


def test_names_in_capitals_and_with_underscores_are_the_same_names():
    warehouse = {key.upper(): value for key, value in enriched().items()}
    warehouse[ENTITY.upper()] = [{"current_time": 12.5, "duration": 3000, "playback_rate": 1.25, "label": "Fog"}]
    warehouse[SESSION.upper()] = {"media_session_id": "s-1"}
    assert event_of(warehouse) == event_of(enriched())


def test_a_title_without_a_label_is_told_by_its_page():
    row = event_of(enriched(player={"label": None}))
    assert (row["title_id"], row["title_name"]) == ("/fog", None)
    assert event_of(enriched(player={"label": ""}, page_urlpath=None))["title_id"] == "https://tv.example/fog?x=1"


@pytest.mark.parametrize(
    ("missing", "viewer"), [((), "u-1"), (("user_id",), "d-1"), (("user_id", "domain_userid"), "n-1")]
)
def test_a_viewer_is_told_by_the_account_else_by_the_device(missing, viewer):
    assert event_of(enriched(**dict.fromkeys(missing)))["viewer_id"] == viewer


def test_the_time_is_the_first_that_is_there():
    times = {"dvce_created_tstamp": "2024-03-01 20:00:01.000", "collector_tstamp": "2024-03-01 20:00:02.000"}
    assert event_of(enriched(**times))["occurred_at"] == "2024-03-01T20:00:00.000Z"
    assert event_of(enriched(derived_tstamp=None, **times))["occurred_at"] == "2024-03-01 20:00:01.000"
    times["dvce_created_tstamp"] = ""
    assert event_of(enriched(derived_tstamp=None, **times))["occurred_at"] == "2024-03-01 20:00:02.000"


@pytest.mark.parametrize("entity", [None, [], {}, "text", [5], [[]], 7])
def test_an_event_without_a_player_has_no_position(entity):
    row = event_of(enriched("pause_event", **{ENTITY: entity, "contexts": entity, SESSION: entity}))
    assert (row["event"], row["position_s"], row["session_id"], row["title_id"]) == ("pause", None, None, "/fog")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({}, "event_name is missing"),
        (enriched(None), "event_name is missing"),
        (enriched([]), "event_name is missing"),
        (
            enriched(user_id=None, domain_userid="", network_userid=True),
            "neither user_id, domain_userid nor network_userid is there",
        ),
        (enriched(player={"currentTime": "soon"}), "currentTime of the media player is not a number"),
        (enriched(player={"currentTime": True}), "currentTime of the media player is not a number"),
        (enriched(player={"duration": {}}), "duration of the media player is not a number"),
        (enriched(player={"playbackRate": []}), "playbackRate of the media player is not a number"),
        (enriched("playback_rate_change", **{CHANGE: {"newRate": "fast"}}), "newRate is not a number"),
        (enriched("ping", {"paused": "perhaps"}), "paused of the media player is neither true nor false"),
        (enriched(derived_tstamp=1709323200), "derived_tstamp is not a time in text"),
    ],
)
def test_what_cannot_be_read_is_a_reason(broken, reason):
    with pytest.raises(UnreadableError) as caught:
        event_of(broken)
    assert str(caught.value) == reason


@pytest.mark.parametrize("held", ["", "nan", float("-inf"), 10**400])
def test_a_position_that_is_no_finite_number_is_unknown(held):
    assert event_of(enriched(player={"currentTime": held}))["position_s"] is None


@pytest.mark.parametrize("form", ["lines", "array"])
def test_lines_and_arrays_are_read(tmp_path, form):
    events = [enriched("ready"), enriched("page_view"), enriched(user_id="u-2", event_id=7), enriched(None)]
    path = tmp_path / "events.json"
    path.write_text("\n".join(json.dumps(event) for event in events) if form == "lines" else json.dumps(events))
    assert recognise(path) is Format.SNOWPLOW
    (rows,) = batches(path, Format.SNOWPLOW)
    assert tuple(rows.columns.column_names) == PROVIDES[Format.SNOWPLOW]
    assert rows.columns["event"].to_pylist() == ["start", "other", "play", None]
    assert rows.columns["event_id"].to_pylist() == ["e-1", None, "7", None]
    assert rows.reject.to_pylist() == [None, None, None, "event_name is missing"]
    assert rows.notes == ("events.json: 'page_view' says nothing about playback.",)


ANYTHING = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["", "1", "\ud800"]) | st.just([{}])
)


@given(
    name=st.sampled_from(list(EVENTS)),
    changes=st.dictionaries(st.sampled_from([*enriched(), "contexts", CHANGE]), ANYTHING, max_size=3),
    player=st.dictionaries(st.sampled_from([*PLAYER]), ANYTHING),
)
def test_an_event_of_any_shape_is_a_row_or_a_reason(name, changes, player):
    try:
        row = event_of(enriched(name, player) | changes)
    except UnreadableError:
        return
    assert row["event"] in WORDS
