"""A draft with its words underlined, the reasons on them, and what reviewers said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from analyzer.desk.views.answers import TAKE_BACK, answer_words
from analyzer.desk.views.forms import Option
from analyzer.desk.views.words import SENTENCES, STATUSES, VERDICTS, Badge, Moment, moment, seen, shortened, words_of
from analyzer.ledger.fitted import bundle_known_as
from analyzer.ledger.reviewed import Checked, DraftStatus, KeptDraft

_LAYERS: Final = {
    "wording": "how it is worded",
    "tone": "its tone",
    "policy": "the rulebook",
    "disclosure": "the checks of numbers",
    "truth": "whether it is true",
}

_STALE: Final = {
    DraftStatus.WAITING: "has to be checked again",
    DraftStatus.APPROVED: "approved before; holds no longer",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a draft: its text, whether it is underlined, and the reasons whose words end with it."""

    text: str
    marked: bool
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NumberedReason:
    """A reason with the number that stands at its words; `decides` where the verdict comes from it."""

    number: int
    because: str
    rule: str
    layer: str
    cites: tuple[str, ...]
    words: tuple[str, ...]
    status: Badge
    decides: bool


@dataclass(frozen=True, slots=True)
class Alternative:
    """A sentence that may be said, and where its figures come from."""

    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict as it is read: in words first, then the draft, the reasons, and what may be said instead."""

    badge: Badge
    sentence: str
    pieces: tuple[Piece, ...]
    reasons: tuple[NumberedReason, ...]
    instead: tuple[Alternative, ...]
    basis: tuple[str, ...]

    @property
    def deciding(self) -> tuple[NumberedReason, ...]:
        """The reasons that the verdict comes from."""
        return tuple(reason for reason in self.reasons if reason.decides)

    @property
    def noted(self) -> tuple[NumberedReason, ...]:
        """The reasons that alone would have led to a milder verdict."""
        return tuple(reason for reason in self.reasons if not reason.decides)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """A draft in a list."""

    number: int
    words: str
    author: str
    at: Moment
    verdict: Badge
    status: str


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What a reviewer said to a draft."""

    at: Moment
    who: str
    status: str
    reason: str


def judged(text: str, verdict: Mapping[str, Any]) -> Judged:
    """Return a verdict as a page tells it.

    Parameters
    ----------
    text : str
        The draft; the spans of the verdict count its characters.
    verdict : mapping
        `Verdict.as_json()`.
    """
    checked = Checked(verdict["verdict"])
    told = _in_order(verdict["reasons"], checked)
    reasons = tuple(_reason(number, reason, checked) for number, reason in enumerate(told, 1))
    spans = [(number, int(a), int(b)) for number, reason in enumerate(told, 1) for a, b in reason["spans"] if a < b]
    return Judged(
        VERDICTS[checked],
        SENTENCES[checked],
        pieces_of(text, spans),
        reasons,
        tuple(Alternative(one["sentence"], one["source"]) for one in verdict.get("instead") or ()),
        tuple(_basis(verdict)),
    )


def pieces_of(text: str, spans: Iterable[tuple[int, int, int]]) -> tuple[Piece, ...]:
    """Return a text in pieces, cut where underlined words begin and end.

    Parameters
    ----------
    text : str
    spans : iterable of (number, start, end)
        Which reason, and the characters that it is about; they may overlap.
    """
    inside = [(number, max(start, 0), min(end, len(text))) for number, start, end in spans if start < len(text)]
    cuts = sorted({0, len(text), *(at for _, start, end in inside for at in (start, end))})
    last = {number: max(end for n, _, end in inside if n == number) for number in {n for n, _, _ in inside}}
    pieces: list[Piece] = []
    for low, high in pairwise(cuts):
        marked = any(start <= low and high <= end for _, start, end in inside)
        ending = tuple(sorted(number for number, end in last.items() if end == high))
        joins = pieces and pieces[-1].marked is marked and not pieces[-1].numbers
        before = pieces.pop().text if joins else ""
        pieces.append(Piece(before + seen(text[low:high]), marked, ending))
    return tuple(pieces)


