"""Vectors and assignments as Parquet files, with what a reader must know in the file's own metadata."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.errors import InputError
from analyzer.features import context
from analyzer.features.context import SETTINGS, VectorContext, context_of
from analyzer.features.kernel import CONTEXT_PREFIX
from analyzer.features.windows import Window

VECTOR_GROUP_ROWS: Final = 1 << 16
"""Rows of a row group of vectors, fixed: else a file's bytes would tell how it was made."""
PART_ROWS: Final = 1 << 17
"""Vectors that are classified at a time: some 50 MB of features."""
_REMEDY: Final = "Make them with: analyzer features"
_INDEX: Final = ["viewer_id", "window_start"]
_CONTEXT: Final = [context.HOUSEHOLD, *SETTINGS]


def write_assignments(answer: pd.DataFrame, path: Path, sources: dict[str, str]) -> None:
    """Write classification answers: viewer_id, window_start, pattern; `sources` goes into the metadata."""
    table = pa.Table.from_pandas(answer.reset_index(), preserve_index=False)
    notes = {str(name): str(note) for name, note in answer.attrs.items()}
    told = {name: note for name, note in notes.items() if name.startswith("analyzer.")} | sources
    pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **told}), path)


def write_vectors(vectors: pd.DataFrame, path: Path, window: str) -> None:
    """Write vectors with their context: households and settings are columns of the file, apart from the features."""
    frame = vectors.copy(deep=False)
    frame.attrs = {}
    known = context_of(vectors)
    if known is not None:
        frame = pd.concat([frame, known.frame.reindex(vectors.index).add_prefix(CONTEXT_PREFIX)], axis=1)
    table = pa.Table.from_pandas(frame.reset_index(), preserve_index=False)
    write_vector_table(table, path, Window.parse(window))


def write_vector_table(table: pa.Table, path: Path, window: Window) -> None:
    """Write vectors that are an Arrow table already."""
    told = {**(table.schema.metadata or {}), **vector_metadata(window)}
    pq.write_table(table.replace_schema_metadata(told), path, row_group_size=VECTOR_GROUP_ROWS)


def vector_metadata(window: Window) -> dict[str, str]:
    """Return what a file of vectors says of itself."""
    return {"analyzer.window": window.length, **({"analyzer.step": window.step} if window.step else {})}


def read_vectors(path: Path) -> tuple[pd.DataFrame, str]:
    """Read vectors written by `write_vectors`; return them and their window.

    Raises
    ------
    InputError
        When the file is missing, damaged or holds no vectors.
    """
    window = window_of(path)
    with _as_input_error(path):
        table = pq.read_table(path)
    return _vectors_of(table, path), window


def vector_parts(path: Path) -> Iterator[pd.DataFrame]:
    """Yield the vectors of a file piece by piece, all windows of a viewer in one of them; errors as `read_vectors`.

    A file in which a viewer's vectors do not follow each other comes as a whole.
    """
    window_of(path)
    with _as_input_error(path):
        file = pq.ParquetFile(path)
        if file.metadata.num_rows <= PART_ROWS or not _viewers_are_together(file):
            yield _vectors_of(file.read(), path)
            return
        held: list[pa.Table] = []
        for batch in file.iter_batches(batch_size=PART_ROWS):
            table = pa.Table.from_batches([batch])
            last = _first_row_of_last_viewer(table)
            if last > 0:
                yield _vectors_of(pa.concat_tables([*held, table.slice(0, last)]), path)
                held = []
            held.append(table.slice(last))
        if held:
            yield _vectors_of(pa.concat_tables(held), path)


def _viewers_are_together(file: pq.ParquetFile) -> bool:
    viewers = file.read(columns=["viewer_id"])["viewer_id"].combine_chunks()
    runs = 1 + pc.sum(pc.fill_null(pc.not_equal(viewers[1:], viewers[:-1]), True)).as_py()
    return bool(runs == pc.count_distinct(viewers, mode="all").as_py())


def _first_row_of_last_viewer(table: pa.Table) -> int:
    viewers = table["viewer_id"].combine_chunks()
    others = pc.not_equal(viewers, viewers[-1])
    return 0 if not pc.any(others).as_py() else len(viewers) - pc.index(others[::-1], True).as_py()


def _vectors_of(table: pa.Table, path: Path) -> pd.DataFrame:
    frame = table.to_pandas().set_index(_INDEX).sort_index()
    kept = [c for c in frame.columns if str(c).startswith(CONTEXT_PREFIX)]
    vectors = _numbers(frame.drop(columns=kept), path)
    if kept:
        beside = frame[kept].rename(columns=lambda name: str(name).removeprefix(CONTEXT_PREFIX))
        vectors.attrs[context.ATTRIBUTE] = VectorContext(beside.reindex(columns=_CONTEXT))
    return vectors


def window_of(path: Path) -> str:
    """Return the window of the vectors in a file; errors as `read_vectors`."""
    with _as_input_error(path):
        schema = pq.read_schema(path)
    if not set(_INDEX) <= set(schema.names):
        raise InputError(f"{path} holds no vectors: viewer_id and window_start are missing.", _REMEDY)
    window: bytes = (schema.metadata or {}).get(b"analyzer.window", b"28d")
    return window.decode()


@contextmanager
def _as_input_error(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path} cannot be read as vectors: {str(error).splitlines()[0]}", _REMEDY) from error


def _numbers(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    columns: dict[str, pd.Series[float]] = {}
    for name, column in frame.items():
        try:
            columns[str(name)] = column.astype("float64")
        except (TypeError, ValueError):
            columns[str(name)] = pd.Series(np.inf, index=frame.index)
        if np.isinf(columns[str(name)]).any():
            raise InputError(f"{path} holds no vectors: column {name} is not of finite numbers.", _REMEDY)
    return pd.DataFrame(columns, index=frame.index)


def write_json(values: Any, path: Path) -> None:
    """Write plain values as indented JSON."""
    path.write_text(json.dumps(values, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_quarantine(quarantine: pa.Table, path: Path) -> None:
    """Write file, line and reason of each quarantined row as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(quarantine.column_names)
        writer.writerows(zip(*(column.to_pylist() for column in quarantine.columns), strict=True))
