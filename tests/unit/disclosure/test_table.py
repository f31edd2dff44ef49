"""Tables count households, in every margin, whatever the order of the rows."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure import adding
from analyzer.disclosure.adding import totals
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


amounts = st.one_of(
    st.floats(0, 1e12, allow_subnormal=True), st.sampled_from([0.1, 0.2, 0.3, 1 / 3, 1e-9, 5e-324, 0.0, 7.0])
)
told_of_floats = st.lists(
    st.tuples(st.sampled_from(["P1", "P2"]), st.sampled_from(["de", "at", "fr"]), st.sampled_from("abcd"), amounts),
    min_size=1,
    max_size=40,
)
WHERE = {"country": {"de": "dach", "at": "dach", "fr": "west"}}


@settings(deadline=None)
@given(told_of_floats, st.randoms(use_true_random=False))
def test_no_order_of_rows_and_no_name_of_a_household_changes_the_last_digit(told, random):
    names = dict(zip("abcd", random.sample(["4", "3", "2", "1"], 4), strict=True))
    renamed = [(pattern, country, names[home], hours) for pattern, country, home, hours in told]
    first, second = (
        tabulate(rows(*some), ["pattern", "country"], "home", "hours", WHERE)
        for some in (told, random.sample(renamed, len(renamed)))
    )
    assert first.keys == second.keys
    for name in ("households", "values", "largest", "overlap"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes(), name


def test_many_fractions_of_one_household_in_one_cell_add_up_alike_in_any_order():
    rng = np.random.default_rng(5)
    told = pd.DataFrame({"pattern": "P1", "country": "de", "home": list("ab") * 500, "hours": rng.random(1_000) ** 9})
    values = {
        tabulate(told.iloc[rng.permutation(1_000)], ["pattern", "country"], "home", "hours").largest.tobytes()
        for _ in range(5)
    }
    assert len(values) == 1


@given(st.lists(st.tuples(st.integers(0, 3), amounts), max_size=60))
def test_totals_are_as_good_as_adding_up_without_any_rounding(told):
    cell, amount = (np.array([part[i] for part in told], dtype=kind) for i, kind in enumerate((np.int64, np.float64)))
    for place, total in enumerate(totals(cell, amount, 4)):
        exact = math.fsum(amount[cell == place])
        assert abs(total - exact) <= 2 * math.ulp(exact)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=60), st.integers(1, 4), st.integers(1, 9))
def test_the_largest_of_each_cell_are_kept_block_by_block(told, count, block):
    cell, amount = (np.array([part[i] for part in told], dtype=kind) for i, kind in enumerate((np.int64, np.float64)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adding, "_BLOCK", block)
        kept = adding.largest(cell, amount, 4, count)
    for place, numbers in enumerate(kept.tolist()):
        assert numbers == [*sorted(amount[cell == place], reverse=True), *[0] * count][:count]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(["P1", "P1", "P2", "P1", "P2"], dtype="category"),
        pd.Series(["P1", "P1", "P2", "P1", "P2"], dtype=pd.CategoricalDtype(["P3", "P2", "P1"])),
        pd.Series(["P1", "P1", "P2", "P1", "P2"], dtype=object),
    ],
)
def test_labels_are_the_same_in_every_type_of_column(column):
    table = tabulate(FRAME.assign(pattern=column), ["pattern"], "home")
    assert table.keys == (("P1",), ("P2",), (ALL,))
    assert table.households.tolist() == tabulate(FRAME, ["pattern"], "home").households.tolist()


def test_days_and_numbers_are_labels_as_they_are_printed():
    days = pd.to_datetime(["2026-01-02", "2026-01-01", "2026-01-02", "2026-01-01", "2026-01-01"])
    table = tabulate(FRAME.assign(pattern=days, country=[9, 10, 9, 10, 9]), ["pattern", "country"], "home")
    assert table.dimensions[0].labels == ("2026-01-01", "2026-01-02", ALL)
    assert table.dimensions[1].labels == ("9", "10", ALL)


def test_a_label_of_dropped_rows_only_is_no_label():
    told = pd.concat([FRAME, rows(("P9", None, "d", 1.0))])
    table = tabulate(told, ["pattern", "country"], "home", hierarchies={"country": {"de": "eu", "fr": "eu"}})
    assert "P9" not in table.dimensions[0].labels
    assert (table.rows_used, table.rows_dropped) == (5, 1)
