"""What a fit and a run leave, as frozen values: rulebooks, bundles with their marks, runs. Never whose they were."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analyzer.errors import InputError
from analyzer.policy.effects import MarkStatus
from analyzer.sessions.tally import DropReason, Tally


@dataclass(frozen=True, kw_only=True)
class RulebookRecord:
    """A rulebook as it is kept.

    Attributes
    ----------
    id, version : of the rulebook.
    text : its canonical JSON, whose SHA-256 is the rulebook's hash.
    """

    id: str
    version: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class MarkRecord:
    """A pattern of a bundle, and the mark that the rulebook gives it.

    Attributes
    ----------
    pattern, name : its id and what it is called.
    mark : the policy's word.
    absolute : whether the mark forbids and nobody may loosen it.
    mildest : the mildest mark that two people may loosen it to, for some rules behind it cannot be set aside.
    rules : ids of the rules behind the mark.
    earlier : the patterns of the bundle before that it comes from; the one of the same id where none is named.
    """

    pattern: str
    name: str
    mark: MarkStatus
    absolute: bool
    rules: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    mildest: MarkStatus = MarkStatus.OPEN

    def __post_init__(self) -> None:
        if self.absolute:
            object.__setattr__(self, "mildest", MarkStatus.NEVER_SINGLE_OUT)


@dataclass(frozen=True, kw_only=True)
class BundleRecord:
    """A model on disk, as it is kept.

    Attributes
    ----------
    fingerprint : SHA-256 in hex; another fit has another one.
    rulebook : made the marks.
    window, source : what it was fitted on, in words.
    marks : one a pattern.
    """

    fingerprint: str
    rulebook: RulebookRecord
    window: str
    source: str
    marks: tuple[MarkRecord, ...]

    def __post_init__(self) -> None:
        check_hash(self.fingerprint, "fingerprint of a bundle")
        if len({mark.pattern for mark in self.marks}) != len(self.marks):
            raise InputError("A pattern of the bundle is marked twice.", "Give one mark a pattern.")


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What went into a run and what became of it: counts of rows, never whose they were.

    Attributes
    ----------
    inputs : SHA-256 of each input, in hex.
    tally : of sessions.
    events : of player events, where there were any.
    window : in words.
    bundle_fingerprint, rulebook_hash : what it was done with; empty where nothing was.
    """

    inputs: tuple[str, ...]
    tally: Tally
    window: str
    events: Tally | None = None
    bundle_fingerprint: str = ""
    rulebook_hash: str = ""

    def __post_init__(self) -> None:
        for hashed in (*self.inputs, *filter(None, (self.bundle_fingerprint, self.rulebook_hash))):
            check_hash(hashed, "fingerprint of a run")
        known = {reason.value for reason in DropReason}
        told = {reason for tally in (self.tally, self.events) if tally for reason in tally.dropped}
        if told - known:  # a tally by anything else could tell of viewers
            raise InputError(f"A tally tells of {min(told - known)!r:.40}.", f"Known: {', '.join(sorted(known))}.")


@dataclass(frozen=True, slots=True)
class KeptRulebook:
    """A rulebook in the ledger; its text is asked for by its hash."""

    hash: str
    id: str
    version: str
    at: str


@dataclass(frozen=True, slots=True)
class KeptBundle:
    """A bundle in the ledger."""

    number: int
    fingerprint: str
    rulebook_hash: str
    window: str
    source: str
    at: str


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run in the ledger; its inputs and tallies are None once they were deleted."""

    number: int
    at: str
    window: str
    bundle_fingerprint: str
    rulebook_hash: str
    inputs: tuple[str, ...] | None
    tallies: Mapping[str, Any] | None


def bundle_known_as(digest: str, rulebook_hash: str) -> str:
    """Return the fingerprint of a bundle: the same patterns marked by another rulebook are another one to reviewers."""
    return hashlib.sha256(f"{digest} {rulebook_hash}".encode()).hexdigest()


def check_hash(text: str, what: str) -> None:
    """Refuse what is no SHA-256 in hex."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise InputError(f"{text!r:.40} is no {what}.", "Give a SHA-256 in hex: 64 digits.")
