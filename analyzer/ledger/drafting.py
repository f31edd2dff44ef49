"""Drafts that are submitted for review, and what reviewers say to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.bundles import all_bundles
from analyzer.ledger.deciding import person_of
from analyzer.ledger.events import What, name_of
from analyzer.ledger.fitted import KeptBundle
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.review_tables import ANSWERS, DRAFTS
from analyzer.ledger.reviewed import Answer, Checked, DecisionRefusedError, DraftRecord, DraftStatus, KeptDraft
from analyzer.ledger.traced import ANSWER, DRAFT, now
from analyzer.ledger.writing import written
from analyzer.policy.overrides import name_compared, wrong_reason

_LONGEST_PURPOSE: Final = 100  # it stays when the draft's words are deleted
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
    bundles = all_bundles(connection)
    about = {**told, "purpose": record.purpose, "bundle": bundles[-1].number if bundles else None}
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
    connection: sa.Connection, number: int, who: str, status: DraftStatus, reason: str, seen: int, key: bytes
) -> None:
    """Keep what a reviewer says to a draft, in the transaction that holds the ledger; see `Ledger.answer`."""
    draft, name = draft_of(connection, number), person_of(who)
    if seen != draft.last:
        raise LedgerMovedError(
            f"{draft.answers[-1].who if draft.answers else 'Somebody'} answered draft {number} meanwhile.",
            "Look at it, then answer again.",
        )
    if draft.text is None:
        raise DecisionRefusedError(f"The text of draft {number} was deleted.", "Submit it anew.")
    if status is DraftStatus.APPROVED:
        _may_approve(draft, name)
    elif status is not DraftStatus.REJECTED:
        raise DecisionRefusedError("A draft is approved or rejected.", "Say one of the two.")
    lenient = status is DraftStatus.APPROVED and draft.checked is Checked.ALLOW
    if not lenient and (wrong := wrong_reason(reason)):
        raise DecisionRefusedError(f"It cannot be answered so: {wrong}.", "Say in a sentence why.")
    about = {"draft": number, "status": status.value}
    row = {**about, "who": name, "at": now(), "reason": reason.strip()}
    written(connection, ANSWER, row, name, What.ANSWERED, about, key)


def draft_of(connection: sa.Connection, number: int) -> KeptDraft:
    """Return a draft with its answers.

    Raises
    ------
    InputError
        When there is none.
    """
    found = drafts(connection, number)
    if not found:
        raise InputError(f"The ledger has no draft {number}.", "Name one that was submitted.")
    return found[0]


def waiting_drafts(connection: sa.Connection, newest: tuple[KeptBundle, ...]) -> tuple[KeptDraft, ...]:
    """Return drafts that nobody has answered and whose words are there, oldest first.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    newest : tuple of KeptBundle
        The newest bundle; empty where there is none.
    """
    unanswered = DRAFTS.c.number.not_in(sa.select(ANSWERS.c.draft)) & DRAFTS.c.text.is_not(None)
    rows = connection.execute(sa.select(DRAFTS).where(unanswered).order_by(DRAFTS.c.number)).mappings()
    return tuple(_kept(dict(row), (), newest) for row in rows)


def drafts(connection: sa.Connection, number: int | None = None) -> tuple[KeptDraft, ...]:
    """Return all drafts with their answers, oldest first; one where it is named."""
    asked, said = sa.select(DRAFTS).order_by(DRAFTS.c.number), sa.select(ANSWERS).order_by(ANSWERS.c.number)
    if number is not None:
        asked, said = asked.where(DRAFTS.c.number == number), said.where(ANSWERS.c.draft == number)
    answers: dict[int, list[Answer]] = {}
    for row in connection.execute(said).mappings():
        told = Answer(row["number"], row["at"], row["who"], DraftStatus(row["status"]), row["reason"])
        answers.setdefault(row["draft"], []).append(told)
    newest = all_bundles(connection)[-1:]
    rows = connection.execute(asked).mappings()
    return tuple(_kept(dict(row), answers.get(row["number"], ()), newest) for row in rows)


def _kept(row: Mapping[str, Any], answers: Iterable[Answer], newest: tuple[KeptBundle, ...]) -> KeptDraft:
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
        stale=_stale(row, newest),
        last=told[-1].number if told else 0,
    )


def _stale(row: Mapping[str, Any], newest: tuple[KeptBundle, ...]) -> str:
    if not newest:
        return ""
    if row["bundle"] != newest[0].number:
        return f"The patterns were fitted again since the draft was checked (bundle {newest[0].fingerprint[:12]})."
    if row["rulebook_hash"] and row["rulebook_hash"] != newest[0].rulebook_hash:
        return "The draft was checked by another rulebook than the one that marks the patterns."
    return ""


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
