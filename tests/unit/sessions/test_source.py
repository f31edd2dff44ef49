"""`read_sessions`: one call for files, folders, globs, lists and frames."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from analyzer.errors import InputError
from analyzer.sessions.source import read_sessions

HEAD = "viewer_id,title_id,started_at,played_s"


def day(number: int) -> str:
    return f"{HEAD}\nana,film,2024-01-{number:02d} 20:00,5400\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of four days in files of several kinds, one of them in a subfolder, beside others."""
    (tmp_path / "views" / "more").mkdir(parents=True)
    root = tmp_path / "views"
    (root / "1.csv").write_text(day(1))
    (root / "2.tsv").write_text(day(2).replace(",", "\t"))
    pd.read_csv(root / "1.csv").assign(started_at="2024-01-03 20:00").to_parquet(root / "3.parquet")
    (root / "more" / "4.CSV").write_text(day(4))
    (root / "notes.md").write_text("nothing to read here")
    return root


def days_of(source: object, **options: object) -> list[int]:
    sessions = read_sessions(source, **options)
    assert sessions.tally.read == len(sessions)
    return sorted(moment.day for moment in sessions.table["started_at"].to_pylist())


def test_a_file_a_folder_a_glob_and_a_list_are_read(folder: Path) -> None:
    assert days_of(folder / "1.csv") == [1]
    assert days_of(str(folder / "3.parquet")) == [3]
    assert days_of(folder) == [1, 2, 3, 4]
    assert days_of(str(folder / "*.csv")) == [1]
    assert days_of(str(folder / "**" / "*.[cC]*")) == [1, 4]
    assert days_of([folder / "1.csv", str(folder / "2.tsv")]) == [1, 2]
    assert days_of((folder / "more", str(folder / "?.parquet"))) == [3, 4]


def test_a_file_named_twice_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert days_of(["1.csv", folder / "1.csv", "./more/../1.csv", str(folder / "*.csv")]) == [1]
    assert days_of([folder, "1.csv"]) == [1, 2, 3, 4]


def test_the_sources_are_named(folder: Path) -> None:
    sessions = read_sessions([folder / "1.csv", folder / "3.parquet"])
    assert sessions.sources == (str(folder / "1.csv"), str(folder / "3.parquet"))


def test_the_order_of_files_changes_no_row(folder: Path) -> None:
    files = [folder / "1.csv", folder / "2.tsv", folder / "3.parquet"]
    forward, backward = read_sessions(files), read_sessions(files[::-1])
    key = [("started_at", "ascending")]
    assert forward.table.sort_by(key).to_pylist() == backward.table.sort_by(key).to_pylist()
    assert forward.tally == backward.tally


def test_parquet_is_known_by_its_first_bytes_too(folder: Path) -> None:
    os.rename(folder / "3.parquet", folder / "3.csv")  # noqa: PTH104
    assert days_of(folder / "3.csv") == [3]


def test_a_frame_is_read_and_sessions_are_returned_as_they_are(folder: Path) -> None:
    frame = pd.read_csv(folder / "1.csv")
    sessions = read_sessions(frame)
    assert sessions.table["viewer_id"].to_pylist() == ["ana"]
    assert read_sessions(sessions) is sessions
    assert days_of(frame.rename(columns={"viewer_id": "who"}), mapping={"viewer_id": "who"}) == [1]


def test_what_is_missing_or_empty_is_told(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "empty.parquet").write_bytes(b"")
    for source, message in (
        (tmp_path / "gone.csv", r"gone.csv does not exist"),
        (str(tmp_path / "*.nothing"), r"Nothing matches .*\*.nothing"),
        (tmp_path / "none", r"folder .*none holds no sessions"),
        (tmp_path / "empty.csv", r"empty.csv is empty"),
        (tmp_path / "empty.parquet", r"empty.parquet is empty"),
        ([], "nothing to read"),
        ([folder / "1.csv", tmp_path / "gone.csv"], r"gone.csv does not exist"),
        (None, "There is nothing to read"),
        (7, "int is no table of sessions"),
    ):
        with pytest.raises(InputError, match=message):
            read_sessions(source)


def test_one_broken_file_among_good_ones_is_named(folder: Path) -> None:
    (folder / "5.parquet").write_bytes((folder / "3.parquet").read_bytes()[:100])
    with pytest.raises(InputError, match=r"5.parquet cannot be read as Parquet"):
        read_sessions(folder)


