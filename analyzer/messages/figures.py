"""Numbers that are figures of a clock, a version, a season or a length of time, and count nobody."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from analyzer.messages.lists import words_of
from analyzer.messages.tokens import Piece, Token

FIGURE: Final = "figure"
"""The tag of such a number."""
LENGTH: Final = "length"
"""A further tag: of days, hours or times, which tell how much or how often somebody did something."""

_MINUTES: Final = re.compile(r"[0-5]\d")
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")
_GROUPED: Final = re.compile(r"\d{1,3}(?:\.\d{3})+")
_PARTS: Final = words_of("numbered-parts")
_RELEASES: Final = words_of("before-a-version")
_LENGTHS: Final = words_of("short-for-lengths")
_TIMED: Final = frozenset({"noun.hours", "noun.time"})


def mark_figures(tokens: Sequence[Token]) -> None:
    """Tag the numbers of one sentence that count nobody.

    Parameters
    ----------
    tokens : sequence of Token
        Of one sentence, with its numbers read; only tags are added.
    """
    for at, token in enumerate(tokens):
        if token.piece is Piece.NUMBER and not _people_follow(tokens, at):
            if _is_of_clock(tokens, at) or _is_version(tokens, at) or _is_part(tokens, at):
                token.tags |= {FIGURE}
            elif _is_length(tokens, at):
                token.tags |= {FIGURE, LENGTH}
        elif token.piece is Piece.NUMBER and _is_opening_year(tokens, at):
            token.tags |= {FIGURE}


def _people_follow(tokens: Sequence[Token], at: int) -> bool:
    """Whether people are counted: "53 viewers", "53 of you"; not in "Season 4 of Snowbound"."""
    ahead = tokens[at + 1 : at + 3]
    if any(token.tags & {"people", "person"} for token in ahead):
        return True
    part = _is_part(tokens, at) and len(ahead) > 1 and not ahead[1].tags & {"word.you", "word.they"}
    return bool(ahead) and ahead[0].norm in ("of", "von") and not part


def _is_of_clock(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number is an hour or the minutes after it: 4:08, 1:02:33."""
    return _is_hour(tokens, at) or (at > 1 and _is_hour(tokens, at - 2))


def _is_hour(tokens: Sequence[Token], at: int) -> bool:
    if at + 2 >= len(tokens) or tokens[at].piece is not Piece.NUMBER or tokens[at + 1].text != ":":
        return False
    minutes = tokens[at + 2]
    glued = tokens[at + 1].glued and minutes.glued
    return glued and len(tokens[at].text) <= len("23") and bool(_MINUTES.fullmatch(minutes.text))


def _is_version(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number with points is one of a release: 5.3.18, "version 2.1"."""
    text = tokens[at].text
    if not _VERSION.fullmatch(text):
        return False
    named = at > 0 and tokens[at - 1].norm in _RELEASES
    return named or (text.count(".") > 1 and not _GROUPED.fullmatch(text))


def _is_length(tokens: Sequence[Token], at: int) -> bool:
    """Whether hours, days or the like follow at once: "6 hours 31 minutes"."""
    ahead = tokens[at + 1] if at + 1 < len(tokens) else None
    return ahead is not None and ((bool(ahead.tags & _TIMED) and "many" in ahead.tags) or ahead.norm in _LENGTHS)


def _is_part(tokens: Sequence[Token], at: int) -> bool:
    """Whether a number names a part of a series: "Season 1", "Chapter 12"."""
    return at > 0 and tokens[at].text.isdigit() and tokens[at - 1].norm in _PARTS


def _is_opening_year(tokens: Sequence[Token], at: int) -> bool:
    """Whether a sentence begins with its year: "In 2019 customers told us", which counts no customers."""
    return at == 1 and "year" in tokens[at].tags and tokens[0].norm in _IN


_IN: Final = frozenset({"in", "en"})
