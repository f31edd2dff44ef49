"""Figures of titles and of everything together: hours, plays, ranks, means. They describe no household."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from analyzer.messages.claim import Statistic
from analyzer.messages.index import Index

MS_PER_HOUR: Final = 3_600_000
_OF_TITLES: Final = """
SELECT coalesce(sum(ms) FILTER (day BETWEEN $first AND $last), 0)::DOUBLE,
    coalesce(sum(plays) FILTER (day BETWEEN $first AND $last), 0)::DOUBLE, coalesce(sum(ms), 0)::DOUBLE
FROM title_days WHERE $any OR title IN (SELECT unnest($titles::UINTEGER[]))
"""
_ADDED: Final = """
SELECT count(*), max(ms, 2) FROM (
    SELECT sum(ms) AS ms FROM pairs WHERE title IN (SELECT unnest($titles)) GROUP BY household)
"""
_RANKED: Final = """
WITH one AS (
    SELECT title, rank() OVER (ORDER BY sum(ms) DESC) AS by_hours, rank() OVER (ORDER BY sum(plays) DESC) AS by_plays
    FROM title_days WHERE day BETWEEN $first AND $last GROUP BY title)
SELECT min(by_hours), min(by_plays) FROM one WHERE title IN (SELECT unnest($titles))
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a claim states, as it is in the data.

    Attributes
    ----------
    words : how the claim is read.
    unit : "households", "share", "hours", "plays", "rank" or "hours a household".
    value : stays inside.
    """

    words: str
    unit: str
    value: float = field(repr=False)


@dataclass(frozen=True, slots=True)
class TitleTotals:
    """What all households together did with some titles.

    Attributes
    ----------
    hours, plays : in the window.
    households : that watched them at all, for more than a glance.
    largest : hours of the household with most of them and of the next one, in all of the data.
    whole_hours : hours in all of the data.
    """

    hours: float
    plays: float
    households: int
    largest: tuple[float, float]
    whole_hours: float


def totals_of(index: Index, titles: tuple[int, ...] | None, first: int, last: int) -> TitleTotals:
    """Return the totals of some titles, or of all where that is None, from the first day to the last."""
    chosen = {"any": titles is None, "titles": list(titles or ())}
    ms, plays, whole = index.rows(_OF_TITLES, {**chosen, "first": first, "last": last})[0]
    households, largest = _behind(index, titles)
    hours = [value / MS_PER_HOUR for value in [*largest, 0, 0][:2]]
    return TitleTotals(ms / MS_PER_HOUR, plays, households, (hours[0], hours[1]), whole / MS_PER_HOUR)


def _behind(index: Index, titles: tuple[int, ...] | None) -> tuple[int, list[int]]:
    """Return how many households are behind the totals, and the largest two contributions in milliseconds."""
    if titles is None:
        count, largest = index.rows("SELECT count(*), max(ms, 2) FROM households")[0]
        return count, largest or []
    if len(titles) == 1:
        told = index.rows("SELECT households, largest FROM totals WHERE title = $title", {"title": titles[0]})
        return (told[0][0], told[0][1]) if told else (0, [])
    count, largest = index.rows(_ADDED, {"titles": list(titles)})[0]
    return count, largest or []


def figures_of(
    index: Index, titles: tuple[int, ...] | None, statistic: Statistic, first: int, last: int
) -> tuple[tuple[Figure, ...], int, float | None]:
    """Return the figures of a statistic, the households behind the titles, and the largest one's share of hours."""
    told = totals_of(index, titles, first, last)
    share = told.largest[0] / told.whole_hours if told.whole_hours > 0 else None
    if statistic is Statistic.HOURS:
        found = [Figure("hours played in the window", "hours", told.hours)]
        if told.whole_hours != told.hours:
            found.append(Figure("hours played in all of the data", "hours", told.whole_hours))
    elif statistic is Statistic.PLAYS:
        found = [Figure("plays in the window", "plays", told.plays)]
    elif statistic is Statistic.RANK and titles is not None:
        found = ranks_of(index, titles, first, last)
    elif statistic is Statistic.AVERAGE:
        found = _means(index, titles, told)
    else:
        found = [Figure("households that watched it", "households", float(told.households))]
    return tuple(found), told.households, share


def _means(index: Index, titles: tuple[int, ...] | None, told: TitleTotals) -> list[Figure]:
    """Return hours a household, and a day of it; only of all of the data, for whom a window holds is not counted."""
    if told.hours != told.whole_hours or not told.households:
        return []
    whose = "of a household" if titles is None else "of a household that watched it"
    mean = told.hours / told.households
    return [
        Figure(f"hours {whose}", "hours a household", mean),
        Figure(f"hours a day {whose}", "hours a household", mean / index.about.days),
    ]


def ranks_of(index: Index, titles: tuple[int, ...], first: int, last: int) -> list[Figure]:
    """Return the place of a title among all by hours and by plays, 1 for the first; several stand as their best."""
    places = index.rows(_RANKED, {"titles": list(titles), "first": first, "last": last})[0]
    told = zip(("hours", "plays"), places, strict=True)
    return [Figure(f"rank among titles by {what}", "rank", float(place)) for what, place in told if place is not None]
