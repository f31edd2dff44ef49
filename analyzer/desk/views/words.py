"""Words and shapes that every page shares: marks, verdicts, days and what cannot be seen."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from analyzer.ledger.reviewed import Checked, DraftStatus
from analyzer.report.page import WORDS as MARK_WORDS

_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Badge:
    """A word with its shape: what it says, the class of its colour, and its shape, which says the same."""

    words: str
    css: str
    shape: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A time as machines read it, and in words."""

    iso: str
    words: str


MARKS: Final = {status: Badge(words, status.value, shape) for status, (words, shape) in MARK_WORDS.items()}
VERDICTS: Final = {
    Checked.BLOCK: Badge("block", "block", "shield"),
    Checked.REVIEW: Badge("review", "review", "diamond"),
    Checked.ALLOW: Badge("allow", "allow", "circle"),
}
SENTENCES: Final = {
    Checked.BLOCK: "this may not be said.",
    Checked.REVIEW: "a person decides whether this may be said.",
    Checked.ALLOW: "this may be said.",
}
STATUSES: Final = {
    DraftStatus.WAITING: "waits for an answer",
    DraftStatus.APPROVED: "approved",
    DraftStatus.REJECTED: "rejected",
}


def moment(iso: str) -> Moment:
    """Return a time of the ledger, which is UTC, to the minute; a text that is none stays as it is."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return Moment(iso, iso)
    clock = f", {at:%H:%M} UTC" if len(iso) > len("2026-11-26") else ""
    return Moment(iso, f"{at.day} {at:%B %Y}{clock}")


def seen(text: str) -> str:
    """Return a text in which what is invisible, or would turn the letters around, stands as a dot; lines stay."""
    return "".join(
        sign if sign == "\n" or unicodedata.category(sign) not in _UNSEEN else "·"
        for sign in text.replace("\r\n", "\n")
    )


def words_of(text: str | None) -> str:
    """Return a text as it is read, or that it was deleted."""
    return "The words were deleted." if text is None else seen(text)


def shortened(text: str, longest: int = 90) -> str:
    """Return the beginning of a text on one line."""
    begun = text[: 10 * longest]  # a draft has up to 20,000 letters, and a list many drafts
    flat = " ".join(seen(begun).split())
    return flat if len(flat) <= longest and begun == text else f"{flat[: longest - 1].rstrip()}…"


def counted(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
