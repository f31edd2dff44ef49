"""Several tables of one request as one system of cells: what one shows must not give away what another hides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.relations import TOLERANCE, Relations
from analyzer.disclosure.table import Table
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

MOST_FINEST: Final = 20_000
"""Cells of a finest table that are looked at behind linked ones."""

Group = frozenset[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Linked:
    """The cells of several tables, each of them once.

    Attributes
    ----------
    groups : tuple of frozenset of (dimension, label), one a cell
        Whom a cell is about; margins leave their dimension out, so that equal cells of two tables are equal here.
    values : ndarray of float64, shape (n_cells,)
    households : ndarray of int64, shape (n_cells,)
    relations : Relations
    hidden : ndarray of bool, shape (n_cells,)
        Cells of the finest table that none of the others shows.
    places : tuple of ndarray of int64, one a table
        The number here of each cell of the table.
    """

    groups: tuple[Group, ...]
    values: Floats
    households: Ints
    relations: Relations
    hidden: Bools
    places: tuple[Ints, ...]


def linked(tables: Sequence[Table], finest: Table | None = None) -> Linked:
    """Return several tables over the same households as one system.

    Parameters
    ----------
    tables : sequence of Table
        All of households, or all of the same measure.
    finest : Table, optional
        By all dimensions of the tables together; never shown. It ties tables together whose dimensions go round in a
        circle (A by B, B by C, A by C), which their margins alone do not. Above 20,000 cells it is left out, and the
        attacker is then trusted with less than there is to know.

    Raises
    ------
    InputError
        When there is no table, or two of them give other numbers of the same group.
    """
    used = [*tables, *([finest] if finest is not None and len(finest) <= MOST_FINEST else [])]
    if not tables or len({table.counts for table in used}) > 1:
        raise InputError("Linked tables are none, or of different measures.", "Give tables of one measure.")
    number: dict[Group, int] = {}
    places = [np.array([number.setdefault(g, len(number)) for g in _groups(t)], dtype=np.int64) for t in used]
    values, households = np.full(len(number), np.nan), np.zeros(len(number), dtype=np.int64)
    for table, place in zip(used, places, strict=True):
        _check_equal(table, values[place])
        values[place], households[place] = table.values, table.households
    hidden = np.ones(len(number), dtype=bool)
    for place in places[: len(tables)]:
        hidden[place] = False
    return Linked(
        tuple(number), values, households, _joined(used, places, len(number)), hidden, tuple(places[: len(tables)])
    )


def _groups(table: Table) -> list[Group]:
    names = [dimension.name for dimension in table.dimensions]
    return [frozenset((n, label) for n, label in zip(names, key, strict=True) if label != ALL) for key in table.keys]


def _check_equal(table: Table, known: Floats) -> None:
    wrong = np.flatnonzero(np.abs(known - table.values) > TOLERANCE * np.maximum(table.values, 1.0))
    if len(wrong):
        raise InputError(
            f"Two tables give other numbers for {', '.join(table.keys[wrong[0]])}.",
            "Make linked tables of the same rows; a row without a label is in one of them only.",
        )


def _joined(tables: Sequence[Table], places: Sequence[Ints], cells: int) -> Relations:
    """Return the relations of all tables, each once; one that adds up in any table adds up."""
    additive: dict[tuple[int, tuple[int, ...]], bool] = {}
    for table, place in zip(tables, places, strict=True):
        told = table.relations
        for whole, parts, sums in zip(told.whole.tolist(), told.parts, told.additive.tolist(), strict=True):
            key = int(place[whole]), tuple(sorted(place[parts].tolist()))
            additive[key] = additive.get(key, False) or sums
    wholes = np.array([key[0] for key in additive], dtype=np.int64)
    made_of = tuple(np.array(key[1], dtype=np.int64) for key in additive)
    return Relations(cells, wholes, made_of, np.array(list(additive.values()), dtype=np.bool_))
