"""Who can be told apart? python tests/benchmarks/attack_sequences.py [N] [--first 0] [--door release_table]

N random sequences of ten releases over one changing population (`changing_population.py`) go through a door
(`door_sequences.py`): `release_table` of the package, or a plain one with its check of differences alone. Then somebody
who knows the households behind every cell that left (`household_attacker.py`) adds and subtracts cells until fewer than
the floor are left over: as an insider, who sees all releases, and as the public. Printed: distinct sets of households
that were isolated, people in them, and how much was withheld; the same for floors and margins without any check.
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from changing_population import Asked, sequence
from door_sequences import ALL, DOORS, LIMITS, Answer, Door, Labels, tabulated
from household_attacker import Found, attack
from threadpoolctl import threadpool_limits

EVERY = 100
"""Sequences after which a line is printed."""


@dataclass
class Outcome:
    """What happened in all sequences."""

    isolated: int = 0
    people: int = 0
    by: Counter[str] = field(default_factory=Counter)
    withheld: int = 0
    empty: int = 0
    releases: int = 0
    cells: int = 0
    sequences: int = 0
    seconds: float = 0.0
    worst: float = 0.0
    seeds: list[int] = field(default_factory=list)

    def line(self, name: str) -> str:
        """Return the sums in words."""
        share = self.withheld / max(self.cells, 1)
        told = f"{self.isolated:,} sets isolated, {self.people:,} people in them {dict(self.by.most_common())}"
        kept = f"withheld {share:.1%} of {self.cells:,} cells, {self.empty:,} of {self.releases:,} tables as a whole"
        time_ = f"{self.seconds:.0f} s at the door, worst sequence {self.worst:.1f} s"
        which = f"; in sequences {self.seeds[:20]}" if self.seeds else ""
        return f"{name}, {self.sequences:,} sequences: {told}{which}; {kept}; {time_}"


def judged(name: str, make_door: Callable[[], Door], seeds: range, split: bool) -> Outcome:
    """Run every sequence through a door of its own, then attack what left."""
    outcome = Outcome()
    for seed in seeds:
        asked, door = sequence(seed, split=split), make_door()
        started = time.process_time()
        answers = [door(one) for one in asked]
        took = time.process_time() - started
        outcome.seconds, outcome.worst = outcome.seconds + took, max(outcome.worst, took)
        outcome.sequences += 1
        outcome.releases += len(answers)
        outcome.empty += sum(not answer.left for answer in answers)
        outcome.cells += sum(answer.cells for answer in answers)
        outcome.withheld += sum(answer.cells - len(answer.left) for answer in answers)
        for found in attacked(asked, answers):
            outcome.isolated += len(found.by)
            outcome.people += len(found.people)
            outcome.by.update(found.by.values())
            outcome.seeds += [seed] * bool(found.by and seed not in outcome.seeds)
        if outcome.sequences % EVERY == 0:
            print("  ...", outcome.line(name), flush=True)
    return outcome


def attacked(asked: list[Asked], answers: list[Answer]) -> list[Found]:
    """Attack as an insider, who sees all, and as the public; counts and minutes by themselves."""
    found = []
    names = np.array(sorted(set().union(*(one.frame["household"] for one in asked))))
    for hours in (False, True):
        for public in (False, True):
            seen = [
                (one, answer)
                for one, answer in zip(asked, answers, strict=True)
                if one.question.hours is hours and (one.question.public or not public) and answer.left
            ]
            told = [told_cells(one, answer, names) for one, answer in seen]
            floor = LIMITS.public_floor if public else LIMITS.internal_floor
            found.append(attack([cells for cells, _ in told], [layers for _, layers in told], floor))
    return found


def told_cells(asked: Asked, answer: Answer, names: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the released cells as rows over all households, and which of them are of one kind of margin."""
    table = tabulated(asked)
    number = {label: cell for cell, label in enumerate(table.labels)}
    cells = np.zeros((len(answer.left), len(names)))
    cells[:, np.searchsorted(names, table.names)] = table.amount[[number[label] for label in answer.left]]
    kinds: dict[Labels, list[int]] = {}
    for cell, label in enumerate(answer.left):
        kinds.setdefault(tuple("" if part != ALL else part for part in label), []).append(cell)
    return cells, [np.array(kind) for kind in kinds.values()]


def main() -> None:
    """Read the arguments and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("count", type=int, nargs="?", default=2_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--door", choices=list(DOORS), default="release_table")
    parser.add_argument("--split", action="store_true", help="households of two devices have minutes on both")
    given = parser.parse_args()
    print(f"Python {platform.python_version()}, numpy {np.__version__}; seeds from {given.first}", flush=True)
    fewer = max(given.count // 20, min(given.count, 20))  # enough to see what happens without any check
    with threadpool_limits(limits=1):
        for name, count in ((given.door, given.count), ("floors", fewer)):
            seeds = range(given.first, given.first + count)
            print(judged(name, DOORS[name], seeds, given.split).line(name), flush=True)


if __name__ == "__main__":
    main()
