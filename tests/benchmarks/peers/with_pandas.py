"""The 39 features of `analyzer.extract_features`, written as well as pandas allows, for comparison of speed and values.

Rows are sorted once by viewer, title and start, so that plays, titles and vectors are runs of neighbours: they are
counted without a hash, and pandas meets the keys of nearly every groupby in order, where it is fastest.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

US = 1_000_000
DAY_US = 86_400 * US
WINDOW_US = 28 * DAY_US
FIRST_MONDAY_US = 4 * DAY_US  # 1970-01-05
RECENT_US = 28 * DAY_US
RESUME_GAP_S = 36 * 3600
SITTING_GAP_US = 30 * 60 * US
LONGEST_ESTIMATE_S = 9_000.0
DAYS = 100_000  # more than the number of any local day, so that days of two groups are never neighbours
NUMBERS = {"played_s": "played", "runtime_s": "runtime", "end_position_s": "position", "utc_offset_min": "offset"}
CODES = {"viewer_id": "viewer", "title_id": "title", "series_id": "series"}
FLAGS = ["autoplay", "content_kind", "hidden"]


def vectors(path: str) -> pd.DataFrame:
    """Return one row per viewer and 28-day window, one column per feature."""
    rows, viewers = _read(path)
    order, keys = _order(rows)
    sessions = _sessions(rows, order, keys)
    del rows, order
    begins, length, length_known = _play_begins(sessions)
    starts = _starts(sessions, begins, length, length_known)

    # Vectors are the viewers' windows with a play in them; only these keep their glances and their rows.
    spans = _Spans(keys["start"])
    starts["vector"] = spans.of(starts["viewer"], starts["start"])
    plays = starts.take(_plays_by_vector(starts))
    span = pd.Index(plays["vector"][_changes(plays["vector"])])
    plays["vector"] = _run_numbers(_changes(plays["vector"]))

    title_begins = _changes(plays["pair"], plays["vector"])
    features = {
        **_by_vector(plays, starts[starts["glance"]], span),
        **_by_title(plays, title_begins),
        **_gaps(plays, title_begins),
        **_by_title_day(plays, title_begins),
        **_days_on(sessions, starts, plays, title_begins),
        **_top_series(plays),
        **_in_order_of_time(plays),
        "title_starts_max": _title_starts_max(keys, spans, span),
    }
    return _derived(pd.DataFrame(features, dtype="float64")).set_axis(spans.index(span, viewers))


# ---------------------------------------------------------------- rows


def _read(path: str) -> tuple[pd.DataFrame, pd.Index]:
    """Return the rows with names as ranks, and the viewers' names."""
    frame = pd.read_parquet(path, columns=[*CODES, *NUMBERS, "started_at", *FLAGS])
    names = {name: _in_order_of_name(frame[name]) for name in CODES}
    codes = {short: names[name].cat.codes.astype("int32") for name, short in CODES.items()}
    start = frame["started_at"].dt.as_unit("us").astype("int64")
    hidden, kind = _flag(frame["hidden"]), frame["content_kind"]
    chosen = (kind.isna() | (kind == "main")) & ~_flag(frame["autoplay"])
    rows = frame[list(NUMBERS)].rename(columns=NUMBERS).assign(**codes, start=start, hidden=hidden, chosen=chosen)
    return rows, names["viewer_id"].cat.categories


def _flag(column: pd.Series) -> pd.Series:
    return column.astype("boolean").fillna(False).astype(bool)


def _in_order_of_name(column: pd.Series) -> pd.Series:
    column = column.astype("category")
    return column.cat.reorder_categories(column.cat.categories.sort_values())


