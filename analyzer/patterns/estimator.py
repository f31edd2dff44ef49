"""`UsagePatterns`: a scikit-learn estimator that finds usage patterns with HDBSCAN.

Vectors are transformed and scaled (`scaling`), projected on their leading principal axes, clustered by HDBSCAN with an
exact spanning tree, and labelled by k-anonymous prototypes (`prototypes`). Campello, Moulavi and Sander, PAKDD 2013;
McInnes, Healy and Astels, JOSS 2017. Why each step: docs/decisions/0005-finding-patterns.md.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from analyzer.features.context import VectorContext, context_of, viewers_of, warn_if_lost
from analyzer.grouping.segments import Floats, Ints
from analyzer.patterns import profile, prototypes
from analyzer.patterns.ordering import canonical_order
from analyzer.patterns.scaling import Scaling


class UsagePatterns(ClusterMixin, TransformerMixin, BaseEstimator):
    """Find usage patterns among behaviour vectors.

    Parameters
    ----------
    min_cluster_size : int, optional
        Fewest vectors of a pattern; by default 0.5 % of the vectors, at least 30.
    min_samples : int
        Neighbours that make a place dense; higher values leave more vectors without a pattern.
    n_axes : int
        Number of principal axes on which patterns are sought.
    min_households : int
        Fewest households behind any number that is kept (k).
    max_fit_vectors : int
        Above this, HDBSCAN sees an even selection of so many vectors; all are labelled by prototypes.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_vectors,)
        Number of each fitted vector's pattern; -1 is no pattern.
    profiles_ : tuple of PatternProfile
        What each pattern is; `profiles_[i].id` names label i.
    everyone_ : PatternProfile
        The same description of all fitted vectors together.
    scaling_, axes_, prototypes_ :
        What `predict` needs; aggregates of at least `min_households` households.

    Notes
    -----
    Thresholds count households. They come with vectors from `extract_features`, or as `fit(X, households=...)`; else
    each viewer of the index, or each row, counts as one.
    """

    def __init__(
        self,
        min_cluster_size: int | None = None,
        min_samples: int = 10,
        n_axes: int = 8,
        min_households: int = 10,
        max_fit_vectors: int = 50_000,
    ) -> None:
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.n_axes = n_axes
        self.min_households = min_households
        self.max_fit_vectors = max_fit_vectors

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
        settings = context.settings(index) if context is not None else None
        order = canonical_order(values, settings, counted)
        labels = np.empty(len(values), dtype=np.int64)
        labels[order] = self._fit_ordered(values[order], counted[order])
        self.labels_ = labels
        names = list(getattr(self, "feature_names_in_", [f"x{i}" for i in range(values.shape[1])]))
        self.everyone_, self.profiles_ = profile.describe(
            pd.DataFrame(values[order], columns=names),
            labels[order],
            counted[order],
            self.scaling_,
            settings.iloc[order] if settings is not None else None,
            self.min_households,
            self.prototypes_.patterns,
        )
        return self

    def predict(self, X: Any) -> Ints:
        """Return the pattern number of each vector, shape (n_vectors,); -1 is no pattern."""
        check_is_fitted(self)
        return self.prototypes_.assign(self._project(self._validated(X, reset=False)))

    def transform(self, X: Any) -> Floats:
        """Return the vectors on the principal axes, shape (n_vectors, n_axes)."""
        check_is_fitted(self)
        return self._project(self._validated(X, reset=False))

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """Return the names of the principal axes: axis1, axis2, ..."""
        check_is_fitted(self)
        return np.array([f"axis{i + 1}" for i in range(self.axes_.shape[1])], dtype=object)

    def pattern_ids(self, labels: Ints) -> npt.NDArray[np.object_]:
        """Return the id (P01, P02, ...) of each label; None for no pattern."""
        ids = np.array([p.id for p in self.profiles_] + [None], dtype=object)
        return ids[labels]

    def _fit_ordered(self, values: Floats, households: npt.NDArray[Any]) -> Ints:
        kept = _without_rarely_known(values, households, self.min_households)
        self.scaling_ = Scaling.fit(kept, getattr(self, "feature_names_in_", None))
        self.axes_ = principal_axes(self.scaling_.apply(kept), self.n_axes)
        points = self._project(values)
        chosen = _even_selection(len(points), self.max_fit_vectors)
        found = self._cluster(points[chosen])
        self.prototypes_ = prototypes.build(points[chosen], found, households[chosen], self.min_households)
        self.prototypes_ = _numbered_by_size(self.prototypes_, points)
        return self.prototypes_.assign(points)

    def _project(self, values: Floats) -> Floats:
        scaled = self.scaling_.apply(values)
        projected = np.zeros((len(scaled), self.axes_.shape[1]))
        for column, weights in enumerate(self.axes_):  # a matrix product rounds a row by where it stands; this does not
            projected += scaled[:, column, None] * weights
        return projected

    def _cluster(self, points: Floats) -> Ints:
        size = self.min_cluster_size or max(30, round(0.005 * len(points)))
        if len(points) <= max(size, self.min_samples):
            return np.full(len(points), prototypes.NO_PATTERN, dtype=np.int64)
        from hdbscan import HDBSCAN

        clusterer = HDBSCAN(
            min_cluster_size=max(2, size),
            min_samples=self.min_samples,
            cluster_selection_method="eom",
            approx_min_span_tree=False,  # the approximate tree changes with row order
            core_dist_n_jobs=1,
        )
        return np.asarray(clusterer.fit(points).labels_, dtype=np.int64)

    def _validated(self, X: Any, *, reset: bool) -> Floats:
        checked = validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=1
        )
        if np.isinf(checked).any():
            raise ValueError("Input contains infinity; a vector holds finite numbers or null.")
        return np.asarray(checked, dtype=np.float64)

    def _check_parameters(self) -> None:
        least = {"min_samples": 1, "n_axes": 1, "min_households": 2, "max_fit_vectors": 100}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be at least {bound}.")
        if self.min_cluster_size is not None and self.min_cluster_size < 2:
            raise ValueError(f"min_cluster_size is {self.min_cluster_size}; it must be at least 2.")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def principal_axes(scaled: Floats, count: int) -> Floats:
    """Return the leading right singular vectors, shape (n_features, <= count), each with its largest entry positive."""
    centered = scaled - scaled.mean(axis=0)
    _, _, rows = np.linalg.svd(centered.T @ centered / len(scaled))
    axes = rows[: min(count, scaled.shape[1])].T
    signs = np.sign(axes[np.argmax(np.abs(axes), axis=0), np.arange(axes.shape[1])])
    return np.asarray(axes * np.where(signs == 0, 1.0, signs))


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


def _even_selection(count: int, most: int) -> Ints:
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))


def _numbered_by_size(cells: prototypes.Prototypes, points: Floats) -> prototypes.Prototypes:
    """Number the patterns from the largest down, so that ids do not follow the clusterer's inner order."""
    labels = cells.assign(points)
    patterns, first = np.unique(cells.pattern, return_index=True)
    sizes = np.array([(labels == p).sum() for p in patterns])
    order = np.lexsort((*cells.centers[first].T[::-1], -sizes)) if len(patterns) else first
    number = np.full(cells.pattern.max(initial=-1) + 1, prototypes.NO_PATTERN, dtype=np.int64)
    number[patterns[order]] = np.arange(len(patterns))
    return prototypes.Prototypes(cells.centers, cells.reach, number[cells.pattern], cells.households)
