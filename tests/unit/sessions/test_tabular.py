"""Any table in: files good, odd and broken; frames of every library; columns under other names."""

from __future__ import annotations

import decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer.errors import InputError
from analyzer.sessions.delimited import read_csv
from analyzer.sessions.door import admit
from analyzer.sessions.records import Sessions
from analyzer.sessions.tabular import match_columns, read_frame, read_parquet

HEAD = "viewer_id,title_id,started_at,played_s"
ROW = "ana,film,2024-01-01 20:00,5400"


def of_csv(path: Path, text: str | bytes) -> Sessions:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return admit(read_csv(path, {}))


def lines_of(sessions: Sessions) -> list[int]:
    return sorted(sessions.quarantine["line"].to_pylist())


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    return tmp_path / "views.csv"


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "viewer_id": ["ana", "ben", "ben"],
            "title_id": ["film", "e1", "e1"],
            "started_at": pd.to_datetime(["2024-01-01 20:00:00", "2024-02-29 23:59:59", "2024-03-01 06:00:00"]),
            "played_s": [5400.0, 60.5, 1.0],
            "series_id": [None, "crown", "crown"],
            "runtime_s": [6000.0, None, 2400.0],
            "autoplay": [False, False, None],
            "utc_offset_min": pd.array([60, None, -330], dtype="Int64"),
        }
    )


# ---------------------------------------------------------------- files that are none


@pytest.mark.parametrize("read", [read_csv, read_parquet])
def test_a_missing_file_and_a_folder_are_told(tmp_path: Path, read: object) -> None:
    for path in (tmp_path / "nothing here", tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read(path, {})


@pytest.mark.parametrize("text", ["", "\n", "  \n\r\n\t\n"])
def test_an_empty_file_is_told(csv: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"views.csv is empty. Give a file with a header line"):
        of_csv(csv, text)


@pytest.mark.parametrize("text", [HEAD, HEAD + "\n", HEAD + "\n\n\n", HEAD + "\n,,,\n"])
def test_a_header_without_rows_is_told(csv: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"views.csv holds no rows"):
        of_csv(csv, text)


def test_bytes_that_are_no_text_are_told(csv: Path) -> None:
    with pytest.raises(InputError, match="not a text file"):
        of_csv(csv, HEAD.encode() + b"\nan\0a,film,2024-01-01,5\n")
    with pytest.raises(InputError, match="neither UTF-8 nor Windows-1252"):
        of_csv(csv, HEAD.encode() + b"\nan\x81\xe9,film,2024-01-01,5\n")


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.95])
def test_a_parquet_file_cut_short_is_told(tmp_path: Path, frame: pd.DataFrame, keep: float) -> None:
    path = tmp_path / "views.parquet"
    frame.to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(InputError, match=r"cannot be read as Parquet: .* cut short"):
        read_parquet(path, {})


