"""What is found of planted habits, and of none: python tests/benchmarks/recovery.py [SEED ...]

On each population of `populations`, and on controls that hold no patterns: how many patterns `UsagePatterns` finds, how
many habits of at least half a percent have a pattern of their own, the share of vectors without a pattern, the adjusted
Rand index against the habits, the largest share that one household has in a pattern, what is explained beside chance.
With `--bootstrap`, also the agreement of two fits on households drawn with replacement, on all vectors.
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

HEAD = (
    "| population | patterns | habits found | no pattern | ARI | bootstrap ARI | largest household"
    " | explained (chance) | s |"
)


def cases(seed: int) -> Iterator[populations.Planted]:
    """Yield the populations and the controls."""
    plain = populations.plain(seed=seed)
    synthetic = populations.synthetic(seed=seed)
    yield from (synthetic, plain, populations.plain(seed=seed, apart=4.0))
    yield from (populations.hard(seed=seed, difficulties=(name,)) for name in populations.DIFFICULTIES)
    yield from (populations.hard(seed=seed), populations.shapeless(seed=seed), populations.few(seed=seed))
    for planted in (plain, synthetic):
        yield from (nulls.shuffled(planted, seed), nulls.rolled(planted, seed), nulls.copula(planted, seed))
        yield nulls.copula(planted, seed, persistent=True)
    real = populations.real_windows()
    if real is None:
        print("| real windows: not measured, ../shared is not there |")
    else:
        yield real


def row(planted: populations.Planted, seed: int, *, bootstrap: bool) -> str:
    """Return one line of the table."""
    begin = time.perf_counter()
    patterns = UsagePatterns(bootstraps=0).fit(planted.vectors, households=planted.households)
    seconds = time.perf_counter() - begin
    labels, evidence = patterns.labels_, patterns.evidence_
    known = ~np.isin(planted.habit, [populations.NONE, populations.UNKNOWN])
    found, ari = ("-", "-") if not known.any() else _recovery(planted, labels, known)
    none = (labels[known] < 0).mean() if known.any() else (labels < 0).mean()
    again = f"{_agreement(planted, seed):.2f}" if bootstrap and known.any() else "-"
    shares = [profile.largest_household_share or 0.0 for profile in patterns.profiles_]
    chance = f"{evidence.explained:.0%} ({max(evidence.by_chance, default=0.0):.0%})"
    return (
        f"| {planted.name} | {len(patterns.profiles_)} | {found} | {none:.1%} | {ari} | {again}"
        f" | {max(shares, default=0.0):.0%} | {chance} | {seconds:.1f} |"
    )


def _recovery(planted: populations.Planted, labels: np.ndarray, known: np.ndarray) -> tuple[str, str]:
    wanted = [habit for habit, share in planted.shares.items() if share >= 0.005 and habit != populations.NONE]
    table = pd.crosstab(planted.habit[known], labels[known]).drop(columns=-1, errors="ignore")
    own = set(table.idxmax()) if table.shape[1] else set()
    return (
        f"{len(own & set(wanted))} of {len(wanted)}",
        f"{adjusted_rand_score(planted.habit[known], labels[known]):.2f}",
    )


def _agreement(planted: populations.Planted, seed: int) -> float:
    labels = []
    for number in range(2):
        drawn, _ = nulls.bootstrap(planted, 1_000 * seed + number)
        fitted = UsagePatterns(bootstraps=0, null_copies=0).fit(drawn.vectors, households=drawn.households)
        labels.append(fitted.predict(planted.vectors))
    return float(adjusted_rand_score(*labels))


def main() -> None:
    """Print the tables."""
    warnings.filterwarnings("ignore", message="These vectors have lost")
    for seed in [int(text) for text in sys.argv[1:] if text.isdigit()] or [1]:
        print(f"\nseed {seed}\n\n{HEAD}\n{'|---' * 9}|")
        for planted in cases(seed):
            print(row(planted, seed, bootstrap="--bootstrap" in sys.argv), flush=True)


if __name__ == "__main__":
    main()
