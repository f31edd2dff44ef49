"""Nothing that was withheld becomes open because patterns were found anew; a refit alone never loosens a mark."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import BundleError, InputError
from analyzer.patterns.identity import Change, Fate, Lineage, match
from analyzer.policy.inheritance import (
    INHERITED,
    NEWBORN,
    as_json,
    inheritance,
    inheritance_from,
    inherited,
    with_inherited,
)
from analyzer.policy.marks import NO_PATTERN_ID, Mark, Reason, mark_patterns
from analyzer.policy.rulebook import load_rulebook
from analyzer.policy.rules import MarkStatus

OPEN, REVIEW, NEVER = MarkStatus
SAME, BORN, SPLIT, MERGED, GONE = Fate
BOOK = load_rulebook()
RULE = BOOK.rule[0].id
NONE = mark_patterns([])[-1]


def reason(rule_id=RULE, status=NEVER):
    return Reason(rule_id, status, "A reason long enough.", ("somebody",))


def mark(name, status=OPEN, *reasons):
    return Mark(name, status, reasons, BOOK.hash)


def lineage(*changes):
    """A lineage of these changes, each told as id, fate and earlier ids."""
    made = tuple(Change(name, fate, tuple(earlier)) for name, fate, *earlier in changes)
    ids = tuple(change.id for change in made if change.fate is not GONE)
    return Lineage(ids, made, tuple(sorted({i for c in made for i in (c.id, *c.earlier)})))


def after(told, *earlier, marks=None):
    """Marks after a refit in which no rule fires, unless `marks` say otherwise."""
    return inherited([*(marks or [mark(name) for name in told.ids]), NONE], told, [*earlier, NONE])


# What is handed on


@pytest.mark.parametrize("status", [REVIEW, NEVER])
def test_every_part_of_a_split_pattern_carries_its_mark_also_the_one_that_keeps_the_id(status):
    told = lineage(("P01", SPLIT, "P01"), ("P02", SPLIT, "P01"))
    for part in after(told, mark("P01", status, reason(status=status)))[:-1]:
        assert part.status is status
        assert part.rule_ids == (INHERITED,)


def test_a_merged_pattern_carries_the_strictest_mark_of_all_and_says_whose_it_was():
    told = lineage(("P01", MERGED, "P01", "P02", "P03"))
    found = after(told, mark("P01"), mark("P02", REVIEW, reason(status=REVIEW)), mark("P03", NEVER, reason()))[0]
    assert found.status is NEVER
    assert found.reasons[0].sentence() == (
        "The pattern comes from one that was withheld; that stays until somebody decides."
        " (inherited-mark: P02 was marked review; P03 was marked never single out)"
    )


def test_parts_of_an_open_pattern_inherit_nothing():
    told = lineage(("P01", SPLIT, "P01"), ("P02", SPLIT, "P01"))
    assert after(told, mark("P01")) == [mark("P01"), mark("P02"), NONE]


def test_a_pattern_that_is_born_is_for_a_person_to_decide():
    (found, _) = after(lineage(("P03", BORN)))
    assert found.status is REVIEW
    assert found.rule_ids == (NEWBORN,)
    assert "nobody has decided" in found.reasons[0].sentence()


def test_a_pattern_that_is_born_with_a_part_of_a_protected_one_carries_its_mark_too():
    (found, _) = after(lineage(("P03", BORN, "P01")), mark("P01", NEVER, reason()))
    assert found.status is NEVER
    assert found.rule_ids == (NEWBORN, INHERITED)


def test_what_rules_say_of_the_pattern_itself_stays_and_is_worst_where_it_is_worse():
    own = mark("P03", NEVER, reason())
    (found, _) = after(lineage(("P03", BORN)), marks=[own])
    assert found.status is NEVER
    assert found.rule_ids == (RULE, NEWBORN)


# The same pattern


def test_the_same_pattern_is_judged_by_the_rules_of_today():
    assert after(lineage(("P01", SAME, "P01")), mark("P01", NEVER, reason())) == [mark("P01"), NONE]


@pytest.mark.parametrize("rule_id", [INHERITED, NEWBORN, "a-reviewer", "a-rule-of-last-year"])
def test_strictness_that_no_rule_of_today_gave_stays_with_the_same_pattern(rule_id):
    given_ = reason(rule_id, REVIEW)
    (found, _) = after(lineage(("P01", SAME, "P01")), mark("P01", REVIEW, given_, reason()))
    assert found.status is REVIEW
    assert found.reasons == (given_,)


def test_a_status_that_no_reason_explains_stays_with_the_same_pattern():
    (found, _) = after(lineage(("P01", SAME, "P01")), mark("P01", NEVER, reason(status=REVIEW)))
    assert found.status is NEVER
    assert "P01 was marked never single out" in found.reasons[0].sentence()


def test_a_mark_that_was_handed_on_once_stays_over_any_number_of_refits_and_is_said_once():
    told = lineage(("P01", SPLIT, "P01"), ("P02", SPLIT, "P01"))
    first = found = after(told, mark("P01", NEVER, reason()))
    again = lineage(("P01", SAME, "P01"), ("P02", SAME, "P02"))
    for _ in range(5):
        found = after(again, *found[:-1])
        assert found == first


def test_the_rulebook_cannot_claim_the_words_of_inheritance(make_rulebook):
    book = make_rulebook({"id": INHERITED, "no_pattern": True})
    marks = [Mark("P01", OPEN, (), book.hash), *mark_patterns([], book)]
    earlier = [mark("P01", NEVER, reason(INHERITED))]
    assert inherited(marks, lineage(("P01", SAME, "P01")), earlier, book)[0].status is NEVER


# Deny by default


@pytest.mark.parametrize("change", [("P01", SAME, "P01"), ("P01", SPLIT, "P01"), ("P01", MERGED, "P01", "P02")])
def test_an_earlier_mark_that_is_missing_withholds_and_the_sentence_says_so(change):
    (found, _) = after(lineage(change), mark("P02"))
    assert found.status is NEVER
    assert found.reasons[0].sentence().endswith("the earlier mark of P01 is missing; so it withholds.")


@pytest.mark.parametrize("fate", [SAME, SPLIT])
def test_of_several_earlier_marks_of_one_pattern_the_strictest_counts(fate):
    told = lineage(("P01", fate, "P01"))
    (found, _) = after(told, mark("P01"), mark("P01", NEVER, reason("a-reviewer")), mark("P01"))
    assert found.status is NEVER


def test_a_reason_that_is_stricter_than_its_mark_counts_when_it_is_handed_on():
    (found, _) = after(lineage(("P02", SPLIT, "P01")), mark("P01", OPEN, reason()))
    assert found.status is NEVER


def test_windows_without_a_pattern_are_marked_as_before():
    assert after(lineage(("P03", BORN), ("P01", GONE, "P01")), mark("P01", NEVER, reason()))[-1] == NONE
    assert after(lineage()) == [NONE]


@pytest.mark.parametrize("names", [[], ["P02"], ["P01", "P02"], ["P01", NO_PATTERN_ID]])
def test_marks_of_other_patterns_than_the_lineage_are_refused(names):
    with pytest.raises(InputError, match="Rename the profiles"):
        inherited([*map(mark, names), NONE], lineage(("P01", BORN)), [])


def test_marks_without_the_one_for_no_pattern_are_refused():
    with pytest.raises(InputError, match="the lineage is of P01, no pattern"):
        inherited([mark("P01")], lineage(("P01", BORN)), [])


def test_marks_of_another_rulebook_are_refused():
    with pytest.raises(InputError, match="another rulebook"):
        inherited([replace(mark("P01"), rulebook_hash="0"), NONE], lineage(("P01", BORN)), [])


# Whatever the refit


REASONS = st.lists(
    st.builds(reason, st.sampled_from([RULE, INHERITED, NEWBORN, "a-reviewer"]), st.sampled_from(MarkStatus)),
    max_size=3,
)


@st.composite
def refits(draw):
    """A lineage of random households, earlier marks (some missing), and the marks that rules give now."""
    earlier, new = draw(st.integers(0, 4)), draw(st.integers(0, 4))
    cells = st.sampled_from([0, 0, 0, 5, 20, 30, 70, 100])
    table = np.array(draw(st.lists(cells, min_size=(earlier + 1) * (new + 1), max_size=(earlier + 1) * (new + 1))))
    ids = [f"P{n:02d}" for n in range(1, earlier + 1)]
    told = match(table.reshape(earlier + 1, new + 1).astype(float), ids)
    before = [mark(name, draw(st.sampled_from(MarkStatus)), *draw(REASONS)) for name in ids if draw(st.integers(0, 9))]
    now = [mark(name, draw(st.sampled_from(MarkStatus)), *draw(REASONS)) for name in told.ids]
    return told, before, [*now, NONE]


def severity(found):
    return max(status.severity for status in (found.status, *(r.status for r in found.reasons)))


@given(refits())
def test_inheriting_never_makes_a_mark_milder_and_drops_no_reason(refit):
    told, before, now = refit
    found = inherited(now, told, before)
    assert [m.pattern_id for m in found] == [m.pattern_id for m in now]
    for own, raised in zip(now, found, strict=True):
        assert raised.status.severity >= own.status.severity
        assert raised.reasons[: len(own.reasons)] == own.reasons
        assert raised.rulebook_hash == own.rulebook_hash
    assert found[-1] == NONE


@given(refits())
def test_whoever_descends_from_a_stricter_pattern_is_at_least_as_strict_unless_it_is_the_same(refit):
    told, before, now = refit
    strict = {m.pattern_id: severity(m) for m in before}
    for change, raised in zip(told.changes, inherited(now, told, before), strict=False):
        if change.fate in (SPLIT, MERGED, BORN):
            floors = [strict.get(name, NEVER.severity) for name in change.earlier]
            floors += [REVIEW.severity] if change.fate is BORN else []
            assert raised.status.severity >= max(floors)


@given(refits())
def test_the_same_pattern_keeps_what_no_rule_gave(refit):
    told, before, now = refit
    for change, raised in zip(told.changes, inherited(now, told, before), strict=False):
        if change.fate is SAME:
            reasons = [r for m in before if m.pattern_id == change.id for r in m.reasons if r.rule_id != RULE]
            assert set(reasons) <= set(raised.reasons)
            assert raised.status.severity >= max((r.status.severity for r in reasons), default=0)


@given(refits())
def test_inheriting_twice_is_inheriting_once(refit):
    told, before, now = refit
    handed_on = inheritance(told, before)
    once = with_inherited(now, handed_on)
    assert with_inherited(once, handed_on) == once == inherited(now, told, before)


@given(refits())
def test_the_order_and_number_of_earlier_marks_decide_nothing(refit):
    told, before, now = refit
    statuses = [m.status for m in inherited(now, told, before)]
    assert [m.status for m in inherited(now, told, [*before[::-1], *before])] == statuses


@given(refits())
def test_losing_an_earlier_mark_never_makes_a_mark_milder(refit):
    told, before, now = refit
    for lost in range(len(before)):
        poorer = inherited(now, told, before[:lost] + before[lost + 1 :])
        for richer, raised in zip(inherited(now, told, before), poorer, strict=True):
            assert raised.status.severity >= richer.status.severity


# Keeping it


@given(refits())
def test_what_is_inherited_comes_back_from_json_as_it_was(refit):
    told, before, _ = refit
    handed_on = inheritance(told, before)
    assert inheritance_from(json.loads(json.dumps(as_json(handed_on)))) == handed_on


def test_what_is_inherited_serves_another_rulebook_and_ends_with_a_decision(make_profile, make_rulebook):
    handed_on = inheritance(lineage(("P01", SPLIT, "P01")), [mark("P01", NEVER, reason())])
    lenient = mark_patterns([make_profile()], make_rulebook({"no_pattern": True}))
    assert [m.status for m in lenient] == [OPEN, NEVER]
    assert [m.status for m in with_inherited(lenient, handed_on)] == [NEVER, NEVER]
    assert with_inherited(lenient, {}) == lenient


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {"P01": {}},
        {"P01": [{"rule_id": "x"}]},
        {"P01": [{**as_json({"P01": (reason(),)})["P01"][0], "status": "harmless"}]},
        {"P01": [{**as_json({"P01": (reason(),)})["P01"][0], "because": 1}]},
        float("nan"),
    ],
)
def test_what_is_no_inheritance_is_refused_and_the_error_says_what_to_do(broken):
    with pytest.raises(BundleError, match=r"cannot be read: .+ Fit the model again"):
        inheritance_from(broken)
