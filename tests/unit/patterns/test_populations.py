"""The populations on which recipes are judged are as planted, and their controls take away what they say."""

from __future__ import annotations

import sys
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.model_selection import GroupKFold, cross_val_predict

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import living
import nulls
import populations
from populations import NONE, Planted, viewer_codes

PLANTED = {
    "plain": populations.plain(1_000, seed=5),
    "hard": populations.hard(1_000, seed=5),
    "shapeless": populations.shapeless(1_000, seed=5),
    "few": populations.few(seed=5),
}
CONTROLS = {
    "shuffled": nulls.shuffled,
    "rolled": nulls.rolled,
    "copula": nulls.copula,
    "persistent": lambda planted, seed: nulls.copula(planted, seed, persistent=True),
}


@cache
def null_of(name: str, control: str, seed: int = 1) -> Planted:
    return CONTROLS[control](PLANTED[name], seed)


whole = pytest.mark.parametrize("planted", PLANTED.values(), ids=PLANTED)


def rank_correlation(planted: Planted) -> np.ndarray:
    return planted.vectors.corr("spearman").to_numpy()


def share_between_viewers(planted: Planted) -> pd.Series:
    """What part of a feature's rank variance lies between viewers."""
    ranks = planted.vectors.rank()
    return 1 - ranks.groupby(viewer_codes(planted.vectors.index)).var().mean() / ranks.var()


@whole
def test_vectors_are_as_those_of_the_package(planted):
    vectors = planted.vectors
    assert vectors.index.names == ["viewer_id", "window_start"]
    assert vectors.index.is_unique
    assert (vectors.dtypes == np.float64).all()
    starts = vectors.index.levels[1]
    assert str(starts.tz) == "UTC"
    assert set(np.diff(starts)) <= {pd.Timedelta(28, "D")}
    assert np.nanmin(vectors.to_numpy()) >= 0
    assert np.isfinite(vectors.to_numpy()[vectors.notna().to_numpy()]).all()
    assert sum(planted.shares.values()) == pytest.approx(1.0)
    assert set(planted.shares) == set(planted.habit)
    assert pd.Series(planted.households).groupby(viewer_codes(vectors.index)).nunique().max() == 1


def test_the_same_seed_gives_the_same_population_and_another_seed_another():
    for make in (populations.plain, populations.hard, populations.shapeless, populations.few):
        pd.testing.assert_frame_equal(make(seed=7, viewers=60).vectors, make(seed=7, viewers=60).vectors)
        assert not make(seed=7, viewers=60).vectors.equals(make(seed=8, viewers=60).vectors)


def test_habits_are_as_large_as_planned():
    assert list(PLANTED["plain"].shares.values()) == pytest.approx(living.SHARES)


def test_a_supervised_classifier_tells_plain_habits_apart_in_viewers_it_has_not_seen():
    planted = populations.plain(seed=10)  # the lowest of seeds 0 to 15
    found = cross_val_predict(
        ExtraTreesClassifier(60, min_samples_leaf=2, random_state=0),
        planted.vectors.to_numpy(),
        planted.habit,
        groups=viewer_codes(planted.vectors.index),
        cv=GroupKFold(3),
    )
    assert (found == planted.habit).mean() >= 0.97


def test_what_is_seen_of_those_who_watch_little_is_noisier():
    vectors = PLANTED["plain"].vectors
    shares = vectors.loc[:, vectors.max() <= 1]
    differ = np.arcsin(np.sqrt(shares)).groupby("viewer_id").var().mean(axis=1)
    plays = vectors["x00"].groupby("viewer_id").mean()
    assert differ[plays < plays.quantile(0.2)].mean() > 1.5 * differ[plays > plays.quantile(0.8)].mean()


@pytest.mark.parametrize("difficulty", populations.DIFFICULTIES)
def test_a_difficulty_by_itself_leaves_the_rest_as_it_was(difficulty):
    planted = populations.hard(600, seed=3, difficulties=(difficulty,))
    assert planted.name == f"hard: {difficulty}"
    assert planted.vectors.isna().to_numpy().any() == (difficulty == "missing")
    assert (NONE in planted.shares) == (difficulty in {"background", "large_households"})
    assert len(set(planted.habit) - {NONE}) == (14 if difficulty == "rare" else 12)


