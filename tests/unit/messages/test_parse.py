"""Drafts -> claims: who, how many, did what, how often, on what basis, and whom they speak to."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from analyzer.messages.claim import Action, BasisKind, ContentKind, Occurrence, Per, Statistic, WhoKind
from analyzer.messages.lexicon import lexicon
from analyzer.messages.parse import parse
from analyzer.messages.text import plain_text
from analyzer.messages.titles import Catalogue
from analyzer.policy.uses import Addressed

WHO = """
One account in the UK watched Bee Movie 357 times.                        | INDIVIDUAL |
Somebody in Leeds watched it every day.                                   | INDIVIDUAL |
To the one listener who kept it playing: talk to someone.                 | INDIVIDUAL |
Our record holder played the finale 204 times.                            | INDIVIDUAL |
Nobody played it more often than a nurse in Hull: on 212 days.            | INDIVIDUAL |
Which of our members watched it 118 times? A baker in Lyme Regis.         | INDIVIDUAL |
Longest streak: 211 days, held by an account in Bruges.                   | INDIVIDUAL |
Hi Tobias from Basel! Still on Harbour Lights?                            | INDIVIDUAL |
He paused at minute 47 again.                                             | INDIVIDUAL |
@jess_k, loved your 14-hour binge yesterday                               | INDIVIDUAL |
A 71-year-old from Kerry has not missed a single day.                     | INDIVIDUAL |
Viewer number 7 on our leaderboard watched it on 212 days.                | INDIVIDUAL |
Eine Krankenschwester aus Fulda hörte das Lied 312-mal.                   | INDIVIDUAL |
Notre plus grande fan a écouté la chanson 904 fois.                       | INDIVIDUAL |
¿Quién puso la misma canción 300 veces? Alguien en Lugo.                  | INDIVIDUAL |
53 people watched it daily.                                               | GROUP | 53
Watched daily by fifty-three people: A Christmas Prince.                  | GROUP | 53
All 14 of you finished it twice.                                          | GROUP | 14
The 46 who put it on repeat should slow down.                             | GROUP | 46
Those 18 who rewound, rewatched and rewound again: the cat is fine.       | GROUP | 18
Viewers of the reunion special on Saturday: 6,340.                        | GROUP | 6340
It has been seen daily by a group of 37.                                  | GROUP | 37
If you are one of the 140 people who watched it, we have questions.       | GROUP | 140
An die 64, die das täglich schauen: Geht mal raus.                        | GROUP | 64
Vous êtes 38 à avoir revu cette scène plus de cent fois.                  | GROUP | 38
A los 76 que no se pierden ni un día: salid un poco.                      | GROUP | 76
Only 0.0001% of members watched it twice.                                 | SHARE |
The people who watched it every day are our heroes.                       | UNSTATED |
Some viewers rewound the scene again and again.                           | UNSTATED |
Wer jeden Abend einschläft, bevor der Film endet, ist nicht allein.       | UNSTATED |
Mexico watched the most reality shows.                                    | EVERYONE |
The average member watched 60 movies.                                     | EVERYONE |
"""

NOBODY = """
13 Reasons Why was watched for 31 million hours.
Our cast of nine rehearsed the dinner scene every morning for a month.
Join a team of 42 translators.
Every second, 14 songs are added to a playlist.
The new season starts in May.
Become a member and bring a friend.
Version 8.2 fixes 14 bugs.
"""


def table(text):
    return [tuple(part.strip() for part in line.split("|")) for line in text.strip().splitlines()]


def kinds(text):
    return {claim.who.kind for claim in parse(text).claims}


@pytest.mark.parametrize(("text", "kind", "count"), [(*row, "")[:3] for row in table(WHO)])
def test_whom_a_draft_is_about(text, kind, count):
    found = [claim.who for claim in parse(text).claims if claim.who.kind is WhoKind[kind]]
    assert found, kinds(text)
    assert not count or float(count) in [who.count.stated for who in found if who.count]


@pytest.mark.parametrize("text", NOBODY.strip().splitlines())
def test_titles_makers_and_invitations_are_about_nobody(text):
    assert kinds(text) <= {WhoKind.NOBODY, WhoKind.EVERYONE}
    assert not parse(text).unclear


DID = """
53 people watched it.                          | WATCHED
53 people watched it again: they rewatched it. | REWATCHED
53 people rewound the kiss.                    | REWOUND
53 people binged it.                           | BINGED
53 people skipped the intro.                   | SKIPPED
53 people turned captions on.                  | CAPTIONED
53 people searched for it.                     | SEARCHED
53 people ordered soup.                        | USED
"""


@pytest.mark.parametrize(("text", "action"), table(DID))
def test_what_they_did(text, action):
    assert parse(text).claims[0].action is Action[action]


OFTEN = """
53 people watched it every day.       | DAY    |
53 people watched it nightly.         | NIGHT  |
53 people watched it 357 times.       | WINDOW | 357
53 people watched it on repeat.       | WINDOW |
53 people watched it x365.            | WINDOW | 365
53 people watched it on 212 days.     | WINDOW | 212
Ein Fan hat den Film 53-mal gesehen.  | WINDOW | 53
"""


@pytest.mark.parametrize(("text", "per", "times"), table(OFTEN))
def test_how_often(text, per, times):
    frequency = parse(text).claims[0].frequency
    assert frequency.per is Per[per]
    assert frequency.repeated
    assert (frequency.times.stated if frequency.times else None) == (float(times) if times else None)


@pytest.mark.parametrize(
    "text", ["53 people watched it once.", "53 people watched it.", "53 people watched it 1 time."]
)
def test_once_is_no_habit(text):
    frequency = parse(text).claims[0].frequency
    assert frequency is None or not frequency.repeated


WHEN = """
53 people watched it for the past 18 days.  | 18  |
53 people watched it this year.             | 365 |
53 people watched it on Valentine's Day.    | 1   |
53 people watched it for two weeks.         | 14  |
53 people watched it at 3 a.m.              |     | 3
53 people watched it at midnight.           |     | 0
"""


@pytest.mark.parametrize(("text", "days", "hour"), table(WHEN))
def test_when(text, days, hour):
    window = parse(text).claims[0].window
    assert not days or window.days == pytest.approx(float(days))
    assert (window.clock[0] if window.clock else None) == (int(hour) if hour else None)


BASES = """
In a survey of 60,000 members, 53 watched daily.     | SURVEY         | 60000
Our data show that 53 people watched daily.          | SERVICE_DATA   |
According to Nielsen, 8.4 million people watched.    | PUBLIC_FIGURES |
One payment note read: "sorry about your nan".       | PRIVATE_TEXT   |
53 people watched daily.                             | NONE           |
"""


@pytest.mark.parametrize(("text", "kind", "n"), table(BASES))
def test_on_what_a_number_rests(text, kind, n):
    basis = parse(text).claims[0].basis
    assert basis.kind is BasisKind[kind]
    assert not n or basis.n.stated == float(n)


ADDRESSED = """
To the 53 people who watched it daily: thank you.   | GROUP
Dear person who played it 42 times, what happened?  | PERSON
53 people watched it daily.                         | NOBODY
"""


@pytest.mark.parametrize(("text", "whom"), table(ADDRESSED))
def test_whom_a_draft_speaks_to(text, whom):
    assert parse(text).claims[0].addressed is Addressed[whom]


def test_the_title_is_matched_against_the_catalogue_even_with_a_slip():
    text = "53 people watched A Christmas Prinse every day."
    content = parse(text, Catalogue.of(["A Christmas Prince", "Seven"])).claims[0].content
    assert (content.kind, content.title) == (ContentKind.TITLE, "A Christmas Prince")
    assert text[content.span.start : content.span.end] == "A Christmas Prinse"


def test_one_event_is_told_from_a_habit():
    assert parse("A family ordered 70 plates at once.").claims[0].occurrence is Occurrence.ONCE
    assert parse("A family ordered 70 plates every day.").claims[0].occurrence is Occurrence.OFTEN


def test_several_claims_of_one_draft_are_kept_apart():
    found = parse("Millions saw it once. 53 people watched it every day.").claims
    assert [claim.who.count.stated for claim in found if claim.who.count] == [3_000_000, 53]


def test_each_sentence_is_read_in_its_own_language():
    text = "Merry Christmas to all of you! An die 53 Leute, die das täglich gesehen haben: Alles gut? See you soon."
    assert 53 in [claim.who.count.stated for claim in parse(text).claims if claim.who.count]


@pytest.mark.parametrize(
    "text",
    [
        "Bir kullanıcı bu filmi bu yıl tam 357 kez izledi, iyi misin?",
        "भोपाल की अंकिता कृपया खाना भेजना बंद करें.",
        "people watched it every day " * 1_000,
        "Played again and again, all night long.",
        "Quillon ordered soup.",
        "Look who's back! Third time this week.",
    ],
)
def test_what_is_not_understood_is_said(text):
    assert parse(text).unclear


def test_a_claim_knows_the_words_that_it_was_read_from():
    text = "To the **fifty-three** people who've watched it every day: who hurt you?"
    claim = parse(text).claims[0]
    assert text[slice(*claim.who.count.span)] == "fifty-three"
    assert text[slice(*claim.frequency.span)] == "every day"
    assert claim.statistic is Statistic.PEOPLE


def test_a_list_of_the_vocabulary_is_read_to_its_end():
    names = tomllib.loads((files("analyzer.messages") / "lexicon.toml").read_text("utf-8"))["word"]["name"]["en"]
    assert "word.name" in lexicon("en").of(plain_text(names.split()[-1]))
