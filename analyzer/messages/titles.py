"""Names of films, songs and series in a draft: their words are names, whatever they would say otherwise.

"13 Reasons Why" counts nobody and "Who Hurt You?" asks nobody. A catalogue decides where there is one; without it, what
stands in quotes or in a run of capitals is taken for a title, but only where a title can stand: quotes around a whole
sentence are speech, and a text in capitals has no titles by its capitals.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from analyzer.messages.lists import words_of
from analyzer.messages.text import Canonical, plain_text
from analyzer.messages.tokens import Piece, Token, tokens_of

_LONGEST: Final = 14  # words of a title
_PHRASE: Final = 4  # tokens before and after a stop that make it one between sentences, unlike that of "Dr. No"
_NEAR: Final = 92  # of 100: how alike a name with a slip must be
_OPEN: Final = frozenset("\"'(")
_FUNCTION: Final = words_of("small-in-titles")
_PEOPLE: Final = words_of("people-as-titles")
_COUNTED: Final = words_of("after-counts")


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

    @cached_property
    def firsts(self) -> frozenset[str]:
        """First words of all titles."""
        return frozenset(words[0] for words in self.names)

    @cached_property
    def spelt(self) -> dict[str, str]:
        """Plain words of each title in one text -> its name."""
        return {" ".join(words): name for words, name in self.names.items()}


def quoted_titles(tokens: Sequence[Token], text: Canonical, catalogue: Catalogue | None) -> list[Token]:
    """Return the tokens with each title as one token that the catalogue knows, or that stands in quotes."""
    return _quoted(_catalogued(tokens, text, catalogue) if catalogue else tokens, text)


def capital_titles(tokens: Sequence[Token], text: Canonical, language: str) -> list[Token]:
    """Return the tokens with each title as one token that only capitals tell; German has capitals everywhere."""
    return list(tokens) if language == "de" else _capitals(tokens, text)


def nearest_title(name: str, catalogue: Catalogue) -> str | None:
    """Return the catalogue's name for a title as somebody wrote it, or None where none is near."""
    from rapidfuzz import fuzz, process

    wanted = " ".join(_words(name))
    if wanted in catalogue.spelt:
        return catalogue.spelt[wanted]
    found = process.extractOne(wanted, catalogue.spelt.keys(), scorer=fuzz.ratio, score_cutoff=_NEAR)
    return catalogue.spelt[found[0]] if found else None


def _words(text: str) -> tuple[str, ...]:
    return tuple(t.norm for t in tokens_of(plain_text(text)) if t.piece in (Piece.WORD, Piece.NUMBER))


def _title(tokens: Sequence[Token], text: Canonical, *tags: str) -> Token:
    start, end = tokens[0].start, tokens[-1].end
    told = text.plain[start:end]
    return Token(Piece.TITLE, told, told.casefold(), start, end, frozenset(tags), capital=True)


def _catalogued(tokens: Sequence[Token], text: Canonical, catalogue: Catalogue) -> list[Token]:
    """Replace what the catalogue knows, the longest first; a common word is one only in quotes or with a capital."""
    firsts, shouted = catalogue.firsts, is_shouted(tokens)
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _known_at(tokens, at, catalogue, shouted) if tokens[at].norm in firsts else None
        if end is None:
            made.append(tokens[at])
            at += 1
            continue
        made.append(_title(tokens[at:end], text, "catalogued"))
        at = end
    return made


def _known_at(tokens: Sequence[Token], at: int, catalogue: Catalogue, shouted: bool) -> int | None:
    words: list[str] = []
    best = None
    for end in range(at, min(at + 2 * _LONGEST, len(tokens))):
        if tokens[end].piece in (Piece.WORD, Piece.NUMBER):
            words.append(tokens[end].norm)
            if tuple(words) in catalogue.names and _stands_as_title(tokens, at, end + 1, shouted):
                best = end + 1
        elif tokens[end].piece is Piece.STOP and "\n" in tokens[end].text:
            break
    return best


def _stands_as_title(tokens: Sequence[Token], start: int, end: int, shouted: bool) -> bool:
    """Whether a name that the catalogue knows is written like one: in quotes, or with capitals where it has letters."""
    quoted = start > 0 and end < len(tokens) and tokens[start - 1].text in ('"', "'") and tokens[end].text in ('"', "'")
    if not quoted and (_is_somebody(tokens, start, end, shouted) or _counts_somebody(tokens, end)):
        return False
    words = [t for t in tokens[start:end] if t.piece is Piece.WORD and t.norm not in _FUNCTION]
    first = next((t for t in tokens[start:end] if t.piece is Piece.WORD), None)
    if not quoted and _is_speech(tokens, start - 1, end):
        return False
    return quoted or all(t.capital for t in [*words, *([first] if first else [])])


