"""A plain text in pieces: words, numbers, signs, emoji, handles and hashtags, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from analyzer.messages.claim import Amount
from analyzer.messages.lists import words_of


class Piece(Enum):
    """What kind of piece it is."""

    WORD = "word"
    NUMBER = "number"
    SHARE = "share"  # of a whole: "40 %", "one in five"
    MONEY = "money"
    ORDINAL = "ordinal"
    TITLE = "title"  # of a film, song or series; its words are not read
    SIGN = "sign"
    STOP = "stop"  # the end of a sentence
    EMOJI = "emoji"
    HANDLE = "handle"
    HASHTAG = "hashtag"
    LINK = "link"

    __hash__ = object.__hash__  # a piece is itself alone; the hash of Enum is looked up a hundred times a word


@dataclass(slots=True)
class Token:
    """One piece of a plain text.

    Attributes
    ----------
    piece : what it is.
    text, norm : as it stands, and without regard to case and typing slips.
    start, end : its place in the plain text.
    tags : what the vocabulary knows of it.
    amount : of a number, a share or money.
    capital : whether it begins with a capital letter.
    glued : whether no space stands before it.
    """

    piece: Piece
    text: str
    norm: str
    start: int
    end: int
    tags: frozenset[str] = field(default_factory=frozenset)
    amount: Amount | None = None
    capital: bool = False
    glued: bool = False


_TOKEN: Final = re.compile(
    r"(?P<link>(?:https?://|www\.)\S{1,400})"
    r"|(?P<handle>(?<![\w@])@\w{2,40})"
    r"|(?P<hashtag>(?<!\w)\#[^\W\d]\w{0,60})"
    r"|(?P<clock>(?-i:\b[AP]\.\s?M\.)(?!\s*$)|\b[ap]\.?\s?m\b(?:\.(?!\s+(?-i:[A-Z])|\s*$))?)"
    r"|(?P<short>\b(?:rs|mrs?|ms|dr|st|vs|approx|ca|mio|mrd|tsd|nr|inc|feb|jan|dec|nov|oct|sept?|aug|u\.s|u\.k)\.|\bno\.(?=\s?\d))"
    r"|(?P<number>\d+(?:[.,]\d+)*)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<stop>[.!?]+|\n+)"
    r"|(?P<space>\s+)"
    r"|(?P<sign>[\"'\-:;,—()\[\]{}/%$£€₹#&+=<>@_])"
    r"|(?P<other>.)",
    re.IGNORECASE,
)


def tokens_of(plain: str) -> list[Token]:
    """Return the pieces of a plain text, white space left out: linear in its length."""
    found: list[Token] = []
    glued = False
    for match in _TOKEN.finditer(plain):
        kind = match.lastgroup or "other"
        if kind == "space":
            glued = False
            continue
        found += _tokens(kind, match, glued)
        glued = True
    return found


def _tokens(kind: str, match: re.Match[str], glued: bool) -> Iterable[Token]:
    text, start = match[0], match.start()
    piece = _PIECES.get(kind, Piece.EMOJI)
    norm = text.casefold()
    if kind == "clock":
        norm, piece = norm[0] + "m", Piece.WORD
    elif kind == "short":
        norm, piece = norm.replace(".", ""), Piece.WORD
    elif kind == "other":
        piece = Piece.EMOJI if ord(text) > 0x2000 else Piece.SIGN
    elif kind == "hashtag":
        return _words_of_hashtag(text, start, glued)
    elif kind == "word" and "'" in text and (cut := _cut(norm)):
        halves = [(start, start + cut, glued), (start + cut, match.end(), True)]
        return [_word(match.string[a:b], a, b, joined) for a, b, joined in halves]
    return [Token(piece, text, norm, start, match.end(), capital=text[:1].isupper(), glued=glued)]


def _word(text: str, start: int, end: int, glued: bool) -> Token:
    return Token(Piece.WORD, text, text.casefold(), start, end, capital=text[:1].isupper(), glued=glued)


_BEFORE: Final = words_of("elided-before")
_AFTER: Final = words_of("elided-after")


def _cut(word: str) -> int:
    """Return where a word is cut at its apostrophe: l'|abonné, people|'ve; 0 where it is one word."""
    head, _, tail = word.partition("'")
    if head in _BEFORE and len(tail) > 1 and tail not in _AFTER:
        return len(head) + 1
    stem, _, ending = word.rpartition("'")
    return len(stem) if ending in _AFTER and stem else 0


_PIECES: Final = {
    "link": Piece.LINK, "handle": Piece.HANDLE, "number": Piece.NUMBER, "word": Piece.WORD, "stop": Piece.STOP,
    "sign": Piece.SIGN,
}  # fmt: skip
_HUMP: Final = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])|\d+")


def _words_of_hashtag(text: str, start: int, glued: bool) -> list[Token]:
    """Return the words that a hashtag is written from: #GetHelp says "get help"."""
    made = [Token(Piece.HASHTAG, text, text.casefold(), start, start + len(text), glued=glued)]
    for hump in _HUMP.finditer(text, 1):
        piece = Piece.NUMBER if hump[0].isdigit() else Piece.WORD
        at = start + hump.start()
        made.append(Token(piece, hump[0], hump[0].casefold(), at, start + hump.end()))
    return made
