"""How many people a sentence tells of, where the number stands apart from them: "Viewers of the reunion: 6,340"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from analyzer.messages.claim import Amount, Who, WhoKind
from analyzer.messages.figures import FIGURE
from analyzer.messages.phrases import Match
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token


@dataclass(frozen=True, slots=True)
class Mention:
    """People whom a sentence speaks of.

    Attributes
    ----------
    who : they.
    match : the tokens.
    by_event : whether one event stands for the person: "the biggest order".
    """

    who: Who
    match: Match
    by_event: bool = False


def count_of(tokens: Iterable[Token]) -> Amount | None:
    """Return the number of people; a bare year is none, unless people follow at once."""
    told = list(tokens)
    numbers = [t for t in told if t.piece is Piece.NUMBER and t.amount and FIGURE not in t.tags]
    if not numbers or ("year" in numbers[0].tags and not any("people" in token.tags for token in told[1:2])):
        return None
    return numbers[-1 if "word.a" in numbers[0].tags else 0].amount  # "one of the 140 people" is about 140


def counted_who(count: Amount, who: Who) -> Who | None:
    """Return people of whom a number is told: one of them is an individual, none nobody."""
    if count.stated == 0 and count.vague:
        return replace(who, kind=WhoKind.UNSTATED, count=None)
    if count.high == 0:
        return replace(who, kind=WhoKind.NOBODY)
    return replace(who, kind=WhoKind.INDIVIDUAL) if count.stated == 1 else who


_COUNTED_LATER: Final = frozenset({WhoKind.EVERYONE, WhoKind.UNSTATED, WhoKind.GROUP})


def with_counts(draft: Draft, sentence: Sentence, found: list[Mention]) -> list[Mention]:
    """Give people the number that is told after them: "Viewers of the reunion: 6,340", "How many? One."."""
    answers = draft.find("answer", sentence) if _is_asked_before(draft, sentence) else []
    answers += _told_just_before(draft, sentence)
    for match in [*draft.find("count_last", sentence), *draft.find("aside", sentence), *answers]:
        counted = _mention_of(draft, match)
        if counted is None or any(mention.match.start <= match.end - 1 < mention.match.end for mention in found):
            continue
        before = [
            m for m in found if m.match.start <= match.end and m.who.kind in _COUNTED_LATER and are_people(draft, m)
        ]
        if before or answers:
            return [*(m for m in found if m not in before[-1:]), counted]
    return found + _with_shares(draft, sentence, found)


def _mention_of(draft: Draft, match: Match) -> Mention | None:
    """Return those whom a number counts that stands apart."""
    count = count_of(token for token in draft.tokens[match.start : match.end] if token.piece is Piece.NUMBER)
    who = counted_who(count, Who(WhoKind.GROUP, count=count, span=draft.span(match))) if count else None
    return Mention(who, match) if who else None


def _with_shares(draft: Draft, sentence: Sentence, found: list[Mention]) -> list[Mention]:
    """Return the share that stands apart from its people: "members who skipped it: 212 out of 9 million"."""
    if any(mention.who.kind is WhoKind.SHARE for mention in found) or not any(are_people(draft, m) for m in found):
        return []
    at = next((at for at in range(sentence.low, sentence.high) if draft.tokens[at].piece is Piece.SHARE), None)
    share = draft.tokens[at].amount if at is not None else None
    if at is None or share is None or share.stated >= _SMALL:
        return []
    match = Match(at, at + 1)
    return [Mention(Who(WhoKind.SHARE, share=share, span=draft.span(match)), match)]


_SMALL: Final = 0.01


def are_people(draft: Draft, mention: Mention) -> bool:
    """Return whether people are told as such, and not as a country or a town."""
    tags = {tag for token in draft.tokens[mention.match.start : mention.match.end] for tag in token.tags}
    return bool(tags & {"people.viewer", "people.anyone"})


def _told_just_before(draft: Draft, sentence: Sentence) -> list[Match]:
    """Return the number at the end of the sentence before: "1. That is how many people made it"."""
    before = draft.before(sentence) if draft.first("how_many_before", sentence) else None
    return draft.find("count_last", before) if before else []


def _is_asked_before(draft: Draft, sentence: Sentence) -> bool:
    """Whether the sentence before asks how many."""
    before = draft.before(sentence)
    return before is not None and draft.first("how_many", before) is not None
