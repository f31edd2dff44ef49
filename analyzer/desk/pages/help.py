"""Help: what the desk is for, its words, its roles, and its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from analyzer.desk.ask import Ask
from analyzer.desk.doors import Door
from analyzer.desk.pages import places
from analyzer.desk.views.words import MARKS
from analyzer.ledger.people import Role
from analyzer.workflow.describe import BASE_RATE

_WORDS: Final = (
    ("viewer", "The person or people behind one profile. The desk shows none."),
    ("household", "Viewers who share an account. Every count that may leave counts households."),
    ("pattern", "A way of watching that many households share."),
    ("contrast", "How a pattern’s viewers differ from everyone, feature by feature."),
    ("mark", "The policy’s word on a pattern."),
    ("rulebook", "The rules behind every mark and every answer, each with its reason and its source."),
    ("verdict", "The answer to a draft: block, review or allow."),
    ("release", "A table or number that left, after every check."),
    ("withheld", "One word for all that does not leave, whatever the reason, so that nobody can be told apart by it."),
    ("ledger", "The store of marks, decisions, drafts and releases, and of the audit trail."),
)
_TABLE: Final = (
    ("Queue, and decisions on patterns", places.REVIEWERS),
    ("Patterns and rulebook", places.READERS),
    ("Discussion on a pattern", places.REVIEWERS),
    ("Check and submit drafts; what may be said", places.WRITERS),
    ("Answer drafts and release requests", places.REVIEWERS),
    ("Releases, and asking for one", places.STAFF),
    ("Audit trail", places.AUDITORS),
    ("Accounts, API clients and retention", places.ADMINISTRATORS),
)


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A place, and for each role whether it may open it."""

    label: str
    may: tuple[str, ...]


def help_page(ask: Ask) -> Response:
    """Show the help."""
    table = [RoleRow(label, tuple("yes" if role in roles else "no" for role in Role)) for label, roles in _TABLE]
    return ask.page(
        "help.html.j2",
        marks={status.value: badge for status, badge in MARKS.items()},
        roles=[role.value for role in Role],
        table=table,
        words=_WORDS,
        base_rate=BASE_RATE,
    )


DOORS: Final = (Door("help", "GET", "/help", places.EVERYBODY, help_page),)
