"""The attacker: what can be computed from what was published, by everybody and by those who know a cell already.

The attacker knows all published values, how they were rounded, all relations and observations, that no value is
negative, that counts are whole numbers and which cells were withheld, and bounds a cell by linear programs, where
whole numbers matter by integer programs (Fischetti and Salazar, Management Science 2001, section 2). It shares no
search with `analyzer.disclosure.suppression`: what was found there is judged here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from analyzer.disclosure.insiders import Insider, insiders, known_to
from analyzer.disclosure.problem import Cells as Cells
from analyzer.disclosure.solver import WHOLE, Nothing, least
from analyzer.grouping.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csc_array


class BreachStatus(Enum):
    """How a cell is found out."""

    EXACT = "exact"
    TOO_TIGHT = "too tight"


@dataclass(frozen=True, slots=True)
class Interval:
    """The values that a cell can have, both ends included; `high` is infinite where nothing bounds it."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


@dataclass(frozen=True, slots=True)
class Breach:
    """A withheld cell that can be computed.

    Attributes
    ----------
    cell : its number.
    interval : what it was bounded to.
    protection : what should have stayed possible; the value alone where the cell is not primary.
    insider : int or None
        A cell whose only household computed it; None is everybody.
    status : found out exactly, or bounded inside the protection interval.
    """

    cell: int
    interval: Interval
    protection: Interval
    insider: int | None
    status: BreachStatus


def attack(cells: Cells, withheld: Bools, cell: int, insider: int | None = None) -> Interval:
    """Return the values that a cell can have, for somebody who sees all other cells but the withheld and hidden ones.

    Parameters
    ----------
    cells : Cells
    withheld : ndarray of bool, shape (n_cells,)
    cell : the cell that is attacked.
    insider : int or None
        A cell whose only household attacks; it also knows the totals in which it is alone (`insiders.known_to`).
        None is everybody.
    """
    view = _View(cells, withheld)
    known = np.zeros(0, dtype=np.int64) if insider is None else known_to(cells, insider)
    return view.bounded(cell, known)


def audit(cells: Cells, withheld: Bools) -> tuple[Breach, ...]:
    """Attack every withheld cell as everybody, and every primary cell also as each insider; return what was found out.

    A cell that everybody finds out is reported once, not again for each insider. What a household put into a cell
    itself it knows without any table; its protection interval begins there. A withheld cell that is not primary
    is found out only where it is computed exactly, and by everybody: it was withheld for the sake of others.

    Returns
    -------
    tuple of Breach, by cell; empty where nothing was found out.
    """
    view = _View(cells, withheld)
    knowing = insiders(cells)
    found: list[Breach] = []
    for cell in np.flatnonzero(withheld | cells.primary).tolist():
        breach = _found_out(view, cell, None)
        if breach is not None:
            found.append(breach)
        elif cells.primary[cell]:
            told = [_found_out(view, cell, who) for who in knowing if view.helps(cell, who.known)]
            found += [other for other in told if other is not None]
    return tuple(found)


def _found_out(view: _View, cell: int, who: Insider | None) -> Breach | None:
    cells = view.cells
    protection = _protection(cells, cell, who)
    known = np.zeros(0, dtype=np.int64) if who is None else np.flatnonzero(who.known)
    slack = 0.0 if cells.integer else cells.exact
    if protection.width > cells.exact and view.open_to(cell, known, protection, slack):
        return None
    interval = view.bounded(cell, known)
    insider = None if who is None else who.cell
    if interval.width <= cells.exact:
        return Breach(cell, interval, protection, insider, BreachStatus.EXACT)
    if interval.low > protection.low + slack or interval.high < protection.high - slack:
        return Breach(cell, interval, protection, insider, BreachStatus.TOO_TIGHT)
    return None


def _protection(cells: Cells, cell: int, who: Insider | None) -> Interval:
    """Return what must stay possible for somebody; an insider knows that its own contribution is there."""
    value = float(cells.values[cell])
    if not cells.primary[cell]:
        return Interval(value, value)
    low = float(cells.low[cell])
    return Interval(low if who is None else max(low, float(who.least[cell])), float(cells.high[cell]))


