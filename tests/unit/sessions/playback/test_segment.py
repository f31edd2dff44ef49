"""Track calls of the Segment Video spec become events. All of them are invented."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.sessions.playback.json_events import PROVIDES, Format, batches, recognise
from analyzer.sessions.playback.json_fields import UnreadableError
from analyzer.sessions.playback.schema import WORDS
from analyzer.sessions.playback.segment import event_of


def call(event: object = "Video Content Playing", properties: object = None, **changes) -> dict:
    made = {
        "type": "track",
        "event": event,
        "userId": "u-1",
        "anonymousId": "a-1",
        "messageId": "m-1",
        "timestamp": "2024-03-01T20:00:00.000Z",
        "properties": {"session_id": "s-1", "content_asset_id": "fog", **(properties or {})}
        if isinstance(properties, dict | None)
        else properties,
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


EVENTS = {
    "Video Playback Started": "start",
    "Video Content Started": "play",
    "Video Content Playing": "play",
    "Video Playback Resumed": "play",
    "Video Playback Paused": "pause",
    "Video Playback Interrupted": "buffer",
    "Video Playback Buffer Started": "buffer",
    "Video Buffer Started": "buffer",
    "Video Playback Buffer Completed": "buffer_end",
    "Video Buffer Completed": "buffer_end",
    "Video Playback Seek Started": "seek",
    "Video Playback Seek Completed": "seek_end",
    "Video Ad Break Started": "ad_start",
    "Video Ad Started": "ad_start",
    "Video Ad Playing": "ad_start",
    "Video Ad Completed": "ad_end",
    "Video Ad Skipped": "ad_end",
    "Video Ad Break Completed": "ad_end",
    "Video Content Completed": "ping",
    "Video Quality Updated": "ping",
    "Video Playback Completed": "complete",
    "Video Playback Exited": "stop",
    "Order Completed": "other",
    "Video": "other",
}


@pytest.mark.parametrize(("name", "event"), EVENTS.items())
def test_each_event_of_the_spec_is_known_in_any_case(name, event):
    for written in (name, name.upper(), name.lower().replace(" ", "_"), f" {name} "):
        assert event_of(call(written))["event"] == event


def test_a_call_tells_who_watched_what_and_when():
    said = {"title": "Fog", "program": "Harbour Lights", "total_length": 3000, "position": "12.5"}
    assert event_of(call(properties=said)) == {
        "event": "play",
        "viewer_id": "u-1",
        "session_id": "s-1",
        "title_id": "fog",
        "title_name": "Fog",
        "series_id": "Harbour Lights",
        "occurred_at": "2024-03-01T20:00:00.000Z",
        "runtime_s": 3000.0,
        "position_s": 12.5,
        "event_id": "m-1",
        "ads_in_position": True,
    }


def test_a_seek_has_where_it_began_and_where_it_is_going():
    row = event_of(call("Video Playback Seek Started", {"position": 100, "seek_position": 40}))
    assert (row["position_s"], row["to_position_s"]) == (100.0, 40.0)
    landed = event_of(call("Video Playback Seek Completed", {"position": 40, "seek_position": 9}))
    assert landed["position_s"] == 40.0
    assert "to_position_s" not in landed


@pytest.mark.parametrize("name", [name for name, event in EVENTS.items() if event.startswith("ad_")])
def test_what_an_ad_says_of_itself_is_not_said_of_the_title(name):
    ad = {"asset_id": "ad-7", "title": "Soap", "program": "Ads", "position": 3, "total_length": 30}
    row = event_of(call(name, ad))
    assert row["title_id"] == "fog"
    assert not row.keys() & {"position_s", "to_position_s", "runtime_s", "title_name", "series_id"}
    assert event_of(call(name, ad | {"content_asset_id": None}))["title_id"] is None


@pytest.mark.parametrize("name", EVENTS)
def test_positions_always_count_ads(name):
    assert event_of(call(name))["ads_in_position"] is True


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ({"content_asset_id": 17}, "17"),
        ({"content_asset_id": None, "content_asset_ids": ["reef", "fog"]}, "reef"),
        ({"content_asset_id": "", "content_asset_ids": [None, "fog"]}, "fog"),
        ({"content_asset_id": None, "content_asset_ids": "reef"}, "reef"),
        ({"content_asset_id": None, "content_asset_ids": [], "asset_id": "reef"}, "reef"),
        ({"content_asset_id": {}, "content_asset_ids": {"a": 1}}, None),
    ],
)
def test_a_title_is_the_asset_or_the_first_of_the_assets(said, title):
    assert event_of(call(properties=said))["title_id"] == title


def test_a_viewer_without_an_account_is_told_by_the_device():
    assert event_of(call(userId=None))["viewer_id"] == "a-1"
    assert event_of(call(userId=" "))["viewer_id"] == "a-1"


def test_the_time_is_the_first_that_is_there():
    times = {"originalTimestamp": "2024-03-01T20:00:01Z", "sentAt": "2024-03-01T20:00:02Z"}
    assert event_of(call(**times))["occurred_at"] == "2024-03-01T20:00:00.000Z"
    assert event_of(call(timestamp=None, **times))["occurred_at"] == "2024-03-01T20:00:01Z"
    assert event_of(call(timestamp="", sentAt=times["sentAt"]))["occurred_at"] == "2024-03-01T20:00:02Z"
    assert event_of(call(timestamp=None, receivedAt="2024-03-01"))["occurred_at"] == "2024-03-01"
    assert event_of(call(timestamp=None))["occurred_at"] is None


@pytest.mark.parametrize("kind", ["identify", "page", "screen", "group", "alias"])
def test_a_call_that_tracks_nothing_says_nothing_about_playback(kind):
    assert event_of(call(None, type=kind))["event"] == "other"
    assert event_of(call("Video Playback Started", type=kind))["event"] == "other"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (call(None), "event is missing"),
        (call(["Video Playback Started"]), "event is missing"),
        ({}, "event is missing"),
        (call(userId=None, anonymousId=None), "neither userId nor anonymousId is there"),
        (call(userId=True, anonymousId=[]), "neither userId nor anonymousId is there"),
        (call(properties={"position": "soon"}), "properties.position is not a number"),
        (call(properties={"position": False}), "properties.position is not a number"),
        (call(properties={"total_length": {}}), "properties.total_length is not a number"),
        (call("Video Playback Seek Started", {"seek_position": []}), "properties.seek_position is not a number"),
        (call(timestamp=1709323200), "timestamp is not a time in text"),
    ],
)
def test_what_cannot_be_read_is_a_reason(broken, reason):
    with pytest.raises(UnreadableError) as caught:
        event_of(broken)
    assert str(caught.value) == reason


@pytest.mark.parametrize("properties", ["text", 5, [], True])
def test_properties_of_another_type_are_none(properties):
    row = event_of(call(properties=properties))
    assert (row["event"], row["position_s"], row["session_id"]) == ("play", None, None)


@pytest.mark.parametrize("held", ["", "nan", float("inf"), 10**400])
def test_a_position_that_is_no_finite_number_is_unknown(held):
    assert event_of(call(properties={"position": held}))["position_s"] is None


def test_lines_are_read_and_those_about_other_things_are_named(tmp_path):
    path = tmp_path / "calls.jsonl"
    calls = [call("Video Playback Started"), call(None, type="identify"), call("Order Completed"), call(None)]
    path.write_text("\n".join(json.dumps(made) for made in calls) + "\n{\n")
    assert recognise(path) is Format.SEGMENT
    (rows,) = batches(path, Format.SEGMENT)
    assert tuple(rows.columns.column_names) == PROVIDES[Format.SEGMENT]
    assert rows.columns["event"].to_pylist() == ["start", "other", "other", None, None]
    assert rows.reject.to_pylist() == [None, None, None, "event is missing", "the JSON breaks off here"]
    assert rows.line.to_pylist() == [1, 2, 3, 4, 5]
    assert rows.notes == ("calls.jsonl: 'Order Completed' and 'identify' say nothing about playback.",)


def test_a_saved_batch_is_read(tmp_path):
    path = tmp_path / "batch.json"
    path.write_text(json.dumps({"batch": [call(), call()], "sentAt": "2024-03-01T20:00:02Z"}))
    assert recognise(path) is Format.SEGMENT
    (rows,) = batches(path, Format.SEGMENT)
    assert rows.columns["event"].to_pylist() == ["play", "play"]


ANYTHING = (
    st.none() | st.booleans() | st.floats() | st.integers() | st.sampled_from(["", "1", "\ud800"]) | st.just([{}])
)
KEYS = ["type", "event", "userId", "messageId", "timestamp", "properties"]
PROPERTIES = ["session_id", "content_asset_id", "content_asset_ids", "title", "total_length", "position"]


@given(
    event=st.sampled_from(list(EVENTS)),
    changes=st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=2),
    properties=st.dictionaries(st.sampled_from(PROPERTIES), ANYTHING),
)
def test_a_call_of_any_shape_is_a_row_or_a_reason(event, changes, properties):
    try:
        row = event_of(call(event, properties) | changes)
    except UnreadableError:
        return
    assert row["event"] in WORDS
