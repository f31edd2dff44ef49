"""Releases: what left."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.missing import missing
from analyzer.desk.pages.places import STAFF
from analyzer.desk.views import releases as view
from analyzer.desk.views.forms import whole
from analyzer.desk.views.paging import page_of
from analyzer.errors import InputError

_SIZE: Final = 25
_CELLS: Final = 200


def releases(ask: Ask) -> Response:
    """List what left."""
    page = page_of(view.rows(ask.office.ledger.all_releases()), ask.query.get("page", ""), _SIZE, "/releases")
    may_ask = any(place.name == "requests" for place in ask.places())
    return ask.page("releases.html.j2", rows=page.rows, pages=page.pages, may_ask=may_ask)


def release(ask: Ask) -> Response:
    """Show one release as a table with its sources."""
    number = whole(ask.path["number"], 1) or 0
    try:
        told = view.release_view(ask.office.ledger.release(number))
    except InputError as error:
        return missing(ask, error)
    page = page_of(told.cells, ask.query.get("page", ""), _CELLS, f"/releases/{number}")
    return ask.page("release.html.j2", number=number, release=told, cells=page.rows, pages=page.pages)


DOORS: Final = (
    Door("releases", "GET", "/releases", STAFF, releases),
    Door("release", "GET", "/releases/{number}", STAFF, release),
)
