"""A sketch: exact where nobody or one is left over, unbiased elsewhere, linear, and noise without the key."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.sketch import (
    TOTAL_WIDTH,
    WIDTH,
    Sketches,
    added,
    from_bytes,
    joined,
    margin,
    sketch_groups,
    whole_steps,
)
from analyzer.errors import InputError

KEY = b"k" * 32


def sketch(*groups, key=KEY):
    """Return a sketch of each list of household names."""
    number = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    names = np.array([name for group in groups for name in group], dtype=object)
    return sketch_groups(number, names, len(groups), key)


def estimate(signed):
    return (signed * signed).mean(axis=-1)


def homes(count, first=0):
    return [f"h{number}" for number in range(first, first + count)]


def key_of(number):
    return number.to_bytes(32, "big")


@given(st.integers(0, 400), st.integers(0, 50))
def test_the_same_group_leaves_exactly_nobody_and_one_household_exactly_one(count, seed):
    one, other, more = sketch(homes(count), homes(count)[::-1], homes(count + 1), key=key_of(seed)).signed
    assert estimate(one - other) == 0
    assert estimate(more - one) == 1


def test_what_is_left_over_is_estimated_without_bias_and_as_well_as_it_says():
    true = 40
    found = [
        estimate(np.subtract(*sketch(homes(300), homes(300, 20), key=key_of(seed)).signed)) for seed in range(1_000)
    ]
    spread = true * np.sqrt(2 / WIDTH * (1 - 1 / true))
    assert abs(np.mean(found) - true) < 4 * spread / np.sqrt(1_000)
    assert 0.9 * spread < np.std(found) < 1.1 * spread
    assert max(found) < true * margin()


@pytest.mark.parametrize("true", [2, 9, 99])
def test_few_households_are_estimated_above_the_bound_only_once_in_millions(true):
    trials = 2.0 * np.random.default_rng(true).binomial(true, 0.5, (20_000, WIDTH)) - true
    assert (estimate(trials) < true * margin(3.0)).mean() > 0.997
    assert (estimate(trials) < true * margin()).all()


@settings(max_examples=50)
@given(st.lists(st.integers(0, 60), max_size=40), st.lists(st.integers(0, 60), max_size=40))
def test_a_sketch_of_two_groups_without_a_common_household_is_the_sum_of_both(one, other):
    apart = [f"x{number}" for number in other]
    first, second, both = sketch([f"h{n}" for n in one], apart, [f"h{n}" for n in one] + apart).coins
    assert (first + second == both).all()


def test_several_rows_of_a_household_count_once_and_their_order_changes_nothing():
    names, group = np.array(homes(50) * 3), np.arange(150) % 4
    order = np.random.default_rng(0).permutation(150)
    one, other = (sketch_groups(group[o], names[o], 4, KEY) for o in (np.arange(150), order))
    assert one.households.tolist() == [len(set(names[group == g])) for g in range(4)]
    assert (one.coins == other.coins).all()


def test_another_key_or_other_names_are_other_coins():
    own, other_key, renamed = (
        sketch(homes(200)),
        sketch(homes(200), key=b"q" * 32),
        sketch([h + "'" for h in homes(200)]),
    )
    for other in (other_key, renamed):
        assert abs(np.corrcoef(own.signed[0], other.signed[0])[0, 1]) < 0.4
        assert estimate(own.signed[0] - other.signed[0]) > 200


@pytest.mark.parametrize("names", [pd.Series([7, 12]), pd.Series([7.0, 12.0]), pd.Series(["7", "12"]), [7, 12]])
def test_a_household_stays_the_same_one_whatever_type_its_name_has(names):
    of = sketch_groups(np.array([0, 1]), np.asarray(names), 2, KEY)
    assert (of.coins == sketch(["7"], ["12"]).coins).all()


def totals(*amounts, names=("a", "b")):
    """Return the sketches of groups of the same households with these amounts."""
    group = np.repeat(np.arange(len(amounts)), len(names))
    return sketch_groups(group, np.array(names * len(amounts)), len(amounts), KEY, whole_steps(np.ravel(amounts)))


def test_totals_are_sketched_by_the_amounts_and_what_stayed_the_same_is_gone():
    of = totals([1.0, 2.0], [1.0, 2.5])
    assert of.households.tolist() == [2, 2]
    assert estimate(of.signed[1] - of.signed[0]) == whole_steps(np.array([0.5]))[0] ** 2
    assert (of.buckets[0] != of.buckets[1]).any()


def test_no_total_of_a_public_group_can_be_solved_for_its_households():
    assert Limits().public_floor > TOTAL_WIDTH


@pytest.mark.parametrize("less", [1e-8, 1e-7])
def test_smaller_changes_than_half_a_step_are_none(less):
    of = totals([1.0, 2.0], [1.0, 2.0 + less])
    assert (of.buckets[0] == of.buckets[1]).all()


def test_seconds_are_whole_steps_of_an_hour():
    hours = np.arange(1, 10_000) / 3_600
    assert whole_steps(hours).sum() == whole_steps(np.array([hours.sum()]))


def test_sketches_of_groups_apart_are_added():
    one, other = totals([1.0, 2.0]), totals([3.0, 4.0], names=("c", "d"))
    both = totals([1.0, 2.0, 3.0, 4.0], names=("a", "b", "c", "d"))
    assert added([one, other]).as_bytes() == both.as_bytes()
    assert len(added([])) == 0


@given(st.integers(0, 300), st.integers(1, 5))
def test_what_was_written_is_read_again(count, rows):
    for told in (sketch(*[homes(count)] * rows), totals(*[[1.5, 2.5]] * rows)):
        again = from_bytes(told.as_bytes())
        assert (again.coins == told.coins).all()
        assert (again.households == told.households).all()
        assert (again.buckets == told.buckets).all()


def test_no_sketches_are_written_read_and_joined():
    assert from_bytes(joined([]).as_bytes()).coins.shape == (0, WIDTH)
    assert len(joined([sketch(["a"]), sketch(["b"], ["c"])])) == 3


@pytest.mark.parametrize("cut", [slice(0, -1), slice(1, None), slice(0, 0), slice(0, 8)])
def test_a_row_that_lost_bytes_is_refused(cut):
    with pytest.raises(InputError, match="is not 520 bytes long") as refused:
        from_bytes([sketch(["a"]).as_bytes()[0][cut]])
    assert "damaged" in refused.value.remedy


@pytest.mark.parametrize("place", [7, 11, 8 + 4 * 60 + 3])
def test_a_row_with_more_heads_than_households_is_refused(place):
    row = bytearray(sketch(homes(5)).as_bytes()[0])
    row[place] ^= 0x80
    with pytest.raises(InputError, match="more heads than households"):
        from_bytes([bytes(row)])


@pytest.mark.parametrize(
    ("names", "key", "amount", "says"),
    [
        (["a"], b"short", None, "key is shorter than 32 bytes"),
        ([None], KEY, None, "has no household"),
        ([float("nan")], KEY, None, "has no household"),
        (["a"], KEY, [float("inf")], "no finite number"),
        (["a"], KEY, [0.5], "no whole number of steps"),
    ],
)
def test_what_cannot_be_sketched_is_refused(names, key, amount, says):
    with pytest.raises(InputError, match=says):
        sketch_groups(np.zeros(1, np.int64), np.array(names, object), 1, key, amount and np.array(amount))


def test_the_bound_is_further_the_fewer_coins_there_are():
    assert 1 < margin(width=4_096) < margin(width=WIDTH) < margin(width=64)
    assert margin(0.0) == pytest.approx(1, abs=0.01)


def test_rows_are_taken_by_number_and_by_mask():
    told = sketch(["a"], ["b", "c"], [])
    assert told.take(np.array([1])).households.tolist() == [2]
    assert told.take(np.array([True, False, True])).households.tolist() == [1, 0]
    assert isinstance(told, Sketches)