@given(st.integers(0, 10_000), st.sampled_from([2, 6, 8]), st.booleans())
@settings(max_examples=25)
def test_no_two_habits_are_nearer_than_planned_and_half_of_them_may_be_drawn_out(seed, axes, drawn_out):
    chosen = ("continua", "spread") if drawn_out else ()
    layout = living.layout_of(np.random.default_rng(seed), 12, axes, 5.0, chosen)
    assert ((layout.along != 0).any(axis=1)).sum() == (6 if drawn_out else 0)
    steps = np.linspace(-1.0, 1.0, 7)
    paths = [layout.at(np.full(7, habit), steps) for habit in range(13)]
    for one, other in combinations(range(13), 2):
        gap = np.linalg.norm(paths[one][:, None] - paths[other][None], axis=2).min()
        assert gap >= 5.0 * (layout.spread[one] + layout.spread[other]) / 2 - 1e-9


def test_an_unknown_difficulty_is_refused():
    with pytest.raises(ValueError, match=r"No difficulty is called windy; there are tails, "):
        populations.hard(difficulties=("windy",))


def test_rare_habits_are_rare():
    shares = populations.hard(10_000, 1, difficulties=("rare",)).shares
    assert sorted(shares.values())[0] == pytest.approx(0.002, rel=0.05)


def test_families_of_features_are_null_for_a_third_of_viewers_each():
    null = populations.hard(3_000, difficulties=("missing",)).vectors.isna()
    shares = null.mean()[null.any()]
    assert len(shares) == 6
    assert shares.between(0.29, 0.38).all()
    assert (null.groupby("viewer_id").nunique() == 1).all(axis=None)


def test_five_large_households_do_the_same():
    planted = populations.hard(500, difficulties=("large_households",))
    rows = planted.habit == NONE
    assert pd.Series(planted.households[rows]).value_counts().tolist() == [200] * 5
    logs = np.log1p(planted.vectors)
    assert logs[rows].std().mean() < 0.6 * logs.std().mean()


def test_a_part_of_all_rows_belongs_to_no_habit():
    assert 0.05 <= PLANTED["hard"].shares[NONE] <= 0.10


def test_repeated_features_repeat_and_unrelated_ones_relate_to_nothing():
    together = {
        name: np.sort(np.abs(rank_correlation(populations.hard(2_000, difficulties=(name,)))), axis=1)
        for name in ("redundant", "noise")
    }
    assert (together["redundant"][:, -2] > 0.85).sum() >= 5
    assert (together["noise"][:, -2] < 0.1).sum() == 4


def test_tails_are_heavy():
    kurtosis = {}
    for chosen in ((), ("tails",)):
        vectors = populations.hard(2_000, seed=1, difficulties=chosen).vectors
        kurtosis[chosen] = np.log1p(vectors.loc[:, vectors.max() > 1]).kurt().mean()
    assert kurtosis[()] < 0.5
    assert kurtosis["tails",] > 1.5


@pytest.mark.parametrize("name", ["shapeless", "few"])
def test_populations_without_habits_have_viewers_who_stay_as_they_are(name):
    assert PLANTED[name].shares == {NONE: 1.0}
    assert share_between_viewers(PLANTED[name]).mean() > (0.75 if name == "few" else 0.5)


def test_blobs_are_one_row_a_viewer():
    planted = populations.blobs(2_000, 6, 4)
    assert isinstance(planted.vectors.index, pd.RangeIndex)
    assert planted.vectors.shape == (2_000, 6)
    assert len(planted.shares) == 4


def test_synthetic_vectors_have_their_households_and_habits():
    planted = populations.synthetic(200, days=28)
    assert len(np.unique(planted.households)) < len(np.unique(viewer_codes(planted.vectors.index)))
    assert "weekend_films" in planted.shares
    assert "plays" in planted.vectors


