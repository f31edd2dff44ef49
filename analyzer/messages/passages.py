"""Which parts of a very long draft are read: those that count or address somebody come first.

What people post is far shorter than `LONGEST`. A longer text is never allowed, since nobody has read it to its end;
but what is in it that must not be said should still be found, wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

LONGEST: Final = 8_000  # characters that are read
_PIECE: Final = 400  # characters of a piece that is read whole
_MOST_PIECES: Final = 20_000  # pieces that are looked at
_ENDS: Final = re.compile(r"[.!?]\s|\n\s*\n")
_CUES: Final = re.compile(
    r"\d|\b(?:dear|to the|someone|somebody|who|whoever|you|everyone|household|account)\b", re.IGNORECASE
)


def parts_to_read(text: str) -> list[tuple[int, int]]:
    """Return the parts of a text that are read, in its order: all of it, where it is not too long.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of (int, int)
        Where each part begins and ends; together at most `LONGEST` characters.
    """
    if len(text) <= LONGEST:
        return [(0, len(text))]
    pieces = _pieces(text)
    told = [" ".join(text[start:end].translate(_invisible()).split()) for start, end in pieces]
    firsts = {words: at for at, words in reversed(list(enumerate(told)))}
    ranked = sorted((at for words, at in firsts.items() if words), key=lambda at: (-_cues(told[at]), at))
    chosen, size = [], 0
    for at in ranked:
        start, end = pieces[at]
        if size + end - start <= LONGEST:
            chosen.append((start, end))
            size += end - start
    return sorted(chosen)


def _cues(piece: str) -> int:
    """Return how many kinds of words a piece has that count or address people."""
    return len({found[0].casefold() if not found[0].isdigit() else "0" for found in _CUES.finditer(piece)})


def _pieces(text: str) -> list[tuple[int, int]]:
    """Cut a text at the ends of sentences, and what is longer at spaces."""
    made: list[tuple[int, int]] = []
    start = 0
    for found in _ENDS.finditer(text):
        made += _cut(text, start, found.end())
        start = found.end()
        if len(made) > _MOST_PIECES:
            return made
    return made + _cut(text, start, len(text))


def _cut(text: str, start: int, end: int) -> list[tuple[int, int]]:
    made = []
    while end - start > _PIECE:
        space = max(text.rfind(" ", start + 1, start + _PIECE), text.rfind("\n", start + 1, start + _PIECE))
        to = space + 1 if space > 0 else start + _PIECE
        made.append((start, to))
        start = to
    return [*made, (start, end)] if end > start else made


@cache
def _invisible() -> dict[int, None]:
    """Characters that nobody sees."""
    ranges = ((0, 0x300), (0x600, 0x700), (0x2000, 0x2100), (0xFE00, 0xFF00))
    marks = (
        code for low, high in ranges for code in range(low, high) if unicodedata.category(chr(code)) in ("Cf", "Mn")
    )
    return dict.fromkeys(marks)
