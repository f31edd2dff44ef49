"""Sessions on disk, split so that all rows of a viewer are in one partition.

Each piece of a source becomes one file that holds a batch of rows for every partition; a partition is read by taking
its batch out of every file. So pieces are split in any order, by any number of workers, without one file that all of
them write to, and a file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from analyzer.features.kernel import Plan, VectorArrays, vectors_of
from analyzer.sessions.door import Checked, Summary
from analyzer.sessions.event_source import event_schema, lay_beside, with_source
from analyzer.sessions.kept import (
    EXPORT,
    FATE,
    Laid,
    coded,
    kept_rows,
    no_rows,
    passed_over_rows,
    used_rows,
    without_repeats,
)
from analyzer.sessions.pieces import Piece, ReadOptions
from analyzer.sessions.playback.schema import EVENT_TABLE
from analyzer.sessions.reading import checked
from analyzer.sessions.records import filled
from analyzer.sessions.schema import ACCESSIBILITY, NAVIGATION
from analyzer.sessions.tally import total

_NEEDED: Final = frozenset(
    {"viewer_id", "title_id", "started_at", "played_s", "household_id", "series_id", "runtime_s", "end_position_s"}
    | {"utc_offset_min", *ACCESSIBILITY, *NAVIGATION, FATE, EXPORT}
)
_WRITE: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def partition_of(viewers: pa.DictionaryArray, count: int) -> npt.NDArray[np.uint16]:
    """Return the partition of each row: a hash of the viewer's name, the same on every machine and in every version."""
    words = viewers.dictionary.to_numpy(zero_copy_only=False)
    place = (pd.util.hash_array(words.astype(object), categorize=False) % np.uint64(count)).astype(np.uint16)
    partition: npt.NDArray[np.uint16] = place[viewers.indices.to_numpy(zero_copy_only=False)]
    return partition


@dataclass(frozen=True)
class Split:
    """Where the pieces of all sources lie, split.

    Attributes
    ----------
    sessions : tuple of Path
        A file a piece of sessions.
    events : tuple of (Path, int)
        A file a piece of player events, and the number of its source in `streams`.
    streams : tuple of Piece
        One piece of each source of events.
    reading : ReadOptions
    count : int
        How many partitions there are.
    """

    sessions: tuple[Path, ...]
    events: tuple[tuple[Path, int], ...]
    streams: tuple[Piece, ...]
    reading: ReadOptions
    count: int


@dataclass(frozen=True)
class Outcome:
    """The vectors of some viewers, how many of their rows repeated another one, and what became of their events."""

    vectors: VectorArrays
    repeated: int
    laid: Laid | None = None


def split_piece(piece: Piece, options: ReadOptions, count: int, target: Path, *, hidden: bool = False) -> Summary:
    """Split a piece into a file beside `target`, rename it when it is whole, and return what became of its rows."""
    draft = target.with_suffix(".partial")
    summaries: list[Summary] = []
    writer: pa.ipc.RecordBatchFileWriter | None = None
    with draft.open("wb") as file:
        for rows in checked(piece, options):
            kept, summary = kept_events(rows, piece) if piece.events else kept_rows(rows, piece, hidden=hidden)
            summaries.append(summary)
            if writer is None:
                writer = pa.ipc.new_file(file, plain_schema(kept.schema), options=_WRITE)
            for batch in _by_partition(kept, count):
                writer.write_batch(batch)
        if writer is not None:
            writer.close()
    draft.replace(target)
    return joined_summary(summaries)


def kept_events(rows: Checked, piece: Piece) -> tuple[pa.Table, Summary]:
    """Return the events about playback, with the same columns for every part of a piece, and the summary."""
    return filled(rows.used, event_schema({*piece.columns, "occurred_at"})), rows.summary


