"""NetflixViewingHistory.csv: which title on which day, and nothing else.

There is no profile, no time of day and no length. Each row becomes one completed play of a nominal length, so
that repeats and gaps can be counted; hours from such a file mean nothing, and a note says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.netflix_activity import order_note
from analyzer.sessions.netflix_text import Grid
from analyzer.sessions.netflix_times import read_moments
from analyzer.sessions.titles import title_columns

NOMINAL_VIEW_S: Final = 1800.0
"""What a row of the viewing history counts as, in seconds. The file holds no durations."""

UNNAMED_PROFILE: Final = "profile not named"

_NOON_S: Final = 12 * 3600
_APART_S: Final = 31 * 60  # more than a nominal view, so that two views of one day do not overlap
_LAST_S: Final = 24 * 3600 - 1

# Header of each language: title and date. The site writes them in the profile's language.
_HEADERS: Final = (
    ("title", "date"),
    ("titel", "datum"),  # German, Dutch, Swedish
    ("titre", "date"),
    ("título", "fecha"),
    ("titolo", "data"),
    ("título", "data"),
    ("tytuł", "data"),
    ("titel", "dato"),
    ("tittel", "dato"),
    ("otsikko", "päivämäärä"),
    ("nimi", "päivämäärä"),
    ("başlık", "tarih"),
    ("název", "datum"),
    ("cím", "dátum"),
    ("titlu", "data"),
    ("τίτλος", "ημερομηνία"),
    ("название", "дата"),
    ("назва", "дата"),
    ("タイトル", "日付"),
    ("제목", "날짜"),
    ("标题", "日期"),
    ("標題", "日期"),
)
# Spreadsheets and Latin-1 lose accents; a header without them is still that header.
_UNACCENTED: Final = str.maketrans("íóúáéł", "iouael")
_KNOWN: Final = {frozenset(pair): pair for pair in _HEADERS} | {
    frozenset(word.translate(_UNACCENTED) for word in pair): tuple(w.translate(_UNACCENTED) for w in pair)
    for pair in _HEADERS
}


def is_history(names: frozenset[str]) -> bool:
    """Tell by its header names whether a file is NetflixViewingHistory.csv: a title, a date and no more."""
    return names in _KNOWN


@dataclass(frozen=True)
class HistoryReader:
    """Turns the fields of one file into canonical columns.

    Attributes
    ----------
    grid : Grid
        The file's rows.
    file : str
        How notes call the file.
    """

    grid: Grid
    file: str

    def read(self) -> tuple[dict[str, pa.Array], pa.Array, tuple[str, ...]]:
        """Return columns (``profile`` stands for the viewer), a reason per unreadable row, and notes."""
        title_name, date_name = _KNOWN[frozenset(self.grid.columns) - {""}]
        title, series = title_columns(self._text(title_name))
        moments = read_moments(self._text(date_name))
        size = len(self.grid.line)
        nominal = pa.array([NOMINAL_VIEW_S] * size, pa.float64())
        columns = {
            "profile": pa.array([UNNAMED_PROFILE] * size, pa.string()),
            "title_id": title,
            "title_name": title,
            "series_id": series,
            "started_at": _spread_over_day(moments.day, title),
            "played_s": nominal,
            "runtime_s": nominal,
            "utc_offset_min": pa.nulls(size, pa.int32()),
        }
        unread = pc.if_else(moments.day.is_null(), "Date cannot be read", pa.scalar(None, pa.string()))
        return columns, unread, (*order_note(self.file, moments), self._nominal_note())

    def _text(self, name: str) -> pa.Array:
        return pc.utf8_trim_whitespace(pa.array(self.grid.columns[name], pa.string()))

    def _nominal_note(self) -> str:
        return (
            f"{self.file} holds no durations: each view counts as one play of a nominal half hour;"
            " hours from this file mean nothing."
        )


def _spread_over_day(day: pa.Array, title: pa.Array) -> pa.Array:
    """Place views at noon UTC, further views of a title on one day 31 minutes apart, within that day."""
    midnight = day.cast(pa.int64())
    frame = pd.DataFrame(
        {
            "day": midnight.fill_null(0).to_numpy(zero_copy_only=False),
            "title": title.indices.fill_null(-1).to_numpy(zero_copy_only=False),
        }
    )
    nth = frame.groupby(["day", "title"]).cumcount().to_numpy()
    seconds = (_NOON_S + nth * _APART_S).clip(max=_LAST_S)
    return pc.add(midnight, pa.array(seconds * 1_000_000)).cast(day.type)
