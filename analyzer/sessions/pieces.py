"""A source in pieces that can be read one by one: files larger than memory, or several at a time.

What is said of a row depends on that row alone, so that pieces may be cut anywhere and read in any order. What is said
of a whole source (no row of it can be used; two rows are the same) is said by whoever gathers the pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.sessions import clock, delimited, netflix, tabular
from analyzer.sessions.door import Checked, DoorRules, check
from analyzer.sessions.files import is_parquet, looks_like_netflix, paths_in
from analyzer.sessions.pseudonym import Pseudonymiser, PseudonymKind, load_key
from analyzer.sessions.records import RawRows

_BYTES_PER_CSV_ROW = 60


class PieceKind(Enum):
    """How a piece is read."""

    PARQUET = "parquet"
    CSV = "csv"
    NETFLIX = "netflix"
    FRAME = "frame"


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read; see `read_sessions`."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    pseudonyms: bool | None = None
    key_file: Path | None = None
    keep_autoplay: bool = False
    key: bytes | None = field(default=None, repr=False)

    def pseudonymiser(self, carries_names: bool) -> Pseudonymiser | None:
        """Return the hasher for a source, or None where its ids are to stay as they are."""
        wanted = carries_names if self.pseudonyms is None else self.pseudonyms
        return Pseudonymiser(self.key or load_key(self.key_file)) if wanted else None

    def with_key(self, carries_names: bool) -> ReadOptions:
        """Return the same options with the key in them: on another machine its file would be another one."""
        hasher = self.pseudonymiser(carries_names)
        return self if hasher is None else replace(self, key=hasher.key)

    def as_json(self, carries_names: bool) -> dict[str, object]:
        """Return everything that decides what is read, as plain values; of the key only its hash."""
        hasher = self.pseudonymiser(carries_names)
        key = sha256(hasher.key).hexdigest() if hasher else None
        told = asdict(replace(self, mapping=dict(self.mapping), key=None))
        return {**told, "key_file": str(self.key_file), "key": key}


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a source.

    Attributes
    ----------
    label : str
        The file, or "frame": pieces of one source share it.
    kind : PieceKind
    rows : int
        How many rows it has; for text files an estimate.
    columns : tuple of str
        Canonical names of the columns that it provides.
    path, account, row_groups, first_row, frame
        Where the rows are: a file (of a Netflix account, or some row groups of a Parquet file), or a table.
    batch_rows : int
        How many rows of Parquet are read at a time.
    """

    label: str
    kind: PieceKind
    rows: int
    columns: tuple[str, ...]
    path: Path = Path()
    account: str = ""
    row_groups: tuple[int, ...] | None = None
    first_row: int = 1
    frame: pa.Table | None = None
    batch_rows: int = tabular.BATCH_ROWS

    @property
    def is_table(self) -> bool:
        """Whether it is a part of a table of sessions, and not of a member's own export."""
        return self.kind is not PieceKind.NETFLIX

    @property
    def distinct(self) -> bool:
        """Whether a row that equals another one was written twice; where only days are known, it is another view."""
        return self.is_table or netflix.looks_like(self.path) is not netflix.NetflixFile.VIEWING_HISTORY


def pieces_of(source: Any, options: ReadOptions, piece_rows: int = tabular.BATCH_ROWS) -> list[Piece]:
    """Return the pieces of a source, in order; row groups of Parquet are put together up to `piece_rows` rows.

    Raises
    ------
    InputError
        When the source is missing, empty or damaged, or lacks a required column.
    """
    paths = paths_in(source)
    if paths is None:
        table = tabular.arrow_table(source)
        chosen = tabular.match_columns(table.column_names, options.mapping, "frame")
        return _of_table(table, tuple(chosen), piece_rows)
    accounts = netflix.account_of([path for path in paths if looks_like_netflix(path)])
    return [piece for path in paths for piece in _of_file(path, accounts.get(path), options, piece_rows)]


def _of_table(table: pa.Table, columns: tuple[str, ...], piece_rows: int) -> list[Piece]:
    cuts = range(0, max(table.num_rows, 1), piece_rows)
    slices = [(table.slice(cut, piece_rows), cut + 1) for cut in cuts]
    return [Piece("frame", PieceKind.FRAME, len(part), columns, frame=part, first_row=row) for part, row in slices]


