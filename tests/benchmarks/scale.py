"""From one to a hundred million sessions on one machine: time, memory, and whether time grows faster than the data.

    python tests/benchmarks/scale.py [VIEWERS ...] [--folder FOLDER] [--memory 3GB] [--turns 3]

10,000, 100,000 and 1,000,000 viewers by default: 1, 10 and 100 million sessions, the last one a file of 1.8 GB that
takes some minutes to make. File to file, as `analyzer features` does it.
"""

from __future__ import annotations

import argparse
import math
import os
import tempfile
from itertools import pairwise
from pathlib import Path

import contest
from sessions_file import make


def main() -> None:
    """Measure the sizes that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "analyzer-benchmarks")
    parser.add_argument("--memory", default="3GB")
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    os.environ.update(BENCHMARK_MEMORY=given.memory, BENCHMARK_FOLDER=str(given.folder))
    warm = given.folder / "sessions-2000.parquet"
    make(2_000, warm)
    contest.print_versions("numpy", "pandas", "pyarrow", "duckdb")
    found: list[tuple[int, float]] = []
    print(f"{'sessions':>13} {'median s':>9} {'sessions/s':>11} {'cpu s':>7} {'peak GB':>8}   --memory {given.memory}")
    for viewers in given.viewers:
        path = given.folder / f"sessions-{viewers}.parquet"
        rows = make(viewers, path)
        one = contest.measure({"to_file": "contestants:to_file"}, path, warm, given.turns)["to_file"]
        found.append((rows, one.seconds))
        print(f"{rows:13,} {one.seconds:9.2f} {rows / one.seconds:11,.0f} {one.cpu_seconds:7.1f} {one.peak_gb:8.2f}")
    for (rows, seconds), (more, longer) in pairwise(found):
        exponent = math.log(longer / seconds) / math.log(more / rows)
        print(f"from {rows:,} to {more:,}: time grows with the power {exponent:.3f} of the sessions")


if __name__ == "__main__":
    main()
