"""Sessions that are known already, and what player events tell of them.

A session row and a playback are the same when they carry the same viewer and `session_id`. Rows without an id, such as
those of a member's own export, are the same when they have the same viewer and the nearest start, at most 120 seconds
apart: of tables also the same title, of exports whatever title, for there the names agree only now and then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.grouping.segments import Segments, changes
from analyzer.sessions.convert import as_mask
from analyzer.sessions.door import USED, Fates, fate_of
from analyzer.sessions.playback.sessions import EventSessions
from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS, NAVIGATION
from analyzer.sessions.tally import DropReason

NEAR_US: Final = 120_000_000
_UNTOLD_US: Final = 4 * 3_600_000_000
HIDDEN: Final = fate_of(DropReason.HIDDEN)
_SUMMED: Final = ("content_s", "unique_s", "pauses", "rewinds", "forward_skips", "undirected_seeks")
_LARGEST: Final = ("passage_passes", "rewind_chain")
_FILLED: Final = ("runtime_s", "end_position_s", *ACCESSIBILITY)


@dataclass(frozen=True)
class Joined:
    """Sessions with what events tell of them, and those that only events know.

    Attributes
    ----------
    known : pyarrow.Table
        The rows that were given, with the columns of `NAVIGATION`.
    known_fate : ndarray of int8
        Their fates, with what events say of them.
    alone : ndarray of int64
        Event sessions that are rows of their own.
    fate : ndarray of int8
        The fate of each event session.
    matched : int
        How many event sessions belong to a row.
    """

    known: pa.Table
    known_fate: Fates
    alone: Ints
    fate: Fates
    matched: int


def joined(known: pa.Table, fate: Fates, export: Bools, told: EventSessions, told_export: Bools) -> Joined:
    """Lay event sessions beside session rows.

    What a viewer asked not to show stays out, whoever says so: the row, the events, or a hidden row that runs at the
    same time under another id or title. Of other reasons to drop a session the row's own word counts, else the events'.

    Parameters
    ----------
    known : pyarrow.Table
        All rows that were let in or dropped, typed by `schema.SESSIONS`.
    fate, export : arrays, one element a row
        The row's fate, and whether it is of a member's own export.
    told : EventSessions
    told_export : ndarray of bool
        Whether each event session is of such an export.
    """
    sessions = told.checked.table
    row = _rows_of(known, fate, export, told, told_export)
    unmatched = row < 0
    fate = _with_word_of_events(known, fate, told.checked.fate, row)
    its = np.where(unmatched, told.checked.fate, fate[row] if len(fate) else 0).astype(np.int8)
    alone = unmatched & (its >= 0)
    everyone = np.ones(len(known), dtype=bool)
    its[alone & _runs_meanwhile(known, export, sessions) & told_export] = fate_of(DropReason.UNMATCHED)
    its[alone & _runs_meanwhile(known, everyone & (fate == HIDDEN), sessions)] = HIDDEN
    # One that a row has in it must not count again; one that is hidden or cannot be read is no row either.
    own = np.flatnonzero(alone & (its != HIDDEN) & (its != fate_of(DropReason.UNMATCHED)))
    return Joined(_with_navigation(known, sessions, row), fate, own, its, int((~unmatched).sum()))


def _with_word_of_events(known: pa.Table, fate: Fates, told: Fates, row: Ints) -> Fates:
    """Return the rows' fates with what their events say that the rows do not."""
    fate = fate.copy()
    speaks = (row >= 0) & (told > 0)
    for reason, column in ((DropReason.NOT_MAIN_CONTENT, "content_kind"), (DropReason.AUTOPLAY, "autoplay")):
        mine = row[speaks & (told == fate_of(reason))]
        silent = _is_null(known, column)[mine] & (fate[mine] == USED)
        fate[mine[silent]] = fate_of(reason)
    fate[row[speaks & (told == HIDDEN)]] = HIDDEN
    return fate


def _is_null(table: pa.Table, name: str) -> Bools:
    if name not in table.column_names:
        return np.ones(len(table), dtype=bool)
    return as_mask(table[name].combine_chunks().is_null())


