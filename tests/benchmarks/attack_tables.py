"""Can a withheld number be computed? python tests/benchmarks/attack_tables.py [N] [--first 0] [--optimum 10000]

N random tables (`random_tables.py`) go through `suppress`; then an attacker who shares nothing with the package
(`table_attacker.py`) bounds every withheld cell. Printed: cells recovered exactly, cells bounded inside their
protection interval, how much was withheld, how that compares with the least that can be withheld
(`least_withheld.py`), and seconds. Then 1,000 random requests go through the door (`door_tables.py`), and what it lets
out is attacked in the same way. `--first 4000` goes on where a run ended; `--only tables`, `--only door` or
`--only speed` does one part.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import scipy
from door_tables import random_request, released, true_table
from least_withheld import least_withheld
from random_tables import Table, random_table, square
from table_attacker import Judged, judge
from threadpoolctl import threadpool_limits

from analyzer.disclosure.problem import Cells
from analyzer.disclosure.relations import Observation, Relations
from analyzer.disclosure.suppression import Suppression, suppress

CONTROL = 200
"""Tables and requests that are also attacked with nothing withheld but what must not leave: the attacker's own test."""
DOOR = 1_000
"""Requests at the door."""
SMALL = 40
"""Cells up to which the optimum is computed."""


def cells_of(table: Table) -> Cells:
    """Return a table as the package sees it."""
    names = table.cells
    place = {key: i for i, key in enumerate(names)}
    low = np.array([table.protect.get(key, (0.0, 0.0))[0] for key in names])
    high = np.array([table.protect.get(key, (0.0, 0.0))[1] for key in names])
    return Cells(
        values=np.array([table.value(key) for key in names]),
        relations=Relations(
            len(names),
            np.array([place[s.whole] for s in table.sums], dtype=np.int64),
            tuple(np.array([place[part] for part in s.parts]) for s in table.sums),
            np.array([not s.overlapping for s in table.sums], dtype=bool),
        ),
        primary=np.array([key in table.protect for key in names]),
        low=low,
        high=high,
        hidden=np.array([key in table.hidden for key in names]),
        required=np.zeros(len(names), dtype=bool),
        integer=table.counts,
        contributors=np.array([table.people(key) for key in names]),
        weight=np.ones(len(names)),
        observations=tuple(
            Observation(np.array([place[key] for key in k.factors]), np.array(list(k.factors.values())), k.low, k.high)
            for k in table.known
        ),
        steps=np.full(len(names), float(table.step)),
    )


@dataclass
class Outcome:
    """What became of one table."""

    number: int
    table: Table
    told: Suppression
    judged: Judged
    seconds: float
    needless: bool


def outcomes(first: int, count: int) -> Iterator[Outcome]:
    """Suppress and attack tables."""
    for number in range(first, first + count):
        table = random_table(number)
        cells = cells_of(table)
        start = time.process_time()
        told = suppress(cells)
        seconds = time.process_time() - start
        withheld = {key for key, out in zip(table.cells, told.withheld.tolist(), strict=True) if out}
        if not set(table.protect) <= withheld:
            raise RuntimeError(f"table {number}: a primary cell is published")
        judged = judge(table, withheld)
        needless = not told.safe and not judged.exact + judged.inside
        yield Outcome(number, table, told, judged if told.safe else Judged(0, 0, 0), seconds, needless)


def control(table: Table) -> Counter[str]:
    """Return what the attacker finds where only what must not leave is withheld."""
    judged = judge(table, set(table.protect))
    return Counter(control=len(table.protect), control_exact=judged.exact, control_inside=judged.inside)


def print_control(n: Counter[str]) -> None:
    """Print it."""
    print(f"  control, the first {CONTROL} with nothing but their {n['control']:,} primary cells withheld:", end=" ")
    print(f"{n['control_exact']:,} times one is recovered exactly, {n['control_inside']:,} times bounded inside")


def withheld_whole(out: Outcome) -> bool:
    """Return whether nothing of a table is left."""
    return all(told or key in out.table.hidden for key, told in zip(out.table.cells, out.told.withheld, strict=True))


