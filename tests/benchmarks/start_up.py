"""Time what everybody waits for first: python tests/benchmarks/start_up.py

Prints the median and the best of eleven runs of `import analyzer` (less the start of an empty Python) and of
`analyzer --help`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 11


def times_of(*arguments: str) -> list[float]:
    """Return the wall times of a Python process in seconds."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(time.perf_counter() - begin)
    return times


def main() -> None:
    """Print both figures beside their goals."""
    empty = statistics.median(times_of("-c", "pass"))
    for label, goal, less, arguments in (
        ("import analyzer", 0.3, empty, ("-c", "import analyzer")),
        ("analyzer --help", 0.6, 0.0, ("-m", "analyzer", "--help")),
    ):
        times = [t - less for t in times_of(*arguments)]
        print(f"{label}: median {statistics.median(times):.3f} s, best {min(times):.3f} s (goal < {goal} s)")


if __name__ == "__main__":
    main()
