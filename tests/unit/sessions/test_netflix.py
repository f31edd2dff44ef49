"""A member's own export is read whole, however a spreadsheet left it; what cannot be read is named by its line.

Names and titles are invented.
"""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.door import DoorRules, admit
from analyzer.sessions.netflix import NOMINAL_VIEW_S, NetflixFile, account_of, looks_like, read
from analyzer.sessions.pseudonym import Pseudonymiser
from analyzer.sessions.schema import COLUMNS

HEADER = (
    "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark,"
    "Latest Bookmark,Country"
)
ROW = (
    "Robin,2024-03-02 20:15:00,00:40:00,,Harbour Lights: Season 1: Fog (Episode 2),,Tablet,00:41:00,00:41:00,"
    "SE (Sweden)"
)
KEY = Pseudonymiser(bytes(range(32)))


@dataclass(frozen=True)
class Export:
    """Writes a file and reads it back."""

    folder: Path

    def write(self, content: str | bytes, name: str = "ViewingActivity.csv") -> Path:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, content: str | bytes, **options):
        options = {"pseudonymiser": None, "account": "alpha", "timezone": None} | options
        return read(self.write(content), **options)

    def values(self, content: str | bytes, column: str, **options) -> list:
        return self.rows(content, **options).columns[column].to_pylist()

    def rejects(self, content: str | bytes) -> dict[int, str]:
        rows = self.rows(content)
        pairs = zip(rows.line.to_pylist(), rows.reject.to_pylist(), strict=True)
        return {line: reason for line, reason in pairs if reason is not None}


@pytest.fixture
def export(tmp_path) -> Export:
    return Export(tmp_path)


