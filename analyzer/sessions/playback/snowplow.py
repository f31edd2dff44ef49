"""Snowplow media events in enriched JSON: one event is one row.

What the player was doing stands in entities beside the event, either as the analytics SDKs write them
(`contexts_com_snowplowanalytics_snowplow_media_player_2`) or as they were sent (`contexts.data` with a schema each).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from analyzer.sessions.playback.json_fields import UnreadableError, first_word, flag, instant, number, part, word
from analyzer.sessions.playback.schema import Event

PROVIDES: Final = (
    "viewer_id", "session_id", "title_id", "title_name", "event", "occurred_at", "position_s", "runtime_s", "rate",
    "event_id",
)  # fmt: skip

_EVENTS: Final = {
    "ready": Event.START,
    "play": Event.PLAY,
    "pause": Event.PAUSE,
    "seek_start": Event.SEEK,
    "seek_end": Event.SEEK_END,
    "playback_rate_change": Event.RATE,
    "end": Event.COMPLETE,
    "buffer_start": Event.BUFFER,
    "buffer_end": Event.BUFFER_END,
    **dict.fromkeys(("ad_break_start", "ad_start", "ad_resume", "ad_pause"), Event.AD_START),
    **dict.fromkeys(("ad_quartile", "ad_first_quartile", "ad_midpoint", "ad_third_quartile"), Event.AD_START),
    **dict.fromkeys(("ad_break_end", "ad_complete", "ad_skip"), Event.AD_END),
    **dict.fromkeys(("ping", "percent_progress", "volume_change", "fullscreen_change", "quality_change"), Event.PING),
    **dict.fromkeys(("picture_in_picture_change", "error", "ad_click"), Event.PING),
}
_TELL_THE_STATE: Final = frozenset({"ping", "percent_progress"})
_MARKS: Final = ("event_id", "event_vendor", "app_id", "collector_tstamp", "derived_tstamp", "dvce_created_tstamp")
_TIMES: Final = ("derived_tstamp", "dvce_created_tstamp", "collector_tstamp")
_VIEWERS: Final = ("user_id", "domain_userid", "network_userid")


def looks_like(value: Mapping[str, object]) -> bool:
    """Return whether a record is an enriched event."""
    value = _lower_keys(value)
    return isinstance(value.get("event_name"), str) and any(mark in value for mark in _MARKS)


def name_of(value: Mapping[str, object]) -> str | None:
    """Return the name of an event as it is mapped: in lower case, without "_event" at its end."""
    name = word(_lower_keys(value).get("event_name"))
    return None if name is None else name.strip().lower().removesuffix("_event")


def event_of(value: Mapping[str, object]) -> dict[str, object]:
    """Return an enriched event as a row of the event table.

    Raises
    ------
    UnreadableError
        When it names nobody or no event, or when a value that it needs is of another type.
    """
    value = _lower_keys(value)
    name = name_of(value)
    if name is None:
        raise UnreadableError("event_name is missing")
    viewer = first_word(value.get(key) for key in _VIEWERS)
    if name not in _EVENTS:
        return {"event": Event.OTHER.word, "viewer_id": viewer}
    if viewer is None:
        raise UnreadableError("neither user_id, domain_userid nor network_userid is there")
    player = _entity(value, "media_player")
    label = word(player.get("label"))
    return {
        "event": _event(name, player).word,
        "viewer_id": viewer,
        "session_id": word(_member(_entity(value, "media_session"), "mediaSessionId")),
        "title_id": label or first_word((value.get("page_urlpath"), value.get("page_url"))),
        "title_name": label,
        "occurred_at": instant(value, *_TIMES),
        "position_s": _number(player, "currentTime"),
        "runtime_s": _number(player, "duration"),
        "rate": _rate(name, value, player),
        "event_id": word(value.get("event_id")),
    }


def _lower_keys(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return an event with its names in lower case: some warehouses export them in capitals."""
    return value if "event_name" in value else {key.lower(): held for key, held in value.items()}


def _event(name: str, player: Mapping[str, object]) -> Event:
    if name in _TELL_THE_STATE:
        paused = flag(player.get("paused"), "paused of the media player")
        return _EVENTS[name] if paused is None else Event.PAUSE if paused else Event.PLAY
    return _EVENTS[name]


def _entity(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    """Return the first entity of a kind, empty where there is none."""
    return next((held for kind, held in _entities(value) if name in kind), {})


def _entities(value: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    for key, held in value.items():
        if key.startswith("contexts_"):
            yield _kind(key), part(held[0] if isinstance(held, list) and held else held)
    sent = part(value.get("contexts")).get("data")
    for entity in sent if isinstance(sent, list) else ():
        yield _kind(part(entity).get("schema")), part(part(entity).get("data"))


def _change(value: Mapping[str, object]) -> Mapping[str, object]:
    """Return what a change of speed says itself, empty where it says nothing."""
    for key, held in value.items():
        if key.startswith("unstruct_event_") and "playback_rate_change" in _kind(key):
            return part(held)
    return part(part(part(value.get("unstruct_event")).get("data")).get("data"))


def _kind(schema: object) -> str:
    return _words(schema) if isinstance(schema, str) else ""


@lru_cache(maxsize=4096)
def _words(schema: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", schema.lower())


def _rate(name: str, value: Mapping[str, object], player: Mapping[str, object]) -> float | None:
    if name == "playback_rate_change":
        rate = number(_member(_change(value), "newRate"), "newRate")
        if rate is not None:
            return rate
    return _number(player, "playbackRate")


def _number(player: Mapping[str, object], name: str) -> float | None:
    return number(_member(player, name), f"{name} of the media player")


def _member(entity: Mapping[str, object], name: str) -> object:
    """Return a member of an entity by its name; some warehouses write current_time for currentTime."""
    return entity[name] if name in entity else entity.get(_snake(name))


@lru_cache(maxsize=64)
def _snake(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()
