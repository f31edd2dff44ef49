"""Groups that are added and subtracted, and when what is left over is of few households.

Groups are known by their sketches alone. A combination is a list of cells, each added or subtracted some times; what it
leaves over is estimated from the combined sketch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.disclosure.sketch import WIDTH, Sketches, margin
from analyzer.grouping.arrays import Bools, Floats, Ints

Recipe = tuple[tuple[int, int], ...]  # cells and how often each is added; subtracted where negative


@dataclass(frozen=True)
class Bound:
    """What counts as few.

    Attributes
    ----------
    floor : fewest households that a number may be about.
    each : how much one household counts in a sketch: 2 where a changed sum is one that left and one that came.
    """

    floor: int
    each: int = 1

    @property
    def estimate(self) -> float:
        """Estimates from here cannot be of fewer households than the floor, but for one in millions."""
        return self.floor * self.each * margin()

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
    left : ndarray of float64, shape (n, WIDTH)
        Signed sketches.
    net : ndarray of float64, shape (n,)
        Households added less households subtracted.
    recipes : what each is made of.
    """

    left: Floats
    net: Floats
    recipes: tuple[Recipe, ...]

    @classmethod
    def of(cls, sketches: Sketches, first: int = 0) -> Pool:
        """Return cells as they are, numbered from `first`."""
        recipes = tuple(((first + number, 1),) for number in range(len(sketches)))
        return cls(sketches.signed, sketches.households.astype(np.float64), recipes)

    def __len__(self) -> int:
        return len(self.net)

    def __add__(self, other: Pool) -> Pool:
        return Pool(
            np.concatenate([self.left, other.left]), np.concatenate([self.net, other.net]), self.recipes + other.recipes
        )

    def take(self, rows: Ints) -> Pool:
        """Return some of the groups."""
        return Pool(self.left[rows], self.net[rows], tuple(self.recipes[row] for row in rows))

    def made(self, recipes: Sequence[Recipe]) -> Pool:
        """Return combinations of these, which are the cells 0 and up; those that leave nobody over are left out."""
        if not recipes:
            return self.take(np.zeros(0, np.int64))
        cells = np.array([cell for recipe in recipes for cell, _ in recipe], np.int64)
        times = np.array([count for recipe in recipes for _, count in recipe], np.float64)
        starts = np.cumsum([0, *(len(recipe) for recipe in recipes[:-1])])
        left = np.add.reduceat(self.left[cells] * times[:, None], starts, axis=0)
        net = np.add.reduceat(self.net[cells] * times, starts)
        some = np.flatnonzero(left.any(axis=1))
        return Pool(left[some], net[some], tuple(recipes[row] for row in some.tolist()))

    def recipe(self, times: Iterable[tuple[int, int]]) -> Recipe:
        """Return what groups are made of together, given by number and how often each is added."""
        found: dict[int, int] = {}
        for group, often in times:
            for cell, count in self.recipes[group] if often else ():
                found[cell] = found.get(cell, 0) + often * count
        return tuple(sorted((cell, count) for cell, count in found.items() if count))

    @cached_property
    def estimates(self) -> Floats:
        """About how many households each group has; exact for equal groups, since WIDTH is a power of two."""
        return estimates_of(self.left)


def estimates_of(left: Floats) -> Floats:
    """Return about how many households signed sketches are of, for any number of axes before the coins."""
    return np.asarray(np.einsum("...j,...j->...", left, left) / WIDTH)


def combined(one: Recipe, other: Recipe, times: int) -> Recipe:
    """Return one combination with another one added so many times."""
    total = dict(one)
    for cell, count in other:
        total[cell] = total.get(cell, 0) + times * count
    return tuple(sorted((cell, count) for cell, count in total.items() if count))
