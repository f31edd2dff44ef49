"""The invented catalogue of the synthetic population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

FILMS: Final = 2_000
FAVOURITES: Final = 150  # the first films; rituals choose among them
SERIES: Final = 400
EPISODES: Final = 60


@dataclass(frozen=True)
class Catalogue:
    """Titles by number: films first, then series after series, episode after episode.

    `series_of` is -1 for films; `runtime_s` is rounded to 10 s; `first_episode` gives a series' first title.
    """

    title_ids: pa.Array
    series_ids: pa.Array
    series_of: npt.NDArray[np.int32]
    runtime_s: npt.NDArray[np.float64]

    @staticmethod
    def episode(series: npt.NDArray[np.int64], number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the title number of an episode."""
        return FILMS + series * EPISODES + number % EPISODES


def _build() -> Catalogue:
    rng = np.random.default_rng(20171210)
    minutes = np.concatenate([np.linspace(8, 18, 100), np.linspace(22, 40, 100), np.linspace(40, 60, 200)])
    episodes = np.repeat(minutes, EPISODES) + rng.uniform(-1, 1, SERIES * EPISODES)
    films = rng.uniform(80, 135, FILMS)
    series_of = np.concatenate([np.full(FILMS, -1), np.repeat(np.arange(SERIES), EPISODES)]).astype(np.int32)
    names = [f"film-{i:04d}" for i in range(FILMS)]
    names += [f"series-{s:03d}-episode-{e:02d}" for s in range(SERIES) for e in range(1, EPISODES + 1)]
    return Catalogue(
        title_ids=pa.array(names),
        series_ids=pa.array([f"series-{s:03d}" for s in range(SERIES)]),
        series_of=series_of,
        runtime_s=np.round(np.concatenate([films, episodes]) * 6) * 10.0,
    )


CATALOGUE: Final = _build()


def series_between(low_min: float, high_min: float) -> tuple[int, int]:
    """Return the range of series (first, one past last) whose episodes last about `low_min` to `high_min`."""
    lengths = CATALOGUE.runtime_s[FILMS::EPISODES] / 60
    within = np.flatnonzero((lengths >= low_min - 1.5) & (lengths <= high_min + 1.5))
    return int(within[0]), int(within[-1]) + 1
