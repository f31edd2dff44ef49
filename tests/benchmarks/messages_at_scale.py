"""Claims over up to a hundred million sessions: how long an index takes to make, and how long an answer takes.

    python tests/benchmarks/messages_at_scale.py [SESSIONS] [--folder FOLDER] [--memory 3GB] [--claims 440]

10,000,000 by default; 100,000,000 make files of 1.1 GB, and the index needs 5 GB of disk while it is made.
A quarter of the claims is about the ten titles that are watched most, where an answer takes longest; a quarter about
titles drawn by how much they are watched, a quarter about any, and a quarter names no title at all. Every claim is
asked with marks of all households, as a check of a draft would.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import contest
import duckdb
import numpy as np

from analyzer.messages.audience import audience_of
from analyzer.messages.claim import (
    Action,
    Amount,
    Basis,
    BasisKind,
    Claim,
    Content,
    ContentKind,
    Frequency,
    Per,
    Span,
    Statistic,
    Who,
    WhoKind,
    Window,
)
from analyzer.messages.in_marks import HouseholdMarks
from analyzer.messages.index import Index
from analyzer.policy.uses import Addressed
from analyzer.workflow.message_index import build_index, ready

DAYS, TITLES, A_HOUSEHOLD, STEP = 60, 20_000, 100, 5_000_000
COUNTRIES = ("GB", "DE", "FR", "ES", "FI", "MT")

ROWS = """
COPY (
    SELECT 'v' || (2 * h + v) AS viewer_id, 'h' || h AS household_id, 't' || lpad(t::VARCHAR, 5, '0') AS title_id,
        make_timestamptz(1700000000000000 + s * 1000000) AS started_at,
        CASE WHEN full_length THEN 5400.0 ELSE 60 + (i * 7919) % 5000 END AS played_s, 5400.0 AS runtime_s,
        60 AS utc_offset_min, $countries[1 + (h % 6)::BIGINT] AS country
    FROM (
        SELECT i, hash(i, 1) % $households AS h, hash(i, 2) % 2 AS v, hash(i, 3) % 4 > 0 AS full_length,
            (i::DOUBLE / $total * 86400 * $days)::BIGINT AS s,
            -- every hundredth household has one title that it comes back to in half of its sessions
            CASE WHEN h % 100 = 0 AND hash(i, 4) % 2 = 0 THEN hash(h) % $titles
                ELSE floor($titles * pow((hash(i, 5) % 1000000) / 1000000.0, 3))::BIGINT END AS t
        FROM range($first, $last) r(i)))
TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 1000000)
"""


def make(sessions: int, folder: Path) -> Path:
    """Write the sessions, in order of time, a file for every five million, unless they are there; return where."""
    target = folder / f"claims-{sessions}"
    if target.is_dir():
        return target
    draft = folder / f"claims-{sessions}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    values = {"households": max(sessions // A_HOUSEHOLD, 1), "total": sessions, "days": DAYS, "titles": TITLES}
    for number, first in enumerate(range(0, sessions, STEP)):
        part = {**values, "countries": list(COUNTRIES), "first": first, "last": min(first + STEP, sessions)}
        duckdb.execute(ROWS.format(path=draft / f"part-{number:03d}.parquet"), part)
    draft.rename(target)
    return target


class Claims:
    """Random claims about the titles of an index."""

    def __init__(self, index: Index, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        told = index.rows("SELECT title_id, plays FROM totals JOIN titles USING (title) ORDER BY title")
        self.names = [name for name, _ in told]
        weight = np.array([plays for _, plays in told], dtype=np.float64)
        top = weight >= np.sort(weight)[-10:][0]
        self.drawn = {
            "ten most watched": top / top.sum(),
            "by plays": weight / weight.sum(),
            "any": np.full(len(weight), 1 / len(weight)),
            NO_TITLE: None,
        }

    def one(self, number: int) -> tuple[str, str, Claim]:
        """Return what kind of claim it is, how its title was drawn, and the claim."""
        n, days = float(self.rng.integers(2, 5_000)), int(self.rng.choice([7, 14, 18, 28, DAYS]))
        window, group = Window(days, None, None, None, SPAN), Who(WhoKind.GROUP, _amount(n))
        some_days = float(self.rng.integers(2, min(days, 15)))
        kinds = {
            "every day": _claim(group, frequency=Frequency(_amount(1), Per.DAY, True, SPAN), window=window),
            "some of the days": _claim(
                group, frequency=Frequency(_amount(some_days), Per.DAY, False, SPAN), window=window
            ),
            "k times": _claim(group, frequency=_times(self.rng.integers(2, 30)), window=window),
            "at all": _claim(group, window=window),
            "at night": _claim(group, window=Window(days, None, None, (1, 4), SPAN)),
            "in one go": _claim(group, action=Action.BINGED),
            "one viewer, k times": _claim(Who(WhoKind.INDIVIDUAL), frequency=_times(self.rng.integers(5, 60))),
            "a share": _claim(Who(WhoKind.SHARE, share=_amount(0.1)), statistic=Statistic.SHARE, window=window),
            "one place": _claim(Who(WhoKind.GROUP, _amount(n), place="Malta"), window=window),
            "hours": _claim(NOBODY, statistic=Statistic.HOURS, amount=_amount(n * 100)),
            "rank": _claim(NOBODY, statistic=Statistic.RANK, amount=_amount(1)),
        }
        kind = list(kinds)[number % len(kinds)]
        how = list(self.drawn)[number // len(kinds) % len(self.drawn)]
        name = None if how == NO_TITLE else str(self.rng.choice(self.names, p=self.drawn[how]))
        return kind, how, kinds[kind](name)


NO_TITLE = "no title"
SPAN = Span(0, 1)
NOBODY = Who(WhoKind.NOBODY)


def _amount(value: float) -> Amount:
    return Amount(value, value, f"{value:,g}", SPAN)


def _times(count: int) -> Frequency:
    return Frequency(_amount(float(count)), Per.WINDOW, True, SPAN)


def _claim(who: Who, statistic: Statistic = Statistic.PEOPLE, action: Action = Action.WATCHED, **more):
    def about(name: str | None) -> Claim:
        content = None if name is None else Content(ContentKind.TITLE, name, name, SPAN)
        basis = Basis(BasisKind.SERVICE_DATA)
        return Claim(who, statistic, action, basis, Addressed.NOBODY, SPAN, content=content, **more)

    return about


def random_marks(index: Index, seed: int) -> HouseholdMarks:
    """Return marks as many as a model gives: 4 % protected, 6 % in review, 15 % none."""
    drawn = np.random.default_rng(seed).choice([2, 1, 0, -1], index.about.households, p=[0.04, 0.06, 0.75, 0.15])
    severity = drawn.astype(np.int8)
    return HouseholdMarks(severity, np.append(np.bincount(severity[severity >= 0], minlength=3), (severity < 0).sum()))


def measure(index: Index, claims: int, seed: int) -> None:
    """Print how long answers take."""
    made, marks = Claims(index, seed), random_marks(index, seed)
    for number in range(44):  # one of each first: libraries load, and the file comes into the cache
        audience_of(made.one(number)[2], index, marks=marks)
    took: dict[str, list[float]] = defaultdict(list)
    for number in range(claims):
        kind, how, claim = made.one(number)
        begin = time.perf_counter()
        audience_of(claim, index, marks=marks)
        named = [f"{kind}, no title" if how == NO_TITLE else kind, how]
        named.append("no title" if how == NO_TITLE else "with a title")
        for name in dict.fromkeys([*named, f"all {claims}"]):
            took[name].append(1000 * (time.perf_counter() - begin))
    for kind, times in took.items():
        p95 = float(np.quantile(times, 0.95))
        print(f"{kind:29} p50 {statistics.median(times):7.1f} ms   p95 {p95:7.1f} ms   worst {max(times):7.1f} ms")


def main() -> None:
    """Measure the size that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sessions", nargs="?", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "analyzer-benchmarks")
    parser.add_argument("--memory", default="3GB")
    parser.add_argument("--claims", type=int, default=440)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    contest.print_versions("numpy", "pyarrow", "duckdb", "scipy")
    source, out = make(given.sessions, given.folder), given.folder / f"claims-{given.sessions}-index"
    size = sum(path.stat().st_size for path in source.iterdir())
    print(f"{given.sessions:,} sessions, {size / 1e9:.2f} GB of Parquet")
    if not out.is_dir():
        begin = time.perf_counter()
        done = build_index(source, out, memory=given.memory, key_file=given.folder / "claims.key")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        seconds = time.perf_counter() - begin
        print(
            f"index: {seconds:.0f} s, {done.size_bytes / 1e9:.2f} GB, {done.about.rows:,} rows, peak {peak:.2f} GB,"
            f" --memory {given.memory}"
        )
    with ready(os.fspath(out), memory=given.memory) as index:
        measure(index, given.claims, given.seed)


if __name__ == "__main__":
    main()
