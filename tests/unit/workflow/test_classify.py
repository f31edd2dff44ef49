"""One answer per vector: an open pattern, or the one word withheld."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import InputError
from analyzer.policy.rules import IfUnknown, MarkStatus
from analyzer.workflow.classify import INTERNAL_NOTE, RELEASE_NOTE, WITHHELD, classify


def open_windows(fitted):
    """Return the positions of windows that are named."""
    return np.flatnonzero(classify(fitted.model, fitted.vectors)["pattern"] != WITHHELD)


def test_there_is_one_answer_for_each_vector_under_its_own_index(fitted):
    answer = classify(fitted.model, fitted.vectors)
    assert answer.index.equals(fitted.vectors.index)
    assert list(answer.columns) == ["pattern"]
    assert answer["pattern"].notna().all()


def test_what_is_named_is_the_pattern_that_was_found(fitted):
    answer = classify(fitted.model, fitted.vectors)["pattern"].to_numpy()
    named = answer != WITHHELD
    assert 0.5 < named.mean() < 0.95
    assert (answer[named] == fitted.patterns.pattern_ids(fitted.patterns.labels_)[named]).all()


def test_internal_answers_are_the_raw_patterns_and_say_that_they_are_not_for_publication(fitted):
    answer = classify(fitted.model, fitted.vectors, internal=True)
    ids = [p.id for p in fitted.patterns.profiles_]
    expected = ["no pattern" if label < 0 else ids[label] for label in fitted.patterns.labels_]
    assert answer["pattern"].tolist() == expected
    assert answer.attrs == {"analyzer.note": INTERNAL_NOTE}
    assert "not for publication" in INTERNAL_NOTE


def test_released_answers_carry_their_note_and_neither_households_nor_settings(fitted):
    assert classify(fitted.model, fitted.vectors).attrs == {"analyzer.note": RELEASE_NOTE}


@pytest.mark.parametrize("internal", [False, True])
def test_no_vectors_no_answers(fitted, internal):
    answer = classify(fitted.model, fitted.vectors.iloc[:0], internal=internal)
    assert answer.shape == (0, 1)
    assert answer["pattern"].dtype == classify(fitted.model, fitted.vectors.iloc[:3])["pattern"].dtype


def test_a_missing_feature_is_named_with_what_may_have_been_meant(fitted):
    with pytest.raises(InputError, match=r"lack hours_played, which the model needs. Did you mean 'hours_playd'\?"):
        classify(fitted.model, fitted.vectors.rename(columns={"hours_played": "hours_playd"}))
    with pytest.raises(InputError, match="and more"):
        classify(fitted.model, fitted.vectors.iloc[:, :3])


def test_further_columns_and_their_order_do_not_matter(fitted):
    vectors = fitted.vectors.iloc[:300]
    other = vectors.assign(anything=1.0)[["anything", *vectors.columns[::-1]]]
    pd.testing.assert_frame_equal(classify(fitted.model, other), classify(fitted.model, vectors))


def test_one_guarded_window_withholds_all_windows_of_that_viewer_and_of_nobody_else(fitted):
    before = classify(fitted.model, fitted.vectors)["pattern"]
    at = open_windows(fitted)[0]
    viewer = fitted.vectors.index[at][0]
    changed = fitted.vectors.copy()
    changed.iloc[at, changed.columns.get_loc("title_recent_plays_max")] = 30.0
    after = classify(fitted.model, changed)["pattern"]
    hers = fitted.vectors.index.get_level_values("viewer_id") == viewer
    assert (before[hers] != WITHHELD).sum() > 1
    assert (after[hers] == WITHHELD).all()
    pd.testing.assert_series_equal(after[~hers], before[~hers])


def test_a_window_with_a_null_in_a_guarded_feature_is_withheld(fitted):
    at = open_windows(fitted)[:5]
    clauses = [clause for rule in fitted.model.rulebook.rule for clause in rule.any_of + rule.all_of]
    for feature in sorted({clause.feature for clause in clauses if clause.if_unknown is IfUnknown.WITHHOLD}):
        vectors = fitted.vectors.iloc[at].copy()
        vectors[feature] = np.nan
        assert (classify(fitted.model, vectors)["pattern"] == WITHHELD).all()


@pytest.mark.parametrize("internal", [False, True])
def test_vectors_that_do_not_say_whose_they_are_are_refused(fitted, internal):
    """A viewer's windows are judged together; without viewers a guarded window would protect only itself."""
    for vectors in (fitted.vectors.reset_index(drop=True), fitted.vectors.to_numpy()):
        with pytest.raises(InputError, match="do not say whose they are"):
            classify(fitted.model, vectors, internal=internal)


@pytest.mark.parametrize("left", [0, 1, 3])
def test_a_pattern_without_a_mark_is_withheld(fitted, left):
    marks = [mark for mark in fitted.marks if mark.status is MarkStatus.OPEN][:left]
    named = set(classify(replace(fitted.model, marks=tuple(marks)), fitted.vectors)["pattern"]) - {WITHHELD}
    assert named == {mark.pattern_id for mark in marks}


def test_a_mark_of_another_rulebook_is_stale_and_withholds(fitted, make_rulebook):
    other = make_rulebook({"no_pattern": True})
    stale = replace(fitted.model, rulebook=other)
    assert set(classify(stale, fitted.vectors)["pattern"]) == {WITHHELD}
    assert set(classify(fitted.model.under(other), fitted.vectors)["pattern"]) > {WITHHELD}


def test_where_marks_contradict_each_other_the_worst_wins(fitted):
    first = next(mark for mark in fitted.marks if mark.status is MarkStatus.OPEN)
    worse = replace(first, status=MarkStatus.REVIEW)
    for marks in ((*fitted.marks, worse), (worse, *fitted.marks)):
        assert first.pattern_id not in set(classify(replace(fitted.model, marks=marks), fitted.vectors)["pattern"])


@pytest.mark.parametrize("status", [MarkStatus.REVIEW, MarkStatus.NEVER_SINGLE_OUT])
def test_only_patterns_marked_open_are_named(fitted, status):
    marks = tuple(replace(mark, status=status) for mark in fitted.marks)
    assert set(classify(replace(fitted.model, marks=marks), fitted.vectors)["pattern"]) == {WITHHELD}


def test_a_window_between_an_open_pattern_and_one_that_is_not_is_withheld(fitted):
    open_ids = {mark.pattern_id for mark in fitted.marks if mark.status is MarkStatus.OPEN}
    closed = np.array([profile.id not in open_ids for profile in fitted.patterns.profiles_])
    _, strength = fitted.patterns.predict_with_memberships(fitted.vectors)
    named = (classify(fitted.model, fitted.vectors)["pattern"] != WITHHELD).to_numpy()
    assert (strength[named][:, closed].sum(axis=1) <= fitted.model.rulebook.border.closed_share_above).all()
    without = replace(fitted.model, rulebook=fitted.model.rulebook.model_copy(update={"border": None}))
    without = without.under(without.rulebook)
    more = (classify(without, fitted.vectors)["pattern"] != WITHHELD).to_numpy()
    assert (more | ~named).all()
