"""A source in pieces is the source: its rows, its line numbers, its columns, and what was written twice."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analyzer
from analyzer.sessions.pieces import Piece, PieceKind, ReadOptions, pieces_of
from analyzer.sessions.reading import checked, provided_by
from analyzer.sessions.records import Sessions
from analyzer.sessions.source import read_pieces, read_sessions
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow import options
from analyzer.workflow.intake import Extracted

HEAD = "viewer_id,title_id,started_at,played_s"
ACTIVITY = (
    "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,Latest Bookmark,"
    "Country\n"
    "Robin,2024-03-02 20:15:00,00:40:00,,Harbour Lights,,Tablet,00:41:00,00:41:00,SE (Sweden)\n"
)
HISTORY = "Title,Date\nHarbour Lights,3/2/24\nHarbour Lights,3/2/24\n"
MONDAY = pd.Timestamp("2024-01-01", tz="UTC")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Some 2,500 rows, with some that are dropped, cannot be read, or stand there twice."""
    sessions, _ = synthesize(Population(viewers=30, days=40, seed=2))
    rows = sessions.to_pandas().astype({"viewer_id": str, "title_id": str}).assign(session_id=None)
    rows["autoplay"] = np.arange(len(rows)) % 11 == 0
    rows["played_s"] = rows["played_s"].where(np.arange(len(rows)) % 97 > 0, -1.0)
    rows = pd.concat([rows, rows.iloc[::40]], ignore_index=True)
    assert len(rows) > 2_000
    return rows.sample(frac=1.0, random_state=1, ignore_index=True)


@pytest.fixture
def through_disk(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Extracted]:
    """Extract through partitions: the least memory that is allowed is made to hold nothing."""
    monkeypatch.setattr(options, "BYTES_PER_ROW", 1 << 30)
    monkeypatch.setattr(options, "_LEAST_ROWS", 200)

    folder = tmp_path_factory.mktemp("out")

    def extract(source: Any, out: Path = folder / "v.parquet", **settings: Any) -> Extracted:
        return analyzer.write_features(source, out, memory="64MB", workers=1, **settings)

    return extract


def write(frame: pd.DataFrame, path: Path, row_group_size: int | None = None) -> Path:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path, row_group_size=row_group_size)
    return path


def rows_of(sessions: Sessions) -> pd.DataFrame:
    """The rows in an order of their own, keys as plain text."""
    rows = sessions.to_pandas()
    rows = rows.astype({name: object for name in rows.columns if isinstance(rows[name].dtype, pd.CategoricalDtype)})
    return rows.sort_values(["viewer_id", "started_at", "title_id", "played_s"], ignore_index=True)


def same(one: Sessions, other: Sessions) -> None:
    assert one.tally == other.tally
    pd.testing.assert_frame_equal(rows_of(one), rows_of(other))


def quarantined(sessions: Sessions) -> list[tuple[int, str]]:
    return sorted((row["line"], row["reason"]) for row in sessions.quarantine.to_pylist())


# ---------------------------------------------------------------- cut anywhere


