"""What each operation does: the office is asked, and its frozen values are told as plain ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, TypeVar

from analyzer._version import __version__
from analyzer.desk.api.models import DraftToCheck, DraftToSubmit, ReleaseToAskFor
from analyzer.desk.ask import Ask
from analyzer.desk.problems import Problem, ProblemError
from analyzer.desk.views.forms import whole
from analyzer.errors import InputError
from analyzer.ledger.people import Person, Role
from analyzer.ledger.requested import KeptRequest, ReleaseRequest
from analyzer.ledger.reviewed import DecisionRefusedError, DraftRecord, KeptDraft, PatternState
from analyzer.report.page import size_of

T = TypeVar("T")

_PAGE: Final = 100
_MOST: Final = 1_000


def health(ask: Ask) -> dict[str, Any]:
    """Say that the desk and its ledger answer."""
    return {"status": "ok", "version": __version__, "entries": ask.office.ledger.audit.anchor().entries}


def check(ask: Ask, sent: DraftToCheck) -> dict[str, Any]:
    """Judge a draft."""
    return ask.office.check(sent.text)


def suggest(ask: Ask) -> dict[str, Any]:
    """List what may be said about a title."""
    title = ask.query.get("title", "").strip()
    if not title:
        raise InputError("No title is named.", "Send ?title=NAME.")
    return ask.office.suggest(title)


def patterns(ask: Ask) -> dict[str, Any]:
    """List the patterns of the newest bundle."""
    states = ask.office.ledger.patterns(ask.office.today())
    return {"bundle": states[0].fingerprint if states else "", "patterns": [_pattern(ask, state) for state in states]}


def pattern(ask: Ask) -> dict[str, Any]:
    """Return a pattern with its history."""
    state = _found(lambda: ask.office.ledger.pattern(ask.path["pattern"], ask.office.today()))
    steps = ask.office.ledger.history(state.pattern)
    told = [{"at": s.at, "who": s.who, "mark": s.mark.value, "sentence": s.sentence} for s in steps]
    return {**_pattern(ask, state), "history": told}


def submit(ask: Ask, sent: DraftToSubmit) -> dict[str, Any]:
    """Judge a draft and keep it for a reviewer."""
    told = ask.office.check(sent.text)
    record = DraftRecord(author=_who(ask).name, text=told["text"], verdict=told, purpose=sent.purpose)
    return _draft(ask.office.ledger.submit(record))


def drafts(ask: Ask) -> dict[str, Any]:
    """List drafts: a reviewing program's list has everybody's, another one's its own."""
    return {"drafts": [_draft(kept) for kept in ask.office.ledger.drafts() if _may_see(ask, kept)]}


def draft(ask: Ask) -> dict[str, Any]:
    """Return a draft."""
    kept = _found(lambda: ask.office.ledger.draft(_number(ask)))
    if not _may_see(ask, kept):
        raise ProblemError(_missing(f"The ledger has no draft {kept.number}.", "Name one that you submitted."))
    return _draft(kept)


def releases(ask: Ask) -> dict[str, Any]:
    """List what left."""
    names = ("number", "population", "purpose", "made_on", "with_noise")
    return {"releases": [{n: getattr(kept, n) for n in names} for kept in ask.office.ledger.all_releases()]}


def release(ask: Ask) -> dict[str, Any]:
    """Return what left with a number."""
    number = _number(ask)
    return {"number": number, "content": dict(_found(lambda: ask.office.ledger.release(number)))}


def request(ask: Ask, sent: ReleaseToAskFor) -> dict[str, Any]:
    """Ask for a release."""
    values = sent.model_dump() | {"by": tuple(sent.by)}
    return _request(ask.office.ledger.request_release(ReleaseRequest(who=_who(ask).name, **values)))


def requests(ask: Ask) -> dict[str, Any]:
    """List the release requests."""
    return {"requests": [_request(kept) for kept in ask.office.ledger.requests()]}


def one_request(ask: Ask) -> dict[str, Any]:
    """Return a release request."""
    return _request(_found(lambda: ask.office.ledger.request(_number(ask))))


def queue(ask: Ask) -> dict[str, Any]:
    """List what waits for a person."""
    waiting = ask.office.ledger.queue(ask.office.today())
    told = [{"why": w.why.value, "item": w.item, "sentence": w.sentence, "since": w.since} for w in waiting]
    return {"waiting": told}


def rulebook(ask: Ask) -> dict[str, Any]:
    """Return the rulebook that marks the patterns."""
    bundles = ask.office.ledger.bundles()
    if not bundles:
        raise ProblemError(_missing("The ledger has no rulebook yet.", "Record a run first: analyzer run."))
    kept = ask.office.ledger.rulebook(bundles[-1].rulebook_hash)
    return {"hash": kept.hash, "id": kept.id, "version": kept.version, "rulebook": json.loads(kept.text)}


def audit(ask: Ask) -> dict[str, Any]:
    """Return entries of the audit trail."""
    after, limit = _asked(ask, "after", 0, 2**31 - 1), _asked(ask, "limit", _PAGE, _MOST)
    trail = ask.office.ledger.audit
    return {"entries": trail.anchor().entries, "events": [event.as_json() for event in trail.events(after, limit)]}


def _who(ask: Ask) -> Person:
    if ask.who is None:
        raise PermissionError("no client")  # no door of a program lets it come to that
    return ask.who


def _may_see(ask: Ask, kept: KeptDraft) -> bool:
    who = _who(ask)
    return who.role is Role.REVIEWER or kept.author == who.name


def _number(ask: Ask) -> int:
    number = whole(ask.path["number"], 1)
    if number is None:
        raise ProblemError(_missing("That is no number.", "Numbers go from 1."))
    return number


def _asked(ask: Ask, name: str, default: int, most: int) -> int:
    text = ask.query.get(name)
    number = default if text is None else whole(text, 0)
    if number is None or number > most:
        raise InputError(f"{name} is {text!r:.40}.", f"Send a whole number from 0 to {most}.")
    return number


def _found(call: Callable[[], T]) -> T:
    try:
        return call()
    except (InputError, DecisionRefusedError) as error:
        raise ProblemError(_missing(error.cause, error.remedy)) from error


def _missing(cause: str, remedy: str) -> Problem:
    return Problem(404, "There is no such thing", cause, remedy)


def _pattern(ask: Ask, state: PatternState) -> dict[str, Any]:
    card = ask.office.card(state.pattern)
    names = ("pattern", "name", "absolute", "decided", "stale")
    return {name: getattr(state, name) for name in names} | {
        "households": size_of(card.profile) if card else "not known here",
        "mark": state.mark.value,
        "by_rules": state.by_rules.value,
        "rules": list(state.rules),
    }


def _draft(kept: KeptDraft) -> dict[str, Any]:
    names = ("number", "at", "author", "purpose", "text", "stale")
    return {name: getattr(kept, name) for name in names} | {
        "verdict": kept.checked.value,
        "rules": list(kept.rules),
        "status": kept.status.value,
        "answers": [{"at": a.at, "who": a.who, "status": a.status.value, "reason": a.reason} for a in kept.answers],
    }


def _request(kept: KeptRequest) -> dict[str, Any]:
    names = ("who", "measure", "purpose", "source", "window", "why")
    return {name: getattr(kept.asked, name) for name in names} | {
        "number": kept.number,
        "at": kept.at,
        "by": list(kept.asked.by),
        "status": kept.status.value,
        "release": kept.release,
        "answers": [{"at": a.at, "who": a.who, "status": a.status.value, "reason": a.reason} for a in kept.answers],
    }
