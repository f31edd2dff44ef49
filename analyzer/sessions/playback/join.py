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
from analyzer.grouping.segments import Segments
from analyzer.sessions.convert import is_known
from analyzer.sessions.door import USED, Fates, fate_of
from analyzer.sessions.playback.sessions import EventSessions
from analyzer.sessions.records import column_or_nulls, with_column
from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS, NAVIGATION
from analyzer.sessions.tally import DropReason

NEAR_US: Final = 120_000_000
_UNTOLD_US: Final = 4 * 3_600_000_000
HIDDEN: Final = fate_of(DropReason.HIDDEN)
_SUMMED: Final = ("content_s", "unique_s", "pauses", "rewinds", "forward_skips", "undirected_seeks")
_LARGEST: Final = ("passage_passes", "rewind_chain")
_FILLED: Final = ("runtime_s", "end_position_s", *ACCESSIBILITY)


@dataclass(frozen=True)
class _Side:
    """Sessions of one side: whose (codes that both sides share), when they began and how long they played, in us."""

    table: pa.Table
    viewer: Ints
    start: Ints
    played: Ints


def _sides(known: pa.Table, sessions: pa.Table) -> tuple[_Side, _Side]:
    viewers = _codes_together(known, sessions, "viewer_id")
    mine, theirs = (
        _Side(table, viewer, _starts(table), _played(table))
        for table, viewer in zip((known, sessions), viewers, strict=True)
    )
    return mine, theirs


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
    mine, theirs = _sides(known, told.checked.table)
    row = _rows_of(mine, theirs, fate, export, told, told_export)
    unmatched = row < 0
    fate = _with_word_of_events(known, fate, told.checked.fate, row)
    its = np.where(unmatched, told.checked.fate, fate[row] if len(fate) else 0).astype(np.int8)
    alone = unmatched & (its >= 0)
    its[alone & _runs_meanwhile(mine, export, theirs) & told_export] = fate_of(DropReason.UNMATCHED)
    its[alone & _runs_meanwhile(mine, fate == HIDDEN, theirs)] = HIDDEN
    # One that a row has in it must not count again; one that is hidden or cannot be read is no row either.
    own = np.flatnonzero(alone & (its != HIDDEN) & (its != fate_of(DropReason.UNMATCHED)))
    return Joined(_with_navigation(known, theirs, row), fate, own, its, int((~unmatched).sum()))


def _with_word_of_events(known: pa.Table, fate: Fates, told: Fates, row: Ints) -> Fates:
    """Return the rows' fates with what their events say that the rows do not."""
    fate = fate.copy()
    speaks = (row >= 0) & (told > 0)
    for reason, column in ((DropReason.NOT_MAIN_CONTENT, "content_kind"), (DropReason.AUTOPLAY, "autoplay")):
        mine = row[speaks & (told == fate_of(reason))]
        silent = ~is_known(known, column)[mine] & (fate[mine] == USED)
        fate[mine[silent]] = fate_of(reason)
    fate[row[speaks & (told == HIDDEN)]] = HIDDEN
    return fate


def _rows_of(mine: _Side, theirs: _Side, fate: Fates, export: Bools, told: EventSessions, told_export: Bools) -> Ints:
    """Return the row that each event session belongs to, -1 for none."""
    row = _same_id(mine, theirs, fate)
    readable = told.checked.fate >= 0
    row[~readable & ~told.lacks_only_what_a_row_tells()] = -1  # what cannot be read belongs to nothing
    title, its_title = _codes_together(mine.table, theirs.table, "title_id")
    nameless = ~is_known(mine.table, "session_id")
    for kind, its_kind, named in ((~export & nameless, ~told_export, True), (export, told_export, False)):
        rows, wanted = np.flatnonzero(kind), np.flatnonzero(its_kind & readable & (row < 0))
        keys = (mine.viewer[rows], theirs.viewer[wanted])
        if named:
            keys = (keys[0] << 32 | title[rows] + 1, keys[1] << 32 | its_title[wanted] + 1)
        found = nearest(
            (keys[0], mine.start[rows], mine.played[rows]), (keys[1], theirs.start[wanted], theirs.played[wanted])
        )
        row[wanted[found >= 0]] = rows[found[found >= 0]]
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


