"""Entries of the audit trail as frozen values: who did what, when, about which item, and what stood before."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from analyzer.errors import InputError
from analyzer.ledger.canonical import canonical, digest

COMMAND_LINE: Final = "command line"
"""Who did it, where nobody had signed in."""
NOT_SIGNED_IN: Final = "not signed in"
"""Who tried to sign in, and did not."""
NO_PERSONS: Final = (COMMAND_LINE, NOT_SIGNED_IN)
"""Names under which nobody has an account."""
BEGINNING: Final = "0" * 64
"""What stands before the first entry."""
LONGEST_NAME: Final = 200


class What(Enum):
    """What happened."""

    BEGUN = "ledger begun"
    UPGRADED = "ledger brought up to date"
    ADOPTED = "record adopted"  # it was there before the trail vouched for it, or did so in this way
    RELEASED = "release recorded"
    SPENT = "budget spent"
    BUDGET_SET = "budget set"
    RULEBOOK = "rulebook recorded"
    BUNDLE = "bundle recorded"
    MARKED = "pattern marked"
    RUN = "run recorded"
    DECIDED = "pattern decided"
    NOTED = "pattern discussed"
    SUBMITTED = "draft submitted"
    ANSWERED = "draft answered"
    REQUESTED = "release requested"
    REQUEST_ANSWERED = "release request answered"
    DELETED = "content deleted"  # the tombstone of what was due
    ACCOUNT = "account changed"
    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-ins failed"

    @property
    def vouches(self) -> bool:
        """Whether records stand behind it, so that only the ledger itself may write it."""
        return self not in (What.ACCOUNT, What.SIGNED_IN, What.SIGN_IN_FAILED)


@dataclass(frozen=True, slots=True)
class Anchor:
    """How many entries there are, and the hash of the last one.

    Kept or printed elsewhere, it shows whether everything up to it was rewritten.
    """

    entries: int
    hash: str

    def __str__(self) -> str:
        return f"{self.entries}:{self.hash}"

    @staticmethod
    def parse(text: str) -> Anchor:
        """Return the anchor that `COUNT:HASH` names.

        Raises
        ------
        InputError
            When it names none.
        """
        found = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", text.strip())
        if not found:
            raise InputError(f"{text!r:.100} is no anchor.", "Give COUNT:HASH as `analyzer audit verify` printed it.")
        return Anchor(int(found[1]), found[2])


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it lies in the database; whether it is what was written, `chain` says.

    Attributes
    ----------
    number : from 1, without gaps.
    at : UTC, ISO 8601 with microseconds.
    who : an account's name, or one of `NO_PERSONS`.
    what : a value of `What`.
    item : what it is about, such as "release 3".
    details : canonical JSON.
    previous : the hash of the entry before.
    hash : SHA-256 of the canonical JSON of all other fields.
    """

    number: int
    at: str
    who: str
    what: str
    item: str
    details: str
    previous: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Return the entry as plain JSON values.

        Raises
        ------
        ValueError
            When the details are no JSON.
        """
        return {
            "number": self.number,
            "at": self.at,
            "who": self.who,
            "what": self.what,
            "item": self.item,
            "details": json.loads(self.details),
            "previous": self.previous,
            "hash": self.hash,
        }

    def recomputed(self, number: int | None = None) -> str:
        """Return the hash that the fields have, perhaps under another number; empty where they have none."""
        try:
            fields = self.as_json() | {"number": self.number if number is None else number}
            told = canonical(fields["details"])
            del fields["hash"]
            return digest(fields) if told == self.details else ""
        except (ValueError, TypeError, RecursionError):
            return ""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry whose fields have their types; see `Entry`."""

    number: int
    at: str
    who: str
    what: What
    item: str
    details: Mapping[str, Any]
    previous: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """Return the event as plain JSON values."""
        fields = ("number", "at", "who", "item", "previous", "hash")
        return {name: getattr(self, name) for name in fields} | {
            "what": self.what.value,
            "details": dict(self.details),
        }


def name_of(who: str) -> str:
    """Return a name as it is kept.

    Raises
    ------
    InputError
        When it is none.
    """
    name = who.strip() if isinstance(who, str) else ""
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"{who!r:.60} is no name of somebody.", f"Give 1 to {LONGEST_NAME} printable letters.")
    return name
