"""An attacker of published tables who builds its own matrices from the sums of labels and knows nothing of the package.

It bounds a withheld cell with linear programs and, of counts, integer programs: as everybody, and as the only household
of each withheld cell, which also knows the totals in which it is alone and what it brought to others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from random_tables import ALL, Key, Sum, Table
from scipy import sparse
from scipy.optimize import LinearConstraint, milp

TOLERANCE = 1e-5
CENT = 0.01
"""A measure that is known to the cent is known."""


@dataclass
class Seen:
    """What somebody sees: ``rows[1] <= rows[0] @ x <= rows[2]`` and ``low <= x <= high``; and tables found possible."""

    place: dict[Key, int]
    rows: tuple[sparse.csc_array, np.ndarray, np.ndarray]
    low: np.ndarray
    high: np.ndarray
    counts: bool
    tables: list[np.ndarray]

    def furthest(self, key: Key, sign: int, own: dict[Key, float]) -> float:
        """Return the largest (sign 1) or smallest value of a cell for somebody who knows some others."""
        cost = np.zeros(len(self.place))
        cost[self.place[key]] = -sign
        low, high = self.low.copy(), self.high.copy()
        for known, value in own.items():
            low[self.place[known]] = high[self.place[known]] = value
        size = 1.0 if self.counts else max(1.0, float(low.max()))
        x = self._solved(cost, low / size, high / size, size, whole=False)
        if x is not None and self.counts and abs(x - np.rint(x)).max() > 1e-5:
            x = self._solved(cost, low, high, size, whole=True)
        if x is None:
            return sign * np.inf
        x = np.rint(x) if self.counts else x * size
        self.tables.append(x)
        return float(x[self.place[key]])

    def _solved(
        self, cost: np.ndarray, low: np.ndarray, high: np.ndarray, size: float, whole: bool
    ) -> np.ndarray | None:
        """Return a table at the end, or None where there is no end."""
        matrix, least, most = self.rows
        rows = [LinearConstraint(matrix, least / size, most / size)] if matrix.shape[0] else []
        for presolve in (True, False):
            options = {"presolve": presolve, "mip_rel_gap": 0.0}
            done = milp(cost, integrality=int(whole), bounds=(low, high), constraints=rows, options=options)
            if done.status in (0, 3):
                return done.x
        raise RuntimeError(f"the attacker's program has no answer: {done.message}")


def seen_of(table: Table, withheld: set[Key]) -> Seen:
    """Return what somebody sees of a table."""
    place = {key: i for i, key in enumerate(table.cells)}
    told: list[tuple[dict[Key, float], float, float]] = []
    for s in table.sums:
        told.append(({s.whole: -1.0} | dict.fromkeys(s.parts, 1.0), 0.0, np.inf if s.overlapping else 0.0))
        told += [({s.whole: 1.0, part: -1.0}, 0.0, np.inf) for part in s.parts if s.overlapping]
    told += [(k.factors, k.low, k.high) for k in table.known]
    told += [(_extra(outer, 1.0) | _extra(inner, -1.0), 0.0, np.inf) for inner, outer in _nested(table)]
    matrix = np.zeros((len(told), len(place)))
    for row, (factors, _, _) in zip(matrix, told, strict=True):
        for key, factor in factors.items():
            row[place[key]] = factor
    low, high = np.zeros(len(place)), np.full(len(place), np.inf)
    for key, i in place.items():
        if key not in withheld and key not in table.hidden:
            value = table.value(key)
            low[i], high[i] = _alike(value, table.step, table.counts) if table.step else (value, value)
    rows = sparse.csc_array(matrix), np.array([row[1] for row in told]), np.array([row[2] for row in told])
    return Seen(place, rows, low, high, table.counts, [])


def _nested(table: Table) -> list[tuple[Sum, Sum]]:
    """Return pairs of sums of households in several parts, of which one is of the same labels with more beside them."""
    loose = [s for s in table.sums if s.overlapping]
    wholes = {s.whole: [t for t in loose if t.whole == s.whole] for s in loose}
    pairs = []
    for inner in loose:
        wider = [
            w for w in wholes if w != inner.whole and all(a in (ALL, b) for a, b in zip(w, inner.whole, strict=True))
        ]
        for outer in (t for w in wider for t in wholes[w] if len(t.parts) == len(inner.parts)):
            each = zip(outer.parts, inner.parts, strict=True)
            if all(all(a in (ALL, b) for a, b in zip(wide, narrow, strict=True)) for wide, narrow in each):
                pairs.append((inner, outer))
    return pairs


def _extra(s: Sum, sign: float) -> dict[Key, float]:
    """Return how many more the parts have than the whole."""
    return dict.fromkeys(s.parts, sign) | {s.whole: -sign}


def _alike(value: float, step: int, counts: bool) -> tuple[float, float]:
    """Return the least and the largest value that is rounded as this one is, halves up."""
    if not counts:
        told = np.floor(value / step + 0.5) * step
        return max(told - step / 2, 0.0), told + step / 2
    told = (2 * int(value) + step) // (2 * step)
    options = [v for v in range(int(value) + 2 * step) if (2 * v + step) // (2 * step) == told]
    return min(options), max(options)


@dataclass
class Attacker:
    """Cells that somebody knows exactly, and what this household brought to cells, as far as it is sure to be there."""

    own: set[Key]
    brought: dict[Key, float]

    def protection(self, table: Table, key: Key) -> tuple[float, float]:
        """Return what must stay possible: nobody can be made to doubt what they brought themselves."""
        low, high = table.protect[key]
        return max(low, self.brought.get(key, 0.0)), high


def attackers(table: Table, withheld: set[Key]) -> list[Attacker]:
    """Return everybody, who knows nothing, and the only household of each withheld cell.

    Where households are known, one that is alone in several cells is one attacker; else where one cell is a total of
    the other. Nobody is told that a hidden cell exists, nor that they are alone in it.
    """
    told = [Attacker(set(), {})]
    for key in sorted(withheld - table.hidden):
        if table.people(key) == 1 and not any(key in who.own for who in told):
            same = {k for k in table.cells if table.households and table.households[k] == table.households[key]}
            own = _known_to(table, {key} | (same - table.hidden))
            told.append(Attacker(own, _brought(table, own)))
    return told


def _known_to(table: Table, own: set[Key]) -> set[Key]:
    """Return what the only household of some cells knows: its totals of one household, and all their parts."""
    while True:
        more = set(own)
        for s in table.sums:
            if table.people(s.whole) == 1 and (s.whole in own or any(table.people(p) and p in own for p in s.parts)):
                more.update([s.whole, *s.parts])
        if more == own:
            return own
        own = more


def _brought(table: Table, own: set[Key]) -> dict[Key, float]:
    """Return what a household knows to be in cells, and in the totals of such cells, from itself."""
    brought = {key: table.value(key) for key in own}
    while True:
        more = dict(brought)
        for s in table.sums:
            parts = [brought.get(part, 0.0) for part in s.parts]
            more[s.whole] = max(more.get(s.whole, 0.0), max(parts) if s.overlapping else sum(parts))
        if more == brought:
            return {key: min(amount, table.value(key)) for key, amount in brought.items()}
        brought = more


@dataclass
class Judged:
    """What the attacker found in a table."""

    exact: int
    inside: int
    attacks: int


def judge(table: Table, withheld: set[Key]) -> Judged:
    """Attack every withheld cell of a table."""
    seen = seen_of(table, withheld)
    found = Judged(0, 0, 0)
    for who in attackers(table, withheld):
        values = {key: table.value(key) for key in who.own}
        for key in sorted(withheld - who.own):
            if key in table.protect or not who.own:
                low, high = who.protection(table, key) if key in table.protect else (table.value(key),) * 2
                slack = TOLERANCE * max(1.0, high - low)
                least, most = (_bound(seen, key, sign, end, values) for sign, end in ((-1, low), (1, high)))
                found.attacks += 1
                if low == high:
                    least, most = (seen.furthest(key, sign, values) for sign in (-1, 1))
                found.exact += most - least <= (0.5 if table.counts else CENT)
                found.inside += key in table.protect and (least > low + slack or most < high - slack)
    return found


def _bound(seen: Seen, key: Key, sign: int, end: float, own: dict[Key, float]) -> float:
    """Return how far a cell can go, or how far an earlier table of the attacker's takes it, if that is far enough."""
    for x in seen.tables:
        if sign * (x[seen.place[key]] - end) >= 0 and all(abs(x[seen.place[k]] - v) <= 1e-9 for k, v in own.items()):
            return float(x[seen.place[key]])
    return seen.furthest(key, sign, own)
