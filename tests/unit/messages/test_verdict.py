"""Verdicts: the worst reason wins, reasons point at the very words, and later layers make nothing milder."""

from __future__ import annotations

import json

import pytest

from analyzer.messages.claim import Span
from analyzer.messages.verdict import WORDS_ONLY, Layer, Reason, VerdictStatus, check_words, is_about_people, joined

TWEET = "To the 53 people who've watched A Christmas Prince every day for the past 18 days: Who hurt you?"


def reason(status):
    return Reason("a-rule", status, "Because of this.", ("somebody",), (Span(0, 2),), Layer.POLICY)


def test_the_tweet_is_blocked_for_its_size_and_its_tone():
    verdict = check_words(TWEET)
    assert verdict.status is VerdictStatus.BLOCK
    assert {"small-group", "counted-and-mocked"} <= set(verdict.rule_ids)
    assert verdict.basis == WORDS_ONLY
    assert len(verdict.wording_hash) == 64


def test_reasons_stand_worst_first():
    severities = [one.status.severity for one in check_words(TWEET + " Millions of people watched it.").reasons]
    assert severities == sorted(severities, reverse=True)


@pytest.mark.parametrize("status", VerdictStatus)
@pytest.mark.parametrize("text", [TWEET, "The new season starts in May.", "2,310 people watched it on Friday."])
def test_a_later_layer_makes_nothing_milder(text, status):
    verdict = check_words(text)
    after = joined(verdict, [reason(status)], "the data of May", "hash")
    assert after.status.severity == max(verdict.status.severity, status.severity)
    assert (after.basis, after.rulebook_hash) == ("the data of May", "hash")
    assert len(after.reasons) == len(verdict.reasons) + 1


def test_no_reason_at_all_is_no_permission():
    assert VerdictStatus.worst([]) is VerdictStatus.REVIEW


def test_the_words_are_underlined_on_a_line_of_their_own():
    lines = check_words(f"Good news!\n\n{TWEET}").underlined().split("\n")
    marked = lines[lines.index(TWEET) + 1]
    assert "".join(a for a, b in zip(TWEET, marked, strict=False) if b == "^").startswith("53 people")
    assert set(marked) == {" ", "^"}


def test_what_may_be_said_is_not_underlined():
    assert check_words("The new season starts in May.").underlined() == "The new season starts in May."


def test_json_has_the_words_that_reasons_point_at():
    told = json.loads(json.dumps(check_words(TWEET).as_json()))
    assert told["verdict"] == "block"
    assert "Who hurt you?" in [words for one in told["reasons"] for words in one["words"]]


def test_what_one_user_alone_reads_is_theirs():
    text = "You watched Bluey 212 times."
    assert check_words(text).status is VerdictStatus.REVIEW
    assert check_words(text, to_one_user=True).status is VerdictStatus.ALLOW
    assert check_words(f"{text} Get help.", to_one_user=True).status is VerdictStatus.REVIEW


@pytest.mark.parametrize("text", ["", " ", "\n", "…", "🎄"])
def test_nothing_said_is_allowed(text):
    verdict = check_words(text)
    assert verdict.status is VerdictStatus.ALLOW
    assert not is_about_people(verdict.parsed)
