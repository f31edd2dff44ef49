"""An attacker who tries out every table of whole numbers and keeps those that look like what was published.

As slow as it is plain: it knows sums, whole numbers and rounding, and no mathematics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

Sums = Sequence[tuple[int, Sequence[int]]]


def rounded(value: int, step: int) -> int:
    """Return a count rounded to a multiple of `step`, halves up; 0 is not rounded."""
    return (2 * value + step) // (2 * step) * step if step else value


def possible_tables(
    shape: tuple[int, int], values: Sequence[int], withheld: set[int], known: set[int], step: int, most: int
) -> Iterator[list[int]]:
    """Yield all tables with totals that look like this one, with withheld inner cells up to `most`."""
    rows, columns = shape
    told = [_alike(value, i in withheld, i in known, step, most) for i, value in enumerate(values)]
    inner = [r * columns + c for r in range(rows - 1) for c in range(columns - 1)]
    totals = {
        i: (i // columns * columns + columns - 1, (rows - 1) * columns + i % columns, len(values) - 1) for i in inner
    }
    room = {i: most if i in withheld - known else max(told[i]) for i in range(len(values))}
    for drawn in product(*([v for v in told[i] if v <= min(room[t] for t in totals[i])] for i in inner)):
        table = [0] * len(values)
        for i, value in zip(inner, drawn, strict=True):
            for place in (i, *totals[i]):
                table[place] += value
        if all(table[i] in told[i] or i in withheld - known for i in range(len(values))):
            yield table


def bounds(tables: Iterator[list[int]], cell: int, most: int) -> tuple[float, float]:
    """Return the least and largest value of a cell; infinite where it grows with what is tried."""
    found = [table[cell] for table in tables]
    return min(found), float("inf") if max(found) >= most else max(found)


def _alike(value: int, hidden: bool, known: bool, step: int, most: int) -> list[int]:
    """Return what a cell can be for somebody who sees it, or does not, or knows it."""
    if known:
        return [value]
    if hidden:
        return list(range(most + 1))
    return [v for v in range(value + step + 1) if rounded(v, step) == rounded(value, step)]
