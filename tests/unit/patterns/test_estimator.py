"""`UsagePatterns` is a scikit-learn estimator, and nothing but the values decides what it finds."""

from __future__ import annotations

import hdbscan
import numpy as np
import pandas as pd
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from analyzer.features.context import ATTRIBUTE, HOUSEHOLD, SETTINGS, VectorContext
from analyzer.patterns.estimator import UsagePatterns
from analyzer.workflow.tables import read_vectors, write_vectors

VIEWERS = 6


def small(**changes):
    """An estimator that finds patterns in a handful of vectors."""
    few = {"min_cluster_size": 3, "min_samples": 2, "n_axes": 2, "min_households": 2, "null_copies": 0, "bootstraps": 0}
    return UsagePatterns(**{**few, **changes})


def too_few_for_the_defaults(estimator):
    """Every check passes with small groups allowed; by default, 55 vectors are rightly no patterns."""
    return {"check_clustering": "a dense group has at least 20 vectors"} if estimator.min_cluster_size is None else {}


@parametrize_with_checks([UsagePatterns(), small(min_cluster_size=10)], expected_failed_checks=too_few_for_the_defaults)
def test_it_is_a_scikit_learn_estimator(estimator, check):
    check(estimator)


def blobs(rng, sizes=(60, 60), spread=0.5, columns=3):
    """Groups of vectors around 0, 10, 20, ..."""
    return np.vstack([rng.normal(10.0 * at, spread, (size, columns)) for at, size in enumerate(sizes)])


def test_a_clone_has_the_same_parameters_and_is_not_fitted():
    fitted = small().fit(blobs(np.random.default_rng(0)))
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    assert not hasattr(copy, "labels_")


def test_groups_that_are_far_apart_become_patterns():
    labels = small(min_cluster_size=20, min_households=10).fit(blobs(np.random.default_rng(0), sizes=(70, 60))).labels_
    assert set(labels[:70]) - {-1} == {0}
    assert set(labels[70:]) - {-1} == {1}
    assert (labels == -1).mean() < 0.1


def test_patterns_are_numbered_from_the_largest_down():
    labels = small(min_cluster_size=20).fit(blobs(np.random.default_rng(0), sizes=(30, 50, 90))).labels_
    assert [labels[0:30].max(), labels[30:80].max(), labels[80:].max()] == [2, 1, 0]


def test_transformed_vectors_come_as_pandas_with_named_axes_when_asked(fitted):
    vectors = fitted.vectors.iloc[:50]
    told = clone(fitted.patterns).set_output(transform="pandas").fit(fitted.vectors).transform(vectors)
    assert list(told.columns) == [f"axis{i + 1}" for i in range(told.shape[1])]
    assert told.index.equals(vectors.index)
    np.testing.assert_array_equal(told.columns, fitted.patterns.get_feature_names_out())


ROWS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which of three far groups
        st.integers(0, 2),
        st.none() | st.integers(0, 2),
        st.integers(0, VIEWERS - 1),
        st.sampled_from([0.0, 1.0, None]),
    ),
    min_size=6,
    max_size=30,
)


def frame(rows, names):
    """Vectors with duplicates and nulls, several windows a viewer, and accessibility settings beside them."""
    windows = pd.to_datetime(np.arange(len(rows)), unit="D", utc=True)
    index = pd.MultiIndex.from_arrays([[names[r[3]] for r in rows], windows], names=["viewer_id", "window_start"])
    first = [10.0 * group + jitter for group, jitter, *_ in rows]
    second = [np.nan if jitter is None else 10.0 * group + jitter for group, _, jitter, *_ in rows]
    vectors = pd.DataFrame({"a": first, "b": second}, index=index)
    settings_ = {name: [np.nan if r[4] is None else r[4] for r in rows] for name in SETTINGS}
    vectors.attrs[ATTRIBUTE] = VectorContext(pd.DataFrame({HOUSEHOLD: [None] * len(rows), **settings_}, index=index))
    return vectors


