"""Which households a condition describes: statements over the index, the narrowest table that can tell first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints
from analyzer.messages.index import Index
from analyzer.messages.layout import PAIRS
from analyzer.messages.readings import Condition, Measure
from analyzer.messages.together import LENGTHS

_OF_PAIRS: Final = {
    Measure.PLAYS: "plays",
    Measure.FINISHED: "finished",
    Measure.IN_ONE_GO: "in_one_go",
    Measure.REWINDS: "rewinds",
    Measure.HOURS: "ms / 3.6e6",
    Measure.PERIODS: "days",
    Measure.RUN: "longest_run",
}
"""What a row a title and household tells of all of the data."""

_OF_DAYS: Final = {
    Measure.PLAYS: "sum(plays)",
    Measure.FINISHED: "sum(finished)",
    Measure.IN_ONE_GO: "sum(in_one_go)",
    Measure.REWINDS: "sum(rewinds)",
    Measure.HOURS: "sum(ms) / 3.6e6",
}
"""What rows a day add up to within a window."""

_SELECT: Final = "SELECT household, {amount} AS amount FROM ({rows}) {rest}"
_COUNT: Final = "SELECT count(*) FROM ({rows})"
_HAVE_ENOUGH: Final = "household IN (SELECT household FROM pairs WHERE title = $title AND {amount} >= {least})"
_PERIODS: Final = "SELECT household, sum(plays) AS plays FROM ({days}) GROUP BY household, ($until - day) // $period"
_SPAN: Final = "{amount} OVER (PARTITION BY household ORDER BY day RANGE BETWEEN $before PRECEDING AND CURRENT ROW)"
_LIES_READY: Final = "SELECT * FROM spans WHERE length = $length AND {before}days > 0"
_BY_HOUSEHOLD: Final = "GROUP BY household"

_SLIDING: Final = _OF_DAYS | {Measure.PERIODS: "count(*)"}

_OF_SPANS: Final = {
    Measure.PLAYS: "plays",
    Measure.FINISHED: "finished",
    Measure.IN_ONE_GO: "in_one_go",
    Measure.REWINDS: "rewinds",
    Measure.HOURS: "ms / 3.6e6",
    Measure.PERIODS: "days",
}
"""What lies ready of all titles together for a stretch of days."""


@dataclass(frozen=True, eq=False)
class Matched:
    """Households that a condition describes; a value of this kind never leaves the package.

    Attributes
    ----------
    household : ndarray of int64
        Codes of the index.
    amount : ndarray of float64
        How much of what is counted each has.
    """

    household: Ints
    amount: Floats

    def __repr__(self) -> str:
        return "Matched(households are not shown)"

    def __len__(self) -> int:
        return len(self.household)

    @property
    def largest_share(self) -> float | None:
        """The largest household's share of what is counted; None where nothing is."""
        total = float(self.amount.sum())
        return float(self.amount.max()) / total if total > 0 else None


def matching(index: Index, titles: tuple[int, ...] | None, condition: Condition) -> Matched:
    """Return the households that a condition describes.

    Parameters
    ----------
    index : Index
    titles : tuple of int, or None
        Codes; None stands for any title.
    condition : Condition
    """
    sql, values = _statement(index, titles, condition)
    found = index.arrays(sql, values)
    return Matched(found["household"].astype(np.int64), np.asarray(found["amount"], dtype=np.float64))


def count(index: Index, titles: tuple[int, ...] | None, condition: Condition) -> int:
    """Return how many households a condition describes."""
    sql, values = _statement(index, titles, condition)
    return int(index.rows(_COUNT.format(rows=sql), values)[0][0])


def _statement(index: Index, titles: tuple[int, ...] | None, c: Condition) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"least": c.least}
    if titles is not None:
        values |= {"title": titles[0]} if len(titles) == 1 else {"titles": list(titles)}
    bound = "amount >= $least"
    if not math.isinf(c.most):
        values["most"] = c.most
        bound += " AND amount <= $most"
    one = _one_row_each(index, titles, c, values)
    return _SELECT.format(amount="amount", rows=one, rest=f"WHERE {bound}"), values


def _one_row_each(index: Index, titles: tuple[int, ...] | None, c: Condition, values: dict[str, Any]) -> str:
    """Return a statement that gives each household its amount."""
    whole = c.first is None and c.last is None and c.anywhere is None
    plain = c.clock is None and c.each == 0 and c.period == 1
    if whole and plain:
        return _of_pairs(titles, c, values, index.about.last_day)
    if c.first is not None and c.last is None and plain and c.measure is Measure.PERIODS and c.least <= 1:
        values["first"] = c.first  # ends with the data: whether it was on at all, the last day tells
        return _SELECT.format(amount="1", rows=_pairs(titles), rest="WHERE last_day >= $first")
    if titles is None and plain and (stretch := _stretch(c, index.about.last_day)) is not None:
        values["length"], before = stretch
        rows = _LIES_READY.format(before=before)
        return _SELECT.format(amount=f"{before}{_OF_SPANS[c.measure]}", rows=rows, rest="")
    if c.anywhere is not None:
        return _anywhere(titles, c, values)
    return _of_days(titles, c, values, index.about.last_day)


