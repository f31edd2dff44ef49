"""Sessions and navigation features from player events, written as well as pandas allows.

For comparison of speed and values with `analyzer.read_sessions(events=...)` and `analyzer.extract_features`. The peer
relies on what the synthetic population's players tell, which makes it shorter and faster than code for any player:

- the words are start, play, ping, pause, seek and stop; each session begins with start and play, ends with stop, and
  its start says what holds for all of it;
- t_ms, seq and positions are always known, so every seek has a direction; a rate is never told;
- there are no ads, no buffering, no events that repeat another, no second title and no six silent hours in a session.

None of this is checked here. Rows may come in any order; where they are in order already, they are not sorted.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from with_pandas import _changes, _play_begins, _run_lengths, _run_numbers, _Spans

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

KEYS = ["viewer_id", "session_id"]
EVENTS = [*KEYS, "seq", "t_ms", "event", "position_s", "to_position_s"]
OF_SESSION = ["title_id", "started_at", "runtime_s", "autoplay", "content_kind", "hidden"]
SLACK_MS = 2_000
PATIENCE_MS = 120_000
FASTEST = 3.5
PASSAGE_MS = 10_000
LOOP_PASSES = 3.0


def sessions(path: str) -> pd.DataFrame:
    """Return one row a session: viewer_id, session_id and what its events measure."""
    events = _Events(_read(path, EVENTS))
    ids = events.at_starts(KEYS)
    return pd.concat([ids, _measures(events)], axis=1)


def navigation(path: str) -> pd.DataFrame:
    """Return one row per viewer and 28-day window: hours_played and the navigation features."""
    events = _Events(_read(path, [*EVENTS, *OF_SESSION]))
    told = events.at_starts(["viewer_id", *OF_SESSION])
    start_ms = told["started_at"].astype("int64") // 1000 + events.t_ms.take(events.first)
    rows = pd.concat([told, _measures(events)], axis=1).assign(start=start_ms * 1000)
    main = rows["content_kind"].isna() | (rows["content_kind"] == "main")
    rows = rows[main & ~rows["autoplay"].eq(True) & ~rows["hidden"].eq(True)]
    return _features(*_in_order(rows))


def _read(path: str, columns: list[str]) -> pa.Table:
    return pq.read_table(path, columns=columns, read_dictionary=[*KEYS, "event", "title_id", "content_kind"])


# ---------------------------------------------------------------- events in order


class _Events:
    """Events by session, time and seq; positions in whole milliseconds."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table
        self._names = {name: _codes(table[name]) for name in (*KEYS, "title_id") if name in table.column_names}
        viewer, session, t_ms = self._names["viewer_id"][0], self._names["session_id"][0], _array(table["t_ms"])
        session = _owned(viewer, session)
        order = _order(session, t_ms, _array(table["seq"]))
        columns = session, t_ms, _words(table["event"]), _array(table["position_s"]), _array(table["to_position_s"])
        session, self.t_ms, self.event, position_s, to_s = (c if order is None else c.take(order) for c in columns)
        self.first = np.flatnonzero(_changes(pd.Series(session, copy=False)))
        self.last = np.append(self.first[1:], len(session)) - 1
        self.seek = np.flatnonzero(self.event == WORDS["seek"])
        self.position = _milliseconds(position_s)
        self.begin = self.position.copy()
        self.begin[self.seek] = _milliseconds(to_s.take(self.seek))
        self._order = order

    def at_starts(self, names: list[str]) -> pd.DataFrame:
        """Return some columns of the events that begin a session, one row a session."""
        rows = self.first if self._order is None else self._order.take(self.first)
        frame = self._table.select([n for n in names if n not in self._names]).take(pa.array(rows)).to_pandas()
        for name in self._names.keys() & set(names):
            codes, categories = self._names[name]
            frame[name] = pd.Categorical.from_codes(codes.take(rows), categories.to_pandas())
        return frame

    def session_of(self, rows: Ints) -> Ints:
        """Return the number of the session of some events."""
        return self.first.searchsorted(rows, side="right") - 1

    def by_session(self, cumulated: Ints) -> Ints:
        """Return the sums of the sessions, given the sums of all rows up to each."""
        return np.diff(cumulated.take(self.last), prepend=0)


WORDS = {"start": 0, "stop": 1, "play": 2, "pause": 3, "ping": 4, "seek": 5}
PLAYS, PAUSED = 1, 2
STATES = np.array([0, 0, PLAYS, PAUSED], dtype=np.int8)


