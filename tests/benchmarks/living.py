"""Who lives where in `plain` and `hard`, what is measured of them, and what spoils the measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import planting
from planting import Bools, Floats, Ints

SHARES: Final = (0.20, 0.16, 0.13, 0.11, 0.09, 0.08, 0.07, 0.06, 0.045, 0.03, 0.02, 0.005)
RARE: Final = (0.005, 0.002)
DIFFICULTIES: Final = (
    "tails",  # places and errors follow Student's t with 3 degrees of freedom
    "continua",  # half of the habits are segments or arcs, and the two nearest ones are joined
    "rare",  # two more habits, of 0.5 % and 0.2 % of viewers
    "redundant",  # a fifth of the features repeat others, but for 4 %
    "noise",  # a fifth of the features have nothing to do with habits; every other one is bimodal
    "missing",  # two families of features, each null for its own third of viewers
    "large_households",  # five households of 200 windows each that do the same
    "spread",  # some habits are three times as wide as others
    "background",  # 5 % of viewers, and 2.5 % of the windows of the others, belong to no habit
)

_MOST_AXES: Final = 8
APART: Final = 5.0
"""Least distance between habits in spreads: ExtraTrees is right for 99 % of rows; at 4 for 97 %, at 3.5 for 95 %."""
NOISE: Final = 0.55
"""Mean sd of the measurement noise of a feature at 30 plays, in latent units."""
_VIEWER, _WINDOW, _SEASON = 0.75, 0.45, 0.12  # sd in latent units, within a habit of spread 1
_HOUSEHOLD_SIZES: Final = (0.45, 0.35, 0.12, 0.08)  # of 1, 2, 3 and 4 viewers
_LARGE: Final = (5, 5, 40)  # households, viewers in each, windows of each


@dataclass(frozen=True)
class Rows:
    """Whose row it is, and of which window; household of each viewer; viewers are sorted by household."""

    viewer: Ints
    window: Ints
    household: Ints


def grid(rng: np.random.Generator, viewers: int, windows: int) -> Rows:
    """Return rows of `viewers` in households of one to four, each in all `windows`."""
    size = rng.choice(np.arange(1, len(_HOUSEHOLD_SIZES) + 1), viewers, p=_HOUSEHOLD_SIZES)
    household = np.repeat(np.arange(viewers), size)[:viewers]
    return Rows(np.repeat(np.arange(viewers), windows), np.tile(np.arange(windows), viewers), household)


def with_large_households(rows: Rows) -> Rows:
    """Return `rows` and, after them, those of five households of five viewers in 40 windows."""
    households, viewers, windows = _LARGE
    first_viewer, first_household = len(rows.household), rows.household.max() + 1
    count = households * viewers
    return Rows(
        np.concatenate([rows.viewer, np.repeat(first_viewer + np.arange(count), windows)]),
        np.concatenate([rows.window, np.tile(np.arange(windows), count)]),
        np.concatenate([rows.household, np.repeat(first_household + np.arange(households), viewers)]),
    )


def axes_of(features: int) -> int:
    """Return how many latent axes so many features show: at least two features an axis, at most 8 axes."""
    return max(2, min(_MOST_AXES, features // 2))


def layout_of(
    rng: np.random.Generator, habits: int, axes: int, apart: float, chosen: tuple[str, ...]
) -> planting.Layout:
    """Return where habits lie, and after them the place of the large households."""
    spread = np.exp(rng.uniform(-0.55, 0.55, habits)) if "spread" in chosen else np.ones(habits)
    length = np.zeros(habits)
    if "continua" in chosen:
        drawn_out = rng.permutation(habits)[: habits // 2]
        length[drawn_out] = rng.uniform(6.0, 10.0, len(drawn_out)) * spread[drawn_out]
    return planting.place(rng, axes, np.append(spread, 0.4), np.append(length, 0.0), apart)


def by_quota(rng: np.random.Generator, viewers: int, shares: Floats) -> Ints:
    """Return each viewer's habit; its share of viewers is as planned but for rounding."""
    bounds = np.round(np.cumsum(shares) / shares.sum() * viewers).astype(np.int64)
    return np.asarray(rng.permutation(np.searchsorted(bounds, np.arange(viewers), side="right")), dtype=np.int64)


