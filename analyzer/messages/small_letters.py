"""Drafts without a single capital: names and places have theirs all the same, or "dave from leeds" would be nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.messages.lexicon import common_words
from analyzer.messages.tokens import Piece, Token

_NAME: Final = frozenset({"word.name"})
_PLACE: Final = frozenset({"place.large", "place.tiny"})
_FROM: Final = frozenset({"from", "in", "aus"})


def has_no_capitals(tokens: Sequence[Token]) -> bool:
    """Return whether a draft is written in small letters throughout, as people write in a hurry."""
    return not any(token.capital for token in tokens if token.piece is Piece.WORD)


def give_capitals(tokens: Sequence[Token]) -> None:
    """Give names and places of one sentence their capitals; what a name may also be otherwise (will, rose) stays.

    Parameters
    ----------
    tokens : sequence of Token
        Of one sentence, tagged; only `capital` is changed.
    """
    for at, token in enumerate(tokens):
        if token.tags == _NAME and token.norm not in common_words():
            token.capital = True
            if at + 2 < len(tokens) and tokens[at + 1].norm in _FROM and tokens[at + 2].piece is Piece.WORD:
                tokens[at + 2].capital = True
        elif token.tags & _PLACE and at and tokens[at - 1].norm in _FROM:
            token.capital = True
