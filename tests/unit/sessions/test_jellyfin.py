"""The history that Jellyfin's Playback Reporting keeps is read as it lies there: row by row, and never changed.

Names and titles are invented.
"""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.door import DoorRules, check
from analyzer.sessions.jellyfin import PROVIDES, batches, looks_like
from analyzer.sessions.schema import COLUMNS
from analyzer.sessions.source import read_sessions

CREATE = (
    "CREATE TABLE PlaybackActivity (DateCreated DATETIME NOT NULL, UserId TEXT, ItemId TEXT, ItemType TEXT,"
    " ItemName TEXT, PlaybackMethod TEXT, ClientName TEXT, DeviceName TEXT, PlayDuration INT)"
)
ROW = {
    "DateCreated": "2024-07-02 20:15:00.1234567",
    "UserId": "0a1b2c",
    "ItemId": "77fe",
    "ItemType": "Episode",
    "ItemName": "Harbour Lights - s01e02 - Fog",
    "PlaybackMethod": "DirectPlay",
    "ClientName": "Web",
    "DeviceName": "Tablet",
    "PlayDuration": 2400,
}

NAMES = tuple(ROW)


def row(**values: Any) -> dict[str, Any]:
    return ROW | values


@dataclass(frozen=True)
class Server:
    """Writes a database and reads it back."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "playback_reporting.db"

    def write(self, *rows: dict[str, Any], create: str = CREATE) -> Path:
        self.path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.path)) as database:
            database.execute(create)
            marks = ", ".join("?" * len(NAMES))
            for values in rows:
                database.execute(f"INSERT INTO PlaybackActivity VALUES ({marks})", [values[name] for name in NAMES])
            database.commit()
        return self.path

    def rows(self, *rows: dict[str, Any], timezone: str | None = None) -> list[dict[str, Any]]:
        (batch,) = batches(self.write(*rows), timezone=timezone)
        return batch.columns.to_pylist()

    def value(self, column: str, **values: Any) -> Any:
        return self.rows(row(**values))[0][column]

    def reason(self, **values: Any) -> str | None:
        (batch,) = batches(self.write(row(**values)), timezone=None)
        return batch.reject[0].as_py()

    def started(self, text: Any, timezone: str | None = None) -> tuple[datetime | None, int | None]:
        (found,) = self.rows(row(DateCreated=text), timezone=timezone)
        return found["started_at"], found["utc_offset_min"]


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


class TestARow:
    def test_is_one_session(self, server):
        (batch,) = batches(server.write(ROW), timezone="Europe/Stockholm")
        assert batch.columns.to_pylist() == [
            {
                "viewer_id": "0a1b2c",
                "title_id": "77fe",
                "title_name": "Harbour Lights - s01e02 - Fog",
                "series_id": "Harbour Lights",
                "started_at": utc(2024, 7, 2, 18, 15, 0, 123_456),
                "played_s": 2400.0,
                "content_kind": "main",
                "utc_offset_min": 120,
                "device": "Tablet",
            }
        ]
        assert (batch.line.to_pylist(), batch.reject.to_pylist(), batch.notes) == ([1], [None], ())

    def test_has_the_columns_that_it_says_and_that_are_declared(self, server):
        (found,) = server.rows(ROW)
        assert set(found) == set(PROVIDES) <= set(COLUMNS)

    def test_becomes_a_session_of_a_viewer_with_a_pseudonym(self, server, tmp_path):
        found = read_sessions(server.write(ROW, row(UserId="9f")), key_file=tmp_path / "key", timezone="Europe/Oslo")
        assert (len(found), found.tally.used) == (2, 2)
        assert all(viewer.startswith("v_") for viewer in found.table["viewer_id"].to_pylist())
        assert found.table["utc_offset_min"].to_pylist() == [120, 120]

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            *[(kind, "main") for kind in ("Movie", "Episode", "Video", "MusicVideo", "Audio", "Book", "movie ")],
            ("Trailer", "trailer"),
            ("Hologram", None),
            ("", None),
            (None, None),
            (b"Movie", None),
            (7, None),
        ],
    )
    def test_says_what_kind_of_content_was_played(self, server, kind, content):
        assert server.value("content_kind", ItemType=kind) == content

    @pytest.mark.parametrize(
        ("name", "series"),
        [
            ("Harbour Lights - s01e02 - Fog", "Harbour Lights"),
            ("Fog - Rain - S1E2 - Snow - s03e04 - Ice", "Fog - Rain"),
            ("Harbour  Lights - s2024e112 -", "Harbour Lights"),
            ("Harbour Lights - s01e02-e03 - Fog", "Harbour Lights"),
            ("Not Known - s00e00 - Fog", None),
            (" - s01e02 - Fog", None),
            ("Harbour Lights", None),
            ("Harbour Lights - s1 - Fog", None),
            ("", None),
            (None, None),
            (12, None),
            (b"Harbour Lights - s01e02 - Fog", None),
        ],
    )
    def test_of_an_episode_names_its_series(self, server, name, series):
        assert server.value("series_id", ItemName=name) == series

    def test_of_a_film_has_no_series_whatever_it_is_called(self, server):
        assert server.value("series_id", ItemType="Movie") is None

    def test_with_numbers_for_ids_is_read(self, server):
        create = CREATE.replace("UserId TEXT, ItemId TEXT", "UserId, ItemId")
        (batch,) = batches(server.write(row(UserId=12, ItemId=7.0), create=create), timezone=None)
        assert batch.columns.select(["viewer_id", "title_id"]).to_pylist() == [{"viewer_id": "12", "title_id": "7"}]


class TestPlayDuration:
    @pytest.mark.parametrize(
        ("value", "seconds"), [(2400, 2400.0), ("12.5", 12.5), (" 7 ", 7.0), (None, None), ("", None), (-5, -5.0)]
    )
    def test_is_read_from_numbers_and_text(self, server, value, seconds):
        assert server.value("played_s", PlayDuration=value) == seconds
        assert server.reason(PlayDuration=value) is None

    def test_beyond_all_bounds_is_unknown(self, server):
        assert server.value("played_s", PlayDuration=float("inf")) is None

    @pytest.mark.parametrize("value", ["long", b"\x01", "0:40:00", "1e", "true"])
    def test_that_is_something_else_sets_the_row_aside(self, server, value):
        assert server.reason(PlayDuration=value) == "PlayDuration is not a number"

    def test_below_zero_or_beyond_a_day_is_left_to_the_door(self, server):
        (batch,) = batches(server.write(row(PlayDuration=-5), row(PlayDuration=30 * 3_600), ROW), timezone=None)
        tally = check(batch, DoorRules()).summary.tally
        assert (tally.used, tally.quarantined) == (1, 2)


class TestDateCreated:
    @pytest.mark.parametrize(
        "text",
        ["2024-07-02 20:15:00.0000000", "2024-07-02T20:15:00", "2024-07-02 20:15", " 2024-07-02 20:15:00.0 "],
    )
    def test_is_read_however_precise(self, server, text):
        assert server.started(text) == (utc(2024, 7, 2, 20, 15), None)

    def test_without_a_zone_is_taken_as_utc_and_said(self, server):
        (batch,) = batches(server.write(ROW), timezone=None)
        assert batch.columns["utc_offset_min"].null_count == 1
        assert "--timezone" in batch.notes[0]

    def test_with_a_zone_is_that_zones_time_in_summer_and_winter(self, server):
        assert server.started("2024-07-02 20:15:00", "Europe/Berlin") == (utc(2024, 7, 2, 18, 15), 120)
        assert server.started("2024-01-02 20:15:00", "Europe/Berlin") == (utc(2024, 1, 2, 19, 15), 60)
        assert server.started("2024-01-01 00:15:00", "Asia/Kolkata") == (utc(2023, 12, 31, 18, 45), 330)

    def test_in_an_hour_that_does_not_exist_is_the_hour_after(self, server):
        assert server.started("2024-03-31 02:30:00", "Europe/Berlin") == (utc(2024, 3, 31, 1, 30), 120)

    def test_in_an_hour_that_occurs_twice_is_the_first(self, server):
        assert server.started("2024-10-27 02:30:00", "Europe/Berlin") == (utc(2024, 10, 27, 0, 30), 120)

    @pytest.mark.parametrize("zone", ["Z", "+00:00", " +0000"])
    def test_that_names_its_zone_is_taken_at_its_word(self, server, zone):
        assert server.started(f"2024-07-02 20:15:00{zone}", "Europe/Berlin") == (utc(2024, 7, 2, 20, 15), 120)

    @pytest.mark.parametrize("value", [None, "", "  "])
    def test_that_is_missing_is_left_to_the_door(self, server, value):
        (batch,) = batches(
            server.write(row(DateCreated=value), ROW, create=CREATE.replace(" NOT NULL", "")), timezone=None
        )
        assert check(batch, DoorRules()).summary.quarantine["reason"].to_pylist() == ["started_at is missing"]

    @pytest.mark.parametrize(
        "value",
        ["yesterday", "now", "2024", "2024-07-02", "2024-02-30 20:15:00", "2024-07-02 25:00:00", 1_700_000_000, 45.5,
         b"2024-07-02 20:15:00", "2024-07-02 20:15:00 CEST", "02.07.2024 20:15:00", "2024-07-02 20:15:00+99:99"],
    )  # fmt: skip
    def test_that_is_no_time_sets_the_row_aside(self, server, value):
        assert server.reason(DateCreated=value) == "DateCreated cannot be read as a date and time"

    @pytest.mark.parametrize("text", ["0001-01-01 00:00:00.0000000", "9999-12-31 23:59:59"])
    def test_at_the_ends_of_the_calendar_is_a_row_that_the_door_refuses(self, server, text):
        for zone in (None, "Asia/Tokyo", "America/Lima"):
            (batch,) = batches(server.write(row(DateCreated=text), ROW), timezone=zone)
            tally = check(batch, DoorRules()).summary.tally
            assert (tally.used, tally.quarantined) == (1, 1)

    def test_in_a_zone_that_nobody_knows_is_an_error(self, server):
        with pytest.raises(InputError, match="no known time zone"):
            next(batches(server.write(ROW), timezone="Europe/Atlantis"))


class TestIds:
    @pytest.mark.parametrize("name", ["UserId", "ItemId"])
    @pytest.mark.parametrize("value", [b"\x00\xff", b"text", 1.5])
    def test_that_are_no_text_set_the_row_aside(self, server, name, value):
        create = CREATE.replace("UserId TEXT, ItemId TEXT", "UserId, ItemId")
        (batch,) = batches(server.write(row(**{name: value}), create=create), timezone=None)
        assert batch.reject.to_pylist() == [f"{name} is not text"]

    @pytest.mark.parametrize(("name", "column"), [("UserId", "viewer_id"), ("ItemId", "title_id")])
    @pytest.mark.parametrize("value", [None, "", " "])
    def test_that_are_missing_are_left_to_the_door(self, server, name, column, value):
        (batch,) = batches(server.write(row(**{name: value}), ROW), timezone=None)
        assert check(batch, DoorRules()).summary.quarantine["reason"].to_pylist() == [f"{column} is missing"]

    def test_of_bytes_that_are_no_utf8_are_text_all_the_same(self, server):
        path = server.write(ROW)
        with closing(sqlite3.connect(path)) as database:
            database.execute("UPDATE PlaybackActivity SET DeviceName = CAST(x'54e956' AS TEXT)")
            database.commit()
        (batch,) = batches(path, timezone=None)
        assert batch.columns["device"].to_pylist() == ["T\ufffdV"]


class TestTheFile:
    def test_is_read_some_rows_at_a_time_and_each_row_once(self, server):
        path = server.write(*(row(ItemId=str(n)) for n in range(25)))
        found = list(batches(path, timezone=None, batch_rows=10))
        assert [len(batch.line) for batch in found] == [10, 10, 5]
        assert pa.concat_arrays([batch.line for batch in found]).to_pylist() == list(range(1, 26))
        assert pa.concat_tables([batch.columns for batch in found])["title_id"].to_pylist() == list(map(str, range(25)))

    def test_numbers_the_rows_that_are_there(self, server):
        path = server.write(ROW, ROW, ROW)
        with closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM PlaybackActivity WHERE rowid = 2")
            database.commit()
        (batch,) = batches(path, timezone=None)
        assert batch.line.to_pylist() == [1, 2]

    def test_without_rows_is_one_batch_without_rows(self, server):
        (batch,) = batches(server.write(), timezone=None)
        assert set(batch.columns.column_names) == set(PROVIDES)
        assert len(batch.line) == len(batch.reject) == 0

    @pytest.mark.parametrize("name", ["a b?.db", "50%25 #1.db", "é&=;.db", "x?mode=rw.db"])
    def test_may_be_called_anything(self, server, tmp_path, name):
        path = server.write(ROW).rename(tmp_path / name)
        assert looks_like(path)
        assert len(next(batches(path, timezone=None)).line) == 1

    def test_is_found_from_where_one_is(self, server, monkeypatch):
        monkeypatch.chdir(server.write(ROW).parent)
        assert looks_like(Path("playback_reporting.db"))

    def test_with_columns_in_another_order_and_case_is_read(self, server):
        names = [name.upper() for name in reversed(NAMES)]
        with closing(sqlite3.connect(server.path)) as database:
            database.execute(f"CREATE TABLE playbackactivity (Extra, {', '.join(names)})")
            values = [ROW[name] for name in reversed(NAMES)]
            database.execute(f"INSERT INTO playbackactivity VALUES (1, {', '.join('?' * 9)})", values)
            database.commit()
        assert looks_like(server.path)
        (batch,) = batches(server.path, timezone=None)
        assert batch.columns.to_pylist() == server.rows(ROW)

    def test_without_names_and_devices_is_read(self, server):
        with closing(sqlite3.connect(server.path)) as database:
            database.execute("CREATE TABLE PlaybackActivity (DateCreated, UserId, ItemId, PlayDuration)")
            database.execute("INSERT INTO PlaybackActivity VALUES ('2024-07-02 20:15:00', 'a', 'b', 60)")
            database.commit()
        (batch,) = batches(server.path, timezone=None)
        found = batch.columns.to_pylist()[0]
        assert (found["played_s"], found["device"], found["content_kind"]) == (60.0, None, None)

    def test_of_a_server_that_runs_is_not_changed_and_what_is_not_seen_is_said(self, server):
        server.write(ROW)
        with closing(sqlite3.connect(server.path)) as writer:
            writer.execute("PRAGMA journal_mode=WAL")
            writer.execute("PRAGMA wal_autocheckpoint=0")
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("INSERT INTO PlaybackActivity SELECT * FROM PlaybackActivity")
            writer.commit()
            writer.execute("BEGIN IMMEDIATE")  # and it goes on writing while we read
            before = {path.name: path.read_bytes() for path in server.folder.iterdir()}
            (batch,) = batches(server.path, timezone="Europe/Oslo")
            after = {path.name: path.read_bytes() for path in server.folder.iterdir()}
        assert before == after
        assert len(batch.line) == 1
        assert "playback_reporting.db-wal" in batch.notes[0]

    def test_that_nobody_may_write_is_read(self, server):
        path = server.write(ROW)
        path.chmod(0o444)
        server.folder.chmod(0o555)
        try:
            (batch,) = batches(path, timezone=None)
        finally:
            server.folder.chmod(0o755)
        assert len(batch.line) == 1


class TestWhatIsNoHistory:
    def test_is_told_by_the_first_bytes_and_the_table(self, server, tmp_path):
        assert looks_like(server.write(ROW))
        other = tmp_path / "other.db"
        with closing(sqlite3.connect(other)) as database:
            database.execute("CREATE TABLE Users (Id)")
            database.commit()
        text = tmp_path / "text.db"
        text.write_text("DateCreated,UserId\n")
        for path in (other, text, tmp_path, tmp_path / "nothing.db", Path("\0")):
            assert not looks_like(path)

    def test_is_refused_in_words(self, tmp_path):
        text, other = tmp_path / "text.db", tmp_path / "other.db"
        text.write_text("DateCreated,UserId\n" * 1_000)
        with closing(sqlite3.connect(other)) as database:
            database.execute("CREATE TABLE PlaybackActivity (UserId)")
            database.commit()
        with pytest.raises(InputError, match="cannot be read as an SQLite database"):
            next(batches(text, timezone=None))
        with pytest.raises(InputError, match="no column DateCreated, ItemId, PlayDuration"):
            next(batches(other, timezone=None))
        with pytest.raises(InputError, match="cannot be read"):
            next(batches(tmp_path / "nothing.db", timezone=None))

    def test_or_is_damaged_has_a_remedy(self, server):
        path = server.write(*(row(ItemName="Fog" * 400, ItemId=str(n)) for n in range(200)))
        data = path.read_bytes()
        for part in (data[: len(data) // 2], data[:8_192] + b"\xff" * (len(data) - 8_192)):
            path.write_bytes(part)
            assert looks_like(path)
            with pytest.raises(InputError) as caught:
                list(batches(path, timezone=None))
            assert "copy the file again" in caught.value.remedy


anything = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=30) | st.binary(max_size=9)


@given(st.lists(st.fixed_dictionaries(dict.fromkeys(NAMES, anything)), max_size=5))
def test_every_row_is_accounted_for_whatever_it_holds(tmp_path_factory, rows):
    server = Server(tmp_path_factory.mktemp("server"))
    path = server.write(*rows, ROW, create=CREATE.replace(" NOT NULL", ""))
    for zone in (None, "Europe/Berlin"):
        (batch,) = batches(path, timezone=zone)
        assert check(batch, DoorRules()).summary.tally.read == len(rows) + 1


@given(st.integers())
def test_a_file_with_bytes_that_went_astray_is_read_or_refused_in_words(tmp_path_factory, seed):
    server, chance = Server(tmp_path_factory.mktemp("server")), random.Random(seed)  # noqa: S311
    path = server.write(*(row(ItemId=str(n)) for n in range(60)))
    data = bytearray(path.read_bytes())
    for _ in range(chance.randrange(1, 30)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data[: chance.randrange(1, len(data) + 1)] if seed % 2 else data)
    looks_like(path)
    with suppress(InputError):
        for batch in batches(path, timezone="Europe/Berlin"):
            check(batch, DoorRules())
