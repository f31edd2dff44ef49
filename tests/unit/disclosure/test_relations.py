"""What holds between cells whatever the data are, as linear statements."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.disclosure.attack import attack
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Observation, Relations, check_whole_numbers, rows_of
from analyzer.errors import InputError

ROWS, COLUMNS = 2, 3
GROUPS = [*product(range(ROWS + 1), range(COLUMNS + 1))]  # the last of each is the margin
NUMBER = {group: number for number, group in enumerate(GROUPS)}


def overlapping(additive):
    wholes, parts = [], []
    for row in range(ROWS + 1):
        wholes.append(NUMBER[row, COLUMNS])
        parts.append([NUMBER[row, column] for column in range(COLUMNS)])
    for column in range(COLUMNS + 1):
        wholes.append(NUMBER[ROWS, column])
        parts.append([NUMBER[row, column] for row in range(ROWS)])
    return Relations(len(GROUPS), np.array(wholes), tuple(map(np.array, parts)), np.full(len(wholes), additive))


def counted(homes):
    """Return the distinct households of each cell and margin, of lists of (row, column), one list a household."""
    told = np.zeros(len(GROUPS))
    for places in homes:
        for row, column in GROUPS:
            told[NUMBER[row, column]] += any(r == row or row == ROWS for r, c in places if column in (c, COLUMNS))
    return told


homes = st.lists(st.sets(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), min_size=1), max_size=12)


@given(homes)
def test_counts_of_households_keep_every_statement_wherever_households_are(homes):
    rows = rows_of(overlapping(additive=False))
    told = rows.matrix @ counted(homes)
    assert (told >= rows.low).all()
    assert (told <= rows.high).all()


def test_whoever_is_in_two_rows_of_one_column_is_in_two_rows_of_all_columns():
    """Ten households are in both rows of the first column, nobody in both rows elsewhere: there is no room left."""
    both = [{(0, 0), (1, 0)}] * 10
    across = [{(row, 0), (row, 1)} for row in range(ROWS) for _ in range(5)]
    values = counted([*both, *across, *[{(0, 0)}] * 3, *[{(1, 2)}] * 20, *[{(0, 2)}] * 9])
    cell, no = NUMBER[0, 0], np.zeros(len(values), dtype=bool)
    cells = Cells(
        values, overlapping(additive=False), no, values, values, no, no, True, values + 2, np.ones(len(values))
    )
    found = attack(cells, np.arange(len(values)) == cell, cell)
    assert found.high == values[cell]


def test_a_sum_is_one_statement_and_observations_are_one_each():
    seen = Observation(np.array([0, 2]), np.array([1.0, -0.5]), -1, 1)
    rows = rows_of(Relations.sums(3, [(2, [0, 1])]), [seen])
    assert rows.matrix.toarray().tolist() == [[1, 1, -1], [1, 0, -0.5]]
    assert (rows.low.tolist(), rows.high.tolist()) == ([0, -1], [0, 1])


def test_a_whole_that_overlaps_lies_between_its_largest_part_and_their_sum():
    rows = rows_of(Relations(3, np.array([2]), (np.array([0, 1]),), np.array([False])))
    assert rows.matrix.toarray().tolist() == [[1, 1, -1], [-1, 0, 1], [0, -1, 1]]
    assert rows.low.tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("whole", "parts", "says"),
    [(0, [], "has no parts"), (0, [3], "outside 0 to 2"), (0, [1, 1], "names a cell twice"), (0, [0], "cell twice")],
)
def test_a_relation_that_cannot_be_is_refused(whole, parts, says):
    with pytest.raises(InputError, match=says):
        Relations.sums(3, [(whole, parts)])


@pytest.mark.parametrize(("low", "high", "factor"), [(1, 0, 1.0), (np.nan, 0, 1.0), (0, 1, np.inf)])
def test_an_observation_that_cannot_be_is_refused(low, high, factor):
    with pytest.raises(InputError, match="empty or not a number"):
        Observation(np.array([0]), np.array([factor]), low, high)


@pytest.mark.parametrize("value", [1.5, 2.0**54])
def test_a_count_that_is_no_whole_number_or_too_large_to_be_exact_is_refused(value):
    with pytest.raises(InputError, match="whole number"):
        check_whole_numbers(np.array([value]))


def test_values_that_contradict_a_relation_are_refused():
    values, no = np.array([1.0, 2.0, 4.0]), np.zeros(3, dtype=bool)
    with pytest.raises(InputError, match="contradict a relation"):
        Cells(values, Relations.sums(3, [(2, [0, 1])]), no, values, values, no, no, True, values, values)
