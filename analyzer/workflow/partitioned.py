"""Extraction through partitions on disk: split, extract, merge, each step resumable and within a memory limit."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from joblib import Parallel, delayed

from analyzer._version import __version__
from analyzer.features.kernel import Plan
from analyzer.sessions.door import Summary
from analyzer.sessions.pieces import Piece, ReadOptions
from analyzer.workflow.checkpoint import WorkFolder, fingerprint
from analyzer.workflow.intake import (
    Extracted,
    Intake,
    events_bytes,
    events_read,
    joined_events,
    read_summary,
    write_summary,
)
from analyzer.workflow.merge import merge
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.outputs import staged_file
from analyzer.workflow.partitions import Split, partition_vectors, split_piece
from analyzer.workflow.progress import Progress, counted

_MOST_PARTITIONS: Final = 1 << 16
_DUPLICATES: Final = b"analyzer.duplicates"


@dataclass(frozen=True)
class Partitioned:
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
        Intake.of_parts(summaries, 0)  # refuse what is no source before more is done
        self.progress("extracting features")
        resumed, duplicates = self._extract()
        events = [] if not self._streams else [events_read(path.read_bytes()) for path in self._event_files()]
        intake = Intake.of_parts(summaries, duplicates, joined_events(events))
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

    def _is_split(self, number: int) -> bool:
        return self._sessions(number).exists() and self._summary(number).exists()

    def _vectors(self, number: int) -> Path:
        return self.folder.file(f"vectors-{number:05d}.parquet")

    def _events(self, number: int) -> Path:
        return self.folder.file(f"events-{number:05d}.arrow")

    def _event_files(self) -> list[Path]:
        return [self._events(number) for number in range(self.count)]

    @cached_property
    def _streams(self) -> tuple[Piece, ...]:
        """One piece of each source of player events."""
        return tuple({piece.label: piece for piece in self.pieces if piece.events}.values())

    def _whole(self) -> Split:
        """Return where everything that was split lies."""
        labels = [piece.label for piece in self._streams]
        numbered = [(self._sessions(n), piece) for n, piece in enumerate(self.pieces)]
        return Split(
            sessions=tuple(path for path, piece in numbered if not piece.events),
            events=tuple((path, labels.index(piece.label)) for path, piece in numbered if piece.events),
            streams=tuple(replace(piece, frame=None) for piece in self._streams),
            reading=self.reading,
            count=self.count,
        )

    def _split(self) -> list[Summary]:
        todo = [n for n in range(len(self.pieces)) if not self._is_split(n)]
        rows = [piece.rows for piece in self.pieces]
        report = counted(self.progress, sum(rows))
        report(sum(rows) - sum(rows[n] for n in todo))
        places = [(self._sessions(n), self._summary(n)) for n in range(len(self.pieces))]
        jobs = (
            delayed(_split_one)(n, self.pieces[n], self.reading, self.count, places[n], hidden=bool(self._streams))
            for n in todo
        )
        for number in self._mapped(jobs):
            report(rows[number])
        return [read_summary(self._summary(n)) for n in range(len(self.pieces))]

    def _extract(self) -> tuple[int, int]:
        """Extract every partition that is not done; return how many were, and how many rows repeated another."""
        split = self._whole()
        todo = [n for n in range(self.count) if not self._vectors(n).exists()]
        rows = sum(piece.rows for piece in self.pieces)
        report, each = counted(self.progress, rows), rows // self.count
        report(each * (self.count - len(todo)))
        jobs = (delayed(_extract_one)(split, n, self.plan, self._vectors(n), self._events(n)) for n in todo)
        for _ in self._mapped(jobs):
            report(each)
        found = [pq.read_schema(self._vectors(n)).metadata[_DUPLICATES] for n in range(self.count)]
        return self.count - len(todo), sum(int(text) for text in found)

    def _mapped(self, jobs: Iterable[Any]) -> Iterator[Any]:
        """Run jobs on joblib's workers: threads, or what the caller chose with `joblib.parallel_config`."""
        chosen = {"backend": self.options.backend} if self.options.backend else {"prefer": "threads"}
        try:
            parallel = Parallel(n_jobs=self.options.jobs, return_as="generator_unordered", **chosen)
        except ValueError:  # a backend that hands over all results at once
            parallel = Parallel(n_jobs=self.options.jobs, **chosen)
        with parallel:
            yield from parallel(jobs)


def _split_one(
    number: int, piece: Piece, reading: ReadOptions, count: int, places: tuple[Path, Path], *, hidden: bool
) -> int:
    rows, summary = places
    write_summary(split_piece(piece, reading, count, rows, hidden=hidden), summary)
    return number


def _extract_one(split: Split, number: int, plan: Plan, target: Path, events: Path) -> None:
    found = partition_vectors(split, number, plan)
    if found.laid is not None:  # before the vectors, which say that the partition is done
        events.write_bytes(events_bytes(found.laid))
    draft = target.with_suffix(".partial")
    table = found.vectors.as_arrow().replace_schema_metadata({_DUPLICATES: str(found.repeated)})
    pq.write_table(table, draft, compression="zstd")
    draft.replace(target)


def can_resume(pieces: list[Piece]) -> bool:
    """Tell whether a later run can know that it has the same source: files yes, a frame in memory no."""
    return all(piece.frame is None for piece in pieces)


def job_of(pieces: list[Piece], reading: ReadOptions, options: ExtractOptions) -> str:
    """Return the fingerprint of everything that a finished part depends on; another memory limit cuts other parts."""
    stats = [(piece.label, piece.path.stat()) for piece in pieces if piece.frame is None]
    frame = "" if can_resume(pieces) else secrets.token_hex()
    return fingerprint(
        version=__version__,
        pieces=[(piece.label, piece.kind.value, piece.row_groups, piece.account, piece.events) for piece in pieces],
        files=[(label, stat.st_size, stat.st_mtime_ns, stat.st_ino) for label, stat in stats],
        frame=frame,
        reading=reading.as_json(any(not piece.is_table for piece in pieces)),
        window=str(options.window),
        features=options.features,
        rows=options.rows_at_a_time,
    )
