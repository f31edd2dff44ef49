"""Setting rules aside, as docs/explanation/how-a-rulebook-decides.md says: for every rulebook, use and override."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import Phase, assume, find, given, settings
from hypothesis import strategies as st

from analyzer.policy.decisions import decide
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.marks import mark_patterns
from analyzer.policy.overrides import Override
from analyzer.policy.uses import Addressed, Purpose

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from random_rulebooks import (  # noqa: E402 - the folder is no package
    ABOUT_VIEWERS,
    ATTRIBUTES,
    BROAD,
    EVERY,
    HARD,
    INSIDE,
    RULES,
    SHIPPED,
    TODAY,
    USES,
    book,
    usual,
    written,
)

sys.path.remove(str(FOLDER))

PAGE = Path(__file__).resolve().parents[2] / "docs/explanation/how-a-rulebook-decides.md"


PEOPLE = st.just(("Ada", "Grace")) | st.lists(st.sampled_from(["Ada", "ada ", "ＡＤＡ", "Grace", ""]), max_size=3).map(
    tuple
)
REASONS = usual(["", "ok", "aaaaaaaaaa aaa"], "The people in it asked us to say so.")
DAYS = usual([date(2026, 11, 30), TODAY], date(2026, 12, 2))


def loose(rules):
    """A rulebook of which every rule can be set aside of which a rulebook may say so."""
    return book([looser(rule) for rule in rules])


def looser(rule):
    can = rule | {"overridable": True}
    return can if written(can) else rule


MARKING = st.sampled_from(["any_of", "all_of", "households_below", "stability_below", "family"]).flatmap(
    lambda name: st.builds(
        lambda effect, part: {"effect": effect, "id": "r", name: part},
        st.sampled_from(["forbid", "review", "review"]),
        EVERY[name],
    )
)
ON_MARKS = st.builds(
    lambda effect, marks, part: {"effect": effect, "id": "r", "pattern_marked": marks, **part},
    st.sampled_from(["forbid", "review"]),
    st.sampled_from([["never_single_out"], ["review", "never_single_out"]]),
    st.sampled_from([{}, {"purposes": ["press"]}, {"statements": ["count of people"]}]),
)


def some_looser(rules, often):
    return st.builds(lambda rule, can: looser(rule) if can else rule, rules, st.sampled_from([True] * often + [False]))


MIXED = st.builds(
    lambda marking, others: book([*marking, *others, BROAD, INSIDE]),
    st.lists(some_looser(MARKING, 3), min_size=1, max_size=2),
    st.lists(some_looser(ON_MARKS, 1), min_size=1, max_size=2)
    | RULES.flatmap(lambda rules: st.tuples(*(some_looser(st.just(rule), 1) for rule in rules))),
)
"""Rulebooks of which some rules can be set aside, many of them about patterns or about marks."""


def all_aside(rulebook):
    """What two people may agree on at most."""
    return [
        Override(rule.id, ("Ada", "Grace"), "The people in it asked us.", date(2027, 1, 1)) for rule in rulebook.rule
    ]


@st.composite
def seen(draw, rulebook):
    """A use that mostly brings the mark of the rulebook, and says whose it is."""
    use = draw(ABOUT_VIEWERS)
    mark = mark_patterns([use.profile], rulebook)[0]
    names = draw(usual([None, ("inherited-mark",), ()], mark.rule_ids))
    return replace(use, mark=draw(usual(list(MarkStatus), mark.status)), marked_by=names)


SEEN = st.one_of(MIXED, MIXED, st.just(SHIPPED)).flatmap(lambda rulebook: st.tuples(st.just(rulebook), seen(rulebook)))


@HARD
@given(SEEN)
def test_absolute_rules_beside_overrides(told):
    """Whatever is set aside, every absolute rule says what it says without."""
    rulebook, use = told
    absolute = {rule.id for rule in rulebook.rule if not rule.overridable and rule.effect is not Effect.ALLOW}
    before, after = decide(use, rulebook), decide(use, rulebook, all_aside(rulebook), TODAY)
    firm = [reason for reason in before.reasons if reason.rule_id in absolute]
    assert all(reason in after.reasons for reason in firm)
    assert after.outcome.severity >= max((reason.outcome.severity for reason in firm), default=0)


@given(SEEN)
def test_a_protected_mark(told):
    """A mark of never single out is not loosened by anybody."""
    rulebook, use = told
    assume(use.purpose is not Purpose.INTERNAL_RESEARCH or use.addressed is not Addressed.NOBODY)
    marks = [use.mark, mark_patterns([use.profile], rulebook)[0].status]
    assume(MarkStatus.NEVER_SINGLE_OUT in marks)
    assert decide(use, rulebook, all_aside(rulebook), TODAY).outcome is Outcome.WITHHELD


@HARD
@given(SEEN, st.sampled_from([None, ("inherited-mark",), ("r0", "newborn")]))
def test_whose_mark_it_is(told, others):
    """A mark is loosened only where the use says whose it is, and all of it is the rulebook's."""
    rulebook, use = told
    overrides = all_aside(rulebook)
    theirs = decide(replace(use, marked_by=others), rulebook, overrides, TODAY)
    assert theirs.outcome.severity >= decide(use, rulebook, overrides, TODAY).outcome.severity
    assert not set(theirs.overridden) & {rule.id for rule in rulebook.marking if rule.households_below is None}


