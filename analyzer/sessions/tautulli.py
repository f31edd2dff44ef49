"""Tautulli's history of a Plex server: the answer of its `get_history`, saved as JSON.

A file is one answer or a list of them, what they hold inside, a list of rows, or rows as JSON lines. It tells of
sessions and not of events: seeks are invisible. A title's length is not told: `percent_complete` is rounded and says
how far the viewer got, not what share was played, so `runtime_s` stays unknown. `watched_status` is a threshold of the
server's own and is left out.

Rows of one title that follow each other are put into one unless Tautulli is asked with `grouping=0`. Such a row counts
what was played in all of them; only when each began is lost, and a note says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Final, NamedTuple

import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions.playback.json_fields import UnreadableError, first_word, number, word
from analyzer.sessions.playback.json_list import elements
from analyzer.sessions.playback.json_text import Window
from analyzer.sessions.playback.json_values import json_values
from analyzer.sessions.records import RawRows

PROVIDES: Final[tuple[str, ...]] = (
    "viewer_id", "title_id", "title_name", "series_id", "started_at", "played_s", "session_id", "content_kind",
    "device",
)  # fmt: skip
"""The session columns that the file gives."""

_HEAD_BYTES: Final = 65_536
_OF_ROW: Final = (b'"paused_counter"', b'"watched_status"', b'"percent_complete"', b'"group_count"', b'"reference_id"')
_OF_ANSWER: Final = (b'"recordsFiltered"', b'"filter_duration"')
_LIST: Final = re.compile(r'"data"\s*:\s*\[')
_KINDS: Final = {
    **dict.fromkeys(("movie", "episode", "track"), "main"),
    **dict.fromkeys(("clip", "trailer"), "trailer"),
}
_NUMBERS: Final = frozenset({"started_at", "played_s"})


class _Record(NamedTuple):
    number: int
    value: object
    fault: str | None


def looks_like(path: Path) -> bool:
    """Tell by its beginning whether a file is such a history; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except (OSError, ValueError):
        return False
    head = head.replace(b"\0", b"")  # every other byte, if it is UTF-16
    if head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")[:1] not in (b"{", b"["):
        return False
    has_row = b'"rating_key"' in head and any(name in head for name in _OF_ROW)
    return has_row or all(name in head for name in _OF_ANSWER)


def batches(path: Path, batch_rows: int = 65_536) -> Iterator[RawRows]:
    """Read the rows of a history, some at a time; at least one batch, which may be empty.

    Parameters
    ----------
    path : Path
    batch_rows : int
        How many rows are read at a time.

    Yields
    ------
    RawRows
        Columns `PROVIDES`, viewers in plain; `line` is the line of JSON lines, else the running number of the row.

    Raises
    ------
    InputError
        When the file cannot be read.
    """
    records, first = _records(path), True
    while (batch := list(islice(records, batch_rows))) or first:
        yield _Batch(path).of(batch)
        first = False


def _records(path: Path) -> Iterator[_Record]:
    """Yield the rows of all answers in the file; running numbers where an answer holds several."""
    values = json_values(path)
    start = list(islice(values, 2))
    if len(start) == 1 and start[0].fault is not None:
        yield from _of_cut_answer(path, start[0].fault)
        return
    count = 0
    for found in chain(start, values):
        rows = None if found.fault is not None else _rows_of(found.value)
        if rows is None:
            count += 1
            yield _Record(found.number, found.value, found.fault)
            continue
        for row in rows:
            count += 1
            yield _Record(count, row, None)


def _rows_of(value: object, depth: int = 0) -> list[object] | None:
    """Return the rows that an answer holds, None where the value is a row itself or something else."""
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or depth > 2 or "rating_key" in value:
        return None
    inner = value.get("response", value.get("data"))
    return _rows_of(inner, depth + 1)


def _of_cut_answer(path: Path, fault: str) -> Iterator[_Record]:
    """Yield the rows of an answer that breaks off, then what is wrong with it."""
    text = _whole_text(path)
    opening = _LIST.search(text)
    count = 0
    for count, element in enumerate(elements(text, opening.end() - 1) if opening else (), 1):
        yield _Record(count, element.value, element.fault)
        if element.last:
            return
    yield _Record(count + 1, None, fault)


def _whole_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            window = Window(file)
            while window.more():
                continue
            return window.text
    except OSError as error:
        reason = error.strerror or "it is not reachable"
        raise InputError(f"{path} cannot be read: {reason}.", "Name a file that you can read.") from error


@dataclass
class _Batch:
    """Rows on their way into columns."""

    path: Path
    rows: list[Mapping[str, object]] = field(default_factory=list)
    reject: list[str | None] = field(default_factory=list)
    grouped: bool = False

    def of(self, records: list[_Record]) -> RawRows:
        """Return the rows of some records."""
        for record in records:
            row, reason = ({}, record.fault) if record.fault is not None else self._read(record.value)
            self.rows.append(row)
            self.reject.append(reason)
        columns = {
            name: pa.array([row.get(name) for row in self.rows], pa.float64() if name in _NUMBERS else pa.string())
            for name in PROVIDES
        }
        line = pa.array([record.number for record in records], pa.int64())
        return RawRows(pa.table(columns), str(self.path), line, pa.array(self.reject, pa.string()), self._notes())

    def _read(self, value: object) -> tuple[Mapping[str, object], str | None]:
        if not isinstance(value, dict):
            return {}, "the row is not an object"
        if "rating_key" not in value and isinstance(value.get("response"), dict):
            return {}, "the answer holds no history"
        try:
            grouped = (number(value.get("group_count"), "group_count") or 0) > 1
            row = _session_of(value, grouped)
        except UnreadableError as error:
            return {}, str(error)
        self.grouped |= grouped
        return row, None

    def _notes(self) -> tuple[str, ...]:
        if not self.grouped:
            return ()
        return (
            f"{self.path}: some rows are several plays in one (group_count above 1). They were used as one each;"
            " ask Tautulli for its history with grouping=0 to tell them apart.",
        )


def _session_of(row: Mapping[str, object], grouped: bool) -> dict[str, object]:
    kind = (word(row.get("media_type")) or "").strip().lower()
    started = number(row.get("started"), "started")
    return {
        "viewer_id": first_word((row.get("user_id"), row.get("user"))),
        "title_id": word(row.get("rating_key")),
        "title_name": first_word((row.get("full_title"), row.get("title"))),
        "series_id": word(row.get("grandparent_rating_key")) if kind == "episode" else None,
        "started_at": number(row.get("date"), "date") if started is None else started,
        "played_s": _played_s(row, started, grouped),
        "session_id": first_word((row.get("row_id"), row.get("id"))),
        "content_kind": _KINDS.get(kind),
        "device": first_word((row.get("player"), row.get("platform"))),
    }


def _played_s(row: Mapping[str, object], started: float | None, grouped: bool) -> float | None:
    """Return the seconds played, pauses excluded; a row of several plays also has gaps between them."""
    stopped = number(row.get("stopped"), "stopped")
    paused = number(row.get("paused_counter"), "paused_counter") or 0.0
    between = stopped - started - paused if stopped and started is not None else None
    told = number(row.get("play_duration"), "play_duration")
    if told is None:
        told = number(row.get("duration"), "duration")
    first, second = (told, between) if grouped else (between, told)
    return second if first is None else first
