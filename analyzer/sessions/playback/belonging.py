"""Which events belong to one session, in which order, and which of them repeat another.

A session is what shares a `session_id`. Where that is missing, it is what one viewer did with one title without half an
hour between two events. A session ends where another title begins, and where playing begins again after six hours in
which nothing was told: ids that live on for days would otherwise make one session of a week.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Codes, Ints
from analyzer.grouping.segments import Segments, changes
from analyzer.grouping.sorting import sort_order
from analyzer.sessions.playback.columns import EventCodes, EventColumns
from analyzer.sessions.playback.schema import Event

_SILENCE_MS: Final = 6 * 3_600_000
_PAUSE_MS: Final = 30 * 60_000
_NEAR_S: Final = 0.5
_LOOK_AHEAD: Final = 4_096


@dataclass(frozen=True)
class Belonging:
    """Which events belong together, those that repeat another one included; each level nests in the one before.

    Attributes
    ----------
    rows : ndarray of int64
        Where the events stand in the table, in order of session and time.
    repeated : ndarray of bool
        Which of them repeat another one.
    ids : Segments
        Events with one id.
    titles : Segments
        Of those, the events of one title.
    sessions : Segments
        Of those, the events without hours of silence between them.
    """

    rows: Ints
    repeated: Bools
    ids: Segments
    titles: Segments
    sessions: Segments


def belonging_of(columns: EventColumns, order: Ints) -> Belonging:
    """Return which events of some whole ids, in order, belong together.

    Rows repeat each other when they share an `event_id`, or are equal in everything that orders and describes them.
    """
    order = _with_seeks_first(columns, order)
    repeated = _repeated(columns, order)
    kept = np.flatnonzero(~repeated)
    rows = as_slice(order[kept])
    begins = changes(columns.viewer[rows], columns.session[rows])
    title, silence = _cuts(begins, columns.t_ms[rows], columns.event[rows], columns.title[rows], columns.nameless[rows])
    levels = []
    for starts in (begins, begins | title, begins | title | silence):
        every = np.zeros(len(order), dtype=bool)  # a repeated event follows the one that it repeats
        every[kept[starts]] = True
        levels.append(Segments.of_starts(every))
    return Belonging(order, repeated, *levels)


def order_of(columns: EventColumns) -> Ints:
    """Return the order of events by session and time."""
    return sort_order((columns.viewer, columns.session, columns.t_ms), (*columns.ties, *columns.order_of_equals))


def blocks_of(columns: EventColumns, order: Ints, block_events: int) -> list[tuple[int, int]]:
    """Return where to cut the order into blocks of whole sessions, of about so many events."""
    edges = [0]
    while edges[-1] < len(order):
        edges.append(_next_session(columns, order, min(edges[-1] + block_events, len(order))))
    return list(pairwise(edges))


def _next_session(columns: EventColumns, order: Ints, at: int) -> int:
    """Return where the first session begins that begins there or behind."""
    while at < len(order):
        near = order[at - 1 : at + _LOOK_AHEAD]
        begins = np.flatnonzero(changes(columns.viewer[near], columns.session[near])[1:])
        if len(begins):
            return at + int(begins[0])
        at += len(near) - 1
    return len(order)


def _with_seeks_first(columns: EventColumns, order: Ints) -> Ints:
    """Put a seek before an event of the same moment that tells its target: that one came after it."""
    if columns.position_s is None or columns.to_s is None:
        return order
    seek = 1 + np.flatnonzero(columns.event[order[1:]] == Event.SEEK)
    here, before = order[seek], order[seek - 1]
    same = (columns.t_ms[here] == columns.t_ms[before]) & (columns.session[here] == columns.session[before])
    same &= (columns.viewer[here] == columns.viewer[before]) & (columns.event[before] != Event.SEEK)
    if columns.seq is not None:
        same &= np.isnan(columns.seq[here]) & np.isnan(columns.seq[before])
    told, begun, target = columns.position_s[before], columns.position_s[here], columns.to_s[here]
    swap = seek[same & (np.abs(told - target) <= _NEAR_S) & ~(np.abs(told - begun) <= _NEAR_S)]
    order = order.copy()
    order[swap], order[swap - 1] = order[swap - 1], order[swap]
    return order


def as_slice(rows: Ints) -> Ints | slice:
    """Return rows that follow each other as a slice, which copies nothing: many streams are written in order."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def _repeated(columns: EventColumns, order: Ints) -> Bools:
    repeated = np.zeros(len(order), dtype=bool)
    if columns.identity is not None:
        known = np.flatnonzero(columns.identity[order] >= 0)
        own = [key[order[known]] for key in (columns.viewer, columns.session, columns.identity)]
        by_id = np.lexsort(own[::-1])  # stable: the earliest comes first
        repeated[known[by_id[~changes(*(key[by_id] for key in own))]]] = True
    left = np.flatnonzero(~repeated)
    rows = order[left]
    t_ms = columns.t_ms[as_slice(rows)]
    again = 1 + np.flatnonzero(t_ms[1:] == t_ms[:-1])  # few events have the time of the one before
    for key in (columns.session, columns.viewer, *columns.ties):
        here, before = key[rows[again]], key[rows[again - 1]]
        again = again[(here == before) | ((here != here) & (before != before))]  # NaN equals NaN here
    title, before = columns.title[rows[again]], columns.title[rows[again - 1]]
    repeated[left[again[(title == before) | (title < 0)]]] = True
    return repeated


def _cuts(begins: Bools, t_ms: Ints, event: EventCodes, title: Codes, nameless: Bools) -> tuple[Bools, Bools]:
    """Return where another title begins under the same id, and where a session ends in silence."""
    gap_ms = np.diff(t_ms, prepend=t_ms[:1])
    starts_or_plays = (event == Event.START) | (event == Event.PLAY)
    again = (event == Event.START) & np.append(False, event[:-1] != Event.START)[: len(event)]
    silence = (starts_or_plays & (gap_ms > _SILENCE_MS)) | (nameless & ((gap_ms > _PAUSE_MS) | again))
    other = np.zeros(len(title), dtype=bool)
    named = np.flatnonzero(title >= 0)
    if len(named):
        number = np.cumsum(begins)[named]
        changed = (title[named][1:] != title[named][:-1]) & (number[1:] == number[:-1])
        other[named[1:][changed]] = True
    return other, silence
