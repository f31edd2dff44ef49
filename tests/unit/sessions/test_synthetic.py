"""The synthetic population: reproducible, lawful, and each habit behaves as its story says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from analyzer.errors import InputError
from analyzer.features.extract import extract_features
from analyzer.sessions.door import admit
from analyzer.sessions.habits import HABITS
from analyzer.sessions.records import RawRows, Sessions
from analyzer.sessions.schema import arrow_schema
from analyzer.sessions.source import read_sessions
from analyzer.sessions.synthetic import CHUNK_VIEWERS, Population, batches, synthesize, write_parquet
from analyzer.sessions.synthetic_events import event_batches
from analyzer.sessions.tabular import read_parquet

FAMILIES = ("mixed_family_10", "mixed_family_30", "mixed_family_60")


@pytest.fixture(scope="module")
def population() -> tuple[Sessions, pa.Table]:
    return synthesize(Population(viewers=3_000, days=56, seed=7))


@pytest.fixture(scope="module")
def truth(population: tuple[Sessions, pa.Table]) -> pd.DataFrame:
    return population[1].to_pandas().set_index("viewer_id")


@pytest.fixture(scope="module")
def vectors(population: tuple[Sessions, pa.Table]) -> pd.DataFrame:
    return extract_features(population[0])


@pytest.fixture(scope="module")
def medians(vectors: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """The median vector of each habit."""
    habit = truth["habit"].reindex(vectors.index.get_level_values("viewer_id")).to_numpy()
    return vectors.groupby(habit).median()


# ---------------------------------------------------------------- reproducible


def _tables(population: Population) -> tuple[pa.Table, pa.Table]:
    rows, truths = zip(*batches(population), strict=True)
    return pa.concat_tables(rows), pa.concat_tables(truths)


def test_the_same_seed_gives_the_same_rows_and_another_seed_other_rows() -> None:
    first = _tables(Population(viewers=50, days=14, seed=5))
    again = _tables(Population(viewers=50, days=14, seed=5))
    other = _tables(Population(viewers=50, days=14, seed=6))
    assert first[0].equals(again[0])
    assert first[1].equals(again[1])
    assert first[0].to_pylist() != other[0].to_pylist()


@pytest.mark.parametrize("more", [41, CHUNK_VIEWERS, CHUNK_VIEWERS + 30])
def test_the_first_viewers_do_not_depend_on_how_many_are_asked_for(more: int) -> None:
    few, few_truth = _tables(Population(viewers=40, days=14))
    many, many_truth = _tables(Population(viewers=more, days=14))
    assert many_truth.slice(0, 40).to_pylist() == few_truth.to_pylist()
    asked = set(few_truth["viewer_id"].to_pylist())
    assert [row for row in many.to_pylist() if row["viewer_id"] in asked] == few.to_pylist()


def test_as_many_viewers_are_made_as_asked_for_each_once() -> None:
    for viewers in (1, CHUNK_VIEWERS, CHUNK_VIEWERS + 1):
        rows, truth = _tables(Population(viewers=viewers, days=7))
        names = truth["viewer_id"].to_pylist()
        assert len(names) == len(set(names)) == viewers
        assert set(rows["viewer_id"].to_pylist()) <= set(names)


@pytest.mark.parametrize("field", ["viewers", "days", "seed"])
def test_a_population_of_nobody_is_refused(field: str) -> None:
    with pytest.raises(InputError, match=f"{field} is -1"):
        Population(**{field: -1})


# ---------------------------------------------------------------- lawful


def test_every_row_satisfies_the_schema() -> None:
    rows, _ = _tables(Population(viewers=300, days=28))
    assert rows.schema.equals(arrow_schema())
    sessions = admit(RawRows(rows, "synthetic", pa.array(np.arange(1, len(rows) + 1))))
    assert sessions.tally.quarantined == 0
    assert sessions.tally.read == len(rows)
    assert set(sessions.tally.dropped) == {"hidden", "trailer_or_preview", "autoplay"}


def test_every_session_lies_in_the_period_or_resumes_one_that_does(population: tuple[Sessions, pa.Table]) -> None:
    started = population[0].table["started_at"].to_pandas()
    assert started.min() >= pd.Timestamp("2023-12-25", tz="UTC")
    assert started.max() < pd.Timestamp("2023-12-25", tz="UTC") + pd.Timedelta(days=56 + 2)


def test_a_household_has_one_to_four_viewers(population: tuple[Sessions, pa.Table]) -> None:
    frame = population[0].table.select(["viewer_id", "household_id"]).to_pandas().drop_duplicates()
    assert not frame["viewer_id"].duplicated().any(), "a viewer belongs to one household"
    assert set(frame["household_id"].astype(str).value_counts()) == {1, 2, 3, 4}


def test_parquet_holds_the_same_sessions(tmp_path: Path) -> None:
    population = Population(viewers=CHUNK_VIEWERS + 20, days=7, seed=2)
    written = write_parquet(population, tmp_path / "views.parquet", tmp_path / "truth.parquet")
    rows, truth = _tables(population)
    assert written == len(rows) == pq.read_metadata(tmp_path / "views.parquet").num_rows
    assert pq.read_table(tmp_path / "truth.parquet").to_pylist() == truth.to_pylist()
    read = admit(read_parquet(tmp_path / "views.parquet", {}))
    direct, _ = synthesize(population)
    assert read.tally == direct.tally
    assert read.table.to_pylist() == direct.table.to_pylist()


# ---------------------------------------------------------------- true to their stories


def test_every_habit_is_planted_with_its_share(truth: pd.DataFrame) -> None:
    planted = truth["habit"].value_counts(normalize=True)
    assert sum(h.share for h in HABITS) == pytest.approx(1.0)
    for habit in HABITS:
        deviation = np.sqrt(habit.share * (1 - habit.share) / len(truth))
        assert planted[habit.name] == pytest.approx(habit.share, abs=4 * deviation)
    assert (truth["protected"] == truth["habit"].isin([h.name for h in HABITS if h.ritual])).all()


def test_weekend_films_lie_on_the_weekend_and_are_films(medians: pd.DataFrame) -> None:
    habit = medians.loc["weekend_films"]
    assert habit["weekday_share"] < 0.5
    assert habit["weekday_share"] == medians["weekday_share"].min()
    assert habit["episode_share"] < 0.2
    assert habit["completion_share"] > 0.8


def test_one_episode_a_day_comes_most_evenings_at_the_same_hour(medians: pd.DataFrame) -> None:
    habit = medians.loc["one_episode_a_day"]
    assert habit["active_days"] >= 18
    assert 1 <= habit["plays_per_active_day"] < 1.6
    assert habit["episode_share"] > 0.9
    assert habit["same_hour_regularity"] > 0.98


def test_series_in_long_sittings_hold_five_episodes_and_more(medians: pd.DataFrame) -> None:
    habit = medians.loc["series_in_long_sittings"]
    assert habit["sitting_episodes_max"] >= 5
    assert habit["plays_per_sitting"] > 4
    assert 2 <= habit["active_days"] / 4 <= 4, "two or three days a week"


def test_late_films_begin_at_night(medians: pd.DataFrame) -> None:
    habit = medians.loc["late_films"]
    assert habit["night_share"] > 0.7
    assert habit["night_share"] == medians["night_share"].max()
    assert habit["episode_share"] < 0.25


def test_many_starts_finish_little(medians: pd.DataFrame) -> None:
    habit = medians.loc["many_starts"]
    assert habit["completion_share"] < 0.3
    assert habit["early_stop_share"] == medians["early_stop_share"].max()
    assert habit["early_stop_share"] > 0.3
    assert habit["titles"] > medians["titles"].median()


def test_morning_shorts_are_short_and_in_the_morning(medians: pd.DataFrame) -> None:
    habit = medians.loc["morning_shorts"]
    assert habit["daytime_share"] > 0.9
    assert habit["hours_played"] / habit["plays"] < 20 / 60
    assert habit["weekday_share"] > 0.8


def test_all_day_background_plays_for_most_of_the_day(medians: pd.DataFrame) -> None:
    habit = medians.loc["all_day_background"]
    assert habit["hours_per_active_day"] == medians["hours_per_active_day"].max()
    assert habit["plays_per_active_day"] > 5
    assert habit["active_days"] >= 22


def test_now_and_then_is_a_few_plays_a_month(medians: pd.DataFrame) -> None:
    habit = medians.loc["now_and_then"]
    assert habit["plays"] <= 6
    assert habit["plays"] == medians["plays"].min()


def test_a_family_profile_watches_by_day_and_in_the_evening(medians: pd.DataFrame) -> None:
    habit = medians.loc["family_profile"]
    assert 0.2 < habit["daytime_share"] < 0.8
    assert habit["episode_share"] > 0.5
    assert habit["title_run_days_max"] <= 3


def test_lunch_break_documentaries_come_at_midday_on_workdays(medians: pd.DataFrame) -> None:
    habit = medians.loc["lunch_break_documentaries"]
    assert habit["weekday_share"] > 0.9
    assert habit["daytime_share"] > 0.9
    assert habit["hour_concentration"] > 0.95


def test_the_daily_title_is_on_every_day(medians: pd.DataFrame) -> None:
    habit = medians.loc["daily_title"]
    assert habit["title_days_max"] >= 23
    assert habit["title_run_days_max"] >= 10
    assert habit["title_plays_day_max"] <= 3
    assert 0.85 < habit["replay_gap_median_days"] < 1.2


def test_several_plays_a_day_are_several_plays_of_one_title_a_day(medians: pd.DataFrame) -> None:
    habit = medians.loc["several_plays_a_day"]
    assert habit["title_plays_day_max"] >= 4
    assert habit["repeat_days"] >= 12
    assert habit["replay_share"] > 0.7


def test_nightly_repetition_replays_at_night(medians: pd.DataFrame) -> None:
    habit = medians.loc["nightly_repetition"]
    at_night = next(name for name in medians if "night_replays" in name)
    assert habit[at_night] == medians[at_night].max()
    assert habit[at_night] >= 6
    assert habit["title_plays_max"] >= 15


def test_in_mixed_families_a_tenth_a_third_or_most_plays_are_one_film(medians: pd.DataFrame) -> None:
    most = [medians.loc[name, "title_plays_max"] / medians.loc[name, "plays"] for name in FAMILIES]
    assert most == pytest.approx([0.10, 0.30, 0.60], abs=0.08)


def test_only_habits_with_a_ritual_show_one_title_on_many_days(vectors: pd.DataFrame, truth: pd.DataFrame) -> None:
    protected = truth["protected"].reindex(vectors.index.get_level_values("viewer_id")).to_numpy(dtype=bool)
    days = vectors["title_days_max"]
    assert days[~protected].quantile(0.99) <= 4
    assert (days[protected] > 4).mean() > 0.8


# ---------------------------------------------------------------- settings say nothing about habits


@pytest.mark.parametrize("setting", ["captions", "audio_description", "playback_rate"])
def test_settings_are_as_common_in_every_habit(
    population: tuple[Sessions, pa.Table], truth: pd.DataFrame, setting: str
) -> None:
    viewers = population[0].table.select(["viewer_id", setting]).to_pandas().drop_duplicates("viewer_id")
    in_use = (viewers[setting] != 1.0 if setting == "playback_rate" else viewers[setting]).astype(float)
    by_habit = in_use.groupby(truth["habit"].reindex(viewers["viewer_id"]).to_numpy())
    overall = in_use.mean()
    deviation = np.sqrt(overall * (1 - overall) / by_habit.size())
    assert ((by_habit.mean() - overall).abs() < 4 * deviation).all()


def test_player_events_belong_to_the_same_sessions_that_the_population_has_without_them():
    population = Population(300, 14, 5)
    plain = pa.concat_tables([sessions for sessions, _ in batches(population)])
    named, events, truth = next(event_batches(population))
    assert named.drop_columns(["session_id"]).equals(plain.drop_columns(["session_id"]))
    assert set(events["session_id"].unique().to_pylist()) == set(named["session_id"].to_pylist())
    assert 0 < pc.sum(pc.greater(truth["rewind_share"], 0)).as_py() < 30


def test_player_events_are_the_same_for_the_same_seed():
    few, many = (next(event_batches(Population(viewers, 7, 3))) for viewers in (40, 60))
    again = next(event_batches(Population(40, 7, 3)))
    assert all(one.equals(other) for one, other in zip(few, again, strict=True))
    assert few[2]["viewer_id"].equals(many[2]["viewer_id"][:40])


def test_sessions_made_from_events_play_as_long_as_the_population_says():
    sessions, events, _ = next(event_batches(Population(60, 14, 2)))
    told = read_sessions(events=events).to_pandas().set_index("session_id")["played_s"]
    known = read_sessions(sessions).to_pandas().set_index("session_id")["played_s"]
    assert (told - known.reindex(told.index)).abs().max() < 60
    assert (told - known.reindex(told.index)).abs().mean() < 0.1