@dataclass
class Totals:
    """Sums over all tables."""

    counted: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    compared: list[tuple[int, int, int, int]] = field(default_factory=list)

    def add(self, out: Outcome) -> None:
        """Add what became of a table."""
        table, told = out.table, out.told
        self.kinds[table.kind] += 1
        self.seconds.append(out.seconds)
        self.counted.update(
            cells=sum(key not in table.hidden for key in table.cells),
            primary=len(table.protect),
            withheld=int(told.withheld.sum()),
            attacks=out.judged.attacks,
            exact=out.judged.exact,
            inside=out.judged.inside,
            unsafe=int(not told.safe),
            whole=int(told.safe and withheld_whole(out)),
            needless=int(out.needless),
            singletons=sum(table.people(key) == 1 for key in table.cells),
            zeros=sum(table.value(key) == 0 for key in table.cells),
            counts=int(table.counts),
            rounded=int(table.step > 0),
            earlier=len(table.known),
        )

    def compare(self, out: Outcome) -> None:
        """Compare a small table with the least that can be withheld."""
        table = out.table
        plain = out.told.safe and table.protect and not table.step and not table.known
        if plain and len(table.cells) <= SMALL:
            fewest = least_withheld(table)
            if fewest is None:
                self.counted["unsolved"] += 1
            else:
                self.compared.append((len(table.protect), int(out.told.complementary.sum()), fewest, out.number))

    def print(self) -> None:
        """Print the sums."""
        n, count = self.counted, len(self.seconds)
        print(
            f"{count:,} tables, {n['counts']:,} of counts; "
            + ", ".join(f"{k} {v:,}" for k, v in sorted(self.kinds.items()))
        )
        print(
            f"  {n['cells']:,} cells, {n['primary']:,} primary, {n['singletons']:,} of one household, {n['zeros']:,} 0"
        )
        print(f"  {n['rounded']:,} tables rounded, {n['earlier']:,} with an earlier release")
        print(f"  {n['attacks']:,} attacks: {n['exact']} cells recovered exactly,", end=" ")
        print(f"{n['inside']} bounded inside the protection interval")
        print_control(n)
        print(f"  {n['whole']} tables withheld as a whole;", end=" ")
        print(f"{n['unsafe']} tables refused, {n['needless']} of them although withholding everything would be safe")
        share, extra = n["withheld"] / max(n["cells"], 1), n["withheld"] - n["primary"]
        print(f"  withheld {n['withheld']:,} cells ({share:.1%}), {extra:,} of them complementary")
        took = np.array(self.seconds)
        print(f"  suppress: {took.sum():.0f} s, median {np.median(took) * 1e3:.0f} ms, worst {took.max():.2f} s")
        if self.compared:
            self._print_compared()

    def _print_compared(self) -> None:
        primary, ours, fewest, number = np.array(self.compared).T
        ratio = (primary + ours) / (primary + fewest)
        print(f"  {len(ratio)} tables of at most {SMALL} cells against the least that can be withheld", end=" ")
        print(f"({self.counted['unsolved']} more were not solved):", end=" ")
        print(f"median x {np.median(ratio):.3f}, mean {ratio.mean():.3f}, worst {ratio.max():.3f},", end=" ")
        print(f"above 1.25: {number[ratio > 1.25].tolist()}; no more than the least in {(ours <= fewest).mean():.0%}")
        extra = f"complementary {ours.sum()} instead of {fewest.sum()} (x {ours.sum() / max(fewest.sum(), 1):.3f})"
        total, least = (primary + ours).sum(), (primary + fewest).sum()
        print(f"  {extra}; all {total} instead of {least} cells (x {total / least:.3f})", end="; ")
        print(f"fewer than the least: {(ours < fewest).sum()}")


def tables(first: int, count: int, optima: int) -> None:
    """Print what an attacker can compute, and how much was withheld."""
    totals = Totals()
    for done, out in enumerate(outcomes(first, count), 1):
        totals.add(out)
        if done <= CONTROL:
            totals.counted += control(out.table)
        if len(totals.compared) < optima:
            totals.compare(out)
        if done % 500 == 0:
            n = totals.counted
            print(f"  ... {done:,}: {n['exact']} recovered exactly, {n['inside']} bounded inside", flush=True)
    totals.print()


def door(first: int, count: int) -> None:
    """Print what an attacker can compute from what the door lets out of random rows."""
    n: Counter[str] = Counter()
    for number in range(first, first + count):
        asked = random_request(number)
        result, table = asked.opened(), true_table(asked)
        shown = released(result)
        withheld = set(table.cells) - shown
        judged = judge(table, withheld) if result.cells else Judged(0, 0, 0)
        n.update(requests=1, refused=int(not result.cells), counts=int(asked.counts), rounded=int(asked.step > 0))
        n.update(cells=len(table.cells), primary=len(table.protect), withheld=len(withheld))
        n.update(
            attacks=judged.attacks, exact=judged.exact, inside=judged.inside, leaked=len(shown & set(table.protect))
        )
        if number - first < CONTROL:
            n += control(table)
        if judged.exact or judged.inside:
            print(f"  request {number}: {judged.exact} recovered exactly, {judged.inside} bounded inside", flush=True)
    print(f"{n['requests']:,} requests at the door, {n['counts']:,} for counts, {n['rounded']:,} rounded;", end=" ")
    print(f"{n['refused']:,} refused; {n['cells']:,} cells, {n['primary']:,} primary, {n['withheld']:,} withheld")
    print(
        f"  {n['leaked']} primary cells published; {n['attacks']:,} attacks: {n['exact']} cells recovered exactly,",
        end=" ",
    )
    print(f"{n['inside']} bounded inside the protection interval")
    print_control(n)


def speed() -> None:
    """Print how long square tables with margins take."""
    for (size, small), counts in product([(10, 0.1), (20, 0.1), (50, 0.02), (50, 0.1), (50, 0.2)], (True, False)):
        took, primary, extra = [], [], []
        for seed in range(5):
            cells = cells_of(square(np.random.default_rng(seed), size, size, small, counts=counts))
            start = time.process_time()
            told = suppress(cells)
            took.append(time.process_time() - start)
            primary.append(int(cells.primary.sum()))
            extra.append(int(told.complementary.sum()))
        what = f"{size} x {size} {'counts' if counts else 'totals'} with margins, {small:.0%} small"
        print(f"  {what}: worst of 5 {max(took):.2f} s; primary {primary}, and {extra} more", flush=True)


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--optimum", type=int, default=10_000)
    parser.add_argument("--only", choices=["speed", "tables", "door"])
    given = parser.parse_args()
    versions = f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{versions}, {platform.machine()}; seconds of one core")
    with threadpool_limits(1):
        if given.only in (None, "speed"):
            speed()
        if given.only in (None, "tables"):
            tables(given.first, given.count, given.optimum)
        if given.only in (None, "door"):
            door(given.first, min(given.count, DOOR))


if __name__ == "__main__":
    main()
