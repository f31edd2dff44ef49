"""The audience of a claim: the households that it describes, found in the data and told in counts that stay inside.

Whoever holds an `Audience` knows how many, never who. Its numbers are for deciding and for comparing with what a draft
states; what may be shown of them, `bands` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from analyzer.messages.claim import Claim, Statistic, WhoKind
from analyzer.messages.in_marks import HouseholdMarks, InMarks, household_marks, in_marks
from analyzer.messages.index import Index
from analyzer.messages.matching import Matched, count, matching
from analyzer.messages.places import country_of
from analyzer.messages.questions import Question, Unasked, question_of
from analyzer.messages.readings import Reading
from analyzer.messages.title_figures import Figure, figures_of
from analyzer.policy.effects import MarkStatus

Catalogue = Mapping[str, tuple[str, ...]]
"""What titles are called, and the ids that each name stands for."""


@dataclass(frozen=True, slots=True)
class Implied:
    """The smallest group that words point at.

    Attributes
    ----------
    households : the fewest it can be; None where nobody knows, which is no large number.
    because : which words.
    """

    households: float | None = field(repr=False)
    because: str


@dataclass(frozen=True, slots=True)
class Audience:
    """What the data says of a claim.

    Attributes
    ----------
    figures : tuple of Figure
        What the claim states, as it is in the data: the plain reading first, then its nearest neighbours. Empty where
        the claim is no question to this data.
    unasked, why : why it is none, and a sentence about that.
    households : the households behind the claim; of a title's figure those that watched it.
    marks : how they lie in the marks; None where no marks were given or a title alone is told of.
    largest_share : the largest household's share of what is counted.
    implied : the smallest group that a count, a share or a place points at.
    fingerprint, window : of the data.
    """

    figures: tuple[Figure, ...]
    fingerprint: str
    window: str
    unasked: Unasked | None = None
    why: str = ""
    households: int | None = field(default=None, repr=False)
    marks: InMarks | None = None
    largest_share: float | None = field(default=None, repr=False)
    implied: Implied | None = None


def audience_of(
    claim: Claim,
    index: Index,
    catalogue: Catalogue | None = None,
    marks: HouseholdMarks | Mapping[str, MarkStatus] | None = None,
) -> Audience:
    """Return the households that a claim describes, as counts.

    A claim that is forbidden by its wording is not asked; whoever calls this has asked the policy before.

    Parameters
    ----------
    claim : Claim
    index : Index
        From `open_index`, or made of any source by `workflow.message_index.ready`.
    catalogue : mapping, optional
        Name of a title or series to its ids; by default titles are called as the sessions call them.
    marks : HouseholdMarks or mapping of household to MarkStatus, optional
        The worst mark of each household. Prepare them once (`household_marks`) where many claims are asked.

    Returns
    -------
    Audience
    """
    about = index.about
    asked = question_of(claim, about)
    implied = _implied(claim, index)
    if not isinstance(asked, Question):
        return Audience((), about.fingerprint, about.words(), asked[0], asked[1], implied=implied)
    titles = titles_of(claim, index, catalogue)
    country = country_of(claim.who.place) if claim.who.place else None
    if titles == ():
        why = "The data knows no title of that name."
        return Audience((), about.fingerprint, about.words(), Unasked.NOT_HELD, why, implied=implied)
    if claim.who.place and (country is None or country not in index.countries):
        why = "The sessions know countries only, and not this place."
        return Audience((), about.fingerprint, about.words(), Unasked.NOT_HELD, why, implied=implied)
    if not asked.readings:
        figures, households, share = figures_of(index, titles, claim.statistic, asked.first, asked.last)
        return Audience(
            figures, about.fingerprint, about.words(), None, "", households, largest_share=share, implied=implied
        )
    prepared = household_marks(index, marks) if isinstance(marks, Mapping) else marks
    return _of_households(claim, index, titles, asked, country, prepared, implied)


def unasked_audience(claim: Claim, index: Index, unasked: Unasked, why: str) -> Audience:
    """Return the audience of a claim that is not looked up: nothing but the smallest group that its words point at."""
    about = index.about
    return Audience((), about.fingerprint, about.words(), unasked, why, implied=_implied(claim, index))


def titles_of(claim: Claim, index: Index, catalogue: Catalogue | None) -> tuple[int, ...] | None:
    """Return the codes of a claim's titles; None where it is about any, and none where the name is not known."""
    if claim.content is None:
        return None
    return index.titles_called(claim.content.title or claim.content.name, catalogue)


