"""PlaybackRelatedEvents.csv of a member's own Netflix export: what the player did, one row of the file a playback.

A record is one element of the row's Playtraces. A row of which nothing can be read is one record with a reason; where
Playtraces breaks off (spreadsheets keep 32,767 characters of a cell) one record more says so.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.clock import utc_offset_minutes
from analyzer.sessions.netflix_accounts import people
from analyzer.sessions.netflix_activity import country_codes, order_note, tidied
from analyzer.sessions.netflix_text import Grid, decode, find_layout, read_grid, read_text
from analyzer.sessions.netflix_times import read_moments
from analyzer.sessions.playback.playtraces import Playtraces
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.records import RawRows
from analyzer.sessions.titles import title_columns

_HEAD_BYTES: Final = 65_536
_START: Final = "playback start utc ts"
_NO_START: Final = "Playback Start Utc Ts cannot be read as a date and time"
_REQUIRED: Final = frozenset({"profile name", "title description", _START, "playtraces"})

_OF_ROW: Final = (
    "viewer_id", "household_id", "session_id", "title_id", "title_name", "series_id", "started_at", "utc_offset_min",
    "country", "device",
)  # fmt: skip
PROVIDES: Final[tuple[str, ...]] = (*_OF_ROW, "seq", "t_ms", "event", "position_s", "to_position_s")
"""The event columns that the file gives."""


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
    records = Playtraces()
    for at, (trace, reason) in enumerate(zip(grid.columns["playtraces"], reject, strict=True)):
        records.add(at, trace, reason)
    of_row = records.rows()
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
    unread = pc.if_else(moments.instant.is_null(), _NO_START, pa.scalar(None, pa.string()))
    reject = pc.coalesce(pa.array(grid.reject, pa.string()), unread).to_pylist()
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
