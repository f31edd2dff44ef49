"""Buckets of remainders: linear, blind to multiples of their primes, and never taking few households for many."""

from collections import Counter
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.remainders import (
    CHANCE,
    COLUMNS,
    LEVELS,
    PRIMES,
    ROWS,
    about,
    added_buckets,
    buckets_of,
    combined_buckets,
    few_apart,
    few_left,
    fewest_empty,
    negative,
)

HOMES = 400
SECRET = np.random.default_rng(7).integers(0, 2**32, (HOMES, ROWS), dtype=np.uint32)


def of(*groups):
    """Return the buckets of groups, each given by the amount of every household."""
    amount = np.array(groups, np.float64)
    group = np.repeat(np.arange(len(amount)), HOMES)
    return buckets_of(group, np.tile(SECRET, (len(amount), 1)), amount.ravel(), len(amount))


def trials(households, count, seed=0):
    """Return the buckets of groups of so many households, each with secrets and an amount of its own."""
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(count), households)
    secret = rng.integers(0, 2**32, (len(group), ROWS), dtype=np.uint32)
    return buckets_of(group, secret, rng.integers(1, 10**6, len(group)).astype(np.float64), count)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(-3, 3), min_size=4, max_size=4))
def test_what_is_added_of_totals_can_be_added_of_buckets(seed, times):
    groups = np.random.default_rng(seed).integers(0, 10**9, (4, HOMES))
    whole = of(np.array(times) @ groups)
    assert (combined_buckets(np.array([times]), of(*groups)) == whole).all()


def test_two_are_added_and_what_is_subtracted_is_gone():
    one, other, both = of(np.arange(HOMES), np.full(HOMES, 7), np.arange(HOMES) + 7)[:, None]
    assert (added_buckets(one, other) == both).all()
    assert not added_buckets(both, negative(both)).any()


def test_amounts_that_cancel_in_four_periods_leave_nobody_and_who_changed_is_left():
    """Of days 2 to 9, 1 to 9, 2 to 10 and 1 to 10 the minutes cancel, whoever watched when."""
    rng = np.random.default_rng(1)
    first, middle, last = rng.integers(0, 500, (3, HOMES))
    whole = first + middle + last
    whole[:4] += 30
    left = combined_buckets(np.array([[1, -1, -1, 1]]), of(middle, first + middle, middle + last, whole))
    assert few_left(left, 10).all()
    assert about(left, 10) == pytest.approx([4], abs=1)
    whole[:4] -= 30
    assert not combined_buckets(np.array([[1, -1, -1, 1]]), of(middle, first + middle, middle + last, whole)).any()


def test_amounts_that_differ_by_a_multiple_of_all_primes_are_the_same_and_of_two_of_them_are_not():
    small = np.random.default_rng(2).integers(0, 10**6, HOMES)
    assert (of(small) == of(small + 3 * prod(PRIMES))).all()
    for prime in PRIMES:
        one = np.where(np.arange(HOMES) == 5, prod(PRIMES) // prime, 0)
        assert few_left(added_buckets(of(small + one), negative(of(small))), 10).all()


@pytest.mark.parametrize("floor", [3, 5, 10, 20, 50, 100, 300, 1_000])
def test_fewer_households_than_the_floor_are_always_few(floor):
    for households in {1, floor // 2, floor - 1}:
        assert few_left(trials(households, 300_000 // (floor * 3)), floor).all()


@pytest.mark.parametrize("floor", [5, 10, 20, 100, 300, 1_000])
def test_twice_the_floor_is_not_few(floor):
    assert few_left(trials(2 * floor, 200), floor).mean() < 0.05


def test_nobody_is_not_few():
    assert not few_left(np.zeros((1, COLUMNS), np.uint8), 10).any()


def test_a_floor_that_no_level_is_made_for_refuses_everything():
    assert few_left(trials(100_000, 1), 60_000).all()


@pytest.mark.parametrize("floor", [2, 3, 4])
def test_the_bound_is_that_of_the_exact_distribution(floor):
    """Every way that the households can choose their buckets, in the level that the floor is told at."""
    level = LEVELS[0]
    ways = Counter(level.kept - len(set(hit)) for hit in product(range(level.of), repeat=floor - 1))
    chances = np.zeros(level.kept + 1)
    for empty, count in ways.items():
        chances[empty] = count / level.of ** (floor - 1)
    rows = np.ones(1)
    for _ in range(level.rows):
        rows = np.convolve(rows, chances)
    bound = fewest_empty(floor)
    assert rows[:bound].sum() < CHANCE <= rows[: bound + 1].sum()


def test_differences_of_all_pairs_are_those_of_each_pair():
    rng = np.random.default_rng(3)
    base = rng.integers(0, 1_000, HOMES)
    groups = [base + (np.arange(HOMES) < changed) for changed in (0, 0, 4, 12, 40, 200)]
    buckets = of(*groups)
    apart = few_apart(buckets, buckets, 10)
    for row, column in product(range(6), repeat=2):
        left = added_buckets(buckets[[row]], negative(buckets[[column]]))
        assert apart[row, column] == few_left(left, 10)[0]
    assert apart[0].tolist()[:3] == [False, False, True]
    assert not apart[0, 4:].any()
