"""PlaybackRelatedEvents.csv of a member's own Netflix export: what the player did, one row of the file a playback.

A record is one element of the row's Playtraces. A row of which nothing can be read is one record with a reason; where
Playtraces breaks off (spreadsheets keep 32,767 characters of a cell) one record more says so.

`reposition` is a seek that tells where it landed and not where it began; direction is told from where playback had
got to. Where a media offset is null, it stays null.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.clock import utc_offset_minutes
from analyzer.sessions.netflix_accounts import people
from analyzer.sessions.netflix_activity import order_note, tidied
from analyzer.sessions.netflix_text import Grid, country_codes, decode, find_layout, read_grid, read_text
from analyzer.sessions.netflix_times import read_moments
from analyzer.sessions.playback.json_fields import UnreadableError, number, word
from analyzer.sessions.playback.json_list import elements
from analyzer.sessions.playback.json_text import BREAKS_OFF, space_end
from analyzer.sessions.playback.schema import WORDS, Event
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.records import RawRows
from analyzer.sessions.titles import title_columns

_HEAD_BYTES: Final = 65_536
_START: Final = "playback start utc ts"
_REQUIRED: Final = frozenset({"profile name", "title description", _START, "playtraces"})

_OF_ROW: Final = (
    "viewer_id", "household_id", "session_id", "title_id", "title_name", "series_id", "started_at", "utc_offset_min",
    "country", "device",
)  # fmt: skip
PROVIDES: Final[tuple[str, ...]] = (*_OF_ROW, "seq", "t_ms", "event", "position_s", "to_position_s")
"""The event columns that the file gives."""

_EVENTS: Final = {
    "start": Event.START,
    "playing": Event.PLAY,
    "paused": Event.PAUSE,
    "reposition": Event.SEEK,
    "stopped": Event.STOP,
    **dict.fromkeys(("buffer", "buffering", "rebuffer", "rebuffering"), Event.BUFFER),
}
_NAMES: Final = 20
_NAME_CHARS: Final = 60


def looks_like_traces(path: Path) -> bool:
    """Tell by its header whether a file is PlaybackRelatedEvents.csv; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            text, _ = decode(file.read(_HEAD_BYTES), str(path), whole=False)
    except (OSError, ValueError):
        return False
    return find_layout(text, _is_traces) is not None


def _is_traces(names: frozenset[str]) -> bool:
    return names >= _REQUIRED


def read_traces(
    path: Path, *, pseudonymiser: Pseudonymiser | None, account: str, timezone: str | None = None
) -> RawRows:
    """Read one file as player events.

    Parameters
    ----------
    path : Path
        PlaybackRelatedEvents.csv, also after a spreadsheet saved it.
    pseudonymiser, account, timezone
        As `netflix.read` takes them.

    Returns
    -------
    RawRows
        Columns `PROVIDES`, in file order; `line` is that of the row which holds the event. The same playback has the
        same `session_id` in every file and every order of rows.

    Raises
    ------
    InputError
        When the file cannot be read, is no text or is no such file, or `timezone` is no IANA name.
    """
    text, notes = read_text(path)
    layout = find_layout(text, _is_traces)
    if layout is None:
        raise InputError(
            f"{path} is not the playback file of a Netflix export.",
            "Give PlaybackRelatedEvents.csv with its header line.",
        )
    grid = read_grid(text, layout)
    del text  # as large as the file
    rows, reject, more = _row_columns(grid, str(path), account, pseudonymiser, timezone)
    records = _Records()
    for at, (trace, reason) in enumerate(zip(grid.columns["playtraces"], reject, strict=True)):
        records.add_row(at, trace, reason)
    of_row = records.row_numbers()
    columns = {name: rows[name].take(of_row) for name in _OF_ROW} | records.columns()
    line = pa.array(grid.line, pa.int64()).take(of_row)
    return RawRows(pa.table(columns), str(path), line, records.reasons(), notes + more + records.notes(path))


def _row_columns(
    grid: Grid, file: str, account: str, pseudonymiser: Pseudonymiser | None, timezone: str | None
) -> tuple[dict[str, pa.Array], list[str | None], tuple[str, ...]]:
    """Return what all events of a row share, why a row cannot be read, and notes."""
    size = len(grid.line)

    def text(name: str) -> pa.Array:
        fields = grid.columns.get(name)
        return pa.nulls(size, pa.string()) if fields is None else tidied(pa.array(fields, pa.string()))

    profile = text("profile name")
    moments = read_moments(pc.fill_null(text(_START), ""), profile)
    title, series = title_columns(text("title description"))
    country, device = country_codes(text("country")), text("device")
    columns = people(profile, account, pseudonymiser) | {
        "title_id": title,
        "title_name": title,
        "series_id": series,
        "started_at": moments.instant,
        "utc_offset_min": utc_offset_minutes(moments.instant, country, timezone),
        "country": country,
        "device": device,
    }
    columns["session_id"] = _session_ids(columns, grid.columns["playtraces"])
    unread = pc.if_else(
        moments.instant.is_null(), "Playback Start Utc Ts cannot be read as a date and time", pa.scalar(None)
    )
    reject = pc.coalesce(pa.array(grid.reject, pa.string()), unread.cast(pa.string())).to_pylist()
    coded = {name: _coded(values) for name, values in columns.items()}
    return coded, reject, order_note(file, moments)


def _coded(values: pa.Array) -> pa.Array:
    """Return text as a dictionary, so that repeating it for each event of a row costs little."""
    return pc.dictionary_encode(values) if pa.types.is_string(values.type) else values


