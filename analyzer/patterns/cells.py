"""Microaggregation: cells of similar vectors from at least k households, so that clustering sees means and not rows.

Cells are cut by halving at the median of the widest axis (a k-d tree; LeFevre, DeWitt and Ramakrishnan, Mondrian, ICDE
2006), so that all hold nearly the same number of vectors and the density of their means follows that of the vectors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.grouping.arrays import Floats, Ints


@dataclass(frozen=True)
class Cells:
    """A partition of vectors.

    Attributes
    ----------
    of_row : ndarray of int64, shape (n_vectors,)
        Number of each vector's cell.
    means : ndarray of float64, shape (n_cells, n_axes)
    """

    of_row: Ints
    means: Floats


def microaggregate(points: Floats, households: npt.NDArray[Any], k: int, most: int) -> Cells:
    """Cut points into at most `most` cells, each of at least `k` households.

    Parameters
    ----------
    points : ndarray of float64, shape (n_vectors, n_axes)
    households : ndarray, shape (n_vectors,)
    k : int
        Fewest households of a cell; with fewer in all there is one cell.
    most : int
        Most cells; a power of two is used, for every cut halves.
    """
    depth = int(np.floor(np.log2(max(1, min(most, len(points) // k)))))
    _, codes = np.unique(households, return_inverse=True)
    node = _tree(points, depth)
    _, cell = np.unique(_joined(node, codes, depth, k), return_inverse=True)
    counts = np.bincount(cell)
    means = np.stack([np.bincount(cell, column) for column in points.T], axis=1) / counts[:, None]
    return Cells(cell.astype(np.int64), means)


def _tree(points: Floats, depth: int) -> Ints:
    """Return each point's leaf: root 1, children of node i are 2 i and 2 i + 1."""
    node = np.ones(len(points), dtype=np.int64)
    for _ in range(depth):
        sizes = np.bincount(node)
        axis = np.argmax(_variances(points, node, sizes), axis=1)
        order = np.lexsort((points[np.arange(len(points)), axis[node]], node))
        starts = np.cumsum(sizes) - sizes
        rank = np.arange(len(points)) - starts[node[order]]
        node[order] = 2 * node[order] + (rank >= (sizes[node[order]] + 1) // 2)
    return node


def _variances(points: Floats, node: Ints, sizes: Ints) -> Floats:
    counted = np.maximum(sizes, 1)[:, None]
    mean = np.stack([np.bincount(node, column) for column in points.T], axis=1) / counted
    square = np.stack([np.bincount(node, column * column) for column in points.T], axis=1) / counted
    return square - mean * mean


def _joined(node: Ints, codes: Ints, depth: int, k: int) -> Ints:
    """Undo cuts from the leaves up until every cell holds at least `k` households."""
    node = node.copy()
    level = np.full(len(node), depth)
    for at in range(depth, 0, -1):
        here = level == at
        small = _with_few(node[here], codes[here], k)
        parents = np.unique(small >> 1)
        ancestor = node >> np.maximum(level - (at - 1), 0)
        undone = np.isin(ancestor, parents) & (level >= at)
        node[undone], level[undone] = ancestor[undone], at - 1
    return node


def _with_few(node: Ints, codes: Ints, k: int) -> Ints:
    if len(node) == 0:
        return node
    pairs = np.unique(node * (int(codes.max()) + 1) + codes)
    nodes, households = np.unique(pairs // (int(codes.max()) + 1), return_counts=True)
    return np.asarray(nodes[households < k])
