"""Draw the plays of a chunk of synthetic viewers: when, what, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analyzer.sessions.habits import HABITS, Habit
from analyzer.sessions.synthetic_titles import CATALOGUE, FAVOURITES, FILMS, Catalogue, series_between

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_AGAIN_SHARE: Final = 0.02  # anybody now and then watches something once more
_EPISODES_PER_SERIES: Final = 24  # then a viewer begins another series
_DAY_S: Final = 86_400.0


@dataclass(frozen=True)
class PlannedPlays:
    """Plays of a chunk: viewer and title numbers, start in s after the first local midnight, length in s."""

    viewer: Ints
    title: Ints
    start_s: Floats
    played_s: Floats


def plan_plays(rng: np.random.Generator, habit: Ints, days: int) -> PlannedPlays:
    """Draw the plays of viewers with the given habits, sorted by viewer and start."""
    viewer, sitting_start, in_ritual = _sittings(rng, habit, days)
    mean = np.array([h.plays for h in HABITS])[habit[viewer]] * _viewer_factor(rng, len(habit), 0.2)[viewer]
    counts = np.where(in_ritual, 1, 1 + rng.poisson(np.maximum(mean - 1, 0.05)))
    sitting = np.repeat(np.arange(len(viewer)), counts)
    viewer, ritual = viewer[sitting], in_ritual[sitting]
    title = _titles(rng, viewer, habit, ritual)
    played = _played(rng, CATALOGUE.runtime_s[title], habit[viewer], ritual)
    start = _starts(rng, sitting, sitting_start, played)
    return PlannedPlays(viewer, title, start, played)


def _field(name: str) -> Floats:
    return np.array([getattr(h, name) for h in HABITS], dtype=np.float64)


def _viewer_factor(rng: np.random.Generator, viewers: int, spread: float) -> Floats:
    return rng.lognormal(0.0, spread, viewers)


def _sittings(rng: np.random.Generator, habit: Ints, days: int) -> tuple[Ints, Floats, npt.NDArray[np.bool_]]:
    """Return viewer, start in s and whether it is a ritual's, for each sitting, sorted by viewer and start."""
    weekend = np.arange(days) % 7 >= 5
    chance = np.where(weekend, _field("weekend")[habit][:, None], _field("weekday")[habit][:, None])
    chance = np.minimum(chance * _viewer_factor(rng, len(habit), 0.15)[:, None], 0.98)
    viewer, day = np.nonzero(rng.random(chance.shape) < chance)
    more = rng.poisson(np.maximum(_field("sittings")[habit[viewer]] - 1, 0.0))
    viewer, day = np.repeat(viewer, 1 + more), np.repeat(day, 1 + more)
    hour = _base_hours(rng, habit[viewer], viewer, len(habit))
    ritual_viewer, ritual_s = _rituals(rng, habit, days)
    viewers = np.concatenate([viewer, ritual_viewer])
    starts = np.concatenate([day * _DAY_S + hour * 3600, ritual_s])
    ritual = np.arange(len(viewers)) >= len(viewer)
    order = np.lexsort((starts, viewers))
    return viewers[order], starts[order], ritual[order]


def _base_hours(rng: np.random.Generator, habit: Ints, viewer: Ints, viewers: int) -> Floats:
    personal = rng.normal(0.0, 0.4, viewers)[viewer]
    modes = max(len(h.hours) for h in HABITS)
    table = np.array([[*h.hours, *((0.0, 0.0, 0.0),) * (modes - len(h.hours))] for h in HABITS])
    weights = np.cumsum(table[habit, :, 2], axis=1)
    mode = (rng.random(len(habit))[:, None] >= weights).sum(axis=1).clip(max=modes - 1)
    center, spread = table[habit, mode, 0], table[habit, mode, 1]
    return np.asarray(center + personal + rng.normal(0.0, 1.0, len(habit)) * spread)


