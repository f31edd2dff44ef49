"""Player events written as a small text table or drawn at random, the specs made of them, and what the package says.

A table has a head and one line an event, cells between bars. `time` and `event` are needed; the rest is optional:
`position` and `target` in the title, `rate`, `seq`, `ads` (positions count ads: `yes` or `no`), `id` (of the event),
`length` (of the title), `viewer`, `title` and `session`. Without such a column the viewer is ana, the title is film and
the session is s1; an empty cell is null. Times are counted from 2024-01-01 20:00 UTC; times, positions and lengths are
sums of `d`, `h`, `m` and `s`, `1h30m` or `2.5s`.

A spec is `## what it says`, a table, and lines `measure = value` (`2: measure = value` where there are several
sessions, numbered by when they began). A measure is a column of the session table, or `sessions`, their number. A value
is a duration, a number, a fraction, or `null`. Other lines beginning with `#` say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

import analyzer
from analyzer.errors import InputError
from analyzer.sessions.records import Sessions
from analyzer.sessions.schema import arrow_schema
from analyzer.sessions.tally import Tally

from .oracle import WORDS, Event, Session, in_order, sessions_of
from .oracle import read as known_values

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MS = (datetime(2024, 1, 1, 20, tzinfo=UTC) - EPOCH) // timedelta(milliseconds=1)
DAY_MS = 86_400_000
_UNIT_MS = {"d": DAY_MS, "h": 3_600_000, "m": 60_000, "s": 1_000}
_DEFAULTS = {"viewer": "ana", "title": "film", "session": "s1"}

MEASURES = {
    "played_s": "played_ms",
    "content_s": "content_ms",
    "unique_s": "unique_ms",
    "passage_passes": "passes",
    "pauses": "pauses",
    "rewinds": "rewinds",
    "rewind_s": "rewind_ms",
    "rewind_gap_s": "rewind_gap_ms",
    "rewind_chain": "chain",
    "forward_skips": "skips",
    "undirected_seeks": "undirected",
    "end_position_s": "end_ms",
    "runtime_s": "runtime_ms",
}
"""Columns of the session table that events tell, and what the oracle calls them."""

Row = dict[str, object]


# ---------------------------------------------------------------- text to events


def milliseconds(text: str) -> int:
    """Return `1h30m` or `2.5s` in milliseconds."""
    if text == "0":
        return 0
    parts = re.findall(r"(\d+(?:\.\d+)?)([dhms])", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError(f"{text!r} is no duration")
    return round(sum(Fraction(n) * _UNIT_MS[u] for n, u in parts))


def events_of(text: str) -> list[Event]:
    """Return the events of a text table."""
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return [_event(dict(zip(head, row, strict=False))) for row in rows]


def _event(cells: dict[str, str]) -> Event:
    def told(name: str) -> str | None:
        return cells.get(name, _DEFAULTS.get(name, "")) or None

    def duration(name: str) -> int | None:
        text = told(name)
        return None if text is None else milliseconds(text)

    return Event(
        viewer=cells.get("viewer") or "ana",
        event=cells["event"],
        title=told("title"),
        session_id=told("session"),
        at_ms=FIRST_MS + milliseconds(cells["time"]),
        seq=int(cells["seq"]) if told("seq") else None,
        position_ms=duration("position"),
        target_ms=duration("target"),
        rate=Fraction(cells["rate"]) if told("rate") else None,
        ads_in_position={"yes": True, "no": False, None: None}[told("ads")],
        event_id=told("id"),
        runtime_ms=duration("length"),
    )


# ---------------------------------------------------------------- events to what the package says


def arrow_of(events: Iterable[Event]) -> pa.Table:
    """Return events as a table under the columns of the event table."""
    rows = list(events)
    instant = pa.timestamp("ms", tz="UTC")
    return pa.table(
        {
            "viewer_id": pa.array([e.viewer for e in rows], pa.string()),
            "session_id": pa.array([e.session_id for e in rows], pa.string()),
            "title_id": pa.array([e.title for e in rows], pa.string()),
            "seq": pa.array([e.seq for e in rows], pa.int32()),
            "t_ms": pa.array([e.t_ms for e in rows], pa.int64()),
            "occurred_at": pa.array([e.at_ms for e in rows], instant),
            "started_at": pa.array([e.started_ms for e in rows], instant),
            "event": pa.array([e.event for e in rows], pa.string()),
            "position_s": pa.array([_seconds(e.position_ms) for e in rows], pa.float64()),
            "to_position_s": pa.array([_seconds(e.target_ms) for e in rows], pa.float64()),
            "rate": pa.array([None if e.rate is None else float(e.rate) for e in rows], pa.float64()),
            "ads_in_position": pa.array([e.ads_in_position for e in rows], pa.bool_()),
            "event_id": pa.array([e.event_id for e in rows], pa.string()),
            "runtime_s": pa.array([_seconds(e.runtime_ms) for e in rows], pa.float64()),
        }
    )


def _seconds(value: int | Fraction | None) -> float | None:
    return None if value is None else float(Fraction(value) / 1_000)


def read(events: object) -> Sessions:
    """Return what the package makes of events, a table or a list of files; of events that cannot be used, `NOTHING`."""
    try:
        return analyzer.read_sessions(events=events, pseudonyms=False)
    except InputError as refused:
        if "No player event can be used" in str(refused):
            return NOTHING
        raise


NOTHING = Sessions(arrow_schema(["viewer_id", "title_id", "started_at", "played_s"]).empty_table(), Tally())


def rows_of(sessions: Sessions) -> list[Row]:
    """Return the sessions of the package as plain rows, in order."""
    names = ["viewer_id", "title_id", "started_at", *MEASURES]
    table = sessions.table
    columns = {n: table[n].to_pylist() if n in table.column_names else [None] * len(table) for n in names}
    return sorted_rows({name: columns[name][i] for name in names} for i in range(len(table)))


def answers(events: list[Event]) -> list[Row]:
    """Return what the oracle says of events, of those sessions that the session table admits."""
    return sorted_rows(_row(s) for s in sessions_of(events) if _admitted(s))


def _row(s: Session) -> Row:
    row: Row = {"viewer_id": s.viewer, "title_id": s.title, "started_at": EPOCH + timedelta(milliseconds=s.start_ms)}
    for name, ours in MEASURES.items():
        value = getattr(s, ours)
        row[name] = _seconds(value) if ours.endswith("_ms") else value if value is None else float(value)
    return row


def _admitted(s: Session) -> bool:
    return s.title is not None and s.start_ms is not None and s.played_ms <= DAY_MS


def sorted_rows(rows: Iterable[Row]) -> list[Row]:
    """Return rows in an order that depends on their values only."""
    return sorted(rows, key=lambda row: tuple((v is None, v if v is not None else 0) for v in row.values()))


# ---------------------------------------------------------------- specs


@dataclass
class Spec:
    """One statement: a table of events and what their sessions then say."""

    says: str
    table: str = ""
    values: list[tuple[int, str, float | None]] = field(default_factory=list)
    # each value is (number of the session, measure, value)


def read_specs(path: Path) -> list[Spec]:
    """Return the specs of a file."""
    specs: list[Spec] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            specs.append(Spec(line[3:].strip()))
        elif line.startswith("#") or not line.strip():
            continue
        elif "|" in line:
            specs[-1].table += line + "\n"
        else:
            specs[-1].values.append(_value(line))
    return specs


def _value(line: str) -> tuple[int, str, float | None]:
    match = re.fullmatch(r"(?:(\d+):\s+)?(\w+) = (\S+)", line.strip())
    if match is None or (match[2] != "sessions" and match[2] not in MEASURES):
        raise ValueError(f"{line!r} is no value of a measure")
    number, measure, value = int(match[1] or 1), match[2], match[3]
    if value == "null":
        return number, measure, None
    is_duration = value[-1] in _UNIT_MS
    return number, measure, milliseconds(value) / 1_000 if is_duration else float(Fraction(value))


# ---------------------------------------------------------------- events drawn at random

# Few values that lie close to the page's borders (half a second, one, two and ten seconds, two minutes, half an hour,
# six hours), so that a few events often stall, jump, merge, tie and part.
_GAPS = (0, 0, 4, 400, 600, 996, 1_000, 1_004, 2_000, 2_004, 5_000, 9_996, 10_000, 20_000, 60_000, 120_000, 120_004,
         600_000, 1_800_000, 1_800_004, 21_600_000, 21_600_004, 90_000_000)  # fmt: skip
_PLACES = (0, 500, 501, 999, 1_000, 1_500, 2_000, 2_001, 5_000, 10_000, 12_000, 20_000, 22_001, 30_000, 60_000, 61_000)
_UNTOLD_PLACES = (-1_000, 5 * DAY_MS)
_RATES = (None, None, None, *map(Fraction, ("1/2", "3/4", "5/4", "3/2", "2", "3", "0", "-1")))
# Times are multiples of 4 ms, so that a time times a rate is whole; see test_oracle for those that are not.


@st.composite
def streams(draw: st.DrawFn, viewers: tuple[str, ...] = ("ana", "ben")) -> list[Event]:
    """Draw the events of some viewers: up to three ids each, one of them perhaps missing."""
    events: list[Event] = []
    for viewer in viewers:
        for session_id in draw(st.sampled_from([("s1",), (None,), ("s1", None), ("s1", "s2")])):
            rows = draw(_STREAMS)
            if session_id is None and rows[0].t_ms is not None:  # then every event must tell where its time begins
                rows = [replace(e, started_ms=FIRST_MS) for e in rows]
            events += [replace(e, viewer=viewer, session_id=session_id) for e in rows]
    return _without_ties(events)


def _without_ties(events: list[Event]) -> list[Event]:
    """Leave out events that differ from another one only in what orders nothing, such as the title.

    The page does not say which of them stays.
    """
    told: dict[tuple[object, ...], Event] = {}
    for e in events:
        order = in_order(replace(known_values(e), at_ms=e.at_ms or 0)) if e.event in WORDS else (len(told),)
        told.setdefault((e.viewer, e.session_id, e.session_id or e.title, e.t_ms, *order), e)
    return list(told.values())


class _Choices:
    """Chooses by the bytes that were drawn, one after the other: one draw an event is fast, and 0 is the simplest."""

    def __init__(self, drawn: bytes) -> None:
        self._rest = iter(drawn)

    def of(self, *options: Any) -> Any:
        return options[next(self._rest) % len(options)]


def _stream(drawn: tuple[bytes, list[bytes]]) -> list[Event]:
    choose = _Choices(drawn[0])
    ads = choose.of("uncounted", "uncounted", "one", "many")
    rated, since_start, told = choose.of(False, True), choose.of(False, True), choose.of(True, False)
    titles = choose.of(("film",), ("film",), ("film", None), ("film", "clip", None), (None,))
    words = choose.of(WORDS, (*WORDS, "other"), ("play", "seek", "stop"), ("play", "ping", "pause"))
    if ads != "uncounted":
        words = ("start", "play", "ping", "seek", "ad_end", "ad_start")
    session = Event("", "", runtime_ms=choose.of(None, 600_000, DAY_MS))
    session = replace(session, started_ms=FIRST_MS if told and since_start else None)
    now, events = 0, []
    for choose in map(_Choices, drawn[1]):
        now += choose.of(*_GAPS)
        e = replace(session, event=choose.of(*words), title=choose.of(*titles), seq=choose.of(None, None, 1, 2))
        e = replace(e, event_id=choose.of(None, None, None, "x", "y"), rate=choose.of(*_RATES) if rated else None)
        e = replace(e, t_ms=now) if since_start else replace(e, at_ms=FIRST_MS + now)
        events.append(_placed(e, choose, ads, now))
        if e.event == "ad_start" and ads == "one":
            words = words[:-1]
    return events


def _placed(e: Event, choose: _Choices, ads: str, now: int) -> Event:
    """Give an event its places. Where several ads are counted, they lie beyond all ads that can have been seen."""
    beyond = tuple(place + now for place in _PLACES) if ads == "many" else _PLACES
    unknown = () if ads == "many" and e.event == "ad_start" else (*_UNTOLD_PLACES, *[None] * len(_PLACES))
    e = replace(e, position_ms=choose.of(*beyond, *unknown))
    target = choose.of(*beyond, *_UNTOLD_PLACES, *[None] * 9)
    moves = e.event == "seek" or ads == "uncounted"
    return replace(e, target_ms=target if moves else None, ads_in_position=None if ads == "uncounted" else True)


_DRAWN = st.binary(min_size=8, max_size=8)
_STREAMS = st.tuples(_DRAWN, st.lists(_DRAWN, min_size=1, max_size=9)).map(_stream)
