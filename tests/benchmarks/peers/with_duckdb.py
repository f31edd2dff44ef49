"""The 39 features of `analyzer.extract_features` in DuckDB SQL, as an expert researcher would write them.

A peer for the benchmark: one clean Parquet file in, one row per viewer and 28-day window out, equal to the last digits.
"""

from __future__ import annotations

from typing import Final

import duckdb
import pandas as pd

# Running values are taken over tables that were written in order, with windows that name no order: DuckDB streams those
# (https://duckdb.org/docs/2.0/sql/dialect/order_preservation), whereas PARTITION BY ... ORDER BY sorts again each time.

# A vector's number is its viewer's, times 4096, plus its window's: 28 days each from Monday, 1970-01-05, up to 2283.
MACROS: Final = """
CREATE TEMP MACRO day_of(us) AS us // 86_400_000_000;
CREATE TEMP MACRO vector_of(viewer, us) AS viewer::BIGINT * 4096 + (day_of(us) - 4) // 28;
CREATE TEMP MACRO length_of(runtime_s, furthest_s, viewing_s) AS greatest(1.0, CASE
    WHEN runtime_s > 0 THEN runtime_s
    WHEN furthest_s > 0 THEN furthest_s
    ELSE least(viewing_s, 9000.0)
END);
CREATE TEMP MACRO resultant(hour) AS CASE WHEN count(hour) > 0 THEN  -- since least() passes over null
    least(sqrt(avg(cos(hour * (2 * pi() / 24))) ** 2 + avg(sin(hour * (2 * pi() / 24))) ** 2), 1.0)
END;
"""

# Names become ranks, so that numbers sort as the names do.
NAMES: Final = """
CREATE TEMP TABLE viewers AS
SELECT viewer_id, row_number() OVER (ORDER BY viewer_id)::INTEGER AS viewer
FROM (SELECT DISTINCT viewer_id FROM source);

CREATE TEMP TABLE titles AS
SELECT title_id, row_number() OVER (ORDER BY title_id)::INTEGER AS title
FROM (SELECT DISTINCT title_id FROM source);

CREATE TEMP TABLE series AS
SELECT series_id, row_number() OVER (ORDER BY series_id)::INTEGER AS series
FROM (SELECT DISTINCT series_id FROM source WHERE series_id IS NOT NULL);
"""

# Every row that is not hidden, by viewer, title and time; the order of ties is settled later, where there can be any.
ROWS: Final = """
CREATE TEMP TABLE all_rows AS
SELECT
    viewer,
    title,
    series,
    epoch_us(started_at) AS start_us,
    played_s,
    runtime_s,
    end_position_s,
    utc_offset_min::BIGINT * 60_000_000 AS offset_us,
    NOT coalesce(autoplay, false) AND coalesce(content_kind, 'main') = 'main' AS chosen
FROM source
JOIN viewers USING (viewer_id)
JOIN titles USING (title_id)
LEFT JOIN series USING (series_id)
WHERE NOT coalesce(hidden, false)
ORDER BY viewer, title, start_us;

CREATE TEMP TABLE by_start AS
WITH marked AS (
    SELECT
        vector_of(viewer, start_us) AS vector,
        row_number() OVER () AS n,
        title IS DISTINCT FROM lag(title) OVER ()
            OR vector IS DISTINCT FROM vector_of(lag(viewer) OVER (), lag(start_us) OVER ()) AS first
    FROM all_rows
), counted AS (
    -- n only grows, so its running maximum over first rows is where this title began; so too below.
    SELECT vector, n - max(n) FILTER (first) OVER (ROWS UNBOUNDED PRECEDING) + 1 AS starts
    FROM marked
)
SELECT vector, max(starts) AS title_starts_max
FROM counted
GROUP BY vector;
"""