def _of_file(path: Path, account: str | None, options: ReadOptions, piece_rows: int) -> list[Piece]:
    parquet, rows = is_parquet(path), path.stat().st_size // _BYTES_PER_CSV_ROW + 1
    if account is not None:
        kind = netflix.looks_like(path)
        provides = netflix.PROVIDES[kind] if kind else ()
        return [Piece(str(path), PieceKind.NETFLIX, rows, provides, path, account)]
    if not parquet:
        columns = delimited.columns_of(path, options.mapping)
        return [Piece(str(path), PieceKind.CSV, rows, columns, path)]
    columns, groups = tabular.parquet_layout(path, options.mapping)
    pieces: list[Piece] = []
    taken: list[int] = []
    first, count = 1, 0
    for number, size in enumerate(groups):
        if taken and count + size > piece_rows:
            pieces.append(Piece(str(path), PieceKind.PARQUET, count, columns, path, "", tuple(taken), first))
            first, taken, count = first + count, [], 0
        taken, count = [*taken, number], count + size
    pieces.append(Piece(str(path), PieceKind.PARQUET, count, columns, path, "", tuple(taken), first))
    return [replace(piece, batch_rows=min(piece_rows, tabular.BATCH_ROWS)) for piece in pieces]


def checked(piece: Piece, options: ReadOptions, *, threads: bool = False) -> Iterator[Checked]:
    """Read a piece and check it at the door, a batch of rows at a time; in parallel by itself if `threads`.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    rules = DoorRules(not options.keep_autoplay)
    if not piece.is_table:
        hasher = options.pseudonymiser(True)
        rows = netflix.read(piece.path, pseudonymiser=hasher, account=piece.account, timezone=options.timezone)
        yield check(rows, rules)
        return
    hasher = options.pseudonymiser(False)
    for rows in _raw_rows(piece, options, threads):
        named = rows if hasher is None else replace(rows, columns=_hashed(rows.columns, hasher))
        yield _with_local_clock(check(named, rules), options.timezone)


def provided_by(pieces: list[Piece], options: ReadOptions) -> frozenset[str]:
    """Return the session columns that the pieces' rows have once they were checked."""
    provided = {name for piece in pieces for name in piece.columns}
    tables = [piece for piece in pieces if piece.is_table]
    if any(options.timezone is not None or "country" in piece.columns for piece in tables):
        provided.add("utc_offset_min")
    return frozenset(provided)


def _raw_rows(piece: Piece, options: ReadOptions, threads: bool) -> Iterator[RawRows]:
    if piece.kind is PieceKind.FRAME:
        yield tabular.read_frame(piece.frame, options.mapping, piece.label, piece.first_row)
    elif piece.kind is PieceKind.CSV:
        yield from delimited.csv_batches(piece.path, options.mapping)
    else:
        at = (piece.path, options.mapping, piece.row_groups, piece.first_row)
        yield from tabular.parquet_batches(*at, threads=threads, batch_rows=piece.batch_rows)


def _hashed(columns: pa.Table, hasher: Pseudonymiser) -> pa.Table:
    for name, kind in (("viewer_id", PseudonymKind.VIEWER), ("household_id", PseudonymKind.HOUSEHOLD)):
        if name in columns.column_names:
            hashed = hasher.column(columns[name].combine_chunks(), kind)
            columns = columns.set_column(columns.column_names.index(name), name, hashed)
    return columns


def _with_local_clock(part: Checked, timezone: str | None) -> Checked:
    """Fill in the local clock where the source does not give it and zone or country do."""
    table, names = part.table, part.table.column_names
    if timezone is None and "country" not in names:
        return part
    country = table["country"].combine_chunks() if "country" in names else pa.nulls(len(table), pa.string())
    offset = clock.utc_offset_minutes(table["started_at"].combine_chunks(), country, timezone)
    if "utc_offset_min" not in names:
        return replace(part, table=table.append_column("utc_offset_min", offset))
    known = pc.coalesce(table["utc_offset_min"], offset)
    return replace(part, table=table.set_column(names.index("utc_offset_min"), "utc_offset_min", known))
