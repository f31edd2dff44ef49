"""Which places of a title were played how often: unique seconds, and the passage with most passes.

A session's stretches of playing lie over each other on the line of its title. Everything here is whole milliseconds, so
that sums are exact and sessions can be laid side by side on one long line without touching each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.grouping.sorting import sort_order

PASSAGE_MS: Final = 10_000


@dataclass(frozen=True)
class Coverage:
    """What was seen of a title in each session.

    Attributes
    ----------
    content_ms : ndarray of float64, shape (n_sessions,)
        Content played, each place as often as it was played.
    unique_ms : ndarray of float64, shape (n_sessions,)
        Content played at least once.
    passes : ndarray of float64, shape (n_sessions,)
        Most content played of any ten seconds of the title, in passes: ten seconds are one. At least 1 where anything
        was played, 0 elsewhere.
    """

    content_ms: Floats
    unique_ms: Floats
    passes: Floats


def coverage_of(begin_ms: Floats, end_ms: Floats, session: Ints, sessions: int) -> Coverage:
    """Return the coverage of stretches in order of session and time, all of them known and longer than 0."""
    goes_on = (begin_ms[1:] == end_ms[:-1]) & (session[1:] == session[:-1])
    runs = Segments.of_starts(np.append(np.ones(len(session), dtype=bool)[:1], ~goes_on))
    first, last = runs.first, runs.last
    # What plays on from sign of life to sign of life is one stretch, which leaves a tenth of them.
    begin, end, session = begin_ms[first].astype(np.int64), end_ms[last].astype(np.int64), session[first]
    content = np.bincount(session, end - begin, minlength=sessions).astype(np.float64)
    unique, passes = content.copy(), (content > 0).astype(np.float64)
    again = _goes_back(begin, end, session, sessions)
    chosen = again[session]
    if chosen.any():
        begin, end = begin[chosen], end[chosen]
        groups = Segments.of_runs(session[chosen])
        at = session[chosen][groups.first]
        unique[at], passes[at] = _swept(begin, end, groups)
    return Coverage(content, unique, passes)


def _goes_back(begin: Ints, end: Ints, session: Ints, sessions: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return which sessions may have played a place twice: a stretch begins before the one before it ends."""
    back = (begin[1:] < end[:-1]) & (session[1:] == session[:-1])
    return np.asarray(np.bincount(session[1:][back], minlength=sessions) > 0)


def _swept(begin: Ints, end: Ints, groups: Segments) -> tuple[Floats, Floats]:
    """Return unique ms and passes of each group, sweeping over the places at which a stretch begins or ends."""
    room = groups.max(end).astype(np.int64) + 2 * PASSAGE_MS
    start_of = np.cumsum(room) - room + PASSAGE_MS
    shift = start_of[groups.ids]
    place = np.concatenate([begin + shift, end + shift])
    step = np.concatenate([np.ones(len(begin), dtype=np.int64), np.full(len(end), -1)])
    order = sort_order((place,))
    place, depth = place[order], np.cumsum(step[order])
    width = np.diff(place, append=place[-1:])
    played = np.append(0, np.cumsum(depth * width))[:-1]  # up to each place
    offsets = np.searchsorted(place, start_of)
    among = Segments(np.append(offsets, len(place)))
    unique = among.sum(np.where(depth > 0, width, 0))
    within = np.maximum(
        _played_up_to(place + PASSAGE_MS, place, played, depth) - played,
        played - _played_up_to(place - PASSAGE_MS, place, played, depth),
    )
    return unique, np.maximum(among.max(within) / PASSAGE_MS, 1.0)


def _played_up_to(at: Ints, place: Ints, played: Ints, depth: Ints) -> Ints:
    """Return how much was played up to each place of the long line, all sessions before it included."""
    last = np.searchsorted(place, at, side="right") - 1
    beyond = np.maximum(last, 0)
    return np.where(last < 0, 0, played[beyond] + depth[beyond] * (at - place[beyond]))
