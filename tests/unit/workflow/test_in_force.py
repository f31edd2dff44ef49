"""What people decide takes effect, on the very model that they decided on, and no further than the rules let them."""

import sqlite3
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from analyzer.ledger.reviewed import Kind
from analyzer.ledger.store import memory_ledger, open_ledger
from analyzer.policy.decisions import decide as decide_use
from analyzer.policy.effects import Outcome
from analyzer.policy.marks import CONFIRMED, LOOSENED, TIGHTENED, mark_patterns
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use
from analyzer.workflow.classify import WITHHELD, classify
from analyzer.workflow.in_force import in_force, without_names
from analyzer.workflow.message_marks import _counted
from analyzer.workflow.messages import check_message
from analyzer.workflow.model import Model
from analyzer.workflow.recording import bundle_record

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from deciding import (  # noqa: E402 - the folder is no package
    LAST,
    NEVER,
    OPEN,
    REVIEW,
    TODAY,
    ask,
    decide,
    known,
    loosen,
    mark_of,
    tighten,
)

sys.path.remove(str(FOLDER))

FEW = {"stability_below": 0.9, "effect": "review", "overridable": True}
OUTSIDE = {"effect": "allow", "households_at_least": 2, "pattern_marked": ["open"]}


@pytest.fixture
def unstable(make_profile, make_rulebook):
    """P01 is in review by a rule that can be set aside, P02 by one that cannot, P03 is never singled out, P04 open."""
    profiles = (
        make_profile(id="P01", stability=0.5),
        make_profile(id="P02", largest_household_share=0.5),
        make_profile(id="P03", upper={"title_recent_plays_max": 30.0}),
        make_profile(id="P04"),
    )
    book = make_rulebook(
        FEW,
        {"largest_household_share_above": 0.4, "effect": "review"},
        {"all_of": [{"feature": "title_recent_plays_max", "at_least": 15}]},
        {"no_pattern": True},
        {"pattern_marked": ["never_single_out"], "purposes": ["press"]},
        OUTSIDE,
    )
    return Model(SimpleNamespace(profiles_=profiles), tuple(mark_patterns(profiles, book)), book)


def statuses(model):
    return [mark.status for mark in model.marks]


def told(mark, rule):
    return next(reason for reason in mark.reasons if reason.rule_id == rule)


# ---------------------------------------------------------------- one decision at a time


def test_where_nobody_decided_the_marks_are_the_rulebooks_and_that_is_said(unstable):
    model, ledger = known(unstable)
    now = in_force(model, ledger, TODAY)
    assert now.marks == model.marks
    assert statuses(now) == [REVIEW, REVIEW, NEVER, OPEN, NEVER]
    assert now.decided == "The marks are those in force on 2026-11-26; nobody has decided on any of them."


def test_a_tightened_mark_says_who_tightened_it_when_and_why(unstable):
    model, ledger = known(unstable)
    made = tighten(ledger, "P04", REVIEW)
    now = in_force(model, ledger, TODAY)
    mark = mark_of(now, "P04")
    assert mark.status is REVIEW
    assert told(mark, TIGHTENED).sentence() == (
        f"ana tightened this mark to review on {made.at[:10]}: It was looked at with the researchers."
        " (people-tightened: decision 1 of the ledger)"
    )
    assert now.decided.endswith("people decided on P04.")


def test_a_loosened_mark_says_on_whose_word_and_until_when_and_what_is_set_aside(unstable):
    model, ledger = known(unstable)
    loosen(ledger, "P01")
    mark = mark_of(in_force(model, ledger, TODAY), "P01")
    assert mark.status is OPEN
    assert "ana and ben loosened this mark to open" in told(mark, LOOSENED).because
    assert "until 2026-12-26: It was looked at" in told(mark, LOOSENED).because
    assert [reason.rule_id for reason in mark.aside] == ["rule-1"]
    assert [(one.rule_id, one.by, one.expires) for one in mark.overrides] == [("rule-1", ("ana", "ben"), LAST)]
    assert mark.unloosened is REVIEW


def test_a_loosening_that_one_person_asked_for_changes_nothing(unstable):
    model, ledger = known(unstable)
    ask(ledger, "P01")
    assert in_force(model, ledger, TODAY).marks == model.marks


