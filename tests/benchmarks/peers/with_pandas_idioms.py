"""The 39 features of `analyzer.extract_features` in idiomatic pandas: one sort, then shifts, groupbys and joins.

What a researcher would write well in a notebook, for comparison of speed and values; `with_pandas.py` shows what is
left to gain when pandas is only the coat of numpy.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow.compute as pc

US = 1_000_000
HOUR_US = 3600 * US
DAY_US = 24 * HOUR_US
WINDOW_US = 28 * DAY_US
FIRST_MONDAY_US = 4 * DAY_US  # 1970-01-05
RECENT_US = 28 * DAY_US
SITTING_GAP_US = 30 * 60 * US
RESUME_GAP_S = 36 * 3600
LONGEST_ESTIMATE_S = 9_000.0
NAMES = ["viewer_id", "title_id", "series_id", "content_kind"]
NUMBERS = {"played_s": "played", "runtime_s": "runtime", "end_position_s": "position", "utc_offset_min": "offset"}


def vectors(path: str) -> pd.DataFrame:
    """Return one row per viewer and 28-day window, one column per feature."""
    rows, viewers, windows = _read(path)
    title_starts_max = _title_starts_max(rows)
    sessions = rows[rows.pop("chosen")].reset_index(drop=True)
    del rows
    sessions["day"] = _local_us(sessions) // DAY_US

    sessions["length"], sessions["length_known"] = _lengths(sessions)
    begins = _play_begins(sessions)
    sessions["play"] = begins.cumsum() - 1
    starts = _starts(sessions, begins)
    plays = starts[~starts["glance"]].reset_index(drop=True)
    sessions["visit"] = sessions["play"].map(starts["visit"].where(~starts["glance"], -1))
    visits = _visits(plays).join(_day_counts(sessions.loc[sessions["visit"] >= 0, ["visit", "day"]], plays))

    features = {
        **_by_span(plays),
        **_by_visit(visits),
        **_gaps(plays),
        "_top_series_seconds": _top_series_seconds(plays),
        **_in_order_of_time(plays),
    }
    # Vectors are the spans with a play in them: glances and rows of others are left out.
    table = pd.DataFrame(features).join([_glances(starts[starts["glance"]]), title_starts_max])
    return _derived(table.astype("float64")).set_axis(_index(table.index, viewers, windows))


# ---------------------------------------------------------------- rows


def _read(path: str) -> tuple[pd.DataFrame, pd.Index, pd.Index]:
    """Return the rows by viewer, title and start, the viewers' names, and the numbers of the windows.

    `title` is a number for viewer and title, `span` one for viewer and window: one integer is a fast key.
    """
    columns = [*NAMES, *NUMBERS, "started_at", "autoplay"]
    shown = ~pc.coalesce(pc.field("hidden"), False)
    frame = pd.read_parquet(path, columns=columns, filters=shown, read_dictionary=NAMES)
    viewer, title, series = (_in_order_of_name(frame[name]) for name in ["viewer_id", "title_id", "series_id"])
    titles = len(title.cat.categories)
    rows = frame[list(NUMBERS)].rename(columns=NUMBERS)
    rows["title"] = viewer.cat.codes.astype("int64") * titles + title.cat.codes
    rows["series"] = series.cat.codes
    rows["start"] = frame["started_at"].dt.as_unit("us").astype("int64")
    rows["chosen"] = (frame["content_kind"].isna() | frame["content_kind"].eq("main")) & ~frame["autoplay"].eq(True)
    rows = _sorted(rows)
    window = (rows["start"] - FIRST_MONDAY_US) // WINDOW_US
    windows = pd.RangeIndex(window.min(), window.max() + 1)
    rows["span"] = rows["title"] // titles * len(windows) + (window - windows[0])
    return rows, viewer.cat.categories, windows


def _in_order_of_name(column: pd.Series) -> pd.Series:
    column = column.astype("category")
    return column.cat.reorder_categories(column.cat.categories.sort_values())


def _local_us(rows: pd.DataFrame) -> pd.Series:
    return rows["start"] + rows["offset"].fillna(0).astype("int64") * (60 * US)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    """Sort by title and start; the other keys are for the few rows that start together, so only these pay for them."""
    rows = rows.sort_values(["title", "start"], ignore_index=True)
    same = ~_new(rows, ["title", "start"])
    tied = same | same.shift(-1, fill_value=False)
    if tied.any():
        part = rows[tied]
        order = ["title", "start", "played", "position", "runtime", "series", "offset"]
        rows[tied] = part.sort_values(order, na_position="last").set_axis(part.index)
    return rows


def _new(frame: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Return True where a row differs from the one before in any key (never negative)."""
    new = frame[keys[0]] != frame[keys[0]].shift(fill_value=-1)
    for key in keys[1:]:
        new |= frame[key] != frame[key].shift(fill_value=-1)
    return new


