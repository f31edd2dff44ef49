"""Counts and totals over one to three dimensions, with their margins: what a release is made of.

Contributors are households. Several rows of one household in a cell count once, and so they do in a margin: a margin
is a number of distinct households, not the sum of its parts, wherever a household is in several of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from analyzer.disclosure.adding import largest, totals
from analyzer.disclosure.dimensions import Dimension, Labelled, dimension_of
from analyzer.disclosure.memberships import Memberships, memberships
from analyzer.disclosure.relations import Relations
from analyzer.errors import InputError, did_you_mean
from analyzer.grouping.arrays import Bools, Floats, Ints

MOST_DIMENSIONS: Final = 3
MOST_CELLS: Final = 200_000
LARGEST: Final = 3
"""How many of the largest contributions of a cell are kept; the rules of dominance ask for no more."""

Key = tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """Cells with their margins.

    Attributes
    ----------
    dimensions : one to three.
    keys : tuple of tuple of str, one a cell
        One label a dimension; `ALL` is the margin. Every combination of labels is a cell, also where nobody is in it.
    households : ndarray of int64, shape (n_cells,)
        Distinct households.
    values : ndarray of float64, shape (n_cells,)
        The total of the measure; the households where households are counted.
    largest : ndarray of float64, shape (n_cells, 3)
        The largest totals of single households, largest first; 0 where there are fewer, or households are counted.
    counts : bool
        Whether `values` are households.
    overlap : ndarray of int64, shape (n_relations,)
        Per relation, how many more households its parts have in sum than the whole: those that are in several.
    rows_used, rows_dropped : int
        Rows with and without a label in each dimension.
    """

    dimensions: tuple[Dimension, ...]
    keys: tuple[Key, ...]
    households: Ints
    values: Floats
    largest: Floats
    counts: bool
    overlap: Ints
    rows_used: int
    rows_dropped: int

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def relations(self) -> Relations:
        """What everybody knows of the cells: totals are sums; of households only where nobody is in several parts."""
        whole, parts = structure(self.dimensions)
        additive = self.overlap == 0 if self.counts else np.ones(len(whole), dtype=np.bool_)
        return Relations(len(self), whole, parts, additive)

    def index(self, key: Sequence[str]) -> int:
        """Return the number of the cell with these labels."""
        return _place(self.dimensions, [d.number[label] for d, label in zip(self.dimensions, key, strict=True)])

    @cached_property
    def leaf(self) -> Bools:
        """Which cells are made of no other cells of the table, shape (n_cells,)."""
        leaves = [{label for label in d.labels if not d.children(label)} for d in self.dimensions]
        return np.array([all(k in some for k, some in zip(key, leaves, strict=True)) for key in self.keys])


def tabulate(
    frame: pd.DataFrame,
    by: Sequence[str],
    household: str,
    measure: str | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> Table:
    """Count households, or add up a measure, over the labels of one to three columns; see `tabulated`."""
    return tabulated(frame, by, household, measure, hierarchies)[0]


def tabulated(
    frame: pd.DataFrame,
    by: Sequence[str],
    household: str,
    measure: str | None = None,
    hierarchies: Mapping[str, Mapping[str, str]] | None = None,
) -> tuple[Table, Memberships]:
    """Count households, or add up a measure, over the labels of one to three columns.

    Parameters
    ----------
    frame : DataFrame
        Any rows; one household may have many.
    by : sequence of str
        One to three columns. A row without a label in one of them is dropped and counted.
    household : str
        The column that says whose a row is.
    measure : str, optional
        A column of numbers, at least 0, to be added up; without it households are counted.
    hierarchies : mapping of column to (mapping of label to the group that it belongs to), optional
        A group may itself belong to one.

    Returns
    -------
    table : Table
    whose : Memberships
        Which household is in which cell; for sketches, and not to be kept.

    Raises
    ------
    InputError
        When a column is missing, a row has no household, a number is below 0 or unknown, a label is the margin's, or
        the table would have more than 200,000 cells.
    """
    _check(frame, by, household, measure)
    homes, names = _homes(frame[household], household)
    columns = [Labelled.of(frame[name]) for name in by]
    amount = frame[measure].to_numpy(dtype=np.float64) if measure else None
    used = np.logical_and.reduce([column.row >= 0 for column in columns])
    if not used.all():
        columns, homes = [column.keep(used) for column in columns], homes[used]
        amount = None if amount is None else amount[used]
    given = hierarchies or {}
    dimensions = tuple(dimension_of(str(n), c.labels, given.get(str(n), {})) for n, c in zip(by, columns, strict=True))
    if (cells := int(np.prod([len(d.labels) for d in dimensions]))) > MOST_CELLS:
        raise InputError(f"A table by {', '.join(by)} has {cells:,} cells.", f"At most {MOST_CELLS:,} are allowed.")
    whose = memberships(dimensions, [column.row for column in columns], homes, names, amount)
    counts = (int(used.sum()), int((~used).sum()))
    return _table(dimensions, whose, cells, not measure, counts), whose


def _homes(column: pd.Series, name: str) -> tuple[Ints, pd.Index]:
    """Return the number of each row's household, and the households."""
    homes, names = pd.factorize(column)
    if (missing := int((homes < 0).sum())) > 0:
        raise InputError(
            f"{missing:,} rows have no {name}, so nobody can tell how many households a number is about.",
            "Give each row its household; where none is known, the viewer.",
        )
    return homes.astype(np.int64, copy=False), pd.Index(names)


