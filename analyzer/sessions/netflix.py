"""A member's own Netflix export: ViewingActivity.csv and NetflixViewingHistory.csv.

ViewingActivity provides viewer_id, household_id, title_id, title_name, series_id, started_at, played_s,
end_position_s, autoplay, content_kind, hidden, utc_offset_min, country and device.
NetflixViewingHistory names titles and days only: it provides viewer_id, household_id, title_id, title_name,
series_id, started_at, played_s and runtime_s, the last two nominal.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Final

import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions.netflix_accounts import account_of, people
from analyzer.sessions.netflix_activity import ActivityReader, is_activity
from analyzer.sessions.netflix_history import NOMINAL_VIEW_S, HistoryReader, is_history
from analyzer.sessions.netflix_text import Grid, Layout, decode, find_layout, read_grid, read_text
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.records import RawRows

__all__ = ["NOMINAL_VIEW_S", "PROVIDES", "NetflixFile", "account_of", "looks_like", "read"]

_HEAD_BYTES: Final = 65_536


class NetflixFile(Enum):
    """The files of an export that are read here."""

    VIEWING_ACTIVITY = "ViewingActivity"
    VIEWING_HISTORY = "NetflixViewingHistory"


_RECOGNISERS: Final[dict[NetflixFile, Callable[[frozenset[str]], bool]]] = {
    NetflixFile.VIEWING_ACTIVITY: is_activity,
    NetflixFile.VIEWING_HISTORY: is_history,
}


_PEOPLE: Final = ("viewer_id", "household_id")
_BOTH: Final = ("title_id", "title_name", "series_id", "started_at", "played_s", "utc_offset_min")
PROVIDES: Final[dict[NetflixFile, tuple[str, ...]]] = {
    NetflixFile.VIEWING_ACTIVITY: (
        *_PEOPLE, *_BOTH, "end_position_s", "autoplay", "content_kind", "hidden", "country", "device",
    ),
    NetflixFile.VIEWING_HISTORY: (*_PEOPLE, *_BOTH, "runtime_s"),
}  # fmt: skip
"""The session columns that each file gives."""


def looks_like(path: Path) -> NetflixFile | None:
    """Return which file of an export `path` is, told by its header; None when it is none or unreadable."""
    try:
        with path.open("rb") as file:
            text, _ = decode(file.read(_HEAD_BYTES), str(path), whole=False)
    except (OSError, InputError):
        return None
    found = _identify(text)
    return found[0] if found else None


def read(path: Path, *, pseudonymiser: Pseudonymiser | None, account: str, timezone: str | None = None) -> RawRows:
    """Read one file of an export.

    Parameters
    ----------
    path : Path
        ViewingActivity.csv or NetflixViewingHistory.csv, also after a spreadsheet saved it.
    pseudonymiser : Pseudonymiser or None
        Hides account and profile names. None when the caller asked for plain names: the viewer is then
        ``account/profile``.
    account : str
        Label of the account, see `account_of`.
    timezone : str, optional
        IANA name of the household's clock; by default it is told from the country where that has one clock.

    Returns
    -------
    RawRows
        Rows in file order. For NetflixViewingHistory, pass them to the door with ``drop_duplicates=False``.

    Raises
    ------
    InputError
        When the file cannot be read, is no text or is no such export.
    """
    text, notes = read_text(path)
    found = _identify(text)
    if found is None:
        raise InputError(
            f"{path} is not a Netflix export.",
            "Give ViewingActivity.csv or NetflixViewingHistory.csv with its header line.",
        )
    kind, layout = found
    grid = read_grid(text, layout)
    if kind is NetflixFile.VIEWING_ACTIVITY:
        columns, reject, more = ActivityReader(grid, str(path), timezone).read()
    else:
        columns, reject, more = HistoryReader(grid, str(path)).read()
    columns = {**people(columns.pop("profile"), account, pseudonymiser), **columns}
    line = pa.array(grid.line, pa.int64())
    return RawRows(pa.table(columns), str(path), line, _first_reasons(grid, reject), notes + more)


def _identify(text: str) -> tuple[NetflixFile, Layout] | None:
    for kind, recognise in _RECOGNISERS.items():
        if (layout := find_layout(text, recognise)) is not None:
            return kind, layout
    return None


def _first_reasons(grid: Grid, reject: pa.Array) -> pa.Array:
    return pa.array(grid.reject, pa.string()).fill_null(reject)
