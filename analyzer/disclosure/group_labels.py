"""Labels of groups read as what they stand for: a stretch of a line, or a set of named categories."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import Final


class Line(Enum):
    """What a range is a stretch of."""

    NUMBERS = "numbers"  # ages, hours, counts: nothing is below 0
    DAYS = "days"


Point = Fraction | float


@dataclass(frozen=True, slots=True)
class Span:
    """From `low` up to `high`, exclusive. Whole numbers stand for themselves and all below the next one."""

    line: Line
    low: Point
    high: Point

    @property
    def label(self) -> str:
        """As it would be published."""
        return _days(self) if self.line is Line.DAYS else _numbers(self)


@dataclass(frozen=True, slots=True)
class Named:
    """Categories; all others where `others` is True. Everybody is all but none."""

    names: frozenset[str]
    others: bool = False

    @property
    def label(self) -> str:
        """As it would be published."""
        told = "+".join(sorted(self.names))
        return (f"not {told}" if told else "all") if self.others else told


Group = Span | Named
EVERYBODY: Final = Named(frozenset(), others=True)

_EVERYBODY: Final = {"all", "total", "(all)", "everyone", "everybody", "sum", "*", "overall", "any"}
_NUMBER: Final = r"[€$£]?\s*(\d[\d,]*(?:\.\d+)?)"
_UNIT: Final = r"(?:\s*(?:years?|yrs?|y|hours?|hrs?|h|minutes?|min|days?|d|times?|plays?|views?|titles?|%|old|of age))*"
_TO: Final = r"\s*(?:-|–|—|\.\.+|to|until|bis)\s*"
_BELOW: Final = r"(?:<|under|below|less than|fewer than|younger than)\s*"
_UP_TO: Final = r"(?:<=|=<|≤|up to|at most|no more than)\s*"
_ABOVE: Final = r"(?:>|over|above|more than|older than)\s*"
_FROM: Final = r"(?:>=|=>|≥|from|at least)\s*"
_AND_MORE: Final = r"(?:\+|\s*(?:and|or)\s+(?:over|above|more|older|up|greater))"
_AND_LESS: Final = r"\s*(?:and|or)\s+(?:under|below|less|fewer|younger)"
_DAY: Final = r"(\d{4}(?:-\d{2}(?:-\d{2})?|-?[Qq][1-4]|-?[Ww]\d{2})?)"
_DAYS_TO: Final = r"\s*(?:\.\.+|/|–|—|\s-\s|to|until|\s-)\s*"


def parsed(label: str) -> Group:
    """Return what a label stands for; a label that is no range and no period names a category."""
    text = " ".join(label.split())
    if text.casefold() in _EVERYBODY:
        return EVERYBODY
    without = re.fullmatch(
        r"(?:(?:all|total|everyone)\s+)?(?:not|except|excluding|without|but|other than)\s+(.+)", text
    )
    if without:
        return Named(frozenset(re.split(r"\s*\+\s*", without[1])), others=True)
    return _span(text) or _union(text)


def _union(text: str) -> Group:
    parts = [part for part in re.split(r"\s*\+\s*(?=\S)", text) if part]
    spans = sorted((span for part in parts if (span := _span(part))), key=lambda s: (s.line.value, s.low))
    touching = all(a.high == b.low and a.line is b.line for a, b in pairwise(spans))
    if len(parts) > 1 and len(spans) == len(parts) and touching:
        return Span(spans[0].line, spans[0].low, spans[-1].high)
    return Named(frozenset(parts))


def _span(text: str) -> Span | None:
    for pattern, read in (*_PERIODS, *_RANGES):
        match = re.fullmatch(pattern, text, re.IGNORECASE)
        if match:
            try:
                found = read(*match.groups())
            except ValueError:  # no such day or week
                continue
            if found.low < found.high:
                return found
    return None


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _after(text: str) -> Fraction:
    """Return where what is told by this number ends: at the next whole one, or right there."""
    number = _number(text)
    return number + 1 if number.denominator == 1 else number


def _period(text: str) -> tuple[Fraction, Fraction]:
    year = int(text[:4])
    rest = text[4:].lstrip("-").upper()
    if rest.startswith("W"):
        first = date.fromisocalendar(year, int(rest[1:]), 1)
        last = first + timedelta(days=6)
    elif rest.startswith("Q"):
        month = 3 * int(rest[1]) - 2
        first, last = date(year, month, 1), date(year, month + 2, monthrange(year, month + 2)[1])
    elif len(rest) == 5:
        first = last = date.fromisoformat(text)
    elif rest:
        first = date(year, int(rest), 1)
        last = date(year, int(rest), monthrange(year, int(rest))[1])
    else:
        first, last = date(year, 1, 1), date(year, 12, 31)
    return Fraction(first.toordinal()), Fraction(last.toordinal() + 1)


def _over(low: Point, high: Point, line: Line = Line.NUMBERS) -> Span:
    return Span(line, low, high)


_Reader = Callable[..., Span]
_PERIODS: Final[tuple[tuple[str, _Reader], ...]] = (
    (_DAY + _DAYS_TO + _DAY, lambda a, b: _over(_period(a)[0], _period(b)[1], Line.DAYS)),
    (r"(\d{4})-(\d{4})", lambda a, b: _over(_period(a)[0], _period(b)[1], Line.DAYS)),
    (r"(?:before|<)\s*" + _DAY, lambda a: _over(-inf, _period(a)[0], Line.DAYS)),
    (r"(?:since|from|>=)\s*" + _DAY, lambda a: _over(_period(a)[0], inf, Line.DAYS)),
    (r"(?:after|>)\s*" + _DAY, lambda a: _over(_period(a)[1], inf, Line.DAYS)),
    (r"(?:until|up to|through|<=)\s*" + _DAY, lambda a: _over(-inf, _period(a)[1], Line.DAYS)),
    (_DAY, lambda a: _over(*_period(a), Line.DAYS)),
)
_RANGES: Final[tuple[tuple[str, _Reader], ...]] = (
    (_NUMBER + _UNIT + _TO + _NUMBER + _UNIT, lambda a, b: _over(_number(a), _after(b))),
    (_BELOW + _NUMBER + _UNIT, lambda a: _over(Fraction(0), _number(a))),
    (_UP_TO + _NUMBER + _UNIT, lambda a: _over(Fraction(0), _after(a))),
    (_NUMBER + _UNIT + _AND_LESS, lambda a: _over(Fraction(0), _after(a))),
    (_FROM + _NUMBER + _UNIT, lambda a: _over(_number(a), inf)),
    (_NUMBER + _UNIT + _AND_MORE + _UNIT, lambda a: _over(_number(a), inf)),
    (_ABOVE + _NUMBER + _UNIT, lambda a: _over(_after(a), inf)),
    (_NUMBER + _UNIT, lambda a: _over(_number(a), _after(a))),
)


def _numbers(span: Span) -> str:
    low, high = span.low, span.high
    if low == 0:
        return "all" if high == inf else f"<{_written(high)}"
    if high == inf:
        return f"{_written(low)}+"
    whole = Fraction(low).denominator == Fraction(high).denominator == 1
    last = high - 1 if whole else high
    return _written(low) if last == low else f"{_written(low)}-{_written(last)}"


def _written(number: Point) -> str:
    return f"{float(number):.10g}"


def _days(span: Span) -> str:
    if span.low == -inf:
        return "all" if span.high == inf else f"before {date.fromordinal(int(span.high))}"
    first = date.fromordinal(int(span.low))
    if span.high == inf:
        return f"since {first}"
    last = date.fromordinal(int(span.high) - 1)
    for short in (str(first), f"{first:%Y-%m}", f"{first:%Y}"):
        if _period(short) == (span.low, span.high):
            return short
    return f"{first}..{last}"
