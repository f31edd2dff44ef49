"""The values that travel between adapters and the door: `RawRows` in, `Sessions` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.schema import SESSIONS, arrow_schema
from analyzer.sessions.tally import Tally, total

PASSED_OVER_SCHEMA = arrow_schema(["viewer_id", "title_id", "started_at"])
QUARANTINE_SCHEMA = pa.schema([("file", pa.string()), ("line", pa.int64()), ("reason", pa.string())])


@dataclass(frozen=True)
class RawRows:
    """What an adapter read from one file or frame, before any check.

    Attributes
    ----------
    columns : pyarrow.Table
        Columns under their canonical names; any Arrow type that can be read as the declared kind.
    file : str
        Where the rows come from, as a person would name it.
    line : pyarrow.Array of int64
        Line number in the file (first line is 1) or row number of a frame (first row is 1).
    reject : pyarrow.Array of string, optional
        A reason for rows that the adapter could not read; null where it could.
    notes : tuple of str
        Choices the adapter made that a reader should know.
    """

    columns: pa.Table
    file: str
    line: pa.Array
    reject: pa.Array | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class EventTally:
    """What became of player events.

    Attributes
    ----------
    tally : Tally
        In events: read = used + dropped + quarantined.
    sessions, matched : int
        How many sessions they tell of, and how many of those were known from session rows.
    """

    tally: Tally
    sessions: int
    matched: int

    def as_json(self) -> dict[str, object]:
        """Return the tally as plain JSON values."""
        return {**self.tally.as_json(), "sessions": self.sessions, "matched": self.matched}


@dataclass(frozen=True)
class Sessions:
    """Admitted viewing sessions with their tally.

    Attributes
    ----------
    table : pyarrow.Table
        Rows that are used, typed by `schema.SESSIONS`.
    tally : Tally
        read = used + dropped + quarantined.
    quarantine : pyarrow.Table
        `file`, `line`, `reason` of each quarantined row. Never the row itself: it may hold names.
    notes : tuple of str
        Choices that were made while reading.
    sources : tuple of str
        The files or frames that were read.
    passed_over : pyarrow.Table
        `viewer_id`, `title_id`, `started_at` of rows dropped as autoplay or as no main content. Nothing is learned
        from them, but a title that is started over and over is protected whoever started it.
    events : EventTally, optional
        What became of player events, where there were any; `tally` counts them too.
    """

    table: pa.Table
    tally: Tally
    quarantine: pa.Table = field(default_factory=QUARANTINE_SCHEMA.empty_table)
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    passed_over: pa.Table = field(default_factory=PASSED_OVER_SCHEMA.empty_table)
    events: EventTally | None = None

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __repr__(self) -> str:
        return f"Sessions({self.tally.sentence()})"

    @property
    def provides(self) -> frozenset[str]:
        """Names of the columns that the source has, empty ones too.

        A null series says "a film", so what other viewers watched must not decide whether that is known.
        """
        return frozenset(self.table.column_names)

    def to_pandas(self) -> pd.DataFrame:
        """Return the sessions as a DataFrame, one row a session."""
        frame: pd.DataFrame = self.table.to_pandas()
        return frame


def concatenate(parts: Sequence[Sessions]) -> Sessions:
    """Join sessions of several sources; their tallies add up."""
    if not parts:
        raise InputError("There is nothing to read.", "Name at least one file, folder or frame with sessions.")
    if len(parts) == 1:
        return parts[0]
    present = [c.name for c in SESSIONS if any(c.name in part.table.column_names for part in parts)]
    schema = arrow_schema(present)
    table = pa.concat_tables([filled(part.table, schema) for part in parts]).unify_dictionaries()
    return Sessions(
        table=table,
        tally=total(part.tally for part in parts),
        quarantine=pa.concat_tables([part.quarantine for part in parts]),
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        sources=tuple(dict.fromkeys(source for part in parts for source in part.sources)),
        passed_over=pa.concat_tables([part.passed_over for part in parts]).unify_dictionaries(),
    )


def filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the table with every column of the schema and its type, null where it has none."""
    return pa.table([column_or_nulls(table, f.name, f.type).cast(f.type) for f in schema], schema=schema)


def with_column(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    """Return the table with a column of these values, in place of the one of that name or behind the others."""
    if name in table.column_names:
        return table.set_column(table.column_names.index(name), name, values)
    return table.append_column(name, values)


def column_or_nulls(table: pa.Table, name: str, kind: pa.DataType) -> pa.ChunkedArray:
    """Return a column, or nulls of a type where the table has none of that name."""
    return table[name] if name in table.column_names else pa.chunked_array([pa.nulls(len(table), kind)])


def reason_counts(quarantine: pa.Table, most: int = 3) -> list[tuple[str, int]]:
    """Return the commonest quarantine reasons with their counts, most frequent first."""
    counted = pc.value_counts(quarantine["reason"].combine_chunks()).to_pylist()
    pairs = sorted(((row["values"], row["counts"]) for row in counted), key=lambda p: (-p[1], p[0]))
    return pairs[:most]
