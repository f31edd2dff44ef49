"""Whom a sentence is about: individuals, counted groups, shares, people of whom no number is told, whole audiences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from analyzer.messages.claim import Amount, Per, Who, WhoKind
from analyzer.messages.counts import Mention, are_people, count_of, counted_who, with_counts
from analyzer.messages.dates import is_in_a_day
from analyzer.messages.figures import FIGURE, LENGTH
from analyzer.messages.frequencies import frequency_of
from analyzer.messages.lists import words_of
from analyzer.messages.phrases import Match
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token

_KINDS: Final = (
    ("share", WhoKind.SHARE),
    ("most_of_all", WhoKind.EVERYONE),
    ("group", WhoKind.GROUP),
    ("named", WhoKind.INDIVIDUAL),
    ("given_name", WhoKind.INDIVIDUAL),
    ("one", WhoKind.INDIVIDUAL),
    ("unstated", WhoKind.UNSTATED),
    ("event_of_one", WhoKind.INDIVIDUAL),
    ("everyone", WhoKind.EVERYONE),
    ("pronoun", WhoKind.INDIVIDUAL),
)


def mentions(draft: Draft, sentence: Sentence) -> list[Mention]:
    """Return whom a sentence speaks of; of overlapping readings the one that tells most."""
    sizes = _taken(draft, sentence) | _of_days(draft, sentence)
    taken: set[int] = set()
    rate = bool(draft.find("rate", sentence))
    nobody = _nobody(draft, sentence)
    consented = bool(draft.anywhere("consented"))
    found: list[Mention] = []
    for name, kind in _KINDS:
        for match in draft.find(name, sentence):
            covered = set(range(match.start, match.end))
            hidden = covered & (taken | sizes if kind is WhoKind.GROUP else taken)
            who = None if hidden else _who(draft, match, kind, consented)
            if (
                who is None
                or not _holds(draft, sentence, name, match)
                or (who.kind is WhoKind.INDIVIDUAL and covered & nobody)
            ):
                continue
            taken |= covered
            who = replace(who, kind=WhoKind.EVERYONE, count=None) if rate and who.kind in _COUNTED else who
            found.append(Mention(who, match, name == "event_of_one"))
    found = with_counts(draft, sentence, found)
    place = _place(draft, sentence)
    return [_placed(draft, mention, place) for mention in sorted(found, key=lambda mention: mention.match.start)]


def _nobody(draft: Draft, sentence: Sentence) -> set[int]:
    """Return tokens of words that look like one person and mean nobody in particular."""
    found = draft.find("no_one", sentence)
    tokens = draft.tokens[sentence.low : sentence.high]
    often = frequency_of(draft, sentence)
    habit = often is not None and often.per is not Per.WINDOW
    somewhere = any(_names_a_place(draft, match) for match in draft.find("place", sentence))
    if not habit and not somewhere and not any(_is_told(token) or token.tags & _LIFE for token in tokens):
        found += draft.find("generic", sentence)
    return {at for match in found for at in range(match.start, match.end)}


def _names_a_place(draft: Draft, match: Match) -> bool:
    """Whether a place is named with a capital: "in Ely", and not "on a new device"."""
    return any(token.capital for token in draft.tokens[match.start + 1 : match.end])


_LIFE: Final = frozenset({"topic", "act.felt"})


def _is_told(token: Token) -> bool:
    """Whether a token tells how often, where or what, so that somebody in particular may be meant."""
    counts = token.piece is Piece.NUMBER and token.amount is not None and token.amount.stated > 1
    return (
        (counts and (FIGURE not in token.tags or LENGTH in token.tags))
        or token.piece in (Piece.TITLE, Piece.MONEY)
        or (token.piece is Piece.ORDINAL and token.norm != "one")  # "no one" reads like "no. 1"
        or (token.capital and bool(token.tags & {"place.large", "place.tiny"}))  # "us" is no country
    )


_COUNTED: Final = frozenset({WhoKind.GROUP, WhoKind.INDIVIDUAL})


def _holds(draft: Draft, sentence: Sentence, name: str, match: Match) -> bool:
    """Whether a pattern of a list means what it says here."""
    tokens = draft.tokens[match.start : match.end]
    spoken_to = name in ("named", "given_name") or (name == "one" and "word.dear" in tokens[0].tags)
    if spoken_to and _is_an_answer(draft):
        return False
    if name in ("named", "one") and _does_too_much(draft, sentence, match):
        return False
    if name == "named":
        return _is_name(draft, match) and not _is_watched(draft, sentence, match)
    if name == "given_name":
        name_at = next((token for token in tokens if "word.name" in token.tags), None)
        ahead = draft.tokens[match.start : min(match.end + 5, sentence.high)]
        return name_at is not None and name_at.capital and not any("word.rank" in token.tags for token in ahead)
    if name == "everyone" and len(tokens) == 1 and "noun.audience" in tokens[0].tags:
        return not _is_part_of_a_name(draft, sentence, match.start)
    if name == "pronoun":
        return not any(token.tags & {"staff", "kin"} for token in draft.tokens)
    return name != "event_of_one" or "many" not in tokens[-1].tags


def _does_too_much(draft: Draft, sentence: Sentence, match: Match) -> bool:
    """Whether more is told at once than one person can do: "The family took over 45 trillion steps"."""
    return _counts(draft.tokens[match.end : min(match.end + 4, sentence.high)], _TOO_MUCH)


def _is_watched(draft: Draft, sentence: Sentence, match: Match) -> bool:
    """Whether a name is told to have been watched, so that it is a title: "Mr Bates vs The Office was streamed"."""
    ahead = draft.tokens[match.start : min(match.end + 8, sentence.high)]
    return any(be.norm in _PASSIVE and act.norm in _OF_TITLES for be, act in pairwise(ahead))


_PASSIVE: Final = words_of("passive")
_OF_TITLES: Final = words_of("done-to-titles")


def _is_part_of_a_name(draft: Draft, sentence: Sentence, at: int) -> bool:
    """Whether capitals stand around a word that has one: Snow Globe Inn."""
    around = [one for one in (at - 1, at + 1) if sentence.low <= one < sentence.high]
    beside = [draft.tokens[one] for one in around]
    return draft.tokens[at].capital and any(t.piece is Piece.WORD and t.capital and not t.tags for t in beside)


def _is_an_answer(draft: Draft) -> bool:
    """Whether a support desk answers somebody, and tells nothing of what anybody watched, felt or is."""
    if not draft.anywhere("helps"):
        return False
    telling = any(
        _is_told(token) or token.piece is Piece.SHARE or (token.tags & _TELLING and "base" not in token.tags)
        for token in draft.tokens
    )
    again = [draft.tokens[match.start] for match in draft.anywhere("repeated")]
    often = any("base" not in token.tags for token in again)  # "restart the app" is no habit
    return not (telling or often or any(draft.anywhere(f"topic_{topic}") for topic in TOPICS))


_TELLING: Final = words_of("telling-tags")
TOPICS: Final = ("relation", "health", "money", "belief", "origin", "sex")
"""Sensitive topics of which phrases tell: a list `topic_...` of `grammar.toml` each."""


def _taken(draft: Draft, sentence: Sentence) -> set[int]:
    """Return tokens of numbers that count no viewers."""
    return {
        at
        for match in draft.find("no_group", sentence)
        for at in range(match.start, match.end)
        if draft.tokens[at].piece is Piece.NUMBER
    }


def _of_days(draft: Draft, sentence: Sentence) -> set[int]:
    """Return tokens of numbers that name a day, where a pause follows: "On January 7, people slept in"."""
    counted = [
        at
        for at in range(sentence.low, min(sentence.high, len(draft.tokens) - 1))
        if draft.tokens[at].piece in (Piece.NUMBER, Piece.ORDINAL) and draft.tokens[at + 1].text == ","
    ]
    few = counted[:_MOST_DAYS]
    spans = {at: draft.text.span(draft.tokens[at].start, draft.tokens[at].end) for at in few}
    return {at for at, span in spans.items() if is_in_a_day(draft.text.given, span)}


_MOST_DAYS: Final = 20  # of a sentence; a list of numbers is none of days


def _who(draft: Draft, match: Match, kind: WhoKind, consented: bool) -> Who | None:
    tokens = draft.tokens[match.start : match.end]
    tags = frozenset(tag for token in tokens for tag in token.tags)
    span = draft.span(match)
    known = "kin" in tags and kind is WhoKind.INDIVIDUAL
    staff = "staff" in tags and not owns_content(tokens)
    superlative = "word.most" in tags or any(token.norm in _ONLY for token in tokens)
    if kind is WhoKind.SHARE:
        year = any("year" in token.tags for token in tokens)  # "a user in 2023" is no share
        return None if year else Who(kind, share=_share(tokens), span=span)
    if kind is WhoKind.GROUP:
        count = count_of(token for token in tokens if not _SEAT.fullmatch(token.text))
        return (
            counted_who(count, Who(kind, count=count, span=span, consented=consented, staff=staff)) if count else None
        )
    before = draft.tokens[match.start - 1] if match.start else None
    staff = staff or (
        kind is WhoKind.INDIVIDUAL and before is not None and "staff" in before.tags and tokens[0].capital
    )
    whole = tokens[0].norm in _ALL
    return Who(kind, span=span, whole=whole, known=known, staff=staff, superlative=superlative, consented=consented)


def owns_content(tokens: Iterable[Token]) -> bool:
    """Return whether a film or a list is told beside the person: a president's playlist is no programme of theirs."""
    return any("noun.content" in token.tags and "staff" not in token.tags for token in tokens)


