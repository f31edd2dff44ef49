"""What waits for a person, and why; and what became of one pattern so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum

import sqlalchemy as sa

from analyzer.ledger.audit_tables import AUDIT
from analyzer.ledger.bundles import all_bundles, marks_of
from analyzer.ledger.drafting import waiting_drafts
from analyzer.ledger.fitted import KeptBundle
from analyzer.ledger.following import decisions, kept_of
from analyzer.ledger.requests import waiting_requests
from analyzer.ledger.review_tables import MARKS
from analyzer.ledger.reviewed import Decision, Kept, KeptDraft, Kind, PatternState
from analyzer.ledger.states import states_of
from analyzer.policy.effects import MarkStatus


class Why(Enum):
    """Why something waits, most pressing first."""

    LOOSENING = "a second person is asked"
    CHANGED = "its mark changed"
    STALE = "an earlier decision holds no longer"
    NEW = "nobody has decided yet"
    DRAFT = "a draft was submitted"
    REQUEST = "numbers are asked for"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for a person.

    Attributes
    ----------
    why : for which reason.
    item : "pattern P07" or "draft 3".
    sentence : the reason in words.
    since : when it began to wait, UTC.
    last : what `decide` or `answer` has to be told as `seen`.
    """

    why: Why
    item: str
    sentence: str
    since: str
    last: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step in the history of a pattern.

    Attributes
    ----------
    at, who : when (UTC), and by whom.
    bundle : fingerprint of the bundle that it is about.
    kind : what was decided; None where the pattern was marked.
    mark : the mark in force after it, or the one that is asked for.
    sentence : the step in words.
    """

    at: str
    who: str
    bundle: str
    kind: Kind | None
    mark: MarkStatus
    sentence: str


@dataclass(frozen=True, slots=True)
class Desk:
    """What lies on the desk, all of one moment.

    Attributes
    ----------
    waiting : what waits for a person, most pressing first; of one kind the oldest first.
    patterns : of the newest bundle, by id.
    drafts : that nobody has answered, oldest first.
    """

    waiting: tuple[Waiting, ...]
    patterns: tuple[PatternState, ...]
    drafts: tuple[KeptDraft, ...]


def on_the_desk(connection: sa.Connection, today: date) -> Desk:
    """Return what waits for a person, with everything that it is about."""
    bundles = all_bundles(connection)
    before = {row["pattern"]: MarkStatus(row["mark"]) for row in marks_of(connection, _number(bundles[-2:-1]))}
    patterns = states_of(connection, bundles, today)
    drafts = waiting_drafts(connection, bundles[-1:], patterns)
    found = [_pattern(state, before, bundles[-1].at) for state in patterns]
    told = [waiting for waiting in found if waiting] + _drafts(drafts) + _requests(connection)
    order = list(Why)
    return Desk(tuple(sorted(told, key=lambda w: (order.index(w.why), w.since, w.item))), patterns, drafts)


def history(connection: sa.Connection, pattern: str) -> tuple[Step, ...]:
    """Return what became of a pattern, oldest first; nothing where the ledger knows none of that id."""
    bundles = {bundle.number: bundle for bundle in all_bundles(connection)}
    rows = connection.execute(sa.select(MARKS).where(MARKS.c.pattern == pattern)).mappings().all()
    who = _who(connection, [f"mark {row['number']}" for row in rows])
    marked = []
    for row in rows:
        bundle, mark, kept = bundles[row["bundle"]], MarkStatus(row["mark"]), kept_of(dict(row))
        in_force = MarkStatus.worst([mark, kept.lifted or kept.strictest])
        sentence = f"Bundle {bundle.fingerprint[:12]}: the rulebook marks it {mark.words}{_stays(mark, kept)}."
        marked.append(
            Step(bundle.at, who.get(f"mark {row['number']}", ""), bundle.fingerprint, None, in_force, sentence)
        )
    decided = [_decided(decision, bundles[decision.bundle]) for decision in decisions(connection, pattern)]
    return tuple(sorted([*marked, *decided], key=lambda step: step.at))


def _stays(mark: MarkStatus, kept: Kept) -> str:
    if kept.strictest.severity <= mark.severity:
        return ""
    if not kept.lifted:
        return f"; {kept.strictest.words} stays, as people decided before"
    return f"; {kept.strictest.words} comes back on {kept.until}, as two people set it aside until then"


def _number(bundles: tuple[KeptBundle, ...]) -> int:
    return bundles[0].number if bundles else 0


def _pattern(state: PatternState, before: Mapping[str, MarkStatus], since: str) -> Waiting | None:
    item = f"pattern {state.pattern}"
    if state.waiting:
        asked = state.waiting
        words = f"{asked.who} asks to loosen {state.pattern} from {asked.before.words} to {asked.after.words}"
        sentence = f"{words} until {asked.expires}: {asked.reason}"
        return Waiting(Why.LOOSENING, item, sentence, asked.at, state.last)
    if state.decided:
        return None
    earlier = before.get(state.pattern)
    if earlier is not None and earlier is not state.by_rules:
        told = f"The rulebook marked it {earlier.words} before, and {state.by_rules.words} now."
        return Waiting(Why.CHANGED, item, f"{told} {state.stale}".strip(), since, state.last)
    if state.stale:
        return Waiting(Why.STALE, item, state.stale, since, state.last)
    return Waiting(Why.NEW, item, "Nobody has decided on it yet.", since, state.last)


def _requests(connection: sa.Connection) -> list[Waiting]:
    """Return release requests that wait for an answer."""
    return [
        Waiting(
            Why.REQUEST,
            f"release request {kept.number}",
            f"{kept.asked.who} asks for {kept.asked.measure} by {', '.join(kept.asked.by)}: {kept.asked.why}",
            kept.at,
            kept.last,
        )
        for kept in waiting_requests(connection)
    ]


def _drafts(drafts: Iterable[KeptDraft]) -> list[Waiting]:
    return [
        Waiting(Why.DRAFT, f"draft {d.number}", f"{d.author} submitted it. {d.stale}".strip(), d.at, d.last)
        for d in drafts
    ]


def _decided(decision: Decision, bundle: KeptBundle) -> Step:
    words = {
        Kind.CONFIRM: f"confirmed {decision.after.words}",
        Kind.TIGHTEN: f"tightened it from {decision.before.words} to {decision.after.words}",
        Kind.LOOSEN: f"asked to loosen it from {decision.before.words} to {decision.after.words}",
        Kind.AGREE: f"agreed to {decision.after.words}",
        Kind.DECLINE: "declined the loosening",
    }[decision.kind]
    until = f" until {decision.expires}" if decision.expires else ""
    why = f": {decision.reason}" if decision.reason else "."
    sentence = f"{decision.who} {words}{until}{why}"
    return Step(decision.at, decision.who, bundle.fingerprint, decision.kind, decision.after, sentence)


def _who(connection: sa.Connection, items: list[str]) -> dict[str, str]:
    rows = connection.execute(sa.select(AUDIT.c.item, AUDIT.c.who).where(AUDIT.c.item.in_(items)))
    return {row.item: row.who for row in rows}
