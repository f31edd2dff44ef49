"""Player events of the synthetic population: what the players of its sessions would have told.

Sessions stay as they are; here it is drawn how somebody moved about in them. Everybody pauses, goes back a few seconds
and skips an opening now and then. Some viewers, of any habit, return to one passage again and again in some of their
sessions: those are planted, and protected, whatever else they watch.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from analyzer.sessions.habits import HABITS
from analyzer.sessions.playback.schema import EVENT_TABLE, OF_SESSION, WORDS, Event
from analyzer.sessions.synthetic import CHUNK_VIEWERS, Population, batches

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Told = dict[str, npt.NDArray[Any]]

PING_S: Final = 60.0
REWINDER_SHARE: Final = 0.02
_RITUAL_REWINDER_SHARE: Final = 0.25  # of viewers with a favourite title
_SESSION_SHARES: Final = (0.1, 0.3, 0.6)  # of a rewinder's sessions, how many hold a loop
_PAUSES_H, _REWINDS_H, _SKIPS_H = 0.8, 0.5, 0.4
_LEAST_S: Final = 120.0  # shorter sessions are only played
_OF_SESSION: Final = tuple(name for name in OF_SESSION if name not in ("title_name", "device", "kids_profile"))
_HABIT: Final = {habit.name: number for number, habit in enumerate(HABITS)}


@dataclass(frozen=True)
class _Sessions:
    """Sessions of a chunk as arrays: how long each played and where it began, in s."""

    played_s: Floats
    begin_s: Floats
    loops: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Actions:
    """What somebody did, in order of session and of seconds played: a jump of so many s, or a pause of so many."""

    session: Ints
    at_s: Floats
    jump_s: Floats
    pause_s: Floats


def event_batches(population: Population) -> Iterator[tuple[pa.Table, pa.Table, pa.Table]]:
    """Yield (sessions, events, truth) a chunk of viewers.

    Sessions carry a `session_id`; truth also holds `rewind_share`: in what share of the sessions the viewer returns to
    one passage over and over, 0 for most. Who has so few sessions that it never came to that counts as one who does
    not: nothing was planted.
    """
    for number, (sessions, truth) in enumerate(batches(population)):
        rng = np.random.default_rng(np.random.SeedSequence(population.seed, spawn_key=(number, 1)))
        share = _rewinding(rng, truth)
        named = _with_ids(sessions, number)
        planned = _planned(rng, named, share)
        shown = np.bincount(_viewers(named)[planned.loops & _is_viewing(named)], minlength=len(share)) > 0
        share = np.where(shown, share, 0.0)
        protected = pc.or_(truth["protected"], pa.array(share > 0))
        known = truth.append_column("rewind_share", pa.array(share))
        yield named, _events(rng, named, planned), known.set_column(2, "protected", protected)


def write_with_events(
    population: Population, sessions: Path, events: Path, truth: Path | None = None
) -> tuple[int, int]:
    """Stream the population and its players' events to Parquet; return how many sessions and events were written."""
    rows, told, truths = 0, 0, []
    with ExitStack() as stack:
        writers: list[pq.ParquetWriter] = []
        for chunk, happened, known in event_batches(population):
            if not writers:
                places = ((sessions, chunk.schema), (events, happened.schema))
                opened = (pq.ParquetWriter(path, schema, compression="zstd") for path, schema in places)
                writers = [stack.enter_context(writer) for writer in opened]
            for writer, table in zip(writers, (chunk, happened), strict=True):
                writer.write_table(table)
            rows, told = rows + len(chunk), told + len(happened)
            truths.append(known)
    if truth is not None:
        pq.write_table(pa.concat_tables(truths), truth)
    return rows, told


def _rewinding(rng: np.random.Generator, truth: pa.Table) -> Floats:
    """Return the share of each viewer's sessions that holds a loop; 0 for most."""
    ritual = np.array([habit.protected for habit in HABITS])[[_HABIT[name] for name in truth["habit"].to_pylist()]]
    draw, share = rng.random(CHUNK_VIEWERS), rng.choice(_SESSION_SHARES, CHUNK_VIEWERS)
    chosen = draw[: len(truth)] < np.where(ritual, _RITUAL_REWINDER_SHARE, REWINDER_SHARE)
    return np.where(chosen, share[: len(truth)], 0.0)