def _rituals(rng: np.random.Generator, habit: Ints, days: int) -> tuple[Ints, Floats]:
    """Return viewer and start of every ritual play; plays of one day follow each other."""
    viewers = np.flatnonzero(_has_ritual()[habit])
    day_share, plays, hour, spread = (_ritual_field(name)[habit[viewers]] for name in
                                      ("day_share", "plays", "hour", "hour_sd"))  # fmt: skip
    happens = rng.random((len(viewers), days)) < day_share[:, None]
    at, day = np.nonzero(happens)
    count = 1 + rng.poisson(np.maximum(plays[at] - 1, 0.0))
    begin = day * _DAY_S + (hour[at] + rng.normal(0.0, 1.0, len(at)) * spread[at]) * 3600
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    start = np.repeat(begin, count) + nth * rng.uniform(6600, 9000, len(nth))
    return viewers[np.repeat(at, count)].astype(np.int64), start


def _has_ritual() -> npt.NDArray[np.bool_]:
    return np.array([h.protected for h in HABITS])


def _ritual_field(name: str) -> Floats:
    def value(h: Habit) -> float:
        return float(getattr(h.ritual, name)) if h.ritual else 0.0

    return np.array([value(h) for h in HABITS])


def _titles(rng: np.random.Generator, viewer: Ints, habit: Ints, ritual: npt.NDArray[np.bool_]) -> Ints:
    count = len(viewer)
    is_episode = (rng.random(count) < _field("episodes")[habit[viewer]]) & ~ritual
    films = np.minimum(rng.exponential(350.0, count).astype(np.int64), FILMS - 1)
    favourite = rng.integers(0, FAVOURITES, len(habit))
    title = np.where(is_episode, _next_episode(rng, viewer, habit, is_episode), films)
    again = (rng.random(count) < _AGAIN_SHARE) & ~ritual
    title[again] = title[_earlier(rng, viewer)[again]]
    return np.where(ritual, favourite[viewer], title)


def _next_episode(rng: np.random.Generator, viewer: Ints, habit: Ints, is_episode: npt.NDArray[np.bool_]) -> Ints:
    """Each viewer goes through series after series in order; a quarter follow two at a time."""
    seen: Ints = np.cumsum(is_episode, dtype=np.int64) - is_episode
    nth: Ints = seen - seen[np.searchsorted(viewer, viewer)]  # viewer is sorted
    ranges = np.array([series_between(*h.episode_min) for h in HABITS])[habit]
    salt = rng.integers(0, 1 << 30, len(habit))
    span = (ranges[:, 1] - ranges[:, 0])[viewer]
    lane = np.where(rng.random(len(habit)) < 0.25, 2, 1)[viewer]
    turn, step = nth % lane, nth // lane
    series = ranges[viewer, 0] + (salt[viewer] + (step // _EPISODES_PER_SERIES * 2 + turn) * 7919) % span
    return Catalogue.episode(series, step % _EPISODES_PER_SERIES)


def _earlier(rng: np.random.Generator, viewer: Ints) -> Ints:
    first = np.searchsorted(viewer, viewer)
    at = np.arange(len(viewer))
    back = (rng.random(len(viewer)) * np.maximum(at - first, 1)).astype(np.int64)
    return np.asarray(first + back, dtype=np.int64)


def _played(rng: np.random.Generator, runtime_s: Floats, habit: Ints, ritual: npt.NDArray[np.bool_]) -> Floats:
    completed = np.where(ritual, 0.9, _field("completed")[habit])
    early = np.where(ritual, 0.0, _field("early")[habit])
    draw = rng.random(len(habit))
    share = np.where(
        draw < completed,
        rng.uniform(0.92, 1.0, len(habit)),
        np.where(draw < completed + early, rng.uniform(0.004, 0.08, len(habit)), rng.uniform(0.15, 0.85, len(habit))),
    )
    return np.maximum(runtime_s * share, 5.0)


def _starts(rng: np.random.Generator, sitting: Ints, sitting_start: Floats, played: Floats) -> Floats:
    """Plays of a sitting follow each other with short pauses."""
    taken = played + rng.uniform(5, 240, len(played))
    before = np.cumsum(taken) - taken
    first = np.searchsorted(sitting, sitting)
    return sitting_start[sitting] + before - before[first]
