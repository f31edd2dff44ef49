"""The attacker: what was found out, by whom, and how surely."""

from __future__ import annotations

import numpy as np
import pytest

from analyzer.disclosure.attack import BreachStatus, attack, audit
from analyzer.disclosure.insiders import insiders, known_to, owners_of
from analyzer.disclosure.problem import NOBODY, Cells
from analyzer.disclosure.relations import Observation, Relations
from analyzer.disclosure.suppression import suppress


def with_margins(rows):
    table = np.array(rows, dtype=float)
    table = np.vstack([table, table.sum(axis=0)])
    return np.hstack([table, table.sum(axis=1, keepdims=True)])


def sums_of(shape):
    place = np.arange(np.prod(shape)).reshape(shape)
    return [(int(line[-1]), line[:-1]) for line in [*place, *place.T]]


def cells_of(rows, protected=None, contributors=None, integer=True, **more):
    """Return the cells of a table with its totals; `protected` is cell -> (low, high)."""
    table = with_margins(rows)
    values, count = table.ravel(), table.size
    low, high, primary = values.copy(), values.copy(), np.zeros(count, dtype=bool)
    for cell, (least, most) in (protected or {}).items():
        low[cell], high[cell], primary[cell] = least, most, True
    people = np.full(count, 50) if contributors is None else with_margins(contributors).ravel()
    no = np.zeros(count, dtype=bool)
    relations = Relations.sums(count, sums_of(table.shape))
    people = values if integer and contributors is None else people
    return Cells(values, relations, primary, low, high, no, no, integer, people, np.ones(count), **more)


def withheld(cells, *numbers):
    return np.isin(np.arange(len(cells)), numbers)


FOUR = [[4, 3, 30], [40, 20, 60], [70, 80, 90]]  # cells 0 to 3, 4 to 7, 8 to 11; totals 12 to 15


def test_a_cell_alone_in_its_row_is_found_out_by_everybody():
    cells = cells_of(FOUR, {0: (2, 10)})
    (breach,) = audit(cells, withheld(cells, 0))
    assert (breach.cell, breach.insider, breach.status) == (0, None, BreachStatus.EXACT)
    assert breach.interval.low == breach.interval.high == 4


def test_a_cell_that_is_bounded_inside_its_interval_is_found_out_though_not_exactly():
    cells = cells_of(FOUR, {0: (2, 10)})
    (breach,) = audit(cells, withheld(cells, 0, 1, 4, 5))
    assert (breach.cell, breach.status) == (0, BreachStatus.TOO_TIGHT)
    assert (breach.interval.low, breach.interval.high) == (0, 7)  # no more than 3 can leave the cell beside it


def test_a_primary_cell_that_was_published_is_found_out():
    cells = cells_of(FOUR, {0: (2, 10)})
    assert [breach.cell for breach in audit(cells, withheld(cells))] == [0]


def test_a_cell_that_was_withheld_for_others_is_found_out_only_if_it_is_computed_exactly():
    cells = cells_of(FOUR)
    assert [b.status for b in audit(cells, withheld(cells, 0))] == [BreachStatus.EXACT]
    assert audit(cells, withheld(cells, 0, 1, 4, 5)) == ()


def test_what_everybody_finds_out_is_reported_once():
    cells = cells_of([[1, 4, 30], [4, 6, 60], [70, 80, 90]], {1: (2, 10)})
    assert [(b.cell, b.insider) for b in audit(cells, withheld(cells, 0, 1))] == [(0, None), (1, None)]


def test_the_only_household_of_a_cell_finds_out_the_others_of_a_square():
    cells = cells_of([[1, 14, 30], [14, 16, 60], [70, 80, 90]], {1: (13, 15)})
    (breach,) = audit(cells, withheld(cells, 0, 1, 4, 5))
    assert (breach.cell, breach.insider, breach.status) == (1, 0, BreachStatus.EXACT)
    assert attack(cells, withheld(cells, 0, 1, 4, 5), 1).width > 2


def test_whoever_is_alone_in_a_total_knows_that_its_other_parts_are_empty():
    cells = cells_of([[1, 0], [4, 6]])
    assert known_to(cells, 0).tolist() == [0, 1, 2]
    assert [who.cell for who in insiders(cells)] == [0]


