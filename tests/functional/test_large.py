"""A million of anything, and clocks that do not behave: right counts, in time and in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analyzer

MILLION = 1_000_000
MONDAY = pd.Timestamp("2024-01-01", tz="UTC")
COUNTS = ["plays", "titles", "hours_played", "replay_share", "active_days", "active_run_days_max", "title_passes_max"]
HOUR = pd.Timedelta(hours=1)


def at(start: pd.Timestamp, seconds: np.ndarray) -> pa.Array:
    return pa.array(start.value // 1_000 + seconds.astype(np.int64) * 1_000_000).cast(pa.timestamp("us", tz="UTC"))


def words(codes: np.ndarray, names: list[str]) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names))


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).set_index(["viewer_id", "window_start"])


@pytest.fixture(scope="module")
def shop_window() -> pa.Table:
    """An account that plays fifty clips of five minutes, one every ten minutes, for nineteen years."""
    number = np.arange(MILLION)
    return pa.table(
        {
            "viewer_id": words(np.zeros(MILLION), ["shop window"]),
            "title_id": words(number % 50, [f"clip-{i:02d}" for i in range(50)]),
            "started_at": at(pd.Timestamp("2006-01-02", tz="UTC"), number * 600),
            "played_s": np.full(MILLION, 300.0),
            "runtime_s": np.full(MILLION, 300.0),
        }
    )


def test_a_viewer_with_a_million_sessions_is_counted_like_any_other(shop_window: pa.Table) -> None:
    vectors = analyzer.extract_features(analyzer.read_sessions(shop_window), "all")
    assert len(vectors) == 1
    vector = vectors.iloc[0]
    assert vector["plays"] == MILLION
    assert vector["titles"] == 50
    assert vector["hours_played"] == pytest.approx(MILLION * 300 / 3600)
    assert vector["replay_share"] == (MILLION - 50) / MILLION
    assert vector["title_passes_max"] == MILLION / 50
    assert vector["replay_gap_median_days"] == pytest.approx(500 / 1440)
    assert vector["active_days"] == vector["active_run_days_max"] == np.ceil(MILLION * 600 / 86_400)


def test_a_viewer_with_more_sessions_than_the_memory_is_meant_for_is_counted_whole(
    shop_window: pa.Table, tmp_path: Path
) -> None:
    """A viewer's rows are never divided; all other partitions are empty."""
    some = shop_window.slice(0, 200_000)
    pq.write_table(some, tmp_path / "views.parquet", row_group_size=40_000)
    done = analyzer.write_features(
        tmp_path / "views.parquet", tmp_path / "v.parquet", None, COUNTS, memory="64MB", workers=1
    )
    assert done.vectors == 1
    vector = read(tmp_path / "v.parquet").iloc[0]
    assert vector["plays"] == 200_000
    assert vector["titles"] == 50
    assert vector["title_passes_max"] == 4_000


def test_a_title_with_a_million_viewers_gives_each_a_vector() -> None:
    number = np.arange(MILLION)
    minutes = number % 90 + 1
    table = pa.table(
        {
            "viewer_id": pa.array(np.char.add("v", np.char.zfill(number.astype(str), 7))),
            "title_id": words(np.zeros(MILLION), ["the final"]),
            "started_at": at(MONDAY, number % 3_600),
            "played_s": minutes * 60.0,
            "runtime_s": np.full(MILLION, 5400.0),
        }
    )
    vectors = analyzer.extract_features(analyzer.read_sessions(table), features=COUNTS)
    assert len(vectors) == MILLION
    viewers = vectors.index.get_level_values("viewer_id")
    assert (viewers[0], viewers[-1]) == ("v0000000", "v0999999")
    assert viewers.is_monotonic_increasing
    assert (vectors[["plays", "titles", "active_days"]] == 1).all(axis=None)
    assert (vectors["replay_share"] == 0).all()
    np.testing.assert_allclose(vectors["hours_played"], minutes / 60)
    np.testing.assert_allclose(vectors["title_passes_max"], minutes / 90)