def lived(
    rng: np.random.Generator, layout: planting.Layout, rows: Rows, habit: Ints, chosen: tuple[str, ...]
) -> tuple[Floats, Floats, Bools]:
    """Return the latent place of each row, its plays, and whether it belongs to nobody's habit."""
    heavy, viewers, count = "tails" in chosen, len(habit), len(rows.viewer)
    axes = layout.centre.shape[1]
    mix = planting.mixing(rng, axes)
    home = layout.at(habit, rng.uniform(-1.0, 1.0, viewers))
    if "continua" in chosen:
        home = _joined(rng, layout, habit, home)
    wide = layout.spread[habit][:, None]
    home += wide * _VIEWER * planting.deviations(rng, viewers, axes, heavy) @ mix
    off = np.zeros(count, dtype=bool)
    if "background" in chosen:
        of_none = (rng.random(viewers) < 0.05) & (habit < len(layout.spread) - 1)
        home[of_none] = _anywhere(rng, layout, int(of_none.sum()))
        off = of_none[rows.viewer]
    latent = home[rows.viewer]
    latent += wide[rows.viewer] * _WINDOW * planting.deviations(rng, count, axes, heavy)
    latent += _SEASON * rng.standard_normal((rows.window.max() + 1, axes))[rows.window]
    if "background" in chosen:
        away = (rng.random(count) < 0.025) & (habit[rows.viewer] < len(layout.spread) - 1)
        latent[away] = _anywhere(rng, layout, int(away.sum()))
        off |= away
    volume = rng.normal(0.0, 0.35, len(layout.spread))[habit] + 0.5 * rng.standard_normal(viewers)
    return latent, whole_plays(volume[rows.viewer] + 0.25 * rng.standard_normal(count)), off


def _joined(rng: np.random.Generator, layout: planting.Layout, habit: Ints, home: Floats) -> Floats:
    """Return `home` with a third of the viewers of two neighbours spread evenly between them, up to half the way."""
    centre = layout.centre[:8]  # not the smallest ones: few viewers make no bridge
    gaps = np.sqrt(((centre[:, None] - centre[None]) ** 2).sum(axis=2)) + 1e9 * np.eye(len(centre))
    pair = np.array(np.unravel_index(gaps.argmin(), gaps.shape))
    for one, other in (pair, pair[::-1]):
        moved = np.flatnonzero((habit == one) & (rng.random(len(habit)) < 1 / 3))
        home[moved] += rng.uniform(0.0, 0.5, (len(moved), 1)) * (centre[other] - centre[one])
    return home


def _anywhere(rng: np.random.Generator, layout: planting.Layout, count: int) -> Floats:
    """Return places all over where habits lie, a little further out, and dense nowhere."""
    return np.asarray(1.15 * layout.centre.std(axis=0) * rng.standard_normal((count, layout.centre.shape[1])))


def whole_plays(volume: Floats) -> Floats:
    """Return plays in a window, at least 1, from the log of how many times the usual number they are."""
    return np.maximum(1.0, np.round(planting.PLAYS * np.exp(volume)))


def measured(
    rng: np.random.Generator, latent: Floats, plays: Floats, rows: Rows, features: int, chosen: tuple[str, ...]
) -> Floats:
    """Return the features of each row; the first is plays, those that repeat or mean nothing are among the others."""
    fifth = features // 5
    repeats, unrelated = (fifth if name in chosen else 0 for name in ("redundant", "noise"))
    core = features - repeats - unrelated
    seen = planting.behaviours(rng, latent.shape[1], core, NOISE)
    values = planting.observe(rng, seen, latent, plays, "tails" in chosen)
    if "missing" in chosen:
        _lose_families(rng, values, latent.shape[1], rows)
    repeated = [1 + number % 2 for number in range(repeats)]
    columns = [
        *values.T,
        *(_repeated(rng, values[:, column], share=seen.kind[column] == planting.SHARE) for column in repeated),
        *(_unrelated(rng, rows, plays, bimodal=number % 2 == 0) for number in range(unrelated)),
    ]
    order = np.append(0, 1 + rng.permutation(features - 1))
    return np.stack([columns[column] for column in order]).T


def _lose_families(rng: np.random.Generator, values: Floats, axes: int, rows: Rows) -> None:
    """Make the features of two latent axes null, each for its own third of viewers, as if their source did not tell."""
    for first in (1, min(2, axes)):
        without = (rng.random(len(rows.household)) < 1 / 3)[rows.viewer]
        values[without, first::axes] = np.nan


def _repeated(rng: np.random.Generator, column: Floats, *, share: bool) -> Floats:
    error = 0.04 * rng.standard_normal(len(column))
    return np.clip(column + error, 0.0, 1.0) if share else column * rng.uniform(0.2, 5.0) * np.exp(error)


def _unrelated(rng: np.random.Generator, rows: Rows, plays: Floats, *, bimodal: bool) -> Floats:
    """Return a feature that viewers keep from window to window, whatever their habit; such as on which screen."""
    own = rng.standard_normal(len(rows.household))
    if bimodal:
        own = 0.4 * own + np.where(rng.random(len(own)) < rng.uniform(0.25, 0.5), 2.2, -1.5)
    drawn = own[rows.viewer] + 0.3 * rng.standard_normal(len(rows.viewer))
    return planting.as_measured(planting.SHARE if bimodal else planting.COUNT, drawn + 2.0 * (not bimodal), plays)
