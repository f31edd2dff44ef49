"""Who is named? python tests/benchmarks/protection.py [VIEWERS] [SEED]

On a synthetic population: the share of planted protected viewers and windows that end in an open pattern (goal 0), and
the share of ordinary ones that do, per planted habit; the same with only the required columns, and if each window were
judged by itself.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa

import analyzer
from analyzer.policy.marks import guarded
from analyzer.policy.rules import MarkStatus
from analyzer.sessions.records import Sessions
from analyzer.sessions.schema import REQUIRED
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow.classify import WITHHELD
from analyzer.workflow.run import fit


def shares(named: pd.Series, protected: pd.Series) -> str:
    """Return the named shares of windows and of viewers, protected and ordinary."""
    parts = []
    for label, chosen in (("protected", protected), ("ordinary", ~protected)):
        windows = named[chosen]
        viewers = windows.groupby(level="viewer_id").max()
        parts.append(
            f"{label}: {windows.sum():,} of {len(windows):,} windows ({windows.mean():.4%}),"
            f" {viewers.sum():,} of {len(viewers):,} viewers ({viewers.mean():.4%})"
        )
    return "\n    ".join(parts)


def report(label: str, sessions: Sessions, truth: pd.DataFrame) -> None:
    """Print who is named when the model is fitted on these sessions."""
    vectors = analyzer.extract_features(sessions)
    model = fit(vectors, "28d", label)
    named = analyzer.classify(model, vectors)["pattern"] != WITHHELD
    habit = truth["habit"].reindex(vectors.index.get_level_values("viewer_id")).to_numpy()
    protected = pd.Series(np.isin(habit, truth.loc[truth["protected"], "habit"].unique()), vectors.index)
    statuses = [mark.status for mark in model.marks[:-1]]
    print(f"\n{label}: {len(vectors):,} windows, {len(statuses)} patterns, {statuses.count(MarkStatus.OPEN)} open")
    print("  named in the output\n    " + shares(named, protected))
    ids = model.patterns.pattern_ids(model.patterns.predict(vectors))
    open_ids = [mark.pattern_id for mark in model.marks if mark.status is MarkStatus.OPEN]
    alone = pd.Series(np.isin(ids.astype(str), open_ids) & ~guarded(vectors), vectors.index)
    print("  if each window were judged by itself\n    " + shares(alone, protected))
    by_habit = pd.DataFrame({"habit": habit, "named": named.to_numpy()}).groupby("habit")["named"].mean()
    print("  windows named, by planted habit")
    for name, share in by_habit.items():
        print(
            f"    {name:28} {share:7.2%}{'  (protected)' if truth.query('habit == @name')['protected'].any() else ''}"
        )


def main() -> None:
    """Measure on a fresh population."""
    viewers = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 20_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    sessions, planted = synthesize(Population(viewers, seed=seed))
    truth = planted.to_pandas().set_index("viewer_id")
    print(f"{viewers:,} viewers, seed {seed}, {truth['protected'].sum():,} with a planted protected habit")
    report("all columns", sessions, truth)
    bare: pa.Table = sessions.table.select(list(REQUIRED))
    report("required columns only", replace(sessions, table=bare), truth)


if __name__ == "__main__":
    main()