NAMES = [f"v{i}" for i in range(VIEWERS)]
# Found by Hypothesis: equal vectors of one household with other settings, and equal vectors of two households.
EQUAL_BUT_FOR_SETTINGS = [(0, 0, None, 0, 0.0), (0, 0, None, 0, 1.0), (0, 0, None, 1, 0.0), (0, 0, None, 0, 0.0)] + [
    (1, 0, None, 0, 0.0)
] * 3
EQUAL_IN_TWO_HOUSEHOLDS = (
    [(0, 0, None, 0, 0.0)] * 3 + [(0, 0, None, 1, 0.0), (0, 1, None, 0, 0.0)] + [(1, 0, None, 0, 0.0)] * 3
)


def assert_row_order_is_irrelevant(rows, order):
    vectors = frame(rows, NAMES)
    once, again = small().fit(vectors), small().fit(vectors.iloc[order])
    np.testing.assert_array_equal(once.labels_[order], again.labels_)
    assert once.profiles_ == again.profiles_
    assert once.everyone_ == again.everyone_


@settings(max_examples=60)
@given(ROWS, st.randoms(use_true_random=False))
def test_row_order_changes_neither_labels_nor_profiles(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    event(f"patterns: {len(small().fit(frame(rows, NAMES)).profiles_)}")
    assert_row_order_is_irrelevant(rows, order)


@pytest.mark.parametrize("seed", range(8))
def test_row_order_changes_nothing_where_vectors_are_equal_but_their_settings_are_not(seed):
    order = np.random.default_rng(seed).permutation(len(EQUAL_BUT_FOR_SETTINGS))
    assert_row_order_is_irrelevant(EQUAL_BUT_FOR_SETTINGS, order)


def assert_names_are_irrelevant(rows, names):
    once, again = small().fit(frame(rows, NAMES)), small().fit(frame(rows, names))
    np.testing.assert_array_equal(once.labels_, again.labels_)
    assert once.profiles_ == again.profiles_
    assert once.everyone_ == again.everyone_


@settings(max_examples=60)
@given(ROWS, st.permutations(NAMES))
def test_viewer_names_change_neither_labels_nor_profiles(rows, names):
    assert_names_are_irrelevant(rows, names)


def test_viewer_names_change_nothing_where_two_households_have_equal_vectors():
    assert_names_are_irrelevant(EQUAL_IN_TWO_HOUSEHOLDS, NAMES[::-1])


def test_household_names_change_nothing_on_a_whole_population(fitted):
    known = fitted.vectors.attrs[ATTRIBUTE].frame
    other = known.assign(household_id=[name[::-1] for name in known[HOUSEHOLD]])
    vectors = fitted.vectors.copy()
    vectors.attrs[ATTRIBUTE] = VectorContext(other)
    again = UsagePatterns().fit(vectors)
    np.testing.assert_array_equal(again.labels_, fitted.patterns.labels_)
    assert again.profiles_ == fitted.patterns.profiles_


def test_row_order_changes_nothing_on_a_whole_population(fitted):
    order = np.random.default_rng(0).permutation(len(fitted.vectors))
    again = UsagePatterns().fit(fitted.vectors.iloc[order])
    np.testing.assert_array_equal(again.labels_, fitted.patterns.labels_[order])
    assert again.profiles_ == fitted.patterns.profiles_
    assert again.everyone_ == fitted.patterns.everyone_


@settings(max_examples=60)
@given(ROWS)
def test_a_fitted_vector_is_predicted_as_it_was_labelled_however_many_are_asked_for(rows):
    vectors = frame(rows, NAMES)
    patterns = small().fit(vectors)
    np.testing.assert_array_equal(patterns.predict(vectors), patterns.labels_)
    for viewer in range(VIEWERS):  # a viewer's windows are judged together, whoever else is asked for
        own = [i for i, row in enumerate(rows) if row[3] == viewer]
        np.testing.assert_array_equal(patterns.predict(vectors.iloc[own]), patterns.labels_[own]) if own else None


def test_fitting_and_predicting_agree_on_a_whole_population(fitted):
    np.testing.assert_array_equal(fitted.patterns.predict(fitted.vectors), fitted.patterns.labels_)


def test_fitting_on_cells_labels_every_vector_as_predict_does(fitted):
    patterns = UsagePatterns(exact_below=2_000, null_copies=0, bootstraps=0).fit(fitted.vectors)
    np.testing.assert_array_equal(patterns.predict(fitted.vectors), patterns.labels_)
    assert adjusted_rand_score(patterns.labels_, fitted.patterns.labels_) > 0.9


def test_what_a_vector_does_not_know_is_expected_from_what_it_knows_and_is_never_0():
    values = blobs(np.random.default_rng(0), sizes=(100, 100)) + 50.0
    patterns = small(min_cluster_size=20, min_households=10).fit(values)
    null, zero, usual = patterns.transform([[60.0, 60.0, np.nan], [60.0, 60.0, 0.0], [60.0, 60.0, 60.0]])
    assert np.linalg.norm(null - usual) < 0.2 * np.linalg.norm(zero - usual)


def test_a_null_changes_neither_mean_nor_scale_of_what_is_known():
    values = np.random.default_rng(0).normal(50.0, 5.0, (200, 2))
    with_nulls = np.vstack([values, np.full((100, 2), np.nan)])
    one, other = small().fit(values).scaling_, small().fit(with_nulls).scaling_
    np.testing.assert_allclose(one.mean, other.mean)
    np.testing.assert_allclose(one.scale, other.scale)


@pytest.mark.parametrize("count", [1, 2, 29, 30])
def test_fewer_vectors_than_a_pattern_needs_are_all_without_a_pattern(count):
    patterns = UsagePatterns(min_cluster_size=30).fit(np.random.default_rng(0).normal(size=(count, 3)))
    assert patterns.labels_.tolist() == [-1] * count
    assert patterns.profiles_ == ()
    assert patterns.predict([[0.0, 0.0, 0.0]]).tolist() == [-1]


@pytest.mark.parametrize("value", [0.0, 0.1, 1e9, np.nan])
def test_vectors_that_are_all_equal_are_no_error(value):
    patterns = UsagePatterns(min_cluster_size=5).fit(np.full((60, 3), value))
    assert len(set(patterns.labels_)) == 1
    np.testing.assert_array_equal(patterns.predict(np.full((3, 3), value)), patterns.labels_[:3])


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinite_vectors_are_refused(value):
    values = np.zeros((40, 2))
    values[3, 1] = value
    with pytest.raises(ValueError, match="infinity"):
        UsagePatterns().fit(values)
    with pytest.raises(ValueError, match="infinity"):
        small().fit(np.zeros((40, 2))).predict(values)


@pytest.mark.parametrize("households", [["h"] * 39, [["h"]] * 40, "h"])
def test_households_must_be_one_per_vector(households):
    with pytest.raises(ValueError, match=r"households has shape .*; it must be \(40,\), one per vector"):
        UsagePatterns().fit(np.zeros((40, 2)), households=households)


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_cluster_size": 1},
        {"min_cluster_size": -5},
        {"min_samples": 0},
        {"n_axes": 0},
        {"min_households": 1},
        {"exact_below": 99},
        {"null_copies": -1},
        {"bootstraps": -1},
    ],
)
def test_a_parameter_out_of_range_is_refused_with_its_bound(wrong):
    with pytest.raises(ValueError, match=rf"{next(iter(wrong))} is .*; it must be at least \d+"):
        UsagePatterns(**wrong).fit(np.zeros((40, 2)))


