"""What events say of their session as a whole: whose it is, which title, when it began, in which settings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.sessions.convert import as_mask
from analyzer.sessions.playback.schema import OF_SESSION

_SINCE_1970_MS = float(1 << 31)  # what t_ms can hold is less, and the streaming services are younger


def described(events: pa.Table, sessions: Segments, row: Ints, first_ms: Floats) -> dict[str, pa.Array]:
    """Return, by column name, the first value that one of a session's events tells.

    Parameters
    ----------
    events : pyarrow.Table
    sessions : Segments
        Events of each session, in order of time.
    row : ndarray of int64
        Where each of those events stands in the table.
    first_ms : ndarray of float64, shape (n_sessions,)
        When the first event of each session happened: since 1970, or since the session's start.
    """
    names = ("viewer_id", "session_id", "title_id", *OF_SESSION)
    present = [name for name in names if name in events.column_names]
    columns = {name: first_told(events[name].combine_chunks(), sessions, row) for name in present}
    if "hidden" in present:  # once asked is asked
        hidden = as_mask(events["hidden"].combine_chunks())
        columns["hidden"] = pa.array(sessions.sum(hidden[row]) > 0)
    return {**columns, "started_at": _started(events, sessions, row, first_ms)}


def first_told(values: pa.Array, sessions: Segments, row: Ints) -> pa.Array:
    """Return the first value of each session that is known; mostly it is that of the first event."""
    first = row[sessions.first]
    if values.null_count == 0:
        return values.take(pa.array(first))
    if values.null_count == len(values):
        return pa.nulls(len(sessions), values.type)
    known = as_mask(values.is_valid())
    open_ = np.flatnonzero(~known[first])
    if len(open_) == 0:
        return values.take(pa.array(first))
    told = np.flatnonzero(known[row])
    nearest = np.append(told, len(row))[np.searchsorted(told, sessions.first[open_])]
    within = nearest <= sessions.last[open_]
    first = first.copy()
    first[open_[within]] = row[nearest[within]]
    silent = np.zeros(len(first), dtype=bool)
    silent[open_[~within]] = True
    return values.take(pa.array(first, mask=silent))


def _started(events: pa.Table, sessions: Segments, row: Ints, first_ms: Floats) -> pa.Array:
    """Return when the first event of each session happened; null where no event knows the day."""
    base = np.where(first_ms >= _SINCE_1970_MS, 0.0, np.nan)
    for moments in (_moments(events, "started_at"), _start_by_both(events)):
        if moments is not None and np.isnan(base).any():
            told = first_told(moments, sessions, row).to_numpy(zero_copy_only=False)
            base = np.where(np.isnan(base), told, base)
    begin = base + first_ms
    unknown = np.isnan(begin)
    whole = np.where(unknown, 0, begin).astype(np.int64) * 1000
    return pa.array(whole, mask=unknown).cast(pa.timestamp("us", tz="UTC"))


def _moments(events: pa.Table, name: str) -> pa.Array | None:
    """Return a column of instants as ms since 1970."""
    if name not in events.column_names or events[name].null_count == len(events):
        return None
    us = pc.cast(events[name].combine_chunks(), pa.int64())
    return pc.floor(pc.divide(pc.cast(us, pa.float64(), safe=False), 1000.0))


def _start_by_both(events: pa.Table) -> pa.Array | None:
    """Return when the session began, by events that tell the time of day and the time since the start."""
    at = _moments(events, "occurred_at")
    if at is None or "t_ms" not in events.column_names:
        return None
    return pc.subtract(at, pc.cast(events["t_ms"].combine_chunks(), pa.float64()))
