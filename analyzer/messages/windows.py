"""When something happened, as it is told: past 18 days, on Valentine's Day, at 3 a.m., this year, 9 February."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final

from analyzer.messages.claim import Window
from analyzer.messages.phrases import Match, Phrases
from analyzer.messages.sentences import Draft, Sentence
from analyzer.messages.tokens import Piece, Token

_MORNING: Final = 5


def window_of(draft: Draft, sentence: Sentence) -> Window | None:
    """Return when a sentence says that something happened, or None where it does not say."""
    found = [match for _, match in _patterns("window").find(draft.tokens, sentence.low, sentence.high)]
    clocks = [match for _, match in _patterns("clock").find(draft.tokens, sentence.low, sentence.high)]
    matches = [match for match in found if not _is_bare_number(draft, match)]
    if not matches and not clocks:
        return None
    first = matches[0] if matches else clocks[0]
    tokens = draft.tokens[first.start : first.end]
    start, end = _dates(tokens)
    clock = _clock(draft.tokens[clocks[0].start : clocks[0].end]) if clocks else None
    return Window(_length(tokens), start, end, clock, draft.span(first))


def at_night(window: Window | None) -> bool:
    """Return whether a window names hours between 11 p.m. and 5 a.m."""
    return window is not None and window.clock is not None and (window.clock[0] >= 23 or window.clock[0] < _MORNING)


def _is_bare_number(draft: Draft, match: Match) -> bool:
    """Whether "in 40" was read, where the number is no year."""
    tokens = draft.tokens[match.start : match.end]
    return len(tokens) == 2 and tokens[-1].piece is Piece.NUMBER and "year" not in tokens[-1].tags


def _length(tokens: tuple[Token, ...]) -> float | None:
    unit = next((_days()[t.norm] for t in tokens if t.norm in _days()), None)
    number = next((t.amount.stated for t in tokens if t.piece is Piece.NUMBER and t.amount), 1.0)
    if unit is not None:
        return unit * number
    if any("year" in t.tags for t in tokens):
        return 365.0
    return 30.4 if len(tokens) == 1 and tokens[0].norm in _months() else 1.0


def _dates(tokens: tuple[Token, ...]) -> tuple[date | None, date | None]:
    year = next((int(t.amount.stated) for t in tokens if "year" in t.tags and t.amount), None)
    if year is None or any(t.norm in _months() for t in tokens):
        return None, None
    return date(year, 1, 1), date(year, 12, 31)


def _clock(tokens: tuple[Token, ...]) -> tuple[int, int]:
    hours = [int(t.amount.stated) for t in tokens if t.piece is Piece.NUMBER and t.amount and t.amount.stated <= 24]
    if not hours:
        return (0, _MORNING)
    shift = 12 if any(t.norm == "pm" for t in tokens) and hours[0] < 12 else 0
    hour = (hours[0] + shift) % 24 if not (hours[0] == 12 and any(t.norm == "am" for t in tokens)) else 0
    return (hour, (hour + 1) % 24)


@cache
def _told() -> dict[str, Any]:
    return tomllib.loads((resources.files("analyzer.messages") / "windows.toml").read_text("utf-8"))


@cache
def _days() -> dict[str, float]:
    """How many days each word for a stretch of time has."""
    units = {name: unit for name, unit in _told()["units"].items() if name != "reason"}
    return {word: float(unit["days"]) for unit in units.values() for word in unit["words"].split()}


@cache
def _months() -> frozenset[str]:
    return frozenset(word for names in _told()["months"]["names"] for word in names.split())


@cache
def _patterns(name: str) -> Phrases:
    places = {"unit": "|".join(_days()), "month": "|".join(sorted(_months()))}
    return Phrases([line.format(**places) for line in _told()[name]["patterns"]])
