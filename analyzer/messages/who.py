"""Whom a sentence is about: individuals, counted groups, shares, people of whom no number is told, whole audiences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from analyzer.messages.claim import Amount, Who, WhoKind
from analyzer.messages.phrases import Match
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token

_KINDS: Final = (
    ("share", WhoKind.SHARE),
    ("most_of_all", WhoKind.EVERYONE),
    ("group", WhoKind.GROUP),
    ("named", WhoKind.INDIVIDUAL),
    ("one", WhoKind.INDIVIDUAL),
    ("unstated", WhoKind.UNSTATED),
    ("event_of_one", WhoKind.INDIVIDUAL),
    ("everyone", WhoKind.EVERYONE),
)


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


def mentions(draft: Draft, sentence: Sentence) -> list[Mention]:
    """Return whom a sentence speaks of; of overlapping readings the one that tells most."""
    taken = _taken(draft, sentence)
    rate = bool(draft.find("rate", sentence))
    nobody = {at for match in draft.find("no_one", sentence) for at in range(match.start, match.end)}
    consented = bool(draft.anywhere("consented"))
    found: list[Mention] = []
    for name, kind in _KINDS:
        for match in draft.find(name, sentence):
            covered = set(range(match.start, match.end))
            who = None if covered & taken else _who(draft, match, kind, consented)
            if who is None or (name == "named" and not _is_name(draft, match)):
                continue
            if who.kind is WhoKind.INDIVIDUAL and covered & nobody:
                continue
            taken |= covered
            who = replace(who, kind=WhoKind.EVERYONE, count=None) if rate and who.kind is WhoKind.GROUP else who
            found.append(Mention(who, match, name == "event_of_one"))
    small, place = draft.first("small_place", sentence), draft.first("place", sentence)
    told = draft.words(small or place) if small or place else None
    ordered = sorted(found, key=lambda mention: mention.match.start)
    return [_placed(draft, mention, told, small is not None) for mention in ordered]


def _taken(draft: Draft, sentence: Sentence) -> set[int]:
    """Return tokens of numbers that count no viewers."""
    return {
        at
        for match in draft.find("no_group", sentence)
        for at in range(match.start, match.end)
        if draft.tokens[at].piece is Piece.NUMBER
    }


def _who(draft: Draft, match: Match, kind: WhoKind, consented: bool) -> Who | None:
    tokens = draft.tokens[match.start : match.end]
    tags = frozenset(tag for token in tokens for tag in token.tags)
    span = draft.span(match)
    known, staff = "kin" in tags and kind is WhoKind.INDIVIDUAL, "staff" in tags
    superlative = "word.most" in tags or any(token.norm in _ONLY for token in tokens)
    if kind is WhoKind.SHARE:
        share = next((t.amount for t in tokens if t.piece is Piece.SHARE), None)
        return Who(kind, share=share, span=span)
    if kind is WhoKind.GROUP:
        count = _count(tokens)
        return _counted(count, Who(kind, count=count, span=span, consented=consented, staff=staff)) if count else None
    return Who(kind, span=span, known=known, staff=staff, superlative=superlative, consented=consented)


_ONLY: Final = frozenset("only first last sole lone unique einzige einziger erste seul seule premier unico unica primer primera".split())


def _count(tokens: Iterable[Token]) -> Amount | None:
    """Return the number of people; a bare year is none, unless people follow at once."""
    told = list(tokens)
    numbers = [t for t in told if t.piece is Piece.NUMBER and t.amount]
    if not numbers or ("year" in numbers[0].tags and "people" not in told[1].tags):
        return None
    return numbers[-1 if "word.a" in numbers[0].tags else 0].amount  # "one of the 140 people" is about 140


def _counted(count: Amount, who: Who) -> Who | None:
    if count.stated == 0 and count.vague:
        return replace(who, kind=WhoKind.UNSTATED, count=None)
    if count.high == 0:
        return replace(who, kind=WhoKind.NOBODY)
    return replace(who, kind=WhoKind.INDIVIDUAL) if count.stated == 1 else who


def _is_name(draft: Draft, match: Match) -> bool:
    """Whether the first words are a name, as far as that can be seen: no place, nation, title or word of the vocabulary."""
    first = next((t for t in draft.tokens[match.start : match.end] if t.capital or t.piece is Piece.HANDLE), None)
    if first is None:
        return False
    listed = {"place.large", "place.tiny", "nation", "noun.audience", "word.someone", "word.ask", "word.a", "word.the", "word.not"}
    return first.piece is Piece.HANDLE or not (first.tags & listed or "people" in first.tags or "person" in first.tags)


def _placed(draft: Draft, mention: Mention, place: str | None, small: bool) -> Mention:
    """Add the place that a sentence names, and whether few people live there."""
    tokens = draft.tokens[mention.match.start : mention.match.end]
    role = next((token.text for token in tokens if token.tags & {"person", "people"}), None)
    named = draft.words(mention.match) if tokens[0].piece is Piece.HANDLE else None
    return replace(mention, who=replace(mention.who, place=place, small_place=small, role=role, named=named))
