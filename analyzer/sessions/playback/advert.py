"""Ads that a source counts into its positions: taken out, so that positions are places in the title again.

A position that counts the ads seen so far lies on a line on which each ad takes room where it was shown. What lies
behind an ad moves back by its length; what lies before it, after a rewind say, stays.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analyzer.grouping.arrays import Floats, Ints
from analyzer.sessions.playback.playing import ad_stretches, playing_of
from analyzer.sessions.playback.timeline import Timeline

_MOST: int = 200  # ads a session; a stream that tells of more is not understood, and its positions stay


def without_ads(line: Timeline) -> tuple[Timeline, Floats]:
    """Return the timeline with places in the title, and the ads that each session's positions counted, in ms."""
    lengths = np.zeros(len(line.sessions))
    flag = line.flags.get("ads_in_position")
    if flag is None or not (flag == 1).any():
        return line, lengths
    counted = line.sessions.spread(line.sessions.sum(flag == 1) > 0)
    state = playing_of(line)
    at, length = ad_stretches(state)
    at, length = at[counted[at]], length[counted[at]]
    if len(at) == 0:
        return line, lengths
    session = line.sessions.ids[at]
    lengths = np.bincount(session, length, minlength=len(line.sessions)).astype(np.float64)
    place = np.nan_to_num(np.where(np.isnan(line.position_ms), state.begin_ms, line.position_ms))[at]
    nth = np.arange(len(at)) - np.searchsorted(session, session)
    position, to = line.position_ms.copy(), line.to_ms.copy()
    for number in range(min(int(nth.max()) + 1, _MOST)):
        mine = nth == number
        _take_out(line, (position, to), session[mine], at[mine], place[mine], length[mine])
    # Rooms that overlap, as those of ads that nobody can place, would be taken out twice.
    return replace(line, position_ms=np.maximum(position, 0.0), to_ms=np.maximum(to, 0.0)), lengths


def _take_out(
    line: Timeline, values: tuple[Floats, Floats], session: Ints, at: Ints, place: Floats, length: Floats
) -> None:
    """Take one ad of each of some sessions out of the positions told after it began, in place."""
    begun = np.full(len(line.sessions), len(line))
    begun[session] = at
    where, taken = np.zeros(len(line.sessions)), np.zeros(len(line.sessions))
    where[session], taken[session] = place, length
    ids = line.sessions.ids
    later = np.arange(len(line)) > begun[ids]
    original = line.position_ms, line.to_ms
    for value, told in zip(values, original, strict=True):
        beyond = np.clip(told - where[ids], 0.0, taken[ids])
        value[later & ~np.isnan(told)] -= beyond[later & ~np.isnan(told)]
