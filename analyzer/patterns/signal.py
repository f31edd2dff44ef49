"""Which directions tell ways of watching apart: what persists and is shared, against what is noise.

Noise is what changes between windows of one viewer (within-class covariance normalisation; Hatch, Kajarekar and
Stolcke, Interspeech 2006) and what a feature shares with no other feature (its uniqueness, one minus the squared
multiple correlation; Guttman, Psychometrika 1953). Patterns are sought on the canonical axes along which everyone
varies at least twice as much as noise does. An axis on which chance alone moves people is no place for a pattern, and a
feature that goes with nothing else, however lumpy, makes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns.blocks import steady

LEAST_RATIO: Final = 2.0
"""Variance of everyone over variance of noise that an axis needs: half of what it shows is signal."""
ENOUGH_REPEATS: Final = 500  # fewer repeated vectors do not tell the covariance of some fifty features
ENOUGH_REPEATS_INSIDE: Final = 100  # within one pattern
_ADDED: Final = 1.0
_RIDGE: Final = 0.05  # of the mean variance: where there is almost no noise, rounding would become signal
_REPEATS: Final = 0.02  # added to correlations, or features that repeat each other could not be inverted


@dataclass(frozen=True)
class Axes:
    """Canonical axes.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_features, n_axes)
        Project points with `points @ weights`; noise has variance 1 on every axis.
    ratios : ndarray of float64, shape (n_axes,)
        Variance of everyone over that of noise, largest first.
    """

    weights: Floats
    ratios: Floats


def canonical_axes(points: Floats, noise: Floats, most: int, least_ratio: float = LEAST_RATIO) -> Axes:
    """Return up to `most` axes with a ratio of at least `least_ratio`; none where nothing stands out.

    Parameters
    ----------
    points : ndarray of float64, shape (n_vectors, n_features)
    noise : ndarray of float64, shape (n_features, n_features)
        Covariance of the noise.
    """
    white = whitening(noise)
    ratios, axes = np.linalg.eigh(white @ covariance(points) @ white)
    order = np.argsort(-ratios, kind="stable")
    chosen = order[: min(most, int((ratios >= least_ratio).sum()))]
    weights = white @ axes[:, chosen]
    return Axes(steady(_positive(weights)), ratios[chosen])


def noise_of(points: Floats, viewers: Ints) -> Floats:
    """Return the covariance of noise: what varies within viewers, and what each feature has for itself.

    Parameters
    ----------
    points : ndarray of float64, shape (n_vectors, n_features)
    viewers : ndarray of int64, shape (n_vectors,)
        Number of each vector's viewer. With fewer than 500 repeated vectors uniqueness alone tells.
    """
    everyone = covariance(points)
    passing = within(points, viewers) if repeats(viewers) >= ENOUGH_REPEATS else np.zeros_like(everyone)
    return passing + unshared(everyone, passing)


def plain_noise_of(points: Floats, viewers: Ints) -> Floats:
    """Return the covariance within viewers; with too few repeated vectors, the same small noise on every feature."""
    if repeats(viewers) >= ENOUGH_REPEATS:
        return within(points, viewers)
    usual = float(np.trace(covariance(points))) / points.shape[1]
    return np.asarray(np.eye(points.shape[1]) * (usual / (2 * LEAST_RATIO)))


def unshared(everyone: Floats, passing: Floats) -> Floats:
    """Return the diagonal covariance that features share with no other, beside what is `passing` anyway."""
    lasting = np.maximum(np.diag(everyone) - np.diag(passing), 0.0)
    return np.asarray(np.diag(uniqueness(everyone) * lasting))


def uniqueness(everyone: Floats) -> Floats:
    """Return the share of each feature's variance that no other feature explains linearly, shape (n_features,)."""
    scale = np.sqrt(np.diag(everyone))
    safe = np.where(scale > 0, scale, 1.0)
    correlation = everyone / np.outer(safe, safe) + np.eye(len(safe)) * (_REPEATS + (scale == 0))
    return np.clip(1.0 / np.diag(np.linalg.inv(correlation)), 0.0, 1.0)


def discriminants(points: Floats, groups: Ints) -> Floats:
    """Return orthogonal axes through the differences of groups' means, spread within groups 1 on each.

    The largest group's difference from the mean of all comes first, then what the next adds to it (Gram and Schmidt),
    as long as it adds as much as the spread within groups. Unlike eigenvectors, these axes move little when one viewer
    does.

    Parameters
    ----------
    points : ndarray of float64, shape (n_vectors, n_features)
    groups : ndarray of int64, shape (n_vectors,)
        Numbers from 0.

    Returns
    -------
    ndarray of float64, shape (n_features, n_axes)
        At most as many axes as there are groups.
    """
    white = whitening(within(points, groups))
    counts = np.bincount(groups)
    means = np.stack([np.bincount(groups, column) for column in points.T], axis=1) / np.maximum(counts, 1)[:, None]
    differences = (means - points.mean(axis=0)) @ white
    axes: list[Floats] = []
    for number in np.argsort(-counts, kind="stable"):
        rest = differences[number] - sum((differences[number] @ axis) * axis for axis in axes)
        length = float(np.linalg.norm(rest))
        if length >= _ADDED or not axes:
            axes.append(rest / (length or 1.0))
    return steady(white @ np.stack(axes, axis=1))


def covariance(points: Floats) -> Floats:
    """Return the covariance of the columns, shape (n_features, n_features)."""
    centered = points - points.mean(axis=0)
    return steady(centered.T @ centered / len(points))


def within(points: Floats, groups: Ints) -> Floats:
    """Return the covariance within groups, pooled over all of them; `groups` are numbers from 0."""
    counts = np.bincount(groups)
    means = np.stack([np.bincount(groups, column) for column in points.T], axis=1) / np.maximum(counts, 1)[:, None]
    rest = points - means[groups]
    return steady(rest.T @ rest / max(repeats(groups), 1))


def repeats(groups: Ints) -> int:
    """Return how many vectors there are beyond the first of each group."""
    return len(groups) - int((np.bincount(groups) > 0).sum())


def whitening(noise: Floats) -> Floats:
    """Return the symmetric inverse square root of a covariance, ridged, shape (n_features, n_features)."""
    values, axes = np.linalg.eigh(noise)
    floor = max(_RIDGE * float(values.mean()), np.finfo(np.float64).tiny)
    return np.asarray((axes / np.sqrt(np.maximum(values, floor))) @ axes.T)


def _positive(weights: Floats) -> Floats:
    """Turn each axis so that its largest entry is positive: a decomposition does not fix signs."""
    if weights.shape[1] == 0:
        return weights
    signs = np.sign(weights[np.argmax(np.abs(weights), axis=0), np.arange(weights.shape[1])])
    return np.asarray(weights * np.where(signs == 0, 1.0, signs))
