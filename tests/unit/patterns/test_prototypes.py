"""Prototypes are means over at least k households, and whoever is too few gets none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.patterns.prototypes import NO_PATTERN, Prototypes, _cut, build


@st.composite
def groups(draw):
    """Points on a coarse grid (so that many are equal), labels, households of mixed size, and k."""
    count = draw(st.integers(0, 80))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    points = rng.integers(0, draw(st.integers(1, 20)), (count, 2)).astype(float)
    labels = rng.integers(-1, 3, count)
    households = rng.integers(0, draw(st.integers(1, 60)), count).astype(str)
    return points, labels, households, draw(st.integers(2, 8))


@given(groups())
def test_each_cell_holds_at_least_k_households(given_):
    points, labels, households, k = given_
    assert (build(points, labels, households, k).households >= k).all()


@given(groups())
def test_cells_share_out_a_groups_rows_and_each_has_k_households(given_):
    points, labels, households, k = given_
    _, codes = np.unique(households, return_inverse=True)
    rows = np.flatnonzero(labels == 0)
    if len(np.unique(codes[rows])) < k:
        return
    cells = _cut(points, codes, rows, k)
    np.testing.assert_array_equal(np.sort(np.concatenate(cells)), rows)
    assert min(len(np.unique(codes[cell])) for cell in cells) >= k


@given(groups())
def test_every_center_is_the_mean_of_a_cells_households_and_every_reach_comes_from_it(given_):
    points, labels, households, k = given_
    cells = build(points, labels, households, k)
    _, codes = np.unique(households, return_inverse=True)
    at = 0
    for pattern in np.unique(cells.pattern):
        for rows in _cut(points, codes, np.flatnonzero(labels == pattern), k):
            frame = pd.DataFrame(points[rows]).groupby(codes[rows])
            center = frame.mean().mean().to_numpy()
            np.testing.assert_allclose(cells.centers[at], center, atol=1e-12)
            squares = pd.DataFrame((points[rows] - center) ** 2)
            variance = squares.groupby(codes[rows]).mean().mean().to_numpy().clip(0.05)
            np.testing.assert_allclose(cells.variances[at], variance, atol=1e-12)
            distance = (squares / variance).sum(axis=1)
            mean = distance.groupby(codes[rows]).mean().mean()
            spread = np.sqrt(((distance - mean) ** 2).groupby(codes[rows]).mean().mean())
            assert cells.reach[at] == pytest.approx(mean + 4 * spread, abs=1e-8)
            assert cells.households[at] == len(np.unique(codes[rows]))
            at += 1
    assert at == len(cells.centers)


@given(groups())
def test_groups_of_fewer_than_k_households_get_no_prototype_and_all_others_do(given_):
    points, labels, households, k = given_
    enough = {n for n in range(3) if len(np.unique(households[labels == n])) >= k}
    assert set(build(points, labels, households, k).pattern) == enough


def test_many_rows_of_few_households_get_no_prototype():
    points = np.random.default_rng(0).normal(size=(500, 2))
    households = np.arange(500) % 9
    assert len(build(points, np.zeros(500, dtype=int), households, 10).centers) == 0


def test_vectors_without_a_pattern_get_no_prototype():
    points = np.random.default_rng(0).normal(size=(500, 2))
    assert len(build(points, np.full(500, NO_PATTERN), np.arange(500), 10).centers) == 0


def test_large_groups_are_cut_into_prototypes_of_many_households_so_that_shapes_are_kept():
    points = np.random.default_rng(0).normal(size=(4_000, 2))
    cells = build(points, np.zeros(4_000, dtype=int), np.arange(4_000), 10)
    assert len(cells.centers) == 8
    assert cells.households.min() >= 200


CELLS = Prototypes(
    np.array([[0.0, 0.0], [10.0, 0.0]]),
    np.array([[1.0, 1.0], [4.0, 4.0]]),
    np.array([1.0, 1.0]),
    np.array([0, 1]),
    np.array([10, 10]),
)


def test_a_vector_belongs_to_the_likeliest_prototype_within_its_reach_and_else_to_none():
    points = np.array([[0.0, 0.9], [0.0, 1.1], [10.0, 1.9], [10.0, 2.1], [5.0, 0.0]])
    assert CELLS.assign(points).tolist() == [0, NO_PATTERN, 1, NO_PATTERN, NO_PATTERN]


def test_membership_is_the_share_of_likelihood_among_patterns():
    strength = CELLS.memberships(np.array([[0.0, 0.0], [10.0, 0.0], [4.0, 0.0]]))
    density = np.exp([-(16 / 1) / 2, -(36 / 4) / 2]) / np.array([1.0, 4.0])
    np.testing.assert_allclose(strength[2], density / density.sum())
    assert strength[0, 0] > 0.99
    assert strength[1, 1] > 0.99


def test_vectors_that_are_equal_belong_to_their_own_prototype():
    points = np.full((30, 3), 0.1)
    cells = build(points, np.zeros(30, dtype=int), np.arange(30), 10)
    assert (cells.assign(points) == 0).all()
    assert cells.assign(points + 1e-2).tolist() == [NO_PATTERN] * 30


def test_without_prototypes_nothing_has_a_pattern():
    none = build(np.zeros((0, 2)), np.zeros(0, dtype=int), np.zeros(0), 10)
    assert none.assign(np.zeros((3, 2))).tolist() == [NO_PATTERN] * 3
    assert none.patterns == 0
    assert CELLS.assign(np.zeros((0, 2))).tolist() == []
