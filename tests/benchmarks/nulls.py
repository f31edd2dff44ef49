"""Controls without patterns, and resamples of households, of the populations of `populations`.

| function | keeps | takes away |
|---|---|---|
| `shuffled` | margins | all else |
| `rolled` | margins, each feature's likeness from row to row, so most of what a viewer keeps | what goes together |
| `copula` | margins, rank correlations | groups, and what a viewer keeps |
| `copula(..., persistent=True)` | the same, and rank correlations between and within viewers | groups |

A control's rows keep their index and households, and all have the habit "none". Households come as `.households`, not
in `vectors.attrs`: pass them to `fit(..., households=...)`.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from planting import Floats, Ints
from populations import NONE, Planted, multi_index, planted, viewer_codes

_ROUNDS: Final = 4  # of correcting correlations for ties; what is left then is the chance of the sample
_SAMPLE: Final = 20_000  # rows on which correlations are measured and corrected


def shuffled(population: Planted, seed: int = 0) -> Planted:
    """Return the population with every column permuted by itself."""
    rng = np.random.default_rng([seed, 11])
    values = population.vectors.to_numpy()
    return _control("shuffled", population, np.column_stack([rng.permutation(column) for column in values.T]))


def rolled(population: Planted, seed: int = 0) -> Planted:
    """Return the population with every column rolled by an offset of its own; no two offsets are alike.

    What a few households fill stays side by side: a stretch of rows longer than a column's part of all rows still meets
    itself in other columns.
    """
    rng = np.random.default_rng([seed, 12])
    values = population.vectors.to_numpy()
    count, columns = values.shape
    # One offset from each of as many stretches: offsets drawn freely would leave some columns side by side.
    offsets = ((rng.permutation(columns) + rng.uniform(0.25, 0.75, columns)) * count / columns).astype(np.int64)
    moved = [np.roll(column, offset) for column, offset in zip(values.T, offsets, strict=True)]
    return _control("rolled", population, np.column_stack(moved))


def copula(population: Planted, seed: int = 0, *, persistent: bool = False) -> Planted:
    """Return draws from a Gaussian copula with the margins and rank correlations of the population.

    Nulls of a column stay as many and lie at random. The correlations of the normal scores are corrected in a few
    rounds until the rank correlations of draws, ties and all, are those of the population (NORTA: Cario and Nelson
    1997).

    Parameters
    ----------
    persistent : bool
        Draw a place for each viewer and deviations from it, so that rank correlations between and within viewers are
        those of the population; else rows are independent.
    """
    rng = np.random.default_rng([seed, 13])
    values = population.vectors.to_numpy()
    viewer = viewer_codes(population.vectors.index) if persistent else np.arange(len(values))
    some = _sample(rng, viewer)
    between, within = _fitted(rng, values[some], np.unique(viewer[some], return_inverse=True)[1])
    return _control(
        "copula, persistent" if persistent else "copula", population, _drawn(rng, values, viewer, between, within)
    )


def half(population: Planted, seed: int = 0) -> tuple[Planted, Ints]:
    """Return half of the households, drawn without replacement, and the numbers of their rows."""
    rng = np.random.default_rng([seed, 14])
    names, household = np.unique(population.households, return_inverse=True)
    chosen = np.zeros(len(names), dtype=bool)
    chosen[rng.permutation(len(names))[: len(names) // 2]] = True
    rows = np.flatnonzero(chosen[household])
    return _taken("half", population, rows, np.zeros_like(rows)), rows


def bootstrap(population: Planted, seed: int = 0) -> tuple[Planted, Ints]:
    """Return as many households as there are, drawn with replacement, and the numbers of their rows.

    A household drawn again keeps its name, since it is the same people; its viewers become "v0000012~1", "v0000012~2".
    """
    rng = np.random.default_rng([seed, 15])
    names, household = np.unique(population.households, return_inverse=True)
    times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[household]
    parts = [np.flatnonzero(times > copy) for copy in range(times.max(initial=0))]
    rows = np.concatenate(parts)
    return _taken("bootstrap", population, rows, np.repeat(np.arange(len(parts)), [len(part) for part in parts])), rows


def _control(kind: str, population: Planted, values: Floats) -> Planted:
    vectors = pd.DataFrame(values, index=population.vectors.index, columns=population.vectors.columns)
    return planted(f"{population.name}, {kind}", vectors, population.households, np.full(len(values), NONE))


def _taken(kind: str, population: Planted, rows: Ints, copy: Ints) -> Planted:
    index = _index_of_copies(population.vectors.index, rows, copy)
    vectors = pd.DataFrame(population.vectors.to_numpy()[rows], index=index, columns=population.vectors.columns)
    return planted(f"{population.name}, {kind}", vectors, population.households[rows], population.habit[rows])


def _index_of_copies(index: pd.Index, rows: Ints, copy: Ints) -> pd.Index:
    if not isinstance(index, pd.MultiIndex):
        return pd.RangeIndex(len(rows))
    most = int(copy.max(initial=0)) + 1
    pairs, viewer = np.unique(index.codes[0][rows].astype(np.int64) * most + copy, return_inverse=True)
    names = index.levels[0].to_numpy()
    copies = [names[pair // most] + (f"~{pair % most}" if pair % most else "") for pair in pairs.tolist()]
    window = index.codes[1][rows].astype(np.int64)
    return multi_index(pd.Index(copies, dtype="str"), index.levels[1], viewer.astype(np.int64), window)


def _sample(rng: np.random.Generator, viewer: Ints) -> Ints:
    """Return the rows of so many whole viewers that they are about `_SAMPLE`, or all."""
    count = viewer.max(initial=0) + 1
    part = min(1.0, _SAMPLE / len(viewer))
    return np.flatnonzero((rng.permutation(count) < max(1, round(part * count)))[viewer])


def _fitted(rng: np.random.Generator, values: Floats, viewer: Ints) -> tuple[Floats, Floats]:
    """Return the covariances between and within viewers of normal scores, each of shape (n_features, n_features)."""
    goal = _rank_moments(values, viewer)
    total, between = (2.0 * np.sin(np.pi / 6.0 * moment) for moment in goal)
    # Drawn viewers by the thousand: from few, the correction would learn the chance of its own draw.
    times = max(1, _SAMPLE // len(values))
    many = np.tile(values, (times, 1))
    viewers = (np.arange(times)[:, None] * (viewer.max() + 1) + viewer).ravel()
    between, within = _proper(total, between)
    for _ in range(_ROUNDS):
        got = _rank_moments(_drawn(rng, many, viewers, between, within), viewers)
        between, within = _proper(between + within + goal[0] - got[0], between + goal[1] - got[1])
    return between, within


def _rank_moments(values: Floats, viewer: Ints) -> tuple[Floats, Floats]:
    """Return the rank correlations of columns, and their part between viewers, over the rows that know both."""
    known = ~np.isnan(values)
    ranks = pd.DataFrame(values).rank().to_numpy()
    ranks = ranks - np.where(known, ranks, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    ranks = np.where(known, ranks, 0.0)
    ranks /= np.maximum(np.sqrt((ranks**2).sum(axis=0) / np.maximum(known.sum(axis=0), 1)), 1e-12)
    pairs = known.T.astype(np.float64) @ known
    total = ranks.T @ ranks / np.maximum(pairs, 1)
    np.fill_diagonal(total, 1.0)
    counts = pd.DataFrame(known).groupby(viewer).sum().to_numpy()
    means = pd.DataFrame(ranks).groupby(viewer).sum().to_numpy() / np.maximum(counts, 1)
    left = np.where(known, ranks - means[viewer], 0.0)
    seen = (counts > 0).astype(np.float64)
    within = left.T @ left / np.maximum(pairs - seen.T @ seen, 1)
    return np.clip(total, -1.0, 1.0), np.clip(total - within, -1.0, 1.0)


def _proper(total: Floats, between: Floats) -> tuple[Floats, Floats]:
    """Return the nearest covariances between and within viewers that are ones and add up to a correlation."""
    between = _root(between) @ _root(between)
    within = _root(total - between) @ _root(total - between)
    scale = np.sqrt(np.maximum(np.diag(between + within), 1e-12))
    return between / np.outer(scale, scale), within / np.outer(scale, scale)


def _root(covariance: Floats) -> Floats:
    """Return the symmetric square root of what is positive in a matrix."""
    sizes, axes = np.linalg.eigh((covariance + covariance.T) / 2)
    return np.asarray((axes * np.sqrt(np.maximum(sizes, 0.0))) @ axes.T)


def _drawn(rng: np.random.Generator, values: Floats, viewer: Ints, between: Floats, within: Floats) -> Floats:
    """Return the values of each column, dealt out anew by the order of normal scores with these covariances."""
    scores = (rng.standard_normal((viewer.max() + 1, len(between))) @ _root(between))[viewer]
    scores += rng.standard_normal(scores.shape) @ _root(within)
    drawn = np.full(values.shape, np.nan)
    for column, (value, score) in enumerate(zip(values.T, scores.T, strict=True)):
        known = np.sort(value[~np.isnan(value)])
        rows = np.arange(len(value)) if len(known) == len(value) else rng.permutation(len(value))[: len(known)]
        drawn[rows[np.argsort(score[rows])], column] = known
    return drawn
