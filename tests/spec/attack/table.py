"""Reads a spec of bounds: a table with its totals, what is withheld in it, and what an attacker must find."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Relations

CELL = re.compile(r"(\d+)(?:\*(\d+)\.\.(\d*))?$")


@dataclass(frozen=True)
class Spec:
    """One table; cells are numbered row by row, totals included."""

    says: str
    shape: tuple[int, int]
    values: tuple[int, ...]
    bounds: dict[int, tuple[float, float]]
    insider: int | None
    step: int

    @property
    def sums(self) -> list[tuple[int, list[int]]]:
        """The total and the parts of each row and column."""
        rows, columns = self.shape
        place = np.arange(rows * columns).reshape(self.shape)
        lines = [*place, *place.T] if rows > 1 and columns > 1 else [place.ravel()]
        return [(int(line[-1]), line[:-1].tolist()) for line in lines]

    def cells(self) -> Cells:
        """Return the table as the package takes it."""
        count = len(self.values)
        no = np.zeros(count, dtype=bool)
        values = np.array(self.values, dtype=float)
        return Cells(
            values=values,
            relations=Relations.sums(count, self.sums),
            primary=no,
            low=values,
            high=values,
            hidden=no,
            required=no,
            integer=True,
            contributors=values.astype(np.int64),
            weight=np.ones(count),
            steps=np.full(count, float(self.step)),
        )

    def withheld(self) -> np.ndarray:
        """Return which cells are withheld."""
        return np.isin(np.arange(len(self.values)), list(self.bounds))


def read_specs(path: Path) -> list[Spec]:
    """Return the specs of a file."""
    text = path.read_text()
    return [_spec(part) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


def _spec(text: str) -> Spec:
    says, *lines = [line.strip() for line in text.splitlines() if line.strip()]
    rows = [[CELL.match(cell.strip()).groups() for cell in line.split("|")] for line in lines if "|" in line]
    options = dict(line.split() for line in lines if "|" not in line)
    cells = [cell for row in rows for cell in row]
    insider = None
    if "knows" in options:
        row, column = map(int, options["knows"].split(","))
        insider = (row - 1) * len(rows[0]) + column - 1
    return Spec(
        says,
        (len(rows), len(rows[0])),
        tuple(int(value) for value, _, _ in cells),
        {i: (float(low), float(high or "inf")) for i, (_, low, high) in enumerate(cells) if low},
        insider,
        int(options.get("step", 0)),
    )
