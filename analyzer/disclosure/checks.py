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

from analyzer.disclosure.limits import HANDBOOK, HOURS, Limits, Zeros
from analyzer.disclosure.table import Table
from analyzer.errors import InputError
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
class Criterion:
    """What a check says, and on whose word."""

    says: str
    source: str


DEFINITIONS: Final = {
    Check.POLICY: Criterion(
        "The rulebook does not allow that this is spoken of, however many households it is about.",
        "Our promise: never single out",
    ),
    Check.FLOOR: Criterion(
        "Fewer households than the floor are behind the cell.", "ACRO; ONS Longitudinal Study; Wikimedia"
    ),
    Check.ZERO: Criterion("Nobody is in the cell, and that is not told.", f"{HANDBOOK}, ch. 5"),
    Check.DOMINANCE: Criterion(
        "A few households make up nearly all of the total, so that it tells of them.", f"{HANDBOOK}, ch. 4"
    ),
    Check.P_RATIO: Criterion(
        "The second largest household could compute the largest too well from the total.", f"{HANDBOOK}, ch. 4"
    ),
    Check.CLASS: Criterion(
        "All households of a group are in one cell, so whoever is in the group is known to be there.",
        f"{HANDBOOK}, ch. 5",
    ),
    Check.WITHIN_GROUP: Criterion(
        "All but very few households of a group are in one cell; those few know of all others.", f"{HANDBOOK}, ch. 5"
    ),
    Check.OVERLAP: Criterion(
        "The parts have a few more households than the whole: those few are in several parts.", "Our choice"
    ),
    Check.SIZE: Criterion("The total is below the least that leaves.", HOURS),
    Check.DIFFERENCING: Criterion(
        "Together with an earlier release the number tells of fewer households than the floor.",
        f"{HANDBOOK}, ch. 5",
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
        All that look at one table alone by default. Class disclosure finds groups of which all but very few are in one
        cell as well; within-group disclosure finds those only.

    Raises
    ------
    InputError
        When a check needs more than a table and limits, or more contributions of a cell than the table keeps.
    """
    wanted = tuple(_CHECKS) if checks is None else tuple(checks)
    if strange := [name.value for name in wanted if name not in _CHECKS]:
        raise InputError(
            f"A table alone does not tell of: {', '.join(strange)}.",
            f"Ask for {', '.join(name.value for name in _CHECKS)}.",
        )
    return tuple(dict.fromkeys(finding for name in wanted for finding in _CHECKS[name](table, limits)))


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
    if limits.dominance_n > table.largest.shape[1]:
        raise InputError(
            f"Of each cell {table.largest.shape[1]} contributions are kept; dominance_n is {limits.dominance_n}.",
            "Add up no more of the largest than there are.",
        )
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
    """A group of which all, or all but very few, are in one cell: also where the group or the cell is a margin."""
    full, nearly = _filled(table, limits)
    within = "All but very few households of its group are in it."
    return [
        *_found(Check.CLASS, full, *_in_doubt(table, limits), "All households of its group are in it."),
        *_found(Check.WITHIN_GROUP, nearly & ~full, *_in_doubt(table, limits), within),
    ]


def within_group(table: Table, limits: Limits) -> list[Finding]:
    """A group of which all but very few are in one cell: each of those few knows of all the others."""
    return [finding for finding in class_disclosure(table, limits) if finding.check is Check.WITHIN_GROUP]


def _in_doubt(table: Table, limits: Limits) -> tuple[Floats, Floats]:
    reach = limits.safety_range * table.values
    return _around(table.values, np.maximum(reach, 1.0) if table.counts else reach, limits)


def _filled(table: Table, limits: Limits) -> tuple[Bools, Bools]:
    """Return which cells hold all of a group of two cells or more, and which all but a few of at least three.

    A table of totals tells the same: a group's other cells are nothing there, or one household's own.
    """
    full, nearly = np.zeros(len(table), dtype=bool), np.zeros(len(table), dtype=bool)
    if not limits.class_disclosure:
        return full, nearly
    relations = table.relations
    for whole, parts in zip(relations.whole.tolist(), relations.parts, strict=True):
        total, inside = table.households[whole], table.households[parts]
        if len(parts) < 2 or total == 0:
            continue
        outside, told = total - inside, table.values[parts] > 0
        full[parts] |= told & ((outside == 0) | (told.sum() == 1))
        nearly[parts] |= told & (outside > 0) & (outside <= limits.within_group_rest) & (total > outside + 1)
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

    Of what a household put into a cell itself nothing can keep it in doubt; `insiders` sees to that.
    """
    primary = np.zeros(len(table), dtype=bool)
    low, high = table.values.copy(), table.values.copy()
    for finding in findings:
        primary[finding.cell] = True
        low[finding.cell] = min(low[finding.cell], finding.low)
        high[finding.cell] = max(high[finding.cell], finding.high)
    return primary, low, high


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
    Check.WITHIN_GROUP: within_group,
    Check.OVERLAP: overlap,
}
