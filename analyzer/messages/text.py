"""A draft's text in one form, however it was made to look, with a way back to the characters as they were given.

Whatever is done to the looks of a text (invisible characters, letters that only look alike, bold, markup, curly quotes,
accents, line breaks) must not change how it is read. So letters and digits are brought to plain ones (Unicode NFKD, see
Unicode Standard Annex 15; look-alikes as in Unicode Technical Standard 39), and everything else works on these.
"""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.messages.claim import Span
from analyzer.messages.passages import parts_to_read

_CYRILLIC: Final = dict(
    zip("аеорсухіјѕԁһӏԛԝвкмнтгпАВЕКМНОРСТУХІЈЅԌԚԜѴѵ", "aeopcyxijsdhlqwbkmhtrnABEKMHOPCTYXIJSGQWVv", strict=True)
)
_GREEK: Final = dict(zip("αβγικνορτυχωεηΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abyiknoptuxwenABEZHIKMNOPTYX", strict=True))
_OTHERS: Final = dict(zip("ıɑɡⅼոսօհցℓøłđħŧØŁĐ", "iaglnuohgloldhtOLD", strict=True)) | {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "Æ": "AE",
    "Œ": "OE",
    "ẞ": "SS",
}
_QUOTES: Final = dict.fromkeys("“”„‟«»‹›「」『』〝〞＂", '"') | dict.fromkeys("‘’‚‛`´ʼʹ′＇", "'")
_DASHES: Final = dict.fromkeys("‐‑‒–−﹣－", "-") | dict.fromkeys("—―⸺⸻", "—")
_LOOKS: Final = {**_CYRILLIC, **_GREEK, **_OTHERS, **_QUOTES, **_DASHES, "\u2044": "/"}
_LETTER_NAME: Final = re.compile(r"(?:LETTER SMALL CAPITAL|(?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])$")
_MARKUP: Final = re.compile(r"</?[A-Za-z][^<>]{0,200}>|&#?\w{2,8};|\]\([^()\s]{1,300}\)|[*~`\u0336\u0332|\\]{1,}")
_EMPHASIS: Final = re.compile(r"(?<![\w@])_+(?=\w)|(?<=\w)_+(?!\w)")
_ENDS: Final = re.compile("[.!?:\u2026][\"'\u201d\u00bb)*_ \t]*$")  # of a line that is finished
_PARAGRAPH: Final = re.compile(r"(?:(?:\r\n?|\n|\u2028|\u2029)[ \t]*)+")
_BREAKS: Final = re.compile(r"</?(?:br|p|div|li|td|tr|h[1-6])\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Canonical:
    """A text in plain form.

    Attributes
    ----------
    given : the text as it was given.
    plain : the same, in plain characters.
    starts, ends : for each plain character, where the characters that it stands for begin and end in `given`.
    cut : whether the text is longer than what is read.
    """

    given: str
    plain: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    cut: bool = False

    def span(self, start: int, end: int) -> Span:
        """Return where plain characters from `start` up to `end` stand in the text as it was given."""
        if start >= end:
            return Span(0, 0)
        return Span(self.starts[start], self.ends[end - 1])


def canonical(text: str) -> Canonical:
    """Return a text in plain form: linear in its length, and never an error.

    Parameters
    ----------
    text : str
        Any text, also with unpaired surrogates.
    """
    plain: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    read = parts_to_read(text)
    for begin, end in read:
        gone = _gone(text[begin:end])
        for at in range(begin, end):
            char = text[at]
            told = gone[at - begin] if at - begin in gone else _told(char)
            for one in told:
                if one == " " and (not plain or plain[-1] in " \n"):
                    continue
                plain.append(one)
                starts.append(at)
                ends.append(at + 1)
        if end < len(text):
            plain.append("\n")
            starts.append(end - 1)
            ends.append(end)
    cut = sum(end - begin for begin, end in read) < len(text)
    return Canonical(text, "".join(plain), tuple(starts), tuple(ends), cut)


def _told(char: str) -> str:
    if char.isascii():
        return char if char >= " " or char in "\n\t\r" else " " if char.isspace() else ""
    return plain_form(char)


@lru_cache(maxsize=4096)
def plain_form(char: str) -> str:
    """Return one character in plain form: "" where it is invisible or a mark on the one before."""
    if char in _LOOKS:
        return _LOOKS[char]
    category = unicodedata.category(char)
    if category in ("Cf", "Cc", "Cs", "Co", "Mn", "Me"):
        return " " if char.isspace() else ""
    if category.startswith("Z"):
        return " "
    if category == "Nd":
        return str(unicodedata.digit(char))
    named = _LETTER_NAME.search(unicodedata.name(char, ""))
    if named:
        return named[1]
    parts = unicodedata.normalize("NFKD", char)
    plain = "".join(_LOOKS.get(part, part) for part in parts if not unicodedata.combining(part))
    return plain or char


def plain_text(text: str) -> str:
    """Return a text in plain form and without regard to case, as words of the vocabulary are compared."""
    return canonical(text).plain.casefold()


def plain_words(text: str) -> list[str]:
    """Return the words of a list of the vocabulary in plain form, however long the list is; a draft is cut."""
    return "".join(map(_told, text)).casefold().split()


def _gone(text: str) -> dict[int, str]:
    """Return the places of markup, each with what stands for it: mostly nothing."""
    gone: dict[int, str] = {}
    for pattern in (_MARKUP, _EMPHASIS):
        for found in pattern.finditer(text):
            gone.update(dict.fromkeys(range(found.start(), found.end()), ""))
            gone[found.start()] = _meant(found[0])
    for found in _PARAGRAPH.finditer(text):
        blank = sum(c in "\n\r\u2028\u2029" for c in found[0].replace("\r\n", "\n")) > 1
        # A line that stops in the middle of a sentence goes on in the next one, however far below that stands.
        done = blank and _ENDS.search(text[max(found.start() - 9, 0) : found.start()])
        gone.update(dict.fromkeys(range(found.start(), found.end()), ""))
        gone[found.start()] = "\n" if done else " "
    return gone


def _meant(markup: str) -> str:
    if markup.startswith("&"):
        told = html.unescape(markup)
        return "".join(plain_form(c) if not c.isascii() else c for c in told)
    return " " if _BREAKS.match(markup) else ""