def row(draft: KeptDraft) -> DraftRow:
    """Return a draft for a list."""
    words = "The words were deleted" if draft.text is None else shortened(draft.text)
    told = (_STALE.get(draft.status, "") if draft.stale else "") or STATUSES[draft.status]
    return DraftRow(draft.number, words, draft.author, moment(draft.at), VERDICTS[draft.checked], told)


def answers(draft: KeptDraft) -> tuple[AnswerView, ...]:
    """Return what reviewers said, newest first."""
    told = [
        AnswerView(moment(one.at), one.who, answer_words(STATUSES[one.status], again=at > 0), words_of(one.reason))
        for at, one in enumerate(draft.answers)
    ]
    return tuple(reversed(told))


def as_of(draft: KeptDraft) -> str:
    """Return what says whether a page still shows what it showed: "Approved" is true no longer than that."""
    return f"{draft.last} {draft.status.value} {draft.stale}"


def stale_words(draft: KeptDraft) -> str:
    """Return why a draft has to be checked again, and what that means; empty where it has not."""
    if not draft.stale:
        return ""
    after = {
        DraftStatus.WAITING: "It has to be checked again.",
        DraftStatus.APPROVED: "So the approval holds no longer: check it again and submit it anew.",
        DraftStatus.REJECTED: "",
    }
    return f"{draft.stale} {after[draft.status]}".strip()


def answer_options(draft: KeptDraft, who: str) -> tuple[Option, ...]:
    """Return what a person may answer; the ledger's own rules have the last word."""
    if draft.text is None or draft.status is DraftStatus.REJECTED:
        return ()
    own = draft.author == who
    if draft.status is DraftStatus.APPROVED:
        return (TAKE_BACK,)
    reject = Option("rejected", "Take it back" if own else "Reject", "It is not said." if own else "Say why.")
    if own or draft.stale or draft.checked is Checked.BLOCK:
        return (reject,)
    asks = "Say why it may be said, although the check asked for a person." if draft.checked is Checked.REVIEW else ""
    return (Option("approved", "Approve", asks or "The check allows it."), reject)


def why_not_approved(draft: KeptDraft, who: str) -> str:
    """Return why this person cannot approve a draft; empty where they can."""
    if draft.checked is Checked.BLOCK:
        return "It is blocked, and no reviewer can open that. It can be written otherwise and submitted anew."
    if draft.stale:
        return f"{draft.stale} Check it again and submit it anew."
    return "It is your own draft, so somebody else answers. You can take it back." if draft.author == who else ""


def _in_order(reasons: Sequence[Mapping[str, Any]], checked: Checked) -> list[Mapping[str, Any]]:
    """Return the reasons that decide, then the milder ones; what only allows is no news beside them."""
    deciding = [reason for reason in reasons if reason["status"] == checked.value]
    return deciding + [r for r in reasons if r["status"] not in (checked.value, Checked.ALLOW.value)]


def _reason(number: int, reason: Mapping[str, Any], checked: Checked) -> NumberedReason:
    words = dict.fromkeys(shortened(word, 60) for word in reason["words"] if word.strip())
    return NumberedReason(
        number,
        seen(reason["because"]),
        reason["rule"],
        _LAYERS.get(reason["layer"], reason["layer"]),
        tuple(reason["cites"]),
        tuple(words),
        VERDICTS[Checked(reason["status"])],
        reason["status"] == checked.value,
    )


def _basis(verdict: Mapping[str, Any]) -> Iterable[str]:
    purpose, data, marks = verdict.get("purpose", ""), verdict.get("data"), verdict.get("marks")
    yield f"{f'For: {purpose}; ' if purpose else ''}{verdict['basis']}."
    if verdict["rulebook_hash"]:
        yield f"Rulebook {verdict['rulebook_hash'][:12]}, rules about wording {verdict['wording_hash'][:12]}."
    else:
        yield f"Rules about wording {verdict['wording_hash'][:12]}."
    if data:
        yield f"Data {data['fingerprint'][:12]}: {data['window']}, {data['sources']}."
    if verdict.get("bundle"):
        yield f"Patterns of the bundle {bundle_known_as(verdict['bundle'], verdict['rulebook_hash'])[:12]}."
    if marks:
        yield marks[0]  # what follows is for whoever may open the patterns
