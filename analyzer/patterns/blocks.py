"""Sums that come out alike: wherever a row stands among others, and whatever processor sums.

Matrix products are made in blocks of one shape, and what a decision rests on is rounded to fewer digits than it has:
processors differ in the last ones, and a tie between two vectors must not hang on them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from analyzer.grouping.arrays import Floats

ROWS: Final = 4_096
DIGITS: Final = 9
FEWER_DIGITS: Final = 6


def blocks(rows: int) -> Iterator[slice]:
    """Yield the rows of each block."""
    for start in range(0, rows, ROWS):
        yield slice(start, min(start + ROWS, rows))


def steady(values: Floats, digits: int = DIGITS) -> Floats:
    """Return values rounded to so many decimals, without a negative zero."""
    return np.asarray(np.round(values, digits) + 0.0)


def product(rows: Floats, weights: Floats) -> Floats:
    """Return `rows @ weights`, shape (n_rows, n_columns); how a library sums depends on the shape that it is given."""
    result = np.empty((len(rows), weights.shape[1]))
    padded = np.zeros((ROWS, rows.shape[1]))
    for part in blocks(len(rows)):
        count = part.stop - part.start
        padded[:count] = rows[part]
        result[part] = (padded @ weights)[:count]
    return steady(result, FEWER_DIGITS)
