"""Where planted habits lie, and how behaviour vectors show them: the model behind `populations`.

A habit is a place in a latent space of behaviours: a point, a segment or an arc. A viewer keeps a place of their own
near it, moves about it from window to window, and is seen through features that are counts, shares and hours. What is
seen of those who watch little is noisier: a share is k of n plays, and every other error shrinks with the root of n.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

PLAYS: Final = 30.0
"""Plays in a window at which the measurement noise of a feature is as declared."""
T3_SCALE: Final = 0.8818
"""Gives Student's t with 3 degrees of freedom the quartiles of a standard normal."""
_STEPS: Final = np.linspace(-1.0, 1.0, 7)


@dataclass(frozen=True)
class Layout:
    """Where habits lie: at `centre + t * along + (t**2 - 1/3) * across` for t from -1 to 1.

    Attributes
    ----------
    centre, along, across : ndarray of float64, shape (n_habits, n_axes)
        `along` and `across` are 0 for a habit that is a point, `across` is 0 for a segment.
    spread : ndarray of float64, shape (n_habits,)
        How far its viewers are from it; 1 is usual.
    """

    centre: Floats
    along: Floats
    across: Floats
    spread: Floats

    def at(self, habit: Ints, t: Floats) -> Floats:
        """Return the place at `t` of each `habit`, shape (n, n_axes)."""
        t = t[:, None]
        return self.centre[habit] + t * self.along[habit] + (t**2 - 1 / 3) * self.across[habit]


def place(rng: np.random.Generator, axes: int, spread: Floats, length: Floats, apart: float) -> Layout:
    """Return a layout in which every habit has a near neighbour, and none is nearer than `apart` mean spreads.

    Near neighbours are what makes a population hard: places drawn at random in 8 dimensions are far from each other.
    """
    centre, along, across = (np.zeros((len(spread), axes)) for _ in range(3))
    placed: list[Floats] = []
    for habit, half in enumerate(length / 2):
        for attempt in range(400):
            one, other = np.linalg.qr(rng.standard_normal((axes, 2)))[0].T
            along[habit], across[habit] = half * one, half * rng.choice([0.0, 0.7]) * other
            path = _STEPS[:, None] * along[habit] + (_STEPS[:, None] ** 2 - 1 / 3) * across[habit]
            centre[habit] = _beside(rng, placed, path, apart * rng.uniform(1.0, 1.5) * (1 + attempt / 100))
            path = path + centre[habit]
            if all(_gap(path, b) >= apart * (spread[habit] + spread[n]) / 2 for n, b in enumerate(placed)):
                break
        placed.append(path)
    middle = centre.mean(axis=0)
    return Layout(centre - middle, along, across, spread)


def _beside(rng: np.random.Generator, placed: list[Floats], path: Floats, distance: float) -> Floats:
    """Return the centre that brings a point of `path` to `distance` from a point of a path that is there already."""
    if not placed:
        return np.zeros(path.shape[1])
    direction = rng.standard_normal(path.shape[1])
    neighbour = placed[rng.integers(len(placed))][rng.integers(len(_STEPS))]
    moved: Floats = neighbour + distance * direction / np.linalg.norm(direction) - path[rng.integers(len(_STEPS))]
    return moved


def _gap(one: Floats, other: Floats) -> float:
    return float(np.sqrt(((one[:, None] - other[None]) ** 2).sum(axis=2).min()))


def mixing(rng: np.random.Generator, axes: int) -> Floats:
    """Return the factor, shape (n_axes, n_axes), of a random correlation matrix: latent behaviours go together."""
    factor = np.eye(axes) + 0.35 * rng.standard_normal((axes, axes))
    return np.asarray(factor / np.sqrt((factor**2).sum(axis=0)))


def deviations(rng: np.random.Generator, count: int, axes: int, heavy: bool) -> Floats:
    """Return standard normal rows, or rows of a multivariate t with 3 degrees of freedom and the same quartiles."""
    drawn = rng.standard_normal((count, axes))
    return drawn * T3_SCALE * np.sqrt(3.0 / rng.chisquare(3, (count, 1))) if heavy else drawn


COUNT, SHARE, HOURS = range(3)


@dataclass(frozen=True)
class Behaviours:
    """How features show latent behaviours; all arrays have one entry a feature. The first feature is plays.

    Attributes
    ----------
    kind : COUNT, SHARE or HOURS
    loadings : ndarray of float64, shape (n_axes, n_features)
        Most of a feature is one axis, so that the features of an axis form a correlated family.
    volume : float, how a feature grows with plays (elasticity).
    level, gain : median, and effect of a latent unit, on the scale of log or logit.
    noise : sd of the measurement noise at `PLAYS` plays, in latent units.
    """

    kind: Ints
    loadings: Floats
    volume: Floats
    level: Floats
    gain: Floats
    noise: Floats


def behaviours(rng: np.random.Generator, axes: int, count: int, noise: float) -> Behaviours:
    """Return `count` behaviours over `axes` latent axes with mean measurement noise `noise`."""
    kind = np.resize([COUNT, SHARE, COUNT, SHARE, HOURS], count)
    loadings = rng.normal(0.0, 0.25, (axes, count))
    loadings[np.arange(count) % axes, np.arange(count)] += rng.choice([-1.0, 1.0], count)
    share = kind == SHARE
    return Behaviours(
        kind,
        loadings / np.sqrt((loadings**2).sum(axis=0)),
        np.where(share, 0.0, rng.uniform(0.2, 0.9, count)),
        np.where(share, rng.normal(-0.4, 0.6, count), rng.uniform(1.8, 4.0, count)),
        np.where(share, rng.uniform(0.35, 0.5, count), rng.uniform(0.22, 0.34, count)),
        noise * rng.uniform(0.6, 1.4, count),
    )


def observe(rng: np.random.Generator, seen: Behaviours, latent: Floats, plays: Floats, heavy: bool) -> Floats:
    """Return what is measured, shape (n, n_features), of `latent` places by those with so many `plays`."""
    values = np.empty((len(latent), len(seen.kind)), order="F")
    values[:, 0] = plays
    volume = np.log(plays / PLAYS)
    root = np.sqrt(PLAYS / plays)
    for column in range(1, values.shape[1]):
        error = T3_SCALE * rng.standard_t(3, len(latent)) if heavy else rng.standard_normal(len(latent))
        place = latent @ seen.loadings[:, column] + seen.noise[column] * root * error
        scaled = np.clip(seen.level[column] + seen.gain[column] * place + seen.volume[column] * volume, -12.0, 12.0)
        values[:, column] = as_measured(int(seen.kind[column]), scaled, plays)
    return values


def as_measured(kind: int, scaled: Floats, plays: Floats) -> Floats:
    """Return log or logit values as they are recorded: whole counts, shares as k of `plays`, hours to the minute."""
    if kind == SHARE:
        return np.asarray(np.round(plays / (1.0 + np.exp(-scaled))) / plays)
    factor = 1.0 if kind == COUNT else 60.0
    return np.asarray(np.round(np.exp(scaled) * factor) / factor)
