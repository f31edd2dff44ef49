"""What each operation does: the office is asked, and its frozen values are told as plain ones."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from analyzer._version import __version__
from analyzer.desk.api.models import DraftToCheck, DraftToSubmit, ReleaseToAskFor
from analyzer.desk.ask import Ask
from analyzer.desk.pages.places import may_see, me
from analyzer.desk.problems import ProblemError, missing
from analyzer.desk.views.forms import whole
from analyzer.errors import InputError
from analyzer.ledger.leaving import KeptRelease
from analyzer.ledger.requested import KeptRequest, ReleaseRequest
from analyzer.ledger.reviewed import Checked, DecisionRefusedError, DraftRecord, KeptDraft, PatternState
from analyzer.report.page import size_of

T = TypeVar("T")
N = TypeVar("N", KeptDraft, KeptRelease, KeptRequest)

LONGEST_TITLE: Final = 300
MOST: Final = 1_000
USUAL: Final = 100
"""How many entries of a list are told at once."""


def health(ask: Ask) -> dict[str, Any]:
    """Say that the desk and its ledger answer."""
    return {"status": "ok", "version": __version__, "entries": ask.office.ledger.audit.anchor().entries}


def check(ask: Ask, sent: DraftToCheck) -> dict[str, Any]:
    """Judge a draft."""
    return ask.office.check(sent.text)


def suggest(ask: Ask) -> dict[str, Any]:
    """List what may be said about a title."""
    title = ask.query.get("title", "").strip()
    if not title or len(title) > LONGEST_TITLE:
        raise InputError("No title is named.", f"Send ?title=NAME, {LONGEST_TITLE} letters at most.")
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
    if told["verdict"] == Checked.BLOCK.value:
        rules = ", ".join(told["rules"])
        raise DecisionRefusedError(
            f"The draft is blocked ({rules}), and no reviewer can open it.", "Write it otherwise; /check has reasons."
        )
    purpose = " ".join(sent.purpose.split())
    record = DraftRecord(author=me(ask).name, text=told["text"], verdict=told, purpose=purpose)
    return _draft(ask.office.ledger.submit(record))


def drafts(ask: Ask) -> dict[str, Any]:
    """List drafts: a reviewing program's list has everybody's, another one's its own."""
    seen = [kept for kept in ask.office.ledger.drafts(ask.office.today()) if may_see(me(ask), kept.author)]
    return {"drafts": [_draft(kept) for kept in _page(ask, seen)]}


def draft(ask: Ask) -> dict[str, Any]:
    """Return a draft."""
    kept = _found(lambda: ask.office.ledger.draft(_number(ask), ask.office.today()))
    if not may_see(me(ask), kept.author):
        raise ProblemError(missing(f"The ledger has no draft {kept.number}.", "Name one that you submitted."))
    return _draft(kept)


def releases(ask: Ask) -> dict[str, Any]:
    """List what left."""
    names = ("number", "population", "purpose", "made_on", "with_noise")
    left = _page(ask, ask.office.ledger.all_releases())
    return {"releases": [{n: getattr(kept, n) for n in names} for kept in left]}


def release(ask: Ask) -> dict[str, Any]:
    """Return what left with a number."""
    number = _number(ask)
    return {"number": number, "content": dict(_found(lambda: ask.office.ledger.release(number)))}


def request(ask: Ask, sent: ReleaseToAskFor) -> dict[str, Any]:
    """Ask for a release."""
    values = sent.model_dump() | {"by": tuple(sent.by)}
    return _request(ask.office.ledger.request_release(ReleaseRequest(who=me(ask).name, **values)))


def requests(ask: Ask) -> dict[str, Any]:
    """List release requests: a reviewing program's list has everybody's, another one's its own."""
    seen = [kept for kept in ask.office.ledger.requests() if may_see(me(ask), kept.asked.who)]
    return {"requests": [_request(kept) for kept in _page(ask, seen)]}


def one_request(ask: Ask) -> dict[str, Any]:
    """Return a release request."""
    kept = _found(lambda: ask.office.ledger.request(_number(ask)))
    if not may_see(me(ask), kept.asked.who):
        raise ProblemError(missing(f"The ledger has no release request {kept.number}.", "Name one of your own."))
    return _request(kept)


def queue(ask: Ask) -> dict[str, Any]:
    """List what waits for a person."""
    waiting = ask.office.ledger.queue(ask.office.today())
    told = [{"why": w.why.value, "item": w.item, "sentence": w.sentence, "since": w.since} for w in waiting]
    return {"waiting": told}


def rulebook(ask: Ask) -> dict[str, Any]:
    """Return the rulebook that marks the patterns."""
    bundles = ask.office.ledger.bundles()
    if not bundles:
        raise ProblemError(missing("The ledger has no rulebook yet.", "Record a run first: analyzer run."))
    kept = ask.office.ledger.rulebook(bundles[-1].rulebook_hash)
    return {"hash": kept.hash, "id": kept.id, "version": kept.version, "rulebook": json.loads(kept.text)}


def audit(ask: Ask) -> dict[str, Any]:
    """Return entries of the audit trail."""
    after, limit = _after(ask), _limit(ask)
    trail = ask.office.ledger.audit
    return {"entries": trail.anchor().entries, "events": [event.as_json() for event in trail.events(after, limit)]}


def _number(ask: Ask) -> int:
    number = whole(ask.path["number"], 1)
    if number is None:
        raise ProblemError(missing("That is no number.", "Numbers go from 1."))
    return number


def _page(ask: Ask, kept: Sequence[N]) -> Sequence[N]:
    """Return the next ones behind a number, oldest first."""
    after = _after(ask)
    return [one for one in kept if one.number > after][: _limit(ask)]


def _after(ask: Ask) -> int:
    return _asked(ask, "after", 0, 2**31 - 1)


def _limit(ask: Ask) -> int:
    return _asked(ask, "limit", USUAL, MOST)


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
        raise ProblemError(missing(error.cause, error.remedy)) from error


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
