"""Where vectors are dense: HDBSCAN, on the vectors or on the means of cells.

Campello, Moulavi and Sander, PAKDD 2013; McInnes, Healy and Astels, JOSS 2017. The leaves of the cluster tree are taken
and not its excess of mass: one large group beside a few far and small ones would swallow all that is inside it.
`valleys` joins what the leaves have cut too often.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Floats, Ints
from analyzer.patterns.cells import microaggregate

NO_PATTERN: Final = -1
MOST_CELLS: Final = 1 << 14
"""Above this HDBSCAN's time is felt; so many cells still hold a pattern of half a percent eighty times."""


def dense_groups(
    points: Floats, households: npt.NDArray[Any], size: int, min_samples: int, k: int, exact_below: int
) -> Ints:
    """Return the number of each point's dense group, shape (n_points,); -1 is none.

    Parameters
    ----------
    points : ndarray of float64, shape (n_points, n_axes)
    households : ndarray, shape (n_points,)
    size : int
        Fewest points of a group.
    min_samples : int
        Neighbours that make a place dense.
    k : int
        Fewest households of a cell.
    exact_below : int
        With fewer points HDBSCAN sees them all, else the means of cells.
    """
    if len(points) < exact_below:
        return _hdbscan(points, size, min_samples)
    cells = microaggregate(points, households, k, MOST_CELLS)
    share = len(cells.means) / len(points)
    return _hdbscan(cells.means, max(2, round(size * share)), min_samples)[cells.of_row]


def _hdbscan(points: Floats, size: int, min_samples: int) -> Ints:
    if len(points) <= max(size, min_samples):
        return np.full(len(points), NO_PATTERN, dtype=np.int64)
    from hdbscan import HDBSCAN

    clusterer = HDBSCAN(
        min_cluster_size=max(2, size),
        min_samples=min_samples,
        cluster_selection_method="leaf",
        approx_min_span_tree=False,  # the approximate tree changes with the order of rows
        core_dist_n_jobs=1,
    )
    return np.asarray(clusterer.fit(points).labels_, dtype=np.int64)
