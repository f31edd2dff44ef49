"""When it played, and what of the title: the player's state after each event, and the stretch up to the next one.

Positions decide where they are known: a stretch plays from where one event leaves the title to where the next one finds
it, and time in which the position stood still (a stall, a lid that was closed) is no playing. Where they are unknown,
playback is taken to have gone on at its rate; in a session with signs of life, for two minutes after the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.sessions.playback.schema import Event
from analyzer.sessions.playback.timeline import Timeline

SLACK_MS: Final = 2_000.0
"""Clocks and positions that differ by no more agree: positions are often whole seconds."""
_PATIENCE_MS: Final = 120_000.0
_SIGNS_OF_LIFE: Final = 3
_RATE_SLACK: Final = 1.1
_FASTEST_UNTOLD: Final = 3.5  # where a player never tells its rate, it may well be 2


@dataclass(frozen=True)
class Playing:
    """What each event of a timeline leaves behind, up to the session's next event. Times in ms, NaN is unknown.

    Attributes
    ----------
    line : Timeline
    plays, paused : Bools
        The state: playing, paused by somebody, or neither (not begun, or over).
    held : Bools
        Whether it waits for data or shows an ad, so that nothing plays whatever the state.
    advert : Bools
        Whether it shows an ad.
    """

    line: Timeline
    plays: Bools
    paused: Bools
    held: Bools
    advert: Bools

    @cached_property
    def playing(self) -> Bools:
        """Whether the title plays after the event."""
        return self.plays & ~self.held

    @cached_property
    def inner(self) -> Bools:
        """Events that are followed by another one of their session."""
        inner = np.ones(len(self.line), dtype=bool)
        inner[self.line.sessions.last] = False
        return inner

    @cached_property
    def clock_ms(self) -> Floats:
        """Time to the next event of the session; 0 after the last."""
        clock = np.diff(self.line.t_ms, append=self.line.t_ms[-1:]).astype(np.float64)
        return np.where(self.inner, np.maximum(clock, 0.0), 0.0)

    @cached_property
    def rate(self) -> Floats:
        """Rate after each event; 1 until one is told."""
        at = self.line.last(~np.isnan(self.line.rate))
        return np.where(at >= 0, self.line.rate[at], 1.0)

    @cached_property
    def rate_told(self) -> Bools:
        """Whether the session ever tells its rate."""
        sessions = self.line.sessions
        return sessions.spread(sessions.sum(~np.isnan(self.line.rate)) > 0)

    @cached_property
    def most_ms(self) -> Floats:
        """Content that plays up to the next event if nothing comes between."""
        return np.where(self.playing, np.rint(self.clock_ms * self.rate), 0.0)

    @cached_property
    def patient_ms(self) -> Floats:
        """Time to the next event as far as it is taken for playing where no position tells."""
        return np.where(self._lively, np.minimum(self.clock_ms, _PATIENCE_MS), self.clock_ms)

    @cached_property
    def assumed_ms(self) -> Floats:
        """Content that is taken to play in that time: nobody waits for ever for the next sign of life."""
        return np.where(self.playing, np.rint(self.patient_ms * self.rate), 0.0)

    @cached_property
    def _lively(self) -> Bools:
        again = self.line.is_any(Event.PLAY) & self.line.before(self.playing, False)
        sessions = self.line.sessions
        signs = sessions.sum(self.line.is_any(Event.PING) | again)
        return sessions.spread(signs >= _SIGNS_OF_LIFE)

    @cached_property
    def begin_ms(self) -> Floats:
        """Position right after each event: told, or carried on from the last one that was."""
        line = self.line
        told = np.where(line.is_any(Event.SEEK), line.to_ms, line.position_ms)
        anchor = line.last(~np.isnan(told) | line.is_any(Event.SEEK, Event.START))
        played = np.cumsum(self.assumed_ms) - self.assumed_ms
        return np.where(anchor >= 0, told[anchor] + (played - played[anchor]), np.nan)

    @cached_property
    def got_to_ms(self) -> Floats:
        """Where playback would be at the next event."""
        return self.begin_ms + self.assumed_ms

    @cached_property
    def seen_ms(self) -> Floats:
        """Where the next event of the session finds playback; NaN where it does not tell."""
        line = self.line
        position = np.where(line.is_any(Event.START), np.nan, line.position_ms)
        # Some players tell a seek when it is over already: then both positions are where it landed.
        landed = line.is_any(Event.SEEK) & (np.abs(line.position_ms - line.to_ms) <= 500.0)
        position[landed] = np.nan
        return np.where(self.inner, np.append(position[1:], np.nan), np.nan)

    @cached_property
    def moved_ms(self) -> Floats:
        """How far the position moved up to the next event; NaN where one of the two is unknown."""
        return self.seen_ms - self.begin_ms

    @cached_property
    def jumped(self) -> Bools:
        """Whether the position moved further, or the other way, than playing can: a seek that nobody told."""
        fastest = np.where(self.rate_told, self.most_ms * _RATE_SLACK, self.most_ms * _FASTEST_UNTOLD)
        return (self.moved_ms < -SLACK_MS) | (self.moved_ms > fastest + SLACK_MS)

    @cached_property
    def stretches(self) -> tuple[Floats, Floats]:
        """Where in the title each stretch of playing begins and ends; both NaN where unknown or nothing plays."""
        begin = np.where(np.isnan(self.begin_ms), np.maximum(self.seen_ms - self.assumed_ms, 0.0), self.begin_ms)
        followed = ~np.isnan(self.moved_ms) & ~self.jumped
        end = np.where(followed, np.maximum(self.seen_ms, begin), begin + self.assumed_ms)
        placed = self.playing & ~np.isnan(begin) & (end > begin)
        return np.where(placed, begin, np.nan), np.where(placed, end, np.nan)

    @cached_property
    def played_ms(self) -> Floats:
        """How long each stretch played by the clock."""
        moved = np.maximum(self.moved_ms, 0.0) / self.rate
        stood = self.clock_ms - moved > SLACK_MS
        by_position = np.where(stood, moved, self.clock_ms)
        known = ~np.isnan(self.moved_ms) & ~self.jumped
        return np.where(self.playing, np.rint(np.where(known, by_position, self.patient_ms)), 0.0)


def playing_of(line: Timeline) -> Playing:
    """Return the player's state after each event."""
    states = line.is_any(Event.START, Event.PLAY, Event.PAUSE, Event.STOP, Event.COMPLETE)
    latest, following = line.last(states), line.next(states)
    opened = (latest < 0) | (line.event[latest] == Event.START)
    # Between the start and the first word of the player it plays, unless that word is that it plays now.
    untold = opened & ~np.isin(line.event[following], (Event.PLAY, Event.START)) | opened & (following < 0)
    plays = untold | (~opened & (line.event[latest] == Event.PLAY))
    paused = ~opened & (line.event[latest] == Event.PAUSE)
    advert = _in_advert(line)
    return Playing(line, plays, paused, _waiting(line) | advert, advert)


