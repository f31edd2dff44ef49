"""k-anonymous prototypes: a pattern is kept as the means of cells of at least k households, never as its rows.

A vector belongs to the pattern of the nearest prototype if it lies within that prototype's reach, else to none. The
fitted rows are labelled the same way, so that fitting and predicting cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from analyzer.grouping.segments import Floats, Ints

NO_PATTERN: Final = -1
_REACH_SPREADS: Final = 2.5
_ROUNDING: Final = 1e-9  # equal vectors lie this near to their own mean


@dataclass(frozen=True)
class Prototypes:
    """Cell means in the space where patterns are sought.

    Attributes
    ----------
    centers : ndarray of float64, shape (n_cells, n_axes)
        Mean of each cell's households.
    reach : ndarray of float64, shape (n_cells,)
        Mean distance of the cell's households from its center plus 2.5 standard deviations.
    pattern : ndarray of int64, shape (n_cells,)
        The pattern's number.
    households : ndarray of int64, shape (n_cells,)
        How many households the cell holds; never below the k it was built with.
    """

    centers: Floats
    reach: Floats
    pattern: Ints
    households: Ints

    @property
    def patterns(self) -> int:
        """How many patterns there are."""
        return int(self.pattern.max(initial=NO_PATTERN)) + 1

    def assign(self, points: Floats) -> Ints:
        """Return the pattern number of each point, shape (n_points,); -1 where none is in reach."""
        if len(self.centers) == 0 or len(points) == 0:
            return np.full(len(points), NO_PATTERN, dtype=np.int64)
        distance, nearest = cKDTree(self.centers).query(points)
        return np.where(distance <= self.reach[nearest], self.pattern[nearest], NO_PATTERN)


def build(points: Floats, labels: Ints, households: npt.NDArray[Any], k: int) -> Prototypes:
    """Cut each labelled group into cells of at least `k` households and keep their means.

    Groups with fewer than `k` households get no prototype: nobody can be assigned to them later.
    """
    _, codes = np.unique(households, return_inverse=True)
    cells: list[tuple[Floats, float, int, int]] = []
    for pattern in range(labels.max(initial=NO_PATTERN) + 1):
        rows = np.flatnonzero(labels == pattern)
        if _count(codes[rows]) >= k:
            cells += [_cell(points[r], codes[r], pattern) for r in _cut(points, codes, rows, k)]
    return Prototypes(
        np.array([c[0] for c in cells]).reshape(len(cells), points.shape[1]),
        np.array([c[1] for c in cells], dtype=np.float64),
        np.array([c[2] for c in cells], dtype=np.int64),
        np.array([c[3] for c in cells], dtype=np.int64),
    )


def _count(codes: Ints) -> int:
    return len(np.unique(codes))


def _cell(points: Floats, codes: Ints, pattern: int) -> tuple[Floats, float, int, int]:
    _, household, windows = np.unique(codes, return_inverse=True, return_counts=True)
    weights = 1.0 / windows[household]  # households count alike, however many windows they have
    center = np.average(points, axis=0, weights=weights)
    distance = np.linalg.norm(points - center, axis=1)
    mean = np.average(distance, weights=weights)
    spread = np.sqrt(np.average((distance - mean) ** 2, weights=weights))
    return center, float(mean + _REACH_SPREADS * spread + _ROUNDING), pattern, len(windows)


def _cut(points: Floats, codes: Ints, rows: Ints, k: int) -> list[Ints]:
    """Halve at the median of the widest axis while both halves keep at least 2 k households."""
    pending, cells = [rows], []
    while pending:
        cell = pending.pop()
        axis = int(np.argmax(points[cell].var(axis=0)))
        order = cell[np.lexsort((cell, points[cell, axis]))]
        low, high = order[: len(order) // 2], order[len(order) // 2 :]
        if min(_count(codes[low]), _count(codes[high])) >= 2 * k:
            pending += [high, low]
        else:
            cells.append(np.sort(cell))
    return cells
