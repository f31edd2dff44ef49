"""The door: a row is used, dropped for a stated reason, or quarantined with its line; nothing else happens to it."""

from __future__ import annotations

import math

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.sessions.door import DoorRules, admit
from analyzer.sessions.records import RawRows, Sessions, concatenate, reason_counts
from analyzer.sessions.schema import SESSIONS
from analyzer.sessions.tabular import read_frame


def frame(rows: int = 1, **columns: object) -> pd.DataFrame:
    """Return sessions that differ in their start, with `columns` set; a list gives a value a row."""
    base = {
        "viewer_id": "ana",
        "title_id": "film",
        "started_at": [f"2024-01-{day:02d} 20:00" for day in range(1, rows + 1)],
        "played_s": 5400.0,
    }
    return pd.DataFrame({**base, **columns}, index=range(rows))


def admitted(table: pd.DataFrame, rules: DoorRules | None = None) -> Sessions:
    sessions = admit(read_frame(table, {}), rules)
    assert len(sessions) == sessions.tally.used
    assert len(sessions.quarantine) == sessions.tally.quarantined
    assert sessions.tally.read == len(table)
    return sessions


def quarantined(sessions: Sessions) -> list[tuple[int, str]]:
    return [(row["line"], row["reason"]) for row in sessions.quarantine.to_pylist()]


# ---------------------------------------------------------------- quarantine


def test_one_bad_row_among_many_is_quarantined_with_its_number_and_the_rest_is_used() -> None:
    table = frame(28)
    table.loc[16, "played_s"] = -1.0
    sessions = admitted(table)
    assert quarantined(sessions) == [(17, "played_s is not 0 to 86400 s")]
    assert sessions.tally.used == 27


@pytest.mark.parametrize("value", [-1.0, -1e-9, 86_400.5, 1e300, 10.0**12])
def test_a_negative_or_absurd_duration_is_quarantined(value: float) -> None:
    assert quarantined(admitted(frame(2, played_s=[value, 60.0]))) == [(1, "played_s is not 0 to 86400 s")]


@pytest.mark.parametrize(("value", "reason"), [(math.nan, "missing"), (math.inf, "cannot"), (-math.inf, "cannot")])
def test_a_duration_that_is_no_number_is_quarantined(value: float, reason: str) -> None:
    ((line, why),) = quarantined(admitted(frame(2, played_s=[60.0, value])))
    assert line == 2
    assert why.startswith("played_s is missing" if reason == "missing" else "played_s cannot be read as a number")


@pytest.mark.parametrize("value", [0.0, 86_400.0])
def test_the_bounds_themselves_are_allowed(value: float) -> None:
    assert admitted(frame(1, played_s=value)).tally.used == 1


@pytest.mark.parametrize(
    "moment", ["2004-12-31 23:59:59.999999", "2050-01-01", "1970-01-01", "9999-12-31", "0001-01-01"]
)
def test_a_time_outside_the_age_of_streaming_is_quarantined(moment: str) -> None:
    sessions = admitted(frame(2, started_at=[moment, "2024-01-01"]))
    assert quarantined(sessions) == [(1, "started_at is not 2005-01-01 to 2050-01-01 (exclusive)")]


@pytest.mark.parametrize("moment", ["2005-01-01", "2049-12-31 23:59:59.999999", "2024-02-29T12:00+14:00"])
def test_a_time_within_it_is_used(moment: str) -> None:
    assert admitted(frame(1, started_at=moment)).tally.used == 1


@pytest.mark.parametrize("moment", ["2023-02-29", "now", "31.12.2023", "soon"])
def test_a_time_that_cannot_be_read_is_quarantined(moment: str) -> None:
    ((line, reason),) = quarantined(admitted(frame(2, started_at=["2024-01-01", moment])))
    assert line == 2
    assert reason.startswith("started_at cannot be read as a time (ISO 8601")


@pytest.mark.parametrize("name", ["viewer_id", "title_id", "started_at", "played_s"])
def test_a_row_without_a_required_value_is_quarantined(name: str) -> None:
    table = frame(2)
    table.loc[1, name] = None
    assert quarantined(admitted(table)) == [(2, f"{name} is missing")]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("runtime_s", 0.5, "runtime_s is not 1 to 345600 s"),
        ("end_position_s", -1.0, "end_position_s is not at least 0 s"),
        ("utc_offset_min", 901, "utc_offset_min is not -900 to 900 min"),
        ("utc_offset_min", 7.5, "utc_offset_min cannot be read as a whole number"),
        ("playback_rate", 17.0, "playback_rate is not 0.05 to 16 x"),
        ("content_kind", "advert", "content_kind is not one of main, trailer, preview, recap, other"),
        ("assistive_tech", "yes", "assistive_tech is not one of none, declared, unknown"),
        ("hidden", "perhaps", "hidden cannot be read as true or false"),
    ],
)
def test_an_optional_value_that_breaks_its_rule_quarantines_the_row(name: str, value: object, reason: str) -> None:
    assert quarantined(admitted(frame(2, **{name: [None, value]}))) == [(2, reason)]


