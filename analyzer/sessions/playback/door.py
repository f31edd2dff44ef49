"""The door for events: each row is checked by itself, like a session's.

A position that no title has (negative, or beyond four days) is unknown, not a reason to lose the event: players write
-1 for "I do not know", and an event that is gone would change what the others mean.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions.convert import Mask, as_mask, is_known
from analyzer.sessions.door import QUARANTINED, Checked, Summary, fate_of, tally_of
from analyzer.sessions.playback.schema import EVENT_TABLE, Event
from analyzer.sessions.records import RawRows, column_or_nulls, with_column
from analyzer.sessions.schema import Kind
from analyzer.sessions.tally import DropReason
from analyzer.sessions.validation import Faults, typed

LONGEST_S: Final = 4 * 86_400.0


def check_events(rows: RawRows) -> Checked:
    """Check some events against the declared table.

    Returns
    -------
    Checked
        All rows typed by `EVENT_TABLE`, with their line numbers in the column `line`; those that say nothing about
        playback are dropped, those without a viewer, an event or a time quarantined.

    Raises
    ------
    InputError
        When a required column is missing.
    """
    table, faults, unreadable = typed(rows, EVENT_TABLE)
    table = _placed_in_time(table, faults)
    table, notes = _without_impossible_positions(table, rows.file)
    other = as_mask(pc.equal(table["event"].combine_chunks().cast(pa.string()), Event.OTHER.word))
    fate = np.where(other, fate_of(DropReason.NOT_PLAYBACK), 0).astype(np.int8)
    # What is not about playback needs neither time nor position; but whose it is must be readable.
    fate[faults.found & ~other] = QUARANTINED
    faults.forgive(other)
    summary = Summary(rows.file, tally_of(fate), faults.as_table(rows), unreadable, rows.notes + notes, True)
    return Checked(table.append_column("line", rows.line.cast(pa.int64())), fate, summary)


def _placed_in_time(table: pa.Table, faults: Faults) -> pa.Table:
    """Note events without a time; give those that no session id holds together a time of day."""
    since_start, at = is_known(table, "t_ms"), is_known(table, "occurred_at")
    faults.record(~since_start & ~at, "neither t_ms nor occurred_at is there")
    alone = ~is_known(table, "session_id")
    if not alone.any():
        return table
    adrift = alone & ~at & ~(since_start & is_known(table, "started_at"))
    faults.record(adrift, "without a session_id the event needs occurred_at, or started_at and t_ms")
    if not since_start.any():
        return table
    return _with_time_of_day(table, alone)


def _with_time_of_day(table: pa.Table, alone: Mask) -> pa.Table:
    kind = Kind.INSTANT.arrow_type
    start, told = (column_or_nulls(table, name, kind) for name in ("started_at", "occurred_at"))
    moment = pc.add(start, pc.multiply(table["t_ms"].cast(pa.int64()), 1000).cast(pa.duration("us")))
    mask = pa.array(alone)
    table = with_column(table, "t_ms", pc.if_else(mask, None, table["t_ms"]))
    return with_column(table, "occurred_at", pc.if_else(mask, pc.coalesce(told, moment), told))


def _without_impossible_positions(table: pa.Table, file: str) -> tuple[pa.Table, tuple[str, ...]]:
    count = 0
    for name in ("position_s", "to_position_s"):
        if name not in table.column_names:
            continue
        bounds = pc.min_max(table[name]).as_py()
        if bounds["min"] is None or (bounds["min"] >= 0 and bounds["max"] <= LONGEST_S):
            continue
        possible = pc.and_(pc.greater_equal(table[name], 0.0), pc.less_equal(table[name], LONGEST_S))
        count += len(table) - table[name].null_count - int(pc.sum(possible).as_py() or 0)
        kept = pc.if_else(pc.fill_null(possible, False), table[name], None)
        table = with_column(table, name, kept)
    if count == 0:
        return table, ()
    return table, (f"{file}: {count:,} positions are negative or beyond four days and were taken as unknown.",)
