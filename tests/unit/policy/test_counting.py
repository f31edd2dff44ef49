"""Two people may loosen a mark of review for one use, and nobody any other mark."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from analyzer.policy.decisions import decide
from analyzer.policy.effects import MarkStatus, Outcome
from analyzer.policy.marks import mark_patterns
from analyzer.policy.overrides import Override

TODAY = date(2026, 12, 1)
ALLOWED, WITHHELD = Outcome.ALLOWED, Outcome.WITHHELD


def agreed(rule, **changes):
    told = {"by": ("Ada", "Grace"), "reason": "The people in it asked us to.", "expires": date(2026, 12, 31)}
    return Override(rule, **{**told, **changes})


@pytest.fixture
def in_review(make_use, make_profile):
    """Return a builder of uses about a pattern that one household dominates."""

    def make(**changes):
        told = {
            "profile": make_profile(largest_household_share=0.5),
            "mark": MarkStatus.REVIEW,
            "marked_by": ("one-household-dominates",),
        }
        return make_use(**{**told, **changes})

    return make


def test_two_people_may_loosen_a_mark_of_review_for_one_use(in_review):
    aside = [agreed("one-household-dominates")]
    assert decide(in_review()).outcome is WITHHELD
    decision = decide(in_review(), overrides=aside, today=TODAY)
    assert (decision.outcome, decision.rule_ids) == (ALLOWED, ("patterns-inside", "patterns-outside"))
    assert (decision.overridden, decision.refused) == (("one-household-dominates",), ())
    assert decision.reasons[0].sentence().endswith("Set aside by two people.")
    assert decide(in_review(), overrides=aside, today=date(2026, 12, 31)).outcome is WITHHELD
    assert decide(in_review(), overrides=[agreed("one-household-dominates", by=("Ada", "ada"))], today=TODAY).refused


@pytest.mark.parametrize(
    "changes",
    [
        {"marked_by": None},
        {"marked_by": ()},
        {"marked_by": ("inherited-mark",)},
        {"marked_by": ("one-household-dominates", "newborn")},
        {"marked_by": ("one-title-returns",)},
        {"mark": MarkStatus.NEVER_SINGLE_OUT},
    ],
    ids=str,
)
def test_a_mark_that_somebody_else_gave_stays(in_review, changes):
    use = in_review(**changes)
    decision = decide(use, overrides=[agreed("one-household-dominates")], today=TODAY)
    assert (decision.outcome, decision.overridden) == (WITHHELD, ())
    (refused,) = decision.refused
    assert "does not say whose it is (`marked_by`)" in refused.sentence()
    assert decision.outcome is decide(use).outcome


def test_of_two_marks_of_review_the_other_one_stays(in_review, make_profile):
    names = ("one-household-dominates", "unstable-pattern")
    use = in_review(profile=make_profile(largest_household_share=0.5, stability=0.5), marked_by=names)
    one = decide(use, overrides=[agreed(names[0])], today=TODAY)
    assert (one.outcome, one.overridden) == (WITHHELD, names[:1])
    assert decide(use, overrides=[agreed(name) for name in names], today=TODAY).outcome is ALLOWED


def test_a_protected_behaviour_stays_protected_when_the_review_beside_it_is_set_aside(in_review, make_profile):
    profile = make_profile(upper={"title_recent_plays_max": 5.0}, largest_household_share=0.5)
    mark = mark_patterns([profile])[0]
    use = in_review(profile=profile, mark=mark.status, marked_by=mark.rule_ids)
    aside = [agreed(rule) for rule in ("one-household-dominates", "one-title-returns")]
    decision = decide(use, overrides=aside, today=TODAY)
    assert decision.outcome is WITHHELD
    assert "protected-pattern-in-public" in decision.rule_ids


def test_an_absolute_rule_is_asked_about_the_mark_as_it_was(in_review, make_rulebook):
    marking = {"effect": "review", "largest_household_share_above": 0.4, "overridable": True}
    absolute = {"effect": "forbid", "pattern_marked": ["review", "never_single_out"]}
    allow = {"effect": "allow", "households_at_least": 2}
    use = in_review(marked_by=("rule-1",))
    for rule, outcome in ((absolute, WITHHELD), (absolute | {"overridable": True}, ALLOWED)):
        decision = decide(use, make_rulebook(marking, rule, allow), [agreed("rule-1")], TODAY)
        assert (decision.outcome, decision.overridden) == (outcome, ("rule-1",))


def test_a_floor_is_set_aside_for_the_statement_and_not_for_the_mark(make_use, make_title_use, make_rulebook):
    floor = {"effect": "forbid", "households_below": 1_000, "overridable": True}
    rulebook = make_rulebook(floor, {"effect": "allow", "households_at_least": 2})
    aside = {"rulebook": rulebook, "overrides": [agreed("rule-1")], "today": TODAY}
    few = make_title_use(households=500)
    assert (decide(few, rulebook).outcome, decide(few, **aside).outcome) == (WITHHELD, ALLOWED)
    pattern = make_use(profile=replace(make_use().profile, households=500), marked_by=())
    assert decide(pattern, **aside).outcome is WITHHELD