def _of_households(
    claim: Claim,
    index: Index,
    titles: tuple[int, ...] | None,
    question: Question,
    country: str | None,
    marks: HouseholdMarks | None,
    implied: Implied | None,
) -> Audience:
    plain, *others = question.readings
    inside = _in_country(index, country)
    matched = _within(matching(index, titles, plain.condition), inside)
    numbers = [(plain, len(matched)), *((other, _number(index, titles, other, inside)) for other in others)]
    about = index.about
    return Audience(
        figures=_figures(claim, index, numbers, question, inside),
        fingerprint=about.fingerprint,
        window=about.words(),
        households=len(matched),
        marks=None if marks is None else in_marks(matched.household, marks),
        largest_share=matched.largest_share,
        implied=implied,
    )


def _in_country(index: Index, country: str | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
    if country is None:
        return None
    found = index.arrays("SELECT household FROM places WHERE country = $country", {"country": country})["household"]
    inside = np.zeros(index.about.households, dtype=np.bool_)
    inside[found] = True
    return inside


def _within(matched: Matched, inside: np.ndarray[tuple[int], np.dtype[np.bool_]] | None) -> Matched:
    if inside is None:
        return matched
    kept = inside[matched.household]
    return Matched(matched.household[kept], matched.amount[kept])


def _number(
    index: Index,
    titles: tuple[int, ...] | None,
    reading: Reading,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] | None,
) -> int:
    if inside is None:
        return count(index, titles, reading.condition)
    return len(_within(matching(index, titles, reading.condition), inside))


def _figures(
    claim: Claim,
    index: Index,
    numbers: list[tuple[Reading, int]],
    question: Question,
    inside: np.ndarray[tuple[int], np.dtype[np.bool_]] | None,
) -> tuple[Figure, ...]:
    """Return what is told of each reading: a number of households, or their share of all and of the active ones."""
    if claim.statistic is not Statistic.SHARE and claim.who.share is None:
        return tuple(Figure(reading.words, "households", float(number)) for reading, number in numbers)
    known = index.about.households if inside is None else int(inside.sum())
    wholes = {"all households": known}
    if question.last == index.about.last_day and inside is None:
        active = "SELECT count(*) FROM households WHERE last_day >= $first"
        wholes["households that watched anything then"] = int(index.rows(active, {"first": question.first})[0][0])
    return tuple(
        Figure(f"{reading.words}, of {whole}", "share", number / size)
        for reading, number in numbers
        for whole, size in wholes.items()
        if size
    )


def _implied(claim: Claim, index: Index) -> Implied | None:
    """Return the smallest group that the words point at, where they point at one."""
    who, found = claim.who, []
    if who.kind is WhoKind.INDIVIDUAL:
        found.append(Implied(1.0, "it is about one"))
    if who.count is not None:
        found.append(Implied(who.count.low, "the number"))
    whole: float | None = float(index.about.households)
    country = None if who.place is None else country_of(who.place)
    if country is not None:
        whole = float(index.countries.get(country, 0))
        found.append(Implied(whole, "the place"))
    elif who.place is not None and not who.large_place:
        whole = None
        found.append(Implied(whole, "the place"))
    if who.share is not None:
        found.append(Implied(None if whole is None else who.share.low * whole, "the share"))
    # What nobody knows comes first: it may be one household.
    return min(found, key=lambda one: -1.0 if one.households is None else one.households, default=None)
