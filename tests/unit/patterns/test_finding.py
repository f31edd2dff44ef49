"""The next recipe: what feeds HDBSCAN and what follows it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analyzer.patterns import prototypes, signal, valleys
from analyzer.patterns.cells import microaggregate
from analyzer.patterns.filling import Filling
from analyzer.patterns.finding import Recipe, Sample, evenly_by_household, find, of_many_households
from analyzer.patterns.pooling import pooled

RECIPE = Recipe(min_cluster_size=None, min_samples=10, n_axes=12, min_households=10, exact_below=20_000)


def habits(rng, viewers=400, windows=3, features=10, groups=4, noise=0.4):
    """Viewers around a few ways of watching, each seen in some windows, and which way is whose."""
    centers = rng.normal(0.0, 2.0, (groups, features))
    viewer = np.repeat(np.arange(viewers), windows)
    habit = viewer % groups
    own = rng.normal(0.0, noise, (viewers, features))[viewer]
    points = centers[habit] + own + rng.normal(0.0, noise, (len(viewer), features))
    return Sample((points - points.mean(0)) / points.std(0), viewer, viewer), habit


def test_planted_ways_of_watching_become_patterns_one_each():
    sample, habit = habits(np.random.default_rng(1))
    found = find(sample, RECIPE)
    labels = found.prototypes.assign(sample.points @ found.space)
    assert found.prototypes.patterns == 4
    assert (labels == -1).mean() < 0.05
    assert all(len(np.unique(labels[(habit == way) & (labels >= 0)])) == 1 for way in range(4))


@pytest.mark.parametrize("seed", range(3))
def test_columns_that_are_shuffled_hold_no_patterns(seed):
    rng = np.random.default_rng(seed)
    sample, _ = habits(rng)
    shuffled = np.stack([rng.permutation(column) for column in sample.points.T], axis=1)
    assert find(Sample(shuffled, sample.viewers, sample.households), RECIPE).prototypes.patterns == 0


def test_a_viewer_who_is_like_nobody_is_no_pattern_however_many_windows_there_are():
    sample, _ = habits(np.random.default_rng(2), viewers=8, windows=100, groups=8, noise=0.1)
    assert find(sample, RECIPE).prototypes.patterns == 0


def test_a_group_that_is_mostly_one_household_is_no_pattern():
    labels = np.repeat([0, 1], 100)
    households = np.concatenate([np.arange(100), np.zeros(60, dtype=int), np.arange(1, 41)])
    assert set(of_many_households(labels, households, k=10)) == {0, -1}


def test_of_a_household_with_very_many_windows_only_some_are_looked_at():
    households = np.concatenate([np.repeat(np.arange(100), 3), np.full(1_000, 100)])
    looked_at = evenly_by_household(households)
    assert looked_at[:300].all()
    assert looked_at[300:].sum() == 12


def test_groups_that_differ_in_one_feature_only_are_joined():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(400, 6))
    points[200:, 2] += 10.0
    assert set(valleys.joined(points, points, np.repeat([0, 1], 200))) == {0}
    points[200:, 3] += 10.0
    assert set(valleys.joined(points, points, np.repeat([0, 1], 200))) == {0, 1}


def test_two_halves_of_one_cloud_have_no_valley_between_them_and_two_clouds_have():
    cloud = np.random.default_rng(0).normal(size=(2_000, 3))
    halves = cloud[cloud[:, 0] < 0], cloud[cloud[:, 0] >= 0]
    assert valleys.valley(*halves).depth > valleys.JOINED_ABOVE
    assert valleys.valley(cloud, cloud + 6.0).depth < 0.05


def test_an_axis_that_only_changes_from_window_to_window_is_no_signal():
    rng = np.random.default_rng(0)
    viewer = np.repeat(np.arange(1_000), 3)
    lasting = rng.normal(size=1_000)[viewer]
    points = np.stack([lasting, lasting + rng.normal(0, 0.1, 3_000), rng.normal(size=3_000)], axis=1)
    axes = signal.canonical_axes(points, signal.noise_of(points, viewer), most=3)
    assert axes.weights.shape == (3, 1)
    assert abs(axes.weights[2, 0]) < 0.05 * abs(axes.weights[0, 0])


def test_every_cell_holds_k_households_and_the_mean_of_its_vectors():
    rng = np.random.default_rng(0)
    points, households = rng.normal(size=(5_000, 4)), rng.integers(0, 900, 5_000)
    cells = microaggregate(points, households, k=10, most=512)
    for cell, mean in enumerate(cells.means):
        rows = cells.of_row == cell
        assert len(np.unique(households[rows])) >= 10
        np.testing.assert_allclose(points[rows].mean(axis=0), mean)
    assert len(cells.means) > 200


def test_a_prototype_holds_k_households_and_labels_do_not_depend_on_where_a_row_stands():
    rng = np.random.default_rng(0)
    points = np.vstack([rng.normal(size=(500, 3)), rng.normal(size=(500, 3)) + 12.0])
    made = prototypes.build(points, np.repeat([0, 1], 500), np.arange(1_000) // 2, k=10)
    assert made.households.min() >= 10
    asked = rng.normal(6.0, 6.0, (9_000, 3))
    order = rng.permutation(9_000)
    np.testing.assert_array_equal(made.assign(asked)[order], made.assign(asked[order]))
    np.testing.assert_allclose(made.memberships(asked).sum(axis=1), 1.0)


def test_a_window_is_pooled_with_earlier_ones_of_its_viewer_and_never_with_later_ones():
    starts = pd.to_datetime(["2024-01-01", "2024-01-29", "2024-02-26"], utc=True)
    index = pd.MultiIndex.from_product([["v1"], starts], names=["viewer_id", "window_start"])
    values = np.array([[1.0], [2.0], [np.nan]])
    told = pooled(values, index, np.array([10.0, 20.0, 5.0]))
    expected = [1.0, (2 * 20 + 0.6 * 10) / 26, (0.6 * 2 * 20 + 0.36 * 10) / (0.6 * 20 + 0.36 * 10)]
    np.testing.assert_allclose(told[:, 0], expected)
    np.testing.assert_array_equal(pooled(values[:2], index[:2], np.array([10.0, 20.0])), told[:2])


def test_what_is_unknown_is_expected_from_what_is_known_and_known_values_stay():
    rng = np.random.default_rng(0)
    one = rng.normal(size=2_000)
    scaled = np.stack([one, one + rng.normal(0, 0.1, 2_000)], axis=1)
    scaled[:100, 1] = np.nan
    filled = Filling.fit(scaled, np.arange(2_000), k=10).apply(scaled)
    np.testing.assert_allclose(filled[:100, 1], 0.9 * scaled[:100, 0], atol=0.15)
    np.testing.assert_array_equal(filled[100:], scaled[100:])
