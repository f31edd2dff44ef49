"""Make features comparable: transform as the catalog declares, standardise and clip; null stays null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.features.catalog import CATALOG, Transform, select
from analyzer.grouping.segments import Floats

CLIP: Final = 4.0
"""Standardised values are clipped here, so that one extreme feature cannot outweigh all others."""


@dataclass(frozen=True)
class Scaling:
    """A fitted scaling.

    Attributes
    ----------
    transforms : tuple of Transform, one per feature
    mean, scale : ndarray of float64, shape (n_features,)
        Of the transformed, known values; scale is 1 where a feature does not vary.
    """

    transforms: tuple[Transform, ...]
    mean: Floats
    scale: Floats

    @classmethod
    def fit(cls, X: Floats, names: Sequence[str] | None) -> Scaling:
        """Learn mean and scale of each column of `X`, shape (n_vectors, n_features)."""
        transforms = transforms_of(names, X.shape[1])
        values = np.sort(_transformed(X, transforms), axis=0)  # a sum must not depend on the order of rows
        known = ~np.isnan(values)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, values, 0.0).sum(axis=0) / count
        variance = np.where(known, values - mean, 0.0) ** 2
        scale = np.sqrt(variance.sum(axis=0) / count)
        # Values that differ only by rounding do not vary; dividing by such a scale would make noise of them.
        return cls(transforms, mean, np.where(scale > 1e-9 * np.maximum(1.0, np.abs(mean)), scale, 1.0))

    def apply(self, X: Floats) -> Floats:
        """Return scaled values, shape (n_vectors, n_features), within -4 and 4; null stays null."""
        scaled = (_transformed(X, self.transforms) - self.mean) / self.scale
        return np.clip(scaled, -CLIP, CLIP)


def transforms_of(names: Sequence[str] | None, count: int) -> tuple[Transform, ...]:
    """Return the declared transform of each feature; none for columns that the catalog does not know."""
    select()
    if names is None:
        return (Transform.NONE,) * count
    return tuple(CATALOG[name].transform if name in CATALOG else Transform.NONE for name in names)


def _transformed(X: Floats, transforms: tuple[Transform, ...]) -> Floats:
    values = np.array(X, dtype=np.float64)
    for column, transform in enumerate(transforms):
        if transform is Transform.LOG:
            values[:, column] = np.log1p(np.maximum(values[:, column], 0.0))
        elif transform is Transform.ARCSINE:
            values[:, column] = np.arcsin(np.sqrt(np.clip(values[:, column], 0.0, 1.0)))
    return values
