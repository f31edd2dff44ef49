"""A verdict on a page: in words first, and every reason on the words that it is about."""

from __future__ import annotations

import json

import pytest

from analyzer.desk.views import audit, drafts, releases, rulebooks
from analyzer.ledger.reviewed import Checked, DraftRecord, DraftStatus
from analyzer.ledger.store import memory_ledger
from analyzer.messages.verdict import check_words
from analyzer.policy.rulebook import load_rulebook
from analyzer.workflow.kept_rulebooks import book_in_words, changes_in_words
from analyzer.workflow.recording import rulebook_record

BLOCKED = "To the 53 people who watched A Christmas Prince every day for the past 18 days: who hurt you?"
ASKED = "Night owls, this one is for you: thousands of you finished the series in one weekend."
ALLOWED = "Most viewers finish the first season within a week."


def submitted(text, author="Cleo"):
    ledger = memory_ledger()
    return ledger, ledger.submit(DraftRecord(author=author, text=text, verdict=check_words(text).as_json()))


def test_the_worst_reasons_come_first_and_all_numbers_lead_somewhere():
    told = drafts.judged(BLOCKED, check_words(BLOCKED).as_json())
    assert told.badge.words == "block"
    assert [reason.number for reason in told.reasons] == list(range(1, len(told.reasons) + 1))
    assert told.reasons == (*told.deciding, *told.noted)
    at_words = {number for piece in told.pieces for number in piece.numbers}
    assert at_words == {reason.number for reason in told.reasons if reason.words}
    assert "who hurt you?" in [piece.text for piece in told.pieces if piece.marked]


@pytest.mark.parametrize(
    ("text", "who", "options", "why_not"),
    [
        (ALLOWED, "Ana", ["approved", "rejected"], ""),
        (ASKED, "Ana", ["approved", "rejected"], ""),
        (BLOCKED, "Ana", ["rejected"], "no reviewer can open that"),
        (ALLOWED, "Cleo", ["rejected"], "your own draft"),
    ],
)
def test_the_answers_that_are_offered_are_those_that_the_ledger_takes(text, who, options, why_not):
    ledger, draft = submitted(text)
    assert [option.value for option in drafts.answer_options(draft, who)] == options
    assert why_not in drafts.why_not_approved(draft, who)
    for status in options:
        _, again = submitted(text)
        kept = ledger.answer(again.number, who, DraftStatus(status), "Read with the editor of the page.", 0)
        assert kept.status.value == status
        ledger, draft = submitted(text)


def test_a_draft_whose_words_were_deleted_says_so():
    row = drafts.row(submitted(ALLOWED)[1])
    assert (row.words, row.status, row.verdict.words) == (ALLOWED, "waits for an answer", Checked.ALLOW.value)


def test_the_trail_leads_to_what_it_is_about_and_cuts_hashes_short():
    ledger, _ = submitted(ALLOWED)
    ledger.answer(1, "Ana", DraftStatus.APPROVED, "", 0)
    rows = audit.rows(ledger.audit.events())
    assert [row.href for row in rows][:2] == ["/drafts/1", "/drafts/1"]
    assert all(len(value) < 64 for row in rows for _, value in row.details)
    told = audit.verified_view(ledger.audit.verify())
    assert told.good
    assert told.anchor == str(ledger.audit.anchor())


def test_a_release_is_read_with_its_sources_and_what_is_withheld_stays_a_word():
    content = {
        "measure": "households",
        "by": ["country", "kind"],
        "unit": "households",
        "purpose": "press",
        "population": "all viewers",
        "cells": [
            {"labels": ["Chile", "film"], "status": "released", "value": 640.0, "text": "640"},
            {"labels": ["Japan", "film"], "status": "withheld", "value": None, "text": "withheld"},
            {"labels": ["Peru", "film"], "status": "of another version", "value": None, "text": "?"},
        ],
        "provenance": {"source": "sessions", "window": "March 2026", "bundle": None},
    }
    told = releases.release_view(content)
    assert told.title == "Households by country and kind"
    assert [cell.status for cell in told.cells] == ["may be told", "must not be told", "must not be told"]
    assert ("Data", "sessions") in told.sources
    assert "Patterns" not in dict(told.sources)


def test_every_rule_of_the_shipped_rulebook_has_its_conditions_in_words():
    text = rulebook_record(load_rulebook()).text
    book = book_in_words(text)
    rules = (*book.marking, *book.deciding, *book.allowing)
    assert [rule.id for rule in rules if not rule.conditions] == []
    assert sorted(rule.id for rule in rules) == sorted(rule.id for rule in load_rulebook().rule)
    assert book.hash == load_rulebook().hash
    assert len(rulebooks.rule_views(book.marking, marking=True)) == len(book.marking)
    assert not [rule for rule in rulebooks.rule_views(book.allowing) if rule.absolute]


def test_a_change_that_may_protect_less_is_called_one():
    text = rulebook_record(load_rulebook()).text
    values = json.loads(text)
    values["rule"][0]["any_of"][0]["at_least"] = 6
    allow = [rule for rule in values["rule"] if rule["effect"] == "allow"]
    values["rule"].remove(allow[0])
    milder = json.dumps(values)
    there, back = changes_in_words(text, milder), changes_in_words(milder, text)
    assert {change.rule: change.looser for change in there} == {"one-title-over-days": True, allow[0]["id"]: False}
    assert {change.rule: change.looser for change in back} == {"one-title-over-days": False, allow[0]["id"]: True}
    assert rulebooks.changes_in_a_sentence(there) == "2 rules differ; 1 may protect less."
