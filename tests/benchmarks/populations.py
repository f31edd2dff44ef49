"""Planted populations of behaviour vectors, on which recipes for finding patterns are judged.

    python tests/benchmarks/populations.py [VIEWERS] [SEED]

prints a line for each. `nulls` has their controls and resamples. Same seed, same population.

| function | what is planted |
|---|---|
| `plain` | 12 habits, 20 % down to 0.5 %, that a supervised classifier tells apart |
| `hard` | the same with everything that makes finding them hard, all at once or one at a time (`DIFFICULTIES`) |
| `shapeless` | correlated features with skewed, bimodal and zero-inflated margins, no habit |
| `few` | 66 viewers, each in their own way, no habit |
| `blobs` | well separated Gaussian groups, for timing |
| `synthetic` | the package's own synthetic population, extracted |
| `real_windows` | two real households, where they are at hand; what is in them is unknown |
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import living
import numpy as np
import pandas as pd
import planting
from living import DIFFICULTIES
from planting import Floats, Ints

Strings = np.ndarray[tuple[int, ...], np.dtype[np.str_]]

NONE: Final = "none"
"""The habit of a row that belongs to nobody's habit."""
UNKNOWN: Final = "unknown"
"""The habit of a real row."""
REAL: Final = Path(__file__).resolve().parents[3] / "shared" / "real"


@dataclass(frozen=True)
class Planted:
    """A population and what was planted in it.

    Attributes
    ----------
    name : str
    vectors : DataFrame of float64, shape (n_vectors, n_features)
        Indexed by `viewer_id` (str) and `window_start` (UTC); by row number if each row is a viewer. Null is unknown.
    households, habit : ndarray of str, shape (n_vectors,)
        A row's household and planted habit; "none" for a row of no habit, "unknown" for a real one.
    shares : dict
        Share of viewers of each habit and of none; a viewer whose windows differ counts in parts.
    """

    name: str
    vectors: pd.DataFrame
    households: Strings
    habit: Strings
    shares: dict[str, float]


def planted(name: str, vectors: pd.DataFrame, households: Strings, habit: Strings) -> Planted:
    """Return a population with the shares that follow from its rows.

    Raises
    ------
    ValueError
        When households or habits are not one a row.
    """
    if not len(vectors) == len(households) == len(habit):
        sizes = f"{len(vectors)} vectors, {len(households)} households and {len(habit)} habits"
        raise ValueError(f"{name} has {sizes}; there must be one of each a row.")
    viewer = viewer_codes(vectors.index)
    names, code = np.unique(habit, return_inverse=True)
    weight = np.bincount(code, 1.0 / np.bincount(viewer)[viewer])
    shares = dict(zip(names.tolist(), (weight / weight.sum()).tolist(), strict=True))
    return Planted(name, vectors, households, habit, dict(sorted(shares.items(), key=lambda one: (-one[1], one[0]))))


def viewer_codes(index: pd.Index) -> Ints:
    """Return the number of each row's viewer, from 0; the row's own where rows have no viewer."""
    if "viewer_id" not in index.names:
        return np.arange(len(index))
    return np.asarray(pd.factorize(index.get_level_values("viewer_id"))[0], dtype=np.int64)


def plain(
    viewers: int = 3_000, windows: int = 3, features: int = 24, seed: int = 0, *, apart: float = living.APART
) -> Planted:
    """Return 12 habits of 20 % down to 0.5 % of viewers, none nearer to another than `apart`; see `planting`."""
    return _populated("plain", _Sizes(viewers, windows, features, seed, apart), ())


def hard(
    viewers: int = 3_000,
    windows: int = 3,
    features: int = 24,
    seed: int = 0,
    difficulties: Collection[str] = DIFFICULTIES,
    *,
    apart: float = living.APART,
) -> Planted:
    """Return `plain` with some or all of `DIFFICULTIES`.

    The windows of the large households have the habit "none": they are dense in rows, yet five households' own. Rows
    between two joined habits have the nearer one. Fewer than 10 viewers have the rarest habit below 5,000 viewers.

    Raises
    ------
    ValueError
        When a difficulty is unknown.
    """
    unknown = sorted(set(difficulties) - set(DIFFICULTIES))
    if unknown:
        raise ValueError(f"No difficulty is called {', '.join(unknown)}; there are {', '.join(DIFFICULTIES)}.")
    chosen = tuple(name for name in DIFFICULTIES if name in difficulties)
    name = "hard" if chosen == DIFFICULTIES else f"hard: {', '.join(chosen)}"
    return _populated(name, _Sizes(viewers, windows, features, seed, apart), chosen)


