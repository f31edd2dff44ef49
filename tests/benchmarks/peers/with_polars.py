"""The features of `extract_features` as an expert writes them by hand in Polars: a yardstick for the benchmark.

One sort by viewer, title and start; after it only shifts, running counts and group-bys over keys already in order.
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

TIES = ["history", "start", "played_s", "end_position_s", "runtime_s", "series", "offset"]
TIES_NULLS_LAST = [False, False, False, True, True, False, True]


def vectors(path: str) -> pd.DataFrame:
    """Return one row per viewer and window, one column per feature; null is NaN."""
    rows, viewers = read(path)
    sessions = with_plays(with_length(in_order(rows.filter("is_session").drop("is_session"))))
    starts = starts_of(sessions)
    plays = starts.filter(~col("glance"))
    by_time = in_time(plays)
    features = of_plays(by_time)
    for part in (
        of_titles(plays),
        of_title_days(sessions, starts),
        of_title_day_plays(plays),
        of_recent_plays(plays),
        of_days(by_time),
        of_sittings(by_time),
        of_series(plays),
        of_glances(starts),
        of_every_start(rows),
    ):
        features = features.join(part, on="vector", how="left", maintain_order="left")
    return labelled(finished(features), viewers)


# ---------------------------------------------------------------- small parts


def changes(*names: str) -> pl.Expr:
    """Return True at each row that differs from the one before; the first row does."""
    return pl.any_horizontal(col(name).ne_missing(col(name).shift()) for name in names)


def since(begins: pl.Expr, values: pl.Expr) -> pl.Expr:
    """Return for each row what `values` was where its group began."""
    return pl.when(begins).then(values).forward_fill()


def place_in(begins: pl.Expr) -> pl.Expr:
    """Number the rows of each group from 1."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32)
    return row - since(begins, row) + 1


def number(begins: pl.Expr) -> pl.Expr:
    """Number the groups from 0."""
    return begins.cum_sum().cast(pl.UInt32) - 1


def packed(high: str | pl.Expr, lows: int, low: str | pl.Expr, dtype: type[pl.DataType] = pl.Int64) -> pl.Expr:
    """Return one number that sorts as the two do."""
    high, low = (col(part) if isinstance(part, str) else part for part in (high, low))
    return high.cast(dtype) * lows + low.cast(dtype)


def grouped(frame: pl.DataFrame, key: str, *aggregations: pl.Expr, **named: pl.Expr) -> pl.DataFrame:
    """Group a frame whose `key` is in order, which spares the hashing."""
    ordered = frame.lazy().with_columns(col(key).set_sorted())
    return ordered.group_by(key, maintain_order=True).agg(*aggregations, **named).collect()


def by_vector(frame: pl.DataFrame | pl.LazyFrame, **named: pl.Expr) -> pl.DataFrame:
    """Group a frame whose vectors come in any order."""
    return frame.lazy().group_by("vector").agg(**named).collect(engine="streaming")


def most(groups: pl.DataFrame, **named: pl.Expr) -> pl.DataFrame:
    return by_vector(groups, **named)


# ---------------------------------------------------------------- rows to sessions


def read(path: str) -> tuple[pl.DataFrame, pl.Series]:
    """Return the rows that may be seen, with ranks for names, and the names of the viewers."""
    main = col("content_kind").cast(pl.String).fill_null("main") == "main"
    rows = (
        pl.scan_parquet(path)
        .filter(~col("hidden").fill_null(False))
        .select(
            "viewer_id",
            "title_id",
            "series_id",
            "played_s",
            "runtime_s",
            "end_position_s",
            start=col("started_at").to_physical(),
            offset="utc_offset_min",
            is_session=main & ~col("autoplay").fill_null(False),
        )
        .collect(engine="streaming")
    )
    viewers, titles, series = (names(rows[name]) for name in ("viewer_id", "title_id", "series_id"))
    return rows.with_columns(
        viewer=col("viewer_id").cast(viewers).to_physical(),
        title=col("title_id").cast(titles).to_physical(),
        series=col("series_id").cast(series).to_physical(),
    ).drop("viewer_id", "title_id", "series_id"), viewers.categories


