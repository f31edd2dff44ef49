"""Which days a sentence names: "from 1 to 24 December 2023", "on 2 May", "in March", "on Christmas Day".

Days without a year are the latest ones that the data can know of. What names no days that a calendar tells (Easter,
"the first weekend") is not guessed.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from analyzer.messages.claim import Span

_NAMES: Final = (
    "january|jan|januar|janvier|enero", "february|feb|februar|février|fevrier|febrero", "march|mar|märz|mars|marzo",
    "april|apr|avril|abril", "may|mai|mayo", "june|jun|juni|juin|junio", "july|jul|juli|juillet|julio",
    "august|aug|août|aout|agosto", "september|sept|sep|septembre|septiembre", "october|oct|oktober|octobre|octubre",
    "november|nov|novembre|noviembre", "december|dec|dezember|décembre|decembre|diciembre",
)  # fmt: skip
_MONTHS: Final = {name: number for number, names in enumerate(_NAMES, 1) for name in names.split("|")}
_MONTH: Final = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\b(?:\.(?=\s*\d))?"
_DAY: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th|er|\.)?"
_OF: Final = r"\s+(?:of\s+|de\s+)?"
_YEAR: Final = r"(?:,?\s+(?:of\s+|de\s+)?(?P<year>(?:19|20)\d\d)\b)?"
_LINK: Final = r"(?:to|until|till|through|and|bis|und|au|et|al|hasta|y)"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\b(?P<year>(?:19|20)\d\d)-(?P<number>[01]\d)-(?P<day>[0-3]\d)\b",
        rf"\b{_DAY}{_OF}{_MONTH}{_YEAR}",
        rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}\b(?!\s*(?:million|thousand|people|%)){_YEAR}",
        rf"\b(?:in|during|since|of|im|seit|en|depuis|desde|last)\s+{_MONTH}{_YEAR}",
        r"\b(?:in|during|since|of|seit|en|depuis|desde)\s+(?P<year>(?:19|20)\d\d)\b",
    )
)
_FEASTS: Final = tuple(
    (re.compile(rf"\b(?:{words})\b", re.IGNORECASE), month, day)
    for words, month, day in (
        (r"christmas eve|heiligabend|nochebuena", 12, 24),
        (r"christmas day", 12, 25),
        (r"boxing day", 12, 26),
        (r"new year['’]?s eve|silvester|hogmanay|nochevieja", 12, 31),
        (r"new year['’]?s day", 1, 1),
        (r"valentine['’]?s(?: day)?|valentinstag|saint-valentin", 2, 14),
        (r"halloween", 10, 31),
    )
)
_BETWEEN_DAYS: Final = re.compile(
    rf"\b(?P<low>[0-3]?\d)(?:st|nd|rd|th|er|\.)?\s*(?:-|–|—|{_LINK})\s*{_DAY}{_OF}{_MONTH}{_YEAR}", re.IGNORECASE
)
_JOINED: Final = re.compile(rf"\s*(?:,|-|–|—|{_LINK})\s*(?:the\s+|el\s+|zum\s+)?", re.IGNORECASE)
_SINCE: Final = re.compile(r"(?:since|seit|depuis|desde)\s+(?:the\s+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Days:
    """Some days.

    Attributes
    ----------
    first, last : both of them belong to it.
    span : the words.
    """

    first: date
    last: date
    span: Span


@dataclass(frozen=True, slots=True)
class _Named:
    """Days as they are written: the year, month or day may be missing."""

    year: int | None
    month: int | None
    day: int | None
    span: Span


def days_named(text: str, span: Span, today: date) -> Days | None:
    """Return the days that part of a text names, or None where it names none, or several that nothing joins.

    Parameters
    ----------
    text : str
    span : Span
        Where to look.
    today : date
        The last day that can be meant where no year is told: the data's last one.
    """
    part = text[span.start : span.end]
    low = next(_BETWEEN_DAYS.finditer(part), None)
    if low is not None:
        last = _whole(_named(low), today)
        first = None if last is None else _day(last.last.year, last.last.month, int(low["low"]))
        where = Span(span.start + low.start(), span.start + low.end())
        return None if last is None or first is None or first > last.last else Days(first, last.last, where)
    found = list(_all(part))
    if not found or len(found) > 2:
        return None
    since = _SINCE.search(part[: found[0].span.end])
    made = _joined(found, part, today)
    if made is None:
        return None
    where = Span(span.start + made.span.start, span.start + made.span.end)
    return Days(made.first, max(today, made.first) if since and len(found) == 1 else made.last, where)


def spans_of_days(text: str) -> tuple[Span, ...]:
    """Return where days are named, so that nothing else is read there."""
    return tuple(named.span for named in _all(text))


def is_in_a_day(text: str, span: Span) -> bool:
    """Return whether words are part of a day that is named; only what stands near is read, however long the text is."""
    first = max(0, span.start - _NEAR)
    near = spans_of_days(text[first : span.end + _NEAR])
    return any(one.start <= span.start - first and span.end - first <= one.end for one in near)


_NEAR: Final = 40  # letters: no day is longer


def _all(part: str) -> Iterator[_Named]:
    """Yield what is named, in order and without overlaps; the fullest form first."""
    taken: list[_Named] = []
    for form in _FORMS:
        for match in form.finditer(part):
            named = _named(match)
            if not any(named.span.start < one.span.end and one.span.start < named.span.end for one in taken):
                taken.append(named)
    for feast, month, day in _FEASTS:
        taken += [_Named(None, month, day, Span(match.start(), match.end())) for match in feast.finditer(part)]
    yield from sorted(taken, key=lambda named: named.span.start)


def _named(match: re.Match[str]) -> _Named:
    told = match.groupdict()
    month = _MONTHS.get(str(told.get("month") or "").casefold())
    month = int(told["number"]) if told.get("number") else month
    year, day = ((int(told[name]) if told.get(name) else None) for name in ("year", "day"))
    return _Named(year, month, day, Span(match.start(), match.end()))


def _joined(found: list[_Named], part: str, today: date) -> Days | None:
    last = _whole(found[-1], today)
    if last is None or len(found) == 1:
        return last
    one, other = found
    if not _JOINED.fullmatch(part[one.span.end : other.span.start]):
        return None
    year = one.year or (last.last.year if (one.month or 0) <= last.last.month else last.last.year - 1)
    first = _whole(_Named(year, one.month, one.day, one.span), today)
    if first is None or first.first > last.last:
        return None
    return Days(first.first, last.last, Span(one.span.start, other.span.end))


def _whole(named: _Named, today: date) -> Days | None:
    """Return the days of a date, a month or a year; without a year the latest that are over by today."""
    for year in (named.year,) if named.year else (today.year, today.year - 1):
        first = _day(year, named.month or 1, named.day or 1)
        if first is None:
            return None
        month = named.month or 12
        last = first if named.day else date(year, month, calendar.monthrange(year, month)[1])
        if named.year or last <= today:
            return Days(first, last, named.span)
    return None


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
