"""A note on another kind of library: tsfresh on the sessions of 1,000 viewers, beside our whole catalog.

    pip install tsfresh && python tests/benchmarks/with_tsfresh.py [VIEWERS]

tsfresh describes one series a viewer (here `played_s` in time) by hundreds of general features; ours are about titles,
series, days and clocks, which no single series holds. So this compares times, not answers.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import contest

import analyzer
from analyzer.sessions.synthetic import Population, synthesize


def timed(job: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds and the result of a job."""
    begin = time.perf_counter()
    result = job()
    return time.perf_counter() - begin, result


def main() -> None:
    """Measure the size that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("viewers", nargs="?", type=int, default=1_000)
    given = parser.parse_args()
    try:
        from tsfresh import extract_features
        from tsfresh.feature_extraction import EfficientFCParameters, MinimalFCParameters
    except ImportError:
        raise SystemExit("tsfresh is not installed: pip install tsfresh") from None
    contest.print_versions("tsfresh", "numpy", "pandas")
    sessions = synthesize(Population(given.viewers, days=28, seed=11))[0]
    ours_s, vectors = timed(lambda: analyzer.extract_features(sessions))
    print(f"{len(sessions):,} sessions of {given.viewers:,} viewers")
    print(f"  analyzer, {vectors.shape[1]} features: {ours_s:.2f} s")
    series = sessions.to_pandas()[["viewer_id", "started_at", "played_s"]].astype({"viewer_id": str})
    for parameters in (MinimalFCParameters(), EfficientFCParameters()):
        seconds, found = timed(
            lambda p=parameters: extract_features(
                series, column_id="viewer_id", column_sort="started_at", default_fc_parameters=p,
                n_jobs=2, disable_progressbar=True,
            )
        )  # fmt: skip
        name = type(parameters).__name__
        print(f"  tsfresh, {name}, {found.shape[1]} features: {seconds:.2f} s, {seconds / ours_s:.0f} x ours")


if __name__ == "__main__":
    main()
