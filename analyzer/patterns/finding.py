"""Find patterns among points: dense groups on canonical axes, joined and divided at valleys, kept as prototypes.

Why each step, and what was tried beside it: docs/decisions/0013-patterns-to-trust.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.patterns import prototypes, signal, valleys
from analyzer.patterns.blocks import product
from analyzer.patterns.density import NO_PATTERN, dense_groups
from analyzer.patterns.prototypes import Prototypes

MOST_OF_ONE_HOUSEHOLD: Final = 0.4
"""Largest share of a pattern's vectors that one household may have; more, and the pattern is that household."""
_USUAL_TIMES: Final = 4  # no household is seen with more than so many times the usual number of vectors
_SMALL_SHARE: Final = 0.0025
_LEAST_SIZE: Final = 20
_ROUNDS: Final = 3
_REFINEMENTS: Final = 2
_LEFT_OUT: Final = 0.2
_ENOUGH_SAID: Final = 0.5
_GROWING: Final = 5.0  # dense groups are the hearts of patterns; to become whole they reach further than in the end


@dataclass(frozen=True)
class Recipe:
    """How patterns are sought; see the parameters of `UsagePatterns`."""

    min_cluster_size: int | None
    min_samples: int
    n_axes: int
    min_households: int
    exact_below: int

    def size(self, count: int) -> int:
        """Return the fewest vectors of a group among `count`."""
        return self.min_cluster_size or max(_LEAST_SIZE, round(_SMALL_SHARE * count))


@dataclass(frozen=True)
class Sample:
    """What patterns are sought in.

    Attributes
    ----------
    points : ndarray of float64, shape (n_vectors, n_features)
        In standard deviations of everyone, nothing unknown.
    viewers, households : ndarray of int64, shape (n_vectors,)
        Number of each vector's viewer and household.
    """

    points: Floats
    viewers: Ints
    households: Ints

    def __len__(self) -> int:
        return len(self.points)

    def take(self, rows: Ints | Bools) -> Sample:
        """Return some of the vectors."""
        return Sample(self.points[rows], self.viewers[rows], self.households[rows])


@dataclass(frozen=True)
class Found:
    """Patterns.

    Attributes
    ----------
    space : ndarray of float64, shape (n_features, n_axes)
        `points @ space` is where prototypes are.
    prototypes : Prototypes
    explained : float
        Share of the variance of all features that the patterns of the fitted vectors explain.
    """

    space: Floats
    prototypes: Prototypes
    explained: float


def nothing(features: int) -> Found:
    """Return that no patterns were found."""
    none = prototypes.build(np.zeros((0, 1)), np.zeros(0, dtype=np.int64), np.zeros(0), 2)
    return Found(np.zeros((features, 1)), none, 0.0)


def find(sample: Sample, recipe: Recipe) -> Found:
    """Return the patterns of a sample; fewer than two are none, for everyone alike is no pattern.

    Axes are sought beside noise that includes what a feature shares with no other. Groups that no straight line tells
    apart share nothing linearly; so axes beside plain noise are tried too, and taken where the first leave much unsaid.
    """
    seen = sample.take(evenly_by_household(sample.households))
    everyone = signal.covariance(seen.points)
    if not np.trace(everyone) > 0:
        return nothing(sample.points.shape[1])
    shared = _found_beside(signal.noise_of(seen.points, seen.viewers), seen, recipe)
    if shared.explained >= _ENOUGH_SAID:
        return shared
    plain = _found_beside(signal.plain_noise_of(seen.points, seen.viewers), seen, recipe)
    return plain if plain.explained > shared.explained + _LEFT_OUT else shared