def test_real_windows_are_none_where_there_are_no_exports(monkeypatch, tmp_path):
    monkeypatch.setattr(populations, "REAL", tmp_path / "absent")
    assert populations.real_windows() is None


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("name", PLANTED)
def test_a_control_keeps_margins_and_households_and_has_no_habit(name, control):
    planted, null = PLANTED[name], null_of(name, control)
    assert null.shares == {NONE: 1.0}
    assert null.vectors.index.equals(planted.vectors.index)
    assert (null.households == planted.households).all()
    np.testing.assert_array_equal(np.sort(null.vectors, axis=0), np.sort(planted.vectors, axis=0))


@pytest.mark.parametrize("control", CONTROLS)
def test_the_same_seed_gives_the_same_control_and_another_seed_another(control):
    planted = populations.hard(100, seed=1)
    assert CONTROLS[control](planted, 1).vectors.equals(CONTROLS[control](planted, 1).vectors)
    assert not CONTROLS[control](planted, 1).vectors.equals(CONTROLS[control](planted, 2).vectors)


@pytest.mark.parametrize("name", ["plain", "hard", "shapeless"])
def test_shuffled_and_rolled_columns_do_not_go_together_and_those_of_a_copula_do_as_before(name):
    before = rank_correlation(PLANTED[name])
    for control in ("shuffled", "rolled"):
        apart = rank_correlation(null_of(name, control)) - np.eye(len(before))
        # The thousand rows of the large households stay side by side when columns are rolled.
        assert np.abs(apart).mean() < (0.1 if (name, control) == ("hard", "rolled") else 0.03)
    assert np.abs(rank_correlation(null_of(name, "copula")) - before).mean() < 0.03


@pytest.mark.parametrize("name", PLANTED)
def test_a_persistent_copula_keeps_what_viewers_keep_and_others_do_not(name):
    before = share_between_viewers(PLANTED[name])
    assert (share_between_viewers(null_of(name, "persistent")) - before).abs().mean() < 0.06
    assert share_between_viewers(null_of(name, "copula")).mean() < 0.1
    assert share_between_viewers(null_of(name, "shuffled")).mean() < 0.1


def test_rolled_columns_keep_most_of_what_viewers_keep_over_many_windows():
    assert share_between_viewers(null_of("few", "rolled")).mean() > 0.5


def test_columns_that_nobody_has_stay_so():
    planted = populations.synthetic(200, days=28)
    nobody = planted.vectors.columns[planted.vectors.isna().all()]
    assert len(nobody)
    for make in CONTROLS.values():
        assert make(planted, 0).vectors[nobody].isna().all(axis=None)


@whole
def test_half_takes_whole_households_once(planted):
    part, rows = nulls.half(planted, 3)
    assert len(np.unique(part.households)) == len(np.unique(planted.households)) // 2
    np.testing.assert_array_equal(rows, np.flatnonzero(np.isin(planted.households, part.households)))
    pd.testing.assert_frame_equal(part.vectors, planted.vectors.iloc[rows])


@whole
def test_a_bootstrap_keeps_household_names_and_gives_copied_viewers_new_ones(planted):
    drawn, rows = nulls.bootstrap(planted, 3)
    assert drawn.vectors.index.is_unique
    np.testing.assert_array_equal(drawn.vectors.to_numpy(), planted.vectors.to_numpy()[rows])
    assert (drawn.households == planted.households[rows]).all()
    assert (drawn.habit == planted.habit[rows]).all()
    viewers = drawn.vectors.index.get_level_values("viewer_id").str.replace(r"~\d+$", "", regex=True)
    assert (viewers == planted.vectors.index.get_level_values("viewer_id")[rows]).all()
    assert 0.5 < len(np.unique(drawn.households)) / len(np.unique(planted.households)) < 0.75


def test_rows_that_are_viewers_are_resampled_too():
    planted = populations.blobs(500, 3, 2)
    for resample in (nulls.half, nulls.bootstrap):
        drawn, rows = resample(planted, 0)
        assert isinstance(drawn.vectors.index, pd.RangeIndex)
        assert len(drawn.vectors) == len(rows)


def test_a_summary_is_one_line():
    line = populations.summary(PLANTED["hard"])
    assert "\n" not in line
    assert line.startswith("hard: 4,000 vectors x 24 of 1,025 viewers in ")
