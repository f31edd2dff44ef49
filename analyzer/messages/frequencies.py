"""How often something was done, and whether it is told of one event or of a habit."""

from __future__ import annotations

from typing import Final

from analyzer.messages.claim import Frequency, Occurrence, Per
from analyzer.messages.lists import words_of
from analyzer.messages.phrases import Match
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece

_PERIODS: Final = {per: words_of(f"per-{per.value}") for per in Per if per is not Per.WINDOW}
_EVERY: Final = words_of("every")
_OF_MANY: Final = 1_000_000  # "88 million times" is a total of many, and no habit


def frequency_of(draft: Draft, sentence: Sentence) -> Frequency | None:
    """Return how often a sentence says that something was done, or None where it does not say."""
    compared = {at for match in draft.find("compared", sentence) for at in range(match.start, match.end)}
    told = (match for match in draft.find("repeated", sentence) if match.start not in compared)
    found = [match for match in told if (_number(draft, match) or 0) < _OF_MANY]
    if not found:
        return None
    match = max(found, key=lambda m: (_number(draft, m) is not None, m.end - m.start))
    tokens = draft.tokens[match.start : match.end]
    words = {token.norm for token in tokens}
    every = bool(words & _EVERY)
    per = next((p for p, names in _PERIODS.items() if every and words & names), Per.WINDOW)
    amount = next((t.amount for t in tokens if t.piece is Piece.NUMBER and t.amount), None)
    once = amount is not None and amount.stated <= 1
    return Frequency(amount, per, repeated=not once, span=draft.span(match))


def occurrence_of(draft: Draft) -> Occurrence:
    """Return whether a draft tells of one event or of a habit; "70 plates at once" is one event."""
    if any(frequency_of(draft, sentence) for sentence in draft.sentences):
        return Occurrence.OFTEN
    once = [match for match in draft.anywhere("once") if not _tells_when_it_was_said(draft, match)]
    if once and not draft.anywhere("many_events"):
        return Occurrence.ONCE
    often = [match for match in draft.anywhere("often") if (_number(draft, match) or 2) > 1]
    return Occurrence.OFTEN if often or _counts_things(draft) else Occurrence.UNKNOWN


def _tells_when_it_was_said(draft: Draft, match: Match) -> bool:
    """Whether a day is that of an announcement, and not of what was done: "the company said on Tuesday"."""
    return match.start > 0 and "word.said" in draft.tokens[match.start - 1].tags


def _counts_things(draft: Draft) -> bool:
    """Whether a number stands before a thing: 1,633 biryanis, 402 Pizzen."""
    for number, thing in zip(draft.tokens, draft.tokens[1:], strict=False):
        counts = number.piece is Piece.NUMBER and number.amount is not None and "year" not in number.tags
        if (
            counts
            and number.amount
            and number.amount.stated > 1
            and thing.piece is Piece.WORD
            and len(thing.text) > _SHORT
        ):
            return True
    return False


_SHORT: Final = 3  # letters: "of", "in" and the like name nothing that is counted


def _number(draft: Draft, match: Match) -> float | None:
    tokens = draft.tokens[match.start : match.end]
    return next((t.amount.stated for t in tokens if t.piece in (Piece.NUMBER, Piece.MONEY) and t.amount), None)
