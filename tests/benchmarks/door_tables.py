"""Random frames of rows, what the door lets out of them, and what a naive reading of the rules asks for each cell.

The package is used for `tabulated` and `opened` alone. What is true, what is a sum of what and what must not leave is
worked out here once more, from sets of households and lists of amounts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd
from random_tables import ALL, Key, Sum, Table

from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.release import Draft, Opened, opened
from analyzer.disclosure.released import CellStatus
from analyzer.disclosure.table import tabulated
from analyzer.disclosure.told import Definition, Earlier, Statistic

SHARE, P = 0.90, 0.10
"""The two largest make up so much of a total; the third and smaller ones are less than so much of the largest."""
INTERNAL = Limits(readers=Readers.INTERNAL)


class NothingYet:
    """A ledger of which nothing has left."""

    def releases(self, population: str) -> list[Earlier]:
        return []


@dataclass
class Asked:
    """A request: rows, the columns to count by, and the rules that hold."""

    frame: pd.DataFrame
    by: list[str]
    groups: dict[str, dict[str, str]]
    counts: bool
    floor: int
    step: int

    def opened(self) -> Opened:
        """Return what the door lets out."""
        measure = None if self.counts else "hours"
        table, whose = tabulated(self.frame, self.by, "home", measure, self.groups)
        statistic = Statistic.HOUSEHOLDS if self.counts else Statistic.TOTAL
        definition = Definition("everybody", tuple(self.by), "December", measure or "households", statistic)
        limits = INTERNAL.with_floor(self.floor)
        return opened(Draft(table, whose, definition, steps=self.step), limits, NothingYet(), b"k" * 32)


def random_request(number: int) -> Asked:
    """Return request `number`: households with several rows and labels, some with most of the hours."""
    rng = np.random.default_rng([7, number])
    by = ["a", "b", "c"][: int(rng.choice([1, 2, 2, 2, 3]))]
    homes = int(rng.choice([40, 150, 400, 1_200]))
    rows = int(homes * rng.choice([1, 1.5, 3]))
    frame = pd.DataFrame({"home": rng.integers(0, homes, rows) if rng.random() < 0.8 else np.arange(rows)})
    groups: dict[str, dict[str, str]] = {}
    for name in by:
        labels = [f"{name}{i}" for i in range(int(rng.integers(2, 6 if len(by) < 3 else 4)))]
        likely = rng.dirichlet(np.full(len(labels), rng.choice([0.3, 1.0, 3.0])))
        frame[name] = rng.choice(labels, rows, p=likely)
        if rng.random() < 0.5:  # most households keep to one label
            at_home = pd.Series(rng.choice(labels, homes + rows, p=likely))
            keeps = rng.random(rows) < 0.9
            frame[name] = np.where(keeps, at_home[frame["home"]], frame[name])
        if rng.random() < 0.3:
            groups[name] = {label: f"{name}g{i % 2}" for i, label in enumerate([*labels, f"{name}9"])}
    if rng.random() < 0.4 and len(by) > 1:
        frame = _with_one_in_several_cells(rng, frame, by)
        rows = len(frame)
    frame["hours"] = np.round(rng.lognormal(1, rng.choice([0.5, 1.5]), rows), 1)
    frame.loc[rng.random(rows) < 0.03, by[0]] = None
    counts = bool(rng.random() < 0.6)
    step = int(rng.choice([0, 0, 0, 5] if counts else [0, 0, 0, 20]))
    return Asked(frame, by, groups, counts, int(rng.choice([3, 5, 10])), step)


def _with_one_in_several_cells(rng: np.random.Generator, frame: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Return the rows with a rare label, where one household is alone in some cells, and others in others."""
    kinds = sorted(frame[by[1]].unique())
    homes = (
        [-1] * int(rng.integers(2, 4)) + [-2] * int(rng.integers(1, 3)) + [-3 - i for i in range(int(rng.integers(12)))]
    )
    rare = frame.sample(len(homes), replace=True, random_state=int(rng.integers(1 << 30))).assign(home=homes)
    rare[by[0]] = f"{by[0]}9"
    rare[by[1]] = [kinds[min(i, len(kinds) - 1)] for i in range(len(homes))]
    return pd.concat([frame, rare], ignore_index=True)


def true_table(asked: Asked) -> Table:
    """Return every cell with its households and their amounts, the sums between them, and what must stay possible."""
    used = asked.frame.dropna(subset=asked.by)
    trees = [_tree(sorted(used[name].unique()), asked.groups.get(name, {})) for name in asked.by]
    amounts = _amounts(used, asked)
    cells = {key: sorted(amounts.get(key, {}).values(), reverse=True) for key in product(*map(_nodes, trees))}
    who = {key: set(amounts.get(key, {})) for key in cells}
    table = Table("door", asked.counts, cells, [], step=asked.step, households=who)
    for key, (axis, tree) in product(cells, enumerate(trees)):
        if key[axis] in tree:
            parts = [(*key[:axis], child, *key[axis + 1 :]) for child in tree[key[axis]]]
            several = asked.counts and sum(len(who[part]) for part in parts) > len(who[key])
            table.sums.append(Sum(key, parts, overlapping=several))
    for key in cells:
        ends = [*_by_floor(table, key, asked.floor), *_by_shares(table, key)]
        if ends:
            table.protect[key] = min(low for low, _ in ends), max(high for _, high in ends)
    return table


def released(result: Opened) -> set[Key]:
    """Return the cells that were published."""
    return {cell.labels for cell in result.cells if cell.status is not CellStatus.WITHHELD}


def _tree(labels: list[str], groups: dict[str, str]) -> dict[str, list[str]]:
    tree: dict[str, list[str]] = {}
    for label in labels:
        tree.setdefault(groups.get(label, ALL), []).append(label)
    return tree if ALL in tree else {ALL: list(tree)} | tree


def _nodes(tree: dict[str, list[str]]) -> list[str]:
    return list(dict.fromkeys([*tree, *(child for children in tree.values() for child in children)]))


def _amounts(used: pd.DataFrame, asked: Asked) -> dict[Key, dict[int, float]]:
    """Return each household's hours in each cell; in margins, too."""
    amounts: dict[Key, dict[int, float]] = {}
    for row in used.to_dict("records"):
        above = [_above(row[name], asked.groups.get(name, {})) for name in asked.by]
        for key in product(*above):
            mine = amounts.setdefault(key, {})
            mine[row["home"]] = mine.get(row["home"], 0.0) + row["hours"]
    return amounts


def _above(label: str, groups: dict[str, str]) -> list[str]:
    return [label, *([groups[label]] if label in groups else []), ALL]


def _by_floor(table: Table, key: Key, floor: int) -> Iterator[tuple[float, float]]:
    """Of fewer households than the floor any number from half of it to the floor; of their total as many parts."""
    people, value = table.people(key), table.value(key)
    if 0 < people < floor:
        yield (value // 2, float(floor)) if table.counts else (value / 2, value * floor / people)


def _by_shares(table: Table, key: Key) -> Iterator[tuple[float, float]]:
    """Of a total that one or two households make up, as much as the rules of dominance lack."""
    value, (first, second, *_) = table.value(key), [*table.contributions[key], 0.0, 0.0]
    if not table.counts and value > 0:
        for lacking in ((first + second) / SHARE - value, P * first - (value - first - second)):
            if lacking > 1e-9 * value:
                yield max(value - lacking, 0.0), value + lacking
