"""Single values of JSON records, read as what their format says that they are.

A value that is not there is None. A value that is there but is something else is a reason to set the row aside: it is
never guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_NO_NUMBERS: Final = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
_FLAGS: Final[dict[object, bool]] = {
    **dict.fromkeys(("true", "yes", "on", "1"), True),
    **dict.fromkeys(("false", "no", "off", "0"), False),
}
_NOTHING: Final[Mapping[str, object]] = {}


class UnreadableError(Exception):
    """A record cannot be read; the message is the reason, one short phrase."""


def part(value: object) -> Mapping[str, object]:
    """Return an object of a record, empty where there is none."""
    return value if isinstance(value, dict) else _NOTHING


def word(value: object) -> str | None:
    """Return an id or a name as text, None where it is blank, no text and no whole number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        return None
    # JSON can spell halves of characters, which no column of text can hold.
    return value if value.isascii() else value.encode("utf-8", "replace").decode()


def first_word(values: Iterable[object]) -> str | None:
    """Return the first of some values that can be read as a word."""
    return next((found for value in values if (found := word(value)) is not None), None)


def number(value: object, where: str) -> float | None:
    """Return a number, also one that is written as text; None for null, blank, NaN and what is infinite.

    Raises
    ------
    UnreadableError
        When it is something else; `where` says what it is called in the record.
    """
    if value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text or text.lower() in _NO_NUMBERS:
            return None
        value = float(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise UnreadableError(f"{where} is not a number")
    try:
        found = float(value)
    except OverflowError:  # hundreds of digits: infinite, for a float
        return None
    return found if math.isfinite(found) else None


def flag(value: object, where: str) -> bool | None:
    """Return true or false, also as a word or as 1 and 0; None for null and blank.

    Raises
    ------
    UnreadableError
        When it is something else.
    """
    if value is None or isinstance(value, bool):
        return value
    key = value.strip().lower() if isinstance(value, str) else str(value) if value in (0, 1) else ""
    if isinstance(value, str) and not key:
        return None
    if key not in _FLAGS:
        raise UnreadableError(f"{where} is neither true nor false")
    return _FLAGS[key]


def instant(record: Mapping[str, object], *names: str) -> str | None:
    """Return the first time that is there, as the text that it is.

    Raises
    ------
    UnreadableError
        When that is no text: a bare number does not say what it counts.
    """
    for name in names:
        value = record.get(name)
        if isinstance(value, str) or value is None:
            if (found := word(value)) is not None:
                return found
            continue
        raise UnreadableError(f"{name} is not a time in text")
    return None


@lru_cache(maxsize=4096)
def last_segment(iri: str) -> str:
    """Return what follows the last slash or hash of an address, in lower case."""
    return re.split(r"[/#]", iri.strip().rstrip("/#"))[-1].lower()
