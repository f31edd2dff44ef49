"""Features of a source of any size: in memory where it fits, else through partitions on disk.

Partitions: the source is split by a hash of the viewer (`partitions`), the kernel is mapped over the partitions by
joblib, and DuckDB sorts what comes out into one file. All three keep to a memory limit. Whatever is finished is kept in
a work folder (`checkpoint`), so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow.parquet as pq
from joblib import Parallel, cpu_count, delayed

from analyzer._version import __version__
from analyzer.errors import InputError
from analyzer.features.catalog import select
from analyzer.features.extract import as_frame
from analyzer.features.kernel import Plan, VectorArrays, vectors_of
from analyzer.features.windows import Window
from analyzer.sessions.door import Summary
from analyzer.sessions.pieces import Piece, ReadOptions, pieces_of, provided_by
from analyzer.sessions.records import Sessions
from analyzer.sessions.source import read_pieces
from analyzer.workflow.checkpoint import WorkFolder, fingerprint, work_folder
from analyzer.workflow.intake import Intake, read_summary, write_summary
from analyzer.workflow.merge import merge
from analyzer.workflow.outputs import staged_file
from analyzer.workflow.partitions import partition_vectors, split_piece
from analyzer.workflow.progress import SILENT, Progress
from analyzer.workflow.tables import read_vectors, write_vector_table

IN_MEMORY_ROWS: Final = 1 << 20
BYTES_PER_ROW: Final = 1_200
"""Measured peak of splitting or extracting a row, everything included; docs/decisions/0010-out-of-core.md."""
DEFAULT_MEMORY: Final = 2 << 30
_LEAST_MEMORY: Final = 64 << 20
_LEAST_ROWS: Final = 1_000
_MOST_ROWS: Final = 1 << 20
_MOST_PARTITIONS: Final = 1 << 16
_DUPLICATES: Final = b"analyzer.duplicates"


@dataclass(frozen=True)
class ExtractOptions:
    """How features are extracted.

    Attributes
    ----------
    window : Window
    features : tuple of str
        Names from the catalog.
    workers : int, optional
        As many as there are cores by default.
    memory_bytes : int
        About how much memory may be used; at least one viewer's sessions must fit.
    fresh : bool
        Start over, whatever an earlier run has finished.
    """

    window: Window = field(default_factory=Window)
    features: tuple[str, ...] = field(default_factory=lambda: tuple(spec.name for spec in select()))
    workers: int | None = None
    memory_bytes: int = DEFAULT_MEMORY
    fresh: bool = False

    @cached_property
    def jobs(self) -> int:
        """How many pieces or partitions are worked on at a time."""
        return self.workers or int(cpu_count())

    @property
    def rows_at_a_time(self) -> int:
        """How many rows a worker may hold."""
        return min(max(self.memory_bytes // (self.jobs * BYTES_PER_ROW), _LEAST_ROWS), _MOST_ROWS)


@dataclass(frozen=True)
class Extracted:
    """What was extracted.

    Attributes
    ----------
    intake : Intake
    vectors, features : int
    resumed : int
        How many partitions an earlier run had finished.
    """

    intake: Intake
    vectors: int
    features: int
    resumed: int = 0


def extract(
    source: Any, beside: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress = SILENT
) -> tuple[pd.DataFrame, Intake]:
    """Extract the features of a source of any size into a DataFrame; what does not fit goes through disk at `beside`.

    Errors are those of `write_features`.
    """
    if isinstance(source, Sessions):
        return as_frame(_of_sessions(source, options, progress)), Intake.of(source)
    pieces = pieces_of(source, reading, options.rows_at_a_time)
    if _fits(pieces, options):
        progress("reading sessions")
        sessions = read_pieces(pieces, reading)
        return as_frame(_of_sessions(sessions, options, progress)), Intake.of(sessions)
    target = beside.expanduser().absolute().with_name(f".{beside.name}.vectors.parquet")
    try:
        done = write_features(source, target, reading, options, progress)
        return read_vectors(target)[0], done.intake
    finally:
        target.unlink(missing_ok=True)


def write_features(
    source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress = SILENT
) -> Extracted:
    """Extract the features of a source of any size into the Parquet file `out`, which appears whole or not at all.

    Raises
    ------
    InputError
        When the source cannot be read, or no row of it can be used.
    OutputError
        When the output cannot be written, or another run is writing it.
    """
    if isinstance(source, Sessions):
        return _written(source, options, out, progress)
    pieces = pieces_of(source, reading, options.rows_at_a_time)
    refuse_replacing(out, pieces)
    if _fits(pieces, options):
        progress("reading sessions")
        return _written(read_pieces(pieces, reading), options, out, progress)
    plan = Plan(options.window, provided_by(pieces, reading), options.features)
    with work_folder(out, _job(pieces, reading, options), fresh=options.fresh) as folder:
        return _Partitioned(pieces, reading, plan, options, folder, progress).write(out)


def _fits(pieces: list[Piece], options: ExtractOptions) -> bool:
    rows = sum(piece.rows for piece in pieces)
    return rows <= min(IN_MEMORY_ROWS, options.memory_bytes // BYTES_PER_ROW)


def refuse_replacing(out: Path, pieces: list[Piece]) -> None:
    """Refuse an output that is one of the inputs."""
    if out.resolve() in {piece.path.resolve() for piece in pieces if piece.frame is None}:
        raise InputError(f"The output would replace its own input {out}.", "Give another file with --out.")


def _of_sessions(sessions: Sessions, options: ExtractOptions, progress: Progress) -> VectorArrays:
    progress("extracting features")
    plan = Plan(options.window, sessions.provides, options.features)
    done = _counted(progress, len(sessions) + len(sessions.passed_over))
    return vectors_of(sessions.table, sessions.passed_over, plan, workers=options.jobs, done=done)


def _written(sessions: Sessions, options: ExtractOptions, out: Path, progress: Progress) -> Extracted:
    vectors = _of_sessions(sessions, options, progress)
    progress("writing")
    with staged_file(out) as part:
        write_vector_table(vectors.as_arrow(), part, options.window)
    return Extracted(Intake.of(sessions), len(vectors), len(options.features))


def _counted(progress: Progress, total: int) -> Callable[[int], None]:
    return lambda rows: progress.rows(rows, total)


@dataclass(frozen=True)
class _Partitioned:
    """One extraction through partitions on disk."""

    pieces: list[Piece]
    reading: ReadOptions
    plan: Plan
    options: ExtractOptions
    folder: WorkFolder
    progress: Progress

    @cached_property
    def count(self) -> int:
        """How many partitions there are; never a matter of the result."""
        rows = sum(piece.rows for piece in self.pieces)
        return min(max(-(-rows // self.options.rows_at_a_time), 1), _MOST_PARTITIONS)

    def write(self, out: Path) -> Extracted:
        """Split, extract, merge."""
        self.progress("reading sessions")
        summaries = self._split()
        self.progress("extracting features")
        resumed, duplicates = self._extract()
        intake = Intake.of_parts(summaries, duplicates)
        self.progress("writing")
        parts = [self._vectors(number) for number in range(self.count)]
        with staged_file(out) as draft:
            memory, jobs = self.options.memory_bytes, self.options.jobs
            vectors = merge(parts, draft, self.folder.path, self.plan, memory_bytes=memory, threads=jobs)
        return Extracted(intake, vectors, len(self.plan.features), resumed)

    def _sessions(self, number: int) -> Path:
        return self.folder.file(f"sessions-{number:05d}.arrow")

    def _summary(self, number: int) -> Path:
        return self.folder.file(f"summary-{number:05d}.arrow")

    def _vectors(self, number: int) -> Path:
        return self.folder.file(f"vectors-{number:05d}.parquet")

    def _split(self) -> list[Summary]:
        todo = [n for n in range(len(self.pieces)) if not self._sessions(n).exists()]
        rows = [piece.rows for piece in self.pieces]
        report = _counted(self.progress, sum(rows))
        report(sum(rows) - sum(rows[n] for n in todo))
        jobs = (
            delayed(_split_one)(n, self.pieces[n], self.reading, self.count, self._sessions(n), self._summary(n))
            for n in todo
        )
        for number in self._mapped(jobs):
            report(rows[number])
        return [read_summary(self._summary(n)) for n in range(len(self.pieces))]

    def _extract(self) -> tuple[int, int]:
        """Extract every partition that is not done; return how many were, and how many rows repeated another."""
        files = [self._sessions(n) for n in range(len(self.pieces))]
        todo = [n for n in range(self.count) if not self._vectors(n).exists()]
        rows = sum(piece.rows for piece in self.pieces)
        report, each = _counted(self.progress, rows), rows // self.count
        report(each * (self.count - len(todo)))
        jobs = (delayed(_extract_one)(files, n, self.count, self.plan, self._vectors(n)) for n in todo)
        for _ in self._mapped(jobs):
            report(each)
        found = [pq.read_schema(self._vectors(n)).metadata[_DUPLICATES] for n in range(self.count)]
        return self.count - len(todo), sum(int(text) for text in found)

    def _mapped(self, jobs: Iterable[Any]) -> Iterator[Any]:
        """Run jobs on joblib's workers: threads, or what the caller chose with `joblib.parallel_config`."""
        with Parallel(n_jobs=self.options.jobs, prefer="threads", return_as="generator_unordered") as parallel:
            yield from parallel(jobs)