class _View:
    """What an attacker sees, as limits on how far each value may be from the true one; in units of `cells.unit`."""

    def __init__(self, cells: Cells, withheld: Bools) -> None:
        self.cells = cells
        unseen = withheld | cells.hidden
        low, high = cells.shown
        self.low = (np.where(unseen, 0.0, low) - cells.values) / cells.unit
        self.high = (np.where(unseen, np.inf, high) - cells.values) / cells.unit
        self._open = self.low < self.high
        told = cells.rows.matrix @ cells.values
        self._rows = (np.minimum(cells.rows.low - told, 0.0), np.maximum(cells.rows.high - told, 0.0))
        self._component = _components(cells.rows.matrix, self._open)
        self._parts: dict[int, tuple[Ints, csc_array, tuple[Floats, Floats]]] = {}
        self._seen: dict[int, list[Floats]] = {}

    def helps(self, cell: int, known: Bools) -> bool:
        """Return whether knowing these cells can tell something of another one."""
        return not known[cell] and bool((self._open & known & (self._component == self._component[cell])).any())

    def open_to(self, cell: int, known: Ints, protection: Interval, slack: float) -> bool:
        """Return whether both ends of an interval were seen to be possible, or are found to be."""
        value, unit = self.cells.values[cell], self.cells.unit
        ends = (((protection.low + slack - value) / unit, -1), ((protection.high - slack - value) / unit, 1))
        return all(self._reached(cell, known, end, sign) for end, sign in ends)

    def bounded(self, cell: int, known: Ints) -> Interval:
        """Return the values that a cell can have for somebody who knows other cells."""
        value, unit = float(self.cells.values[cell]), self.cells.unit
        low, high = (value + unit * self._furthest(cell, known, sign) for sign in (-1, 1))
        return Interval(max(low, 0.0), high)

    def _reached(self, cell: int, known: Ints, end: float, sign: int) -> bool:
        if sign * end <= 0:
            return True
        own, _, _ = self._part(cell)
        place, fixed = np.searchsorted(own, cell), np.isin(own, known)
        for seen in self._seen.setdefault(int(self._component[cell]), []):
            if sign * seen[place] >= sign * end and not seen[fixed].any():
                return True
        return sign * self._furthest(cell, known, sign) >= sign * end

    def _furthest(self, cell: int, known: Ints, sign: int) -> float:
        """Return how far a cell can be from its value in one direction."""
        if not self._open[cell] or cell in known:
            return 0.0
        own, matrix, rows = self._part(cell)
        fixed = np.isin(own, known)
        bounds = (np.where(fixed, 0.0, self.low[own]), np.where(fixed, 0.0, self.high[own]))
        cost = np.where(own == cell, -float(sign), 0.0)
        best = least(cost, matrix, rows, bounds)
        if self.cells.integer and not isinstance(best, Nothing) and (abs(best - np.rint(best)) > WHOLE).any():
            best = least(cost, matrix, rows, bounds, whole=True)
        if isinstance(best, Nothing):
            return sign * np.inf if best is Nothing.UNBOUNDED else 0.0  # a solver that gives up proves nothing
        best = np.rint(best) if self.cells.integer else best
        self._seen.setdefault(int(self._component[cell]), []).append(best)
        return float(best[np.searchsorted(own, cell)])

    def _part(self, cell: int) -> tuple[Ints, csc_array, tuple[Floats, Floats]]:
        """Return the open cells that relations connect with this one, and the rows between them."""
        number = int(self._component[cell])
        if number not in self._parts:
            own = np.flatnonzero(self._open & (self._component == number))
            matrix = self.cells.rows.matrix[:, own]
            rows = np.unique(matrix.indices)
            unit = self.cells.unit
            self._parts[number] = own, matrix[rows], (self._rows[0][rows] / unit, self._rows[1][rows] / unit)
        return self._parts[number]


def _components(matrix: csc_array, free: Bools) -> Ints:
    """Return a number for each column, the same where rows connect free ones."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    told = matrix.tocoo()
    rows, columns = (places[free[told.col]] for places in (told.row, told.col))
    count = matrix.shape[1]
    graph = coo_array((np.ones(len(rows)), (columns, count + rows)), shape=(count + matrix.shape[0],) * 2)
    return np.asarray(connected_components(graph, directed=False)[1][:count], dtype=np.int64)
