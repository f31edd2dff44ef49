"""The history of Jellyfin's (and Emby's) Playback Reporting plugin: an SQLite file, one row a stretch of playback.

It tells of sessions and not of events: seeks are invisible. Times are those of the server's clock and name no zone, so
the caller has to. The file is only ever read, and as it lies there: what a running server holds back in a file of its
own beside it (`-wal`) is not seen, and a note says so.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions.clock import utc_offset_minutes
from analyzer.sessions.playback.json_fields import UnreadableError, number, word
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import Kind
from analyzer.sessions.titles import tidy

PROVIDES: Final[tuple[str, ...]] = (
    "viewer_id", "title_id", "title_name", "series_id", "started_at", "played_s", "content_kind", "utc_offset_min",
    "device",
)  # fmt: skip
"""The session columns that the file gives."""

_MAGIC: Final = b"SQLite format 3\0"
_HEAD_BYTES: Final = 65_536
_TABLE: Final = "PlaybackActivity"
_NEEDED: Final = ("DateCreated", "UserId", "ItemId", "PlayDuration")
_WANTED: Final = (*_NEEDED, "ItemType", "ItemName", "DeviceName")
_MAIN: Final = (
    "movie episode video musicvideo audio audiobook book recording program tvprogram livetvprogram tvchannel"
    " livetvchannel"
)
_KINDS: Final = {**dict.fromkeys(_MAIN.split(), "main"), "trailer": "trailer"}
_EPISODE: Final = re.compile(r"(.+?) - s\d{1,6}e\d{1,6}(?:-e?\d{1,6})? -", re.IGNORECASE | re.ASCII)
_NO_SERIES: Final = "not known"  # what the plugin writes for a series without a name
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d:?\d\d)?", re.ASCII)
_DAMAGED: Final = "Stop the server and copy the file again, or mend it with `sqlite3 FILE .recover`."
_TYPES: Final = {"started_at": Kind.INSTANT.arrow_type, "played_s": pa.float64()}


def looks_like(path: Path) -> bool:
    """Tell whether a file is such a history; False where it cannot be read."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
        if not head.startswith(_MAGIC):
            return False
        with closing(_opened(path)) as database:
            return bool(_columns_of(database))
    except sqlite3.Error:
        return _TABLE.lower().encode() in head.lower()  # damaged, and reading it will say so
    except (OSError, ValueError):
        return False


def batches(path: Path, *, timezone: str | None, batch_rows: int = 65_536) -> Iterator[RawRows]:
    """Read the rows of a history, some at a time; at least one batch, which may be empty.

    Parameters
    ----------
    path : Path
        The SQLite file, ``playback_reporting.db``.
    timezone : str or None
        IANA name of the server's clock. An hour that occurs twice is read as the first, one that does not occur as the
        hour after. None: times are taken as UTC, and the local clock is unknown.
    batch_rows : int
        How many rows are read at a time.

    Yields
    ------
    RawRows
        Columns `PROVIDES`, viewers in plain; `line` is the running number of the row.

    Raises
    ------
    InputError
        When the file cannot be read or is damaged, or `timezone` is no IANA name.
    """
    _local_clock(pa.nulls(0, Kind.INSTANT.arrow_type), timezone)  # an unknown zone is refused before anything else
    notes, first = _notes(path, timezone), 1
    try:
        with closing(_opened(path)) as database:
            rows = database.execute(_query(database, path))
            while (batch := rows.fetchmany(batch_rows)) or first == 1:
                yield _raw_rows(path, batch, first, timezone, notes)
                first += max(len(batch), 1)
    except InputError:
        raise
    except (sqlite3.Error, ValueError, OSError) as error:
        raise InputError(f"{path} cannot be read as an SQLite database: {error}.", _DAMAGED) from error


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database without locks and without files beside it: nothing of it can change through us."""
    uri = path.absolute().as_uri() + "?mode=ro&immutable=1"
    database = sqlite3.connect(uri, uri=True, check_same_thread=False)
    database.text_factory = lambda data: data.decode("utf-8", "replace")
    return database


def _columns_of(database: sqlite3.Connection) -> dict[str, str]:
    """Return the table's columns by their names in lower case; none where there is no such table."""
    rows = database.execute("SELECT name FROM pragma_table_info(?)", (_TABLE,))
    return {str(name).lower(): str(name) for (name,) in rows}