ALONE_TWICE = [[5.0, 6.0, 7.0, 90.0], [70.0, 80.0, 60.0, 50.0]]
OWNERS = np.full(15, NOBODY)
OWNERS[:3] = [8, 8, 9]


@pytest.mark.parametrize("owners", [None, OWNERS], ids=["taken for two households", "known to be one"])
def test_one_household_that_is_alone_in_two_cells_is_one_insider(owners):
    people = [[1, 1, 1, 9], [9, 9, 9, 9]]
    more = {} if owners is None else {"owners": owners}
    cells = cells_of(ALONE_TWICE, {2: (6, 8)}, people, integer=False, **more)
    found = audit(cells, withheld(cells, 0, 1, 2, 5, 6, 7))
    assert [(b.cell, b.insider, b.status) for b in found] == ([] if owners is None else [(2, 0, BreachStatus.EXACT)])


def test_nothing_is_found_out_where_one_household_that_is_alone_twice_was_thought_of():
    people = [[1, 1, 1, 9], [9, 9, 9, 9]]
    cells = cells_of(ALONE_TWICE, dict.fromkeys(range(3), (4, 8)), people, integer=False, owners=OWNERS)
    plan = suppress(cells)
    assert plan.safe
    assert audit(cells, plan.withheld) == ()


def test_owners_are_the_only_households_of_cells():
    levels = [
        (np.array([0, 0, 1]), np.array([3, 4, 5]), np.ones(3)),
        (np.array([2, 2, 2]), np.array([3, 4, 5]), np.ones(3)),
    ]
    assert owners_of(levels, 4).tolist() == [NOBODY, 5, NOBODY, NOBODY]


def test_a_household_knows_that_totals_hold_what_it_brought():
    cells = cells_of([[5.0, 6.0], [70.0, 80.0]], None, [[1, 1], [9, 9]], False, owners=[4, 4, *[NOBODY] * 7])
    (who,) = insiders(cells)
    assert who.least.tolist() == [5, 6, 11, 0, 0, 0, 5, 6, 11]


@pytest.mark.parametrize("low", [91, 100, 100.5])
def test_a_total_is_not_asked_to_be_in_doubt_below_what_its_insider_brought(low):
    people = [[1, 1, 9], [9, 9, 9], [9, 9, 9]]
    rows = [[100.0, 1.0, 0.0], [200.0, 300.0, 200.0], [300.0, 200.0, 100.0]]
    cells = cells_of(rows, {0: (80, 120), 3: (low, 111)}, people, integer=False)
    plan = suppress(cells)
    assert plan.safe
    assert not plan.withheld.all()
    assert audit(cells, plan.withheld) == ()
    assert attack(cells, plan.withheld, 3).low <= low  # everybody else must find less possible, too


def test_whole_numbers_are_known_to_be_whole():
    # Two of each three are withheld in pairs whose sums are odd: fractions would leave room, whole numbers none.
    sums = Relations.sums(6, [(3, [0, 1]), (4, [1, 2]), (5, [0, 2])])
    values, no, one = np.array([1.0, 0, 0, 1, 0, 1]), np.zeros(6, dtype=bool), np.ones(6)
    cells = Cells(values, sums, no, values, values, no, no, True, values, one, steps=np.array([0, 0, 0, 0, 2, 0]))
    hidden = withheld(cells, 0, 1, 2)
    assert attack(cells, hidden, 0).width == 0
    halves = Cells(values, sums, no, values, values, no, no, False, values, one, steps=cells.steps)
    assert attack(halves, hidden, 0).width == pytest.approx(0.5)


def test_an_earlier_release_is_part_of_what_the_attacker_knows():
    told = Observation(np.array([0, 1]), np.array([1.0, -1.0]), 0, 2)
    cells = cells_of(FOUR, observations=(told,))
    square = withheld(cells, 0, 1, 4, 5)
    assert attack(cells_of(FOUR), square, 0).width == 7
    assert (attack(cells, square, 0).low, attack(cells, square, 0).high) == (4, 4)
