"""What must never change a behaviour vector, and what no feature may ever read."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.errors import InputError
from analyzer.features import plays, views, windows
from analyzer.features.catalog import Family, FeatureSpec, Transform, feature, select
from analyzer.features.context import context_of
from analyzer.features.extract import extract_features
from analyzer.grouping import segments, sorting
from analyzer.sessions.door import admit
from analyzer.sessions.records import Sessions
from analyzer.sessions.schema import ACCESSIBILITY
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.sessions.tabular import read_frame

VIEWERS = 60
# What a source may not know. Less knowledge takes other branches: estimated lengths, laps instead of positions.
SOURCES = {
    "knows everything": [],
    "knows no positions": ["end_position_s"],
    "knows no lengths": ["runtime_s"],
    "knows times only": ["end_position_s", "runtime_s", "series_id", "utc_offset_min", "household_id"],
}


@pytest.fixture(scope="module", params=SOURCES.values(), ids=SOURCES)
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """Some synthetic viewers, with every habit's kinds of rows, and holes in what is known of each row."""
    everyone, _ = synthesize(Population(viewers=VIEWERS, days=40, seed=3))
    frame = everyone.to_pandas().drop(columns=request.param)
    rng = np.random.default_rng(1)
    for name in {"runtime_s", "end_position_s", "utc_offset_min", "captions"} & set(frame.columns):
        frame[name] = frame[name].astype("Float64").mask(rng.random(len(frame)) < 0.2)
    return admit(read_frame(frame, {}))


@pytest.fixture(scope="module")
def vectors(sessions: Sessions) -> pd.DataFrame:
    return extract_features(sessions)


