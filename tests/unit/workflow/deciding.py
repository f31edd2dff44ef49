"""People who decide on a model's patterns, for the tests of the marks in force."""

from dataclasses import replace
from datetime import date, timedelta

from analyzer.ledger.reviewed import Choice, Kind
from analyzer.ledger.store import memory_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.workflow.recording import bundle_record

OPEN, REVIEW, NEVER = MarkStatus
TODAY = date(2026, 11, 26)
LAST = TODAY + timedelta(days=30)
WHY = "It was looked at with the researchers."


def known(model, ledger=None):
    """Return a model as if it was loaded, and a ledger whose newest bundle it is."""
    loaded = replace(model, digest="d" * 64)
    made = ledger or memory_ledger()
    made.record_bundle(bundle_record(loaded))
    return loaded, made


def decide(ledger, pattern, kind, who="ana", today=TODAY, **told):
    choice = Choice(pattern=pattern, kind=kind, who=who, **told)
    return ledger.decide(choice, ledger.pattern(pattern, today).last, today)


def tighten(ledger, pattern, to=NEVER, who="ana", today=TODAY):
    return decide(ledger, pattern, Kind.TIGHTEN, who, today, to=to, reason=WHY)


def ask(ledger, pattern, to=OPEN, who="ana", expires=LAST, today=TODAY):
    return decide(ledger, pattern, Kind.LOOSEN, who, today, to=to, reason=WHY, expires=expires)


def loosen(ledger, pattern, to=OPEN, expires=LAST, today=TODAY):
    asked = ask(ledger, pattern, to, "ana", expires, today)
    return decide(ledger, pattern, Kind.AGREE, "ben", today, about=asked.number)


def mark_of(model, pattern):
    return next(mark for mark in model.marks if mark.pattern_id == pattern)
