"""The discussion on a pattern: notes that are added and never change."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.deciding import person_of
from analyzer.ledger.events import What
from analyzer.ledger.people_tables import NOTES
from analyzer.ledger.traced import NOTE, now
from analyzer.ledger.writing import written


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody said on a pattern.

    Attributes
    ----------
    number, at : which one, and when (UTC).
    pattern, who, text : on what, by whom, and the words; None where they were deleted.
    """

    number: int
    at: str
    pattern: str
    who: str
    text: str | None


def add_note(connection: sa.Connection, pattern: str, who: str, text: str, key: bytes) -> Note:
    """Keep a note in the transaction that holds the ledger."""
    if not text.strip():
        raise InputError("The note says nothing.", "Enter what you want to say.")
    values = {"pattern": pattern, "who": person_of(who), "text": text.strip(), "at": now()}
    row = written(connection, NOTE, values, values["who"], What.NOTED, {"pattern": pattern}, key)
    return Note(row["number"], row["at"], pattern, row["who"], row["text"])


def notes(connection: sa.Connection, pattern: str) -> tuple[Note, ...]:
    """Return the notes on a pattern, oldest first."""
    rows = connection.execute(sa.select(NOTES).where(NOTES.c.pattern == pattern).order_by(NOTES.c.number))
    return tuple(Note(row.number, row.at, row.pattern, row.who, row.text) for row in rows)
