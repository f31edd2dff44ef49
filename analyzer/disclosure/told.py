"""What releases tell, kept in a way that later ones can be compared with: definitions, texts and sketches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Protocol

import numpy as np

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.sketch import Sketches
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools


class Statistic(Enum):
    """What a released number says of a cell."""

    HOUSEHOLDS = "households"
    SHARE = "share"  # of the households of the whole table
    TOTAL = "total"
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Definition:
    """What the cells of a release are.

    Attributes
    ----------
    population : whom it is about; only releases of one population are compared.
    by : names of the dimensions.
    window : the period, in words.
    measure, statistic : what is told of each cell. Totals and means are compared with those of the same measure;
        numbers of households, and shares of them, with each other.
    """

    population: str
    by: tuple[str, ...]
    window: str
    measure: str
    statistic: Statistic

    @property
    def family(self) -> str | None:
        """Numbers of one family can be subtracted from each other; None is households."""
        return None if self.statistic in (Statistic.HOUSEHOLDS, Statistic.SHARE) else self.measure


@dataclass(frozen=True, eq=False)
class Told:
    """What a release tells, or would tell: only cells that are not withheld.

    Attributes
    ----------
    definition : Definition
    readers : who sees it.
    labels : one tuple a cell, one label a dimension; "(all)" is the margin.
    texts : each cell as it is printed.
    sketches : of each cell's households; of households with their sums where totals or means are told.

    Raises
    ------
    InputError
        When the three differ in length, or a cell has not one label a dimension.
    """

    definition: Definition
    readers: Readers
    labels: tuple[tuple[str, ...], ...]
    texts: tuple[str, ...]
    sketches: Sketches

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.texts) == len(self.sketches):
            raise InputError(
                f"{len(self.labels)} cells are told with {len(self.texts)} texts and {len(self.sketches)} sketches.",
                "Give one of each for every cell that is not withheld.",
            )
        if any(len(label) != len(self.definition.by) for label in self.labels):
            raise InputError("A cell has not one label for each dimension.", f"The margin's label is {ALL!r}.")

    def name(self, cell: int) -> str:
        """Return the cell's labels in words."""
        return ", ".join(self.labels[cell]) or ALL

    @cached_property
    def layers(self) -> tuple[tuple[int, ...], ...]:
        """The cells of each kind of margin; the inner cells are one of these kinds."""
        kinds: dict[tuple[bool, ...], list[int]] = {}
        for cell, label in enumerate(self.labels):
            kinds.setdefault(tuple(part == ALL for part in label), []).append(cell)
        return tuple(map(tuple, kinds.values()))

    @cached_property
    def rests(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        """What the told parts of each margin leave of it: the margin once, each of its parts subtracted.

        Anybody can compute them, though no cell of the release is one: they are what was withheld, added up.
        """
        margins = {label: cell for cell, label in enumerate(self.labels) if ALL in label}
        parts: dict[tuple[int, int], list[int]] = {}
        for cell, label in enumerate(self.labels):
            for axis, part in enumerate(label):
                whole = margins.get((*label[:axis], ALL, *label[axis + 1 :])) if part != ALL else None
                if whole is not None:
                    parts.setdefault((whole, axis), []).append(cell)
        return tuple(((whole, 1), *((cell, -1) for cell in cells)) for (whole, _), cells in parts.items())

    def keep(self, cells: Bools) -> Told:
        """Return the same release with only some of its cells."""
        rows = np.flatnonzero(cells)
        return replace(
            self,
            labels=tuple(self.labels[row] for row in rows),
            texts=tuple(self.texts[row] for row in rows),
            sketches=self.sketches.take(rows),
        )


@dataclass(frozen=True, eq=False)
class Earlier:
    """A release that left.

    Attributes
    ----------
    number : in the ledger.
    made_on : ISO date.
    told : Told
    """

    number: int
    made_on: str
    told: Told


class ReleaseHistory(Protocol):
    """Whoever knows what left; the ledger does."""

    def releases(self, population: str) -> Sequence[Earlier]:
        """Return every release over the population, oldest first."""
        ...
