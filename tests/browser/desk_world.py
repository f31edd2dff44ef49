"""A ledger with something of everything, as a desk meets it after half a year."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd

from analyzer.ledger.requested import ReleaseRequest, RequestStatus
from analyzer.ledger.reviewed import Choice, DraftRecord, DraftStatus, Kind
from analyzer.ledger.store import Ledger
from analyzer.messages.verdict import check_words
from analyzer.policy.effects import MarkStatus
from analyzer.policy.rulebook import Rulebook, rulebook_from
from analyzer.workflow.in_force import in_force
from analyzer.workflow.message_index import build_index
from analyzer.workflow.model import Model
from analyzer.workflow.recording import bundle_record
from analyzer.workflow.release import release_tables

WHY = "Looked at with the researchers: it is close to a protected repetition."
NEEDED = "A journalist asks how long people watch in each country."
ALLOWED = "Most viewers finish the first season within a week."
ASKED = "Night owls, this one is for you: thousands of you finished the series in one weekend."
BLOCKED = "To the 53 people who watched A Christmas Prince every day for the past 18 days: who hurt you?"


def furnish(ledger: Ledger, model: Model, today: date | None = None) -> None:
    """Put two fits, decisions, drafts and a release into an empty ledger."""
    day = today or datetime.now(UTC).date()
    ledger.record_bundle(bundle_record(model.under(_earlier(model.rulebook))))
    _decide(ledger, "P11", Kind.CONFIRM, "Ben", day)
    _decide(ledger, "P01", Kind.TIGHTEN, "Ana", day, to=MarkStatus.REVIEW)
    ledger.record_bundle(bundle_record(model))
    _decide(ledger, "P12", Kind.CONFIRM, "Ana", day)
    _decide(ledger, "P13", Kind.CONFIRM, "Ben", day)
    _decide(ledger, "P02", Kind.TIGHTEN, "Ana", day, to=MarkStatus.REVIEW)
    _decide(ledger, "P02", Kind.LOOSEN, "Ben", day, to=MarkStatus.OPEN, expires=day + timedelta(days=90))
    for author, text in (("Cleo", ALLOWED), ("Cleo", ASKED), ("Ana", BLOCKED)):
        ledger.submit(DraftRecord(author=author, text=text, verdict=_verdict(text, model, ledger)))
    ledger.answer(1, "Ana", DraftStatus.APPROVED, "", 0)
    _release(ledger)
    asked = {"source": "viewing sessions of the service", "window": "March 2026", "purpose": "press"}
    ledger.request_release(ReleaseRequest(who="Cleo", by=("country",), measure="hours", why=NEEDED, **asked))
    ledger.request_release(ReleaseRequest(who="Ana", by=("kind",), measure="households", why=NEEDED, **asked))
    ledger.answer_request(2, "Ben", RequestStatus.APPROVED, "The table is large enough to tell.", 0)


def _earlier(book: Rulebook) -> Rulebook:
    """Return the rulebook as it may have been half a year ago: one rule fewer, one that was milder."""
    values = json.loads(json.dumps(book.as_json()))
    values["version"] = "2026.5.1"
    values["rule"] = [rule for rule in values["rule"] if rule["id"] != "one-passage-again"]
    values["rule"][0]["any_of"][0]["at_least"] = 6
    return rulebook_from(values, "the earlier rulebook")


def _decide(ledger: Ledger, pattern: str, kind: Kind, who: str, day: date, **told: object) -> None:
    reason = "" if kind is Kind.CONFIRM else WHY
    choice = Choice(pattern=pattern, kind=kind, who=who, reason=reason, **told)  # type: ignore[arg-type]
    ledger.decide(choice, ledger.pattern(pattern, day).last, day)


def _verdict(text: str, model: Model, ledger: Ledger) -> dict[str, object]:
    """Return a verdict by words, as if a desk with this model had reached it."""
    stands_on = {"bundle": model.digest, "rulebook_hash": model.rulebook.hash}
    return {**check_words(text).as_json(), **stands_on, "in_force": in_force(model, ledger).in_force}


def _release(ledger: Ledger) -> None:
    rows = [
        {"household_id": f"h{place}{number}", "country": country, "kind": kind}
        for place, (country, many) in enumerate((("Chile", 640), ("Norway", 420), ("Japan", 7)))
        for number in range(many)
        for kind in (("series",) if number % 3 else ("series", "film"))
    ]
    release_tables(
        pd.DataFrame(rows),
        [["country"], ["kind"]],
        purpose="press",
        source="viewing sessions of the service",
        window="March 2026",
        ledger=ledger,
    )


def indexed(folder: Path) -> Path:
    """Make an index of 3,000 households that watched one title for 20 hours, and another for a quarter of an hour."""
    rows = [
        {
            "viewer_id": f"v{n}",
            "household_id": f"h{n}",
            "title_id": title.casefold(),
            "title_name": title,
            "started_at": pd.Timestamp(f"2026-11-{1 + n % 20:02d}T08:00:00Z"),
            "played_s": seconds,
            "runtime_s": 80_000.0,
        }
        for n in range(3_000)
        for title, seconds in (("Winter Letters", 72_000.0), ("Short Walk", 900.0))
    ]
    pd.DataFrame(rows).to_parquet(folder / "views.parquet")
    build_index(folder / "views.parquet", folder / "claims.index", key_file=folder / "claims.key")
    return folder / "claims.index"


def folder_of(parent: Path) -> Path:
    """Return where the desk's ledger lies."""
    return parent / "ledger.db"
