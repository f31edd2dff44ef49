"""A table that leaves with noise instead of exactly: its finest cells, and what asking for them costs.

**Which cells are listed comes from the noise as well.** That a label exists may be about one household, and the word
"withheld" beside it would tell as much as a number. So what the policy closed is taken out first, whatever its size:
the answer is the same as if it had never been in the data. The finest cells that are left leave above a threshold
(`noise.noisy_keys`) and from the floor on. Listed are the labels of those cells, and of their combinations those that
do not leave are withheld: closed, of few, or of nobody, which nothing in the answer tells apart.

There are no margins. Whoever wants one adds the cells up; an own number for it would give away what is withheld.

The noise cannot be seeded (see `noise`): the same table has another answer every time, and each costs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Final

import numpy as np

from analyzer.disclosure.budget import Amount, exact
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.memberships import flat
from analyzer.disclosure.noise import bounded, half_width, noisy_keys, noisy_totals
from analyzer.disclosure.release import Draft
from analyzer.disclosure.released import CellStatus, ReleasedCell, withheld_cell
from analyzer.disclosure.table import Key, Table
from analyzer.disclosure.telling import number_text, rounded
from analyzer.disclosure.told import Statistic
from analyzer.errors import InputError
from analyzer.grouping.arrays import Bools, Floats, Ints

NOTHING_LEFT: Final = (
    "With this noise no cell that may be spoken of has enough households to leave; the answer is charged all the same."
)


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How much noise, and for how much of a household it has to suffice.

    Attributes
    ----------
    epsilon : str, int, Decimal or Fraction
        What the answer costs; see `budget.exact`. Totals spend one half on which cells leave, the other on their sums.
    delta : float
        The chance that the label of one household leaves all the same.
    most : int
        Finest cells that one household counts in; what it has in others is left out.
    cap : float, optional
        The most that one household adds to a cell, in the unit of the measure. Needed for totals; chosen without
        looking at the data.
    step : float
        Numbers are rounded to multiples of it, which costs nothing.
    """

    epsilon: Amount
    delta: float = 1e-9
    most: int = 1
    cap: float | None = None
    step: float = 1.0

    def __post_init__(self) -> None:
        exact(self.epsilon)
        if not (self.step > 0 and math.isfinite(self.step)):
            raise InputError(f"Numbers cannot be rounded to multiples of {self.step}.", "Give a step above 0.")
        if self.cap is not None and not (self.cap > 0 and math.isfinite(self.cap)):
            raise InputError(f"A household cannot add {self.cap} at most.", "Give a cap above 0.")


@dataclass(frozen=True)
class Noised:
    """What leaves of a table with noise. Everything here but the cells follows from what was asked for.

    Attributes
    ----------
    cells : tuple of ReleasedCell
        Finest cells in the order of the table; none where nothing leaves.
    charge : Fraction
        The epsilon that was asked for; OpenDP's privacy map never says more. Due also where nothing leaves.
    delta : float
        As asked for.
    scale : float
        Of the noise of a number, in its unit.
    half_width : float
        In 19 of 20 cases noise and rounding together change a number by at most this. To be printed beside the
        numbers.
    least : int
        Noisy households from which on a cell leaves.
    refusals : tuple of str
        Why nothing leaves; empty where something does.
    """

    cells: tuple[ReleasedCell, ...]
    charge: Fraction
    delta: float
    scale: float
    half_width: float
    least: int
    refusals: tuple[str, ...] = ()


def noised(draft: Draft, noise: Noise, limits: Limits, key: bytes) -> Noised:
    """Return the finest cells of a table with noise.

    Before the noise everything is deterministic and no order of rows changes it; the noise is new every time. Charge
    the budget first: once this was called, the answer is spent, whatever becomes of it.

    Parameters
    ----------
    draft : Draft
        Its findings close cells at any size; a closed margin closes the finest cells below it. They must follow from
        labels and rulebook, not from the households of this table. Totals below its `least` are withheld; its `steps`
        do not apply.
    noise : Noise
    limits : Limits
        Of the purpose; of them the floor applies to noisy households.
    key : bytes
        The ledger's; decides in which of its cells a household counts.

    Raises
    ------
    AnalyzerError
        Without OpenDP.
    InputError
        For a share or a mean, a total without a cap, households with a step that is no whole number, no finest cell
        that is asked for, or amounts out of range. None of these depends on the households.
    """
    table = draft.table
    _check(draft, noise)
    charge = exact(noise.epsilon)
    share = charge if table.counts else charge / 2
    names = {cell: json.dumps(table.keys[cell]) for cell in np.flatnonzero(table.leaf).tolist()}
    cell, amount = _counted(draft, noise, names, key)
    households = np.bincount(cell, minlength=len(table)).tolist()
    keys = noisy_keys({name: households[c] for c, name in names.items()}, share, noise.delta, noise.most)
    numbers: dict[int, float] = {c: n for c, name in names.items() if (n := keys.counts.get(name, 0)) >= limits.floor}
    scale, unsure = keys.scale, half_width(keys.scale) + noise.step // 2
    if noise.cap is not None and not table.counts:
        numbers, scale, unsure = _totals(cell, amount, list(numbers), share, noise, noise.cap)
    cells = _listed(table, {c: told for c, n in numbers.items() if (told := max(n, 0.0)) >= draft.least}, noise.step)
    least = max(keys.threshold + 1, limits.floor)
    return Noised(cells, charge, noise.delta, scale, unsure, least, () if cells else (NOTHING_LEFT,))


