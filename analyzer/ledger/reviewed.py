"""What people decide, as frozen values: on patterns, and on drafts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Any

from analyzer.errors import AnalyzerError, ExitCode
from analyzer.policy.effects import MarkStatus


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
class Choice:
    """What a person wants to decide on a pattern.

    Attributes
    ----------
    pattern : its id.
    kind : what is done.
    who : the account's name.
    to : the mark that is to hold; for tighten and loosen, and for a confirmation where it is said which mark is meant.
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
class Kept:
    """What people made of a pattern, as a refit hands it on.

    Attributes
    ----------
    strictest : the strictest mark that they decided.
    lifted : what two people loosened that to; None where nobody did.
    until : the first day on which that holds no longer.
    by : number of the decision with which the second of them agreed.
    """

    strictest: MarkStatus = MarkStatus.OPEN
    lifted: MarkStatus | None = None
    until: date | None = None
    by: int | None = None

    def on(self, day: date) -> MarkStatus:
        """Return the mark that people hold it to on a day."""
        return self.lifted if self.lifted and self.until and day < self.until else self.strictest

    def today(self, day: date) -> Kept:
        """Return it without a loosening that has ended."""
        return self if self.on(day) is self.lifted else Kept(self.strictest)

    def tightened(self, to: MarkStatus) -> Kept:
        """Return it after somebody tightened the mark."""
        lifted = self.lifted and MarkStatus.worst([self.lifted, to])
        return replace(self, strictest=MarkStatus.worst([self.strictest, to]), lifted=lifted)._whole()

    def loosened(self, to: MarkStatus, until: date, by: int | None) -> Kept:
        """Return it after two people loosened the mark; what rests on an earlier loosening ends with that."""
        return Kept(self.strictest, to, min(until, self.until or until), by)._whole()

    def _whole(self) -> Kept:
        """Return it without a loosening that lifts nothing."""
        lifts = self.lifted is not None and self.lifted.severity < self.strictest.severity
        return self if lifts else Kept(self.strictest)


@dataclass(frozen=True, slots=True)
class PatternState:
    """A pattern of the newest bundle, with what people decided on it.

    Attributes
    ----------
    pattern, name : its id and what it is called.
    bundle, fingerprint : number and fingerprint of the bundle.
    by_rules : the rulebook's mark.
    kept : strictness that people decided on earlier bundles and that holds today.
    handed_on : the same whatever day it is: the strictest, and until when two people set it aside.
    mark : the mark in force today.
    absolute, rules, mildest : see `MarkRecord`.
    decisions : on this bundle, oldest first.
    waiting : a loosening that waits for a second person.
    decided : whether anybody has decided on this bundle, and that still holds.
    stale : why an earlier decision holds no longer; empty where none is.
    last : grows with every decision on the pattern and with every bundle; what `Ledger.decide` is told as seen.
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
    mildest: MarkStatus
    handed_on: Kept = Kept()


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
    purpose : what it is for, in 1 to 100 letters; it stays in the audit trail when the text is deleted.
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
