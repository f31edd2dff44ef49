"""Who may open which place, and in what order the places stand."""

from __future__ import annotations

from typing import Final

from analyzer.desk.ask import Ask
from analyzer.ledger.people import Person, Role

EVERYBODY: Final = frozenset(Role)
REVIEWERS: Final = frozenset({Role.REVIEWER})
READERS: Final = frozenset({Role.RESEARCHER, Role.REVIEWER})
WRITERS: Final = frozenset({Role.COMMUNICATIONS, Role.REVIEWER})
STAFF: Final = frozenset({Role.COMMUNICATIONS, Role.RESEARCHER, Role.REVIEWER})
AUDITORS: Final = frozenset({Role.REVIEWER, Role.ADMINISTRATOR})
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

FIRST: Final = {
    Role.COMMUNICATIONS: "check",
    Role.RESEARCHER: "patterns",
    Role.REVIEWER: "queue",
    Role.ADMINISTRATOR: "people",
}
"""The page that a role works on."""


def me(ask: Ask) -> Person:
    """Return who asks.

    Raises
    ------
    PermissionError
        When nobody has signed in; no door of a page lets it come to that.
    """
    if ask.who is None:
        raise PermissionError("nobody has signed in")
    return ask.who


def may_see(who: Person, whose: str) -> bool:
    """Return whether somebody may see what another one sent in: reviewers see all, others their own."""
    return who.role is Role.REVIEWER or who.name == whose
