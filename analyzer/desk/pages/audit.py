"""The audit trail, its verification, and what is kept how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.places import ADMINISTRATORS, AUDITORS, me
from analyzer.desk.views import audit as view
from analyzer.desk.views.forms import whole
from analyzer.errors import InputError
from analyzer.ledger.events import Anchor
from analyzer.ledger.people import Role


def audit(ask: Ask) -> Response:
    """Show entries, newest first."""
    trail = ask.office.ledger.audit
    entries = trail.anchor().entries
    start, count = view.first_after(entries, whole(ask.query.get("before", ""), 1))
    rows = view.rows(trail.events(start, count) if count else ())
    if me(ask).role is not Role.REVIEWER:  # what an entry is about is closed to whoever makes accounts
        rows = tuple(replace(row, href="") for row in rows)
    return ask.page("audit.html.j2", rows=rows, pages=view.pages(entries, start, count))


def verify(ask: Ask) -> Response:
    """Say whether the trail is what was written."""
    told = ask.query.get("anchor", "").strip()
    try:
        anchor = Anchor.parse(told) if told else None
    except InputError as error:
        wrong = {"anchor": f"{error.cause} {error.remedy}"}
        return ask.page("verified.html.j2", 422, found=None, errors=wrong, values=ask.query)
    found = view.verified_view(ask.office.ledger.audit.verify(anchor))
    return ask.page("verified.html.j2", found=found, errors={}, values=ask.query)


def retention(ask: Ask) -> Response:
    """Show what is kept, how long and why."""
    kept = ask.office.ledger.retention(today=ask.office.today())
    return ask.page("retention.html.j2", rows=view.kept_rows(kept))


DOORS: Final = (
    Door("audit", "GET", "/audit", AUDITORS, audit),
    Door("verify", "GET", "/audit/verify", AUDITORS, verify),
    Door("retention", "GET", "/retention", ADMINISTRATORS, retention),
)
