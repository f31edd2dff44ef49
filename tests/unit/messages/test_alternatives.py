"""What may be said instead: facts that may leave, each checked, and none where none is safe."""

from __future__ import annotations

import re

import pytest

from analyzer.disclosure.limits import Limits
from analyzer.messages.alternatives import FactKind, alternatives_to, facts_about, facts_about_everyone, may_be_told
from analyzer.messages.title_figures import TitleTotals
from analyzer.workflow.message_index import ready

from .planted import BEE, PRINCE, on, planted_rows, planted_sessions, row, the_tweet

LONG = "Long Days"


def allow(_):
    return True


def long_rows(title, viewers, first=0, played_s=80_000.0):
    ids = range(first, first + viewers)
    return [row(f"many{n}", title, on(n % 40), played_s, runtime_s=86_000.0) for n in ids]


@pytest.fixture(scope="module")
def index():
    rows = planted_rows() + long_rows(LONG, 3_000)
    # One household makes up nearly all of a title, and few households all of another.
    rows += [row("alone", "One House", on(day, hour), 86_000.0) for day in range(1, 39) for hour in range(20)]
    rows += [row(f"tiny{n}", "Few Houses", on(day, h), 86_000.0) for n in range(99) for day in range(8) for h in (0, 9)]
    with ready(planted_sessions(rows)) as opened:
        yield opened


def kinds(facts):
    return [fact.kind for fact in facts]


def test_of_a_well_watched_title_hours_rank_and_households_may_be_told(index):
    facts = facts_about(LONG, index, allow)
    assert kinds(facts) == [FactKind.HOURS, FactKind.RANK, FactKind.HOUSEHOLDS, FactKind.WARMTH, FactKind.WARMTH]
    hours, rank, households = facts[:3]
    assert hours.sentence == f"{LONG} was watched for 100,000 hours from November 1, 2023 to December 10, 2023."
    assert "number 1 among our titles" in rank.sentence
    assert "Over 2,900 households" in households.sentence
    assert all(index.about.fingerprint[:12] in fact.source for fact in facts[:3])


@pytest.mark.parametrize("title", [PRINCE, BEE, "One House", "Few Houses"])
def test_no_figure_of_a_title_that_few_watched_or_one_household_makes_up(index, title):
    facts = facts_about(title, index, allow)
    assert set(kinds(facts)) == {FactKind.WARMTH}
    assert not any(re.search(r"\d", fact.sentence.replace(title, "")) for fact in facts)


@pytest.mark.parametrize(
    ("largest", "told"), [((30_000.0, 30_000.0), True), ((60_000.0, 30_000.0), False), ((89_000.0, 1_000.0), False)]
)
def test_two_households_that_make_up_nine_tenths_close_a_title(largest, told):
    totals = TitleTotals(100_000.0, 9_000.0, 5_000, largest, 100_000.0)
    assert may_be_told(totals, Limits(p_ratio=0.001)) is told


def test_a_household_that_the_next_one_could_compute_closes_a_title():
    totals = TitleTotals(100_000.0, 9_000.0, 5_000, (80_000.0, 9_000.0), 100_000.0)
    assert may_be_told(totals, Limits())
    assert not may_be_told(totals, Limits(p_ratio=0.2))


def test_a_title_that_nobody_knows_has_no_facts(index):
    assert facts_about("No Such Film", index, allow) == ()


def test_each_sentence_passes_the_check_or_is_dropped(index):
    seen = []

    def only_hours(sentence):
        seen.append(sentence)
        return "hours" in sentence and "number" not in sentence

    assert kinds(facts_about(LONG, index, only_hours)) == [FactKind.HOURS]
    assert len(seen) == 5


def test_none_where_none_is_safe(index):
    assert alternatives_to([the_tweet()], index, lambda _: False) == ()


def test_instead_of_the_tweet_something_is_said_that_counts_nobody(index):
    facts = alternatives_to([the_tweet()], index, allow)
    assert facts
    assert not any("18" in fact.sentence or "53" in fact.sentence for fact in facts)


def test_where_the_title_has_nothing_to_tell_everything_together_may(index):
    def no_warmth(sentence):
        return any(sign.isdigit() for sign in sentence)

    facts = alternatives_to([the_tweet()], index, no_warmth)
    assert facts == facts_about_everyone(index, no_warmth)
    assert re.search(r"Our members watched \d00,000 hours", facts[0].sentence)


def test_a_stricter_floor_withholds_more(index):
    strict = Limits(public_floor=5_000)
    assert set(kinds(facts_about(LONG, index, allow, strict))) == {FactKind.WARMTH}


def test_what_nearly_all_households_watched_is_not_told_as_a_count():
    with ready(planted_sessions(long_rows(LONG, 3_000))) as index:
        assert FactKind.HOUSEHOLDS not in kinds(facts_about(LONG, index, allow))