def _rows_of(known: pa.Table, fate: Fates, export: Bools, told: EventSessions, told_export: Bools) -> Ints:
    """Return the row that each event session belongs to, -1 for none."""
    sessions = told.checked.table
    viewer, its_viewer = _codes_together(known, sessions, "viewer_id")
    row = _same_id(known, fate, viewer, sessions, its_viewer)
    row[(told.checked.fate < 0) & ~told.lacks_only_what_a_row_tells()] = -1  # what cannot be read belongs to nothing
    readable = told.checked.fate >= 0
    start, its_start = _starts(known), _starts(sessions)
    played, its_played = _micros(known, "played_s"), _micros(sessions, "played_s")
    title, its_title = _codes_together(known, sessions, "title_id")
    nameless = _is_null(known, "session_id")
    for kind, its_kind, named in ((~export & nameless, ~told_export, True), (export, told_export, False)):
        mine, theirs = np.flatnonzero(kind), np.flatnonzero(its_kind & readable & (row < 0))
        keys = (viewer[mine], its_viewer[theirs])
        if named:
            keys = (keys[0] << 32 | title[mine] + 1, keys[1] << 32 | its_title[theirs] + 1)
        found = nearest((keys[0], start[mine], played[mine]), (keys[1], its_start[theirs], its_played[theirs]))
        row[theirs[found >= 0]] = mine[found[found >= 0]]
    return row


def _codes_together(known: pa.Table, sessions: pa.Table, name: str) -> tuple[Ints, Ints]:
    """Return a column of both tables as codes of one dictionary; -1 is null or a column that is not there."""
    kind = COLUMNS[name].kind.arrow_type
    chunks = [table[name].cast(kind).chunks if name in table.column_names else [] for table in (known, sessions)]
    both = pa.chunked_array([*chunks[0], *chunks[1]], type=kind).unify_dictionaries()
    codes = [pc.fill_null(chunk.indices, -1).to_numpy(zero_copy_only=False) for chunk in both.chunks]
    first = codes[: len(chunks[0])]
    second = codes[len(chunks[0]) :]
    return _or_unknown(first, len(known)), _or_unknown(second, len(sessions))


def _or_unknown(codes: list[Ints], count: int) -> Ints:
    return np.concatenate(codes).astype(np.int64) if codes else np.full(count, -1)


def _same_id(known: pa.Table, fate: Fates, viewer: Ints, sessions: pa.Table, its_viewer: Ints) -> Ints:
    """Return the row of the same viewer and id; of several a hidden one, else the earliest."""
    mine, theirs = _codes_together(known, sessions, "session_id")
    key, its_key = viewer << 32 | mine, its_viewer << 32 | theirs
    rows = np.flatnonzero(mine >= 0)
    order = (_micros(known, "played_s")[rows], _starts(known)[rows], fate[rows] != HIDDEN, key[rows])
    rows = rows[np.lexsort(order)]
    if len(rows) == 0:
        return np.full(len(sessions), -1)
    at = np.minimum(np.searchsorted(key[rows], its_key), len(rows) - 1)
    return np.where((key[rows[at]] == its_key) & (theirs >= 0), rows[at], -1)


def _starts(table: pa.Table) -> Ints:
    """Return when each session starts, in microseconds since 1970; -1 where unknown."""
    starts: Ints = pc.fill_null(pc.cast(table["started_at"], pa.int64()), -1).to_numpy()
    return starts


def nearest(known: tuple[Ints, Ints, Ints], wanted: tuple[Ints, Ints, Ints]) -> Ints:
    """Return for each wanted (group, start, length) the known one of its group with the nearest start; -1 beyond 120 s.

    Each known one is given once, to the nearest; of two as near, to the earlier, and of two that began together, to the
    shorter.
    """
    order = np.lexsort((known[2], known[1], known[0]))
    group, start = known[0][order], known[1][order]
    if len(order) == 0 or len(wanted[0]) == 0:
        return np.full(len(wanted[0]), -1)
    place = _place(group, start, wanted[:2])
    found, away = np.full(len(wanted[0]), -1), np.full(len(wanted[0]), NEAR_US + 1)
    first_of_start = np.searchsorted(_ranked(group, start), _ranked(group, start))
    for at in (place - 1, place):
        inside = first_of_start[np.clip(at, 0, len(order) - 1)]
        distance = np.abs(start[inside] - wanted[1])
        better = (at >= 0) & (at < len(order)) & (group[inside] == wanted[0]) & (distance < away)
        found, away = np.where(better, order[inside], found), np.where(better, distance, away)
    first = np.lexsort((wanted[2], wanted[1], away, found))
    again = np.append(False, found[first][1:] == found[first][:-1])
    found[first[again]] = -1
    return found


def _ranked(group: Ints, start: Ints) -> Ints:
    """Return the number of each distinct (group, start), both sorted."""
    return np.cumsum(changes(group, start))


