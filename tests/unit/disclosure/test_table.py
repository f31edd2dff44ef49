"""Tables count households, in every margin, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.given import table_of_counts, table_of_totals
from analyzer.disclosure.table import tabulate
from analyzer.errors import InputError


def rows(*told):
    return pd.DataFrame(told, columns=["pattern", "country", "home", "hours"])


FRAME = rows(
    ("P1", "de", "a", 1.0),
    ("P1", "de", "a", 2.0),
    ("P2", "de", "a", 4.0),
    ("P1", "fr", "b", 8.0),
    ("P2", "fr", "c", 16.0),
)


def test_several_rows_of_one_household_count_once():
    table = tabulate(FRAME, ["pattern"], "home")
    assert table.households[table.index(["P1"])] == 2


def test_a_margin_is_the_number_of_distinct_households():
    table = tabulate(FRAME, ["pattern"], "home")
    assert table.households[table.index([ALL])] == 3
    assert table.overlap.tolist() == [1]
    assert not table.relations.additive.any()


def test_a_relation_is_additive_where_nobody_is_in_two_parts():
    table = tabulate(FRAME, ["pattern", "country"], "home")
    additive = {
        table.keys[whole]: bool(sums)
        for whole, sums in zip(table.relations.whole, table.relations.additive, strict=True)
    }
    assert additive["P1", ALL]
    assert not additive[ALL, "de"]


def test_totals_add_up_and_keep_their_largest_households():
    table = tabulate(FRAME, ["pattern"], "home", "hours")
    place = table.index(["P1"])
    assert table.values[place] == 11
    assert table.largest[place].tolist() == [8, 3, 0]
    assert table.relations.additive.all()


def test_rows_without_a_label_are_dropped_and_counted():
    table = tabulate(pd.concat([FRAME, rows((None, "de", "d", 1.0))]), ["pattern"], "home")
    assert (table.rows_used, table.rows_dropped) == (5, 1)


def test_groups_of_a_hierarchy_are_counted_between_label_and_margin():
    table = tabulate(FRAME, ["country"], "home", hierarchies={"country": {"de": "dach", "fr": "west"}})
    assert table.households[table.index(["dach"])] == 1
    assert table.households[table.index([ALL])] == 3


@pytest.mark.parametrize(
    ("frame", "options", "words"),
    [
        (FRAME.assign(home=None), {}, "no home"),
        (FRAME.assign(hours=[1, 2, -1, 4, 5]), {"measure": "hours"}, "row 3"),
        (FRAME.assign(hours=[1, 2, 3, None, 5]), {"measure": "hours"}, "row 4"),
        (FRAME.assign(pattern=ALL), {}, "margin"),
        (FRAME, {"hierarchies": {"pattern": {"P1": "x", "P2": "y", "x": "y", "y": "x"}}}, "circle"),
        (FRAME, {"hierarchies": {"pattern": {"P1": "x"}}}, "does not know"),
        (FRAME, {"measure": "hour"}, "hours"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_words(frame, options, words):
    with pytest.raises(InputError, match=words):
        tabulate(frame, ["pattern"], "home", **options)


one_row = st.tuples(
    st.sampled_from(["P1", "P2", "P3"]), st.sampled_from(["de", "fr"]), st.sampled_from("abcde"), st.integers(0, 9)
)
told = st.lists(one_row, min_size=1, max_size=30)


@settings(deadline=None)
@given(told, st.randoms(use_true_random=False))
def test_every_cell_is_what_counting_by_hand_gives_in_any_order(told, random):
    shuffled = random.sample(told, len(told))
    table = tabulate(rows(*shuffled), ["pattern", "country"], "home", "hours")
    for number, key in enumerate(table.keys):
        inside = [r for r in told if key[0] in (r[0], ALL) and key[1] in (r[1], ALL)]
        each = {home: sum(r[3] for r in inside if r[2] == home) for home in {r[2] for r in inside}}
        assert table.households[number] == len(each)
        assert table.values[number] == sum(each.values())
        assert table.largest[number].tolist() == [*sorted(each.values(), reverse=True), 0, 0, 0][:3]


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 20), min_size=3, max_size=3), min_size=2, max_size=4))
def test_a_table_that_is_given_has_the_margins_of_the_same_rows(counts):
    labels = {"pattern": [f"P{i}" for i in range(len(counts))], "country": ["a", "b", "c"]}
    table = table_of_counts(labels, counts)
    assert table.values[table.index([ALL, ALL])] == np.sum(counts)
    for place, row in enumerate(counts):
        assert table.values[table.index([f"P{place}", ALL])] == sum(row)
    for whole, parts in zip(table.relations.whole, table.relations.parts, strict=True):
        assert table.values[whole] == table.values[parts].sum()


def test_totals_that_are_given_may_have_a_rest_of_smaller_households():
    table = table_of_totals({"a": [5, 9]}, {"a": 20}, 3)
    place = table.index(["a"])
    assert (table.values[place], table.largest[place].tolist(), table.households[place]) == (20, [9, 5, 0], 3)
    with pytest.raises(InputError, match="more than its total"):
        table_of_totals({"a": [5, 9]}, {"a": 10}, 3)


@pytest.mark.parametrize("counts", [[1, -1], [1, 0.5], [1], [[1, 2]], ["x", 1], [1, float("nan")]])
def test_counts_that_are_none_are_refused(counts):
    with pytest.raises(InputError):
        table_of_counts({"a": ["x", "y"]}, counts)
