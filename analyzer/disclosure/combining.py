"""Search for ways to add and subtract groups so that only a few households are left over.

Groups are known by their sketches alone. A combination is a list of cells, each added or subtracted; what it leaves
over is estimated from the combined sketch. Every combination of two cells is looked at. Of longer ones those are that
a subtraction which makes a sketch shorter leads to: parts of one release that together make up a cell of another, and
chains of such steps (a pursuit; Mallat and Zhang 1993). Not everything is searched.

"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.disclosure.sketch import WIDTH, Sketches, margin
from analyzer.grouping.arrays import Bools, Floats, Ints

_AT_ONCE: Final = 8_192  # rows of a product of sketches: some ten megabytes
_ROUNDS: Final = 6  # of choosing parts anew with what is left over
_NEAREST: Final = 300  # earlier groups, those most like the new ones, of which chains are made
_DIFFERENCES: Final = 400  # of two groups, kept to be subtracted from each other; as many with a new one and without
_STEPS: Final = 6  # of a chain
_STARTS: Final = 512  # chains at once
_LAYERS: Final = 64  # that differences are made up of
_EXACT_BELOW: Final = 2.0**24  # whole numbers that 32-bit floats hold

Recipe = tuple[tuple[int, int], ...]  # cells and how often each is added; subtracted where negative
Hit = tuple[Recipe, float]  # with about how many households, as they count in a sketch


@dataclass(frozen=True)
class Leftover:
    """A combination that leaves few households over.

    Attributes
    ----------
    recipe : pairs of a cell's number and how often it is added, in order of the cells. New cells come first.
    households : about how many are left over.
    """

    recipe: Recipe
    households: float


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

    def few(self, left: Floats, net: Floats) -> Bools:
        """Tell which combinations leave few over, for arrays of any number of axes before the coins.

        As many households as a combination's counts add up to are left over at least: that is exact, and spares groups
        that differ by many.
        """
        estimate = np.einsum("...j,...j->...", left, left) / WIDTH
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

    def narrowed(self) -> Pool:
        """Return the same in half the memory, where products of any two are exact nevertheless."""
        exact = 2 * float(self.estimates.max(initial=0.0)) * WIDTH < _EXACT_BELOW
        return replace(self, left=self.left.astype(np.float32)) if exact else self

    @cached_property
    def estimates(self) -> Floats:
        """About how many households each group has; exact for equal groups, since WIDTH is a power of two."""
        return np.asarray(np.einsum("ij,ij->i", self.left, self.left) / WIDTH)


@dataclass(frozen=True, eq=False)
class Search:
    """What to combine with what.

    Attributes
    ----------
    groups : Pool
        What would be told now, then what was told.
    n_new : how many of the groups would be told now.
    new_cells : cells below this number would be told now.
    own, others : sequences of arrays of group numbers
        Layers of the new release and of earlier ones: groups that hardly share a household, such as the cells of a
        table without its margins.
    bound : Bound
    """

    groups: Pool
    n_new: int
    new_cells: int
    own: Sequence[Ints]
    others: Sequence[Ints]
    bound: Bound

    def leftovers(self) -> list[Leftover]:
        """Return combinations with at least one new cell that leave few households over, each once.

        Longer ones are only looked for where there are no shorter ones: mostly they are made of the same cells.
        """
        new = self.groups.take(np.arange(self.n_new))
        nearest = np.full(len(self.groups), np.inf)
        for stage in (self._pairs, self._unions, self._chains) if len(new) else ():
            found: dict[Recipe, float] = {}
            for recipe, size in stage(new, nearest):
                if recipe and recipe[0][0] < self.new_cells:
                    sign = 1 if recipe[0][1] > 0 else -1
                    found.setdefault(tuple((cell, sign * count) for cell, count in recipe), size / self.bound.each)
            if found:
                return [Leftover(recipe, households) for recipe, households in sorted(found.items())]
        return []

    def _pairs(self, new: Pool, nearest: Floats) -> Iterator[Hit]:
        """Look at each new group and at its differences to all; write down how near they are."""
        for row in np.flatnonzero(self.bound.few(new.left, new.net)):
            yield new.recipes[row], float(new.estimates[row])
        for some in _blocks(0, len(self.groups)):
            others = self.groups.take(some)
            apart = _apart(new, others)
            few = (apart > 0) & (apart < self.bound.estimate)
            few &= np.abs(new.net[:, None] - others.net) < self.bound.floor
            for row, column in np.argwhere(few):
                yield combined(new.recipes[row], others.recipes[column], -1), float(apart[row, column])
            nearest[some] = (apart / np.maximum(others.estimates, 1.0)).min(axis=0)

    def _unions(self, new: Pool, nearest: Floats) -> Iterator[Hit]:
        finest = max(self.own, key=len, default=np.zeros(0, np.int64))
        for layer in self.others:
            yield from self._made_up(np.arange(self.n_new), layer, finest)
        for layer in self.own:
            for some in _blocks(self.n_new, len(self.groups)):
                yield from self._made_up(some, layer, layer[:0])

    def _chains(self, new: Pool, nearest: Floats) -> Iterator[Hit]:
        """Make up differences of two groups of parts; then subtract from each other what is shortest, step by step."""
        near = self.n_new + np.argsort(nearest[self.n_new :], kind="stable")[:_NEAREST]
        groups = new + self.groups.take(near)
        ours, others = _differences(groups, len(new))
        reached = np.isin(np.arange(len(self.groups)), near)
        wider = replace(self, groups=self.groups + ours)
        for layer in [layer for layer in self.others if reached[layer].any()][:_LAYERS]:
            yield from wider._made_up(np.arange(len(self.groups), len(wider.groups)), layer, layer[:0])
        pool = (groups + ours + others).narrowed()
        for some in _blocks(0, len(pool), _STARTS):
            yield from _pursued(pool.take(some), pool, self.bound)

    def _made_up(self, at: Ints, parts: Ints, added: Ints) -> Iterator[Hit]:
        """Subtract from each target those parts that make it shorter, and add back some of those in `added`."""
        pool = self.groups
        number, times = np.concatenate([parts, added]), np.repeat([1.0, -1.0], [len(parts), len(added)])
        left_of, net_of, norms = pool.left[number] * times[:, None], pool.net[number] * times, pool.estimates[number]
        left = pool.left[at]
        chosen = np.zeros((len(at), len(number)), dtype=bool)
        for turn in range(_ROUNDS):
            inner = left @ left_of.T * (2 / WIDTH)
            gain = np.where(chosen, -inner, inner) - norms
            moving = np.flatnonzero((gain > 0).any(axis=1))
            if not len(moving):
                return
            at, gain, chosen = at[moving], gain[moving], chosen[moving]
            # Disjoint parts can be chosen all at once; what the estimate's error chose wrongly is put right one by one.
            chosen = chosen ^ ((gain > 0) if turn < _ROUNDS // 2 else (gain == gain.max(axis=1, keepdims=True)))
            left, net = pool.left[at] - chosen @ left_of, pool.net[at] - chosen @ net_of
            for row in np.flatnonzero(self.bound.few(left, net)):
                recipe = pool.recipes[at[row]]
                for part in np.flatnonzero(chosen[row]):
                    recipe = combined(recipe, pool.recipes[number[part]], -int(times[part]))
                yield recipe, float(left[row] @ left[row]) / WIDTH


def _blocks(first: int, last: int, size: int = _AT_ONCE) -> Iterator[Ints]:
    for start in range(first, last, size):
        yield np.arange(start, min(start + size, last))


def _apart(some: Pool, others: Pool) -> Floats:
    """Return about how many households each difference of two leaves over."""
    return np.asarray(some.estimates[:, None] + others.estimates - some.left @ others.left.T * (2 / WIDTH))


def _differences(groups: Pool, n_new: int) -> tuple[Pool, Pool]:
    """Return the differences of two groups that may be shorter than the longer one: with a new one, and without."""
    apart = _apart(groups, groups)
    longer = np.maximum(groups.estimates[:, None], groups.estimates)
    error = 2 * np.sqrt(np.outer(groups.estimates, groups.estimates) * (2 / WIDTH))
    row, column = np.nonzero(np.triu((apart > 0) & (apart < longer + error), 1))
    order = np.argsort(apart[row, column] / longer[row, column], kind="stable")
    row, column = row[order], column[order]
    with_new = row < n_new
    return (
        _subtracted(groups, row[with_new][:_DIFFERENCES], column[with_new][:_DIFFERENCES]),
        _subtracted(groups, row[~with_new][:_DIFFERENCES], column[~with_new][:_DIFFERENCES]),
    )


def _subtracted(groups: Pool, row: Ints, column: Ints) -> Pool:
    # The longer less the shorter one, so that parts can be subtracted from it.
    swap = groups.estimates[row] < groups.estimates[column]
    row, column = np.where(swap, column, row), np.where(swap, row, column)
    recipes = [combined(groups.recipes[a], groups.recipes[b], -1) for a, b in zip(row, column, strict=True)]
    some = np.array([at for at, recipe in enumerate(recipes) if recipe], np.int64)
    return Pool(groups.left[row] - groups.left[column], groups.net[row] - groups.net[column], tuple(recipes)).take(some)


def _pursued(starts: Pool, pool: Pool, bound: Bound) -> Iterator[Hit]:
    """Add or subtract from each start whatever makes it shortest, again and again."""
    for _ in range(_STEPS):
        inner = starts.left @ pool.left.T
        saved = np.abs(inner)
        saved *= 2 / WIDTH
        np.subtract(pool.estimates, saved, out=saved)  # how much longer a start becomes; mostly shorter where negative
        own = starts.estimates[:, None]
        for row, column in np.argwhere((saved < bound.estimate - own) & (saved > -own)):
            times = -1 if inner[row, column] > 0 else 1
            if abs(starts.net[row] + times * pool.net[column]) < bound.floor:
                recipe = combined(starts.recipes[row], pool.recipes[column], times)
                yield recipe, float(own[row, 0] + saved[row, column])
        saved[saved <= -own] = np.inf  # the same group: nothing would be left to go on with
        best = saved.argmin(axis=1)
        rows = np.flatnonzero(saved[np.arange(len(starts)), best] < 0)
        if not len(rows):
            return
        best = best[rows]
        signs = np.where(inner[rows, best] > 0, -1, 1)
        starts = Pool(
            starts.left[rows] + (signs[:, None] * pool.left[best]).astype(pool.left.dtype),
            starts.net[rows] + signs * pool.net[best],
            tuple(
                combined(starts.recipes[r], pool.recipes[b], t)
                for r, b, t in zip(rows.tolist(), best.tolist(), signs.tolist(), strict=True)
            ),
        )


def combined(one: Recipe, other: Recipe, times: int) -> Recipe:
    """Return one combination with another one added so many times."""
    total = dict(one)
    for cell, count in other:
        total[cell] = total.get(cell, 0) + times * count
    return tuple(sorted((cell, count) for cell, count in total.items() if count))
