"""The door: a table leaves cell by cell or not at all, and never what tells of few together with what left before."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.checks import Check, closed
from analyzer.disclosure.limits import limits_for
from analyzer.disclosure.release import Draft, opened
from analyzer.disclosure.released import CellStatus
from analyzer.disclosure.table import tabulated
from analyzer.disclosure.telling import rounded
from analyzer.disclosure.told import Definition, Earlier, Statistic

KEY = b"k" * 32
PUBLIC = limits_for("public message")


class History:
    """What left before, in memory."""

    def __init__(self):
        self.left = []

    def releases(self, population):
        return [e for e in self.left if e.told.definition.population == population]

    def keep(self, told):
        self.left.append(Earlier(len(self.left) + 1, "2026-11-26", told))


def sessions(seed=0, households=8_000, rows=20_000):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "household_id": rng.integers(0, households, rows).astype(str),
            "country": rng.choice(list("ABCDEFGH"), rows, p=[0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.015, 0.005]),
            "device": rng.choice(["tv", "phone", "web", "box"], rows, p=[0.6, 0.3, 0.09, 0.01]),
            "hours": rng.exponential(2, rows),
        }
    )


def asked(frame, by=("country", "device"), measure=None, history=None, limits=PUBLIC, **more):
    table, whose = tabulated(frame, list(by), "household_id", measure)
    statistic = Statistic.TOTAL if measure else Statistic.HOUSEHOLDS
    definition = Definition("all viewers", tuple(by), "December", measure or "households", statistic)
    history = history or History()
    result = opened(Draft(table, whose, definition, **more), limits, history, KEY)
    if result.told is not None:
        history.keep(result.told)
    return table, result


def status(result):
    return {cell.labels: cell.status for cell in result.cells}


def test_no_count_below_the_floor_leaves():
    table, result = asked(sessions())
    shown = [v for v, c in zip(table.values, result.cells, strict=True) if c.status is CellStatus.RELEASED]
    assert len(shown) > 20
    assert all(value == 0 or value >= 100 for value in shown)


def test_what_is_withheld_says_nothing_of_why():
    _, result = asked(sessions())
    withheld = [cell for cell in result.cells if cell.status is CellStatus.WITHHELD]
    assert {(cell.value, cell.text) for cell in withheld} == {(None, "withheld")}


def test_the_same_table_may_be_said_again():
    history = History()
    first, again = asked(sessions(), history=history)[1], asked(sessions(), history=history)[1]
    assert first.cells == again.cells


def test_after_one_household_has_left_no_cell_of_theirs_is_told_again():
    frame, history = sessions(), History()
    asked(frame, history=history)
    gone = frame.household_id.iloc[0]
    _, result = asked(frame[frame.household_id != gone], history=history)
    theirs = frame[frame.household_id == gone]
    for country, device in zip(theirs.country, theirs.device, strict=True):
        for labels in product((country, "(all)"), (device, "(all)")):
            assert not result.cells or status(result)[labels] is CellStatus.WITHHELD
    assert any(finding.check is Check.DIFFERENCING for finding in result.findings)


def test_a_cell_that_the_policy_closed_is_withheld_at_any_size_and_cannot_be_computed():
    frame = sessions().drop_duplicates("household_id")  # each in one country: margins are sums, and could be subtracted
    table, _ = tabulated(frame, ["country"], "household_id")
    cells = np.array([key == ("A",) for key in table.keys])
    assert table.households[table.index(("A",))] > 2_000
    findings = tuple(closed(table, cells, lambda _: "the rulebook says no", PUBLIC))
    _, result = asked(frame, by=("country",), findings=findings)
    assert status(result)["A",] is CellStatus.WITHHELD
    assert sum(s is CellStatus.WITHHELD for s in status(result).values()) >= 2


def test_totals_below_the_least_do_not_leave():
    table, result = asked(sessions(), by=("country",), measure="hours", least=5_000.0)
    for value, cell in zip(table.values, result.cells, strict=True):
        assert value >= 5_000 or cell.status is CellStatus.WITHHELD


def test_a_table_of_few_households_does_not_leave_at_all():
    _, result = asked(sessions(households=40, rows=100))
    assert result.cells == ()
    assert "would have to be withheld" in result.refusals[0]


@pytest.mark.parametrize(
    ("value", "step", "told"), [(31_349_999, 100_000, 31_300_000), (50_000, 100_000, 100_000), (7.25, 0, 7.25)]
)
def test_numbers_are_rounded_halves_up(value, step, told):
    assert rounded(value, step) == told


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed):
    frame = sessions(seed, households=2_000, rows=4_000)
    other = frame.sample(frac=1, random_state=seed)
    assert asked(frame)[1].cells == asked(other)[1].cells
