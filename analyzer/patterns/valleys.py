"""One pattern or two? Two groups are two where few are between them on the line that tells them apart best.

Groups without a valley between them are joined, and a group with a valley through it is divided (after the modality
tests of Hennig, Advances in Data Analysis and Classification 2010, and of Kalogeratos and Likas, NIPS 2012). Groups
that hardly differ, or in a single feature only, are joined whatever the valley: a cut through one lumpy feature is a
grid, not a way of watching.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.patterns.density import NO_PATTERN

JOINED_ABOVE: Final = 0.6
"""Density in the valley over that of the lower of both peaks, above which two groups are one."""
DIVIDED_BELOW: Final = 0.3
"""The same within one group, below which it is two; the gap between both keeps a fit from going round in circles."""
SINGLE_FEATURE: Final = 1.5
"""Effective number of features behind a difference (inverse Simpson index of its squares) below which it is one."""
LEAST_DIFFERENCE: Final = 0.12
"""Mean squared difference of a feature, in everyone's variances, below which two groups are one: that a title was
replayed once in a month makes a clear valley, and no way of watching."""
_NEIGHBOURS: Final = 4
_MOST_POINTS: Final = 2_000  # of a group, evenly; a density on a line needs no more
_GRID: Final = 96
_FEW: Final = 20
_SHRUNK: Final = 0.05


@dataclass(frozen=True)
class Valley:
    """What lies between two groups on the line that tells them apart.

    Attributes
    ----------
    depth : float
        Lowest density between both over the lower of their peaks; 1 where there is no valley.
    weights : ndarray of float64, shape (n_axes,)
        The line (Fisher's discriminant).
    at : float
        Place of the lowest density on it.
    """

    depth: float
    weights: Floats
    at: float


def effective_features(difference: Floats) -> Floats:
    """Return on how many features differences rest: 1 for a single one; shape (...,) for (..., n_features)."""
    squares = difference**2
    fourth = (squares**2).sum(axis=-1)
    safe = np.where(fourth > 0, fourth, 1.0)
    return np.asarray(np.where(fourth > 0, squares.sum(axis=-1) ** 2 / safe, 0.0))


def valley(one: Floats, other: Floats) -> Valley:
    """Return the valley between two groups of points, each of shape (n_points, n_axes)."""
    one, other = _evenly(one), _evenly(other)
    count = len(one) + len(other)
    spread = (_scatter(one) + _scatter(other)) / count
    spread += np.eye(len(spread)) * max(_SHRUNK * float(np.trace(spread)) / len(spread), 1e-12)
    weights = np.linalg.solve(spread, other.mean(axis=0) - one.mean(axis=0))
    left, right = one @ weights, other @ weights
    low, high = float(np.median(left)), float(np.median(right))
    if high <= low:
        return Valley(1.0, weights, low)
    grid = np.linspace(low - 0.25 * (high - low), high + 0.25 * (high - low), _GRID)
    width = max(_bandwidth(left, right), 0.01 * (high - low))
    density = np.exp(-0.5 * ((np.concatenate([left, right])[:, None] - grid) / width) ** 2).sum(axis=0)
    between = np.flatnonzero((grid > low) & (grid < high))
    bottom = int(between[np.argmin(density[between])])
    peak = min(density[: bottom + 1].max(), density[bottom:].max())
    return Valley(float(density[bottom] / peak), weights, float(grid[bottom]))


def joined(points: Floats, scaled: Floats, labels: Ints) -> Ints:
    """Join groups without a valley between them, and groups that hardly differ or in a single feature.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, n_axes)
        Where noise is alike along all axes.
    scaled : ndarray of float64, shape (n_points, n_features)
        The same vectors in standard deviations of everyone.
    labels : ndarray of int64, shape (n_points,)
        Numbers from 0; -1 is no group.

    Returns
    -------
    ndarray of int64, shape (n_points,)
    """
    groups = {number: np.flatnonzero(labels == number) for number in range(labels.max(initial=NO_PATTERN) + 1)}
    depths: dict[tuple[int, int], float] = {}
    fresh = len(groups)
    while len(groups) > 1:
        pair = _to_join(points, scaled, groups, depths)
        if pair is None:
            break
        groups[fresh] = np.sort(np.concatenate([groups.pop(number) for number in pair]))
        fresh += 1
    return _numbered(groups, len(labels))


def divided(points: Floats, size: int) -> Bools | None:
    """Return which points lie beyond the deepest valley through a group, shape (n_points,); None where there is none.

    Lines are sought from cuts along each axis, moved to the valley that they find until they stay (projection pursuit).
    """
    best: tuple[float, Bools] | None = None
    for axis in range(points.shape[1]):
        for share in (0.25, 0.5, 0.75):
            beyond = points[:, axis] > np.quantile(points[:, axis], share)
            found = _settled(points, beyond, size)
            if found is not None and (best is None or found[0] < best[0]):
                best = found
    return best[1] if best is not None and best[0] < DIVIDED_BELOW else None


def _bandwidth(left: Floats, right: Floats) -> float:
    """Return Silverman's bandwidth for the narrower group; of a handful of points, for both."""
    if min(len(left), len(right)) >= _FEW:
        return float(0.9 * min(left.std(), right.std()) * (len(left) + len(right)) ** -0.2)
    both = (len(left) * left.var() + len(right) * right.var()) / (len(left) + len(right))
    return float(0.9 * np.sqrt(both) * min(len(left), len(right)) ** -0.2)