def test_a_parquet_file_with_damaged_pages_is_told(tmp_path: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "views.parquet"
    frame.to_parquet(path)
    damaged = bytearray(path.read_bytes())
    damaged[20:80] = b"\xff" * 60
    path.write_bytes(damaged)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read_parquet(path, {})


def test_a_csv_that_calls_itself_parquet_is_told(tmp_path: Path) -> None:
    path = tmp_path / "views.parquet"
    path.write_text(f"{HEAD}\n{ROW}\n")
    with pytest.raises(InputError, match="another format"):
        read_parquet(path, {})


def test_an_object_that_is_no_table_is_told() -> None:
    with pytest.raises(InputError, match="A int is no table of sessions"):
        read_frame(5, {})


# ---------------------------------------------------------------- CSV that is odd


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_the_separator_is_found(csv: Path, separator: str, line_end: str) -> None:
    sessions = of_csv(csv, line_end.join([HEAD, ROW, ""]).replace(",", separator))
    assert sessions.table.select(["viewer_id", "played_s"]).to_pylist() == [{"viewer_id": "ana", "played_s": 5400.0}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_unicode_is_read_in_its_usual_encodings(csv: Path, encoding: str) -> None:
    text = f"{HEAD}\n👩‍👧,Amélie,2024-01-01 20:00,5400\n"
    data = b"\xff\xfe" + text.encode("utf-16-le") if encoding == "utf-16-le-bom" else text.encode(encoding)
    sessions = of_csv(csv, data)
    assert sessions.table["viewer_id"].to_pylist() == ["👩‍👧"]
    assert sessions.table["title_id"].to_pylist() == ["Amélie"]
    assert sessions.notes == ()


def test_what_is_not_utf8_is_read_as_windows_1252_and_said(csv: Path) -> None:
    sessions = of_csv(csv, f"{HEAD}\nana,Amélie – €,2024-01-01 20:00,5400\n".encode("cp1252"))
    assert sessions.table["title_id"].to_pylist() == ["Amélie – €"]
    assert sessions.notes == ("views.csv is not UTF-8; it was read as Windows-1252.",)


def test_values_in_quotes_keep_their_separators_and_quotes(csv: Path) -> None:
    sessions = of_csv(csv, f'{HEAD}\n"ana","One, ""Two""",2024-01-01 20:00,"5400"\n')
    assert sessions.table["title_id"].to_pylist() == ['One, "Two"']


def test_a_row_with_too_few_or_too_many_fields_is_quarantined_with_its_line(csv: Path) -> None:
    rows = [ROW.replace("ana", f"v{i}") for i in range(20)]
    rows[4] = "ana,film"
    rows[9] += ",one more"
    sessions = of_csv(csv, "\n".join([HEAD, *rows]))
    assert sessions.quarantine.to_pylist() == [
        {"file": str(csv), "line": n, "reason": "the line does not have the 4 fields of the header"} for n in (6, 11)
    ]
    assert sessions.tally.used == 18


def test_lines_are_counted_past_blank_lines_bad_lines_and_line_breaks_in_quotes(csv: Path) -> None:
    text = [
        HEAD,  # 1
        ROW,  # 2
        "",  # 3
        "too,few",  # 4
        'ben,"a title',  # 5
        'on two lines",2024-01-01,60',  # 6
        "eva,film,2024-01-01,-5",  # 7
        ",,,",  # 8
        "eva,film,soon,5",  # 9
        "too,many,2024-01-01,5,5",  # 10
        "zoe,film,2024-01-01,-5",  # 11
        "",
    ]
    sessions = of_csv(csv, "\n".join(text))
    assert lines_of(sessions) == [4, 7, 9, 10, 11]
    assert sessions.table["title_id"].to_pylist() == ["film", "a title\non two lines"]
    assert sessions.tally.read == 7, "blank lines are no rows"


def test_a_row_with_nothing_but_values_of_other_columns_is_a_row(csv: Path) -> None:
    sessions = of_csv(csv, f"{HEAD},comment\n{ROW},\n,,,,lost?\n,,,,\n")
    assert sessions.tally.read == 2
    assert sessions.quarantine.to_pylist() == [{"file": str(csv), "line": 3, "reason": "viewer_id is missing"}]


def test_lines_that_an_unclosed_quote_swallows_are_quarantined_not_lost(csv: Path) -> None:
    rows = [ROW.replace("ana", f"v{i}") for i in range(6)]
    rows[2] = 'v2,"film,2024-01-01 20:00,5400'
    sessions = of_csv(csv, "\n".join([HEAD, *rows, ""]))
    assert sessions.tally.read == 6
    assert sessions.table["viewer_id"].to_pylist() == ["v0", "v1"]
    assert lines_of(sessions) == [4, 5, 6, 7]


def test_a_line_longer_than_any_block_is_told_with_what_to_look_for(csv: Path) -> None:
    with pytest.raises(InputError, match="a quote that nothing closes or a line of many megabytes"):
        of_csv(csv, f"{HEAD}\n{ROW}\nana,{'x' * (1 << 25)},2024-01-01,5\n")


def test_lines_are_counted_beyond_the_first_block(csv: Path) -> None:
    # A block is 16 MiB; padding in a column that is not read makes a million bytes of few rows.
    rows = [f"v{i},film,2024-01-01 20:00,60,{'x' * 20_000}" for i in range(1_000)]
    rows[990] = "too,few"
    rows[995] = rows[995].replace(",60,", ",-60,")
    sessions = of_csv(csv, "\n".join([f"{HEAD},padding", *rows]))
    assert csv.stat().st_size > 1 << 24
    assert lines_of(sessions) == [992, 997]


def test_words_for_nothing_are_null(csv: Path) -> None:
    rows = [f"ana,film,2024-01-0{i + 1},60,{word}" for i, word in enumerate(["", "NULL", "null", "NaN", "NA", "None"])]
    sessions = of_csv(csv, "\n".join([f"{HEAD},runtime_s", *rows]))
    assert sessions.tally.used == 6
    assert sessions.table["runtime_s"].null_count == 6


# ---------------------------------------------------------------- columns under other names


@pytest.mark.parametrize("written", ["Viewer ID", " viewer_id ", "VIEWER-ID", "viewer.id", "Viewer  Id"])
def test_a_column_is_found_however_it_is_written(csv: Path, written: str) -> None:
    assert of_csv(csv, f"{HEAD.replace('viewer_id', written)}\n{ROW}\n").tally.used == 1


def test_the_exact_name_is_taken_before_one_that_is_written_otherwise(csv: Path) -> None:
    sessions = of_csv(csv, f"Viewer ID,{HEAD}\nwrong,{ROW}\n")
    assert sessions.table["viewer_id"].to_pylist() == ["ana"]


def test_a_missing_required_column_is_named_with_the_nearest_present_one_and_how_to_map_it(csv: Path) -> None:
    csv.write_text("user_id,titel_id,started_at,played_s\na,b,2024-01-01,5\n")
    with pytest.raises(InputError) as caught:
        read_csv(csv, {})
    assert "has no column viewer_id and no column title_id" in caught.value.cause
    assert "present are user_id, titel_id, started_at, played_s" in caught.value.cause
    assert caught.value.remedy == (
        "Did you mean 'user_id'? Map it with --map viewer_id=user_id or mapping={'viewer_id': 'user_id'}."
    )
    with pytest.raises(InputError, match=r"mapping=\{.title_id.: .titel_id.\}"):
        read_csv(csv, {"viewer_id": "user_id"})


def test_a_mapping_is_followed(csv: Path) -> None:
    csv.write_text("who,what,when,long\nana,film,2024-01-01,5\n")
    mapping = {"viewer_id": "who", "title_id": "what", "started_at": "when", "played_s": "long"}
    assert admit(read_csv(csv, mapping)).table["title_id"].to_pylist() == ["film"]


def test_a_mapping_of_or_to_an_unknown_column_is_told() -> None:
    names = HEAD.split(",")
    with pytest.raises(InputError, match=r"names 'viewer', which is no session column. Did you mean 'viewer_id'"):
        match_columns(names, {"viewer": "viewer_id"}, "x.csv")
    with pytest.raises(InputError, match=r"x.csv has no column 'title' to map to series_id. Did you mean 'title_id'"):
        match_columns(names, {"series_id": "title"}, "x.csv")
    with pytest.raises(InputError, match="has no column None"):
        match_columns(names, {"series_id": None}, "x.csv")  # type: ignore[dict-item]


def test_one_source_column_may_be_mapped_to_two(tmp_path: Path, csv: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "views.parquet"
    frame.drop(columns="series_id").to_parquet(path)
    frame.drop(columns="series_id").to_csv(csv, index=False)
    for rows in (read_parquet(path, {"series_id": "title_id"}), read_csv(csv, {"series_id": "title_id"})):
        table = admit(rows).table
        assert table["series_id"].to_pylist() == table["title_id"].to_pylist()


def test_two_columns_of_one_name_are_told(tmp_path: Path, csv: Path, frame: pd.DataFrame) -> None:
    path = tmp_path / "views.parquet"
    table = pa.Table.from_pandas(frame)
    pq.write_table(table.append_column("viewer_id", table["viewer_id"]), path)
    csv.write_text(f"{HEAD},viewer_id\n{ROW},ben\n")
    for read, source in (
        (read_parquet, path),
        (read_csv, csv),
        (read_frame, pd.concat([frame, frame[["viewer_id"]]], axis=1)),
    ):
        with pytest.raises(InputError, match="2 columns named 'viewer_id'"):
            read(source, {})


# ---------------------------------------------------------------- frames


def same_sessions(sessions: Sessions, expected: Sessions) -> None:
    assert sessions.tally == expected.tally
    assert sessions.table.to_pylist() == expected.table.to_pylist()
    assert sessions.table.schema.types == expected.table.schema.types


@pytest.fixture
def expected(frame: pd.DataFrame) -> Sessions:
    return admit(read_frame(frame, {}))


def test_the_frame_arrives_as_it_is(expected: Sessions, frame: pd.DataFrame) -> None:
    assert expected.tally.used == 3
    assert expected.table["viewer_id"].to_pylist() == list(frame["viewer_id"])
    assert expected.table["runtime_s"].to_pylist() == [6000.0, None, 2400.0]
    assert expected.table["utc_offset_min"].to_pylist() == [60, None, -330]
    assert [t.isoformat() for t in expected.table["started_at"].to_pylist()] == [
        "2024-01-01T20:00:00+00:00",
        "2024-02-29T23:59:59+00:00",
        "2024-03-01T06:00:00+00:00",
    ]


def test_every_library_gives_the_same_sessions(frame: pd.DataFrame, expected: Sessions) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    in_two_chunks = pa.concat_tables([table.slice(0, 1), table.slice(1)])
    polars = pl.from_arrow(table)
    for other in (
        table,
        in_two_chunks,
        in_two_chunks.to_reader(),
        table.to_batches()[0],
        polars,
        polars.with_columns(pl.col("viewer_id").cast(pl.Categorical)),
        duckdb.from_arrow(table),
        duckdb.sql("from t where true", connection=_with(table)),
        frame.set_index("viewer_id"),
        frame.convert_dtypes(),
        frame.astype({"viewer_id": "category", "title_id": "category"}),
        frame.astype(object),
        frame.set_axis([7, 7, 7]),
    ):
        same_sessions(admit(read_frame(other, {})), expected)


def _with(table: pa.Table) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.register("t", table)
    return connection


def test_every_file_gives_the_same_sessions(tmp_path: Path, frame: pd.DataFrame, expected: Sessions) -> None:
    frame.to_parquet(tmp_path / "a.parquet")
    pl.from_pandas(frame).write_parquet(tmp_path / "b.parquet")
    frame.to_csv(tmp_path / "c.csv", index=False)
    same_sessions(admit(read_parquet(tmp_path / "a.parquet", {})), expected)
    same_sessions(admit(read_parquet(tmp_path / "b.parquet", {})), expected)
    same_sessions(admit(read_csv(tmp_path / "c.csv", {})), expected)


def test_a_column_of_mixed_types_is_read_row_by_row(frame: pd.DataFrame) -> None:
    frame["played_s"] = pd.Series([5400, "60.5", "long"], dtype=object)
    frame["viewer_id"] = pd.Series([7, "ben", decimal.Decimal(3)], dtype=object)
    sessions = admit(read_frame(frame, {}))
    assert sessions.table["played_s"].to_pylist() == [5400.0, 60.5]
    assert sessions.table["viewer_id"].to_pylist() == ["7", "ben"]
    assert sessions.quarantine["line"].to_pylist() == [3]


@pytest.mark.parametrize("per_second", [1, 10**3, 10**6, 10**9], ids=["s", "ms", "us", "ns"])
def test_times_may_be_whole_numbers(frame: pd.DataFrame, expected: Sessions, per_second: int) -> None:
    seconds = frame["started_at"].astype("datetime64[s]").astype("int64")
    same_sessions(admit(read_frame(frame.assign(started_at=seconds * per_second), {})), expected)


def test_dates_decimals_and_wide_text_are_read(frame: pd.DataFrame) -> None:
    table = pa.table(
        {
            "viewer_id": pa.array(["ana", "ben", "ben"], pa.large_string()),
            "title_id": pa.array(["film", "e1", "e1"]).cast(pa.string_view()),
            "started_at": pa.array(frame["started_at"].dt.date),
            "played_s": pa.array([decimal.Decimal("5400.00"), decimal.Decimal("60.50"), decimal.Decimal("1.00")]),
            "series_id": pa.array([None, "crown", "crown"]).dictionary_encode(),
        }
    )
    sessions = admit(read_frame(table, {}))
    assert sessions.tally.used == 3
    assert sessions.table["played_s"].to_pylist() == [5400.0, 60.5, 1.0]
    assert {t.hour for t in sessions.table["started_at"].to_pylist()} == {0}


def test_a_nested_column_is_refused_or_quarantined_never_a_crash(frame: pd.DataFrame) -> None:
    nested = pa.array([{"id": 1}, {"id": 2}, {"id": 3}])
    table = pa.Table.from_pandas(frame, preserve_index=False)
    with pytest.raises(InputError, match="Column viewer_id of frame holds struct"):
        admit(read_frame(table.set_column(0, "viewer_id", nested), {}))
    with_a_gap = pa.array([{"id": 1}, {"id": 2}, None])
    sessions = admit(read_frame(table.append_column("country", with_a_gap), {}))
    assert sessions.quarantine["reason"].to_pylist() == ["country cannot be read as text"] * 2


def test_row_numbers_of_a_frame_begin_at_one(frame: pd.DataFrame) -> None:
    frame.loc[0, "played_s"] = np.nan
    assert admit(read_frame(frame.set_axis([10, 20, 30]), {})).quarantine["line"].to_pylist() == [1]