def activity(*rows: str, header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def row(
    profile: str = "Robin",
    start: str = "2024-03-02 20:15:00",
    duration: str = "00:40:00",
    attributes: str = "",
    title: str = "Harbour Lights",
    extra: str = "",
    bookmark: str = "00:41:00",
    latest: str = "00:41:00",
    country: str = "SE (Sweden)",
) -> str:
    buffer = io.StringIO()
    fields = [profile, start, duration, attributes, title, extra, "Tablet", bookmark, latest, country]
    csv.writer(buffer, lineterminator="").writerow(fields)
    return buffer.getvalue()


def wrapped(line: str, tail: str = ";;") -> str:
    return '"' + line.replace('"', '""') + '"' + tail


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


class TestAViewingActivityRow:
    def test_gives_every_column_that_the_export_knows(self, export):
        rows = export.rows(activity(ROW))
        assert rows.columns.to_pylist() == [
            {
                "viewer_id": "alpha/Robin",
                "household_id": "alpha",
                "title_id": "Harbour Lights: Season 1: Fog (Episode 2)",
                "title_name": "Harbour Lights: Season 1: Fog (Episode 2)",
                "series_id": "Harbour Lights",
                "started_at": utc(2024, 3, 2, 20, 15),
                "played_s": 2400.0,
                "end_position_s": 2460.0,
                "autoplay": False,
                "content_kind": "main",
                "hidden": False,
                "utc_offset_min": 60,
                "country": "SE",
                "device": "Tablet",
            }
        ]
        assert rows.line.to_pylist() == [2]
        assert rows.reject.to_pylist() == [None]

    def test_uses_canonical_names_only(self, export):
        assert set(export.rows(activity(ROW)).columns.column_names) <= set(COLUMNS)

    def test_hides_names_under_a_key(self, export):
        rows = export.rows(activity(ROW), pseudonymiser=KEY)
        assert rows.columns["viewer_id"].to_pylist() == [KEY.viewer("alpha", "Robin")]
        assert rows.columns["household_id"].to_pylist() == [KEY.household("alpha")]

    def test_keeps_profiles_apart_and_spellings_together(self, export):
        text = activity(row("Zo\u00eb"), row("Zoe\u0308 "), row("Robin, the younger"))
        assert export.values(text, "viewer_id") == ["alpha/Zo\u00eb"] * 2 + ["alpha/Robin, the younger"]

    def test_keeps_the_files_order(self, export):
        text = activity(row(title="B"), row(title="A"), row(title="C"))
        assert export.values(text, "title_id") == ["B", "A", "C"]

    @pytest.mark.parametrize("title", ["A: B; C", 'The "Long" Tide', '"Tide"', "Fog, Rain; Sun: Snow", "Tide;"])
    def test_keeps_titles_with_colons_semicolons_commas_and_quotes(self, export, title):
        assert export.values(activity(row(title=title)), "title_id") == [title]

    def test_without_a_profile_is_quarantined(self, export):
        sessions = admit(export.rows(activity(row(), row(profile=" "))))
        assert sessions.quarantine["reason"].to_pylist() == ["viewer_id is missing"]


class TestAttributes:
    @pytest.mark.parametrize(
        ("attributes", "autoplay", "hidden"),
        [
            ("", False, False),
            ("Autoplayed: user action: None; ", True, False),
            ("Autoplayed: user action: None;", True, False),
            ("Autoplayed: user action: User_Interaction; ", False, False),
            ("Autoplayed: user action: Unspecified; ", False, False),
            ("Autoplayed: user action: Visibility_Timeout; ", False, False),
            ("View was hidden", False, True),
            ("Autoplayed: user action: None; View was hidden; ", True, True),
        ],
    )
    def test_say_what_nobody_chose_and_what_is_not_to_be_shown(self, export, attributes, autoplay, hidden):
        rows = export.rows(activity(row(attributes=attributes))).columns
        assert rows["autoplay"].to_pylist() == [autoplay]
        assert rows["hidden"].to_pylist() == [hidden]

    def test_hidden_views_and_autoplay_are_dropped_at_the_door(self, export):
        text = activity(
            row(),
            row(attributes="View was hidden"),
            row(attributes="Autoplayed: user action: None; "),
            row(extra="TRAILER"),
            row(),
        )
        assert admit(export.rows(text)).tally.as_json() == {
            "read": 5,
            "used": 1,
            "dropped": {"autoplay": 1, "duplicate": 1, "hidden": 1, "trailer_or_preview": 1},
            "quarantined": 0,
        }

    @pytest.mark.parametrize(
        ("extra", "kind"),
        [
            ("", "main"),
            ("TRAILER", "trailer"),
            ("TEASER_TRAILER", "trailer"),
            ("TEASER", "trailer"),
            ("RECAP", "recap"),
            ("HOOK", "preview"),
            ("BUMPER", "preview"),
            ("PROMOTIONAL", "preview"),
            ("PREVIEW", "preview"),
            ("FEATURETTE", "other"),
            ("hook", "preview"),
        ],
    )
    def test_a_supplemental_video_is_no_main_content(self, export, extra, kind):
        assert export.values(activity(row(extra=extra)), "content_kind") == [kind]


class TestPosition:
    def test_the_length_of_a_title_is_not_in_the_export_and_stays_unknown(self, export):
        assert "runtime_s" not in export.rows(activity(ROW)).columns.column_names

    def test_a_latest_bookmark_in_words_is_no_fault(self, export):
        rows = export.rows(activity(row(latest="Not latest view"), row(bookmark="Not latest view"), row(bookmark="")))
        assert rows.columns["end_position_s"].to_pylist() == [2460.0, None, None]
        assert rows.reject.null_count == 3


class TestDurations:
    @pytest.mark.parametrize(
        ("text", "seconds"),
        [("00:40:00", 2400.0), ("0:40:00", 2400.0), ("1:02:03", 3723.0), ("1:30", 5400.0), ("0:40:00.5", 2400.5),
         ("26:00:00", 93600.0)],
    )  # fmt: skip
    def test_are_hours_minutes_and_perhaps_seconds(self, export, text, seconds):
        assert export.values(activity(row(duration=text)), "played_s") == [seconds]

    def test_without_seconds_are_said_to_be_hours_and_minutes(self, export):
        notes = export.rows(activity(row(duration="1:30"))).notes
        assert any("hours and minutes (h:mm)" in note for note in notes)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("-0:00:05", "Duration is negative"),
            ("-00:10", "Duration is negative"),
            ("soon", "Duration cannot be read as H:MM:SS"),
            ("00:75:00", "Duration cannot be read as H:MM:SS"),
            ("00:10:75", "Duration cannot be read as H:MM:SS"),
            ("", "Duration cannot be read as H:MM:SS"),
            ("40", "Duration cannot be read as H:MM:SS"),
        ],
    )
    def test_negative_and_unreadable_ones_are_quarantined(self, export, text, reason):
        assert export.rejects(activity(row(), row(duration=text))) == {3: reason}

    def test_an_unreadable_bookmark_is_quarantined(self, export):
        text = activity(row(bookmark="far"), row(bookmark="-00:01:00"), row())
        assert export.rejects(text) == dict.fromkeys((2, 3), "Bookmark cannot be read as H:MM:SS")


