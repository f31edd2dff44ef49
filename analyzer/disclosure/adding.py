"""Totals and largest amounts of cells, the same to the last digit in whatever order the amounts come.

Sorting the amounts of each cell would give that too, and takes several times as long.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats, Ints

_PIECES: Final = 3
"""Of three pieces of an amount the last is below a double's precision, however many amounts are added up."""
_DIGITS: Final = 52
_SMALLEST: Final = -1074  # exponent of the smallest number above 0
_BLOCK: Final = 1 << 17


def totals(cell: Ints, amount: Floats, cells: int) -> Floats:
    """Return the sum of the amounts of each cell.

    Each amount is cut into pieces that are whole multiples of a power of two, so large that no sum of them is ever
    rounded: such sums do not depend on the order (Demmel and Nguyen, Fast reproducible floating-point summation, 2013).

    Parameters
    ----------
    cell : ndarray of int64, shape (n,)
        From 0 to `cells` - 1.
    amount : ndarray of float64, shape (n,)
        At least 0, finite.
    cells : int

    Returns
    -------
    ndarray of float64, shape (cells,)
    """
    most = np.zeros(cells)
    np.maximum.at(most, cell, amount)
    above = np.frexp(most)[1]  # every amount is below this power of two
    digits = _DIGITS - np.frexp(np.bincount(cell, minlength=cells).astype(np.float64))[1]
    told: list[Floats] = []
    for piece in range(1, _PIECES + 1):
        unit = np.ldexp(1.0, np.maximum(above - piece * digits, _SMALLEST))[cell]
        whole = np.rint(amount / unit) * unit
        told += [np.bincount(cell, whole, minlength=cells).astype(np.float64, copy=False)]
        amount = amount - whole
        if not amount.any():
            break
    smallest_first: Floats = np.sum(told[::-1], axis=0)
    return smallest_first


def largest(cell: Ints, amount: Floats, cells: int, count: int) -> Floats:
    """Return the largest amounts of each cell, largest first, 0 where there are fewer; shape (cells, count).

    Block by block only what is larger than the smallest one kept is sorted: after the first blocks hardly anything.
    """
    kept = np.zeros((cells, count))
    for start in range(0, len(cell), _BLOCK):
        where, what = cell[start : start + _BLOCK], amount[start : start + _BLOCK]
        larger = what > kept[where, -1]
        if larger.any():
            _keep(kept, where[larger], what[larger])
    return kept


def _keep(kept: Floats, cell: Ints, amount: Floats) -> None:
    count = kept.shape[1]
    touched = np.unique(cell)
    cell, amount = np.append(np.repeat(touched, count), cell), np.append(kept[touched].ravel(), amount)
    order = np.lexsort((amount, cell))
    last = np.append(np.flatnonzero(np.diff(cell[order])), len(cell) - 1)  # of each touched cell, in their order
    kept[touched] = amount[order][last[:, None] - np.arange(count)]