def _is_somebody(tokens: Sequence[Token], start: int, end: int, shouted: bool) -> bool:
    """Whether a title of one word is a word for people here, and has its capital only from where it stands."""
    opens = start == 0 or tokens[start - 1].piece in (Piece.STOP, Piece.EMOJI) or tokens[start - 1].text in _OPEN
    return end - start == 1 and tokens[start].norm in _PEOPLE and (shouted or opens)


def _counts_somebody(tokens: Sequence[Token], end: int) -> bool:
    """Whether a number at the end of a title counts people: "The 100 who watched it nightly"."""
    return tokens[end - 1].piece is Piece.NUMBER and end < len(tokens) and tokens[end].norm in _COUNTED


def _quoted(tokens: Sequence[Token], text: Canonical) -> list[Token]:
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _closing(tokens, at, text)
        if end is None or _is_speech(tokens, at, end + 1):
            made.append(tokens[at])
            at += 1
            continue
        made.append(_title(tokens[at + 1 : end], text, "quoted"))
        at = end + 1
    return made


def _closing(tokens: Sequence[Token], at: int, text: Canonical) -> int | None:
    """Return where quotes that open here are closed, if what is inside is as short as a title."""
    mark = tokens[at].text
    if mark not in ('"', "'") or (mark == "'" and (tokens[at].glued and at and tokens[at - 1].text not in _OPEN)):
        return None
    for end in range(at + 1, min(at + 2 * _LONGEST, len(tokens))):
        if tokens[end].text == mark and end > at + 1:
            glued = not tokens[end].glued and end + 1 < len(tokens) and tokens[end + 1].glued
            return None if glued or text.given[text.starts[tokens[end].start]] == "«" else end
        if "\n" in tokens[end].text:
            return None
    return None


def _is_speech(tokens: Sequence[Token], start: int, end: int) -> bool:
    """Whether quotes stand around a whole sentence: nothing before them in it and nothing after, or who says it."""
    if start < 0:
        return False
    if tokens[end - 2].text == ",":  # "..., said the director"
        return True
    if any(tokens[at].piece is Piece.STOP for at in range(start + _PHRASE, end - _PHRASE)):
        return True  # two sentences, and no title: "Please knock softly. Thank you so much."
    before, ahead = tokens[start - 1] if start else None, tokens[end] if end < len(tokens) else None
    said = ahead is not None and ahead.norm in _SAYING
    if (
        ahead is not None
        and ahead.text == ","
        and end + 1 < len(tokens)
        and tokens[end + 1].norm in _SAYING - {"is", "we", "i"}
    ):
        return True  # "...", says the director
    if before is None:
        return ahead is None or (said and ahead.norm != "is")
    opens = before.piece in (Piece.STOP, Piece.EMOJI) or before.text in (":", "—", "-", ",", ")")
    asked = tokens[end - 2].piece is Piece.STOP
    new = ahead is not None and asked and ahead.piece is Piece.WORD and ahead.capital
    closes = ahead is None or ahead.piece in (Piece.STOP, Piece.EMOJI, Piece.HASHTAG, Piece.LINK) or new or said
    return opens and closes


_SAYING: Final = words_of("saying")


def is_shouted(tokens: Sequence[Token]) -> bool:
    """Return whether so many words of a draft have capitals that capitals tell nothing."""
    words = [t for t in tokens if t.piece is Piece.WORD and len(t.text) > 1 and t.text[0].isalpha()]
    small = [t for t in words if not t.capital]
    functions = [t for t in words if t.norm in _FUNCTION]
    return len(words) > 3 and (len(small) <= 0.12 * len(words)) and all(t.capital for t in functions[1:2] or words)


