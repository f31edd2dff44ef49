"""Sessions on disk, split so that all rows of a viewer are in one partition.

Each piece of a source becomes one file that holds a batch of rows for every partition; a partition is read by taking
its batch out of every file. So pieces are split in any order, by any number of workers, without one file that all of
them write to, and a file is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.features.kernel import Plan, VectorArrays, vectors_of
from analyzer.sessions.door import QUARANTINED, USED, Checked, Summary, was_passed_over
from analyzer.sessions.duplicates import recounted, repeats
from analyzer.sessions.pieces import Piece, ReadOptions, checked
from analyzer.sessions.records import PASSED_OVER_SCHEMA
from analyzer.sessions.schema import ACCESSIBILITY, COLUMNS
from analyzer.sessions.tally import total

PASSED_OVER: Final = "passed_over"
EXPORT: Final = "export"
_NEEDED: Final = frozenset(
    {"viewer_id", "title_id", "started_at", "played_s", "household_id", "series_id", "runtime_s", "end_position_s"}
    | {"utc_offset_min", *ACCESSIBILITY, PASSED_OVER, EXPORT}
)
_WRITE: Final = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)


def partition_of(viewers: pa.DictionaryArray, count: int) -> npt.NDArray[np.uint16]:
    """Return the partition of each row: a hash of the viewer's name, the same on every machine and in every version."""
    words = viewers.dictionary.to_numpy(zero_copy_only=False)
    place = (pd.util.hash_array(words.astype(object), categorize=False) % np.uint64(count)).astype(np.uint16)
    partition: npt.NDArray[np.uint16] = place[viewers.indices.to_numpy(zero_copy_only=False)]
    return partition


def split_piece(piece: Piece, options: ReadOptions, count: int, target: Path) -> Summary:
    """Split a piece into a file beside `target`, rename it when it is whole, and return what became of its rows."""
    draft = target.with_suffix(".partial")
    summaries: list[Summary] = []
    writer: pa.ipc.RecordBatchFileWriter | None = None
    with draft.open("wb") as file:
        for rows in checked(piece, options):
            kept, summary = kept_rows(rows, piece)
            summaries.append(summary)
            if writer is None:
                writer = pa.ipc.new_file(file, plain_schema(kept.schema), options=_WRITE)
            for batch in _by_partition(kept, count):
                writer.write_batch(batch)
        if writer is not None:
            writer.close()
    draft.replace(target)
    return joined_summary(summaries)


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
    )


def kept_rows(rows: Checked, piece: Piece) -> tuple[pa.Table, Summary]:
    """Return the rows that any feature may need, those passed over among them, and the summary.

    A member's own export is judged for duplicates by itself, here; rows of tables meet in their partition.
    """
    fate, summary = rows.fate, rows.summary
    if not piece.is_table and piece.distinct:
        at = np.flatnonzero(fate == USED)
        again = at[repeats(rows.table.take(pa.array(at)))]
        fate = fate.copy()
        fate[again] = QUARANTINED  # only to leave it out
        summary = replace(summary, tally=recounted(summary.tally, len(again)))
    kept = np.flatnonzero((fate == USED) | was_passed_over(fate))
    table = rows.table.take(pa.array(kept)).append_column(PASSED_OVER, pa.array(fate[kept] != USED))
    return table.append_column(EXPORT, pa.array(np.full(len(kept), not piece.is_table))), summary


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


def partition_vectors(files: Sequence[Path], number: int, count: int, plan: Plan) -> tuple[VectorArrays, int]:
    """Return the vectors of one partition, and how many of its rows repeated another one."""
    rows = _read(files, number, count, needed_only=True)
    return vectors_of_rows(rows, plan, lambda: _read(files, number, count, needed_only=False))


def vectors_of_rows(rows: pa.Table, plan: Plan, whole: Callable[[], pa.Table]) -> tuple[VectorArrays, int]:
    """Return the vectors of all viewers in plain rows as `kept_rows` gives them, and how many rows repeated another.

    Parameters
    ----------
    rows : pyarrow.Table
        All rows of some viewers, at least with the columns that features need.
    plan : Plan
    whole : callable
        The same rows with all their columns; called only where two rows are equal in what `rows` has.
    """
    rows = _coded(rows)
    tables = _used(rows, export=False)
    again = repeats(tables)
    if again.any():  # equal in what features need; whether in every column, the other columns tell
        again = repeats(_used(_coded(whole()), export=False))
        tables = tables.filter(pa.array(~again))
    sessions = pa.concat_tables([tables, _used(rows, export=True)]).unify_dictionaries()
    passed_over = rows.filter(rows[PASSED_OVER]).select(PASSED_OVER_SCHEMA.names).cast(PASSED_OVER_SCHEMA)
    return vectors_of(sessions, passed_over, plan), int(again.sum())


def _used(rows: pa.Table, *, export: bool) -> pa.Table:
    mine = rows[EXPORT] if export else pc.invert(rows[EXPORT])
    chosen = pc.and_(mine, pc.invert(rows[PASSED_OVER]))
    return rows.filter(chosen).drop_columns([PASSED_OVER, EXPORT])


def _read(files: Sequence[Path], number: int, count: int, *, needed_only: bool) -> pa.Table:
    """Read a partition: its batch, or batches, of every file."""
    batches = []
    for path in files:
        with pa.OSFile(str(path)) as file:
            names = pa.ipc.open_file(file).schema.names
            fields = [i for i, name in enumerate(names) if name in _NEEDED or not needed_only]
            reader = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=fields, use_threads=False))
            batches += [reader.get_batch(i) for i in range(number, reader.num_record_batches, count)]
    return pa.concat_tables([pa.Table.from_batches([batch]) for batch in batches], promote_options="default")


def _coded(table: pa.Table) -> pa.Table:
    """Return plain text as the dictionaries that the schema declares."""
    for at, name in enumerate(table.column_names):
        if name in COLUMNS and pa.types.is_dictionary(COLUMNS[name].kind.arrow_type):
            column = pc.dictionary_encode(table[name]).combine_chunks()
            table = table.set_column(at, name, column.cast(COLUMNS[name].kind.arrow_type))
    return table