def test_viewers_with_one_session_each_go_through_partitions(tmp_path: Path) -> None:
    count = 150_000
    number = np.random.default_rng(0).permutation(count)
    table = pa.table(
        {
            "viewer_id": pa.array([f"v{n:06d}" for n in number]),
            "title_id": words(number % 7, [f"film-{i}" for i in range(7)]),
            "started_at": at(MONDAY, number * 60),
            "played_s": number % 100 * 60.0 + 60.0,
        }
    )
    pq.write_table(table, tmp_path / "views.parquet", row_group_size=30_000)
    done = analyzer.write_features(
        tmp_path / "views.parquet", tmp_path / "v.parquet", features=COUNTS, memory="64MB", workers=2
    )
    assert (done.vectors, done.intake.tally.used) == (count, count)
    vectors = read(tmp_path / "v.parquet")
    assert vectors.index.get_level_values("viewer_id").tolist() == [f"v{n:06d}" for n in range(count)]
    assert (vectors[["titles", "active_days"]] == 1).all(axis=None)
    np.testing.assert_allclose(vectors["hours_played"], (np.arange(count) % 100 + 1) / 60)
    starts = MONDAY + pd.to_timedelta(np.arange(count) * 60, unit="s")
    weeks = (starts.as_unit("us").asi8 // 86_400_000_000 - 4) // 28 * 28 + 4
    window = vectors.index.get_level_values("window_start").as_unit("us").asi8 // 86_400_000_000
    assert (window == weeks).all()


# ---------------------------------------------------------------- clocks


def evenings(count: int = 28, **columns: object) -> pd.DataFrame:
    """A viewer who sees one film of an hour and a half a day, at 18 o'clock UTC, each time another."""
    first = pd.Timestamp("2024-01-22 18:00", tz="UTC")  # the first Monday of a window
    frame = pd.DataFrame(
        {
            "viewer_id": "ana",
            "title_id": [f"film-{i}" for i in range(count)],
            "started_at": first + pd.to_timedelta(np.arange(count), unit="D"),
            "played_s": 5400.0,
            "end_position_s": 5400.0,
            "runtime_s": 5400.0,
            "utc_offset_min": 60,
        }
    )
    return frame.assign(**columns)


def vector_of(frame: pd.DataFrame, window: str = "28d") -> pd.Series:
    vectors = analyzer.extract_features(analyzer.read_sessions(frame), window)
    assert len(vectors) == 1
    return vectors.iloc[0]


def test_a_clock_that_is_put_back_an_hour_divides_and_joins_no_play() -> None:
    """At the end of summer 02:30 comes twice; in UTC nothing happens."""
    autumn = pd.Timestamp("2024-10-27 00:30", tz="UTC")
    frame = evenings(2, started_at=[autumn, autumn + HOUR], utc_offset_min=[120, 60], played_s=1800.0)
    local = frame["started_at"] + pd.to_timedelta(frame["utc_offset_min"], unit="min")
    assert local.nunique() == 1
    vector = vector_of(frame, "all")
    assert (vector["plays"], vector["titles"], vector["active_days"], vector["hours_played"]) == (2, 2, 1, 1)


def test_rows_that_a_clock_wrote_an_hour_too_early_are_rows_like_others() -> None:
    """A device whose clock jumps back within a film: the second half begins before the first has ended."""
    start = evenings(1)["started_at"][0]
    frame = (
        evenings(1)
        .iloc[[0, 0]]
        .assign(
            started_at=[start, start - HOUR + pd.Timedelta(minutes=45)],
            played_s=2700.0,
            end_position_s=[2700.0, 5400.0],
        )
    )
    vector = vector_of(frame)
    assert (vector["titles"], vector["active_days"], vector["hours_played"]) == (1, 1, 1.5)
    assert 1 <= vector["plays"] <= 2
    pd.testing.assert_series_equal(vector_of(frame.iloc[::-1]), vector, check_exact=True)


def test_sessions_that_overlap_in_time_are_counted_each() -> None:
    """Two screens on one profile: more hours than the clock has, and so it is."""
    frame = pd.concat([evenings(), evenings().assign(title_id=lambda rows: "other-" + rows["title_id"])])
    vector = vector_of(frame)
    assert (vector["plays"], vector["titles"], vector["active_days"]) == (56, 56, 28)
    assert vector["hours_played"] == 56 * 1.5
    assert np.isfinite(vector.dropna()).all()


def test_one_title_on_two_screens_at_once_is_seen_twice() -> None:
    start = evenings(1)["started_at"][0]
    frame = evenings(1).iloc[[0, 0]].assign(started_at=[start, start + pd.Timedelta(minutes=5)])
    vector = vector_of(frame)
    assert (vector["titles"], vector["plays"], vector["hours_played"]) == (1, 2, 3.0)


def test_offsets_that_change_within_a_window_move_days_and_no_window() -> None:
    """A viewer who flies from Berlin to Auckland, where 18 o'clock UTC is the next morning."""
    flying = evenings(utc_offset_min=[60] * 14 + [780] * 14)
    home, away = evenings(), vector_of(flying)
    assert away["plays"] == 28
    assert away["active_days"] == 28, "the last evening here and the first there lie two local days apart"
    assert away["active_run_days_max"] == 14
    assert vector_of(home)["active_run_days_max"] == 28
    back = evenings(utc_offset_min=[780] * 14 + [60] * 14)
    assert vector_of(back)["active_days"] == 27, "two evenings are one local day"
    one = [analyzer.extract_features(analyzer.read_sessions(frame)).index for frame in (home, flying, back)]
    assert one[0].equals(one[1])
    assert one[0].equals(one[2])


def test_an_offset_that_is_not_known_for_some_rows_leaves_what_needs_no_clock_as_it_is() -> None:
    known, unknown = evenings(), evenings(utc_offset_min=[60.0, np.nan] * 14)
    some, all_ = vector_of(unknown), vector_of(known)
    assert some[["plays", "titles", "hours_played"]].equals(all_[["plays", "titles", "hours_played"]])