class TestDates:
    @pytest.mark.parametrize(
        "text",
        ["2024-03-31 20:15:00", "2024-03-31T20:15:00Z", "3/31/2024 20:15", "03/31/2024 20:15:00",
         "31/3/2024 20:15", "31.03.2024 20:15:00", "31-03-2024 20:15", "3/31/24 20:15", "2024/03/31 20:15",
         "3/31/2024 8:15 PM", "2024-03-31 20:15:00 UTC"],
    )  # fmt: skip
    def test_are_read_in_every_style(self, export, text):
        assert export.values(activity(row(start=text)), "started_at") == [utc(2024, 3, 31, 20, 15)]

    def test_one_number_above_twelve_decides_for_the_whole_file(self, export):
        text = activity(row(start="02/03/2024 20:15"), row(start="25/02/2024 20:15"))
        assert export.values(text, "started_at") == [utc(2024, 3, 2, 20, 15), utc(2024, 2, 25, 20, 15)]
        assert any("day/month/year (a number above 12 is a day)" in note for note in export.rows(text).notes)

    def test_else_the_order_of_the_rows_decides(self, export):
        text = activity(row(start="02/05/2024 20:15"), row(start="01/06/2024 20:15"), row(start="03/07/2024 20:15"))
        assert export.values(text, "started_at")[0] == utc(2024, 5, 2, 20, 15)
        assert any("so read the rows are in order of time" in note for note in export.rows(text).notes)

    def test_the_order_is_judged_within_each_profile(self, export):
        text = activity(
            row("Kim", start="02/05/2024 20:15"),
            row("Kim", start="03/04/2024 20:15"),
            row("Robin", start="01/06/2024 20:15"),
        )
        # Month first the rows would rise within Kim, day first they fall: both are orders of time.
        assert export.values(text, "started_at")[0] == utc(2024, 2, 5, 20, 15)

    def test_else_the_month_comes_first_and_a_note_says_so(self, export):
        text = activity(row(start="02/05/2024 20:15"))
        assert export.values(text, "started_at") == [utc(2024, 2, 5, 20, 15)]
        assert any("nothing in the file decides" in note for note in export.rows(text).notes)

    def test_dots_have_the_day_first(self, export):
        assert export.values(activity(row(start="02.05.2024 20:15")), "started_at") == [utc(2024, 5, 2, 20, 15)]

    def test_years_in_front_need_no_note(self, export):
        assert not any("dates were read" in note for note in export.rows(activity(ROW)).notes)

    @pytest.mark.parametrize(
        "text",
        ["", "yesterday", "2024-02-30 10:00:00", "2024-13-01 10:00:00", "2024-03-02 25:00:00", "2024-03-02"],
    )
    def test_unreadable_ones_are_quarantined(self, export, text):
        reason = "Start Time cannot be read as a date and time"
        assert export.rejects(activity(row(), row(start=text))) == {3: reason}

    @pytest.mark.parametrize("text", ["1970-01-01 00:00:00", "9999-12-31 23:59:59", "0001-01-01 00:00:00"])
    def test_dates_of_no_streaming_service_are_quarantined_at_the_door(self, export, text):
        rows = export.rows(activity(ROW, row(start=text)), timezone="Asia/Tokyo")
        assert admit(rows).tally.quarantined == 1


