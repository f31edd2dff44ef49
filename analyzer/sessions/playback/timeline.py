"""Events in order: which belong to one session, and when each happened.

A session is what shares a `session_id`. Where that is missing, it is what one viewer did with one title without half an
hour between two events. A session ends where another title begins, and where playing begins again after six hours in
which nothing was told: ids that live on for days would otherwise make one session of a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Codes, Floats, Ints
from analyzer.grouping.segments import Segments, changes
from analyzer.grouping.sorting import sort_order
from analyzer.sessions.playback.schema import WORDS, Event

_SILENCE_MS: Final = 6 * 3_600_000
_PAUSE_MS: Final = 30 * 60_000
_LONGEST_S: Final = 4 * 86_400.0

FLAGS: Final = ("ads_in_position", "captions", "audio_description")
EventCodes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Timeline:
    """Events of some sessions, sorted by session and time; every array has one element an event.

    Attributes
    ----------
    sessions : Segments
        Events of each session.
    row : ndarray of int64
        Where each event stands in the table.
    t_ms : ndarray of int64
        When it happened: since 1970 in sessions that tell, else since the session's start.
    event : ndarray of int8
        `Event` numbers.
    position_ms, to_ms : ndarray of float64
        Whole milliseconds, so that sums are exact in any order; NaN is unknown.
    rate : ndarray of float64
        NaN where the event does not tell.
    flags : dict of str to ndarray of float64
        Flags that the source has (1, 0, NaN unknown), see `FLAGS`.
    """

    sessions: Segments
    row: Ints
    t_ms: Ints
    event: EventCodes
    position_ms: Floats
    to_ms: Floats
    rate: Floats
    flags: dict[str, Floats]

    def __len__(self) -> int:
        return len(self.row)

    @cached_property
    def _bits(self) -> npt.NDArray[np.uint16]:
        return np.left_shift(np.uint16(1), self.event.astype(np.uint16))

    def is_any(self, *events: Event) -> Bools:
        """Return where the event is one of these."""
        asked = np.uint16(sum(1 << event for event in events))
        return np.asarray((self._bits & asked) != 0)

    def last(self, where: Bools) -> Ints:
        """Return, for each event, the latest one of its session up to it at which `where` is True; else -1."""
        at = np.where(where, np.arange(len(where)), -1)
        np.maximum.accumulate(at, out=at)
        return np.where(at >= self.sessions.first[self.sessions.ids], at, -1)

    def next(self, where: Bools) -> Ints:
        """Return, for each event, the first one of its session after it at which `where` is True; else -1."""
        size = len(where)
        at = np.append(np.where(where, np.arange(size), size), size)
        following = np.minimum.accumulate(at[::-1])[::-1][1:]
        return np.where(following <= self.sessions.last[self.sessions.ids], following, -1)

    def part(self, first: int, last: int) -> Timeline:
        """Return the sessions from number `first` up to `last`, exclusive."""
        a, b = int(self.sessions.offsets[first]), int(self.sessions.offsets[last])
        inside = slice(a, b)
        return Timeline(
            Segments(self.sessions.offsets[first : last + 1] - a),
            self.row[inside],
            self.t_ms[inside],
            self.event[inside],
            self.position_ms[inside],
            self.to_ms[inside],
            self.rate[inside],
            {name: values[inside] for name, values in self.flags.items()},
        )


def timeline_of(events: pa.Table) -> tuple[Timeline, Ints]:
    """Return checked events in order, each once, and the rows that repeat another event.

    Rows repeat each other when they share an `event_id`, or are equal in everything that orders and describes them.
    """
    viewer, session, title = (_codes(events, name) for name in ("viewer_id", "session_id", "title_id"))
    nameless = session < 0
    if nameless.any():
        session = np.where(nameless, -2 - title, session)
    t_ms, event, seq = times_ms(events, viewer, session), _event_codes(events), _numbers(events, "seq")
    position_ms, to_ms = _milliseconds(events, "position_s"), _milliseconds(events, "to_position_s")
    rate = _numbers(events, "rate")
    rate[~(rate > 0)] = np.nan  # some players report a pause as speed 0
    order = sort_order((viewer, session, t_ms), (seq, event, position_ms, to_ms, rate))
    keys = (viewer, session, t_ms, event, seq, position_ms, to_ms, rate)
    repeated = _repeated(events, [key[order] for key in keys], order)
    kept = order[~repeated]
    starts = changes(viewer[kept], session[kept])
    starts |= _cuts(starts, t_ms[kept], event[kept], title[kept], nameless[kept])
    ordered = (t_ms[kept], event[kept], position_ms[kept], to_ms[kept], rate[kept])
    sessions = Segments.of_starts(starts) if len(kept) else Segments(np.zeros(1, dtype=np.int64))
    flags = {name: _tristate(events, name)[kept] for name in FLAGS if name in events.column_names}
    return Timeline(sessions, kept, *ordered, flags), order[repeated]


def times_ms(events: pa.Table, viewer: Codes, session: Codes) -> Ints:
    """Return the time of each event in ms: since the session's start where `t_ms` says, else since 1970.

    Where a session has both kinds, they are brought together by the rows that tell both.
    """
    since_start, at = _numbers(events, "t_ms"), instants_ms(events, "occurred_at")
    relative = ~np.isnan(since_start)
    if relative.all():
        return since_start.astype(np.int64)
    if not relative.any():
        return at.astype(np.int64)
    begin = np.fmin(instants_ms(events, "started_at"), at - since_start)
    _, group = np.unique(viewer.astype(np.int64) << 32 | (session.astype(np.int64) & 0xFFFFFFFF), return_inverse=True)
    earliest = np.full(int(group.max()) + 1, np.inf)
    np.fmin.at(earliest, group, begin)
    # A session whose start nobody knows keeps its rows apart; what has a time of day is then on its own.
    known = np.isfinite(earliest[group]) & np.isnan(at) & relative
    absolute = np.where(known, earliest[group] + since_start, at)
    return np.where(np.isnan(absolute), since_start, absolute).astype(np.int64)


def instants_ms(events: pa.Table, name: str) -> Floats:
    """Return a column of instants as ms since 1970; NaN where unknown or where the table has no such column."""
    if name not in events.column_names:
        return np.full(events.num_rows, np.nan)
    us = pc.cast(pc.cast(events[name], pa.int64()), pa.float64(), safe=False)
    return np.asarray(np.floor(us.to_numpy() / 1000.0))


def _codes(events: pa.Table, name: str) -> Codes:
    if name not in events.column_names:
        return np.full(events.num_rows, -1, dtype=np.int32)
    column = events[name].combine_chunks()
    indices = column.indices if column.indices.null_count == 0 else pc.fill_null(column.indices, -1)
    codes: Codes = indices.to_numpy(zero_copy_only=False)
    return codes


def _event_codes(events: pa.Table) -> EventCodes:
    column = events["event"].combine_chunks()
    number = np.array([WORDS.index(word) for word in column.dictionary.to_pylist()], dtype=np.int8)
    codes: EventCodes = number[column.indices.to_numpy(zero_copy_only=False)]
    return codes


def _numbers(events: pa.Table, name: str) -> Floats:
    if name not in events.column_names:
        return np.full(events.num_rows, np.nan)
    return np.array(pc.cast(events[name], pa.float64()).to_numpy(), dtype=np.float64)


def _tristate(events: pa.Table, name: str) -> Floats:
    return np.array(pc.cast(pc.cast(events[name], pa.int8()), pa.float64()).to_numpy(), dtype=np.float64)


def _milliseconds(events: pa.Table, name: str) -> Floats:
    seconds = _numbers(events, name)
    with np.errstate(invalid="ignore"):
        seconds[~((seconds >= 0) & (seconds <= _LONGEST_S))] = np.nan
    return np.rint(seconds * 1000.0)


def _repeated(events: pa.Table, ordered: list[npt.NDArray[Any]], order: Ints) -> Bools:
    repeated = np.ones(len(order), dtype=bool)
    repeated[:1] = False
    for key in ordered:
        here, before = key[1:], key[:-1]
        repeated[1:] &= (here == before) | ((here != here) & (before != before))  # NaN equals NaN here
    if "event_id" in events.column_names and events["event_id"].null_count < len(order):
        identity = _codes(events, "event_id")[order]
        known = np.flatnonzero((identity >= 0) & ~repeated)
        keys = (ordered[0][known].astype(np.int64), ordered[1][known].astype(np.int64), identity[known])
        by_id = np.lexsort(keys[::-1])  # stable: the earliest comes first
        again = ~changes(*(key[by_id] for key in keys))
        repeated[known[by_id[again]]] = True
    return repeated


def _cuts(starts: Bools, t_ms: Ints, event: EventCodes, title: Codes, nameless: Bools) -> Bools:
    """Return where a session ends although the next event carries the same id."""
    gap_ms = np.diff(t_ms, prepend=t_ms[:1])
    begins = (event == Event.START) | (event == Event.PLAY)
    again = (event == Event.START) & np.append(False, event[:-1] != Event.START)
    cuts: Bools = (begins & (gap_ms > _SILENCE_MS)) | (nameless & ((gap_ms > _PAUSE_MS) | again))
    named = np.flatnonzero(title >= 0)
    if len(named):
        begun = np.cumsum(starts)[named]
        other = (title[named][1:] != title[named][:-1]) & (begun[1:] == begun[:-1])
        cuts[named[1:][other]] = True
    return cuts
