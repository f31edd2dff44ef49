"""Doors that a sequence of questions goes through: the package's, and a plain one with floors, margins and no audit.

What is true is worked out here once more: which households are behind each cell, and with how much.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from changing_population import Asked

from analyzer.disclosure.differencing import cells_to_withhold, compare
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.released import CellStatus, Withheld
from analyzer.disclosure.sketch import sketch_groups, whole_steps
from analyzer.disclosure.told import Definition, Earlier, Statistic, Told
from analyzer.ledger.store import memory_ledger
from analyzer.workflow.release import release_table

Labels = tuple[str, ...]
LIMITS = Limits()
KEY = b"a key of a benchmark, 32 bytes at least"
EVERYBODY = "everybody"
OWN_COLUMNS = {"age": [], "region": [], "device": [], EVERYBODY: []}


@dataclass
class Answer:
    """What a door said: the labels of the cells that left, and how many cells there were with anybody in them."""

    left: list[Labels]
    cells: int


Door = Callable[[Asked], Answer]  # one for each sequence; it remembers what it let out


@dataclass(frozen=True, eq=False)
class Tabulated:
    """All cells and margins with anybody in them, and what each household has there."""

    labels: list[Labels]
    names: np.ndarray  # of the households
    amount: np.ndarray  # minutes, or 1; shape (cells, households)
    row: np.ndarray  # (cell, row of the frame) pairs, shape (pairs, 2)

    def sums(self) -> list[tuple[int, list[int]]]:
        """Return each margin with its parts, once a dimension."""
        number = {label: cell for cell, label in enumerate(self.labels)}
        found: dict[tuple[int, int], list[int]] = {}
        for label, cell in number.items():
            for axis, part in enumerate(label):
                if part != ALL:
                    whole = number[(*label[:axis], ALL, *label[axis + 1 :])]
                    found.setdefault((whole, axis), []).append(cell)
        return [(whole, parts) for (whole, _), parts in found.items()]


def tabulated(asked: Asked) -> Tabulated:
    """Return the cells of a question; without dimensions there is one."""
    frame = asked.frame
    names, home = np.unique(frame["household"].to_numpy(str), return_inverse=True)
    columns = [frame[name].to_numpy(str) for name in asked.question.by]
    labels, amounts, pairs = [], [], []
    for label in itertools.product(*([*np.unique(column).tolist(), ALL] for column in columns)):
        inside = np.ones(len(frame), dtype=bool)
        for column, part in zip(columns, label, strict=True):
            if part != ALL:
                inside &= column == part
        if inside.any():
            given = frame["minutes"].to_numpy()[inside] if asked.question.hours else None
            amount = np.bincount(home[inside], given, minlength=len(names))
            amounts.append(amount if asked.question.hours else np.minimum(amount, 1.0))
            pairs.append(np.column_stack([np.full(inside.sum(), len(labels)), np.flatnonzero(inside)]))
            labels.append(label)
    return Tabulated(labels, names, np.array(amounts), np.concatenate(pairs))


class PackageDoor:
    """`release_table` with a ledger in memory."""

    def __init__(self) -> None:
        self.ledger = memory_ledger()

    def __call__(self, asked: Asked) -> Answer:
        if asked.frame.empty:
            return Answer([], 0)
        question, table = asked.question, tabulated(asked)
        frame: pd.DataFrame = asked.frame if question.by else asked.frame.assign(**{EVERYBODY: "yes"})
        release = release_table(
            frame,
            question.by or (EVERYBODY,),
            "minutes" if question.hours else "households",
            purpose="press" if question.public else "internal research",
            source="a population that changes",
            window=question.window,
            ledger=self.ledger,
            household="household",
            built_on=OWN_COLUMNS,
        )
        if isinstance(release, Withheld):
            return Answer([], len(table.labels))
        told = {c.labels if question.by else (): c for c in release.cells if c.status is not CellStatus.WITHHELD}
        place = {label: cell for cell, label in enumerate(table.labels)}
        left = [label for label in told if label in place]  # the others are empty
        for label in left:
            true = table.amount[place[label]].sum()
            if told[label].status is not CellStatus.RELEASED or abs(told[label].value - true) > 1e-6:
                raise ValueError(
                    f"{label} was told as {told[label]}, and is {true}: the attacker expects exact numbers"
                )
        return Answer(left, len(table.labels))


class PlainDoor:
    """Counts households or adds up minutes; withholds by floor, at margins and, if told to, what `compare` finds."""

    def __init__(self, check: bool) -> None:
        self.check = check
        self.history: list[Earlier] = []

    def releases(self, population: str) -> list[Earlier]:
        return self.history

    def __call__(self, asked: Asked) -> Answer:
        if asked.frame.empty:
            return Answer([], 0)
        table = tabulated(asked)
        limits = replace(LIMITS, readers=Readers.PUBLIC if asked.question.public else Readers.INTERNAL)
        refused = np.zeros(len(table.labels), dtype=bool)
        told = self.told(asked, table, limits.readers)
        while True:
            leaving = ~withheld(table, refused, limits.floor)
            found = compare(told.keep(leaving), self, limits) if self.check else ()
            if not found:
                break
            refused[np.flatnonzero(leaving)[cells_to_withhold(found, int(leaving.sum()))]] = True
        self.history.append(Earlier(len(self.history) + 1, "2026-01-01", told.keep(leaving)))
        return Answer([table.labels[cell] for cell in np.flatnonzero(leaving)], len(table.labels))

    def told(self, asked: Asked, table: Tabulated, readers: Readers) -> Told:
        cell, row = table.row.T
        question, frame = asked.question, asked.frame
        minutes = whole_steps(frame["minutes"].to_numpy()[row]) if question.hours else None
        sketches = sketch_groups(cell, frame["household"].to_numpy()[row], len(table.labels), KEY, minutes)
        statistic = Statistic.TOTAL if question.hours else Statistic.HOUSEHOLDS
        definition = Definition("everybody", question.by, question.window, "minutes", statistic)
        return Told(definition, readers, tuple(table.labels), ("",) * len(table.labels), sketches)


def withheld(table: Tabulated, refused: np.ndarray, floor: int) -> np.ndarray:
    """Return small and refused cells, and more until no margin gives a single one or few households away.

    Quick and plain: chains over several margins are left to the check.
    """
    count = (table.amount > 0).sum(axis=1)
    away = (count < floor) | refused
    sums = table.sums()
    while True:
        before = int(away.sum())
        for whole, parts in sums:
            hidden = [part for part in parts if away[part]]
            if hidden and not away[whole] and (len(hidden) < 2 or count[hidden].sum() < floor):
                shown = [part for part in parts if not away[part]]
                away[min(shown, key=lambda cell: count[cell]) if shown else whole] = True
        if away.sum() == before:
            return away


DOORS: dict[str, Callable[[], Door]] = {
    "release_table": PackageDoor,
    "plain": lambda: PlainDoor(check=True),
    "floors": lambda: PlainDoor(check=False),
}