class TestLocalClock:
    def test_comes_from_the_country_or_from_the_caller(self, export):
        text = activity(row(country="DE (Germany)"), row(country="US (United States)"), row(country="Atlantis"))
        assert export.values(text, "country") == ["DE", "US", None]
        assert export.values(text, "utc_offset_min") == [60, None, None]
        assert export.values(text, "utc_offset_min", timezone="America/Chicago") == [-360] * 3

    def test_an_unknown_zone_is_refused(self, export):
        with pytest.raises(InputError, match="no known time zone"):
            export.rows(activity(ROW), timezone="Mars/Base")


class TestSpreadsheets:
    """Files come back from spreadsheets changed; the rows are the same."""

    def expected(self, export):
        return export.rows(activity(ROW)).columns

    @pytest.mark.parametrize("tail", ["", ";;", ";", ",,", ",,,,,,,,,", "\t\t"])
    @pytest.mark.parametrize("header_too", [True, False])
    def test_rows_wrapped_in_quotes_are_unwrapped(self, export, tail, header_too):
        text = "\n".join([wrapped(HEADER, tail) if header_too else HEADER, wrapped(ROW, tail)])
        assert export.rows(text).columns == self.expected(export)

    def test_wrapped_and_plain_rows_may_be_mixed(self, export):
        first, second = row(title='The "Long" Tide, again'), row(title="Fog; Rain", attributes="A: None; ")
        text = "\n".join([wrapped(HEADER), first, wrapped(second), second, wrapped(first)])
        assert export.values(text, "title_id") == [
            'The "Long" Tide, again', "Fog; Rain", "Fog; Rain", 'The "Long" Tide, again',
        ]  # fmt: skip

    def test_plain_rows_with_a_tail_and_attributes_with_semicolons_are_whole(self, export):
        line = row(attributes="Autoplayed: user action: User_Interaction; ", title="Fog, Rain")
        rows = export.rows(f"{HEADER};;\n{line};;\n")
        assert rows.columns["title_id"].to_pylist() == ["Fog, Rain"]
        assert rows.columns["country"].to_pylist() == ["SE"]

    def test_a_row_cut_into_cells_at_its_semicolons_is_joined(self, export):
        line = row(attributes="Autoplayed: user action: None; ", title="Fog, Rain")
        first, second = line.split(";", 1)
        rows = export.rows(f"{HEADER};\n{first};{wrapped(second, '')};\n")
        assert rows.columns["title_id"].to_pylist() == ["Fog, Rain"]
        assert rows.columns["autoplay"].to_pylist() == [True]

    @pytest.mark.parametrize("separator", [";", "\t", "|"])
    def test_other_separators_are_found(self, export, separator):
        assert export.rows(activity(ROW).replace(",", separator)).columns == self.expected(export)

    def test_columns_may_stand_in_another_order_beside_unknown_ones(self, export):
        names, fields = HEADER.split(","), ROW.split(",")
        text = ",".join(["My notes", *reversed(names)]) + "\n" + ",".join(["good", *reversed(fields)])
        assert export.rows(text).columns == self.expected(export)

    def test_columns_that_are_not_there_are_unknown(self, export):
        rows = export.rows("Title,Profile Name,Start Time,Duration\nFog,Robin,2024-03-02 20:15:00,0:40:00\n")
        absent = ("autoplay", "hidden", "content_kind", "end_position_s", "country", "device")
        assert [rows.columns[name].to_pylist() for name in absent] == [[None]] * len(absent)
        assert len(admit(rows)) == 1

    @pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
    def test_every_line_end_is_one(self, export, ending):
        rows = export.rows(activity(ROW, ROW).replace("\n", ending))
        assert rows.line.to_pylist() == [2, 3]

    @pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
    def test_every_usual_encoding_is_read(self, export, codec):
        assert export.values(activity(row("Zoë")).encode(codec), "viewer_id") == ["alpha/Zoë"]

    def test_utf_16_of_either_byte_order_is_read(self, export):
        for mark, codec in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            assert export.values(mark + activity(row("Zoë")).encode(codec), "viewer_id") == ["alpha/Zoë"]

    def test_another_encoding_than_utf_8_is_said(self, export):
        notes = export.rows(activity(row("Zoë")).encode("cp1252")).notes
        assert any("is not UTF-8 and was read as Windows-1252" in note for note in notes)

    def test_a_separator_hint_above_the_header_is_passed_over(self, export):
        rows = export.rows("sep=;\n" + activity(ROW).replace(",", ";"))
        assert rows.line.to_pylist() == [3]