def test_viewers_keep_their_ids_unless_pseudonyms_are_asked_for(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    assert read_sessions(folder).table["viewer_id"].unique().to_pylist() == ["ana"]
    hashed = read_sessions(folder, pseudonyms=True, key_file=key)
    assert hashed.table["viewer_id"].unique().to_pylist() != ["ana"]
    assert len(hashed.table["viewer_id"].unique()) == 1
    again = read_sessions(folder, pseudonyms=True, key_file=key)
    assert again.table["viewer_id"].to_pylist() == hashed.table["viewer_id"].to_pylist()
    other = read_sessions(folder, pseudonyms=True, key_file=tmp_path / "another key")
    assert other.table["viewer_id"].to_pylist() != hashed.table["viewer_id"].to_pylist()


def test_autoplay_is_kept_where_it_is_asked_for(folder: Path) -> None:
    frame = pd.read_csv(folder / "1.csv").assign(autoplay=True)
    assert len(read_sessions(frame)) == 0
    assert len(read_sessions(frame, keep_autoplay=True)) == 1


def test_the_local_clock_comes_from_the_zone_or_the_country_or_the_source(folder: Path) -> None:
    frame = pd.read_csv(folder / "1.csv")
    assert "utc_offset_min" not in read_sessions(frame).table.column_names
    assert read_sessions(frame, timezone="Asia/Tokyo").table["utc_offset_min"].to_pylist() == [540]
    assert read_sessions(frame.assign(country="DE")).table["utc_offset_min"].to_pylist() == [60]
    summer = frame.assign(country="DE", started_at="2024-07-01 20:00")
    assert read_sessions(summer).table["utc_offset_min"].to_pylist() == [120]
    known = frame.assign(country="DE", utc_offset_min=-300)
    assert read_sessions(known).table["utc_offset_min"].to_pylist() == [-300]


def test_several_files_with_different_columns_join(folder: Path) -> None:
    (folder / "5.csv").write_text(f"{HEAD},series_id\nben,e1,2024-01-05 20:00,60,crown\n")
    sessions = read_sessions(folder)
    assert sorted(s or "" for s in sessions.table["series_id"].to_pylist()) == ["", "", "", "", "crown"]
    assert sessions.tally.read == 5


@pytest.mark.parametrize("text", ["", "viewer_id,title_id\n" * 500])
def test_a_text_that_is_no_path_is_told(text: str) -> None:
    with pytest.raises(InputError, match="is no path"):
        read_sessions(text)


def test_an_offset_that_is_not_known_comes_from_the_zone(folder: Path) -> None:
    frame = pd.read_csv(sorted(folder.glob("*.csv"))[0]).assign(utc_offset_min=pd.NA)
    read = read_sessions(frame.astype({"utc_offset_min": "Int64"}), timezone="America/New_York")
    assert set(read.to_pandas()["utc_offset_min"]) <= {-300, -240}


def test_results_of_an_earlier_run_are_no_sessions(folder: Path) -> None:
    before = len(read_sessions(folder))
    results = folder / "results"
    results.mkdir()
    for name in ("assignments.parquet", "marks.json", "quarantine.csv"):
        (results / name).write_text("viewer_id,pattern\n")
    assert len(read_sessions(folder)) == before


def test_ids_that_a_float_cannot_tell_apart_are_refused() -> None:
    start = pd.date_range("2024-01-01", periods=4, freq="D", tz="UTC")
    ids = [2**60 + 1, 2**60 + 2, 2**60 + 3, None]  # pandas makes floats of them
    frame = pd.DataFrame({"viewer_id": ids, "title_id": "t", "started_at": start, "played_s": 60.0})
    with pytest.raises(InputError, match="viewer_id"):
        read_sessions(frame)


def test_player_events_that_are_given_as_sessions_are_told_apart(tmp_path: Path) -> None:
    statement = {"actor": {"mbox": "mailto:a@example.org"}, "verb": {"id": "https://w3id.org/xapi/video/verbs/played"}}
    (tmp_path / "statements.json").write_text(json.dumps([{**statement, "object": {"id": "film"}}]))
    (tmp_path / "traces.csv").write_text(
        "Profile Name,Title Description,Device,Playback Start Utc Ts,Country,Playtraces\n"
    )
    for name in ("statements.json", "traces.csv"):
        with pytest.raises(InputError, match=rf"{name} holds player events, not sessions. Give it as events: --events"):
            read_sessions(tmp_path / name)
