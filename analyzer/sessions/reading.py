"""Read the pieces of a source and check what they hold at the door, a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions import clock, delimited, jellyfin, netflix, tabular, tautulli
from analyzer.sessions.door import Checked, check
from analyzer.sessions.pieces import Piece, PieceKind, ReadOptions
from analyzer.sessions.playback import json_events, netflix_traces
from analyzer.sessions.playback.door import check_events
from analyzer.sessions.playback.schema import EVENT_TABLE, OF_SESSION
from analyzer.sessions.pseudonym import Pseudonymiser, PseudonymKind
from analyzer.sessions.records import RawRows, column_or_nulls, with_column
from analyzer.sessions.schema import NAVIGATION, SESSION_TABLE

_OF_EVENTS = ("viewer_id", "session_id", "title_id", "started_at", "played_s", "end_position_s", "playback_rate")


def checked(piece: Piece, options: ReadOptions, *, threads: bool = False) -> Iterator[Checked]:
    """Read a piece and check it at the door, a batch of rows at a time; in parallel by itself if `threads`.

    Pieces of events give events, typed by `playback.schema.EVENTS`; all others sessions.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    if not piece.is_table:
        rows = _export(piece, options)
        yield check_events(rows) if piece.events else check(rows, options.rules)
        return
    hasher = options.pseudonymiser(piece.kind.carries_names)
    for rows in _raw_rows(piece, options, threads):
        named = rows if hasher is None else replace(rows, columns=_hashed(rows.columns, hasher))
        if piece.events:
            yield check_events(named)
        else:
            yield with_local_clock(check(named, options.rules), options.timezone)


def provided_by(pieces: list[Piece], options: ReadOptions) -> frozenset[str]:
    """Return the session columns that the pieces' rows have once they were checked."""
    provided = {name for piece in pieces if not piece.events for name in piece.columns}
    told = {name for piece in pieces if piece.events for name in piece.columns}
    if told:
        provided.update(_OF_EVENTS, NAVIGATION, told.intersection(OF_SESSION))
    tables = [piece for piece in pieces if piece.is_table]
    if any(options.timezone is not None or "country" in piece.columns for piece in tables):
        provided.add("utc_offset_min")
    return frozenset(provided)


def _export(piece: Piece, options: ReadOptions) -> RawRows:
    """Read one file of a member's own export."""
    read = netflix_traces.read_traces if piece.events else netflix.read
    hasher = options.pseudonymiser(True)
    return read(piece.path, pseudonymiser=hasher, account=piece.account, timezone=options.timezone)


def _raw_rows(piece: Piece, options: ReadOptions, threads: bool) -> Iterator[RawRows]:
    declared = EVENT_TABLE if piece.events else SESSION_TABLE
    mapping = options.mapping_of(piece)
    if piece.kind is PieceKind.FRAME:
        yield tabular.read_frame(piece.frame, mapping, piece.label, piece.first_row, declared)
    elif piece.kind is PieceKind.CSV:
        yield from delimited.csv_batches(piece.path, mapping, declared)
    elif piece.kind is PieceKind.JSON:
        yield from json_events.batches(piece.path, json_events.Format(piece.format))
    elif piece.kind is PieceKind.JELLYFIN:
        yield from jellyfin.batches(piece.path, timezone=options.timezone)
    elif piece.kind is PieceKind.TAUTULLI:
        yield from tautulli.batches(piece.path)
    else:
        at = (piece.path, mapping, piece.row_groups, piece.first_row)
        yield from tabular.parquet_batches(*at, threads=threads, batch_rows=piece.batch_rows, declared=declared)


def _hashed(columns: pa.Table, hasher: Pseudonymiser) -> pa.Table:
    for name, kind in (("viewer_id", PseudonymKind.VIEWER), ("household_id", PseudonymKind.HOUSEHOLD)):
        if name in columns.column_names:
            hashed = hasher.column(columns[name].combine_chunks(), kind)
            columns = with_column(columns, name, hashed)
    return columns


def with_local_clock(part: Checked, timezone: str | None) -> Checked:
    """Fill in the local clock where the source does not give it and zone or country do."""
    table, names = part.table, part.table.column_names
    if timezone is None and "country" not in names:
        return part
    country = column_or_nulls(table, "country", pa.string()).combine_chunks()
    offset = clock.utc_offset_minutes(table["started_at"].combine_chunks(), country, timezone)
    known = pc.coalesce(table["utc_offset_min"], offset) if "utc_offset_min" in names else offset
    return replace(part, table=with_column(table, "utc_offset_min", known))
