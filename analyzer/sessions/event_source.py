"""Sessions and player events that are read together, in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions.door import Checked, Summary, refuse_unusable
from analyzer.sessions.duplicates import recounted
from analyzer.sessions.kept import (
    Laid,
    kept_rows,
    no_rows,
    passed_over_rows,
    used_rows,
    with_events,
    without_repeats,
)
from analyzer.sessions.pieces import Piece, ReadOptions
from analyzer.sessions.playback.schema import EVENT_TABLE
from analyzer.sessions.playback.sessions import LINE, SOURCE, sessions_of
from analyzer.sessions.reading import with_local_clock
from analyzer.sessions.records import EventTally, Sessions, filled, reason_counts
from analyzer.sessions.tally import Tally, total

Read = Sequence[tuple[Piece, list[Checked]]]


def sessions_with_events(read: Read, options: ReadOptions, *, workers: int = 1) -> Sessions:
    """Return the sessions of all sources, with what player events tell of them.

    Parameters
    ----------
    read : sequence of (Piece, list of Checked)
        One entry a source, at least one of events.
    options : ReadOptions
    workers : int
        Threads.

    Raises
    ------
    InputError
        When a source is not what it was taken for, or holds no row.
    """
    for _, parts in read:
        refuse_unusable([part.summary for part in parts])
    rows, summaries, repeated = _known_rows(read)
    streams = [(piece, parts) for piece, parts in read if piece.events]
    events = [_events(parts, number) for number, (_, parts) in enumerate(streams)]
    rows, laid = lay_beside(rows, events, [piece for piece, _ in streams], options, workers)
    door = [part.summary for _, parts in streams for part in parts]
    of_rows = recounted(total(part.tally for part in summaries), repeated)
    done = settled(of_rows, total(part.tally for part in door), laid)
    notes = [note for part in (*summaries, *door) for note in part.notes]
    return Sessions(
        table=used_rows(rows).unify_dictionaries(),
        tally=done.tally,
        quarantine=pa.concat_tables([part.quarantine for part in (*summaries, *door, *laid.told)]),
        notes=tuple(dict.fromkeys([*notes, *done.notes])),
        sources=tuple(piece.label for piece, _ in read),
        passed_over=passed_over_rows(rows),
        events=done.events,
    )


def _known_rows(read: Read) -> tuple[pa.Table, list[Summary], int]:
    """Return the session rows of all sources, each once, what became of them, and how many repeated another."""
    kept = [kept_rows(part, piece, hidden=True) for piece, parts in read if not piece.events for part in parts]
    tables = [table for table, _ in kept]
    rows = pa.concat_tables(tables, promote_options="default").unify_dictionaries() if tables else no_rows()
    rows, repeated = without_repeats(rows, lambda: rows)
    return rows, [summary for _, summary in kept], repeated


def _events(parts: list[Checked], number: int) -> pa.Table:
    """Return the events of a source that are about playback, with the source's number."""
    return with_source(pa.concat_tables([part.used for part in parts], promote_options="default"), number)


def with_source(events: pa.Table, number: int) -> pa.Table:
    """Return the events of a source with the source's number."""
    return events.append_column(SOURCE, pa.array(np.full(len(events), number, dtype=np.int32)))


def event_schema(names: Iterable[str]) -> pa.Schema:
    """Return the schema of checked events with some columns of the event table: any value may be null, and `line`."""
    schema = EVENT_TABLE.arrow_schema(names)
    return pa.schema([field.with_nullable(True) for field in schema]).append(pa.field(LINE, pa.int64()))


def lay_beside(
    rows: pa.Table, events: Sequence[pa.Table], streams: Sequence[Piece], options: ReadOptions, workers: int = 1
) -> tuple[pa.Table, Laid]:
    """Turn the events of some viewers into sessions and lay them beside those viewers' session rows.

    Returns the rows, those of sessions that only events know among them, and what became of the events.

    Parameters
    ----------
    rows : pyarrow.Table
        From `kept_rows` with `hidden=True`.
    events : list of pyarrow.Table
        Checked events about playback, with `line` and `source`: a number in `streams`.
    streams : sequence of Piece
        One piece of each source of events.
    options : ReadOptions
    workers : int
        Threads.
    """
    names = [piece.label for piece in streams]
    exports = np.array([not piece.is_table for piece in streams])
    schema = event_schema({name for table in events for name in table.column_names})
    schema = schema.append(pa.field(SOURCE, pa.int32()))
    together = pa.concat_tables([filled(table, schema) for table in events])
    found = sessions_of(together.unify_dictionaries(), names, options.rules, workers=workers)
    local = with_local_clock(found.checked, options.timezone)
    return with_events(rows, replace(found, checked=local), exports)


@dataclass(frozen=True)
class Settled:
    """What is said of all rows, and of player events, after the two were laid beside each other."""

    tally: Tally
    events: EventTally
    notes: tuple[str, ...]


def settled(rows: Tally, door: Tally, laid: Laid) -> Settled:
    """Return what became of session rows and player events together.

    Parameters
    ----------
    rows : Tally
        Of session rows, before events were laid beside them.
    door : Tally
        Of events, as the door let them in.
    laid : Laid

    Raises
    ------
    InputError
        When none of the events can be used.
    """
    events = EventTally(door.settled(total(part.tally for part in laid.told)), laid.sessions, laid.matched)
    _refuse_unplaced(events.tally, [part.quarantine for part in laid.told])
    strangers = rows.read > rows.quarantined and laid.sessions and not laid.matched
    return Settled(rows.with_dropped(laid.dropped) + events.tally, events, _STRANGERS if strangers else ())


_STRANGERS: Final = (
    "None of the sessions that the events tell of is among the session rows: their ids may be hashed in one and"
    " plain in the other; --pseudonyms or --plain-names reads both alike.",
)


def _refuse_unplaced(tally: Tally, quarantine: Sequence[pa.Table]) -> None:
    """Refuse events none of which can be used, given why their sessions were quarantined.

    Raises
    ------
    InputError
        When all of them were.
    """
    if tally.read == 0 or tally.quarantined < tally.read:
        return
    counted = reason_counts(pa.concat_tables(quarantine)) if quarantine else []
    reasons = "; ".join(f"{reason} ({count:,} events)" for reason, count in counted)
    raise InputError(
        f"No player event can be used: {reasons or 'none can be read'}.",
        "One event of each session must say which title it is and when it began (started_at or occurred_at), or a"
        " session row with the same session_id must.",
    )
