"""Drafts that are submitted for review, and what reviewers say to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.bundles import all_bundles
from analyzer.ledger.deciding import open_to, person_of
from analyzer.ledger.events import What, name_of
from analyzer.ledger.fitted import KeptBundle, bundle_known_as
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.review_tables import ANSWERS, DRAFTS
from analyzer.ledger.reviewed import (
    Answer,
    Checked,
    DecisionRefusedError,
    DraftRecord,
    DraftStatus,
    KeptDraft,
    PatternState,
)
from analyzer.ledger.states import in_force_hash, states_of
from analyzer.ledger.traced import ANSWER, DRAFT, now
from analyzer.ledger.writing import written
from analyzer.policy.overrides import name_compared, wrong_reason

_LONGEST_PURPOSE: Final = 100  # it stays when the draft's words are deleted
_LONGEST_HASH: Final = 64
_AGAIN: Final = "Check the draft again and submit it anew."


def submit(connection: sa.Connection, record: DraftRecord, key: bytes) -> int:
    """Keep a draft with its verdict, in the transaction that holds the ledger; return its number.

    Raises
    ------
    InputError
        When it has no text or no purpose, or the verdict is none.
    """
    author, told = name_of(record.author), _verdict(record.verdict)
    if not record.text.strip():
        raise InputError("The draft is empty.", "Submit what is to be said.")
    if not (0 < len(record.purpose) <= _LONGEST_PURPOSE and record.purpose.isprintable()):
        raise InputError("The draft has no purpose in a few words.", f"Give 1 to {_LONGEST_PURPOSE} printable letters.")
    stands_on = standing_on(record.verdict)
    bundle = next((kept.number for kept in all_bundles(connection) if kept.fingerprint == stands_on), None)
    about = {**told, "purpose": record.purpose, "bundle": bundle, "in_force": _text_of(record.verdict, "in_force")}
    values = {
        **about,
        "author": author,
        "rules": json.dumps(told["rules"]),
        "at": now(),
        "text": record.text,
        "verdict": json.dumps(dict(record.verdict)),
    }
    return int(written(connection, DRAFT, values, author, What.SUBMITTED, about, key)["number"])


def answer(
    connection: sa.Connection,
    number: int,
    who: str,
    status: DraftStatus,
    reason: str,
    seen: int,
    key: bytes,
    today: date,
) -> None:
    """Keep what a reviewer says to a draft, in the transaction that holds the ledger; see `Ledger.answer`."""
    draft, name = draft_of(connection, number, today), person_of(who)
    if seen != draft.last:
        raise LedgerMovedError(
            f"{draft.answers[-1].who if draft.answers else 'Somebody'} answered draft {number} meanwhile.",
            "Look at it, then answer again.",
        )
    if draft.text is None:
        raise DecisionRefusedError(f"The text of draft {number} was deleted.", "Submit it anew.")
    if status not in (DraftStatus.APPROVED, DraftStatus.REJECTED):
        raise DecisionRefusedError("A draft is approved or rejected.", "Say one of the two.")
    own = name_compared(name) == name_compared(draft.author)
    open_to(connection, name, f"Draft {number}", draft.status.value, status.value, own=own)
    if status is DraftStatus.APPROVED:
        _may_approve(draft, name)
    lenient = status is DraftStatus.APPROVED and draft.checked is Checked.ALLOW
    if not lenient and (wrong := wrong_reason(reason)):
        raise DecisionRefusedError(f"It cannot be answered so: {wrong}.", "Say in a sentence why.")
    about = {"draft": number, "status": status.value}
    row = {**about, "who": name, "at": now(), "reason": reason.strip()}
    written(connection, ANSWER, row, name, What.ANSWERED, about, key)


def draft_of(connection: sa.Connection, number: int, today: date) -> KeptDraft:
    """Return a draft with its answers as it stands on a day.

    Raises
    ------
    InputError
        When there is none.
    """
    found = drafts(connection, today, number)
    if not found:
        raise InputError(f"The ledger has no draft {number}.", "Name one that was submitted.")
    return found[0]


def waiting_drafts(
    connection: sa.Connection, newest: Sequence[KeptBundle], patterns: Iterable[PatternState]
) -> tuple[KeptDraft, ...]:
    """Return drafts that nobody has answered and whose words are there, oldest first.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    newest : sequence of KeptBundle
        The newest bundle; empty where there is none.
    patterns : iterable of PatternState
        As they stand on the day that is asked about.
    """
    unanswered = DRAFTS.c.number.not_in(sa.select(ANSWERS.c.draft)) & DRAFTS.c.text.is_not(None)
    rows = connection.execute(sa.select(DRAFTS).where(unanswered).order_by(DRAFTS.c.number)).mappings().all()
    standing = _now(newest, patterns)
    return tuple(_kept(dict(row), (), standing) for row in rows)


def drafts(connection: sa.Connection, today: date, number: int | None = None) -> tuple[KeptDraft, ...]:
    """Return all drafts with their answers as they stand on a day, oldest first; one where it is named."""
    asked, said = sa.select(DRAFTS).order_by(DRAFTS.c.number), sa.select(ANSWERS).order_by(ANSWERS.c.number)
    if number is not None:
        asked, said = asked.where(DRAFTS.c.number == number), said.where(ANSWERS.c.draft == number)
    answers: dict[int, list[Answer]] = {}
    for row in connection.execute(said).mappings():
        told = Answer(row["number"], row["at"], row["who"], DraftStatus(row["status"]), row["reason"])
        answers.setdefault(row["draft"], []).append(told)
    rows = connection.execute(asked).mappings().all()
    bundles = all_bundles(connection) if rows else ()
    standing = _now(bundles[-1:], states_of(connection, bundles, today))
    return tuple(_kept(dict(row), answers.get(row["number"], ()), standing) for row in rows)


@dataclass(frozen=True, slots=True)
class _Now:
    """What a verdict has to stand on, to count today: the newest bundle, and the hash of the marks in force."""

    bundle: KeptBundle
    in_force: str


def _now(newest: Sequence[KeptBundle], patterns: Iterable[PatternState]) -> _Now | None:
    """Return what verdicts have to stand on; None where the ledger knows no bundle."""
    return _Now(newest[0], in_force_hash(newest[0].fingerprint, patterns)) if newest else None


def _kept(row: Mapping[str, Any], answers: Iterable[Answer], standing: _Now | None) -> KeptDraft:
    told = tuple(answers)
    return KeptDraft(
        number=row["number"],
        at=row["at"],
        author=row["author"],
        purpose=row["purpose"],
        checked=Checked(row["status"]),
        rules=tuple(json.loads(row["rules"])),
        text=row["text"],
        verdict=None if row["verdict"] is None else json.loads(row["verdict"]),
        answers=told,
        status=told[-1].status if told else DraftStatus.WAITING,
        stale=_stale(row, standing),
        last=told[-1].number if told else 0,
    )


def _stale(row: Mapping[str, Any], standing: _Now | None) -> str:
    """Return why a verdict counts no longer; whatever is not known to be as it was then has to be checked again."""
    if standing is None or row["in_force"] == standing.in_force:
        return ""
    newest = standing.bundle.fingerprint[:12]
    if row["in_force"] is None and row["bundle"] == standing.bundle.number:
        return "The draft was checked without a look at what people decided, or nothing of that was kept."
    if row["rulebook_hash"] and row["rulebook_hash"] != standing.bundle.rulebook_hash:
        return "The draft was checked by another rulebook than the one that marks the patterns."
    if row["bundle"] is None:
        return f"The draft was not checked by the newest bundle that the ledger knows ({newest})."
    if row["bundle"] != standing.bundle.number:
        return f"The patterns were fitted again since the draft was checked (bundle {newest})."
    return "Since the draft was checked somebody decided otherwise on a pattern, or a loosening has ended."


def _may_approve(draft: KeptDraft, who: str) -> None:
    if name_compared(who) == name_compared(draft.author):
        raise DecisionRefusedError(
            f"Draft {draft.number} is {draft.author}'s own.", "Let somebody else approve it; rejecting takes it back."
        )
    if draft.checked is Checked.BLOCK:
        raise DecisionRefusedError(
            f"Draft {draft.number} is blocked ({', '.join(draft.rules)}), and no reviewer can open that.",
            "Write it otherwise; the verdict lists what may be said instead.",
        )
    if draft.stale:
        raise DecisionRefusedError(draft.stale, _AGAIN)


def _verdict(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a verdict that stay when its words are deleted."""
    try:
        rules = values["rules"]
        told = {name: values[name] for name in ("rulebook_hash", "wording_hash")}
        status = Checked(values["verdict"])
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"The verdict of the draft is none: {error!r}.", "Give `Verdict.as_json()`.") from error
    if not isinstance(rules, list) or not all(isinstance(text, str) for text in (*rules, *told.values())):
        raise InputError("The verdict's rules or hashes are no texts.", "Give `Verdict.as_json()`.")
    return {**told, "status": status.value, "rules": list(rules)}


def standing_on(verdict: Mapping[str, Any]) -> str:
    """Return the fingerprint of the bundle that a verdict was reached by; empty where it was by none."""
    digest, rulebook = (_text_of(verdict, name) for name in ("bundle", "rulebook_hash"))
    return bundle_known_as(digest, rulebook) if digest and rulebook else ""


def _text_of(verdict: Mapping[str, Any], name: str) -> str | None:
    value = verdict.get(name)
    if value is not None and not (isinstance(value, str) and len(value) <= _LONGEST_HASH):
        raise InputError(f"The verdict's {name} is no fingerprint.", "Give `Verdict.as_json()`.")
    return value or None
