"""The records of a JSON file, one after the other, however they were written down.

A file is JSON lines, an array, a page that holds an array under a key, or objects one behind the other. It is read a
block at a time, so it may be larger than memory. A line that is no JSON costs that line. In an array or a page that
breaks off, what came before is kept and the rest is one value with a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from analyzer.errors import InputError
from analyzer.sessions.playback.json_text import BREAKS_OFF, NO_JSON, BrokenError, Window, decoded, space_end

LISTS: Final = frozenset({"statements", "batch", "data"})
"""Keys under which a page holds its records."""

_OF_EVENTS: Final = frozenset({"actor", "verb", "event", "event_name"})  # an object with these is a record, no page
_KEY: Final = re.compile(r'[\s,]*"([^"\\]*(?:\\.[^"\\]*)*)"\s*:\s*', re.DOTALL)
_LINES_LOOKED_AT: Final = 20


@dataclass(frozen=True, slots=True)
class JsonValue:
    """One record of a JSON file.

    Attributes
    ----------
    number : int
        The line of JSON lines, else the running number of the record; the first is 1.
    value : object
        What it holds; None where it has a fault.
    fault : str or None
        Why it cannot be read.
    """

    number: int
    value: object
    fault: str | None


class _Record(NamedTuple):
    value: object
    fault: str | None


def json_values(path: Path) -> Iterator[JsonValue]:
    """Read the records of a JSON file.

    Raises
    ------
    InputError
        When the file cannot be opened or read.
    """
    try:
        with path.open("rb") as file:
            yield from _values(file)
    except OSError as error:
        reason = error.strerror or "it is not reachable"
        raise InputError(f"{path} cannot be read: {reason}.", "Name a file that you can read.") from error


def _values(file: BinaryIO) -> Iterator[JsonValue]:
    window = Window(file)
    window.more()
    if _is_lines(window.text):
        yield from _lines(window)
        return
    for number, record in enumerate(_sequence(window), 1):
        yield JsonValue(number, record.value, record.fault)


def _lines(window: Window) -> Iterator[JsonValue]:
    for number, line in enumerate(iter(window.line, None), 1):
        for record in _of_line(line):
            yield JsonValue(number, record.value, record.fault)


def _of_line(line: str) -> Iterator[_Record]:
    """Yield the records of one line: as a rule one, none of a blank line."""
    at = space_end(line, 0)
    while at < len(line):
        found = decoded(line, at)
        yield from _records_of(found.value, found.fault)
        if found.end is None:
            return
        at = space_end(line, found.end)


def _records_of(value: object, fault: str | None) -> Iterator[_Record]:
    """Yield a value, or the records that it holds if it is a page or an array."""
    lists = [value] if isinstance(value, list) else _lists_of(value)
    yield from (_Record(record, None) for records in lists for record in records)
    if not lists:
        yield _Record(value, fault)


def _lists_of(value: object) -> list[list[object]]:
    """Return the lists of records of a page; none of anything else."""
    if not isinstance(value, dict) or not _OF_EVENTS.isdisjoint(value):
        return []
    return [held for key, held in value.items() if key in LISTS and isinstance(held, list)]


def _sequence(window: Window) -> Iterator[_Record]:
    """Yield the records of arrays, pages and objects that stand one behind the other."""
    try:
        while char := window.peek():
            if char == "[":
                yield from _array(window)
            elif char == "{":
                yield from _object(window)
            else:
                yield _Record(*window.value())
    except BrokenError as broken:
        yield _Record(None, str(broken))


def _array(window: Window) -> Iterator[_Record]:
    window.take(window.at + 1)
    while (char := window.peek()) != "]":
        if not char:
            raise BrokenError(BREAKS_OFF)
        yield _Record(*window.value())
    window.take(window.at + 1)


def _object(window: Window) -> Iterator[_Record]:
    """Yield an object, or the records of a page: one that the window does not hold whole gives one at a time."""
    while True:
        found = decoded(window.text, window.at)
        if _lists_of(found.value) or (found.fault is not None and _opens_page(window.text, window.at)):
            yield from _page(window)  # from the text, where a key that stands twice counts twice
            return
        if found.end is not None:
            window.take(found.end)
            yield _Record(found.value, found.fault)
            return
        if not found.cut or not window.more():
            raise BrokenError(window.fault(found))


def _opens_page(text: str, at: int) -> bool:
    """Return whether an object of which the beginning is known holds records under a key."""
    at += 1
    while match := _KEY.match(text, at):
        if match[1] in _OF_EVENTS:
            return False
        if match[1] in LISTS and text.startswith("[", match.end()):
            return True
        end = decoded(text, match.end()).end
        if end is None:
            return False
        at = end
    return False


def _page(window: Window) -> Iterator[_Record]:
    window.take(window.at + 1)
    while window.peek() != "}":
        key, _ = window.value()
        if (char := window.peek()) != ":":
            raise BrokenError(NO_JSON if char else BREAKS_OFF)
        window.take(window.at + 1)
        if key in LISTS and window.peek() == "[":
            yield from _array(window)
        else:
            window.peek()
            window.value()
    window.take(window.at + 1)


def _is_lines(text: str) -> bool:
    """Return whether each line of a file stands by itself, told by its beginning."""
    text = text[space_end(text, 0) :]
    first, _, rest = text.partition("\n")
    records = list(_of_line(first))
    if not rest.strip() or first.strip() == "{":
        return False
    if all(record.fault is None for record in records):
        return not first.startswith("[") and (not _lists_of(decoded(first, 0).value) or rest.lstrip().startswith("{"))
    if first.startswith("["):
        return decoded(first, 0).fault == NO_JSON and _one_speaks_for_itself(rest)
    if not first.startswith("{"):
        return True
    if _opens_page(text, 0):
        return False
    end = decoded(text, 0).end
    return _one_speaks_for_itself(rest) if end is None else end <= len(first)


def _one_speaks_for_itself(rest: str) -> bool:
    """Return whether one of the next lines is an object: then a first line that is none is damaged."""
    lines = islice((match[0] for match in re.finditer(r"[^\n]+", rest)), _LINES_LOOKED_AT)
    return any(line.startswith("{") and all(r.fault is None for r in _of_line(line)) for line in lines)
