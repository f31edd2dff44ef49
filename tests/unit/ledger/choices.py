"""Bundles, drafts and choices, for the tests of what is reviewed."""

import hashlib
from dataclasses import replace
from datetime import date, timedelta

from analyzer.ledger.fitted import BundleRecord, MarkRecord, RulebookRecord, bundle_known_as
from analyzer.ledger.reviewed import Choice, DraftRecord, Kind
from analyzer.ledger.states import in_force_hash
from analyzer.policy.effects import MarkStatus

OPEN, REVIEW, NEVER = MarkStatus
TODAY = date(2026, 11, 26)
LATER = TODAY + timedelta(days=30)
BOOK = RulebookRecord(id="house", version="1", text='{"id":"house","rule":[]}')
OTHER_BOOK = RulebookRecord(id="house", version="2", text='{"id":"house","rule":[],"version":"2"}')
WHY = "It was looked at with the researchers."


def mark(pattern, status=REVIEW, *, absolute=False, earlier=(), mildest=OPEN):
    return MarkRecord(
        pattern=pattern,
        name=f"The pattern {pattern}",
        mark=status,
        absolute=absolute,
        rules=("several-plays-in-one-day",) if status is not OPEN else (),
        earlier=earlier,
        mildest=mildest,
    )


MARKS = (mark("P01", OPEN), mark("P02"), mark("P03", NEVER), mark("P04", NEVER, absolute=True))


def fit(name="first", marks=MARKS, rulebook=BOOK):
    fingerprint = hashlib.sha256(name.encode()).hexdigest()
    return BundleRecord(fingerprint=fingerprint, rulebook=rulebook, window="28d", source="sessions", marks=marks)


def with_one_bundle(place):
    """Return a ledger with one bundle: P01 open, P02 in review, P03 never single out, P04 the same and absolute."""
    made = place.open()
    made.record_bundle(fit(), "root")
    return made


def in_force(ledger, pattern, today=TODAY):
    return ledger.pattern(pattern, today).mark


def decide(ledger, pattern, kind, who="ana", today=TODAY, **told):
    """Decide as somebody does who has looked at the newest state."""
    seen = told.pop("seen", None)
    choice = Choice(pattern=pattern, kind=kind, who=who, **told)
    return ledger.decide(choice, ledger.pattern(pattern, today).last if seen is None else seen, today)


def loosen(ledger, pattern, to, who="ana", expires=LATER, today=TODAY):
    return decide(ledger, pattern, Kind.LOOSEN, who, today, to=to, reason=WHY, expires=expires)


def loosened(ledger, pattern, to, expires=LATER, today=TODAY):
    """Let two people loosen a mark."""
    asked = loosen(ledger, pattern, to, "ana", expires, today)
    return decide(ledger, pattern, Kind.AGREE, "ben", today, about=asked.number)


def tighten(ledger, pattern, to=NEVER, who="ana", today=TODAY):
    return decide(ledger, pattern, Kind.TIGHTEN, who, today, to=to, reason=WHY)


def known_as(digest, book=BOOK):
    """Return a bundle whose fingerprint is the one that its verdicts tell."""
    return replace(fit(rulebook=book), fingerprint=bundle_known_as(digest, book.hash))


def checked(ledger, today=TODAY, digest="first", book=BOOK, **told):
    """Return a draft that was checked by a model as it stands in the ledger."""
    fingerprint = bundle_known_as(digest, book.hash)
    in_force = in_force_hash(fingerprint, ledger.patterns(today))
    return draft(book=book, bundle=digest, in_force=in_force, **told)


def draft(author="cora", status="review", text="Our viewers watched 4 million hours.", book=BOOK, **told):
    verdict = {
        "verdict": status,
        "rules": ["figure-without-a-source"],
        "reasons": [{"words": [text], "spans": [[0, 3]]}],
        "rulebook_hash": book.hash,
        "wording_hash": "w" * 64,
        **told,
    }
    return DraftRecord(author=author, text=text, verdict=verdict)
