"""The only door: a table comes with what the policy closed, and leaves cell by cell, or not at all.

In order: what each check finds in the table alone, what is withheld so that nobody can compute it, what would tell of
few households together with an earlier release; and again from the start for what that closed. Then numbers are
told as their purpose asks. Nothing here writes: whoever records a release sees to it that none came in between.

A share is treated as the count behind it, for the whole may be known; a mean as its total, for the households may be.
Several tables of one request are cells of one finer table of which only those are told that were asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from analyzer.disclosure.behind import Behind
from analyzer.disclosure.checks import DEFINITIONS, Check, Finding, below, check, protection
from analyzer.disclosure.differencing import cells_to_withhold, compare
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.gathered import rows_of
from analyzer.disclosure.insiders import owners_of
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.memberships import Memberships
from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Observation
from analyzer.disclosure.released import ReleasedCell
from analyzer.disclosure.sketch import Sketches, added, sketch_groups, whole_steps
from analyzer.disclosure.suppression import suppress
from analyzer.disclosure.table import Table
from analyzer.disclosure.telling import cells_told
from analyzer.disclosure.told import Definition, ReleaseHistory, Told
from analyzer.grouping.arrays import Bools, Floats, Ints

_UNASKED: Final = 0.01
"""Part of itself by which a total must stay in doubt that is not asked for and must not leave."""

_UNASKED_TOO: Final = frozenset({Check.FLOOR, Check.DOMINANCE, Check.P_RATIO})
"""Checks that a cell has to pass also where nobody asks for it, since others could give it away."""

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
    steps : float
        Published numbers are rounded to multiples of this; 0 is exact.
    asked : ndarray of bool, shape (n_cells,), optional
        Cells that are asked for; all by default. The others are never told: they tie the tables of one request
        together, and no such cell may be found out exactly if it must not leave.
    """

    table: Table
    whose: Memberships
    definition: Definition
    findings: tuple[Finding, ...] = ()
    least: float = 0.0
    steps: float = 0.0
    asked: Bools | None = None


@dataclass(frozen=True, eq=False)
class Opened:
    """What may leave of a draft.

    Attributes
    ----------
    cells : tuple of ReleasedCell
        Those asked for, in the order of the table; none where nothing may leave.
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


def opened(draft: Draft, limits: Limits, history: ReleaseHistory, key: bytes) -> Opened:
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
    """
    table = draft.table
    asked = _asked(draft)
    steps = draft.steps or (float(limits.strict_base) if limits.strict and table.counts else 0.0)
    findings = (*_found(table, limits, asked), *draft.findings, *below(table, draft.least))
    sketches = sketched(draft, key)
    owners = owners_of(draft.whose.levels(table.dimensions), len(table))
    known = _known(sketches, history, draft.definition, limits.readers) & asked
    behind = Behind(draft.whose, table.dimensions, np.arange(len(table)), table.counts)
    for _ in range(_ROUNDS):
        protected = protection(findings, table)
        plan = suppress(_cells(table, owners, protected, known, asked, steps))
        if not plan.safe:
            return _refused(findings, "What must be published, or has left before, would give withheld cells away.")
        shown = ~plan.withheld & asked & ~protected[0]
        if not table.households[shown].any():
            return _refused(findings, "Every cell that says anything would have to be withheld.")
        cells = cells_told(table, shown, draft.definition.statistic, steps, limits)
        told = _told(draft, limits, sketches, shown, cells)
        differences = compare(told, history, limits, behind.among(np.flatnonzero(shown)))
        if not differences:
            return Opened(tuple(cells[cell] for cell in np.flatnonzero(asked)), told, findings)
        places = np.flatnonzero(shown)[cells_to_withhold(differences, int(shown.sum()))]
        findings = (*findings, *_closed(table, places.tolist(), differences[0].sentence, limits))
    return _refused(findings, "Together with earlier releases too many of its cells tell of few households.")


def sketched(draft: Draft, key: bytes) -> Sketches:
    """Return a sketch of each cell's households, and for totals of their amounts."""
    count, names = len(draft.table), draft.whose.names.to_numpy()
    whose = replace(draft.whose, amount=whole_steps(draft.whose.amount))
    return added(
        sketch_groups(cell, names[home], count, key, None if draft.table.counts else steps)
        for cell, home, steps in whose.levels(draft.table.dimensions)
    )


def _asked(draft: Draft) -> Bools:
    return np.ones(len(draft.table), dtype=np.bool_) if draft.asked is None else draft.asked


def _found(table: Table, limits: Limits, asked: Bools) -> list[Finding]:
    """Return what the checks find, leaving out what only parts tell that nobody sees beside their whole."""
    seen = np.array([asked[parts].all() for parts in table.relations.parts], dtype=np.bool_)
    few = seen & (table.overlap > 0) & (table.overlap < limits.floor)
    overlapping = set(table.relations.whole[few].tolist())
    return [
        finding
        for finding in check(table, limits)
        if (finding.cell in overlapping if finding.check is Check.OVERLAP else asked[finding.cell])
        or finding.check in _UNASKED_TOO
    ]


def _cells(
    table: Table, owners: Ints, protected: tuple[Bools, Floats, Floats], known: Bools, asked: Bools, steps: float
) -> Cells:
    primary, low, high = protected
    # What has left cannot be called back: such a cell is not told again where it must not leave any more, and its
    # neighbours are protected as if it were published; only its own secret is gone.
    low, high = np.where(known, table.values, low), np.where(known, table.values, high)
    # Nobody is told that a cell exists which was not asked for; it must only not be found out exactly.
    least = np.ones(len(table)) if table.counts else table.values * _UNASKED
    low = np.where(asked, low, np.maximum(table.values - least, 0.0))
    high = np.where(asked, high, table.values + least)
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
        hidden=~asked,
        required=known & ~primary,
        integer=table.counts,
        contributors=table.households,
        weight=1.0 + margins,
        observations=seen,
        steps=np.full(len(table), steps),
        owners=owners,
    )


def _known(sketches: Sketches, history: ReleaseHistory, definition: Definition, readers: Readers) -> Bools:
    """Return which cells are groups whose number has left before, to those who would read it now."""
    known = {
        row
        for earlier in history.releases(definition.population)
        if earlier.told.definition.family == definition.family
        and (readers is Readers.INTERNAL or earlier.told.readers is Readers.PUBLIC)
        for row in rows_of(earlier.told.sketches)
    }
    return np.array([row in known for row in rows_of(sketches)], dtype=bool) & (sketches.households > 0)


def _told(draft: Draft, limits: Limits, sketches: Sketches, shown: Bools, cells: Sequence[ReleasedCell]) -> Told:
    rows = np.flatnonzero(shown)
    left = [cells[row] for row in rows.tolist()]
    return Told(
        draft.definition,
        limits.readers,
        tuple(cell.labels for cell in left),
        tuple(cell.text for cell in left),
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


def _refused(findings: tuple[Finding, ...], why: str) -> Opened:
    checks = dict.fromkeys(finding.check for finding in findings)
    told = [f"{DEFINITIONS[name].says} ({name.value}; {DEFINITIONS[name].source})" for name in checks]
    return Opened((), None, findings, (why, *told))
