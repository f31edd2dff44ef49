"""One playback in four encodings: what the same player would have sent to four kinds of backend.

`Told` is what happened. Each encoder writes it as its format would: xAPI in statements, Segment in track calls whose
positions count ads, Snowplow with a seek in two events and no word for the end, and the canonical table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

START = datetime(2024, 3, 1, 20, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Told:
    """Something that a player did: seconds since the start, what, where, where to, and the rate from then on."""

    at_s: float
    what: str  # start, play, pause, seek, ping, rate, ad_start, ad_end, complete, stop
    position_s: float = 0.0
    to_s: float | None = None
    rate: float = 1.0


@dataclass(frozen=True)
class Playback:
    """What one viewer did in one session."""

    viewer: str
    session: str
    title: str
    runtime_s: float
    told: tuple[Told, ...]
    start: datetime = START

    def at(self, event: Told) -> datetime:
        return self.start + timedelta(seconds=event.at_s)

    def iso(self, event: Told) -> str:
        return self.at(event).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical(playbacks: Iterable[Playback]) -> pa.Table:
    """The event table."""
    rows = [
        {
            "viewer_id": p.viewer,
            "session_id": p.session,
            "title_id": p.title,
            "seq": number,
            "t_ms": round(told.at_s * 1000),
            "started_at": p.start,
            "event": told.what,
            "position_s": None if told.what.startswith("ad_") else told.position_s,
            "to_position_s": told.to_s,
            "rate": told.rate,
            "runtime_s": p.runtime_s,
        }
        for p in playbacks
        for number, told in enumerate(p.told)
    ]
    return pa.Table.from_pylist(rows)


_XAPI_VERBS = {
    "start": "http://adlnet.gov/expapi/verbs/initialized",
    "play": "https://w3id.org/xapi/video/verbs/played",
    "pause": "https://w3id.org/xapi/video/verbs/paused",
    "seek": "https://w3id.org/xapi/video/verbs/seeked",
    "rate": "http://adlnet.gov/expapi/verbs/interacted",
    "complete": "http://adlnet.gov/expapi/verbs/completed",
    "stop": "http://adlnet.gov/expapi/verbs/terminated",
}
_EXTENSION = "https://w3id.org/xapi/video/extensions/"


def xapi(playbacks: Iterable[Playback]) -> list[dict[str, Any]]:
    """Statements of the video profile; it has no heartbeat and no ads."""
    told = [(p, number, event) for p in playbacks for number, event in enumerate(p.told)]
    return [_statement(*each) for each in told if each[2].what in _XAPI_VERBS]


def _statement(p: Playback, number: int, told: Told) -> dict[str, Any]:
    seeks = told.what == "seek"
    result = {"time-from": told.position_s, "time-to": told.to_s} if seeks else {"time": told.position_s}
    context = {"session-id": p.session, "length": p.runtime_s, "speed": f"{told.rate:g}x"}
    return {
        "id": f"{p.session}-{number}",
        "actor": {"account": {"homePage": "https://tv.example", "name": p.viewer}},
        "verb": {"id": _XAPI_VERBS[told.what]},
        "object": {"id": p.title},
        "timestamp": p.iso(told),
        "result": {"extensions": {_EXTENSION + name: value for name, value in result.items()}},
        "context": {"extensions": {_EXTENSION + name: value for name, value in context.items()}},
    }


_SEGMENT_NAMES = {
    "start": "Video Playback Started",
    "ping": "Video Content Playing",
    "pause": "Video Playback Paused",
    "ad_start": "Video Ad Started",
    "ad_end": "Video Ad Completed",
    "complete": "Video Playback Completed",
    "stop": "Video Playback Exited",
}


def segment(playbacks: Iterable[Playback]) -> list[dict[str, Any]]:
    """Track calls; positions and total_length count the ads seen so far, and there is no rate."""
    calls = []
    for p in playbacks:
        ads = _AdsSeen(p)
        begun = False
        for number, told in enumerate(p.told):
            for name, position, more in _calls_of(told, ads, begun):
                properties = {"session_id": p.session, "position": position, **more}
                if told.what not in ("ad_start", "ad_end"):
                    properties |= {"content_asset_id": p.title, "total_length": p.runtime_s + ads.total_s}
                calls.append(
                    {
                        "type": "track",
                        "event": name,
                        "userId": p.viewer,
                        "messageId": f"{p.session}-{number}-{name}",
                        "timestamp": p.iso(told),
                        "properties": properties,
                    }
                )
            begun = begun or told.what == "play"
            ads.see(told)
    return calls


class _AdsSeen:
    """Where on the line that counts ads a place of the title is."""

    def __init__(self, p: Playback) -> None:
        self.rooms: list[tuple[float, float]] = []
        self._begun: Told | None = None
        starts = [t for t in p.told if t.what == "ad_start"]
        ends = [t for t in p.told if t.what == "ad_end"]
        self.total_s = sum(b.at_s - a.at_s for a, b in zip(starts, ends, strict=True))

    def see(self, told: Told) -> None:
        if told.what == "ad_start":
            self._begun = told
        if told.what == "ad_end" and self._begun:
            self.rooms.append((self._begun.position_s, told.at_s - self._begun.at_s))

    def __call__(self, position_s: float | None) -> float | None:
        if position_s is None:
            return None
        return position_s + sum(length for place, length in self.rooms if place <= position_s)


def _calls_of(told: Told, ads: _AdsSeen, begun: bool) -> list[tuple[str, float | None, dict[str, Any]]]:
    if told.what == "seek":
        more = {"seek_position": ads(told.to_s)}
        return [
            ("Video Playback Seek Started", ads(told.position_s), more),
            ("Video Playback Seek Completed", ads(told.to_s), {}),
        ]
    if told.what == "play":
        return [("Video Playback Resumed" if begun else "Video Content Started", ads(told.position_s), {})]
    if told.what.startswith("ad_"):
        return [(_SEGMENT_NAMES[told.what], 0.0 if told.what == "ad_start" else 15.0, {"total_length": 15})]
    return [(_SEGMENT_NAMES[told.what], ads(told.position_s), {})] if told.what in _SEGMENT_NAMES else []


_SNOWPLOW_NAMES = {
    "start": "ready",
    "play": "play",
    "pause": "pause",
    "ping": "ping",
    "rate": "playback_rate_change",
    "ad_start": "ad_start",
    "ad_end": "ad_complete",
    "complete": "end",
}


def snowplow(playbacks: Iterable[Playback]) -> list[dict[str, Any]]:
    """Enriched events; a seek is two of them, and nothing says that the page was closed."""
    return [
        _enriched(p, number, told, name, position)
        for p in playbacks
        for number, told in enumerate(p.told)
        for name, position in _names_of(told)
    ]


def _names_of(told: Told) -> list[tuple[str, float | None]]:
    if told.what == "seek":
        return [("seek_start", told.position_s), ("seek_end", told.to_s)]
    return [(_SNOWPLOW_NAMES[told.what], told.position_s)] if told.what in _SNOWPLOW_NAMES else []


def _enriched(p: Playback, number: int, told: Told, name: str, position: float | None) -> dict[str, Any]:
    player = {"currentTime": position, "duration": p.runtime_s, "playbackRate": told.rate, "label": p.title}
    if name == "ping":
        player["paused"] = False
    return {
        "event_id": f"{p.session}-{number}-{name}",
        "event_name": f"{name}_event",
        "user_id": p.viewer,
        "derived_tstamp": p.iso(told),
        "contexts_com_snowplowanalytics_snowplow_media_player_2": [player],
        "contexts_com_snowplowanalytics_snowplow_media_session_1": [{"mediaSessionId": p.session}],
    }


def written(values: list[dict[str, Any]], path: Path, *, lines: bool) -> Path:
    """Write JSON lines, or one array."""
    text = "\n".join(json.dumps(value) for value in values) if lines else json.dumps(values, indent=1)
    path.write_text(text + "\n", encoding="utf-8")
    return path
