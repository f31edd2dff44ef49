"""Where each pattern stands: the rulebook's mark, what people decided since, and what of that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.bundles import all_bundles, marks_of
from analyzer.ledger.fitted import KeptBundle
from analyzer.ledger.review_tables import DECISIONS
from analyzer.ledger.reviewed import Decision, Kind, PatternState
from analyzer.policy.effects import MarkStatus

_COLUMNS: Final = (
    "number", "at", "bundle", "pattern", "kind", "who", "before", "after", "reason", "expires", "about"
)  # fmt: skip


def states(connection: sa.Connection, today: date, pattern: str | None = None) -> tuple[PatternState, ...]:
    """Return where the patterns of the newest bundle stand, by id; only one of them where it is named."""
    return states_of(connection, all_bundles(connection), today, pattern)


def states_of(
    connection: sa.Connection, known: Iterable[KeptBundle], today: date, pattern: str | None = None
) -> tuple[PatternState, ...]:
    """Return the same where the bundles, oldest first, are read already."""
    bundles = {bundle.number: bundle for bundle in known}
    if not bundles:
        return ()
    newest = max(bundles)
    decided: dict[str, list[Decision]] = {}
    for decision in decisions(connection, pattern):
        decided.setdefault(decision.pattern, []).append(decision)
    rows = marks_of(connection, newest, pattern)
    return tuple(_state(row, bundles, decided.get(row["pattern"], []), today) for row in rows)


def decisions(connection: sa.Connection, pattern: str | None = None) -> tuple[Decision, ...]:
    """Return decisions, oldest first; those on one pattern where one is named."""
    query = sa.select(*(DECISIONS.c[name] for name in _COLUMNS)).order_by(DECISIONS.c.number)
    if pattern is not None:
        query = query.where(DECISIONS.c.pattern == pattern)
    return tuple(_decision(*row) for row in connection.execute(query))


def decision_of(row: Mapping[str, Any]) -> Decision:
    """Return a decision from its row."""
    return _decision(*(row[name] for name in _COLUMNS))


def mark_in_force(base: MarkStatus, decided: Iterable[Decision], today: date) -> MarkStatus:
    """Return the mark that holds after decisions on one bundle, oldest first.

    Parameters
    ----------
    base : MarkStatus
        Before any of them.
    decided : iterable of Decision
        A loosening counts from when somebody else agreed until it ends, and only while the mark is the one that both
        had before them: where that was itself a loosening that has ended, this one has lost its ground.
    today : date
    """
    return _followed(base, decided, today)[0]


def loosening_in_force(base: MarkStatus, decided: Iterable[Decision], today: date) -> tuple[Decision, Decision] | None:
    """Return the newest loosening that counts, and the agreement to it; None where none does. See `mark_in_force`."""
    return _followed(base, decided, today)[1]


def _followed(
    base: MarkStatus, decided: Iterable[Decision], today: date
) -> tuple[MarkStatus, tuple[Decision, Decision] | None]:
    mark, newest = base, None
    asked: dict[int, Decision] = {}
    for decision in decided:
        if decision.kind is Kind.LOOSEN:
            asked[decision.number] = decision
        elif decision.kind is Kind.TIGHTEN:
            mark = MarkStatus.worst([mark, decision.after])
        elif decision.kind is Kind.AGREE and decision.about in asked:
            loosening = asked[decision.about]
            if _holds(loosening, today) and loosening.before is mark:
                mark, newest = loosening.after, (loosening, decision)
    return mark, newest


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


def _state(
    row: Mapping[str, Any], bundles: Mapping[int, KeptBundle], decided: Sequence[Decision], today: date
) -> PatternState:
    bundle = bundles[row["bundle"]]
    here = tuple(decision for decision in decided if decision.bundle == bundle.number)
    by_rules, kept = MarkStatus(row["mark"]), MarkStatus(row["kept"])
    mark = mark_in_force(MarkStatus.worst([by_rules, kept]), here, today)
    ended = _ended(here, today)
    return PatternState(
        pattern=row["pattern"],
        name=row["name"],
        bundle=bundle.number,
        fingerprint=bundle.fingerprint,
        by_rules=by_rules,
        kept=kept,
        mark=mark,
        absolute=row["absolute"],
        rules=row["rules"],
        decisions=here,
        waiting=_waiting(here, mark, today),
        decided=bool(_settling(here)) and not ended,
        stale=ended or _refitted(decided, here, bundles, bundle),
        last=bundle.number + (decided[-1].number if decided else 0),  # both only grow: so neither moves unseen
        mildest=MarkStatus(row["mildest"]),
    )


def _settling(decided: Iterable[Decision]) -> list[Decision]:
    return [d for d in decided if d.kind in (Kind.CONFIRM, Kind.TIGHTEN, Kind.AGREE)]


def _waiting(here: Sequence[Decision], mark: MarkStatus, today: date) -> Decision | None:
    answered = {decision.about for decision in here}
    asked = (d for d in here if d.kind is Kind.LOOSEN and d.number not in answered)
    return next((d for d in asked if _holds(d, today) and d.before is mark), None)


def _holds(loosening: Decision, today: date) -> bool:
    return loosening.expires is not None and today < loosening.expires


def _ended(here: Sequence[Decision], today: date) -> str:
    """Say that the newest decision was a loosening that has ended; nothing where it was not."""
    settled = _settling(here)
    if not settled or settled[-1].kind is not Kind.AGREE:
        return ""
    asked = next(d for d in here if d.number == settled[-1].about)
    if _holds(asked, today):
        return ""
    return f"The loosening that {asked.who} and {settled[-1].who} agreed on ended on {asked.expires}."


def _refitted(
    decided: Iterable[Decision], here: Sequence[Decision], bundles: Mapping[int, KeptBundle], newest: KeptBundle
) -> str:
    """Say which earlier decision no longer holds because the patterns were fitted again; nothing where none is."""
    earlier = [d for d in _settling(decided) if d.bundle != newest.number]
    if _settling(here) or not earlier:
        return ""
    last = earlier[-1]
    old = bundles[last.bundle]
    rules = " by another rulebook" if old.rulebook_hash != newest.rulebook_hash else ""
    return (
        f"{last.who} decided ({last.kind.value}) on {last.at[:10]} on bundle {old.fingerprint[:12]}; since then the"
        f" patterns were fitted again and marked{rules} (bundle {newest.fingerprint[:12]})."
    )
