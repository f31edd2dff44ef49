"""Decisions on one pattern of one bundle, followed one by one: which mark comes out, and what a refit keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.review_tables import DECISIONS
from analyzer.ledger.reviewed import Decision, Kept, Kind
from analyzer.policy.effects import MarkStatus
from analyzer.policy.overrides import wrong_people

_COLUMNS: Final = (
    "number", "at", "bundle", "pattern", "kind", "who", "before", "after", "reason", "expires", "about"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Way:
    """What decisions come to on a day.

    Attributes
    ----------
    mark : in force.
    kept : what a refit on that day would hand on.
    loosened : the newest loosening that counts, and the agreement to it; None where none does.
    """

    mark: MarkStatus
    kept: Kept
    loosened: tuple[Decision, Decision] | None = None


def decisions(connection: sa.Connection, pattern: str | None = None) -> tuple[Decision, ...]:
    """Return decisions, oldest first; those on one pattern where one is named."""
    query = sa.select(*(DECISIONS.c[name] for name in _COLUMNS)).order_by(DECISIONS.c.number)
    if pattern is not None:
        query = query.where(DECISIONS.c.pattern == pattern)
    return tuple(_decision(*row) for row in connection.execute(query))


def decision_of(row: Mapping[str, Any]) -> Decision:
    """Return a decision from its row."""
    return _decision(*(row[name] for name in _COLUMNS))


def kept_of(row: Mapping[str, Any]) -> Kept:
    """Return what a row of marks holds of decisions on earlier bundles."""
    lifted, until = row["lifted"], row["lifted_until"]
    if not (lifted and until):
        return Kept(MarkStatus(row["kept"]))
    return Kept(MarkStatus(row["kept"]), MarkStatus(lifted), date.fromisoformat(until), row["lifted_by"])


def followed(by_rules: MarkStatus, kept: Kept, decided: Iterable[Decision], today: date) -> Way:
    """Return what decisions on one bundle come to.

    Parameters
    ----------
    by_rules : MarkStatus
        The rulebook's.
    kept : Kept
        What people decided on earlier bundles.
    decided : iterable of Decision
        On this bundle, oldest first. A loosening counts from when somebody else agreed until it ends, and only while
        the mark is the one that both had before them: where that was itself a loosening that has ended, this one has
        lost its ground. A tightening ends every request that waits.
    today : date
    """
    handed = kept.today(today)
    way = Way(MarkStatus.worst([by_rules, handed.on(today)]), handed)
    asked: dict[int, Decision] = {}
    for decision in decided:
        if decision.kind is Kind.LOOSEN:
            asked[decision.number] = decision
        elif decision.kind is Kind.TIGHTEN:
            asked.clear()
            mark = MarkStatus.worst([way.mark, decision.after])
            way = Way(mark, way.kept.tightened(decision.after), way.loosened)
        elif decision.kind is Kind.AGREE and decision.about in asked:
            way = _agreed(way, asked[decision.about], decision, today)
    return way


def holds(loosening: Decision, today: date) -> bool:
    """Return whether a loosening has not ended."""
    return loosening.expires is not None and today < loosening.expires


def asked_for(decided: Iterable[Decision]) -> tuple[Decision, ...]:
    """Return the loosenings that nobody has answered and no tightening has ended, oldest first."""
    asked: dict[int, Decision] = {}
    for decision in decided:
        if decision.kind is Kind.LOOSEN:
            asked[decision.number] = decision
        elif decision.kind is Kind.TIGHTEN:
            asked.clear()
        elif decision.about is not None:
            asked.pop(decision.about, None)
    return tuple(asked.values())


def _agreed(way: Way, loosening: Decision, agreement: Decision, today: date) -> Way:
    """Return what an agreement comes to: nothing where the rules for decisions would not have let it in."""
    two = not wrong_people((loosening.who, agreement.who))
    if not (two and holds(loosening, today) and loosening.before is way.mark and loosening.expires):
        return way
    kept = way.kept.loosened(loosening.after, loosening.expires, agreement.number)
    return Way(loosening.after, kept, (loosening, agreement))


def _decision(
    number: int,
    at: str,
    bundle: int,
    pattern: str,
    kind: str,
    who: str,
    before: str,
    after: str,
    reason: str,
    expires: str | None,
    about: int | None,
) -> Decision:
    ends = date.fromisoformat(expires) if expires else None
    marks = MarkStatus(before), MarkStatus(after)
    return Decision(number, at, bundle, pattern, Kind(kind), who, *marks, reason, ends, about)
