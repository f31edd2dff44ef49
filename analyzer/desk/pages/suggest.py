"""What may be said about a title."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.places import WRITERS
from analyzer.desk.views.suggest import suggested
from analyzer.errors import InputError

_LONGEST: Final = 300


def suggest(ask: Ask) -> Response:
    """Look up what may be said about a title."""
    title = ask.query.get("title", "").strip()
    if "title" not in ask.query:
        return _shown(ask)
    if not title or len(title) > _LONGEST:
        return _shown(ask, 422, errors={"title": "Enter the name of a title"})
    try:
        return _shown(ask, told=suggested(ask.office.suggest(title)))
    except InputError as error:
        told = "Whoever opens the desk can give it one: analyzer desk --index FILE."
        return _shown(ask, note=f"Nothing can be looked up here. {error.cause} {told}")


def _shown(ask: Ask, status: int = 200, **values: object) -> Response:
    blank: dict[str, object] = {"errors": {}, "note": "", "told": None}
    return ask.page("suggest.html.j2", status, values=ask.query, **blank | values)


DOORS: Final = (Door("suggest", "GET", "/suggest", WRITERS, suggest),)
