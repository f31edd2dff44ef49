"""Names of films, songs and series in a draft: their words are names, whatever they would say otherwise.

"13 Reasons Why" counts nobody and "Who Hurt You?" asks nobody. A catalogue decides where there is one; without it, what
stands in quotes or in a run of capitals is taken for a title, but only where a title can stand: quotes around a whole
sentence are speech, and a text in capitals has no titles by its capitals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from analyzer.messages.text import Canonical, plain_text
from analyzer.messages.tokens import Piece, Token, tokens_of

_LONGEST: Final = 14  # words of a title
_NEAR: Final = 92  # of 100: how alike a name with a slip must be
_OPEN: Final = frozenset("\"'(")
_FUNCTION: Final = frozenset(
    "the a an of and to in on for with from at by is i you my your who what how why no not or as der die das und le la les de du des el los y".split()
)


@dataclass(frozen=True)
class Catalogue:
    """The titles of a service.

    Attributes
    ----------
    names : plain words of each title -> its name as the catalogue has it.
    """

    names: dict[tuple[str, ...], str]

    @staticmethod
    def of(titles: Iterable[str]) -> Catalogue:
        """Return a catalogue of names of titles."""
        return Catalogue({words: name for name in titles if (words := _words(name))})

    @property
    def firsts(self) -> frozenset[str]:
        """First words of all titles."""
        return _firsts(tuple(self.names))


def quoted_titles(tokens: Sequence[Token], text: Canonical, catalogue: Catalogue | None) -> list[Token]:
    """Return the tokens with each title as one token that the catalogue knows, or that stands in quotes."""
    return _quoted(_catalogued(tokens, text, catalogue) if catalogue else tokens, text)


def capital_titles(tokens: Sequence[Token], text: Canonical, language: str) -> list[Token]:
    """Return the tokens with each title as one token that only capitals tell; German has capitals everywhere."""
    return list(tokens) if language == "de" or _shouted(tokens) else _capitals(tokens, text)


def nearest_title(name: str, catalogue: Catalogue) -> str | None:
    """Return the catalogue's name for a title as somebody wrote it, or None where none is near."""
    from rapidfuzz import fuzz, process

    wanted = " ".join(_words(name))
    choices = {" ".join(words): title for words, title in catalogue.names.items()}
    if wanted in choices:
        return choices[wanted]
    found = process.extractOne(wanted, list(choices), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return choices[found[0]] if found else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(t.norm for t in tokens_of(plain_text(text)) if t.piece in (Piece.WORD, Piece.NUMBER))


@lru_cache(maxsize=8)
def _firsts(names: tuple[tuple[str, ...], ...]) -> frozenset[str]:
    return frozenset(words[0] for words in names)


def _title(tokens: Sequence[Token], text: Canonical, *tags: str) -> Token:
    start, end = tokens[0].start, tokens[-1].end
    told = text.plain[start:end]
    return Token(Piece.TITLE, told, told.casefold(), start, end, frozenset(tags), capital=True)


def _catalogued(tokens: Sequence[Token], text: Canonical, catalogue: Catalogue) -> list[Token]:
    """Replace what the catalogue knows, the longest first; one common word is a title only in quotes or with a capital."""
    firsts = catalogue.firsts
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _known_at(tokens, at, catalogue) if tokens[at].norm in firsts else None
        if end is None:
            made.append(tokens[at])
            at += 1
            continue
        made.append(_title(tokens[at:end], text, "catalogued"))
        at = end
    return made


def _known_at(tokens: Sequence[Token], at: int, catalogue: Catalogue) -> int | None:
    words: list[str] = []
    best = None
    for end in range(at, min(at + 2 * _LONGEST, len(tokens))):
        if tokens[end].piece in (Piece.WORD, Piece.NUMBER):
            words.append(tokens[end].norm)
            if tuple(words) in catalogue.names and _stands_as_title(tokens, at, end + 1):
                best = end + 1
        elif tokens[end].piece is Piece.STOP and "\n" in tokens[end].text:
            break
    return best


def _stands_as_title(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether a name that the catalogue knows is written like one: in quotes, or with capitals where it has letters."""
    quoted = start > 0 and end < len(tokens) and tokens[start - 1].text in ('"', "'") and tokens[end].text in ('"', "'")
    words = [t for t in tokens[start:end] if t.piece is Piece.WORD and t.norm not in _FUNCTION]
    first = next((t for t in tokens[start:end] if t.piece is Piece.WORD), None)
    if not quoted and _is_speech(tokens, start - 1, end):
        return False
    return quoted or all(t.capital for t in [*words, *([first] if first else [])])


def _quoted(tokens: Sequence[Token], text: Canonical) -> list[Token]:
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at)
        if end is None or _is_speech(tokens, at, end + 1):
            made.append(tokens[at])
            at += 1
            continue
        made.append(_title(tokens[at + 1 : end], text, "quoted"))
        at = end + 1
    return made


def _closing(tokens: Sequence[Token], at: int) -> int | None:
    """Return where quotes that open here are closed, if what is inside is as short as a title."""
    mark = tokens[at].text
    if mark not in ('"', "'") or (mark == "'" and (tokens[at].glued and at and tokens[at - 1].text not in _OPEN)):
        return None
    for end in range(at + 1, min(at + 2 * _LONGEST, len(tokens))):
        if tokens[end].text == mark and end > at + 1:
            return end
        if "\n" in tokens[end].text:
            return None
    return None


def _is_speech(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether quotes stand around a whole sentence: nothing before them in it and nothing after, or who says it."""
    if start < 0:
        return False
    if tokens[end - 2].text == ",":  # "..., said the director"
        return True
    before, ahead = tokens[start - 1] if start else None, tokens[end] if end < len(tokens) else None
    said = ahead is not None and ahead.norm in _SAYING
    if before is None:
        return ahead is None or (said and ahead.norm != "is")
    opens = before.piece in (Piece.STOP, Piece.EMOJI) or before.text in (":", "—", "-", ",", ")")
    asked = tokens[end - 2].piece is Piece.STOP
    new = ahead is not None and asked and ahead.piece is Piece.WORD and ahead.capital
    closes = ahead is None or ahead.piece in (Piece.STOP, Piece.EMOJI, Piece.HASHTAG, Piece.LINK) or new or said
    return opens and closes


_SAYING: Final = frozenset(
    "we i said says asks asked ask wonder wondered wondering he she they fragen fragt sagt demande dit preguntamos dice is".split()
)


def _shouted(tokens: Sequence[Token]) -> bool:
    """Whether so many words have capitals that capitals tell nothing."""
    words = [t for t in tokens if t.piece is Piece.WORD and len(t.text) > 1]
    small = [t for t in words if not t.capital]
    functions = [t for t in words if t.norm in _FUNCTION]
    return len(words) > 3 and (len(small) <= 0.12 * len(words)) and all(t.capital for t in functions[1:2] or words)


def _capitals(tokens: Sequence[Token], text: Canonical) -> list[Token]:
    """Replace numbers and pronouns that a capital follows: 13 Reasons Why, 53 Days, Someone Great, The One."""
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _run(tokens, at)
        if end is None:
            made.append(tokens[at])
            at += 1
            continue
        made.append(_title(tokens[at:end], text, "capitals"))
        at = end
    return made


def _run(tokens: Sequence[Token], at: int) -> int | None:
    token = tokens[at]
    begins = token.piece is Piece.NUMBER or (token.piece is Piece.WORD and token.capital)
    if not begins or (at and tokens[at - 1].text in ("$", "£", "€", "₹")):
        return None
    end = at + 1
    while end < len(tokens) and end - at < _LONGEST:
        following = tokens[end]
        if following.piece is Piece.WORD and following.capital:
            end += 1
        elif following.text == "-" and following.glued and end + 1 < len(tokens) and tokens[end + 1].capital:
            end += 2
        elif following.norm in _FUNCTION and end + 1 < len(tokens) and tokens[end + 1].capital and end > at + 1:
            end += 1
        else:
            break
    run = tokens[at:end]
    words = [t for t in run if t.piece is Piece.WORD]
    if len(run) < 2 or not words or all(t.norm in _FUNCTION for t in words):
        return None
    if token.piece is Piece.NUMBER:
        return None if words[0].norm in _UNITS or _counts_people(tokens, words, at, end) else end
    acts = any("use" in word.tags for word in words)
    named = "word.someone" in token.tags or (token.norm == "the" and words[1].norm == "one")
    return end if named and not acts else None


def _counts_people(tokens: Sequence[Token], words: Sequence[Token], start: int, end: int) -> bool:
    """Whether a number and capitals count people, as in "53 Loyal Members Who Watched", and not 12 Angry Men."""
    if not any("people" in word.tags for word in words):
        return False
    following = tokens[end] if end < len(tokens) else None
    acts = any({"word.who", "use"} & word.tags for word in [*words, *([following] if following else [])])
    listed = start == 0 or tokens[start - 1].piece is Piece.SIGN or tokens[start - 1].norm in ("and", "watching", "watched")
    return acts or not listed or "people" in words[0].tags


_UNITS: Final = frozenset(
    "million billion thousand lakh lakhs crore crores december november october september august july june may april march february january am pm percent k".split()
)
