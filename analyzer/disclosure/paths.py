"""Search for moves as shortest paths, where relations form a network.

In a table with two dimensions every cell is in at most two relations, and after some relations change sign it adds to
one what it takes from the other: cells are arcs between relations, and a move is a circle of arcs (Cox, Journal of the
American Statistical Association 1980; Castro, European Journal of Operational Research 2006). The cheapest circle
through a cell is a shortest path, which is exact for a charge a cell and much faster than a linear program. A circle
carries no more than its narrowest cell; for needs that several circles must share there is `search`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.disclosure.moves import Move, System
from analyzer.disclosure.search import Goal
from analyzer.grouping.arrays import Bools, Floats, Ints

_SHORT: Final = 1e-6
"""Cost of an arc that costs nothing, as a share of the smallest weight: of two free circles the shorter is better."""


@dataclass(frozen=True, eq=False)
class Network:
    """Cells as arcs between relations.

    Attributes
    ----------
    n_nodes : relations, and one more for cells that are in a single relation.
    order : ndarray of int64, shape (2 * n_cells,)
        Arcs by the pair of nodes that they lead between: cell i rising is arc i, falling it is arc i + n_cells.
    starts : ndarray of int64, shape (n_pairs,)
        Where each pair begins in that order.
    tails, heads : ndarray of int64, shape (n_pairs,)
        The nodes of each pair.
    tail, head : ndarray of int64, shape (n_cells,)
        The nodes of each cell, rising.
    """

    n_nodes: int
    order: Ints
    starts: Ints
    tails: Ints
    heads: Ints
    tail: Ints
    head: Ints

    def cheapest(self, system: System, withheld: Bools, goal: Goal, fixed: Bools, weight: Floats) -> Move | None:
        """Return the circle of least cost through a cell that carries enough, or None; see `Search.cheapest`."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        if goal.sign == 0 or (goal.sign < 0 and system.down[goal.cell] < goal.amount):
            return None
        cost = self._costs(system, withheld, goal, fixed, weight)
        by_pair = np.minimum.reduceat(cost[self.order], self.starts)
        used = np.isfinite(by_pair)
        graph = csr_array((by_pair[used], (self.tails[used], self.heads[used])), shape=(self.n_nodes, self.n_nodes))
        tail, head = int(self.tail[goal.cell]), int(self.head[goal.cell])
        start, end = (head, tail) if goal.sign > 0 else (tail, head)
        _, before = dijkstra(graph, indices=np.array([start]), return_predecessors=True)
        before = before[0]
        amounts = np.zeros(len(self.tail))
        amounts[goal.cell] = goal.sign * goal.amount
        while end != start:
            if before[end] < 0:
                return None
            arc = self._arc(cost, int(before[end]), end)
            amounts[arc % len(self.tail)] += goal.amount if arc < len(self.tail) else -goal.amount
            end = int(before[end])
        return system.move(amounts)

    def _costs(self, system: System, withheld: Bools, goal: Goal, fixed: Bools, weight: Floats) -> Floats:
        """Return what each arc costs; infinite where it carries too little."""
        price = np.where(withheld, 0.0, weight)
        rising = np.where(system.shown_up >= goal.amount, 0.0, price)
        falling = np.where(system.shown_down >= goal.amount, 0.0, price)
        falling = np.where(system.down >= goal.amount, falling, np.inf)
        cost = np.concatenate([rising, falling])
        positive = weight[np.isfinite(weight) & (weight > 0)]
        cost += _SHORT * float(positive.min(initial=1.0))
        closed = fixed.copy()
        closed[goal.cell] = True
        return np.where(np.tile(closed, 2), np.inf, cost)

    def _arc(self, cost: Floats, tail: int, head: int) -> int:
        pair = int(np.searchsorted(self.tails * self.n_nodes + self.heads, tail * self.n_nodes + head))
        end = self.starts[pair + 1] if pair + 1 < len(self.starts) else len(self.order)
        arcs = self.order[self.starts[pair] : end]
        return int(arcs[np.argmin(cost[arcs])])


def network_of(system: System) -> Network | None:
    """Return the network of a system, or None where its relations form none."""
    matrix = system.matrix.tocsc()
    sizes = np.diff(matrix.indptr)
    plain = (abs(matrix.data) == 1).all() and not system.rows[0].any() and not system.rows[1].any()
    if not plain or not len(matrix.data) or sizes.max() > 2:
        return None
    double = np.flatnonzero(sizes == 2)
    first, second = matrix.indptr[double], matrix.indptr[double] + 1
    flips = _flips(
        matrix.shape[0],
        matrix.indices[first].astype(np.int64),
        matrix.indices[second].astype(np.int64),
        matrix.data[first] * matrix.data[second],
    )
    if flips is None:
        return None
    # The tail gives and the head takes; a cell of one relation leads to the last node, or from it.
    nodes = np.full((2, matrix.shape[1]), matrix.shape[0])
    cells = np.repeat(np.arange(matrix.shape[1]), sizes)
    takes = matrix.data * flips[matrix.indices] > 0
    nodes[0, cells[~takes]] = matrix.indices[~takes]
    nodes[1, cells[takes]] = matrix.indices[takes]
    return _sorted(matrix.shape[0] + 1, nodes[0], nodes[1])


def _sorted(count: int, tail: Ints, head: Ints) -> Network:
    pairs = np.concatenate([tail * count + head, head * count + tail])
    order = np.argsort(pairs, kind="stable")
    kinds, starts = np.unique(pairs[order], return_index=True)
    return Network(count, order, starts, kinds // count, kinds % count, tail, head)


def _flips(count: int, one: Ints, other: Ints, same: Floats) -> Floats | None:
    """Return the sign of each relation with which every cell adds to one and takes from another; None where none is."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    graph = coo_array((np.ones(len(one)), (one, other)), shape=(count, count)).tocsr()
    flips = np.ones(count)
    sign = {(a, b): -s for a, b, s in zip(one.tolist(), other.tolist(), same.tolist(), strict=True)}
    _, label = connected_components(graph, directed=False)
    for root in np.unique(label, return_index=True)[1].tolist():
        order, before = breadth_first_order(graph, root, directed=False)
        for node in order[1:].tolist():
            parent = int(before[node])
            flips[node] = flips[parent] * sign.get((parent, node), sign.get((node, parent), 1.0))
    return flips if (flips[one] * flips[other] * same == -1).all() else None
