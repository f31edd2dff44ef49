"""`UsagePatterns`: a scikit-learn estimator that finds usage patterns with HDBSCAN.

Vectors are scaled (`scaling`), pooled with the viewer's earlier ones (`pooling`), filled (`filling`) and searched
(`finding`); what is found is tested against chance (`evidence`) and drawn again (`stability`). Why each step:
docs/decisions/0013-patterns-to-trust.md.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from analyzer.features.context import VectorContext, context_of, viewers_of, warn_if_lost
from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns import evidence, profile, stability
from analyzer.patterns.blocks import product
from analyzer.patterns.filling import Filling
from analyzer.patterns.finding import Recipe, Sample, by_size, find, nothing
from analyzer.patterns.ordering import canonical_order
from analyzer.patterns.pooling import PLAYS, last_window, pooled
from analyzer.patterns.scaling import Scaling


class UsagePatterns(ClusterMixin, TransformerMixin, BaseEstimator):
    """Find usage patterns among behaviour vectors.

    Parameters
    ----------
    min_cluster_size : int, optional
        Fewest vectors of a dense group; by default 0.25 % of the vectors, at least 20.
    min_samples : int
        Neighbours that make a place dense; higher values leave more vectors without a pattern.
    n_axes : int
        Most canonical axes on which patterns are sought.
    min_households : int
        Fewest households behind any number that is kept (k).
    exact_below : int
        With fewer vectors HDBSCAN sees them all, else the means of cells of at least `min_households` households.
    null_copies : int
        Copies without patterns that the patterns are tested against; 0 tests nothing.
    bootstraps : int
        Draws of households that stability is measured on; 0 measures nothing.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_vectors,)
        Number of each fitted vector's pattern; -1 is no pattern.
    profiles_ : tuple of PatternProfile
        What each pattern is; `profiles_[i].id` names label i. Empty where there are no patterns beyond chance.
    everyone_ : PatternProfile
        The same description of all fitted vectors together.
    evidence_ : Evidence
        What the test against chance found.
    last_window_ : date or None
        When the last window begins that at least `min_households` have: how old the model is. None where unknown.
    scaling_, filling_, axes_, prototypes_ :
        What `predict` needs; aggregates of at least `min_households` households.

    Notes
    -----
    Thresholds count households. They come with vectors from `extract_features`, or as `fit(X, households=...)`; else
    each viewer of the index, or each row, counts as one.

    With the index levels `viewer_id` and `window_start`, a vector is judged together with its viewer's vectors of the
    eight weeks before it that are in the same call.
    """

    def __init__(
        self,
        min_cluster_size: int | None = None,
        min_samples: int = 10,
        n_axes: int = 12,
        min_households: int = 10,
        exact_below: int = 20_000,
        null_copies: int = 19,
        bootstraps: int = 10,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.n_axes = n_axes
        self.min_households = min_households
        self.exact_below = exact_below
        self.null_copies = null_copies
        self.bootstraps = bootstraps

    def fit(self, X: Any, y: None = None, households: npt.ArrayLike | None = None) -> Self:
        """Find the patterns in vectors `X`, shape (n_vectors, n_features), null allowed.

        Raises
        ------
        ValueError
            When a parameter is out of range, or `X` is empty, infinite or not numeric.
        """
        self._check_parameters()
        index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(X) if hasattr(X, "__len__") else 0)
        context = context_of(X) if isinstance(X, pd.DataFrame) else None
        if isinstance(X, pd.DataFrame) and households is None:
            warn_if_lost(X)
        values = self._validated(X, reset=True)
        counted = _households(households, context, index, len(values))
        self.last_window_ = last_window(index, counted, self.min_households)
        settings = context.settings(index) if context is not None else None
        kept = _without_rarely_known(values, counted, self.min_households)
        self.scaling_ = Scaling.fit(kept, getattr(self, "feature_names_in_", None))
        seen = self._pooled(values, index)
        order = canonical_order(np.hstack([values, seen]), settings, counted)
        viewers = viewers_of(index) if len(index) == len(values) else np.arange(len(values)).astype(str)
        with threadpool_limits(limits=1, user_api="blas"):  # sums must not depend on how many cores there are
            labels, steady = self._fit_ordered(seen[order], viewers[order], counted[order])
        self.labels_ = np.empty(len(values), dtype=np.int64)
        self.labels_[order] = labels
        names = list(getattr(self, "feature_names_in_", [f"x{i}" for i in range(values.shape[1])]))
        self.everyone_, self.profiles_ = profile.describe(
            pd.DataFrame(values[order], columns=names),
            labels,
            counted[order],
            self.scaling_,
            settings.iloc[order] if settings is not None else None,
            self.min_households,
            steady,
        )
        return self

    def predict(self, X: Any) -> Ints:
        """Return the pattern number of each vector, shape (n_vectors,); -1 is no pattern."""
        check_is_fitted(self)
        return self.prototypes_.assign(self._project(X))

    def predict_with_memberships(self, X: Any) -> tuple[Ints, Floats]:
        """Return the pattern number of each vector, and how strongly it belongs to each pattern.

        Returns
        -------
        labels : ndarray of int64, shape (n_vectors,)
            As `predict`.
        strength : ndarray of float64, shape (n_vectors, n_patterns)
            Between 0 and 1; rows sum to 1. It compares patterns, and says nothing of whether a vector has one.
        """
        check_is_fitted(self)
        points = self._project(X)
        return self.prototypes_.assign(points), self.prototypes_.memberships(points)

    def transform(self, X: Any) -> Floats:
        """Return the vectors where patterns are told apart, shape (n_vectors, n_axes)."""
        check_is_fitted(self)
        return self._project(X)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the names of the axes: axis1, axis2, ..."""
        check_is_fitted(self)
        return np.array([f"axis{i + 1}" for i in range(self.axes_.shape[1])], dtype=object)

    def pattern_ids(self, labels: Ints) -> npt.NDArray[np.object_]:
        """Return the id (P01, P02, ...) of each label; None for no pattern."""
        ids = np.array([p.id for p in self.profiles_] + [None], dtype=object)
        return ids[labels]

    def _fit_ordered(
        self, seen: Floats, viewers: npt.NDArray[Any], households: npt.NDArray[Any]
    ) -> tuple[Ints, tuple[float | None, ...]]:
        """Return labels of the vectors, in canonical order, and the stability of each pattern."""
        self.filling_ = Filling.fit(seen, households, self.min_households)
        sample = Sample(self.filling_.apply(seen), _numbers(viewers), _numbers(households))
        recipe = self._recipe()
        found = by_size(find(sample, recipe), sample, self.min_households)
        self.evidence_ = evidence.tested(sample, recipe, found, self.null_copies)
        if not self.evidence_.accepted:
            found = nothing(seen.shape[1])
        self.axes_, self.prototypes_ = found.space, found.prototypes
        steady = stability.stability(sample, recipe, found, self.bootstraps)
        labels = self.prototypes_.assign(product(sample.points, self.axes_))
        return labels, tuple(None if np.isnan(value) else round(float(value), 2) for value in steady)

    def _recipe(self) -> Recipe:
        return Recipe(self.min_cluster_size, self.min_samples, self.n_axes, self.min_households, self.exact_below)

    def _pooled(self, values: Floats, index: pd.Index) -> Floats:
        names = list(getattr(self, "feature_names_in_", []))
        plays = values[:, names.index(PLAYS)] if PLAYS in names else None
        return pooled(self.scaling_.apply(values), index, plays)

    def _project(self, X: Any) -> Floats:
        values = self._validated(X, reset=False)
        index = X.index if isinstance(X, pd.DataFrame) else pd.RangeIndex(len(values))
        return product(self.filling_.apply(self._pooled(values, index)), self.axes_)

    def _validated(self, X: Any, *, reset: bool) -> Floats:
        checked = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=1
        )
        if np.isinf(checked).any():
            raise ValueError("Input contains infinity; a vector holds finite numbers or null.")
        return np.asarray(checked, dtype=np.float64)

    def _check_parameters(self) -> None:
        least = {
            "min_samples": 1,
            "n_axes": 1,
            "min_households": 2,
            "exact_below": 100,
            "null_copies": 0,
            "bootstraps": 0,
        }
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {bound}.")
        if self.min_cluster_size is not None and self.min_cluster_size < 2:
            raise ValueError(f"min_cluster_size is {self.min_cluster_size}; it must be at least 2.")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _households(
    given: npt.ArrayLike | None, context: VectorContext | None, index: pd.Index, count: int
) -> npt.NDArray[Any]:
    if given is not None:
        households = np.asarray(given)
        if households.shape != (count,):
            raise ValueError(f"households has shape {households.shape}; it must be ({count},), one per vector.")
        return households.astype(str)
    if context is not None:
        return context.households(index)
    return viewers_of(index) if len(index) == count else np.arange(count).astype(str)


def _without_rarely_known(values: Floats, households: npt.NDArray[Any], k: int) -> Floats:
    """Return `values` without the features that fewer than `k` households have: their mean would be about somebody."""
    _, codes = np.unique(households, return_inverse=True)
    known = [len(np.unique(codes[~np.isnan(column)])) >= k for column in values.T]
    return np.where(known, values, np.nan)


def _numbers(names: npt.NDArray[Any]) -> Ints:
    """Return a number for each name, in the order in which names come first: another name changes no number."""
    return np.asarray(pd.factorize(names)[0], dtype=np.int64)
