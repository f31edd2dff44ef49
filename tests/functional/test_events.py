"""Player events as they come: each format is read, what is malformed is counted and explained, and nothing is lost.

A `Form` writes the same few playbacks in one format. A case spoils them: what the player did (`SPOILED`), or how the
format wrote it (`broken`). Most of it is read in this process; the command itself gets one spoiled file a format.
Everything is invented.
"""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analyzer
from analyzer.errors import InputError
from analyzer.workflow import jobs, spark_engine
from analyzer.workflow.options import ExtractOptions

START = datetime(2024, 3, 4, 20, 0, tzinfo=UTC)
VIDEO = "https://w3id.org/xapi/video/extensions/"
Told = dict[str, Any]  # viewer, session, title, begin (of the session), clock and position in seconds, what, to
Record = dict[str, Any]


def playback(viewer: str = "robin", day: int = 0, title: str = "fog") -> list[Told]:
    """Six things that a player did: one rewind of thirty seconds in three minutes."""
    begin = START + timedelta(days=day)
    who = {"viewer": viewer, "session": f"{viewer}-{day}", "title": title, "begin": begin, "to": None}
    seen = [(0, "start", 0), (1, "play", 0), (61, "seek", 60), (62, "play", 30), (122, "pause", 90), (130, "stop", 90)]
    return [{**who, "clock": clock, "what": what, "position": at} | ({"to": 30} if what == "seek" else {})
            for clock, what, at in seen]  # fmt: skip


GOOD = [told for day in range(3) for told in playback("kim", day, "rain")]  # beside every spoiled playback


def when(told: Told) -> str:
    if told["clock"] is None:
        return "soon"
    return (told["begin"] + timedelta(seconds=told["clock"])).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


# How each format writes what the player did


def canonical(told: Told) -> Record:
    return {
        "viewer_id": told["viewer"],
        "session_id": told["session"],
        "title_id": told["title"],
        "started_at": told["begin"].isoformat(),
        "t_ms": ms(told["clock"]),
        "event": told["what"],
        "position_s": told["position"],
        "to_position_s": told["to"],
        "event_id": told.get("id"),
    }


VERBS = {"start": "initialized", "play": "played", "pause": "paused", "seek": "seeked", "stop": "terminated"}


def statement(told: Told) -> Record:
    place = {"time-from": told["position"], "time-to": told["to"]}
    result = place if told["what"] == "seek" else {"time": told["position"]}
    context = {"session-id": told["session"], "length": 5_400}
    return {
        "id": told.get("id"),
        "actor": {"account": {"homePage": "https://tv.example", "name": told["viewer"]}},
        "verb": {"id": f"https://w3id.org/xapi/video/verbs/{VERBS.get(told['what'], told['what'])}"},
        "object": {"id": told["title"]},
        "timestamp": when(told),
        "result": {"extensions": {VIDEO + name: value for name, value in result.items()}},
        "context": {"extensions": {VIDEO + name: value for name, value in context.items()}},
    }


CALLS = {
    "start": "Video Playback Started",
    "play": "Video Playback Resumed",
    "pause": "Video Playback Paused",
    "seek": "Video Playback Seek Started",
    "stop": "Video Playback Exited",
}


def call(told: Told) -> Record:
    properties = {"session_id": told["session"], "content_asset_id": told["title"], "position": told["position"]}
    return {
        "type": "track",
        "event": CALLS.get(told["what"], told["what"]),
        "userId": told["viewer"],
        "messageId": told.get("id"),
        "timestamp": when(told),
        "properties": {**properties, "seek_position": told["to"], "total_length": 5_400},
    }


NAMES = {"start": "ready", "seek": "seek_end", "stop": "end"}


def enriched(told: Told) -> Record:
    place = told["to"] if told["what"] == "seek" else told["position"]
    player = {"currentTime": place, "duration": 5_400, "playbackRate": 1, "label": told["title"]}
    return {
        "event_id": told.get("id"),
        "event_name": f"{NAMES.get(told['what'], told['what'])}_event",
        "user_id": told["viewer"],
        "derived_tstamp": when(told),
        "contexts_com_snowplowanalytics_snowplow_media_player_2": [player],
        "contexts_com_snowplowanalytics_snowplow_media_session_1": [{"mediaSessionId": told["session"]}],
    }


TRACES = {"play": "playing", "pause": "paused", "seek": "reposition", "stop": "stopped"}


