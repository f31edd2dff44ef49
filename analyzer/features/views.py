"""Plays arranged for the features: one `Plays` value holds every grouping that a feature may reduce over.

The hierarchy is vectors > titles > plays, with side views of the same plays in order of time (sittings, days) and of
the sessions in them (days on which a title was on). Groupings are computed when first asked for and then kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.features.moves import Moves
from analyzer.features.plays import SITTING_GAP_S, PlayArrays, stitch
from analyzer.features.rows import SessionArrays
from analyzer.features.windows import US_PER_DAY, Window
from analyzer.grouping.arrays import Bools, Codes, Floats, Ints
from analyzer.grouping.segments import Segments, changes, expand
from analyzer.grouping.sorting import sort_order

NIGHT_HOURS: Final = (23.0, 5.0)
_US: Final = 1_000_000


@dataclass(frozen=True)
class Plays:
    """Plays of many vectors, sorted by vector, title and start. A vector is one viewer in one window.

    Attributes
    ----------
    all : PlayArrays
        The plays without glances; every array has one element a play.
    viewer, window : ndarray of int64, shape (n_vectors,)
        Whose vector it is, and the number of its window.
    vectors : Segments
        Plays of each vector.
    glances : ndarray of float64, shape (n_vectors,)
        How many starts were too short to be a play.
    early_stops : ndarray of float64, shape (n_vectors,)
        How many starts, glances included, ended before a tenth of a title of known length.
    known_starts : ndarray of float64, shape (n_vectors,)
        How many starts, glances included, were of a title of known length.
    session_play, session_day, session_rows : ndarray of int64
        For each session in a play: which play, its local day, and its row in the session table.
    moves : Moves
        How somebody moved about in each of those sessions, as player events tell.
    title_starts_max : ndarray of float64, shape (n_vectors,)
        Most rows of one title that began in the vector's window: sessions, glances, and rows that were dropped because
        nobody chose them. For protection only.
    """

    all: PlayArrays
    viewer: Codes
    window: Ints
    vectors: Segments
    glances: Floats
    early_stops: Floats
    known_starts: Floats
    session_play: Ints
    session_day: Ints
    session_rows: Ints
    moves: Moves
    title_starts_max: Floats

    @cached_property
    def titles(self) -> Segments:
        """Plays of each title within a vector."""
        return Segments.of_runs(self.vectors.ids, self.all.title)

    @cached_property
    def titles_in_vector(self) -> Segments:
        """Titles of each vector."""
        return self.vectors.of(self.titles)

    @cached_property
    def hours_by_title(self) -> Floats:
        """Hours played of each title within a vector."""
        return self.titles.sum(self.all.played_s) / 3600.0

    @cached_property
    def hours(self) -> Floats:
        """Hours played in each vector."""
        return self.vectors.sum(self.all.played_s) / 3600.0

    @cached_property
    def plays(self) -> Ints:
        """Plays in each vector."""
        return self.vectors.sizes

    @cached_property
    def by_time(self) -> Ints:
        """The order of plays by vector and start; plays that start together keep the order of their titles."""
        return sort_order((self.vectors.ids, self.all.start_us))

    @cached_property
    def sittings(self) -> Segments:
        """Time-ordered plays with no pause over half an hour between them."""
        order = self.by_time
        start, end = self.all.start_us[order], self.all.first_end_us[order]
        breaks = np.ones(len(start), dtype=bool)
        breaks[1:] = start[1:] - end[:-1] > SITTING_GAP_S * _US
        breaks[self.vectors.first] = True
        return Segments.of_starts(breaks)

    @cached_property
    def sittings_in_vector(self) -> Segments:
        """Sittings of each vector."""
        return self.vectors.of(self.sittings)

    @cached_property
    def days(self) -> tuple[Segments, Segments, Ints]:
        """Plays by local day: the days' segments, days of each vector, and each day's number.

        The segments count plays in the order of `by_day`.
        """
        order = self.by_day
        day = self.all.day[order]
        segments = Segments.of_runs(self.vectors.ids[order], day)
        return segments, self.vectors.of(segments), day[segments.first]

    @cached_property
    def by_day(self) -> Ints:
        """The order of plays by vector, local day and start (a traveller's days may run out of order in UTC)."""
        order = self.by_time
        return order[_in_order_of_day(self.vectors.ids[order], self.all.day[order])]

    @cached_property
    def title_days(self) -> tuple[Segments, Segments, Ints]:
        """Days on which a title was on: days of each title, titles of each vector, and each day's number."""
        title = self.titles.ids[self.session_play]
        order = _in_order_of_day(title, self.session_day)
        title, day = title[order], self.session_day[order]
        distinct = np.flatnonzero(changes(title, day))
        days_of_title = Segments.of_sizes(np.bincount(title[distinct], minlength=len(self.titles)))
        return days_of_title, self.titles_in_vector, day[distinct]

    @cached_property
    def title_day_plays(self) -> tuple[Segments, Segments]:
        """Plays that began on the same local day with the same title, and those groups of each vector."""
        order = _in_order_of_day(self.titles.ids, self.all.day)
        groups = Segments.of_runs(self.titles.ids[order], self.all.day[order])
        return groups, self.vectors.of(groups)

    @cached_property
    def sessions_in_vector(self) -> Segments:
        """Sessions of each vector."""
        return self.vectors.of_finer(self.all.sessions)

    @cached_property
    def sessions_by_title(self) -> Segments:
        """Sessions of each title within a vector."""
        return self.titles.of_finer(self.all.sessions)

    @cached_property
    def night(self) -> Bools:
        """Plays that began at night by the local clock; False where the clock is unknown."""
        begin, end = NIGHT_HOURS
        with np.errstate(invalid="ignore"):
            return (self.all.hour >= begin) | (self.all.hour < end)

    @cached_property
    def clock_known(self) -> Bools:
        """Plays whose local hour is known."""
        return ~np.isnan(self.all.hour)

    @cached_property
    def episode(self) -> Bools:
        """Plays of an episode of a series."""
        return self.all.series >= 0


def _in_order_of_day(group: Ints, day: Ints) -> Ints:
    """Return the order by group and day of what is sorted by group and time: mostly it is in order already."""
    same = group[1:] == group[:-1]
    if not (same & (day[1:] < day[:-1])).any():
        return np.arange(len(day))
    return sort_order((group, day))


def arrange(sessions: SessionArrays, window: Window, moves: Moves) -> Plays:
    """Stitch sorted sessions, at least one, and arrange the plays by viewer and window.

    `moves` are those of all rows of the table.
    """
    stitched = stitch(sessions, moves.looped(sessions.row))
    row, number = _in_windows(stitched.start_us, window)
    order = sort_order((stitched.viewer[row], number))  # title and start keep their order
    row, number = row[order], number[order]
    viewer, glance, known = stitched.viewer[row], stitched.glance[row], stitched.length_known[row]
    early = known & (stitched.played_s < 0.1 * stitched.length_s)[row]
    starts = Segments.of_runs(viewer, number)
    kept = np.flatnonzero(~glance)
    has_play = np.flatnonzero(np.bincount(starts.ids[kept], minlength=len(starts)))
    vectors = Segments(Segments.of_runs(viewer[kept], number[kept]).offsets, large=True)
    whose, when = viewer[kept][vectors.first], number[kept][vectors.first]
    chosen = row[kept]
    sizes = stitched.sessions.sizes[chosen]
    session = expand(stitched.sessions.first[chosen], sizes)
    return Plays(
        all=_take(stitched, chosen, sizes),
        viewer=whose,
        window=when,
        vectors=vectors,
        glances=starts.sum(glance)[has_play],
        early_stops=starts.sum(early)[has_play],
        known_starts=starts.sum(known)[has_play],
        session_play=np.repeat(np.arange(len(chosen)), sizes),
        session_day=_local_day(sessions, session),
        session_rows=sessions.row[session],
        moves=moves.of(sessions.row[session], sessions.played_s[session]),
        title_starts_max=_title_starts_max(sessions, window, whose, when),
    )


def _in_windows(start_us: Ints, window: Window) -> tuple[Ints, Ints]:
    """Return row and window number of each start, once for every window that holds it."""
    first, last = window.first_and_last(start_us)
    if window.step_days is None:
        return np.arange(len(start_us)), first
    sizes = np.maximum(last - first + 1, 0)
    return np.repeat(np.arange(len(start_us)), sizes), expand(first, sizes)


def _take(plays: PlayArrays, rows: Ints, sizes: Ints) -> PlayArrays:
    """Return the chosen plays; `sessions` counts their sessions, `sizes`, one play after the other."""
    values = {name: getattr(plays, name)[rows] for name in PlayArrays.__dataclass_fields__ if name != "sessions"}
    return PlayArrays(**values, sessions=Segments.of_sizes(sizes))


def _local_day(s: SessionArrays, session: Ints) -> Ints:
    local_us = s.start_us + (np.nan_to_num(s.offset_min) * 60 * _US).astype(np.int64)
    return (local_us // US_PER_DAY)[session]


def _title_starts_max(s: SessionArrays, window: Window, whose: Codes, when: Ints) -> Floats:
    """Return, for each vector, the most rows of one title that began in its window."""
    if len(whose) == 0:
        return np.zeros(0)
    viewer, title, start_us = s.every_start
    row, number = _in_windows(start_us, window)
    if window.step_days is not None:
        order = sort_order((np.cumsum(changes(viewer, title))[row], number))
        viewer, title, number = viewer[row[order]], title[row[order]], number[order]
    starts = Segments.of_runs(viewer, title, number)
    viewer, number, counts = viewer[starts.first], number[starts.first], starts.sizes
    order = sort_order((viewer, number, counts))
    viewer, number, counts = viewer[order], number[order], counts[order]
    largest = Segments.of_runs(viewer, number).last  # a window's titles are in order of their starts
    most: Floats = counts[largest][_positions(viewer[largest], number[largest], whose, when)].astype(np.float64)
    return most


def _positions(viewer: Codes, number: Ints, whose: Codes, when: Ints) -> Ints:
    """Return where each of some viewers' windows is among others, both sorted, all of them present."""
    low, span = int(number.min()), int(number.max() - number.min()) + 1
    place: Ints = viewer.astype(np.int64) * span + (number - low)
    return np.searchsorted(place, whose.astype(np.int64) * span + (when - low))