@pytest.mark.parametrize("piece_rows", [50, 100, 350, 1 << 20])
def test_row_groups_cut_a_file_into_pieces_that_are_the_file(
    frame: pd.DataFrame, tmp_path: Path, piece_rows: int
) -> None:
    path, how = write(frame, tmp_path / "views.parquet", row_group_size=100), ReadOptions()
    pieces = pieces_of(path, how, piece_rows)
    groups = -(-len(frame) // 100)
    assert len(pieces) == -(-groups // max(piece_rows // 100, 1)) if piece_rows < len(frame) else 1
    assert [group for piece in pieces for group in piece.row_groups or ()] == list(range(groups))
    assert sum(piece.rows for piece in pieces) == len(frame)
    assert [piece.first_row for piece in pieces] == list(np.cumsum([1, *(piece.rows for piece in pieces[:-1])]))
    cut, whole = read_pieces(pieces, how), read_sessions(frame)
    same(cut, whole)
    assert cut.table["viewer_id"].to_pylist() == whole.table["viewer_id"].to_pylist(), "in the file's order"
    assert quarantined(cut) == quarantined(whole)
    assert [line for line, _ in quarantined(cut)] == [*np.flatnonzero(frame["played_s"] < 0) + 1]
    assert cut.sources == (str(path),)


def test_a_row_group_that_is_larger_than_a_piece_is_read_some_rows_at_a_time(
    frame: pd.DataFrame, tmp_path: Path
) -> None:
    """Row groups of a million rows are usual, and a worker holds no more rows than its memory is meant for."""
    path, how = write(frame, tmp_path / "views.parquet"), ReadOptions()
    (piece,) = pieces_of(path, how, 500)
    assert piece.row_groups == (0,)
    parts = list(checked(piece, how))
    assert sum(part.table.num_rows for part in parts) == len(frame)
    assert max(part.table.num_rows for part in parts) <= 500


def test_a_frame_is_cut_into_pieces_that_are_the_frame(frame: pd.DataFrame) -> None:
    pieces = pieces_of(frame, ReadOptions(), 100)
    assert [piece.rows for piece in pieces[:-1]] == [100] * (len(frame) // 100)
    cut, whole = read_pieces(pieces, ReadOptions()), read_sessions(frame)
    same(cut, whole)
    assert quarantined(cut) == quarantined(whole)


def test_a_file_of_no_rows_is_a_piece_too(tmp_path: Path) -> None:
    empty = write(pd.DataFrame({name: pd.Series(dtype="str") for name in HEAD.split(",")}), tmp_path / "views.parquet")
    assert [piece.rows for piece in pieces_of(empty, ReadOptions())] == [0]


@pytest.mark.parametrize("files", [2, 7])
def test_one_file_or_many_is_no_matter_to_table_and_tally(
    frame: pd.DataFrame, tmp_path: Path, through_disk: Callable[..., Extracted], files: int
) -> None:
    whole = read_sessions(frame)
    assert whole.tally.dropped["duplicate"] > 20
    (tmp_path / "views").mkdir()
    for number, part in enumerate(np.array_split(np.arange(len(frame)), files)):
        write(frame.iloc[part], tmp_path / "views" / f"{number}.parquet", row_group_size=90)
    cut = read_sessions(tmp_path / "views")
    same(cut, whole)
    assert through_disk(tmp_path / "views", features=["plays"]).intake.tally == whole.tally


@pytest.mark.parametrize(
    "values",
    [
        [1_704_067_200, 1_704_067_200_000, 1_704_067_200_000_000, 1_704_067_200_000_000_000] * 3,
        [1_704_067_200.5, 1_704_067_200_500.0, 1_704_067_200_500_000.0, float("nan")] * 3,
        [1_000, 1_704_067_200, 2**62, 1_704_067_200_000] * 3,
    ],
    ids=["whole numbers", "fractions", "some that are no time"],
)
def test_times_as_numbers_are_read_the_same_in_any_piece(values: list[float]) -> None:
    count = len(values)
    frame = pd.DataFrame({"viewer_id": "ana", "title_id": range(count), "started_at": values, "played_s": 60.0})
    whole = read_sessions(frame)
    for size in (1, 2, 3, 5):
        cut = read_pieces(pieces_of(frame, ReadOptions(), size), ReadOptions())
        same(cut, whole)
        assert quarantined(cut) == quarantined(whole)
    assert set(whole.table["started_at"].to_pandas().dt.floor("s")) == {MONDAY}


def test_ids_as_floats_are_read_the_same_in_any_piece() -> None:
    ids = [12.0, None, 12.5, 7.0, 2.0**60, 12.0, 0.0, -3.0]
    frame = pd.DataFrame({"viewer_id": ids, "title_id": "film", "started_at": MONDAY, "played_s": range(len(ids))})
    whole = read_sessions(frame)
    assert whole.table["viewer_id"].to_pylist() == ["12", "12.5", "7", "12", "0", "-3"]
    assert [line for line, _ in quarantined(whole)] == [2, 5]
    for size in (1, 2, 3):
        cut = read_pieces(pieces_of(frame, ReadOptions(), size), ReadOptions())
        same(cut, whole)
        assert quarantined(cut) == quarantined(whole)


def test_ids_are_the_same_in_a_file_of_whole_numbers_and_in_one_of_floats(tmp_path: Path) -> None:
    row = {"title_id": "film", "started_at": MONDAY, "played_s": 60.0}
    write(pd.DataFrame([{"viewer_id": 12, **row}]), tmp_path / "1.parquet")
    write(pd.DataFrame([{"viewer_id": 12.0, **row}, {"viewer_id": None, **row}]), tmp_path / "2.parquet")
    sessions = read_sessions(tmp_path)
    assert sessions.table["viewer_id"].to_pylist() == ["12"]
    assert sessions.tally.dropped == {"duplicate": 1}


# ---------------------------------------------------------------- which columns


def sources(folder: Path) -> dict[str, Any]:
    plain = pd.read_csv(_text(folder / "plain.csv", f"{HEAD}\nana,film,2024-01-01 20:00,5400\n"))
    return {
        "Parquet": write(plain.assign(runtime_s=6000.0, mood="good"), folder / "views.parquet"),
        "CSV": folder / "plain.csv",
        "CSV with a country": _text(folder / "c.csv", f"{HEAD},Country\nana,film,2024-01-01 20:00,5400,DE\n"),
        "frame": plain.assign(series_id=None),
        "frame with a country and a clock": plain.assign(country="DE", utc_offset_min=None),
        "activity": _text(folder / "ViewingActivity.csv", ACTIVITY),
        "history": _text(folder / "NetflixViewingHistory.csv", HISTORY),
    }


def _text(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize("timezone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("name", range(7))
def test_what_pieces_say_that_they_provide_is_what_their_rows_have(
    tmp_path: Path, name: int, timezone: str | None
) -> None:
    kind, source = list(sources(tmp_path).items())[name]
    how = ReadOptions(timezone=timezone, key_file=tmp_path / "key")
    pieces = pieces_of(source, how)
    (rows,) = checked(pieces[0], how)
    assert provided_by(pieces, how) == set(rows.table.column_names), kind
    assert provided_by(pieces, how) == read_pieces(pieces, how).provides
    clock = "utc_offset_min" in provided_by(pieces, how)
    assert clock == (timezone is not None or "country" in kind or kind in {"activity", "history"})


def test_what_one_piece_provides_all_provide(tmp_path: Path) -> None:
    given = sources(tmp_path)
    paths = [str(given["CSV with a country"]), str(given["Parquet"])]
    pieces = pieces_of(paths, ReadOptions())
    assert provided_by(pieces, ReadOptions()) == {*HEAD.split(","), "country", "utc_offset_min", "runtime_s"}
    assert read_sessions(paths).provides == provided_by(pieces, ReadOptions())


def test_a_mapped_column_is_provided_under_its_own_name(tmp_path: Path) -> None:
    how = ReadOptions(mapping={"runtime_s": "played_s"})
    for source in (sources(tmp_path)["CSV"], sources(tmp_path)["frame"]):
        assert "runtime_s" in provided_by(pieces_of(source, how), how)


def test_pieces_say_what_they_are(tmp_path: Path) -> None:
    kinds = [pieces_of(source, ReadOptions())[0] for source in sources(tmp_path).values()]
    frame, csv, parquet, netflix = PieceKind.FRAME, PieceKind.CSV, PieceKind.PARQUET, PieceKind.NETFLIX
    assert [piece.kind for piece in kinds] == [parquet, csv, csv, frame, frame, netflix, netflix]
    assert [piece.is_table for piece in kinds] == [True] * 5 + [False] * 2
    assert [piece.distinct for piece in kinds] == [True] * 6 + [False]


# ---------------------------------------------------------------- written twice


def both(source: Any, through_disk: Callable[..., Extracted], **settings: Any) -> dict[str, int]:
    """Return what was dropped, the same in memory and through partitions."""
    whole = read_sessions(source, **settings)
    assert through_disk(source, features=["plays"], **settings).intake.tally == whole.tally
    return dict(whole.tally.dropped)


def test_a_row_that_stands_in_two_tables_is_one_row(tmp_path: Path, through_disk: Callable[..., Extracted]) -> None:
    row = "ana,film,2024-01-01 20:00,5400\n"
    _text(tmp_path / "1.csv", f"{HEAD}\n{row}ben,film,2024-01-01 20:00,5400\n")
    _text(tmp_path / "2.csv", f"{HEAD}\n{row}{row}")
    write(pd.read_csv(tmp_path / "1.csv").astype({"played_s": float}), tmp_path / "3.parquet")
    assert both(tmp_path, through_disk) == {"duplicate": 4}


def test_a_row_of_an_export_is_another_than_the_same_row_in_a_table(
    tmp_path: Path, through_disk: Callable[..., Extracted]
) -> None:
    settings = {"pseudonyms": False}
    export = _text(tmp_path / "ViewingActivity.csv", ACTIVITY + ACTIVITY.splitlines()[1] + "\n")
    rows = read_sessions(export, **settings).to_pandas()
    table = write(rows.astype({"started_at": "datetime64[us, UTC]"}), tmp_path / "table.parquet")
    assert both([str(table)], through_disk, **settings) == {}
    assert both([str(export)], through_disk, **settings) == {"duplicate": 1}, "within the export it stands twice"
    assert both([str(export), str(table)], through_disk, **settings) == {"duplicate": 1}


def test_two_views_of_one_title_on_one_day_of_a_history_are_two(
    tmp_path: Path, through_disk: Callable[..., Extracted]
) -> None:
    history = _text(tmp_path / "NetflixViewingHistory.csv", HISTORY)
    assert both([str(history)], through_disk, pseudonyms=False) == {}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("session_id", ["s1", "s2", "s1"]),
        ("device", ["tv", None, "tv"]),
        ("title_name", ["Film", "The film", "Film"]),
        ("unique_s", [1.0, 2.0, 1.0]),
    ],
)
def test_rows_that_differ_only_in_what_no_feature_reads_are_two(
    tmp_path: Path, through_disk: Callable[..., Extracted], name: str, values: list[object]
) -> None:
    row = {"viewer_id": "ana", "title_id": "film", "started_at": MONDAY, "played_s": 5400.0}
    frame = pd.DataFrame([{**row, name: value} for value in values])
    assert both(frame, through_disk) == {"duplicate": 1}, "the first and the last are one"
    for number in range(3):
        write(frame.iloc[[number]], tmp_path / f"{number}.parquet")
    assert both(str(tmp_path / "?.parquet"), through_disk) == {"duplicate": 1}


def test_a_column_that_one_file_lacks_is_null_in_its_rows(
    tmp_path: Path, through_disk: Callable[..., Extracted]
) -> None:
    row = "ana,film,2024-01-01 20:00,5400"
    _text(tmp_path / "1.csv", f"{HEAD}\n{row}\n")
    _text(tmp_path / "2.csv", f"{HEAD},device\n{row},tv\n{row},\n")
    assert both(tmp_path, through_disk) == {"duplicate": 1}


# ---------------------------------------------------------------- partitions of any content


@pytest.mark.parametrize(
    "viewers",
    [["ana"], ["ana", "ben"], [f"v{i}" for i in range(500)]],
    ids=["one viewer", "two viewers", "one session each"],
)
def test_partitions_may_be_empty(tmp_path: Path, through_disk: Callable[..., Extracted], viewers: list[str]) -> None:
    """There may be more partitions than viewers."""
    starts = MONDAY + pd.to_timedelta(np.arange(500) * 600, unit="s")
    named = [viewers[i % len(viewers)] for i in range(500)]
    frame = pd.DataFrame({"viewer_id": named, "title_id": "film", "started_at": starts, "played_s": 60.0})
    path = write(frame, tmp_path / "views.parquet", row_group_size=50)
    assert len(pieces_of(path, ReadOptions(), 100)) == 5
    assert through_disk(path, tmp_path / "v.parquet").vectors == len(viewers)
    vectors = pd.read_parquet(tmp_path / "v.parquet").set_index(["viewer_id", "window_start"])
    expected = analyzer.extract_features(read_sessions(frame))
    pd.testing.assert_frame_equal(vectors[expected.columns], expected, check_exact=True, check_dtype=False)


def test_partitions_may_hold_nothing_but_exports(tmp_path: Path, through_disk: Callable[..., Extracted]) -> None:
    for member in ("a", "b", "c"):
        (tmp_path / member).mkdir()
        _text(tmp_path / member / "ViewingActivity.csv", ACTIVITY)
    _text(tmp_path / "c" / "ViewingActivity.csv", ACTIVITY.replace("Robin", "Kim"))
    assert both([str(tmp_path / member) for member in "abc"], through_disk, pseudonyms=False) == {}


def test_partitions_may_hold_nothing_but_what_nobody_chose(
    tmp_path: Path, through_disk: Callable[..., Extracted]
) -> None:
    starts = MONDAY + pd.to_timedelta(np.arange(500) * 600, unit="s")
    frame = pd.DataFrame({"viewer_id": "ana", "title_id": "film", "started_at": starts, "played_s": 60.0})
    path = write(frame.assign(autoplay=True), tmp_path / "views.parquet", row_group_size=50)
    assert both(path, through_disk) == {"autoplay": 500}
    assert through_disk(path).vectors == 0


# ---------------------------------------------------------------- without a copy


def addresses(table: pa.Table, name: str) -> list[int]:
    return [chunk.buffers()[1].address for chunk in table[name].chunks]


@pytest.mark.parametrize("library", ["pyarrow", "Polars", "pandas", "DuckDB"])
def test_numbers_of_a_frame_are_used_where_they_are(library: str) -> None:
    count = 2_000
    columns = {
        "viewer_id": [f"v{i % 7}" for i in range(count)],
        "title_id": ["film"] * count,
        "started_at": MONDAY.to_pydatetime() + np.arange(count) * pd.Timedelta(hours=1).to_pytimedelta(),
        "played_s": np.arange(count) / 2,
        "runtime_s": np.full(count, 6000.0),
    }
    table = pa.table(columns)
    if library == "Polars":
        given: Any = pl.from_arrow(table, rechunk=True)
        before = given.to_arrow()
    elif library == "pandas":
        given = table.to_pandas()
        before = pa.table({"played_s": pa.array(given["played_s"].to_numpy())})
    elif library == "DuckDB":
        given = before = duckdb.table("table").to_arrow_table()
    else:
        given = before = table
    sessions = read_sessions(given)
    assert len(sessions) == count, "no row is dropped"
    assert addresses(sessions.table, "played_s") == addresses(before, "played_s")


def test_a_table_in_pieces_of_a_frame_is_the_frame(frame: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    start = addresses(table, "played_s")
    pieces: list[Piece] = pieces_of(table, ReadOptions(), 100)
    assert all(addresses(piece.frame, "played_s") == start for piece in pieces)
    assert [piece.frame["played_s"].chunk(0).offset for piece in pieces] == list(range(0, len(frame), 100))
