"""What is withheld cannot be computed: not from the table, and not by the only household of a withheld cell."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from analyzer.disclosure.attack import audit
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Relations
from analyzer.disclosure.suppression import suppress

FLOOR = 10
inner = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.one_of(st.integers(0, 14), st.integers(0, 400)), min_size=width, max_size=width),
        min_size=2,
        max_size=4,
    )
)


def with_margins(rows):
    table = np.array(rows, dtype=float)
    table = np.vstack([table, table.sum(axis=0)])
    return np.hstack([table, table.sum(axis=1, keepdims=True)])


def cells_of(rows):
    """Return the cells of a table with its margins, and the sums between them as rows of an independent matrix."""
    table = with_margins(rows)
    height, width = table.shape
    place = np.arange(table.size).reshape(table.shape)
    sums = [(place[i, -1], place[i, :-1]) for i in range(height)] + [
        (place[-1, j], place[:-1, j]) for j in range(width)
    ]
    values = table.ravel()
    small = (values > 0) & (values < FLOOR)
    no = np.zeros(len(values), dtype=bool)
    low, high = np.where(small, values // 2, values), np.where(small, FLOOR, values)
    # The only household of a part knows that it is in the whole.
    margin = np.zeros(table.shape, dtype=bool)
    margin[-1], margin[:, -1] = True, True
    low = np.where(margin.ravel() & small, np.maximum(low, 1), low)
    relations = Relations.sums(len(values), sums)
    weight = np.ones(len(values))
    cells = Cells(values, relations, small, low, high, no, no, True, values.astype(np.int64), weight)
    matrix = np.zeros((len(sums), len(values)))
    for row, (whole, parts) in enumerate(sums):
        matrix[row, whole] = -1
        matrix[row, parts] = 1
    return cells, matrix


def bounds(cells, matrix, withheld, cell, known=()):
    """Return what an attacker finds for a cell, straight from the definition."""
    limits = [
        (0, None) if there and number not in known else (value, value)
        for number, (value, there) in enumerate(zip(cells.values, withheld, strict=True))
    ]
    goal = np.zeros(len(cells))
    goal[cell] = 1
    ends = []
    for sign in (1, -1):
        done = linprog(sign * goal, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=limits, method="highs")
        ends.append(sign * done.fun if done.status == 0 else np.inf)
    return ends


@settings(max_examples=60, deadline=None)
@given(inner)
def test_no_small_count_can_be_told_from_one_at_the_floor(rows):
    cells, matrix = cells_of(rows)
    withheld = suppress(cells).withheld
    assert withheld[cells.primary].all()
    for cell in np.flatnonzero(cells.primary):
        low, high = bounds(cells, matrix, withheld, cell)
        assert low <= cells.low[cell] + 1e-6
        assert high >= cells.high[cell] - 1e-6


@settings(max_examples=40, deadline=None)
@given(inner)
def test_the_only_household_of_a_withheld_cell_learns_no_other(rows):
    cells, matrix = cells_of(rows)
    withheld = suppress(cells).withheld
    insiders = np.flatnonzero(withheld & (cells.contributors == 1))
    for insider, cell in product(insiders[:3], np.flatnonzero(cells.primary)):
        if insider != cell and cells.values[cell] > 1:  # a whole of one household is that household's own number
            low, high = bounds(cells, matrix, withheld, cell, (insider,))
            assert high - low > 1e-6


@settings(max_examples=40, deadline=None)
@given(inner)
def test_no_withheld_cell_is_found_out_exactly(rows):
    cells, matrix = cells_of(rows)
    withheld = suppress(cells).withheld
    for cell in np.flatnonzero(withheld):
        low, high = bounds(cells, matrix, withheld, cell)
        assert high - low > 1e-6


@settings(max_examples=40, deadline=None)
@given(inner)
def test_the_attacker_in_the_house_agrees_that_nothing_is_found(rows):
    cells, _ = cells_of(rows)
    plan = suppress(cells)
    assert plan.safe
    assert audit(cells, plan.withheld) == ()


@settings(max_examples=30, deadline=None)
@given(inner)
def test_withholding_only_what_is_small_is_found_out_where_it_is_alone_in_its_row(rows):
    cells, _ = cells_of(rows)
    if cells.primary.sum() == 1:
        assert audit(cells, cells.primary)


def test_a_move_that_serves_two_cells_of_linked_tables_is_preferred_to_one_for_each():
    """A by B and A by C: a square for each cell takes six others, one move through the margin of A takes four."""
    labels = [f"{x}{n}" for x in "bc" for n in range(3)]
    value = {(a, x): 100 + 7 * a + n for n, x in enumerate(labels) for a in range(4)}
    value |= {(0, "b0"): 3, (1, "c0"): 2}
    for a in range(4):  # both tables are of the same households
        value[a, "b2"] += 100
        value[a, "c2"] += sum(value[a, x] for x in labels[:3]) - sum(value[a, x] for x in labels[3:])
        value[a, "all"] = sum(value[a, x] for x in labels[:3])
    value |= {("all", x): sum(value[a, x] for a in range(4)) for x in [*labels, "all"]}
    place = {name: number for number, name in enumerate(value)}
    rows = [
        (place[a, "all"], [place[a, x] for x in half]) for a in [*range(4), "all"] for half in (labels[:3], labels[3:])
    ]
    columns = [(place["all", x], [place[a, x] for a in range(4)]) for x in [*labels, "all"]]
    values, no = np.array([*value.values()], dtype=float), np.zeros(len(value), dtype=bool)
    primary = values < 5
    low, high = np.where(primary, 1, values), np.where(primary, 5, values)
    relations = Relations.sums(len(values), [*rows, *columns])
    plan = suppress(Cells(values, relations, primary, low, high, no, no, True, values, np.ones(len(values))))
    assert plan.safe
    assert plan.complementary.sum() == 4
