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
title) is a **glance**, not a play, unless one passage was played again and again in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.features.rows import SessionArrays
from analyzer.features.windows import US_PER_DAY
from analyzer.grouping.arrays import Bools, Codes, Floats, Ints
from analyzer.grouping.segments import Segments, changes

RESUME_GAP_S: Final = 36 * 3600.0  # the next evening still resumes; the evening after is a play of its own
SITTING_GAP_S: Final = 30 * 60.0
RECENT_US: Final = 28 * US_PER_DAY
COMPLETED_SHARE: Final = 0.9
_BACK_SHARE: Final = 0.2
_OVERRUN_SHARE: Final = 0.1
_CREDITS_SHARE: Final = 0.05
_GLANCE_S: Final = 60.0
_LONGEST_ESTIMATE_S: Final = 9_000.0  # a longer stretch is rather a shorter title in a loop
_US: Final = 1_000_000


@dataclass(frozen=True)
class PlayArrays:
    """Plays (and glances) sorted by viewer, title and start; `sessions` are the sessions in each play.

    `length_known` says that the source knew the length; `day` is the local day number where the offset is known,
    else the UTC day; `hour` is the local hour of the start as a fraction, NaN where the offset is unknown;
    `first_end_us` is when the play was first left for over half an hour, or ended; `recent` counts the plays of the
    same title in the 28 days up to this one, this one included.
    """

    viewer: Codes
    title: Codes
    series: Codes
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


def stitch(s: SessionArrays, looped: Bools | None = None) -> PlayArrays:
    """Stitch sorted sessions, at least one, into plays; `looped` says which played one passage again and again."""
    titles = Segments.of_runs(s.viewer, s.title)
    length, length_known = _lengths(s, titles)
    plays = Segments.of_starts(_play_starts(s, titles, length))
    first = plays.first
    by_title = titles.of(plays)
    viewer, title, start_us = s.viewer[first], s.title[first], s.start_us[first]
    length_s, offset_min = length[by_title.ids], s.offset_min[first]
    played = plays.sum(s.played_s)
    reached = plays.max(np.fmax(s.end_position_s, 0.0))
    glance = (played < _GLANCE_S) & (played < 0.5 * length_s)
    if looped is not None:
        glance &= plays.sum(looped) == 0
    completed = (np.maximum(played, reached) >= COMPLETED_SHARE * length_s) & ~glance
    clock_known = ~np.isnan(offset_min)
    local_us = start_us + (np.where(clock_known, offset_min, 0.0) * 60 * _US).astype(np.int64)
    day = local_us // US_PER_DAY
    return PlayArrays(
        viewer=viewer,
        title=title,
        series=plays.max(s.series).astype(np.int32),
        start_us=start_us,
        first_end_us=_first_ends(s, plays),
        day=day,
        hour=np.where(clock_known, (local_us - day * US_PER_DAY) / (3600 * _US), np.nan),
        played_s=played,
        length_s=length_s,
        length_known=length_known[by_title.ids],
        completed=completed,
        replay=_replays(by_title, completed) & ~glance,
        glance=glance,
        recent=_recent_plays(by_title, start_us, ~glance),
        sessions=plays,
    )


def _lengths(s: SessionArrays, titles: Segments) -> tuple[Floats, Bools]:
    """Return each title's length and whether the source knew it."""
    known = titles.max(np.fmax(s.runtime_s, 0.0))
    length = known.copy()
    unknown = np.flatnonzero(known <= 0)
    if len(unknown):
        reached = titles.max(np.fmax(s.end_position_s, 0.0))
        estimate = np.where(reached > 0, reached, _longest_viewing(s, titles))
        length[unknown] = estimate[unknown]
    return np.maximum(length, 1.0), known > 0


def _longest_viewing(s: SessionArrays, titles: Segments) -> Floats:
    longest, shortest = titles.max(s.played_s), titles.min(s.played_s)
    in_two_parts = (titles.sizes == 2) & (shortest < COMPLETED_SHARE * longest)
    return np.minimum(np.where(in_two_parts, longest + shortest, longest), _LONGEST_ESTIMATE_S)