class TestLines:
    def test_are_physical_with_blank_lines_and_lines_of_separators_between(self, export):
        text = "\n".join(["", HEADER, "", ROW, ",,,,,,,,,", ";;", wrapped(ROW), '"";;', "   ", row(start="never")])
        rows = export.rows(text)
        assert rows.line.to_pylist() == [4, 7, 10]
        assert export.rejects(text) == {10: "Start Time cannot be read as a date and time"}

    def test_too_few_and_too_many_fields_are_quarantined(self, export):
        text = activity(ROW, "Robin,2024-03-02 20:15:00", ROW + ",more", ROW, wrapped("Robin,again"))
        assert export.rejects(text) == {
            3: "the row has too few fields (2 instead of 10)",
            4: "the row has too many fields (11 instead of 10)",
            6: "the row has too few fields (2 instead of 10)",
        }

    def test_a_stray_quotation_mark_costs_one_row(self, export):
        text = activity(ROW, ROW.replace("Harbour", '"Harbour'), ROW)
        assert list(export.rejects(text)) == [3]
        assert admit(export.rows(text), DoorRules(drop_duplicates=False)).tally.used == 2

    def test_empty_padding_is_no_field(self, export):
        assert export.rejects(activity(ROW + ",,,", ROW)) == {}

    def test_a_quarantine_names_lines_and_never_the_row(self, export):
        sessions = admit(export.rows(activity(ROW, row("Kim", start="never"))))
        assert sessions.quarantine.to_pylist() == [
            {
                "file": str(export.folder / "ViewingActivity.csv"),
                "line": 3,
                "reason": "Start Time cannot be read as a date and time",
            }
        ]


class TestWhatIsNoExport:
    @pytest.mark.parametrize(
        "content", [b"\x00\x01\x02", b"PAR1\x00\x00", HEADER.encode() + b"\n\x00\x00", b"\xff\xfea\x00b"]
    )
    def test_bytes_are_refused(self, export, content):
        with pytest.raises(InputError, match="is not a text file"):
            export.rows(content)

    @pytest.mark.parametrize("content", ["", "\n\n", "hello\n", "viewer_id,title_id,started_at,played_s\na,b,c,d\n"])
    def test_other_text_is_refused(self, export, content):
        with pytest.raises(InputError, match="is not a Netflix export"):
            export.rows(content)

    def test_a_missing_file_is_refused(self, tmp_path):
        with pytest.raises(InputError, match="cannot be read"):
            read(tmp_path / "none.csv", pseudonymiser=None, account="alpha", timezone=None)

    def test_a_header_without_rows_is_refused_at_the_door(self, export):
        with pytest.raises(InputError, match="holds no rows"):
            admit(export.rows(HEADER + "\n"))


class TestRecognition:
    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            (activity(ROW), NetflixFile.VIEWING_ACTIVITY),
            (wrapped(HEADER) + "\n" + wrapped(ROW), NetflixFile.VIEWING_ACTIVITY),
            ("\ufeff" + activity(ROW).replace(",", ";"), NetflixFile.VIEWING_ACTIVITY),
            ("Title,Date\nFog,3/2/24\n", NetflixFile.VIEWING_HISTORY),
            ('"Title,Date";;\n', NetflixFile.VIEWING_HISTORY),
            ("Date\tTitle\n", NetflixFile.VIEWING_HISTORY),
            ("viewer_id,title_id,started_at,played_s\n", None),
            ("Title,Date,viewer_id\n", None),
            ("Profile Name,Title Description,Device,Playback Start Utc Ts,Country,Playtraces\n", None),
            ("Title\n", None),
            ("", None),
        ],
    )
    def test_goes_by_the_header(self, export, content, kind):
        assert looks_like(export.write(content, "table.csv")) is kind

    def test_reads_no_more_than_the_head_of_a_long_file(self, export):
        text = activity(*[row("Zoë")] * 2000)
        assert looks_like(export.write(text)) is NetflixFile.VIEWING_ACTIVITY
        assert looks_like(export.write(text.encode("utf-16"))) is NetflixFile.VIEWING_ACTIVITY

    def test_says_no_to_folders_bytes_and_missing_files(self, export):
        assert looks_like(export.folder) is None
        assert looks_like(export.folder / "none.csv") is None
        assert looks_like(export.write(b"PAR1\x00\x15")) is None