def test_a_loosening_ends_on_its_day(unstable):
    model, ledger = known(unstable)
    loosen(ledger, "P01")
    before = in_force(model, ledger, LAST - timedelta(days=1))
    assert mark_of(before, "P01").status is OPEN
    assert mark_of(in_force(before, ledger, LAST), "P01").status is REVIEW
    assert in_force(model, ledger, LAST).marks == model.marks


def test_a_mark_that_somebody_confirmed_says_so_and_stays_the_rules_own(unstable):
    model, ledger = known(unstable)
    decide(ledger, "P01", Kind.CONFIRM)
    mark = mark_of(in_force(model, ledger, TODAY), "P01")
    assert (mark.status, told(mark, CONFIRMED).status) == (REVIEW, REVIEW)
    assert mark.given_by == ("rule-1",)
    tighten(ledger, "P01")
    assert CONFIRMED not in mark_of(in_force(model, ledger, TODAY), "P01").rule_ids


def test_two_people_lift_a_hasty_tightening_and_no_rule_with_it(unstable):
    model, ledger = known(unstable)
    tighten(ledger, "P02")
    loosen(ledger, "P02", REVIEW)
    mark = mark_of(in_force(model, ledger, TODAY), "P02")
    assert mark.status is REVIEW
    assert "rule-2" in mark.rule_ids
    assert [reason.rule_id for reason in mark.aside] == [TIGHTENED]
    assert (mark.overrides, mark.unloosened) == ((), REVIEW)
    assert mark_of(in_force(model, ledger, LAST), "P02").status is NEVER


def test_whoever_tightens_after_a_loosening_ends_it(unstable):
    model, ledger = known(unstable)
    loosen(ledger, "P01")
    tighten(ledger, "P01", REVIEW, who="cora")
    mark = mark_of(in_force(model, ledger, TODAY), "P01")
    assert mark.status is REVIEW
    assert (mark.aside, mark.overrides) == ((), ())
    assert LOOSENED not in mark.rule_ids


def test_whoever_checks_drafts_is_told_which_decisions_count_and_neither_who_decided_nor_why(unstable):
    model, ledger = known(unstable)
    tighten(ledger, "P04", REVIEW)
    loosen(ledger, "P01")
    decide(ledger, "P02", Kind.CONFIRM)
    now = in_force(model, ledger, TODAY)
    assert [told for mark in now.marks for told in without_names(mark)] == [
        "P01: loosened to open (decision 3 of the ledger)",
        "P02: confirmed review (decision 4 of the ledger)",
        "P04: tightened to review (decision 1 of the ledger)",
    ]
    again = replace(unstable, digest="e" * 64)
    ledger.record_bundle(bundle_record(again), today=TODAY)
    told = [told for mark in in_force(again, ledger, TODAY).marks for told in without_names(mark)]
    assert told == ["P04: tightened to review before the patterns were fitted again"]
    checked = check_message("hello there", model=model, ledger=ledger, today=TODAY).as_json()
    assert "ana" not in " ".join(checked["marks"])


def test_what_a_verdict_stands_on_changes_when_a_mark_does(unstable):
    model, ledger = known(unstable)
    first = in_force(model, ledger, TODAY).in_force
    decide(ledger, "P02", Kind.CONFIRM)
    assert in_force(model, ledger, TODAY).in_force == first
    loosen(ledger, "P01")
    during = in_force(model, ledger, TODAY).in_force
    assert len({first, during, in_force(model, ledger, LAST).in_force}) == 3
    assert check_message("hello", model=model, ledger=ledger, today=TODAY).as_json()["in_force"] == during
    assert check_message("hello", model=model).as_json()["in_force"] is None


def test_an_agreement_with_oneself_that_was_written_past_the_rules_loosens_nothing(unstable, tmp_path):
    place = tmp_path / "ledger.sqlite"
    model, ledger = known(unstable, open_ledger(place))
    ask(ledger, "P01")
    ledger.close()
    columns = "bundle, pattern, before, after, reason, expires, at"
    with sqlite3.connect(place) as connection:
        connection.execute(
            f"INSERT INTO decisions (number, kind, about, who, {columns})"
            f" SELECT 2, 'agree', 1, 'A.n.a', {columns} FROM decisions"
        )
    connection.close()
    again = open_ledger(place)
    assert mark_of(in_force(model, again, TODAY), "P01").status is REVIEW


# ---------------------------------------------------------------- refits, other models, ledgers that cannot be read