def _session_ids(columns: dict[str, pa.Array], traces: list[str]) -> pa.Array:
    """Return an id for each row: its viewer, start, title and device.

    What was exported twice has one id, so that its events are told apart from no others and count once; also if one
    of the two copies is cut off. Playbacks that begin in the same second with different events are several.
    """
    names = ("viewer_id", "title_id", "device")
    texts = [columns[name].cast(pa.string()).to_pylist() for name in names]
    start = columns["started_at"].cast(pa.int64()).to_pylist()
    keys = list(zip(start, *texts, strict=True))
    first: dict[tuple[Any, ...], str] = {}
    for key, trace in zip(keys, traces, strict=True):
        known = first.setdefault(key, trace)
        if len(trace) > len(known) and trace.startswith(known):
            first[key] = trace
    several = {key for key, trace in zip(keys, traces, strict=True) if not first[key].startswith(trace)}
    words = [_digest(*key, trace if key in several else "") for key, trace in zip(keys, traces, strict=True)]
    return pa.array(words, pa.string())


def _digest(*parts: object) -> str:
    return sha256("\0".join(map(str, parts)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass
class _Records:
    """Records on their way into columns; NaN and -1 stand for null."""

    row: array[int] = field(default_factory=lambda: array("q"))
    seq: array[float] = field(default_factory=lambda: array("d"))
    t_ms: array[float] = field(default_factory=lambda: array("d"))
    media_s: array[float] = field(default_factory=lambda: array("d"))
    event: array[int] = field(default_factory=lambda: array("b"))
    reject: dict[int, str] = field(default_factory=dict)
    others: set[str] = field(default_factory=set)

    def add_row(self, row: int, trace: str, reason: str | None) -> None:
        """Append the records of one row of the file."""
        if reason is not None:
            self._add(row, reason=reason)
            return
        at, count = space_end(trace, 0), 0
        if at < len(trace) and trace[at] == "[":
            for nth, element in enumerate(elements(trace, at)):
                if element.last:
                    self._add(row, nth, reason=_broken(element.fault, nth))
                elif element.fault is not None:
                    self._add(row, nth, reason=f"in the event, {element.fault}")
                else:
                    self._add_event(row, nth, element.value)
                count += 1
        if count == 0:
            self._add(row, reason="Playtraces is empty" if _holds_nothing(trace, at) else "Playtraces is no list")

    def _add_event(self, row: int, nth: int, value: object) -> None:
        try:
            self._add(row, nth, *self._read(value))
        except UnreadableError as error:
            self._add(row, nth, reason=str(error))

    def _read(self, value: object) -> tuple[int, float, float]:
        """Return event, milliseconds since the start and position of one element."""
        if not isinstance(value, dict):
            raise UnreadableError("the event is not an object")
        name = word(value.get("eventType"))
        if name is None:
            raise UnreadableError("eventType is missing" if value.get("eventType") is None else "eventType is no text")
        event = _EVENTS.get(name.strip().lower(), Event.OTHER)
        if event is Event.OTHER:
            if len(self.others) <= _NAMES:
                self.others.add(" ".join(name.split())[:_NAME_CHARS])
            return event, np.nan, np.nan
        since_start = number(value.get("sessionOffsetMs"), "sessionOffsetMs")
        media = number(value.get("mediaOffsetMs"), "mediaOffsetMs")
        if since_start is None:
            raise UnreadableError("sessionOffsetMs is missing")
        return event, float(round(since_start)), np.nan if media is None else media / 1000.0

    def _add(
        self,
        row: int,
        seq: float = np.nan,
        event: int = -1,
        t_ms: float = np.nan,
        media_s: float = np.nan,
        reason: str | None = None,
    ) -> None:
        if reason is not None:
            self.reject[len(self.row)] = reason
        self.row.append(row)
        self.seq.append(seq)
        self.event.append(event)
        self.t_ms.append(t_ms)
        self.media_s.append(media_s)

    def row_numbers(self) -> pa.Array:
        """Return the row of the file that each record stands in; the first is 0."""
        return pa.array(np.frombuffer(self.row, np.int64) if self.row else [], pa.int64())

    def columns(self) -> dict[str, pa.Array]:
        """Return the columns that differ from event to event."""
        event = np.array(self.event, dtype=np.int8)
        media, seek = np.array(self.media_s), event == Event.SEEK
        return {
            "seq": pa.array(np.array(self.seq), from_pandas=True).cast(pa.int64()),
            "t_ms": pa.array(np.array(self.t_ms), from_pandas=True),
            "event": pa.DictionaryArray.from_arrays(pa.array(event, mask=event < 0), pa.array(WORDS)),
            "position_s": pa.array(np.where(seek, np.nan, media), from_pandas=True),
            "to_position_s": pa.array(np.where(seek, media, np.nan), from_pandas=True),
        }

    def reasons(self) -> pa.Array:
        """Return why a record cannot be read, null where it can."""
        return pa.array([self.reject.get(at) for at in range(len(self.row))], pa.string())

    def notes(self, path: Path) -> tuple[str, ...]:
        """Name the events that say nothing about playback."""
        names = ", ".join(f"'{name}'" for name in sorted(self.others)[:_NAMES])
        return (f"{path.name}: not about playback as far as is known: {names}.",) if names else ()


def _broken(fault: str | None, count: int) -> str:
    if count == 0:
        return "Playtraces cannot be read as JSON"
    return f"Playtraces {'is cut off' if fault == BREAKS_OFF else 'is no JSON'} after {count} event{'s' * (count > 1)}"


def _holds_nothing(trace: str, at: int) -> bool:
    return at == len(trace) or (trace[at] == "[" and trace[space_end(trace, at + 1) :][:1] == "]")
