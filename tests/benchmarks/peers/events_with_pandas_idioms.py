"""Sessions and navigation features from player events in plain pandas: what a researcher writes in an afternoon.

One DataFrame of events in order, then shifts, forward fills, groupbys and joins; whole columns, no loops, no tricks.
`events_with_pandas.py` gives the same values and shows what is left to gain when pandas is only the coat of numpy.

It knows only what the synthetic population's players tell, and checks nothing. Left out is whatever they never tell:
ads, buffering, rates, seek_end, repeated events, second titles, unknown times and positions (so every seek has a
direction), silences of six hours. Each session begins with start and play, and ends with stop. Rows may come in any
order. Of the way from sessions to features, the plays are those of `with_pandas_idioms.py`; the sums of a vector,
plain groupbys, are those of `events_with_pandas.py`.
"""

from __future__ import annotations

import pandas as pd
from events_with_pandas import _per_vector
from with_pandas_idioms import _lengths, _new, _play_begins

KEYS = ["viewer_id", "session_id"]
EVENTS = [*KEYS, "event", "t_ms", "seq", "position_s", "to_position_s"]
OF_SESSION = ["title_id", "started_at", "runtime_s", "autoplay", "content_kind", "hidden"]  # its start says them
NAMES = [*KEYS, "event", "title_id", "content_kind"]
SLACK_MS, PATIENCE_MS, PASSAGE_MS = 2_000, 120_000, 10_000
FASTEST, LOOP_PASSES = 3.5, 3
MONDAY = pd.Timestamp("1970-01-05", tz="UTC")


def sessions(path: str) -> pd.DataFrame:
    """Return one row a session: viewer_id, session_id and what its events measure."""
    events = _read(path, EVENTS)
    return events.loc[events["event"] == "start", ["session", *KEYS]].set_index("session").join(_measures(events))


def navigation(path: str) -> pd.DataFrame:
    """Return one row per viewer and 28-day window: hours_played and the navigation features."""
    events = _read(path, [*EVENTS, *OF_SESSION])
    starts = events[events["event"] == "start"].set_index("session")
    main = starts["content_kind"].isna() | starts["content_kind"].eq("main")
    starts = starts[main & ~starts["autoplay"].eq(True) & ~starts["hidden"].eq(True)]
    return _features(starts.drop(columns=["event", "position_s"]).join(_measures(events)))


def _read(path: str, columns: list[str]) -> pd.DataFrame:
    """Return the events by session, t_ms and seq; `session` numbers the sessions."""
    names = [name for name in NAMES if name in columns]
    events = pd.read_parquet(path, columns=columns, read_dictionary=names)
    events["session"] = events.groupby(KEYS, sort=False, observed=True).ngroup()
    events = events.sort_values("session", kind="stable", ignore_index=True)  # mostly enough
    step = events[["t_ms", "seq"]].diff()
    later = _new(events, ["session"]) | (step["t_ms"] > 0) | ((step["t_ms"] == 0) & (step["seq"] >= 0))
    return events if later.all() else events.sort_values(["session", "t_ms", "seq"], ignore_index=True)


# ---------------------------------------------------------------- events to sessions


