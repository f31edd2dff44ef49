"""Decisions on patterns: who may decide what. The rules stand here, below every page that could forget one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import sqlalchemy as sa

from analyzer.errors import did_you_mean
from analyzer.ledger.events import NO_PERSONS, What, name_of
from analyzer.ledger.following import decision_of
from analyzer.ledger.people_tables import ACCOUNTS
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import Choice, Decision, DecisionRefusedError, Kind, PatternState
from analyzer.ledger.states import states
from analyzer.ledger.traced import DECISION, now
from analyzer.ledger.writing import written
from analyzer.policy.effects import MarkStatus
from analyzer.policy.overrides import name_compared, wrong_day, wrong_people, wrong_reason

LONGEST_LOOSENING: Final = timedelta(days=366)
"""A year: what holds for longer is for the rulebook to say."""
_REVIEWER: Final = "reviewer"  # of `people.Role`, which lies above
_WAITING: Final = "waiting"
_APPROVED: Final = "approved"
_REASON: Final = "Say in a sentence why, so that somebody can check it later."


def decide(connection: sa.Connection, choice: Choice, seen: int, today: date) -> Decision:
    """Take a decision in the transaction that holds the ledger; see `Ledger.decide`."""
    state = state_of(connection, choice.pattern, today)
    who = reviewer_of(connection, choice.who)
    if seen != state.last:
        raise LedgerMovedError(_moved(state), "Look at it, then decide again.")
    after = _allowed(choice, state, today)
    values = {
        "bundle": state.bundle,
        "pattern": state.pattern,
        "kind": choice.kind.value,
        "about": choice.about if choice.kind in (Kind.AGREE, Kind.DECLINE) else None,
        "before": state.mark.value,
        "after": after.value,
        "expires": choice.expires.isoformat() if choice.kind is Kind.LOOSEN and choice.expires else None,
    }
    row = {**values, "who": who, "reason": choice.reason.strip(), "at": now()}
    return decision_of(written(connection, DECISION, row, who, What.DECIDED, values))


def state_of(connection: sa.Connection, pattern: str, today: date) -> PatternState:
    """Return where a pattern stands.

    Raises
    ------
    DecisionRefusedError
        When the newest bundle has none of that id.
    """
    found = states(connection, today, pattern)
    if not found:
        names = [state.pattern for state in states(connection, today)]
        hint = did_you_mean(pattern, names) or f"There are {', '.join(names) or 'none; record a bundle first'}."
        raise DecisionRefusedError(f"The newest bundle has no pattern {pattern!r:.60}.", hint)
    return found[0]


def person_of(who: str) -> str:
    """Return the name of a person who decides.

    Raises
    ------
    DecisionRefusedError
        When nobody is named: a command line is no person, and could be anybody's.
    """
    name = name_of(who)
    if name_compared(name) in ("", *map(name_compared, NO_PERSONS)):
        raise DecisionRefusedError(f"{name!r} is no person.", "Decide under the name of an account.")
    return name


def reviewer_of(connection: sa.Connection, who: str) -> str:
    """Return the name of a person who may decide: a reviewer's, where the ledger has accounts.

    Raises
    ------
    DecisionRefusedError
        When nobody is named, or the ledger has accounts and this is no reviewer's who may sign in.
    """
    name = person_of(who)
    if connection.scalar(sa.select(ACCOUNTS.c.name).limit(1)) is None:
        return name  # a ledger that is used without a desk knows nobody
    row = connection.execute(sa.select(ACCOUNTS.c.role, ACCOUNTS.c.disabled).where(ACCOUNTS.c.name == name)).first()
    if row is None or row.disabled or row.role != _REVIEWER:
        raise DecisionRefusedError(
            f"{name!r:.60} is no reviewer.", "Decide under the name of a reviewer's account, letter by letter."
        )
    return name


def open_to(connection: sa.Connection, who: str, what: str, status: str, answer: str, *, own: bool) -> None:
    """Refuse an answer that somebody may not give: to what is closed, or without being a reviewer.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    who : str
    what, status : str
        What is answered, such as "Draft 3", and what became of it so far.
    answer : str
        "approved" or "rejected".
    own : bool
        Whether they sent it in: then they may take it back, as long as nobody has answered.

    Raises
    ------
    DecisionRefusedError
        When they may not.
    """
    if (status == _APPROVED and answer == _APPROVED) or status not in (_WAITING, _APPROVED):
        remedy = "An approval can be taken back." if status == _APPROVED else "Send it in anew."
        raise DecisionRefusedError(f"{what} is answered: {status}.", remedy)
    if not (own and status == _WAITING and answer != _APPROVED):
        reviewer_of(connection, who)


def _moved(state: PatternState) -> str:
    if not state.decisions:
        return f"The patterns were fitted again meanwhile, {state.pattern} too (bundle {state.fingerprint[:12]})."
    newest = state.decisions[-1]
    return f"Another decision on {state.pattern} came in meanwhile by {newest.who} ({newest.kind.value})."


def _allowed(choice: Choice, state: PatternState, today: date) -> MarkStatus:
    """Return the mark that the choice is for, or refuse it."""
    if choice.kind is Kind.CONFIRM:
        return _confirmed(choice, state)
    if choice.kind is Kind.TIGHTEN:
        return _tightened(choice, state)
    if choice.kind is Kind.LOOSEN:
        return _loosened(choice, state, today)
    return _answered(choice, state)


def _confirmed(choice: Choice, state: PatternState) -> MarkStatus:
    if choice.to not in (None, state.mark):
        raise DecisionRefusedError(
            f"{state.pattern} is marked {state.mark.words}, not {choice.to.words if choice.to else ''}.",
            "Confirm the mark in force, or tighten or loosen it.",
        )
    return state.mark


def _tightened(choice: Choice, state: PatternState) -> MarkStatus:
    if choice.to is None or choice.to.severity <= state.mark.severity:
        raise DecisionRefusedError(
            f"That does not tighten {state.pattern}, which is marked {state.mark.words}.", "Name a stricter mark."
        )
    _with_reason(choice)
    return choice.to


def _loosened(choice: Choice, state: PatternState, today: date) -> MarkStatus:
    if state.absolute:
        raise DecisionRefusedError(
            f"The mark of {state.pattern} is absolute ({', '.join(state.rules) or 'no rule speaks for it'}).",
            "Nobody can loosen it; the rulebook would have to change.",
        )
    if choice.to is None or choice.to.severity >= state.mark.severity:
        raise DecisionRefusedError(
            f"That does not loosen {state.pattern}, which is marked {state.mark.words}.", "Name a milder mark."
        )
    if choice.to.severity < state.mildest.severity:
        raise DecisionRefusedError(
            f"{state.pattern} can be loosened to {state.mildest.words} at the mildest ({', '.join(state.rules)}).",
            "A rule behind its mark is absolute; ask for that mark.",
        )
    if state.waiting:
        raise DecisionRefusedError(
            f"A loosening of {state.pattern} by {state.waiting.who} waits already.", "Agree to it or decline it first."
        )
    _with_reason(choice)
    wrong = wrong_day(choice.expires, today) or _too_long(choice.expires, today)
    if wrong:
        raise DecisionRefusedError(f"A loosening ends one day: {wrong}.", "Give the first day without it.")
    return choice.to


def _too_long(expires: date | None, today: date) -> str:
    longest = today + LONGEST_LOOSENING
    return f"it may end on {longest} at the latest" if expires and expires > longest else ""


def _answered(choice: Choice, state: PatternState) -> MarkStatus:
    waiting = state.waiting
    if waiting is None or choice.about != waiting.number:
        raise DecisionRefusedError(
            f"No loosening {choice.about} of {state.pattern} waits.",
            f"Number {waiting.number} waits." if waiting else "It may have ended, or the mark is another one now.",
        )
    if choice.kind is Kind.DECLINE:
        _with_reason(choice)
        return state.mark
    if wrong := wrong_people((waiting.who, choice.who)):
        raise DecisionRefusedError(f"{choice.who} asked for this loosening: {wrong}.", "Let somebody else agree.")
    return waiting.after


def _with_reason(choice: Choice) -> None:
    if wrong := wrong_reason(choice.reason):
        raise DecisionRefusedError(f"It cannot be decided so: {wrong}.", _REASON)
