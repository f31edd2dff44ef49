"""Release requests as frozen values: which numbers somebody needs, and what was answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.errors import InputError
from analyzer.ledger.reviewed import DecisionRefusedError

_MOST_COLUMNS: Final = 4
_LONGEST: Final = {"measure": 100, "purpose": 100, "source": 200, "window": 100, "why": 2_000}


class RequestStatus(Enum):
    """What became of a release request."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"
    FULFILLED = "fulfilled"  # the numbers have left


@dataclass(frozen=True, kw_only=True)
class ReleaseRequest:
    """Numbers that somebody needs; see `release_table` for what the words mean.

    Attributes
    ----------
    who : the account's name.
    by : columns of the table.
    measure, purpose, source, window : as for a release.
    why : what they are for, in a sentence; None only where the ledger has deleted it.
    """

    who: str
    by: tuple[str, ...]
    measure: str
    purpose: str
    source: str
    window: str
    why: str | None

    def __post_init__(self) -> None:
        for name, most in _LONGEST.items():
            told = getattr(self, name)
            if told is not None:
                _check(str(told), name, most)
        for column in self.by:
            _check(column, "column", 100)
        if not 1 <= len(self.by) <= _MOST_COLUMNS or len(set(self.by)) < len(self.by):
            raise InputError(f"A table by {len(self.by)} columns cannot be asked for.", "Name 1 to 4, each once.")

    def asks_for(self, by: Sequence[str], measure: str, purpose: str, source: str, window: str) -> bool:
        """Return whether a table is the one that is asked for; the order of its columns does not matter."""
        told = (self.measure, self.purpose, self.source, self.window)
        return set(self.by) == set(by) and told == (measure, purpose, source, window)


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """What a reviewer said to a request, or which release fulfilled it; the reason is None where it was deleted."""

    number: int
    at: str
    who: str
    status: RequestStatus
    reason: str | None
    release: int | None


@dataclass(frozen=True, slots=True)
class KeptRequest:
    """A request in the ledger.

    Attributes
    ----------
    number, at : which one, and when (UTC).
    asked : what for, and by whom.
    answers : oldest first.
    status : the newest answer's; waiting where there is none.
    release : number of the release that fulfilled it; None where none did.
    last : number of the newest answer; 0 where there is none.
    """

    number: int
    at: str
    asked: ReleaseRequest
    answers: tuple[RequestAnswer, ...]
    status: RequestStatus
    release: int | None
    last: int


def approved(kept: KeptRequest) -> KeptRequest:
    """Return a request that is approved and not yet fulfilled.

    Raises
    ------
    DecisionRefusedError
        When it is not, or was approved so long ago that its words were deleted.
    """
    if kept.asked.why is None:
        raise DecisionRefusedError(f"The words of request {kept.number} were deleted.", "Ask for the numbers anew.")
    if kept.status is not RequestStatus.APPROVED:
        told = f", by release {kept.release}" if kept.release else ""
        raise DecisionRefusedError(
            f"Request {kept.number} is {kept.status.value}{told}, not approved.",
            "Let a reviewer answer it at the desk.",
        )
    return kept


def _check(text: str, name: str, most: int) -> None:
    if not text.strip() or len(text) > most or not text.replace("\n", " ").replace("\r", " ").isprintable():
        raise InputError(f"The {name} of the request is {text!r:.60}.", f"Give 1 to {most} printable letters.")
