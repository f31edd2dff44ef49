"""Where the numbers of a release come from, in words and in hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.released import Provenance
from analyzer.disclosure.rounding import half_up
from analyzer.disclosure.table import Table
from analyzer.disclosure.told import Statistic
from analyzer.policy.rulebook import Rulebook

if TYPE_CHECKING:
    from analyzer.workflow.model import Model  # with scikit-learn it takes half a second, and a draft needs neither

_UNITS: Final = {"households": "households", "hours": "hours", "played_s": "seconds"}
_WHAT: Final = {
    Statistic.HOUSEHOLDS: "Distinct households",
    Statistic.SHARE: "Share of all distinct households",
    Statistic.TOTAL: "The total of {measure}",
    Statistic.MEAN: "The mean of {measure} of a household",
}


@dataclass(frozen=True)
class Source:
    """What somebody says of the data that they hand over.

    Attributes
    ----------
    name, window : the data set and its period, in words.
    built_on : what columns that nobody declared are built on.
    """

    name: str
    window: str
    built_on: Mapping[str, Sequence[str]]


def definition_of(
    by: Sequence[str],
    measure: str,
    statistic: Statistic,
    built_on: Mapping[str, Sequence[str]],
    most: int | None = None,
) -> str:
    """Return in words what a number counts.

    Parameters
    ----------
    by, measure, statistic, built_on
        As of `release_table`.
    most : int, optional
        With noise: cells that a household counts in. There are no margins then.
    """
    what = _WHAT[statistic].format(measure=measure)
    once = (
        "a household counts once in each cell and each margin"
        if most is None
        else f"a household counts in at most {most} of the cells, and there are no margins"
    )
    built = [
        f" {column} is built on {' and '.join(built_on[column]) or 'no column of a session'}."
        for column in by
        if column in built_on
    ]
    return f"{what} by {', '.join(by)}; {once}.{''.join(built)}"


def unit_of(measure: str, statistic: Statistic) -> str:
    """Return the unit of a number."""
    return "share of households" if statistic is Statistic.SHARE else _UNITS.get(measure, measure)


def provenance_of(
    frame: pd.DataFrame,
    columns: Sequence[str],
    table: Table,
    source: Source,
    book: Rulebook,
    limits: Limits,
    model: Model | None,
    day: date,
) -> Provenance:
    """Return where the numbers of a table come from; what they count is said of each table that leaves.

    Parameters
    ----------
    frame : DataFrame
        What was handed over.
    columns : sequence of str
        Those that were used; the hash is of these.
    table : Table
        Made of the frame.
    source, book, limits, model, day
        What was said of the data, and what was decided by and when.
    """
    return Provenance(
        source=source.name,
        window=source.window,
        definition="",
        rows_used=about(table.rows_used, limits.floor),
        rows_dropped=about(table.rows_dropped, limits.floor),
        sources_hash=fingerprint(frame, columns),
        rulebook=f"{book.id} {book.version}",
        rulebook_hash=book.hash,
        limits_hash=hashlib.sha256(repr(limits).encode()).hexdigest(),
        bundle=(model.digest or "not saved") if model else None,
        made_on=day.isoformat(),
    )


def about(rows: int, floor: int) -> str:
    """Return a number of rows to two digits, and of few only that they are few."""
    if rows < floor:
        return f"fewer than {floor:,}" if rows else "none"
    return f"about {half_up(rows, 10 ** max(len(str(rows)) - 2, 1)):,}"


def fingerprint(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Return SHA-256 of rows, whatever their order."""
    rows = np.sort(pd.util.hash_pandas_object(frame[list(columns)], index=False).to_numpy())
    return hashlib.sha256(rows.astype("<u8").tobytes()).hexdigest()
