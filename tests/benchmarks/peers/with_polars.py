"""The features of `extract_features` as an expert writes them by hand in Polars: a yardstick for the benchmark.

One sort of the sessions and one of the plays; else only shifts, running counts and group-bys over keys in order.
"""

from __future__ import annotations

from math import tau

import pandas as pd
import polars as pl
from polars import col

SECOND = 1_000_000  # every time is a whole number of microseconds since 1970
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WINDOW = 28 * DAY
RECENT = 28 * DAY
SITTING_GAP = 30 * MINUTE
FIRST_MONDAY = 4 * DAY
RESUME_GAP_S = 36 * 3_600.0
LONGEST_ESTIMATE_S = 9_000.0

# Two keys are packed into one number, high * LOWS + low: a single whole number sorts and groups fastest.
TITLES, WINDOWS, DAYS, TIMES = 2**24, 2**12, 2**16, 2**56

TIES = ["history", "start", "played", "position", "runtime", "series", "offset"]
TIES_NULLS_LAST = [False, False, False, True, True, False, True]


def vectors(path: str) -> pd.DataFrame:
    """Return one row per viewer and window, one column per feature; null is NaN."""
    rows, viewers = read(path)
    sessions = with_plays(with_length(in_order(rows)))
    starts = starts_of(sessions)
    plays = starts.lazy().filter(~col("glance"))
    by_time = in_time(plays)
    # Most titles are played once and say nothing about repetition: only the others need to be looked at together.
    repeated = staged(beside_its_like(plays, "title_no")).lazy()
    features = of_plays(by_time)
    for part in (
        of_days(by_time),
        of_sittings(by_time),
        of_repeated_titles(repeated),
        of_gaps(repeated),
        of_title_day_plays(repeated),
        of_title_days(sessions, starts),
        of_recent_plays(plays),
        of_series(plays),
        of_glances(starts),
        of_every_start(rows),
    ):
        features = features.join(part, on="vector", how="left", maintain_order="left")
    return labelled(finished(features).collect(engine="streaming"), viewers)


# ---------------------------------------------------------------- small parts


def changes(*names: str) -> pl.Expr:
    """Return True at each row that differs from the one before; the first row does."""
    return pl.any_horizontal(col(name).ne_missing(col(name).shift()) for name in names)


def since(begins: pl.Expr, values: pl.Expr) -> pl.Expr:
    """Return for each row what `values` was where its group began."""
    return pl.when(begins).then(values).forward_fill()


