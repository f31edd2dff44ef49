"""The discussion about a pattern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from analyzer.desk.views.words import Moment, moment, words_of


class Noted(Protocol):
    """A note as the ledger keeps it."""

    @property
    def at(self) -> str:
        """When it was written, UTC."""

    @property
    def who(self) -> str:
        """Who wrote it."""

    @property
    def text(self) -> str | None:
        """What was written; None where it was deleted."""


@dataclass(frozen=True, slots=True)
class NoteView:
    """A note as it is read."""

    at: Moment
    who: str
    text: str


def note_views(notes: Iterable[Noted]) -> tuple[NoteView, ...]:
    """Return notes, oldest first, with nothing in them that cannot be seen."""
    return tuple(NoteView(moment(note.at), note.who, words_of(note.text)) for note in notes)
