"""Which household is in which cell, and with how much: each row counts in its cell and in every margin above it.

Pairs are kept household by household, each one's cells in order. So what a household has in a margin is added up in
one order whatever the order of the rows, and most margins need no sort of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from analyzer.disclosure.dimensions import Dimension
from analyzer.grouping.arrays import Floats, Ints
from analyzer.grouping.segments import Segments
from analyzer.grouping.sorting import sort_order


@dataclass(frozen=True, eq=False)
class Memberships:
    """What each household has in each finest cell, one household after the other.

    Attributes
    ----------
    leaves : tuple of ndarray of int64, one a dimension, shape (n_pairs,)
        Place of the leaf among the dimension's labels.
    household : ndarray of int64, shape (n_pairs,)
        Number of the household in `names`.
    amount : ndarray of float64, shape (n_pairs,)
        Its total there; the number of its rows where households are counted.
    names : Index
        Never leaves this process.
    """

    leaves: tuple[Ints, ...]
    household: Ints
    amount: Floats
    names: pd.Index

    def levels(self, dimensions: Sequence[Dimension]) -> Iterator[tuple[Ints, Ints, Floats]]:
        """Yield (cell, household, total), one a pair, for each combination of levels of the dimensions."""
        for levels in product(*(range(d.levels.shape[1]) for d in dimensions)):
            places = [d.levels[leaf, level] for d, leaf, level in zip(dimensions, self.leaves, levels, strict=True)]
            there = np.logical_and.reduce([place >= 0 for place in places])
            if there.all():
                yield _merged(flat(dimensions, places), self.household, self.amount)
            else:
                cell = flat(dimensions, [place[there] for place in places])
                yield _merged(cell, self.household[there], self.amount[there])


def memberships(
    dimensions: Sequence[Dimension], leaves: Sequence[Ints], household: Ints, names: pd.Index, amount: Floats | None
) -> Memberships:
    """Return what each household has in each finest cell.

    Parameters
    ----------
    dimensions : sequence of Dimension
    leaves : sequence of ndarray of int64, one a dimension, shape (n_rows,)
        Place of each row's leaf among the dimension's labels.
    household : ndarray of int64, shape (n_rows,)
        Number of the row's household in `names`.
    names : Index
    amount : ndarray of float64, shape (n_rows,), optional
        Without it rows are counted.
    """
    shape = (max(len(names), 1), *(len(d.levels) for d in dimensions))
    key = np.ravel_multi_index((household, *leaves), shape).astype(np.int64, copy=False)
    distinct, total = _counted(key) if amount is None else sums(key, amount)
    whose, *at = np.unravel_index(distinct, shape)
    return Memberships(tuple(np.asarray(leaf, np.int64) for leaf in at), np.asarray(whose, np.int64), total, names)


def sums(key: Ints, amount: Floats) -> tuple[Ints, Floats]:
    """Return the distinct keys in order, and each one's total: the smallest added first, whatever the order of rows."""
    order = sort_order((key,), (amount,))
    return _runs(key[order], amount[order])


def flat(dimensions: Sequence[Dimension], places: Sequence[Ints]) -> Ints:
    """Return the numbers of the cells at these places of the labels."""
    number: Ints = np.zeros_like(places[0])
    for dimension, place in zip(dimensions, places, strict=True):
        number = number * len(dimension.labels) + place
    return number


def _merged(cell: Ints, household: Ints, amount: Floats) -> tuple[Ints, Ints, Floats]:
    """Return the distinct pairs and what each has in all, added up in the order of the finest cells."""
    if len(cell) == 0:
        return cell, household, amount
    cells = int(cell.max()) + 1
    key = household * cells + cell
    if not (key[1:] >= key[:-1]).all():
        order = sort_order((key,))
        key, amount = key[order], amount[order]
    elif (key[1:] > key[:-1]).all():
        return cell, household, amount
    distinct, total = _runs(key, amount)
    whose, where = np.divmod(distinct, cells)
    return where, whose, total


def _counted(key: Ints) -> tuple[Ints, Floats]:
    ordered = np.sort(key)
    runs = Segments.of_runs(ordered)
    return ordered[runs.first], runs.sizes.astype(np.float64)


def _runs(key: Ints, amount: Floats) -> tuple[Ints, Floats]:
    runs = replace(Segments.of_runs(key), large=True)
    return key[runs.first], runs.sum(amount)
