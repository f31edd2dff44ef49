"""Shares of a whole as people write them: 40 %, 1 in 10,000, seven out of ten, two-thirds of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.messages.lists import words_of
from analyzer.messages.numerals import NumberWords
from analyzer.messages.tokens import Piece, Token

_PERCENT: Final = frozenset({"%", "percent", "prozent", "pct"})


Share = tuple[float, float, float]
"""The least and the most that a share can mean, and the share as stated."""


def share_at(tokens: Sequence[Token], at: int, words: NumberWords) -> tuple[Share | None, int]:
    """Return the share that begins at a token, and where to go on.

    Parameters
    ----------
    tokens : sequence of Token
        Of one sentence, with its numbers read.
    at : int
        Where to look.
    words : NumberWords
        Of the language of the sentence.
    """
    ahead = [tokens[i].norm if i < len(tokens) else "" for i in range(at + 1, at + 6)]
    for reading in (_of_number, _of_article):
        share, length = reading(tokens, at, ahead, words)
        if share is not None:
            return (share, share, share), at + length
    return None, at + 1


def _of_number(tokens: Sequence[Token], at: int, ahead: Sequence[str], words: NumberWords) -> tuple[float | None, int]:
    """Read 40 %, 40 per cent, 1 in 10,000, two-thirds; return how many tokens it takes."""
    token = tokens[at]
    if token.piece is not Piece.NUMBER or not token.amount:
        return None, 1
    stated = token.amount.stated
    if ahead[0] in _PERCENT:
        return stated / 100, 2
    if ahead[0] in _PER and ahead[1] in _CENT:
        return stated / 100, 3
    for skipped in _CONNECTIONS:
        whole = _behind(tokens, at, ahead, skipped)
        if whole and whole.amount and _is_whole(token, whole, tokens, at, len(skipped)):
            return stated / whole.amount.stated, 2 + len(skipped)
    hyphen = ahead[0] == "-"
    fraction = words.fractions.get(ahead[1 if hyphen else 0])
    if fraction is None or stated >= _MOST_PARTS or ahead[0] in ("second", "half"):
        return None, 1
    return stated * fraction, 3 if hyphen else 2


def _of_article(tokens: Sequence[Token], at: int, ahead: Sequence[str], words: NumberWords) -> tuple[float | None, int]:
    """Read a third of, jeder Dritte, uno de cada diez, half the; return how many tokens it takes."""
    norm = tokens[at].norm
    if norm in _ARTICLES and ahead[0] in words.fractions and (ahead[1] in _OF_SHARE or norm.startswith("jed")):
        return words.fractions[ahead[0]], 2
    if norm in _ONE and tokens[at].piece is Piece.WORD:
        for skipped in (("de", "cada"), ("sur",), ("von",)):
            whole = _behind(tokens, at, ahead, skipped)
            if whole and whole.piece is Piece.NUMBER and whole.amount:
                return 1 / max(whole.amount.stated, 1), 2 + len(skipped)
    return (0.5, 1) if norm in _HALF and ahead[0] in _OF_SHARE else (None, 1)


def _behind(tokens: Sequence[Token], at: int, ahead: Sequence[str], words: tuple[str, ...]) -> Token | None:
    """Return the token behind certain words that must follow, or None."""
    place = at + 1 + len(words)
    return tokens[place] if tuple(ahead[: len(words)]) == words and place < len(tokens) else None


_MOST_PARTS: Final = 10
_PER: Final = frozenset({"per", "pour", "por", "vom"})
_CENT: Final = frozenset({"cent", "ciento", "hundert"})
_ARTICLES: Final = words_of("articles-of-shares")
_ONE: Final = frozenset({"uno", "una", "un", "une", "einer", "eine"})
_HALF: Final = frozenset({"half", "halfte", "mitad", "moitie"})
_OF_SHARE: Final = frozenset({"of", "der", "aller", "des", "de", "unserer", "our", "the", "all", "von", "d'entre"})
_CONNECTIONS: Final = (
    ("in", "every"), ("out", "of", "every"), ("out", "of"), ("in",), ("von",), ("sur",), ("de", "cada"),
    ("of", "every"), ("-", "in", "-"),
)  # fmt: skip


def _is_whole(part: Token, whole: Token, tokens: Sequence[Token], at: int, skipped: int) -> bool:
    if whole.piece is not Piece.NUMBER or not whole.amount or not part.amount:
        return False
    following = tokens[at + 2 + skipped] if at + 2 + skipped < len(tokens) else None
    year = "year" in whole.tags and not (following and following.piece is Piece.WORD and "people" in following.tags)
    timed = following is not None and following.norm in _TIMED
    return part.amount.stated < whole.amount.stated and not year and not timed


_TIMED: Final = frozenset({"days", "hours", "weeks", "months", "minutes", "years"})
