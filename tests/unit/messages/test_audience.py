"""Who a claim describes: counted as a reader would count, with an index and without one, and never told by name."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.messages.audience import audience_of
from analyzer.messages.claim import Action, ContentKind, Per, Statistic, Who, WhoKind, Window
from analyzer.messages.in_marks import HouseholdMarks, household_marks, in_marks
from analyzer.messages.questions import Unasked
from analyzer.policy.effects import MarkStatus
from analyzer.workflow.message_index import ready

from .planted import (
    BEE,
    DAILY,
    DAYS,
    LAST,
    OTHERS,
    PLANTED,
    PRINCE,
    SERIES,
    SPAN,
    amount,
    claim,
    days_of_them,
    every_day,
    hours_of,
    last_days,
    on,
    one,
    people,
    planted_sessions,
    row,
    share,
    the_tweet,
    times,
    title,
)


@pytest.fixture(scope="module")
def index():
    with ready(planted_sessions()) as opened:
        yield opened


def told(index, asked, **more):
    return {figure.words: figure.value for figure in audience_of(asked, index, **more).figures}


# ---------------------------------------------------------------- readings


def test_every_day_is_read_plainly_first_and_then_as_its_nearest_neighbours(index):
    assert told(index, the_tweet()) == {
        "on every day of the 18 days": PLANTED + 2,
        "exactly 18 days in a row up to the last day": PLANTED,
        "at least 18 days in a row at any time": PLANTED + 2 + 4,
        "exactly 18 days in a row at any time": PLANTED + 4,
        "at least 18 days in all of the data": PLANTED + 2 + 4 + 5,
    }


def test_a_day_missed_is_not_every_day_but_counts_where_some_of_the_days_are_asked(index):
    some = told(index, claim(people(1), title(PRINCE), frequency=days_of_them(17), window=last_days(DAILY)))
    assert some["on at least 17 days"] == PLANTED + 2 + 3 + 4  # those who began a day earlier miss the last one
    assert some["on exactly 17 days"] == 3 + 4
    assert some["on at least 17 days of any 18 days"] == PLANTED + 2 + 3 + 4


def test_one_viewer_who_did_a_thing_so_often_is_found_and_fewer_times_is_not_the_same(index):
    assert told(index, claim(one(), title(BEE), frequency=times(357))) == {"exactly 357 plays": 1}
    assert told(index, claim(one(), title(BEE), frequency=times(356))) == {"exactly 356 plays": 0}


def test_plays_are_counted_within_the_window_within_any_of_its_length_and_in_all(index):
    found = told(index, claim(people(1), title(BEE), frequency=times(80), window=last_days(9)))
    assert found == {
        "exactly 80 plays": 0,
        "at least 80 plays": 1,
        "at least 80 plays within any 9 days": 1,
        "at least 80 plays in all of the data": 1,
    }


def test_nights_are_hours_of_the_local_clock(index):
    night = told(index, claim(people(1), title(PRINCE), window=last_days(DAYS, (1, 4))))
    assert night == {"watched on one day or more": 40}
    nightly = told(index, dataclasses.replace(the_tweet(), frequency=every_day(Per.NIGHT)))
    assert nightly["on every night, from 23 to 5 o'clock"] == 0


def test_a_series_in_one_go_is_several_plays_of_its_episodes_on_one_day(index):
    binge = claim(people(11), title(SERIES, ContentKind.SERIES), action=Action.BINGED)
    assert told(index, binge) == {"3 plays or more on one day": 11}
    assert told(index, claim(people(11), title(PRINCE), action=Action.BINGED)).popitem()[1] == PLANTED + 414


def test_a_share_is_of_all_households_and_of_those_that_watched_anything_then(index):
    asked = claim(share(0.05), title(OTHERS), Statistic.SHARE, window=last_days(5))
    found = told(index, asked)
    watched = found["watched on one day or more, of all households"] * index.about.households
    assert round(watched) == 28  # 3 + n % 30 days before the last: two remainders of 400 numbers
    assert found["watched on one day or more, of households that watched anything then"] > 0.05


def test_a_place_is_a_country_and_any_smaller_one_is_not_known(index):
    malta = audience_of(claim(dataclasses.replace(one(), place="Malta"), title(PRINCE)), index)
    assert malta.households == 7
    assert malta.implied.households == 1
    leeds = audience_of(claim(dataclasses.replace(people(5_000), place="Leeds"), title(PRINCE)), index)
    assert leeds.unasked is Unasked.NOT_HELD
    assert leeds.implied.households is None, "what nobody knows may be one household"


def test_a_share_points_at_so_many_of_the_place_and_not_at_more(index):
    asked = claim(dataclasses.replace(share(0.1), place="Malta"), title(PRINCE), Statistic.SHARE)
    assert audience_of(asked, index).implied.households == pytest.approx(0.7)


def test_hours_plays_and_ranks_are_of_titles_and_of_no_household(index):
    found = audience_of(hours_of(OTHERS, 1), index)
    assert found.figures[0].value == pytest.approx(400 * 2 * 0.95 * 1.5)
    assert (found.households, found.marks) == (400, None)
    rank = claim(Who(WhoKind.NOBODY), title(OTHERS), Statistic.RANK, amount=amount(1))
    assert told(index, rank)["rank among titles by hours"] == 2


def test_one_household_that_makes_up_nearly_all_is_seen(index):
    assert audience_of(hours_of(BEE, 1), index).largest_share == 1.0
    assert audience_of(hours_of(OTHERS, 1), index).largest_share == pytest.approx(1 / 400)


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (dataclasses.replace(the_tweet(), window=last_days(365)), Unasked.OUTSIDE),
        (dataclasses.replace(the_tweet(), action=Action.CAPTIONED), Unasked.NEVER),
        (dataclasses.replace(the_tweet(), action=Action.WROTE), Unasked.NOT_VIEWING),
        (dataclasses.replace(the_tweet(), action=Action.REWOUND), Unasked.NOT_HELD),
        (dataclasses.replace(the_tweet(), content=title("No Such Film")), Unasked.NOT_HELD),
    ],
)
def test_what_the_data_cannot_tell_is_not_answered(index, asked, why):
    found = audience_of(asked, index)
    assert (found.unasked, found.figures) == (why, ())
    assert found.why


def in_the_night(asked):
    return dataclasses.replace(asked, window=last_days(40, (1, 4)))


@pytest.mark.parametrize(
    "asked",
    [
        in_the_night(hours_of(PRINCE, 1)),
        dataclasses.replace(hours_of(PRINCE, 1), who=Who(WhoKind.NOBODY, place="Malta")),
        dataclasses.replace(hours_of(PRINCE, 1), action=Action.REWATCHED),
    ],
)
def test_totals_by_hour_place_or_kind_are_not_answered_with_those_of_everything(index, asked):
    assert audience_of(asked, index).unasked is Unasked.NOT_HELD


def test_a_mean_is_of_households_and_only_of_all_of_the_data(index):
    everyone = Who(WhoKind.EVERYONE)
    mean = told(index, claim(everyone, title(OTHERS), Statistic.AVERAGE, amount=amount(3)))
    assert mean["hours of a household that watched it"] == pytest.approx(2 * 0.95 * 1.5)
    assert told(index, claim(everyone, title(OTHERS), Statistic.AVERAGE, window=last_days(5))) == {}


def test_a_catalogue_tells_which_titles_a_name_stands_for(index):
    catalogue = {"The Prince": ("a-christmas-prince",)}
    asked = dataclasses.replace(the_tweet(), content=title("The Prince"))
    assert audience_of(asked, index).figures == ()
    assert audience_of(asked, index, catalogue).figures == audience_of(the_tweet(), index).figures


# ---------------------------------------------------------------- marks


def marks_of_daily():
    return {f"daily{n}": MarkStatus.NEVER_SINGLE_OUT for n in range(PLANTED)} | {
        f"once{n}": MarkStatus.OPEN for n in range(400)
    }


def test_protected_patterns_are_counted_among_the_audience_and_against_everyone(index):
    found = audience_of(the_tweet(), index, marks=marks_of_daily()).marks
    assert found.counts == {MarkStatus.NEVER_SINGLE_OUT: PLANTED, None: 2}
    assert found.worst is MarkStatus.NEVER_SINGLE_OUT
    assert found.ratio == pytest.approx(PLANTED / (PLANTED + 2) / (PLANTED / index.about.households))
    assert found.p_value < 1e-40


def test_a_household_without_a_mark_is_never_open(index):
    marks = {f"once{n}": MarkStatus.OPEN for n in range(399)}
    found = audience_of(claim(people(400), title(OTHERS)), index, marks=marks).marks
    assert found.counts == {MarkStatus.OPEN: 399, None: 1}
    assert found.worst is MarkStatus.NEVER_SINGLE_OUT
    assert (found.ratio, found.p_value) == (None, 1.0)


def test_the_chance_is_fishers():
    severity = np.array([2, 2, 2, 0, 0, 0, 0, 0], dtype=np.int8)
    marks = HouseholdMarks(severity, np.array([5, 0, 3, 0]))
    found = in_marks(np.array([0, 1, 2, 3]), marks)
    assert found.p_value == pytest.approx(5 / 70)  # all three among four of eight: C(5, 1) / C(8, 4)
    assert found.ratio == pytest.approx((3 / 4) / (3 / 8))


def test_a_glance_is_no_day_but_its_hours_count():
    rows = [row("h1", PRINCE, on(0)), row("h2", PRINCE, on(0), 30.0)]
    with ready(planted_sessions(rows)) as index:
        assert told(index, claim(people(1), title(PRINCE)))["watched on one day or more"] == 1
        assert audience_of(hours_of(PRINCE, 1), index).figures[0].value == pytest.approx(1.5 + 30 / 3600)


def test_marks_prepared_once_say_the_same(index):
    marks = marks_of_daily()
    assert audience_of(the_tweet(), index, marks=household_marks(index, marks)) == audience_of(
        the_tweet(), index, marks=marks
    )


def test_nothing_that_is_printed_tells_a_count_or_a_household(index):
    marks = household_marks(index, marks_of_daily())
    shown = repr(audience_of(the_tweet(9_000), index, marks=marks)) + repr(marks) + repr(index)
    assert "53" not in shown.replace(index.about.fingerprint, "").replace(index.about.key_check, "")
    assert "daily" not in shown


# ---------------------------------------------------------------- against a naive oracle

WATCHED = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 9), st.integers(0, 23)), min_size=1, max_size=40, unique=True
)


def naive(rows, days):
    """Return, per household, the set of days counted back from the last one."""
    found = defaultdict(set)
    for household, day, _ in rows:
        found[household].add(day)
    runs = {h: [all(d + k in seen for k in range(days)) for d in seen] for h, seen in found.items()}
    return {
        f"on every day of the {days} days": sum(seen >= set(range(days)) for seen in found.values()),
        f"at least {days} days in a row at any time": sum(any(run) for run in runs.values()),
        f"at least {days} days in all of the data": sum(len(seen) >= days for seen in found.values()),
        f"exactly {days} days in a row up to the last day": sum(
            seen >= set(range(days)) and days not in seen for seen in found.values()
        ),
    }


@settings(max_examples=25)
@given(rows=WATCHED, days=st.integers(2, 9))
def test_days_are_counted_as_a_naive_reader_counts_them(rows, days):
    sessions = [row(f"h{h}", PRINCE, on(day, hour), 1_800.0) for h, day, hour in rows]
    sessions += [row("edge", OTHERS, on(day)) for day in (0, 9)]
    with ready(planted_sessions(sessions)) as index:
        asked = claim(people(1), title(PRINCE), frequency=every_day(), window=last_days(days))
        found = told(index, asked)
    assert {words: found[words] for words in naive(rows, days)} == naive(rows, days)


@settings(max_examples=15)
@given(rows=WATCHED, least=st.integers(2, 5), length=st.integers(2, 9))
def test_some_days_of_a_window_that_may_lie_anywhere(rows, least, length):
    sessions = [row(f"h{h}", PRINCE, on(day, hour), 1_800.0) for h, day, hour in rows]
    sessions += [row("edge", OTHERS, on(day)) for day in (0, 9)]
    days = defaultdict(set)
    for household, day, _ in rows:
        days[household].add(day)
    widest = [max(len(seen & set(range(d, d + length))) for d in range(10)) for seen in days.values()]
    with ready(planted_sessions(sessions)) as index:
        asked = claim(people(1), title(PRINCE), frequency=days_of_them(least), window=last_days(length))
        found = told(index, asked)
    if least <= length:
        assert found[f"on at least {least} days of any {length} days"] == sum(most >= least for most in widest)


def test_a_window_with_dates_looks_at_those_days_only(index):
    end = (LAST - timedelta(days=DAILY)).date()
    window = Window(None, end - timedelta(days=5), end, None, SPAN)
    found = audience_of(claim(people(1), title(PRINCE), frequency=every_day(), window=window), index)
    assert found.figures[0].value == 2, "only those who watched for longer watched on all of these days"
