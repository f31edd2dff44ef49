"""How numbers are told that may be told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import (
    MARKER,
    Rounding,
    coded_share,
    half_up,
    may_be_told,
    midpoint,
    significant,
    strict,
    title_hours,
)
from analyzer.errors import InputError

LIMITS = Limits()


@given(st.integers(0, 10**9), st.integers(1, 10**6))
def test_half_up_is_at_most_half_a_base_away_and_never_down_from_the_middle(value, base):
    told = half_up(value, base)
    assert told % base == 0
    assert -base <= 2 * (value - told) < base


def test_decimals_are_rounded_as_they_are_written():
    assert half_up(0.15, 0.1) == 0.2
    assert half_up(2.675, 0.01) == 2.68


def test_the_strict_preset_withholds_one_to_seven_and_rounds_the_rest_to_five():
    told = strict(LIMITS).told
    assert [told(count) for count in (0, 1, 7, 8, 12, 13)] == [0, MARKER, MARKER, 10, 10, 15]


@given(st.integers(1, 7))
def test_no_count_that_the_strict_preset_tells_leads_back_to_one_it_withholds(count):
    shown = {strict(LIMITS).told(other) for other in range(8, 1000)} | {0}
    assert strict(LIMITS).told(count) not in shown


@given(st.floats(0, 1))
def test_a_share_beyond_a_limit_is_told_by_its_side_alone(share):
    told = coded_share(share, LIMITS)
    assert (told == "> 95 %") == (share > 0.95)
    assert (told == "< 5 %") == (share < 0.05)


def test_a_title_is_told_in_steps_of_hours_from_its_floor():
    assert title_hours(49_999.9, LIMITS) == MARKER
    assert title_hours(50_000, LIMITS) == 100_000
    assert title_hours(31_349_999, LIMITS) == 31_300_000
    assert may_be_told(31_300_000, LIMITS)
    assert not may_be_told(31_349_999, LIMITS)
    assert not may_be_told(0, LIMITS)


def test_other_published_ways_of_rounding():
    assert [midpoint(count, 6) for count in (0, 1, 6, 7)] == [0, 3, 3, 9]
    assert [significant(count) for count in (0, 14, 15, 99, 1_049, 1_234_567)] == [0, "<15", 20, 100, 1_000, 1_235_000]


def test_what_is_no_count_no_share_and_no_base_is_refused():
    for wrong in (lambda: Rounding(base=0), lambda: strict(LIMITS).told(-1), lambda: coded_share(1.1, LIMITS)):
        with pytest.raises(InputError):
            wrong()
