"""What Spark costs on one machine: local[2] beside the local engine with two workers, file to file.

    python tests/benchmarks/engines.py [VIEWERS] [--folder FOLDER] [--turns 3]

Spark's start, which comes once, is timed apart. The files that both write are compared byte by byte.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import contest
from sessions_file import make

from analyzer.sessions.pieces import ReadOptions
from analyzer.workflow.engines import Engine, engine_from
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.progress import SILENT
from analyzer.workflow.spark_engine import session


def timed(engine: Engine, path: Path, out: Path) -> float:
    """Return the seconds of one extraction."""
    begin = time.perf_counter()
    engine.write_features([str(path)], out, ReadOptions(), ExtractOptions(workers=2), SILENT)
    return time.perf_counter() - begin


def main() -> None:
    """Measure the size that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", nargs="?", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "analyzer-benchmarks")
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    path, warm = given.folder / f"sessions-{given.viewers}.parquet", given.folder / "sessions-2000.parquet"
    rows, _ = make(given.viewers, path), make(2_000, warm)
    contest.print_versions("pyspark", "numpy", "pyarrow", "duckdb")
    begin = time.perf_counter()
    session("local[2]")
    print(f"starting Spark: {time.perf_counter() - begin:.1f} s")
    engines = {"local": engine_from("local", None), "spark": engine_from("spark", "local[2]")}
    outs = {name: given.folder / f"vectors-{name}.parquet" for name in engines}
    for name, engine in engines.items():
        timed(engine, warm, outs[name])
    turns = [{name: timed(engine, path, outs[name]) for name, engine in engines.items()} for _ in range(given.turns)]
    medians = {name: statistics.median(turn[name] for turn in turns) for name in engines}
    same = outs["local"].read_bytes() == outs["spark"].read_bytes()
    print(
        f"{rows:,} sessions, medians of {given.turns}: local {medians['local']:.2f} s, spark {medians['spark']:.2f} s"
    )
    print(f"Spark takes {medians['spark'] / medians['local']:.1f} x; the files are {'equal' if same else 'NOT EQUAL'}")


if __name__ == "__main__":
    main()
