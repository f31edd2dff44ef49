"""Tables of one request are one system: what one shows must not give away what another hides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.disclosure.attack import attack
from analyzer.disclosure.linked import linked
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.table import tabulate
from analyzer.errors import InputError

FRAME = pd.DataFrame(
    [(a, b, c) for a in "xy" for b in "pq" for c in "mn" for _ in range(3 + "xy".index(a) + 2 * "mn".index(c))],
    columns=["a", "b", "c"],
).assign(home=lambda frame: range(len(frame)))


def table(*by):
    return tabulate(FRAME, list(by), "home")


def cells_of(system):
    nothing = np.zeros(len(system.values), dtype=bool)
    zero = np.zeros(len(nothing))
    return Cells(
        system.values, system.relations, nothing, zero, zero, system.hidden, nothing, True, system.households, zero + 1
    )


def test_an_equal_cell_of_two_tables_is_one_cell():
    system = linked([table("a", "b"), table("b", "c")])
    assert len(system.groups) == len(set(system.groups)) == 9 + 9 - 3
    assert not system.hidden.any()
    for one, places in zip([table("a", "b"), table("b", "c")], system.places, strict=True):
        assert system.values[places].tolist() == one.values.tolist()


def test_a_cell_that_one_table_hides_is_found_out_from_another():
    first, second = table("a", "b"), table("b", "c")
    system = linked([first, second])
    withheld = np.zeros(len(system.values), dtype=bool)
    withheld[system.places[0][[first.index(["x", "p"]), first.index(["(all)", "p"])]]] = True
    cell = int(system.places[0][first.index(["(all)", "p"])])
    assert attack(cells_of(system), withheld, cell).width == 0


def test_the_finest_cells_are_there_and_hidden_where_dimensions_go_round():
    pairs = [table("a", "b"), table("b", "c"), table("a", "c")]
    system = linked(pairs, table("a", "b", "c"))
    assert system.hidden.sum() == 8
    assert all(len(group) == 3 for group, unseen in zip(system.groups, system.hidden, strict=True) if unseen)
    assert all(
        system.values[whole] == system.values[parts].sum()
        for whole, parts in zip(system.relations.whole, system.relations.parts, strict=True)
    )


def test_tables_of_other_rows_are_refused():
    with pytest.raises(InputError, match="other numbers"):
        linked([table("a", "b"), tabulate(FRAME.iloc[1:], ["b", "c"], "home")])
    with pytest.raises(InputError):
        linked([])
