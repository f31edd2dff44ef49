"""What makes a cell unsafe: each check by its name, its definition and its source, and what it finds in a table.

A finding says which cell must not leave and within which interval its value must stay in doubt. Checks add up: of
several findings on a cell the widest interval holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from analyzer.disclosure.limits import Limits, Zeros
from analyzer.disclosure.table import Table
from analyzer.grouping.arrays import Bools, Floats, Ints


class Check(Enum):
    """Why a cell must not leave."""

    POLICY = "policy"
    FLOOR = "floor"
    ZERO = "zero"
    DOMINANCE = "dominance"
    P_RATIO = "p-ratio"
    CLASS = "class disclosure"
    WITHIN_GROUP = "within-group disclosure"
    OVERLAP = "overlap"
    SIZE = "size of a total"
    DIFFERENCING = "differencing"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a check says, and on whose word."""

    says: str
    source: str


_HANDBOOK: Final = "Hundepool et al., Statistical Disclosure Control, 2012"
DEFINITIONS: Final = {
    Check.POLICY: Definition(
        "The rulebook does not allow that this is spoken of, however many households it is about.",
        "Our promise: never single out",
    ),
    Check.FLOOR: Definition("Fewer households than the floor are behind the cell.", "ACRO; ONS; Wikimedia"),
    Check.ZERO: Definition("Nobody is in the cell, and that is not told.", f"{_HANDBOOK}, ch. 5"),
    Check.DOMINANCE: Definition(
        "A few households make up nearly all of the total, so that it tells of them.", f"{_HANDBOOK}, ch. 4"
    ),
    Check.P_RATIO: Definition(
        "The second largest household could compute the largest too well from the total.", f"{_HANDBOOK}, ch. 4"
    ),
    Check.CLASS: Definition(
        "All households of a group are in one cell, so whoever is in the group is known to be there.",
        f"{_HANDBOOK}, ch. 5",
    ),
    Check.WITHIN_GROUP: Definition(
        "All but very few households of a group are in one cell; those few know of all others.", f"{_HANDBOOK}, ch. 5"
    ),
    Check.OVERLAP: Definition(
        "The parts have a few more households than the whole: those few are in several parts.", "Our choice"
    ),
    Check.SIZE: Definition(
        "The total is below the least that leaves.", "Netflix, What We Watched: titles above 50,000 hours"
    ),
    Check.DIFFERENCING: Definition(
        "Together with an earlier release the number tells of fewer households than the floor.",
        f"{_HANDBOOK}, ch. 5",
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A cell that must not leave.

    Attributes
    ----------
    cell : its number.
    check : why.
    sentence : for people inside; it names no small number.
    low, high : what an attacker must still find possible, in the unit of the cell.
    """

    cell: int
    check: Check
    sentence: str
    low: float
    high: float


def check(table: Table, limits: Limits, checks: Iterable[Check] | None = None) -> tuple[Finding, ...]:
    """Return what the checks find in a table, in the order of checks and cells.

    Parameters
    ----------
    table : Table
    limits : Limits
    checks : optional
        All that look at one table alone by default.
    """
    wanted = tuple(_CHECKS) if checks is None else tuple(checks)
    return tuple(finding for name in wanted for finding in _CHECKS[name](table, limits))


def floor(table: Table, limits: Limits) -> list[Finding]:
    """Of a count any number from half of it to the floor must remain possible; a total is in doubt by as many parts."""
    small = (table.households > 0) & (table.households < limits.floor)
    low = np.floor(table.values / 2)
    scale = np.where(table.households > 0, limits.floor / np.maximum(table.households, 1), 1.0)
    high = np.full(len(table), float(limits.floor)) if table.counts else table.values * scale
    words = f"Fewer than {limits.floor} households are behind it."
    return _found(Check.FLOOR, small, low, high, words)


def zeros(table: Table, limits: Limits) -> list[Finding]:
    """Only where the limits say that an empty cell is not told."""
    if limits.zeros is Zeros.PUBLISH:
        return []
    high = np.full(len(table), float(limits.floor) if table.counts else table.values.max(initial=1.0))
    return _found(
        Check.ZERO, table.households == 0, np.zeros(len(table)), high, "Whether anybody is in it is not told."
    )


def dominance(table: Table, limits: Limits) -> list[Finding]:
    """(n,k)-dominance: the n largest make up the share k of the total, or more."""
    if table.counts:
        return []
    top = table.largest[:, : limits.dominance_n].sum(axis=1)
    unsafe = (table.values > 0) & (top >= limits.dominance_share * table.values * (1 - 1e-12))
    reach = np.maximum(top / limits.dominance_share - table.values, 0.0)
    words = f"The {limits.dominance_n} largest households make up {limits.dominance_share:.0%} of it or more."
    return _found(Check.DOMINANCE, unsafe, *_around(table.values, reach, limits), words)


def p_ratio(table: Table, limits: Limits) -> list[Finding]:
    """(X - x1 - x2) / x1 below p: the second largest knows the largest to within p."""
    if table.counts:
        return []
    first, second = table.largest[:, 0], table.largest[:, 1]
    rest = np.maximum(table.values - first - second, 0.0)
    unsafe = (first > 0) & (rest < limits.p_ratio * first * (1 - 1e-12))
    words = "Its second largest household could compute the largest one."
    return _found(Check.P_RATIO, unsafe, *_around(table.values, limits.p_ratio * first - rest, limits), words)


def class_disclosure(table: Table, limits: Limits) -> list[Finding]:
    """A group of which all, or all but very few, are in one cell."""
    if not (limits.class_disclosure and table.counts):
        return []
    full, nearly = _filled(table, limits.within_group_rest)
    low, high = _around(table.values, np.maximum(limits.safety_range * table.values, 1.0), limits)
    return [
        *_found(Check.CLASS, full, low, high, "All households of its group are in it."),
        *_found(Check.WITHIN_GROUP, nearly & ~full, low, high, "All but very few households of its group are in it."),
    ]


def _filled(table: Table, rest: int) -> tuple[Bools, Bools]:
    """Return which leaf cells hold all of a group of two cells or more, and which all but `rest`, at least three."""
    full, nearly = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    relations = table.relations
    for whole, parts in zip(relations.whole.tolist(), relations.parts, strict=True):
        total = table.households[whole]
        if len(parts) < 2 or total == 0 or not table.leaf[parts].all():
            continue
        outside = total - table.households[parts]
        full[parts] |= (outside == 0) & (table.households[parts] > 0)
        nearly[parts] |= (outside > 0) & (outside <= rest) & (total > outside + 1)
    return full, nearly


def overlap(table: Table, limits: Limits) -> list[Finding]:
    """A whole whose published parts show how few households are in several of them."""
    few = (table.overlap > 0) & (table.overlap < limits.floor) if table.counts else np.zeros(0, dtype=bool)
    cells = np.zeros(len(table), dtype=bool)
    if few.any():
        cells[table.relations.whole[few]] = True
    reach = np.full(len(table), float(limits.floor))
    words = "With its parts it tells how few households are in several of them."
    return _found(Check.OVERLAP, cells, np.maximum(table.values - reach, 0.0), table.values + reach, words)


def closed(table: Table, cells: Bools, sentences: Callable[[int], str], limits: Limits) -> list[Finding]:
    """Return findings for cells that the caller may not speak of, whatever their size."""
    reach = np.maximum(limits.safety_range * table.values, float(limits.floor) if table.counts else 1.0)
    low, high = np.maximum(np.floor(table.values - reach), 0.0), np.ceil(table.values + reach)
    return [
        Finding(cell, Check.POLICY, sentences(cell), float(low[cell]), float(high[cell]))
        for cell in np.flatnonzero(cells).tolist()
    ]


def below(table: Table, least: float) -> list[Finding]:
    """Return findings for totals below the least that leaves; each must stay in doubt from half of it to that."""
    small = (table.values > 0) & (table.values < least)
    words = f"Totals below {least:,.0f} do not leave."
    return _found(Check.SIZE, small, table.values / 2, np.full(len(table), float(least)), words)


def protection(findings: Iterable[Finding], table: Table) -> tuple[Bools, Floats, Floats]:
    """Return which cells must not leave, and the widest protection interval of each, shape (n_cells,).

    Whoever is the only household of a part knows that the whole is at least as much as theirs; nothing can keep that
    in doubt, and no more is asked.
    """
    primary = np.zeros(len(table), dtype=bool)
    low, high = table.values.copy(), table.values.copy()
    for finding in findings:
        primary[finding.cell] = True
        low[finding.cell] = min(low[finding.cell], finding.low)
        high[finding.cell] = max(high[finding.cell], finding.high)
    theirs = np.minimum(1.0, table.values) if table.counts else table.largest[:, 0]
    return primary, np.where(table.leaf, low, np.maximum(low, theirs)), high


def _around(values: Floats, reach: Floats, limits: Limits) -> tuple[Floats, Floats]:
    least = np.maximum(reach, limits.p_ratio * values * 1e-3)
    return np.maximum(values - least, 0.0), values + least


def _found(name: Check, cells: Bools, low: Floats, high: Floats, sentence: str) -> list[Finding]:
    numbers: Ints = np.flatnonzero(cells)
    return [Finding(n, name, sentence, float(min(low[n], high[n])), float(high[n])) for n in numbers.tolist()]


_CHECKS: Final[dict[Check, Callable[[Table, Limits], list[Finding]]]] = {
    Check.FLOOR: floor,
    Check.ZERO: zeros,
    Check.DOMINANCE: dominance,
    Check.P_RATIO: p_ratio,
    Check.CLASS: class_disclosure,
    Check.OVERLAP: overlap,
}