# Most titles are met once by a viewer: such a session is a play, and only the others need lengths and stitching.
SESSIONS: Final = """
CREATE TEMP TABLE sessions AS
WITH marked AS (
    SELECT
        * EXCLUDE (chosen),
        trunc(played_s * 1e6)::BIGINT AS played_us,
        viewer IS DISTINCT FROM lag(viewer) OVER () OR title IS DISTINCT FROM lag(title) OVER () AS new_title
    FROM all_rows
    WHERE chosen
)
SELECT
    * EXCLUDE (title, new_title),
    count(*) FILTER (new_title) OVER (ROWS UNBOUNDED PRECEDING) AS title_no,
    new_title AND coalesce(lead(new_title) OVER (), true) AS alone
FROM marked;

DROP TABLE all_rows;

CREATE TEMP TABLE met_again AS
WITH facts AS (
    SELECT
        title_no,
        max(runtime_s) AS runtime_s,
        max(end_position_s) AS furthest_s,
        max(played_s) AS longest_s,
        min(played_s) AS shortest_s,
        count(*) AS sessions
    FROM sessions
    WHERE NOT alone
    GROUP BY title_no
), lengths AS (
    SELECT
        title_no,
        coalesce(runtime_s > 0, false) AS length_known,
        length_of(runtime_s, furthest_s, CASE
            WHEN sessions = 2 AND shortest_s < 0.9 * longest_s THEN longest_s + shortest_s
            ELSE longest_s
        END) AS length_s
    FROM facts
)
SELECT sessions.*, length_known, length_s
FROM sessions
JOIN lengths USING (title_no)
WHERE NOT alone
ORDER BY
    title_no, start_us,
    played_s, end_position_s NULLS LAST, runtime_s NULLS LAST, series NULLS FIRST, offset_us NULLS LAST;
"""

# Sessions of a title met again, each with the number of its play and whether it was left for over half an hour.
PARTS: Final = """
CREATE TEMP TABLE parts AS
WITH followed AS (
    SELECT
        *,
        title_no IS DISTINCT FROM lag(title_no) OVER () AS new_title,
        lag(start_us) OVER () AS prior_start_us,
        lag(played_s) OVER () AS prior_played_s,
        lag(end_position_s) OVER () AS prior_position_s,
        (sum(played_us) OVER (ROWS UNBOUNDED PRECEDING))::BIGINT - played_us AS before_us
    FROM met_again
), resumed AS (
    SELECT
        *,
        new_title OR NOT (
            (start_us - prior_start_us) / 1e6 - prior_played_s <= 36 * 3600
            AND (
                end_position_s IS NULL OR prior_position_s IS NULL
                OR greatest(end_position_s - played_s, 0) + 0.2 * length_s >= prior_position_s
            )
            AND prior_played_s + played_s <= 1.1 * length_s
        ) AS new_run
    FROM followed
), in_run AS (
    SELECT *, before_us - max(before_us) FILTER (new_run) OVER (ROWS UNBOUNDED PRECEDING) AS run_us
    FROM resumed
), lapped AS (
    -- A session belongs to the lap that holds its middle; the allowance keeps end credits with their film.
    SELECT
        *,
        greatest(floor((run_us + played_us / 2 - 0.05 * (length_s * 1e6)) / (length_s * 1e6)), 0) AS lap
    FROM in_run
), begun AS (
    SELECT *, new_run OR (end_position_s IS NULL AND lap <> lag(lap) OVER ()) AS begins
    FROM lapped
)
SELECT
    viewer,
    title_no,
    count(*) FILTER (begins) OVER (ROWS UNBOUNDED PRECEDING) AS play_no,
    series,
    start_us,
    start_us + played_us AS end_us,
    played_s,
    end_position_s,
    offset_us,
    length_s,
    length_known,
    begins,
    coalesce(lead(begins) OVER () OR lead(start_us) OVER () - end_us > 1_800_000_000, true) AS left_off
FROM begun;

DROP TABLE met_again;
"""