def _settled(points: Floats, beyond: Bools, size: int) -> tuple[float, Bools] | None:
    for _ in range(10):
        if min(beyond.sum(), (~beyond).sum()) < size:
            return None
        found = valley(points[~beyond], points[beyond])
        if found.depth >= 1.0:
            return None
        moved = points @ found.weights > found.at
        if (moved == beyond).all():
            return found.depth, beyond
        beyond = moved
    return None


def _to_join(
    points: Floats, scaled: Floats, groups: dict[int, Ints], depths: dict[tuple[int, int], float]
) -> tuple[int, int] | None:
    numbers = sorted(groups)
    alike = _alike_pair(numbers, np.stack([scaled[groups[n]].mean(axis=0) for n in numbers]))
    if alike is not None:
        return alike
    near = _neighbours(numbers, np.stack([points[groups[n]].mean(axis=0) for n in numbers]))
    for pair in near:
        if pair not in depths:
            depths[pair] = valley(points[groups[pair[0]]], points[groups[pair[1]]]).depth
    shallowest = max(near, key=lambda pair: (depths[pair], pair))
    return shallowest if depths[shallowest] > JOINED_ABOVE else None


def differ(difference: Floats) -> Bools:
    """Return whether means differ in more than a single feature, and in all by enough; shape (...,)."""
    enough = (difference**2).mean(axis=-1) >= LEAST_DIFFERENCE
    return np.asarray(enough & (effective_features(difference) >= SINGLE_FEATURE))


def _alike_pair(numbers: list[int], means: Floats) -> tuple[int, int] | None:
    """Return the two groups that differ least among those that do not differ; None where all do."""
    varying = means.std(axis=0) > 0
    if varying.sum() <= 2:
        return None  # of two features a difference in one is half of all there is
    difference = (means[:, None] - means[None])[..., varying]
    apart = np.where(differ(difference), np.inf, (difference**2).sum(axis=-1))
    apart[np.tril_indices(len(numbers))] = np.inf
    one, other = np.unravel_index(int(np.argmin(apart)), apart.shape)
    return (numbers[one], numbers[other]) if np.isfinite(apart[one, other]) else None


def _neighbours(numbers: list[int], means: Floats) -> list[tuple[int, int]]:
    distance = np.linalg.norm(means[:, None] - means[None], axis=-1)
    near = np.argsort(distance, axis=1, kind="stable")[:, 1 : _NEIGHBOURS + 1]
    pairs = {(min(a, b), max(a, b)) for a, row in enumerate(near.tolist()) for b in row}
    pairs |= {pair for pair in combinations(range(len(numbers)), 2) if distance[pair] == 0}
    return sorted((numbers[a], numbers[b]) for a, b in pairs if a != b)


def _numbered(groups: dict[int, Ints], count: int) -> Ints:
    labels = np.full(count, NO_PATTERN, dtype=np.int64)
    for number, rows in enumerate(sorted(groups.values(), key=lambda rows: int(rows[0]))):
        labels[rows] = number
    return labels


def _scatter(points: Floats) -> Floats:
    centered = points - points.mean(axis=0)
    return np.asarray(centered.T @ centered)


def _evenly(points: Floats) -> Floats:
    if len(points) <= _MOST_POINTS:
        return points
    return points[np.linspace(0, len(points) - 1, _MOST_POINTS).round().astype(np.int64)]
