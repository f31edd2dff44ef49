"""Scaling makes features comparable as the catalog declares; null stays null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from analyzer.features.catalog import Transform, select
from analyzer.patterns.scaling import CLIP, Scaling, transforms_of

VALUES = arrays.arrays(
    np.float64,
    st.tuples(st.integers(1, 20), st.integers(1, 4)),
    elements=st.floats(-1e6, 1e6) | st.just(np.nan),
)


@given(VALUES)
def test_scaled_values_are_within_the_clip_and_null_stays_null(values):
    scaled = Scaling.fit(values, None).apply(values)
    np.testing.assert_array_equal(np.isnan(scaled), np.isnan(values))
    assert (np.abs(scaled[~np.isnan(scaled)]) <= CLIP).all()


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_digit(values, random):
    order = random.sample(range(len(values)), len(values))
    one, other = Scaling.fit(values, None), Scaling.fit(values[order], None)
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.scale, other.scale)


@given(VALUES)
def test_everything_known_is_where_it_was_without_the_nulls(values):
    scaling = Scaling.fit(values, None)
    for column in range(values.shape[1]):
        known = values[~np.isnan(values[:, column]), column]
        if len(known):
            assert scaling.mean[column] == pytest.approx(known.mean(), abs=1e-6)


def test_null_is_not_read_as_0():
    values = np.array([[90.0], [100.0], [110.0]])
    scaling = Scaling.fit(values, None)
    assert np.isnan(scaling.apply(np.array([[np.nan]]))[0, 0])
    assert scaling.apply(np.array([[0.0]]))[0, 0] == -CLIP


def test_known_values_have_mean_0_and_deviation_1():
    values = np.random.default_rng(0).normal(7.0, 3.0, (1_000, 2))
    values[::5, 1] = np.nan
    scaled = Scaling.fit(values, None).apply(values)
    known = ~np.isnan(values[:, 1])
    for column in (scaled[:, 0], scaled[known, 1]):
        assert column.mean() == pytest.approx(0.0, abs=1e-3)
        assert column.std() == pytest.approx(1.0, abs=1e-2)


def test_one_extreme_value_cannot_outweigh_everything_else():
    values = np.vstack([np.random.default_rng(0).normal(size=(10_000, 1)), [[1e6]]])
    assert Scaling.fit(values, None).apply(values).max() == CLIP


@pytest.mark.parametrize("value", [0.0, 0.1, -3.0, 1e12])
def test_a_feature_that_does_not_vary_moves_nobody(value):
    values = np.full((50, 1), value)
    scaling = Scaling.fit(values, None)
    assert scaling.scale[0] == 1.0
    np.testing.assert_allclose(scaling.apply(values), 0.0, atol=1e-3)


def test_counts_are_logged_and_shares_are_opened_up_as_the_catalog_says():
    values = np.array([[0.0, 0.0], [3.0, 0.25], [np.nan, np.nan]])
    scaling = Scaling.fit(values, ["hours_played", "night_share"])
    assert scaling.transforms == (Transform.LOG, Transform.ARCSINE)
    np.testing.assert_allclose(scaling.mean, [np.log1p(3.0) / 2, np.arcsin(0.5) / 2])


def test_values_out_of_a_transforms_range_are_clipped_into_it():
    scaling = Scaling.fit(np.array([[0.0, 0.0], [1.0, 1.0]]), ["hours_played", "night_share"])
    np.testing.assert_array_equal(scaling.apply(np.array([[-5.0, 1.5]])), scaling.apply(np.array([[0.0, 1.0]])))


def test_every_feature_is_transformed_as_its_specification_declares_and_unknown_columns_are_left():
    specs = select()
    assert transforms_of([s.name for s in specs], len(specs)) == tuple(s.transform for s in specs)
    assert transforms_of(["some_column"], 1) == (Transform.NONE,)
    assert transforms_of(None, 3) == (Transform.NONE,) * 3