_ALL: Final = words_of("all")
_ONLY: Final = words_of("only")


def _share(tokens: Iterable[Token]) -> Amount | None:
    """Return the share that is told; of "one viewer in 5 million" and "three of every million viewers" the quotient."""
    told = list(tokens)
    share = next((token.amount for token in told if token.piece is Piece.SHARE), None)
    numbers = [token.amount for token in told if token.piece is Piece.NUMBER and token.amount]
    if share or not numbers:
        return share
    part, whole = (numbers[0].stated if len(numbers) > 1 else 1.0), numbers[-1]
    value = part / max(whole.stated, 1)
    return replace(whole, low=value, high=value, stated=value)


def _is_name(draft: Draft, match: Match) -> bool:
    """Whether the first words are a name, as far as that can be seen: no place, nation or word of the vocabulary."""
    tokens = draft.tokens[match.start : match.end]
    if any(token.piece is Piece.HANDLE for token in tokens):
        return True
    if tokens[0].norm in _ARTICLES or _counts(tokens, _OF_ONE_NAME):
        return False  # La Casa de Papel; Blade of Miquella, with 329 million attempts
    owned = next(
        (at + 1 for at, token in enumerate(tokens) if token.norm == "'s" and at and tokens[at - 1].capital), 0
    )  # Pune's Tejas
    first = next((token for token in tokens[owned:] if token.capital), None)
    return first is not None and first.norm not in _DAYS and first.tags.isdisjoint(_NO_NAMES)


