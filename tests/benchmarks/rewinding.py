"""Who is named where players tell of rewinds? python tests/benchmarks/rewinding.py [VIEWERS] [SEED] [DAYS]

On a synthetic population with player events: the share of viewers and windows of rewinders that end in an open pattern
(goal 0), with and without repetition of titles, by how many of their sessions hold a loop; and of all others. From
session rows with events beside them, from events alone, and, to see what events add, from session rows alone.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pyarrow as pa

import analyzer
from analyzer.policy.rules import MarkStatus
from analyzer.sessions.habits import HABITS
from analyzer.sessions.records import Sessions
from analyzer.sessions.synthetic import Population
from analyzer.sessions.synthetic_events import event_batches
from analyzer.workflow.classify import WITHHELD
from analyzer.workflow.run import fit

RITUALS = {habit.name for habit in HABITS if habit.protected}


def kinds(truth: pd.DataFrame) -> pd.Series:
    """Return in words what is planted in each viewer."""
    ritual, share = truth["habit"].isin(RITUALS), truth["rewind_share"]
    with_titles = np.where(ritual, "with repetition of a title", "without repetition of titles")
    loops = share.map(lambda part: f"rewinds in {part:.0%} of sessions, ") + with_titles
    return loops.where(share > 0, np.where(ritual, "repetition of a title only", "neither (ordinary)"))


def report(label: str, sessions: Sessions, truth: pd.DataFrame) -> None:
    """Print who is named when the model is fitted on these sessions."""
    vectors = analyzer.extract_features(sessions)
    model = fit(vectors, "28d", label)
    named = analyzer.classify(model, vectors)["pattern"] != WITHHELD
    statuses = [mark.status for mark in model.marks[:-1]]
    print(f"\n{label}: {len(vectors):,} windows, {len(statuses)} patterns, {statuses.count(MarkStatus.OPEN)} open")
    viewers = vectors.index.get_level_values("viewer_id")
    table = pd.DataFrame(
        {"kind": kinds(truth).reindex(viewers).to_numpy(), "viewer": viewers, "named": named.to_numpy()}
    )
    for kind, rows in table.groupby("kind"):
        whose = rows.groupby("viewer")["named"].max()
        windows = f"{rows['named'].sum():6,} of {len(rows):6,} windows ({rows['named'].mean():7.2%})"
        print(f"  {kind:58} {windows}, {whose.sum():6,} of {len(whose):6,} viewers ({whose.mean():7.2%})")


def main() -> None:
    """Measure on a fresh population."""
    viewers, seed, days = (int(text) for text in (*sys.argv[1:], *("3000", "1", "56")[len(sys.argv) - 1 :]))
    sessions, events, truths = zip(*event_batches(Population(viewers, days, seed)), strict=True)
    truth = pa.concat_tables(truths).to_pandas().set_index("viewer_id")
    rows, told = (pa.concat_tables(parts).unify_dictionaries() for parts in (sessions, events))
    print(f"{viewers:,} viewers over {days} days, seed {seed}: {len(rows):,} session rows, {len(told):,} player events")
    report("session rows and player events", analyzer.read_sessions(rows, events=told), truth)
    report("player events alone", analyzer.read_sessions(events=told), truth)
    report("session rows alone", analyzer.read_sessions(rows), truth)


if __name__ == "__main__":
    main()
