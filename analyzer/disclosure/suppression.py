"""Which further cells to withhold, so that those that must not leave cannot be computed.

A table is safe where for every primary cell, for each end of its protection interval and for each insider there is
another table that looks the same from outside and takes the cell there (Cox, Journal of the American Statistical
Association 1980; Fischetti and Salazar, Management Science 2001). Such tables are searched for as moves from the true
one; each move that is kept is checked against the relations, so that a plan is proved by what it carries, whatever
the solvers did. Cells are withheld where the cheapest moves run, then published again one by one where
the needs are met without them, and where that costs less after another search.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.disclosure.attack import Breach, audit
from analyzer.disclosure.growing import Plan, Task, fits, grown
from analyzer.disclosure.insiders import insiders
from analyzer.disclosure.moves import Move, Needs, needs_of, system_of
from analyzer.disclosure.paths import network_of
from analyzer.disclosure.problem import Cells as Cells
from analyzer.disclosure.proofs import Proofs
from analyzer.disclosure.search import Goal, Search
from analyzer.grouping.arrays import Bools, Floats, Ints

_EFFORT: Final = 250
"""Searches after which no better plan is looked for; a number of searches, not of seconds, so that answers agree."""


@dataclass(frozen=True, eq=False)
class Suppression:
    """Which cells are withheld.

    Attributes
    ----------
    withheld : ndarray of bool, shape (n_cells,)
        Primary and complementary cells. Hidden cells that are not primary are not among them.
    complementary : ndarray of bool, shape (n_cells,)
        Cells that are withheld for the sake of others.
    moves : tuple of Move
        The proof: other tables that are as possible as the true one, as differences in units of `Cells.unit`.
    breaches : tuple of Breach
        Empty, unless what must be published or is known already gives cells away even with everything else withheld.
        Then everything else is withheld, and the table must not leave.
    """

    withheld: Bools
    complementary: Bools
    moves: tuple[Move, ...]
    breaches: tuple[Breach, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether nothing can be computed that must not be."""
        return not self.breaches


def suppress(cells: Cells) -> Suppression:
    """Return the cells to withhold so that no attacker bounds a primary cell inside its protection interval.

    The same cells give the same answer on every machine.

    Parameters
    ----------
    cells : Cells

    Returns
    -------
    Suppression
        With it `attack.audit` finds nothing, unless `breaches` says so.
    """
    system = system_of(cells)
    knowing = insiders(cells)
    known = np.array([who.known for who in knowing], dtype=np.bool_).reshape(len(knowing), len(cells))
    proofs = Proofs(needs_of(cells, knowing), known)
    weight = np.where(cells.required, np.inf, np.where(cells.hidden, 0.0, cells.weight))
    task = Task(system, Search(system), network_of(system), proofs, weight)
    plan = _plan(task, cells)
    if plan is None or proofs.unmet(plan.withheld).any():
        everything = ~cells.required & (~cells.hidden | cells.primary)
        return Suppression(everything, everything & ~cells.primary, (), audit(cells, everything))
    kept = proofs.inside(plan.withheld)
    moves = tuple(proofs.moves[number] for number in kept.tolist())
    return Suppression(plan.withheld, plan.withheld & ~cells.primary, moves)


def _plan(task: Task, cells: Cells) -> Plan | None:
    orders = _orders(task)
    first = _shrunk(task, cells, grown(task, cells.primary, task.weight, orders[0]))
    if first is None:
        return None
    best = first
    for order in orders[1:]:
        if task.effort[0] < _EFFORT and best.cost > 0:
            other = _shrunk(task, cells, grown(task, cells.primary, task.weight, order))
            best = other if other is not None and other.cost < best.cost else best
    plan = _improved(task, cells, best)
    other = _joined(task, cells, plan)
    return plan if other is plan else _improved(task, cells, other)


def _orders(task: Task) -> list[Ints]:
    """Return orders in which to meet needs: the largest first, and the smallest."""
    needs = task.proofs.needs
    largest = np.lexsort((needs.sign, needs.cell, -needs.amount))
    return [largest, largest[::-1]]


def _shrunk(task: Task, cells: Cells, withheld: Bools | None) -> Plan | None:
    """Publish complementary cells again where all needs are met without them, the most expensive first."""
    if withheld is None:
        return None
    kept = withheld.copy()
    extra = np.flatnonzero(withheld & ~cells.primary)
    for cell in extra[np.lexsort((extra, -task.weight[extra]))].tolist():
        kept[cell] = False
        if not fits(task, kept, cell):
            kept[cell] = True
    return Plan(kept, float(task.weight[kept & ~cells.primary].sum()))


def _joined(task: Task, cells: Cells, plan: Plan) -> Plan:
    """Begin with a move that meets the needs of two cells at once, if that alone costs less than the plan.

    Needs that are met one by one take the cheapest way each, and may miss a dearer one that serves both.
    """
    nobody = np.zeros(len(cells), dtype=np.bool_)
    for one, other in _pairs(task.proofs.needs, task.system.down):
        if task.effort[0] >= _EFFORT or plan.cost == 0:
            break
        task.effort[0] += 1
        move = task.search.cheapest(cells.primary, one, nobody, task.weight, other)
        if move is None:
            continue
        start = cells.primary.copy()
        start[move.uses] = True
        if task.weight[start & ~cells.primary].sum() < plan.cost:
            better = _shrunk(task, cells, grown(task, start, task.weight, _orders(task)[0]))
            plan = better if better is not None and better.cost < plan.cost else plan
    return plan


def _pairs(needs: Needs, down: Floats) -> Iterator[tuple[Goal, Goal]]:
    """Yield pairs of needs of two cells, both up, and one up while the other goes down.

    Both reach for the larger amount: a search that pays for each unit would else send the difference another way.
    """
    up, falling = np.flatnonzero(needs.sign > 0).tolist(), np.flatnonzero(needs.sign < 0).tolist()
    for place, one in enumerate(up):
        for other in (*up[place + 1 :], *falling):
            most = float(max(needs.amount[one], needs.amount[other]))
            cell, sign = int(needs.cell[other]), int(needs.sign[other])
            if cell != needs.cell[one]:
                yield Goal(int(needs.cell[one]), 1, most), Goal(cell, sign, min(most, down[cell]) if sign < 0 else most)


def _improved(task: Task, cells: Cells, plan: Plan) -> Plan:
    """Do without one complementary cell after the other, if the needs are met for less after another search."""
    tried: set[int] = set()
    while task.effort[0] < _EFFORT:
        left = [cell for cell in np.flatnonzero(plan.withheld & ~cells.primary).tolist() if cell not in tried]
        if not left:
            return plan
        banned = max(left, key=lambda cell: (task.weight[cell], -cell))
        tried.add(banned)
        start, weight = plan.withheld.copy(), task.weight.copy()
        start[banned], weight[banned] = False, np.inf
        other = _shrunk(task, cells, grown(task, start, weight, _orders(task)[0]))
        if other is not None and other.cost < plan.cost:
            plan, tried = other, set()
    return plan
