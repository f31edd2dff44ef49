"""What everybody knows of the cells of a table: which are sums of others, and what else was published about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csc_array

TOLERANCE: Final = 1e-6
"""Share of a total by which measured parts may miss it: sums of fractions depend on the order they are added in."""
_LARGEST_COUNT: Final = 2.0**53  # beyond it float64 skips whole numbers, and proofs would not be exact


@dataclass(frozen=True, eq=False)
class Relations:
    """What holds between cells whatever the data are.

    Attributes
    ----------
    n_cells : int
    whole : ndarray of int64, shape (n_relations,)
        The cell that is made up of others.
    parts : tuple of ndarray of int64, one a relation
        The cells that it is made up of.
    additive : ndarray of bool, shape (n_relations,)
        True: the whole is the sum of its parts. False, where a household may be in several parts: the whole is at
        least the largest part and at most their sum; and those who are in several parts there, are in as many parts
        of a relation that holds this one.

    Raises
    ------
    InputError
        Where a relation names a cell that does not exist, or the same cell twice, or no part.
    """

    n_cells: int
    whole: Ints
    parts: tuple[Ints, ...]
    additive: Bools

    def __post_init__(self) -> None:
        object.__setattr__(self, "whole", np.asarray(self.whole, dtype=np.int64))
        object.__setattr__(self, "parts", tuple(np.asarray(part, dtype=np.int64) for part in self.parts))
        object.__setattr__(self, "additive", np.asarray(self.additive, dtype=np.bool_))
        if not len(self.whole) == len(self.parts) == len(self.additive):
            raise InputError(
                f"{len(self.whole)} wholes, {len(self.parts)} lists of parts, {len(self.additive)} kinds of relation.",
                "Each relation has one of each.",
            )
        for number, (whole, parts) in enumerate(zip(self.whole.tolist(), self.parts, strict=True)):
            self._check(number, np.append(parts, whole))

    @classmethod
    def sums(cls, n_cells: int, sums: Iterable[tuple[int, Sequence[int] | Ints]]) -> Relations:
        """Return additive relations, from pairs of a whole and its parts."""
        told = list(sums)
        return cls(
            n_cells,
            np.array([whole for whole, _ in told], dtype=np.int64),
            tuple(np.asarray(parts, dtype=np.int64) for _, parts in told),
            np.ones(len(told), dtype=np.bool_),
        )

    def __len__(self) -> int:
        return len(self.whole)

    def _check(self, number: int, named: Ints) -> None:
        if len(named) < 2:
            raise InputError(f"Relation {number} has no parts.", "Leave it out: a cell without parts is no total.")
        if named.min() < 0 or named.max() >= self.n_cells:
            raise InputError(
                f"Relation {number} names a cell outside 0 to {self.n_cells - 1}.", "Cells are numbered from 0."
            )
        if len(np.unique(named)) < len(named):
            raise InputError(f"Relation {number} names a cell twice.", "A cell is part of a total once.")


@dataclass(frozen=True, eq=False)
class Observation:
    """Something known that is linear in the cells: ``low <= coefficients @ values[cells] <= high``.

    A percentage, a mean, a difference, or an earlier release, each with the range that its rounding leaves.
    """

    cells: Ints
    coefficients: Floats
    low: float
    high: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", np.asarray(self.cells, dtype=np.int64))
        object.__setattr__(self, "coefficients", np.asarray(self.coefficients, dtype=np.float64))
        if self.cells.shape != self.coefficients.shape or self.cells.ndim != 1:
            raise InputError("An observation has other coefficients than cells.", "Give one coefficient a cell.")
        if not (np.isfinite(self.coefficients).all() and self.low <= self.high):
            raise InputError(
                f"An observation from {self.low} to {self.high} is empty or not a number.",
                "Coefficients are finite, and low is at most high.",
            )


@dataclass(frozen=True, eq=False)
class Rows:
    """Linear statements about all cells: ``low <= matrix @ values <= high``, one a row.

    Attributes
    ----------
    matrix : scipy.sparse.csc_array of float64, shape (n_rows, n_cells)
    low, high : ndarray of float64, shape (n_rows,)
    """

    matrix: csc_array
    low: Floats
    high: Floats


def rows_of(relations: Relations, observations: Sequence[Observation] = ()) -> Rows:
    """Return relations and observations as linear statements: an additive relation is one, an overlapping one many."""
    from scipy.sparse import csc_array

    told = [row for number in range(len(relations)) for row in _statements(relations, number)]
    told += [_nested(relations, *pair) for pair in _nestings(relations)]
    told += [(seen.cells, seen.coefficients, seen.low, seen.high) for seen in observations]
    sizes = [len(cells) for cells, _, _, _ in told]
    values = np.concatenate([row[1] for row in told]) if told else np.zeros(0)
    cells = np.concatenate([row[0] for row in told]) if told else np.zeros(0, dtype=np.int64)
    places = (np.repeat(np.arange(len(told)), sizes), cells)
    matrix = csc_array((values, places), shape=(len(told), relations.n_cells), dtype=np.float64)
    return Rows(matrix, np.array([row[2] for row in told]), np.array([row[3] for row in told]))


_Row = tuple[Ints, Floats, float, float]  # cells, coefficients, low, high


def _statements(relations: Relations, number: int) -> list[_Row]:
    whole, parts = relations.whole[number], relations.parts[number]
    total = np.append(parts, whole), np.append(np.ones(len(parts)), -1.0)
    if relations.additive[number]:
        return [(*total, 0.0, 0.0)]
    each = [(np.array([whole, part]), np.array([1.0, -1.0]), 0.0, np.inf) for part in parts.tolist()]
    return [(*total, 0.0, np.inf), *each]


def _nestings(relations: Relations) -> Iterator[tuple[int, int]]:
    """Yield pairs of overlapping relations of which the first is inside the second, part by part and as a whole."""
    overlapping = np.flatnonzero(~relations.additive).tolist()
    above: dict[int, set[int]] = {}
    for whole, parts in zip(relations.whole.tolist() if overlapping else (), relations.parts, strict=False):
        for part in parts.tolist():
            above.setdefault(part, set()).add(whole)
    by_whole: dict[int, list[int]] = {}
    for number in overlapping:
        by_whole.setdefault(int(relations.whole[number]), []).append(number)
    for inner in overlapping:
        own = relations.parts[inner].tolist()
        for whole in sorted(above.get(int(relations.whole[inner]), ())):
            for outer in by_whole.get(whole, ()):
                holders = [above.get(part, set()) & set(relations.parts[outer].tolist()) for part in own]
                if all(holders) and len(set().union(*holders)) == sum(map(len, holders)) == len(own):
                    yield inner, outer


def _nested(relations: Relations, inner: int, outer: int) -> _Row:
    """State that whoever is in several parts of the inner relation is in at least as many of the outer one."""
    sums = [(relations.parts[number], relations.whole[number]) for number in (outer, inner)]
    cells = np.concatenate([np.append(parts, whole) for parts, whole in sums])
    signs = [sign * np.append(np.ones(len(parts)), -1.0) for sign, (parts, _) in zip((1, -1), sums, strict=True)]
    return cells, np.concatenate(signs), 0.0, np.inf


def check_whole_numbers(values: Floats) -> None:
    """Raise `InputError` where counts are no whole numbers, or too large to be exact."""
    if (values != np.rint(values)).any() or values.max(initial=0.0) > _LARGEST_COUNT:
        raise InputError(
            "A count is not a whole number.", "Counts are whole numbers up to 2^53; say so if it is a measure."
        )