HISTORY = "Title,Date\nHarbour Lights: Season 1: Fog,3/31/24\nThe Long Tide,3/2/24\n"


class TestViewingHistory:
    def test_each_row_is_one_completed_play_of_a_nominal_half_hour_at_noon(self, export):
        rows = export.rows(HISTORY)
        first = rows.columns.to_pylist()[0]
        assert first == {
            "viewer_id": "alpha/profile not named",
            "household_id": "alpha",
            "title_id": "Harbour Lights: Season 1: Fog",
            "title_name": "Harbour Lights: Season 1: Fog",
            "series_id": "Harbour Lights",
            "started_at": utc(2024, 3, 31, 12),
            "played_s": 1800.0,
            "runtime_s": NOMINAL_VIEW_S,
            "utc_offset_min": None,
        }

    def test_a_note_says_that_hours_mean_nothing(self, export):
        assert (
            export.rows(HISTORY)
            .notes[-1]
            .endswith(
                "holds no durations: each view counts as one play of a nominal half hour;"
                " hours from this file mean nothing."
            )
        )

    def test_views_of_one_title_on_one_day_stay_distinct(self, export):
        text = "Title,Date\nFog,3/31/24\nTide,3/31/24\nFog,3/31/24\nFog,3/30/24\nFog,3/31/24\n"
        assert export.values(text, "started_at") == [
            utc(2024, 3, 31, 12),
            utc(2024, 3, 31, 12),
            utc(2024, 3, 31, 12, 31),
            utc(2024, 3, 30, 12),
            utc(2024, 3, 31, 13, 2),
        ]

    def test_very_many_views_stay_inside_their_day(self, export):
        moments = export.values("Title,Date\n" + "Fog,3/31/24\n" * 60, "started_at")
        assert {moment.date() for moment in moments} == {utc(2024, 3, 31).date()}
        assert moments == sorted(moments)
        sessions = admit(export.rows("Title,Date\n" + "Fog,3/31/24\n" * 60), DoorRules(drop_duplicates=False))
        assert sessions.tally.used == 60

    @pytest.mark.parametrize(
        "header",
        [
            "Title,Date",
            "Titel,Datum",
            "Titre,Date",
            "Título,Fecha",
            "Titolo,Data",
            "Título,Data",
            "Tytuł,Data",
        ],
    )
    def test_the_header_may_be_in_the_members_language(self, export, header):
        assert export.values(f"{header}\nFog,2024-03-31\n", "title_id") == ["Fog"]

    def test_the_header_may_have_its_accents_apart(self, export):
        assert export.values("Ti\u0301tulo,Fecha\nNiebla,31/3/24\n", "title_id") == ["Niebla"]

    @pytest.mark.parametrize("codec", ["cp1252", "utf-16", "utf-8-sig"])
    def test_and_in_another_encoding(self, export, codec):
        assert export.values("Título,Fecha\nNiebla,31/3/24\n".encode(codec), "title_id") == ["Niebla"]

    @pytest.mark.parametrize(
        "date", ["3/31/24", "3/31/2024", "31/3/24", "31.3.24", "31.03.2024", "2024-03-31", "31-03-2024"]
    )
    def test_dates_come_in_the_local_style(self, export, date):
        assert export.values(f"Title,Date\nFog,{date}\n", "started_at") == [utc(2024, 3, 31, 12)]

    def test_falling_dates_decide_between_day_and_month(self, export):
        text = "Title,Date\nFog,1/5/24\nTide,9/4/24\nRain,2/3/24\n"
        assert export.values(text, "started_at")[0] == utc(2024, 5, 1, 12)

    def test_an_unreadable_date_and_an_empty_title_are_quarantined(self, export):
        sessions = admit(export.rows("Title,Date\nFog,3/31/24\nTide,soon\n,3/30/24\n"))
        assert sessions.quarantine.select(["line", "reason"]).to_pylist() == [
            {"line": 3, "reason": "Date cannot be read"},
            {"line": 4, "reason": "title_id is missing"},
        ]

    def test_titles_with_commas_and_wrapped_rows_are_read(self, export):
        text = '"Title,Date";;\n' + wrapped('"Fog, Rain",3/31/24') + "\nTide,3/30/24;;\n"
        assert export.values(text, "title_id") == ["Fog, Rain", "Tide"]