def _counts(tokens: Sequence[Token], least: int) -> bool:
    """Whether so much is told that it is no person's: not money, of which one may spend anything."""
    numbers = [token for token in tokens if token.piece is Piece.NUMBER and not _SEAT.fullmatch(token.text)]
    return any(token.amount is not None and token.amount.stated >= least for token in numbers)


_SEAT: Final = re.compile(r"\d{1,3}[A-Z]")  # 14B is a seat or a flat, before it is 14 billion
_TOO_MUCH: Final = 10_000_000  # minutes of a long life of listening
_OF_ONE_NAME: Final = 1_000_000  # beside a name, which may be a title's
_ARTICLES: Final = words_of("articles")
_DAYS: Final = frozenset(
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "montag", "sonntag"]
)
_NO_NAMES: Final = words_of("no-names")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sentence says that people are, and how many live there as far as that is known."""

    name: str | None
    small: bool
    large: bool


def _place(draft: Draft, sentence: Sentence) -> Place:
    small = draft.first("small_place", sentence)
    match = small or draft.first("place", sentence)
    large = any(token.tags & {"place.large", "nation"} for token in draft.tokens[sentence.low : sentence.high])
    return Place(draft.words(match) if match else None, small is not None, large)


def _placed(draft: Draft, mention: Mention, place: Place) -> Mention:
    """Add the place that a sentence names."""
    tokens = draft.tokens[mention.match.start : mention.match.end]
    role = next((token.text for token in tokens if token.tags & {"person", "people"}), None)
    named = draft.words(mention.match) if tokens[0].piece is Piece.HANDLE else None
    told = replace(
        mention.who,
        place=place.name,
        small_place=place.small,
        large_place=place.large,
        role=role,
        named=named,
        viewers=are_people(draft, mention),
    )
    return replace(mention, who=told)