# Plays and glances; those of a title met once have number 0.
PLAYS: Final = """
CREATE TEMP TABLE plays AS
WITH stitched AS (
    SELECT
        viewer,
        title_no,
        0 AS play_no,
        series,
        start_us,
        start_us + played_us AS first_end_us,
        offset_us,
        played_s,
        end_position_s AS furthest_s,
        length_of(runtime_s, end_position_s, played_s) AS length_s,
        coalesce(runtime_s > 0, false) AS length_known,
        1 AS sessions
    FROM sessions
    WHERE alone
    UNION ALL
    SELECT
        any_value(viewer),
        any_value(title_no),
        play_no,
        max(series),
        min(start_us),
        min(end_us) FILTER (left_off),
        max(offset_us) FILTER (begins),
        sum(played_s),
        max(end_position_s),
        any_value(length_s),
        any_value(length_known),
        count(*)
    FROM parts
    GROUP BY play_no
)
SELECT
    vector_of(viewer, start_us) AS vector,
    title_no,
    play_no,
    series,
    start_us,
    first_end_us,
    day_of(start_us + coalesce(offset_us, 0)) AS day,
    (start_us + offset_us) % 86_400_000_000 / 3_600_000_000 AS hour,
    played_s,
    length_s,
    length_known,
    sessions > 1 AS resumed,
    played_s < 60 AND played_s < 0.5 * length_s AS glance,
    NOT glance AND (played_s >= 0.9 * length_s OR coalesce(furthest_s, 0) >= 0.9 * length_s) AS completed
FROM stitched;

DROP TABLE sessions;
"""

# Plays without glances. Only titles met again have replays and gaps; the rest is a view, to be copied nowhere.
WATCHED: Final = """
CREATE TEMP TABLE ordered_again AS
SELECT * EXCLUDE (glance)
FROM plays
WHERE NOT glance AND play_no > 0
ORDER BY play_no;

CREATE TEMP TABLE watched_again AS
WITH marked AS (
    SELECT
        *,
        title_no IS DISTINCT FROM lag(title_no) OVER () AS new_title,
        count(*) FILTER (completed) OVER (ROWS UNBOUNDED PRECEDING) - completed::INTEGER AS completed_before,
        CASE WHEN NOT new_title AND vector = lag(vector) OVER ()
            THEN (start_us - lag(start_us) OVER ()) / 86_400e6 END AS gap_days,
        NOT new_title OR title_no IS NOT DISTINCT FROM lead(title_no) OVER () AS repeated
    FROM ordered_again
)
SELECT
    * EXCLUDE (new_title, completed_before),
    completed_before > max(completed_before) FILTER (new_title) OVER (ROWS UNBOUNDED PRECEDING) AS replay
FROM marked;

DROP TABLE ordered_again;

CREATE TEMP VIEW watched AS
SELECT *, coalesce(hour >= 23 OR hour < 5, false) AS night
FROM (
    FROM watched_again
    UNION ALL
    SELECT * EXCLUDE (glance), NULL AS gap_days, false AS repeated, false AS replay
    FROM plays
    WHERE NOT glance AND play_no = 0
);
"""

# What every play adds to its vector.
TOTALS: Final = """
CREATE TEMP TABLE totals AS
SELECT
    vector,
    count(*) AS plays,
    sum(played_s) AS played_s,
    avg(replay::INTEGER) AS replay_share,
    coalesce(sum(played_s) FILTER (replay), 0) AS replayed_s,
    median(gap_days) AS replay_gap_median_days,
    CASE WHEN count(gap_days) >= 2 THEN stddev_pop(gap_days) / nullif(avg(gap_days), 0) END AS replay_gap_variation,
    count(series) / count(*) AS episode_share,
    avg(completed::INTEGER) FILTER (length_known) AS completion_share,
    median(least(played_s / length_s, 1.0)) FILTER (length_known) AS played_share_median,
    avg(resumed::INTEGER) AS resumed_share,
    sum(played_s) FILTER (hour IS NOT NULL) AS clocked_s,
    sum(played_s) FILTER (night) AS night_s,
    sum(played_s) FILTER (hour IS NOT NULL AND (day + 3) % 7 < 5) AS weekday_s,
    avg((hour >= 6 AND hour < 17)::INTEGER) AS daytime_share,
    resultant(hour) AS hour_concentration
FROM watched
GROUP BY vector;

CREATE TEMP TABLE with_glances AS
SELECT
    vector,
    avg(glance::INTEGER) AS glance_share,
    avg((played_s < 0.1 * length_s)::INTEGER) FILTER (length_known) AS early_stop_share
FROM plays
GROUP BY vector;
"""

