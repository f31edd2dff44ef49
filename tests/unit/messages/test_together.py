"""Any title: what lies ready of all titles together says what reading every title would say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.messages.matching import matching
from analyzer.messages.readings import NIGHT, Condition, Measure
from analyzer.messages.together import LENGTHS
from analyzer.workflow.message_index import ready

from .planted import planted_rows, planted_sessions


@pytest.fixture(scope="module")
def index():
    rows = [row | {"rewinds": n % 3} for n, row in enumerate(planted_rows())]
    with ready(planted_sessions(rows)) as opened:
        yield opened


def both(index, condition):
    every = tuple(range(index.about.titles))
    return matching(index, None, condition), matching(index, every, condition)


def same(one, other):
    order, ours = np.argsort(one.household), np.argsort(other.household)
    assert one.household[order].tolist() == other.household[ours].tolist()
    np.testing.assert_allclose(one.amount[order], other.amount[ours])


SLIDING = [Measure.PLAYS, Measure.FINISHED, Measure.IN_ONE_GO, Measure.REWINDS, Measure.HOURS, Measure.PERIODS]


@settings(max_examples=80)
@given(
    measure=st.sampled_from(SLIDING),
    least=st.integers(1, 20),
    length=st.integers(1, 40),
    upper=st.booleans(),
    where=st.sampled_from(["the last days", "any days", "all days", "up to a day"]),
)
def test_any_title_is_all_titles_together(index, measure, least, length, upper, where):
    last = index.about.last_day
    places = {
        "the last days": {"first": last - length + 1},
        "any days": {"anywhere": length},
        "all days": {},
        "up to a day": {"first": last - length - 3, "last": last - 3},
    }
    most = least + 5.0 if upper else math.inf
    same(*both(index, Condition(measure, least, most, **places[where])))


@pytest.mark.parametrize("measure", [Measure.RUN, Measure.LAST_RUN])
@pytest.mark.parametrize("least", [1, 2, 18, 19, 24])
def test_days_in_a_row_of_any_title(index, measure, least):
    same(*both(index, Condition(measure, least)))


@pytest.mark.parametrize("each", [0, 1, 2, 3, 9])
@pytest.mark.parametrize("period", [1, 7])
@pytest.mark.parametrize("clock", [None, NIGHT])
def test_days_and_weeks_with_so_many_plays_of_any_title(index, each, period, clock):
    for least in (1, 2, 5):
        same(*both(index, Condition(Measure.PERIODS, least, period=period, each=each, clock=clock)))


def test_a_length_that_does_not_lie_ready_is_read_from_the_days(index):
    assert 40 not in LENGTHS
    same(*both(index, Condition(Measure.PLAYS, 5, anywhere=40)))
