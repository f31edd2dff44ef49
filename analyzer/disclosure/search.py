"""Search for moves with linear programs: the cheapest one that meets a need, and one that meets many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.disclosure.moves import ANY, Move, System
from analyzer.disclosure.solver import WHOLE, Nothing, least
from analyzer.grouping.arrays import Bools, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csc_array

_NODES: Final = 2_000
"""Branches after which a search for whole numbers gives up; a move that was not found costs a cell, never safety."""
_FREE: Final = 1e-3
"""Cost of moving a withheld cell, as a share of withholding another, where moving few cells is sought."""
_TURNS: Final = 3
_GOLDEN: Final = (5**0.5 - 1) / 2  # its multiples spread evenly


@dataclass(frozen=True, slots=True)
class Goal:
    """A single need: `cell` is to move by `amount` up (sign 1), down (-1) or either way (0)."""

    cell: int
    sign: int
    amount: float


@dataclass(frozen=True, eq=False)
class Program:
    """A linear program over moves: columns are cells, taken as they are or with the other sign.

    Attributes
    ----------
    cost, signs, low, high : ndarray of float64, shape (n_columns,)
    columns : ndarray of int64, shape (n_columns,)
        The cell of each column; one cell may have several.
    """

    cost: Floats
    columns: Ints
    signs: Floats
    low: Floats
    high: Floats

    def multiples(self, step: int) -> Program:
        """Return the same program with limits that are multiples of a number, each at least as tight.

        Corners of these programs are mostly whole numbers, else mostly halves or thirds, and between such limits they
        are that many times as large.
        """
        return replace(self, low=step * np.ceil(self.low / step), high=step * np.floor(self.high / step))

    def sparse(self, turn: int) -> Program:
        """Return the same program in which moving anything costs a little; in each turn other cells a little more."""
        uneven = 1 + turn * np.modf(self.columns * _GOLDEN)[0]
        least = float(self.cost[self.cost > 0].min(initial=1.0))
        cost = np.maximum(self.cost, _FREE * least) * uneven
        falls = self.low < 0
        return Program(
            np.concatenate([cost, cost[falls]]),
            np.concatenate([self.columns, self.columns[falls]]),
            np.concatenate([self.signs, -self.signs[falls]]),
            np.concatenate([np.maximum(self.low, 0.0), np.maximum(-self.high, 0.0)[falls]]),
            np.concatenate([np.maximum(self.high, 0.0), -self.low[falls]]),
        )

    def variants(self) -> Iterator[Program]:
        """Yield programs whose solutions solve this one, and may be whole numbers where its own are not."""
        yield self.multiples(2)
        for turn in range(_TURNS):
            yield self.sparse(turn)
            yield self.sparse(turn).multiples(2)
        yield self.sparse(0).multiples(3)

    def only(self, kept: Bools) -> Program:
        """Return the same program without some of its columns."""
        return Program(self.cost[kept], self.columns[kept], self.signs[kept], self.low[kept], self.high[kept])


@dataclass(frozen=True, eq=False)
class Search:
    """Linear programs over the moves of a system."""

    system: System

    def cheapest(self, withheld: Bools, goal: Goal, fixed: Bools, weight: Floats, *others: Goal) -> Move | None:
        """Return the move that reaches a goal at the least cost, or None where none does.

        The cost of a published cell grows with what it moves: for a charge a cell, as it really is, the search would be
        an integer program (Kelly, Golden and Assad, Networks 1992).

        Parameters
        ----------
        withheld : ndarray of bool, shape (n_cells,)
            Cells that cost nothing.
        fixed : ndarray of bool, shape (n_cells,)
            Cells that must not move.
        weight : ndarray of float64, shape (n_cells,)
            What it costs to withhold a cell; infinite where it must be published.
        *others
            Goals of other cells, each with a direction, that the same move reaches.
        """
        for sign in (1, -1) if goal.sign == ANY else (goal.sign,):
            goals = (Goal(goal.cell, sign, goal.amount), *others)
            move = self._move(self._towards(withheld, goals, fixed, weight), thorough=True)
            if move is not None:
                return move
        return None

    def furthest(self, withheld: Bools, cells: Ints, ends: Floats, fixed: Bools) -> Move | None:
        """Return a move of withheld cells that brings as many cells as it can, as far as it can, to their ends.

        Parameters
        ----------
        cells, ends : ndarray of int64 and of float64, shape (n_goals,)
            Distinct cells, and how far each is to move; not 0.
        """
        own, low, high = self._free(withheld, fixed)
        place = np.searchsorted(own, cells)
        cost = np.zeros(len(own))
        cost[place] = -1 / ends
        high[place] = np.where(ends > 0, np.minimum(high[place], ends), high[place])
        low[place] = np.where(ends < 0, np.maximum(low[place], ends), low[place])
        return self._move(Program(cost, own, np.ones(len(own)), low, high), thorough=False)

    @cached_property
    def _by_column(self) -> csc_array:
        return self.system.matrix.tocsc()

    def _free(self, withheld: Bools, fixed: Bools) -> tuple[Ints, Floats, Floats]:
        """Return the cells that may move at no cost, ascending, and how far."""
        low = -np.where(withheld, self.system.down, self.system.shown_down)
        high = np.where(withheld, self.system.up, self.system.shown_up)
        own = np.flatnonzero((low < high) & ~fixed)
        return own, low[own], high[own]

    def _towards(self, withheld: Bools, goals: Sequence[Goal], fixed: Bools, weight: Floats) -> Program:
        """Return the program in which cells reach their goals, and others move at a cost."""
        system = self.system
        own, low, high = self._free(withheld, fixed)
        for goal in goals:
            (low if goal.sign > 0 else high)[np.searchsorted(own, goal.cell)] = goal.sign * goal.amount
        most = max(goal.amount for goal in goals)
        priced = np.isfinite(weight) & ~withheld & ~fixed
        rising = np.flatnonzero(priced & (system.up > system.shown_up))
        falling = np.flatnonzero(priced & (system.down > system.shown_down))
        lost = system.down[falling] - system.shown_down[falling]
        cost = (np.zeros(len(own)), weight[rising] / most, weight[falling] / np.minimum(lost, most))
        return Program(
            np.concatenate(cost),
            np.concatenate([own, rising, falling]),
            np.repeat([1.0, -1.0], [len(own) + len(rising), len(falling)]),
            np.concatenate([low, np.zeros(len(rising) + len(falling))]),
            np.concatenate([high, np.full(len(rising), np.inf), lost]),
        )

    def _move(self, program: Program, *, thorough: bool) -> Move | None:
        """Return the move that solves a program; of counts one of whole numbers, sought further where `thorough`."""
        told = self._solved(program)
        if told is None:
            return None
        move = self._as_move(program, told)
        if move is not None or not self.system.integer:
            return move
        for other in program.variants() if thorough else (program.multiples(2),):
            answer = self._solved(other)
            move = None if answer is None else self._as_move(other, answer)
            if move is not None:
                return move
        return self._whole(program, told) if thorough else None

    def _whole(self, program: Program, told: Floats) -> Move | None:
        """Return a move of whole numbers: among the cells of a solution in fractions, then with more of them."""
        moved = abs(told) > WHOLE
        for tried in (program.only(moved), program.only(moved | (program.cost == 0)), program):
            answer = self._solved(tried, whole=True)
            if answer is not None:
                return self._as_move(tried, answer)
        return None

    def _solved(self, program: Program, whole: bool = False) -> Floats | None:
        if (program.low > program.high).any():
            return None
        matrix = self._by_column[:, program.columns]
        matrix.data *= np.repeat(program.signs, np.diff(matrix.indptr))
        told = least(program.cost, matrix, self.system.rows, (program.low, program.high), whole=whole, nodes=_NODES)
        return None if isinstance(told, Nothing) else told

    def _as_move(self, program: Program, told: Floats) -> Move | None:
        amounts = np.zeros(len(self.system.down))
        np.add.at(amounts, program.columns, told * program.signs)
        return self.system.move(amounts)
