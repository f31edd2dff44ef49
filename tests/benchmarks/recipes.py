"""Compare ways to find patterns: python tests/benchmarks/recipes.py [VIEWERS] [SEED]

The table of docs/decisions/0005-finding-patterns.md: number of axes and HDBSCAN's selection, judged by the adjusted
Rand index against the planted habits of a synthetic population.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from hdbscan import HDBSCAN
from sklearn.metrics import adjusted_rand_score

import analyzer
from analyzer.patterns.estimator import principal_axes
from analyzer.patterns.scaling import Scaling
from analyzer.sessions.synthetic import Population, synthesize


def row(label: str, labels: np.ndarray, habit: np.ndarray, seconds: float) -> str:
    """Return one line of the table."""
    inside = labels >= 0
    agreement = adjusted_rand_score(habit, labels), adjusted_rand_score(habit[inside], labels[inside])
    return (
        f"| {label} | {labels.max() + 1} | {1 - inside.mean():.0%} | {agreement[0]:.2f} | {agreement[1]:.2f}"
        f" | {seconds:.1f} |"
    )


def main() -> None:
    """Print the table."""
    viewers = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    sessions, truth = synthesize(Population(viewers, seed=seed))
    vectors = analyzer.extract_features(sessions)
    habits = dict(zip(truth["viewer_id"].to_pylist(), truth["habit"].to_pylist(), strict=True))
    habit = vectors.index.get_level_values("viewer_id").map(habits).to_numpy()
    print(f"{viewers:,} viewers, seed {seed}: {len(vectors):,} vectors x {vectors.shape[1]} features\n")
    print("| axes, selection | patterns | no pattern | ARI, all | ARI, in a pattern | s |\n|---|---|---|---|---|---|")
    scaled = Scaling.fit(vectors.to_numpy(), list(vectors.columns)).apply(vectors.to_numpy())
    size = max(30, round(0.005 * len(vectors)))
    for count in (6, 8, 12, vectors.shape[1]):
        points = scaled @ principal_axes(scaled, count)
        for selection in ("eom", "leaf"):
            begin = time.perf_counter()
            clusterer = HDBSCAN(
                size, min_samples=10, cluster_selection_method=selection, approx_min_span_tree=False, core_dist_n_jobs=1
            )
            labels = clusterer.fit_predict(points)
            print(row(f"{count}, {selection}", labels, habit, time.perf_counter() - begin))
    begin = time.perf_counter()
    patterns = analyzer.UsagePatterns().fit(vectors)
    print(row("UsagePatterns (8, eom, prototypes)", patterns.labels_, habit, time.perf_counter() - begin))


if __name__ == "__main__":
    main()