class TestAccounts:
    def labels(self, *names: str) -> list[str]:
        return list(account_of([Path("/data") / name for name in names]).values())

    def test_a_folder_is_an_account(self):
        assert self.labels("accounts/alpha/ViewingActivity.csv", "accounts/beta/ViewingActivity.csv") == [
            "alpha",
            "beta",
        ]

    def test_words_added_to_the_files_name_are_an_account(self):
        names = (
            "home-a-ViewingActivity.csv",
            "home-b-ViewingActivity.csv",
            "home-b-NetflixViewingHistory.csv",
        )
        assert self.labels(*names) == ["data: home-a", "data: home-b", "data: home-b"]

    def test_all_files_of_one_export_are_one_account(self):
        names = ("ViewingActivity.csv", "NetflixViewingHistory.csv", "PlaybackRelatedEvents.csv")
        assert self.labels(*(f"alpha/{name}" for name in names)) == ["alpha"] * 3

    @pytest.mark.parametrize(
        "name",
        ["ViewingActivity (1).csv", "ViewingActivity-1.csv", "ViewingActivity - Copy.csv", "viewingactivity.CSV",
         "ViewingActivity - Copy (2).csv", "ViewingActivity - Kopie.csv", "Copy of ViewingActivity.csv",
         "Viewing Activity.csv", "_ViewingActivity_.csv"],
    )  # fmt: skip
    def test_marks_of_copies_are_no_account(self, name):
        assert self.labels(f"alpha/{name}") == ["alpha"]

    def test_a_number_before_netflixs_word_is_a_name(self):
        assert self.labels("home-1-ViewingActivity.csv", "home-2-ViewingActivity.csv") == [
            "data: home-1",
            "data: home-2",
        ]

    def test_netflixs_own_folders_are_passed_over(self):
        names = (
            "alpha/CONTENT_INTERACTION/ViewingActivity.csv",
            "beta/content_interaction/ViewingActivity.csv",
        )
        assert self.labels(*names, "alpha/NetflixViewingHistory.csv") == ["alpha", "beta", "alpha"]

    def test_folders_of_one_name_are_told_apart_by_the_folders_around_them(self):
        names = (
            "north/home/ViewingActivity.csv",
            "south/home/ViewingActivity.csv",
            "east/ViewingActivity.csv",
        )
        assert self.labels(*names) == ["north/home", "south/home", "east"]

    def test_a_label_is_the_same_however_the_path_is_spelled(self, monkeypatch, tmp_path):
        (tmp_path / "alpha").mkdir()
        monkeypatch.chdir(tmp_path / "alpha")
        spellings = (Path("ViewingActivity.csv"), Path("../alpha/ViewingActivity.csv"))
        assert set(account_of(spellings).values()) == {"alpha"}

    def test_a_file_without_any_name_has_a_label_too(self):
        assert account_of([Path("/ViewingActivity.csv")]) == {Path("/ViewingActivity.csv"): "account"}

    def test_no_paths_have_no_labels(self):
        assert account_of([]) == {}


# One table, written in every way that people and spreadsheets write it, is one set of sessions.

_WORDS = st.text(alphabet="abcé \"',:|", min_size=1, max_size=12).map(lambda t: f"T{t}x")


