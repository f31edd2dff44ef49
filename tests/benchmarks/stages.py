"""Time each stage of the river: python tests/benchmarks/stages.py [VIEWERS ...]

Prints medians of three runs per stage with the sizes of the inputs, and the versions of the libraries.
"""

from __future__ import annotations

import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import analyzer
from analyzer.sessions.synthetic import Population, write_parquet
from analyzer.workflow.run import fit

RUNS = 3


def median_of(job: Callable[[], Any]) -> tuple[float, Any]:
    """Return the median time of the job in seconds and its last result."""
    times = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        result = job()
        times.append(time.perf_counter() - begin)
    return statistics.median(times), result


def measure(viewers: int, folder: Path) -> None:
    """Print the stages' times for a population of that size."""
    path = folder / "sessions.parquet"
    made_s, rows = median_of(lambda: write_parquet(Population(viewers), path))
    read_s, sessions = median_of(lambda: analyzer.read_sessions(path))
    features_s, vectors = median_of(lambda: analyzer.extract_features(sessions))
    fit_s, model = median_of(lambda: fit(vectors, "28d", "benchmark"))
    classify_s, _ = median_of(lambda: analyzer.classify(model, vectors))
    size = f"{viewers:,} viewers, {rows:,} rows, {len(vectors):,} vectors x {vectors.shape[1]} features"
    print(f"\n{size}; median of {RUNS}")
    for stage, seconds, count, unit in (
        ("synth", made_s, rows, "rows"),
        ("read", read_s, rows, "rows"),
        ("features", features_s, len(sessions), "sessions"),
        ("fit", fit_s, len(vectors), "vectors"),
        ("classify", classify_s, len(vectors), "vectors"),
    ):
        print(f"  {stage:9} {seconds:8.2f} s  {count / seconds:12,.0f} {unit}/s")


def main() -> None:
    """Measure the sizes given on the command line; 2,000 and 20,000 viewers by default."""
    libraries = ("numpy", "pandas", "pyarrow", "scikit-learn", "hdbscan", "scipy")
    print("Python", platform.python_version(), *[f"{name} {version(name)}" for name in libraries], sep="  ")
    with tempfile.TemporaryDirectory() as folder:
        for viewers in [int(word.replace(",", "")) for word in sys.argv[1:]] or [2_000, 20_000]:
            measure(viewers, Path(folder))


if __name__ == "__main__":
    main()