def _same_id(mine: _Side, theirs: _Side, fate: Fates) -> Ints:
    """Return the row of the same viewer and id; of several a hidden one, else the earliest."""
    session, its_session = _codes_together(mine.table, theirs.table, "session_id")
    key, its_key = mine.viewer << 32 | session, theirs.viewer << 32 | its_session
    rows = np.flatnonzero(session >= 0)
    rows = rows[np.lexsort((mine.played[rows], mine.start[rows], fate[rows] != HIDDEN, key[rows]))]
    if len(rows) == 0:
        return np.full(len(its_key), -1)
    at = np.minimum(np.searchsorted(key[rows], its_key), len(rows) - 1)
    return np.where((key[rows[at]] == its_key) & (its_session >= 0), rows[at], -1)


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
    together = Segments.of_runs(group, start)
    first_of_start = together.spread(together.first)
    for at in (place - 1, place):
        inside = first_of_start[np.clip(at, 0, len(order) - 1)]
        distance = np.abs(start[inside] - wanted[1])
        better = (at >= 0) & (at < len(order)) & (group[inside] == wanted[0]) & (distance < away)
        found, away = np.where(better, order[inside], found), np.where(better, distance, away)
    first = np.lexsort((wanted[2], wanted[1], away, found))
    again = np.append(False, found[first][1:] == found[first][:-1])
    found[first[again]] = -1
    return found


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


def _runs_meanwhile(mine: _Side, chosen: Bools, theirs: _Side) -> Bools:
    """Return the event sessions during which one of the chosen rows of the same viewer runs.

    A row that does not tell how long it played may have run for hours.
    """
    rows = np.flatnonzero(chosen)
    if len(rows) == 0:
        return np.zeros(len(theirs.start), dtype=bool)
    rows = rows[np.lexsort((mine.start[rows], mine.viewer[rows]))]
    group, start, length = mine.viewer[rows], mine.start[rows], mine.played[rows]
    end = start + np.where(length > 0, length, _UNTOLD_US)
    latest = pd.Series(end).groupby(group).cummax().to_numpy()  # a long one may cover many short ones behind it
    its_end = theirs.start + np.maximum(theirs.played, 1)
    place = _place(group, start, (theirs.viewer, theirs.start))
    before, behind = np.maximum(place - 1, 0), np.minimum(place, len(rows) - 1)
    began = (place > 0) & (group[before] == theirs.viewer) & (theirs.start < latest[before])
    begins = (place < len(rows)) & (group[behind] == theirs.viewer) & (start[behind] < its_end)
    return np.asarray(began | begins)


def _played(table: pa.Table) -> Ints:
    """Return how long each session played, in microseconds; 0 where unknown."""
    seconds: Floats = np.nan_to_num(pc.fill_null(table["played_s"], 0.0).to_numpy())
    return (np.clip(seconds, -1.0, 1e6) * 1e6).astype(np.int64)


def _with_navigation(known: pa.Table, theirs: _Side, row: Ints) -> pa.Table:
    """Return the known rows with what their events tell; what the row says itself of rate and settings stays."""
    sessions = theirs.table
    speaker = _speakers(row, len(known), theirs.played)
    source = pa.array(speaker, mask=speaker < 0)
    summed = _summed(sessions, row, len(known))
    for name in (*NAVIGATION, *_FILLED):
        if name not in sessions.column_names:
            continue
        kind = COLUMNS[name].kind.arrow_type
        told = summed.get(name, sessions[name].combine_chunks().take(source)).cast(kind)
        own = column_or_nulls(known, name, kind).combine_chunks()
        known = with_column(known, name, pc.coalesce(own, told) if name in _FILLED else pc.coalesce(told, own))
    return known


def _speakers(row: Ints, count: int, played: Ints) -> Ints:
    """Return for each known row the event session that speaks for it (the one that played most), -1 where none does.

    Several belong to one row where an id lived on after hours of silence.
    """
    matched = np.flatnonzero(row >= 0)
    matched = matched[np.argsort(played[matched], kind="stable")]
    speaker = np.full(count, -1)
    speaker[row[matched]] = matched
    return speaker


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