def _with_ids(sessions: pa.Table, number: int) -> pa.Table:
    ids = pa.array([f"s{number:05d}-{row:07d}" for row in range(len(sessions))]).dictionary_encode()
    return sessions.set_column(sessions.column_names.index("session_id"), "session_id", ids)


def _viewers(table: pa.Table) -> Ints:
    viewers: Ints = table["viewer_id"].combine_chunks().indices.to_numpy()
    return viewers


def _is_viewing(table: pa.Table) -> npt.NDArray[np.bool_]:
    """Return the sessions that somebody chose and did not hide."""
    viewing = pc.and_not(pc.equal(table["content_kind"].cast(pa.string()), "main"), table["autoplay"])
    chosen: npt.NDArray[np.bool_] = pc.and_not(viewing, table["hidden"]).to_numpy()
    return chosen


def _planned(rng: np.random.Generator, table: pa.Table, share: Floats) -> _Sessions:
    played = table["played_s"].to_numpy()
    return _Sessions(
        played_s=played,
        begin_s=np.maximum(table["end_position_s"].to_numpy() - played, 0.0),
        loops=(rng.random(len(table)) < share[_viewers(table)]) & (played >= _LEAST_S),
    )


def _events(rng: np.random.Generator, table: pa.Table, sessions: _Sessions) -> pa.Table:
    told = _told(sessions, _actions(rng, sessions))
    order = np.lexsort((told["rank"], told["t_ms"], told["session"]))
    told = {name: values[order] for name, values in told.items()}
    return _as_table(table, told)


def _actions(rng: np.random.Generator, s: _Sessions) -> _Actions:
    hours = np.where(s.played_s >= _LEAST_S, s.played_s / 3600.0, 0.0)
    parts = [_single(rng, s, hours * rate, kind) for kind, rate in enumerate((_PAUSES_H, _REWINDS_H, _SKIPS_H))]
    session, at, jump, pause = (np.concatenate(values) for values in zip(*parts, _loops(rng, s), strict=True))
    inside = at < s.played_s[session] - 1.0
    order = np.flatnonzero(inside)[np.lexsort((at[inside], session[inside]))]
    return _Actions(session[order], np.round(at[order], 3), np.round(jump[order], 3), np.round(pause[order], 3))


def _single(rng: np.random.Generator, s: _Sessions, mean: Floats, kind: int) -> tuple[Ints, Floats, Floats, Floats]:
    """Draw pauses (0), short ways back (1) or ways ahead (2)."""
    session = np.repeat(np.arange(len(mean)), rng.poisson(mean))
    at = 40.0 + rng.random(len(session)) * np.maximum(s.played_s[session] - 40.0, 0.0)
    nothing = np.zeros(len(session))
    if kind == 0:
        return session, at, nothing, rng.lognormal(4.0, 1.0, len(session)) + 2.0
    far = -rng.choice([10.0, 10.0, 15.0, 30.0], len(session)) if kind == 1 else rng.uniform(30, 90, len(session))
    return session, at, far, nothing


def _loops(rng: np.random.Generator, s: _Sessions) -> tuple[Ints, Floats, Floats, Floats]:
    """Draw passages of 8 to 40 s that are played 5 to 30 times, by hand: no two landings are quite the same."""
    looping = np.flatnonzero(s.loops)
    length = rng.uniform(8, 40, len(looping))
    most = np.maximum((s.played_s[looping] - 60.0) / length, 4.0)
    count = np.minimum(rng.integers(5, 31, len(looping)), most).astype(np.int64)
    room = np.maximum(s.played_s[looping] - count * length - length - 2.0, 1.0)
    first = length + rng.random(len(looping)) * room
    session = np.repeat(looping, count)
    nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    jitter = rng.normal(0.0, 1.0, len(session))
    far = np.maximum(np.repeat(length, count) + jitter, 2.0)
    return session, np.repeat(first, count) + nth * np.repeat(length, count), -far, np.zeros(len(session))


