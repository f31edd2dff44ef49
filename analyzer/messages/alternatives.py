"""Sentences that may be said instead: from facts that may leave, each judged like any draft before it is shown.

A fact is about a title or about everyone, never about a group that behaviour defines. Hours go in the steps of the
door, households are rounded down, and what few households make up, or one of them dominates, is not told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import MARKER, title_hours
from analyzer.messages.about import day_of
from analyzer.messages.audience import Catalogue
from analyzer.messages.claim import Claim
from analyzer.messages.index import Index
from analyzer.messages.title_figures import TitleTotals, ranks_of, totals_of

Check = Callable[[str], bool]
"""The full check of a draft: True only where it may be said."""

_LOWEST_RANK: Final = 10
_DIGITS: Final = 2


class FactKind(Enum):
    """What a sentence tells."""

    HOURS = "hours"
    RANK = "rank"
    HOUSEHOLDS = "households"
    WARMTH = "warmth"


@dataclass(frozen=True, slots=True)
class Fact:
    """A sentence that may be said.

    Attributes
    ----------
    kind : FactKind
    sentence : as it may be published.
    source : data, window and definition of its figure; empty where it has none.
    """

    kind: FactKind
    sentence: str
    source: str


def facts_about(
    title: str, index: Index, check: Check, limits: Limits | None = None, catalogue: Catalogue | None = None
) -> tuple[Fact, ...]:
    """Return what may be said about a title today: hours, rank, households; none where none is safe.

    Parameters
    ----------
    title : str
        Name of a title or series, or its id.
    index : Index
    check : callable
        The full check; a sentence that it does not allow is dropped.
    limits : Limits, optional
        Those of the public by default.
    catalogue : mapping, optional
        Name of a title or series to its ids.
    """
    limits = limits or Limits()
    codes = index.titles_called(title, catalogue)
    if not codes:
        return ()
    about = index.about
    totals = totals_of(index, codes, about.first_day, about.last_day)
    found = _of_title(title, index, codes, totals, limits) if may_be_told(totals, limits) else []
    return _allowed([*found, *_warmth(title)], check)


def facts_about_everyone(index: Index, check: Check, limits: Limits | None = None) -> tuple[Fact, ...]:
    """Return what may be said about all viewing together."""
    limits = limits or Limits()
    about = index.about
    totals = totals_of(index, None, about.first_day, about.last_day)
    if not may_be_told(totals, limits):
        return ()
    hours = title_hours(totals.hours, limits)
    sentence = f"Our members watched {hours:,} hours {_between(index)}."
    return _allowed([Fact(FactKind.HOURS, sentence, _source(index, "hours played"))], check)


def alternatives_to(
    claims: Sequence[Claim],
    index: Index,
    check: Check,
    limits: Limits | None = None,
    catalogue: Catalogue | None = None,
) -> tuple[Fact, ...]:
    """Return sentences that may be said instead of a draft, about the titles that it names, best known first.

    Parameters
    ----------
    claims : sequence of Claim
        Of the draft.
    index, check, limits, catalogue
        As of `facts_about`.
    """
    contents = [claim.content for claim in claims if claim.content is not None]
    names = dict.fromkeys(content.title or content.name for content in contents)
    found = [fact for name in names for fact in facts_about(name, index, check, limits, catalogue)]
    return tuple(found) or facts_about_everyone(index, check, limits)


def may_be_told(totals: TitleTotals, limits: Limits) -> bool:
    """Return whether enough households are behind hours, and none of them can be guessed from the total."""
    if totals.households < limits.floor or title_hours(totals.hours, limits) == MARKER:
        return False
    return not dominated(totals, limits)


def dominated(totals: TitleTotals, limits: Limits) -> bool:
    """Return whether one or two households make up so much of a total that their part could be computed."""
    first, second = totals.largest
    hours = totals.whole_hours
    return first + second >= limits.dominance_share * hours or hours - first - second < limits.p_ratio * first


def _of_title(name: str, index: Index, codes: tuple[int, ...], totals: TitleTotals, limits: Limits) -> list[Fact]:
    about, when = index.about, _between(index)
    hours = title_hours(totals.hours, limits)
    found = [Fact(FactKind.HOURS, f"{name} was watched for {hours:,} hours {when}.", _source(index, "hours played"))]
    ranks = ranks_of(index, codes, about.first_day, about.last_day)
    if len(codes) == 1 and ranks and ranks[0].value <= _LOWEST_RANK:
        sentence = f"{name} was number {ranks[0].value:.0f} among our titles by hours watched {when}."
        found.append(Fact(FactKind.RANK, sentence, _source(index, "rank by hours played")))
    told = _rounded_down(totals.households)
    if limits.floor <= told < about.households * limits.share_top:
        sentence = f"Over {told:,} households watched {name} {when}."
        found.append(Fact(FactKind.HOUSEHOLDS, sentence, _source(index, "distinct households, rounded down")))
    return found


def _rounded_down(households: int) -> int:
    """Return the multiple of ten, a hundred and so on of two digits that is less than a count, so that it is passed."""
    unit = int(10 ** max(len(str(households)) - _DIGITS, 0))
    return (households - 1) // unit * unit


def warm_words(claims: Sequence[Claim], check: Check) -> tuple[Fact, ...]:
    """Return what may be said of a draft's titles where there is no data: sentences without any number."""
    names = dict.fromkeys(c.content.title or c.content.name for c in claims if c.content is not None)
    return _allowed([fact for name in names for fact in _warmth(name)], check)


def _warmth(name: str) -> list[Fact]:
    """Return sentences without a number or anything that somebody did."""
    return [
        Fact(FactKind.WARMTH, f"{name} is here for everybody who loves it.", ""),
        Fact(FactKind.WARMTH, f"We are glad to have {name}.", ""),
    ]


def _between(index: Index) -> str:
    first, last = (day_of(day) for day in (index.about.first_day, index.about.last_day))
    return f"from {first:%B} {first.day}, {first.year} to {last:%B} {last.day}, {last.year}"


def _source(index: Index, definition: str) -> str:
    return f"{definition}; {index.about.words()}; data {index.about.fingerprint[:12]}"


def _allowed(facts: Sequence[Fact], check: Check) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if check(fact.sentence))
