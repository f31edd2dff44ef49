"""What makes a cell unsafe, and in which interval its value must stay in doubt."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.checks import DEFINITIONS, Check, check, closed, protection
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.given import table_of_counts, table_of_totals
from analyzer.disclosure.limits import Limits, Readers, Zeros
from analyzer.disclosure.table import tabulate
from analyzer.errors import InputError

INSIDE = Limits(readers=Readers.INTERNAL)
NEEDS_MORE = (Check.POLICY, Check.SIZE, Check.DIFFERENCING)


def counts(*numbers, **options):
    return table_of_counts({"a": [f"c{i}" for i in range(len(numbers))]}, numbers, **options)


def found(table, limits, *checks):
    return {(table.keys[f.cell][0], f.check) for f in check(table, limits, checks or None)}


def keys(table):
    return {table.keys[f.cell] for f in check(table, Limits(), (Check.CLASS,)) if f.check is Check.CLASS}


def shared():
    """Return a table in which few households are in both patterns."""
    frame = pd.DataFrame({"pattern": ["P1"] * 200 + ["P2"] * 3, "home": [*range(200), *range(3)]})
    return tabulate(frame, ["pattern"], "home")


def test_each_check_has_a_definition_and_a_source():
    assert set(DEFINITIONS) == set(Check)
    assert all(d.says.endswith(".") and d.source for d in DEFINITIONS.values())


def test_the_floor_is_safe_itself_and_nobody_is_not_few():
    assert found(counts(9, 10, 0), INSIDE, Check.FLOOR) == {("c0", Check.FLOOR)}
    assert found(counts(99, 100), Limits(), Check.FLOOR) == {("c0", Check.FLOOR)}


def test_an_empty_cell_is_withheld_where_the_limits_say_so():
    assert not found(counts(0, 50), INSIDE, Check.ZERO)
    assert found(counts(0, 50), replace(INSIDE, zeros=Zeros.WITHHOLD), Check.ZERO) == {("c0", Check.ZERO)}


@given(st.lists(st.integers(0, 200), min_size=2, max_size=6))
def test_every_protection_interval_holds_the_value_and_more(numbers):
    table = counts(*numbers)
    for finding in check(table, INSIDE):
        assert 0 <= finding.low <= table.values[finding.cell] <= finding.high
        assert finding.low < finding.high


@settings(deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(1, 20))
def test_a_lower_floor_never_withholds_more(numbers, floor):
    table = counts(*numbers, 100)
    low, high = (found(table, Limits().with_floor(f), Check.FLOOR) for f in (floor, floor + 1))
    assert low <= high


def test_a_total_is_unsafe_where_its_largest_reach_the_share_exactly():
    def dominated(*amounts):
        return found(table_of_totals({"x": amounts}, {}, 3), Limits(), Check.DOMINANCE)

    assert ("x", Check.DOMINANCE) in dominated(80, 10, 10)
    assert ("x", Check.DOMINANCE) not in dominated(79, 10, 10, 1)


def test_the_p_ratio_is_safe_at_its_limit():
    def known(*amounts):
        return found(table_of_totals({"x": amounts}, {}, 3), Limits(), Check.P_RATIO)

    assert ("x", Check.P_RATIO) not in known(100, 50, 10)
    assert ("x", Check.P_RATIO) in known(100, 50, 9)


def test_counts_are_not_dominated():
    assert not found(counts(5, 1), Limits(), Check.DOMINANCE, Check.P_RATIO)


def test_no_more_contributions_are_added_up_than_a_table_keeps():
    table = table_of_totals({"x": [40, 30, 20, 10]}, {}, 3)
    with pytest.raises(InputError, match="dominance_n is 4"):
        check(table, replace(Limits(), dominance_n=4))


@pytest.mark.parametrize("name", [name for name in Check if name not in NEEDS_MORE])
def test_each_check_of_a_table_finds_alone_what_it_finds_among_all(name):
    kinds = {Check.CLASS, Check.WITHIN_GROUP} if name is Check.CLASS else {name}
    limits = replace(INSIDE, zeros=Zeros.WITHHOLD)
    seen = 0
    for table in (counts(30, 1), counts(30, 0), table_of_totals({"x": [80, 3], "y": [5, 5, 5]}, {}, 3), shared()):
        alone = check(table, limits, (name,))
        assert set(alone) == {finding for finding in check(table, limits) if finding.check in kinds}
        seen += len(alone)
    assert seen


@pytest.mark.parametrize("name", NEEDS_MORE)
def test_a_check_that_needs_more_than_a_table_is_refused_in_words(name):
    with pytest.raises(InputError, match=f"A table alone does not tell of: {name.value}"):
        check(counts(5, 1), INSIDE, (Check.FLOOR, name))


def test_of_totals_the_same_is_told_when_all_of_a_group_are_in_one_cell():
    assert found(table_of_totals({"x": [5, 4], "y": [0]}, {}, 3), Limits(), Check.CLASS) == {("x", Check.CLASS)}
    one_outside = table_of_totals({"x": [5, 4], "y": [3]}, {}, 3)
    assert found(one_outside, Limits(), Check.CLASS) == {("x", Check.WITHIN_GROUP)}
    assert not found(table_of_totals({"x": [5, 4], "y": [3, 2]}, {}, 3), Limits(), Check.CLASS)


def test_a_group_of_a_hierarchy_is_a_group_and_a_cell():
    where = {"country": {"de": "dach", "at": "dach", "fr": "west", "be": "west"}}
    labels = {"country": ["de", "at", "fr", "be"], "pattern": ["P1", "P2"]}
    spread = [[300, 0], [200, 0], [150, 150], [100, 100]]
    assert ("dach", "P1") in keys(table_of_counts(labels, spread, where))
    gone = [[300, 20], [200, 20], [0, 100], [0, 200]]
    assert ("dach", "P1") in keys(table_of_counts(labels, gone, where)), "all of P1 are in one group of countries"


def test_everybody_is_a_group_too():
    table = table_of_counts({"country": ["de", "fr"], "pattern": ["P1", "P2"]}, [[300, 0], [200, 0]])
    assert (ALL, "P1") in keys(table)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [((6, 0), Check.CLASS), ((5, 1), Check.WITHIN_GROUP), ((2, 2), None), ((1, 1), None), ((0, 0), None)],
)
def test_a_group_that_is_all_in_one_cell_or_all_but_one(numbers, told):
    assert {name for _, name in found(counts(*numbers), Limits(), Check.CLASS)} == ({told} if told else set())


def test_few_households_in_two_patterns_are_not_told_by_a_margin():
    assert (ALL, Check.OVERLAP) in found(shared(), INSIDE, Check.OVERLAP)


def test_what_the_policy_closes_is_in_doubt_by_the_floor_at_least():
    table = counts(1000, 50)
    finding = closed(table, table.values == 50, lambda cell: "closed", INSIDE)[0]
    assert (finding.check, finding.low, finding.high) == (Check.POLICY, 40, 60)


def test_of_several_findings_on_a_cell_the_widest_interval_holds():
    table = counts(5, 0)
    primary, low, high = protection(check(table, INSIDE), table)
    place = table.index(["c0"])
    each = [f for f in check(table, INSIDE) if f.cell == place]
    assert len(each) > 1
    assert primary[place]
    assert (low[place], high[place]) == (min(f.low for f in each), max(f.high for f in each))


def test_no_sentence_holds_a_small_number():
    for finding in check(counts(3, 0, 4), INSIDE):
        assert not {"1", "2", "3", "4", "7"} & set(finding.sentence.split())
