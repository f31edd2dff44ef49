"""A seeded population with planted, documented habits; just another source of sessions.

Viewers are made in chunks of fixed size, each from its own seed: a population of any size streams to Parquet in bounded
memory, and the first thousand viewers are the same whether one thousand or one million are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from analyzer.errors import InputError
from analyzer.sessions.door import admit
from analyzer.sessions.habits import HABITS
from analyzer.sessions.records import RawRows, Sessions, concatenate
from analyzer.sessions.schema import arrow_schema
from analyzer.sessions.synthetic_plays import PlannedPlays, plan_plays
from analyzer.sessions.synthetic_titles import CATALOGUE

CHUNK_VIEWERS: Final = 1_000
_HOUSEHOLD_SIZES: Final = (1, 2, 3, 4)
_HOUSEHOLD_SHARES: Final = (0.45, 0.35, 0.12, 0.08)
_COUNTRIES: Final = (("GB", 0), ("DE", 60), ("FI", 120), ("JP", 540), ("CO", -300))
_RESUMED_SHARE: Final = 0.12
_AUTOPLAY_ROWS: Final = 0.25
_HIDDEN_SHARE: Final = 0.003
_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Population:
    """What to make.

    Attributes
    ----------
    viewers : int
        Number of viewers, at least 1.
    days : int
        Number of days, at least 1.
    seed : int
        Any non-negative whole number; the same seed gives the same rows.
    start : date
        First local day. The default begins a 28-day window.
    """

    viewers: int = 2_000
    days: int = 84
    seed: int = 0
    start: date = date(2023, 12, 25)

    def __post_init__(self) -> None:
        for name, value, least in (("viewers", self.viewers, 1), ("days", self.days, 1), ("seed", self.seed, 0)):
            if value < least:
                raise InputError(f"{name} is {value}.", f"It must be at least {least}.")


def batches(population: Population) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield (sessions, truth) a chunk of viewers; truth holds `viewer_id`, `habit`, `protected`."""
    for number in range(math.ceil(population.viewers / CHUNK_VIEWERS)):
        first = number * CHUNK_VIEWERS
        yield _chunk(population, number, min(CHUNK_VIEWERS, population.viewers - first))


def synthesize(population: Population | None = None) -> tuple[Sessions, pa.Table]:
    """Return the population's sessions, admitted like any source's, and the planted truth."""
    population = population or Population()
    parts, truths = [], []
    rows = 0
    for table, truth in batches(population):
        lines = pa.array(np.arange(rows + 1, rows + len(table) + 1))
        parts.append(admit(RawRows(table, f"synthetic population (seed {population.seed})", lines)))
        truths.append(truth)
        rows += len(table)
    return concatenate(parts), pa.concat_tables(truths)


def write_parquet(population: Population, sessions: Path, truth: Path | None = None) -> int:
    """Stream the population to Parquet files and return the number of rows written."""
    rows = 0
    truths = []
    with pq.ParquetWriter(sessions, arrow_schema(), compression="zstd") as writer:
        for table, known in batches(population):
            writer.write_table(table)
            rows += len(table)
            truths.append(known)
    if truth is not None:
        pq.write_table(pa.concat_tables(truths), truth)
    return rows


def _chunk(population: Population, number: int, viewers: int) -> tuple[pa.Table, pa.Table]:
    rng = np.random.default_rng(np.random.SeedSequence(population.seed, spawn_key=(number,)))
    # All draws are for a full chunk, so that a shorter last chunk begins like a full one.
    habit = rng.choice(len(HABITS), CHUNK_VIEWERS, p=[h.share for h in HABITS])
    plays = plan_plays(rng, habit, population.days)
    ids = np.char.add("v", np.char.zfill((number * CHUNK_VIEWERS + np.arange(CHUNK_VIEWERS)).astype(str), 8))
    table = _rows(rng, plays, ids, number, population)
    wanted = np.isin(table["viewer_id"].combine_chunks().indices.to_numpy(), np.arange(viewers))
    truth = pa.table(
        {
            "viewer_id": ids[:viewers],
            "habit": [HABITS[h].name for h in habit[:viewers]],
            "protected": [HABITS[h].protected for h in habit[:viewers]],
        }
    )
    return table.filter(pa.array(wanted)), truth


