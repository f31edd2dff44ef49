"""The whole check: words first, then the policy, data last; the worst wins, and nothing small is told."""

from __future__ import annotations

import dataclasses
import json
import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer
from analyzer.disclosure.limits import Limits
from analyzer.errors import InputError
from analyzer.messages.audience import Audience, Implied
from analyzer.messages.by_data import disclosure_reasons
from analyzer.messages.in_marks import household_marks
from analyzer.messages.index import Index
from analyzer.messages.title_figures import Figure
from analyzer.messages.verdict import VerdictStatus, check_words
from analyzer.policy.effects import MarkStatus
from analyzer.policy.uses import Purpose
from analyzer.workflow import messages
from analyzer.workflow.message_data import Data
from analyzer.workflow.message_index import ready
from analyzer.workflow.messages import Asking, checker

from .planted import BEE, OTHERS, PRINCE, on, planted_rows, planted_sessions, row

LONG = "Long Days"
TWEET = f"To the 53 people who've watched {PRINCE} every day for the past 18 days: Who hurt you?"
MANY_VIEWERS = 12_400


def population():
    """The planted households, and a title that 12,400 households watched for 22 hours each, in six countries."""
    rows = planted_rows()
    countries = ("GB", "DE", "FR", "ES", "FI", "US")
    rows += [
        row(f"many{n}", LONG, on(n % 40), 80_000.0, runtime_s=86_000.0, country=countries[n % 6])
        for n in range(MANY_VIEWERS)
    ]
    for title in ("One House", "Three Houses"):
        rows += [row(title, title, on(day, hour), 86_000.0) for day in range(1, 39) for hour in range(0, 20, 2)]
    return rows + [row(f"many{n}", "Three Houses", on(n % 40), 600.0) for n in range(150)]


@pytest.fixture(scope="module")
def index():
    with ready(planted_sessions(population())) as opened:
        yield opened


@pytest.fixture(scope="module")
def made(index):
    with checker(Asking(index=index)) as opened:
        yield opened


def status(verdict):
    return verdict.status.value


def rules(verdict):
    return {reason.rule_id for reason in verdict.reasons}


def marked(monkeypatch, index, marks):
    prepared = household_marks(dataclasses.replace(index, key=index.key), marks)
    monkeypatch.setattr(Data, "marks_for", lambda *_: prepared)


# ---------------------------------------------------------------- in which order


class Untouchable:
    """A connection that must not be used."""

    def cursor(self):
        raise AssertionError("the data was touched")


FORBIDDEN = [
    TWEET,
    TWEET.replace("53", "53,000"),
    f"One account in the UK watched {BEE} 357 times.",
    f"53,000 people have watched {PRINCE} every day for the past 18 days.",
]


@pytest.mark.parametrize("text", FORBIDDEN)
def test_what_words_forbid_never_touches_data(index, text):
    untouchable = Index(Untouchable(), index.about)
    verdict = analyzer.check_message(text, index=untouchable, catalogue=[PRINCE, BEE], instead=False)
    assert status(verdict) == "block"
    assert not verdict.looked_up
    assert "not looked up" in verdict.basis


@pytest.mark.parametrize("text", FORBIDDEN)
def test_of_what_words_forbid_not_even_titles_are_asked_who_watched_them(made, monkeypatch, text):
    def touched(*_):
        raise AssertionError("the audience was asked")

    monkeypatch.setattr(messages, "audience_of", touched)
    assert status(made.check(text)) == "block"


def test_what_words_do_not_forbid_does_touch_data(index):
    untouchable = Index(Untouchable(), index.about)
    with pytest.raises(AssertionError, match="touched"):
        analyzer.check_message(f"{LONG} was watched for 300,000 hours.", index=untouchable, catalogue=[LONG])


