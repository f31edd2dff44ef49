"""An id stays with its pattern, over refits and whatever numbers and names the vectors come with."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from analyzer.patterns.identity import Fate, lineage_from, match, overlap

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))
import identity as benchmark
from drifting import Story


@st.composite
def labelled(draw):
    """Labels before and after of the same vectors, their households, and how many patterns there are."""
    earlier, new = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    rng = np.random.default_rng(draw(st.integers(0, 100_000)))
    count = draw(st.integers(0, 200))
    before = rng.integers(-1, earlier, count) if earlier else np.full(count, -1)
    follows = rng.random(count) < draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    other = rng.integers(-1, new, count) if new else np.full(count, -1)
    after = np.where(follows & (before < new), before, other)
    return before, after, rng.integers(0, max(1, count // 2), count).astype(str), earlier, new


def ids_of(count):
    return [f"P{n:02d}" for n in range(1, count + 1)]


@given(labelled(), st.randoms(use_true_random=False))
def test_neither_the_order_of_vectors_nor_a_name_changes_a_digit_of_the_overlap(given_, random):
    before, after, households, earlier, new = given_
    order = np.array(random.sample(range(len(before)), len(before)), dtype=np.int64)
    names = np.array([f"{hash(h) % 97}-{h}" for h in households[order]])
    told = overlap(before[order], after[order], names, earlier, new)
    np.testing.assert_array_equal(told, overlap(before, after, households, earlier, new))


@given(labelled())
def test_the_overlap_holds_each_household_once(given_):
    before, after, households, earlier, new = given_
    assert overlap(before, after, households, earlier, new).sum() == pytest.approx(len(set(households)))


@given(labelled(), st.randoms(use_true_random=False))
def test_the_numbers_that_models_give_their_patterns_decide_nothing(given_, random):
    before, after, households, earlier, new = given_
    table = overlap(before, after, households, earlier, new)
    columns = {tuple(column) for column in np.round(table[:, :-1], 9).T.tolist()}
    assume(len(columns) == new)  # which of two patterns of the very same households is which, nothing can tell
    rows, places = random.sample(range(earlier), earlier), random.sample(range(new), new)
    mixed = table[[*rows, earlier]][:, [*places, new]]
    ids = ids_of(earlier)
    told, moved = match(table, ids), match(mixed, [ids[row] for row in rows])
    assert moved.ids == tuple(told.ids[place] for place in places)
    assert set(moved.changes) == set(told.changes)
    assert moved.used == told.used


@given(labelled(), st.sets(st.integers(1, 12)))
def test_every_pattern_has_an_id_of_its_own_and_a_new_one_was_never_used(given_, numbers):
    earlier = ids_of(given_[3])
    used = [f"P{n:02d}" for n in sorted(numbers)]
    lineage = match(overlap(*given_), earlier, used)
    assert len(set(lineage.ids)) == len(lineage.ids) == given_[4]
    assert not (set(lineage.ids) - set(earlier)) & {*used, *earlier}
    assert set(lineage.used) == {*used, *earlier, *lineage.ids}


@given(labelled())
def test_each_earlier_pattern_goes_on_or_is_part_of_another_or_is_gone(given_):
    earlier = set(ids_of(given_[3]))
    lineage = match(overlap(*given_), sorted(earlier))
    told = {name for change in lineage.changes for name in change.earlier}
    gone = {change.id for change in lineage.changes if change.fate is Fate.GONE}
    assert told == earlier
    assert not gone & set(lineage.ids)
    for change in lineage.changes:
        if change.id in earlier:  # who keeps an id descends from it
            assert change.id in change.earlier


@given(labelled())
def test_labels_that_did_not_change_keep_every_id(given_):
    before, _, households, earlier, _ = given_
    there = np.unique(before[before >= 0])
    lineage = match(overlap(before, before, households, earlier, earlier), ids_of(earlier))
    assert all(lineage.changes[n].fate is Fate.SAME and lineage.ids[n] == f"P{n + 1:02d}" for n in there)


@given(st.lists(labelled(), min_size=2, max_size=5))
def test_an_id_that_is_gone_never_comes_back(refits):
    ids, used, gone = ids_of(refits[0][3]), (), set()
    for before, after, households, _, new in refits:
        shown = np.where(before < len(ids), before, -1)
        lineage = match(overlap(shown, after, households, len(ids), new), ids, used)
        gone |= set(ids) - set(lineage.ids)
        assert not gone & set(lineage.ids)
        ids, used = lineage.ids, lineage.used


@given(labelled())
def test_every_lineage_comes_back_from_json(given_):
    lineage = match(overlap(*given_), ids_of(given_[3]))
    assert lineage_from(lineage.as_json()) == lineage


SHORT = Story(windows=6, viewers=2_000, appears=2, splits=3, gone=4, joins=5)


@pytest.mark.parametrize("variant", benchmark.VARIANTS)
def test_habits_that_drift_keep_their_ids_over_refits_also_with_no_household_in_common(variant):
    found = list(benchmark.refits(3, SHORT, variant))
    assert benchmark.share(found) >= 0.95
    assert not any(refit.changed_hands for refit in found)


def test_what_appears_splits_ends_and_joins_is_told_in_its_window():
    found = {refit.window: refit for refit in benchmark.refits(3, SHORT, "none in common")}
    names = {window: refit.holder for window, refit in found.items()}
    told = {window: {(c.id, c.fate, c.earlier) for c in refit.events} for window, refit in found.items()}
    wide, left, right = (names[1][habit] for habit in ("wide", "left", "right"))
    parts = {names[3]["wide, low"], names[3]["wide, high"]}
    assert wide in parts
    fates = {fate for name, fate, _ in told[2] if name == names[2]["late"]}
    assert fates <= {Fate.BORN, Fate.SPLIT}  # split where it was taken for part of another until now
    assert fates
    assert {(part, Fate.SPLIT, (wide,)) for part in parts} <= told[3]
    assert (names[5]["joined"], Fate.MERGED, tuple(sorted((left, right)))) in told[5]
