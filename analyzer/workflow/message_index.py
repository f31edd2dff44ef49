"""`analyzer index`: sessions made ready for claims, on disk for many questions or in memory for one.

Sessions pass the same door as everywhere; those of any size go through partitions of whole viewers on disk, for a play
is made of all rows of its viewer.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from analyzer.messages.about import DATABASE, MANIFEST, About, about_of, keep_about, write_manifest
from analyzer.messages.facts import facts_of
from analyzer.messages.index import Index, open_index
from analyzer.messages.layout import PAIRS, STEP_ROWS, fill
from analyzer.messages.together import fill_together
from analyzer.sessions.pieces import Piece, ReadOptions, Sources, pieces_of
from analyzer.sessions.pseudonym import Pseudonymiser, load_key
from analyzer.sessions.records import Sessions
from analyzer.sessions.source import read_pieces
from analyzer.workflow.index_parts import RELATIONS, Partitions, relations_of
from analyzer.workflow.intake import Intake
from analyzer.workflow.options import ExtractOptions, memory_bytes_of
from analyzer.workflow.outputs import staged
from analyzer.workflow.progress import SILENT, Progress, counted

if TYPE_CHECKING:
    import duckdb

_LEAST_DUCKDB: Final = 256 << 20


@dataclass(frozen=True)
class Indexed:
    """What was indexed.

    Attributes
    ----------
    about : About
    intake : Intake
        What became of every row.
    size_bytes : int
        Of the database.
    """

    about: About
    intake: Intake
    size_bytes: int


def build_index(
    source: Any,
    out: str | os.PathLike[str],
    *,
    events: Any = None,
    memory: str = "2GB",
    workers: int | None = None,
    mapping: Mapping[str, str] | None = None,
    timezone: str | None = None,
    pseudonyms: bool | None = None,
    key_file: str | os.PathLike[str] | None = None,
    keep_autoplay: bool = False,
    progress: Progress | None = None,
) -> Indexed:
    """Make sessions ready for claims: a folder that `open_index` opens; it appears whole or not at all.

    Parameters
    ----------
    source, events, mapping, timezone, pseudonyms, key_file, keep_autoplay
        As `read_sessions`; `Sessions` too. Households are hashed with the key in any case.
    out : path
        The folder of the index.
    memory : str
        About how much memory to use, such as "4GB". With player events all sessions are read into memory.
    workers : int, optional
        As many as there are cores by default.
    progress : Progress, optional

    Returns
    -------
    Indexed

    Raises
    ------
    InputError
        When the source cannot be read, or no row of it can be used.
    OutputError
        When the folder cannot be written.
    """
    reading = ReadOptions(
        mapping=dict(mapping or {}),
        timezone=timezone,
        pseudonyms=pseudonyms,
        key_file=Path(key_file) if key_file else None,
        keep_autoplay=keep_autoplay,
    )
    options = ExtractOptions(workers=workers, memory_bytes=memory_bytes_of(memory))
    job = _Job(reading, options, load_key(reading.key_file), progress or SILENT)
    whole = source if events is None else Sources(source, events)
    with staged(Path(out)) as stage, tempfile.TemporaryDirectory(dir=stage) as work:
        stage.chmod(0o700)  # it says what each household watched
        with _database(stage / DATABASE, options, Path(work)) as connection:
            about, intake = job.filled(whole, connection, Path(work))
            keep_about(about, connection)
        write_manifest(about, stage)
        size = (stage / DATABASE).stat().st_size
    return Indexed(about, intake, size)


def is_index(place: str | os.PathLike[str]) -> bool:
    """Return whether a path is the folder of an index, be it damaged."""
    return any((Path(place) / name).is_file() for name in (DATABASE, MANIFEST))


@contextmanager
def ready(
    source: Any, *, key: bytes | None = None, memory: str = "2GB", progress: Progress = SILENT
) -> Iterator[Index]:
    """Yield an index of any source for the time of some questions: of a folder that is one, as it is; else made here.

    Without a prepared index the first answer takes as long as reading all sessions does; `progress` is told.

    Parameters
    ----------
    source : path of an index, or anything that `read_sessions` reads
    key : bytes, optional
        Of a prepared index; see `open_index`.
    memory : str
    progress : Progress

    Raises
    ------
    InputError
        When the source cannot be read.
    """
    if isinstance(source, str | os.PathLike) and is_index(source):
        index = open_index(Path(source), key, memory=memory)
        try:
            yield index
        finally:
            index.connection.close()
        return
    options = ExtractOptions(memory_bytes=memory_bytes_of(memory))
    job = _Job(ReadOptions(), options, key or secrets.token_bytes(32), progress)
    with tempfile.TemporaryDirectory() as work, _database(Path(work) / DATABASE, options, Path(work)) as connection:
        about, _ = job.filled(source, connection, Path(work))
        yield Index(connection, about, job.key)


@contextmanager
def _database(path: Path, options: ExtractOptions, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    config: dict[str, Any] = {
        "memory_limit": f"{max(options.memory_bytes, _LEAST_DUCKDB) >> 20}MiB",
        "temp_directory": str(spill),
        "threads": options.jobs,
    }
    with duckdb.connect(str(path), config=config) as connection:
        yield connection


@dataclass(frozen=True)
class _Job:
    """How one index is made."""

    reading: ReadOptions
    options: ExtractOptions
    key: bytes
    progress: Progress

    def filled(self, source: Any, connection: duckdb.DuckDBPyConnection, work: Path) -> tuple[About, Intake]:
        """Read the source, fill the database, and say what it was made of."""
        if isinstance(source, Sessions):
            return self._of_sessions(source, fingerprint_of_table(source.table), connection)
        pieces = pieces_of(source, self.reading, self.options.rows_at_a_time)
        self.progress("looking at the sources")
        told = fingerprint_of(pieces)
        fits = sum(piece.rows for piece in pieces) <= self.options.rows_in_memory
        if fits or any(piece.events for piece in pieces):
            self.progress("reading sessions")
            return self._of_sessions(read_pieces(pieces, self.reading), told, connection)
        return self._of_partitions(pieces, told, connection, work)

    def _of_sessions(
        self, sessions: Sessions, told: str, connection: duckdb.DuckDBPyConnection
    ) -> tuple[About, Intake]:
        self.progress("finding plays")
        facts = facts_of(sessions.table, Pseudonymiser(self.key))
        for name, table in relations_of(facts).items():
            connection.register(name, table)
        return self._about(len(facts.days), sessions.sources, told, connection), Intake.of(sessions)

    def _of_partitions(
        self, pieces: list[Piece], told: str, connection: duckdb.DuckDBPyConnection, work: Path
    ) -> tuple[About, Intake]:
        split = Partitions(pieces, self.reading, self.options, work, self.key)
        rows = sum(piece.rows for piece in pieces)
        self.progress("reading sessions")
        summaries = split.split(counted(self.progress, rows))
        Intake.of_parts(summaries, 0)  # refuse what is no source before more is done
        self.progress("finding plays")
        repeated = split.facts(counted(self.progress, rows))
        for name in RELATIONS:
            connection.read_parquet(f"{work}/{name}-*.parquet").create_view(name)
        facts = connection.execute("SELECT count(*) FROM said").fetchall()[0][0]
        intake = Intake.of_parts(summaries, repeated)
        about = self._about(facts, intake.sources, told, connection)
        return about, intake

    def _about(self, rows: int, sources: tuple[str, ...], told: str, connection: duckdb.DuckDBPyConnection) -> About:
        self.progress("laying out the index")
        at_a_time = max(min(STEP_ROWS, self.options.memory_bytes // 400), 1)
        fill(connection, counted(self.progress, rows), at_a_time)
        self.progress("adding up households")
        households = connection.execute("SELECT count(*) FROM keys").fetchall()[0][0]
        fill_together(connection, PAIRS, counted(self.progress, households), at_a_time)
        for name in RELATIONS:  # what they read is gone when the index is opened
            connection.unregister(name)
            connection.execute(f"DROP VIEW IF EXISTS {name}")
        return about_of(connection, sources, told, self.key)


def fingerprint_of(pieces: list[Piece]) -> str:
    """Return SHA-256 of the sources' contents, whatever their names and order."""
    files = sorted({piece.path for piece in pieces if piece.frame is None})
    found = [_of_file(path) for path in files]
    frames = [piece.frame for piece in pieces if piece.frame is not None]
    if frames:  # pieces of one frame; where it was cut is of no effect
        found.append(fingerprint_of_table(pa.concat_tables(frames, promote_options="default")))
    return hashlib.sha256("\n".join(sorted(found)).encode()).hexdigest()


def fingerprint_of_table(table: pa.Table) -> str:
    """Return SHA-256 of a table's rows, whatever their order."""
    from analyzer.workflow.provenance import fingerprint

    return fingerprint(table.to_pandas(), table.column_names)


def _of_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
