"""Plays arranged for the features: one `Plays` value holds every grouping that a feature may reduce over.

The hierarchy is vectors > titles > plays, with side views of the same plays in order of time (sittings, days) and of
the sessions in them (days on which a title was on). Groupings are computed when first asked for and then kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.features.plays import SITTING_GAP_S, PlayArrays, SessionArrays, stitch
from analyzer.features.segments import Bools, Floats, Ints, Segments
from analyzer.features.windows import Window

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
    title_day : tuple of ndarray
        Vector, title and local day of each session in a play, for counts of days.
    early_stops : ndarray of float64, shape (n_vectors,)
        How many starts, glances included, ended before a tenth of a title of known length.
    known_starts : ndarray of float64, shape (n_vectors,)
        How many starts, glances included, were of a title of known length.
    session_rows : ndarray of int64
        The row of the session table behind each element of `title_day`.
    every_start : tuple of ndarray
        Vector and title of each row that began in the vector's window: sessions, glances, and rows that were dropped
        because nobody chose them. For protection only.
    """

    all: PlayArrays
    viewer: Ints
    window: Ints
    vectors: Segments
    glances: Floats
    early_stops: Floats
    known_starts: Floats
    title_day: tuple[Ints, Ints, Ints]
    session_rows: Ints
    every_start: tuple[Ints, Ints]

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
        return np.lexsort((self.all.start_us, self.vectors.ids))

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
        return np.lexsort((self.all.start_us, self.all.day, self.vectors.ids))

    @cached_property
    def title_days(self) -> tuple[Segments, Segments, Ints]:
        """Days on which a title was on: days of each title, titles of each vector, and each day's number."""
        vector, title, day = self.title_day
        order = np.lexsort((day, title, vector))
        keep = order[Segments.of_runs(vector[order], title[order], day[order]).first]
        vector, title, day = vector[keep], title[keep], day[keep]
        by_title = Segments.of_runs(vector, title)
        return by_title, self._vector_segments(vector).of(by_title), day

    @cached_property
    def title_day_plays(self) -> tuple[Segments, Segments]:
        """Plays that began on the same local day with the same title, and those groups of each vector."""
        a = self.all
        order = np.lexsort((a.day, a.title, self.vectors.ids))
        groups = Segments.of_runs(self.vectors.ids[order], a.title[order], a.day[order])
        return groups, self.vectors.of(groups)

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

    def _vector_segments(self, vector: Ints) -> Segments:
        return Segments(np.searchsorted(vector, np.arange(len(self.vectors) + 1)).astype(np.int64))


def arrange(sessions: SessionArrays, window: Window) -> Plays:
    """Stitch sorted sessions and arrange the plays by viewer and window."""
    stitched = stitch(sessions)
    number = window.index(stitched.start_us)
    order = np.lexsort((number, stitched.viewer))  # stable: title and start keep their order
    everything = _take(stitched, order)
    number = number[order]
    play = ~everything.glance
    vectors_all = Segments.of_runs(everything.viewer, number)
    has_play = vectors_all.sum(play) > 0
    kept = play & vectors_all.spread(has_play).astype(bool)
    vectors = vectors_all.keep(kept)
    vectors = Segments(np.unique(vectors.offsets))
    title_day, session_rows = _session_days(sessions, stitched, order, kept, vectors)
    early = everything.length_known & (everything.played_s < 0.1 * everything.length_s)
    viewer, at = everything.viewer[kept][vectors.first], number[kept][vectors.first]
    return Plays(
        all=_take(everything, np.flatnonzero(kept)),
        viewer=viewer,
        window=at,
        vectors=vectors,
        glances=vectors_all.sum(everything.glance)[has_play],
        early_stops=vectors_all.sum(early)[has_play],
        known_starts=vectors_all.sum(everything.length_known)[has_play],
        title_day=title_day,
        session_rows=session_rows,
        every_start=_every_start(sessions, window, viewer, at),
    )


def _take(plays: PlayArrays, rows: Ints) -> PlayArrays:
    """Return the chosen plays; `sessions` keeps counting the original order and is dropped to their sizes."""
    values = {name: getattr(plays, name)[rows] for name in PlayArrays.__dataclass_fields__ if name != "sessions"}
    sizes = plays.sessions.sizes[rows]
    return PlayArrays(**values, sessions=Segments(np.append(0, np.cumsum(sizes))))


def _every_start(s: SessionArrays, window: Window, viewer: Ints, at: Ints) -> tuple[Ints, Ints]:
    """Return vector and title of every row whose viewer has a vector for the window in which it began."""
    viewers, titles, starts_us = (
        np.concatenate(pair) for pair in zip((s.viewer, s.title, s.start_us), s.passed_over, strict=True)
    )
    number = window.index(starts_us)
    if len(viewer) == 0:
        return titles[:0], titles[:0]
    low, span = int(number.min()), int(number.max() - number.min()) + 1
    vectors = viewer * span + at - low
    place = viewers * span + number - low
    vector = np.minimum(np.searchsorted(vectors, place), len(vectors) - 1)
    known = vectors[vector] == place
    return vector[known], titles[known]


def _session_days(
    s: SessionArrays, stitched: PlayArrays, order: Ints, kept: Bools, vectors: Segments
) -> tuple[tuple[Ints, Ints, Ints], Ints]:
    vector_of_play = np.full(len(order), -1, dtype=np.int64)
    vector_of_play[order[kept]] = vectors.ids
    vector = stitched.sessions.spread(vector_of_play).astype(np.int64)
    local_us = s.start_us + (np.nan_to_num(s.offset_min) * 60 * _US).astype(np.int64)
    counted = vector >= 0
    days = (local_us // (86_400 * _US))[counted]
    return (vector[counted], s.title[counted], days), s.row[counted]