def _query(database: sqlite3.Connection, path: Path) -> str:
    present = _columns_of(database)
    missing = [name for name in _NEEDED if name.lower() not in present]
    if missing:
        what = f"no column {', '.join(missing)}" if present else "no table"
        raise InputError(
            f"{path} has {what} in which Playback Reporting keeps its history.", "Give playback_reporting.db."
        )
    chosen = [f'"{name}"' if name.lower() in present else f'NULL AS "{name}"' for name in _WANTED]
    return f"SELECT {', '.join(chosen)} FROM {_TABLE} ORDER BY rowid"  # noqa: S608 - names of this module only


def _notes(path: Path, timezone: str | None) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if timezone is None:
        notes += (
            f"{path} tells the server's local time without its zone: it was taken as UTC, and local hours are unknown."
            " Name the zone with --timezone.",
        )
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        notes += (f"{path} is in use: rows that still are in {log.name} were not read. Stop the server to read all.",)
    return notes


def _raw_rows(
    path: Path, batch: list[tuple[Any, ...]], first: int, timezone: str | None, notes: tuple[str, ...]
) -> RawRows:
    zone: tzinfo = UTC if timezone is None else ZoneInfo(timezone)
    rows: list[Mapping[str, object]] = []
    reject: list[str | None] = []
    for values in batch:
        row, reason = _read(dict(zip(_WANTED, values, strict=True)), zone)
        rows.append(row)
        reject.append(reason)
    names = [name for name in PROVIDES if name != "utc_offset_min"]
    columns = {name: pa.array([row.get(name) for row in rows], _TYPES.get(name, pa.string())) for name in names}
    columns["utc_offset_min"] = _local_clock(columns["started_at"], timezone)
    line = pa.array(range(first, first + len(batch)), pa.int64())
    return RawRows(pa.table(columns).select(PROVIDES), str(path), line, pa.array(reject, pa.string()), notes)


def _local_clock(started_at: pa.Array, timezone: str | None) -> pa.Array:
    return utc_offset_minutes(started_at, pa.nulls(len(started_at), pa.string()), timezone)


def _read(values: Mapping[str, object], zone: tzinfo) -> tuple[Mapping[str, object], str | None]:
    """Return a session, or nothing and the reason."""
    try:
        name, kind = word(values["ItemName"]), (word(values["ItemType"]) or "").strip().lower()
        return {
            "viewer_id": _id(values, "UserId"),
            "title_id": _id(values, "ItemId"),
            "title_name": name,
            "series_id": _series(name) if kind == "episode" else None,
            "started_at": _instant(values["DateCreated"], zone),
            "played_s": number(values["PlayDuration"], "PlayDuration"),
            "content_kind": _KINDS.get(kind),
            "device": word(values["DeviceName"]),
        }, None
    except UnreadableError as error:
        return {}, str(error)


def _id(values: Mapping[str, object], name: str) -> str | None:
    found, value = word(values[name]), values[name]
    if found is None and value is not None and not isinstance(value, str):
        raise UnreadableError(f"{name} is not text")
    return found


def _series(name: str | None) -> str | None:
    """Return the series of an episode that is called "Series - s01e02 - Title"."""
    match = _EPISODE.match(name or "")
    series = tidy(match[1]) if match else ""
    return None if series.lower() in ("", _NO_SERIES) else series


def _instant(value: object, zone: tzinfo) -> datetime | None:
    """Return a time of the server's clock as UTC; one that names its zone is taken at its word."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    match = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise UnreadableError("DateCreated cannot be read as a date and time")
    try:
        moment = datetime.fromisoformat(match[1] + (match[2] or ""))
        return moment.replace(tzinfo=moment.tzinfo or zone).astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        raise UnreadableError("DateCreated cannot be read as a date and time") from None
