"""Who knows more than the public: the only household of a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from analyzer.disclosure.problem import NOBODY, Cells
from analyzer.disclosure.relations import Relations
from analyzer.grouping.arrays import Bools, Floats, Ints


@dataclass(frozen=True, eq=False)
class Insider:
    """A household that is alone in a cell.

    Attributes
    ----------
    cell : the first cell in which it is alone.
    known : ndarray of bool, shape (n_cells,)
        The cells that it knows exactly: where it is alone; the parts of a total in which it is alone, for they hold
        this household or nobody.
    least : ndarray of float64, shape (n_cells,)
        What it knows to be in each cell because it put it there itself. No table can hide that from it.
    """

    cell: int
    known: Bools
    least: Floats


def insiders(cells: Cells) -> tuple[Insider, ...]:
    """Return every household that is alone in a cell, once, by its first cell.

    Two cells are known to be one household's where one is a total of the other, or where `Cells.owners` says so. A
    hidden cell makes no insider: nobody is told that it exists.
    """
    links = _links(cells)
    found: list[Insider] = []
    seen: set[int] = set()
    for cell in np.flatnonzero((cells.contributors == 1) & ~cells.hidden).tolist():
        if cell not in seen:
            numbers = _reached(cell, links)
            own = numbers[cells.contributors[numbers] == 1]
            seen.update(own.tolist())
            known = np.zeros(len(cells), dtype=np.bool_)
            known[numbers] = True
            found.append(Insider(cell, known, _least(cells, own)))
    return tuple(found)


def known_to(cells: Cells, cell: int) -> Ints:
    """Return the cells that the only household of a cell knows exactly, shape (n_known,), ascending."""
    return _reached(cell, _links(cells))


def owners_of(levels: Iterable[tuple[Ints, Ints, Floats]], n_cells: int) -> Ints:
    """Return the only household of each cell, shape (n_cells,); `NOBODY` where there is none or where there are more.

    Parameters
    ----------
    levels : of arrays (cell, household, total), one element a household and cell; see `Memberships.levels`.
    """
    households, owners = np.zeros(n_cells, dtype=np.int64), np.full(n_cells, NOBODY)
    for cell, household, _ in levels:
        households += np.bincount(cell, minlength=n_cells)
        owners[cell] = household
    return np.where(households == 1, owners, NOBODY)


def _least(cells: Cells, own: Ints) -> Floats:
    """Return what these cells of a household add to each cell: themselves, and the totals above them."""
    least = np.zeros(len(cells))
    least[own] = cells.values[own]
    while True:
        before = least.copy()
        _raise_totals(cells.relations, least)
        if (least == before).all():
            return np.minimum(least, cells.values)  # sums of fractions may miss a total in the last digit


def _raise_totals(relations: Relations, least: Floats) -> None:
    touched = [number for number, parts in enumerate(relations.parts) if least[parts].any()]
    for number in touched:
        parts = least[relations.parts[number]]
        whole = relations.whole[number]
        least[whole] = max(least[whole], parts.sum() if relations.additive[number] else parts.max())


def _links(cells: Cells) -> Mapping[int, list[int]]:
    """Return which other cells the only household of a cell knows at once."""
    links: dict[int, list[int]] = {}
    for whole, parts in zip(cells.relations.whole.tolist(), cells.relations.parts, strict=True):
        if cells.contributors[whole] == 1:
            links.setdefault(whole, []).extend(parts.tolist())
            for part in parts[cells.contributors[parts] == 1].tolist():
                links.setdefault(part, []).append(whole)
    first: dict[int, int] = {}
    for cell in np.flatnonzero((cells.contributors == 1) & (cells.owners != NOBODY)).tolist():
        other = first.setdefault(int(cells.owners[cell]), cell)
        links.setdefault(cell, []).append(other)
        links.setdefault(other, []).append(cell)
    return links


def _reached(start: int, links: Mapping[int, list[int]]) -> Ints:
    """Return the cells to which links lead from one, and that one, ascending."""
    reached, fresh = {start}, [start]
    while fresh:
        found = set(links.get(fresh.pop(), ())) - reached
        reached |= found
        fresh.extend(sorted(found))
    return np.array(sorted(reached), dtype=np.int64)
