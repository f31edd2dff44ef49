"""The text of an exported CSV file, mended: encodings, line ends, separators, and what spreadsheets did.

A line is a row: fields of these exports never span lines, so a stray quotation mark costs one row, not the
rest of the file, and each row keeps its physical line number.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from analyzer.errors import InputError
from analyzer.sessions.titles import tidy

SEPARATORS: Final = (",", ";", "\t", "|")
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_NOTHING: Final = re.compile(r'[\s,;|"]*')  # a blank line, or separators only
_SEPARATOR_HINT: Final = re.compile(r'"?sep=.?"?', re.IGNORECASE)  # a first line that only spreadsheets read
_LONGEST_FIELD: Final = 2**31 - 1  # characters; the reader stops at 131,072 if nobody tells it otherwise
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a file are.

    Attributes
    ----------
    names : tuple of str
        Header names, lower case, without white space around them.
    separator : str
        What stands between fields.
    line : int
        Line number of the header.
    """

    names: tuple[str, ...]
    separator: str
    line: int


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of a file as fields.

    Attributes
    ----------
    columns : dict of str to list of str
        Fields by header name, in file order; empty text where the row could not be split.
    line : list of int
        Line number of each row, the first line of the file being 1.
    reject : list of str or None
        Why a row could not be split.
    """

    columns: dict[str, list[str]]
    line: list[int]
    reject: list[str | None]


def read_text(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file and notes on how it was read.

    Raises
    ------
    InputError
        When the file cannot be read or is no text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it is not reachable"
        raise InputError(f"{path} cannot be read: {reason}.", "Name a file that you can read.") from error
    return decode(data, str(path))


def decode(data: bytes, name: str, *, whole: bool = True) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file and notes on how it was read.

    Parameters
    ----------
    data : bytes
        The file's bytes, or with ``whole=False`` its beginning.
    name : str
        How errors and notes call the file.

    Raises
    ------
    InputError
        When the bytes are no text.
    """
    codec = next((codec for mark, codec in _MARKS if data.startswith(mark)), "utf-8")
    notes: tuple[str, ...] = ()
    try:
        text = codecs.getincrementaldecoder(codec)().decode(data, final=whole)
    except UnicodeDecodeError:
        if codec != "utf-8":
            raise _not_text(name) from None
        text, codec = _western(data)
        notes = (f"{name} is not UTF-8 and was read as {codec}; letters with accents may be wrong.",)
    if "\0" in text:
        raise _not_text(name)
    return text, notes


def _western(data: bytes) -> tuple[str, str]:
    try:
        return data.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return data.decode("latin-1"), "Latin-1"


def _not_text(name: str) -> InputError:
    return InputError(f"{name} is not a text file.", "Give the CSV file as it was exported, or save it as UTF-8.")


def find_layout(text: str, recognise: Callable[[frozenset[str]], bool]) -> Layout | None:
    """Return the layout of the first line that is not blank; None when no separator makes it recognised."""
    for number, line in enumerate(_lines(text), start=1):
        if _NOTHING.fullmatch(line) or _SEPARATOR_HINT.fullmatch(line.rstrip(",;\t ")):
            continue
        for separator in SEPARATORS:
            for fields in _readings(line, separator):
                names = _names(fields)
                if recognise(frozenset(names) - {""}):
                    return Layout(names, separator, number)
        return None
    return None


def _lines(text: str) -> Iterator[str]:
    """Yield one line after the other: the header is near the beginning of what may be a large file."""
    start = 0
    for end in _LINE_END.finditer(text):
        yield text[start : end.start()]
        start = end.end()
    yield text[start:]


def _names(fields: list[str]) -> tuple[str, ...]:
    names = [tidy(field).casefold() for field in fields]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def read_grid(text: str, layout: Layout) -> Grid:
    """Split all lines below the header into fields; blank lines are no rows."""
    width = len(layout.names)
    rows: list[list[str]] = []
    numbers: list[int] = []
    reject: list[str | None] = []
    for number, line in enumerate(_LINE_END.split(text), start=1):
        if number <= layout.line or _NOTHING.fullmatch(line):
            continue
        fields = _fields(line, layout.separator, width)
        rows.append(fields if len(fields) == width else [""] * width)
        numbers.append(number)
        reject.append(_miscount(len(fields), width))
    turned = list(zip(*rows, strict=True)) or [()] * width
    columns: dict[str, list[str]] = {}
    for name, column in zip(layout.names, turned, strict=True):
        columns.setdefault(name, list(column))
    return Grid(columns, numbers, reject)


def _miscount(found: int, width: int) -> str | None:
    if found == width:
        return None
    return f"the row has too {'few' if found < width else 'many'} fields ({found} instead of {width})"


def _fields(line: str, separator: str, width: int) -> list[str]:
    """Return the first reading of a line that has `width` fields, else the one that comes nearest."""
    nearest: list[str] = []
    for reading in _readings(line, separator):
        padded = len(reading) > width and not any(field.strip() for field in reading[width:])
        fields = reading[:width] if padded else reading
        if _is_wrapped(fields, separator):
            continue
        if len(fields) == width:
            return fields
        if not nearest or abs(len(fields) - width) < abs(len(nearest) - width):
            nearest = fields
    return nearest


def _is_wrapped(fields: list[str], separator: str) -> bool:
    """A whole row in the first field, padded with empty ones to any width."""
    return len(fields) > 1 and separator in fields[0] and not any(fields[1:])


def _readings(line: str, separator: str) -> Iterator[list[str]]:
    """Yield the ways to read a line, plainest first.

    A spreadsheet that expects another separator takes the row for one cell (or for several, where a field
    holds that separator), pads it with empty cells and quotes cells that hold quotation marks. Splitting by
    that separator and joining again undoes all three.
    """
    bare = _without_padding(line)
    yield _split(line if separator == ";" else bare, separator)
    if '"' not in line:
        return
    for outer in SEPARATORS:
        cells = _split(line if outer == ";" else bare, outer)
        while len(cells) > 1 and not cells[-1].strip():
            cells.pop()
        if outer != separator or len(cells) == 1:
            yield _split(outer.join(cells), separator)


def _without_padding(line: str) -> str:
    """Return a line without the semicolons at its end, and the spaces among them."""
    kept = line.rstrip("; ")
    end = line.find(";", len(kept))
    return line if end < 0 else line[:end]


def _split(line: str, separator: str) -> list[str]:
    if len(line) > csv.field_size_limit():
        csv.field_size_limit(_LONGEST_FIELD)  # for the whole process; never lowered, so threads do not meet
    try:
        return next(csv.reader((line,), delimiter=separator), [])
    except csv.Error:  # a field beyond the reader's limit
        return []
