"""The first page, and the queue."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages.places import EVERYBODY, FIRST, REVIEWERS, me
from analyzer.desk.views import queue as view
from analyzer.desk.views.words import counted

_SHOWN: Final = 50


def home(ask: Ask) -> Response:
    """Lead to the page that a role works on."""
    return ask.see(FIRST[me(ask).role])


def queue(ask: Ask) -> Response:
    """Show what waits for a person."""
    found = ask.office.ledger.on_the_desk(ask.office.today())
    groups = view.groups(found.waiting, found.patterns, found.drafts)
    total = sum(len(group.rows) for group in groups)
    words = counted(total, "thing waits", "things wait") if total else ""
    return ask.page("queue.html.j2", groups=groups, total=words, shown=_SHOWN)


DOORS: Final = (
    Door("home", "GET", "/", EVERYBODY, home),
    Door("queue", "GET", "/queue", REVIEWERS, queue),
)
