"""The dimensions of a table: labels, the groups above them, and the margin on top.

Labels are ordered by themselves and never by the rows, so that shuffled rows give the same table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from analyzer.errors import InputError, did_you_mean
from analyzer.grouping.arrays import Bools, Ints

ALL: Final = "(all)"
"""The margin: every label of a dimension together."""


@dataclass(frozen=True, eq=False)
class Dimension:
    """One dimension of a table.

    Attributes
    ----------
    name : str
    labels : tuple of str
        The labels of the data, then the groups from the smallest up, last `ALL`.
    parent : ndarray of int64, shape (n_labels,)
        The label that each one belongs to; -1 for `ALL`.
    levels : ndarray of int64, shape (n_leaves, n_levels)
        Per label of the data the label above it at each height, itself at height 0, -1 where there is none. A label has
        one height only, one more than its highest child, so that each cell of a table is filled at one level.
    """

    name: str
    labels: tuple[str, ...]
    parent: Ints
    levels: Ints

    @cached_property
    def number(self) -> Mapping[str, int]:
        """Place of each label."""
        return {label: place for place, label in enumerate(self.labels)}

    @cached_property
    def _children(self) -> tuple[tuple[str, ...], ...]:
        below: list[list[str]] = [[] for _ in self.labels]
        for label, above in zip(self.labels, self.parent.tolist(), strict=True):
            if above >= 0:
                below[above].append(label)
        return tuple(tuple(labels) for labels in below)

    def children(self, label: str) -> tuple[str, ...]:
        """Return the labels directly below one."""
        return self._children[self.number[label]]


@dataclass(frozen=True, eq=False)
class Labelled:
    """A column that was read once: the label of each row as a number.

    Attributes
    ----------
    labels : tuple of str
        Each label as text, ordered by itself.
    row : ndarray of int64, shape (n_rows,)
        The place of each row's label among them; -1 where it has none.
    """

    labels: tuple[str, ...]
    row: Ints

    @classmethod
    def of(cls, column: pd.Series) -> Labelled:
        """Read a column; what is the same as text is one label."""
        codes, distinct = pd.factorize(column)
        return cls._named(pd.Series(distinct).astype(str).tolist(), codes.astype(np.int64, copy=False))

    def keep(self, rows: Bools) -> Labelled:
        """Return the column of some rows, with no other labels than theirs."""
        row = self.row[rows]
        seen = np.bincount(row, minlength=len(self.labels)) > 0
        place = np.cumsum(seen) - 1
        return Labelled(tuple(label for label, there in zip(self.labels, seen, strict=True) if there), place[row])

    @classmethod
    def _named(cls, names: list[str], codes: Ints) -> Labelled:
        labels = tuple(sorted(set(names), key=_natural))
        number = {label: place for place, label in enumerate(labels)}
        place = np.array([*(number[name] for name in names), -1], dtype=np.int64)  # the last one is that of code -1
        return cls(labels, place[codes])


def dimension_of(name: str, column: Iterable[Any], hierarchy: Mapping[str, str]) -> Dimension:
    """Return the dimension over the labels of a column that has no missing ones.

    Parameters
    ----------
    name : str
    column : iterable
        Labels, read as text; each at least once.
    hierarchy : mapping
        Label -> group, group -> the group above it. What stands nowhere on the left belongs to `ALL`, but a label of
        the data must stand there where there is a hierarchy at all.

    Raises
    ------
    InputError
        When a label is `ALL` or the name of a group, or when the hierarchy does not know a label, puts `ALL` into a
        group, or goes round in a circle.
    """
    above = {str(label): str(group) for label, group in hierarchy.items()}
    leaves = sorted({str(label) for label in column}, key=_natural)
    _check(name, leaves, above)
    groups = _groups(name, leaves, above)
    labels = (*leaves, *groups, ALL)
    place = {label: number for number, label in enumerate(labels)}
    parent = np.array([*(place[above.get(label, ALL)] for label in labels[:-1]), -1], dtype=np.int64)
    return Dimension(name, labels, parent, _levels(parent, len(leaves)))


def _natural(label: str) -> tuple[tuple[tuple[int, int, str], ...], str]:
    """Return a key that sorts numbers inside labels by value: "P9" before "P10"."""
    parts = re.findall(r"[0-9]+|[^0-9]+", label)
    return tuple((0, int(part), "") if part[0] in "0123456789" else (1, 0, part) for part in parts), label


def _check(name: str, leaves: list[str], above: Mapping[str, str]) -> None:
    if ALL in leaves or ALL in above:
        where = "holds the label" if ALL in leaves else "has a hierarchy that gives a group to"
        raise InputError(f"{name} {where} {ALL!r}, which stands for the margin.", "Call the label otherwise.")
    both = [label for label in leaves if label in set(above.values())]
    if both:
        raise InputError(
            f"{name} holds {both[0]!r}, which its hierarchy uses as a group.", "Give the group a name of its own."
        )
    strange = [label for label in leaves if label not in above] if above else []
    if strange:
        more = f" and {len(strange) - 1:,} others" if len(strange) > 1 else ""
        raise InputError(
            f"The hierarchy of {name} does not know the label {strange[0]!r}{more}.",
            did_you_mean(strange[0], sorted(above)) or f"Give it a group; {ALL!r} is one.",
        )


def _groups(name: str, leaves: list[str], above: Mapping[str, str]) -> list[str]:
    """Return the groups that hold a label of the data, children before parents."""
    heights: dict[str, int] = {}
    for leaf in leaves:
        chain = [leaf]
        while (group := above.get(chain[-1], ALL)) != ALL:
            if group in chain:
                circle = " > ".join([*chain[chain.index(group) :], group])
                raise InputError(
                    f"The hierarchy of {name} goes round in a circle: {circle}.", "A group belongs to a larger one."
                )
            chain.append(group)
            heights[group] = max(heights.get(group, 0), len(chain) - 1)
    return sorted(heights, key=lambda group: (heights[group], _natural(group)))


def _levels(parent: Ints, leaves: int) -> Ints:
    """Return the label above each leaf at each height; see `Dimension.levels`."""
    heights = [0] * len(parent)
    for label, group in enumerate(parent[:-1].tolist()):  # children stand before their parents
        heights[group] = max(heights[group], heights[label] + 1)
    levels = np.full((leaves, heights[-1] + 1), -1, dtype=np.int64)
    for leaf in range(leaves):
        label = leaf
        while label >= 0:
            levels[leaf, heights[label]] = label
            label = int(parent[label])
    return levels