def nth_in(begins: pl.Expr) -> pl.Expr:
    """Number the rows of each group from 1."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    return row - since(begins, row) + 1


def number_of(begins: pl.Expr) -> pl.Expr:
    """Number the groups from 0."""
    return begins.cum_sum().cast(pl.UInt32) - 1


def packed(high: pl.Expr, lows: int, low: pl.Expr, dtype: type[pl.DataType] = pl.Int64) -> pl.Expr:
    """Return one number that sorts as the two do."""
    return high.cast(dtype) * lows + low.cast(dtype)


def beside_its_like(frame: pl.LazyFrame, key: str) -> pl.LazyFrame:
    """Return the rows whose `key` occurs more than once, in a frame that has its keys together."""
    again = ~changes(key)
    return frame.filter(again | again.shift(-1, fill_value=False))


def grouped(frame: pl.LazyFrame, key: str, **aggregations: pl.Expr) -> pl.LazyFrame:
    """Group a frame whose `key` is in order, which spares the hashing."""
    return frame.with_columns(col(key).set_sorted()).group_by(key, maintain_order=True).agg(**aggregations)


def by_vector(frame: pl.LazyFrame, **aggregations: pl.Expr) -> pl.LazyFrame:
    """Group a frame whose vectors come in any order."""
    return frame.group_by("vector").agg(**aggregations)


def staged(frame: pl.LazyFrame) -> pl.DataFrame:
    """Collect a stage that all later ones read: shifts and sorts of whole columns are fastest in memory."""
    return frame.collect(engine="in-memory")


# ---------------------------------------------------------------- rows to sessions


def read(path: str) -> tuple[pl.DataFrame, pl.Series]:
    """Return the rows that may be seen, with ranks for names, and the names of the viewers."""
    other_content = (col("content_kind") != "main").fill_null(False)
    rows = (
        pl.scan_parquet(path)
        .filter(~col("hidden").fill_null(False))
        .select(
            viewer=col("viewer_id").cast(pl.Categorical),
            title=col("title_id").cast(pl.Categorical),
            series=col("series_id").cast(pl.Categorical),
            start=col("started_at").to_physical(),
            played="played_s",
            runtime="runtime_s",
            position="end_position_s",
            offset="utc_offset_min",
            chosen=~(other_content | col("autoplay").fill_null(False)),
        )
        .collect(engine="streaming")
    )
    return rows.with_columns(ranks(rows[name]) for name in ("viewer", "title", "series")), names(rows["viewer"])


def names(column: pl.Series) -> pl.Series:
    """Return the names in a column, sorted."""
    return column.unique().cast(pl.String).drop_nulls().sort()


def ranks(column: pl.Series) -> pl.Series:
    """Return the rank of each name, looked up by its code."""
    used = column.unique().drop_nulls().to_frame("name")
    lookup = used.select(code=col("name").to_physical(), rank=col("name").cast(pl.String).rank("dense") - 1)
    codes = pl.select(code=pl.int_range((lookup["code"].max() or 0) + 1, dtype=pl.UInt32))
    table = codes.join(lookup, on="code", how="left", maintain_order="left")["rank"]
    return table.gather(column.to_physical()).alias(column.name)


def vector_of_start() -> pl.Expr:
    """Return the number of a viewer's window."""
    return packed(col("viewer"), WINDOWS, (col("start") - FIRST_MONDAY) // WINDOW)


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the chosen sessions by viewer, title (together a history) and start."""
    key = packed(col("history"), TIMES, col("start"), pl.Int128)
    ordered = (
        rows.lazy()
        .filter("chosen")
        .with_columns(history=packed(col("viewer"), TITLES, col("title")))
        .drop("chosen", "viewer", "title")
        .sort(key)
        .pipe(staged)
    )
    same = ~changes("history", "start")
    tied = ordered.select(same | same.shift(-1, fill_value=False)).to_series()
    if tied.any():  # only these few need the slow sort by all columns
        ties = ordered.filter(tied).sort(TIES, nulls_last=TIES_NULLS_LAST)
        ordered = pl.concat([ordered.filter(~tied), ties]).sort(key, maintain_order=True)
    return ordered


def with_length(sessions: pl.DataFrame) -> pl.DataFrame:
    """Add the length of each session's title: its runtime, or an estimate from the viewer's own sessions."""
    sessions = sessions.with_columns(history_no=number_of(changes("history")), viewer=col("history") // TITLES)
    runtimes = grouped(sessions.lazy().select("history_no", "runtime"), "history_no", runtime=col("runtime").max())
    # history_no is a row of the grouped frame, so that a lookup does for a join
    length = staged(runtimes)["runtime"].clip(lower_bound=1.0).gather(sessions["history_no"])
    sessions = sessions.drop("runtime", "history").with_columns(length=length, length_known=length.is_not_null())
    if length.null_count() == 0:
        return sessions
    estimates = estimated(sessions.lazy().filter(~col("length_known")))
    return staged(
        sessions.lazy()
        .join(estimates, on="history_no", how="left", maintain_order="left")
        .with_columns(length=col("length").fill_null(col("estimate")))
        .drop("estimate")
    )


def estimated(sessions: pl.LazyFrame) -> pl.LazyFrame:
    """Return an estimate of the length for each history: the furthest position, else the longest stretch."""
    longest, shortest = col("longest"), col("shortest")
    in_two_parts = (col("sessions") == 2) & (shortest < 0.9 * longest)
    stretch = pl.when(in_two_parts).then(longest + shortest).otherwise(longest)
    return grouped(
        sessions,
        "history_no",
        furthest=col("position").max(),
        longest=col("played").max(),
        shortest=col("played").min(),
        sessions=pl.len(),
    ).select(
        "history_no",
        estimate=pl.when(col("furthest") > 0)
        .then("furthest")
        .otherwise(pl.min_horizontal(stretch, LONGEST_ESTIMATE_S))
        .clip(lower_bound=1.0),
    )


# ---------------------------------------------------------------- sessions to plays


def with_plays(sessions: pl.DataFrame) -> pl.DataFrame:
    """Number the plays, and say when each was first left for over half an hour, or ended."""
    start, played, position, length = (col(name) for name in ("start", "played", "position", "length"))
    gap_s = (start - start.shift()) / SECOND - played.shift()
    begins_at = pl.when(position.is_not_null()).then(pl.max_horizontal(position - played, 0.0))
    went_back = (begins_at + 0.2 * length < position.shift()).fill_null(False)
    overruns = played.shift() + played > 1.1 * length
    resumes = (gap_s <= RESUME_GAP_S) & ~went_back & ~overruns
    # A session belongs to the lap that holds its middle, less the credits; sums are whole microseconds, so exact.
    played_us, length_us = (played * SECOND).cast(pl.Int64), length * SECOND
    before = col("total") - played_us
    middle = before - since(col("run"), before) + played_us / 2
    lap = ((middle - 0.05 * length_us) / length_us).floor().clip(lower_bound=0.0)
    ends = col("begins").shift(-1, fill_value=True)
    end = start + played_us
    return (
        sessions.lazy()
        .with_columns(run=changes("history_no") | ~resumes.fill_null(False), total=played_us.cum_sum())
        .with_columns(lap=lap)
        .with_columns(begins=col("run") | (changes("lap") & position.is_null()))
        .with_columns(
            play_no=number_of(col("begins")),
            first_end=pl.when(ends | (start.shift(-1) - end > SITTING_GAP)).then(end).backward_fill(),
            local=start + col("offset").fill_null(0).cast(pl.Int64) * MINUTE,
        )
        .with_columns(day=(col("local") // DAY).cast(pl.Int32))
        .drop("run", "total", "lap")
        .pipe(staged)
    )


def starts_of(sessions: pl.DataFrame) -> pl.DataFrame:
    """Return the plays, and the starts that were only glances, by viewer, title and start."""
    sums = grouped(
        sessions.lazy().select("play_no", "played", "position", "series"),
        "play_no",
        played=col("played").sum(),
        furthest=col("position").max(),
        series=col("series").max(),
        sessions=pl.len(),
    )
    first = (
        sessions.lazy()
        .filter("begins")
        .select(
            "history_no",
            "viewer",
            "start",
            "first_end",
            "day",
            "length",
            "length_known",
            hour_us=pl.when(col("offset").is_not_null()).then(col("local") % DAY),
        )
    )
    played, length = col("played"), col("length")
    reached_end = (played >= 0.9 * length) | (col("furthest") >= 0.9 * length).fill_null(False)
    before = col("completed").cum_sum() - col("completed")
    return (
        pl.concat([first, sums], how="horizontal")
        .with_columns(glance=(played < 60.0) & (played < 0.5 * length), vector=vector_of_start())
        .with_columns(completed=reached_end & ~col("glance"), title_no=number_of(changes("history_no", "vector")))
        .with_columns(
            replay=(before > since(changes("history_no"), before)) & ~col("glance"),
            early=col("length_known") & (played < 0.1 * length),
            night=(col("hour_us") >= 23 * HOUR) | (col("hour_us") < 5 * HOUR),
        )
        .drop("viewer", "furthest", "play_no")
        .pipe(staged)
    )


def in_time(plays: pl.LazyFrame) -> pl.LazyFrame:
    """Sort the plays by vector and start; those that start together stay in the order of their titles."""
    return (
        plays.select(
            "vector",
            "start",
            "first_end",
            "day",
            "hour_us",
            "played",
            "length_known",
            "completed",
            "early",
            "replay",
            "night",
            "series",
            passes=col("played") / col("length"),
            resumed=col("sessions") > 1,
        )
        .sort(packed(col("vector"), TIMES, col("start"), pl.Int128), maintain_order=True)
        .pipe(staged)
        .lazy()
    )


# ---------------------------------------------------------------- plays to features


def of_plays(by_time: pl.LazyFrame) -> pl.LazyFrame:
    """Return what is a sum, share or median over the plays of a vector, or the most of a title played once."""
    played, known, hour, clock = col("played"), col("length_known"), col("hour_us"), col("hour_us").is_not_null()
    weekday = (col("day") + 3) % 7 < 5  # day 0 was a Thursday
    follows = (col("series") == col("series").shift()) & (col("vector") == col("vector").shift())
    angle = hour * (tau / DAY)
    columns = by_time.select(
        "vector",
        "played",
        "replay",
        "length_known",
        "early",
        "passes",
        "resumed",
        replayed=played * col("replay"),
        completed=col("completed") & known,
        part=pl.when(known).then(col("passes").clip(upper_bound=1.0)),
        episode=col("series").is_not_null(),
        follows=follows,
        clock=clock,
        clocked=played * clock,
        at_night=played * col("night").fill_null(False),
        weekday=played * (weekday & clock),
        daytime=(hour >= 6 * HOUR) & (hour < 17 * HOUR),
        night_replay=col("replay") & col("night").fill_null(True),
        cos=angle.cos(),
        sin=angle.sin(),
    )
    seconds, plays = col("played").sum(), pl.len().cast(pl.Int64)
    return grouped(
        columns,
        "vector",
        seconds=seconds,
        plays=plays,
        replay_share=col("replay").mean(),
        rewatched_hours_share=col("replayed").sum() / seconds,
        episode_share=col("episode").mean(),
        series_follow_share=col("follows").sum() / (plays - 1),
        completion_share=col("completed").sum() / known.sum(),
        early_plays=col("early").sum(),
        known_plays=known.sum(),
        played_share_median=col("part").median(),
        resumed_share=col("resumed").mean(),
        night_share=col("at_night").sum() / col("clocked").sum(),
        weekday_share=col("weekday").sum() / col("clocked").sum(),
        daytime_share=col("daytime").sum() / col("clock").sum(),
        cos=col("cos").mean(),
        sin=col("sin").mean(),
        play_seconds_max=col("played").max(),
        play_passes_max=col("passes").max(),
        night_replay=col("night_replay").any(),
    )


def of_days(by_time: pl.LazyFrame) -> pl.LazyFrame:
    """Return the active days, and how much the first play of each keeps to one hour."""
    angle = col("hour_us") * (tau / DAY)
    days = (
        by_time.select("vector", "hour_us", key=packed(col("vector"), DAYS, col("day")))
        .filter(changes("key"))
        .sort("key", maintain_order=True)  # a traveller's days may run out of order in UTC
        .filter(changes("key"))
        .select("vector", run=nth_in(col("key").diff().ne_missing(1)), cos=angle.cos(), sin=angle.sin())
    )
    return grouped(
        days,
        "vector",
        active_days=pl.len(),
        active_run_days_max=col("run").max(),
        first_cos=col("cos").mean(),
        first_sin=col("sin").mean(),
    )


def of_sittings(by_time: pl.LazyFrame) -> pl.LazyFrame:
    """Return the sittings: plays in time without a pause of over half an hour."""
    begins = changes("vector") | (col("start") - col("first_end").shift() > SITTING_GAP).fill_null(True)
    sittings = grouped(
        by_time.select("vector", "played", sitting=number_of(begins), episode=col("series").is_not_null()),
        "sitting",
        vector=col("vector").first(),
        played=col("played").sum(),
        episodes=col("episode").sum(),
    )
    return grouped(
        sittings,
        "vector",
        sittings=pl.len(),
        sitting_seconds_max=col("played").max(),
        sitting_episodes_max=col("episodes").max(),
    )


def of_repeated_titles(repeated: pl.LazyFrame) -> pl.LazyFrame:
    """Return what compares the titles of a vector that were played more than once."""
    titles = grouped(
        repeated.select(
            "title_no",
            "vector",
            "played",
            "length",
            night=col("replay") & col("night").fill_null(True),
            unknown=col("replay") & col("hour_us").is_null(),
        ),
        "title_no",
        vector=col("vector").first(),
        plays=pl.len(),
        played=col("played").sum(),
        passes=col("played").sum() / col("length").first(),
        night=col("night").sum(),
        unknown=col("unknown").sum(),
    )
    plays = col("plays").cast(pl.Float64)
    return by_vector(
        titles,
        plays_again=col("plays").sum() - pl.len(),
        title_plays_max=col("plays").max(),
        plays_log_plays=(plays * plays.log(2)).sum(),
        title_seconds_max=col("played").max(),
        title_passes_max=col("passes").max(),
        title_night_replays_max=col("night").max(),
        unknown_replays_max=col("unknown").max(),
    )


def of_gaps(repeated: pl.LazyFrame) -> pl.LazyFrame:
    """Return the times between successive plays of a title."""
    gaps = repeated.select("vector", "title_no", gap=col("start").diff() / DAY).filter(~changes("title_no"))
    return by_vector(
        gaps,
        replay_gap_median_days=col("gap").median(),
        gaps=pl.len(),
        gap_mean=col("gap").mean(),
        gap_spread=col("gap").std(ddof=0),
    )


def of_title_day_plays(repeated: pl.LazyFrame) -> pl.LazyFrame:
    """Return how often one title was begun on one day."""
    begun = (
        repeated.select("vector", key=packed(col("title_no"), DAYS, col("day")))
        .sort("key")
        .select("vector", nth=nth_in(changes("key")))
    )
    return by_vector(begun, title_plays_day_max=col("nth").max(), repeat_days=(col("nth") == 2).sum())


def of_title_days(sessions: pl.DataFrame, starts: pl.DataFrame) -> pl.LazyFrame:
    """Return on how many days, and days on end, one title was on: every session in a play counts."""
    more = staged(beside_its_like(sessions.lazy().select("history_no", "play_no", "day"), "history_no"))
    play = starts.select("vector", "title_no", "glance")[more["play_no"]]  # play_no is a row of `starts`
    days = (
        play.hstack(more)
        .lazy()
        .filter(~col("glance"))
        .select("vector", "title_no", key=packed(col("title_no"), DAYS, col("day")))
        .sort("key")
        .filter(changes("key"))
        .select("vector", nth=nth_in(changes("title_no")), run=nth_in(col("key").diff().ne_missing(1)))
    )
    return by_vector(days, title_days_max=col("nth").max(), title_run_days_max=col("run").max())


def of_recent_plays(plays: pl.LazyFrame) -> pl.LazyFrame:
    """Return the most plays of one title in the 28 days up to a play; they may reach into the window before."""
    place = col("place")  # one line for all titles, each further from the next than any look-back
    recent = (
        beside_its_like(plays, "history_no")
        .select("vector", place=packed(col("history_no"), TIMES, col("start"), pl.Int128))
        .select("vector", recent=pl.int_range(1, pl.len() + 1) - place.search_sorted(place - RECENT))
    )
    return by_vector(recent, title_recent_plays_max=col("recent").max())


def of_series(plays: pl.LazyFrame) -> pl.LazyFrame:
    """Return the seconds of the series with most of them."""
    series = plays.filter(col("series").is_not_null()).group_by("vector", "series").agg(col("played").sum())
    return by_vector(series, top_series_seconds=col("played").max())


def of_glances(starts: pl.DataFrame) -> pl.LazyFrame:
    """Return the starts that were too short to be a play."""
    return by_vector(
        starts.lazy().filter("glance"),
        glances=pl.len(),
        early_glances=col("early").sum(),
        known_glances=col("length_known").sum(),
    )


def of_every_start(rows: pl.DataFrame) -> pl.LazyFrame:
    """Return the most starts of one title: every row counts, chosen or not."""
    keys = rows.lazy().select(key=packed(vector_of_start(), TITLES, col("title"))).sort("key")
    starts = keys.select(vector=col("key") // TITLES, nth=nth_in(changes("key")))
    return grouped(starts, "vector", title_starts_max=col("nth").max())


# ---------------------------------------------------------------- all together


def finished(features: pl.LazyFrame) -> pl.LazyFrame:
    """Return the features, made of the parts."""
    seconds, plays, days = col("seconds"), col("plays"), col("active_days")
    titles = plays - col("plays_again").fill_null(0)
    glances = col("glances").fill_null(0)
    early, known = (col(f"{name}_plays") + col(f"{name}_glances").fill_null(0) for name in ("early", "known"))
    varied = (col("gaps") >= 2) & (col("gap_mean") > 0)
    night_replays = pl.max_horizontal(col("night_replay").cast(pl.UInt32), "title_night_replays_max")
    once = ("title_plays_max", "title_days_max", "title_run_days_max", "title_plays_day_max", "title_recent_plays_max")
    return features.select(
        "vector",
        "plays",
        "active_days",
        "active_run_days_max",
        "replay_share",
        "rewatched_hours_share",
        "title_starts_max",
        "replay_gap_median_days",
        "episode_share",
        "sitting_episodes_max",
        "series_follow_share",
        "completion_share",
        "played_share_median",
        "resumed_share",
        "night_share",
        "daytime_share",
        "weekday_share",
        *(col(name).fill_null(1) for name in once),
        hours_played=seconds / 3_600,
        hours_per_active_day=seconds / 3_600 / days,
        plays_per_active_day=plays / days,
        titles=titles,
        titles_per_play=titles / plays,
        title_entropy_bits=(plays.log(2) - col("plays_log_plays").fill_null(0.0) / plays).abs(),
        top_title_share=pl.max_horizontal("play_seconds_max", "title_seconds_max") / seconds,
        repeat_days=col("repeat_days").fill_null(0),
        title_night_replays_max=pl.when(col("unknown_replays_max").fill_null(0) < 2).then(night_replays),
        replay_gap_variation=pl.when(varied).then(col("gap_spread") / col("gap_mean")),
        title_passes_max=pl.max_horizontal("play_passes_max", "title_passes_max"),
        top_series_share=col("top_series_seconds").fill_null(0.0) / seconds,
        plays_per_sitting=plays / col("sittings"),
        sitting_hours_max=col("sitting_seconds_max") / 3_600,
        early_stop_share=early / known,
        glance_share=glances / (plays + glances),
        hour_concentration=resultant("cos", "sin"),
        same_hour_regularity=resultant("first_cos", "first_sin"),
    )


def resultant(cos: str, sin: str) -> pl.Expr:
    """Return the mean resultant length, 1 where all angles agree."""
    return (col(cos).pow(2) + col(sin).pow(2)).sqrt().clip(upper_bound=1.0)


def labelled(features: pl.DataFrame, viewers: pl.Series) -> pd.DataFrame:
    """Return a pandas frame by viewer and start of the window."""
    index = features.select(
        viewer_id=viewers.gather(features["vector"] // WINDOWS),
        window_start=(col("vector") % WINDOWS * WINDOW + FIRST_MONDAY).cast(pl.Datetime("us", "UTC")),
    )
    values = features.drop("vector").cast(pl.Float64).to_pandas()
    return values.set_index(pd.MultiIndex.from_frame(index.to_pandas()))
