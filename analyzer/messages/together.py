"""All titles together: what each household did, whatever it watched, laid out so that "something every day" is quick.

Added up title by title such a claim would read every row. So each household also has a row of its own, a row a day, and
for each usual length of time what it did in the last days of the data and in its busiest days of that length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from analyzer.grouping.arrays import Ints

if TYPE_CHECKING:
    import duckdb

LENGTHS: Final = (*range(1, 32), 60, 61, 90, 91, 92, 100, 120, 180, 182, 183, 200, 365, 366)
"""Stretches of days that lie ready: up to a month, and what people call two months to a year; others read the days."""

MEASURES: Final = ("plays", "finished", "in_one_go", "ms", "rewinds", "days")
"""What is added up over a stretch of days."""

DAYS_OF_ALL: Final = """
SELECT household, day, sum(plays)::UINTEGER AS plays, sum(finished)::UINTEGER AS finished,
    sum(in_one_go)::UINTEGER AS in_one_go, sum(ms)::UBIGINT AS ms, bit_or(hours)::UINTEGER AS hours,
    sum(rewinds)::UINTEGER AS rewinds
FROM facts WHERE shown = 1 AND household BETWEEN $first AND $last GROUP BY household, day
"""

_TABLES: Final = """
CREATE TABLE together_days (household UINTEGER, day INTEGER, plays UINTEGER, finished UINTEGER, in_one_go UINTEGER,
    ms UBIGINT, hours UINTEGER, rewinds UINTEGER);
CREATE TABLE together (title UINTEGER, household UINTEGER, days UINTEGER, plays UINTEGER, finished UINTEGER,
    in_one_go UINTEGER, ms UBIGINT, rewinds UINTEGER, day_plays UINTEGER, first_day INTEGER, last_day INTEGER,
    longest_run UINTEGER, last_run UINTEGER);
"""
_OF_STEP: Final = "CREATE OR REPLACE TEMP TABLE step AS {days}"
_ROWS_OF_STEP: Final = "SELECT 0 AS title, * FROM step"
_IN_ORDER: Final = "SELECT * EXCLUDE (hours), 1 AS days FROM step ORDER BY household, day"
_MOST_CELLS: Final = 4_000_000


def fill_together(
    connection: duckdb.DuckDBPyConnection, pairs: str, done: Callable[[int], None], step_rows: int
) -> int:
    """Fill the tables about all titles together from `facts` and `keys`; return how many households there are.

    Parameters
    ----------
    connection : DuckDBPyConnection
    pairs : str
        The statement that makes a row a title and household of rows a day, `layout.PAIRS`.
    done : callable
        Told how many households were laid since the last call.
    step_rows : int
        About how many rows are grouped at a time.
    """
    connection.execute(_TABLES)
    columns = ", ".join(f"{name} UBIGINT, last_{name} UBIGINT" for name in MEASURES)
    connection.execute(f"CREATE TABLE spans (length INTEGER, household UINTEGER, {columns})")
    households, begin, end = connection.execute(
        "SELECT (SELECT count(*) FROM keys), min(day), max(day) FROM facts"
    ).fetchall()[0]
    if begin is None:
        return 0
    length = end - begin + 1
    step = max(min(_MOST_CELLS, step_rows) // length, 1)
    for first in range(0, households, step):
        last = min(first + step, households) - 1
        connection.execute(_OF_STEP.format(days=DAYS_OF_ALL), {"first": first, "last": last})
        connection.execute("INSERT INTO together_days FROM step ORDER BY day, household")
        connection.execute(f"INSERT INTO together {pairs.format(rows=_ROWS_OF_STEP)} ORDER BY household")
        rows: dict[str, Any] = connection.execute(_IN_ORDER).fetchnumpy()
        for table in _spans(rows, begin, length):
            connection.register("spans_of_step", table)
            connection.execute("INSERT INTO spans FROM spans_of_step")
            connection.unregister("spans_of_step")
        done(last - first + 1)
    connection.execute("DROP TABLE IF EXISTS step")
    connection.execute("CREATE OR REPLACE TABLE spans AS FROM spans ORDER BY length, household")
    return int(households)


def _spans(rows: dict[str, Any], begin: int, days: int) -> Iterator[pa.Table]:
    """Yield for each length what every household did in its busiest days of that length, and in the last ones."""
    household, at = np.unique(np.asarray(rows["household"], dtype=np.int64), return_inverse=True)
    if not len(household):
        return
    day = np.asarray(rows["day"], dtype=np.int64) - begin
    until = {name: _added_up(at, day, rows[name], (len(household), days)) for name in MEASURES}
    for length in (length for length in LENGTHS if length <= days):
        told: dict[str, Ints] = {}
        for name, before in until.items():
            told[name] = (before[:, length:] - before[:, :-length]).max(axis=1)
            told[f"last_{name}"] = before[:, -1] - before[:, -1 - length]
        yield pa.table({"length": np.full(len(household), length), "household": household, **told})


def _added_up(at: Ints, day: Ints, values: Any, shape: tuple[int, int]) -> Ints:
    """Return the sums of each household's values before each day; shape (households, days + 1)."""
    before = np.zeros((shape[0], shape[1] + 1), dtype=np.int64)
    before[at, day + 1] = np.nan_to_num(np.ma.filled(values, 0)).astype(np.int64)
    return np.cumsum(before, axis=1, out=before)
