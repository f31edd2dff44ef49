"""A profile says what a pattern is with numbers about at least k households, and counts households for settings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from analyzer.features.context import ATTRIBUTE, SETTINGS
from analyzer.patterns.profile import (
    QUANTILES,
    PatternProfile,
    _compare,
    _mean_around,
    _over_represented,
    _smoothed_quantiles,
    describe,
    size_band,
)
from analyzer.patterns.scaling import Scaling
from analyzer.policy.rulebook import load_rulebook

RULE = next(rule.over_represented for rule in load_rulebook().rule if rule.over_represented)


@st.composite
def known_values(draw):
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = draw(st.integers(1, 40))
    codes = rng.integers(0, draw(st.integers(1, 30)), count)
    values = rng.integers(0, draw(st.integers(1, 50)), count).astype(float)
    return values, codes, draw(st.integers(2, 10))


@given(known_values(), st.sampled_from(QUANTILES))
def test_each_quantile_is_a_mean_over_at_least_k_households(given_, quantile):
    values, codes, k = given_
    order = np.argsort(values, kind="stable")
    values, codes = values[order], codes[order]
    if len(np.unique(codes)) < k:
        return
    runs = [
        (low, high)
        for low in range(len(values))
        for high in range(low + 1, len(values) + 1)
        if len(np.unique(codes[low:high])) >= k
    ]
    possible = [
        np.mean([values[low:high][codes[low:high] == code].mean() for code in np.unique(codes[low:high])])
        for low, high in runs
    ]
    assert np.min(np.abs(np.array(possible) - _mean_around(values, codes, quantile, k))) < 1e-9


@given(known_values())
def test_a_feature_that_fewer_than_k_households_have_has_no_quantiles(given_):
    values, codes, k = given_
    assert bool(_smoothed_quantiles(values, codes, k)) == (len(np.unique(codes)) >= k)


@pytest.mark.parametrize("households", [10, 12, 19, 30, 60])
def test_no_quantile_of_a_small_group_is_one_viewers_extreme_value(households):
    values = np.append(np.linspace(1.0, 2.0, households - 1), 357.0)
    values[0] = -100.0
    quantiles = _smoothed_quantiles(values, np.arange(households), 10)
    assert not {-100.0, 357.0} & set(quantiles.values())
    assert max(quantiles.values()) <= 357.0 / 10 + 2.0
    assert min(quantiles.values()) >= -100.0 / 6 - 2.0


def test_a_household_with_many_extreme_windows_still_counts_once_in_a_quantile():
    values = np.concatenate([np.linspace(1.0, 2.0, 30), np.full(20, 357.0)])
    codes = np.concatenate([np.arange(30), np.full(20, 30)])
    assert _smoothed_quantiles(values, codes, 10)[0.9] < 357.0


def test_quantiles_of_a_large_group_are_close_to_the_exact_ones():
    values = np.random.default_rng(0).normal(size=20_000)
    told = _smoothed_quantiles(values, np.arange(20_000), 10)
    np.testing.assert_allclose(list(told.values()), np.quantile(values, QUANTILES), atol=0.01)


@given(known_values())
def test_quantiles_do_not_depend_on_which_household_a_value_comes_from_by_name(given_):
    values, codes, k = given_
    _, codes = np.unique(codes, return_inverse=True)
    other = np.random.default_rng(0).permutation(codes.max() + 1)[codes]
    assert _smoothed_quantiles(values, codes, k) == _smoothed_quantiles(values, other, k)


@pytest.mark.parametrize(
    ("households", "band"),
    [
        (0, "fewer than 10"),
        (9, "fewer than 10"),
        (10, "10 to 99"),
        (53, "10 to 99"),
        (99, "10 to 99"),
        (100, "100 to 999"),
        (53_000, "10,000 to 99,999"),
        (999_999, "100,000 to 999,999"),
        (1_000_000, "1,000,000 and more"),
        (10**9, "1,000,000 and more"),
    ],
)
def test_a_size_is_told_as_a_band(households, band):
    assert size_band(households) == band


def described(values, labels, households=None, settings=None, k=10):
    vectors = pd.DataFrame(values)
    vectors.columns = [f"x{i}" for i in range(vectors.shape[1])]
    households = np.arange(len(vectors)) if households is None else households
    labels = np.asarray(labels)
    scaling = Scaling.fit(vectors.to_numpy(), None)
    return describe(vectors, labels, households, scaling, settings, k, (None,) * (labels.max(initial=-1) + 1))


def test_a_contrast_is_the_difference_of_means_in_standard_deviations():
    values = np.repeat([[0.0], [2.0]], 50, axis=0)
    _, (first, second) = described(values, np.repeat([0, 1], 50))
    assert (first.contrasts, second.contrasts) == ({"x0": -1.0}, {"x0": 1.0})
    assert (first.households, first.largest_household_share) == (50, 0.02)


def test_the_leading_contrasts_come_strongest_first():
    values = np.hstack([np.repeat([[0.0], [2.0]], 50, axis=0), np.tile([[0.0], [1.0]], (50, 1))])
    _, (first, _) = described(values, np.repeat([0, 1], 50))
    assert first.leading_contrasts(1) == [("x0", -1.0)]


def test_unknown_values_do_not_count_in_a_contrast():
    values = np.repeat([[0.0, 5.0], [2.0, 7.0]], 50, axis=0)
    values[::2, 1] = np.nan
    _, (first, _) = described(values, np.repeat([0, 1], 50))
    assert first.contrasts["x1"] == -1.0


def test_a_contrast_that_fewer_than_k_households_would_make_is_not_made():
    values = np.repeat([[0.0, 5.0], [2.0, 7.0]], 50, axis=0)
    values[9:50, 1] = np.nan
    _, (first, second) = described(values, np.repeat([0, 1], 50))
    assert "x1" not in first.contrasts
    assert "x1" not in first.quantiles
    assert "x1" in second.contrasts


def test_a_pattern_of_fewer_than_k_households_is_not_described():
    households = np.concatenate([np.arange(50), 100 + np.arange(50) % 9])
    _, (first, second) = described(np.repeat([[0.0], [2.0]], 50, axis=0), np.repeat([0, 1], 50), households)
    assert first.described
    assert not second.described
    assert (second.quantiles, second.contrasts, second.over_represented) == ({}, {}, ())
    assert second.size_band == "fewer than 10"


def population(seed, households=1_500):
    """Viewers in households of 1 to 6, all of whom may have any of four patterns, or none."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice([1, 2, 3, 6], households, p=[0.45, 0.3, 0.15, 0.1])
    codes = np.repeat(np.arange(households), sizes)
    windows = 3
    codes = np.repeat(codes, windows)
    viewer = np.repeat(np.arange(len(codes) // windows), windows)
    labels = rng.choice([-1, 0, 1, 2, 3], len(codes), p=[0.2, 0.4, 0.25, 0.1, 0.05])
    return rng, codes, viewer, labels, np.repeat(sizes, sizes * windows)


def findings(settings, codes, labels):
    frame = pd.DataFrame({name: settings.get(name, np.full(len(codes), np.nan)) for name in SETTINGS})
    told = [
        _over_represented(frame, codes, np.flatnonzero(labels == pattern), labels.max() + 1)
        for pattern in range(labels.max() + 1)
    ]
    fired = [RULE.on_pattern(PatternProfile("P01", "", 100, True, over_represented=found)) for found in told]
    return [(n, evidence.attribute.split()[0]) for n, found in enumerate(fired) for evidence in found]


@pytest.mark.parametrize("share", [0.4, 0.8])
@pytest.mark.parametrize("seed", range(12))
def test_captions_that_many_use_whatever_they_watch_are_no_finding(seed, share):
    rng, codes, viewer, labels, _ = population(seed)
    captions = (rng.random(viewer.max() + 1) < share).astype(float)[viewer]
    assert findings({"captions": captions}, codes, labels) == []


@pytest.mark.parametrize("seed", range(4))
def test_a_setting_that_most_people_use_can_be_over_represented_too(seed):
    """No share is one and a half times 75 %; the odds of using it can be several times as high."""
    rng, codes, viewer, labels, _ = population(seed)
    inside = np.unique(viewer[labels == 2])
    share = np.where(np.isin(np.arange(viewer.max() + 1), inside), 0.97, 0.75)
    captions = (rng.random(len(share)) < share).astype(float)[viewer]
    assert (2, "captions") in findings({"captions": captions}, codes, labels)


@pytest.mark.parametrize("seed", range(12))
def test_rare_settings_spread_by_chance_are_no_finding(seed):
    rng, codes, viewer, labels, _ = population(seed)
    rare = {name: (rng.random(viewer.max() + 1) < 0.02).astype(float)[viewer] for name in SETTINGS}
    assert findings(rare, codes, labels) == []


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shared", [False, True])
def test_larger_households_alone_never_make_a_finding(seed, shared):
    """In a pattern that large households have more chances to be in, also where a whole household shares a setting."""
    rng, codes, viewer, labels, sizes = population(seed)
    labels = np.where((sizes == 6) & (rng.random(len(codes)) < 0.5), 3, labels)
    unit = codes if shared else viewer
    captions = (rng.random(unit.max() + 1) < 0.4).astype(float)[unit]
    assert findings({"captions": captions}, codes, labels) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_planted_over_representation_is_found_in_its_pattern_alone(seed):
    rng, codes, viewer, labels, _ = population(seed)
    inside = np.isin(viewer, viewer[labels == 3])
    labels = np.where(inside & (labels != 3), -1, labels)
    share = np.where(inside, 0.6, 0.15)
    captions = (rng.random(viewer.max() + 1)[viewer] < share).astype(float)
    assert (3, "captions") in findings({"captions": captions}, codes, labels)
    assert findings({"captions": captions}, codes, labels) == [(3, "captions")]


def test_two_viewers_of_one_household_count_once_for_a_setting():
    """Thirty windows of one household with captions weigh as much as one."""
    codes = np.concatenate([np.repeat(0, 30), np.arange(1, 500)])
    labels = np.where(np.arange(len(codes)) < 60, 0, -1)
    captions = (codes == 0).astype(float)
    captions[100:120] = 1.0
    assert findings({"captions": captions}, codes, labels) == []
    assert findings({"captions": captions}, np.arange(len(codes)), labels) == [(0, "captions")]


def test_the_viewer_in_the_pattern_speaks_for_its_household_and_not_whoever_comes_first():
    """Two viewers in each of 200 households; in 40 the second one has the pattern, and three in four use captions."""
    codes = np.repeat(np.arange(200), 2)
    second = np.arange(400) % 2 == 1
    labels = np.where(second & (codes < 40), 0, -1)
    captions = np.where(labels == 0, codes % 4 > 0, codes % 5 == 0).astype(float)
    assert findings({"captions": captions}, codes, labels) == [(0, "captions")]
    assert findings({"captions": captions[np.arange(400) ^ 1]}, codes, labels) == []


def test_a_setting_that_nobody_knows_or_everybody_uses_is_no_finding():
    _, codes, _, labels, _ = population(0)
    assert findings({}, codes, labels) == []
    assert findings({"captions": np.ones(len(codes))}, codes, labels) == []


def captions_in_20_of_30_households_and_in_a_third_elsewhere():
    codes = np.arange(200)
    captions = np.where(codes < 30, (codes % 3 > 0).astype(float), (codes % 3 == 0).astype(float))
    return pd.DataFrame({"captions": captions}), codes


def test_p_values_are_corrected_for_the_number_of_tests_and_never_above_1():
    settings, codes = captions_in_20_of_30_households_and_in_a_third_elsewhere()
    one, many = (_over_represented(settings, codes, np.arange(30), patterns)[0] for patterns in (1, 10))
    assert many.ratio == one.ratio == pytest.approx(20 / 30 / (57 / 170), rel=0.05)
    assert many.p_value == pytest.approx(10 * one.p_value)
    assert _compare("captions", settings["captions"].to_numpy() > 0, codes >= 30, 10).p_value == 1.0


def test_what_chance_explains_is_not_kept():
    settings, codes = captions_in_20_of_30_households_and_in_a_third_elsewhere()
    assert _over_represented(settings, codes, np.arange(30, 200), 1) == ()
    assert _over_represented(settings, codes, np.arange(20, 50), 10) == ()


def test_a_p_value_has_one_digit_so_that_no_count_can_be_read_off_it_and_is_rounded_towards_protection():
    settings, codes = captions_in_20_of_30_households_and_in_a_third_elsewhere()
    exact = fisher_exact([[20, 10], [57, 113]], alternative="greater").pvalue
    (found,) = _over_represented(settings, codes, np.arange(30), 1)
    assert found.p_value == float(f"{found.p_value:.0e}")
    assert exact / 2 < found.p_value <= exact


def test_the_settings_of_the_population_are_no_finding_there(fitted):
    context = fitted.vectors.attrs[ATTRIBUTE]
    households, labels = context.households(fitted.vectors.index), fitted.patterns.labels_
    _, codes = np.unique(households, return_inverse=True)
    settings = context.settings(fitted.vectors.index)
    assert findings({name: settings[name].to_numpy() for name in SETTINGS}, codes, labels) == []
    assert all(found.p_value <= 0.05 for p in fitted.patterns.profiles_ for found in p.over_represented)
    assert settings["captions"].notna().mean() > 0.9
    assert settings["captions"].mean() == pytest.approx(0.4, abs=0.05)


def test_every_profile_of_the_population_has_a_name_of_its_own(fitted):
    names = [profile.name for profile in fitted.patterns.profiles_]
    assert len(set(names)) == len(names) > 5
    assert all(names)