def _waiting(line: Timeline) -> Bools:
    ends = line.is_any(Event.BUFFER_END, Event.PLAY, Event.START, Event.STOP, Event.COMPLETE)
    at = line.last(ends | line.is_any(Event.BUFFER))
    return np.asarray((at >= 0) & (line.event[at] == Event.BUFFER))


def _in_advert(line: Timeline) -> Bools:
    """Return where an ad is on. One whose end was never told is over when the title is said to play."""
    begins = line.is_any(Event.AD_START)
    if not begins.any():
        return np.zeros(len(line), dtype=bool)
    edges = begins | line.is_any(Event.AD_END, Event.START)
    at, following = line.last(edges), line.next(edges)
    ended = (following >= 0) & (line.event[following] == Event.AD_END)
    played_since = line.last(line.is_any(Event.PLAY)) > at
    return np.asarray((at >= 0) & (line.event[at] == Event.AD_START) & (ended[at] | ~played_since))


def ad_stretches(state: Playing) -> tuple[Ints, Floats]:
    """Return the event at which each stretch of ads begins, and how long it lasts in ms."""
    clock = np.where(state.advert, state.clock_ms, 0.0)
    line, advert = state.line, state.advert
    at = np.flatnonzero(advert & ~line.before(advert, False))
    total = np.append(np.cumsum(clock) - clock, clock.sum())
    following = np.append(at[1:], len(line))
    return at, total[following] - total[at]
