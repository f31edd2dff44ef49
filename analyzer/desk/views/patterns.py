"""The list of patterns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analyzer.desk.views.words import MARKS, Badge, seen
from analyzer.ledger.reviewed import PatternState
from analyzer.policy.effects import MarkStatus
from analyzer.report.data import Card
from analyzer.report.page import size_of


@dataclass(frozen=True, slots=True)
class PatternRow:
    """A pattern in the list; how many households there are is a band."""

    id: str
    name: str
    band: str
    mark: Badge
    decision: str


@dataclass(frozen=True, slots=True)
class Filter:
    """A link that shows the patterns of one mark."""

    label: str
    href: str
    count: int
    here: bool


def pattern_rows(states: Iterable[PatternState], cards: Iterable[Card], mark: str) -> tuple[PatternRow, ...]:
    """Return the patterns of a mark, or all where it is none."""
    bands = {card.profile.id: size_of(card.profile) for card in cards}
    known = {status.value for status in MarkStatus}
    return tuple(
        PatternRow(
            state.pattern, seen(state.name), bands.get(state.pattern, "not known here"), MARKS[state.mark], _said(state)
        )
        for state in states
        if mark not in known or state.mark.value == mark
    )


def filters(states: Sequence[PatternState], mark: str) -> tuple[Filter, ...]:
    """Return the links above the list."""
    known = {status.value for status in MarkStatus}
    every = Filter("All", "/patterns", len(states), mark not in known)
    by_mark = [
        Filter(
            MARKS[status].words,
            f"/patterns?mark={status.value}",
            sum(state.mark is status for state in states),
            mark == status.value,
        )
        for status in reversed(list(MarkStatus))
    ]
    return (every, *by_mark)


def _said(state: PatternState) -> str:
    if state.waiting:
        return "a second person is asked"
    if state.decided:
        return "decided"
    return "has to be decided again" if state.stale else "nobody yet"