def _title_starts_max(rows: pd.DataFrame) -> pd.Series:
    """Return the most rows of one title: sessions, glances and what nobody chose."""
    visit = _new(rows, ["title", "span"]).cumsum()
    count = rows.groupby(visit, sort=False)["span"].agg(["first", "size"])
    return count.groupby("first")["size"].max().rename("title_starts_max")


# ---------------------------------------------------------------- sessions to plays


def _lengths(sessions: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return the length of each session's title, and whether the source knew it."""
    length = sessions.groupby("title", sort=False)["runtime"].transform("max")
    known = length > 0
    unknown = sessions[~known]
    titles = unknown.groupby("title").agg(
        reached=("position", "max"), longest=("played", "max"), shortest=("played", "min"), sessions=("played", "size")
    )
    longest, shortest = titles["longest"], titles["shortest"]
    in_two_parts = (titles["sessions"] == 2) & (shortest < 0.9 * longest)
    viewing = longest.where(~in_two_parts, longest + shortest).clip(upper=LONGEST_ESTIMATE_S)
    estimate = titles["reached"].where(titles["reached"] > 0, viewing)
    length = length.where(known, unknown["title"].map(estimate))
    return length.clip(lower=1.0), known


def _play_begins(sessions: pd.DataFrame) -> pd.Series:
    """Return True at each session that begins a play."""
    begins = _new(sessions, ["title"]) | ~_resumes(sessions)
    laps = ~begins & sessions["position"].isna()
    if laps.any():
        laps[laps] = _new_lap(sessions, begins)[laps]
    return begins | laps


def _resumes(sessions: pd.DataFrame) -> pd.Series:
    """Return True where a session would resume the one before; an unknown position never speaks against it."""
    played, position, length = sessions["played"], sessions["position"], sessions["length"]
    gap_s = sessions["start"].diff() / US - played.shift()
    went_back = (position - played).clip(lower=0.0) + 0.2 * length < position.shift()
    overruns = played.shift() + played > 1.1 * length
    return (gap_s <= RESUME_GAP_S) & ~went_back & ~overruns


def _new_lap(sessions: pd.DataFrame, begins: pd.Series) -> pd.Series:
    """Return, in runs of several sessions, True where the playing time has filled the title once more."""
    several = ~(begins & begins.shift(-1, fill_value=True))
    played_us = (sessions["played"][several] * US).astype("int64")
    length_us = sessions["length"][several] * US
    before_us = played_us.groupby(begins[several].cumsum()).cumsum() - played_us
    lap = np.floor((before_us + played_us / 2 - 0.05 * length_us) / length_us).clip(lower=0.0)
    return lap != lap.shift()


def _starts(sessions: pd.DataFrame, begins: pd.Series) -> pd.DataFrame:
    """Return plays and glances by viewer, title and start."""
    end = sessions["start"] + (sessions["played"] * US).astype("int64")
    paused = sessions["start"].shift(-1) - end > SITTING_GAP_US
    sessions["left"] = end.where(paused | begins.shift(-1, fill_value=True))
    by_play = sessions.groupby("play", sort=False)
    firsts = ["title", "span", "start", "day", "offset", "length", "length_known"]
    starts = sessions.loc[begins, firsts].reset_index(drop=True)
    starts["first_end"] = by_play["left"].first()  # when first left for over half an hour: first() passes over NaN
    starts["played"] = by_play["played"].sum()
    starts["series"] = by_play["series"].max()
    starts["resumed"] = by_play.size() > 1
    played, length = starts["played"], starts["length"]
    starts["glance"] = (played < 60.0) & (played < 0.5 * length)
    starts["early"] = starts["length_known"] & (played < 0.1 * length)
    reached = by_play["position"].max()
    starts["completed"] = ((played >= 0.9 * length) | (reached >= 0.9 * length)) & ~starts["glance"]
    completed_until = starts.groupby("title", sort=False)["completed"].cumsum()
    starts["replay"] = (completed_until > starts["completed"]) & ~starts["glance"]
    starts["visit"] = _new(starts, ["title", "span"]).cumsum() - 1  # a visit: the starts of one title in one span
    starts["hour"] = (_local_us(starts) % DAY_US / HOUR_US).where(starts["offset"].notna())
    return starts


def _at_night(hour: pd.Series) -> pd.Series:
    return (hour >= 23) | (hour < 5)


# ---------------------------------------------------------------- plays to features, by span


def _by_span(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return sums over plays, named with an underscore where no feature."""
    played, hour, clock, known = plays["played"], plays["hour"], plays["hour"].notna(), plays["length_known"]
    angle = hour * (2 * np.pi / 24)
    columns = pd.DataFrame(
        {
            "_seconds": played,
            "_replays": plays["replay"],
            "_replayed_seconds": played.where(plays["replay"], 0.0),
            "_known": known,
            "_known_completed": plays["completed"] & known,
            "_early": plays["early"],
            "_resumed": plays["resumed"],
            "_episodes": plays["series"] >= 0,
            "_clock": clock,
            "_clock_seconds": played.where(clock, 0.0),
            "_night_seconds": played.where(_at_night(hour), 0.0),
            "_weekday_seconds": played.where(clock & ((plays["day"] + 3) % 7 < 5), 0.0),
            "_daytime": (hour >= 6) & (hour < 17),
            "_cos": np.cos(angle),
            "_sin": np.sin(angle),
            "covered": (played / plays["length"]).clip(upper=1.0).where(known),
            "recent": _recent(plays),
        },
        copy=False,
    )
    groups = columns.groupby(plays["span"])
    return {
        **dict(groups[[name for name in columns if name.startswith("_")]].sum().items()),
        "plays": groups.size(),
        "played_share_median": groups["covered"].median(),
        "title_recent_plays_max": groups["recent"].max(),
    }


def _glances(glances: pd.DataFrame) -> pd.DataFrame:
    return glances.groupby("span").agg(
        _glances=("glance", "size"), _known_glances=("length_known", "sum"), _early_glances=("early", "sum")
    )


def _visits(plays: pd.DataFrame) -> pd.DataFrame:
    """Return one row per title and span."""
    replay, hour = plays["replay"], plays["hour"]
    columns = plays[["visit", "span", "played", "length"]].assign(
        unknown=replay & hour.isna(), night=replay & (_at_night(hour) | hour.isna())
    )
    return columns.groupby("visit", sort=False).agg(
        span=("span", "first"),
        plays=("span", "size"),
        played=("played", "sum"),
        length=("length", "first"),
        unknown=("unknown", "sum"),
        night=("night", "sum"),
    )


def _day_counts(sessions: pd.DataFrame, plays: pd.DataFrame) -> pd.DataFrame:
    """Return how a visit spreads over days, by visit: days on which it was on, and plays begun on one day."""
    on = _days(_of_several(sessions), "visit").rename(columns={"run": "run_days"})
    begun = _of_several(plays[["visit", "day"]]).groupby(["visit", "day"], sort=False).size()
    by_visit = begun.groupby("visit")
    repeats = (begun > 1).groupby("visit").sum()
    return on.join(pd.DataFrame({"plays_day": by_visit.max(), "repeat_days": repeats}), how="outer")


def _of_several(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of visits with more than one row: all others are on one day anyway."""
    new = _new(frame, ["visit"])
    return frame[~(new & new.shift(-1, fill_value=True))]


def _days(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the number of days of each group, and the longest run of consecutive ones."""
    days = _first_of_day(frame[[key, "day"]], key).sort_values([key, "day"], ignore_index=True)
    run = (_new(days, [key]) | (days["day"].diff() != 1)).cumsum()
    days["nth"] = days.groupby(run).cumcount() + 1
    return days.groupby(key)["nth"].agg(days="size", run="max")


def _first_of_day(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """Return the first row of each group and day: most repeats are neighbours, a traveller's day can come twice."""
    return frame[_new(frame, [key, "day"])].drop_duplicates([key, "day"])


def _by_visit(visits: pd.DataFrame) -> dict[str, pd.Series]:
    """Return what is largest over the titles of a span, how many there are, and their entropy."""
    visits["passes"] = visits["played"] / visits["length"]
    visits["plays_log"] = visits["plays"] * np.log2(visits["plays"])
    groups = visits.groupby("span")
    largest = groups[["plays", "played", "passes", "unknown", "night", "days", "run_days", "plays_day"]].max()
    plays = groups["plays"].sum()
    return {
        "titles": groups.size(),
        "title_entropy_bits": (np.log2(plays) - groups["plays_log"].sum() / plays).clip(lower=0.0),
        "title_plays_max": largest["plays"],
        "title_passes_max": largest["passes"],
        "title_night_replays_max": largest["night"].where(largest["unknown"] < 2),
        "title_days_max": largest["days"].fillna(1),
        "title_run_days_max": largest["run_days"].fillna(1),
        "title_plays_day_max": largest["plays_day"].fillna(1),
        "repeat_days": groups["repeat_days"].sum(),
        "_top_title_seconds": largest["played"],
    }


def _gaps(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the features of the time between successive plays of a title."""
    again = ~_new(plays, ["visit"])
    gaps = (plays["start"].diff()[again] / DAY_US).groupby(plays["span"][again])
    variation = gaps.std(ddof=0) / gaps.mean()
    return {"replay_gap_median_days": gaps.median(), "replay_gap_variation": variation.where(gaps.size() > 1)}


def _recent(plays: pd.DataFrame) -> pd.Series:
    """Return how many plays of the same title began in the 28 days up to each play, itself included.

    The first of them is found by merge_asof: rolling("28D") by title takes many times as long.
    """
    near = ~_new(plays, ["title"]) & (plays["start"].diff() <= RECENT_US)
    part = plays.loc[near | near.shift(-1, fill_value=False), ["title", "start"]]
    part["nth"] = part.groupby("title", sort=False).cumcount()
    part = part.sort_values("start", kind="stable")
    part["since"] = part["start"] - RECENT_US
    first = pd.merge_asof(
        part[["title", "since"]],
        part[["title", "start", "nth"]],
        left_on="since",
        right_on="start",
        by="title",
        direction="forward",
    )
    recent = pd.Series(1, index=plays.index)
    recent[part.index] = part["nth"] - first["nth"].set_axis(part.index) + 1
    return recent


def _top_series_seconds(plays: pd.DataFrame) -> pd.Series:
    seconds = plays[plays["series"] >= 0].groupby(["span", "series"], sort=False)["played"].sum()
    return seconds.groupby("span").max()


def _in_order_of_time(plays: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the features of sittings, of following plays, and of days."""
    columns = ["span", "start", "first_end", "played", "series", "day", "hour"]
    plays = plays[columns].sort_values(["span", "start"], kind="stable", ignore_index=True)
    return {**_sittings(plays), **_active_days(plays)}


def _sittings(plays: pd.DataFrame) -> dict[str, pd.Series]:
    new_span = _new(plays, ["span"])
    plays["episode"] = plays["series"] >= 0
    plays["follows"] = plays["episode"] & (plays["series"] == plays["series"].shift()) & ~new_span
    paused = plays["start"] - plays["first_end"].shift() > SITTING_GAP_US
    sittings = plays.groupby((new_span | paused).cumsum(), sort=False).agg(
        span=("span", "first"), played=("played", "sum"), episodes=("episode", "sum")
    )
    groups = sittings.groupby("span")
    return {
        "_sittings": groups.size(),
        "_sitting_seconds_max": groups["played"].max(),
        "sitting_episodes_max": groups["episodes"].max(),
        "_follows": plays.groupby("span")["follows"].sum(),
    }


def _active_days(plays: pd.DataFrame) -> dict[str, pd.Series]:
    first = _first_of_day(plays[["span", "day", "hour"]], "span")
    angle = first["hour"] * (2 * np.pi / 24)
    mean = pd.DataFrame({"cos": np.cos(angle), "sin": np.sin(angle)}).groupby(first["span"]).mean()
    days = _days(first, "span")
    return {
        "active_days": days["days"],
        "active_run_days_max": days["run"],
        "same_hour_regularity": np.hypot(mean["cos"], mean["sin"]).clip(upper=1.0),
    }


# ---------------------------------------------------------------- the table


def _derived(f: pd.DataFrame) -> pd.DataFrame:
    """Return the 39 features from sums, counts and maxima."""
    hours, plays = f["_seconds"] / 3600, f["plays"]
    clock = f["_clock"].where(f["_clock"] > 0)
    glances, early_glances = f["_glances"].fillna(0), f["_early_glances"].fillna(0)
    direct = f[[name for name in f if not name.startswith("_")]]
    return direct.assign(
        hours_played=hours,
        hours_per_active_day=hours / f["active_days"],
        plays_per_active_day=plays / f["active_days"],
        titles_per_play=f["titles"] / plays,
        top_title_share=f["_top_title_seconds"] / f["_seconds"],
        top_series_share=f["_top_series_seconds"].fillna(0.0) / f["_seconds"],
        replay_share=f["_replays"] / plays,
        rewatched_hours_share=f["_replayed_seconds"] / f["_seconds"],
        episode_share=f["_episodes"] / plays,
        series_follow_share=f["_follows"] / (plays - 1),  # 0 / 0 is null
        plays_per_sitting=plays / f["_sittings"],
        sitting_hours_max=f["_sitting_seconds_max"] / 3600,
        completion_share=f["_known_completed"] / f["_known"],
        early_stop_share=(f["_early"] + early_glances) / (f["_known"] + f["_known_glances"].fillna(0)),
        resumed_share=f["_resumed"] / plays,
        glance_share=glances / (plays + glances),
        night_share=f["_night_seconds"] / f["_clock_seconds"],
        weekday_share=f["_weekday_seconds"] / f["_clock_seconds"],
        daytime_share=f["_daytime"] / clock,
        hour_concentration=(np.hypot(f["_cos"], f["_sin"]) / clock).clip(upper=1.0),
    )


def _index(span: pd.Index, viewers: pd.Index, windows: pd.RangeIndex) -> pd.MultiIndex:
    start_us = (span % len(windows) + windows[0]) * WINDOW_US + FIRST_MONDAY_US
    window_start = pd.to_datetime(start_us, unit="us", utc=True).as_unit("us")
    return pd.MultiIndex.from_arrays([viewers[span // len(windows)], window_start], names=["viewer_id", "window_start"])
