"""Which household is in which cell, and with how much: each row counts in its cell and in every margin above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import pandas as pd

from analyzer.disclosure.dimensions import Dimension
from analyzer.grouping.arrays import Floats, Ints
from analyzer.grouping.segments import Segments


@dataclass(frozen=True, eq=False)
class Memberships:
    """What each household has in each finest cell.

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
        most = max(len(self.names), 1)
        for levels in product(*(range(d.levels.shape[1]) for d in dimensions)):
            places = [d.levels[leaf, level] for d, leaf, level in zip(dimensions, self.leaves, levels, strict=True)]
            there = np.all([place >= 0 for place in places], axis=0)
            cell = flat(dimensions, [place[there] for place in places])
            distinct, total = sums(cell * most + self.household[there], self.amount[there])
            yield distinct // most, distinct % most, total


def memberships(
    dimensions: Sequence[Dimension], used: pd.DataFrame, by: Sequence[str], household: str, measure: str | None
) -> Memberships:
    """Return what each household has in each finest cell of rows that have a label in every dimension."""
    codes = [
        pd.Categorical(used[name].astype(str), categories=d.labels[: len(d.levels)]).codes.astype(np.int64)
        for d, name in zip(dimensions, by, strict=True)
    ]
    homes, names = pd.factorize(used[household])
    shape = (*(len(d.levels) for d in dimensions), max(len(names), 1))
    amount = used[measure].to_numpy(dtype=np.float64) if measure else np.ones(len(used))
    distinct, total = sums(np.ravel_multi_index((*codes, homes.astype(np.int64)), shape), amount)
    *leaves, home = np.unravel_index(distinct, shape)
    whose = np.asarray(home, dtype=np.int64)
    return Memberships(tuple(np.asarray(leaf, dtype=np.int64) for leaf in leaves), whose, total, pd.Index(names))


def sums(key: Ints, amount: Floats) -> tuple[Ints, Floats]:
    """Return the distinct keys in order, and each one's total: the smallest added first, whatever the order of rows."""
    order = np.lexsort((amount, key)) if (amount != 1.0).any() else np.argsort(key, kind="stable")
    key = key[order]
    runs = replace(Segments.of_runs(key), large=True)
    return key[runs.first], runs.sum(amount[order])


def flat(dimensions: Sequence[Dimension], places: Sequence[Ints]) -> Ints:
    """Return the numbers of the cells at these places of the labels."""
    number: Ints = np.zeros_like(places[0])
    for dimension, place in zip(dimensions, places, strict=True):
        number = number * len(dimension.labels) + place
    return number