# What needs the plays of one title or series together.
GROUPS: Final = """
CREATE TEMP TABLE by_title AS
WITH of_title AS (
    SELECT vector, 1 AS plays, played_s, length_s, 0 AS unknown, 0 AS at_night
    FROM watched
    WHERE NOT repeated
    UNION ALL
    SELECT
        vector,
        count(*),
        sum(played_s),
        any_value(length_s),
        count(*) FILTER (replay AND hour IS NULL),
        count(*) FILTER (replay AND night)
    FROM watched
    WHERE repeated
    GROUP BY vector, title_no
)
SELECT
    vector,
    count(*) AS titles,
    log2(sum(plays)) - sum(plays * log2(plays)) / sum(plays) AS title_entropy_bits,
    max(played_s) AS title_played_s_max,
    max(plays) AS title_plays_max,
    CASE WHEN max(unknown) < 2 THEN max(unknown + at_night) END AS title_night_replays_max,
    max(played_s / length_s) AS title_passes_max
FROM of_title
GROUP BY vector;

CREATE TEMP TABLE by_series AS
SELECT vector, max(played_s) AS series_played_s_max
FROM (SELECT vector, sum(played_s) AS played_s FROM watched WHERE series IS NOT NULL GROUP BY vector, series)
GROUP BY vector;
"""

# Only titles that come again can have more than one play within 28 days or on one day.
REPEATS: Final = """
CREATE TEMP TABLE by_repeats AS
SELECT vector, max(recent) AS title_recent_plays_max
FROM (
    SELECT
        vector,
        count(*) OVER (
            PARTITION BY title_no ORDER BY start_us
            RANGE BETWEEN 2_419_200_000_000 PRECEDING AND CURRENT ROW
        ) AS recent
    FROM watched_again
    WHERE repeated
)
GROUP BY vector;

CREATE TEMP TABLE by_title_day AS
SELECT vector, max(plays) AS title_plays_day_max, count(*) FILTER (plays >= 2) AS repeat_days
FROM (SELECT vector, count(*) AS plays FROM watched_again WHERE repeated GROUP BY vector, title_no, day)
GROUP BY vector;

CREATE TEMP TABLE by_title_run AS
WITH days AS (
    SELECT vector, title_no, day FROM watched_again WHERE repeated OR resumed
    UNION
    SELECT vector, watched_again.title_no, day_of(parts.start_us + coalesce(parts.offset_us, 0))
    FROM parts
    JOIN watched_again USING (play_no)
    WHERE NOT parts.begins
), numbered AS (
    SELECT *, row_number() OVER (PARTITION BY vector, title_no ORDER BY day) AS n
    FROM days
), runs AS (
    SELECT vector, max(n) AS n, count(*) AS days
    FROM numbered
    GROUP BY vector, title_no, day - n
)
SELECT vector, max(n) AS title_days_max, max(days) AS title_run_days_max
FROM runs
GROUP BY vector;
"""

