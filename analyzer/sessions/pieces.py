"""A source in pieces that can be read one by one: files larger than memory, or several at a time.

What is said of a row depends on that row alone, so that pieces may be cut anywhere and read in any order. What is said
of a whole source (no row of it can be used; two rows are the same) is said by whoever gathers the pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from analyzer.errors import InputError
from analyzer.sessions import delimited, jellyfin, netflix, tabular, tautulli
from analyzer.sessions.door import DoorRules
from analyzer.sessions.files import EVENT_SUFFIXES, is_parquet, looks_like_netflix, paths_in
from analyzer.sessions.playback import json_events, netflix_traces
from analyzer.sessions.playback.netflix_traces import looks_like_traces
from analyzer.sessions.playback.schema import EVENT_TABLE
from analyzer.sessions.pseudonym import Pseudonymiser, load_key
from analyzer.sessions.schema import SESSION_TABLE, Declared

_BYTES_PER_CSV_ROW = 60
_BYTES_PER_JSON_ROW = 400
_JSON = frozenset({".json", ".jsonl", ".ndjson"})


class PieceKind(Enum):
    """How a piece is read."""

    PARQUET = "parquet"
    CSV = "csv"
    FRAME = "frame"
    NETFLIX = "netflix"
    JSON = "json"
    JELLYFIN = "jellyfin"
    TAUTULLI = "tautulli"

    @property
    def carries_names(self) -> bool:
        """Whether such a source may hold people's names or addresses, so that ids are hashed unless told otherwise."""
        return self not in (PieceKind.PARQUET, PieceKind.CSV, PieceKind.FRAME)


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read; see `read_sessions`."""

    mapping: Mapping[str, str] = field(default_factory=dict)
    timezone: str | None = None
    pseudonyms: bool | None = None
    key_file: Path | None = None
    keep_autoplay: bool = False
    key: bytes | None = field(default=None, repr=False)
    event_mapping: Mapping[str, str] = field(default_factory=dict)

    @property
    def rules(self) -> DoorRules:
        """What the door lets through."""
        return DoorRules(not self.keep_autoplay)

    def mapping_of(self, piece: Piece) -> Mapping[str, str]:
        """Return canonical column -> name in the piece's source."""
        return self.event_mapping if piece.events else self.mapping

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
        plain = replace(self, mapping=dict(self.mapping), event_mapping=dict(self.event_mapping), key=None)
        told = asdict(plain)
        return {**told, "key_file": str(self.key_file), "key": key}


@dataclass(frozen=True, eq=False)
class Sources:
    """Sessions and player events that belong together; either may be None."""

    sessions: Any = None
    events: Any = None


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
    events : bool
        Whether its rows are player events.
    format : str
        Which kind of JSON it is.
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
    events: bool = False
    format: str = ""

    @property
    def is_table(self) -> bool:
        """Whether it is a part of a table of sessions or events, and not of a member's own export."""
        return self.kind is not PieceKind.NETFLIX

    @property
    def distinct(self) -> bool:
        """Whether a row that equals another one was written twice; where only days are known, it is another view."""
        return self.is_table or self.events or netflix.looks_like(self.path) is not netflix.NetflixFile.VIEWING_HISTORY


def pieces_of(source: Any, options: ReadOptions, piece_rows: int = tabular.BATCH_ROWS) -> list[Piece]:
    """Return the pieces of a source, in order; row groups of Parquet are put together up to `piece_rows` rows.

    A source is a path, a list of paths or a frame of sessions, or `Sources`. Files of one member's export name no
    account: which they belong to is told by where all of them lie.

    Raises
    ------
    InputError
        When the source is missing, empty or damaged, or lacks a required column.
    """
    sources = source if isinstance(source, Sources) else Sources(source)
    source, events = sources.sessions, sources.events
    if source is None and events is None:
        raise InputError("There is nothing to read.", "Name at least one file, folder or frame of sessions or events.")
    paths = [] if source is None else paths_in(source)
    event_paths = [] if events is None else paths_in(events, EVENT_SUFFIXES)
    exports = [path for path in paths or () if looks_like_netflix(path)]
    exports += [path for path in event_paths or () if looks_like_traces(path)]
    accounts = netflix.account_of(list(dict.fromkeys(exports)))
    pieces = _of_table(source, options.mapping, piece_rows, SESSION_TABLE) if paths is None else []
    pieces += [piece for path in paths or () for piece in _of_file(path, accounts.get(path), options, piece_rows)]
    pieces += _of_table(events, options.event_mapping, piece_rows, EVENT_TABLE) if event_paths is None else []
    for path in event_paths or ():
        pieces += _of_event_file(path, accounts.get(path), options, piece_rows)
    return pieces


