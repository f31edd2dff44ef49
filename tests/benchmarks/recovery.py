"""What the next recipe finds of planted habits: python tests/benchmarks/recovery.py [SEED ...]

The table of docs/decisions/0013-patterns-to-trust.md: on each population of `populations`, and on its controls, how
many patterns `analyzer.patterns.finding` finds, the share of rows without one, and the adjusted Rand index against the
habits. `UsagePatterns` stands beside it as it is.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Iterator

import nulls
import numpy as np
import pandas as pd
import populations
from sklearn.metrics import adjusted_rand_score

from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.filling import Filling
from analyzer.patterns.finding import Recipe, Sample, find
from analyzer.patterns.pooling import PLAYS, pooled
from analyzer.patterns.scaling import Scaling

RECIPE = Recipe(min_cluster_size=None, min_samples=10, n_axes=12, min_households=10, exact_below=20_000)


def sample_of(planted: populations.Planted) -> Sample:
    """Return the vectors scaled, pooled over a viewer's windows and filled."""
    frame, values = planted.vectors, planted.vectors.to_numpy()
    scaled = np.where(np.isnan(values), np.nan, Scaling.fit(values, list(frame.columns)).apply(values))
    points = pooled(scaled, frame.index, frame[PLAYS].to_numpy() if PLAYS in frame else None)
    filled = Filling.fit(points, planted.households, RECIPE.min_households).apply(points)
    viewers = populations.viewer_codes(frame.index)
    return Sample(filled, viewers, np.unique(planted.households, return_inverse=True)[1])


def row(name: str, labels: np.ndarray, habit: np.ndarray, seconds: float) -> str:
    """Return one line of the table."""
    planted = habit != populations.NONE
    agreement = adjusted_rand_score(habit[planted], labels[planted]) if planted.any() else float("nan")
    none = (labels[planted] < 0).mean() if planted.any() else (labels < 0).mean()
    return f"| {name} | {labels.max() + 1} | {none:.1%} | {agreement:.2f} | {seconds:.1f} |"


def cases(seed: int) -> Iterator[populations.Planted]:
    """Yield the populations and the controls."""
    plain = populations.plain(seed=seed)
    yield from (populations.synthetic(seed=seed), plain, populations.plain(seed=seed, apart=4.0))
    yield from (populations.hard(seed=seed, difficulties=(name,)) for name in populations.DIFFICULTIES)
    yield from (populations.hard(seed=seed), populations.shapeless(seed=seed), populations.few(seed=seed))
    yield from (nulls.shuffled(plain, seed), nulls.rolled(plain, seed), nulls.copula(plain, seed))


def main() -> None:
    """Print the table."""
    warnings.filterwarnings("ignore", message="These vectors have lost")
    for seed in [int(text) for text in sys.argv[1:]] or [1]:
        print(f"\nseed {seed}\n\n| population, recipe | patterns | no pattern | ARI | s |\n|---|---|---|---|---|")
        for planted in cases(seed):
            begin = time.perf_counter()
            sample = sample_of(planted)
            found = find(sample, RECIPE)
            labels = found.prototypes.assign(sample.points @ found.space)
            print(row(f"{planted.name}, next", labels, planted.habit, time.perf_counter() - begin), flush=True)
            begin = time.perf_counter()
            today = UsagePatterns().fit(planted.vectors, households=pd.array(planted.households)).labels_
            print(row(f"{planted.name}, today", today, planted.habit, time.perf_counter() - begin), flush=True)


if __name__ == "__main__":
    main()
