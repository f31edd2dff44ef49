"""The form on a card offers what the ledger takes, and nothing that it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from analyzer.desk.views import card, decisions, patterns, queue
from analyzer.ledger.reviewed import DecisionRefusedError, DraftStatus, Kind
from analyzer.ledger.store import memory_ledger
from analyzer.policy.effects import MarkStatus
from analyzer.report.data import Card
from analyzer.workflow.describe import cards
from analyzer.workflow.model import REFERENCE, load_model

TODAY = date(2026, 11, 26)
WHY = "It was looked at with the researchers."


@pytest.fixture(scope="module")
def model():
    return load_model(REFERENCE)


@pytest.fixture
def ledger(model):
    from analyzer.workflow.recording import bundle_record

    made = memory_ledger()
    made.record_bundle(bundle_record(model))
    return made


def form_of(option, state, **told):
    ends = TODAY + timedelta(days=30)
    day = {"ends_day": str(ends.day), "ends_month": str(ends.month), "ends_year": str(ends.year)}
    return {"decision": option, "seen": str(state.last), "reason": WHY, **day, **told}


def decide(ledger, pattern, option, who):
    state = ledger.pattern(pattern, TODAY)
    sent = decisions.sent(form_of(option, state), state, who)
    assert sent.choice is not None, sent.errors
    return ledger.decide(sent.choice, sent.seen, TODAY)


def offered(ledger, pattern, who):
    return [option.value for option in decisions.options(ledger.pattern(pattern, TODAY), who)]


def test_every_way_through_the_form_is_one_that_the_ledger_takes(ledger):
    assert offered(ledger, "P01", "Ana") == ["confirm:open", "tighten:review", "tighten:never_single_out"]
    decide(ledger, "P01", "tighten:never_single_out", "Ana")
    assert offered(ledger, "P01", "Ana") == ["confirm:never_single_out", "loosen:review", "loosen:open"]
    decide(ledger, "P01", "loosen:review", "Ana")
    assert offered(ledger, "P01", "Ana") == ["confirm:never_single_out", "decline"]
    assert offered(ledger, "P01", "Ben") == ["confirm:never_single_out", "agree", "decline"]
    decide(ledger, "P01", "agree", "Ben")
    assert ledger.pattern("P01", TODAY).mark is MarkStatus.REVIEW


def test_what_is_absolute_can_only_be_confirmed(ledger):
    assert offered(ledger, "P11", "Ana") == ["confirm:never_single_out"]
    state = ledger.pattern("P11", TODAY)
    forged = decisions.sent(form_of("loosen:open", state), state, "Ana")
    assert forged.choice is not None
    with pytest.raises(DecisionRefusedError):
        ledger.decide(forged.choice, forged.seen, TODAY)


def test_the_form_says_what_is_missing_beside_each_field(ledger):
    state = ledger.pattern("P01", TODAY)
    nothing = decisions.sent({"seen": "0"}, state, "Ana")
    assert nothing.errors == {"decision": "Choose what you decide"}
    bare = {"decision": "loosen:open", "seen": "0"}
    assert list(decisions.sent(bare, state, "Ana").errors) == ["reason", "ends_day"]
    assert list(decisions.sent({"decision": "tighten:review", "seen": "0"}, state, "Ana").errors) == ["reason"]
    assert decisions.sent({"decision": "confirm:open", "seen": "x"}, state, "Ana").choice is None
    assert decisions.sent({"decision": "confirm", "seen": "0"}, state, "Ana").errors == nothing.errors
    assert list(decisions.sent({"decision": "decline", "seen": "0"}, state, "Ana").errors) == ["reason"]


def test_the_card_says_how_the_mark_in_force_came_to_be(ledger):
    assert card.standing(ledger.pattern("P01", TODAY)).sentences == (
        "The rulebook marks it open.",
        "Nobody has decided on it yet.",
    )
    decide(ledger, "P01", "tighten:review", "Ana")
    decide(ledger, "P01", "loosen:open", "Ben")
    told = card.standing(ledger.pattern("P01", TODAY))
    assert told.mark.words == "review"
    assert told.sentences[1].startswith("Ana decided otherwise on ")
    assert "Ben asks to loosen it from review to open until 26 December 2026 (UTC)" in told.waiting
    assert [step.decided for step in card.steps(ledger.history("P01"))] == [True, True, False]


def test_the_picture_and_its_table_say_the_same(model):
    for one in cards(model):
        told = card.portrait(one)
        for row in told.rows:
            assert row.contrast in str(told.bars)
        assert told.band == f"{one.profile.size_band} households"


def test_of_too_few_households_nothing_is_told(model):
    from dataclasses import replace

    one = cards(model)[0]
    few = Card(replace(one.profile, households=7, described=False), one.mark, one.gives, one.place, one.features)
    told = card.portrait(few)
    assert not told.described
    assert (told.band, told.rows, told.gives, told.reasons) == ("", (), (), ())


def test_the_queue_groups_by_why_and_leads_to_each_thing(ledger):
    decide(ledger, "P02", "tighten:review", "Ana")
    decide(ledger, "P02", "loosen:open", "Ana")
    groups = queue.groups(ledger.queue(TODAY), ledger.patterns(TODAY), ledger.drafts())
    assert [group.title for group in groups] == ["A second person is asked", "New patterns"]
    assert groups[0].rows[0].href == "/patterns/P02"
    assert sum(len(group.rows) for group in groups) == len(ledger.queue(TODAY))


@pytest.mark.parametrize(("item", "href"), [("pattern P/../x", "/patterns/P%2F..%2Fx"), ("account ana", ""), ("", "")])
def test_links_are_made_of_what_the_ledger_holds_without_leaving_the_desk(item, href):
    assert queue.href_of(item) == href


def test_the_list_can_be_narrowed_to_a_mark(ledger, model):
    states = ledger.patterns(TODAY)
    rows = patterns.pattern_rows(states, cards(model), "open")
    assert {row.mark.words for row in rows} == {"open"}
    assert patterns.pattern_rows(states, cards(model), "'; --") == patterns.pattern_rows(states, cards(model), "")
    assert [one.count for one in patterns.filters(states, "open")] == [19, 9, 0, 10]


def test_every_status_has_its_words():
    from analyzer.desk.views.words import MARKS, SENTENCES, STATUSES, VERDICTS
    from analyzer.ledger.reviewed import Checked

    assert set(MARKS) == set(MarkStatus)
    assert set(VERDICTS) == set(SENTENCES) == set(Checked)
    assert set(STATUSES) == set(DraftStatus)
    assert set(decisions._DONE) == set(Kind)
