"""What events say of their session as a whole: whose it is, which title, when it began, in which settings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed

from analyzer.grouping.arrays import Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.sessions.convert import as_mask
from analyzer.sessions.playback.belonging import Belonging
from analyzer.sessions.playback.schema import OF_SESSION

_SINCE_1970_MS = float(1 << 31)  # what t_ms can hold is less, and the streaming services are younger


_OF_TITLE = frozenset({"title_id", "title_name", "series_id", "runtime_s", "autoplay", "content_kind", "hidden"})
_OF_EVENT = frozenset({"captions", "audio_description"})  # what was on for most of the time is measured


def described(events: pa.Table, belonging: Belonging, first_ms: Floats, workers: int = 1) -> dict[str, pa.Array]:
    """Return, by column name, the first value that one of a session's events tells.

    What belongs to a title also holds after hours of silence, and what belongs to the viewer also for the next title,
    as long as the id is the same: players say it once.

    Parameters
    ----------
    events : pyarrow.Table
    belonging : Belonging
    first_ms : ndarray of float64, shape (n_sessions,)
        When the first event of each session happened: since 1970, or since the session's start.
    workers : int
        Threads; each takes a column.
    """
    names = ("viewer_id", "session_id", "title_id", *OF_SESSION)
    present = [name for name in names if name in events.column_names and name not in _OF_EVENT]
    told = Parallel(n_jobs=workers, require="sharedmem")(
        delayed(_told)(events[name].combine_chunks(), belonging, name in _OF_TITLE) for name in present
    )
    columns = dict(zip(present, told, strict=True))
    if "hidden" in present:  # once asked is asked
        hidden = as_mask(events["hidden"].combine_chunks())[belonging.rows]
        titles = belonging.titles.sum(hidden) > 0
        columns["hidden"] = pa.array(titles[belonging.titles.ids[belonging.sessions.first]])
    return {**columns, "started_at": _started(events, belonging, first_ms)}


def _told(values: pa.Array, belonging: Belonging, of_title: bool) -> pa.Array:
    sessions, wider = belonging.sessions, belonging.titles if of_title else belonging.ids
    row = first_rows(values, sessions, belonging.rows)
    if len(wider) < len(sessions) and (row < 0).any():
        of_wider = first_rows(values, wider, belonging.rows)[wider.ids[sessions.first]]
        row = np.where(row < 0, of_wider, row)
    return values.take(pa.array(row, mask=row < 0))


def first_rows(values: pa.Array, groups: Segments, rows: Ints) -> Ints:
    """Return the row of the first known value of each group, -1 where there is none; mostly it is the first event's."""
    first = rows[groups.first]
    if values.null_count == 0:
        return first
    known = as_mask(values.is_valid())
    silent = np.flatnonzero(~known[first])
    if len(silent) == 0:
        return first
    told = np.flatnonzero(known[rows])
    nearest = np.append(told, len(rows))[np.searchsorted(told, groups.first[silent])]
    within = nearest <= groups.last[silent]
    first = first.copy()
    first[silent] = np.where(within, np.append(rows, -1)[nearest], -1)
    return first


def _started(events: pa.Table, belonging: Belonging, first_ms: Floats) -> pa.Array:
    """Return when the first event of each session happened; null where no event of its id knows the day."""
    base = np.where(first_ms >= _SINCE_1970_MS, 0.0, np.nan)
    id_of = belonging.ids.ids[belonging.sessions.first]
    for moments in (_moments(events, "started_at"), _start_by_both(events)):
        if moments is not None and np.isnan(base).any():
            row = first_rows(moments, belonging.ids, belonging.rows)[id_of]
            told = moments.take(pa.array(row, mask=row < 0)).to_numpy(zero_copy_only=False)
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
    return pc.round(pc.divide(pc.cast(us, pa.float64(), safe=False), 1000.0), round_mode="half_to_even")


def _start_by_both(events: pa.Table) -> pa.Array | None:
    """Return when the session began, by events that tell the time of day and the time since the start."""
    at = _moments(events, "occurred_at")
    if at is None or "t_ms" not in events.column_names:
        return None
    return pc.subtract(at, pc.cast(events["t_ms"].combine_chunks(), pa.float64()))
