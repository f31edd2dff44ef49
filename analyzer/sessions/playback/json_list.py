"""The elements of a JSON list that stands inside a text, one after the other, even if the text is cut off.

A list that is not whole still gives the elements before the break. Elements that are whole but cannot be read (nested
too deep, a number of thousands of digits) cost themselves only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from analyzer.sessions.playback.json_text import BREAKS_OFF, decoded, space_end


class Element(NamedTuple):
    """One element of a list.

    Attributes
    ----------
    value : object
    fault : str or None
        Why it cannot be read.
    last : bool
        Nothing behind this place can be read.
    """

    value: object
    fault: str | None
    last: bool


def elements(text: str, at: int) -> Iterator[Element]:
    """Read the elements of the list that opens at a place of a text.

    Parameters
    ----------
    text : str
    at : int
        Where the opening bracket is.

    Yields
    ------
    Element
        What the list holds. Where the list breaks off or is no JSON, one with `last` says why, and is none of them.
    """
    whole = decoded(text, at).value
    if isinstance(whole, list):
        yield from (Element(value, None, False) for value in whole)
        return
    at = space_end(text, at + 1)
    while at < len(text):
        if text[at] == "]":
            return
        value, end, fault, _ = decoded(text, at)
        yield Element(value, fault, end is None)
        if end is None:
            return
        at = space_end(text, end)
    yield Element(None, BREAKS_OFF, True)
