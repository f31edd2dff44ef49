"""The groups that a comparison is about: what would be told, what was told, and what margins leave of either.

Equal groups are one, under whatever label and in whichever release they were told. A group that left before tells
nothing new when it leaves again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analyzer.disclosure.combining import Pool, Recipe, combined
from analyzer.disclosure.sketch import Sketches, joined
from analyzer.disclosure.told import Earlier, Told
from analyzer.grouping.arrays import Ints


@dataclass(frozen=True, eq=False)
class Gathered:
    """Groups, new ones first, and where they come from.

    Attributes
    ----------
    groups : Pool
        In recipes, cells below `len(ours)` are new and those above are distinct earlier ones.
    n_new : how many of the groups are new.
    ours : numbers of those cells of the new release that nobody told before.
    again : cells of the new release that were told before, by their number in recipes.
    told_by : of each distinct earlier cell, the place of the release that told it first, and its number there.
    own, others : layers of the new release that hold a new group, and distinct layers of earlier ones, as numbers of
        groups.
    """

    groups: Pool
    n_new: int
    ours: tuple[int, ...]
    again: Mapping[int, int]
    told_by: tuple[tuple[int, int], ...]
    own: tuple[Ints, ...]
    others: tuple[Ints, ...]

    def inside(self, recipe: Recipe) -> Recipe | None:
        """Return a combination by the new release's own numbers; None where another release's cell is in it."""
        if any(cell not in self._numbers for cell, _ in recipe):
            return None
        return tuple((self._numbers[cell], times) for cell, times in recipe)

    @cached_property
    def _numbers(self) -> Mapping[int, int]:
        return {**dict(enumerate(self.ours)), **self.again}


@dataclass(frozen=True, eq=False)
class _Numbered:
    """A release with its cells numbered as in recipes."""

    told: Told
    cells: Sequence[int]

    def rests(self) -> list[Recipe]:
        return [self._recipe(rest) for rest in self.told.rests]

    def layers(self) -> list[list[Recipe]]:
        """Return what hardly overlaps: cells of one kind of margin, and what they leave of the margins above them."""
        kind = {cell: number for number, layer in enumerate(self.told.layers) for cell in layer}
        found: list[list[Recipe]] = [[((self.cells[cell], 1),) for cell in layer] for layer in self.told.layers]
        for rest in self.told.rests:
            found[kind[rest[1][0]]].append(self._recipe(rest))
        return found

    def _recipe(self, rest: Recipe) -> Recipe:
        return combined((), tuple((self.cells[cell], count) for cell, count in rest), 1)


def gathered(new: Told, history: Sequence[Earlier]) -> Gathered:
    """Return all groups that may be combined with those of a new release."""
    number, told_by, first, of_cells = _distinct(history)
    known_as = [number.get(row) for row in rows_of(new.sketches)]
    ours = tuple(cell for cell, known in enumerate(known_as) if known is None)
    place = {cell: at for at, cell in enumerate(ours)}
    now = _Numbered(new, [place[c] if k is None else len(ours) + k for c, k in enumerate(known_as)])
    then = [_Numbered(e.told, [len(ours) + n for n in cells]) for e, cells in zip(history, of_cells, strict=True)]
    nobody = new.sketches.take(np.zeros(0, np.int64))  # of as many columns, should there be no history
    old = joined([nobody, *(earlier.told.sketches for earlier in history)]).take(first)
    cells = Pool.of(new.sketches.take(np.array(ours, np.int64))) + Pool.of(old, len(ours))
    fresh = cells.made(_each_once(rest for rest in now.rests() if rest and rest[0][0] < len(ours)))
    rests = cells.made(_each_once(rest for release in then for rest in release.rests() if rest))
    n_new = len(ours) + len(fresh)
    groups = cells.take(np.arange(len(ours))) + fresh + cells.take(np.arange(len(ours), len(cells))) + rests
    at = {recipe: group for group, recipe in enumerate(groups.recipes)}
    own = [[at[recipe] for recipe in layer if recipe in at] for layer in now.layers()]
    others = {
        tuple(sorted({at[recipe] for recipe in layer if recipe in at}))
        for release in then
        for layer in release.layers()
    }
    return Gathered(
        groups,
        n_new,
        ours,
        {len(ours) + known: cell for cell, known in enumerate(known_as) if known is not None},
        tuple(told_by),
        tuple(np.array(layer, np.int64) for layer in own if layer and min(layer) < n_new),
        tuple(np.array(layer, np.int64) for layer in sorted(others) if len(layer) > 1),
    )


def rows_of(sketches: Sketches) -> list[bytes]:
    """Return one key a group; equal keys are the same group."""
    return list(sketches.as_bytes())


def _each_once(recipes: Iterable[Recipe]) -> list[Recipe]:
    return list(dict.fromkeys(recipes))


def _distinct(
    history: Sequence[Earlier],
) -> tuple[dict[bytes, int], list[tuple[int, int]], Ints, list[list[int]]]:
    """Return the number of each distinct sketch, who told it first, its row of all, and each release's numbers."""
    number: dict[bytes, int] = {}
    told_by: list[tuple[int, int]] = []
    first: list[int] = []
    of_cells: list[list[int]] = []
    row = 0
    for release, earlier in enumerate(history):
        of_cells.append([])
        for cell, key in enumerate(rows_of(earlier.told.sketches)):
            if key not in number:
                number[key] = len(told_by)
                told_by.append((release, cell))
                first.append(row)
            of_cells[-1].append(number[key])
            row += 1
    return number, told_by, np.array(first, np.int64), of_cells
