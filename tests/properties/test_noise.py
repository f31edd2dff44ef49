"""Before the noise: a household is in as few cells as was said, and one household more changes nothing of others."""

from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.checks import closed
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.noise import bounded, noisy_keys, noisy_totals
from analyzer.disclosure.noised import Noise, noised
from analyzer.disclosure.release import Draft
from analyzer.disclosure.released import CellStatus
from analyzer.disclosure.table import tabulated
from analyzer.disclosure.told import Definition, Statistic

KEY = b"k" * 32
LABELS = st.text(st.sampled_from("ab0 \0é\u202e"), min_size=1, max_size=3)
PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 8)), unique=True, max_size=40)
NAMES = {cell: f"label {cell}" for cell in range(7)}
ROWS = st.lists(st.tuples(st.integers(0, 5), st.sampled_from("bcdef")), min_size=1, max_size=40)


def kept(pairs, names=NAMES, most=2, key=KEY):
    """Return the pairs of name and household that are kept."""
    cell = np.array([c for c, _ in pairs], dtype=np.int64)
    home = np.array([h for _, h in pairs], dtype=object)
    keep = bounded(cell, home, names, most, key)
    return {(names[c], h) for (c, h), there in zip(pairs, keep, strict=True) if there}


@given(PAIRS, st.integers(1, 8))
def test_each_household_is_in_as_many_cells_as_it_may_be_and_no_more(pairs, most):
    left = kept(pairs, most=most)
    for home in {h for _, h in pairs}:
        own = {NAMES[c] for c, h in pairs if h == home}
        assert len({name for name, h in left if h == home}) == min(most, len(own))


@given(PAIRS, st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing(pairs, random):
    other = list(pairs)
    random.shuffle(other)
    assert kept(pairs) == kept(other)


@given(PAIRS, PAIRS, st.permutations(range(7)))
def test_neither_other_households_nor_numbers_of_cells_change_what_a_household_keeps(pairs, others, numbers):
    alone = kept(pairs)
    more = [(numbers[c], h) for c, h in pairs] + [(numbers[c], h + 100) for c, h in others]
    renamed = {numbers[cell]: name for cell, name in NAMES.items()}
    assert {(name, h) for name, h in kept(more, renamed) if h < 100} == alone


def test_another_key_keeps_other_cells_and_none_keeps_the_first_ones():
    pairs = [(cell, home) for home in range(300) for cell in range(7)]
    first, other = kept(pairs, most=1), kept(pairs, most=1, key=b"other")
    assert first != other
    for name in NAMES.values():  # each of the seven with the same chance; six standard deviations
        assert abs(sum(n == name for n, _ in first) - 300 / 7) < 6 * (300 * 6 / 49) ** 0.5


@settings(max_examples=30, deadline=None)
@given(st.fractions(Fraction(1, 1000), 50, max_denominator=10_000), st.floats(1e-12, 0.9), st.integers(1, 30))
def test_open_dp_never_charges_more_than_any_fraction(epsilon, delta, most):
    keys = noisy_keys({"a": 1}, epsilon, delta, most)
    totals = noisy_totals(np.zeros(1, np.int64), np.ones(1), 1, epsilon, cap=1.0, most=most)
    assert Fraction(keys.epsilon) <= epsilon
    assert Fraction(totals.epsilon) <= epsilon
    assert keys.delta <= delta


def counts(rows, most, shut=()):
    """Return the numbers of a table with next to no noise: one is off with a chance of e^-100."""
    frame = pd.DataFrame(rows, columns=["home", "place"])
    table, whose = tabulated(frame, ["place"], "home")
    cells = np.array([key[0] in shut for key in table.keys])
    findings = tuple(closed(table, cells, lambda _: "no", Limits()))
    plan = Draft(table, whose, Definition("all", ("place",), "May", "households", Statistic.HOUSEHOLDS), findings)
    result = noised(plan, Noise(epsilon=100 * most, most=most), Limits().with_floor(1), KEY)
    assert result.least == 2, "what is missing had one household at most"
    return {cell.labels[0]: cell.value for cell in result.cells if cell.status is CellStatus.NOISED}


@settings(max_examples=60, deadline=None)
@given(ROWS, st.lists(st.sampled_from("abcdefg"), max_size=6), st.integers(1, 3))
def test_one_household_more_changes_as_few_numbers_as_was_said_each_by_one(rows, theirs, most):
    before, after = counts(rows, most), counts([*rows, *((99, label) for label in theirs)], most)
    changes = [after.get(label, 1) - before.get(label, 1) for label in {*before, *after}]
    assert set(changes) <= {0, 1}
    assert sum(changes) <= most


@settings(max_examples=40, deadline=None)
@given(ROWS, ROWS, st.integers(1, 3))
def test_nothing_tells_what_is_in_a_closed_cell(rows, hidden, most):
    closed_rows = [(home, "closed") for home, _ in hidden]
    assert counts([*rows, *closed_rows], most, shut={"closed"}) == counts(rows, most)


@settings(max_examples=30, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=5, unique=True))
def test_any_text_may_be_a_label(labels):
    rows = [(home, label) for home in range(3) for label in labels]
    assert counts(rows, most=5) == dict.fromkeys(labels, 3.0)