@pytest.fixture
def hdbscan_calls(monkeypatch):
    """Record the keyword arguments of every HDBSCAN that is made."""
    calls = []
    real = hdbscan.HDBSCAN

    def recording(**given):
        calls.append(given)
        return real(**given)

    monkeypatch.setattr(hdbscan, "HDBSCAN", recording)
    return calls


def test_hdbscan_is_called_with_the_exact_tree_and_min_samples(hdbscan_calls):
    UsagePatterns(min_cluster_size=20, min_samples=7).fit(blobs(np.random.default_rng(0)))
    assert hdbscan_calls
    for given_ in hdbscan_calls:
        assert given_["approx_min_span_tree"] is False
        assert (given_["min_samples"], given_["min_cluster_size"]) == (7, 20)


def test_the_smallest_dense_group_is_a_quarter_of_a_percent_of_the_vectors_but_at_least_twenty(hdbscan_calls):
    for count in (400, 16_000):
        UsagePatterns(null_copies=0, bootstraps=0).fit(np.random.default_rng(0).normal(size=(count, 3)))
    assert {given_["min_cluster_size"] for given_ in hdbscan_calls} == {20, 40}


@pytest.mark.parametrize("seed", range(3))
def test_vectors_without_groups_hold_no_patterns_beyond_chance(seed):
    rng = np.random.default_rng(seed)
    patterns = UsagePatterns().fit(rng.normal(size=(2_000, 6)) @ rng.normal(size=(6, 6)))
    assert not patterns.profiles_
    assert not patterns.evidence_.accepted
    assert patterns.evidence_.sentence() == "There are no patterns beyond chance."
    assert (patterns.labels_ == -1).all()