def _rows(
    rng: np.random.Generator, plays: PlannedPlays, ids: npt.NDArray[np.str_], chunk: int, population: Population
) -> pa.Table:
    country = rng.choice(len(_COUNTRIES), CHUNK_VIEWERS)
    offset = np.array([minutes for _, minutes in _COUNTRIES])[country]
    midnight = int(datetime.combine(population.start, datetime.min.time(), UTC).timestamp())
    play, started_s, played_s, end_s, kind = _sessions_of(rng, plays)
    viewer = plays.viewer[play]
    started_us = ((midnight + started_s - offset[viewer] * 60) * _US).astype(np.int64)
    begins_s = plays.start_s - offset[plays.viewer] * 60  # a play that begins outside the period is left out whole
    inside = np.flatnonzero(((begins_s >= 0) & (begins_s < population.days * 86_400))[play])
    order = inside[np.argsort(started_us[inside], kind="stable")]
    play, viewer = play[order], viewer[order]
    per_viewer = _viewer_settings(rng)
    keyed = pa.DictionaryArray.from_arrays
    title = plays.title[play].astype(np.int32)
    series = CATALOGUE.series_of[title]
    columns = {
        "viewer_id": keyed(viewer.astype(np.int32), pa.array(ids)),
        "title_id": keyed(title, CATALOGUE.title_ids),
        "started_at": pa.array(started_us[order]).cast(pa.timestamp("us", tz="UTC")),
        "played_s": pa.array(np.round(played_s[order])),
        "household_id": keyed(*_households(rng, viewer, chunk)),
        "series_id": keyed(pa.array(series, mask=series < 0), CATALOGUE.series_ids),
        "runtime_s": pa.array(CATALOGUE.runtime_s[title]),
        "end_position_s": pa.array(np.round(end_s[order])),
        "autoplay": pa.array(kind[order] > 0),
        "content_kind": keyed(np.array([0, 1, 0], dtype=np.int32)[kind[order]], pa.array(["main", "trailer"])),
        "hidden": pa.array(rng.random(len(play)) < _HIDDEN_SHARE),
        "utc_offset_min": pa.array(offset[viewer].astype(np.int32)),
        "country": keyed(country[viewer].astype(np.int32), pa.array([name for name, _ in _COUNTRIES])),
        **{name: pa.array(values[viewer]) for name, values in per_viewer.items()},
        "assistive_tech": keyed(np.zeros(len(play), dtype=np.int32), pa.array(["unknown"])),
    }
    schema = arrow_schema()
    arrays = [columns.get(f.name, pa.nulls(len(play), f.type)) for f in schema]
    return pa.table([a.cast(f.type) for a, f in zip(arrays, schema, strict=True)], schema=schema)


def _viewer_settings(rng: np.random.Generator) -> dict[str, npt.NDArray[np.generic]]:
    """Settings are drawn independently of habits: nothing here suggests that one tells of the other."""
    return {
        "captions": rng.random(CHUNK_VIEWERS) < 0.4,
        "audio_description": rng.random(CHUNK_VIEWERS) < 0.01,
        "playback_rate": np.where(rng.random(CHUNK_VIEWERS) < 0.05, 1.25, 1.0),
    }


def _households(
    rng: np.random.Generator, viewer: npt.NDArray[np.int64], chunk: int
) -> tuple[npt.NDArray[np.int32], pa.Array]:
    sizes = rng.choice(_HOUSEHOLD_SIZES, CHUNK_VIEWERS, p=_HOUSEHOLD_SHARES)
    household = np.repeat(np.arange(CHUNK_VIEWERS), sizes)[:CHUNK_VIEWERS].astype(np.int32)
    return household[viewer], pa.array([f"h{chunk:05d}-{i:04d}" for i in range(CHUNK_VIEWERS)])


def _sessions_of(rng: np.random.Generator, plays: PlannedPlays) -> tuple[npt.NDArray[Any], ...]:
    """Return play number, start and length in s, end position in s, and kind of each row.

    Kind 0 is chosen playback; 1 a trailer that began by itself; 2 main content that began by itself.
    """
    count = len(plays.viewer)
    resumed = (rng.random(count) < _RESUMED_SHARE) & (plays.played_s > 900)
    split = np.where(resumed, rng.uniform(0.2, 0.8, count), 1.0)
    later = np.where(rng.random(count) < 0.5, rng.uniform(200, 1200, count), rng.uniform(8, 24, count) * 3600)
    first_s = plays.played_s * split
    again = np.flatnonzero(resumed)
    noise = np.flatnonzero(rng.random(count) < _AUTOPLAY_ROWS)
    noise_s = rng.uniform(3, 60, len(noise))
    return (
        np.concatenate([np.arange(count), again, noise]),
        np.concatenate([plays.start_s, (plays.start_s + first_s + later)[again], plays.start_s[noise] - 90]),
        np.concatenate([first_s, (plays.played_s - first_s)[again], noise_s]),
        np.concatenate([first_s, plays.played_s[again], noise_s]),
        np.concatenate([np.zeros(count + len(again)), rng.choice([1, 2], len(noise), p=[0.6, 0.4])]).astype(np.int64),
    )
