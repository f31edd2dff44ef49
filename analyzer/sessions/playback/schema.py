"""The event table, declared once: one row a player event.

Adapters write it, `playback.door` checks it, `playback.sessions` turns it into sessions.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from analyzer.sessions.schema import COLUMNS, Column, Declared, Kind


class Event(IntEnum):
    """What the player did. Of events in one millisecond, the earlier in this list comes first.

    Where a source has no `seq`, nothing else tells their order: what ends comes before what begins, and in doubt the
    title plays on.
    """

    STOP = 0
    COMPLETE = 1
    START = 2  # the session was opened; nothing plays yet
    AD_END = 3
    RATE = 4
    CAPTIONS = 5
    AUDIO_TRACK = 6
    PAUSE = 7
    SEEK = 8
    SEEK_END = 9  # where a seek landed, for players that tell it apart
    BUFFER = 10  # waiting for data
    BUFFER_END = 11
    PLAY = 12  # playing, or playing still
    PING = 13  # a sign of life with a position; says neither playing nor paused
    AD_START = 14
    OTHER = 15  # not about playback: dropped at the door

    @property
    def word(self) -> str:
        """How the event is written in a table."""
        return self.name.lower()


WORDS: Final = tuple(event.word for event in Event)
"""Event words in the order of their numbers."""

_OF_SESSION: Final = (
    "household_id", "series_id", "title_name", "runtime_s", "autoplay", "content_kind", "hidden", "utc_offset_min",
    "country", "device", "kids_profile", "captions", "audio_description", "assistive_tech",
)  # fmt: skip

EVENTS: Final[tuple[Column, ...]] = (
    Column("viewer_id", Kind.KEY, "", "The profile that played, as a pseudonym.", required=True),
    Column("session_id", Kind.KEY, "", "Events of one playback share it. Null: told by viewer, title and time."),
    Column("title_id", Kind.KEY, "", "The film, episode or clip; one event of a session is enough."),
    Column("seq", Kind.INTEGER, "", "Order of the events that share a time."),
    Column("t_ms", Kind.INTEGER, "ms", "Time since the session began.", minimum=0),
    Column("occurred_at", Kind.INSTANT, "UTC", "When the event happened; instead of t_ms, or beside it."),
    Column("started_at", Kind.INSTANT, "UTC", "When the session began; one event of a session is enough."),
    Column("event", Kind.CHOICE, "", "What the player did.", required=True, choices=WORDS),
    Column("position_s", Kind.NUMBER, "s", "Position in the title; of a seek, where it began."),
    Column("to_position_s", Kind.NUMBER, "s", "Where a seek landed."),
    Column("rate", Kind.NUMBER, "x", "Speed of playback from this event on.", accessibility=True),
    Column("ads_in_position", Kind.FLAG, "", "Positions and runtime count the ads that were seen so far."),
    Column("event_id", Kind.TEXT, "", "The source's own id; rows of a session with one id are one event."),
    *(COLUMNS[name] for name in _OF_SESSION),
)
EVENT_TABLE: Final = Declared("event", EVENTS, ("viewer_id", "event"))
OF_SESSION: Final = _OF_SESSION
"""Columns that say something of the whole session; the first value that is known counts."""
