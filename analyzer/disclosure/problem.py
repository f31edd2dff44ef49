"""The cells of a table as an attacker thinks of them: numbers, not labels."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Final

import numpy as np

from analyzer.disclosure.relations import TOLERANCE, Observation, Relations, Rows, check_whole_numbers, rows_of
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

_KINDS: Final = {
    **dict.fromkeys(("values", "low", "high", "weight", "steps"), np.float64),
    **dict.fromkeys(("primary", "hidden", "required"), np.bool_),
    **dict.fromkeys(("contributors", "owners"), np.int64),
}
NOBODY: Final = -1
"""Owner of a cell of which nobody knows whether its only household is alone in other cells, too."""
_WIDEST: Final = 1e-7  # of the largest value: what a solver that works to 1e-7 can still tell from nothing
_EXACT: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Cells:
    """What is true, what must not be found out, and what is told. All arrays have shape (n_cells,).

    Attributes
    ----------
    values : ndarray of float64
        The true values, at least 0.
    relations : Relations
    primary : ndarray of bool
        Cells that must not leave.
    low, high : ndarray of float64
        Protection interval of each primary cell, around its value: whoever computes all that can be computed must
        still find `low` and `high` possible. Not read elsewhere.
    hidden : ndarray of bool
        Cells that exist and are never published, such as the finest cells behind linked tables. Without need of
        protection unless they are primary, too.
    required : ndarray of bool
        Cells that are published in any case, such as a total that is known anyway.
    integer : bool
        Whether the values are counts, and everybody knows it.
    contributors : ndarray of int64
        Households in each cell. The only household of a cell knows its value.
    weight : ndarray of float64
        What withholding a cell costs.
    observations : tuple of Observation
        What is known besides, whatever is withheld here.
    steps : ndarray of float64
        Published values are rounded to multiples of this, halves up; 0, the default, is not rounded.
    owners : ndarray of int64
        A number for the only household of a cell, the same where it is alone in another one; `NOBODY`, the default,
        where that is not known, or where a cell has no only household.

    Raises
    ------
    InputError
        Where the values contradict the relations, the observations or each other.
    """

    values: Floats
    relations: Relations
    primary: Bools
    low: Floats
    high: Floats
    hidden: Bools
    required: Bools
    integer: bool
    contributors: Ints
    weight: Floats
    observations: tuple[Observation, ...] = ()
    steps: Floats = field(default_factory=lambda: np.zeros(()))
    owners: Ints = field(default_factory=lambda: np.array(NOBODY))

    def __post_init__(self) -> None:
        for name in ("steps", "owners"):
            if not np.ndim(getattr(self, name)):  # the default, for all cells
                object.__setattr__(self, name, np.full(np.shape(self.values), getattr(self, name)))
        for name, kind in _KINDS.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=kind))
        wrong = [f.name for f in fields(self) if f.name in _KINDS and getattr(self, f.name).shape != (len(self),)]
        if wrong or self.relations.n_cells != len(self):
            raise InputError(
                f"{', '.join(wrong) or 'The relations'} not of {len(self)} cells as the values are.",
                "Give one element a cell.",
            )
        self._check_numbers()
        self._check_protection()
        self._check_rows()

    def __len__(self) -> int:
        return len(self.values)

    @cached_property
    def rows(self) -> Rows:
        """Relations and observations as linear statements about the values."""
        return rows_of(self.relations, self.observations)

    @cached_property
    def shown(self) -> tuple[Floats, Floats]:
        """The least and largest value that each cell can have, for those who see it published."""
        rounded = self.steps > 0
        width = np.where(rounded, self.steps, 1.0)
        middle = np.floor(self.values / width + 0.5) * width
        low, high = middle - width / 2, middle + width / 2
        if self.integer:
            low, high = np.ceil(low), np.ceil(high) - 1
        return np.where(rounded, np.maximum(low, 0.0), self.values), np.where(rounded, high, self.values)

    @cached_property
    def unit(self) -> float:
        """What numbers are divided by before a solver sees them: of the size of what is to be protected."""
        if self.integer:
            return 1.0
        needs = np.concatenate([(self.high - self.values)[self.primary], (self.values - self.low)[self.primary]])
        largest = float(self.values.max(initial=0.0))
        needs = needs[needs > largest * _WIDEST]
        smallest = float(needs.min()) if len(needs) else largest / 100
        return max(smallest, largest * _WIDEST) or 1.0

    @property
    def exact(self) -> float:
        """Width of an interval below which a value counts as found out: less than 1 for counts."""
        return 1.0 - _EXACT if self.integer else self.unit * _EXACT

    def _check_numbers(self) -> None:
        for name in ("values", "weight", "contributors", "steps"):
            numbers = np.asarray(getattr(self, name))
            if not (np.isfinite(numbers) & (numbers >= 0)).all():
                cell = int(np.flatnonzero(~(np.isfinite(numbers) & (numbers >= 0)))[0])
                raise InputError(f"{name} of cell {cell} is {numbers[cell]}.", "It is a number, and at least 0.")
        if self.integer:
            check_whole_numbers(self.values)

    def _check_protection(self) -> None:
        both = self.primary & self.required
        if both.any():
            raise InputError(
                f"Cell {np.flatnonzero(both)[0]} must not leave and must be published.", "A cell is one or the other."
            )
        inside = (self.low >= 0) & (self.low <= self.values) & (self.values <= self.high) & np.isfinite(self.high)
        if (self.primary & ~inside).any():
            cell = int(np.flatnonzero(self.primary & ~inside)[0])
            raise InputError(
                f"The protection interval of cell {cell}, {self.low[cell]} to {self.high[cell]}, misses its value.",
                "It begins at 0 or above, ends at a number, and holds the value.",
            )

    def _check_rows(self) -> None:
        told = self.rows.matrix @ self.values
        size = abs(self.rows.matrix) @ self.values
        room = 0.0 if self.integer and not self.observations else TOLERANCE * np.maximum(size, 1e-300)
        wrong = np.flatnonzero((told < self.rows.low - room) | (told > self.rows.high + room))
        if len(wrong):
            cells = np.flatnonzero(self.rows.matrix[[int(wrong[0])]].toarray()[0])
            raise InputError(
                f"The values of cells {', '.join(map(str, cells[:8].tolist()))} contradict a relation or an observation"
                f" between them: it gives {told[wrong[0]]:g}.",
                "Check that a total is made of all its parts, and that all are of the same data.",
            )
