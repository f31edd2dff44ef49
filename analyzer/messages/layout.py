"""How the index lies in DuckDB: its tables, and the statements that fill them from what households did.

Everything is sorted by title and household, so that one title's rows stand together and a question reads little else.
Tables are filled some titles at a time: nothing has to be sorted or grouped as a whole, and memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import duckdb

STEP_ROWS: Final = 4_000_000
"""About how many rows are grouped at a time; one title is never divided."""

_TABLES: Final = """
CREATE TABLE titles AS
    SELECT (row_number() OVER (ORDER BY title_id) - 1)::UINTEGER AS title, title_id, min(title_name) AS title_name,
        min(series_id) AS series_id
    FROM said_names GROUP BY title_id ORDER BY title;
CREATE TABLE names AS
    SELECT DISTINCT title, n.title_name AS name FROM said_names n JOIN titles USING (title_id)
    WHERE n.title_name IS NOT NULL ORDER BY ALL;
CREATE TABLE keys AS
    SELECT (row_number() OVER (ORDER BY household_key) - 1)::UINTEGER AS household, household_key
    FROM (SELECT DISTINCT household_key FROM said) ORDER BY household;
CREATE TABLE places AS
    SELECT DISTINCT country, household FROM said_places JOIN keys USING (household_key) ORDER BY ALL;
CREATE TABLE facts (title UINTEGER, household UINTEGER, day INTEGER, shown UTINYINT, plays UINTEGER, finished UINTEGER,
    in_one_go UINTEGER, ms UBIGINT, hours UINTEGER, unplaced UINTEGER, rewinds UINTEGER);
CREATE TABLE pairs (title UINTEGER, household UINTEGER, days UINTEGER, plays UINTEGER, finished UINTEGER,
    in_one_go UINTEGER, ms UBIGINT, rewinds UINTEGER, day_plays UINTEGER, first_day INTEGER, last_day INTEGER,
    longest_run UINTEGER, last_run UINTEGER);
"""

_SIZES: Final = """
SELECT title_id, title, count(*) FROM said JOIN titles USING (title_id) GROUP BY title_id, title ORDER BY title
"""

_FACTS: Final = """
INSERT INTO facts
    SELECT title, household, day, max(shown)::UTINYINT, sum(plays)::UINTEGER, sum(finished)::UINTEGER,
        sum(in_one_go)::UINTEGER, sum(ms)::UBIGINT, bit_or(hours)::UINTEGER, sum(unplaced)::UINTEGER,
        sum(rewinds)::UINTEGER
    FROM said JOIN titles USING (title_id) JOIN keys USING (household_key)
    WHERE title_id BETWEEN $low AND $high
    GROUP BY title, household, day ORDER BY title, household, day
"""

PAIRS: Final = """
WITH one AS ({rows}), per AS (
    SELECT title, household, count(*)::UINTEGER AS days, sum(plays)::UINTEGER AS plays,
        sum(finished)::UINTEGER AS finished, sum(in_one_go)::UINTEGER AS in_one_go, sum(ms)::UBIGINT AS ms,
        sum(rewinds)::UINTEGER AS rewinds, max(plays)::UINTEGER AS day_plays, min(day) AS first_day,
        max(day) AS last_day
    FROM one GROUP BY title, household
), runs AS (
    SELECT title, household, count(*)::UINTEGER AS run, max(day) AS until FROM (
        SELECT title, household, day,
            day - row_number() OVER (PARTITION BY title, household ORDER BY day) AS island
        FROM one SEMI JOIN (SELECT title, household FROM per WHERE days > 1) USING (title, household)
    ) GROUP BY title, household, island
), longest AS (
    SELECT title, household, max(run) AS longest_run, arg_max(run, until) AS last_run
    FROM runs GROUP BY title, household
)
SELECT per.*, coalesce(longest_run, 1)::UINTEGER AS longest_run, coalesce(last_run, 1)::UINTEGER AS last_run
FROM per LEFT JOIN longest USING (title, household)
"""
"""A row a title and household, from day rows `rows`; only days on which it was more than a glance."""

_ROWS_OF_STEP: Final = "SELECT * FROM facts WHERE shown = 1 AND title BETWEEN $first AND $last"

_TOTALS: Final = """
CREATE TABLE title_days AS
    SELECT title, day, count(*) FILTER (shown = 1)::UINTEGER AS households, sum(plays)::UBIGINT AS plays,
        sum(ms)::UBIGINT AS ms
    FROM facts GROUP BY title, day ORDER BY title, day;
CREATE TABLE households AS
    SELECT household, min(day) AS first_day, max(day) AS last_day, sum(plays)::UBIGINT AS plays, sum(ms)::UBIGINT AS ms
    FROM facts GROUP BY household ORDER BY household;
CREATE TABLE totals AS
    SELECT title, count(*)::UINTEGER AS households, sum(plays)::UBIGINT AS plays, sum(ms)::UBIGINT AS ms,
        max(ms, 2) AS largest
    FROM pairs GROUP BY title ORDER BY title;
"""


def fill(connection: duckdb.DuckDBPyConnection, done: Callable[[int], None], step_rows: int = STEP_ROWS) -> int:
    """Fill the tables by title of an empty database from `said`, `said_places`, `said_names`; return the rows said.

    Parameters
    ----------
    connection : DuckDBPyConnection
        Has the three relations, with the columns of `facts.FACTS`, `facts.PLACES` and `facts.NAMES`.
    done : callable
        Told how many of the rows were laid since the last call.
    step_rows : int
    """
    connection.execute(_TABLES)
    sized = connection.execute(_SIZES).fetchall()
    for step in _steps(sized, step_rows):
        connection.execute(_FACTS, {"low": step.low, "high": step.high})
        ordered = f"{PAIRS.format(rows=_ROWS_OF_STEP)} ORDER BY title, household"
        connection.execute(f"INSERT INTO pairs {ordered}", {"first": step.first, "last": step.last})
        done(step.rows)
    connection.execute(_TOTALS)
    return sum(rows for *_, rows in sized)


@dataclass(frozen=True, slots=True)
class _Step:
    """A stretch of titles: ids of the first and the last, their codes, and how many rows are about them."""

    low: str
    high: str
    first: int
    last: int
    rows: int


def _steps(sized: list[tuple[str, int, int]], most: int) -> list[_Step]:
    """Return stretches of titles, in order, of about so many rows each."""
    steps: list[_Step] = []
    for name, title, rows in sized:
        if steps and steps[-1].rows + rows <= most:
            steps[-1] = replace(steps[-1], high=name, last=title, rows=steps[-1].rows + rows)
        else:
            steps.append(_Step(name, name, title, title, rows))
    return steps
