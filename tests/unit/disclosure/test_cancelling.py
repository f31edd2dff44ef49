"""What cancels a group but for a few households is found, however much these have; nothing is made up."""

import numpy as np
import pytest

from analyzer.disclosure.cancelling import _solved, cancelling, explaining
from analyzer.disclosure.remainders import ROWS, buckets_of

HOMES = 3_000
RNG = np.random.default_rng(11)
SECRET = RNG.integers(0, 2**32, (HOMES, ROWS), dtype=np.uint32)
MONTHS = RNG.integers(0, 10**6, (12, HOMES))


def of(amounts):
    amounts = np.atleast_2d(amounts).astype(np.float64)
    group = np.repeat(np.arange(len(amounts)), HOMES)
    return buckets_of(group, np.tile(SECRET, (len(amounts), 1)), amounts.ravel(), len(amounts))


@pytest.mark.parametrize(("floor", "changed"), [(10, 1), (10, 5), (10, 9), (100, 60), (100, 99), (1_000, 100)])
def test_a_year_is_made_of_its_months_although_a_few_left(floor, changed):
    year = MONTHS.sum(axis=0) - MONTHS[:7].sum(axis=0) * (np.arange(HOMES) < changed)
    found = cancelling(of(year)[0], of(MONTHS), floor)
    assert np.ones(12).tolist() in found.tolist()


@pytest.mark.parametrize("times", [(1, -1, 0), (2, 0, -3), (8, 8, -8)])
def test_whole_multiples_are_found(times):
    group = np.array(times) @ MONTHS[:3]
    assert cancelling(of(group)[0], of(MONTHS[:3]), 10).tolist() == [list(times)]


def test_multiples_of_nobody_and_what_others_cannot_make_are_not_found():
    assert not len(cancelling(of(9 * MONTHS[0])[0], of(MONTHS[:3]), 10))
    assert not len(cancelling(of(MONTHS[0])[0], of(MONTHS[1:]), 10))


def test_groups_that_are_one_another_are_no_obstacle():
    twice = np.concatenate([MONTHS[:3], MONTHS[:1] + MONTHS[1:2]])
    for times in cancelling(of(MONTHS[:3].sum(axis=0))[0], of(twice), 10).tolist():
        assert (times @ twice == MONTHS[:3].sum(axis=0)).all()


def test_what_explains_a_group_is_taken_before_what_does_not():
    width, parts, others = 64, RNG.normal(size=(6, 64)), RNG.normal(size=(40, 64))
    assert explaining(parts.sum(axis=0), np.concatenate([others, parts]), 30).tolist()[-6:] == list(range(40, 46))
    assert len(explaining(parts.sum(axis=0), np.zeros((3, width)))) == 0
    assert explaining(parts[0], parts).tolist() == [0]


@pytest.mark.parametrize("prime", [239, 241, 251])
def test_systems_are_solved_modulo_a_prime_or_said_to_have_no_solution(prime):
    left, true = RNG.integers(0, prime, (20, 9, 5)), RNG.integers(0, prime, (20, 5))
    right = (left @ true[:, :, None])[:, :, 0] % prime
    right[:10, 8] = (right[:10, 8] + 1) % prime
    times, solved = _solved(np.concatenate([left, right[:, :, None]], axis=2), prime)
    assert solved.tolist() == [False] * 10 + [True] * 10
    assert (times[10:] == true[10:]).all()