def _place(group: Ints, start: Ints, wanted: tuple[Ints, Ints]) -> Ints:
    """Return where each wanted (group, start) would stand among the known ones, which are sorted."""
    both = np.lexsort(
        (
            np.append(np.zeros(len(group)), np.ones(len(wanted[0]))),
            np.append(start, wanted[1]),
            np.append(group, wanted[0]),
        )
    )
    is_known = both < len(group)
    place = np.empty(len(wanted[0]), dtype=np.int64)
    place[both[~is_known] - len(group)] = np.cumsum(is_known)[~is_known]
    return place


def _runs_meanwhile(known: pa.Table, chosen: Bools, sessions: pa.Table) -> Bools:
    """Return the event sessions during which one of the chosen rows of the same viewer runs.

    A row that does not tell how long it played may have run for hours.
    """
    mine = np.flatnonzero(chosen)
    meanwhile = np.zeros(len(sessions), dtype=bool)
    if len(mine) == 0:
        return meanwhile
    viewer, its_viewer = _codes_together(known, sessions, "viewer_id")
    group, start, length = viewer[mine], _starts(known)[mine], _micros(known, "played_s")[mine]
    end = start + np.where(length > 0, length, _UNTOLD_US)
    order = np.lexsort((start, group))
    group, start, end = group[order], start[order], end[order]
    latest = pd.Series(end).groupby(group).cummax().to_numpy()  # a long one may cover many short ones behind it
    its_start = _starts(sessions)
    its_end = its_start + np.maximum(_micros(sessions, "played_s"), 1)
    place = _place(group, start, (its_viewer, its_start))
    before, behind = np.clip(place - 1, 0, len(order) - 1), np.clip(place, 0, len(order) - 1)
    meanwhile |= (place > 0) & (group[before] == its_viewer) & (its_start < latest[before])
    meanwhile |= (place < len(order)) & (group[behind] == its_viewer) & (start[behind] < its_end)
    return meanwhile


def _micros(table: pa.Table, name: str) -> Ints:
    seconds: Floats = np.nan_to_num(pc.fill_null(table[name], 0.0).to_numpy())
    return (np.clip(seconds, -1.0, 1e6) * 1e6).astype(np.int64)


def _with_navigation(known: pa.Table, sessions: pa.Table, row: Ints) -> pa.Table:
    """Return the known rows with what their events tell; what the row says itself of rate and settings stays."""
    speaker, silent = _sources(row, len(known), sessions)
    source = pa.array(speaker, mask=silent)
    summed = _summed(sessions, row, len(known))
    for name in (*NAVIGATION, *_FILLED):
        if name not in sessions.column_names:
            continue
        kind = COLUMNS[name].kind.arrow_type
        told = summed.get(name, sessions[name].combine_chunks().take(source)).cast(kind)
        own = known[name].combine_chunks() if name in known.column_names else pa.nulls(len(known), kind)
        value = pc.coalesce(own, told) if name in _FILLED else pc.coalesce(told, own)
        at = known.column_names.index(name) if name in known.column_names else known.num_columns
        known = known.set_column(at, name, value) if at < known.num_columns else known.append_column(name, value)
    return known


def _sources(row: Ints, count: int, sessions: pa.Table) -> tuple[Ints, Bools]:
    """Return for each known row the event session that speaks for it (the one that played most), and where none does.

    Several belong to one row where an id lived on after hours of silence.
    """
    matched = np.flatnonzero(row >= 0)
    matched = matched[np.argsort(_micros(sessions, "played_s")[matched], kind="stable")]
    source = np.full(count, -1)
    source[row[matched]] = matched
    return np.maximum(source, 0), source < 0


def _summed(sessions: pa.Table, row: Ints, count: int) -> dict[str, pa.Array]:
    """Return the measures of known rows to which several event sessions belong: sums, or the most."""
    matched = np.flatnonzero(row >= 0)
    if len(np.unique(row[matched])) == len(matched):
        return {}
    matched = matched[np.argsort(row[matched], kind="stable")]
    groups = Segments.of_runs(row[matched])
    told = {}
    for name in (*_SUMMED, *_LARGEST):
        values = pc.cast(sessions[name], pa.float64()).to_numpy()[matched]
        reduced = groups.sum(np.nan_to_num(values)) if name in _SUMMED else groups.max(np.nan_to_num(values))
        known = groups.sum(~np.isnan(values)) > 0
        every = np.full(count, np.nan)
        every[row[matched][groups.first]] = np.where(known, reduced, np.nan)
        told[name] = pa.array(every, from_pandas=True)
    return told
