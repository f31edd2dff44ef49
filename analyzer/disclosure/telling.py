"""How the cells of a table are told that may be told: exact, rounded, as a coded share, or as a mean of a household."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits
from analyzer.disclosure.released import CellStatus, ReleasedCell, withheld_cell
from analyzer.disclosure.rounding import coded_share, half_up
from analyzer.disclosure.table import Table
from analyzer.disclosure.told import Statistic
from analyzer.grouping.arrays import Bools

SHARE_STEP: Final = 0.01
MEAN_STEP: Final = 0.01


def cells_told(
    table: Table, shown: Bools, statistic: Statistic, steps: float, limits: Limits
) -> tuple[ReleasedCell, ...]:
    """Return every cell as it leaves, in the order of the table.

    Parameters
    ----------
    table : Table
    shown : ndarray of bool, shape (n_cells,)
        Which cells may be told.
    statistic : Statistic
        Shares are of the households of the whole table, in whole percent; means are of a household, to a hundredth.
    steps : float
        Counts and totals are rounded to multiples of this; 0 is exact.
    limits : Limits
        Beyond its ends shares are told by their side alone.
    """
    tell = _TELLING[statistic]
    return tuple(
        tell(table, cell, steps, limits) if shown[cell] else withheld_cell(key) for cell, key in enumerate(table.keys)
    )


def rounded(value: float, steps: float) -> float:
    """Return the nearest multiple of `steps`, halves up; the value itself where `steps` is 0."""
    return float(half_up(value, steps)) if steps else float(value)


def number_text(value: float) -> str:
    """Return a number as it is printed: whole, or with two places."""
    return f"{value:,.0f}" if value == round(value) else f"{value:,.2f}"


def _amount(table: Table, cell: int, steps: float, limits: Limits) -> ReleasedCell:
    told = rounded(float(table.values[cell]), steps)
    status = CellStatus.ROUNDED if steps else CellStatus.RELEASED
    return ReleasedCell(table.keys[cell], status, told, number_text(told))


def _share(table: Table, cell: int, steps: float, limits: Limits) -> ReleasedCell:
    key, whole = table.keys[cell], max(int(table.households[-1]), 1)
    if all(label == ALL for label in key):
        return ReleasedCell(key, CellStatus.RELEASED, 1.0, "100 %")
    share = float(table.households[cell]) / whole
    text = coded_share(share, limits)
    if limits.share_bottom <= share <= limits.share_top:
        return ReleasedCell(key, CellStatus.ROUNDED, float(half_up(share, SHARE_STEP)), text)
    return ReleasedCell(key, CellStatus.CODED, None, text)


def _mean(table: Table, cell: int, steps: float, limits: Limits) -> ReleasedCell:
    key, households = table.keys[cell], int(table.households[cell])
    if not households:
        return ReleasedCell(key, CellStatus.CODED, None, "nobody")
    told = float(half_up(float(table.values[cell]) / households, MEAN_STEP))
    return ReleasedCell(key, CellStatus.ROUNDED, told, number_text(told))


_TELLING: Final[dict[Statistic, Callable[[Table, int, float, Limits], ReleasedCell]]] = {
    Statistic.HOUSEHOLDS: _amount,
    Statistic.TOTAL: _amount,
    Statistic.SHARE: _share,
    Statistic.MEAN: _mean,
}
