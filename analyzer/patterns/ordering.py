"""An order of vectors that depends on their values alone: neither row order nor a name can change a sum or a tie."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.grouping.segments import Floats, Ints, Segments, changes


def canonical_order(values: Floats, settings: pd.DataFrame | None, households: npt.NDArray[Any]) -> Ints:
    """Return the order of the vectors by their own values.

    Equal vectors are ordered by all the vectors of their household. Households that still tie are alike in
    everything, so that it does not matter which comes first.

    Parameters
    ----------
    values : ndarray of float64, shape (n_vectors, n_features)
        Null allowed.
    settings : DataFrame, optional
        Accessibility settings of the vectors.
    households : ndarray, shape (n_vectors,)
        Each vector's household.
    """
    rows = values if settings is None else np.hstack([values, settings.to_numpy(dtype=np.float64)])
    rank = _ranks(rows)
    if rank.max(initial=-1) + 1 == len(rows):
        return np.argsort(rank)
    _, codes = np.unique(households, return_inverse=True)
    return np.lexsort((codes, _likeness(rank, codes)[codes], rank))


def _ranks(rows: Floats) -> Ints:
    """Return the rank of each row among the different rows; equal rows share one."""
    keys = (*np.nan_to_num(rows, nan=-1.0).T[::-1], *np.isnan(rows).T[::-1])
    order = np.lexsort(keys)
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.cumsum(changes(*(key[order] for key in keys))) - 1
    return rank


def _likeness(rank: Ints, codes: Ints) -> Ints:
    """Return a number per household, the same for households whose vectors are all alike."""
    order = np.lexsort((rank, codes))
    own = Segments.of_runs(codes[order]).offsets
    vectors = [tuple(rank[order[low:high]].tolist()) for low, high in pairwise(own)]
    place = {key: at for at, key in enumerate(sorted(set(vectors)))}
    return np.array([place[key] for key in vectors], dtype=np.int64)