def _capitals(tokens: Sequence[Token], text: Canonical) -> list[Token]:
    """Replace numbers and pronouns that a capital follows: 13 Reasons Why, 53 Days, Someone Great, The One."""
    made: list[Token] = []
    at = 0
    while at < len(tokens):
        end = _run(tokens, at) or _subject(tokens, at)
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
    numbered = token.piece is Piece.WORD and token.norm in _NUMBERS
    begun = at if numbered else at + 1  # small words stand inside a name that has begun
    end = at + 1
    while end < len(tokens) and end - at < _LONGEST:
        following = tokens[end]
        if following.piece is Piece.WORD and following.capital:
            end += 1
        elif following.text == "-" and following.glued and end + 1 < len(tokens) and tokens[end + 1].capital:
            end += 2
        elif following.norm in _FUNCTION and end + 1 < len(tokens) and tokens[end + 1].capital and end > begun:
            end += 1
        else:
            break
    run = tokens[at:end]
    words = [t for t in run if t.piece is Piece.WORD]
    if len(run) < 2 or not words or all(t.norm in _FUNCTION for t in words):
        return None
    if token.piece is Piece.NUMBER and words[0].glued:  # flat 4B
        return None
    if token.piece is Piece.NUMBER:
        return None if words[0].norm in _UNITS or _counts_people(tokens, words, at, end) else end
    if numbered:
        spelt = _is_spelt_as_a_name(tokens, at, tokens[end] if end < len(tokens) else None)
        return end if spelt and not _counts_people(tokens, words, at, end) else None
    acts = any("use" in word.tags for word in words)
    named = "word.someone" in token.tags or (token.norm == "the" and words[1].norm == "one")
    return end if named and not acts else None


def _subject(tokens: Sequence[Token], at: int) -> int | None:
    """Return the end of a name that begins a sentence, and of which is told that it was watched or can be.

    "Seven was played by 1.2m people" and "Cheaper by the Dozen is back" tell of a title; what counts people is followed
    by a plural: "Seven were".
    """
    if at:
        return None
    end = 0
    while end < min(len(tokens), _LONGEST) and _belongs_to_a_name(tokens, end):
        end += 1
    run = tokens[:end]
    if not run or end == len(tokens) or tokens[end].norm not in _SINGULAR or run[0].norm in ("one", "only", "just"):
        return None
    numbered = any(token.piece is Piece.NUMBER or token.norm in _NUMBERS for token in run)
    people = any(token.tags & {"people", "person", "word.someone", "word.who", "word.you"} for token in run)
    if len(run) > 1 and run[1].norm in _UNITS:  # 9 February was
        return None
    return end if numbered and not people else None


def _belongs_to_a_name(tokens: Sequence[Token], at: int) -> bool:
    """Whether a token is a capital, a number, or a small word inside a name: the "by the" of Cheaper by the Dozen."""
    token, following = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else None
    inside = at > 0 and token.norm in _FUNCTION and following is not None
    goes_on = following is not None and (following.capital or following.norm in _FUNCTION)
    return (inside and goes_on) or (token.piece is Piece.WORD and token.capital) or token.piece is Piece.NUMBER


_SINGULAR: Final = words_of("after-a-title")
_NUMBERS: Final = words_of("numbers-in-titles")


def _counts_people(tokens: Sequence[Token], words: Sequence[Token], start: int, end: int) -> bool:
    """Whether a number and capitals count people, as in "53 Loyal Members Who Watched", and not 12 Angry Men."""
    following = tokens[end] if end < len(tokens) else None
    if following is not None and "people" in following.tags:
        return True
    if _are_named_by_a_capital(words, following):
        return True
    if not any("people" in word.tags for word in words):
        return False
    acts = any({"word.who", "use"} & word.tags for word in [*words, *([following] if following else [])])
    if not acts and _is_spelt_as_a_name(tokens, start, following):
        return False
    listed = (
        start == 0 or tokens[start - 1].piece is Piece.SIGN or tokens[start - 1].norm in ("and", "watching", "watched")
    )
    return acts or not listed or "people" in words[0].tags


def _are_named_by_a_capital(words: Sequence[Token], following: Token | None) -> bool:
    """Whether a plural with a capital did what viewers do: "53 Geordies streamed", unlike "101 Dalmatians returned"."""
    did = following is not None and ("word.who" in following.tags or bool(following.tags & _OF_VIEWERS))
    return did and len(words) <= _FEW and words[-1].norm.endswith("s") and words[-1].norm not in _UNITS


_FEW: Final = 3
_OF_VIEWERS: Final = words_of("acts-of-viewers")


def _is_spelt_as_a_name(tokens: Sequence[Token], start: int, following: Token | None) -> bool:
    """Whether a number in letters has a capital where none is due: "the end of Seven Strangers", "Two Lives (7M)"."""
    before = tokens[start - 1] if start else None
    amid = before is not None and before.piece is Piece.WORD and not before.capital
    return tokens[start].text[:1].isupper() and (amid or (following is not None and following.text == "("))


_UNITS: Final = words_of("units-after-numbers")