def same(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare bit for bit, index included."""
    pd.testing.assert_frame_equal(actual, expected, check_exact=True)


def of_viewers(sessions: Sessions, names: list[str]) -> Sessions:
    wanted = pc.is_in(sessions.table["viewer_id"].cast(pa.string()), value_set=pa.array(names))
    return replace(sessions, table=sessions.table.filter(wanted))


def names_of(sessions: Sessions) -> list[str]:
    return sorted(sessions.table["viewer_id"].combine_chunks().unique().to_pylist())


def renamed(sessions: Sessions, name: Callable[[int], str]) -> tuple[Sessions, dict[str, str]]:
    names = {old: name(i) for i, old in enumerate(names_of(sessions))}
    column = pa.array([names[v] for v in sessions.table["viewer_id"].to_pylist()])
    at = sessions.table.column_names.index("viewer_id")
    return replace(sessions, table=sessions.table.set_column(at, "viewer_id", column)), names


@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_changes_no_vector(sessions: Sessions, vectors: pd.DataFrame, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(sessions))
    same(extract_features(replace(sessions, table=sessions.table.take(pa.array(order)))), vectors)


@pytest.mark.parametrize(
    "name",
    [
        lambda i: f"profile-{i:05d}",
        lambda i: f"{(i * 37) % VIEWERS:03d}",
        lambda i: "🦊" * (i + 1),
        lambda i: f"ä {-i}",
    ],
    ids=["in the same order", "in another order", "emoji", "umlauts and spaces"],
)
def test_the_names_of_viewers_change_no_vector(
    sessions: Sessions, vectors: pd.DataFrame, name: Callable[[int], str]
) -> None:
    other, names = renamed(sessions, name)
    assert len(set(names.values())) == len(names)
    expected = vectors.rename(index=names, level="viewer_id").sort_index()
    same(extract_features(other).sort_index(), expected)


@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_viewers_split_over_two_calls_have_the_same_vectors(
    sessions: Sessions, vectors: pd.DataFrame, data: st.DataObject
) -> None:
    names = names_of(sessions)
    seed = data.draw(st.integers(0, 2**32 - 1))
    first = [n for n, mine in zip(names, np.random.default_rng(seed).random(len(names)) < 0.5, strict=True) if mine]
    halves = [of_viewers(sessions, first), of_viewers(sessions, sorted(set(names) - set(first)))]
    same(pd.concat([extract_features(half) for half in halves]).sort_index(), vectors)


def test_each_viewer_alone_has_the_same_vectors_as_among_all(sessions: Sessions, vectors: pd.DataFrame) -> None:
    names = names_of(sessions)[::3]
    alone = [extract_features(of_viewers(sessions, [name])) for name in names]
    same(pd.concat(alone), vectors.loc[names])


def test_a_viewer_read_alone_has_the_same_vector_as_beside_one_who_knows_more() -> None:
    ana = pd.DataFrame({"viewer_id": ["ana"], "title_id": ["film"], "started_at": ["2024-01-01"], "played_s": [90.0]})
    ana[["series_id", "runtime_s", "utc_offset_min"]] = [[None, None, None]]
    ben = ana.assign(viewer_id="ben", series_id="crown", runtime_s=100.0, utc_offset_min=60)
    alone = extract_features(admit(read_frame(ana, {})))
    beside = extract_features(admit(read_frame(pd.concat([ben, ana]), {})))
    same(beside.loc[["ana"]], alone)
    assert not alone.loc["ana", "episode_share"].isna().any(), "a null series says: a film"


def test_one_feature_alone_is_the_same_as_among_all(sessions: Sessions, vectors: pd.DataFrame) -> None:
    some = names_of(sessions)[:5]
    for spec in select():
        same(extract_features(of_viewers(sessions, some), features=[spec.name]), vectors.loc[some, [spec.name]])


def test_the_dictionary_a_key_is_coded_with_changes_no_vector(sessions: Sessions, vectors: pd.DataFrame) -> None:
    frame = sessions.to_pandas()
    for name in ("viewer_id", "title_id", "series_id"):
        if name in frame:
            backwards = [
                *sorted(frame[name].dropna().astype(str).unique(), reverse=True),
                "nobody has this one",
            ]
            frame[name] = pd.Categorical(frame[name].astype(object), categories=backwards)
    same(extract_features(admit(read_frame(frame, {}))), vectors)


# ---------------------------------------------------------------- odd but legal


def _daily(viewer: object, first: str = "2024-02-26", days: int = 7) -> pd.DataFrame:
    starts = pd.date_range(first, periods=days, tz="UTC") + pd.Timedelta(hours=18)
    return pd.DataFrame({"viewer_id": viewer, "title_id": "film", "started_at": starts, "played_s": 6000.0})


@pytest.mark.parametrize("ids", [["🦊", "👩‍👧"], [7, 12], [-(2**62), 2**62]], ids=["emoji", "small", "large int64"])
def test_viewers_of_any_name_are_told_apart(ids: list[object]) -> None:
    frame = pd.concat([_daily(ids[0]), _daily(ids[1], days=3)])
    vectors = extract_features(admit(read_frame(frame, {})), "all")
    found = vectors.droplevel("window_start")["plays"].to_dict()
    assert found == {str(ids[0]): 7.0, str(ids[1]): 3.0}


def test_a_run_of_days_goes_over_the_leap_day() -> None:
    vectors = extract_features(admit(read_frame(_daily("ana"), {})), "all")
    assert vectors["title_run_days_max"].tolist() == [7.0]  # 26, 27, 28, 29 February, 1, 2, 3 March
    without = _daily("ana")
    without = without[without["started_at"].dt.strftime("%m-%d") != "02-29"]
    assert extract_features(admit(read_frame(without, {})), "all")["title_run_days_max"].tolist() == [3.0]


def test_a_profile_with_two_hundred_thousand_sessions_is_a_profile_like_any_other() -> None:
    count, clips = 200_000, 50
    frame = pd.DataFrame(
        {
            "viewer_id": "lobby screen",
            "title_id": [f"clip-{i % clips:02d}" for i in range(count)],
            "started_at": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(np.arange(count) * 600, unit="s"),
            "played_s": 300.0,
            "runtime_s": 300.0,
        }
    )
    vector = extract_features(admit(read_frame(frame, {})), None).iloc[0]
    # A clip comes round every 500 minutes and is played in full: each time is a play, all but the first a replay.
    assert vector["plays"] == count
    assert vector["titles"] == clips
    assert vector["replay_share"] == (count - clips) / count
    assert vector["hours_played"] == pytest.approx(count * 300 / 3600)
    assert vector["title_passes_max"] == count / clips
    assert vector["replay_gap_median_days"] == pytest.approx(500 / 1440)
    assert vector["active_days"] == vector["active_run_days_max"] == np.ceil(count * 600 / 86_400)


def test_no_sessions_give_no_vectors() -> None:
    sessions = admit(read_frame(_daily("ana"), {}))
    empty = extract_features(replace(sessions, table=sessions.table.slice(0, 0)))
    assert empty.shape == (0, len(select()))
    assert empty.index.names == ["viewer_id", "window_start"]


def test_windows_do_not_move_with_the_first_day_of_the_data() -> None:
    late = extract_features(admit(read_frame(_daily("ana", "2024-03-05"), {})))
    with_early = pd.concat([_daily("zoe", "2023-07-13"), _daily("ana", "2024-03-05")])
    same(extract_features(admit(read_frame(with_early, {}))).loc[["ana"]], late)
    assert all(start.weekday() == 0 for start in late.index.get_level_values("window_start"))


# ---------------------------------------------------------------- accessibility settings


def _with_settings(sessions: Sessions, seed: int) -> Sessions:
    rng = np.random.default_rng(seed)
    frame = sessions.to_pandas().assign(
        captions=rng.random(len(sessions)) < 0.5,
        audio_description=rng.random(len(sessions)) < 0.5,
        playback_rate=rng.choice([0.5, 1.0, 2.0], len(sessions)),
        assistive_tech=rng.choice(["none", "declared", "unknown"], len(sessions)),
    )
    return admit(read_frame(frame, {}))


def test_accessibility_settings_present_absent_or_other_change_no_vector(
    sessions: Sessions, vectors: pd.DataFrame
) -> None:
    present = [name for name in ACCESSIBILITY if name in sessions.table.column_names]
    same(extract_features(replace(sessions, table=sessions.table.drop_columns(present))), vectors)
    for seed in (1, 2):
        same(extract_features(_with_settings(sessions, seed)), vectors)


def test_accessibility_settings_travel_beside_the_vectors_and_never_in_a_column(sessions: Sessions) -> None:
    vectors = extract_features(_with_settings(sessions, 1))
    context = context_of(vectors)
    assert context is not None
    assert not context.settings(vectors.index).isna().all().any()
    assert not set(vectors.columns) & set(ACCESSIBILITY)


@pytest.mark.parametrize("column", ACCESSIBILITY)
def test_no_feature_can_be_made_that_needs_an_accessibility_setting(column: str) -> None:
    with pytest.raises(InputError, match=f"{column}, an accessibility setting"):
        FeatureSpec("quiet", Family.VOLUME, "h", "Quiet.", "never", Transform.NONE, lambda p: p.hours, needs=(column,))
    catalog: dict[str, FeatureSpec] = {}
    enter = feature(Family.VOLUME, "h", Transform.NONE, needs=(column,), catalog=catalog)

    def quiet_hours(p: views.Plays) -> segments.Floats:
        """Quiet hours."""
        return p.hours

    with pytest.raises(InputError, match="never define a pattern"):
        enter(quiet_hours)
    assert catalog == {}


def test_a_feature_can_only_need_a_column_of_the_session_table() -> None:
    with pytest.raises(InputError, match="Did you mean 'runtime_s'"):
        FeatureSpec("x", Family.VOLUME, "h", "X.", "never", Transform.NONE, lambda p: p.hours, needs=("runtime",))


def test_no_module_that_computes_features_names_an_accessibility_setting() -> None:
    modules = {plays, views, segments, sorting, windows}
    modules |= {importlib.import_module(spec.compute.__module__) for spec in select()}
    assert len(modules) >= 8, "the modules of the feature families are among them"
    for module in modules:
        named = {
            word
            for node in ast.walk(ast.parse(inspect.getsource(module)))
            for word in (getattr(node, "value", None), getattr(node, "attr", None), getattr(node, "id", None))
            if isinstance(word, str)
        }
        assert not named & set(ACCESSIBILITY), module.__name__


def test_plays_hold_no_accessibility_setting() -> None:
    fields = {*plays.SessionArrays.__dataclass_fields__, *plays.PlayArrays.__dataclass_fields__}
    assert not fields & set(ACCESSIBILITY)