def _order(rows: pd.DataFrame) -> tuple[Ints, pd.DataFrame]:
    """Return the order of the rows not hidden by viewer, title and start, and their keys in this order.

    `pair` numbers viewers with a title. Sorting one integer by viewer and start, and then each viewer's few rows by
    title, is many times as fast as a sort by three columns; the few ties are put right afterwards.
    """
    viewer, since_us = rows["viewer"].astype("int64"), rows["start"] - rows["start"].min()
    span_us, titles = int(since_us.max()) + 1, int(rows["title"].max()) + 1
    if (int(viewer.max()) + 1) * span_us >= 2**63:
        raise OverflowError("Viewers times the span of the data exceed 290,000 years: sort by two integers instead.")
    order = pd.Index(viewer * span_us + since_us).argsort()
    order = order[~rows["hidden"].to_numpy()[order]]
    pair = pd.Index((viewer * titles + rows["title"]).take(order))
    by_title = pair.argsort(kind="stable")
    order, pair = order[by_title], pair.take(by_title)
    keys = pd.DataFrame(
        {"pair": pair, "viewer": pair // titles, "start": rows["start"].take(order).to_numpy()}, copy=False
    )
    same = ~_changes(keys["pair"], keys["start"])
    tied = same | np.append(same[1:], False)
    if tied.any():
        by = ["viewer", "title", "start", "played", "position", "runtime", "series", "offset"]
        order[tied] = rows.loc[order[tied], by].sort_values(by, na_position="last").index
    return order, keys


def _sessions(rows: pd.DataFrame, order: Ints, keys: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that somebody chose, in order."""
    chosen = rows["chosen"].to_numpy()[order]
    values = rows[["played", "runtime", "position", "offset", "series"]].take(order[chosen]).reset_index(drop=True)
    return pd.concat([keys[chosen].reset_index(drop=True), values], axis=1)


# ---------------------------------------------------------------- runs of neighbours


def _changes(*keys: pd.Series) -> Bools:
    """Return True where a row differs from the one before in any key."""
    differs = np.zeros(len(keys[0]), dtype=bool)
    differs[:1] = True
    for key in keys:
        values = key.to_numpy()
        differs[1:] |= values[1:] != values[:-1]
    return differs


def _run_numbers(begins: Bools) -> Ints:
    return begins.cumsum() - 1


def _run_lengths(begins: Bools) -> Ints:
    return np.diff(np.flatnonzero(begins), append=len(begins))


def _in_longer_run(begins: Bools) -> Bools:
    """Return True for rows in a run of more than one row."""
    return ~(begins & np.append(begins[1:], True))


def _run_aggregates(frame: pd.DataFrame, begins: Bools, how: dict[str, str]) -> pd.DataFrame:
    """Return one row a run: its first values, and the columns of `how` aggregated.

    For runs that are mostly one row and so aggregated already: a groupby of the longer ones alone is twice as fast.
    """
    firsts = frame[begins].reset_index(drop=True)
    longer = _in_longer_run(begins)
    aggregates = frame.loc[longer, list(how)].groupby(_run_numbers(begins)[longer]).agg(how)
    for name in how:
        values = firsts[name].to_numpy(copy=True)
        values[aggregates.index] = aggregates[name]
        firsts[name] = values
    return firsts


# ---------------------------------------------------------------- sessions to plays


def _play_begins(sessions: pd.DataFrame) -> tuple[Bools, Floats, Bools]:
    """Return where a play begins, the length of each session's title, and whether the source knew it."""
    title_begins = _changes(sessions["pair"])
    length, known = _lengths(sessions, title_begins)
    resumes = ~title_begins & _resumes(sessions, length)
    return ~resumes | _laps_begin(sessions, ~resumes, length), length, known


def _lengths(sessions: pd.DataFrame, title_begins: Bools) -> tuple[Floats, Bools]:
    title = _run_numbers(title_begins)
    length = sessions["runtime"].groupby(title).max()
    known = (length > 0).to_numpy()
    if not known.all():
        # Only titles of unknown length need an estimate.
        unknown = ~known[title]
        groups = sessions[unknown].groupby(title[unknown])
        longest, shortest = groups["played"].max(), groups["played"].min()
        in_two_parts = (groups.size() == 2) & (shortest < 0.9 * longest)
        viewing = longest.where(~in_two_parts, longest + shortest).clip(upper=LONGEST_ESTIMATE_S)
        reached = groups["position"].max()
        length = reached.where(reached > 0, viewing).combine_first(length)
    return length.clip(lower=1.0).to_numpy()[title], known[title]


def _resumes(sessions: pd.DataFrame, length: Floats) -> Bools:
    """Return True where a session would resume the one before; an unknown position never speaks against it."""
    played, position = sessions["played"], sessions["position"]
    gap_s = sessions["start"].diff() / US - played.shift()
    went_back = (position - played).clip(lower=0.0) + 0.2 * length < position.shift()
    overruns = played.shift() + played > 1.1 * length
    return ((gap_s <= RESUME_GAP_S) & ~went_back & ~overruns).to_numpy()


def _laps_begin(sessions: pd.DataFrame, run_begins: Bools, length: Floats) -> Bools:
    """Return True where, position unknown, the playing time of a run has filled the title once more."""
    begins = np.zeros(len(sessions), dtype=bool)
    candidate = ~run_begins & sessions["position"].isna().to_numpy()
    run = _run_numbers(run_begins)
    has_candidate = np.zeros(run[-1] + 1 if len(run) else 0, dtype=bool)
    has_candidate[run[candidate]] = True
    rows = np.flatnonzero(has_candidate[run])
    played_us = (sessions["played"].take(rows) * US).astype("int64")
    before_us = played_us.groupby(run[rows]).cumsum() - played_us
    length_us = length[rows] * US
    lap = np.floor((before_us + played_us / 2 - 0.05 * length_us) / length_us).clip(lower=0.0)
    begins[rows] = _changes(lap) & candidate[rows]
    return begins


def _starts(sessions: pd.DataFrame, begins: Bools, length: Floats, length_known: Bools) -> pd.DataFrame:
    """Return plays and glances, by viewer, title and start."""
    starts = sessions.drop(columns="runtime").assign(
        length=length,
        length_known=length_known,
        first_end=sessions["start"] + (sessions["played"] * US).astype("int64"),
    )
    starts["first_end"] = _first_left(starts, begins)
    starts = _run_aggregates(starts, begins, {"played": "sum", "position": "max", "series": "max"})
    starts["sessions"] = _run_lengths(begins)
    played, length = starts["played"], starts["length"]
    starts["glance"] = (played < 60.0) & (played < 0.5 * length)
    starts["early"] = starts["length_known"] & (played < 0.1 * length)
    starts["completed"] = ((played >= 0.9 * length) | (starts["position"] >= 0.9 * length)) & ~starts["glance"]
    starts["known_completed"] = starts["completed"] & starts["length_known"]
    title_begins = _changes(starts["pair"])
    starts["replay"] = _completed_before(starts["completed"], title_begins) & ~starts["glance"]
    starts["recent"] = _recent(starts, title_begins)
    local_us = _local_us(starts)
    starts["day"] = local_us // DAY_US
    starts["hour"] = (local_us % DAY_US / (3600 * US)).where(starts["offset"].notna())
    return starts.drop(columns=["position", "offset", "completed"])


def _first_left(sessions: pd.DataFrame, begins: Bools) -> pd.Series:
    """Return the end of each session, but at the first of a play when the play was first left for over half an hour."""
    rows = np.flatnonzero(_in_longer_run(begins))
    end, next_start = sessions["first_end"].take(rows), sessions["start"].take(rows).shift(-1)
    last = np.append(begins[rows][1:], True)
    left = (next_start - end > SITTING_GAP_US) | last
    ends = sessions["first_end"].to_numpy(copy=True)
    ends[rows] = end.where(left).bfill()
    return pd.Series(ends, index=sessions.index)


def _completed_before(completed: pd.Series, title_begins: Bools) -> pd.Series:
    """Return True where an earlier play had completed the title."""
    before = completed.cumsum() - completed  # of any title; hence less what it was where this title began
    return before > before.where(title_begins, 0).cummax()


def _recent(starts: pd.DataFrame, title_begins: Bools) -> Ints:
    """Return how many plays of the same title began in the 28 days up to each start, itself included.

    Starts of one title less than 28 days apart form a chain. All chains are laid on one line of microseconds, on which
    only time within chains passes: it stays below 2**63 for millions of repeats, and one search finds all rows.
    """
    gap_us = starts["start"].diff().fillna(0).astype("int64")
    chain_begins = pd.Series(title_begins | (gap_us > RECENT_US).to_numpy())
    row = pd.Series(np.arange(len(starts)))
    chain_first = row.where(chain_begins, 0).cummax().to_numpy()
    place = gap_us.where(~chain_begins, 0).cumsum()
    since = row.to_numpy(copy=True)
    repeats = np.flatnonzero(~chain_begins)
    since[repeats] = np.maximum(place.searchsorted(place.take(repeats) - RECENT_US), chain_first[repeats])
    counted = np.append(0, (~starts["glance"]).cumsum())
    return counted[1:] - counted[since]


def _plays_by_vector(starts: pd.DataFrame) -> Ints:
    """Return the rows of plays by vector, title and start, so that every groupby of vectors meets them in order."""
    plays = starts.loc[~starts["glance"], "vector"]
    return plays.index.take(pd.Index(plays).argsort(kind="stable")).to_numpy()


def _local_us(rows: pd.DataFrame) -> pd.Series:
    return rows["start"] + rows["offset"].fillna(0).astype("int64") * (60 * US)


class _Spans:
    """One number for a viewer and a window, in their order."""

    def __init__(self, start_us: pd.Series) -> None:
        self.first, last = ((us - FIRST_MONDAY_US) // WINDOW_US for us in (start_us.min(), start_us.max()))
        self.count = last - self.first + 1

    def of(self, viewer: pd.Series, start_us: pd.Series) -> pd.Series:
        return viewer * self.count + (start_us - FIRST_MONDAY_US) // WINDOW_US - self.first

    def index(self, span: pd.Index, viewers: pd.Index) -> pd.MultiIndex:
        start_us = (span % self.count + self.first).to_numpy() * WINDOW_US + FIRST_MONDAY_US
        window_start = pd.DatetimeIndex(start_us.astype("datetime64[us]"), tz="UTC")
        return pd.MultiIndex.from_arrays(
            [viewers.take(span // self.count), window_start], names=["viewer_id", "window_start"]
        )


# ---------------------------------------------------------------- plays to features


def _by_vector(plays: pd.DataFrame, glances: pd.DataFrame, span: pd.Index) -> dict[str, pd.Series]:
    """Return sums over plays (and glances where all starts count), named with an underscore where no feature."""
    played, hour, clock = plays["played"], plays["hour"], plays["hour"].notna()
    angle = hour * (2 * np.pi / 24)
    sums = pd.DataFrame(
        {
            "_seconds": played,
            "_replays": plays["replay"],
            "_replayed_seconds": played.where(plays["replay"], 0.0),
            "_known": plays["length_known"],
            "_known_completed": plays["known_completed"],
            "_early": plays["early"],
            "_resumed": plays["sessions"] > 1,
            "_episodes": plays["series"] >= 0,
            "_clock": clock,
            "_clock_seconds": played.where(clock, 0.0),
            "_night_seconds": played.where(_at_night(hour), 0.0),
            "_weekday_seconds": played.where(clock & ((plays["day"] + 3) % 7 < 5), 0.0),
            "_daytime": (hour >= 6) & (hour < 17),
            "_cos": np.cos(angle),
            "_sin": np.sin(angle),
        },
        copy=False,
    )
    groups = sums.groupby(plays["vector"])
    result = groups.sum()
    result["plays"] = groups.size()
    result["title_recent_plays_max"] = plays["recent"].groupby(plays["vector"]).max()
    known = plays["length_known"]
    covered = (played / plays["length"]).clip(upper=1.0)
    result["played_share_median"] = covered[known].groupby(plays["vector"][known]).median()

    beside = glances[["length_known", "early"]].assign(glances=1).groupby(span.get_indexer(glances["vector"])).sum()
    beside = beside.reindex(result.index, fill_value=0)
    result["_glances"] = beside["glances"]
    result["_known_starts"] = result["_known"] + beside["length_known"]
    result["_early"] += beside["early"]
    return dict(result.items())


def _at_night(hour: pd.Series) -> pd.Series:
    return (hour >= 23) | (hour < 5)


def _by_title(plays: pd.DataFrame, title_begins: Bools) -> dict[str, pd.Series]:
    """Return what is largest over the titles of a vector, how many there are, and their entropy."""
    replay, hour = plays["replay"], plays["hour"]
    titles = _run_aggregates(
        plays[["vector", "played", "length"]].assign(
            unknown=(replay & hour.isna()).astype("int64"),
            night=(replay & (_at_night(hour) | hour.isna())).astype("int64"),
        ),
        title_begins,
        {"played": "sum", "unknown": "sum", "night": "sum"},
    )
    titles["plays"] = _run_lengths(title_begins)
    titles["passes"] = titles["played"] / titles["length"]
    count = titles.groupby("vector")["plays"].sum().to_numpy()
    share = titles["plays"] / count[titles["vector"]]
    titles["entropy"] = -share * np.log2(share)
    groups = titles.groupby("vector")
    largest = groups[["played", "plays", "passes", "unknown", "night"]].max()
    return {
        "titles": groups.size(),
        "title_entropy_bits": groups["entropy"].sum().abs(),  # 0, never -0
        "title_plays_max": largest["plays"],
        "title_passes_max": largest["passes"],
        "title_night_replays_max": largest["night"].where(largest["unknown"] < 2),
        "_top_title_seconds": largest["played"],
    }


def _gaps(plays: pd.DataFrame, title_begins: Bools) -> dict[str, pd.Series]:
    """Return the features of the time between successive plays of a title."""
    gap_days = plays["start"].diff()[~title_begins] / DAY_US
    gaps = gap_days.groupby(plays["vector"][~title_begins])
    variation = gaps.std(ddof=0) / gaps.mean()
    return {"replay_gap_median_days": gaps.median(), "replay_gap_variation": variation.where(gaps.size() >= 2)}


def _by_title_day(plays: pd.DataFrame, title_begins: Bools) -> dict[str, pd.Series]:
    """Return the features of plays of one title that began on one day; only titles played twice need a look."""
    again = _in_longer_run(title_begins)
    part = pd.DataFrame({"title": _run_numbers(title_begins), "day": plays["day"], "vector": plays["vector"]})[again]
    # Days of one title are nearly in order already (but for travellers), which a stable sort makes use of.
    part = part.take(pd.Index(_day_key(part["title"], part["day"])).argsort(kind="stable"))
    begins = _changes(part["title"], part["day"])
    begun = pd.Series(_run_lengths(begins))
    vector = part["vector"].to_numpy()[begins]
    every = pd.RangeIndex(plays["vector"].max() + 1)
    return {
        "title_plays_day_max": begun.groupby(vector).max().reindex(every, fill_value=1),
        "repeat_days": (begun >= 2).groupby(vector).sum().reindex(every, fill_value=0),
    }


def _days_on(
    sessions: pd.DataFrame, starts: pd.DataFrame, plays: pd.DataFrame, title_begins: Bools
) -> dict[str, pd.Series]:
    """Return the features of the days on which a title was on: every session of its plays counts."""
    title_of_start = np.full(len(starts), -1)
    title_of_start[plays.index] = _run_numbers(title_begins)
    title = np.repeat(title_of_start, starts["sessions"])
    in_play = np.flatnonzero(title >= 0)
    # A title that was on once was on for one day.
    rows = in_play[_in_longer_run(_changes(pd.Series(title[in_play])))]
    day = _local_us(sessions[["start", "offset"]].take(rows)) // DAY_US
    day_key = _day_key(pd.Series(title[rows], index=day.index), day).sort_values(kind="stable")
    day_key = day_key[_changes(day_key)]
    days = pd.DataFrame({"title": day_key // DAYS, "day_key": day_key}).reset_index(drop=True)
    vector_of_title = plays["vector"].to_numpy()[title_begins]
    every = pd.RangeIndex(plays["vector"].max() + 1)
    count, longest = _days_and_runs(days["title"], days["day_key"], vector_of_title)
    return {
        "title_days_max": count.reindex(every, fill_value=1),
        "title_run_days_max": longest.reindex(every, fill_value=1),
    }


def _day_key(group: pd.Series, day: pd.Series) -> pd.Series:
    """Return one integer for a group and a local day (1 for the first of 1970, so that none is negative)."""
    return group * DAYS + (day + 1)


def _days_and_runs(group: pd.Series, day_key: pd.Series, vector_of: Ints) -> tuple[pd.Series, pd.Series]:
    """Return the most days and the longest run of consecutive days of any group of each vector."""
    group_begins = _changes(group)
    run_begins = np.append(True, np.diff(day_key) != 1)[: len(day_key)]
    return (
        pd.Series(_run_lengths(group_begins)).groupby(vector_of[group[group_begins]]).max(),
        pd.Series(_run_lengths(run_begins)).groupby(vector_of[group[run_begins]]).max(),
    )


def _top_series(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the seconds that went to the series with most of them."""
    episodes = plays.loc[plays["series"] >= 0, ["vector", "series", "played"]]
    width = int(plays["series"].max()) + 2
    seconds = episodes["played"].groupby(episodes["vector"] * width + episodes["series"], sort=False).sum()
    top = seconds.groupby(seconds.index // width).max()
    return {"_top_series_seconds": top.reindex(pd.RangeIndex(plays["vector"].max() + 1), fill_value=0.0)}


def _in_order_of_time(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the features of sittings, of following plays, and of days."""
    # Vector after vector on one line of time; plays that start together keep the order of their titles.
    place = plays["vector"] * WINDOW_US + (plays["start"] - FIRST_MONDAY_US) % WINDOW_US
    columns = ["vector", "start", "first_end", "played", "series", "day", "hour"]
    plays = plays[columns].take(pd.Index(place).argsort(kind="stable")).reset_index(drop=True)
    return {**_sittings(plays), **_active_days(plays)}


def _sittings(plays: pd.DataFrame) -> dict[str, pd.Series]:
    vector_begins = _changes(plays["vector"])
    paused = (plays["start"] - plays["first_end"].shift() > SITTING_GAP_US).to_numpy()
    episode = plays["series"] >= 0
    follows = episode & (plays["series"] == plays["series"].shift()) & ~vector_begins
    begins = vector_begins | paused
    sitting = _run_numbers(begins)
    sittings = pd.DataFrame(
        {
            "vector": plays["vector"].to_numpy()[begins],
            "played": plays["played"].groupby(sitting).sum(),
            "episodes": episode.groupby(sitting).sum(),
        },
        copy=False,
    )
    groups = sittings.groupby("vector")
    return {
        "_sittings": groups.size(),
        "_sitting_seconds_max": groups["played"].max(),
        "sitting_episodes_max": groups["episodes"].max(),
        "_follows": follows.groupby(plays["vector"]).sum(),
    }


def _active_days(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the features of local days; a traveller's may run out of order, so that a day can come twice."""
    day_key = _day_key(plays["vector"], plays["day"])
    first = plays[["vector", "hour"]].assign(day_key=day_key)[_changes(day_key)].drop_duplicates("day_key")
    angle = first["hour"] * (2 * np.pi / 24)
    mean = pd.DataFrame({"cos": np.cos(angle), "sin": np.sin(angle)}).groupby(first["vector"]).mean()
    days = first.sort_values("day_key", kind="stable", ignore_index=True)
    count, longest = _days_and_runs(days["vector"], days["day_key"], np.arange(len(mean)))
    return {
        "active_days": count,
        "active_run_days_max": longest,
        "same_hour_regularity": np.hypot(mean["cos"], mean["sin"]).clip(upper=1.0),
    }


def _title_starts_max(keys: pd.DataFrame, spans: _Spans, span: pd.Index) -> pd.Series:
    """Return the most rows of one title: sessions, glances and what nobody chose."""
    place = spans.of(keys["viewer"], keys["start"])
    begins = _changes(keys["pair"], place)
    most = pd.Series(_run_lengths(begins)).groupby(place.to_numpy()[begins]).max()
    return most.reindex(span).reset_index(drop=True)


def _derived(f: pd.DataFrame) -> pd.DataFrame:
    """Return the 39 features from sums, counts and maxima."""
    hours, plays = f["_seconds"] / 3600, f["plays"]
    clock = f["_clock"].where(f["_clock"] > 0)
    direct = f[[name for name in f if not name.startswith("_")]]
    return direct.assign(
        hours_played=hours,
        hours_per_active_day=hours / f["active_days"],
        plays_per_active_day=plays / f["active_days"],
        titles_per_play=f["titles"] / plays,
        top_title_share=f["_top_title_seconds"] / f["_seconds"],
        top_series_share=f["_top_series_seconds"] / f["_seconds"],
        replay_share=f["_replays"] / plays,
        rewatched_hours_share=f["_replayed_seconds"] / f["_seconds"],
        episode_share=f["_episodes"] / plays,
        series_follow_share=f["_follows"] / (plays - 1),  # 0 / 0 is null
        plays_per_sitting=plays / f["_sittings"],
        sitting_hours_max=f["_sitting_seconds_max"] / 3600,
        completion_share=f["_known_completed"] / f["_known"],
        early_stop_share=f["_early"] / f["_known_starts"],
        resumed_share=f["_resumed"] / plays,
        glance_share=f["_glances"] / (plays + f["_glances"]),
        night_share=f["_night_seconds"] / f["_clock_seconds"],
        weekday_share=f["_weekday_seconds"] / f["_clock_seconds"],
        daytime_share=f["_daytime"] / clock,
        hour_concentration=(np.hypot(f["_cos"], f["_sin"]) / clock).clip(upper=1.0),
    )
