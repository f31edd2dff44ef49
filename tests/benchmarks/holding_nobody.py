"""Is a viewer inside the model? python tests/benchmarks/holding_nobody.py [SEED]

A membership attack: whoever holds the model asks how near somebody's vectors lie to the nearest prototype, and says
"was in the data" of those who lie nearer. Area under the curve, members against fresh viewers of the same population;
0.5 is guessing. And the influence of one household: the model is fitted without it, and every published array compared.
"""

from __future__ import annotations

import sys
import warnings

import nulls
import numpy as np
import populations
from sklearn.metrics import roc_auc_score

from analyzer.patterns.estimator import UsagePatterns

LEFT_OUT = 20


def attack(planted: populations.Planted, seed: int) -> tuple[float, float]:
    """Return the area under the curve, by vectors and by the mean of a viewer's vectors."""
    half, rows = nulls.half(planted, seed)
    fitted = UsagePatterns(bootstraps=0).fit(half.vectors, households=half.households)
    member = np.zeros(len(planted.vectors), dtype=bool)
    member[rows] = True
    points, cells = np.asarray(fitted.transform(planted.vectors)), fitted.prototypes_
    nearest = np.full(len(points), np.inf)
    for center, variance in zip(cells.centers, cells.variances, strict=True):
        nearest = np.minimum(nearest, ((points - center) ** 2 / variance).sum(axis=1))
    viewers = populations.viewer_codes(planted.vectors.index)
    by_viewer = np.bincount(viewers, nearest) / np.bincount(viewers)
    first = np.unique(viewers, return_index=True)[1]
    return float(roc_auc_score(member, -nearest)), float(roc_auc_score(member[first], -by_viewer))


def influence(planted: populations.Planted, seed: int) -> None:
    """Print how much leaving out one household changes what is published."""
    estimator = UsagePatterns(null_copies=0, bootstraps=0)
    whole = estimator.fit(planted.vectors, households=planted.households)
    labels, points = whole.labels_, np.asarray(whole.transform(planted.vectors))
    names = np.unique(planted.households)
    drawn = np.random.default_rng(seed).choice(names, LEFT_OUT, replace=False)
    changes: list[tuple[float, float, float]] = []
    for name in drawn:
        kept = planted.households != name
        without = UsagePatterns(null_copies=0, bootstraps=0).fit(
            planted.vectors[kept], households=planted.households[kept]
        )
        again, moved = without.predict(planted.vectors), np.asarray(without.transform(planted.vectors))
        scaling = float((np.abs(without.scaling_.mean - whole.scaling_.mean) / whole.scaling_.scale).max())
        same_axes = moved.shape == points.shape
        changes.append(
            (scaling, float(np.abs(moved - points).max()) if same_axes else np.inf, (again != labels).mean())
        )
    scaling, moved, relabelled = (np.array(column) for column in zip(*changes, strict=True))
    print(f"one of {len(names):,} households left out, {LEFT_OUT} times:")
    print(f"  means of features move by at most {scaling.max():.2g} sd")
    print(f"  places of vectors: {np.median(moved):.2g} (median of the largest), {moved.max():.2g} (worst)")
    print(f"  labels that change: {np.median(relabelled):.2%} (median), {relabelled.max():.2%} (worst)")


def main() -> None:
    """Print attack and influence on two populations."""
    warnings.filterwarnings("ignore", message="These vectors have lost")
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    for planted in (populations.plain(viewers=6_000, seed=seed), populations.synthetic(6_000, seed=seed)):
        by_vector, by_viewer = attack(planted, seed)
        print(populations.summary(planted))
        print(f"membership attack, AUC: {by_vector:.3f} by vector, {by_viewer:.3f} by viewer")
        influence(planted, seed)


if __name__ == "__main__":
    main()