def _table(
    dimensions: tuple[Dimension, ...], whose: Memberships, cells: int, counts: bool, rows: tuple[int, int]
) -> Table:
    """Return the table of who is where; each cell is filled at one level of each hierarchy."""
    households, values = np.zeros(cells, dtype=np.int64), np.zeros(cells)
    top = np.zeros((cells, LARGEST))
    for cell, _, total in whose.levels(dimensions):
        households += np.bincount(cell, minlength=cells)
        if not counts:
            values += totals(cell, total, cells)
            top += largest(cell, total, cells, LARGEST)
    whole, parts = structure(dimensions)
    overlap = np.array([households[part].sum() for part in parts], dtype=np.int64) - households[whole]
    keys = tuple(product(*(d.labels for d in dimensions)))
    told = households.astype(np.float64) if counts else values
    return Table(dimensions, keys, households, told, top, counts, overlap, *rows)


def structure(dimensions: Sequence[Dimension]) -> tuple[Ints, tuple[Ints, ...]]:
    """Return which cell is made of which: in each dimension each group, beside every label of the other dimensions."""
    whole: list[int] = []
    parts: list[Ints] = []
    ranges = [range(len(d.labels)) for d in dimensions]
    for axis, dimension in enumerate(dimensions):
        for number, label in enumerate(dimension.labels):
            children = [dimension.number[child] for child in dimension.children(label)]
            if not children:
                continue
            for other in product(*(r for i, r in enumerate(ranges) if i != axis)):
                before, after = other[:axis], other[axis:]
                whole.append(_place(dimensions, [*before, number, *after]))
                parts.append(np.array([_place(dimensions, [*before, child, *after]) for child in children]))
    return np.array(whole, dtype=np.int64), tuple(parts)


def _place(dimensions: Sequence[Dimension], places: Sequence[int]) -> int:
    return int(np.ravel_multi_index(tuple(places), tuple(len(d.labels) for d in dimensions)))


def _check(frame: pd.DataFrame, by: Sequence[str], household: str, measure: str | None) -> None:
    if not 1 <= len(by) <= MOST_DIMENSIONS or len(set(by)) < len(by):
        raise InputError(f"The table is by {', '.join(by) or 'nothing'}.", "Give one to three different columns.")
    for name in (*by, household, *([measure] if measure else [])):
        if name not in frame.columns:
            known = [str(column) for column in frame.columns]
            hint = did_you_mean(name, known) or f"There are {', '.join(known[:12])}."
            raise InputError(f"The table has no column {name!r}.", hint)
    if measure:
        _check_amounts(frame[measure], measure)


def _check_amounts(column: pd.Series, measure: str) -> None:
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise InputError(f"{measure} is not a column of numbers.", "Give a column of numbers that may be added up.")
    amounts = column.to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = np.flatnonzero(~(np.isfinite(amounts) & (amounts >= 0)))
    if len(wrong):
        raise InputError(
            f"{measure} is {amounts[wrong[0]]} in row {wrong[0] + 1}, and unknown or below 0 in {len(wrong):,} rows.",
            "A total is made of numbers that are known and at least 0.",
        )
