"""Who knows more than the public: the only household of a cell."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from analyzer.disclosure.problem import Cells
from analyzer.grouping.arrays import Bools, Ints


def known_to(cells: Cells, cell: int) -> Ints:
    """Return the cells that the only household of a cell knows exactly, shape (n_known,), ascending.

    Its own cell; a total in which it is alone, and all parts of such a total, for they hold this household or nobody.
    """
    return _reached(cell, *_alone(cells))


def _reached(cell: int, wholes: Mapping[int, list[int]], parts: Mapping[int, list[int]]) -> Ints:
    known, fresh = {cell}, [cell]
    while fresh:
        number = fresh.pop()
        found = [*parts.get(number, ()), *wholes.get(number, ())]
        fresh.extend(other for other in found if other not in known)
        known.update(found)
    return np.array(sorted(known), dtype=np.int64)


def insiders(cells: Cells) -> tuple[tuple[int, ...], Bools]:
    """Return a cell of each insider, and which cells each knows, shape (n_insiders, n_cells).

    One household that is alone in several cells is one insider, known by the first of them. A hidden cell makes no
    insider: nobody is told that it exists.
    """
    wholes, parts = _alone(cells)
    seeds = np.flatnonzero((cells.contributors == 1) & ~cells.hidden)
    firsts: list[int] = []
    rows: list[Bools] = []
    seen: set[int] = set()
    for seed in seeds.tolist():
        if seed in seen:
            continue
        known = _reached(seed, wholes, parts)
        seen.update(known[cells.contributors[known] == 1].tolist())
        row = np.zeros(len(cells), dtype=np.bool_)
        row[known] = True
        firsts.append(seed)
        rows.append(row)
    return tuple(firsts), np.array(rows, dtype=np.bool_).reshape(len(rows), len(cells))


def _alone(cells: Cells) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    """Return the totals of one household that each cell of one household is part of, and the parts of such totals."""
    wholes: dict[int, list[int]] = {}
    parts: dict[int, list[int]] = {}
    for whole, members in zip(cells.relations.whole.tolist(), cells.relations.parts, strict=True):
        if cells.contributors[whole] != 1:
            continue
        parts.setdefault(whole, []).extend(members.tolist())
        for part in members[cells.contributors[members] == 1].tolist():
            wholes.setdefault(part, []).append(whole)
    return wholes, parts