def _play_starts(s: SessionArrays, titles: Segments, length: Floats) -> Bools:
    """Return True at each session that begins a play."""
    starts = np.zeros(len(s.viewer), dtype=bool)
    starts[titles.first] = True
    later = np.flatnonzero(~starts)  # only a title's second session and those after it can resume anything
    starts[later] = ~_resumes(s, later, length[titles.ids[later]])
    return _with_laps(s, starts, titles, length)


def _resumes(s: SessionArrays, later: Ints, length: Floats) -> Bools:
    """Return True where a session may resume the one before it (same viewer and title assumed)."""
    before = later - 1
    played, played_before = s.played_s[later], s.played_s[before]
    position, position_before = s.end_position_s[later], s.end_position_s[before]
    gap_s = (s.start_us[later] - s.start_us[before]) / _US - played_before
    begins = np.maximum(position - played, 0.0)
    went_back = begins + _BACK_SHARE * length < position_before  # never where a position is unknown: NaN
    overruns = played_before + played > (1 + _OVERRUN_SHARE) * length
    return (gap_s <= RESUME_GAP_S) & ~went_back & ~overruns


def _with_laps(s: SessionArrays, starts: Bools, titles: Segments, length: Floats) -> Bools:
    """Add the sessions at which, positions unknown, the playing time of a run has filled the title once more.

    A session belongs to the lap that holds its middle; the small allowance keeps end credits with their film. Sums
    are whole microseconds: exact, so that other viewers in the same array cannot move a rounding error into here.
    """
    unplaced = ~starts & np.isnan(s.end_position_s)
    if not unplaced.any():
        return starts
    runs = Segments.of_starts(starts)
    played_us = (s.played_s * _US).astype(np.int64)
    before_us = np.cumsum(played_us) - played_us
    before_us -= before_us[runs.first][runs.ids]
    length_us = length[titles.ids] * _US
    laps = np.maximum(np.floor((before_us + played_us / 2 - _CREDITS_SHARE * length_us) / length_us), 0.0)
    return starts | (changes(laps) & unplaced)


def _first_ends(s: SessionArrays, plays: Segments) -> Ints:
    """Return when each play was first left for longer than a sitting's pause, or ended."""
    end_us = s.start_us + (s.played_s * _US).astype(np.int64)
    ends: Ints = end_us[plays.first]
    several = np.flatnonzero(plays.sizes > 1)
    if len(several):
        left = np.append(s.start_us[1:] - end_us[:-1] > SITTING_GAP_S * _US, True)
        left[plays.last] = True
        at = np.flatnonzero(left)
        ends[several] = end_us[at[np.searchsorted(at, plays.first[several])]]
    return ends


def _replays(titles: Segments, completed: Bools) -> Bools:
    """Return True for plays of a title that an earlier play had completed."""
    before: Ints = np.cumsum(completed, dtype=np.int64) - completed
    return np.asarray(before > before[titles.first][titles.ids])


def _recent_plays(titles: Segments, start_us: Ints, play: Bools) -> Ints:
    """Return how many plays of the same title began in the 28 days up to each start, itself included."""
    recent = play.astype(np.int64)
    several = np.flatnonzero((titles.sizes > 1)[titles.ids])
    if len(several) == 0:
        return recent
    counted = np.append(0, np.cumsum(play[several]))
    recent[several] = counted[1:] - counted[_first_within(titles.ids[several], start_us[several], RECENT_US)]
    return recent


def _first_within(title: Ints, start_us: Ints, most_us: int) -> Ints:
    """Return for each start the first one of the same title, all in order, that is at most `most_us` earlier.

    All titles share one number line on which a gap is never longer than it takes to be told apart, so that decades of
    microseconds fit.
    """
    gap = np.minimum(np.diff(start_us, prepend=start_us[:1]), most_us + 1)
    gap[changes(title)] = most_us + 1
    place = np.cumsum(gap)
    return np.searchsorted(place, place - most_us)
