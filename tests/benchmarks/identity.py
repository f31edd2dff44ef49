"""Does a pattern keep its id? python tests/benchmarks/identity.py [SEED] [--seeds 1] [--drift 0.4] [--populations 0]

Twelve windows of habits that drift (`drifting.py`), a refit each window, and what the lineage makes of it: per window
the patterns, how many of the habits that did not change kept their id, and all that was not "same". Three variants:

- overlapping windows: each fit sees two windows; the labels of both fits of the window that they share are compared.
- households in common: each fit sees one window, nine viewers in ten stay; the earlier model labels the new vectors.
- none in common: the same with new viewers in every window.

An unchanged habit that one of the two fits did not find counts as not kept. "Changed hands" counts unchanged habits
that got the id of another one: the mistake that would carry a decision to people it was not made for.

`--populations 5` refits instead on the synthetic population of sessions, drawn anew with five seeds: the same habits,
no viewer in common, all features. There only habits are counted that both fits found, for not all are.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from drifting import Story, Window, windows

from analyzer.features.context import context_of
from analyzer.features.extract import extract_features
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.identity import Change, Fate, Lineage, match, overlap
from analyzer.sessions.synthetic import Population, synthesize

VARIANTS = ("overlapping windows", "households in common", "none in common")


@dataclass(frozen=True)
class Refit:
    """What became of the patterns in one window.

    Attributes
    ----------
    window : its number.
    lineage : with all patterns born in the first window.
    holder : habit -> the id of the pattern that holds most of it, where most of that pattern is of this habit.
    unchanged, kept : habits that are those of the fit before; those of them with the same id as then.
    changed_hands : unchanged habits with an id that was that of another unchanged one.
    """

    window: int
    lineage: Lineage
    holder: dict[str, str]
    unchanged: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    changed_hands: tuple[str, ...] = ()

    @property
    def events(self) -> list[Change]:
        """All changes but "same"."""
        return [change for change in self.lineage.changes if change.fate is not Fate.SAME]


def refits(seed: int, story: Story, variant: str) -> Iterator[Refit]:
    """Fit window after window of a story and yield what became of the patterns."""
    told = replace(story, churn=1.0) if variant == "none in common" else story
    return _refits(windows(seed, told), told.habits, 2 if variant == "overlapping windows" else 1)


def of_populations(seeds: Sequence[int]) -> Iterator[Refit]:
    """Fit synthetic populations that have no viewer in common, one after the other."""
    return _refits(map(_population, seeds), None, 1)


def _population(seed: int) -> Window:
    sessions, planted = synthesize(Population(1_500, days=84, seed=seed))
    vectors = extract_features(sessions)
    truth = planted.to_pandas().set_index("viewer_id")["habit"]
    habit = truth.reindex(vectors.index.get_level_values("viewer_id")).to_numpy(dtype=str)
    context = context_of(vectors)
    if context is None:
        raise ValueError("the vectors have lost their households")
    return Window(seed, vectors, habit, context.households(vectors.index))


def _refits(found: Iterable[Window], habits: Callable[[int], tuple[str, ...]] | None, span: int) -> Iterator[Refit]:
    seen: list[Window] = []
    earlier: tuple[UsagePatterns, Refit] | None = None
    for window in found:
        seen = [*seen, window][-span:]
        patterns = UsagePatterns(null_copies=0, bootstraps=0).fit(
            pd.concat([w.vectors for w in seen]), households=_households(seen)
        )
        if earlier is None:
            ids = tuple(profile.id for profile in patterns.profiles_)
            lineage = Lineage(ids, tuple(Change(name, Fate.BORN) for name in ids), ids)
        else:
            lineage = _lineage(earlier[0], earlier[1].lineage, patterns, seen)
        refit = Refit(window.number, lineage, _holder(patterns, lineage, window))
        if earlier is not None:
            there = [habits(n) for n in range(max(1, window.number - span), window.number + 1)] if habits else []
            refit = _judged(refit, earlier[1], there or [refit.holder, earlier[1].holder])
        yield refit
        earlier = (patterns, refit)


def _households(seen: Sequence[Window]) -> np.ndarray:
    return np.concatenate([window.households for window in seen])


def _lineage(earlier: UsagePatterns, before: Lineage, new: UsagePatterns, seen: Sequence[Window]) -> Lineage:
    if len(seen) > 1:  # the window that both fits saw: the last rows of the earlier one, the first rows of this one
        shared = len(seen[0].vectors)
        labels = earlier.labels_[-shared:], new.labels_[:shared]
    else:
        labels = earlier.predict(seen[-1].vectors), new.labels_
    households = _households(seen)[: len(labels[0])]
    table = overlap(*labels, households, len(before.ids), len(new.profiles_))
    return match(table, before.ids, before.used)


def _holder(patterns: UsagePatterns, lineage: Lineage, window: Window) -> dict[str, str]:
    labels = patterns.labels_[-len(window.vectors) :]
    counts = pd.crosstab(window.habit, labels).drop(columns=-1, errors="ignore")
    most = counts.idxmax(axis=1)
    return {h: lineage.ids[most[h]] for h in counts.index if h and counts[most[h]].idxmax() == h}


def _judged(refit: Refit, before: Refit, habits: Sequence[Iterable[str]]) -> Refit:
    unchanged = sorted(set.intersection(*map(set, habits)))
    kept = [h for h in unchanged if h in refit.holder and refit.holder[h] == before.holder.get(h)]
    owner = {before.holder[h]: h for h in unchanged if h in before.holder}
    moved = [h for h in unchanged if owner.get(refit.holder.get(h, ""), h) != h]
    return replace(refit, unchanged=tuple(unchanged), kept=tuple(kept), changed_hands=tuple(moved))


def share(found: Sequence[Refit]) -> float:
    """Return the share of unchanged habits whose pattern kept its id."""
    return sum(len(r.kept) for r in found) / sum(len(r.unchanged) for r in found)


def _table(variant: str, found: Sequence[Refit]) -> None:
    print(f"\n{variant}\n| window | patterns | kept of unchanged | changes |\n|---|---|---|---|")
    for refit in found:
        told = " ".join(change.sentence() for change in refit.events) if refit.unchanged else "The first fit."
        kept = f"{len(refit.kept)} of {len(refit.unchanged)}" if refit.unchanged else ""
        print(f"| {refit.window} | {len(refit.lineage.ids)} | {kept} | {told} |")


def _sum_up(found: Sequence[Refit]) -> None:
    kept, unchanged, hands = (
        sum(len(part) for part in parts)
        for parts in zip(*((r.kept, r.unchanged, r.changed_hands) for r in found), strict=True)
    )
    print(f"kept {kept} of {unchanged} ({share(found):.1%}); changed hands {hands}")


def main() -> None:
    """Measure the variants with the seeds that the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds, from SEED on; tables are of the first")
    parser.add_argument("--drift", type=float, default=Story.drift)
    parser.add_argument("--populations", type=int, default=0)
    given = parser.parse_args()
    if given.populations:
        found = list(of_populations(range(given.seed, given.seed + given.populations)))
        _table("synthetic populations; unchanged are the habits that hold a pattern in both fits", found)
        return _sum_up(found)
    for variant in VARIANTS:
        seeds = range(given.seed, given.seed + given.seeds)
        each = [list(refits(seed, Story(drift=given.drift), variant)) for seed in seeds]
        _table(variant, each[0])
        _sum_up([refit for found in each for refit in found])
    return None


if __name__ == "__main__":
    main()
