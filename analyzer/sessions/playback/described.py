"""What events say of their session as a whole: whose it is, which title, when it began, in which settings."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from joblib import Parallel, delayed

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.sessions.convert import as_mask
from analyzer.sessions.playback.belonging import Belonging
from analyzer.sessions.playback.columns import told_starts_ms
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
    known = as_mask(values.is_valid())
    row = first_rows(known, sessions, belonging.rows)
    if len(wider) < len(sessions) and (row < 0).any():
        of_wider = first_rows(known, wider, belonging.rows)[wider.ids[sessions.first]]
        row = np.where(row < 0, of_wider, row)
    return values.take(pa.array(row, mask=row < 0))


def first_rows(known: Bools, groups: Segments, rows: Ints) -> Ints:
    """Return the row of the first known value of each group, -1 where there is none; mostly it is the first event's."""
    first = rows[groups.first]
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
    for told_ms in told_starts_ms(events):
        if np.isnan(base).any():
            row = first_rows(~np.isnan(told_ms), belonging.ids, belonging.rows)[id_of]
            base = np.where(np.isnan(base) & (row >= 0), told_ms[row], base)
    begin = base + first_ms
    unknown = np.isnan(begin)
    whole = np.where(unknown, 0, begin).astype(np.int64) * 1000
    return pa.array(whole, mask=unknown).cast(pa.timestamp("us", tz="UTC"))