def test_only_the_first_reason_is_recorded() -> None:
    table = frame(2, viewer_id=[None, "ana"], played_s=[-1.0, 1.0], hidden=[True, False])
    sessions = admitted(table)
    assert quarantined(sessions) == [(1, "viewer_id is missing")]
    assert sessions.tally.as_json()["dropped"] == {}


def test_a_quarantined_row_is_not_kept_for_it_may_hold_names() -> None:
    sessions = admitted(frame(2, viewer_id=["Ana Maria Smith", "b"], played_s=[-1.0, 1.0]))
    assert sessions.quarantine.column_names == ["file", "line", "reason"]
    assert "Smith" not in str(sessions.quarantine.to_pylist())


def test_the_adapters_own_reason_comes_first() -> None:
    raw = read_frame(frame(2, played_s=[-1.0, 1.0]), {})
    reject = pa.array(["the line is torn", None], pa.string())
    sessions = admit(RawRows(raw.columns, "x.csv", pa.array([5, 9]), reject))
    assert sessions.quarantine.to_pylist() == [{"file": "x.csv", "line": 5, "reason": "the line is torn"}]


def test_the_commonest_reasons_are_counted() -> None:
    sessions = admitted(frame(4, played_s=[-1.0, -2.0, None, 1.0]))
    assert reason_counts(sessions.quarantine) == [
        ("played_s is not 0 to 86400 s", 2),
        ("played_s is missing", 1),
    ]


# ---------------------------------------------------------------- refusals


def test_a_source_without_rows_is_refused() -> None:
    with pytest.raises(InputError, match="holds no rows"):
        admit(read_frame(frame(1).iloc[:0], {}))


def test_a_required_column_that_cannot_be_read_at_all_is_refused_with_what_it_holds() -> None:
    with pytest.raises(InputError, match=r"Column started_at of frame holds .* cannot be read as a time") as caught:
        admit(read_frame(frame(2, started_at=["monday", "tuesday"]), {}))
    assert "Convert it to a time" in caught.value.remedy


def test_a_source_of_bad_rows_only_is_refused_with_the_commonest_reasons() -> None:
    with pytest.raises(InputError, match=r"No row of frame can be used: played_s is not 0 to 86400 s \(2 rows\)"):
        admit(read_frame(frame(3, played_s=[-1.0, -2.0, None]), {}))


def test_a_source_of_dropped_rows_only_is_no_error() -> None:
    assert admitted(frame(2, hidden=True)).tally.as_json() == {
        "read": 2,
        "used": 0,
        "dropped": {"hidden": 2},
        "quarantined": 0,
    }


# ---------------------------------------------------------------- drops


def test_what_the_viewer_asked_to_hide_is_dropped() -> None:
    sessions = admitted(frame(3, hidden=[True, False, None]))
    assert dict(sessions.tally.dropped) == {"hidden": 1}
    assert sessions.tally.used == 2


def test_everything_but_main_content_is_dropped_and_unknown_content_is_kept() -> None:
    sessions = admitted(frame(6, content_kind=["main", "trailer", "preview", "recap", "other", None]))
    assert dict(sessions.tally.dropped) == {"trailer_or_preview": 4}
    assert sessions.table["content_kind"].to_pylist() == ["main", None]


def test_autoplay_is_dropped_unless_it_is_asked_for() -> None:
    table = frame(3, autoplay=[True, False, None])
    assert dict(admitted(table).tally.dropped) == {"autoplay": 1}
    assert admitted(table, DoorRules(drop_autoplay=False)).tally.used == 3


@pytest.mark.parametrize(
    ("hidden", "kind", "autoplay", "reason"),
    [
        (True, "trailer", True, "hidden"),
        (True, "main", True, "hidden"),
        (False, "trailer", True, "trailer_or_preview"),
        (False, "main", True, "autoplay"),
    ],
)
def test_a_row_is_dropped_for_one_reason_hidden_first(hidden: bool, kind: str, autoplay: bool, reason: str) -> None:
    sessions = admitted(frame(2, hidden=[hidden, False], content_kind=[kind, "main"], autoplay=[autoplay, False]))
    assert dict(sessions.tally.dropped) == {reason: 1}


