"""Whether a stated figure is true, and what may be told of that."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.limits import Limits
from analyzer.messages.audience import Audience, audience_of
from analyzer.messages.bands import band, fits, meant
from analyzer.messages.claim import Basis, BasisKind, Statistic, Who, WhoKind
from analyzer.messages.title_figures import Figure
from analyzer.messages.truth import WITHHELD_TRUTH, TruthStatus, truth_of
from analyzer.workflow.message_index import ready

from .planted import (
    BEE,
    PLANTED,
    PRINCE,
    amount,
    claim,
    hours_of,
    last_days,
    on,
    one,
    people,
    planted_rows,
    planted_sessions,
    row,
    share,
    survey,
    the_tweet,
    times,
    title,
)

LIMITS = Limits()


@pytest.fixture(scope="module")
def index():
    """The planted population beside a title that 3,000 households watched for 22 hours each."""
    rows = planted_rows()
    rows += [row(f"many{n}", "Long Days", on(n % 40), 80_000.0, runtime_s=86_000.0) for n in range(3_000)]
    with ready(planted_sessions(rows)) as opened:
        yield opened


def judged(asked, index):
    return truth_of(asked, audience_of(asked, index), LIMITS)


def hours(index):
    return audience_of(hours_of("Long Days", 1), index).figures[0].value


# ---------------------------------------------------------------- the case


def test_the_numbers_of_the_tweet_are_right_and_that_is_told_to_nobody(index):
    found = judged(the_tweet(), index)
    assert found.status is TruthStatus.CONFIRMED
    assert "exactly 18 days in a row up to the last day" in found.because
    assert (found.tellable, found.told) == (False, WITHHELD_TRUTH)


@pytest.mark.parametrize("count", [52, 54, 530, 53_000])
def test_another_number_is_contradicted_and_the_real_one_is_never_named(index, count):
    found = judged(the_tweet(count), index)
    assert found.status is TruthStatus.CONTRADICTED
    assert "fewer than 100 households" in found.because
    assert not re.search(rf"\b({PLANTED}|{PLANTED + 2})\b(?!,)", found.because)
    assert not found.tellable


def test_one_viewer_and_357_plays(index):
    assert judged(claim(one(), title(BEE), frequency=times(357)), index).status is TruthStatus.CONFIRMED
    assert judged(claim(one(), title(BEE), frequency=times(358)), index).status is TruthStatus.CONTRADICTED


def test_hours_are_confirmed_within_their_rounding_and_in_the_steps_of_the_door(index):
    exact = hours(index)
    assert 50_000 < exact < 100_000
    for stated in (exact, round(exact, -3), 100_000):
        assert judged(hours_of("Long Days", stated), index).status is TruthStatus.CONFIRMED, stated
    for stated in (exact * 1.1, 200_000, 31_300_000):
        found = judged(hours_of("Long Days", stated), index)
        assert found.status is TruthStatus.CONTRADICTED
        assert "about 100,000 hours" in found.because
        assert found.tellable


def test_a_survey_cannot_say_who_watched_daily(index):
    found = judged(the_tweet(basis=survey(60_000)), index)
    assert found.status is TruthStatus.UNSUPPORTED
    assert "60,000" in found.because
    assert survey(60_000).span in found.spans


# ---------------------------------------------------------------- bases


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (claim(people(70_000), title(PRINCE), basis=survey(60_000)), TruthStatus.UNSUPPORTED),
        (claim(people(50_000), title(PRINCE), basis=survey(60_000)), TruthStatus.UNKNOWN),
        (claim(share(0.6), title(PRINCE), Statistic.SHARE, basis=survey(2_000)), TruthStatus.UNKNOWN),
        (claim(Who(WhoKind.NOBODY), title(PRINCE), Statistic.HOURS, basis=survey(9)), TruthStatus.UNSUPPORTED),
        (claim(people(9), basis=Basis(BasisKind.PRIVATE_TEXT)), TruthStatus.UNKNOWN),
        (claim(people(9), basis=Basis(BasisKind.NONE)), TruthStatus.UNSUPPORTED),
        (claim(people(9), basis=Basis(BasisKind.SERVICE_DATA)), TruthStatus.UNKNOWN),
    ],
)
def test_what_a_basis_can_carry_without_any_data(asked, status):
    assert truth_of(asked, None, LIMITS).status is status


def test_a_window_that_the_data_does_not_hold_carries_nothing(index):
    asked = dataclasses.replace(the_tweet(), window=last_days(365))
    found = judged(asked, index)
    assert found.status is TruthStatus.UNSUPPORTED
    assert found.spans == (asked.window.span,)


def test_a_figure_without_basis_is_confirmed_where_the_data_has_it(index):
    baseless = Basis(BasisKind.NONE)
    assert judged(the_tweet(basis=baseless), index).status is TruthStatus.CONFIRMED
    unknown = claim(people(9), title("No Such Film"), basis=baseless)
    assert judged(unknown, index).status is TruthStatus.UNSUPPORTED


# ---------------------------------------------------------------- rounding

MEANT = """
stated      text       share  low         high
53          53         no     53          53
50          50         no     50          50
100         100        no     95          105
1000        1,000      no     950         1050
53000       53,000     no     52500       53500
31300000    31.3m      no     31250000    31350000
2.5         2.5        no     2.45        2.55
0.12        12 %       yes    0.115       0.125
0.5         half       yes    0.45        0.55
0.5         50 %       yes    0.495       0.505
0.123       12.3 %     yes    0.1225      0.1235
"""


@pytest.mark.parametrize("line", MEANT.strip().splitlines()[1:], ids=lambda line: line.split("  ")[0])
def test_a_round_number_means_all_that_round_to_it(line):
    stated, text, is_share, low, high = re.split(r"\s{2,}", line)
    found = meant(amount(float(stated), text=text), share=is_share == "yes")
    assert found == pytest.approx((float(low), float(high)))


@given(st.integers(1, 10**9))
def test_what_a_number_means_holds_the_number_and_never_half_of_it(number):
    low, high = meant(amount(number))
    assert low <= number <= high
    assert low > number / 2


def test_about_fifty_is_what_the_words_say():
    figure = Figure("", "households", 47.0)
    assert fits(amount(45, 55), figure, LIMITS)
    assert not fits(amount(50), figure, LIMITS)


# ---------------------------------------------------------------- bands


@given(st.integers(0, 10**8))
def test_no_band_tells_a_number_below_the_floor_and_none_tells_more_than_a_first_digit(number):
    told = band(Figure("", "households", float(number)), number, LIMITS)
    if number < LIMITS.public_floor:
        assert told == "fewer than 100 households"
    else:
        low, high = (int(part.replace(",", "")) for part in re.findall(r"[\d,]+", told))
        assert low <= number < high
        assert len(str(low).rstrip("0")) == 1


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=20))
def test_hours_in_bands_are_in_order_and_in_steps(values):
    bands = [band(Figure("", "hours", value), 5_000, LIMITS) for value in sorted(values)]
    numbers = [0 if told.startswith("fewer") else int(re.sub(r"\D", "", told)) for told in bands]
    assert all(a <= b for a, b in pairwise(numbers))
    assert all(number % 100_000 == 0 for number in numbers)


@given(
    unit=st.sampled_from(["share", "rank", "plays", "hours a household"]), value=st.floats(0, 1), few=st.integers(0, 99)
)
def test_whatever_few_households_make_up_is_told_as_few(unit, value, few):
    assert band(Figure("", unit, value), few, LIMITS) == "fewer than 100 households"


def test_where_a_small_number_is_stated_nothing_is_told_either():
    audience = Audience((Figure("", "households", 5_000.0),), "f" * 64, "a window", households=5_000)
    assert truth_of(claim(people(54)), audience, LIMITS).told == WITHHELD_TRUTH
    assert truth_of(claim(people(9_000)), audience, LIMITS).told != WITHHELD_TRUTH


def test_few_households_are_few_whoever_else_is_behind_a_claim():
    assert band(Figure("", "households", 99.0), 5_000, LIMITS) == "fewer than 100 households"
    assert band(Figure("", "households", 100.0), None, LIMITS) == "fewer than 100 households"


@given(stated=st.integers(1, 10**6), real=st.integers(0, 99))
def test_of_few_households_it_is_never_told_whether_a_number_is_right(stated, real):
    audience = Audience((Figure("", "households", float(real)),), "f" * 64, "a window", households=real)
    found = truth_of(claim(people(stated)), audience, LIMITS)
    assert found.told == WITHHELD_TRUTH
