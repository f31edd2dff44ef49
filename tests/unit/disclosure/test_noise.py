"""Noise: as much as the budget asks for, of the right shape, and labels of few households stay inside.

Chance decides in these tests. Each tolerance is six standard deviations of what is measured, which a right mechanism
exceeds with a chance below 1e-7; with all comparisons of this file together it stays below 1e-6.
"""

import math
import sys
from fractions import Fraction

import numpy as np
import pytest

from analyzer.disclosure.budget import exact
from analyzer.disclosure.noise import LARGEST_EPSILON, bounded, half_width, noisy_keys, noisy_totals
from analyzer.errors import AnalyzerError, InputError

MANY = 20_000
AMOUNTS = ["1/3", "0.1", "7/11", "0.000001", 1, 2, Fraction(22, 7), "1000"]


def probabilities(scale, reach=2_000):
    """Return whole numbers and the chance of each under discrete Laplace noise, from its definition."""
    numbers = np.arange(-reach, reach + 1)
    weight = np.exp(-np.abs(numbers) / scale)
    return numbers, weight / weight.sum()


def six_sigma(variance, count):
    return 6 * math.sqrt(variance / count)


def labels(households, count=MANY):
    return {f"label {number}": households for number in range(count)}


@pytest.mark.parametrize("most", [1, 3, 40])
@pytest.mark.parametrize("amount", AMOUNTS)
def test_open_dp_charges_no_more_than_the_amount_and_nearly_all_of_it(amount, most):
    keys = noisy_keys({"a": 5}, amount, 1e-9, most)
    totals = noisy_totals(np.zeros(1, np.int64), np.ones(1), 1, amount, cap=3.5, most=most)
    for told in (keys, totals):
        assert Fraction(told.epsilon) <= exact(amount)
        assert told.epsilon > 0.999_999 * float(exact(amount))
    assert keys.delta <= 1e-9


def test_the_noise_of_counts_has_the_shape_that_it_should_have():
    told = noisy_keys(labels(10_000), "1/2", 1e-9)
    noise = np.array(list(told.counts.values())) - 10_000
    assert len(noise) == MANY
    numbers, chance = probabilities(2.0)
    second, fourth = (chance * numbers**2).sum(), (chance * numbers.astype(float) ** 4).sum()
    assert abs(noise.mean()) < six_sigma(second, MANY)
    assert abs((noise**2).mean() - second) < six_sigma(fourth - second**2, MANY)
    for number in range(-3, 4):
        there = chance[numbers == number][0]
        assert abs((noise == number).mean() - there) < six_sigma(there * (1 - there), MANY), number


def test_the_noise_of_totals_has_the_shape_that_it_should_have():
    told = noisy_totals(np.zeros(0, np.int64), np.zeros(0), MANY, "1/2", cap=40.0, most=2)
    assert told.scale == pytest.approx(40 * 2 / 0.5)
    noise = told.values / told.scale  # as good as continuous: mean 0, E z^2 = 2, E z^4 = 24
    assert abs(noise.mean()) < six_sigma(2, MANY)
    assert abs((noise**2).mean() - 2) < six_sigma(20, MANY)
    assert abs((noise > 0).mean() - 0.5) < six_sigma(0.25, MANY)
    assert abs((np.abs(noise) > math.log(20)).mean() - 0.05) < six_sigma(0.0475, MANY)


@pytest.mark.parametrize("scale", [0.001, 0.2, 0.5, 1.0, 2.5, 10.0, 30.0, 200.0])
def test_the_half_width_is_the_least_that_holds_19_of_20(scale):
    numbers, chance = probabilities(scale, reach=10_000)
    inside = [chance[np.abs(numbers) <= k].sum() for k in range(1_000)]
    assert half_width(scale) == next(k for k, held in enumerate(inside) if held >= 0.95)


@pytest.mark.parametrize(("amount", "delta"), [("1", 0.05), ("1", 0.2), ("1/2", 0.01), ("3", 0.05)])
def test_a_label_of_one_household_leaves_no_more_often_than_delta(amount, delta):
    told = noisy_keys(labels(1), amount, delta)
    assert len(told.counts) / MANY < delta + six_sigma(delta * (1 - delta), MANY)
    assert len(told.counts) / MANY < told.delta + six_sigma(told.delta * (1 - told.delta), MANY)