def _check(draft: Draft, noise: Noise) -> None:
    if draft.definition.statistic not in (Statistic.HOUSEHOLDS, Statistic.TOTAL):
        raise InputError(
            f"A {draft.definition.statistic.value} is not told with noise.",
            "Ask for households or totals, and compute it from their noisy numbers.",
        )
    if draft.asked is not None and not draft.asked[draft.table.leaf].any():
        raise InputError(
            "Only sums of finest cells are asked for; with noise they are added up by whoever reads.",
            "Ask for each table by itself, with its finest cells.",
        )
    if not draft.table.counts and noise.cap is None:
        raise InputError(
            "A total with noise needs the most that one household may add.",
            "Give a cap, chosen without looking at the data.",
        )
    if draft.table.counts and noise.step != round(noise.step):
        raise InputError(f"Households cannot be rounded to multiples of {noise.step}.", "Give a whole step.")


def _counted(draft: Draft, noise: Noise, names: Mapping[int, str], key: bytes) -> tuple[Ints, Floats]:
    """Return (cell, amount) of each household in open cells, at most `most` a household.

    What is closed goes first, so that nobody counts less in an open cell because they are in a closed one.
    """
    cell = flat(draft.table.dimensions, draft.whose.leaves)
    rows = np.flatnonzero(_open(draft)[cell])
    household = draft.whose.names.to_numpy()[draft.whose.household[rows]]
    rows = rows[bounded(cell[rows], household, names, noise.most, key)]
    return cell[rows], draft.whose.amount[rows]


def _open(draft: Draft) -> Bools:
    """Return which cells are asked for, and neither closed nor below a closed one: those below it add up to it."""
    closed = np.zeros(len(draft.table), dtype=np.bool_)
    closed[[finding.cell for finding in draft.findings]] = True
    grid = closed.reshape([len(d.labels) for d in draft.table.dimensions])
    for axis, dimension in enumerate(draft.table.dimensions):
        slices = np.moveaxis(grid, axis, 0)
        for label in reversed(range(len(dimension.labels) - 1)):  # children stand before their parents
            slices[label] |= slices[dimension.parent[label]]
    return ~closed if draft.asked is None else ~closed & draft.asked


def _totals(
    cell: Ints, amount: Floats, open_cells: Sequence[int], epsilon: Fraction, noise: Noise, cap: float
) -> tuple[dict[int, float], float, float]:
    """Return totals of some cells, the scale of their noise, and their half width."""
    place = np.full(max(open_cells, default=0) + 1, -1)
    place[open_cells] = np.arange(len(open_cells))
    there = np.flatnonzero(np.isin(cell, open_cells))
    told = noisy_totals(place[cell[there]], amount[there], len(open_cells), epsilon, cap=cap, most=noise.most)
    numbers = dict(zip(open_cells, told.values.tolist(), strict=True))
    return numbers, told.scale, told.half_width + noise.step / 2


def _listed(table: Table, numbers: Mapping[int, float], step: float) -> tuple[ReleasedCell, ...]:
    """Return what leaves, and as withheld what lies between: it follows from what leaves and tells nothing more."""
    told = {table.keys[cell]: value for cell, value in numbers.items()}
    labels = [
        [label for label in dimension.labels if label in seen]
        for dimension, seen in zip(table.dimensions, map(set, zip(*told, strict=True)), strict=bool(told))
    ]
    return tuple(_cell(key, told.get(key), step) for key in product(*labels)) if told else ()


def _cell(key: Key, value: float | None, step: float) -> ReleasedCell:
    if value is None:
        return withheld_cell(key)
    number = rounded(value, step)
    return ReleasedCell(key, CellStatus.NOISED, number, number_text(number))
