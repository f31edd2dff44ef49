"""Time and agreement beside hdbscan on the rows: python tests/benchmarks/clustering.py [--rows N] [--million]

One run, side by side: `UsagePatterns` (search alone, and with its test against chance and stability) and
`hdbscan.HDBSCAN` on the same rows; adjusted Rand index of both against the planted groups; `predict` beside
`hdbscan.approximate_predict` on rows that neither has seen. With `--million`, time and peak memory at 125,000 to
1,000,000 vectors, each in a process of its own.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import hdbscan
import numpy as np
import populations
from sklearn.metrics import adjusted_rand_score

from analyzer.patterns.estimator import UsagePatterns

SIZES = (125_000, 250_000, 500_000, 1_000_000)
ASKED = 5_000  # rows that approximate_predict is timed on; it takes about a second


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what a call returns, and its time in s."""
    begin = time.perf_counter()
    return call(), time.perf_counter() - begin


def compare(rows: int, features: int) -> None:
    """Print both contestants on the same rows."""
    planted = populations.blobs(rows + 50_000, features, seed=1)
    values, habit = planted.vectors.to_numpy(), planted.habit
    seen, fresh = values[:rows], values[rows:]
    ours, search_s = timed(lambda: UsagePatterns(null_copies=0, bootstraps=0).fit(seen))
    _, whole_s = timed(lambda: UsagePatterns().fit(seen))
    scaled = (seen - seen.mean(axis=0)) / seen.std(axis=0)
    peer = hdbscan.HDBSCAN(min_cluster_size=max(20, rows // 400), min_samples=10, prediction_data=True)
    _, peer_s = timed(lambda: peer.fit(scaled))
    print(f"{rows:,} x {features}, {len(np.unique(habit))} planted groups")
    print("| contestant | s | ratio | ARI to planted | no pattern |\n|---|---|---|---|---|")
    for name, seconds, labels in (
        ("UsagePatterns, search alone", search_s, ours.labels_),
        ("UsagePatterns, with test and stability", whole_s, ours.labels_),
        ("hdbscan.HDBSCAN on the rows", peer_s, peer.labels_),
    ):
        ari = adjusted_rand_score(habit[:rows], labels)
        print(f"| {name} | {seconds:.1f} | {peer_s / seconds:.1f} | {ari:.4f} | {(labels < 0).mean():.2%} |")
    predict(ours, peer, fresh, (fresh - seen.mean(axis=0)) / seen.std(axis=0))


def predict(ours: UsagePatterns, peer: hdbscan.HDBSCAN, fresh: np.ndarray, fresh_scaled: np.ndarray) -> None:
    """Print rows a second and agreement on rows that neither has seen."""
    many = np.tile(fresh, (max(1, 1_000_000 // len(fresh)), 1))
    ours.predict(many[:10_000])
    speeds = [len(many) / timed(lambda: ours.predict(many))[1] for _ in range(3)]
    theirs, their_s = timed(lambda: hdbscan.approximate_predict(peer, fresh_scaled[:ASKED])[0])
    mine = ours.predict(fresh[:ASKED])
    both = (mine >= 0) & (theirs >= 0)
    names = {n: np.bincount(theirs[both & (mine == n)], minlength=1).argmax() for n in np.unique(mine[both])}
    agree = np.mean([names[n] == t for n, t in zip(mine[both], theirs[both], strict=True)])
    print(
        f"predict: {np.median(speeds):,.0f} rows/s; approximate_predict {ASKED / their_s:,.0f} rows/s; ratio"
        f" {np.median(speeds) * their_s / ASKED:.0f}. Where both assign ({both.mean():.1%}) {agree:.2%} agree; one"
        f" assigns and the other does not: {((mine >= 0) != (theirs >= 0)).mean():.2%}"
    )


def alone(rows: int, features: int) -> None:
    """Print time and peak memory of one fit."""
    planted = populations.plain(viewers=rows // 4, windows=4, features=features, seed=1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    fitted, seconds = timed(lambda: UsagePatterns().fit(planted.vectors, households=planted.households))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    ari = adjusted_rand_score(planted.habit, fitted.labels_)
    print(
        f"| {len(planted.vectors):,} | {seconds:.1f} | {1e6 * seconds / rows:.1f} | {peak:.2f} ({before:.2f}) |"
        f" {len(fitted.profiles_)} | {ari:.3f} |",
        flush=True,
    )


def main() -> None:
    """Run what was asked for."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=200_000)
    asked.add_argument("--features", type=int, default=24)
    asked.add_argument("--million", action="store_true")
    asked.add_argument("--alone", type=int)
    given = asked.parse_args()
    if given.alone:
        alone(given.alone, given.features)
        return
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "hdbscan"))
    print(f"Python {platform.python_version()}, {libraries}, {platform.machine()}")
    if given.million:
        print(
            "| vectors | s | us a vector | peak GB (before fitting) | patterns | ARI |\n|---|---|---|---|---|---|",
            flush=True,
        )
        for rows in SIZES:
            subprocess.run([sys.executable, __file__, "--alone", str(rows)], check=True)
        return
    compare(given.rows, given.features)


if __name__ == "__main__":
    main()
