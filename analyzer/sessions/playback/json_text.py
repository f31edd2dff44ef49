"""A window on the text of a JSON file, and what one JSON value in it is or why it is none.

The window grows while one value does not end in it, each time by twice as much, so that a value of many megabytes is
not parsed once a block.
"""

from __future__ import annotations

import codecs
import json
import re
from typing import BinaryIO, Final, NamedTuple

BREAKS_OFF: Final = "the JSON breaks off here"
NO_JSON: Final = "this is not JSON"
TOO_DEEP: Final = "the JSON is nested too deep"
TOO_MANY_DIGITS: Final = "a number has too many digits"
TOO_LARGE: Final = "one value is larger than 128 MB"

BLOCK_BYTES: Final = 1 << 20
_MOST_BLOCK_BYTES: Final = 1 << 26
_MOST_CHARS: Final = 1 << 27
_MOST_DEPTH: Final = 10_000  # beyond, nobody looks for the end
_MARGIN: Final = 12  # a parser that stops this near the end may have met half a literal or half an escape
_DECODER: Final = json.JSONDecoder()
# Commas too: one too many or too few costs nobody a record. A mark of byte order may stand where files were joined.
_SPACE: Final = re.compile(r"[ \t\r\n,\ufeff\x1e]*")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|["\[\]{}]', re.DOTALL)
_SCALAR: Final = re.compile(r"[-+.\w]+")


class BrokenError(Exception):
    """Nothing behind this place can be read; the message is the fault."""


class Decoded(NamedTuple):
    """One value of a text.

    Attributes
    ----------
    value : object
    end : int or None
        Where it ends; None where nobody can tell.
    fault : str or None
        Why it cannot be read.
    cut : bool
        More text may help.
    """

    value: object
    end: int | None
    fault: str | None
    cut: bool


def space_end(text: str, at: int) -> int:
    """Return where white space and commas end."""
    match = _SPACE.match(text, at)
    return match.end() if match else at


def decoded(text: str, at: int) -> Decoded:
    """Read the value that begins at a place of a text."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        open_text = error.msg.startswith("Unterminated")
        fault = BREAKS_OFF if open_text or not text[error.pos :].strip() else NO_JSON
        return Decoded(None, None, fault, open_text or error.pos >= len(text) - _MARGIN)
    except RecursionError:
        fault = TOO_DEEP
    except ValueError:  # Python reads no integers of thousands of digits
        fault = TOO_MANY_DIGITS
    else:
        return Decoded(value, end, None, False)
    try:
        place = _end_of(text, at)
    except RecursionError:
        return Decoded(None, None, fault, False)
    return Decoded(None, place, fault if place else BREAKS_OFF, place is None)


def _end_of(text: str, at: int) -> int | None:
    """Return where a value ends that cannot be parsed, told by its brackets; None where it does not.

    Raises
    ------
    RecursionError
        When it is so deep that its end is not worth looking for.
    """
    if text[at] not in "[{":
        match = _SCALAR.match(text, at)
        return match.end() if match else None
    depth = 0
    for match in _TOKEN.finditer(text, at):
        found = match[0]
        if found == '"':  # a text that nothing closes
            return None
        depth += (found in "[{") - (found in "]}")
        if depth == 0:
            return match.end()
        if depth > _MOST_DEPTH:
            raise RecursionError
    return None


class Window:
    """The part of a file that is being read.

    Attributes
    ----------
    text : str
        What is known of the file from `at` on, and perhaps something before.
    at : int
        Where the next value is looked for.
    ended : bool
        The file has no more text.
    """

    def __init__(self, file: BinaryIO) -> None:
        mark = file.read(2)
        file.seek(0)
        encoding = "utf-16" if mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        self._file = file
        self._block = BLOCK_BYTES
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> bool:
        """Read another block; False at the end of the file, or when one value is too large to go on."""
        if self.ended or len(self.text) - self.at > _MOST_CHARS:
            return False
        data = self._file.read(self._block)
        self.ended = not data
        self.text = self.text[self.at :] + self._decoder.decode(data, final=self.ended)
        self.at = 0
        self._block = min(2 * self._block, _MOST_BLOCK_BYTES)
        return True

    def take(self, end: int) -> None:
        """Go on at a place of the text."""
        self.at = end
        self._block = BLOCK_BYTES

    def peek(self) -> str:
        """Return the next character that is neither space nor comma, without taking it; empty at the end."""
        while True:
            self.at = space_end(self.text, self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""

    def value(self) -> tuple[object, str | None]:
        """Take the value that begins here, with its fault.

        Raises
        ------
        BrokenError
            When nobody can tell where it ends.
        """
        while True:
            found = decoded(self.text, self.at)
            # A number that ends near the end of the window may go on behind it: "-1." is read as -1.
            unsure = found.cut if found.end is None else found.end >= len(self.text) - _MARGIN
            if not unsure or not self.more():
                break
        if found.end is None:
            raise BrokenError(self.fault(found))
        self.take(found.end)
        return found.value, found.fault

    def fault(self, found: Decoded) -> str:
        """Return why a value of which the end is not known cannot be read."""
        return TOO_LARGE if found.cut and not self.ended else found.fault or BREAKS_OFF

    def line(self) -> str | None:
        """Take a line, None at the end of the file; a line that is too large to hold is cut."""
        while (end := self.text.find("\n", self.at)) < 0 and self.more():
            pass
        if end < 0:
            end = len(self.text)
            if end == self.at:
                return None
        line = self.text[self.at : end]
        self.take(min(end + 1, len(self.text)))
        return line
