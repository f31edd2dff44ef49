"""The marks in force: the rulebook's, with what people decided in a ledger on this very model.

A decision is a reason of its own in a mark. Tightening adds one; a loosening of two people sets stricter reasons aside
until its day. Nobody loosens below `PatternState.mildest`, and the model and the ledger must both say so: the rules are
looked at again here. Guards on single vectors know no decision; see `guarded`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from analyzer.errors import AnalyzerError
from analyzer.policy.clauses import Evidence
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import CONFIRMED, LOOSENED, NO_PATTERN_ID, TIGHTENED, Mark, Reason
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.rules import ANY
from analyzer.workflow.model import Model
from analyzer.workflow.recording import bundle_fingerprint, mildest_of

if TYPE_CHECKING:
    from analyzer.ledger.reviewed import Decision, PatternState
    from analyzer.ledger.store import Ledger

_CITES: Final = ("docs/decisions/0016-the-ledger.md",)
_ALONE: Final = "so the marks are the rulebook's alone"
_NUMBERED: Final = re.compile(r"decision \d+ of the ledger")
_WORDS: Final = {CONFIRMED: "confirmed", TIGHTENED: "tightened to", LOOSENED: "loosened to"}


def in_force(model: Model, ledger: Ledger | str | Path, today: date | None = None, key: Path | None = None) -> Model:
    """Return the model with the marks that hold on a day.

    Parameters
    ----------
    model : Model
        From `load_model`, perhaps `under` another rulebook. One whose marks were asked for before is asked for anew.
    ledger : Ledger, path or URL
        Its decisions are about its newest bundle. Where that is not this model under this rulebook, nothing changes but
        `Model.decided`, which says so.
    today : date, optional
        The day on which is asked; today (UTC) by default.
    key : Path, optional
        Of a ledger that is not open; see `open_ledger`.

    Raises
    ------
    LedgerError
        When there is no such ledger, or what it holds cannot be read or is not about the patterns of the model.
    """
    from analyzer.ledger.states import in_force_hash

    plain = model.under(model.rulebook) if model.decided else model
    day = today or datetime.now(UTC).date()
    newest, states, before = _asked(plain, ledger, day, key)
    if newest != bundle_fingerprint(plain) or not plain.digest:
        return replace(plain, decided=_not_about(plain, newest))
    marks = tuple(
        mark if mark.pattern_id == NO_PATTERN_ID else _decided(mark, states, before, plain.rulebook, day)
        for mark in plain.marks
    )
    names = [mark.pattern_id for mark in marks if mark.by_people]
    told = f"people decided on {', '.join(names)}" if names else "nobody has decided on any of them"
    hashed = in_force_hash(newest, states.values())
    return replace(plain, marks=marks, decided=f"The marks are those in force on {day}; {told}.", in_force=hashed)


def without_names(mark: Mark) -> tuple[str, ...]:
    """Return what people decided on a pattern for whoever is no reviewer: what, and under which number it is kept."""
    told = []
    for reason in mark.by_people:
        numbers = [one.attribute for one in reason.evidence if _NUMBERED.fullmatch(one.attribute)]
        where = f" ({', '.join(numbers)})" if numbers else " before the patterns were fitted again"
        told.append(f"{mark.pattern_id}: {_WORDS[reason.rule_id]} {reason.status.words}{where}")
    return tuple(told)


def _asked(
    model: Model, where: Ledger | str | Path, day: date, key: Path | None
) -> tuple[str, dict[str, PatternState], dict[str, str]]:
    """Return the newest bundle's fingerprint, where its patterns stand, and by whom those were tightened before it."""
    from analyzer.ledger.records import LedgerError
    from analyzer.ledger.store import open_ledger

    ledger = open_ledger(where, key, make=False) if isinstance(where, str | Path) else where
    try:
        bundles = ledger.bundles()
        newest = bundles[-1].fingerprint if bundles else ""
        if newest != bundle_fingerprint(model):
            return newest, {}, {}
        states = {state.pattern: state for state in ledger.patterns(day)}
        if any(state.fingerprint != newest for state in states.values()):  # a refit was recorded in between
            raise LedgerError("The patterns were fitted again while the ledger was read.", "Try again.")
        kept = [name for name, state in states.items() if state.kept.severity > state.by_rules.severity]
        return newest, states, {name: _tightened_before(ledger, states[name]) for name in kept}
    except AnalyzerError:
        raise
    except Exception as error:  # whatever cannot be read must withhold, and never be taken for no decision
        raise LedgerError(f"The decisions of the ledger cannot be read: {error}.", _VERIFY) from error
    finally:
        if ledger is not where:
            ledger.close()


_VERIFY: Final = "Look for what was changed: analyzer audit verify"


def _tightened_before(ledger: Ledger, state: PatternState) -> str:
    """Return who tightened a pattern of this id on an earlier bundle, in words; empty where it came under another."""
    from analyzer.ledger.reviewed import Kind

    steps = [s for s in ledger.history(state.pattern) if s.kind is Kind.TIGHTEN and s.bundle != state.fingerprint]
    return "; ".join(f"{step.at[:10]}: {step.sentence}" for step in steps if step.mark is state.kept)