def _told(s: _Sessions, a: _Actions) -> Told:
    """Return what the players told: start, play, signs of life, pauses and seeks, and the end."""
    every = np.arange(len(s.played_s))
    pings = np.floor(np.maximum(s.played_s - 1.0, 0.0) / PING_S).astype(np.int64)
    pinged = np.repeat(every, pings)
    nth = np.arange(pings.sum()) - np.repeat(np.cumsum(pings) - pings, pings)
    place = _Place(s, a)
    seeks, pauses = np.flatnonzero(a.jump_s != 0), np.flatnonzero(a.pause_s > 0)
    nothing = np.zeros(len(every))
    rows = [
        place.rows(Event.START, every, nothing),
        place.rows(Event.PLAY, every, nothing),
        place.rows(Event.PING, pinged, (nth + 1) * PING_S),
        place.of_actions(Event.PAUSE, pauses, after=False),
        place.of_actions(Event.PLAY, pauses, after=True),
        place.of_actions(Event.SEEK, seeks, after=False),
        place.rows(Event.PAUSE, every, s.played_s),
        place.rows(Event.STOP, every, s.played_s),
    ]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


class _Place:
    """Where in the title and when by the clock a session is after so many seconds of playing."""

    def __init__(self, s: _Sessions, a: _Actions) -> None:
        self._s, self._a = s, a
        self._line = a.session * 1e7 + a.at_s  # one number line for all sessions
        self._jumped = np.append(0.0, np.cumsum(a.jump_s))
        self._paused = np.append(0.0, np.cumsum(a.pause_s))
        first = np.searchsorted(a.session, np.arange(len(s.played_s)))
        self._base = self._jumped[first], self._paused[first]

    def rows(self, event: Event, session: Ints, at_s: Floats) -> Told:
        """Return an event of each of some sessions, after the actions up to that second."""
        return self._made(event, session, at_s, np.searchsorted(self._line, session * 1e7 + at_s, side="right"))

    def of_actions(self, event: Event, at: Ints, *, after: bool) -> Told:
        """Return the event of some actions, as things were before or after it."""
        made = self._made(event, self._a.session[at], self._a.at_s[at], at + int(after))
        if event is Event.SEEK:
            made["to_s"] = np.maximum(np.round(made["position_s"] + self._a.jump_s[at], 3), 0.0)
        return made

    def _made(self, event: Event, session: Ints, at_s: Floats, done: Ints) -> Told:
        jumped = self._jumped[done] - self._base[0][session]
        paused = self._paused[done] - self._base[1][session]
        return {
            "session": session,
            "t_ms": np.rint((at_s + paused) * 1000).astype(np.int64),
            "event": np.full(len(session), event.value, dtype=np.int32),
            "rank": done * 2 + int(event is not Event.SEEK),
            "position_s": np.maximum(np.round(self._s.begin_s[session] + at_s + jumped, 3), 0.0),
            "to_s": np.full(len(session), np.nan),
        }


def _as_table(sessions: pa.Table, told: Told) -> pa.Table:
    """Return the events; what holds for a whole session is said by its start."""
    session = pa.array(told["session"])
    starts = pa.array(told["session"], mask=told["event"] != Event.START)
    first = np.searchsorted(told["session"], told["session"])
    columns = {
        "viewer_id": sessions["viewer_id"].combine_chunks().take(session),
        "session_id": sessions["session_id"].combine_chunks().take(session),
        "title_id": sessions["title_id"].combine_chunks().take(session),
        "seq": pa.array(np.arange(len(session)) - first).cast(pa.int32()),
        "t_ms": pa.array(told["t_ms"]).cast(pa.int32()),
        "started_at": sessions["started_at"].combine_chunks().take(starts),
        "event": pa.DictionaryArray.from_arrays(told["event"], pa.array(WORDS)),
        "position_s": pa.array(told["position_s"]),
        "to_position_s": pa.array(told["to_s"], from_pandas=True),
    }
    columns |= {name: sessions[name].combine_chunks().take(starts) for name in _OF_SESSION}
    schema = EVENT_TABLE.arrow_schema(columns)
    return pa.table([columns[field.name].cast(field.type) for field in schema], schema=schema)