def test_what_people_tightened_before_a_refit_stays_with_their_names(unstable, make_rulebook):
    _, ledger = known(unstable)
    tighten(ledger, "P04")
    model = replace(unstable, digest="e" * 64)
    ledger.record_bundle(bundle_record(model))
    mark = mark_of(in_force(model, ledger, TODAY), "P04")
    assert mark.status is NEVER
    assert "before the patterns were fitted again" in told(mark, TIGHTENED).because
    assert "ana tightened it from open to never single out" in told(mark, TIGHTENED).sentence()


def test_what_two_people_set_aside_of_a_tightening_counts_after_a_refit_until_its_day(unstable):
    _, ledger = known(unstable)
    tighten(ledger, "P04")
    number = loosen(ledger, "P04").number
    model = replace(unstable, digest="e" * 64)
    ledger.record_bundle(bundle_record(model), today=TODAY)
    mark = mark_of(in_force(model, ledger, TODAY), "P04")
    assert mark.status is OPEN
    assert (
        told(mark, LOOSENED)
        .sentence()
        .endswith(f"until 2026-12-26. (two-people-loosened: decision {number} of the ledger)")
    )
    after = mark_of(in_force(model, ledger, LAST), "P04")
    assert (after.status, TIGHTENED in after.rule_ids) == (NEVER, True)


@pytest.mark.parametrize("other", ["fit", "rulebook", "unsaved", "none"])
def test_decisions_on_another_bundle_change_nothing_and_that_is_said(unstable, make_rulebook, other):
    model, ledger = known(unstable)
    tighten(ledger, "P04")
    if other == "rulebook":
        model = model.under(make_rulebook(FEW))
    elif other == "none":
        ledger = memory_ledger()
    else:
        model = replace(model, digest="" if other == "unsaved" else "e" * 64)
    now = in_force(model, ledger, TODAY)
    assert now.marks == model.marks
    assert now.decided.endswith("so the marks are the rulebook's alone.")


def test_a_ledger_that_is_not_there_or_cannot_be_read_is_an_error(unstable, tmp_path):
    from analyzer.ledger.records import LedgerError

    with pytest.raises(LedgerError):
        in_force(unstable, tmp_path / "none.sqlite", TODAY)
    (tmp_path / "text.sqlite").write_text("no database")
    with pytest.raises(LedgerError):
        in_force(unstable, tmp_path / "text.sqlite", TODAY)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE decisions SET after = 'mild'", "DELETE FROM marks WHERE pattern = 'P04'", "DROP TABLE decisions"],
)
def test_a_ledger_that_was_damaged_is_an_error_and_not_no_decision(unstable, tmp_path, damage):
    from analyzer.ledger.records import LedgerError

    place = tmp_path / "ledger.sqlite"
    model, ledger = known(unstable, open_ledger(place))
    tighten(ledger, "P04")
    ledger.close()
    with sqlite3.connect(place) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(damage)
    connection.close()
    with pytest.raises(LedgerError):
        in_force(model, place, TODAY)


@pytest.mark.parametrize("column", ["mark = 'open'", "mildest = 'open', absolute = 0"])
def test_a_ledger_that_is_milder_than_the_rules_loosens_nothing(unstable, tmp_path, column):
    """The rules are looked at again: what the ledger says of a mark is never taken for milder than they are."""
    place = tmp_path / "ledger.sqlite"
    model, ledger = known(unstable, open_ledger(place))
    ledger.close()
    with sqlite3.connect(place) as connection:
        connection.execute(f"UPDATE marks SET {column} WHERE pattern = 'P03'")
    connection.close()
    again = open_ledger(place)
    if "mildest" in column:
        loosen(again, "P03")
    assert mark_of(in_force(model, again, TODAY), "P03").status is NEVER


def test_the_bundle_is_recorded_with_the_rulebooks_marks_whatever_people_decided(unstable):
    model, ledger = known(unstable)
    tighten(ledger, "P04")
    now = in_force(model, ledger, TODAY)
    assert bundle_record(now) == bundle_record(model)
    assert now.under(now.rulebook).marks == model.marks


# ---------------------------------------------------------------- what may be said


