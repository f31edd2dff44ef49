"""Place what a vector does not know where vectors that are otherwise like it are.

An unknown feature is replaced by its expectation given the known ones (conditional mean of a normal distribution;
Little and Rubin, Statistical Analysis with Missing Data, 2019). It is never read as a value of 0, and only finding
patterns sees it: profiles, marks and guards work on what is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Bools, Floats, Ints
from analyzer.patterns.blocks import steady

_RIDGE: Final = 0.1  # in variances of a scaled feature: two features that repeat each other would divide by zero


@dataclass(frozen=True)
class Filling:
    """A fitted way to fill.

    Attributes
    ----------
    covariance : ndarray of float64, shape (n_features, n_features)
        Of the scaled features, each entry over the vectors that know both; 0 where fewer than k households do.
    """

    covariance: Floats

    @classmethod
    def fit(cls, scaled: Floats, households: npt.NDArray[Any], k: int) -> Filling:
        """Learn how features go together.

        Parameters
        ----------
        scaled : ndarray of float64, shape (n_vectors, n_features)
            Null where unknown.
        households : ndarray, shape (n_vectors,)
        k : int
            Fewest households that an entry may rest on.
        """
        known = ~np.isnan(scaled)
        values = np.where(known, scaled, 0.0)
        weights = known.astype(np.float64)
        counted = np.maximum(weights.T @ weights, 1.0)
        product = np.where(_shared(known, households) >= k, (values.T @ values) / counted, 0.0)
        ratios, axes = np.linalg.eigh((product + product.T) / 2)
        return cls(steady((axes * np.maximum(ratios, 0.0)) @ axes.T))

    def apply(self, scaled: Floats) -> Floats:
        """Return `scaled` without nulls; a vector that knows nothing is placed at 0, the mean of everyone.

        So is a feature that does not vary, or that fewer than k households know: nothing may depend on it.
        """
        known = ~np.isnan(scaled) & (np.diag(self.covariance) > 0)
        if known.all():
            return scaled
        filled = np.where(known, scaled, 0.0)
        for rows in _alike(known):
            here = known[rows[0]]
            if here.any() and not here.all():
                filled[np.ix_(rows, ~here)] = _products(filled[np.ix_(rows, here)], self._expected(here))
        return filled

    def _expected(self, known: Bools) -> Floats:
        """Return the regression of unknown on known features, shape (n_known, n_unknown)."""
        among = self.covariance[np.ix_(known, known)] + _RIDGE * np.eye(int(known.sum()))
        return np.asarray(np.linalg.solve(among, self.covariance[np.ix_(known, ~known)]), dtype=np.float64)


def _products(rows: Floats, weights: Floats) -> Floats:
    # Summed feature by feature: a matrix product rounds a row by where it stands among the others.
    return steady(np.einsum("ij,jk->ik", rows, weights, optimize=False))


def _alike(known: Bools) -> list[Ints]:
    """Return the rows that know the same features, a group each; complete rows are left out."""
    packed = np.packbits(known, axis=1)
    some = np.flatnonzero(~known.all(axis=1))
    keys = np.ascontiguousarray(packed[some]).view(np.dtype((np.void, packed.shape[1]))).ravel()
    _, group = np.unique(keys, return_inverse=True)
    order = np.argsort(group, kind="stable")
    return np.split(some[order], np.flatnonzero(np.diff(group[order])) + 1)


def _shared(known: Bools, households: npt.NDArray[Any]) -> Floats:
    """Return in how many households both features are known at least: one vector speaks for each household."""
    _, first = np.unique(households, return_index=True)
    speaking = known[first].astype(np.float64)
    return np.asarray(speaking.T @ speaking, dtype=np.float64)
