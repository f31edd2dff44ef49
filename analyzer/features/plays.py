"""From sessions to plays.

A **play** is one act of watching a title. Sessions of one viewer and title that resume each other are one play:

- a session resumes the one before if it starts within `RESUME_GAP_S` of its end and does not go back by more than a
  fifth of the title;
- two sessions that together play over a tenth more than the title's length do not resume each other; where positions
  are unknown, a run of sessions is one play until its playing time fills the title's length.

A title's **length** is `runtime_s` where the source knows it; else the highest position this viewer reached; else this
viewer's longest stretch; of just two stretches that clearly differ (one under 90 % of the other), both together: rather
one viewing in two parts than one and a half. A length from stretches is at most two and a half hours: more is rather a
loop. All but the first are estimates from the viewer's own rows only, so that an unrelated viewer never changes a
vector; features that would mislead on one (completion, early stops) are null then.

A play is **completed** when 90 % of the length was played or a position at 90 % or beyond was reached. A **replay** is
a play of a title that this viewer had completed before. A start shorter than a minute (and shorter than half of the
title) is a **glance**, not a play.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.features.segments import Bools, Floats, Ints, Segments, changes
from analyzer.features.sorting import ranks, sort_order

RESUME_GAP_S: Final = 36 * 3600.0  # the next evening still resumes; the evening after is a play of its own
SITTING_GAP_S: Final = 30 * 60.0
RECENT_S: Final = 28 * 86_400
COMPLETED_SHARE: Final = 0.9
_BACK_SHARE: Final = 0.2
_OVERRUN_SHARE: Final = 0.1
_CREDITS_SHARE: Final = 0.05
_GLANCE_S: Final = 60.0
_LONGEST_ESTIMATE_S: Final = 9_000.0  # a longer stretch is rather a shorter title in a loop
_US: Final = 1_000_000


@dataclass(frozen=True)
class SessionArrays:
    """Sessions as arrays, sorted by viewer, title and start. Unknown numbers are NaN, unknown codes -1.

    `passed_over` holds viewer, title and start of rows that were dropped because nobody chose them.

    `viewer`, `title` and `series` are ranks of `viewer_names` and of the titles' sorted names; `offset_min` is local
    time minus UTC in minutes; times are microseconds since 1970, UTC.
    """

    viewer: Ints
    title: Ints
    series: Ints
    start_us: Ints
    played_s: Floats
    runtime_s: Floats
    end_position_s: Floats
    offset_min: Floats
    row: Ints
    viewer_names: pa.Array
    passed_over: tuple[Ints, Ints, Ints]


@dataclass(frozen=True)
class PlayArrays:
    """Plays (and glances) sorted by viewer, title and start; `sessions` are the sessions in each play.

    `length_known` says that the source knew the length; `day` is the local day number where the offset is known,
    else the UTC day; `hour` is the local hour of the start as a fraction, NaN where the offset is unknown;
    `first_end_us` is when the play was first left for over half an hour, or ended; `recent` counts the plays of the
    same title in the 28 days up to this one, this one included.
    """

    viewer: Ints
    title: Ints
    series: Ints
    start_us: Ints
    first_end_us: Ints
    day: Ints
    hour: Floats
    played_s: Floats
    length_s: Floats
    length_known: Bools
    completed: Bools
    replay: Bools
    glance: Bools
    recent: Ints
    sessions: Segments


def session_arrays(table: pa.Table, passed_over: pa.Table) -> SessionArrays:
    """Return the sessions of `table` (typed by the schema) as sorted arrays."""
    viewer, viewer_names = ranks(_joined(table, passed_over, "viewer_id"))
    title, _ = ranks(_joined(table, passed_over, "title_id"))
    start_us = _joined(table, passed_over, "started_at").cast(pa.int64()).to_numpy(zero_copy_only=False)
    beside = (viewer[len(table) :], title[len(table) :], start_us[len(table) :])
    viewer, title, start_us = viewer[: len(table)], title[: len(table)], start_us[: len(table)]
    series = _codes(table, "series_id")
    played, runtime, position, offset = (
        _numbers(table, name) for name in ("played_s", "runtime_s", "end_position_s", "utc_offset_min")
    )
    order = sort_order((viewer, title, start_us), (played, position, runtime, series, offset))
    return SessionArrays(
        viewer[order],
        title[order],
        series[order],
        start_us[order],
        played[order],
        runtime[order],
        position[order],
        offset[order],
        order,
        viewer_names,
        beside,
    )


def _joined(table: pa.Table, passed_over: pa.Table, name: str) -> pa.Array:
    chunks = [chunk for part in (table, passed_over) for chunk in part[name].chunks]
    return pa.chunked_array(chunks, type=table[name].type).unify_dictionaries().combine_chunks()


def _codes(table: pa.Table, name: str) -> Ints:
    if name not in table.column_names:
        return np.full(table.num_rows, -1, dtype=np.int64)
    return ranks(table[name].combine_chunks())[0]


def _numbers(table: pa.Table, name: str) -> Floats:
    if name not in table.column_names:
        return np.full(table.num_rows, np.nan)
    column = pc.cast(table[name].combine_chunks(), pa.float64())
    numbers: Floats = column.to_numpy(zero_copy_only=False)
    return numbers


def stitch(s: SessionArrays) -> PlayArrays:
    """Stitch sorted sessions into plays."""
    titles = Segments.of_runs(s.viewer, s.title) if len(s.viewer) else Segments(np.zeros(1, dtype=np.int64))
    length, length_known = _lengths(s, titles)
    plays = Segments.of_starts(_play_starts(s, titles, length)) if len(s.viewer) else titles
    first, last = plays.first, plays.last
    played = plays.sum(s.played_s)
    reached = np.where(np.isnan(s.end_position_s), 0.0, s.end_position_s)
    completed = (played >= COMPLETED_SHARE * length[first]) | (plays.max(reached) >= COMPLETED_SHARE * length[first])
    glance = (played < _GLANCE_S) & (played < 0.5 * length[first])
    local_us = s.start_us[first] + (np.nan_to_num(s.offset_min[first]) * 60 * _US).astype(np.int64)
    return PlayArrays(
        viewer=s.viewer[first],
        title=s.title[first],
        series=plays.max(s.series).astype(np.int64),
        start_us=s.start_us[first],
        first_end_us=_first_ends(s, plays),
        day=local_us // (86_400 * _US),
        hour=np.where(np.isnan(s.offset_min[first]), np.nan, local_us % (86_400 * _US) / (3600 * _US)),
        played_s=played,
        length_s=length[first],
        length_known=length_known[first],
        completed=completed & ~glance,
        replay=_replays(titles.of(plays), completed & ~glance) & ~glance,
        glance=glance,
        recent=_recent_plays(titles.of(plays), s.start_us[first], ~glance),
        sessions=Segments(np.append(first, last[-1] + 1 if len(last) else 0)),
    )


def _lengths(s: SessionArrays, titles: Segments) -> tuple[Floats, Bools]:
    """Return the length of each session's title and whether the source knew it."""
    known = titles.max(np.where(np.isnan(s.runtime_s), -np.inf, s.runtime_s))
    reached = titles.max(np.where(np.isnan(s.end_position_s), -np.inf, s.end_position_s))
    estimate = np.where(reached > 0, reached, _longest_viewing(s, titles))
    length = np.maximum(np.where(known > 0, known, estimate), 1.0)
    return titles.spread(length).astype(np.float64), titles.spread(known > 0).astype(bool)


