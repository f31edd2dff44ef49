"""The field Playtraces of a Netflix export, taken apart: a JSON list of what the player did in one playback.

`reposition` is a seek that tells where it landed and not where it began; direction is told from where playback had
got to. Where a media offset is null, it stays null.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from analyzer.sessions.playback.json_fields import UnreadableError, number, word
from analyzer.sessions.playback.json_list import Element, elements
from analyzer.sessions.playback.json_text import BREAKS_OFF, TOO_DEEP, space_end
from analyzer.sessions.playback.schema import WORDS, Event

_EVENTS: Final = {
    "start": Event.START,
    "playing": Event.PLAY,
    "paused": Event.PAUSE,
    "reposition": Event.SEEK,
    "stopped": Event.STOP,
    **dict.fromkeys(("buffer", "buffering", "rebuffer", "rebuffering"), Event.BUFFER),
}
_HOW: Final[dict[str | None, str]] = {BREAKS_OFF: "is cut off", TOO_DEEP: "is nested too deep"}
_NAMES: Final = 20
_NAME_CHARS: Final = 60


@dataclass
class Playtraces:
    """Events of many rows on their way into columns, one element a record; NaN and -1 stand for null."""

    row: array[int] = field(default_factory=lambda: array("q"))
    seq: array[float] = field(default_factory=lambda: array("d"))
    t_ms: array[float] = field(default_factory=lambda: array("d"))
    media_s: array[float] = field(default_factory=lambda: array("d"))
    event: array[int] = field(default_factory=lambda: array("b"))
    reject: dict[int, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add(self, row: int, text: str, reason: str | None = None) -> None:
        """Append the events of one row of the file: at least one record.

        Parameters
        ----------
        row : int
            Number of the row; the first is 0.
        text : str
            Its Playtraces.
        reason : str, optional
            Why the row cannot be read; it is then one record.
        """
        at = space_end(text, 0)
        listed = text.startswith("[", at)
        before = len(self.row)
        if reason is None and listed:
            self._add_list(row, text, at)
        if len(self.row) == before:
            empty = listed or at == len(text)
            self._append(row, reason=reason or ("Playtraces is empty" if empty else "Playtraces is not a list"))

    def _add_list(self, row: int, text: str, at: int) -> None:
        for nth, element in enumerate(elements(text, at)):
            if element.last:
                self._append(row, nth, reason=_broken(element.fault, nth))
                return
            try:
                event, t_ms, media_s = self._read(element)
            except UnreadableError as error:
                self._append(row, nth, reason=str(error))
            else:
                self._append(row, nth, event, t_ms, media_s)

    def _read(self, element: Element) -> tuple[int, float, float]:
        """Return event, milliseconds since the start and position of one element."""
        value = element.value
        if element.fault is not None:
            raise UnreadableError(f"in one event, {element.fault}")
        if not isinstance(value, dict):
            raise UnreadableError("the event is not an object")
        event = self._event_of(value.get("eventType"))
        if event is Event.OTHER:
            return event, nan, nan
        since_start = number(value.get("sessionOffsetMs"), "sessionOffsetMs")
        media = number(value.get("mediaOffsetMs"), "mediaOffsetMs")
        if since_start is None:
            raise UnreadableError("sessionOffsetMs is missing")
        return event, float(round(since_start)), nan if media is None else media / 1000.0

    def _event_of(self, name: object) -> Event:
        if isinstance(name, str) and name in _EVENTS:  # as a rule it is written like this
            return _EVENTS[name]
        if name is not None and not isinstance(name, str):
            raise UnreadableError("eventType is not text")
        words = " ".join((word(name) or "").split())
        if not words:
            raise UnreadableError("eventType is missing")
        event = _EVENTS.get(words.lower(), Event.OTHER)
        if event is Event.OTHER and len(self.others) <= _NAMES:
            self.others.add(words[:_NAME_CHARS])
        return event

    def _append(
        self,
        row: int,
        seq: float = nan,
        event: int = -1,
        t_ms: float = nan,
        media_s: float = nan,
        reason: str | None = None,
    ) -> None:
        if reason is not None:
            self.reject[len(self.row)] = reason
        self.row.append(row)
        self.seq.append(seq)
        self.event.append(event)
        self.t_ms.append(t_ms)
        self.media_s.append(media_s)

    def rows(self) -> pa.Array:
        """Return the number of the row that each record stands in."""
        return pa.array(np.array(self.row, dtype=np.int64))

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns that differ from event to event, under their canonical names."""
        event = np.array(self.event, dtype=np.int8)
        media, seek = np.array(self.media_s), event == Event.SEEK
        return {
            "seq": pa.array(np.array(self.seq), from_pandas=True).cast(pa.int64()),
            "t_ms": pa.array(np.array(self.t_ms), from_pandas=True),
            "event": pa.DictionaryArray.from_arrays(pa.array(event, mask=event < 0), pa.array(WORDS)),
            "position_s": pa.array(np.where(seek, nan, media), from_pandas=True),
            "to_position_s": pa.array(np.where(seek, media, nan), from_pandas=True),
        }

    def reasons(self) -> pa.Array:
        """Return why a record cannot be read, null where it can."""
        return pa.array([self.reject.get(at) for at in range(len(self.row))], pa.string())

    def notes(self, path: Path) -> tuple[str, ...]:
        """Return a note that names the events which say nothing about playback, if there are any."""
        names = ", ".join(f"'{name}'" for name in sorted(self.others)[:_NAMES])
        return (f"{path.name}: events that say nothing about playback: {names}.",) if names else ()


def _broken(fault: str | None, count: int) -> str:
    if count == 0:
        return "Playtraces cannot be read as JSON"
    return f"Playtraces {_HOW.get(fault, 'is not JSON')} after {count} event{'s' if count > 1 else ''}"