def shapeless(viewers: int = 3_000, windows: int = 3, features: int = 24, seed: int = 0) -> Planted:
    """Return a Gaussian copula with the margins of real features, 70 % of its variance between viewers; no habits."""
    rng = np.random.default_rng([seed, 2])
    rows = living.grid(rng, viewers, windows)
    factors = max(2, features // 4)
    loadings = rng.standard_normal((factors, features)) / np.sqrt(factors)
    own = rng.uniform(0.4, 0.9, features)  # the part of a feature that no other one shares
    between, within = (rng.standard_normal((n, factors)) @ loadings for n in (viewers, len(rows.viewer)))
    between += own * rng.standard_normal((viewers, features))
    within += own * rng.standard_normal(within.shape)
    score = (np.sqrt(0.7) * between[rows.viewer] + np.sqrt(0.3) * within) / np.sqrt((loadings**2).sum(axis=0) + own**2)
    values = np.column_stack([_MARGINS[column % len(_MARGINS)](score[:, column]) for column in range(features)])
    return _framed("shapeless", values, rows, np.full(len(values), NONE))


_MARGINS: Final = (
    lambda z: np.round(np.exp(3.0 + 0.9 * z)),  # a count with a long tail
    lambda z: 1.0 / (1.0 + np.exp(-1.2 * z)),  # a share
    lambda z: np.round(np.expm1(np.maximum(1.3 * z - 0.4, 0.0))),  # zero for most
    lambda z: 0.5 + 0.35 * np.tanh(2.5 * z) + 0.03 * z,  # two modes
    lambda z: np.exp(0.5 * z),  # hours
    lambda z: np.clip(0.3 * z + 0.15, 0.0, 1.0),  # a share that is often 0
)


def few(viewers: int = 66, windows: int = 30, features: int = 24, seed: int = 0) -> Planted:
    """Return viewers who each have their own way and drift about it: what differs is the viewer, not a habit."""
    rng = np.random.default_rng([seed, 3])
    rows = living.grid(rng, viewers, windows)
    axes = living.axes_of(features)
    mix, seen = planting.mixing(rng, axes), planting.behaviours(rng, axes, features, living.NOISE)
    latent = (2.5 * rng.standard_normal((viewers, axes)) @ mix)[rows.viewer]
    plays = 0.6 * rng.standard_normal(viewers)[rows.viewer] + 0.2 * rng.standard_normal(len(latent))
    wander = np.zeros((viewers, axes))
    for window in range(windows):
        wander = 0.8 * wander + 0.25 * rng.standard_normal((viewers, axes))
        latent[rows.window == window] += wander
    values = planting.observe(rng, seen, latent, living.whole_plays(plays), heavy=False)
    return _framed("few", values, rows, np.full(len(values), NONE))


def blobs(n: int = 200_000, features: int = 24, groups: int = 12, seed: int = 0) -> Planted:
    """Return well separated Gaussian groups of unequal size, one row a viewer, without an index of viewers."""
    rng = np.random.default_rng([seed, 4])
    group = rng.choice(groups, n, p=np.linspace(2.0, 1.0, groups) / np.linspace(2.0, 1.0, groups).sum())
    values = rng.normal(0.0, 4.0, (groups, features))[group] + rng.standard_normal((n, features))
    return planted(
        "blobs", _columns(values, pd.RangeIndex(n)), np.arange(n).astype(str), _names("g%02d", groups)[group]
    )


def synthetic(viewers: int = 3_000, seed: int = 0, days: int = 84) -> Planted:
    """Return the vectors of the package's own synthetic population, with its households."""
    from analyzer.features.extract import extract_features
    from analyzer.sessions.synthetic import Population, synthesize

    sessions, truth = synthesize(Population(viewers, days, seed))
    vectors = extract_features(sessions)
    habits = dict(zip(truth["viewer_id"].to_pylist(), truth["habit"].to_pylist(), strict=True))
    habit = vectors.index.get_level_values("viewer_id").map(habits).to_numpy().astype(str)
    return planted("synthetic", vectors, _known_households(vectors), habit)


def real_windows(step_days: int = 7) -> Planted | None:
    """Return windows of 28 days, one every `step_days`, of the exports in ../shared/real; None where it is absent."""
    if not REAL.is_dir():
        return None
    from analyzer.features.extract import extract_features
    from analyzer.sessions.source import read_sessions

    # The names in these exports are masked. Hashed with a machine's own key, viewers would sort differently on each.
    sessions = read_sessions(sorted(REAL.glob("*.csv")), pseudonyms=False)
    vectors = extract_features(sessions, window="28d", step=step_days)
    return planted("real", vectors, _known_households(vectors), np.full(len(vectors), UNKNOWN))


def summary(population: Planted) -> str:
    """Return the sizes of a population in one line."""
    vectors, none = population.vectors, population.shares.get(NONE, 0.0)
    sizes = [share for name, share in population.shares.items() if name != NONE]
    viewers = viewer_codes(vectors.index).max(initial=-1) + 1
    habits = f"{len(sizes)} habits of {max(sizes):.1%} to {min(sizes):.1%}" if sizes else "no habit"
    return (
        f"{population.name}: {len(vectors):,} vectors x {vectors.shape[1]} of {viewers:,} viewers in"
        f" {len(np.unique(population.households)):,} households; {habits}, {none:.1%} in none;"
        f" {vectors.isna().to_numpy().mean():.0%} null"
    )


@dataclass(frozen=True)
class _Sizes:
    viewers: int
    windows: int
    features: int
    seed: int
    apart: float


def _populated(name: str, sizes: _Sizes, chosen: tuple[str, ...]) -> Planted:
    """Return `plain` or `hard`: a layout, viewers in it, what is measured of them, and what spoils the measures."""
    # A generator for each step, so that one difficulty changes as little as possible of the others' draws.
    laying, peopling, settling, measuring = np.random.default_rng([sizes.seed, 1]).spawn(4)
    shares = np.array([*living.SHARES, *(living.RARE if "rare" in chosen else ())])
    habits = len(shares)
    layout = living.layout_of(laying, habits, living.axes_of(sizes.features), sizes.apart, chosen)
    rows = living.grid(peopling, sizes.viewers, sizes.windows)
    habit = living.by_quota(peopling, sizes.viewers, shares)
    if "large_households" in chosen:
        rows = living.with_large_households(rows)
        habit = np.append(habit, np.full(len(rows.household) - sizes.viewers, habits))
    latent, plays, off = living.lived(settling, layout, rows, habit, chosen)
    values = living.measured(measuring, latent, plays, rows, sizes.features, chosen)
    code = np.where(off | (habit[rows.viewer] >= habits), habits, habit[rows.viewer])
    return _framed(name, values, rows, np.append(_names("h%02d", habits), NONE)[code])


def _framed(name: str, values: Floats, rows: living.Rows, habit: Strings) -> Planted:
    viewers = pd.Index(_names("v%07d", len(rows.household)), dtype="str")
    starts = pd.date_range("2024-01-22", periods=rows.window.max() + 1, freq="28D", tz="UTC")
    index = multi_index(viewers, starts, rows.viewer, rows.window)
    households = _names("f%07d", rows.household.max() + 1)[rows.household[rows.viewer]]
    return planted(name, _columns(values, index), households, habit)


def multi_index(viewers: pd.Index, starts: pd.Index, viewer: Ints, window: Ints) -> pd.MultiIndex:
    """Return the index of vectors from codes: a million names are never compared."""
    levels: Any = [viewers, starts]
    codes: Any = [viewer, window]
    return pd.MultiIndex(levels, codes, names=["viewer_id", "window_start"])


def _columns(values: Floats, index: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(values, index=index, columns=[f"x{column:02d}" for column in range(values.shape[1])])


def _names(pattern: str, count: int) -> Strings:
    return np.char.mod(pattern, np.arange(count))


def _known_households(vectors: pd.DataFrame) -> Strings:
    from analyzer.features.context import context_of, viewers_of

    context = context_of(vectors)
    return context.households(vectors.index) if context is not None else viewers_of(vectors.index)


def _main() -> None:
    viewers = int(sys.argv[1]) if len(sys.argv) > 1 else 3_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    made: tuple[Callable[[], Planted | None], ...] = (
        *(partial(make, viewers, seed=seed) for make in (plain, hard, shapeless, synthetic)),
        *(partial(make, seed=seed) for make in (few, blobs)),
        real_windows,
    )
    for make in made:
        begin = time.perf_counter()
        population = make()
        line = summary(population) if population is not None else "../shared is absent: no real windows"
        print(f"{time.perf_counter() - begin:6.2f} s  {line}")


if __name__ == "__main__":
    _main()