@st.composite
def _records(draw) -> list[dict[str, str]]:
    minutes = draw(st.lists(st.integers(0, 500_000), min_size=1, max_size=6, unique=True))
    start = datetime(2023, 1, 31, tzinfo=UTC).timestamp()
    return [
        {
            "Profile Name": draw(st.sampled_from(["Robin", "Zoë", "Kim, the elder"])),
            # The last row, on the 31st, decides between day and month.
            "Start Time": datetime.fromtimestamp(start + 60 * minute, UTC),
            "Duration": draw(st.sampled_from(["0:40:00", "1:02:03", "-0:00:01", "long"])),
            "Attributes": draw(st.sampled_from(["", "Autoplayed: user action: None; ", "View was hidden"])),
            "Title": draw(_WORDS),
            "Supplemental Video Type": draw(st.sampled_from(["", "", "", "TRAILER"])),
            "Device Type": "Tablet",
            "Bookmark": draw(st.sampled_from(["0:40:00", "0:00:10", "Not latest view"])),
            "Latest Bookmark": "Not latest view",
            "Country": "DE (Germany)",
        }
        for minute in [*sorted(minutes, reverse=True), 0]
    ] + [
        dict.fromkeys(HEADER.split(","), "")
        | {
            "Profile Name": "Kim",
            "Start Time": datetime.fromtimestamp(start, UTC),
            "Duration": "0:01:00",
            "Title": "T",
        }
    ]


@dataclass(frozen=True)
class Writing:
    """How a table is written down."""

    separator: str = ","
    wrap: tuple[bool, ...] = (False,)  # line by line, the header first
    tail: str = ""
    codec: str = "utf-8"
    ending: str = "\n"
    order: tuple[int, ...] = tuple(range(10))
    date: str = "%Y-%m-%d %H:%M:%S"

    def bytes(self, records: list[dict[str, str]]) -> bytes:
        names = [HEADER.split(",")[i] for i in self.order]
        lines = [self._line(names)]
        for record in records:
            written = record | {"Start Time": record["Start Time"].strftime(self.date)}
            lines.append(self._line([written[name] for name in names]))
        wraps = islice(cycle(self.wrap), len(lines))
        left = [wrapped(line, "") if wrap else line for line, wrap in zip(lines, wraps, strict=True)]
        return self.ending.join(line + self.tail for line in left).encode(self.codec)

    def _line(self, fields: list[str]) -> str:
        buffer = io.StringIO()
        csv.writer(buffer, delimiter=self.separator, lineterminator="").writerow(fields)
        return buffer.getvalue()


_WRITINGS = st.builds(
    Writing,
    separator=st.sampled_from([",", ";", "\t", "|"]),
    wrap=st.lists(st.booleans(), min_size=1, max_size=3).map(tuple),
    tail=st.sampled_from(["", ";;"]),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"]),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    order=st.permutations(range(10)).map(tuple),
    date=st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M"]
    ),
)


@given(records=_records(), writing=_WRITINGS)
@settings(max_examples=150, deadline=None)
def test_the_same_rows_give_the_same_sessions_however_they_are_written(tmp_path_factory, records, writing):
    folder = tmp_path_factory.mktemp("writing")
    plain, other = (Export(folder).rows(w.bytes(records)) for w in (Writing(), writing))
    assert other.columns == plain.columns
    assert other.line == plain.line
    assert other.reject == plain.reject
    expected, found = admit(plain), admit(other)
    assert found.table == expected.table
    assert found.tally == expected.tally
    assert found.quarantine == expected.quarantine


@given(
    lines=st.lists(
        st.one_of(st.sampled_from([ROW, wrapped(ROW), row(extra="HOOK"), "", ";;"]), st.text(max_size=40)),
        max_size=8,
    ),
    ending=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=150, deadline=None)
def test_every_row_that_was_read_is_used_dropped_or_quarantined(tmp_path_factory, lines, ending):
    clean = [line.replace("\0", "") for line in lines]
    text = ending.join([HEADER, ROW, *clean])
    rows = Export(tmp_path_factory.mktemp("any")).rows(text.encode("utf-8", "replace"))
    tally = admit(rows).tally
    assert tally.read == rows.columns.num_rows == len(rows.line)
    assert tally.read == tally.used + sum(tally.dropped.values()) + tally.quarantined
    assert rows.line.to_pylist() == sorted(set(rows.line.to_pylist()))
