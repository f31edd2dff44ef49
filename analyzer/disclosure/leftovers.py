"""Search for ways to add and subtract groups so that only a few households are left over.

In this order: every combination of two groups; parts of one release that together make up a group of another one; and
what remains of groups when parts are subtracted, two at a time, and made short by one another; of totals at last what
cancels but for few households, however much these have. Not everything is searched: to find the shortest combination of
many is hard (Micciancio, SIAM Journal on Computing 2001).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.disclosure.cancelling import cancelling, explaining
from analyzer.disclosure.combining import Bound, Pool, Recipe, combined, estimates_of
from analyzer.disclosure.reducing import reduced
from analyzer.disclosure.remainders import Buckets, added_buckets, combined_buckets, few_apart, few_left, negative
from analyzer.grouping.arrays import Bools, Floats, Ints

_AT_ONCE: Final = 8_192  # rows of a product of sketches: some ten megabytes
_ROUNDS: Final = 6  # of choosing parts anew with what is left over
_NEAREST: Final = 300  # new groups and as many earlier ones, those most like each other, that are made short
_REMAINS: Final = 400  # that are kept, the shortest
_LAYERS: Final = 64  # that remains are made with

Counted = Callable[[Recipe], int | None]
"""Who knows how many households a combination leaves over; None where nobody does."""


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


@dataclass(frozen=True, eq=False)
class _Peeled:
    """What is left of groups when some parts are subtracted."""

    at: Ints  # numbers of the groups
    number: Ints  # of the parts
    times: Ints  # 1 where a part is subtracted if it is chosen, -1 where it is added
    chosen: Bools  # shape (groups, parts)
    left: Floats
    net: Floats

    @cached_property
    def estimates(self) -> Floats:
        return estimates_of(self.left)

    def take(self, rows: Ints) -> _Peeled:
        return _Peeled(self.at[rows], self.number, self.times, self.chosen[rows], self.left[rows], self.net[rows])

    def few(self, groups: Pool, bound: Bound) -> Bools:
        """Tell which leave few households of the groups over."""
        return few_left(self._buckets(groups), bound.floor) if groups.totals else bound.few(self.estimates, self.net)

    def named(self, groups: Pool) -> Pool:
        """Return the same with what each is made of."""
        recipes = []
        for group, parts in zip(self.at.tolist(), self.chosen, strict=True):
            some = np.flatnonzero(parts)
            taken = zip(self.number[some].tolist(), (-self.times[some]).tolist(), strict=True)
            recipes.append(groups.recipe([(group, 1), *taken]))
        return Pool(self.left, self.net, self._buckets(groups), tuple(recipes))

    def _buckets(self, groups: Pool) -> Buckets:
        taken = combined_buckets(self.chosen * -self.times, groups.buckets[self.number])
        return added_buckets(groups.buckets[self.at], taken)


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
    counted : Counted
        What is known exactly is judged by that; by default nothing is.
    """

    groups: Pool
    n_new: int
    new_cells: int
    own: Sequence[Ints]
    others: Sequence[Ints]
    bound: Bound
    counted: Counted = lambda recipe: None

    def leftovers(self) -> list[Leftover]:
        """Return combinations with at least one new cell that leave few households over, each once.

        Longer ones are only looked for where there are no shorter ones: mostly they are made of the same cells.
        """
        nearest = np.full(len(self.groups), np.inf)
        for stage in (self._pairs, self._unions, self._reductions) if self.n_new else ():
            found = self._judged(stage(nearest))
            if found:
                return [found[recipe] for recipe in sorted(found)]
        return []

    def _judged(self, hits: Iterator[Pool]) -> dict[Recipe, Leftover]:
        found: dict[Recipe, Leftover | None] = {}
        for hit in hits:
            for recipe, size in zip(hit.recipes, hit.sizes(self.bound).tolist(), strict=True):
                if recipe and recipe[0][0] < self.new_cells:
                    sign = 1 if recipe[0][1] > 0 else -1
                    told = tuple((cell, sign * count) for cell, count in recipe)
                    if told not in found:
                        found[told] = self._leftover(told, size)
        return {recipe: leftover for recipe, leftover in found.items() if leftover}

    def _leftover(self, recipe: Recipe, size: float) -> Leftover | None:
        known = self.counted(recipe)
        if known is None:
            return Leftover(recipe, size)
        return Leftover(recipe, known) if 0 < known < self.bound.floor else None

    def _few(self, pool: Pool) -> Pool:
        return pool.take(np.flatnonzero(pool.few(self.bound)))

    def _pairs(self, nearest: Floats) -> Iterator[Pool]:
        """Look at each new group and at its differences to all; write down how near they are."""
        new = self.groups.take(np.arange(self.n_new))
        yield self._few(new)
        for some in _blocks(0, len(self.groups)):
            others = self.groups.take(some)
            apart = new.estimates[:, None] + others.estimates - new.left @ others.left.T * (2 / new.left.shape[1])
            if new.totals:
                few = few_apart(new.buckets, others.buckets, self.bound.floor)
            else:
                few = self.bound.few(apart, new.net[:, None] - others.net)
            yield from (_pair(new, others, row, column, -1) for row, column in np.argwhere(few))
            old = some >= self.n_new
            apart /= np.maximum(others.estimates, 1.0)
            nearest[some] = apart.min(axis=0)
            if old.any():
                nearer = (apart[:, old] * others.estimates[old]).min(axis=1) / np.maximum(new.estimates, 1.0)
                nearest[: self.n_new] = np.minimum(nearest[: self.n_new], nearer)

    def _unions(self, nearest: Floats) -> Iterator[Pool]:
        """Make up new groups of earlier parts, with some own ones added back, and earlier groups of new parts."""
        finest = max(self.own, key=len, default=np.zeros(0, np.int64))
        for layer in self.others:
            yield from self._made_up(np.arange(self.n_new), layer, finest)
        for layer in self.own:
            for some in _blocks(self.n_new, len(self.groups)):
                yield from self._made_up(some, layer, layer[:0])

    def _made_up(self, at: Ints, parts: Ints, added: Ints) -> Iterator[Pool]:
        for peeled in self._peeled(at, parts, added):
            few = peeled.few(self.groups, self.bound)
            if few.any():
                yield peeled.take(np.flatnonzero(few)).named(self.groups)

    def _reductions(self, nearest: Floats) -> Iterator[Pool]:
        """Look at what groups leave of each other, alone and in pairs; then the same of all made short."""
        new, old = nearest[: self.n_new], nearest[self.n_new :]
        at = np.concatenate([_smallest(new, _NEAREST), self.n_new + _smallest(old, _NEAREST)])
        groups, remains = self.groups.take(at), self._remains(at)
        yield from self._of_two(groups + remains)
        _, times = reduced(groups.left)
        yield from self._of_two(groups.mixed(times).of_somebody() + remains)
        if groups.totals:
            yield from self._cancelled(at)

    def _cancelled(self, at: Ints) -> Iterator[Pool]:
        """Look at what is left of new groups when others cancel all of them but what few households have."""
        for group in at[at < self.n_new]:
            others = at[at != group]
            some = others[explaining(self.groups.left[group], self.groups.left[others])]
            times = cancelling(self.groups.buckets[group], self.groups.buckets[some], self.bound.floor)
            pool = self.groups.take(np.array([group, *some]))
            yield self._few(pool.mixed(np.column_stack([np.ones(len(times), np.int64), -times])))

    def _remains(self, at: Ints) -> Pool:
        """Return what is left of groups when parts of one layer are subtracted from them; the shortest of it."""
        kept: list[_Peeled] = []
        for layer in [*self.own, *self.others[:_LAYERS]]:
            kept += self._peeled(at, layer, layer[:0])
            sizes = np.concatenate([peeled.estimates for peeled in kept]) if kept else np.zeros(0)
            longest = np.sort(sizes[sizes > 0])[:_REMAINS].max(initial=0.0)
            shown = [np.flatnonzero((p.estimates > 0) & (p.estimates <= longest)) for p in kept]
            kept = [peeled.take(rows) for peeled, rows in zip(kept, shown, strict=True) if len(rows)]
        found = sum((peeled.named(self.groups) for peeled in kept), self.groups.take(at[:0]))
        once = dict(zip(reversed(found.recipes), reversed(range(len(found))), strict=True))
        return found.take(np.array(sorted(once.values()), np.int64))

    def _of_two(self, pool: Pool) -> Iterator[Pool]:
        """Look at each group alone, and at each sum and difference of two, whichever is shorter."""
        yield self._few(pool)
        if pool.totals:
            yield from self._of_two_totals(pool)
            return
        inner = pool.left @ pool.left.T
        sign = np.where(inner > 0, -1, 1)
        both = pool.estimates[:, None] + pool.estimates + sign * inner * (2 / pool.left.shape[1])
        few = np.triu(self.bound.few(both, pool.net[:, None] + sign * pool.net), 1)
        yield from (_pair(pool, pool, row, column, int(sign[row, column])) for row, column in np.argwhere(few))

    def _of_two_totals(self, pool: Pool) -> Iterator[Pool]:
        for sign, others in ((-1, pool.buckets), (1, negative(pool.buckets))):
            few = np.triu(few_apart(pool.buckets, others, self.bound.floor), 1)
            yield from (_pair(pool, pool, row, column, sign) for row, column in np.argwhere(few))

    def _peeled(self, at: Ints, parts: Ints, added: Ints) -> Iterator[_Peeled]:
        """Subtract from each group those parts that make it shorter, and add back some of those in `added`."""
        pool = self.groups
        number, times = np.concatenate([parts, added]), np.repeat([1, -1], [len(parts), len(added)])
        left_of, net_of, norms = pool.left[number] * times[:, None], pool.net[number] * times, pool.estimates[number]
        left = pool.left[at]
        chosen = np.zeros((len(at), len(number)), dtype=bool)
        for turn in range(_ROUNDS):
            inner = left @ left_of.T * (2 / left.shape[1])
            gain = np.where(chosen, -inner, inner) - norms
            moving = np.flatnonzero((gain > 0).any(axis=1))
            if not len(moving):
                return
            at, gain, chosen = at[moving], gain[moving], chosen[moving]
            # Disjoint parts can be chosen all at once; what the estimate's error chose wrongly is put right one by one.
            chosen = chosen ^ ((gain > 0) if turn < _ROUNDS // 2 else (gain == gain.max(axis=1, keepdims=True)))
            left = pool.left[at] - chosen @ left_of
            yield _Peeled(at, number, times, chosen, left, pool.net[at] - chosen @ net_of)


def _pair(some: Pool, others: Pool, row: int, column: int, times: int) -> Pool:
    other = others.buckets[[column]]
    return Pool(
        (some.left[row] + times * others.left[column])[None, :],
        np.array([some.net[row] + times * others.net[column]]),
        added_buckets(some.buckets[[row]], other if times > 0 else negative(other)),
        (combined(some.recipes[row], others.recipes[column], times),),
    )


def _smallest(values: Floats, count: int) -> Ints:
    return np.argsort(values, kind="stable")[:count]


def _blocks(first: int, last: int) -> Iterator[Ints]:
    for start in range(first, last, _AT_ONCE):
        yield np.arange(start, min(start + _AT_ONCE, last))
