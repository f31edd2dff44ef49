"""What a comparison costs, and what a sketch says to whoever has the key: python tests/benchmarks/comparison.py"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import product

import numpy as np
from scipy.stats import rankdata
from threadpoolctl import threadpool_limits

from analyzer.disclosure.combining import Bound
from analyzer.disclosure.differencing import compare
from analyzer.disclosure.dimensions import ALL
from analyzer.disclosure.limits import Limits, Readers
from analyzer.disclosure.remainders import ROWS, buckets_of, few_left
from analyzer.disclosure.sketch import TOTAL_BYTES, WIDTH, Sketches, sketch_groups, whole_steps
from analyzer.disclosure.told import Definition, Earlier, Statistic, Told

LIMITS = Limits(readers=Readers.INTERNAL)
KEYS = 200
OUTSIDE = 2_000
TWO_WAYS = Definition("everybody", ("one", "two"), "May", "households", Statistic.HOUSEHOLDS)


class Left:
    """What left before."""

    def __init__(self, releases: list[Told]) -> None:
        self.earlier = [Earlier(number, "2026-01-01", told) for number, told in enumerate(releases, 1)]

    def releases(self, population: str) -> list[Earlier]:
        return self.earlier


def members(size: int) -> tuple[float, float]:
    """Return how well members are told from others: the area under the curve, and how many of the top are members.

    The best linear test: the sketch times the coins of an id, which is 1 a coin higher for a member.
    """
    areas, top = [], []
    for number in range(KEYS):
        key = number.to_bytes(32, "big")
        alone = sketch_groups(np.arange(size + OUTSIDE), np.arange(size + OUTSIDE), size + OUTSIDE, key).signed
        score = alone @ alone[:size].sum(axis=0)
        rank = rankdata(score)
        areas.append((rank[:size].sum() - size * (size + 1) / 2) / (size * OUTSIDE))
        top.append((rank[:size] > len(rank) - size).mean())
    return float(np.mean(areas)), float(np.mean(top))


def refused_totals(floor: int) -> dict[int, float]:
    """Return how often a combination of totals is refused by how many households something is left over from."""
    rng, count = np.random.default_rng(0), 2_000
    found = {}
    for left in sorted({floor - 1, *(floor * part // 20 for part in (20, 24, 28, 32, 36, 40))}):
        secret = rng.integers(0, 2**32, (count * left, ROWS), dtype=np.uint32)
        amount = rng.integers(1, 10**9, count * left).astype(np.float64)
        buckets = buckets_of(np.repeat(np.arange(count), left), secret, amount, count)
        found[left] = round(float(few_left(buckets, floor).mean()), 4)
    return found


def refused() -> dict[int, float]:
    """Return how often a pair is refused at a floor of 10 by how many households are in one of the two only."""
    rng, bound = np.random.default_rng(0), Bound(10)
    found = {}
    for left in (9, 10, 12, 14, 16, 18, 20, 25, 30):
        signed = 2.0 * rng.binomial(left, 0.5, (100_000, WIDTH)) - left
        found[left] = float(bound.few((signed * signed).mean(axis=1), np.zeros(len(signed))).mean())
    return found


def release(
    rng: np.random.Generator, folk: np.ndarray, rows: int, columns: int, key: bytes, totals: bool = False
) -> Told:
    """Return a table with its margins of most of the households, in bins of its own."""
    here = folk[rng.random(len(folk)) < 0.9]
    one, two = rng.integers(0, rows, len(here)), rng.integers(0, columns, len(here))
    sides = [(one * (columns + 1) + two), one * (columns + 1) + columns, rows * (columns + 1) + two]
    whole = np.full(len(here), (rows + 1) * (columns + 1) - 1)
    group, names = np.concatenate([*sides, whole]), np.tile(here, 4)
    hours = whole_steps(np.tile(rng.gamma(1.0, 20.0, len(here)).round(1), 4)) if totals else None
    sketches: Sketches = sketch_groups(group, names, (rows + 1) * (columns + 1), key, hours)
    sides_of = ([*map(str, range(rows)), ALL], [*map(str, range(columns)), ALL])
    labels = list(product(*sides_of))
    definition = replace(TWO_WAYS, measure="hours", statistic=Statistic.TOTAL) if totals else TWO_WAYS
    told = Told(definition, Readers.INTERNAL, tuple(labels), ("",) * len(labels), sketches)
    return told.keep(sketches.households >= LIMITS.internal_floor)


def main() -> None:
    """Print all of it."""
    print(f"{WIDTH} coins, {8 + 4 * WIDTH} bytes a cell; a floor of 10 refuses below {Bound(10).estimate:.1f}")
    for size in (10, 100, 1_000):
        area, top = members(size)
        print(f"group of {size:,} among {OUTSIDE:,} others: AUC {area:.3f};", end=" ")
        print(f"of the {size:,} likeliest {top:.0%} are in it")
    print("refused at a floor of 10, by households left over:", {n: round(share, 4) for n, share in refused().items()})
    print(f"totals: {TOTAL_BYTES:,} bytes a cell; refused by households left over:", refused_totals(10))
    print("  at a floor of 100:", refused_totals(100))
    key, folk = b"k" * 32, np.arange(50_000)
    with threadpool_limits(limits=1):
        sizes = ((10, 4, 5), (100, 4, 5), (1_000, 4, 5), (10, 30, 30), (100, 30, 30))
        for totals, (releases, rows, columns) in product((False, True), sizes):
            rng = np.random.default_rng(1)
            left = Left([release(rng, folk, rows, columns, key, totals) for _ in range(releases)])
            new = release(rng, folk, rows, columns, key, totals)
            started = time.process_time()
            found = compare(new, left, LIMITS)
            took = time.process_time() - started
            cells = sum(len(e.told.labels) for e in left.earlier)
            print(
                "totals:" if totals else "households:",
                f"{len(new.labels):,} new cells beside {cells:,} of {releases:,} releases:",
                end=" ",
            )
            print(f"{took:.2f} s, {len(found)} found", flush=True)


if __name__ == "__main__":
    main()