TIMES: Final = """
CREATE TEMP TABLE by_time AS
SELECT vector, start_us, first_end_us, day, hour, series, played_s
FROM watched
ORDER BY vector, start_us, title_no, play_no;

CREATE TEMP TABLE by_day AS
WITH of_day AS (
    SELECT
        vector,
        day - (4 + vector % 4096 * 28) + 1 AS bit,  -- a local day may be the one before the window or after it
        nullif(arg_min(coalesce(hour, -1), rowid), -1) AS first_hour
    FROM by_time
    GROUP BY vector, day
)
SELECT
    vector,
    count(*) AS active_days,
    -- The active days as binary digits: the longest run of ones.
    list_max(list_transform(string_split(bin(bit_or(1 << bit)), '0'), lambda run: length(run))) AS active_run_days_max,
    resultant(first_hour) AS same_hour_regularity
FROM of_day
GROUP BY vector;

CREATE TEMP TABLE by_sitting AS
WITH marked AS (
    SELECT
        *,
        vector IS NOT DISTINCT FROM lag(vector) OVER () AS later,
        later AND series = lag(series) OVER () AS follows,
        NOT later OR start_us - lag(first_end_us) OVER () > 1_800_000_000 AS begins
    FROM by_time
), placed AS (
    SELECT *, count(*) FILTER (begins) OVER (ROWS UNBOUNDED PRECEDING) AS sitting
    FROM marked
), of_sitting AS (
    SELECT
        vector,
        count(series) AS episodes,
        sum(played_s) AS played_s,
        count(*) FILTER (later) AS later,
        count(*) FILTER (follows) AS follows
    FROM placed
    GROUP BY vector, sitting
)
SELECT
    vector,
    count(*) AS sittings,
    max(episodes) AS sitting_episodes_max,
    max(played_s) / 3600 AS sitting_hours_max,
    sum(follows) / nullif(sum(later), 0) AS series_follow_share
FROM of_sitting
GROUP BY vector;
"""

VECTORS: Final = """
SELECT
    viewer_id,
    (4 + vector % 4096 * 28) * 86_400_000_000 AS window_start_us,
    played_s / 3600 AS hours_played,
    plays,
    active_days,
    played_s / 3600 / active_days AS hours_per_active_day,
    plays / active_days AS plays_per_active_day,
    active_run_days_max,
    replay_share,
    replayed_s / played_s AS rewatched_hours_share,
    title_plays_max,
    coalesce(title_recent_plays_max, 1) AS title_recent_plays_max,
    title_starts_max,
    coalesce(title_days_max, 1) AS title_days_max,
    coalesce(title_run_days_max, 1) AS title_run_days_max,
    coalesce(title_plays_day_max, 1) AS title_plays_day_max,
    coalesce(repeat_days, 0) AS repeat_days,
    title_night_replays_max,
    replay_gap_median_days,
    replay_gap_variation,
    title_passes_max,
    episode_share,
    coalesce(series_played_s_max, 0) / played_s AS top_series_share,
    sitting_episodes_max,
    series_follow_share,
    plays / sittings AS plays_per_sitting,
    sitting_hours_max,
    completion_share,
    early_stop_share,
    played_share_median,
    resumed_share,
    glance_share,
    CASE WHEN clocked_s > 0 THEN coalesce(night_s, 0) / clocked_s END AS night_share,
    daytime_share,
    hour_concentration,
    same_hour_regularity,
    CASE WHEN clocked_s > 0 THEN coalesce(weekday_s, 0) / clocked_s END AS weekday_share,
    titles,
    titles / plays AS titles_per_play,
    title_entropy_bits,
    title_played_s_max / played_s AS top_title_share
FROM totals
JOIN with_glances USING (vector)
JOIN by_start USING (vector)
JOIN by_title USING (vector)
JOIN by_day USING (vector)
JOIN by_sitting USING (vector)
LEFT JOIN by_series USING (vector)
LEFT JOIN by_repeats USING (vector)
LEFT JOIN by_title_day USING (vector)
LEFT JOIN by_title_run USING (vector)
JOIN viewers ON viewer = vector // 4096
ORDER BY vector
"""

STEPS: Final = (MACROS, NAMES, ROWS, SESSIONS, PARTS, PLAYS, WATCHED, TOTALS, GROUPS, REPEATS, TIMES)


def vectors(path: str) -> pd.DataFrame:
    """Return one float64 column per feature, indexed by viewer and start of the window."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.read_parquet(path).create_view("source")
        for step in STEPS:
            connection.execute(step)
        frame = connection.execute(VECTORS).df()
    return _indexed(frame)


def _indexed(frame: pd.DataFrame) -> pd.DataFrame:
    starts = pd.to_datetime(frame.pop("window_start_us").to_numpy(), unit="us", utc=True).as_unit("us")
    index = pd.MultiIndex.from_arrays(
        [pd.Index(frame.pop("viewer_id"), dtype="str"), starts], names=["viewer_id", "window_start"]
    )
    return frame.astype("float64").set_index(index)
