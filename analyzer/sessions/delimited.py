"""CSV and its relatives: a header line, then rows; the separator is found, line breaks in quoted values are kept.

A line with too few or too many fields is quarantined, not an error; so is each line that a quote swallows because
nothing closes it, up to a block of 16 MB. Bytes that are not UTF-8 are read as Windows-1252, and said. Files are read a
block at a time, so they may be larger than memory.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pa_csv

from analyzer.errors import InputError
from analyzer.sessions.convert import Mask, as_mask
from analyzer.sessions.records import RawRows
from analyzer.sessions.schema import SESSION_TABLE, Declared
from analyzer.sessions.tabular import first_line, joined, match_columns

_SEPARATORS: Final = (",", ";", "\t", "|")
_BLOCK_BYTES: Final = 1 << 24
_NULLS: Final = ["", "NULL", "null", "NaN", "nan", "NA", "None"]
_Lines = npt.NDArray[np.int64]


def read_csv(path: Path, mapping: Mapping[str, str]) -> RawRows:
    """Read one CSV file whole; errors as `csv_batches`."""
    return joined(list(csv_batches(path, mapping)))


def csv_batches(path: Path, mapping: Mapping[str, str], declared: Declared = SESSION_TABLE) -> Iterator[RawRows]:
    """Read one CSV file of a declared table with a header line, a block of rows at a time.

    Raises
    ------
    InputError
        When the file is missing, empty, not text, or a required column is missing.
    """
    encoding = _encoding(path)
    notes = (f"{path.name} is not UTF-8; it was read as Windows-1252.",) if encoding == "cp1252" else ()
    try:
        yield from _batches(_Layout.of(path, encoding, mapping, declared), notes)
    except (pa.ArrowInvalid, UnicodeDecodeError) as error:
        if encoding == "cp1252":
            raise InputError(
                f"{path} is neither UTF-8 nor Windows-1252: {first_line(error)}.", "Save it as UTF-8."
            ) from error
        raise InputError(
            f"{path} cannot be read as CSV: {first_line(error)}.",
            "Look for a quote that nothing closes or a line of many megabytes; or give a Parquet file.",
        ) from error


def columns_of(path: Path, mapping: Mapping[str, str], declared: Declared = SESSION_TABLE) -> tuple[str, ...]:
    """Return the declared columns of a CSV file; errors as `csv_batches`."""
    return tuple(_Layout.of(path, _encoding(path), mapping, declared).chosen)


def _encoding(path: Path) -> str:
    """Return utf-8, utf-16 or cp1252; the whole file is looked at, for one byte decides."""
    try:
        with path.open("rb") as file:
            head = file.read(65_536)
            if not head.strip():
                raise InputError(f"{path} is empty.", "Give a file with a header line and at least one row.")
            if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
                return "utf-16"
            if b"\0" in head:
                raise InputError(f"{path} is not a text file.", "Sessions are read from Parquet or CSV.")
            decoder = codecs.getincrementaldecoder("utf-8")()
            decoder.decode(head)
            while chunk := file.read(_BLOCK_BYTES):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.", "Give a file that exists.") from error
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


@dataclass(frozen=True)
class _Layout:
    """How a CSV file is laid out."""

    path: Path
    encoding: str
    separator: str
    names: list[str]
    chosen: dict[str, str]

    @classmethod
    def of(cls, path: Path, encoding: str, mapping: Mapping[str, str], declared: Declared) -> _Layout:
        with path.open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            header, more = file.readline().rstrip("\r\n"), file.readline()
        separator = max(_SEPARATORS, key=header.count)
        names = next(csv.reader([header], delimiter=separator))
        chosen = match_columns(names, mapping, str(path), declared)
        if not more:
            raise InputError(f"{path} holds no rows.", "Give a file with at least one row.")
        return cls(path, encoding, separator, names, chosen)


def _batches(layout: _Layout, notes: tuple[str, ...]) -> Iterator[RawRows]:
    records, lines = _Records(), _LineNumbers(layout)
    reader = pa_csv.open_csv(
        layout.path,
        read_options=pa_csv.ReadOptions(
            use_threads=False,
            encoding=layout.encoding,
            column_names=layout.names,
            skip_rows=1,
            block_size=_BLOCK_BYTES,
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=layout.separator,
            ignore_empty_lines=False,
            invalid_row_handler=records.note_bad,
            newlines_in_values=lines.may_break,
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(layout.names, pa.string()), strings_can_be_null=True, null_values=_NULLS
        ),
    )
    with reader:
        for batch in reader:
            good, bad = records.take(batch.num_rows)
            yield _raw_rows(layout, pa.Table.from_batches([batch]), lines.of(good), _wrong(layout, bad, lines), notes)
            lines.forget_before(records.next)
        rest = records.rest()
        if rest:
            table = pa.schema([(name, pa.string()) for name in layout.names]).empty_table()
            yield _raw_rows(layout, table, lines.of(np.zeros(0, dtype=np.int64)), _wrong(layout, rest, lines), notes)


@dataclass
class _Records:
    """Numbers of the records read so far; those with the wrong number of fields are told before their block."""

    next: int = 0  # the record below the header is 0
    bad: list[tuple[int, str]] = field(default_factory=list)

    def note_bad(self, row: Any) -> str:
        self.bad.append((row.number - 2, row.text))
        return "skip"

    def take(self, count: int) -> tuple[_Lines, list[tuple[int, str]]]:
        """Return the numbers of the next `count` good records, and the bad ones before the last of them."""
        among = np.arange(self.next, self.next + count + len(self.bad))
        good = np.setdiff1d(among, [number for number, _ in self.bad], assume_unique=True)[:count]
        self.next = int(good[-1]) + 1 if count else self.next
        passed = [entry for entry in self.bad if entry[0] < self.next]
        self.bad = [entry for entry in self.bad if entry[0] >= self.next]
        return good, passed

    def rest(self) -> list[tuple[int, str]]:
        return self.bad


class _LineNumbers:
    """On which line each record begins; most files have one line a record, and then nothing is counted."""

    def __init__(self, layout: _Layout) -> None:
        # The bytes of UTF-16 do not tell: half of a letter may look like a quote.
        self.may_break = layout.encoding == "utf-16" or _may_break_lines(layout.path)
        self._starts = _record_starts(layout) if self.may_break else None
        self._known: _Lines = np.zeros(0, dtype=np.int64)
        self._first = 0

    def of(self, records: _Lines) -> _Lines:
        """Return the line of each record, none of them before those that were forgotten."""
        if self._starts is None or len(records) == 0:
            return records + 2
        wanted = int(records[-1]) + 1 - self._first - len(self._known)
        more = [line for _, line in zip(range(wanted), self._starts, strict=False)]
        self._known = np.append(self._known, np.array(more, dtype=np.int64))
        place = records - self._first
        return self._known[place] if place[-1] < len(self._known) else records + 2

    def forget_before(self, record: int) -> None:
        drop = max(record - self._first, 0)
        self._known, self._first = self._known[drop:], self._first + drop


def _may_break_lines(path: Path) -> bool:
    """Tell whether a line break may stand inside quotes: only where one has an odd number of quotes before it."""
    inside = 0
    with path.open("rb") as file:
        while chunk := file.read(_BLOCK_BYTES):
            if b'"' not in chunk:
                if inside and b"\n" in chunk:
                    return True
                continue
            data = np.frombuffer(chunk, dtype=np.uint8)
            quotes = np.cumsum(data == 0x22) + inside
            if (quotes[data == 0x0A] & 1).any():
                return True
            inside = int(quotes[-1]) & 1
    return bool(inside)


def _record_starts(layout: _Layout) -> Iterator[int]:
    with layout.path.open(encoding=layout.encoding, errors="replace", newline="") as text:
        reader = csv.reader(text, delimiter=layout.separator)
        last = 0
        try:
            for number, _ in enumerate(reader):
                if number:
                    yield last + 1
                last = reader.line_num
        except csv.Error:
            return


def _wrong(layout: _Layout, bad: list[tuple[int, str]], lines: _LineNumbers) -> list[int]:
    """Return the line numbers of records with the wrong number of fields: each line that is not blank."""
    first = lines.of(np.array([number for number, _ in bad], dtype=np.int64))
    return [
        int(line) + nth
        for line, (_, text) in zip(first, bad, strict=True)
        for nth, words in enumerate(text.splitlines())
        if words.strip(layout.separator + " ")
    ]


def _raw_rows(layout: _Layout, table: pa.Table, lines: _Lines, wrong: list[int], notes: tuple[str, ...]) -> RawRows:
    """Return declared columns of the rows that hold any value, with the wrong lines and the reason behind them."""
    kept = ~_all_null(table)
    columns = pa.table([table[source] for source in layout.chosen.values()], names=list(layout.chosen))
    columns, lines = columns.filter(pa.array(kept)), lines[kept]
    if not wrong:
        return RawRows(columns, str(layout.path), pa.array(lines), None, notes)
    padding = pa.table([pa.nulls(len(wrong), f.type) for f in columns.schema], schema=columns.schema)
    reason = f"the line does not have the {len(layout.names)} fields of the header"
    reasons = pa.array([None] * columns.num_rows + [reason] * len(wrong), type=pa.string())
    columns = pa.concat_tables([columns, padding])
    return RawRows(columns, str(layout.path), pa.array(np.append(lines, wrong)), reasons, notes)


def _all_null(table: pa.Table) -> Mask:
    """Return True for rows without a value in any column, declared or not: blank lines."""
    null: Mask = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        null &= as_mask(column.combine_chunks().is_null())
        if not null.any():
            break
    return null