def _of_table(frame: Any, mapping: Mapping[str, str], piece_rows: int, declared: Declared) -> list[Piece]:
    table, events = tabular.arrow_table(frame), declared is EVENT_TABLE
    label = "events frame" if events else "frame"
    columns = tuple(tabular.match_columns(table.column_names, mapping, label, declared))
    cuts = range(0, max(table.num_rows, 1), piece_rows)
    slices = [(table.slice(cut, piece_rows), cut + 1) for cut in cuts]
    kind = PieceKind.FRAME
    return [Piece(label, kind, len(part), columns, frame=part, first_row=row, events=events) for part, row in slices]


def _of_file(path: Path, account: str | None, options: ReadOptions, piece_rows: int) -> list[Piece]:
    parquet, rows = is_parquet(path), _rows_of_text(path)
    if account is not None:
        kind = netflix.looks_like(path)
        provides = netflix.PROVIDES[kind] if kind else ()
        return [Piece(str(path), PieceKind.NETFLIX, rows, provides, path, account)]
    if parquet:
        return _of_parquet(path, options.mapping, piece_rows, SESSION_TABLE)
    if found := _history(path):
        return [found]
    if looks_like_traces(path) or json_events.recognise(path):
        raise InputError(
            f"{path} holds player events, not sessions.", f"Give it as events: --events {path.name}, or events=."
        )
    columns = delimited.columns_of(path, options.mapping)
    return [Piece(str(path), PieceKind.CSV, rows, columns, path)]


def _rows_of_text(path: Path) -> int:
    return path.stat().st_size // _BYTES_PER_CSV_ROW + 1


def _history(path: Path) -> Piece | None:
    """Return the history that a home server keeps, if the file is one: sessions, for seeks are invisible there."""
    rows = _rows_of_text(path)
    if jellyfin.looks_like(path):
        return Piece(str(path), PieceKind.JELLYFIN, rows, jellyfin.PROVIDES, path)
    if tautulli.looks_like(path):
        return Piece(str(path), PieceKind.TAUTULLI, rows, tautulli.PROVIDES, path)
    return None


def _of_event_file(path: Path, account: str | None, options: ReadOptions, piece_rows: int) -> list[Piece]:
    if is_parquet(path):
        return _of_parquet(path, options.event_mapping, piece_rows, EVENT_TABLE)
    rows = _rows_of_text(path)
    if account is not None:
        return [Piece(str(path), PieceKind.NETFLIX, rows, netflix_traces.PROVIDES, path, account, events=True)]
    if found := _history(path):
        return [found]
    if known := json_events.recognise(path):
        provides = json_events.PROVIDES[known]
        rows = path.stat().st_size // _BYTES_PER_JSON_ROW + 1
        return [Piece(str(path), PieceKind.JSON, rows, provides, path, events=True, format=known.value)]
    if path.suffix.lower() in _JSON:
        raise InputError(
            f"{path} holds no player events that are known here.",
            "JSON is read as xAPI statements, Segment track calls, Snowplow enriched events or Tautulli's history.",
        )
    columns = delimited.columns_of(path, options.event_mapping, EVENT_TABLE)
    return [Piece(str(path), PieceKind.CSV, rows, columns, path, events=True)]


def _of_parquet(path: Path, mapping: Mapping[str, str], piece_rows: int, declared: Declared) -> list[Piece]:
    columns, groups = tabular.parquet_layout(path, mapping, declared)
    pieces: list[Piece] = []
    taken: list[int] = []
    first, count = 1, 0
    for number, size in enumerate(groups):
        if taken and count + size > piece_rows:
            pieces.append(Piece(str(path), PieceKind.PARQUET, count, columns, path, "", tuple(taken), first))
            first, taken, count = first + count, [], 0
        taken, count = [*taken, number], count + size
    pieces.append(Piece(str(path), PieceKind.PARQUET, count, columns, path, "", tuple(taken), first))
    events, batch_rows = declared is EVENT_TABLE, min(piece_rows, tabular.BATCH_ROWS)
    return [replace(piece, batch_rows=batch_rows, events=events) for piece in pieces]
