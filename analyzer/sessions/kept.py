"""Checked rows on their way to the kernel: those that are used, and those that only say that something was started.

They travel as one table with two columns more: the row's fate, and whether it is of a member's own export, which is
judged for duplicates by itself. However rows travel (in memory, through partitions, through Spark), these functions say
what they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.convert import Mask, as_mask, is_known
from analyzer.sessions.door import DROP_ORDER, QUARANTINED, USED, Checked, Fates, Summary, fate_of, was_passed_over
from analyzer.sessions.duplicates import recounted, repeats
from analyzer.sessions.pieces import Piece
from analyzer.sessions.playback.join import HIDDEN, joined
from analyzer.sessions.playback.sessions import EventSessions
from analyzer.sessions.records import PASSED_OVER_SCHEMA, filled
from analyzer.sessions.schema import REQUIRED, SESSION_TABLE, Declared, arrow_schema

FATE: Final = "fate"
EXPORT: Final = "export"


def kept_rows(rows: Checked, piece: Piece, *, hidden: bool = False) -> tuple[pa.Table, Summary]:
    """Return the rows that any feature may need, those passed over among them, and the summary.

    A member's own export is judged for duplicates by itself, here; rows of tables meet in their partition. Rows that a
    viewer asked not to show are kept only where player events must be told apart from them (`hidden`).
    """
    fate, summary = rows.fate, rows.summary
    if not piece.is_table and piece.distinct:
        at = np.flatnonzero(fate == USED)
        again = at[repeats(rows.table.take(pa.array(at)))]
        fate = fate.copy()
        fate[again] = QUARANTINED  # only to leave it out
        summary = replace(summary, tally=recounted(summary.tally, len(again)))
    if hidden:
        fate = np.where(_is_hidden(rows.table, fate), HIDDEN, fate).astype(np.int8)
    kept = np.flatnonzero((fate == USED) | was_passed_over(fate) | (hidden & (fate == HIDDEN)))
    table = rows.table.take(pa.array(kept)).append_column(FATE, pa.array(fate[kept]))
    return table.append_column(EXPORT, pa.array(np.full(len(kept), not piece.is_table))), summary


def _is_hidden(table: pa.Table, fate: Fates) -> Mask:
    """Return the rows that a viewer asked not to show, also where something else of them cannot be read."""
    if "hidden" not in table.column_names:
        return np.zeros(len(fate), dtype=bool)
    placed = [is_known(table, name) for name in ("viewer_id", "title_id", "started_at")]
    return np.asarray(as_mask(table["hidden"].combine_chunks()) & np.logical_and.reduce(placed))


def kept_schema(names: Iterable[str]) -> pa.Schema:
    """Return the schema of such rows with some columns of the session table."""
    return arrow_schema(names).append(pa.field(FATE, pa.int8())).append(pa.field(EXPORT, pa.bool_()))


def no_rows() -> pa.Table:
    """Return the table of such rows where there are none."""
    return kept_schema(REQUIRED).empty_table()


def without_repeats(rows: pa.Table, whole: Callable[[], pa.Table]) -> tuple[pa.Table, int]:
    """Return the rows without used rows of tables that repeat another one, and how many there were.

    Parameters
    ----------
    rows : pyarrow.Table
        From `kept_rows`, perhaps with fewer columns.
    whole : callable
        The same rows with all their columns; called only where two rows are equal in what `rows` has.
    """
    judged = np.flatnonzero((fates(rows) == USED) & ~_exports(rows))
    again = repeats(_judged(rows, judged))
    if again.any():  # equal in what features need; whether in every column, the other columns tell
        again = repeats(_judged(whole(), judged))
    if not again.any():
        return rows, 0
    left = np.ones(len(rows), dtype=bool)
    left[judged[again]] = False
    return rows.filter(pa.array(left)), int(again.sum())


def _judged(rows: pa.Table, judged: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    plain = rows.drop_columns([FATE, EXPORT])
    chosen = plain if len(judged) == len(rows) else plain.take(pa.array(judged))
    return chosen.unify_dictionaries().combine_chunks()


def fates(rows: pa.Table) -> Fates:
    """Return each row's fate."""
    told: Fates = rows[FATE].to_numpy()
    return told


def _exports(rows: pa.Table) -> Mask:
    return as_mask(rows[EXPORT].combine_chunks())


def used_rows(rows: pa.Table) -> pa.Table:
    """Return the sessions to learn from."""
    used = fates(rows) == USED
    plain = rows.drop_columns([FATE, EXPORT])
    return plain if used.all() else plain.filter(pa.array(used))


def passed_over_rows(rows: pa.Table) -> pa.Table:
    """Return who started what and when in rows that nobody chose."""
    chosen = rows.filter(pa.array(was_passed_over(fates(rows))))
    return chosen.select(PASSED_OVER_SCHEMA.names).cast(PASSED_OVER_SCHEMA)


@dataclass(frozen=True)
class Laid:
    """What became of player events that were laid beside session rows.

    Attributes
    ----------
    told : tuple of Summary
        What became of the events of each source.
    dropped : dict of str to int
        How many rows that were used are dropped for what their events say, by reason.
    sessions, matched : int
        How many sessions the events tell of, and how many of them were known already.
    """

    told: tuple[Summary, ...]
    dropped: dict[str, int]
    sessions: int
    matched: int


def _changed(before: Fates, after: Fates) -> dict[str, int]:
    """Return how many used rows were dropped since, by reason."""
    lost = after[(before == USED) & (after > 0)]
    return {reason.value: count for reason in DROP_ORDER if (count := int((lost == fate_of(reason)).sum()))}


def with_events(rows: pa.Table, events: EventSessions, export: Mask) -> tuple[pa.Table, Laid]:
    """Return the rows with event sessions laid beside them, and what became of the events.

    Sessions that only events know are rows of their own.

    Parameters
    ----------
    rows : pyarrow.Table
        From `kept_rows` with `hidden=True`, typed by the schema.
    events : EventSessions
    export : ndarray of bool, one a source of the events
        Whether the source is a member's own export.
    """
    of_export = export[events.source_of()]
    known = rows.drop_columns([FATE, EXPORT])
    found = joined(known, fates(rows), _exports(rows), events, of_export)
    alone = events.checked.table.take(pa.array(found.alone))
    alone = alone.append_column(FATE, pa.array(found.fate[found.alone]))
    alone = alone.append_column(EXPORT, pa.array(of_export[found.alone]))
    laid = found.known.append_column(FATE, pa.array(found.known_fate)).append_column(EXPORT, rows[EXPORT])
    schema = kept_schema([*laid.column_names, *alone.column_names])
    together = pa.concat_tables([filled(laid, schema), filled(alone, schema)]).unify_dictionaries()
    dropped = _changed(fates(rows), found.known_fate)
    became = Laid(tuple(events.told(found.fate)), dropped, len(found.fate), found.matched)
    return together.filter(pa.array(fates(together) != HIDDEN)), became


def coded(table: pa.Table, declared: Declared = SESSION_TABLE) -> pa.Table:
    """Return plain text as the dictionaries that the table's declaration wants."""
    for at, name in enumerate(table.column_names):
        column = declared.by_name.get(name)
        if column is not None and pa.types.is_dictionary(column.kind.arrow_type):
            values = pc.dictionary_encode(table[name]).combine_chunks()
            table = table.set_column(at, name, values.cast(column.kind.arrow_type))
    return table
