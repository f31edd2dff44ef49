"""Is the audit trail what was written? Pure: entries in, findings out.

Each entry holds the SHA-256 of the one before, so nothing in the middle can be changed, taken out or moved without a
trace (Haber and Stornetta, How to time-stamp a digital document, Journal of Cryptology 1991). The end is held by the
head, a row that counts. Whoever can rewrite the database can rewrite all of it, head included; only an anchor that
was kept elsewhere shows that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.ledger.events import BEGINNING, Anchor, Entry

_NEAREST: Final = 200  # places that an entry is looked for at; more would be slow where all were renumbered


class Fault(Enum):
    """What is wrong."""

    CHANGED = "changed"
    MISSING = "missing"
    REORDERED = "reordered"
    CUT = "cut off at the end"
    HEAD = "head does not match"
    REWRITTEN = "rewritten since the anchor"
    DISAGREES = "record does not match"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    fault : what kind of thing.
    number : of the entry; None where it is about none.
    sentence : in words.
    """

    fault: Fault
    number: int | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Verified:
    """The answer of a verification.

    Attributes
    ----------
    anchor : of what is there.
    findings : in the order of the entries; none where all is as it was written.
    """

    anchor: Anchor
    findings: tuple[Finding, ...]

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def verified(entries: Iterable[Entry], head: Anchor | None, anchor: Anchor | None = None) -> Verified:
    """Say whether entries are what was written.

    Parameters
    ----------
    entries : iterable of Entry
        By number.
    head : Anchor or None
        What the database says that it has; None where it says nothing.
    anchor : Anchor, optional
        What it had at an earlier time, kept elsewhere.
    """
    walk = _Walk(anchor)
    for entry in entries:
        walk.take(entry)
    last = Anchor(walk.last, walk.hash)
    findings = [*walk.findings, *_displaced(walk.damaged)]
    known = {finding.number for finding in findings}
    findings += [f for f in (_end(last, head), _since(last, anchor, walk.at_anchor)) if f and f.number not in known]
    return Verified(last, tuple(sorted(findings, key=lambda f: (f.number is None, f.number or 0))))


class _Walk:
    """From entry to entry, with what has to be remembered on the way."""

    def __init__(self, anchor: Anchor | None) -> None:
        self.last, self.hash = 0, BEGINNING
        self.findings: list[Finding] = []
        self.damaged: list[Entry] = []
        self._anchor = anchor.entries if anchor else 0
        self.at_anchor = BEGINNING

    def take(self, entry: Entry) -> None:
        """Look at the next entry."""
        gap = entry.number != self.last + 1
        if gap:
            self.findings.append(_missing(self.last + 1, entry.number - 1))
        if entry.recomputed() != entry.hash:
            self.damaged.append(entry)
        elif not gap and entry.previous != self.hash and not self._blamed(entry.number - 1):
            self.findings.append(_replaced(entry.number - 1))
        self.last, self.hash = entry.number, entry.hash
        if entry.number == self._anchor:
            self.at_anchor = entry.hash

    def _blamed(self, number: int) -> bool:
        return bool(self.damaged) and self.damaged[-1].number == number


def _missing(first: int, last: int) -> Finding:
    if last < first:
        return Finding(Fault.CHANGED, last + 1, f"Entry {last + 1} has a number that no entry may have.")
    words = f"Entry {first} is missing" if first == last else f"Entries {first} to {last} are missing"
    return Finding(Fault.MISSING, first, f"{words}.")


def _replaced(number: int) -> Finding:
    if number == 0:
        return Finding(Fault.CHANGED, 1, "Entry 1 says that another one stood before it.")
    words = f"Entry {number} is not the one that entry {number + 1} follows: it was changed together with its hash."
    return Finding(Fault.CHANGED, number, words)


def _displaced(damaged: list[Entry]) -> list[Finding]:
    """Tell entries that stand at another's place from those that were changed."""
    numbers = {entry.number for entry in damaged}
    near = sorted(numbers | {n + step for n in numbers for step in (-1, 1)})
    return [_damaged(entry, near) for entry in damaged]


def _damaged(entry: Entry, near: list[int]) -> Finding:
    nearest = sorted(near, key=lambda n: abs(n - entry.number))[:_NEAREST] if len(near) > _NEAREST else near
    for number in nearest:
        if number != entry.number and entry.recomputed(number) == entry.hash:
            words = f"Entry {entry.number} was entry {number} when it was written."
            return Finding(Fault.REORDERED, entry.number, words)
    return Finding(
        Fault.CHANGED, entry.number, f"Entry {entry.number} was changed: its hash is not that of its fields."
    )


def _end(last: Anchor, head: Anchor | None) -> Finding | None:
    if head is None:
        return Finding(Fault.HEAD, None, "The head, which counts the entries, is gone.")
    if head.entries > last.entries:
        many = f"{last.entries + 1} to {head.entries}" if head.entries > last.entries + 1 else str(head.entries)
        return Finding(Fault.CUT, last.entries + 1, f"The trail was cut off: entry {many} should follow the last one.")
    if head.entries < last.entries:
        return Finding(
            Fault.HEAD, None, f"The head counts {head.entries} entries where there are {last.entries}: one was changed."
        )
    if head.hash != last.hash:
        words = f"Entry {last.entries} is not the one that the head names: one of the two was changed."
        return Finding(Fault.CHANGED, last.entries, words)
    return None


def _since(last: Anchor, anchor: Anchor | None, hash_there: str) -> Finding | None:
    if anchor is None:
        return None
    if anchor.entries > last.entries:
        words = f"The anchor knows {anchor.entries} entries; there are {last.entries}: the end was cut off."
        return Finding(Fault.CUT, None, words)
    if anchor.hash != hash_there:
        words = f"Entry {anchor.entries} is not the one of the anchor: everything up to it may have been rewritten."
        return Finding(Fault.REWRITTEN, None, words)
    return None