SENTENCES = [
    *FORBIDDEN,
    f"{LONG} was watched for 300,000 hours.",
    f"{LONG} was watched for 900,000 hours.",
    f"Over 12,000 households watched {LONG}.",
    f"2,000 people watched {LONG} at 3 a.m.",
    "Over 40% of our members watch with subtitles.",
    "Somebody in Malta watched something.",
    "We love films.",
    "Happy holidays to everybody who watches with us.",
    f"A third of our members rewatched {OTHERS}.",
    "Wir danken allen, die mit uns schauen.",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_nothing_makes_a_verdict_milder_than_its_words(made, text):
    by_words = check_words(text).status
    for verdict in (analyzer.check_message(text), made.check(text)):
        worst = VerdictStatus.worst([VerdictStatus.ALLOW, *(reason.status for reason in verdict.reasons)])
        assert verdict.status is worst
    assert analyzer.check_message(text).status.severity >= by_words.severity


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_any_text_has_an_answer(text):
    verdict = analyzer.check_message(text)
    json.dumps(verdict.as_json())


# ---------------------------------------------------------------- without data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We love films.", "allow"),
        ("Happy holidays, wherever you are.", "allow"),
        (f"{LONG} is our most watched film.", "allow"),
        (f"{LONG} was watched for 31,300,000 hours.", "review"),  # nobody can trace it
        ("In a survey of 12,000 members, 40% said that they love a film they know.", "allow"),
        ("4,000 members watched it.", "review"),
    ],
)
def test_by_words_only_allowed_is_what_is_about_nobody_or_about_many_and_traced(text, expected):
    verdict = analyzer.check_message(text)
    assert (status(verdict), verdict.basis, verdict.data) == (expected, "judged by its words only", ())


def test_a_figure_that_left_as_a_release_has_its_source_there(tmp_path):
    titles = enumerate((LONG, OTHERS, PRINCE))
    rows = [
        {"household_id": f"h{n}", "title_name": title, "hours": 200.0 + n % 7}
        for at, title in titles
        for n in range(1_500 * at, 1_500 * at + 3_000)
    ]
    ledger = str(tmp_path / "ledger.sqlite")
    released = analyzer.release_table(
        pd.DataFrame(rows), by=["title_name"], measure="hours", purpose="public message", source="our sessions",
        window="November 2026", ledger=ledger,
    )  # fmt: skip
    value = next(cell.value for cell in released.cells if cell.labels == (LONG,))
    right, wrong = (f"{LONG} was watched for {hours:,.0f} hours." for hours in (value, value + 700_000))
    verdict = analyzer.check_message(right, ledger=ledger)
    assert (status(verdict), "figure-released" in rules(verdict)) == ("allow", True)
    assert status(analyzer.check_message(wrong, ledger=ledger)) == "review"
    assert status(analyzer.check_message(right, ledger=ledger, purpose="press")) == "review"


def test_a_ledger_that_is_not_there_is_an_error_and_is_not_made(tmp_path):
    with pytest.raises(InputError, match="no ledger"):
        analyzer.check_message("We love films.", ledger=str(tmp_path / "none.sqlite"))
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- policy


def test_a_draft_for_advertising_is_told_nothing_about_anybody():
    text = f"In a survey of 12,000 members, 40% said that they love {LONG}."
    assert status(analyzer.check_message(text)) == "allow"
    assert status(analyzer.check_message(text, purpose="advertising")) == "block"
    assert status(analyzer.check_message(text, purpose=Purpose.PRESS)) == "allow"


def test_an_unknown_purpose_is_an_error():
    with pytest.raises(InputError, match="purpose"):
        analyzer.check_message("We love films.", purpose="fun")


REPEATED = """
53,000 people watched Bee Movie every day for the past 18 days.        one-title-over-days
53,000 people watched Bee Movie 357 times.                             one-title-over-days
53,000 people watched Bee Movie four times a day.                      several-plays-a-day
5,300,000 viewers rewound the same scene of Bee Movie.                 one-passage-again
"""


@pytest.mark.parametrize("line", REPEATED.strip().splitlines())
def test_a_protected_behaviour_is_told_of_no_number_of_people(line):
    text, rule = re.split(r"\s{2,}", line)
    verdict = analyzer.check_message(text, catalogue=[BEE])
    assert status(verdict) == "block"
    assert rule in rules(verdict)


def test_a_rulebook_of_ones_own_decides_what_is_protected():
    text = f"53,000 people watched {BEE} every day for the past 18 days."
    book = analyzer.load_rulebook()
    kept = tuple(
        rule for rule in book.rule if rule.id not in ("one-title-over-days", "one-title-returns", "mostly-known-titles")
    )
    loose = book.model_copy(update={"rule": kept})
    verdict = analyzer.check_message(text, catalogue=[BEE], rulebook=loose)
    assert "one-title-over-days" not in rules(verdict)
    assert verdict.rulebook_hash == loose.hash
    assert status(verdict) == "review"


