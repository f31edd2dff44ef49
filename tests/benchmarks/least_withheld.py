"""The least that must be withheld: one integer program over all attackers and cells at once, for small tables.

For every primary cell, end of its protection interval and attacker there is a vector of changes that keeps all sums; a
cell that changes in any of them is withheld (Fischetti and Salazar, Management Science 2001, section 3). Changes may be
fractions also of counts, so the answer is at most the true optimum.
"""

from __future__ import annotations

import numpy as np
from random_tables import Key, Table
from scipy import sparse
from scipy.optimize import LinearConstraint, milp
from table_attacker import attackers

MOST_COLUMNS = 4_000
NODES = 20_000


def least_withheld(table: Table) -> int | None:
    """Return the least number of complementary cells, or None where the program is too large or not solved."""
    names = table.cells
    place = {key: i for i, key in enumerate(names)}
    values = np.array([table.value(key) for key in names])
    needs = _needs(table)
    free = np.array([key in table.protect or key in table.hidden for key in names])
    if (len(needs) + 1) * len(names) > MOST_COLUMNS:
        return None
    rows, low, high = _relations(table, place, values)
    blocks, bounds_low, bounds_high = [], [np.zeros(len(names))], [np.where(free, 0.0, 1.0)]
    links: list[sparse.csr_array] = []
    for number, (key, amount, own) in enumerate(needs):
        far = 20.0 * abs(amount)
        down, up = np.minimum(values, far), np.full(len(names), far)
        below, above = -down, up.copy()
        for known in own:
            below[place[known]] = above[place[known]] = 0.0
        i = place[key]
        below[i], above[i] = (max(below[i], amount), above[i]) if amount > 0 else (below[i], min(above[i], amount))
        bounds_low.append(below)
        bounds_high.append(above)
        blocks.append(rows)
        priced = np.flatnonzero(~free)
        for sign, reach in ((1.0, up), (-1.0, down)):  # sign x change <= reach x withheld
            link = sparse.lil_array((len(priced), len(names) * (len(needs) + 1)))
            link[np.arange(len(priced)), len(names) * (number + 1) + priced] = sign
            link[np.arange(len(priced)), priced] = -reach[priced]
            links.append(link.tocsr())
    if not needs:
        return 0
    kept = sparse.hstack([sparse.csr_array((rows.shape[0] * len(needs), len(names))), sparse.block_diag(blocks)])
    cost = np.concatenate([np.where(free, 0.0, 1.0), np.zeros(len(names) * len(needs))])
    kinds = np.concatenate([np.ones(len(names)), np.zeros(len(names) * len(needs))])
    bounds = np.concatenate(bounds_low), np.concatenate(bounds_high)
    constraints = [
        LinearConstraint(kept, np.tile(low, len(needs)), np.tile(high, len(needs))),
        LinearConstraint(sparse.vstack(links), -np.inf, 0.0),
    ]
    found = [
        milp(cost, integrality=kinds, bounds=bounds, constraints=constraints, options=_options(presolve=presolve))
        for presolve in (True, False)  # of one table in some thousands the solver's presolve misses the optimum
    ]
    return min(round(done.fun) for done in found) if all(done.status == 0 for done in found) else None


def _options(*, presolve: bool) -> dict[str, float]:
    return {"node_limit": NODES, "presolve": presolve}


def _needs(table: Table) -> list[tuple[Key, float, set[Key]]]:
    """Return which cell must be able to change by how much, and which cells must stay: those of an attacker."""
    # Whoever is alone in a published cell knows no more than everybody: which cells are published is not decided yet,
    # but an attacker of a published cell only keeps still what stands still anyway.
    told = []
    everything = {key for key in table.cells if key not in table.hidden}
    for who in attackers(table, everything):
        for key in table.protect:
            if key not in who.own:
                ends = who.protection(table, key)
                told += [(key, end - table.value(key), who.own) for end in ends if end != table.value(key)]
    return told


def _relations(
    table: Table, place: dict[Key, int], values: np.ndarray
) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    rows, low, high = [], [], []
    for s in table.sums:
        row = np.zeros(len(place))
        row[[place[part] for part in s.parts]] = 1
        row[place[s.whole]] = -1
        rows.append(row)
        low.append(-row @ values if s.overlapping else 0.0)
        high.append(np.inf if s.overlapping else 0.0)
        for part in s.parts if s.overlapping else ():
            row = np.zeros(len(place))
            row[place[s.whole]], row[place[part]] = 1, -1
            rows.append(row)
            low.append(-row @ values)
            high.append(np.inf)
    return sparse.csr_array(np.array(rows)), np.array(low), np.array(high)