def _longest_viewing(s: SessionArrays, titles: Segments) -> Floats:
    longest, shortest = titles.max(s.played_s), titles.min(s.played_s)
    in_two_parts = (titles.sizes == 2) & (shortest < COMPLETED_SHARE * longest)
    return np.minimum(np.where(in_two_parts, longest + shortest, longest), _LONGEST_ESTIMATE_S)


def _play_starts(s: SessionArrays, titles: Segments, length: Floats) -> Bools:
    """Return True at each session that begins a play."""
    if len(s.viewer) == 0:
        return np.zeros(0, dtype=bool)
    starts = changes(titles.ids)
    starts[1:] |= ~_resumes(s, length)[1:]
    return starts | _laps_begin(s, Segments.of_starts(starts), length)


def _resumes(s: SessionArrays, length: Floats) -> Bools:
    """Return True where a session may resume the one before (same viewer and title assumed)."""
    resumes = np.zeros(len(length), dtype=bool)
    position, played = s.end_position_s, s.played_s
    gap_s = np.diff(s.start_us) / _US - played[:-1]
    begins = np.maximum(position - played, 0.0)
    placed = ~np.isnan(position[1:]) & ~np.isnan(position[:-1])
    went_back = begins[1:] + _BACK_SHARE * length[1:] < position[:-1]
    overruns = played[:-1] + played[1:] > (1 + _OVERRUN_SHARE) * length[1:]
    resumes[1:] = (gap_s <= RESUME_GAP_S) & ~(placed & went_back) & ~overruns
    return resumes


def _laps_begin(s: SessionArrays, runs: Segments, length: Floats) -> Bools:
    """Return True where, positions unknown, the playing time of a run has filled the title once more.

    A session belongs to the lap that holds its middle; the small allowance keeps end credits with their film. Sums
    are whole microseconds: exact, so that other viewers in the same array cannot move a rounding error into here.
    """
    played_us = (s.played_s * _US).astype(np.int64)
    before_us = np.cumsum(played_us) - played_us
    before_us -= runs.spread(before_us[runs.first]).astype(np.int64)
    length_us = length * _US
    laps = np.maximum(np.floor((before_us + played_us / 2 - _CREDITS_SHARE * length_us) / length_us), 0.0)
    return changes(laps) & ~changes(runs.ids) & np.isnan(s.end_position_s)


def _first_ends(s: SessionArrays, plays: Segments) -> Ints:
    """Return when each play was first left for longer than a sitting's pause, or ended."""
    end_us = s.start_us + (s.played_s * _US).astype(np.int64)
    left = np.append(s.start_us[1:] - end_us[:-1] > SITTING_GAP_S * _US, True)
    left[plays.last] = True
    at = np.flatnonzero(left)
    ends: Ints = end_us[at[np.searchsorted(at, plays.first)]]
    return ends


def _replays(titles: Segments, completed: Bools) -> Bools:
    """Return True for plays of a title that an earlier play had completed."""
    before: Ints = np.cumsum(completed, dtype=np.int64) - completed
    base = before[titles.first] if len(titles) else before[:0]
    return np.asarray(before > titles.spread(base))


def _recent_plays(titles: Segments, start_us: Ints, play: Bools) -> Ints:
    """Return how many plays of the same title began in the 28 days up to each start, itself included."""
    if len(start_us) == 0:
        return np.zeros(0, dtype=np.int64)
    start_s = (start_us - start_us.min()) // _US
    # One number line for all titles: each title's stretch is longer than its times and the look-back together.
    place = titles.ids * (int(start_s.max()) + RECENT_S + 1) + start_s
    since = np.searchsorted(place, place - RECENT_S)
    counted = np.append(0, np.cumsum(play))
    return np.asarray(counted[np.arange(len(place)) + 1] - counted[since], dtype=np.int64)