def use_of(mark, model, purpose=Purpose.PUBLIC_MESSAGE):
    profile = next(one for one in model.patterns.profiles_ if one.id == mark.pattern_id)
    return Use(
        purpose=purpose, statement=Statement.COUNT_OF_PEOPLE, subject=Subject.PATTERN, profile=profile,
        mark=mark.status, marked_by=mark.given_by, households=5_000, addressed=Addressed.NOBODY, names_title=False,
        name="A pattern", defined_by=("pattern",), standing=Standing.CURRENT,
    )  # fmt: skip


def outcome(model, pattern, day=TODAY, purpose=Purpose.PUBLIC_MESSAGE):
    mark = mark_of(model, pattern)
    return decide_use(use_of(mark, model, purpose), model.rulebook, (), day, mark.overrides)


def test_a_loosened_pattern_may_be_spoken_of_until_its_day_and_the_decision_tells_which_rule_is_set_aside(unstable):
    model, ledger = known(unstable)
    assert outcome(model, "P01").outcome is Outcome.WITHHELD
    loosen(ledger, "P01")
    now = in_force(model, ledger, TODAY)
    answer = outcome(now, "P01")
    assert (answer.outcome, answer.overridden) == (Outcome.ALLOWED, ("rule-1",))
    assert outcome(now, "P01", LAST).outcome is Outcome.WITHHELD, "also where an old model is still at hand"
    assert outcome(in_force(model, ledger, LAST), "P01").outcome is Outcome.WITHHELD


def test_a_loosening_is_of_one_pattern_alone(unstable):
    model, ledger = known(unstable)
    loosen(ledger, "P01")
    now = in_force(model, ledger, TODAY)
    assert all(not mark.overrides for mark in now.marks if mark.pattern_id != "P01")


def test_a_tightened_pattern_may_not_be_spoken_of(unstable):
    model, ledger = known(unstable)
    assert outcome(model, "P04").outcome is Outcome.ALLOWED
    tighten(ledger, "P04", REVIEW)
    assert outcome(in_force(model, ledger, TODAY), "P04").outcome is Outcome.WITHHELD


def test_what_an_absolute_rule_forbids_of_a_mark_no_loosening_opens(make_profile, make_rulebook):
    """Only a rule about few households can be set aside though it forbids; what asks for such marks is absolute."""
    book = make_rulebook(
        {"households_below": 600, "overridable": True},
        {"pattern_marked": ["never_single_out"], "purposes": ["press"]},
        OUTSIDE,
    )
    profiles = (make_profile(households=500),)
    model, ledger = known(Model(SimpleNamespace(profiles_=profiles), tuple(mark_patterns(profiles, book)), book))
    loosen(ledger, "P01")
    now = in_force(model, ledger, TODAY)
    assert mark_of(now, "P01").status is OPEN
    assert outcome(now, "P01").outcome is Outcome.ALLOWED
    assert "rule-2" in outcome(now, "P01", purpose=Purpose.PRESS).rule_ids
    assert _counted(mark_of(now, "P01")) is NEVER


# ---------------------------------------------------------------- batches


def named(answer):
    return set(answer["pattern"]) - {WITHHELD}


def test_a_batch_names_what_is_open_today(fitted):
    model, ledger = known(fitted.model)
    first = sorted(named(classify(model, fitted.vectors)))[0]
    tighten(ledger, first, REVIEW)
    answer = classify(model, fitted.vectors, ledger=ledger, today=TODAY)
    assert first not in named(answer)
    assert answer.attrs["analyzer.marks"].endswith(f"people decided on {first}.")
    assert "analyzer.marks" not in classify(model, fitted.vectors).attrs


def test_a_window_that_shows_a_protected_behaviour_stays_withheld_whatever_is_loosened(fitted, make_rulebook):
    book = make_rulebook(
        {"households_below": 10_000_000, "effect": "review", "overridable": True},
        {"all_of": [{"feature": "title_recent_plays_max", "at_least": 15}]},
        {"no_pattern": True},
    )
    model, ledger = known(fitted.model.under(book))
    assert not named(classify(model, fitted.vectors))
    review = [mark.pattern_id for mark in model.marks if mark.status is REVIEW]
    for pattern in review:
        loosen(ledger, pattern)
    answer = classify(model, fitted.vectors, ledger=ledger, today=TODAY)
    assert named(answer)
    assert named(answer) <= set(review)
    changed = fitted.vectors.copy()
    changed["title_recent_plays_max"] = 30.0
    assert not named(classify(model, changed, ledger=ledger, today=TODAY))
    assert not named(classify(model, fitted.vectors, ledger=ledger, today=LAST))