def test_what_a_reader_is_told_of_their_own_use_is_not_held_against_the_policy():
    text = f"You watched {LONG} 12 times this year."
    assert status(analyzer.check_message(text, to_one_user=True)) == "allow"
    assert status(analyzer.check_message(text)) != "allow"


# ---------------------------------------------------------------- data


def test_every_verdict_says_what_it_rests_on(made, index):
    verdict = made.check(f"{LONG} was watched for 300,000 hours.")
    told = verdict.as_json()
    assert status(verdict) == "allow"
    assert told["data"]["fingerprint"] == index.about.fingerprint
    assert told["data"]["window"] == "2023-11-01 to 2023-12-10"
    assert len(told["rulebook_hash"]) == len(told["wording_hash"]) == 64
    assert index.about.fingerprint[:12] in told["basis"]
    assert told["purpose"] == "public message"


def test_a_figure_is_confirmed_or_contradicted(made):
    right, wrong = (
        made.check(f"{LONG} was watched for 300,000 hours."),
        made.check(f"{LONG} was watched for 900,000 hours."),
    )
    assert (status(right), "figure-confirmed" in rules(right)) == ("allow", True)
    assert (status(wrong), "figure-contradicted" in rules(wrong)) == ("block", True)
    assert "about 300,000 hours" in next(r.because for r in wrong.reasons if r.rule_id == "figure-contradicted")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"{BEE} was watched for 60,000 hours.", "households-below-floor"),
        ("Three Houses was watched for 100,000 hours.", "households-dominate"),
        ("One House was watched for 100,000 hours.", "households-below-floor"),
        (f"{OTHERS} was watched for 60,000 hours.", "hours-below-floor"),
        (f"{PRINCE} was watched for 60,000 hours.", "hours-below-floor"),
        (f"Over 20,000 households watched {BEE}.", "households-below-floor"),
        (f"A third of our members in Malta watched {LONG}.", "households-below-floor"),
    ],
)
def test_floors_hold_whatever_is_stated(made, text, rule):
    verdict = made.check(text)
    assert status(verdict) == "block"
    assert rule in rules(verdict)


def test_a_share_of_a_country_points_at_few_however_many_match(index):
    words = check_words(f"4 % of our members in Finland watched {LONG}.").parsed.claims[0]
    told = Audience(
        (Figure("", "share", 0.9),), "f" * 64, "a window", households=2_000, implied=Implied(83.0, "the share")
    )
    assert [reason.rule_id for reason in disclosure_reasons(words, told, None, Limits())] == ["few-implied"]


def test_a_place_that_the_data_does_not_know_is_for_a_person(made):
    verdict = made.check(f"A third of our members in Little Snoring watched {LONG}.")
    assert status(verdict) in ("review", "block")


@settings(max_examples=25, deadline=None)
@given(stated=st.integers(30_000, 5_000_000))
def test_of_few_households_the_answer_is_the_same_whatever_is_stated(made, stated):
    def told(number):
        text = f"{number:,} people watched {BEE} in the past 18 days."
        values = made.check(text, instead=False).as_json()
        return json.dumps(values).replace(f"{number:,}", "N")

    plain = re.sub(r'"spans": \[[^\]]*\]\]?', "", told(stated))
    other = re.sub(r'"spans": \[[^\]]*\]\]?', "", told(20_000))
    assert plain == other


def test_no_count_below_the_floor_is_in_anything_that_is_printed(made):
    for text in SENTENCES:
        told = json.dumps(made.check(text.replace("53", "61")).as_json())
        assert not re.search(r"\b5[35] (?!viewers of one film)(households|people|viewers)", told)


@pytest.mark.parametrize(
    "text",
    [
        f"{LONG} was watched for 300,000 hours in its first week.",
        f"{LONG} and {OTHERS} were watched for 300,000 hours.",
        f"{LONG} was watched for 300,000 hours over Easter.",
        f"{LONG} was watched for 300,000 hours in 2023.",
        "Stranger Things was watched for 300,000 hours.",
    ],
)
def test_what_cannot_be_made_exact_is_not_confirmed(made, text):
    verdict = made.check(text)
    assert status(verdict) == "review"
    assert "figure-confirmed" not in rules(verdict)


def test_a_share_is_looked_up_once(made):
    share = round(100 * MANY_VIEWERS / made.data.needed().about.households)
    verdict = made.check(f"{share} % of our members watched {LONG}.")
    assert status(verdict) == "allow"
    assert "truth-withheld" not in rules(verdict)


