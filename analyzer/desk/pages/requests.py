"""Release requests: ask for numbers, and answer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.answering import refused
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import STAFF, may_see, me
from analyzer.desk.views import requests as view
from analyzer.desk.views.forms import Option, too_long, whole
from analyzer.desk.views.paging import page_of
from analyzer.errors import InputError
from analyzer.ledger.people import Role
from analyzer.ledger.requested import KeptRequest, RequestStatus

_SIZE: Final = 25
_DONE: Final = {RequestStatus.APPROVED: "request-approved", RequestStatus.REJECTED: "request-rejected"}


def requests(ask: Ask) -> Response:
    """List requests: a reviewer's list has everybody's, others see their own."""
    own = me(ask).role is not Role.REVIEWER
    kept = [one for one in ask.office.ledger.requests() if may_see(me(ask), one.asked.who)]
    page = page_of(list(reversed(kept)), ask.query.get("page", ""), _SIZE, "/requests")
    return ask.page("requests.html.j2", rows=tuple(map(view.row, page.rows)), pages=page.pages, own=own)


def request_form(ask: Ask) -> Response:
    """Show the form for a request."""
    return _form(ask)


def ask_release(ask: Ask) -> Response:
    """Keep a request, for a reviewer."""
    asked = view.asked_by(ask.form, me(ask).name)
    if asked.request is None:
        return _form(ask, 422, asked.errors)
    try:
        kept = ask.office.ledger.request_release(asked.request)
    except InputError as error:
        return _form(ask, 422, {"by": f"{error.cause} {error.remedy}"})
    return ask.see("request", done="requested", as_of=view.as_of(kept), number=str(kept.number))


def request(ask: Ask) -> Response:
    """Show a request and its answers."""
    return _request(ask)


def answer_request(ask: Ask) -> Response:
    """Approve or reject a request; whoever asked can take it back."""
    found = _mine(ask)
    if isinstance(found, Response):
        return found
    said = next((one for one in _DONE if one.value == ask.form.get("answer")), None)
    seen = whole(ask.form.get("seen", ""))
    if said is None or seen is None:
        return _request(ask, 422, {"answer": "Choose what you answer"})
    if said is RequestStatus.APPROVED and me(ask).role is not Role.REVIEWER:
        return _request(ask, 422, {"answer": "Only a reviewer approves"})
    reason = ask.form.get("reason", "")
    if told := too_long(reason):
        return _request(ask, 422, {"reason": told})
    answered = (found.number, me(ask).name, said, reason, seen)
    if refusal := refused(lambda: ask.office.ledger.answer_request(*answered), partial(_request, ask)):
        return refusal
    kept, done = ask.office.ledger.request(found.number), "request-taken-back" if found.last else _DONE[said]
    return ask.see("request", done=done, as_of=view.as_of(kept), number=str(found.number))


def _form(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None) -> Response:
    purposes = tuple(Option(purpose, purpose.capitalize()) for purpose in view.PURPOSES)
    return ask.page("request_new.html.j2", status, errors=errors or {}, values=ask.form, purposes=purposes)


def _mine(ask: Ask) -> KeptRequest | Response:
    """Return the request that is asked for, if this person may see it."""
    try:
        found = ask.office.ledger.request(whole(ask.path["number"], 1) or 0)
    except InputError as error:
        return missing(ask, error)
    if not may_see(me(ask), found.asked.who):
        return missing(ask, InputError(f"The ledger has no release request {found.number}.", "Name one of your own."))
    return found


def _request(ask: Ask, status: int = 200, errors: Mapping[str, str] | None = None, problem: str = "") -> Response:
    found = _mine(ask)
    if isinstance(found, Response):
        return found
    may = found.status is RequestStatus.WAITING or me(ask).role is Role.REVIEWER
    options = view.answer_options(found, me(ask).name) if may else ()
    return ask.page(
        "request.html.j2",
        status,
        as_of=view.as_of(found),
        errors=errors or {},
        problem=problem,
        values=ask.form,
        row=view.row(found),
        facts=view.facts(found),
        answers=view.answers(found),
        options=options,
        command=view.command(found, ask.office.ledger.name),
        last=found.last,
    )


DOORS: Final = (
    Door("requests", "GET", "/requests", STAFF, requests),
    Door("request_form", "GET", "/requests/new", STAFF, request_form),
    Door("ask_release", "POST", "/requests", STAFF, ask_release),
    Door("request", "GET", "/requests/{number}", STAFF, request),
    Door("answer_request", "POST", "/requests/{number}/answers", STAFF, answer_request),
)
