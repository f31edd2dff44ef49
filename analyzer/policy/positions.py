"""Where each value of a TOML text stands: path -> line.

`tomllib` gives values without their places. This reads a text that `tomllib` has already accepted, so it knows nothing
of what is wrong; where it loses its way it returns the places that it has found, and mistakes then tell a line nearby.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from contextlib import suppress
from typing import Final

Path = tuple[str | int, ...]

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_GAP: Final = re.compile(r"[ \t]*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_TEXT: Final = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN: Final = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Path, int]:
    """Return the line, from 1, on which each table, key and element of a TOML text begins.

    Parameters
    ----------
    text : str
        Valid TOML; of anything else only a part is found.
    """
    reader = _Reader(text.replace("\r\n", "\n"))
    with suppress(_LostError, RecursionError):
        reader.read()
    return reader.found


class _LostError(Exception):
    """The text is not what was expected here."""


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.breaks = [m.start() for m in re.finditer("\n", text)]
        self.found: dict[Path, int] = {(): 1}
        self.elements: dict[Path, int] = {}  # how many tables each array of tables has so far

    def read(self) -> None:
        """Read the whole text."""
        table: Path = ()
        self.skip(_BLANK)
        while self.at < len(self.text):
            start = self.at
            if self.text[self.at] == "[":
                table = self.header(start)
            else:
                self.pair(table)
            self.skip(_BLANK)
            if self.at == start:
                raise _LostError

    def header(self, start: int) -> Path:
        """Read [a.b] or [[a.b]] and return the path of the table that it opens."""
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.at += brackets
        *parents, last = self.key()
        self.expect("]" * brackets)
        table: Path = ()
        for name in parents:
            table = self.inside((*table, name), start)
        table = (*table, last)
        if brackets == 2:
            self.note(table, start)
            self.elements[table] = self.elements.get(table, 0) + 1
            table = self.inside(table, start)
        self.note(table, start)
        return table

    def inside(self, path: Path, start: int) -> Path:
        """Return where keys of a table go: in an array of tables, to its latest one."""
        self.note(path, start)
        return (*path, self.elements[path] - 1) if path in self.elements else path

    def pair(self, table: Path) -> None:
        """Read key = value."""
        start = self.at
        for name in self.key():
            table = (*table, name)
            self.note(table, start)
        self.expect("=")
        self.skip(_GAP)
        self.value(table)

    def key(self) -> list[str]:
        """Read a key, dotted or not."""
        names = []
        while True:
            self.skip(_GAP)
            quoted = self.text[self.at : self.at + 1] in ("'", '"')
            raw = self.take(_TEXT if quoted else _BARE)
            names.append(str(tomllib.loads(f"x = {raw}")["x"]) if quoted else raw)
            self.skip(_GAP)
            if not self.text.startswith(".", self.at):
                return names
            self.at += 1

    def value(self, path: Path) -> None:
        """Read one value and what is in it."""
        self.note(path, self.at)
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            self.array(path)
        elif opening == "{":
            self.inline(path)
        elif opening in ("'", '"'):
            self.take(_TEXT)
        else:
            self.take(_PLAIN)

    def array(self, path: Path) -> None:
        """Read [a, b]."""
        self.at += 1
        self.skip(_BLANK)
        number = 0
        while not self.text.startswith("]", self.at):
            self.value((*path, number))
            number += 1
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_BLANK)
            elif not self.text.startswith("]", self.at):
                raise _LostError
        self.at += 1

    def inline(self, path: Path) -> None:
        """Read { a = 1, b = 2 }."""
        self.at += 1
        self.skip(_BLANK)
        while not self.text.startswith("}", self.at):
            self.pair(path)
            self.skip(_BLANK)
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip(_BLANK)
            elif not self.text.startswith("}", self.at):
                raise _LostError
        self.at += 1

    def note(self, path: Path, at: int) -> None:
        self.found.setdefault(path, bisect_right(self.breaks, at - 1) + 1)

    def skip(self, what: re.Pattern[str]) -> None:
        found = what.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def take(self, what: re.Pattern[str]) -> str:
        found = what.match(self.text, self.at)
        if not found:
            raise _LostError
        self.at = found.end()
        return found[0]

    def expect(self, word: str) -> None:
        self.skip(_GAP)
        if not self.text.startswith(word, self.at):
            raise _LostError
        self.at += len(word)