def test_a_row_that_repeats_an_earlier_one_in_every_column_is_dropped_and_counted() -> None:
    table = pd.concat([frame(3), frame(2), frame(1, played_s=1.0)], ignore_index=True)
    sessions = admitted(table)
    assert dict(sessions.tally.dropped) == {"duplicate": 2}
    assert sessions.tally.used == 4, "the first of each stays, and one that differs in length"


def test_a_duplicate_of_a_dropped_row_is_dropped_for_that_rows_reason() -> None:
    table = pd.concat([frame(1, hidden=True)] * 2 + [frame(1, hidden=False)] * 2, ignore_index=True)
    assert dict(admitted(table).tally.dropped) == {"duplicate": 1, "hidden": 2}


def test_equal_rows_are_two_plays_where_the_source_knows_no_time_of_day() -> None:
    table = pd.concat([frame(1)] * 2, ignore_index=True)
    assert admitted(table, DoorRules(drop_duplicates=False)).tally.used == 2


def test_rows_equal_in_everything_but_a_null_are_two_rows() -> None:
    table = pd.concat([frame(1, runtime_s=60.0), frame(1, runtime_s=None)], ignore_index=True)
    assert admitted(table).tally.used == 2


def test_columns_that_are_not_declared_do_not_arrive() -> None:
    sessions = admitted(frame(1, email="ana@example.org", runtime_s=60.0))
    assert sessions.table.column_names == ["viewer_id", "title_id", "started_at", "played_s", "runtime_s"]


# ---------------------------------------------------------------- joining sources


def test_sources_join_with_the_columns_of_both_and_their_tallies_added() -> None:
    first = admitted(frame(3, runtime_s=60.0, hidden=[True, False, False]))
    second = admitted(frame(2, viewer_id="ben", series_id="crown", played_s=[-1.0, 5.0]))
    joined = concatenate([first, second])
    assert joined.tally.as_json() == {"read": 5, "used": 3, "dropped": {"hidden": 1}, "quarantined": 1}
    assert joined.table["viewer_id"].to_pylist() == ["ana", "ana", "ben"]
    assert joined.table["series_id"].to_pylist() == [None, None, "crown"]
    assert joined.table["runtime_s"].to_pylist() == [60.0, 60.0, None]
    assert len(joined.quarantine) == 1


def test_joining_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to read"):
        concatenate([])


# ---------------------------------------------------------------- anything at all

_JUNK = st.one_of(
    st.none(),
    st.text(max_size=6),
    st.sampled_from(
        ["NaN", "inf", "-1", "90", "true", "main", "trailer", "2024-01-01", "2024-01-01T20:00", "now", "\0"]
    ),
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
)
_PLAUSIBLE = {
    "viewer_id": st.sampled_from(["ana", "ben", None]),
    "title_id": st.sampled_from(["film", "clip"]),
    "started_at": st.sampled_from(["2024-01-01", "2024-01-02", "1999-01-01"]),
    "played_s": st.sampled_from([60.0, 0.0, -1.0]),
    "hidden": st.sampled_from([True, False, None]),
    "autoplay": st.sampled_from([True, False, None]),
    "content_kind": st.sampled_from(["main", "trailer", None]),
}


@st.composite
def messy_tables(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, 8))
    optional = draw(st.sets(st.sampled_from([c.name for c in SESSIONS if not c.required])))
    names = ["viewer_id", "title_id", "started_at", "played_s", *sorted(optional)]
    columns = {}
    for name in names:
        plausible = _PLAUSIBLE.get(name, _JUNK)
        cell = draw(st.sampled_from([plausible, plausible, st.one_of(plausible, _JUNK), _JUNK]))
        columns[name] = pd.Series(draw(st.lists(cell, min_size=rows, max_size=rows)), dtype=object)
    return pd.DataFrame(columns)


@settings(max_examples=150, deadline=None)
@given(messy_tables(), st.booleans(), st.booleans())
def test_the_tally_always_adds_up_or_the_source_is_refused(
    table: pd.DataFrame, drop_autoplay: bool, drop_duplicates: bool
) -> None:
    try:
        sessions = admitted(table, DoorRules(drop_autoplay, drop_duplicates))
    except InputError:
        return  # all rows bad, or a required column unreadable throughout
    tally = sessions.tally
    assert tally.used + sum(tally.dropped.values()) + tally.quarantined == len(table)
    assert all(1 <= line <= len(table) for line, _ in quarantined(sessions))
    assert sessions.table.select(["viewer_id", "title_id", "started_at", "played_s"]).to_pandas().notna().all().all()
