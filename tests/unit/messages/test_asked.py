"""A claim made ready to be asked: exact days, rank and title, and what is not clear is not guessed."""

from __future__ import annotations

import dataclasses
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.messages.about import VERSION, About, number_of
from analyzer.messages.asked import NotAsked, asked_of, states_a_figure
from analyzer.messages.claim import Basis, BasisKind, Span
from analyzer.messages.dates import days_named, spans_of_days
from analyzer.messages.titles import Catalogue
from analyzer.messages.verdict import check_words

TODAY = date(2023, 12, 10)
ABOUT = About(VERSION, ("a table",), "f" * 64, number_of(date(2023, 11, 1)), number_of(TODAY), 9, 9, 9, "k", True, True)
TITLES = Catalogue.of(["A Christmas Prince", "Bee Movie", "Long Days"])

NAMED = """
on 25 December 2022                      2022-12-25  2022-12-25
on December 3                            2023-12-03  2023-12-03
on December 24                           2022-12-24  2022-12-24
from 1 to 24 December 2022               2022-12-01  2022-12-24
from 1–9 December                        2023-12-01  2023-12-09
from November 1, 2023 to December 10, 2023   2023-11-01  2023-12-10
between 28 December and 2 January 2023   2022-12-28  2023-01-02
from 2023-11-01 to 2023-11-30            2023-11-01  2023-11-30
in November                              2023-11-01  2023-11-30
in December                              2022-12-01  2022-12-31
in March 2023                            2023-03-01  2023-03-31
in 2022                                  2022-01-01  2022-12-31
since 1 December                         2023-12-01  2023-12-10
since November                           2023-11-01  2023-12-10
vom 1. bis 24. November 2023             2023-11-01  2023-11-24
du 1er au 9 novembre 2023                2023-11-01  2023-11-09
el 14 de febrero de 2023                 2023-02-14  2023-02-14
on Christmas Day                         2022-12-25  2022-12-25
on Valentine's Day                       2023-02-14  2023-02-14
"""
NOT_NAMED = [
    "you may watch it", "march on", "53 people", "on 31 February 2023", "over Easter",
    "12 May 2022, 3 June 2022, 1 July",
    "1 May 2023, which was before 9 August 2023", "in 40 countries", "",
]  # fmt: skip


@pytest.mark.parametrize("line", NAMED.strip().splitlines())
def test_days_are_read_as_a_calendar_has_them(line):
    words, first, last = re.split(r"\s{2,}", line)
    text = f"Long Days was watched for 1,000 hours {words}."
    found = days_named(text, Span(0, len(text)), TODAY)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)
    assert text[found.span.start : found.span.end] in words


@pytest.mark.parametrize("words", NOT_NAMED)
def test_what_names_no_days_is_not_guessed(words):
    assert days_named(words, Span(0, len(words)), TODAY) is None


@given(st.text(max_size=300))
def test_any_text_may_be_looked_at(text):
    assert all(0 <= span.start < span.end <= len(text) for span in spans_of_days(text))
    days_named(text, Span(0, len(text)), TODAY)


@given(st.dates(date(1950, 1, 1), date(2090, 1, 1)), st.sampled_from(["%d %B %Y", "%B %d, %Y", "%Y-%m-%d"]))
def test_a_whole_date_is_that_day(day, form):
    text = f"on {day.strftime(form)}"
    found = days_named(text, Span(0, len(text)), TODAY)
    assert (found.first, found.last) == (day, day)


def asked(text):
    claims = check_words(text, TITLES).parsed.claims
    return asked_of(claims[0], text, ABOUT)


ASKED = """
53,000 people watched Bee Movie every day for the past 18 days.   2023-11-23  2023-12-10
53,000 people watched Bee Movie in the last two weeks.            2023-11-27  2023-12-10
53,000 people watched Bee Movie this month.                       2023-12-01  2023-12-10
53,000 people watched Bee Movie this year.                        2023-01-01  2023-12-10
53,000 people watched Bee Movie in November.                      2023-11-01  2023-11-30
"""


@pytest.mark.parametrize("line", ASKED.strip().splitlines())
def test_a_claim_says_which_days_it_means(line):
    text, first, last = re.split(r"\s{2,}", line)
    window = asked(text).window
    assert (window.start.isoformat(), window.end.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "text",
    [
        "53,000 people watched Bee Movie in its first week.",
        "53,000 people watched Bee Movie over the weekend.",
        "53,000 people watched Bee Movie last night.",
    ],
)
def test_days_that_nobody_can_know_are_not_looked_up(text):
    found = asked(text)
    if isinstance(found, NotAsked):
        assert "days" in found.why
    else:  # the reader of words saw no window: then nothing is said of days
        assert found.window is None or found.window.start is not None


def test_hours_are_no_length_of_time():
    assert asked("Long Days was watched for 31,300,000 hours.").window is None


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("Long Days was number 3 among our titles.", 3, 3),
        ("Long Days is our most watched film.", 1, 1),
        ("Long Days is our second most watched film.", 2, 2),
        ("Long Days is in the top 10.", 1, 10),
    ],
)
def test_a_rank_is_a_number_that_can_be_compared(text, low, high):
    amount = asked(text).amount
    assert (amount.low, amount.high) == (low, high)


@pytest.mark.parametrize(
    "text",
    ["Stranger Things was watched for 40 million hours.", "Wednesday was watched for 40 million hours."],
)
def test_a_name_that_is_no_known_title_is_never_taken_for_everything(text):
    found = asked(text)
    assert isinstance(found, NotAsked) or found.content is not None


@pytest.mark.parametrize(
    "text",
    [
        "40 million hours were watched on our service in November.",
        "Our members watched 40 million hours from November 1, 2023 to December 10, 2023.",
    ],
)
def test_everything_together_is_asked_without_a_title(text):
    assert asked(text).content is None


def test_the_number_of_people_asked_is_no_figure():
    claim = check_words("Long Days was watched for 9,000 hours.", TITLES).parsed.claims[0]
    assert states_a_figure(claim)
    survey = Basis(BasisKind.SURVEY, claim.amount, Span(0, 1))
    assert not states_a_figure(dataclasses.replace(claim, basis=survey, statistic=type(claim.statistic).PLAYS))