def test_patterns_of_a_population_explain_far_more_than_chance_and_come_back(fitted):
    evidence = fitted.patterns.evidence_
    assert evidence.accepted
    assert len(evidence.by_chance) == 19
    assert evidence.p_value == 0.05
    assert evidence.explained > 3 * max(evidence.by_chance)
    assert np.mean([profile.stability for profile in fitted.patterns.profiles_[:8]]) > 0.8


def test_a_feature_that_too_few_households_have_leaves_no_trace():
    rng = np.random.default_rng(0)
    values = blobs(rng, sizes=(100, 100))
    rare = np.full((200, 1), np.nan)
    rare[:9] = 1234.5
    patterns = small(min_cluster_size=20, n_axes=3, min_households=10).fit(np.hstack([values, rare]))
    without = small(min_cluster_size=20, n_axes=3, min_households=10).fit(values)
    assert (patterns.scaling_.mean[3], patterns.scaling_.scale[3]) == (0.0, 1.0)
    np.testing.assert_allclose(patterns.axes_[3], 0.0, atol=1e-12)
    np.testing.assert_array_equal(patterns.labels_, without.labels_)
    for profile in (patterns.everyone_, *patterns.profiles_):
        assert "x3" not in profile.quantiles
        assert "x3" not in profile.contrasts


def test_households_are_counted_for_a_rare_feature_and_not_viewers():
    values = np.hstack([blobs(np.random.default_rng(0), sizes=(100, 100)), np.full((200, 1), np.nan)])
    values[:60, 3] = 1234.5
    households = np.array([f"h{i}" for i in range(200)])
    households[:60] = np.array([f"h{i % 9}" for i in range(60)])
    patterns = UsagePatterns(min_cluster_size=20).fit(values, households=households)
    assert patterns.scaling_.mean[3] == 0.0


def test_households_come_with_the_vectors_also_through_a_file(fitted, tmp_path):
    write_vectors(fitted.vectors, tmp_path / "vectors.parquet", "28d")
    read, window = read_vectors(tmp_path / "vectors.parquet")
    again = UsagePatterns().fit(read)
    assert window == "28d"
    assert again.everyone_ == fitted.patterns.everyone_
    assert again.profiles_ == fitted.patterns.profiles_