@HARD
@given(SEEN, st.sampled_from(ATTRIBUTES))
def test_taking_an_attribute_away(told, name):
    """Taking an attribute of a use away never makes an outcome milder, also where rules are set aside."""
    rulebook, use = told
    overrides = all_aside(rulebook)
    less = decide(replace(use, **{name: None}), rulebook, overrides, TODAY)
    assert less.outcome.severity >= decide(use, rulebook, overrides, TODAY).outcome.severity


def test_marks_that_are_loosened_are_among_what_is_tried():
    def loosened(told):
        rulebook, use = told
        after = decide(use, rulebook, all_aside(rulebook), TODAY)
        marking = {rule.id for rule in rulebook.marking if rule.households_below is None}
        permitted = after.outcome is Outcome.ALLOWED and decide(use, rulebook).outcome is not Outcome.ALLOWED
        return permitted and bool(set(after.overridden) & marking)

    assert find(SEEN, loosened, settings=settings(max_examples=5_000, phases=[Phase.generate]))


@given(USES, PEOPLE, REASONS, DAYS)
def test_overriding_what_is_absolute(use, by, reason, expires):
    """An absolute rule cannot be set aside by anybody."""
    absolute = [rule.id for rule in SHIPPED.rule if not rule.overridable]
    overrides = [Override(name, by, reason, expires) for name in absolute]
    before, after = decide(use, SHIPPED), decide(use, SHIPPED, overrides, TODAY)
    assert (after.outcome, after.reasons, after.overridden) == (before.outcome, before.reasons, ())
    assert len(after.refused) == len(absolute)


@given(st.just(SHIPPED) | RULES.map(loose), USES, PEOPLE, REASONS, DAYS, usual([None], TODAY))
def test_overrides_that_are_not_valid(rulebook, use, by, reason, expires, today):
    """An override that is not valid changes nothing, and the decision says why."""
    people = {"ada" if name.strip() in ("Ada", "ada", "ＡＤＡ") else name for name in by}
    valid = len(people) >= 2 and "" not in people and reason.startswith("The") and today and expires > today
    assume(not valid)
    overrides = [Override(rule.id, by, reason, expires) for rule in rulebook.rule]
    before, after = decide(use, rulebook), decide(use, rulebook, overrides, today)
    assert (after.outcome, after.reasons, after.overridden) == (before.outcome, before.reasons, ())
    assert all(refused.because for refused in after.refused)
    assert len(after.refused) == len(overrides)


@given(st.just(SHIPPED) | RULES.map(loose), USES)
def test_overriding_all_that_can_be(rulebook, use):
    """Two people cannot agree on what no rule allows, nor on what could not be evaluated."""
    agreed = (("Ada", "Grace"), "The people in it asked us.", date(2027, 1, 1))
    overrides = [Override(rule.id, *agreed) for rule in rulebook.rule]
    before, after = decide(use, rulebook), decide(use, rulebook, overrides, TODAY)
    beyond = [reason for reason in before.reasons if reason.failure or not reason.rule_id]
    if beyond:
        assert after.outcome is Outcome.WITHHELD
        assert all(reason in after.reasons for reason in beyond)


def test_the_page_says_what_is_tested_here():
    page = " ".join(re.sub(r"[*`>#]", "", PAGE.read_text("utf-8")).split())
    tested = [value for name, value in globals().items() if name.startswith("test_") and value.__doc__]
    sentences = {" ".join(test.__doc__.split()) for test in tested}
    assert len(sentences) >= 7
    assert not [sentence for sentence in sentences if sentence not in page]
