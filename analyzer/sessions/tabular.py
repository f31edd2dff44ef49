"""Any table of sessions: Parquet, CSV, or an Arrow-capable frame (pandas, Polars, DuckDB, pyarrow).

Columns are found under their canonical names, also written as "Viewer ID" or "VIEWER-ID", or through a mapping.
Times without an offset are taken as UTC. Columns that the schema does not declare are ignored.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from analyzer.errors import InputError, did_you_mean
from analyzer.sessions.convert import as_mask
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import COLUMNS, REQUIRED, Kind

Mapping_ = Mapping[str, str]
_KEYS: Final = {name for name, column in COLUMNS.items() if column.kind is Kind.KEY}


def read_parquet(path: Path, mapping: Mapping_) -> RawRows:
    """Read one Parquet file.

    Raises
    ------
    InputError
        When the file is damaged or cut short, or a required column is missing.
    """
    try:
        names = pq.read_schema(path).names
        chosen = match_columns(names, mapping, str(path))
        keys = [source for canonical, source in chosen.items() if canonical in _KEYS]
        table = pq.read_table(path, columns=list(chosen.values()), read_dictionary=keys, partitioning=None)
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"{path} cannot be read as Parquet: {_first_line(error)}.",
            "The file is damaged, cut short or of another format; write it again.",
        ) from error
    return _rows(table, chosen, str(path))


def read_frame(frame: Any, mapping: Mapping_, label: str = "frame") -> RawRows:
    """Read anything that speaks Arrow; pandas, Polars and DuckDB objects among them.

    Raises
    ------
    InputError
        When it does not speak Arrow or a required column is missing.
    """
    table = _arrow_table(frame)
    return _rows(table, match_columns(table.column_names, mapping, label), label)


def read_csv(path: Path, mapping: Mapping_) -> RawRows:
    """Read one CSV file with a header line; the separator is found, each physical line is a row.

    A line with too few or too many fields is quarantined, not an error. Bytes that are not UTF-8 are read as
    Windows-1252, and said.

    Raises
    ------
    InputError
        When the file is empty, not text, or a required column is missing.
    """
    head = path.open("rb").read(65_536)
    if not head.strip():
        raise InputError(f"{path} is empty.", "Give a file with a header line and at least one row.")
    utf16 = head[:2] in (b"\xff\xfe", b"\xfe\xff")
    if b"\0" in head and not utf16:
        raise InputError(f"{path} is not a text file.", "Sessions are read from Parquet or CSV.")
    notes: tuple[str, ...] = ()
    try:
        table, chosen, line, reject = _parse_csv(path, mapping, "utf-16" if utf16 else "utf-8")
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if utf16 or "utf" not in str(error).casefold():
            raise InputError(f"{path} cannot be read as CSV: {_first_line(error)}.") from error
        table, chosen, line, reject = _parse_csv(path, mapping, "cp1252")
        notes = (f"{path.name} is not UTF-8; it was read as Windows-1252.",)
    rows = _rows(table, chosen, str(path))
    return RawRows(rows.columns, rows.file, line, reject, notes)


def match_columns(present: list[str], mapping: Mapping_, label: str) -> dict[str, str]:
    """Return canonical name -> name in the source, for every declared column that the source has.

    Raises
    ------
    InputError
        When the mapping names an unknown column, or a required column is missing; the error names the nearest
        present one.
    """
    for canonical, source in mapping.items():
        if canonical not in COLUMNS:
            raise InputError(
                f"The mapping names {canonical!r}, which is no session column.",
                did_you_mean(canonical, list(COLUMNS)) or f"Known are {', '.join(COLUMNS)}.",
            )
        if source not in present:
            raise InputError(
                f"{label} has no column {source!r} to map to {canonical}.",
                did_you_mean(source, present) or f"Present are {', '.join(present)}.",
            )
    by_plain_name = {_plain(name): name for name in reversed(present)}
    found = {name: by_plain_name[name] for name in COLUMNS if name in by_plain_name}
    chosen = {name: mapping.get(name, found.get(name, "")) for name in COLUMNS}
    chosen = {name: source for name, source in chosen.items() if source}
    _require(chosen, present, label)
    return chosen


def _require(chosen: dict[str, str], present: list[str], label: str) -> None:
    missing = [name for name in REQUIRED if name not in chosen]
    if not missing:
        return
    name = missing[0]
    free = [p for p in present if p not in chosen.values()]
    near = did_you_mean(name, free) or did_you_mean(name.partition("_")[0], free)
    example = near.split("'")[1] if near else "YOUR_COLUMN"
    raise InputError(
        f"{label} has no column {' and no column '.join(missing)}; present are {', '.join(present) or 'none'}.",
        f"{near} Map it with --map {name}={example} or mapping={{{name!r}: {example!r}}}.".strip(),
    )


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().casefold())


def _rows(table: pa.Table, chosen: dict[str, str], label: str) -> RawRows:
    columns = pa.table([table[source] for source in chosen.values()], names=list(chosen))
    return RawRows(columns, label, pa.array(np.arange(1, table.num_rows + 1)))


def _arrow_table(frame: Any) -> pa.Table:
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
            f"A {type(frame).__name__} is no table of sessions: {_first_line(error)}.",
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
    except (pa.ArrowException, TypeError, ValueError):
        # A column of mixed types: read it as text, so that the door can say which rows do not fit.
        array = pa.array([None if pd.isna(value) else str(value) for value in series.tolist()], pa.string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


_SEPARATORS: Final = (",", ";", "\t", "|")


def _parse_csv(
    path: Path, mapping: Mapping_, encoding: str
) -> tuple[pa.Table, dict[str, str], pa.Array, pa.Array | None]:
    """Return the table, its columns, and the line number and rejection reason of every row."""
    with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
        header = file.readline().rstrip("\r\n")
    separator = max(_SEPARATORS, key=header.count)
    names = next(csv.reader([header], delimiter=separator))
    chosen = match_columns(names, mapping, str(path))
    bad: list[tuple[int, bool]] = []

    def note_bad(row: Any) -> str:
        bad.append((row.number, bool(row.text.strip(separator + " \r\n"))))
        return "skip"

    table = pa_csv.read_csv(
        path,
        read_options=pa_csv.ReadOptions(
            use_threads=False, encoding=encoding, column_names=names, skip_rows=1, block_size=1 << 24
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=separator, ignore_empty_lines=False, invalid_row_handler=note_bad
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            include_columns=list(chosen.values()),
            strings_can_be_null=True,
            null_values=["", "NULL", "null", "NaN", "nan", "NA", "None"],
        ),
    )
    return _with_bad_rows(table, chosen, bad, len(names))


def _with_bad_rows(
    table: pa.Table, chosen: dict[str, str], bad: list[tuple[int, bool]], width: int
) -> tuple[pa.Table, dict[str, str], pa.Array, pa.Array | None]:
    """Number the lines and append those with the wrong number of fields; blank lines are no rows."""
    lines = np.setdiff1d(np.arange(2, table.num_rows + len(bad) + 2), [number for number, _ in bad])
    blank = np.logical_and.reduce([as_mask(column.combine_chunks().is_null()) for column in table.columns])
    if blank.any():
        table, lines = table.filter(pa.array(~blank)), lines[~blank]
    wrong = np.array([number for number, has_text in bad if has_text], dtype=np.int64)
    if len(wrong) == 0:
        return table, chosen, pa.array(lines), None
    padding = pa.table([pa.nulls(len(wrong), f.type) for f in table.schema], schema=table.schema)
    reasons = [None] * table.num_rows + [f"the line does not have the {width} fields of the header"] * len(wrong)
    return (
        pa.concat_tables([table, padding]),
        chosen,
        pa.array(np.concatenate([lines, wrong])),
        pa.array(reasons, type=pa.string()),
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
