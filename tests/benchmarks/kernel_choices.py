"""The figures behind docs/decisions/0009-the-kernel.md: how to sort, how to reduce, in how large blocks, numba or not.

    python tests/benchmarks/kernel_choices.py [VIEWERS]

Times are medians of five, in nanoseconds a row. numba is measured where it is installed, and said where it is not.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import contest
import numpy as np

from analyzer.features.kernel import Plan, vectors_of
from analyzer.features.windows import Window
from analyzer.grouping.segments import Segments
from analyzer.sessions.synthetic import Population, synthesize

RUNS = 5


def seconds_of(job: Callable[[], Any]) -> float:
    """Return the median time of a job."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        job()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def show(name: str, job: Callable[[], Any], rows: int) -> None:
    """Print the time of a job by the row."""
    print(f"  {name:58} {seconds_of(job) / rows * 1e9:8.1f} ns/row")


def sorting(rows: int) -> None:
    """Compare ways to get the order of rows by viewer, title and time."""
    rng = np.random.default_rng(0)
    viewer, title, start = (rng.integers(0, top, rows) for top in (1_000, 25_000, 40 * 86_400))
    packed = (viewer << 37) | (title << 22) | start
    in_one = np.sort(rng.integers(0, 2**46, rows)) << 17 | rng.permutation(rows) % (1 << 17)
    print(f"order of {rows:,} rows by viewer, title and time")
    show("lexsort of three keys", lambda: np.lexsort((start, title, viewer)), rows)
    show("argsort of one packed key", lambda: np.argsort(packed), rows)
    show("argsort of one packed key, stable", lambda: np.argsort(packed, kind="stable"), rows)
    show("sort of packed key and row number (used)", lambda: np.sort(packed ^ in_one), rows)
    show(
        "argsort of 16 bits, stable: radix (used for blocks)",
        lambda: np.argsort(viewer.astype(np.uint16), kind="stable"),
        rows,
    )


def reducing(rows: int, each: int) -> None:
    """Compare ways to add up and to find the largest of many small groups."""
    rng = np.random.default_rng(0)
    sizes = 1 + rng.poisson(each - 1, rows // each)
    segments = Segments.of_sizes(sizes)
    values = rng.random(int(sizes.sum()))
    narrow, ids, first = values.astype(np.float32), segments.ids, segments.first
    print(f"reductions of {len(values):,} values in {len(segments):,} groups")
    show("add.reduceat", lambda: np.add.reduceat(values, first), len(values))
    show("add.reduceat, float32", lambda: np.add.reduceat(narrow, first), len(values))
    show("bincount with weights (used for sums)", lambda: np.bincount(ids, values), len(values))
    show("maximum.reduceat (used)", lambda: np.maximum.reduceat(values, first), len(values))
    _numba(values, segments)


def _numba(values: np.ndarray, segments: Segments) -> None:
    begin = time.perf_counter()
    try:
        import numba
    except ImportError:
        print("  numba is not installed")
        return
    imported = time.perf_counter()

    @numba.njit
    def sums(numbers, offsets):
        result = np.empty(len(offsets) - 1)
        for i in range(len(offsets) - 1):
            total = 0.0
            for j in range(offsets[i], offsets[i + 1]):
                total += numbers[j]
            result[i] = total
        return result

    compiling = time.perf_counter()
    sums(values, segments.offsets)
    compiled = time.perf_counter()
    show("numba loop", lambda: sums(values, segments.offsets), len(values))
    took = f"import {imported - begin:.2f} s, this loop compiles in {compiled - compiling:.2f} s"
    print(f"  numba {numba.__version__}: {took}")


def blocks(viewers: int) -> None:
    """Compare block sizes of the whole kernel on one thread."""
    sessions, _ = synthesize(Population(viewers, days=40, seed=11))
    plan = Plan(Window(28), sessions.provides)
    print(f"the whole kernel, {len(sessions):,} sessions, one thread")
    for bits in (12, 14, 15, 16, 17, 18, 20, 24):
        job = lambda b=bits: vectors_of(sessions.table, sessions.passed_over, plan, block_rows=1 << b)  # noqa: E731
        show(f"blocks of {1 << bits:,} rows", job, len(sessions))


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", nargs="?", type=int, default=10_000)
    given = parser.parse_args()
    contest.print_versions("numpy", "pyarrow")
    for rows in (1 << 17, 10_000_000):
        sorting(rows)
    reducing(1 << 17, 2)
    reducing(1 << 17, 40)
    blocks(given.viewers)


if __name__ == "__main__":
    main()