def _stretch(c: Condition, last_day: int) -> tuple[int, str] | None:
    """Return the length of a stretch that lies ready, and what its columns begin with; None where none does."""
    if c.measure not in _OF_SPANS or c.last is not None:
        return None
    length = c.anywhere if c.first is None else last_day - c.first + 1
    known = length in LENGTHS and (c.first is None or c.anywhere is None)
    return (length, "" if c.first is None else "last_") if known and length is not None else None


def _of_pairs(titles: tuple[int, ...] | None, c: Condition, values: dict[str, Any], last_day: int) -> str:
    if c.measure is Measure.LAST_RUN:
        values["last_day"] = last_day
        return _SELECT.format(amount="last_run", rows=_pairs(titles), rest="WHERE last_day = $last_day")
    return _SELECT.format(amount=_OF_PAIRS[c.measure], rows=_pairs(titles), rest="")


def _pairs(titles: tuple[int, ...] | None) -> str:
    """Return rows a household: those that lie ready for one title or for all, or made of the days of several."""
    if titles is None:
        return "SELECT * FROM together"
    if len(titles) == 1:
        return "SELECT * FROM pairs WHERE title = $title"
    return PAIRS.format(rows=_DAYS_OF_TITLES.format(where=_of_titles(titles)))


_DAYS_OF_TITLES: Final = """SELECT 0 AS title, household, day, sum(plays) AS plays, sum(finished) AS finished,
    sum(in_one_go) AS in_one_go, sum(ms) AS ms, bit_or(hours) AS hours, sum(rewinds) AS rewinds
    FROM facts WHERE shown = 1 AND {where} GROUP BY household, day"""
_DAYS_OF_ALL: Final = "SELECT * FROM together_days WHERE {where}"


def _of_titles(titles: tuple[int, ...] | None) -> str:
    if titles is None:
        return "TRUE"
    return "title = $title" if len(titles) == 1 else "title IN (SELECT unnest($titles))"


def _days(titles: tuple[int, ...] | None, c: Condition, values: dict[str, Any]) -> str:
    """Return rows a household and day that a condition looks at.

    Where a condition needs several days or plays, households that have fewer in all of the data are left out first:
    of most titles nearly all households have one day.
    """
    where = [_of_titles(titles)]
    for name, sign, day in (("first", ">=", c.first), ("last", "<=", c.last)):
        if day is not None:
            values[name] = day
            where.append(f"day {sign} ${name}")
    if c.clock is not None:
        values["clock"] = c.clock
        where.append("hours & $clock <> 0")
    few = titles is not None and len(titles) == 1 and c.least > 1
    if few and c.measure in _OF_PAIRS:
        where.append(_HAVE_ENOUGH.format(amount=_OF_PAIRS[c.measure], least="$least"))
    if c.each > 1 and c.period == 1 and titles is not None and len(titles) == 1:
        where.append(_HAVE_ENOUGH.format(amount="day_plays", least="$each"))
    rows = _DAYS_OF_ALL if titles is None else _DAYS_OF_TITLES
    return rows.format(where=" AND ".join(where))


def _of_days(titles: tuple[int, ...] | None, c: Condition, values: dict[str, Any], last_day: int) -> str:
    days = _days(titles, c, values)
    if c.measure in _OF_DAYS:
        return _SELECT.format(amount=_OF_DAYS[c.measure], rows=days, rest=_BY_HOUSEHOLD)
    if c.period == 1:
        values["each"] = c.each
        return _SELECT.format(amount="count(*)", rows=days, rest=f"WHERE plays >= $each {_BY_HOUSEHOLD}")
    values |= {"until": last_day if c.last is None else c.last, "period": c.period, "each": c.each}
    # Periods are counted back from the last day; what is left over at the beginning is no whole one.
    periods = _PERIODS.format(days=days)
    return _SELECT.format(amount="count(*)", rows=periods, rest=f"WHERE plays >= $each {_BY_HOUSEHOLD}")


def _anywhere(titles: tuple[int, ...] | None, c: Condition, values: dict[str, Any]) -> str:
    """Return the most that a household has within a window of a length, wherever it lies."""
    values["before"] = (c.anywhere or 1) - 1
    amount, _, scale = _SLIDING[c.measure].partition(" ")
    sliding = f"{_SPAN.format(amount=amount)} {scale}"
    each = _SELECT.format(amount=sliding, rows=_days(titles, c, values), rest="")
    return _SELECT.format(amount="max(amount)", rows=each, rest=_BY_HOUSEHOLD)
