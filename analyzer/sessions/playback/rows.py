"""One session row for the events of each session.

What the row says beside the columns that any source may have: which content was played and how often (`content_s`,
`unique_s`, `passage_passes`), and how somebody moved about in it (`pauses`, `rewinds` and what follows). What the
events do not tell is null, never 0: seeks of unknown direction are no rewinds and no proof that there were none.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Floats
from analyzer.grouping.segments import ratio
from analyzer.sessions.playback.advert import without_ads
from analyzer.sessions.playback.coverage import coverage_of
from analyzer.sessions.playback.playing import Playing, playing_of
from analyzer.sessions.playback.schema import OF_SESSION, Event
from analyzer.sessions.playback.seeks import Seeks, chains, gaps, medians, paired, seeks_of
from analyzer.sessions.playback.timeline import Timeline, instants_ms

_LEAST_PAUSE_MS = 1_000


def measured(line: Timeline) -> dict[str, Floats]:
    """Return what the events of each session measure, by column name; NaN is null."""
    line, ads_ms = without_ads(paired(line))
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
        "ads_s": ads_ms / 1000.0,
        **_settings(state),
    }


def _where(known: Bools, values: Floats) -> Floats:
    return np.where(known, values, np.nan)


def _pauses(state: Playing) -> Floats:
    """Count pauses after which it played on; null where a session tells its start and its end only."""
    line = state.line
    before = np.append(False, state.plays[:-1])
    before[line.sessions.first] = False
    begins = line.is_any(Event.PAUSE) & before & ~state.advert
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
    at = state.line.last(~np.isnan(value))
    on, weight = value[at], np.where(at >= 0, state.played_ms + 1.0, 0.0)
    sessions = state.line.sessions
    share = ratio(sessions.sum(np.where(at >= 0, on, 0.0) * weight), sessions.sum(weight))
    return np.where(np.isnan(share), np.nan, (share > 0.5).astype(np.float64))


def described(events: pa.Table, line: Timeline) -> dict[str, pa.Array]:
    """Return the columns that say something of a whole session: the first value that one of its events tells."""
    names = ("viewer_id", "session_id", "title_id", *OF_SESSION)
    present = [name for name in names if name in events.column_names]
    columns = {name: _first_told(events[name].combine_chunks(), line) for name in present}
    if "hidden" in present:  # once asked is asked
        hidden = pc.fill_null(events["hidden"], False).to_numpy()[line.row]
        columns["hidden"] = pa.array(line.sessions.sum(hidden) > 0)
    return {**columns, "started_at": _started(events, line)}


def _first_told(values: pa.Array, line: Timeline) -> pa.Array:
    rows, sessions = line.row, line.sessions
    if values.null_count == 0:
        return values.take(pa.array(rows[sessions.first]))
    known = pc.is_valid(values).to_numpy(zero_copy_only=False)[rows]
    at = line.next(known)[sessions.first]
    first = np.where(known[sessions.first], sessions.first, at)
    return values.take(pa.array(rows[first], mask=first < 0))


def _started(events: pa.Table, line: Timeline) -> pa.Array:
    """Return when the first event of each session happened; null where no event knows the day."""
    first_ms = line.t_ms[line.sessions.first].astype(np.float64)
    if (first_ms >= _SINCE_1970_MS).all():
        begin = first_ms
    else:
        at = instants_ms(events, "occurred_at")[line.row]
        both = _first_number(at - line.t_ms, line)
        told = _first_number(instants_ms(events, "started_at")[line.row], line)
        begin = np.where(first_ms >= _SINCE_1970_MS, 0.0, np.where(np.isnan(told), both, told)) + first_ms
    unknown = np.isnan(begin)
    whole = np.where(unknown, 0, begin).astype(np.int64) * 1000
    return pa.array(whole, mask=unknown).cast(pa.timestamp("us", tz="UTC"))


_SINCE_1970_MS = float(1 << 31)  # what t_ms can hold is less, and the streaming services are younger


def _first_number(values: Floats, line: Timeline) -> Floats:
    at = line.next(~np.isnan(values))[line.sessions.first]
    first = np.where(~np.isnan(values[line.sessions.first]), line.sessions.first, at)
    return np.where(first >= 0, values[first], np.nan)
