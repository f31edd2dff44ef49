"""Any table of sessions: Parquet, or an Arrow-capable frame (pandas, Polars, DuckDB, pyarrow); `delimited` reads CSV.

Columns are found under their canonical names, also written as "Viewer ID" or "VIEWER-ID", or through a mapping.
Times without an offset are taken as UTC. Columns that the schema does not declare are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.errors import InputError, did_you_mean
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import SESSION_TABLE, Declared

Mapping_ = Mapping[str, str]
BATCH_ROWS: Final = 1 << 20


def read_parquet(path: Path, mapping: Mapping_) -> RawRows:
    """Read one Parquet file whole; errors as `parquet_batches`."""
    return joined(list(parquet_batches(path, mapping)))


def parquet_batches(
    path: Path,
    mapping: Mapping_,
    row_groups: Sequence[int] | None = None,
    first_row: int = 1,
    *,
    threads: bool = False,
    batch_rows: int = BATCH_ROWS,
    declared: Declared = SESSION_TABLE,
) -> Iterator[RawRows]:
    """Read a Parquet file, or some of its row groups, a batch of rows at a time.

    Parameters
    ----------
    path, mapping
        The file, and canonical column -> name in the file.
    row_groups : sequence of int, optional
        All by default.
    first_row : int
        Number of the first row in the file; the first of all is 1.
    threads : bool
        Decode columns in parallel: for a file that is read alone.
    batch_rows : int
        Most rows of a batch.
    declared : Declared
        The table that the file holds.

    Raises
    ------
    InputError
        When the file is damaged or cut short, or a required column is missing.
    """
    try:
        schema = pq.read_schema(path)
        chosen = match_columns(schema.names, mapping, str(path), declared)
        keys = [s for name, s in chosen.items() if name in declared.repeating and _is_text(schema.field(s).type)]
        sources = list(dict.fromkeys(chosen.values()))  # one source may be mapped to two columns
        with pq.ParquetFile(path, read_dictionary=keys) as file:
            batches = _batches(file, row_groups, sources, batch_rows, threads)
            empty = True
            for batch in batches:
                empty = False
                yield _rows(pa.Table.from_batches([batch]), chosen, str(path), first_row)
                first_row += batch.num_rows
            if empty:
                table = file.schema_arrow.empty_table().select(sources)
                yield _rows(table, chosen, str(path), first_row)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error


def _batches(
    file: pq.ParquetFile, row_groups: Sequence[int] | None, columns: list[str], batch_rows: int, threads: bool
) -> Iterator[pa.RecordBatch]:
    """Yield row groups at once where they fit into a batch, which is faster than by the batch."""
    groups = range(file.num_row_groups) if row_groups is None else row_groups
    if sum(file.metadata.row_group(n).num_rows for n in groups) > batch_rows:
        yield from file.iter_batches(batch_rows, groups, columns, use_threads=threads)
    else:
        yield from file.read_row_groups(groups, columns, use_threads=threads).combine_chunks().to_batches()


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain))


def parquet_layout(
    path: Path, mapping: Mapping_, declared: Declared = SESSION_TABLE
) -> tuple[tuple[str, ...], list[int]]:
    """Return the declared columns of a Parquet file, and how many rows each row group has.

    Raises
    ------
    InputError
        As `parquet_batches`.
    """
    try:
        with pq.ParquetFile(path) as file:
            names, metadata = file.schema_arrow.names, file.metadata
            sizes = [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)]
    except (pa.ArrowException, OSError) as error:
        raise _damaged(path, error) from error
    return tuple(match_columns(names, mapping, str(path), declared)), sizes


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        f"{path} cannot be read as Parquet: {first_line(error)}.",
        "The file is damaged, cut short or of another format; write it again.",
    )


def read_frame(
    frame: Any, mapping: Mapping_, label: str = "frame", first_row: int = 1, declared: Declared = SESSION_TABLE
) -> RawRows:
    """Read anything that speaks Arrow; pandas, Polars and DuckDB objects among them.

    Raises
    ------
    InputError
        When it does not speak Arrow or a required column is missing.
    """
    table = arrow_table(frame)
    return _rows(table, match_columns(table.column_names, mapping, label, declared), label, first_row)


def match_columns(
    present: list[str], mapping: Mapping_, label: str, declared: Declared = SESSION_TABLE
) -> dict[str, str]:
    """Return canonical name -> name in the source, for every declared column that the source has.

    Raises
    ------
    InputError
        When the mapping names an unknown column, or a required column is missing; the error names the nearest
        present one.
    """
    for canonical, source in mapping.items():
        if canonical not in declared.by_name:
            raise InputError(
                f"The mapping names {canonical!r}, which is no {declared.noun} column.",
                did_you_mean(canonical, list(declared.by_name)) or f"Known are {', '.join(declared.by_name)}.",
            )
        if source not in present:
            raise InputError(
                f"{label} has no column {source!r} to map to {canonical}.",
                did_you_mean(str(source), present) or f"Present are {', '.join(present)}.",
            )
    by_plain_name = {_plain(name): name for name in reversed(present)} | {name: name for name in present}
    found = {name: by_plain_name[name] for name in declared.by_name if name in by_plain_name}
    chosen = {name: mapping.get(name, found.get(name, "")) for name in declared.by_name}
    chosen = {name: source for name, source in chosen.items() if source}
    _require(chosen, present, label, declared)
    for source in chosen.values():
        if present.count(source) > 1:
            raise InputError(
                f"{label} has {present.count(source)} columns named {source!r}.", "Rename or drop all but one."
            )
    return chosen


def _require(chosen: dict[str, str], present: list[str], label: str, declared: Declared) -> None:
    missing = [name for name in declared.present if name not in chosen]
    if not missing:
        return
    name = missing[0]
    option, argument = ("--map", "mapping") if declared is SESSION_TABLE else ("--map-events", "event_mapping")
    free = [p for p in present if p not in chosen.values()]
    near = did_you_mean(name, free) or did_you_mean(name.partition("_")[0], free)
    example = near.split("'")[1] if near else "YOUR_COLUMN"
    raise InputError(
        f"{label} has no column {' and no column '.join(missing)}; present are {', '.join(present) or 'none'}.",
        f"{near} Map it with {option} {name}={example} or {argument}={{{name!r}: {example!r}}}.".strip(),
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().casefold())


def _rows(table: pa.Table, chosen: dict[str, str], label: str, first_row: int = 1) -> RawRows:
    columns = pa.table([table[source] for source in chosen.values()], names=list(chosen))
    return RawRows(columns, label, pa.array(np.arange(first_row, first_row + table.num_rows)))


def arrow_table(frame: Any) -> pa.Table:
    """Return a frame as an Arrow table, without a copy where Arrow allows it.

    Raises
    ------
    InputError
        When it does not speak Arrow.
    """
    if isinstance(frame, pa.Table):
        return frame
    if isinstance(frame, pd.DataFrame):
        return _pandas_table(frame)
    if isinstance(frame, pa.RecordBatchReader):
        return frame.read_all()
    for method in ("to_arrow_table", "fetch_arrow_table"):  # DuckDB relations and results
        if hasattr(frame, method):
            return getattr(frame, method)()
    try:
        return pa.table(frame)
    except (TypeError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"A {type(frame).__name__} is no table of sessions: {first_line(error)}.",
            "Give a path, or a pandas, Polars, DuckDB or pyarrow table.",
        ) from error


def _pandas_table(frame: pd.DataFrame) -> pa.Table:
    names = [name for name in frame.index.names if name is not None]
    flat = frame.reset_index(names) if names else frame
    arrays = [_series_array(flat.iloc[:, i]) for i in range(flat.shape[1])]
    return pa.table(arrays, names=[str(name) for name in flat.columns])


def _series_array(series: pd.Series[Any]) -> pa.Array:
    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        # A column of mixed types: read it as text, so that the door can say which rows do not fit.
        array = pa.array([None if _is_null(value) else str(value) for value in series.tolist()], pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _is_null(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def joined(parts: list[RawRows]) -> RawRows:
    """Return the rows of several batches of one source, at least one, as if they had been read at once."""
    if len(parts) == 1:
        return parts[0]
    reject = None
    if any(part.reject is not None for part in parts):
        reject = pa.concat_arrays([pa.nulls(len(p.line), pa.string()) if p.reject is None else p.reject for p in parts])
    return RawRows(
        columns=pa.concat_tables([part.columns for part in parts]).unify_dictionaries(),
        file=parts[0].file,
        line=pa.concat_arrays([part.line for part in parts]),
        reject=reject,
        notes=parts[0].notes,
    )


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
