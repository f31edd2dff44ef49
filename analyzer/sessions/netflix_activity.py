"""ViewingActivity.csv: one row a stretch of playback, with its length and where in the title it ended.

The export does not hold a title's length. It is left unknown here: plays are stitched with the highest position that
the viewer reached, and what would mislead on such an estimate (completion, early stops) stays null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.clock import utc_offset_minutes
from analyzer.sessions.netflix_text import Grid
from analyzer.sessions.netflix_times import DateOrder, Moments, read_lengths, read_moments
from analyzer.sessions.titles import tidy, title_columns

_REQUIRED: Final = frozenset({"profile name", "start time", "duration", "title"})
_NOT_THE_LAST: Final = "not latest view"  # stands where a bookmark was overtaken by a later stretch
_ORDER_WORDS: Final = {DateOrder.MONTH_FIRST: "month/day/year", DateOrder.DAY_FIRST: "day/month/year"}

# The kinds of extra video, by a word in their name; the first that fits counts.
_EXTRAS: Final = (
    ("trailer", "TRAILER|TEASER"),
    ("recap", "RECAP"),
    ("preview", "HOOK|BUMPER|PROMO|PREVIEW|CLIP|BILLBOARD"),
    ("other", "."),
)


def is_activity(names: frozenset[str]) -> bool:
    """Tell by its header names whether a file is ViewingActivity.csv."""
    return names >= _REQUIRED


def order_note(file: str, moments: Moments) -> tuple[str, ...]:
    """Return the note on day and month, if there was a choice."""
    if moments.order is None:
        return ()
    return (f"{file}: dates were read as {_ORDER_WORDS[moments.order]} ({moments.reason}).",)


@dataclass(frozen=True)
class ActivityReader:
    """Turns the fields of one file into canonical columns.

    Attributes
    ----------
    grid : Grid
        The file's rows.
    file : str
        How notes call the file.
    timezone : str or None
        The household's clock, if the caller knows it.
    """

    grid: Grid
    file: str
    timezone: str | None

    def read(self) -> tuple[dict[str, pa.Array], pa.Array, tuple[str, ...]]:
        """Return columns (``profile`` stands for the viewer), a reason per unreadable row, and notes."""
        profile = tidied(self._text("profile name"))
        moments = read_moments(self._text("start time"), profile)
        played, hours_only = read_lengths(self._text("duration"))
        bookmark, bookmark_reason = self._bookmark()
        title, series = title_columns(self._text("title"))
        country = country_codes(self._text("country"))
        reject = pc.coalesce(_start_reason(moments), _duration_reason(played), bookmark_reason)
        columns = {
            "profile": profile,
            "title_id": title,
            "title_name": title,
            "series_id": series,
            "started_at": moments.instant,
            "played_s": played,
            "end_position_s": bookmark,
            "autoplay": self._attribute(r"(?i)autoplayed: *user action: *none\b"),
            "content_kind": self._content_kind(),
            "hidden": self._attribute(r"(?i)view was hidden"),
            "utc_offset_min": utc_offset_minutes(moments.instant, country, self.timezone),
            "country": country,
            "device": self._text("device type"),
        }
        return columns, reject, self._notes(moments, hours_only)

    def _text(self, name: str) -> pa.Array:
        """Return a column as text without white space around it; nulls where the file has no such column."""
        fields = self.grid.columns.get(name)
        if fields is None:
            return pa.nulls(len(self.grid.line), pa.string())
        return pc.utf8_trim_whitespace(pa.array(fields, pa.string()))

    def _attribute(self, pattern: str) -> pa.Array:
        return pc.match_substring_regex(self._text("attributes"), pattern)

    def _content_kind(self) -> pa.Array:
        extra = pc.utf8_upper(self._text("supplemental video type"))
        kind = pc.if_else(pc.equal(extra, ""), "main", pa.scalar(None, pa.string()))
        for name, pattern in _EXTRAS:
            fits = pc.and_(kind.is_null(), pc.fill_null(pc.match_substring_regex(extra, pattern), False))
            kind = pc.if_else(fits, name, kind)
        return kind

    def _bookmark(self) -> tuple[pa.Array, pa.Array]:
        text = self._text("bookmark")
        position, _ = read_lengths(text)
        said = pc.and_(pc.not_equal(text, ""), pc.not_equal(pc.utf8_lower(text), _NOT_THE_LAST))
        unread = pc.or_kleene(position.is_null(), pc.less(position, 0))
        return position, _reason(pc.and_(pc.fill_null(said, False), unread), "Bookmark cannot be read as H:MM:SS")

    def _notes(self, moments: Moments, hours_only: bool) -> tuple[str, ...]:
        notes = order_note(self.file, moments)
        if "attributes" not in self.grid.columns:
            notes += (f"{self.file} has no Attributes: hidden views and autoplayed rows cannot be told and are used.",)
        if hours_only:
            notes += (f"{self.file}: durations without seconds were read as hours and minutes (h:mm).",)
        return notes


def country_codes(texts: pa.Array) -> pa.Array:
    """Return the letters of countries such as "US (United States)"; null where no two letters stand in front."""
    coded = pc.match_substring_regex(texts, r"^[A-Za-z]{2}( *\(|$)")
    return pc.if_else(coded, pc.utf8_upper(pc.utf8_slice_codeunits(texts, 0, 2)), pa.scalar(None, pa.string()))


def tidied(texts: pa.Array) -> pa.Array:
    """Return names in composed Unicode with single spaces, null where blank; each distinct name once."""
    coded = texts.dictionary_encode()
    names = pa.array([tidy(name) or None for name in coded.dictionary.to_pylist()], pa.string())
    return names.take(coded.indices)


def _reason(where: pa.Array, words: str) -> pa.Array:
    return pc.if_else(where, words, pa.scalar(None, pa.string()))


def _start_reason(moments: Moments) -> pa.Array:
    return _reason(moments.instant.is_null(), "Start Time cannot be read as a date and time")


def _duration_reason(played: pa.Array) -> pa.Array:
    negative = _reason(pc.less(played, 0), "Duration is negative")
    return pc.coalesce(_reason(played.is_null(), "Duration cannot be read as H:MM:SS"), negative)
