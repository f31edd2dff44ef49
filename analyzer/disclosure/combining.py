"""Groups that are added and subtracted, and when what is left over is of few households.

Groups are known by their sketches alone. A combination is a list of cells, each added or subtracted some times; what it
leaves over is estimated from the combined sketch: of numbers of households from the households' coins, of totals from
the remainders of their amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.disclosure.remainders import Buckets, about, combined_buckets, few_left, summed_runs
from analyzer.disclosure.sketch import Sketches, margin
from analyzer.grouping.arrays import Bools, Floats, Ints

Recipe = tuple[tuple[int, int], ...]  # cells and how often each is added; subtracted where negative


@dataclass(frozen=True)
class Bound:
    """What counts as few.

    Attributes
    ----------
    floor : fewest households that a number may be about.
    """

    floor: int

    @property
    def estimate(self) -> float:
        """Estimates from here cannot be of fewer households than the floor, but for one in millions."""
        return self.floor * margin()

    def few(self, estimate: Floats, net: Floats) -> Bools:
        """Tell which combinations leave few over, and somebody.

        As many households as a combination's counts add up to are left over at least: that is exact, and spares groups
        that differ by many.
        """
        return np.asarray((estimate > 0) & (estimate < self.estimate) & (np.abs(net) < self.floor), dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Pool:
    """Groups to add and subtract: cells, and combinations of cells.

    Attributes
    ----------
    left : ndarray of float64, shape (n, WIDTH) or (n, TOTAL_WIDTH)
        Signed sketches.
    net : ndarray of float64, shape (n,)
        Households added less households subtracted.
    buckets : ndarray of uint8, shape (n, COLUMNS), or (n, 0) where no totals are told
        Remainders of the amounts.
    recipes : what each is made of.
    """

    left: Floats
    net: Floats
    buckets: Buckets
    recipes: tuple[Recipe, ...]

    @classmethod
    def of(cls, sketches: Sketches, first: int = 0) -> Pool:
        """Return cells as they are, numbered from `first`."""
        recipes = tuple(((first + number, 1),) for number in range(len(sketches)))
        return cls(sketches.signed, sketches.households.astype(np.float64), sketches.buckets, recipes)

    def __len__(self) -> int:
        return len(self.net)

    def __add__(self, other: Pool) -> Pool:
        return Pool(
            np.concatenate([self.left, other.left]),
            np.concatenate([self.net, other.net]),
            np.concatenate([self.buckets, other.buckets]),
            self.recipes + other.recipes,
        )

    def take(self, rows: Ints) -> Pool:
        """Return some of the groups."""
        return Pool(self.left[rows], self.net[rows], self.buckets[rows], tuple(self.recipes[row] for row in rows))

    def made(self, recipes: Sequence[Recipe]) -> Pool:
        """Return combinations of these, which are the cells 0 and up; those that leave nobody over are left out."""
        if not recipes:
            return self.take(np.zeros(0, np.int64))
        cells = np.array([cell for recipe in recipes for cell, _ in recipe], np.int64)
        times = np.array([count for recipe in recipes for _, count in recipe], np.float64)
        starts = np.cumsum([0, *(len(recipe) for recipe in recipes[:-1])])
        left = np.add.reduceat(self.left[cells] * times[:, None], starts, axis=0)
        net = np.add.reduceat(self.net[cells] * times, starts)
        buckets = summed_runs(self.buckets[cells], times, starts)
        return Pool(left, net, buckets, tuple(recipes)).of_somebody()

    def mixed(self, times: Ints | Floats) -> Pool:
        """Return combinations, given by how often each group is added, shape (n_combinations, n)."""
        recipes = tuple(self.recipe(enumerate(row)) for row in times.astype(np.int64).tolist())
        return Pool(times @ self.left, times @ self.net, combined_buckets(times, self.buckets), recipes)

    def of_somebody(self) -> Pool:
        """Return those that leave somebody over."""
        return self.take(np.flatnonzero(self.left.any(axis=1) | self.buckets.any(axis=1)))

    def few(self, bound: Bound) -> Bools:
        """Tell which leave few households over, and somebody."""
        return few_left(self.buckets, bound.floor) if self.totals else bound.few(self.estimates, self.net)

    def sizes(self, bound: Bound) -> Floats:
        """Return about of how many households something is left over."""
        return about(self.buckets, bound.floor) if self.totals else self.estimates

    @property
    def totals(self) -> bool:
        """Whether totals are told: amounts that cancel are gone, even of households that are left over."""
        return bool(self.buckets.shape[1])

    def recipe(self, times: Iterable[tuple[int, int]]) -> Recipe:
        """Return what groups are made of together, given by number and how often each is added."""
        found: dict[int, int] = {}
        for group, often in times:
            for cell, count in self.recipes[group] if often else ():
                found[cell] = found.get(cell, 0) + often * count
        return tuple(sorted((cell, count) for cell, count in found.items() if count))

    @cached_property
    def estimates(self) -> Floats:
        """About how many households each group has, or the square of what they have where totals are told.

        Exact for equal groups, since the widths are powers of two.
        """
        return estimates_of(self.left)


def estimates_of(left: Floats) -> Floats:
    """Return the mean squares of signed sketches, for any number of axes before the coins."""
    return np.asarray(np.einsum("...j,...j->...", left, left) / left.shape[-1])


def combined(one: Recipe, other: Recipe, times: int) -> Recipe:
    """Return one combination with another one added so many times."""
    total = dict(one)
    for cell, count in other:
        total[cell] = total.get(cell, 0) + times * count
    return tuple(sorted((cell, count) for cell, count in total.items() if count))