def trace(told: Told) -> Record:
    media = told["to"] if told["what"] == "seek" else told["position"]
    key = {"profile": told["viewer"], "title": told["title"], "start": f"{told['begin']:%Y-%m-%d %H:%M:%S}"}
    return {"eventType": TRACES.get(told["what"], told["what"]), "sessionOffsetMs": ms(told["clock"])} | {
        "mediaOffsetMs": ms(media),
        "of": key,
    }


# How each format lies in a file


def as_csv(records: list[Record]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return buffer.getvalue().encode()


def as_parquet(records: list[Record]) -> bytes:
    columns = {name: [record[name] for record in records] for name in records[0]}
    mixed = {name for name, held in columns.items() if len({type(v) for v in held} - {type(None), int, float}) > 0}
    sink = io.BytesIO()
    plain = {name: [None if v is None else str(v) for v in held] if name in mixed else held
             for name, held in columns.items()}  # fmt: skip
    pq.write_table(pa.table(plain), sink)
    return sink.getvalue()


def as_lines(records: list[Record]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def as_array(records: list[Record]) -> bytes:
    return json.dumps(records, indent=1).encode()


def as_page(records: list[Record]) -> bytes:
    return json.dumps({"more": "/xapi/statements?cursor=2", "statements": records}).encode()


def as_traces(records: list[Record]) -> bytes:
    head = ["Profile Name", "Title Description", "Device", "Playback Start Utc Ts", "Country", "Playtraces"]
    rows: dict[tuple[str, ...], list[Record]] = {}
    for record in records:
        rows.setdefault(tuple(record["of"].values()), []).append({k: v for k, v in record.items() if k != "of"})
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(head)
    for (profile, title, start), told in rows.items():
        writer.writerow([profile, title, "TV", start, "SE (Sweden)", json.dumps(told)])
    return buffer.getvalue().encode()


@dataclass(frozen=True)
class Form:
    """A format: the file's name, how an event is written, how the file is, and where time, place and word stand."""

    name: str
    record: Callable[[Told], Record]
    write: Callable[[list[Record]], bytes]
    clock: tuple[str, ...]
    place: tuple[str, ...]
    word: tuple[str, ...]
    drops_unknown: bool = True  # an unknown word says nothing about playback; in a table of ours it is a mistake

    def of(self, told: list[Told]) -> bytes:
        return self.write([self.record(each) for each in told])


CANONICAL = (canonical, ("t_ms",), ("position_s",), ("event",))
XAPI = (("timestamp",), ("result", "extensions", VIDEO + "time"), ("verb", "id"))
PLAYER = "contexts_com_snowplowanalytics_snowplow_media_player_2"
FORMS = {
    "canonical Parquet": Form("e.parquet", canonical, as_parquet, *CANONICAL[1:], drops_unknown=False),
    "canonical CSV": Form("e.csv", canonical, as_csv, *CANONICAL[1:], drops_unknown=False),
    "xAPI array": Form("e.json", statement, as_array, *XAPI),
    "xAPI lines": Form("e.jsonl", statement, as_lines, *XAPI),
    "xAPI page": Form("e.json", statement, as_page, *XAPI),
    "Segment": Form("e.jsonl", call, as_lines, ("timestamp",), ("properties", "position"), ("event",)),
    "Snowplow": Form("e.ndjson", enriched, as_lines, ("derived_tstamp",), (PLAYER, 0, "currentTime"), ("event_name",)),
    "PlaybackRelatedEvents": Form(
        "PlaybackRelatedEvents.csv", trace, as_traces, ("sessionOffsetMs",), ("mediaOffsetMs",), ("eventType",)
    ),
}


def put(record: Record, path: tuple[Any, ...], value: Any) -> Record:
    """Put a value into a record, however deep."""
    inner: Any = record
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return record


def accounted(found: analyzer.Sessions, events: int | None, sessions: int = 0) -> analyzer.Sessions:
    """Everything that was read is used, dropped or quarantined, and each quarantined record has a plain reason."""
    tallies = [found.tally] + ([found.events.tally] if found.events else [])
    for tally in tallies:
        assert tally.read == tally.used + sum(tally.dropped.values()) + tally.quarantined
    if events is not None:
        assert (found.events.tally.read, found.tally.read) == (events, events + sessions)
    assert found.quarantine.num_rows == found.tally.quarantined
    for row in found.quarantine.to_pylist():
        assert row["line"] >= 1
        assert row["reason"].strip()
        assert not [word for word in ("Error", "Traceback", "<class", "NoneType") if word in row["reason"]]
    return found


def read(path: Path, **options: Any) -> analyzer.Sessions:
    return analyzer.read_sessions(events=path, pseudonyms=False, **options)


def read_or_refused(path: Path) -> analyzer.Sessions | InputError:
    try:
        return accounted(read(path), None)
    except InputError as refused:
        return refused


def of_kim(found: analyzer.Sessions) -> list[Record]:
    """The sessions of the playbacks that nobody spoiled, without their ids."""
    rows = [row for row in found.table.to_pylist() if "kim" in row["viewer_id"]]
    left_out = ("session_id", "captions")
    return sorted(
        ({name: value for name, value in row.items() if name not in left_out and value is not None} for row in rows),
        key=lambda row: row["started_at"],
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Form, bytes], Path]:
    (tmp_path / "home").mkdir()

    def written(form: Form, content: bytes) -> Path:
        path = tmp_path / "home" / form.name
        path.write_bytes(content)
        return path

    return written


@pytest.mark.parametrize("name", FORMS)
def test_each_format_tells_the_same_playbacks(name, write):
    found = accounted(read(write(FORMS[name], FORMS[name].of(GOOD))), len(GOOD))
    assert (found.tally.used, found.events.sessions, found.events.matched) == (len(GOOD), 3, 0)
    for row in of_kim(found):
        assert (row["rewinds"], row["rewind_s"], row["passage_passes"], row["played_s"]) == (1, 30.0, 2.0, 121.0)


# What the player did was out of the ordinary


def backwards(told: list[Told]) -> list[Told]:
    return told[::-1]


def started_twice(told: list[Told]) -> list[Told]:
    return [*told[:4], *({**each, "clock": each["clock"] + 200} for each in told)]


def thirty_hours(told: list[Told]) -> list[Told]:
    at = 30 * 3_600
    return [*told[:2], {**told[1], "what": "stop", "clock": at, "position": at}]


def negative(told: list[Told]) -> list[Told]:
    return [{**each, "position": -7, "to": None if each["to"] is None else -1} for each in told]


def negative_clock(told: list[Told]) -> list[Told]:
    return [{**each, "clock": each["clock"] - 1_000} for each in told]


def without_places(told: list[Told]) -> list[Told]:
    return [{**each, "position": None, "to": None} for each in told]


def without_times(told: list[Told]) -> list[Told]:
    return [{**each, "clock": None} for each in told]


def sent_twice(told: list[Told]) -> list[Told]:
    return [{**each, "id": f"e{nth}"} for nth, each in enumerate(told) for _ in range(2)]


def never_stopped(told: list[Told]) -> list[Told]:
    return told[:2]


SPOILED = {
    spoil.__name__: spoil
    for spoil in (backwards, started_twice, thirty_hours, negative, negative_clock, without_places, without_times,
                  sent_twice, never_stopped)
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
@pytest.mark.parametrize("name", FORMS)
def test_what_a_player_tells_out_of_the_ordinary_is_accounted_for(name, case, write):
    form = FORMS[name]
    told = SPOILED[case](playback())
    found = accounted(read(write(form, form.of([*told, *GOOD]))), len(told) + len(GOOD))
    assert of_kim(found) == of_kim(read(write(form, form.of(GOOD))))
    mine = [row for row in found.table.to_pylist() if "robin" in row["viewer_id"]]
    if case == "backwards":
        assert [(row["rewinds"], row["played_s"]) for row in mine] == [(1, 121.0)]
    elif case == "sent_twice":
        assert [(row["rewinds"], row["played_s"]) for row in mine] == [(1, 121.0)]
        # An export numbers its events by where they stand, so that none repeats another.
        assert dict(found.events.tally.dropped) == ({"duplicate": 6} if name != "PlaybackRelatedEvents" else {})
    elif case == "thirty_hours":
        assert (mine, found.events.tally.quarantined) == ([], 3)
        assert {"played_s" in reason for reason in found.quarantine["reason"].to_pylist()} == {True}
    elif case == "without_times":
        assert (mine, found.events.tally.quarantined) == ([], 6)
    elif case == "negative":
        assert any("negative or beyond four days" in note for note in found.notes)
        assert [row["end_position_s"] for row in mine] == [None]


# What was written is broken


def hurt(form: Form, path: tuple[Any, ...], values: list[Any]) -> tuple[bytes, int]:
    """One playback of which the first events hold such values, before the good ones; and how many records."""
    spoiled = [put(form.record(told), path, value) for told, value in zip(playback(), values, strict=False)]
    rest = [form.record(told) for told in GOOD]
    return form.write([*spoiled, *rest]), len(spoiled) + len(rest)


NO_NUMBERS = ["soon", True, {"at": 1}, [1, 2], "", "1e999"]
NO_WORDS = [7, None, True, {"id": 1}, ["play"], ""]
JSON_FORMS = [name for name, form in FORMS.items() if form.write not in (as_csv, as_parquet)]


@pytest.mark.parametrize("part", ["clock", "place", "word"])
@pytest.mark.parametrize("name", FORMS)
def test_values_of_other_types_cost_their_own_record_at_most(name, part, write):
    form = FORMS[name]
    content, count = hurt(form, getattr(form, part), NO_WORDS if part == "word" else NO_NUMBERS)
    found = accounted(read(write(form, content)), count)
    assert of_kim(found) == of_kim(read(write(form, form.of(GOOD))))
    assert found.tally.quarantined >= 1


@pytest.mark.parametrize("name", FORMS)
def test_an_unknown_verb_is_named_or_refused_and_costs_its_own_record(name, write):
    form = FORMS[name]
    told = playback()
    told[4]["what"] = "levitated"
    found = accounted(read(write(form, form.of([*told, *GOOD]))), len(told) + len(GOOD))
    said = " ".join([*found.notes, *found.quarantine["reason"].to_pylist()])
    if form.drops_unknown:
        assert "levitated" in said
        assert (dict(found.events.tally.dropped), found.tally.quarantined) == ({"not_playback": 1}, 0)
    else:
        assert (found.tally.dropped, found.tally.quarantined) == ({}, 1)
        assert "event" in said
    assert len(found) == 4


@pytest.mark.parametrize("share", [0.02, 0.3, 0.61, 0.97])
@pytest.mark.parametrize("name", FORMS)
def test_a_file_that_breaks_off_keeps_what_came_before_or_is_refused(name, share, write):
    form = FORMS[name]
    whole = form.of([*GOOD, *playback()])
    path = write(form, whole[: int(len(whole) * share)])
    found = read_or_refused(path)
    if isinstance(found, InputError):
        assert found.remedy
        assert share < 0.1 or name == "canonical Parquet", str(found)
        return
    assert found.tally.used > 0
    assert found.tally.read <= len(GOOD) + 7
    if name in JSON_FORMS:
        assert found.tally.quarantined <= 1


@pytest.mark.parametrize(
    "junk", [b"null\n", b"[1, 2\n", b'"text"\n', b"\xff\xfe\xff\n", b"{" * 5_000 + b"\n", b'{"a": NaN}\n']
)
@pytest.mark.parametrize("name", ["xAPI lines", "Segment", "Snowplow"])
def test_a_line_that_is_no_record_costs_itself(name, junk, write):
    form = FORMS[name]
    good = form.of(GOOD)
    found = accounted(read(write(form, good + junk + form.of(playback()))), len(GOOD) + 7)
    assert (found.tally.used, len(found)) == (len(GOOD) + 6, 4)
    assert found.tally.quarantined + sum(found.tally.dropped.values()) == 1


# A million seeks in one session: in canonical Parquet and in an export; the readers of JSON take the same path after it

MANY = 1_000_000
TIME_LIMIT_S = 20


@pytest.mark.parametrize("name", ["canonical Parquet", "PlaybackRelatedEvents"])
def test_a_million_seeks_in_one_session_are_one_session(name, write):
    form = FORMS[name]
    if name == "canonical Parquet":
        sink, clock = io.BytesIO(), pa.array(range(MANY), pa.int64())
        same = {"viewer_id": "robin", "session_id": "s", "title_id": "fog", "event": "seek", "started_at": START}
        columns = {k: pa.DictionaryArray.from_arrays(pa.array([0] * MANY, pa.int32()), pa.array([v]))
                   if isinstance(v, str) else pa.array([v] * MANY) for k, v in same.items()}  # fmt: skip
        places = {"position_s": pa.array([60.0] * MANY), "to_position_s": pa.array([30.0] * MANY)}
        pq.write_table(pa.table({**columns, "t_ms": clock, **places}), sink)
        content = sink.getvalue()
    else:
        seek = '{"eventType":"reposition","sessionOffsetMs":%d,"mediaOffsetMs":%d}'
        traces = ",".join(seek % (at, 30_000 * (at % 2)) for at in range(MANY)).replace('"', '""')
        head = "Profile Name,Title Description,Device,Playback Start Utc Ts,Country,Playtraces\n"
        content = f'{head}robin,fog,TV,2024-03-04 20:00:00,SE (Sweden),"[{traces}]"\n'.encode()
    path = write(form, content)
    begun = time.perf_counter()
    found = accounted(read(path), MANY)
    assert time.perf_counter() - begun < TIME_LIMIT_S
    assert (len(found), found.tally.used) == (1, MANY)


# Histories of home servers: they tell of sessions, and come through the same option

PLAY = {
    "DateCreated": "2024-03-04 20:00:00.1234567",
    "UserId": "kim",
    "ItemId": "fog",
    "ItemType": "Movie",
    "ItemName": "Fog",
    "DeviceName": "Tablet",
    "PlayDuration": 1_800,
}
VIEW = {
    "row_id": 1,
    "started": 1_709_582_400,
    "stopped": 1_709_584_500,
    "duration": 1_800,
    "paused_counter": 300,
    "user_id": 7,
    "media_type": "movie",
    "rating_key": 12,
    "full_title": "Fog",
    "percent_complete": 40,
    "player": "TV",
}


def jellyfin(rows: list[Record]) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(f"CREATE TABLE PlaybackActivity ({', '.join(PLAY)})")
        marks = ", ".join("?" * len(PLAY))
        database.executemany(f"INSERT INTO PlaybackActivity VALUES ({marks})", [list(row.values()) for row in rows])
        database.commit()
        return database.serialize()


def tautulli(rows: list[Record]) -> bytes:
    return json.dumps({"response": {"result": "success", "data": {"recordsFiltered": 9, "data": rows}}}).encode()


HISTORIES: dict[str, tuple[str, Callable[[list[Record]], bytes], list[Record]]] = {
    "Jellyfin": ("playback_reporting.db", jellyfin, [PLAY | {"ItemId": f"t{n}"} for n in range(40)]),
    "Tautulli": ("history.json", tautulli, [VIEW | {"row_id": n, "rating_key": n} for n in range(40)]),
}
BROKEN: dict[str, list[tuple[Record, str]]] = {
    "Jellyfin": [
        ({"PlayDuration": "long"}, "quarantined"),
        ({"PlayDuration": b"\xff\xfe"}, "quarantined"),
        ({"PlayDuration": None}, "quarantined"),
        ({"PlayDuration": -5}, "quarantined"),
        ({"PlayDuration": 30 * 3_600}, "quarantined"),
        ({"PlayDuration": 1e300}, "quarantined"),
        ({"DateCreated": "yesterday"}, "quarantined"),
        ({"DateCreated": 7}, "quarantined"),
        ({"DateCreated": None}, "quarantined"),
        ({"UserId": None}, "quarantined"),
        ({"UserId": 7.5}, "quarantined"),
        ({"ItemType": "Hologram"}, "used"),
        ({"ItemType": "Trailer"}, "dropped"),
        ({"ItemId": "t0"}, "dropped"),  # the same as a row before
    ],
    "Tautulli": [
        ({"duration": "long"}, "quarantined"),
        ({"stopped": {}}, "quarantined"),
        ({"stopped": VIEW["started"] - 60, "duration": None}, "quarantined"),
        ({"stopped": VIEW["started"] + 30 * 3_600}, "quarantined"),
        ({"started": "soon"}, "quarantined"),
        ({"started": True}, "quarantined"),
        ({"started": -1}, "quarantined"),
        ({"started": 10**400}, "quarantined"),
        ({"user_id": None}, "quarantined"),
        ({"rating_key": ["fog"]}, "quarantined"),
        ({"media_type": "levitation"}, "used"),
        ({"media_type": "trailer"}, "dropped"),
        ({"row_id": 0, "rating_key": 0}, "dropped"),
    ],
}


@pytest.mark.parametrize(
    ("name", "change", "fate"),
    [(name, change, fate) for name, cases in BROKEN.items() for change, fate in cases],
)
def test_a_row_of_a_history_is_read_or_has_a_reason(name, change, fate, tmp_path):
    file, write_rows, rows = HISTORIES[name]
    path = tmp_path / file
    path.write_bytes(write_rows([*rows, ({"Jellyfin": PLAY, "Tautulli": VIEW}[name] | change)]))
    found = accounted(read(path), None)
    fates = {"used": found.tally.used - 40, "dropped": sum(found.tally.dropped.values()),
             "quarantined": found.tally.quarantined}  # fmt: skip
    assert found.tally.read == 41
    assert fates == {**dict.fromkeys(fates, 0), fate: 1}, found.quarantine.to_pylist()


@pytest.mark.parametrize("share", [0.001, 0.4, 0.98])
@pytest.mark.parametrize("name", HISTORIES)
def test_a_history_that_breaks_off_is_read_or_refused(name, share, tmp_path):
    file, write_rows, rows = HISTORIES[name]
    whole = write_rows(rows)
    (tmp_path / file).write_bytes(whole[: int(len(whole) * share)])
    found = read_or_refused(tmp_path / file)
    if isinstance(found, InputError):
        assert found.remedy
        assert name == "Jellyfin" or share < 0.1
    else:
        assert 0 < found.tally.used <= 40


# The command


def answered(terminal, *args: str | Path) -> Record:
    """Run on events, and check what every answer holds: one JSON value, and tallies that add up."""
    told = terminal.run("run", *args, "--plain-names", "--out", "results", "--json").good().json
    for tally in (told["tally"], *([told["events"]] if "events" in told else [])):
        assert tally["read"] == tally["used"] + sum(tally["dropped"].values()) + tally["quarantined"]
    return told


@pytest.mark.parametrize("name", FORMS)
def test_the_command_reads_each_format_and_says_what_became_of_it(name, terminal):
    form = FORMS[name]
    terminal.path(form.name).write_bytes(form.of([*playback(), *GOOD]))
    told = answered(terminal, "--events", form.name)
    count = len(GOOD) + 6
    assert (told["tally"]["read"], told["events"]["read"], told["events"]["used"]) == (count, count, count)
    assert (told["events"]["sessions"], told["events"]["matched"]) == (4, 0)
    assert json.loads(terminal.path("results/tally.json").read_text())["read"] == count


@pytest.mark.parametrize("name", HISTORIES)
def test_the_command_reads_histories_through_the_same_option(name, terminal):
    file, write_rows, rows = HISTORIES[name]
    terminal.path(file).write_bytes(write_rows(rows))
    told = answered(terminal, "--events", file)
    assert (told["tally"]["read"], told["tally"]["used"]) == (40, 40)
    assert "events" not in told, "they are sessions"


def test_the_command_lays_an_export_and_its_playbacks_beside_each_other(terminal):
    head = "Profile Name,Start Time,Duration,Attributes,Title,Supplemental Video Type,Device Type,Bookmark"
    head += ",Latest Bookmark,Country"
    views = [f"kim,2024-03-0{4 + day} 20:00:09,00:02:00,,Rain: Season 1: Mist,,TV,00:01:30,00:01:30,SE (Sweden)\n"
             for day in range(2)]  # fmt: skip
    terminal.path("ViewingActivity.csv").write_text(f"{head}\n{''.join(views)}")
    form = FORMS["PlaybackRelatedEvents"]
    terminal.path(form.name).write_bytes(form.of(GOOD))
    told = answered(terminal, "ViewingActivity.csv", "--events", form.name)
    assert (told["tally"]["read"], told["events"]["read"]) == (len(GOOD) + 2, len(GOOD))
    assert (told["events"]["sessions"], told["events"]["matched"]) == (3, 2)


@pytest.mark.parametrize("name", [*FORMS, *HISTORIES])
def test_the_command_shows_no_traceback_whatever_the_file_holds(name, terminal):
    if name in FORMS:
        form = FORMS[name]
        records = [form.record(each) for spoil in SPOILED.values() for each in spoil(playback())]
        for part, values in ((form.clock, NO_NUMBERS), (form.place, NO_NUMBERS), (form.word, NO_WORDS)):
            records += [
                put(form.record(each), part, value) for each, value in zip(playback("alex"), values, strict=True)
            ]
        content, file = form.write([*records, *map(form.record, GOOD)]), form.name
    else:
        file, write_rows, rows = HISTORIES[name]
        content = write_rows([*rows, *({**rows[0], **change} for change, _ in BROKEN[name])])
    terminal.path(file).write_bytes(content)
    answer = terminal.run("run", "--events", file, "--plain-names", "--out", "results", "--json").good()
    assert "defect" not in answer.stdout + answer.stderr
    tally = answer.json["tally"]
    assert tally["read"] == tally["used"] + sum(tally["dropped"].values()) + tally["quarantined"]
    assert tally["quarantined"] == len(terminal.path("results/quarantine.csv").read_text().splitlines()) - 1 > 0


@pytest.mark.parametrize("name", ["canonical Parquet", "xAPI array", "Tautulli", "Jellyfin"])
def test_the_command_reads_or_refuses_a_file_that_breaks_off(name, terminal):
    if name in FORMS:
        file, content = FORMS[name].name, FORMS[name].of(GOOD)
    else:
        file, write_rows, rows = HISTORIES[name]
        content = write_rows(rows)
    terminal.path(file).write_bytes(content[: len(content) * 3 // 5])
    answer = terminal.run("run", "--events", file, "--plain-names", "--out", "results", "--json")
    assert answer.code in (0, 2)
    assert not [word for word in ("Traceback", "defect") if word in answer.stdout + answer.stderr]
    assert answer.json["tally"]["quarantined"] if answer.code == 0 else {"error", "remedy"} <= set(answer.json)


def test_the_text_output_names_events(terminal):
    terminal.path("e.jsonl").write_bytes(FORMS["Segment"].of(GOOD))
    said = " ".join(terminal.run("run", "--events", "e.jsonl", "--plain-names").good().stdout.split())
    assert f"Of these rows {len(GOOD)} are player events; they tell of 3 sessions." in said


def test_columns_of_events_may_be_called_otherwise(terminal):
    content = FORMS["canonical CSV"].of(GOOD).replace(b"viewer_id", b"who").replace(b"t_ms", b"since", 1)
    terminal.path("e.csv").write_bytes(content)
    terminal.run("run", "--events", "e.csv").refused("no column viewer_id", "present are who")
    named = ("--map-events", "viewer_id=who", "--map-events", "t_ms=since")
    assert answered(terminal, "--events", "e.csv", *named)["events"]["used"] == len(GOOD)


def test_a_missing_column_of_events_is_to_be_mapped_with_the_option_for_events(terminal):
    terminal.path("e.csv").write_bytes(FORMS["canonical CSV"].of(GOOD).replace(b"viewer_id", b"who"))
    terminal.run("run", "--events", "e.csv").refused("--map-events viewer_id=")


def test_the_lines_of_a_folder_are_one_source_each(terminal):
    folder = terminal.path("player")
    (folder / "late").mkdir(parents=True)
    form = FORMS["Segment"]
    (folder / "a.jsonl").write_bytes(form.of(GOOD[:7]))
    (folder / "late" / "b.jsonl").write_bytes(form.of([*GOOD[7:], *playback()]))
    (folder / "readme.md").write_text("nothing here")
    told = answered(terminal, "--events", "player")
    assert (told["events"]["read"], told["events"]["sessions"]) == (len(GOOD) + 6, 4)
    named = answered(terminal, "--events", "player/late/b.jsonl", "--events", "player/a.jsonl")
    assert named["events"] == told["events"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, ("player.jsonl does not exist",)),
        (lambda folder: (folder / "player.jsonl").mkdir(), ("player.jsonl holds no events",)),
        (lambda folder: (folder / "player.jsonl").write_bytes(b""), ("player.jsonl is empty",)),
        (lambda folder: (folder / "player.jsonl").write_bytes(b"\n \n"), ("player.jsonl",)),
        (lambda folder: (folder / "player.jsonl").write_bytes(b"{}\n"), ("no player events that are known", "xAPI")),
        (lambda folder: (folder / "player.jsonl").write_bytes(b"\0\x01\xff" * 99), ("player.jsonl",)),
        (lambda folder: (folder / "player.jsonl").symlink_to("gone.jsonl"), ("player.jsonl does not exist",)),
    ],
    ids=["missing", "a folder", "empty", "blank", "something else", "binary", "dangling link"],
)
def test_events_that_are_none_are_refused_and_nothing_is_written(make, words, terminal):
    make(terminal.folder)
    before = terminal.left_behind()
    terminal.run("run", "--events", "player.jsonl", "--out", "results").refused(*words)
    assert terminal.left_behind() == before


def test_an_output_never_replaces_the_events_that_it_was_made_of(terminal):
    terminal.path("e.parquet").write_bytes(FORMS["canonical Parquet"].of(GOOD))
    before = terminal.path("e.parquet").read_bytes()
    terminal.run("features", "--events", "e.parquet", "--out", "e.parquet").refused("would replace", "--out")
    assert terminal.path("e.parquet").read_bytes() == before


def test_spark_refuses_events_in_plain_words(tmp_path, monkeypatch):
    monkeypatch.setattr(spark_engine, "session", lambda master: None)  # starting it takes half a minute
    events = tmp_path / "e.parquet"
    events.write_bytes(FORMS["canonical Parquet"].of(GOOD))
    engine = spark_engine.SparkEngine(None)
    with pytest.raises(InputError, match="not player events") as refused:
        jobs.features_job(
            (), (str(events),), tmp_path / "out.parquet", jobs.ReadOptions(), ExtractOptions(), engine, lambda *_: None
        )
    assert "--engine spark" in refused.value.remedy


# More than memory holds

LITTLE = ("--memory", "64MB", "--workers", "1")
LOOK_S = 0.002
GIVE_UP_S = 60


@pytest.fixture(scope="session")
def many(shared) -> tuple[Path, Path]:
    """Sessions and some 400,000 events of 150 viewers, in small row groups."""
    made = shared.run(
        "synth", "--viewers", "150", "--days", "28", "--out", "v.parquet", "--events", "all.parquet", "--json"
    ).good()
    table = pq.read_table(shared.path("all.parquet"))
    assert made.json["events"] == table.num_rows > 300_000
    pq.write_table(table, shared.path("player.parquet"), row_group_size=9_000)
    return shared.path("v.parquet"), shared.path("player.parquet")


def args_of(many: tuple[Path, Path], beside: str, folder: Path) -> list[str | Path]:
    views, events = many
    if beside == "sessions without ids":
        views = folder.with_name("nameless.parquet")
        pq.write_table(pq.read_table(many[0]).drop_columns(["session_id"]), views)
    return [*([] if beside == "events only" else [views]), "--events", events]


def vectors(terminal, out: str, *args: str | Path) -> tuple[Record, bytes]:
    told = terminal.run("features", *args, "--out", out, "--json").good().json
    assert told["vectors"] == pq.read_metadata(terminal.path(out)).num_rows > 0
    return told, terminal.path(out).read_bytes()


@pytest.mark.parametrize("beside", ["sessions", "sessions without ids", "events only"])
def test_events_that_memory_does_not_hold_give_the_same_vectors(beside, terminal, many):
    args = args_of(many, beside, terminal.folder)
    little, small = vectors(terminal, "little.parquet", *args, *LITTLE)
    much, large = vectors(terminal, "much.parquet", *args, "--memory", "4GB", "--workers", "2")
    assert little["events"]["read"] > 300_000
    assert little["events"]["matched"] == (0 if beside == "events only" else little["events"]["sessions"])
    assert small == large
    assert {**little, "outputs": 0} == {**much, "outputs": 0}
    assert terminal.left_behind() == {"little.parquet", "much.parquet"}


def test_a_command_on_events_that_was_killed_goes_on_and_gives_the_same(terminal, many):
    args = [*args_of(many, "sessions", terminal.folder), *LITTLE]
    work = terminal.path(".killed.parquet.work")
    process = terminal.start("features", *args, "--out", "killed.parquet")
    until = time.monotonic() + GIVE_UP_S
    while len(list(work.glob("vectors-*.parquet"))) < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == -signal.SIGKILL, "the run ended before it could be killed"
    done, resumed = vectors(terminal, "killed.parquet", *args)
    whole, fresh = vectors(terminal, "whole.parquet", *args)
    assert (done["resumed_partitions"] >= 2, whole["resumed_partitions"]) == (True, 0)
    assert resumed == fresh
    assert (done["tally"], done["events"]) == (whole["tally"], whole["events"])
    assert terminal.left_behind() == {"killed.parquet", "whole.parquet"}


def test_what_synth_writes_is_what_run_reads(terminal, many):
    told = answered(terminal, "--events", many[1])
    assert told["events"]["read"] == pq.read_metadata(many[1]).num_rows
    assert told["events"]["quarantined"] == 0
    assert told["events"]["sessions"] == pq.read_metadata(many[0]).num_rows
