"""Who is behind the cells of the release at hand: known exactly while the door is open, and kept nowhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from analyzer.disclosure.combining import Recipe
from analyzer.disclosure.dimensions import Dimension
from analyzer.disclosure.memberships import Memberships
from analyzer.disclosure.sketch import whole_steps
from analyzer.grouping.arrays import Floats, Ints


@dataclass(frozen=True, eq=False)
class Behind:
    """Counts households that combinations of cells leave over.

    Attributes
    ----------
    whose : Memberships
    dimensions : sequence of Dimension
        Of the table.
    cells : ndarray of int64
        Number in the table of each cell that may be asked about.
    counts : bool
        Households are told; else their totals, in whole steps.
    """

    whose: Memberships
    dimensions: Sequence[Dimension]
    cells: Ints
    counts: bool

    def __call__(self, recipe: Recipe) -> int:
        """Return how many households are left over.

        Parameters
        ----------
        recipe : pairs of int
            Place in `cells` and how often it is added.
        """
        behind = [(self._behind[int(self.cells[place])], times) for place, times in recipe]
        whose = np.concatenate([household for (household, _), _ in behind])
        left = np.bincount(whose, np.concatenate([times * amount for (_, amount), times in behind]))
        return int(np.count_nonzero(left))

    def among(self, some: Ints) -> Callable[[Recipe], int]:
        """Return the same count for recipes that give places in `some`, which are places in `cells`."""
        return lambda recipe: self(tuple((int(some[place]), times) for place, times in recipe))

    @cached_property
    def _behind(self) -> dict[int, tuple[Ints, Floats]]:
        """Households and what each has, of every cell that may be asked about; found when the first one is."""
        found: dict[int, tuple[Ints, Floats]] = {}
        told = np.sort(self.cells)
        whose = replace(self.whose, amount=whole_steps(self.whose.amount))
        for cell, household, amount in whose.levels(self.dimensions):
            shown = np.flatnonzero(np.isin(cell, told))
            order = shown[np.argsort(cell[shown], kind="stable")]
            starts = np.flatnonzero(np.diff(cell[order], prepend=-1))
            for rows in np.split(order, starts[1:]) if len(order) else ():
                had = np.ones(len(rows)) if self.counts else amount[rows]
                found[int(cell[rows[0]])] = (household[rows], had)
        empty = (np.zeros(0, np.int64), np.zeros(0))
        return {int(cell): found.get(int(cell), empty) for cell in told}