def test_of_three_labels_of_one_household_any_leaves_no_more_often_than_delta():
    households, delta = MANY // 3, 0.05
    told = noisy_keys(labels(1, 3 * households), "1", delta, most=3)
    left = {int(label.split()[1]) // 3 for label in told.counts}
    assert len(left) / households < delta + six_sigma(delta * (1 - delta), households)


def test_what_leaves_is_above_the_threshold():
    told = noisy_keys(labels(6), "1", 0.01)
    assert told.counts
    assert min(told.counts.values()) > told.threshold


def test_a_label_that_nobody_carries_is_never_asked_about():
    assert not noisy_keys(labels(0), "1", 0.9).counts


def ratio_beyond(first, second, epsilon):
    """Tell whether some bin is filled more than e^epsilon times as often as its twin, beyond sampling error."""
    ends = np.arange(93.5, 108)
    a, b = np.histogram(first, ends)[0].astype(float), np.histogram(second, ends)[0].astype(float)
    enough = np.minimum(a, b) > 50
    worst = 0.0
    for more, fewer in ((a[enough], b[enough]), (b[enough], a[enough])):
        over = more - math.exp(epsilon) * fewer
        worst = max(worst, float((over / np.sqrt(more + math.exp(2 * epsilon) * fewer)).max()))
    return worst > 6


def draws(households, amount):
    return list(noisy_keys(labels(households), amount, 1e-9).counts.values())


def test_one_household_more_changes_no_likelihood_beyond_epsilon():
    assert not ratio_beyond(draws(100, "1/2"), draws(101, "1/2"), 0.5)
    assert ratio_beyond(draws(100, "1"), draws(101, "1"), 0.5), "half of the noise would not have been noticed"


def test_one_household_adds_to_a_total_no_more_than_the_cap():
    cell, hours = np.zeros(101, np.int64), np.append(np.full(100, 2.0), 1e9)
    told = noisy_totals(cell, hours, 1, LARGEST_EPSILON, cap=10.0)
    assert abs(told.values[0] - 210.0) < 40 * told.scale  # beyond it with a chance of e^-40
    assert told.scale < 0.011


def test_totals_are_counted_finely_enough():
    rng = np.random.default_rng(1)
    cell, hours = rng.integers(0, 5, 50_000), rng.exponential(0.2, 50_000)
    told = noisy_totals(cell, hours, 5, LARGEST_EPSILON, cap=10.0)
    exactly = np.bincount(cell, np.minimum(hours, 10.0))
    assert np.abs(told.values - exactly).max() < 40 * told.scale + 50_000 * 10.0 / 2**21


def test_noise_is_new_every_time():
    assert draws(100, "1") != draws(100, "1")


@pytest.mark.parametrize("amount", [0.5, "0", "-1", "1e-7", "1001", "much"])
def test_amounts_out_of_range_are_refused(amount):
    with pytest.raises(InputError):
        noisy_keys({}, amount, 1e-9)


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, math.nan])
def test_chances_out_of_range_are_refused(delta):
    with pytest.raises(InputError, match="chance"):
        noisy_keys({}, "1", delta)


@pytest.mark.parametrize("most", [0, -1, 1_001])
def test_a_household_counts_in_one_cell_up_to_a_thousand(most):
    none = np.zeros(0, np.int64)
    with pytest.raises(InputError, match="cells"):
        bounded(none, none, {}, most, b"key")
    with pytest.raises(InputError, match="cells"):
        noisy_keys({}, "1", 1e-9, most)
    with pytest.raises(InputError, match="cells"):
        noisy_totals(none, np.zeros(0), 0, "1", cap=1.0, most=most)


@pytest.mark.parametrize(("amount", "cap"), [([math.nan], 1.0), ([1.0], 0.0), ([1.0], math.inf), ([1.0], math.nan)])
def test_totals_of_no_numbers_are_refused(amount, cap):
    with pytest.raises(InputError):
        noisy_totals(np.zeros(1, np.int64), np.array(amount), 1, "1", cap=cap)


def test_without_open_dp_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "opendp.prelude", None)
    with pytest.raises(AnalyzerError, match=r"analyzer\[dp\]"):
        noisy_keys({"a": 5}, "1", 1e-9)


def test_an_open_dp_that_cannot_count_labels_is_too_old(monkeypatch):
    import opendp.prelude as dp

    monkeypatch.delattr(dp, "l01inf_distance")
    with pytest.raises(AnalyzerError, match=r"too old.*analyzer\[dp\]"):
        noisy_keys({"a": 5}, "1", 1e-9)
