"""Where each pattern stands: the rulebook's mark, what people decided since, and what of that still holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.bundles import all_bundles, marks_of
from analyzer.ledger.canonical import digest
from analyzer.ledger.fitted import KeptBundle
from analyzer.ledger.following import asked_for, decisions, followed, holds, kept_of
from analyzer.ledger.reviewed import Decision, Kept, Kind, PatternState
from analyzer.policy.effects import MarkStatus

_MOVING: Final = (Kind.TIGHTEN, Kind.AGREE)
"""What changes a mark, in the end; a confirmation does not."""


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


def loosening_in_force(base: MarkStatus, decided: Iterable[Decision], today: date) -> tuple[Decision, Decision] | None:
    """Return the newest loosening that counts, and the agreement to it; None where none does. See `followed`.

    Parameters
    ----------
    base : MarkStatus
        In force before any of them.
    decided : iterable of Decision
    today : date
    """
    return followed(base, Kept(), decided, today).loosened


def in_force_hash(fingerprint: str, states: Iterable[PatternState]) -> str:
    """Return what says whether marks in force are still the same: a SHA-256.

    It changes with the bundle, when somebody tightens a mark, when two people loosen one and when that ends.

    Parameters
    ----------
    fingerprint : str
        Of the newest bundle.
    states : iterable of PatternState
        Of its patterns, on the day that is asked about.
    """
    told = {
        state.pattern: [state.mark.value, *(one.number for one in state.decisions if one.kind in _MOVING)]
        for state in states
    }
    return digest({"bundle": fingerprint, "patterns": told})


def _state(
    row: Mapping[str, Any], bundles: Mapping[int, KeptBundle], decided: Sequence[Decision], today: date
) -> PatternState:
    bundle = bundles[row["bundle"]]
    here = tuple(decision for decision in decided if decision.bundle == bundle.number)
    by_rules, handed = MarkStatus(row["mark"]), kept_of(row)
    mark = followed(by_rules, handed, here, today).mark
    ended = _ended(here, mark, handed, today)
    return PatternState(
        pattern=row["pattern"],
        name=row["name"],
        bundle=bundle.number,
        fingerprint=bundle.fingerprint,
        by_rules=by_rules,
        kept=handed.on(today),
        mark=mark,
        absolute=row["absolute"],
        rules=row["rules"],
        decisions=here,
        waiting=_waiting(here, mark, today),
        decided=bool(_settling(here)) and not ended,
        stale=ended or _refitted(decided, here, bundles, bundle),
        last=bundle.number + (decided[-1].number if decided else 0),  # both only grow: so neither moves unseen
        mildest=MarkStatus(row["mildest"]),
        handed_on=handed,
    )


def _settling(decided: Iterable[Decision]) -> list[Decision]:
    return [d for d in decided if d.kind in (Kind.CONFIRM, Kind.TIGHTEN, Kind.AGREE)]


def _waiting(here: Sequence[Decision], mark: MarkStatus, today: date) -> Decision | None:
    return next((d for d in asked_for(here) if holds(d, today) and d.before is mark), None)


def _ended(here: Sequence[Decision], mark: MarkStatus, handed: Kept, today: date) -> str:
    """Say that the mark is no longer the one that people decided last, for a loosening ended; nothing where it is."""
    settled = _settling(here)
    if not settled or settled[-1].after is mark:
        return ""
    asked = {decision.number: decision for decision in here if decision.kind is Kind.LOOSEN}
    agreed = [(asked[d.about], d) for d in settled if d.kind is Kind.AGREE and d.about in asked]
    over = [(loosening, agreement) for loosening, agreement in agreed if not holds(loosening, today)]
    if not over and handed.until and today >= handed.until:
        return f"What two people had loosened before the patterns were fitted again ended on {handed.until}."
    if not over:
        return "What was decided last does not hold, for it does not keep to the rules for decisions."
    loosening, agreement = max(over, key=lambda pair: pair[0].expires or today)
    return f"The loosening that {loosening.who} and {agreement.who} agreed on ended on {loosening.expires}."


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
