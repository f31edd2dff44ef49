"""xAPI statements of the Video Profile 1.0.3: one statement is one event.

Emitters differ: verbs and extensions are known by the last part of their address, and an extension counts whether it
stands in the result or in the context.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from analyzer.sessions.playback.json_fields import (
    UnreadableError,
    first_word,
    flag,
    instant,
    last_segment,
    number,
    part,
    word,
)
from analyzer.sessions.playback.schema import Event

PROVIDES: Final = (
    "viewer_id", "session_id", "title_id", "title_name", "event", "occurred_at", "position_s", "to_position_s",
    "runtime_s", "rate", "captions", "event_id",
)  # fmt: skip

_EVENTS: Final = {
    "initialized": Event.START,
    "played": Event.PLAY,
    "paused": Event.PAUSE,
    "seeked": Event.SEEK,
    "completed": Event.PING,  # sent at a threshold, while the video still plays
    "terminated": Event.STOP,
    "abandoned": Event.STOP,
    "suspended": Event.STOP,
}
_SHARED: Final = frozenset({"initialized", "interacted", "completed", "terminated", "abandoned", "suspended"})
# Courses and quizzes are initialized and completed too.
_OF_VIDEO: Final = frozenset({"session-id", "length", "time", "completion-threshold", "speed", "progress"})
_CAPTIONS: Final = ("cc-subtitle-enabled", "cc-enabled")
_Extensions = dict[str, tuple[object, str]]


def looks_like(value: Mapping[str, object]) -> bool:
    """Return whether a record is a statement."""
    return isinstance(value.get("verb"), dict) and isinstance(value.get("actor"), dict)


def name_of(value: Mapping[str, object]) -> str | None:
    """Return the verb of a statement as it is mapped: the last part of its id, in lower case."""
    verb = word(part(value.get("verb")).get("id"))
    return None if verb is None else last_segment(verb)


def event_of(value: Mapping[str, object]) -> dict[str, object]:
    """Return a statement as a row of the event table.

    Raises
    ------
    UnreadableError
        When it names nobody or no verb, or when a value that it needs is of another type.
    """
    verb = name_of(value)
    if verb is None:
        raise UnreadableError("verb.id is missing")
    viewer = _viewer(part(value.get("actor")))
    if verb != "interacted" and verb not in _EVENTS:
        return {"event": Event.OTHER.word, "viewer_id": viewer}
    if viewer is None:
        raise UnreadableError("actor has no identifier")
    extensions = _extensions(value)
    if verb in _SHARED and not _is_of_a_video(part(value.get("object")), extensions):
        return {"event": Event.OTHER.word, "viewer_id": viewer}
    rate = _rate(extensions)
    event = _EVENTS.get(verb, Event.CAPTIONS if rate is None else Event.RATE)
    return {
        "event": event.word,
        "viewer_id": viewer,
        "occurred_at": instant(value, "timestamp", "stored"),
        "event_id": word(value.get("id")),
        "session_id": _session(value, extensions),
        "runtime_s": _number(extensions, "length"),
        "rate": rate,
        "captions": _captions(extensions),
        **_title(part(value.get("object"))),
        **_positions(event, extensions),
    }


def _is_of_a_video(activity: Mapping[str, object], extensions: _Extensions) -> bool:
    """Tell whether a statement is about a video: it has the profile's extensions, or its object says so or nothing."""
    kind = word(part(activity.get("definition")).get("type"))
    named = kind is None or any(media in kind.lower() for media in ("video", "media", "audio"))
    return named or not _OF_VIDEO.isdisjoint(extensions)


def _viewer(actor: Mapping[str, object]) -> str | None:
    account = part(actor.get("account"))
    name, home = word(account.get("name")), word(account.get("homePage"))
    if name is not None:
        # No address holds a bar, so two accounts never get one name.
        return name if home is None else f"{home}|{name}"
    return first_word(actor.get(key) for key in ("mbox", "mbox_sha1sum", "openid"))


def _extensions(value: Mapping[str, object]) -> _Extensions:
    """Return the extensions by the last part of their address, with where they stand; the result counts first."""
    found: _Extensions = {}
    for section in ("result", "context"):
        for address, held in part(part(value.get(section)).get("extensions")).items():
            name = last_segment(address)
            if held is not None and name not in found:
                found[name] = (held, f"{section}.extensions.{name}")
    return found


def _number(extensions: _Extensions, name: str) -> float | None:
    return number(*extensions[name]) if name in extensions else None


def _rate(extensions: _Extensions) -> float | None:
    held, where = extensions.get("speed", (None, ""))
    if isinstance(held, str):
        held = held.strip().rstrip("xX×").rstrip()  # "1.25x"
    return number(held, where)


def _captions(extensions: _Extensions) -> bool | None:
    name = next((name for name in _CAPTIONS if name in extensions), None)
    return None if name is None else flag(*extensions[name])


def _session(value: Mapping[str, object], extensions: _Extensions) -> str | None:
    held, _ = extensions.get("session-id", (None, ""))
    return first_word((held, part(value.get("context")).get("registration")))


def _title(activity: Mapping[str, object]) -> dict[str, object]:
    name = part(activity.get("definition")).get("name")
    names = name.values() if isinstance(name, dict) else (name,)  # a text in each language
    texts = (text for text in names if isinstance(text, str))
    return {"title_id": word(activity.get("id")), "title_name": first_word(texts)}


def _positions(event: Event, extensions: _Extensions) -> dict[str, object]:
    if event is not Event.SEEK:
        return {"position_s": _number(extensions, "time")}
    return {
        "position_s": _number(extensions, "time-from"),
        "to_position_s": _number(extensions, "time-to"),
    }
