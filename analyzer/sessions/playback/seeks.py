"""Seeks: which way, how far, and whether they return to the same passage.

Presses of a button with nothing played between them are one movement: a remote sends ten seeks where a finger on a
screen sends one. A movement back is a **rewind**, one forward a **skip**. Rewinds that land within ten seconds of the
one before are a **chain**: somebody returns to one passage (Kim et al., Learning at Scale 2014, call it replaying a
brief segment; Brinton et al. 2015, revising).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.grouping.segments import Segments, changes
from analyzer.sessions.playback.playing import Playing
from analyzer.sessions.playback.schema import Event
from analyzer.sessions.playback.timeline import Timeline

_LEAST_MS: Final = 1_000.0  # a smaller movement has no direction that anybody meant
_PLAYED_MS: Final = 1_000.0  # less between two seeks is no playing
_PASSAGE_MS: Final = 10_000.0


@dataclass(frozen=True)
class Moves:
    """Seeks of one direction, merged where nothing was played between, in order of session and time.

    Attributes
    ----------
    session : ndarray of int64
        Number of the session.
    t_ms : ndarray of int64
        When the first seek of the movement happened.
    distance_ms : ndarray of float64
        How far it went, at least a second.
    landing_ms : ndarray of float64
        Where it ended.
    """

    session: Ints
    t_ms: Ints
    distance_ms: Floats
    landing_ms: Floats

    def counts(self, sessions: int) -> Floats:
        """Return how many there are in each of so many sessions."""
        return np.bincount(self.session, minlength=sessions).astype(np.float64)


@dataclass(frozen=True)
class Seeks:
    """All movements of some sessions, and the number of seeks of unknown direction in each."""

    rewinds: Moves
    skips: Moves
    undirected: Floats


def paired(line: Timeline) -> Timeline:
    """Return the timeline with each seek in one event, for players that tell its beginning and its end apart."""
    ends = line.is_any(Event.SEEK_END)
    if not ends.any():
        return line
    seeks = ends | line.is_any(Event.SEEK)
    before = line.before(line.last(seeks), -1)
    end = np.flatnonzero(ends)
    begun = (before[end] >= 0) & (line.event[before[end]] == Event.SEEK)
    event, position, to = line.event.copy(), line.position_ms.copy(), line.to_ms.copy()
    event[end[begun]] = Event.RATE  # that it landed is known now; what is left is a position
    seek, landed = before[end[begun]], position[end[begun]]
    under_way = np.cumsum(np.bincount(seek + 1, minlength=len(line)) - np.bincount(end[begun], minlength=len(line))) > 0
    position[under_way] = np.nan  # between the two nobody knows where it is
    untold = np.isnan(to[seek])
    to[seek[untold]] = landed[untold]
    alone = end[~begun]
    event[alone] = Event.SEEK
    to[alone], position[alone] = position[alone], np.nan
    return replace(line, event=event, position_ms=position, to_ms=to)


def seeks_of(state: Playing) -> Seeks:
    """Return the movements of a timeline, those included that no event told but positions do."""
    line = state.line
    from_ms, to_ms, at = _all_seeks(state)
    distance = to_ms - from_ms
    unknown = np.isnan(distance)
    sessions = len(line.sessions)
    undirected = np.bincount(line.sessions.ids[at[unknown]], minlength=sessions).astype(np.float64)
    begin, end = state.stretches
    content = np.append(0.0, np.cumsum(np.nan_to_num(end - begin)))
    directed = np.abs(np.where(unknown, 0.0, distance)) >= _LEAST_MS
    at, distance, to_ms = at[directed], distance[directed], to_ms[directed]
    group = _movements(line.sessions.ids[at], distance < 0, content[at])
    merged = Moves(
        line.sessions.ids[at[group.first]],
        line.t_ms[at[group.first]],
        np.abs(group.sum(distance)),
        to_ms[group.last],
    )
    back = distance[group.first] < 0
    return Seeks(_chosen(merged, back), _chosen(merged, ~back), undirected)


def _all_seeks(state: Playing) -> tuple[Floats, Floats, Ints]:
    """Return where each seek begins and lands, and its event; NaN where unknown."""
    line = state.line
    told = line.is_any(Event.SEEK)
    at = np.flatnonzero(told | _untold(state, told))
    before = at - 1
    within = (at > 0) & (line.sessions.ids[at] == line.sessions.ids[before])
    carried = np.where(within, state.got_to_ms[before], np.nan)
    begins = np.where(within, state.seen_ms[before], line.position_ms[at])
    known = told[at] & ~np.isnan(begins)
    return np.where(known, begins, carried), np.where(told[at], line.to_ms[at], line.position_ms[at]), at


def _untold(state: Playing, told: Bools) -> Bools:
    """Return the events at which playback is found where no playing can have led."""
    jumped = state.line.before(state.jumped & (state.plays | state.paused), False)
    return jumped & ~told & ~state.line.is_any(Event.START)


def _movements(session: Ints, back: Bools, content: Floats) -> Segments:
    """Group seeks of one session and direction between which nothing was played."""
    starts = changes(session, back)
    starts[1:] |= np.diff(content) >= _PLAYED_MS
    return Segments.of_starts(starts)


def _chosen(moves: Moves, mask: Bools) -> Moves:
    return Moves(moves.session[mask], moves.t_ms[mask], moves.distance_ms[mask], moves.landing_ms[mask])


def chains(rewinds: Moves, sessions: int) -> Floats:
    """Return the most rewinds in a row into one passage, in each of so many sessions; 0 where there is none."""
    longest = np.zeros(sessions)
    if len(rewinds.session) == 0:
        return longest
    elsewhere = np.abs(np.diff(rewinds.landing_ms, prepend=np.inf)) > _PASSAGE_MS
    runs = Segments.of_starts(changes(rewinds.session) | elsewhere)
    np.maximum.at(longest, rewinds.session[runs.first], runs.sizes)
    return longest


def medians(values: Floats, session: Ints, sessions: int) -> Floats:
    """Return the median of the values of each session, which come in order of session; NaN where there is none."""
    return Segments.of_sizes(np.bincount(session, minlength=sessions)).median(values)


def gaps(rewinds: Moves) -> tuple[Floats, Ints]:
    """Return the time from each rewind of a session to its next one in ms, and the session."""
    same = rewinds.session[1:] == rewinds.session[:-1]
    return np.diff(rewinds.t_ms).astype(np.float64)[same], rewinds.session[1:][same]