def _split_one(number: int, piece: Piece, reading: ReadOptions, count: int, sessions: Path, summary: Path) -> int:
    write_summary(split_piece(piece, reading, count, sessions), summary)
    return number


def _extract_one(files: list[Path], number: int, count: int, plan: Plan, target: Path) -> None:
    vectors, duplicates = partition_vectors(files, number, count, plan)
    draft = target.with_suffix(".partial")
    table = vectors.as_arrow().replace_schema_metadata({_DUPLICATES: str(duplicates)})
    pq.write_table(table, draft, compression="zstd")
    draft.replace(target)


def memory_bytes_of(text: str) -> int:
    """Read a memory limit such as "4GB", "512MB" or "1.5 GiB" as bytes.

    Raises
    ------
    InputError
        When it is none, or less than 64 MB.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT])i?B?\s*", text, re.IGNORECASE)
    size = int(float(match[1]) * 1024 ** (1 + "KMGT".index(match[2].upper()))) if match else 0
    if size < _LEAST_MEMORY:
        raise InputError(f"{text!r} is not a memory limit.", "Give one of at least 64MB, such as 512MB or 4GB.")
    return size


def _job(pieces: list[Piece], reading: ReadOptions, options: ExtractOptions) -> str:
    """Return the fingerprint of everything that a finished part depends on; workers and memory are none of it."""
    stats = [(piece.label, piece.path.stat()) for piece in pieces if piece.frame is None]
    frame = [id(piece.frame) for piece in pieces if piece.frame is not None]  # a frame is gone with its process
    return fingerprint(
        version=__version__,
        pieces=[(piece.label, piece.kind.value, piece.row_groups, piece.account) for piece in pieces],
        files=[(label, stat.st_size, stat.st_mtime_ns, stat.st_ino) for label, stat in stats],
        frame=frame,
        reading=reading.as_json(any(not piece.is_table for piece in pieces)),
        window=str(options.window),
        features=options.features,
        rows=options.rows_at_a_time,
    )
