"""What a refit leaves of decisions: tightenings stay, loosenings end, and what ends is said."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from analyzer.ledger.reviewed import Kind
from analyzer.ledger.waiting import Why

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from choices import (  # noqa: E402 - the folder is no package
    LATER,
    NEVER,
    OPEN,
    REVIEW,
    TODAY,
    decide,
    fit,
    in_force,
    loosened,
    mark,
    tighten,
    with_one_bundle,
)

sys.path.remove(str(FOLDER))


@pytest.fixture
def ledger(place):
    return with_one_bundle(place)


def waits(ledger, today=TODAY):
    return [(waiting.why, waiting.item) for waiting in ledger.queue(today)]


def test_a_refit_lifts_nothing_that_people_tightened(ledger):
    tighten(ledger, "P01", NEVER)
    for name in ("second", "third", "first"):
        ledger.record_bundle(fit(name))
        state = ledger.pattern("P01", TODAY)
        assert (state.by_rules, state.kept, state.mark) == (OPEN, NEVER, NEVER)


def test_what_two_people_set_aside_of_a_tightening_stays_aside_over_refits_until_its_day(ledger):
    tighten(ledger, "P01", NEVER)
    number = loosened(ledger, "P01", OPEN).number
    decide(ledger, "P01", Kind.CONFIRM, "cora")
    for name in ("second", "third"):
        ledger.record_bundle(fit(name), today=TODAY)
        state = ledger.pattern("P01", TODAY)
        assert (state.mark, state.handed_on.by) == (OPEN, number)
        assert in_force(ledger, "P01", LATER) is NEVER
    assert f"never single out comes back on {LATER}" in ledger.history("P01")[-1].sentence
    decide(ledger, "P01", Kind.CONFIRM, "cora")
    state = ledger.pattern("P01", LATER)
    assert (state.decided, f"fitted again ended on {LATER}" in state.stale) == (False, True)
    ledger.record_bundle(fit("fourth"), today=LATER)
    assert in_force(ledger, "P01", TODAY) is NEVER


def test_a_refit_carries_no_loosening_of_the_rulebooks_own_mark(ledger):
    loosened(ledger, "P03", OPEN)
    tighten(ledger, "P02", NEVER)
    loosened(ledger, "P02", OPEN)
    ledger.record_bundle(fit("second"), today=TODAY)
    assert in_force(ledger, "P03") is NEVER
    assert in_force(ledger, "P02") is REVIEW, "the rule's own mark is back; the tightening is still set aside"


def test_whoever_tightens_after_a_refit_ends_what_was_set_aside(ledger):
    tighten(ledger, "P01", NEVER)
    loosened(ledger, "P01", OPEN)
    ledger.record_bundle(fit("second"), today=TODAY)
    tighten(ledger, "P01", NEVER, "cora")
    assert in_force(ledger, "P01") is NEVER
    ledger.record_bundle(fit("third"), today=TODAY)
    assert in_force(ledger, "P01") is NEVER


def test_what_people_tightened_is_not_lost_where_another_model_comes_in_between(ledger):
    tighten(ledger, "P01", NEVER)
    ledger.record_bundle(fit("second", marks=(mark("P09", OPEN),)))
    ledger.record_bundle(fit())
    state = ledger.pattern("P01", TODAY)
    assert (state.kept, state.mark) == (NEVER, NEVER)


def test_what_was_set_aside_on_another_model_of_that_id_lifts_nothing_of_this_one(ledger):
    tighten(ledger, "P01", NEVER)
    ledger.record_bundle(fit("second"))
    loosened(ledger, "P01", OPEN)
    ledger.record_bundle(fit("third"), today=TODAY)
    assert in_force(ledger, "P01") is OPEN, "it comes from the second"
    ledger.record_bundle(fit(), today=TODAY)
    assert in_force(ledger, "P01") is NEVER, "nobody set anything aside on the first"


def test_a_pattern_takes_over_from_an_earlier_one_that_the_bundle_before_had_not(ledger):
    tighten(ledger, "P01", NEVER)
    ledger.record_bundle(fit("second", marks=(mark("P09", OPEN),)))
    ledger.record_bundle(fit("third", marks=(mark("P05", OPEN, earlier=("P01",)),)))
    assert in_force(ledger, "P05") is NEVER


def test_what_people_tightened_goes_on_to_the_patterns_that_come_from_it(ledger):
    tighten(ledger, "P01", NEVER)
    parts = (mark("P05", OPEN, earlier=("P01",)), mark("P06", OPEN, earlier=("P02", "P01")), mark("P07", OPEN))
    ledger.record_bundle(fit("second", marks=parts))
    assert [state.mark for state in ledger.patterns(TODAY)] == [NEVER, NEVER, OPEN]


# ---------------------------------------------------------------- what ended is said


def test_the_end_of_a_loosening_is_said_whatever_was_confirmed_since(ledger):
    loosened(ledger, "P03", OPEN)
    decide(ledger, "P03", Kind.CONFIRM, "cora")
    assert ledger.pattern("P03", TODAY).decided
    state = ledger.pattern("P03", LATER)
    assert (state.mark, state.decided) == (NEVER, False)
    assert state.stale == f"The loosening that ana and ben agreed on ended on {LATER}."
    assert (Why.STALE, "pattern P03") in waits(ledger, LATER)


def test_the_end_of_what_a_loosening_rests_on_is_said(ledger):
    ends = TODAY + timedelta(days=5)
    loosened(ledger, "P03", REVIEW, ends)
    loosened(ledger, "P03", OPEN, LATER)
    state = ledger.pattern("P03", ends)
    assert (state.mark, state.decided) == (NEVER, False)
    assert f"ended on {ends}" in state.stale
    tighten(ledger, "P03", REVIEW, "cora")
    assert not ledger.pattern("P03", ends).decided, "never single out is stricter than what anybody decided"
