"""k-anonymous prototypes: a pattern is kept as a few means and spreads over many households, never as its rows.

A vector belongs to the pattern of the prototype under which it is likeliest, if it lies within that prototype's reach,
else to none (a mixture of normal distributions with diagonal covariances, one or more for each pattern; Hastie and
Tibshirani, Journal of the Royal Statistical Society B 1996). The fitted rows are labelled the same way, so that fitting
and predicting cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns.blocks import blocks, product
from analyzer.patterns.density import NO_PATTERN

ENOUGH_HOUSEHOLDS: Final = 200
"""A prototype is only cut into ones of so many households; with 50, members lie measurably nearer than others."""
_MOST_PROTOTYPES: Final = 8  # of a pattern
_MOST_POINTS: Final = 4_000  # of a pattern, evenly; more change no mean that matters
REACH_SPREADS: Final = 4.0
_ROUNDING: Final = 1e-9  # equal vectors lie this near to their own mean
_LEAST_VARIANCE: Final = 0.05  # noise has variance 1; equal vectors would have none


@dataclass(frozen=True)
class Prototypes:
    """Prototypes in the space of the patterns.

    Attributes
    ----------
    centers : ndarray of float64, shape (n_prototypes, n_axes)
        Mean of the prototype's households.
    variances : ndarray of float64, shape (n_prototypes, n_axes)
        Variance along each axis.
    reach : ndarray of float64, shape (n_prototypes,)
        Largest squared distance from the center, in variances, that still belongs: the mean of its households plus
        four standard deviations.
    pattern : ndarray of int64, shape (n_prototypes,)
        The pattern's number, ascending.
    households : ndarray of int64, shape (n_prototypes,)
        How many households the prototype holds; never below the k it was built with.
    """

    centers: Floats
    variances: Floats
    reach: Floats
    pattern: Ints
    households: Ints

    @property
    def patterns(self) -> int:
        """How many patterns there are."""
        return int(self.pattern.max(initial=NO_PATTERN)) + 1

    def of_patterns(self, numbers: Ints) -> Prototypes:
        """Return the prototypes of some patterns, which get the numbers 0, 1, ... in the order given."""
        rows = np.concatenate([np.flatnonzero(self.pattern == number) for number in numbers])
        pattern = np.repeat(np.arange(len(numbers)), [int((self.pattern == number).sum()) for number in numbers])
        return Prototypes(
            self.centers[rows], self.variances[rows], self.reach[rows], pattern.astype(np.int64), self.households[rows]
        )

    def assign(self, points: Floats) -> Ints:
        """Return the pattern number of each point, shape (n_points,); -1 where none is in reach."""
        labels = np.full(len(points), NO_PATTERN, dtype=np.int64)
        if len(self.centers) == 0:
            return labels
        volume = np.log(self.variances).sum(axis=1)
        for rows, unlikely in self._unlikeliness(points):
            nearest = unlikely.argmin(axis=1)
            distance = unlikely[np.arange(len(nearest)), nearest] - volume[nearest]
            labels[rows] = np.where(distance <= self.reach[nearest], self.pattern[nearest], NO_PATTERN)
        return labels

    def memberships(self, points: Floats) -> Floats:
        """Return how strongly each point belongs to each pattern, shape (n_points, n_patterns); rows sum to 1.

        The posterior probability with equal priors, each pattern speaking through its likeliest prototype. It compares
        patterns only: whether a point belongs to any at all is what `assign` says.
        """
        strength = np.zeros((len(points), self.patterns))
        if self.patterns == 0:
            return strength
        first = np.flatnonzero(np.diff(self.pattern, prepend=-1))
        for rows, unlikely in self._unlikeliness(points):
            best = np.minimum.reduceat(unlikely, first, axis=1)
            likely = np.exp(-0.5 * (best - best.min(axis=1, keepdims=True)))
            strength[rows] = likely / likely.sum(axis=1, keepdims=True)
        return strength

    def _unlikeliness(self, points: Floats) -> Iterator[tuple[slice, Floats]]:
        """Yield rows and minus twice their log density (but for a constant) under each prototype, block by block."""
        inverse = 1.0 / self.variances
        weights = np.vstack([inverse.T, -2.0 * (self.centers * inverse).T])
        constant = (self.centers**2 * inverse + np.log(self.variances)).sum(axis=1)
        for rows in blocks(len(points)):
            yield rows, product(np.hstack([points[rows] ** 2, points[rows]]), weights) + constant


def build(
    points: Floats, labels: Ints, households: npt.NDArray[Any], k: int, reach_spreads: float = REACH_SPREADS
) -> Prototypes:
    """Cut each labelled group into prototypes of many households and keep their means, spreads and reach.

    Groups with fewer than `k` households get no prototype: nobody can be assigned to them later.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, n_axes)
        Where noise has variance 1 on every axis.
    labels : ndarray of int64, shape (n_points,)
    households : ndarray, shape (n_points,)
    k : int
        Fewest households of a prototype.
    reach_spreads : float
        How many standard deviations beyond the mean of squared distances still belong.
    """
    _, codes = np.unique(households, return_inverse=True)
    made: list[tuple[Floats, Floats, float, int, int]] = []
    for pattern in range(labels.max(initial=NO_PATTERN) + 1):
        rows = _evenly(np.flatnonzero(labels == pattern))
        if _count(codes[rows]) >= k:
            made += [_prototype(points[r], codes[r], pattern, reach_spreads) for r in _cut(points, codes, rows, k)]
    return Prototypes(
        np.array([m[0] for m in made]).reshape(len(made), points.shape[1]),
        np.array([m[1] for m in made]).reshape(len(made), points.shape[1]),
        np.array([m[2] for m in made], dtype=np.float64),
        np.array([m[3] for m in made], dtype=np.int64),
        np.array([m[4] for m in made], dtype=np.int64),
    )


def _count(codes: Ints) -> int:
    return len(np.unique(codes))


def _evenly(rows: Ints) -> Ints:
    return rows if len(rows) <= _MOST_POINTS else rows[np.linspace(0, len(rows) - 1, _MOST_POINTS).round().astype(int)]


def _prototype(points: Floats, codes: Ints, pattern: int, spreads: float) -> tuple[Floats, Floats, float, int, int]:
    _, household, windows = np.unique(codes, return_inverse=True, return_counts=True)
    weights = 1.0 / windows[household]  # households count alike, however many windows they have
    center = np.average(points, axis=0, weights=weights)
    variance = np.maximum(np.average((points - center) ** 2, axis=0, weights=weights), _LEAST_VARIANCE)
    distance = ((points - center) ** 2 / variance).sum(axis=1)
    mean = np.average(distance, weights=weights)
    spread = np.sqrt(np.average((distance - mean) ** 2, weights=weights))
    return center, variance, float(mean + spreads * spread) + _ROUNDING, pattern, len(windows)


def _cut(points: Floats, codes: Ints, rows: Ints, k: int) -> list[Ints]:
    """Halve at the median of the widest axis while halves keep enough households."""
    enough = max(2 * k, ENOUGH_HOUSEHOLDS)
    cells = [rows]
    while len(cells) < _MOST_PROTOTYPES:
        halves = [_halves(points, cell) for cell in cells]
        cut = [min(_count(codes[low]), _count(codes[high])) >= enough for low, high in halves]
        if not any(cut):
            break
        cells = [
            part for cell, pair, fits in zip(cells, halves, cut, strict=True) for part in (pair if fits else (cell,))
        ]
    return [np.sort(cell) for cell in cells]


def _halves(points: Floats, rows: Ints) -> tuple[Ints, Ints]:
    axis = int(np.argmax(points[rows].var(axis=0)))
    order = rows[np.lexsort((rows, points[rows, axis]))]
    return order[: len(order) // 2], order[len(order) // 2 :]
