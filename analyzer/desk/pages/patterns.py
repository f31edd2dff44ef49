"""Patterns: the list, a card, decisions on it and the discussion about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import READERS, REVIEWERS, me
from analyzer.desk.views import card, decisions
from analyzer.desk.views.notes import note_views
from analyzer.desk.views.paging import page_of
from analyzer.desk.views.patterns import filters, pattern_rows
from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.reviewed import DecisionRefusedError, PatternState
from analyzer.workflow.describe import BASE_RATE

_SIZE: Final = 50
_LONGEST_NOTE: Final = 4_000


def patterns(ask: Ask) -> Response:
    """List the patterns of the newest bundle."""
    states = ask.office.ledger.patterns(ask.office.today())
    asked = ask.query.get("mark", "")
    shown = pattern_rows(states, ask.office.cards(), asked)
    page = page_of(
        shown, ask.query.get("page", ""), _SIZE, f"/patterns?mark={asked}" if asked and shown else "/patterns"
    )
    return ask.page(
        "patterns.html.j2",
        rows=page.rows,
        pages=page.pages,
        any=bool(states),
        filters=filters(states, asked),
        bundle=_bundle(ask),
        base_rate=BASE_RATE,
    )


def pattern(ask: Ask) -> Response:
    """Show a pattern's card."""
    return _card(ask)


def decide(ask: Ask) -> Response:
    """Take a decision, or say why it is not taken."""
    ledger, today = ask.office.ledger, ask.office.today()
    try:
        state = ledger.pattern(ask.path["pattern"], today)
    except DecisionRefusedError as error:
        return missing(ask, error)
    sent = decisions.sent(ask.form, state, me(ask).name)
    if sent.choice is None:
        return _card(ask, 422, sent.errors)
    try:
        ledger.decide(sent.choice, sent.seen, today)
    except LedgerMovedError as error:
        told = (
            f"{error.cause} Nothing was decided by you. The card shows what was decided; look at it, then decide again."
        )
        return _card(ask, 409, problem=told)
    except (DecisionRefusedError, InputError) as error:
        return _card(ask, 422, {_field_of(error): f"{error.cause} {error.remedy}"})
    as_of = card.as_of(ledger.pattern(state.pattern, today))
    return ask.see("pattern", done=sent.done, as_of=as_of, pattern=state.pattern)


def note(ask: Ask) -> Response:
    """Add to the discussion."""
    text = ask.form.get("note", "").strip()
    if not text:
        return _card(ask, 422, {"note": "Enter what you want to say"})
    if len(text) > _LONGEST_NOTE:
        return _card(ask, 422, {"note": f"Shorten it to {_LONGEST_NOTE:,} characters; it has {len(text):,}"})
    try:
        state = ask.office.ledger.pattern(ask.path["pattern"], ask.office.today())
        ask.office.ledger.add_note(state.pattern, me(ask).name, text)
    except DecisionRefusedError as error:
        return missing(ask, error)
    except InputError as error:
        return _card(ask, 422, {"note": f"{error.cause} {error.remedy}"})
    return ask.see("pattern", done="noted", as_of=card.as_of(state), pattern=state.pattern)


def _card(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None, problem: str = "") -> Response:
    ledger = ask.office.ledger
    try:
        state = ledger.pattern(ask.path["pattern"], ask.office.today())
    except DecisionRefusedError as error:
        return missing(ask, error)
    return ask.page(
        "pattern.html.j2",
        status,
        as_of=card.as_of(state),
        errors=errors or {},
        problem=problem,
        values=ask.form,
        steps=card.steps(ledger.history(state.pattern)),
        **_about(ask, state),
        **_for_reviewers(ask, state),
    )


def _about(ask: Ask, state: PatternState) -> dict[str, Any]:
    """Return what the ledger and the model know of a pattern."""
    found = ask.office.card(state.pattern)
    return {
        "standing": card.standing(state),
        "portrait": card.portrait(found) if found else None,
        "no_portrait": "The model of this bundle is not open at this desk, so only the mark and its history are shown.",
        "rules": state.rules,
        "base_rate": BASE_RATE,
    }


def _for_reviewers(ask: Ask, state: PatternState) -> dict[str, Any]:
    """Return what only reviewers see: the decision form and the discussion."""
    may = me(ask).role is Role.REVIEWER
    choices = decisions.options(state, me(ask).name) if may else ()
    return {
        "may_decide": may,
        "may_discuss": may,
        "options": choices,
        "needs_reason": decisions.needs_reason(choices),
        "may_loosen": decisions.may_loosen(state),
        "notes": note_views(ask.office.ledger.notes(state.pattern)) if may else (),
    }


def _bundle(ask: Ask) -> str:
    bundles = ask.office.ledger.bundles()
    return (
        f"on {bundles[-1].source}; window {bundles[-1].window}; bundle {bundles[-1].fingerprint[:12]}"
        if bundles
        else ""
    )


def _field_of(error: Exception) -> str:
    """Return the field that a refusal is about, as far as its words tell."""
    told = str(error)
    if "reason" in told:
        return "reason"
    return "ends_day" if "ends one day" in told else "decision"


DOORS: Final = (
    Door("patterns", "GET", "/patterns", READERS, patterns),
    Door("pattern", "GET", "/patterns/{pattern}", READERS, pattern),
    Door("decide", "POST", "/patterns/{pattern}/decisions", REVIEWERS, decide),
    Door("note", "POST", "/patterns/{pattern}/notes", REVIEWERS, note),
)
