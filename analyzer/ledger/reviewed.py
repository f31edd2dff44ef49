"""What is reviewed, as frozen values: bundles with their marks, runs, decisions on patterns, drafts and answers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any

from analyzer.errors import AnalyzerError, ExitCode, InputError
from analyzer.policy.effects import MarkStatus
from analyzer.sessions.tally import DropReason, Tally


class DecisionRefusedError(AnalyzerError):
    """The ledger does not take a decision; the rules for decisions are its own, so that no page can leave them out."""

    exit_code = ExitCode.BAD_INPUT


class Kind(Enum):
    """What a person does about a pattern."""

    CONFIRM = "confirm"
    TIGHTEN = "tighten"
    LOOSEN = "loosen"  # waits until another person agrees
    AGREE = "agree"
    DECLINE = "decline"  # also whoever asked for it, who takes it back


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
    rules : ids of the rules behind the mark.
    earlier : the patterns of the bundle before that it comes from; the one of the same id where none is named.
    """

    pattern: str
    name: str
    mark: MarkStatus
    absolute: bool
    rules: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()


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
class KeptRun:
    """A run in the ledger; its inputs and tallies are None once they were deleted."""

    number: int
    at: str
    window: str
    bundle_fingerprint: str
    rulebook_hash: str
    inputs: tuple[str, ...] | None
    tallies: Mapping[str, Any] | None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person wants to decide on a pattern.

    Attributes
    ----------
    pattern : its id.
    kind : what is done.
    who : the account's name.
    to : the mark that is to hold; for tighten and loosen.
    reason : why; needed unless it is confirmed or agreed to.
    expires : the first day on which a loosening holds no longer.
    about : the number of the loosening that is agreed to or declined.
    """

    pattern: str
    kind: Kind
    who: str
    to: MarkStatus | None = None
    reason: str = ""
    expires: date | None = None
    about: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision in the ledger.

    Attributes
    ----------
    number, at : which one, and when (UTC).
    bundle : number of the bundle that it was made on.
    pattern, kind, who, reason, expires, about : see `Choice`.
    before, after : the mark in force when it was made, and the mark that it is for.
    """

    number: int
    at: str
    bundle: int
    pattern: str
    kind: Kind
    who: str
    before: MarkStatus
    after: MarkStatus
    reason: str
    expires: date | None
    about: int | None


@dataclass(frozen=True, slots=True)
class PatternState:
    """A pattern of the newest bundle, with what people decided on it.

    Attributes
    ----------
    pattern, name : its id and what it is called.
    bundle, fingerprint : number and fingerprint of the bundle.
    by_rules : the rulebook's mark.
    kept : strictness that people decided on an earlier bundle; it stays until they decide again.
    mark : the mark in force today.
    absolute, rules : see `MarkRecord`.
    decisions : on this bundle, oldest first.
    waiting : a loosening that waits for a second person.
    decided : whether anybody has decided on this bundle, and that still holds.
    stale : why an earlier decision holds no longer; empty where none is.
    last : number of the newest decision on the pattern, on whatever bundle; 0 where there is none.
    """

    pattern: str
    name: str
    bundle: int
    fingerprint: str
    by_rules: MarkStatus
    kept: MarkStatus
    mark: MarkStatus
    absolute: bool
    rules: tuple[str, ...]
    decisions: tuple[Decision, ...]
    waiting: Decision | None
    decided: bool
    stale: str
    last: int


class Checked(Enum):
    """The verdict on a draft as the ledger keeps it; the words are those of `VerdictStatus`."""

    ALLOW = "allow"
    REVIEW = "review"
    BLOCK = "block"


class DraftStatus(Enum):
    """What became of a draft."""

    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True)
class DraftRecord:
    """A draft that is submitted for review.

    Attributes
    ----------
    author : the account's name.
    text : what is to be said.
    verdict : `Verdict.as_json()`.
    purpose : what it is for, in words.
    """

    author: str
    text: str
    verdict: Mapping[str, Any]
    purpose: str = "public message"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reviewer said to a draft; the reason is None once it was deleted."""

    number: int
    at: str
    who: str
    status: DraftStatus
    reason: str | None


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft in the ledger.

    Attributes
    ----------
    number, at, author, purpose : which one, when it was submitted, by whom and what for.
    checked, rules : the verdict on it and the rules behind that.
    text, verdict : None once they were deleted.
    answers : oldest first.
    status : the newest answer's; waiting where there is none.
    stale : why it has to be checked again; empty where it has not.
    last : number of the newest answer; 0 where there is none.
    """

    number: int
    at: str
    author: str
    purpose: str
    checked: Checked
    rules: tuple[str, ...]
    text: str | None
    verdict: Mapping[str, Any] | None
    answers: tuple[Answer, ...]
    status: DraftStatus
    stale: str
    last: int


def check_hash(text: str, what: str) -> None:
    """Refuse what is no SHA-256 in hex."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise InputError(f"{text!r:.40} is no {what}.", "Give a SHA-256 in hex: 64 digits.")