def evenly_by_household(households: Ints) -> Bools:
    """Return which vectors to look at: of a household with very many, an even selection; shape (n_vectors,)."""
    counts = np.bincount(households)
    most = _USUAL_TIMES * max(1, int(np.median(counts[counts > 0])))
    if counts.max() <= most:
        return np.ones(len(households), dtype=bool)
    order = np.argsort(households, kind="stable")
    size = counts[households[order]]
    rank = np.arange(len(order)) - (np.cumsum(counts) - counts)[households[order]]
    chosen = (size <= most) | (rank * most // size != (rank - 1) * most // size)
    answer = np.zeros(len(households), dtype=bool)
    answer[order] = chosen
    return answer


def explained(points: Floats, labels: Ints) -> float:
    """Return the share of variance between groups; vectors without a pattern are one group about the common mean."""
    centered = points - points.mean(axis=0)
    inside = labels != NO_PATTERN
    counts = np.bincount(labels[inside], minlength=1)
    sums = np.stack([np.bincount(labels[inside], column[inside], minlength=1) for column in centered.T], axis=1)
    total = float((centered**2).sum())
    return float((sums**2 / np.maximum(counts, 1)[:, None]).sum()) / total if total > 0 else 0.0


def _found_beside(noise: Floats, sample: Sample, recipe: Recipe) -> Found:
    labels = _grouped_beside(noise, sample, recipe)
    if labels.max(initial=NO_PATTERN) >= 1 and signal.repeats(sample.viewers) < signal.ENOUGH_REPEATS:
        labels = _grouped_beside(_noise_within(sample, labels), sample, recipe)
    for _ in range(_ROUNDS):
        labels = _assigned(sample, labels, recipe, _GROWING)[0]
    for _ in range(_REFINEMENTS):
        labels = _joined(sample, _divided(sample, _joined(sample, labels), recipe))
        found = _assigned(sample, labels, recipe)[1]
        labels = _assigned(sample, labels, recipe, _GROWING)[0]
    return found


def _noise_within(sample: Sample, labels: Ints) -> Floats:
    """Without repeated windows, noise is what varies within the groups that a first look has found."""
    inside = labels != NO_PATTERN
    passing = signal.within(sample.points[inside], labels[inside])
    return passing + signal.unshared(signal.covariance(sample.points), passing)


def _grouped_beside(noise: Floats, sample: Sample, recipe: Recipe) -> Ints:
    axes = signal.canonical_axes(sample.points, noise, recipe.n_axes)
    if axes.weights.shape[1] == 0:
        return np.full(len(sample), NO_PATTERN, dtype=np.int64)
    points = product(sample.points, axes.weights)
    labels = dense_groups(
        points,
        sample.households,
        recipe.size(len(sample)),
        recipe.min_samples,
        recipe.min_households,
        recipe.exact_below,
    )
    labels = of_many_households(labels, sample.households, recipe.min_households)
    return valleys.joined(points, sample.points, labels)


def of_many_households(labels: Ints, households: Ints, k: int) -> Ints:
    """Return labels without the groups of fewer than `k` households, or mostly of one, and renumbered."""
    kept = np.full(labels.max(initial=NO_PATTERN) + 2, NO_PATTERN, dtype=np.int64)
    groups = [n for n in range(len(kept) - 1) if is_of_many(households[labels == n], k)]
    kept[groups] = np.arange(len(groups))
    return kept[labels]


def is_of_many(households: Ints, k: int) -> bool:
    """Return whether vectors come from at least `k` households and not mostly from one."""
    counts = np.bincount(households, minlength=1)
    return bool((counts > 0).sum() >= k and counts.max() <= MOST_OF_ONE_HOUSEHOLD * counts.sum())


def by_size(found: Found, sample: Sample, k: int) -> Found:
    """Number the patterns from the largest down, so that ids do not follow the clusterer's inner order.

    Patterns that, once all vectors are assigned, have fewer than `k` households or are mostly one household's, are let
    go, and with fewer than two left all are.
    """
    cells = found.prototypes
    labels = cells.assign(product(sample.points, found.space))
    groups = [n for n in range(cells.patterns) if is_of_many(sample.households[labels == n], k)]
    if len(groups) < 2:
        return nothing(sample.points.shape[1])
    sizes = np.array([(labels == n).sum() for n in groups])
    first = np.searchsorted(cells.pattern, groups)
    ranked = np.array(groups)[np.lexsort((*cells.centers[first].T[::-1], -sizes))]
    return replace(found, prototypes=cells.of_patterns(ranked))


def _space(sample: Sample, labels: Ints) -> Floats:
    """Return axes that span the differences of the groups' means, where spread within groups is 1."""
    inside = labels != NO_PATTERN
    return signal.discriminants(sample.points[inside], labels[inside])


def _assigned(
    sample: Sample, labels: Ints, recipe: Recipe, reach_spreads: float = prototypes.REACH_SPREADS
) -> tuple[Ints, Found]:
    """Return labels by prototypes of the labelled groups, and those patterns."""
    if labels.max(initial=NO_PATTERN) < 1:
        return np.full(len(sample), NO_PATTERN, dtype=np.int64), nothing(sample.points.shape[1])
    space = _space(sample, labels)
    points = product(sample.points, space)
    cells = prototypes.build(points, labels, sample.households, recipe.min_households, reach_spreads)
    assigned = of_many_households(cells.assign(points), sample.households, recipe.min_households)
    return assigned, Found(space, cells, explained(sample.points, assigned))


def _joined(sample: Sample, labels: Ints) -> Ints:
    if labels.max(initial=NO_PATTERN) < 1:
        return labels
    return valleys.joined(product(sample.points, _space(sample, labels)), sample.points, labels)


def _divided(sample: Sample, labels: Ints, recipe: Recipe) -> Ints:
    """Divide patterns with a valley along an axis on which their own viewers differ lastingly."""
    labels = labels.copy()
    pending = list(range(labels.max(initial=NO_PATTERN) + 1)) if labels.max(initial=NO_PATTERN) >= 1 else []
    size = recipe.size(len(sample))
    while pending:
        number = pending.pop()
        rows = np.flatnonzero(labels == number)
        beyond = _beyond_valley(sample.take(rows), sample, size)
        if beyond is not None:
            fresh = int(labels.max()) + 1
            labels[rows[beyond]] = fresh
            pending += [number, fresh]
    return labels


def _beyond_valley(part: Sample, whole: Sample, size: int) -> Bools | None:
    viewers = np.unique(part.viewers, return_inverse=True)[1]
    if len(part) < 2 * size or signal.repeats(viewers) < signal.ENOUGH_REPEATS_INSIDE:
        return None
    passing = signal.within(part.points, viewers)
    noise = passing + signal.unshared(signal.covariance(whole.points), passing)
    axes = signal.canonical_axes(part.points, noise, most=8, least_ratio=1.5)
    beyond = valleys.divided(product(part.points, axes.weights), size)
    if beyond is None:
        return None
    difference = part.points[beyond].mean(axis=0) - part.points[~beyond].mean(axis=0)
    varying = whole.points.std(axis=0) > 0
    return beyond if valleys.differ(difference[varying]) else None
