"""One session row for the events of each session.

What the row says beside the columns that any source may have: which content was played and how often (`content_s`,
`unique_s`, `passage_passes`), and how somebody moved about in it (`pauses`, `rewinds` and what follows). What the
events do not tell is null, never 0: seeks of unknown direction are no rewinds and no proof that there were none.
"""

from __future__ import annotations

import numpy as np

from analyzer.grouping.arrays import Bools, Floats
from analyzer.grouping.segments import ratio
from analyzer.sessions.playback.advert import without_ads
from analyzer.sessions.playback.coverage import coverage_of
from analyzer.sessions.playback.playing import Playing, playing_of
from analyzer.sessions.playback.schema import Event
from analyzer.sessions.playback.seeks import Seeks, chains, gaps, medians, paired, seeks_of
from analyzer.sessions.playback.timeline import Timeline

_LEAST_PAUSE_MS = 1_000
ADS_S = "ads_s"
FIRST_MS = "first_ms"
# Not columns of a session: what its runtime loses, and when its first event happened.


def measured(line: Timeline) -> dict[str, Floats]:
    """Return what the events of each session measure, by column name; NaN is null. Also `ADS_S` and `FIRST_MS`."""
    line, ads_ms = without_ads(line)
    line = paired(line)
    state = playing_of(line)
    sessions, seeks = line.sessions, seeks_of(state)
    begin, end = state.stretches
    placed = np.flatnonzero(~np.isnan(begin))
    coverage = coverage_of(begin[placed], end[placed], sessions.ids[placed], len(sessions))
    seen = coverage.content_ms > 0
    return {
        "played_s": sessions.sum(state.played_ms) / 1000.0,
        "end_position_s": state.begin_ms[sessions.last] / 1000.0,
        "content_s": _where(seen, coverage.content_ms / 1000.0),
        "unique_s": _where(seen, coverage.unique_ms / 1000.0),
        "passage_passes": _where(seen, coverage.passes),
        "pauses": _pauses(state),
        **_moves(seeks, seen, len(sessions)),
        ADS_S: ads_ms / 1000.0,
        FIRST_MS: line.t_ms[sessions.first].astype(np.float64),
        **_settings(state),
    }


def _where(known: Bools, values: Floats) -> Floats:
    return np.where(known, values, np.nan)


def _pauses(state: Playing) -> Floats:
    """Count pauses after which it played on; null where a session tells its start and its end only."""
    line = state.line
    begins = line.is_any(Event.PAUSE) & line.before(state.plays, False) & ~state.advert
    resumes = line.next(line.is_any(Event.PLAY))
    lasts = (resumes >= 0) & (line.t_ms[resumes] - line.t_ms >= _LEAST_PAUSE_MS)
    tells = line.sessions.sum(line.is_any(Event.PLAY, Event.PAUSE)) > 0
    return _where(tells, line.sessions.sum(begins & lasts))


def _moves(seeks: Seeks, placed: Bools, sessions: int) -> dict[str, Floats]:
    rewinds, skips = seeks.rewinds.counts(sessions), seeks.skips.counts(sessions)
    # A session that saw seeks but no direction cannot say "none"; nor can one that never told a position.
    known = (rewinds + skips > 0) | (placed & (seeks.undirected == 0))
    gap_ms, gap_session = gaps(seeks.rewinds)
    return {
        "rewinds": _where(known, rewinds),
        "rewind_s": medians(seeks.rewinds.distance_ms, seeks.rewinds.session, sessions) / 1000.0,
        "rewind_gap_s": medians(gap_ms, gap_session, sessions) / 1000.0,
        "rewind_chain": _where(known, chains(seeks.rewinds, sessions)),
        "forward_skips": _where(known, skips),
        "undirected_seeks": seeks.undirected,
    }


def _settings(state: Playing) -> dict[str, Floats]:
    """Return the rate and settings in use for most of the time played; for the profile of patterns only."""
    sessions, played = state.line.sessions, state.played_ms
    mean = ratio(sessions.sum(state.rate * played), sessions.sum(played))
    told = {"playback_rate": _where(state.rate_told[sessions.first], np.round(mean * 20) / 20)}
    settings = {name: flag for name, flag in state.line.flags.items() if name != "ads_in_position"}
    return told | {name: _mostly(flag, state) for name, flag in settings.items()}


def _mostly(value: Floats, state: Playing) -> Floats:
    """Return 1 where a setting was on for most of the time played, 0 where not, NaN where never told."""
    known, first = np.flatnonzero(~np.isnan(value)), state.line.sessions.first
    if np.isin(known, first, assume_unique=True).all():  # told once, when the session began, as most players do
        return value[first]
    at = state.line.last(~np.isnan(value))
    on, weight = value[at], np.where(at >= 0, state.played_ms + 1.0, 0.0)
    sessions = state.line.sessions
    share = ratio(sessions.sum(np.where(at >= 0, on, 0.0) * weight), sessions.sum(weight))
    return np.where(np.isnan(share), np.nan, (share > 0.5).astype(np.float64))
