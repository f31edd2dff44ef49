"""Worked examples with known answers, and a naive oracle beside the attacker, the floor, dominance and rounding.

One example a line in the `.jsonl` files; `given.json` holds those that came with the project.
"""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from analyzer.workflow.worked_examples import ExampleStatus, Printed, judge, load_examples

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import oracle  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))


def examples():
    lines = [line for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [*load_examples(FOLDER / "given.json"), *(json.loads(line, parse_float=Printed) for line in lines)]


EXAMPLES = examples()
NAMES = [example["id"] for example in EXAMPLES]


def example(kind, expected, **given_):
    return {"id": "x", "kind": kind, "input": given_, "expected": expected}


@pytest.mark.parametrize("one", EXAMPLES, ids=NAMES)
def test_an_example_is_answered_as_it_expects(one):
    judged = judge(one)
    assert judged.status is ExampleStatus.AGREES, judged


def test_no_example_is_known_by_its_name():
    for one in EXAMPLES:
        assert judge({**one, "id": "another", "note": ""}).status is ExampleStatus.AGREES


def turned(value):
    """The same expectation with another answer, or None where that is no other answer."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, dict) and value:
        other = copy.deepcopy(value)
        first = next(iter(other))
        other[first] = turned(other[first])
        return None if other[first] is None else other
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return [value[0], value[1] + 1]
    return None


@pytest.mark.parametrize("one", EXAMPLES, ids=NAMES)
def test_a_wrong_expectation_is_found_out(one):
    permitted = {"publish", "allow", "safe"}
    for name, value in one["expected"].items():
        wrong = ("block" if value in permitted else "allow") if name == "decision" else turned(value)
        if wrong is not None and not name.startswith("max_"):
            assert judge({**one, "expected": {name: wrong}}).status is ExampleStatus.DIFFERS, (name, wrong)


def test_a_kind_or_an_expectation_that_is_not_understood_is_no_success():
    assert judge(example("tertiary", {"decision": "block"})).status is ExampleStatus.NOT_UNDERSTOOD
    assert judge(example("primary", {"beauty": 3}, counts=[1, 2])).status is ExampleStatus.NOT_UNDERSTOOD
    assert judge(example("primary", {"primary": ["a"]})).status is ExampleStatus.NOT_UNDERSTOOD
    assert judge(example("audit", {"intervals": {"77": [0, 1]}}, table="[[?,1],[2,3]]")).status is (
        ExampleStatus.NOT_UNDERSTOOD
    )


junk = st.sampled_from([None, -1, 0, "x", [], {}, [[]], True, 1e9, "[[?]]", [None], {"a": None}, 3.5, "n<=2", 10**18])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(EXAMPLES), st.data())
def test_an_input_of_any_form_is_answered_and_never_raises(one, data):
    name = data.draw(st.sampled_from(sorted(one["input"]) or ["n"]))
    expected = data.draw(st.sampled_from(sorted(one["expected"])))
    broken = {**one, "input": {**one["input"], name: data.draw(junk)}}
    json.dumps(judge(broken).as_json())
    json.dumps(judge({**one, "expected": {expected: data.draw(junk)}}).as_json())


small = st.integers(0, 3)
leaves_2x2 = st.tuples(st.tuples(small, small), st.tuples(small, small))
places = st.frozensets(st.tuples(st.integers(0, 2), st.integers(0, 2)).filter(lambda p: p != (2, 2)), min_size=1)


@settings(max_examples=60, deadline=None)
@given(leaves_2x2, places)
def test_the_attacker_bounds_what_trying_every_table_bounds(leaves, withheld):
    table = oracle.with_margins(leaves)
    told = [["?" if (i, j) in withheld else table[i][j] for j in range(3)] for i in range(3)]
    labels = {"rows": ["a", "b", "Total"], "cols": ["x", "y", "Total"]}
    expected = {
        f"{labels['rows'][i]}|{labels['cols'][j]}": list(ends)
        for (i, j), ends in oracle.bounds(table, withheld).items()
    }
    assert judge(example("audit", {"intervals": expected}, table=told, **labels)).status is ExampleStatus.AGREES


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=2), st.integers(1, 20))
def test_a_floor_withholds_what_is_between_nobody_and_the_floor(counts, floor):
    expected = {"primary": sorted(oracle.unsafe_cells(counts, floor))}
    assert judge(example("primary", expected, counts=counts, k=floor)).status is ExampleStatus.AGREES


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=7), st.integers(1, 4), st.integers(30, 99))
def test_dominance_and_the_p_rule_are_what_their_definitions_say(amounts, n, percent):
    assume(sum(amounts) > 0)
    rules = {
        f"dom_{n}_{percent}": "unsafe" if oracle.dominated(amounts, n, percent) else "safe",
        f"p{percent}": "unsafe" if oracle.too_well_known(amounts, percent) else "safe",
    }
    assert judge(example("dominance", rules, contributions=amounts)).status is ExampleStatus.AGREES


@given(st.lists(st.integers(0, 200), min_size=1), st.sampled_from([3, 5, 7, 10]))
def test_rounding_goes_to_the_nearest_multiple_and_up_from_the_middle(values, base):
    expected = {"out": [oracle.half_up(value, base) for value in values]}
    assert judge(example("rounding", expected, values=values, base=base)).status is ExampleStatus.AGREES