def _not_about(model: Model, newest: str) -> str:
    if not model.digest:
        return f"The model was not loaded from a bundle, and no decision of the ledger can be about it, {_ALONE}."
    if not newest:
        return f"The ledger has no bundle, {_ALONE}."
    return (
        f"The newest bundle of the ledger ({newest[:12]}) is another one than this model under this rulebook"
        f" ({bundle_fingerprint(model)[:12]}), {_ALONE}."
    )


def _decided(mark: Mark, states: dict[str, PatternState], before: dict[str, str], book: Rulebook, today: date) -> Mark:
    """Return a mark with what people decided; the stricter word wins where model and ledger differ."""
    from analyzer.ledger.records import LedgerError
    from analyzer.ledger.states import loosening_in_force

    state = states.get(mark.pattern_id)
    if state is None:
        raise LedgerError(f"The ledger's newest bundle is this model, but has no {mark.pattern_id}.", _VERIFY)
    told = (*mark.reasons, *_tightenings(state, before.get(mark.pattern_id, "")))
    base = MarkStatus.worst([state.by_rules, state.kept])
    loosened = loosening_in_force(base, state.decisions, today)
    status = MarkStatus.worst([state.mark, state.mildest, mildest_of(mark, book)])
    aside = tuple(reason for reason in told if reason.status.severity > status.severity)
    if loosened is None or not aside:  # nobody loosened it, or somebody has tightened it since
        strict = MarkStatus.worst([mark.status, base, state.mark, *(reason.status for reason in told)])
        return replace(mark, status=strict, reasons=(*told, *_confirmation(state, strict)))
    counting = tuple(reason for reason in told if reason not in aside)
    reasons = (*counting, _loosening(*loosened, status), *_confirmation(state, status))
    return replace(mark, status=status, reasons=reasons, aside=aside, overrides=_overrides(aside, loosened, book))


def _tightenings(state: PatternState, before: str) -> Iterable[Reason]:
    from analyzer.ledger.reviewed import Kind

    if state.kept.severity > state.by_rules.severity:
        because = (
            "People tightened this mark before the patterns were fitted again; that stays, and two people can set it"
            " aside for a time."
        )
        told = Evidence(before or f"{state.kept.words}, handed on by an earlier pattern", 1.0, ANY)
        yield Reason(TIGHTENED, state.kept, because, _CITES, (told,))
    if state.handed_on.strictest.severity > max(state.kept.severity, state.by_rules.severity):
        yield _still_lifted(state)
    for one in state.decisions:
        if one.kind is Kind.TIGHTEN:
            because = f"{one.who} tightened this mark to {one.after.words} on {one.at[:10]}: {one.reason}"
            yield Reason(TIGHTENED, one.after, because, _CITES, _number(one))


def _still_lifted(state: PatternState) -> Reason:
    """Return that two people loosened before a refit what people had tightened, and that it has not ended."""
    kept = state.handed_on
    because = (
        f"People tightened this mark to {kept.strictest.words} before the patterns were fitted again; two people set"
        f" that aside until {kept.until}."
    )
    return Reason(LOOSENED, state.kept, because, _CITES, (Evidence(f"decision {kept.by} of the ledger", 1.0, ANY),))


def _confirmation(state: PatternState, status: MarkStatus) -> Iterable[Reason]:
    """Return who said last that this mark is right; nothing where somebody decided otherwise since."""
    from analyzer.ledger.reviewed import Kind

    settling = [one for one in state.decisions if one.kind in (Kind.CONFIRM, Kind.TIGHTEN, Kind.AGREE)]
    last = settling[-1] if settling else None
    if last is not None and last.kind is Kind.CONFIRM and last.after is status:
        because = f"{last.who} confirmed the mark {status.words} on {last.at[:10]}."
        yield Reason(CONFIRMED, status, because, _CITES, _number(last))


def _loosening(asked: Decision, agreed: Decision, status: MarkStatus) -> Reason:
    because = (
        f"{asked.who} and {agreed.who} loosened this mark to {asked.after.words} on {agreed.at[:10]},"
        f" until {asked.expires}: {asked.reason}"
    )
    milder = min(asked.after, status, key=lambda mark: mark.severity)
    return Reason(LOOSENED, milder, because, _CITES, _number(agreed))


def _number(decision: Decision) -> tuple[Evidence, ...]:
    return (Evidence(f"decision {decision.number} of the ledger", 1.0, ANY),)


def _overrides(aside: Iterable[Reason], loosened: tuple[Decision, Decision], book: Rulebook) -> tuple[Override, ...]:
    asked, agreed = loosened
    if asked.expires is None:
        return ()
    rules = {rule.id for rule in book.marking}
    named = dict.fromkeys(reason.rule_id for reason in aside if reason.rule_id in rules)
    return tuple(Override(name, (asked.who, agreed.who), asked.reason, asked.expires) for name in named)
