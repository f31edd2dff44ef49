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
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from analyzer.errors import InputError, did_you_mean
from analyzer.sessions.convert import Mask, as_mask
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
        sources = list(dict.fromkeys(chosen.values()))  # one source may be mapped to two columns
        table = pq.read_table(path, columns=sources, read_dictionary=keys, partitioning=None)
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
    """Read one CSV file with a header line; the separator is found, line breaks in quoted values are kept.

    A line with too few or too many fields is quarantined, not an error; so is each line that a quote swallows because
    nothing closes it. Bytes that are not UTF-8 are read as Windows-1252, and said.

    Raises
    ------
    InputError
        When the file is missing, empty, not text, or a required column is missing.
    """
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Give a file that exists.") from error
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
            raise InputError(
                f"{path} cannot be read as CSV: {_first_line(error)}.",
                "Look for a quote that nothing closes or a line of many megabytes; or give a Parquet file.",
            ) from error
        table, chosen, line, reject = _parse_windows(path, mapping)
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
                did_you_mean(str(source), present) or f"Present are {', '.join(present)}.",
            )
    by_plain_name = {_plain(name): name for name in reversed(present)} | {name: name for name in present}
    found = {name: by_plain_name[name] for name in COLUMNS if name in by_plain_name}
    chosen = {name: mapping.get(name, found.get(name, "")) for name in COLUMNS}
    chosen = {name: source for name, source in chosen.items() if source}
    _require(chosen, present, label)
    for source in chosen.values():
        if present.count(source) > 1:
            raise InputError(
                f"{label} has {present.count(source)} columns named {source!r}.", "Rename or drop all but one."
            )
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
        header, more = file.readline().rstrip("\r\n"), file.readline()
    separator = max(_SEPARATORS, key=header.count)
    names = next(csv.reader([header], delimiter=separator))
    chosen = match_columns(names, mapping, str(path))
    if not more:
        raise InputError(f"{path} holds no rows.", "Give a source with at least one viewing session.")
    bad: list[tuple[int, str]] = []

    def note_bad(row: Any) -> str:
        bad.append((row.number, row.text))
        return "skip"

    def read(columns: list[str]) -> pa.Table:
        bad.clear()
        return pa_csv.read_csv(
            path,
            read_options=pa_csv.ReadOptions(
                use_threads=False, encoding=encoding, column_names=names, skip_rows=1, block_size=1 << 24
            ),
            parse_options=pa_csv.ParseOptions(
                delimiter=separator, ignore_empty_lines=False, invalid_row_handler=note_bad
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                include_columns=columns,
                strings_can_be_null=True,
                null_values=["", "NULL", "null", "NaN", "nan", "NA", "None"],
            ),
        )

    table = read(list(dict.fromkeys(chosen.values())))
    blank = _all_null(table)
    if blank.any() and len(names) > table.num_columns:
        blank = _all_null(read(names))  # a row with a value in any column, declared or not, is a row
    lines = _first_lines(path, encoding, separator, table.num_rows + len(bad))
    good = np.setdiff1d(np.arange(len(lines)), [number - 2 for number, _ in bad])
    wrong = [
        int(lines[number - 2]) + nth
        for number, text in bad
        for nth, line in enumerate(text.splitlines())
        if line.strip(separator + " ")
    ]
    reason = f"the line does not have the {len(names)} fields of the header"
    columns, line, reject = _with_bad_rows(table.filter(pa.array(~blank)), lines[good][~blank], wrong, reason)
    return columns, chosen, line, reject


def _parse_windows(path: Path, mapping: Mapping_) -> tuple[pa.Table, dict[str, str], pa.Array, pa.Array | None]:
    try:
        return _parse_csv(path, mapping, "cp1252")
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise InputError(
            f"{path} is neither UTF-8 nor Windows-1252: {_first_line(error)}.", "Save it as UTF-8."
        ) from error


def _all_null(table: pa.Table) -> Mask:
    null: Mask = np.logical_and.reduce([as_mask(column.combine_chunks().is_null()) for column in table.columns])
    return null


def _first_lines(path: Path, encoding: str, separator: str, records: int) -> npt.NDArray[np.int64]:
    """Return the line on which each record begins; most files have one line a record, which is fast to see."""
    one_line_each = np.arange(2, records + 2)
    quoted, breaks, end = False, 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(1 << 24):
            quoted, breaks, end = quoted or b'"' in chunk, breaks + chunk.count(b"\n"), chunk[-1:]
    if not quoted or breaks + (end != b"\n") == records + 1:
        return one_line_each
    with path.open(encoding=encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=separator)
        try:
            last = [reader.line_num for _ in reader]
        except csv.Error:
            return one_line_each
    return np.array(last[:-1], dtype=np.int64) + 1 if len(last) == records + 1 else one_line_each


def _with_bad_rows(
    table: pa.Table, lines: npt.NDArray[np.int64], wrong: list[int], reason: str
) -> tuple[pa.Table, pa.Array, pa.Array | None]:
    """Append the lines with the wrong number of fields, with the reason why they are none."""
    if not wrong:
        return table, pa.array(lines), None
    padding = pa.table([pa.nulls(len(wrong), f.type) for f in table.schema], schema=table.schema)
    reasons = pa.array([None] * table.num_rows + [reason] * len(wrong), type=pa.string())
    return pa.concat_tables([table, padding]), pa.array(np.append(lines, wrong)), reasons


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".") if str(error) else type(error).__name__
