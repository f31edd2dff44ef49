"""Moves: other tables that are as possible as the true one, as the differences between both.

A move that changes withheld cells only, keeps all relations and takes a cell to the end of its protection interval is
a proof: whoever sees what was published cannot exclude that table. A move that leaves an insider's cells alone proves
the same against the insider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.disclosure.insiders import Insider
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.solver import WHOLE
from analyzer.grouping.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csc_array

_NOISE: Final = 1e-7
_KEPT: Final = 1e-6  # how far a relation between measures may be missed, in units of the problem
SURPLUS: Final = 1e-4
"""How far beyond a protection interval a measure is moved, as a share of the way: solvers work to 1e-7, not exactly."""
LEAST_WIDTH: Final = 1e-3
"""Least width of the interval of a withheld measure, in units of the problem; a count moves by at least 1."""
ANY: Final = 0
"""Direction of a need that a move either way meets."""


@dataclass(frozen=True, eq=False)
class Move:
    """A possible change of the table, in units of the problem.

    Attributes
    ----------
    cells, amounts : ndarray of int64 and of float64, shape (n_moved,)
        Which cells change, ascending, and by how much.
    uses : ndarray of int64
        Those of them that must not be published.
    """

    cells: Ints
    amounts: Floats
    uses: Ints

    def of(self, cell: int) -> float:
        """Return by how much a cell changes."""
        place = int(np.searchsorted(self.cells, cell))
        return float(self.amounts[place]) if place < len(self.cells) and self.cells[place] == cell else 0.0


@dataclass(frozen=True, eq=False)
class Needs:
    """What is to be proved, one element a need: that a cell can move so far.

    Attributes
    ----------
    cell : ndarray of int64, shape (n_needs,)
    sign : ndarray of int64
        1 up, -1 down, 0 either way.
    amount, enough : ndarray of float64
        How far to aim, and how far will do; in units of the problem, above 0.
    exempt : ndarray of bool, shape (n_needs, n_insiders + 1)
        Against whom it need not be met; the last is everybody.
    """

    cell: Ints
    sign: Ints
    amount: Floats
    enough: Floats
    exempt: Bools

    def __len__(self) -> int:
        return len(self.cell)

    def met(self, move: Move) -> Bools:
        """Return which needs a move meets, shape (n_needs,)."""
        if not len(move.cells):
            return np.zeros(len(self), dtype=np.bool_)
        place = np.minimum(np.searchsorted(move.cells, self.cell), len(move.cells) - 1)
        moved = np.where(move.cells[place] == self.cell, move.amounts[place], 0.0)
        return np.where(self.sign == ANY, abs(moved), self.sign * moved) >= self.enough


@dataclass(frozen=True, eq=False)
class System:
    """What every move must obey; all in units of the problem.

    Attributes
    ----------
    matrix : scipy.sparse.csc_array of float64, shape (n_rows, n_cells)
    rows : two ndarrays of float64, shape (n_rows,)
        Least and largest of ``matrix @ move``.
    down, up : ndarray of float64, shape (n_cells,)
        How far a cell may move that is not published.
    shown_down, shown_up : ndarray of float64, shape (n_cells,)
        How far it may move where it is: what its rounding leaves; of hidden cells everything.
    integer : whether moves consist of whole numbers.
    """

    matrix: csc_array
    rows: tuple[Floats, Floats]
    down: Floats
    up: Floats
    shown_down: Floats
    shown_up: Floats
    integer: bool

    def move(self, amounts: Floats) -> Move | None:
        """Return the move of these amounts, shape (n_cells,), or None where it breaks a relation or a limit."""
        whole = np.rint(amounts)
        if self.integer and (abs(amounts - whole) > WHOLE).any():
            return None
        amounts = whole if self.integer else np.where(abs(amounts) > _NOISE, amounts, 0.0)
        slack = 0.0 if self.integer else _KEPT
        told = self.matrix @ amounts
        kept = (told >= self.rows[0] - slack).all() and (told <= self.rows[1] + slack).all()
        if not kept or (amounts < -self.down - slack).any() or (amounts > self.up + slack).any():
            return None
        cells = np.flatnonzero(amounts)
        moved = amounts[cells]
        beyond = (moved > self.shown_up[cells] + slack) | (moved < -self.shown_down[cells] - slack)
        return Move(cells, moved, cells[beyond])


def system_of(cells: Cells) -> System:
    """Return what moves between possible tables must obey."""
    unit = cells.unit
    low, high = cells.shown
    told = cells.rows.matrix @ cells.values
    sums = (cells.rows.low == cells.rows.high) & (cells.rows.low == 0)
    told[sums] = 0.0  # what sums of fractions miss is no room to move in
    down, up = cells.values / unit, np.full(len(cells), np.inf)
    return System(
        cells.rows.matrix,
        (np.minimum((cells.rows.low - told) / unit, 0.0), np.maximum((cells.rows.high - told) / unit, 0.0)),
        down,
        up,
        np.where(cells.hidden, down, (cells.values - low) / unit),
        np.where(cells.hidden, up, (high - cells.values) / unit),
        cells.integer,
    )


def needs_of(cells: Cells, knowing: Sequence[Insider]) -> Needs:
    """Return what must be possible: both ends of each primary cell's protection interval, or else that it has a width.

    A need is to be met against everybody and each insider; not against those who know the cell anyway.
    """
    numbers = np.flatnonzero(cells.primary)
    values, lows = cells.values[numbers] / cells.unit, cells.low[numbers] / cells.unit
    up, down = cells.high[numbers] / cells.unit - values, values - lows
    width = np.full(len(numbers), 1.0 if cells.integer else LEAST_WIDTH)
    known = np.array([who.known for who in knowing], dtype=np.bool_).reshape(len(knowing), len(cells))[:, numbers].T
    least = np.array([who.least for who in knowing]).reshape(len(knowing), len(cells))[:, numbers].T / cells.unit
    everybody = np.zeros((len(numbers), 1), dtype=np.bool_)
    exempt, free = np.hstack([known, everybody]), np.full(len(numbers), np.inf)
    rest = values[:, None] - least
    reach = down[:, None] * (1 + SURPLUS)
    own = (least > 0) & (rest < reach + _KEPT) & ~known  # they cannot be shown less than they brought
    parts = [
        _needs(cells.integer, numbers, 1, (up, free), exempt),
        _needs(cells.integer, numbers, -1, (down, values), np.hstack([known | own, everybody])),
        _needs(cells.integer, numbers, ANY, (np.where(up + down < width, width, 0.0), free), exempt),
    ]
    for place, who in np.argwhere(own).tolist():
        alone = np.ones((1, len(knowing) + 1), dtype=np.bool_)
        alone[0, who] = False
        most = rest[[place], who]
        parts.append(_needs(cells.integer, numbers[[place]], -1, (np.minimum(down[[place]], most), most), alone))
    return Needs(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _needs(
    integer: bool, numbers: Ints, sign: int, amounts: tuple[Floats, Floats], exempt: Bools
) -> tuple[Ints, Ints, Floats, Floats, Bools]:
    """Return needs to move so far, which is a little further where cells are measures, but at most so far."""
    wanted = amounts[0] > _KEPT
    needed, most = amounts[0][wanted], amounts[1][wanted]
    surplus = (0.0, 0.0) if integer else (SURPLUS, SURPLUS / 2)
    aim, enough = (np.minimum(needed * (1 + more), most) for more in surplus)
    aim, enough = (np.ceil(aim), np.ceil(enough)) if integer else (aim, enough - 5 * _NOISE)
    return numbers[wanted], np.full(len(needed), sign), aim, enough, exempt[wanted]
