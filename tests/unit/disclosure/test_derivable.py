"""What published groups add up to: ranges, periods and sets of categories, and numbers that contradict each other."""

import re
import time
from fractions import Fraction
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.derivable import derived_groups
from analyzer.errors import InputError

SPEC = Path(__file__).parents[2] / "spec" / "differencing" / "derived.spec"


def read(text):
    """Return {label: number} of "label number, label number"."""
    cells = (cell.rsplit(" ", 1) for cell in map(str.strip, text.split(",")) if cell)
    return {label.strip(): float(n) if "." in n else int(n) for label, n in cells}


ROWS = [tuple(part.strip() for part in row.split("|")) for row in SPEC.read_text().splitlines() if "|" in row[1:]]
ROWS = [row for row in ROWS if not row[0].startswith("#")]


@pytest.mark.parametrize(("tables", "derived"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_follows_from_published_groups(tables, derived):
    told = {str(n): read(cells) for n, cells in enumerate(tables.split(";"), 1)}
    wanted = {re.sub(r" @(\d)$", r" (\1, changed)", label): number for label, number in read(derived).items()}
    assert derived_groups(told) == wanted


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(InputError, match="`A` of table `t` is"):
        derived_groups({"t": {"A": number}})


def test_a_thousand_categories_are_looked_at_within_a_second():
    started = time.process_time()
    assert list(derived_groups({"t": {"all": 50_003} | {f"c{n}": 50 for n in range(1_000)}}).values()) == [3]
    assert time.process_time() - started < 1


def smallest(sets, names):
    """Return the smallest computable sets by trying all: a set is computable if no other population disagrees on it."""
    found = []
    for held in sorted(product((0, 1), repeat=len(names)), key=sum):
        members = frozenset(name for name, is_in in zip(names, held, strict=True) if is_in)
        if members and not any(small <= members for small in found) and rank([*sets, members]) == rank(sets):
            found.append(members)
    return set(found)


def rank(sets):
    rows, found = [{name: Fraction(1) for name in members} for members in sets], 0
    while rows:
        row = rows.pop()
        if row:
            found += 1
            name = next(iter(row))
            rows = [minus(other, row, name) for other in rows]
    return found


def minus(other, row, name):
    times = other.get(name, Fraction(0)) / row[name]
    left = {key: other.get(key, Fraction(0)) - times * row.get(key, Fraction(0)) for key in {*other, *row}}
    return {key: value for key, value in left.items() if value}


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=4, max_size=4),
    st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=4, unique=True),
)
def test_the_smallest_groups_are_found_with_their_numbers_and_nothing_contradicts_itself(people, sets):
    number = dict(zip("abcd", people, strict=True))
    total = {members: sum(number[name] for name in members) for members in sets}
    found = derived_groups({"t": {"+".join(sorted(members)): n for members, n in total.items()}})
    wanted = smallest(sets, "abcd") - set(sets)
    assert found == {"+".join(sorted(members)): sum(number[name] for name in members) for members in wanted}


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=4, max_size=4),
    st.lists(st.frozensets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=5, unique=True),
    st.integers(1, 9),
)
def test_whoever_comes_before_a_group_that_follows_is_asked_again_is_seen(people, sets, came):
    number = dict(zip("abcd", people, strict=True))
    first = {"+".join(sorted(members)): sum(number[name] for name in members) for members in sets}
    again = {label: n + came for label, n in list(first.items())[:1]}
    found = derived_groups({"before": first, "after": again})
    assert [n for label, n in found.items() if "changed" in label] == [came]
