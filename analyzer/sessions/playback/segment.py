"""Track calls of the Segment Video spec: one call is one event.

Positions and lengths count the ads that were seen so far, so `ads_in_position` is true in each row. What an ad tells of
position, length and title is its own; these stay null.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from analyzer.sessions.playback.json_fields import UnreadableError, first_word, instant, number, part, word
from analyzer.sessions.playback.schema import Event

PROVIDES: Final = (
    "viewer_id", "session_id", "title_id", "title_name", "series_id", "event", "occurred_at", "position_s",
    "to_position_s", "runtime_s", "ads_in_position", "event_id",
)  # fmt: skip

_CALLS: Final = frozenset({"track", "identify", "page", "screen", "group", "alias"})
_EVENTS: Final = {
    "video playback started": Event.START,
    "video content started": Event.PLAY,
    "video content playing": Event.PLAY,
    "video playback resumed": Event.PLAY,
    "video playback paused": Event.PAUSE,
    "video playback interrupted": Event.BUFFER,
    "video playback buffer started": Event.BUFFER,
    "video buffer started": Event.BUFFER,
    "video playback buffer completed": Event.BUFFER_END,
    "video buffer completed": Event.BUFFER_END,
    "video playback seek started": Event.SEEK,
    "video playback seek completed": Event.SEEK_END,
    "video ad break started": Event.AD_START,
    "video ad started": Event.AD_START,
    "video ad playing": Event.AD_START,
    "video ad completed": Event.AD_END,
    "video ad skipped": Event.AD_END,
    "video ad break completed": Event.AD_END,
    "video content completed": Event.PING,
    "video quality updated": Event.PING,
    "video playback completed": Event.COMPLETE,
    "video playback exited": Event.STOP,
}


def looks_like(value: Mapping[str, object]) -> bool:
    """Return whether a record is a call."""
    if not value.keys() & {"userId", "anonymousId", "messageId"}:
        return False
    return value.get("type") in _CALLS if isinstance(value.get("type"), str) else isinstance(value.get("event"), str)


def name_of(value: Mapping[str, object]) -> str | None:
    """Return the name of a call's event as it was sent; of other calls, what kind of call it is."""
    kind = word(value.get("type"))
    if kind is not None and kind.strip().lower() != "track":
        return kind
    return word(value.get("event"))


def event_of(value: Mapping[str, object]) -> dict[str, object]:
    """Return a call as a row of the event table.

    Raises
    ------
    UnreadableError
        When it names nobody or no event, or when a value that it needs is of another type.
    """
    name = name_of(value)
    if name is None:
        raise UnreadableError("event is missing")
    event = _EVENTS.get(_plain(name), Event.OTHER)
    viewer = first_word((value.get("userId"), value.get("anonymousId")))
    if event is Event.OTHER:
        return {"event": event.word, "viewer_id": viewer, "ads_in_position": True}
    if viewer is None:
        raise UnreadableError("neither userId nor anonymousId is there")
    properties = part(value.get("properties"))
    row: dict[str, object] = {
        "event": event.word,
        "viewer_id": viewer,
        "session_id": word(properties.get("session_id")),
        "occurred_at": instant(value, "timestamp", "originalTimestamp", "sentAt", "receivedAt"),
        "event_id": word(value.get("messageId")),
        "ads_in_position": True,
        "title_id": _content(properties),
    }
    return row if event in (Event.AD_START, Event.AD_END) else row | _of_content(event, properties)


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    """Return an event name in lower case with single spaces; warehouses write video_playback_started."""
    return " ".join(name.lower().replace("_", " ").split())


def _content(properties: Mapping[str, object]) -> str | None:
    several = properties.get("content_asset_ids")
    return first_word((properties.get("content_asset_id"), *(several if isinstance(several, list) else (several,))))


def _of_content(event: Event, properties: Mapping[str, object]) -> dict[str, object]:
    row: dict[str, object] = {
        "title_id": _content(properties) or word(properties.get("asset_id")),
        "title_name": word(properties.get("title")),
        "series_id": word(properties.get("program")),
        "runtime_s": _number(properties, "total_length"),
        "position_s": _number(properties, "position"),
    }
    return row | {"to_position_s": _number(properties, "seek_position")} if event is Event.SEEK else row


def _number(properties: Mapping[str, object], name: str) -> float | None:
    return number(properties.get(name), f"properties.{name}")
