"""Names of films, songs and series: their words are names, and neither counts nor insults."""

from __future__ import annotations

import pytest

from analyzer.messages.sentences import draft_of
from analyzer.messages.titles import Catalogue, nearest_title
from analyzer.messages.tokens import Piece
from analyzer.messages.verdict import VerdictStatus, check_words

CATALOGUE = Catalogue.of(
    ["1917", "13 Reasons Why", "Who Hurt You?", "You", "The 100", "A Christmas Prince", "Get a Life", "53 Days"]
)

TITLES = """
13 Reasons Why returns on Friday.                                | 13 Reasons Why
53 Days is the most-watched series in 14 countries.              | 53 Days
12 Angry Men and 8 Women are back.                               | 12 Angry Men
The 100 was watched by 1.2m people.                              | The 100
Seven was watched by 5.3 million viewers.                        | Seven
1917 was watched by 5.3 million viewers.                         | 1917
Cheaper by the Dozen was streamed for 2.1 million hours.         | Cheaper by the Dozen
Someone Great and The One both trended.                          | Someone Great and The One
We have bought the rights to "The Woman Who Watched Twice".      | The Woman Who Watched Twice
“Who Hurt You?” just passed 100 million streams.                 | Who Hurt You?
"""

NO_TITLES = """
53 Loyal Members Who Watched It Daily: respect. We watched you.  | 53
SEVEN PEOPLE WATCHED IT DAILY                                    | SEVEN
Seven were still watching at midnight.                           | Seven
5 Million households watched it.                                 | 5 Million
9 February was the day of the finale.                            | 9
12,000 Grey Umbrella listeners played it.                        | 12,000
"""


def table(text):
    return [tuple(part.strip() for part in line.split(" | ")) for line in text.strip().splitlines()]


def titles(text, catalogue=None):
    return [token.text for token in draft_of(text, catalogue).tokens if token.piece is Piece.TITLE]


@pytest.mark.parametrize(("text", "title"), table(TITLES))
def test_a_title_is_one_token_and_its_words_are_not_read(text, title):
    assert title in titles(text)


@pytest.mark.parametrize(("text", "words"), table(NO_TITLES))
def test_what_counts_people_is_no_title(text, words):
    assert not any(words in title for title in titles(text))


def test_a_catalogue_knows_titles_without_quotes_and_by_their_longest_name():
    assert titles("Tonight: 13 Reasons Why, then You at nine", CATALOGUE) == ["13 Reasons Why", "You"]
    assert titles("who hurt you?", CATALOGUE) == []  # small letters: a question, and no name


def test_a_title_in_quotes_around_a_whole_sentence_is_speech():
    assert titles("“To the 53 people who watched it daily: who hurt you?”") == []
    assert titles('"I have seen it forty times", says the director') == []


def test_an_opening_quotation_mark_closes_nothing():
    assert titles('“53 people played "Slow Tram" every morning.”') == ["Slow Tram"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("a christmas prinse", "A Christmas Prince"), ("13 reasons why", "13 Reasons Why"), ("Seven", None)],
)
def test_a_name_with_a_slip_finds_its_title(written, meant):
    assert nearest_title(written, CATALOGUE) == meant


@pytest.mark.parametrize("name", sorted(CATALOGUE.names.values()))
def test_a_title_is_never_a_count_or_an_insult(name):
    assert check_words(f"{name} was watched for 31,300,000 hours.", CATALOGUE).status.value == "allow"
    assert check_words(f'New this week: "{name}".', CATALOGUE).status.value == "allow"


@pytest.mark.parametrize("name", sorted(CATALOGUE.names.values()))
def test_a_title_rescues_nobody(name):
    text = f"To the 53 people who've watched {name} every day for the past 18 days: Who hurt you?"
    assert check_words(text, CATALOGUE).status.value == "block"
    assert check_words(text).status.value == "block"


@pytest.mark.parametrize(
    "text",
    [
        "Somebody in Leeds watched Snowbound 212 times.",
        "SOMEBODY IN LEEDS WATCHED SNOWBOUND 212 TIMES",
        "The 100 who watched it every night: who hurt you?",
        "Friends from Hull, all 12 of you, rewound it nightly.",
    ],
)
def test_a_title_that_is_called_like_people_hides_nobody(text):
    called = Catalogue.of(["Somebody", "The 100", "Friends", "Snowbound"])
    assert check_words(text, called).status is check_words(text).status is VerdictStatus.BLOCK


def test_a_title_that_is_called_like_people_is_one_where_its_capital_says_so():
    called = Catalogue.of(["Somebody", "You", "Friends"])
    assert titles("Then we saw Somebody and Friends", called) == ["Somebody", "Friends"]
    assert titles('"You" is back', called) == ["You"]