def _array(column: pa.ChunkedArray) -> npt.NDArray:
    return column.to_numpy()


def _codes(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return codes and the names that they stand for; the many pieces of a row group share one dictionary."""
    dictionaries, numbers = [], []
    for chunk in column.chunks:
        if not dictionaries or not chunk.dictionary.equals(dictionaries[-1]):
            dictionaries.append(chunk.dictionary)
        numbers.append(len(dictionaries) - 1)
    every = [pa.DictionaryArray.from_arrays(np.arange(len(names), dtype=np.int32), names) for names in dictionaries]
    unified = pa.chunked_array(every).unify_dictionaries().chunks
    code_of = [chunk.indices.to_numpy() for chunk in unified]
    indices = [chunk.indices.to_numpy() for chunk in column.chunks]
    return np.concatenate([code_of[n].take(i) for n, i in zip(numbers, indices, strict=True)]), unified[-1].dictionary


def _words(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    """Return the events as numbers of `WORDS`."""
    numbers = []
    for chunk in column.chunks:
        number = np.array([WORDS.get(word, -1) for word in chunk.dictionary.to_pylist()], dtype=np.int8)
        numbers.append(number.take(chunk.indices.to_numpy()))
    return np.concatenate(numbers)


def _milliseconds(seconds: Floats) -> npt.NDArray[np.int32]:
    milliseconds = seconds * 1000.0
    return np.rint(milliseconds, out=milliseconds).astype(np.int32)  # four days fit


def _owned(viewer: npt.NDArray[np.int32], session: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """Return a number for each viewer's session; mostly an id belongs to one viewer and is that number."""
    owner = np.zeros(int(session.max(initial=0)) + 1, dtype=np.int32)
    owner[session] = viewer
    if (owner.take(session) == viewer).all():
        return session
    return pd.factorize(viewer.astype(np.int64) * len(owner) + session)[0].astype(np.int32)


def _order(session: npt.NDArray[np.int32], t_ms: npt.NDArray[np.int32], seq: npt.NDArray[np.int32]) -> Ints | None:
    """Return the order by session, time and seq; None where the rows are in order already."""
    t_bits, seq_bits = (int(values.max(initial=0)).bit_length() for values in (t_ms, seq))
    if int(session.max(initial=0)).bit_length() + t_bits + seq_bits > 63:
        raise OverflowError("Session, time and seq exceed 63 bits: sort by two integers instead.")
    key = session.astype(np.int64)
    key <<= t_bits
    key |= t_ms
    key <<= seq_bits
    key |= seq
    return None if (key[1:] >= key[:-1]).all() else key.argsort()


# ---------------------------------------------------------------- events to sessions


def _measures(e: _Events) -> pd.DataFrame:
    """Return the measures of each session; nearly all events are as expected, and only the odd ones cost thought."""
    state = _states(e)
    plays = state == PLAYS
    clock, length = np.zeros_like(e.t_ms), np.zeros_like(e.begin)
    np.subtract(e.t_ms[1:], e.t_ms[:-1], out=clock[:-1])
    clock[e.last] = 0
    np.subtract(e.position[1:], e.begin[:-1], out=length[:-1])  # by what the position moved up to the next event
    most = clock * plays
    odd = np.abs(length - most) > SLACK_MS
    landed = e.seek[np.abs(e.position.take(e.seek) - e.begin.take(e.seek)) <= 500]  # told when it was over already
    odd[landed - 1] = True
    odd = np.flatnonzero(odd & (state > 0))
    found = _odd(e, odd, landed, state, clock)
    np.maximum(length, 0, out=length)
    length *= plays
    length[odd], most[odd] = found["length"], found["played"]
    content = length.cumsum(dtype=np.int64)
    seen = e.by_session(content)
    unique, passes = _coverage(e, length, content, seen)
    moves = _movements(e, found, landed, state, clock, content)
    known = seen > 0
    return pd.DataFrame(
        {
            "played_s": e.by_session(most.cumsum(dtype=np.int64)) / 1000.0,
            "end_position_s": e.begin.take(e.last) / 1000.0,
            "content_s": np.where(known, seen / 1000.0, np.nan),
            "unique_s": np.where(known, unique / 1000.0, np.nan),
            "passage_passes": np.where(known, passes, np.nan),
            "pauses": _pauses(e, state),
            **_by_direction(moves, known),
            "undirected_seeks": np.zeros(len(known)),
        },
        copy=False,
    )


def _states(e: _Events) -> npt.NDArray[np.int8]:
    """Return whether it plays or is paused after each event; pings and seeks leave it as it is."""
    says = np.flatnonzero(e.event < len(STATES))
    state = STATES.take(e.event.take(says)).repeat(np.diff(says, append=len(e.event)))
    state[e.last] = 0
    return state


def _odd(
    e: _Events, rows: Ints, landed: Ints, state: npt.NDArray[np.int8], clock: npt.NDArray[np.int32]
) -> pd.DataFrame:
    """Return stretch and time played after events that the next one does not simply follow."""
    plays = state.take(rows) == PLAYS
    time = clock.take(rows).astype(np.int64)
    begin = e.begin.take(rows).astype(np.int64)
    moved = e.position.take(rows + 1) - begin
    known = ~np.isin(rows + 1, landed)
    most = np.where(plays, time, 0)
    jumped = known & ((moved < -SLACK_MS) | (moved > most * FASTEST + SLACK_MS))
    assumed = _assumed(e, rows, most, state)
    ahead = np.maximum(moved, 0)
    followed = known & ~jumped
    by_position = np.where(time - ahead > SLACK_MS, ahead, time)
    return pd.DataFrame(
        {
            "row": rows,
            "length": np.where(plays, np.where(followed, ahead, assumed), 0),
            "played": np.where(plays, np.where(followed, by_position, assumed), 0),
            "got_to": begin + assumed,
            "jumped": jumped,
        },
        copy=False,
    )


def _assumed(e: _Events, rows: Ints, most: Ints, state: npt.NDArray[np.int8]) -> Ints:
    """Return what is taken to have played after some events: two minutes at most where there are signs of life."""
    long = np.flatnonzero(most > PATIENCE_MS)
    if len(long) == 0:
        return most
    again = (e.event[1:] == WORDS["play"]) & (state[:-1] == PLAYS)
    signs = np.flatnonzero((e.event == WORDS["ping"]) | np.append(False, again))
    session = e.session_of(rows.take(long))
    edges = e.first.take(session), e.last.take(session)
    count = signs.searchsorted(edges[1], side="right") - signs.searchsorted(edges[0])
    assumed = most.copy()
    assumed[long[count >= 3]] = PATIENCE_MS
    return assumed


def _pauses(e: _Events, state: npt.NDArray[np.int8]) -> Floats:
    """Count pauses after which it played on, a second later or more."""
    pause = np.flatnonzero(e.event == WORDS["pause"])
    pause = pause[state.take(pause - 1) == PLAYS]
    play = np.flatnonzero(e.event == WORDS["play"])
    session = e.session_of(pause)
    at = play.searchsorted(pause)
    resumes = play.take(np.minimum(at, len(play) - 1))
    lasts = (at < len(play)) & (resumes <= e.last.take(session))
    lasts &= e.t_ms.take(resumes) - e.t_ms.take(pause) >= 1_000
    return np.bincount(session[lasts], minlength=len(e.first)).astype(np.float64)


# ---------------------------------------------------------------- coverage


def _coverage(e: _Events, length: npt.NDArray[np.int32], content: Ints, seen: Ints) -> tuple[Ints, Floats]:
    """Return unique ms and passes of each session; only those in which a place may be played twice are swept."""
    end = e.begin + length
    breaks = np.append(True, e.begin[1:] != end[:-1])
    breaks[e.first] = True
    rows = np.flatnonzero(breaks)  # stretches that continue each other are one
    size = np.diff(content.take(np.append(rows[1:], len(content)) - 1), prepend=0)
    rows, size = rows[size > 0], size[size > 0]
    begin = e.begin.take(rows).astype(np.int64)
    session = e.session_of(rows)
    back = np.append(False, (begin[1:] < (begin + size)[:-1]) & (session[1:] == session[:-1]))
    unique, passes = seen.copy(), np.ones(len(seen))
    twice = np.zeros(len(seen), dtype=bool)
    twice[session[back]] = True
    chosen = twice.take(session)
    if chosen.any():
        at = np.flatnonzero(twice)
        unique[at], passes[at] = _swept(begin[chosen], size[chosen], pd.Series(session[chosen]))
    return unique, passes


def _swept(begin: Ints, size: Ints, session: pd.Series) -> tuple[Ints, Floats]:
    """Return unique ms and most passes of ten seconds of each session, all sessions laid on one line."""
    first = np.flatnonzero(_changes(session))
    number = _run_numbers(_changes(session))
    room = np.maximum.reduceat(begin + size, first) + 2 * PASSAGE_MS
    origin = room.cumsum() - room + PASSAGE_MS
    begin = begin + origin.take(number)
    place = np.concatenate([begin, begin + size])
    order = place.argsort()
    place, depth = place.take(order), np.where(order < len(begin), 1, -1).cumsum()
    width = np.diff(place, append=place[-1:])
    played = np.append(0, (depth * width).cumsum()[:-1])  # up to each place
    edges = place.searchsorted(origin)
    unique = np.add.reduceat(np.where(depth > 0, width, 0), edges)
    after = _up_to(place + PASSAGE_MS, place, played, depth) - played
    before = played - _up_to(place - PASSAGE_MS, place, played, depth)
    most = np.maximum.reduceat(np.maximum(after, before), edges)
    return unique, np.maximum(most / PASSAGE_MS, 1.0)


def _up_to(at: Ints, place: Ints, played: Ints, depth: Ints) -> Ints:
    """Return how much was played up to some places of the line."""
    last = np.maximum(place.searchsorted(at, side="right") - 1, 0)
    return played.take(last) + depth.take(last) * np.maximum(at - place.take(last), 0)


# ---------------------------------------------------------------- moving about


def _movements(
    e: _Events,
    found: pd.DataFrame,
    landed: Ints,
    state: npt.NDArray[np.int8],
    clock: npt.NDArray[np.int32],
    content: Ints,
) -> pd.DataFrame:
    """Return seeks, those included that nobody told, merged where nothing was played between them."""
    came_from = e.position.take(e.seek).astype(np.int64)
    before = landed - 1
    most = np.where(state.take(before) == PLAYS, clock.take(before), 0).astype(np.int64)
    came_from[e.seek.searchsorted(landed)] = e.begin.take(before) + _assumed(e, before, most, state)
    told = pd.DataFrame({"row": e.seek, "from": came_from}, copy=False)
    jumped = found.loc[found["jumped"], ["row", "got_to"]].set_axis(["row", "from"], axis=1)
    jumped["row"] += 1
    jumped = jumped[e.event.take(jumped["row"]) != WORDS["seek"]]
    seeks = pd.concat([told, jumped]).sort_values("row", ignore_index=True) if len(jumped) else told
    row = seeks["row"].to_numpy()
    to = e.begin.take(row)  # where a seek landed, or an event that nobody announced is found
    seeks = pd.DataFrame({"distance": to - seeks["from"], "to": to, "t": e.t_ms.take(row), "row": row}, copy=False)
    seeks = seeks[seeks["distance"].abs() >= 1_000].reset_index(drop=True)
    row = seeks["row"].to_numpy()
    seeks["session"], seeks["back"] = e.session_of(row), seeks["distance"] < 0
    begins = _changes(seeks["session"], seeks["back"])
    begins[1:] |= np.diff(content.take(row - 1)) >= 1_000
    moves = seeks.loc[begins, ["session", "back", "t"]].reset_index(drop=True)
    cumulated = seeks["distance"].cumsum().to_numpy()
    final = np.append(np.flatnonzero(begins)[1:], len(seeks)) - 1
    moves["distance"] = np.abs(np.diff(cumulated.take(final), prepend=0))
    moves["landing"] = seeks["to"].to_numpy().take(final)
    return moves


def _by_direction(moves: pd.DataFrame, known: Bools) -> dict[str, npt.NDArray | pd.Series]:
    """Return the measures of rewinds and skips of each session."""
    every = pd.RangeIndex(len(known))
    rewinds = moves[moves["back"]]
    session = rewinds["session"]
    skips = moves.loc[~moves["back"], "session"]
    back, ahead = (np.bincount(found, minlength=len(known)) for found in (session, skips))
    elsewhere = _changes(session) | (rewinds["landing"].diff().abs() > PASSAGE_MS).to_numpy()
    chain = pd.Series(_run_lengths(elsewhere)).groupby(session.to_numpy()[elsewhere]).max()
    same = ~_changes(session)
    gap = rewinds["t"].diff()[same]
    known = known | (back + ahead > 0)
    return {
        "rewinds": np.where(known, back, np.nan),
        "rewind_s": _median(rewinds["distance"], session).reindex(every) / 1000.0,
        "rewind_gap_s": _median(gap, session[same]).reindex(every) / 1000.0,
        "rewind_chain": chain.reindex(every, fill_value=0).where(known),
        "forward_skips": np.where(known, ahead, np.nan),
    }


def _median(values: pd.Series, session: pd.Series) -> pd.Series:
    return values.groupby(session).median()


# ---------------------------------------------------------------- sessions to features


def _in_order(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Index]:
    """Return sessions by viewer, title and start, and the viewers' names; `pair` numbers viewers with a title."""
    viewer_id, title_id = (rows[name].cat.remove_unused_categories() for name in ("viewer_id", "title_id"))
    viewer_id = viewer_id.cat.reorder_categories(viewer_id.cat.categories.sort_values())
    titles = len(title_id.cat.categories)
    viewer = viewer_id.cat.codes.astype("int64")
    pair = viewer * titles + title_id.cat.codes
    since_ms = (rows["start"] - rows["start"].min()) // 1000
    span_ms = int(since_ms.max()) + 1
    if (int(pair.max()) + 1) * span_ms >= 2**63:
        raise OverflowError("Viewers times titles times the span of the data exceed 63 bits: sort by two integers.")
    order = (pair * span_ms + since_ms).to_numpy().argsort()
    names = {"played_s": "played", "end_position_s": "position", "runtime_s": "runtime"}
    columns = rows.drop(columns=["viewer_id", *(name for name in OF_SESSION if name != "runtime_s")]).rename(
        columns=names
    )
    ordered = columns.assign(pair=pair, viewer=viewer).take(order).reset_index(drop=True)
    return ordered, viewer_id.cat.categories


def _features(s: pd.DataFrame, viewers: pd.Index) -> pd.DataFrame:
    """Return hours played and the navigation features, given sessions in order."""
    begins, length, _ = _play_begins(s)
    play = _run_numbers(begins)
    looped = s["passage_passes"] >= LOOP_PASSES
    plays = pd.DataFrame({"played": s["played"], "looped": looped}, copy=False).groupby(play).sum()
    whole, start = length[begins], s["start"][begins].reset_index(drop=True)
    glance = (plays["played"] < 60.0) & (plays["played"] < 0.5 * whole) & (plays["looped"] == 0)
    spans = _Spans(s["start"])
    vector = spans.of(s["viewer"][begins].reset_index(drop=True), start)
    s = s.assign(vector=vector.to_numpy()[play])[~glance.to_numpy()[play]]
    features = _per_vector(s)
    features["hours_played"] = plays["played"][~glance].groupby(vector[~glance]).sum() / 3600.0
    return features.set_axis(spans.index(features.index, viewers))


def _per_vector(s: pd.DataFrame) -> pd.DataFrame:
    content, passes, rewinds = s["content_s"], s["passage_passes"], s["rewinds"]
    counts = ["pauses", "rewinds", "forward_skips"]
    told = {f"{name}_h": s["played"].where(s[name].notna(), 0.0) / 3600.0 for name in counts}
    again = (content - s["unique_s"]).clip(lower=0.0)
    known = passes.notna()
    sums = s[["vector", *counts, "content_s"]].assign(**told, again=again, loops=passes >= LOOP_PASSES, known=known)
    sums = sums.groupby("vector").sum()
    most = s.groupby("vector")[["passage_passes", "rewind_chain", "undirected_seeks"]].max()
    titles = s.groupby(["vector", "pair"])["rewinds"].sum(min_count=1).groupby("vector").max()
    return pd.DataFrame(
        {
            **{f"{name}_per_hour": sums[name] / sums[f"{name}_h"] for name in counts},
            "rewind_median_s": _weighted_median(s, "rewind_s", rewinds),
            "rewind_gap_median_s": _weighted_median(s, "rewind_gap_s", rewinds - 1),
            "passage_replay_share": sums["again"] / sums["content_s"],
            "passage_passes_max": most["passage_passes"],
            "rewind_chain_max": most["rewind_chain"],
            "title_rewinds_max": titles,
            "loop_session_share": sums["loops"] / sums["known"],
            "undirected_seeks_max": most["undirected_seeks"],
        },
        index=sums.index,
    )


def _weighted_median(s: pd.DataFrame, name: str, weight: pd.Series) -> pd.Series:
    """Return the lowest value at which half of the weight of each vector is reached."""
    known = s[name].notna() & (weight > 0)
    part = pd.DataFrame({"vector": s["vector"], "value": s[name], "weight": weight})[known]
    part = part.sort_values(["vector", "value"], ignore_index=True)
    groups = part.groupby("vector")["weight"]
    reached = part[groups.cumsum() * 2 >= groups.transform("sum")]
    return reached.drop_duplicates("vector").set_index("vector")["value"]
