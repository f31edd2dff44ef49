"""Whatever people decide, in whatever order, under whatever rulebook: nothing leaves that an absolute rule forbids."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.ledger.reviewed import Choice, Kind
from analyzer.ledger.store import memory_ledger
from analyzer.policy.decisions import decide
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.marks import BY_PEOPLE, LOOSENED, mark_patterns
from analyzer.policy.uses import Subject
from analyzer.workflow.in_force import in_force
from analyzer.workflow.model import Model
from analyzer.workflow.recording import bundle_record, mildest_of

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from random_rulebooks import ABOUT_VIEWERS, BROAD, INSIDE, PROFILES, SHIPPED, TODAY, book  # noqa: E402 - the folder is no package
from test_policy_overrides import MIXED, ON_MARKS  # noqa: E402

sys.path.remove(str(FOLDER))

PEOPLE = st.sampled_from(["ana", "Ana.", "ben", "cora"])
STEPS = st.lists(
    st.builds(
        lambda kind, who, to, days, wait: (kind, who, to, days, wait),
        st.sampled_from([Kind.CONFIRM, Kind.TIGHTEN, Kind.LOOSEN, Kind.LOOSEN, Kind.AGREE, Kind.AGREE, Kind.DECLINE]),
        PEOPLE,
        st.sampled_from(list(MarkStatus)),
        st.integers(1, 30),
        st.sampled_from([0, 0, 0, 1, 12]),
    ),
    min_size=1,
    max_size=8,
)
LOOSE = st.just([(Kind.LOOSEN, "ana", MarkStatus.OPEN, 30, 0), (Kind.AGREE, "ben", MarkStatus.OPEN, 1, 0)])
_GENERATE = (Phase.generate,)
USES = st.lists(ABOUT_VIEWERS, min_size=1, max_size=4)


def decided(rulebook, profile, steps):
    """Return a model by the rulebook alone, the same with the marks in force, its state in the ledger, and the day."""
    profiles = (profile,)
    marks = tuple(mark_patterns(profiles, rulebook))
    model = Model(SimpleNamespace(profiles_=profiles), marks, rulebook, digest="d" * 64)
    ledger, today = memory_ledger(), TODAY
    ledger.record_bundle(bundle_record(model))
    for kind, who, to, days, wait in steps:
        today += timedelta(days=wait)
        state = ledger.pattern("P01", today)
        choice = Choice(
            pattern="P01", kind=kind, who=who, reason="It was looked at with the researchers.",
            to=to if kind in (Kind.TIGHTEN, Kind.LOOSEN) else None,
            expires=today + timedelta(days=days) if kind is Kind.LOOSEN else None,
            about=state.waiting.number if state.waiting else None,
        )  # fmt: skip
        try:
            ledger.decide(choice, state.last, today)
        except AnalyzerError:
            continue
    now, state = in_force(model, ledger, today), ledger.pattern("P01", today)
    ledger.close()
    return model, now, state, today


def answered(use, model, today):
    """Return the policy's answer to a use that is about the pattern."""
    mark = model.marks[0]
    about = replace(
        use, subject=Subject.PATTERN, profile=model.patterns.profiles_[0], mark=mark.status, marked_by=mark.given_by
    )
    return decide(about, model.rulebook, (), today, mark.overrides)


FORBID_FEW = {"effect": "forbid", "id": "r", "households_below": 10_000, "overridable": True}
"""The one kind of rule that forbids and that people may set aside."""
BOOKS = MIXED | st.lists(ON_MARKS, min_size=1, max_size=2).map(lambda some: book([FORBID_FEW, *some, BROAD, INSIDE]))
CASES = {"rulebook": BOOKS | st.just(SHIPPED), "profile": PROFILES, "steps": STEPS | LOOSE}


@given(**CASES)
@settings(max_examples=90)
def test_the_mark_in_force(rulebook, profile, steps):
    """It is never milder than two people may make it, and is the ledger's, and the worst of its reasons."""
    model, now, state, _ = decided(rulebook, profile, steps)
    before, mark = model.marks[0], now.marks[0]
    assert mark.status is state.mark
    assert mark.status.severity >= max(state.mildest.severity, mildest_of(before, rulebook).severity)
    assert mark.status is MarkStatus.worst([r.status for r in mark.reasons]) or mark.status is before.status
    assert set(before.reasons) <= {*mark.reasons, *mark.aside}
    assert bool(mark.aside) <= (LOOSENED in mark.rule_ids)
    assert now.marks[-1] == model.marks[-1]
    if not mark.by_people:
        assert mark == before


@given(**CASES, uses=USES)
@settings(max_examples=90)
def test_what_an_absolute_rule_forbids(rulebook, profile, steps, uses):
    """Every absolute rule that speaks against a use still does, whatever people decided on the pattern."""
    model, now, _, today = decided(rulebook, profile, steps)
    absolute = {rule.id for rule in rulebook.rule if not rule.overridable and rule.effect is not Effect.ALLOW}
    for use in uses:
        before, after = answered(use, model, today), answered(use, now, today)
        firm = [reason for reason in before.reasons if reason.rule_id in absolute or reason.failure]
        assert {reason.rule_id for reason in firm} <= set(after.rule_ids)
        assert after.outcome.severity >= max((reason.outcome.severity for reason in firm), default=0)


@given(**CASES, uses=USES)
@settings(max_examples=60)
def test_without_a_loosening(rulebook, profile, steps, uses):
    """Where no loosening holds, no decision makes anything milder."""
    model, now, _, today = decided(rulebook, profile, [s for s in steps if s[0] is not Kind.LOOSEN])
    assert now.marks[0].status.severity >= model.marks[0].status.severity
    for use in uses:
        assert answered(use, now, today).outcome.severity >= answered(use, model, today).outcome.severity


def test_the_cases_show_something():
    """Two people do open what would be withheld; else the properties would hold of nothing."""
    cases = st.tuples(CASES["rulebook"], PROFILES, LOOSE, USES)

    def opened(case):
        rulebook, profile, steps, (use, *_) = case
        model, now, _, today = decided(rulebook, profile, steps)
        return (
            answered(use, model, today).outcome is not Outcome.ALLOWED
            and answered(use, now, today).outcome is Outcome.ALLOWED
            and BY_PEOPLE & set(now.marks[0].rule_ids)
        )

    assert find(cases, opened, settings=settings(max_examples=1_000, database=None, phases=_GENERATE))
