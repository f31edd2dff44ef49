"""The only door: a table comes with what the policy closed, and leaves cell by cell, or not at all.

In order: what each check finds in the table alone, what is withheld so that nobody can compute it, what would tell of
few households together with an earlier release; and again from the start for what that closed. Then numbers are
rounded as their purpose asks. Nothing here writes: whoever records a release compares it once more while doing so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.disclosure.checks import DEFINITIONS, Check, Finding, below, check, protection
from analyzer.disclosure.differencing import cells_to_withhold, compare
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.gathered import rows_of
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.memberships import Memberships
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Observation
from analyzer.disclosure.released import WITHHELD_TEXT, CellStatus, ReleasedCell
from analyzer.disclosure.rounding import half_up
from analyzer.disclosure.sketch import Sketches, joined, sketch_groups
from analyzer.disclosure.suppression import suppress
from analyzer.disclosure.table import Table
from analyzer.disclosure.told import Definition, ReleaseHistory, Told
from analyzer.grouping.arrays import Bools

_ROUNDS: Final = 12
"""Comparisons with earlier releases after which the whole table is withheld; each closes at least one more cell."""


@dataclass(frozen=True, eq=False)
class Draft:
    """A table that asks to leave.

    Attributes
    ----------
    table : Table
    whose : Memberships
        For the comparison with earlier releases; not kept.
    definition : Definition
        Of households or totals.
    findings : tuple of Finding
        What the policy closed.
    least : float
        Least total that leaves, such as 50,000 hours of a title; 0 where any may.
    """

    table: Table
    whose: Memberships
    definition: Definition
    findings: tuple[Finding, ...] = ()
    least: float = 0.0


@dataclass(frozen=True, eq=False)
class Opened:
    """What may leave of a draft.

    Attributes
    ----------
    cells : tuple of ReleasedCell
        In the order of the table; none where nothing may leave.
    told : Told
        The same for the ledger.
    findings : tuple of Finding
        Why cells are withheld; for people inside.
    refusals : tuple of str
        Why nothing may leave; empty where something may.
    """

    cells: tuple[ReleasedCell, ...]
    told: Told | None
    findings: tuple[Finding, ...]
    refusals: tuple[str, ...] = ()


def opened(draft: Draft, limits: Limits, history: ReleaseHistory, key: bytes, steps: float = 0.0) -> Opened:
    """Return what may leave of a table.

    Parameters
    ----------
    draft : Draft
    limits : Limits
        Of the purpose.
    history : ReleaseHistory
        Every earlier release over the population.
    key : bytes
        The ledger's, for sketches.
    steps : float
        Published numbers are rounded to multiples of this; 0 is exact.
    """
    table = draft.table
    findings = (*check(table, limits), *draft.findings, *below(table, draft.least))
    sketches = sketched(draft, key)
    known = _known(sketches, history, draft.definition)
    for _ in range(_ROUNDS):
        plan = suppress(_cells(table, findings, known, steps))
        if not plan.safe:
            return _refused(findings, "What must be published, or has left before, would give withheld cells away.")
        shown = ~plan.withheld
        if not table.households[shown].any():
            return _refused(findings, "Every cell that says anything would have to be withheld.")
        told = _told(draft, limits, sketches, shown, steps)
        differences = compare(told, history, limits)
        if not differences:
            return Opened(_released(table, shown, steps), told, findings)
        places = np.flatnonzero(shown)[cells_to_withhold(differences, int(shown.sum()))]
        words = differences[0].sentence
        findings = (*findings, *_closed(table, places.tolist(), words, limits))
    return _refused(findings, "Together with earlier releases too many of its cells tell of few households.")


def sketched(draft: Draft, key: bytes) -> Sketches:
    """Return a sketch of each cell's households, for totals of each household with its sum."""
    count = len(draft.table)
    parts = [
        sketch_groups(cell, draft.whose.names.to_numpy()[home], count, key, None if draft.table.counts else total)
        for cell, home, total in draft.whose.levels(draft.table.dimensions)
    ]
    return (
        Sketches(
            np.sum([part.households for part in parts], axis=0, dtype=np.int64),
            np.sum([part.heads for part in parts], axis=0, dtype=np.int32),
        )
        if parts
        else joined([])
    )


def _cells(table: Table, findings: Sequence[Finding], known: Bools, steps: float) -> Cells:
    primary, low, high = protection(findings, table)
    # What has left cannot be called back: such a cell is withheld again, and its neighbours are protected as if it were
    # published; only its own secret is gone.
    low, high = np.where(known, table.values, low), np.where(known, table.values, high)
    nothing = np.zeros(len(table), dtype=bool)
    seen = tuple(
        Observation(np.array([cell]), np.ones(1), table.values[cell], table.values[cell])
        for cell in np.flatnonzero(known & primary).tolist()
    )
    margins = np.array([sum(label == ALL for label in k) for k in table.keys], dtype=np.float64)
    return Cells(
        values=table.values,
        relations=table.relations,
        primary=primary & ~known,
        low=low,
        high=high,
        hidden=nothing,
        required=known & ~primary,
        integer=table.counts,
        contributors=table.households,
        weight=1.0 + margins,
        observations=seen,
        steps=np.full(len(table), steps),
    )


def _known(sketches: Sketches, history: ReleaseHistory, definition: Definition) -> Bools:
    """Return which cells are groups whose number has left before."""
    known = {
        row
        for earlier in history.releases(definition.population)
        if earlier.told.definition.family == definition.family
        for row in rows_of(earlier.told.sketches)
    }
    return np.array([row in known for row in rows_of(sketches)], dtype=bool) & (sketches.households > 0)


def _told(draft: Draft, limits: Limits, sketches: Sketches, shown: Bools, steps: float) -> Told:
    rows = np.flatnonzero(shown)
    return Told(
        draft.definition,
        limits.readers,
        tuple(draft.table.keys[row] for row in rows),
        tuple(_text(rounded(draft.table.values[row], steps)) for row in rows),
        sketches.take(rows),
    )


def _closed(table: Table, cells: Sequence[int], sentence: str, limits: Limits) -> tuple[Finding, ...]:
    reach = float(limits.floor)
    return tuple(
        Finding(
            cell,
            Check.DIFFERENCING,
            sentence,
            max(float(table.values[cell]) - reach, 0.0),
            float(table.values[cell]) + reach,
        )
        for cell in cells
    )


def _released(table: Table, shown: Bools, steps: float) -> tuple[ReleasedCell, ...]:
    return tuple(
        _cell(key, float(value), steps) if there else ReleasedCell(key, CellStatus.WITHHELD, None, WITHHELD_TEXT)
        for key, value, there in zip(table.keys, table.values, shown, strict=True)
    )


def _cell(key: tuple[str, ...], value: float, steps: float) -> ReleasedCell:
    told = rounded(value, steps)
    return ReleasedCell(key, CellStatus.ROUNDED if steps else CellStatus.RELEASED, told, _text(told))


def rounded(value: float, steps: float) -> float:
    """Return the nearest multiple of `steps`, halves up; the value itself where `steps` is 0."""
    return float(half_up(value, steps)) if steps else float(value)


def _text(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _refused(findings: tuple[Finding, ...], why: str) -> Opened:
    checks = dict.fromkeys(finding.check for finding in findings)
    told = [f"{DEFINITIONS[name].says} ({name.value}; {DEFINITIONS[name].source})" for name in checks]
    return Opened((), None, findings, (why, *told))