# ---------------------------------------------------------------- marks


GROUP = f"Over 12,000 members watched {LONG} after midnight."


def test_without_a_model_a_group_is_for_a_person(index, made, monkeypatch):
    monkeypatch.setattr(messages, "_tells_apart", lambda _: True)
    verdict = made.check(f"Over 12,000 households watched {LONG}.")
    assert "marks-unknown" in rules(verdict)
    assert status(verdict) == "review"


def protected_many(share):
    marks = {f"many{n}": MarkStatus.OPEN for n in range(MANY_VIEWERS)}
    marks |= dict.fromkeys(list(marks)[: int(share * MANY_VIEWERS)], MarkStatus.NEVER_SINGLE_OUT)
    return marks


@pytest.mark.parametrize(
    ("share", "rule", "expected"),
    [(0.0, None, "allow"), (0.02, "not-all-open", "review"), (0.7, "protected-pattern-in-public", "block")],
)
def test_a_group_is_judged_by_how_its_households_are_marked(index, made, monkeypatch, share, rule, expected):
    monkeypatch.setattr(messages, "_tells_apart", lambda _: True)
    monkeypatch.setattr("analyzer.messages.by_policy.is_habit", lambda _: True)
    marked(monkeypatch, index, protected_many(share))
    verdict = made.check(f"Over 12,000 households watched {LONG}.")
    assert rule is None or rule in rules(verdict)
    by_data = {reason.rule_id for reason in verdict.reasons} - {"people-beside-a-title"}
    assert rule is None or rule in by_data
    assert VerdictStatus(expected).severity <= verdict.status.severity


def test_the_audience_of_a_title_is_not_judged_by_who_is_in_it(index, made, monkeypatch):
    marked(monkeypatch, index, protected_many(0.7))
    assert status(made.check(f"Over 12,000 households watched {LONG}.")) == "allow"


# ---------------------------------------------------------------- instead


def test_instead_of_a_draft_only_what_the_same_check_allows(made):
    found = made.check(f"{LONG} was watched for 900,000 hours.").instead
    assert any("300,000 hours" in fact.sentence for fact in found)
    assert all(made.may_be_said(fact.sentence) for fact in found)


def test_instead_of_the_tweet_something_that_counts_nobody(made):
    for verdict in (made.check(TWEET), analyzer.check_message(TWEET)):
        assert verdict.instead
        assert not any(re.search(r"53|18", fact.sentence) for fact in verdict.instead)


def test_what_may_be_said_needs_nothing_instead(made):
    assert made.check("We love films.").instead == ()


def test_facts_about_a_title_pass_the_whole_check(made):
    kinds = [fact.kind.value for fact in made.facts_about(LONG)]
    assert kinds[:3] == ["hours", "rank", "households"]
    assert {fact.kind.value for fact in made.facts_about(BEE)} <= {"warmth"}


# ---------------------------------------------------------------- what may be handed in


def test_sessions_are_made_ready_where_there_is_no_index():
    steps = []
    from analyzer.workflow.progress import Progress

    text = f"{LONG} was watched for 300,000 hours."
    verdict = analyzer.check_message(text, sessions=planted_sessions(population()), progress=Progress(steps.append))
    assert status(verdict) == "allow"
    assert "laying out the index" in steps


def test_a_blocked_draft_waits_for_no_data():
    steps = []
    from analyzer.workflow.progress import Progress

    analyzer.check_message(TWEET, sessions="no/such/*.parquet", instead=False, progress=Progress(steps.append))
    assert steps == []


@pytest.mark.parametrize("catalogue", [["The Long One"], {"The Long One": [LONG.casefold().replace(" ", "-")]}])
def test_a_catalogue_tells_how_titles_are_called(index, catalogue):
    verdict = analyzer.check_message("The Long One was watched for 300,000 hours.", index=index, catalogue=catalogue)
    assert status(verdict) == ("allow" if isinstance(catalogue, dict) else "review")


@pytest.mark.parametrize("wrong", [{"index": 7}, {"index": "/no/such/index"}, {"catalogue": "A title"}, {"ledger": 7}])
def test_what_cannot_be_used_is_an_error_with_a_remedy(wrong):
    with pytest.raises(InputError) as error:
        analyzer.check_message("Long Days was watched for 300,000 hours.", **wrong)
    assert error.value.remedy
