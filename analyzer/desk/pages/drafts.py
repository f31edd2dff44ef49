"""Drafts: check one, submit it, and answer it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.answering import refused
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import WRITERS, may_see, me
from analyzer.desk.views import drafts as view
from analyzer.desk.views.forms import too_long, whole
from analyzer.desk.views.paging import page_of
from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.ledger.reviewed import Checked, DraftRecord, DraftStatus, KeptDraft

_SIZE: Final = 25
_LONGEST: Final = 20_000
_LONGEST_PURPOSE: Final = 100


def check(ask: Ask) -> Response:
    """Show the form for a draft."""
    return _form(ask)


def check_draft(ask: Ask) -> Response:
    """Judge a draft; nothing is kept of it."""
    text, wrong = _text(ask)
    if wrong:
        return _form(ask, 422, {"text": wrong})
    told = ask.office.check(text)
    return _form(ask, verdict=view.judged(told["text"], told), text=told["text"])


def submit(ask: Ask) -> Response:
    """Judge a draft again and keep it with the verdict, for a reviewer."""
    text, wrong = _text(ask)
    if wrong:
        return _form(ask, 422, {"text": wrong})
    purpose = " ".join(ask.form.get("purpose", "").split())
    told = ask.office.check(text)
    verdict = view.judged(told["text"], told)
    if told["verdict"] == Checked.BLOCK.value:
        return _form(
            ask, 422, {"text": "Write it otherwise: no reviewer can open it"}, verdict=verdict, text=told["text"]
        )
    if not purpose or len(purpose) > _LONGEST_PURPOSE:
        said = "Enter what the draft is for" if not purpose else f"Shorten it to {_LONGEST_PURPOSE} characters"
        return _form(ask, 422, {"purpose": said}, verdict=verdict, text=told["text"])
    record = DraftRecord(author=me(ask).name, text=told["text"], verdict=told, purpose=purpose)
    try:
        kept = ask.office.ledger.submit(record)
    except InputError as error:
        return _form(ask, 422, {"text": f"{error.cause} {error.remedy}"}, verdict=verdict, text=told["text"])
    return ask.see("draft", done="submitted", as_of=view.as_of(kept), number=str(kept.number))


def drafts(ask: Ask) -> Response:
    """List drafts: a reviewer's list has everybody's, a writer's their own."""
    own = me(ask).role is not Role.REVIEWER
    kept = [draft for draft in ask.office.ledger.drafts(ask.office.today()) if may_see(me(ask), draft.author)]
    page = page_of(list(reversed(kept)), ask.query.get("page", ""), _SIZE, "/drafts")
    return ask.page("drafts.html.j2", rows=tuple(map(view.row, page.rows)), pages=page.pages, own=own)


def draft(ask: Ask) -> Response:
    """Show a draft, its verdict and its answers."""
    return _draft(ask)


def answer(ask: Ask) -> Response:
    """Approve or reject a draft."""
    found = _mine(ask)
    if isinstance(found, Response):
        return found
    said = next((one for one in DraftStatus if one.value == ask.form.get("answer")), DraftStatus.WAITING)
    seen = whole(ask.form.get("seen", ""))
    if said is DraftStatus.WAITING or seen is None:
        return _draft(ask, 422, {"answer": "Choose what you answer"})
    reason = ask.form.get("reason", "")
    if told := too_long(reason):
        return _draft(ask, 422, {"reason": told})
    answered = (found.number, me(ask).name, said, reason, seen)
    today = ask.office.today()
    if refusal := refused(lambda: ask.office.ledger.answer(*answered, today), partial(_draft, ask)):
        return refusal
    kept, done = ask.office.ledger.draft(found.number, today), "taken-back" if found.last else said.value
    return ask.see("draft", done=done, as_of=view.as_of(kept), number=str(found.number))


def _text(ask: Ask) -> tuple[str, str]:
    """Return the draft of a form with its lines as the check counts them, and what is wrong with it."""
    text = ask.form.get("text", "").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return text, "Enter what you want to say"
    wrong = f"Shorten it to {_LONGEST:,} characters; it has {len(text):,}" if len(text) > _LONGEST else ""
    return text, wrong


def _form(
    ask: Ask,
    status: int = 200,
    errors: Mapping[str, str] | None = None,
    *,
    verdict: view.Judged | None = None,
    text: str | None = None,
) -> Response:
    values = dict(ask.form) | ({} if text is None else {"text": text})
    return ask.page(
        "check.html.j2",
        status,
        errors=errors or {},
        problem="",
        values=values,
        verdict=verdict,
        may_submit=verdict is not None,
    )


def _mine(ask: Ask) -> KeptDraft | Response:
    """Return the draft that is asked for, if this person may see it: writers see their own."""
    number = whole(ask.path["number"], 1)
    try:
        found = ask.office.ledger.draft(number or 0, ask.office.today())
    except InputError as error:
        return missing(ask, error)
    if not may_see(me(ask), found.author):
        return missing(ask, InputError(f"The ledger has no draft {found.number}.", "Name one that was submitted."))
    return found


def _draft(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None, problem: str = "") -> Response:
    found = _mine(ask)
    if isinstance(found, Response):
        return found
    may = found.status is DraftStatus.WAITING or me(ask).role is Role.REVIEWER
    options = view.answer_options(found, me(ask).name) if may else ()
    return ask.page(
        "draft.html.j2",
        status,
        as_of=view.as_of(found),
        errors=errors or {},
        problem=problem,
        values=ask.form,
        draft=found,
        **_told(found),
        stale=view.stale_words(found),
        options=options,
        why_not=view.why_not_approved(found, me(ask).name) if found.status is DraftStatus.WAITING else "",
    )


def _told(found: KeptDraft) -> dict[str, Any]:
    gone = found.text is None or found.verdict is None
    return {
        "row": view.row(found),
        "verdict": None if gone else view.judged(found.text or "", found.verdict or {}),
        "answers": view.answers(found),
    }


DOORS: Final = (
    Door("check", "GET", "/check", WRITERS, check),
    Door("check_draft", "POST", "/check", WRITERS, check_draft),
    Door("submit", "POST", "/drafts", WRITERS, submit),
    Door("drafts", "GET", "/drafts", WRITERS, drafts),
    Door("draft", "GET", "/drafts/{number}", WRITERS, draft),
    Door("answer", "POST", "/drafts/{number}/answers", WRITERS, answer),
)
