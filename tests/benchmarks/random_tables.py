"""Random tables as they are published: of one to three dimensions, with margins, hierarchies, linked, and what else.

A cell is a tuple of labels, a table a dict; nothing here knows of the package. `(all)` is the margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np

ALL = "(all)"
Key = tuple[str, ...]


@dataclass
class Sum:
    """`whole` is the sum of `parts`; where `overlapping`, at least the largest and at most the sum."""

    whole: Key
    parts: list[Key]
    overlapping: bool = False


@dataclass
class Known:
    """`low <= sum of factors x values <= high` was published before."""

    factors: dict[Key, float]
    low: float
    high: float


@dataclass
class Table:
    """A table with what must not leave.

    Attributes
    ----------
    contributions : each household's amount, per cell, largest first.
    protect : cell -> (low, high) that must stay possible.
    """

    kind: str
    counts: bool
    contributions: dict[Key, list[float]]
    sums: list[Sum]
    hidden: set[Key] = field(default_factory=set)
    step: int = 0
    known: list[Known] = field(default_factory=list)
    households: dict[Key, set[int]] = field(default_factory=dict)
    protect: dict[Key, tuple[float, float]] = field(default_factory=dict)

    @property
    def cells(self) -> list[Key]:
        return list(self.contributions)

    def value(self, key: Key) -> float:
        if self.counts:
            return float(len(self.households[key]) if self.households else len(self.contributions[key]))
        return float(sum(self.contributions[key]))

    def people(self, key: Key) -> int:
        return len(self.households[key]) if self.households else len(self.contributions[key])


def random_table(number: int) -> Table:
    """Return table `number`; the same number is the same table."""
    rng = np.random.default_rng([6, number])
    make = MAKERS[int(rng.integers(len(MAKERS)))]
    counts = make is _overlap or bool(rng.random() < 0.6)
    table = make(rng, counts)
    if make is not _overlap and rng.random() < 0.15:
        table.step = int(rng.choice([2, 5] if counts else [10, 100]))
    if rng.random() < 0.15 and table.kind != "overlapping":
        table.known += [known for _ in range(int(rng.integers(1, 4))) for known in _earlier(rng, table)]
    _mark(rng, table)
    if table.hidden and rng.random() < 0.5:
        _protect_hidden(table)
    return table


def square(rng: np.random.Generator, rows: int, columns: int, small: float, *, counts: bool = True) -> Table:
    """Return a table with margins of which a share of cells is below the floor of 10, or of one to three households."""
    inner = {}
    for key in product((f"r{r}" for r in range(rows)), (f"c{c}" for c in range(columns))):
        few = rng.random() < small
        if counts:
            inner[key] = [1.0] * int(rng.integers(1, 10) if few else rng.integers(10, 500))
        else:
            homes = int(rng.integers(1, 4) if few else rng.integers(10, 60))
            inner[key] = sorted((np.round(rng.lognormal(3, 0.8, homes), 1) + 1).tolist(), reverse=True)
    table = _summed("2 dimensions", counts, inner, [_flat(rows, "r"), _flat(columns, "c")])
    if counts:
        _protect_counts(table, 10)
    else:
        _protect_totals(table, 0.1)
    return table


def _flat(size: int, letter: str) -> dict[str, list[str]]:
    return {ALL: [f"{letter}{i}" for i in range(size)]}


def _tree(rng: np.random.Generator, letter: str) -> dict[str, list[str]]:
    """Return a hierarchy of two levels under the margin; a group may have a single member."""
    groups = [f"{letter}g{i}" for i in range(int(rng.integers(2, 4)))]
    tree = {ALL: groups}
    for g in groups:
        tree[g] = [f"{g}.{i}" for i in range(int(rng.integers(1, 4)))]
    return tree


def _leaves(tree: dict[str, list[str]], node: str = ALL) -> list[str]:
    return [leaf for child in tree[node] for leaf in _leaves(tree, child)] if node in tree else [node]


def _fill(rng: np.random.Generator, keys: Iterator[Key], counts: bool) -> dict[Key, list[float]]:
    zero, one, few = rng.choice([0.0, 0.1, 0.3]), rng.choice([0.03, 0.1, 0.2]), rng.choice([0.1, 0.3])
    large = int(rng.choice([20, 100, 1000]))
    inner = {}
    for key in keys:
        drawn = rng.random()
        size = (
            0
            if drawn < zero
            else 1
            if drawn < zero + one
            else int(rng.integers(2, 8 if drawn < zero + one + few else large))
        )
        if counts:
            inner[key] = [1.0] * size
        else:
            amounts = np.round(rng.lognormal(3, rng.choice([0.5, 1.5]), min(size, 40)), int(rng.integers(0, 3)))
            inner[key] = sorted((amounts + 1).tolist(), reverse=True)
    return inner


def _summed(kind: str, counts: bool, inner: dict[Key, list[float]], trees: list[dict[str, list[str]]]) -> Table:
    """Return all margins of a table over hierarchies."""
    cells = dict(inner)
    sums = []
    under = [{node: _leaves(tree, node) for node in [*tree, *_leaves(tree)]} for tree in trees]
    for key in product(*under):
        if key not in cells:
            parts = product(*(u[k] for u, k in zip(under, key, strict=True)))
            cells[key] = sorted((x for part in parts for x in inner[part]), reverse=True)
        for place, tree in enumerate(trees):
            if key[place] in tree:
                sums.append(Sum(key, [(*key[:place], child, *key[place + 1 :]) for child in tree[key[place]]]))
    return Table(kind, counts, cells, sums)


def _over(rng: np.random.Generator, kind: str, counts: bool, trees: list[dict[str, list[str]]]) -> Table:
    return _summed(kind, counts, _fill(rng, product(*map(_leaves, trees)), counts), trees)


def _flat_1(rng: np.random.Generator, counts: bool) -> Table:
    return _over(rng, "1 dimension", counts, [_flat(int(rng.integers(1, 13)), "a")])


def _tree_1(rng: np.random.Generator, counts: bool) -> Table:
    return _over(rng, "1 dimension, hierarchy", counts, [_tree(rng, "a")])


def _flat_2(rng: np.random.Generator, counts: bool) -> Table:
    return _over(
        rng, "2 dimensions", counts, [_flat(int(rng.integers(2, 7)), "a"), _flat(int(rng.integers(2, 8)), "b")]
    )


def _tree_2(rng: np.random.Generator, counts: bool) -> Table:
    return _over(rng, "2 dimensions, hierarchy", counts, [_flat(int(rng.integers(2, 5)), "a"), _tree(rng, "b")])


def _flat_3(rng: np.random.Generator, counts: bool) -> Table:
    sizes = rng.integers(2, 5, 3)
    return _over(rng, "3 dimensions", counts, [_flat(int(s), letter) for s, letter in zip(sizes, "abc", strict=True)])


def _linked(rng: np.random.Generator, counts: bool) -> Table:
    """Return the tables A x B and A x C over one population, of which the margin A is the same."""
    whole = _over(rng, "", counts, [_flat(int(s), x) for s, x in zip(rng.integers(2, 5, 3), "abc", strict=True)])
    return _only(whole, "linked pair", lambda key: key[1] == ALL or key[2] == ALL)


def _cycle(rng: np.random.Generator, counts: bool) -> Table:
    """Return A x B, B x C and A x C, with the finest cells behind them hidden."""
    whole = _over(rng, "", counts, [_flat(int(s), x) for s, x in zip(rng.integers(2, 4, 3), "abc", strict=True)])
    whole.kind = "linked in a circle"
    whole.hidden = {key for key in whole.cells if ALL not in key}
    return whole


def _only(table: Table, kind: str, shown: Callable[[Key], bool]) -> Table:
    cells = {key: amounts for key, amounts in table.contributions.items() if shown(key)}
    sums = [s for s in table.sums if all(key in cells for key in [s.whole, *s.parts])]
    return Table(kind, table.counts, cells, sums)


def _overlap(rng: np.random.Generator, counts: bool) -> Table:
    """Return households that may be in several rows, perhaps in the first column only, perhaps in several columns."""
    rows, columns = int(rng.integers(2, 5)), int(rng.integers(1, 5))
    inside: dict[Key, set[int]] = {(f"a{r}", f"b{c}"): set() for r in range(rows) for c in range(columns)}
    often, both, first = float(rng.choice([0.05, 0.3, 0.7])), bool(rng.random() < 0.5), bool(rng.random() < 0.4)
    for household in range(int(rng.integers(5, 200))):
        column = int(rng.integers(columns))
        several = rng.random() < often and (column == 0 or not first)
        for r in np.unique(rng.integers(0, rows, 2 if several else 1)):
            inside[f"a{r}", f"b{column}"].add(household)
            if both and not (several and first) and rng.random() < 0.3:
                inside[f"a{r}", f"b{rng.integers(columns)}"].add(household)
    return _distinct(inside, [_flat(rows, "a"), _flat(columns, "b")])


def _distinct(inside: dict[Key, set[int]], trees: list[dict[str, list[str]]]) -> Table:
    """Return all margins of distinct households; a margin is a sum where nobody is in several of its parts."""
    table = _summed("overlapping", True, {key: [] for key in inside}, trees)
    leaves = [{node: _leaves(tree, node) for node in [*tree, *_leaves(tree)]} for tree in trees]
    who = table.households
    for key in table.cells:
        under = product(*(u[k] for u, k in zip(leaves, key, strict=True)))
        who[key] = set().union(*(inside[leaf] for leaf in under))
    for s in table.sums:
        s.overlapping = sum(len(who[part]) for part in s.parts) > len(who[s.whole])
    table.contributions = {key: [1.0] * len(who[key]) for key in table.cells}
    return table


def _earlier(rng: np.random.Generator, table: Table) -> list[Known]:
    """Return what was told before: a sum or difference of two or three cells, or the share of one in another."""
    names = table.cells
    chosen = rng.choice(len(names), min(len(names), int(rng.integers(2, 4))), replace=False)
    cells = [names[int(i)] for i in chosen]
    if rng.random() < 0.3 and len(cells) > 1 and 0 < table.value(cells[0]) <= table.value(cells[1]):
        return _share(cells[0], cells[1], table)
    factors = {key: float(rng.choice([1, -1])) for key in cells}
    told = sum(f * table.value(key) for key, f in factors.items())
    width = float(rng.choice([5, 25, 100]))
    return [Known(factors, told - width * rng.random() - width / 8, told + width * rng.random() + width / 8)]


def _share(part: Key, whole: Key, table: Table) -> list[Known]:
    """Return a share in whole percent, as two statements: at least half a percent less, and at most half a one more."""
    percent = np.floor(table.value(part) / table.value(whole) * 100 + 0.5)
    low = {part: 1.0, whole: -(percent - 0.5) / 100}
    high = {part: 1.0, whole: -(percent + 0.5) / 100}
    return [Known(low, 0.0, np.inf), Known(high, -np.inf, 0.0)]


def _mark(rng: np.random.Generator, table: Table) -> None:
    if table.counts:
        _protect_counts(table, int(rng.choice([3, 5, 10])))
        return
    _protect_totals(table, float(rng.choice([0.1, 0.2])))


def _protect_totals(table: Table, p: float) -> None:
    """Protect by the p-ratio: what is neither the first nor the second must be as much as a part p of the first."""
    for key, amounts in table.contributions.items():
        if amounts and key not in table.hidden:
            first, second, value = amounts[0], [*amounts, 0.0][1], table.value(key)
            need = p * first - (value - first - second)
            if need > 0:
                table.protect[key] = (max(value - need, 0.0), value + need)


def _protect_hidden(table: Table) -> None:
    """Protect small cells that nobody asked for from being computed: a count by one, a total by a hundredth."""
    for key in sorted(table.hidden):
        value = table.value(key)
        width = 1.0 if table.counts else value / 100
        if 0 < table.people(key) < 5:
            table.protect[key] = (max(value - width, 0.0), value + width)


def _protect_counts(table: Table, floor: int) -> None:
    for key in table.cells:
        value = int(table.value(key))
        if 1 <= value < floor and key not in table.hidden:
            table.protect[key] = (value // 2, floor)


MAKERS: list[Callable[[np.random.Generator, bool], Table]] = [
    *(_flat_1, _tree_1, _cycle, _overlap),
    *[_flat_2] * 3,
    *[_tree_2, _flat_3, _linked] * 2,
]
