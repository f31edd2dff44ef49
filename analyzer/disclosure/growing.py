"""Withhold more cells until every need is met, and publish again what is not needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from analyzer.disclosure.moves import Move, System
from analyzer.disclosure.paths import Network
from analyzer.disclosure.proofs import Proofs
from analyzer.disclosure.search import Goal, Search
from analyzer.grouping.arrays import Bools, Floats, Ints

_SMALL: Final = 400
"""Cells up to which a path is compared with the linear program that may share the need between several."""
_MOST_EFFORT: Final = 2_000
"""Searches after which a cell is published again only where moves at hand show that it may be, as in large tables."""
_LARGE: Final = 500
"""Cells from which a search counts as more than one."""
_MANY: Final = 8
"""Needs that are met one by one; more are first tried together."""


@dataclass(frozen=True, eq=False)
class Task:
    """What growing needs to know. The pool of proofs is the only thing in it that changes."""

    system: System
    search: Search
    network: Network | None
    proofs: Proofs
    weight: Floats
    effort: list[int] = field(default_factory=lambda: [0])
    origin: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Plan:
    """A set of withheld cells in which all needs are met, and what the cells cost that are not primary."""

    withheld: Bools
    cost: float


def grown(task: Task, withheld: Bools, weight: Floats, order: Ints) -> Bools | None:
    """Return a superset of the withheld cells in which all needs are met, or None where there is none.

    Parameters
    ----------
    weight : ndarray of float64, shape (n_cells,)
        What it costs to withhold a cell; infinite where it must be published.
    order : ndarray of int64, shape (n_needs,)
        In which order needs are met one by one.
    """
    withheld = withheld.copy()
    unmet = task.proofs.unmet(withheld)
    cover(task, withheld, unmet)
    for need in order.tolist():
        if unmet[need].any() and not _meet(task, need, withheld, unmet, weight):
            return None
    return withheld


def fits(task: Task, withheld: Bools, without: int) -> bool:
    """Return whether all needs are met also without a cell; moves that show it are added to the pool.

    The need that the cell was withheld for comes first: most often it is the one that is not met without it.
    """
    unmet = task.proofs.unmet(withheld)
    nothing_more = np.where(withheld, 0.0, np.inf)
    needs = np.flatnonzero(unmet.any(axis=1)).tolist()
    if needs and task.effort[0] > _MOST_EFFORT:
        return False
    origin = task.origin.get(without)
    if origin in needs and not _meet(task, origin, withheld, unmet, nothing_more):
        return False
    if len(needs) > _MANY:
        cover(task, withheld, unmet)
    return all(not unmet[need].any() or _meet(task, need, withheld, unmet, nothing_more) for need in needs)


def cover(task: Task, withheld: Bools, unmet: Bools) -> None:
    """Meet as many needs as withheld cells can meet, many with each linear program. `unmet` is kept up to date."""
    for spared in _batches(unmet.shape[1] - 1):
        fixed = np.asarray(task.proofs.known[:-1][spared[:-1]].any(axis=0), dtype=np.bool_)
        for sign in (1, -1):
            while _cover(task, withheld, unmet, fixed, spared, sign):
                pass


def _cover(task: Task, withheld: Bools, unmet: Bools, fixed: Bools, spared: Bools, sign: int) -> bool:
    """Run one linear program for needs in one direction; return whether it met any."""
    needs = task.proofs.needs
    wanted = unmet[:, spared].any(axis=1) & ~fixed[needs.cell] & ((needs.sign == sign) | (needs.sign == 0))
    if np.count_nonzero(wanted) < 2:
        return False
    cells, first = np.unique(needs.cell[wanted], return_index=True)
    task.effort[0] += max(1, len(task.weight) // _LARGE)
    move = task.search.furthest(withheld, cells, sign * needs.amount[wanted][first], fixed)
    if move is None:
        return False
    before = np.count_nonzero(unmet)
    _add(task, move, unmet)
    return int(np.count_nonzero(unmet)) < int(before)


def _batches(insiders: int) -> list[Bools]:
    """Return sets of insiders whose cells stay alone: all; and so that of two one stays alone while the other moves."""
    numbers = np.arange(insiders)
    bits = [(numbers >> bit) & 1 == kept for bit in range(int(insiders - 1).bit_length()) for kept in (0, 1)]
    sets = [np.ones(insiders, dtype=np.bool_), *(bits if insiders > 1 else []), np.zeros(insiders, dtype=np.bool_)]
    return [np.append(chosen, True) for chosen in sets]


def _add(task: Task, move: Move, unmet: Bools) -> None:
    met, touched = task.proofs.add(move)
    unmet[met] &= touched


def _meet(task: Task, need: int, withheld: Bools, unmet: Bools, weight: Floats) -> bool:
    """Meet a need against everybody for whom it is unmet, with one move if possible; extends the withheld cells."""
    known = task.proofs.known
    against = np.flatnonzero(unmet[need])
    shared = np.asarray(known[against].any(axis=0), dtype=np.bool_)
    move = _cheapest(task, need, withheld, shared, weight)
    if move is not None:
        _withhold(task, need, move, withheld)
        _add(task, move, unmet)
        return True
    while unmet[need].any():
        against = np.flatnonzero(unmet[need])
        move = _cheapest(task, need, withheld, known[against[-1]], weight)
        if move is None:
            return False
        _withhold(task, need, move, withheld)
        _add(task, move, unmet)
    return True


def _withhold(task: Task, need: int, move: Move, withheld: Bools) -> None:
    task.origin.update(dict.fromkeys(move.uses[~withheld[move.uses]].tolist(), need))
    withheld[move.uses] = True


def _cheapest(task: Task, need: int, withheld: Bools, fixed: Bools, weight: Floats) -> Move | None:
    needs = task.proofs.needs
    goal = Goal(int(needs.cell[need]), int(needs.sign[need]), float(needs.amount[need]))
    task.effort[0] += max(1, len(task.weight) // _LARGE)
    path = None
    if task.network is not None:
        path = task.network.cheapest(task.system, withheld, goal, fixed, weight)
    if path is not None and (len(withheld) > _SMALL or withheld[path.uses].all()):
        return path
    flow = task.search.cheapest(withheld, goal, fixed, weight)
    if path is None or flow is None:
        return path or flow
    return min((path, flow), key=lambda move: float(weight[move.uses][~withheld[move.uses]].sum()))