def _measures(events: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of each session."""
    e = _played(events)
    stretches = e.loc[e["length"] > 0, ["session", "begin", "length"]]
    rows = e.groupby("session").agg(
        played_s=("played", "sum"), content_s=("length", "sum"), end_position_s=("begin", "last")
    )
    rows = rows.join([_coverage(stretches), _pauses(e), _moved(_movements(e))])
    counts = ["rewinds", "forward_skips", "rewind_chain"]
    seen = rows["content_s"] > 0
    known = seen | rows["rewinds"].notna() | rows["forward_skips"].notna()
    rows[counts] = rows[counts].fillna(0).where(known)
    rows["content_s"] = rows["content_s"].where(seen)
    seconds = ["played_s", "content_s", "unique_s", "end_position_s", "rewind_s", "rewind_gap_s"]
    rows[seconds] /= 1000
    return rows.assign(undirected_seeks=0)


def _played(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with what was played up to the next one, in whole ms, and where it may have jumped.

    Nothing plays after a stop, so the next row is always of the same session where that matters.
    """
    e = events[["session", "event", "t_ms"]].copy()
    e["position"] = (events["position_s"] * 1000).round().astype("int64")
    e["begin"] = (events["to_position_s"] * 1000).round().fillna(e["position"]).astype("int64")
    state = e["event"].map({"start": 0.0, "play": 1.0, "pause": 2.0, "stop": 0.0}).astype("float64").ffill()
    e["plays"] = state == 1
    e["seek"] = e["event"] == "seek"
    told_late = e["seek"] & ((e["position"] - e["begin"]).abs() <= 500)  # told when the seek was over
    followed = ~told_late.shift(-1, fill_value=False)
    moved = e["position"].shift(-1, fill_value=0) - e["begin"]
    time = (e["t_ms"].shift(-1, fill_value=0) - e["t_ms"]).where(e["plays"], 0)
    jumped = followed & (state > 0) & ((moved < -SLACK_MS) | (moved > time * FASTEST + SLACK_MS))
    followed &= ~jumped
    assumed = _assumed(e, time)
    ahead = moved.clip(lower=0)
    e["length"] = ahead.where(followed, assumed).where(e["plays"], 0)
    e["played"] = time.where(time - ahead <= SLACK_MS, ahead).where(followed, assumed)
    e["came_from"] = e["position"].where(e["seek"] & ~told_late, (e["begin"] + assumed).shift(fill_value=0))
    e["jumped"] = jumped.shift(fill_value=False) & ~e["seek"]
    return e


def _assumed(e: pd.DataFrame, time: pd.Series) -> pd.Series:
    """Return what is taken to have played: two minutes at most in sessions with three or more signs of life."""
    sign = (e["event"] == "ping") | ((e["event"] == "play") & e["plays"].shift(fill_value=False))
    alive = sign.groupby(e["session"]).transform("sum") >= 3
    return time.where(~alive, time.clip(upper=PATIENCE_MS))


def _pauses(e: pd.DataFrame) -> pd.Series:
    """Count pauses after which it played on, a second later or more."""
    e = e.assign(paused=(e["event"] == "pause") & e["plays"].shift(fill_value=False))
    e = e[e["paused"] | (e["event"] == "play")]
    next_play = e["t_ms"].where(e["event"] == "play").groupby(e["session"]).bfill()
    return (e["paused"] & (next_play - e["t_ms"] >= 1_000)).groupby(e["session"]).sum().rename("pauses")


def _coverage(stretches: pd.DataFrame) -> pd.DataFrame:
    """Return unique ms and most passes of ten seconds; only sessions that went back have any place played twice."""
    stretches = stretches.assign(end=stretches["begin"] + stretches["length"])
    before = stretches["end"].shift(fill_value=0)
    new = _new(stretches, ["session"])
    twice = stretches["session"].isin(stretches.loc[(stretches["begin"] < before) & ~new, "session"])
    once = stretches[~twice].groupby("session").agg(unique_s=("length", "sum")).assign(passage_passes=1.0)
    runs = stretches[twice].groupby((new | (stretches["begin"] != before))[twice].cumsum())  # they continue each other
    return pd.concat([once, _played_twice(runs.agg({"session": "first", "begin": "first", "end": "last"}))])


def _played_twice(stretches: pd.DataFrame) -> pd.DataFrame:
    """Return unique ms and most passes: how often each place was played, from one begin or end to the next."""
    ends = stretches.groupby(["session", "end"]).size().rename_axis(["session", "place"])
    begins = stretches.groupby(["session", "begin"]).size().rename_axis(["session", "place"])
    line = begins.sub(ends, fill_value=0).groupby("session").cumsum().rename("depth").reset_index()
    line["width"] = line.groupby("session")["place"].diff(-1).abs().fillna(0)
    line["played"] = line["depth"] * line["width"]
    line["before"] = line.groupby("session")["played"].cumsum() - line["played"]
    # The most content of any ten seconds is where they begin or end at one of these places.
    first = pd.concat([line[["session", "place"]], line[["session", "place"]].assign(place=line["place"] - PASSAGE_MS)])
    content = _up_to(first.assign(place=first["place"] + PASSAGE_MS), line) - _up_to(first, line)
    unique = line["width"].where(line["depth"] > 0, 0).groupby(line["session"]).sum()
    passes = content.groupby(level="session").max() / PASSAGE_MS
    return pd.DataFrame({"unique_s": unique, "passage_passes": passes.clip(lower=1.0)})


def _up_to(at: pd.DataFrame, line: pd.DataFrame) -> pd.Series:
    """Return how much was played up to some places."""
    line = line.sort_values("place").rename(columns={"place": "last"})
    at = at.reset_index(drop=True).reset_index(names="row").sort_values("place")
    found = pd.merge_asof(at, line, left_on="place", right_on="last", by="session").sort_values("row")
    played = found["before"] + found["depth"] * (found["place"] - found["last"])
    return played.fillna(0).set_axis(pd.MultiIndex.from_frame(found[["session", "row"]]))


def _movements(e: pd.DataFrame) -> pd.DataFrame:
    """Return seeks, those included that nobody told, merged where nothing was played between them."""
    seeks = e[["session", "t_ms", "begin"]].assign(
        distance=e["begin"] - e["came_from"], content=e["length"].cumsum() - e["length"]
    )[e["seek"] | e["jumped"]]
    seeks = seeks[seeks["distance"].abs() >= 1_000]
    seeks["back"] = seeks["distance"] < 0
    turned = seeks["back"] != seeks["back"].shift(fill_value=False)
    new = _new(seeks, ["session"]) | turned | (seeks["content"].diff() >= 1_000)
    whole = {"session": "first", "back": "first", "t_ms": "first", "distance": "sum", "begin": "last"}
    moves = seeks.groupby(new.cumsum()).agg(whole).rename(columns={"begin": "landing"})
    return moves.assign(distance=moves["distance"].abs())


def _moved(moves: pd.DataFrame) -> pd.DataFrame:
    """Return the measures of rewinds and skips of each session that has any."""
    rewinds = moves[moves["back"]].copy()
    rewinds["gap"] = rewinds.groupby("session")["t_ms"].diff()
    elsewhere = _new(rewinds, ["session"]) | (rewinds["landing"].diff().abs() > PASSAGE_MS)
    rewinds["chain"] = rewinds.groupby(elsewhere.cumsum()).cumcount() + 1
    measures = rewinds.groupby("session").agg(
        rewinds=("t_ms", "size"),
        rewind_s=("distance", "median"),
        rewind_gap_s=("gap", "median"),
        rewind_chain=("chain", "max"),
    )
    return measures.join(moves[~moves["back"]].groupby("session").size().rename("forward_skips"), how="outer")


# ---------------------------------------------------------------- sessions to features


def _features(s: pd.DataFrame) -> pd.DataFrame:
    """Return hours played and the navigation features, given sessions that somebody chose."""
    s = s.rename(columns={"played_s": "played", "end_position_s": "position", "runtime_s": "runtime"})
    begun = s["started_at"] + pd.to_timedelta(s["t_ms"], unit="ms")
    s["start"] = begun.dt.as_unit("us").astype("int64")
    s["title"] = s.groupby(["viewer_id", "title_id"], observed=True).ngroup()
    s = s.assign(begun=begun, viewer_id=s["viewer_id"].astype("str")).sort_values(["title", "start"], ignore_index=True)
    s["length"], _ = _lengths(s)
    by_play = s.groupby(_play_begins(s).cumsum())
    played, passes = by_play["played"].transform("sum"), by_play["passage_passes"].transform("max")
    glance = (played < 60.0) & (played < 0.5 * s["length"]) & ~(passes >= LOOP_PASSES)
    s["window_start"] = (by_play["begun"].transform("first") - MONDAY).dt.floor("28D") + MONDAY
    s = s[~glance].rename(columns={"title": "pair"})
    by_vector = s.groupby(["viewer_id", "window_start"])
    features = _per_vector(s.assign(vector=by_vector.ngroup()))
    features["hours_played"] = by_vector["played"].sum().to_numpy() / 3600.0
    return features.set_axis(by_vector.size().index)
