"""Names in small letters, as people write in a hurry: without their capitals "dave from leeds" would be nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from analyzer.messages.lexicon import common_words
from analyzer.messages.tokens import Piece, Token

_NAME: Final = frozenset({"word.name"})
_FROM: Final = frozenset({"from", "in", "aus"})


def give_capitals(tokens: Sequence[Token]) -> None:
    """Give names, and the places beside them, their capitals; what may also be another word (will, rose) stays.

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