def names(column: pl.Series) -> pl.Enum:
    """Return the type whose codes are the ranks of the names."""
    return pl.Enum(column.unique().cast(pl.String).drop_nulls().sort())


def vector_of(viewer: str, start: str) -> pl.Expr:
    """Return the number of a viewer's window."""
    return packed(viewer, WINDOWS, (col(start) - FIRST_MONDAY) // WINDOW)


def in_order(sessions: pl.DataFrame) -> pl.DataFrame:
    """Sort by viewer, title (together a history) and start."""
    ordered = (
        sessions.lazy()
        .with_columns(history=packed("viewer", TITLES, "title"))
        .with_columns(key=packed("history", TIMES, "start", pl.Int128))
        .sort("key")
        .collect()
    )
    same = col("key") == col("key").shift()
    tied = ordered.select((same | same.shift(-1)).fill_null(False)).to_series()
    if tied.any():  # only few rows are tied: the slow sort by all columns is for them
        ties = ordered.filter(tied).sort(TIES, nulls_last=TIES_NULLS_LAST)
        ordered = ordered.filter(~tied).merge_sorted(ties, key="key")
    return ordered.drop("key")


def with_length(sessions: pl.DataFrame) -> pl.DataFrame:
    """Add the length of each session's title: its runtime, or an estimate from the viewer's own sessions."""
    sessions = sessions.with_columns(history_no=number(changes("history")))
    longest, shortest = col("played_s").max(), col("played_s").min()
    lengths = grouped(
        sessions,
        "history_no",
        runtime=col("runtime_s").max(),
        furthest=col("end_position_s").max(),
        longest=longest,
        shortest=shortest,
        sessions=pl.len(),
    )
    in_two_parts = (col("sessions") == 2) & (col("shortest") < 0.9 * col("longest"))
    stretch = pl.when(in_two_parts).then(col("longest") + col("shortest")).otherwise("longest")
    estimate = pl.when(col("furthest") > 0).then("furthest").otherwise(pl.min_horizontal(stretch, LONGEST_ESTIMATE_S))
    lengths = lengths.select(
        length=pl.max_horizontal(col("runtime").fill_null(estimate), 1.0),
        length_known=col("runtime").is_not_null(),
    )
    return sessions.hstack(lengths[sessions["history_no"]])


# ---------------------------------------------------------------- sessions to plays


def with_plays(sessions: pl.DataFrame) -> pl.DataFrame:
    """Number the plays and say when each was first left."""
    new_history = changes("history_no")
    played_us = (col("played_s") * SECOND).cast(pl.Int64)
    length_us = col("length") * SECOND
    previous = col("played_s").shift()
    gap_s = (col("start") - col("start").shift()) / SECOND - previous
    begins_at = pl.max_horizontal(col("end_position_s") - col("played_s"), 0.0)
    # max_horizontal passes over nulls, the positions themselves do not
    went_back = col("end_position_s").is_not_null() & (begins_at + 0.2 * col("length") < col("end_position_s").shift())
    overruns = previous + col("played_s") > 1.1 * col("length")
    resumes = (gap_s <= RESUME_GAP_S) & ~went_back.fill_null(False) & ~overruns
    before = col("played_us").cum_sum() - col("played_us")
    middle = col("before") - since(col("run"), col("before")) + col("played_us") / 2
    lap = ((middle - 0.05 * length_us) / length_us).floor().clip(lower_bound=0.0)
    new_lap = (col("lap") != col("lap").shift()) & col("end_position_s").is_null()
    ends = col("begins").shift(-1, fill_value=True)
    left = ends | (col("start").shift(-1) - col("end") > SITTING_GAP)
    return (
        sessions.lazy()
        .with_columns(run=new_history | ~resumes.fill_null(False), played_us=played_us)
        .with_columns(before=before, end=col("start") + col("played_us"))
        .with_columns(lap=lap)
        .with_columns(begins=col("run") | new_lap)
        .with_columns(
            play_no=number(col("begins")),
            first_end=pl.when(left).then("end").backward_fill(),
            day=((col("start") + col("offset").fill_null(0).cast(pl.Int64) * MINUTE) // DAY).cast(pl.Int32),
        )
        .drop("run", "played_us", "before", "end", "lap")
        .collect()
    )


def starts_of(sessions: pl.DataFrame) -> pl.DataFrame:
    """Return the plays, and the starts that were only glances, by viewer, title and start."""
    whole = grouped(
        sessions.select("play_no", "played_s", "end_position_s", "series"),
        "play_no",
        played=col("played_s").sum(),
        furthest=col("end_position_s").max(),
        series=col("series").max(),
        sessions=pl.len(),
    )
    first = sessions.filter("begins").select(
        "viewer", "title", "history_no", "start", "first_end", "day", "offset", "length", "length_known"
    )
    glance = (col("played") < 60.0) & (col("played") < 0.5 * col("length"))
    completed = (col("played") >= 0.9 * col("length")) | (col("furthest") >= 0.9 * col("length")).fill_null(False)
    before = col("completed").cum_sum() - col("completed")
    hour_us = (col("start") + col("offset").cast(pl.Int64) * MINUTE) % DAY
    return (
        first.hstack(whole)
        .lazy()
        .with_columns(glance=glance, hour_us=hour_us, vector=vector_of("viewer", "start"))
        .with_columns(completed=completed & ~col("glance"))
        .with_columns(before=before, title_no=number(changes("history_no", "vector")))
        .with_columns(
            replay=(col("before") > since(changes("history_no"), col("before"))) & ~col("glance"),
            night=(col("hour_us") >= 23 * HOUR) | (col("hour_us") < 5 * HOUR),
            early=col("length_known") & (col("played") < 0.1 * col("length")),
        )
        .drop("offset", "furthest", "before", "viewer")
        .collect()
    )


def in_time(plays: pl.DataFrame) -> pl.DataFrame:
    """Sort the plays by vector and start; those that start together stay in the order of their titles."""
    gap = pl.when(~changes("title_no")).then(col("start") - col("start").shift())
    return (
        plays.lazy()
        .with_columns(gap_days=gap / DAY)
        .with_columns(key=packed("vector", TIMES, "start", pl.Int128))
        .sort("key", maintain_order=True)
        .drop("key", "title", "history_no", "title_no", "play_no", "glance")
        .collect()
    )


# ---------------------------------------------------------------- plays to features


def of_plays(by_time: pl.DataFrame) -> pl.DataFrame:
    """Return what is a sum, share or median over all plays of a vector."""
    played, known = col("played"), col("length_known")
    clock = col("hour_us").is_not_null()
    hour, angle = col("hour_us"), col("hour_us") * (tau / DAY)
    weekday = (col("day") + 3) % 7 < 5
    follows = (col("series") == col("series").shift()) & (col("vector") == col("vector").shift())
    columns = by_time.lazy().select(
        "vector",
        played,
        "gap_days",
        "replay",
        known,
        clock=clock,
        replayed=played * col("replay"),
        completed=col("completed") & known,
        early=col("early"),
        part=pl.when(known).then(pl.min_horizontal(played / col("length"), 1.0)),
        resumed=col("sessions") > 1,
        episode=col("series").is_not_null(),
        follows=follows,
        clocked=played * clock,
        at_night=played * col("night").fill_null(False),
        weekday=played * (weekday & clock),
        daytime=(hour >= 6 * HOUR) & (hour < 17 * HOUR),
        cos=angle.cos(),
        sin=angle.sin(),
    )
    total = col("played").sum()
    plays = pl.len()
    return grouped(
        columns.collect(),
        "vector",
        seconds=total,
        plays=plays,
        replay_share=col("replay").mean(),
        rewatched_hours_share=col("replayed").sum() / total,
        episode_share=col("episode").mean(),
        series_follow_share=col("follows").sum() / (plays.cast(pl.Int64) - 1),
        completion_share=col("completed").sum() / col("length_known").sum(),
        early_plays=col("early").sum(),
        known_plays=col("length_known").sum(),
        played_share_median=col("part").median(),
        resumed_share=col("resumed").mean(),
        night_share=col("at_night").sum() / col("clocked").sum(),
        weekday_share=col("weekday").sum() / col("clocked").sum(),
        daytime_share=col("daytime").sum() / col("clock").sum(),
        cos=col("cos").mean(),
        sin=col("sin").mean(),
        replay_gap_median_days=col("gap_days").median(),
        gaps=col("gap_days").count(),
        gap_mean=col("gap_days").mean(),
        gap_spread=col("gap_days").std(ddof=0),
    )


def of_titles(plays: pl.DataFrame) -> pl.DataFrame:
    """Return what compares the titles of a vector."""
    titles = grouped(
        plays.select(
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
        length=col("length").first(),
        night=col("night").sum(),
        unknown=col("unknown").sum(),
    )
    plays_of_title = col("plays").cast(pl.Float64)
    return by_vector(
        titles,
        titles=pl.len(),
        title_plays_max=col("plays").max(),
        plays_log_plays=(plays_of_title * plays_of_title.log(2)).sum(),
        top_title_seconds=col("played").max(),
        title_passes_max=(col("played") / col("length")).max(),
        title_night_replays_max=col("night").max(),
        unknown_replays_max=col("unknown").max(),
    )


def of_title_days(sessions: pl.DataFrame, starts: pl.DataFrame) -> pl.DataFrame:
    """Return on how many days, and days on end, one title was on: every session in a play counts."""
    play = starts.select("vector", "glance", title_no=col("title_no").cast(pl.Int64))[sessions["play_no"]]
    days = (
        play.lazy()
        .select("vector", "glance", key=packed("title_no", DAYS, sessions["day"]))
        .filter(~col("glance"))
        .select("vector", "key")
        .sort("key")
        .filter(changes("key"))
        .with_columns(title=col("key") // DAYS)
        .select(
            "vector",
            days=place_in(changes("title")),
            run=place_in((col("key").diff() != 1).fill_null(True)),
        )
    )
    return by_vector(days.collect(), title_days_max=col("days").max(), title_run_days_max=col("run").max())


def of_title_day_plays(plays: pl.DataFrame) -> pl.DataFrame:
    """Return how often one title was begun on one day."""
    begun = (
        plays.lazy()
        .select("vector", key=packed("title_no", DAYS, "day"))
        .sort("key")
        .select("vector", nth=place_in(changes("key")))
    )
    return by_vector(begun.collect(), title_plays_day_max=col("nth").max(), repeat_days=(col("nth") == 2).sum())


def of_recent_plays(plays: pl.DataFrame) -> pl.DataFrame:
    """Return the most plays of one title in 28 days up to a play, which may reach into the window before."""
    again = ~changes("history_no")
    repeated = (
        plays.lazy()
        .filter(again | again.shift(-1, fill_value=False))
        .select("vector", place=packed("history_no", TIMES, "start", pl.Int128))
        .select("vector", recent=pl.int_range(1, pl.len() + 1) - col("place").search_sorted(col("place") - RECENT))
    )
    return by_vector(repeated.collect(), title_recent_plays_max=col("recent").max())


def of_days(by_time: pl.DataFrame) -> pl.DataFrame:
    """Return the active days, and how much the first play of each keeps to one hour."""
    angle = col("hour_us") * (tau / DAY)
    days = (
        by_time.lazy()
        .select("vector", "hour_us", key=packed("vector", DAYS, "day"))
        .filter(changes("key"))
        .sort("key", maintain_order=True)  # a traveller's days may run out of order in UTC
        .filter(changes("key"))
        .select(
            "vector",
            run=place_in((col("key").diff() != 1).fill_null(True)),
            cos=angle.cos(),
            sin=angle.sin(),
        )
    )
    return grouped(
        days.collect(),
        "vector",
        active_days=pl.len(),
        active_run_days_max=col("run").max(),
        first_cos=col("cos").mean(),
        first_sin=col("sin").mean(),
    )


def of_sittings(by_time: pl.DataFrame) -> pl.DataFrame:
    """Return the sittings: plays in time without a pause of over half an hour."""
    begins = changes("vector") | (col("start") - col("first_end").shift() > SITTING_GAP)
    sittings = grouped(
        by_time.select(
            "vector", "played", sitting=number(begins.fill_null(True)), episode=col("series").is_not_null()
        ),
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


def of_series(plays: pl.DataFrame) -> pl.DataFrame:
    """Return the seconds of the series with most of them."""
    series = (
        plays.lazy()
        .filter(col("series").is_not_null())
        .group_by("vector", "series")
        .agg(col("played").sum())
        .collect(engine="streaming")
    )
    return by_vector(series, top_series_seconds=col("played").max())


def of_glances(starts: pl.DataFrame) -> pl.DataFrame:
    """Return the starts that were too short to be a play."""
    glances = starts.filter("glance").select("vector", "early", "length_known")
    return by_vector(
        glances, glances=pl.len(), early_glances=col("early").sum(), known_glances=col("length_known").sum()
    )


def of_every_start(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the most starts of one title: every row counts, chosen or not."""
    keys = rows.lazy().select(key=packed(vector_of("viewer", "start"), TITLES, "title")).sort("key")
    starts = keys.select(vector=col("key") // TITLES, nth=place_in(changes("key")))
    return grouped(starts.collect(), "vector", title_starts_max=col("nth").max())


def finished(features: pl.DataFrame) -> pl.DataFrame:
    """Return the features, made of the parts."""
    hours, plays, days = col("seconds") / 3_600, col("plays"), col("active_days")
    glances = col("glances").fill_null(0)
    varied = (col("gaps") >= 2) & (col("gap_mean") > 0)
    return features.select(
        "vector",
        "active_days",
        "active_run_days_max",
        "titles",
        "replay_share",
        "rewatched_hours_share",
        "title_plays_max",
        "title_starts_max",
        "title_days_max",
        "title_run_days_max",
        "title_plays_day_max",
        "repeat_days",
        "replay_gap_median_days",
        "title_passes_max",
        "episode_share",
        "sitting_episodes_max",
        "series_follow_share",
        "completion_share",
        "played_share_median",
        "resumed_share",
        "night_share",
        "daytime_share",
        "weekday_share",
        "plays",
        hours_played=hours,
        hours_per_active_day=hours / days,
        plays_per_active_day=plays / days,
        titles_per_play=col("titles") / plays,
        title_entropy_bits=(plays.log(2) - col("plays_log_plays") / plays).abs(),
        top_title_share=col("top_title_seconds") / col("seconds"),
        title_recent_plays_max=col("title_recent_plays_max").fill_null(1),
        title_night_replays_max=pl.when(col("unknown_replays_max") < 2).then("title_night_replays_max"),
        replay_gap_variation=pl.when(varied).then(col("gap_spread") / col("gap_mean")),
        top_series_share=col("top_series_seconds").fill_null(0.0) / col("seconds"),
        plays_per_sitting=plays / col("sittings"),
        sitting_hours_max=col("sitting_seconds_max") / 3_600,
        early_stop_share=(col("early_plays") + col("early_glances").fill_null(0))
        / (col("known_plays") + col("known_glances").fill_null(0)),
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
    ).to_pandas()
    values = features.drop("vector").cast(pl.Float64).to_pandas()
    return values.set_index(pd.MultiIndex.from_frame(index))
