"""The case behind the project, row by row, over a population in which it is known who watched what.

53 households watched one title on each of the last 18 days, one watched another one 357 times, and a third title was
watched for 31,300,000 hours.
"""

from __future__ import annotations

import re

import pytest

import analyzer
from analyzer.workflow.message_index import ready
from analyzer.workflow.messages import Asking, checker

from .planted import BEE, PRINCE, on, planted_rows, planted_sessions, row

FILM, HOURS = "Winter Letters", 31_300_000
VIEWERS = 3_000
TWEET = f"To the {{}} people who've watched {PRINCE} every day for the past 18 days: Who hurt you?"


@pytest.fixture(scope="module")
def index():
    """The planted population; the hours of one title are made larger in the index, for nobody plays them in a test."""
    rows = planted_rows()
    rows += [row(f"many{n}", FILM, on(n % 40), 80_000.0, runtime_s=86_000.0) for n in range(VIEWERS)]
    with ready(planted_sessions(rows)) as opened:
        code = opened.titles_called(FILM)[0]
        larger = HOURS / (VIEWERS * 80_000 / 3_600)
        for table in ("title_days", "pairs", "totals"):
            opened.connection.execute(f"UPDATE {table} SET ms = ms * ? WHERE title = ?", [larger, code])
        scaled = "UPDATE totals SET largest = [x * $by FOR x IN largest]::UBIGINT[] WHERE title = $title"
        opened.connection.execute(scaled, {"by": larger, "title": code})
        yield opened


@pytest.fixture(scope="module")
def made(index):
    with checker(Asking(index=index)) as opened:
        yield opened


def rules(verdict):
    return {reason.rule_id for reason in verdict.reasons}


def words_of(verdict, rule):
    text = verdict.parsed.text
    return [text[s.start : s.end] for r in verdict.reasons if r.rule_id == rule for s in r.spans]


def test_the_sentence_of_december_2017(made):
    verdict = made.check(TWEET.format("53"))
    assert verdict.status.value == "block"
    assert {"one-title-over-days", "protected-pattern-addressed", "counted-and-mocked", "small-group"} <= rules(verdict)
    assert not verdict.looked_up
    for reason in verdict.reasons:
        assert reason.because
        assert reason.spans
        assert reason.cites
    assert "every day" in words_of(verdict, "one-title-over-days")
    assert any("Who hurt you" in words for words in words_of(verdict, "counted-and-mocked"))


@pytest.mark.parametrize("number", ["53,000", "thousands of", "5.3 million", "fifty-three"])
def test_size_rescues_nobody_who_is_ridiculed(made, number):
    assert made.check(TWEET.format(number)).status.value == "block"


@pytest.mark.parametrize("number", ["53", "53,000", "5.3 million"])
def test_nor_anybody_who_is_only_counted(made, number):
    verdict = made.check(f"{number} people have watched {PRINCE} every day for the past 18 days.")
    assert verdict.status.value == "block"
    assert "protected-pattern-in-public" in rules(verdict)


@pytest.mark.parametrize("number", [52, 53, 54, 530])
def test_nobody_learns_whether_the_number_is_right(made, number):
    verdict = made.check(TWEET.format(number))
    assert not any(reason.layer.value == "truth" for reason in verdict.reasons)


def test_one_viewer_one_film_357_times(made):
    verdict = made.check(f"One account in the UK watched {BEE} 357 times.")
    assert verdict.status.value == "block"
    assert {"one-viewer", "one-person-one-title"} <= rules(verdict)


@pytest.mark.parametrize("number", ["44", "44,000", "4.4 million"])
def test_rewinding_one_passage_is_never_told(made, number):
    verdict = made.check(f"{number} viewers rewound the same scene of {FILM} and played it again.")
    assert verdict.status.value == "block"
    assert "one-passage-again" in rules(verdict)


@pytest.mark.parametrize(
    "text",
    [
        f"{FILM} was watched for 31,300,000 hours.",
        f"{FILM} was watched for 31.3 million hours.",
        f"{FILM} was watched for 31,300,000 hours in the past 40 days.",
        f"{FILM} was watched for 31,300,000 hours from November 1, 2023 to December 10, 2023.",
        f"{FILM} is our most watched film.",
    ],
)
def test_hours_of_a_title_may_be_told_when_the_data_agrees(made, text):
    verdict = made.check(text)
    assert verdict.status.value == "allow"
    assert "figure-confirmed" in rules(verdict)
    assert verdict.looked_up


@pytest.mark.parametrize("hours", ["31,800,000", "3,130,000", "313 million"])
def test_and_not_when_it_does_not(made, hours):
    verdict = made.check(f"{FILM} was watched for {hours} hours.")
    assert verdict.status.value == "block"
    because = next(reason.because for reason in verdict.reasons if reason.rule_id == "figure-contradicted")
    assert "about 31,300,000 hours" in because


def test_hours_that_nobody_looked_up_are_for_a_person():
    verdict = analyzer.check_message(f"{FILM} was watched for 31,300,000 hours.")
    assert verdict.status.value == "review"
    assert rules(verdict) >= {"figure-without-basis", "titles-and-totals"}


def test_a_survey_as_the_basis_of_what_only_the_service_can_see(made):
    text = f"In a survey of 60,000 members we found that 53 of them watched {PRINCE} daily for 18 days."
    for verdict in (made.check(text), analyzer.check_message(text)):
        assert verdict.status.value == "block"
        assert "basis-contradicted" in rules(verdict)
        assert "survey" in " ".join(words_of(verdict, "basis-contradicted"))


@pytest.mark.parametrize(
    "text",
    [
        TWEET.format("53"),
        f"One account in the UK watched {BEE} 357 times.",
        f"{FILM} was watched for 313 million hours.",
    ],
)
def test_what_is_blocked_says_what_may_be_said_instead(made, text):
    verdict = made.check(text)
    assert verdict.instead
    for fact in verdict.instead:
        assert made.may_be_said(fact.sentence)
        assert not re.search(r"\b(53|18|357)\b", fact.sentence)


def test_instead_of_wrong_hours_the_right_ones_are_offered(made):
    told = [fact.sentence for fact in made.check(f"{FILM} was watched for 313 million hours.").instead]
    assert any("31,300,000 hours" in sentence for sentence in told)