def joined_summary(parts: Sequence[Summary]) -> Summary:
    """Return what became of the rows of several parts of one source, at least one."""
    held = [set(part.unreadable) for part in parts if part.tally.read]
    names = set.intersection(*held) if held else set()
    return Summary(
        source=parts[0].source,
        tally=total(part.tally for part in parts),
        quarantine=pa.concat_tables([part.quarantine for part in parts]),
        unreadable={name: kind for part in parts for name, kind in part.unreadable.items() if name in names},
        notes=tuple(dict.fromkeys(note for part in parts for note in part.notes)),
        events=parts[0].events,
    )


def _by_partition(table: pa.Table, count: int) -> Iterator[pa.RecordBatch]:
    """Yield a batch for each partition, empty ones too, with plain text in place of dictionaries."""
    partition = partition_of(table["viewer_id"].combine_chunks(), count)
    order = np.argsort(partition, kind="stable")
    ends = np.cumsum(np.bincount(partition, minlength=count))
    # Names are spelled out once for the whole piece: a slice of a dictionary drags all of its words along.
    in_order = table.take(pa.array(order)).cast(plain_schema(table.schema)).combine_chunks()
    nothing = pa.RecordBatch.from_pylist([], schema=in_order.schema)
    for begin, end in zip(np.append(0, ends[:-1]), ends, strict=True):
        yield from in_order.slice(begin, end - begin).to_batches() or [nothing]


def plain_schema(schema: pa.Schema) -> pa.Schema:
    """Return the schema with plain text: a partition's few names should not drag a whole piece's along."""
    return pa.schema([(f.name, pa.string() if pa.types.is_dictionary(f.type) else f.type) for f in schema])


def partition_vectors(split: Split, number: int, plan: Plan) -> Outcome:
    """Return the vectors of one partition."""

    def rows(*, needed_only: bool) -> pa.Table:
        read = _read(split.sessions, number, split.count, needed_only=needed_only)
        return no_rows() if read is None else read

    def lay(known: pa.Table) -> tuple[pa.Table, Laid]:
        told = [(_read([path], number, split.count, needed_only=False), source) for path, source in split.events]
        tables = [with_source(coded(table, EVENT_TABLE), source) for table, source in told if table is not None]
        return lay_beside(known, tables, split.streams, split.reading)

    whole = rows(needed_only=not split.events)  # a session is known by its id, which no feature needs
    return vectors_of_rows(whole, plan, lambda: rows(needed_only=False), lay if split.events else None)


def vectors_of_rows(
    rows: pa.Table,
    plan: Plan,
    whole: Callable[[], pa.Table],
    lay: Callable[[pa.Table], tuple[pa.Table, Laid]] | None = None,
) -> Outcome:
    """Return the vectors of all viewers in plain rows as `kept_rows` gives them.

    Parameters
    ----------
    rows : pyarrow.Table
        All rows of some viewers, at least with the columns that features need.
    plan : Plan
    whole : callable
        The same rows with all their columns; called only where two rows are equal in what `rows` has.
    lay : callable, optional
        Lays player events beside the rows.
    """
    rows, again = without_repeats(coded(rows), lambda: coded(whole()))
    rows, laid = lay(rows) if lay else (rows, None)
    return Outcome(vectors_of(used_rows(rows).unify_dictionaries(), passed_over_rows(rows), plan), again, laid)


def _read(files: Sequence[Path], number: int, count: int, *, needed_only: bool) -> pa.Table | None:
    """Read a partition: its batch, or batches, of every file; None where there is no file."""
    batches = []
    for path in files:
        with pa.OSFile(str(path)) as file:
            names = pa.ipc.open_file(file).schema.names
            fields = [i for i, name in enumerate(names) if name in _NEEDED or not needed_only]
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False))
            batches += [reader.get_batch(i) for i in range(number, reader.num_record_batches, count)]
    tables = [pa.Table.from_batches([batch]) for batch in batches]
    return pa.concat_tables(tables, promote_options="default") if tables else None
