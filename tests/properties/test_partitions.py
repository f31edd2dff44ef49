"""However sessions are cut, ordered, named or spread over workers, a viewer's vectors are the same, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analyzer
from analyzer.features.extract import as_frame
from analyzer.features.kernel import Plan, vectors_of
from analyzer.features.windows import Window
from analyzer.grouping.sorting import ordered_bits, sort_order
from analyzer.sessions.records import Sessions
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow.options import BYTES_PER_ROW

SMALL = "64MB"  # the least that is allowed: about 27,000 rows for each of two workers
MONDAY = pd.Timestamp("2024-01-01", tz="UTC")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Some hundred synthetic viewers, more than fits into the least memory, with duplicates and rows nobody chose."""
    sessions, _ = synthesize(Population(viewers=700, days=84, seed=5))
    rows = sessions.to_pandas()
    over = sessions.passed_over.to_pandas().assign(played_s=10.0, autoplay=True)
    rows = pd.concat([rows.assign(autoplay=False), over, rows.assign(autoplay=False).iloc[::50]], ignore_index=True)
    assert len(rows) > (64 << 20) / BYTES_PER_ROW
    return rows.sample(frac=1.0, random_state=1, ignore_index=True)


@pytest.fixture(scope="module")
def expected(frame: pd.DataFrame) -> pd.DataFrame:
    return table_of(analyzer.extract_features(analyzer.read_sessions(frame)))


def table_of(vectors: pd.DataFrame) -> pd.DataFrame:
    """Vectors beside their context, as in a file."""
    context = vectors.attrs["analyzer.context"].frame.add_prefix("context.")
    flat = pd.concat([vectors, context], axis=1)
    flat.attrs = {}
    return flat


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path).set_index(["viewer_id", "window_start"])


def same(actual: pd.DataFrame, wanted: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(actual, wanted, check_exact=True, check_dtype=False)


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(("memory", "workers"), [(SMALL, 1), (SMALL, 2), (SMALL, 8), ("96MB", 3), ("4GB", 8)])
def test_memory_and_workers_change_no_byte_of_the_file(
    frame: pd.DataFrame, expected: pd.DataFrame, tmp_path: Path, memory: str, workers: int
) -> None:
    done = analyzer.write_features(frame, tmp_path / "v.parquet", memory=memory, workers=workers)
    analyzer.write_features(frame, tmp_path / "one.parquet", memory="4GB", workers=1)
    assert (tmp_path / "v.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()
    same(read(tmp_path / "v.parquet"), expected)
    assert done.vectors == len(expected)
    assert done.intake.tally == analyzer.read_sessions(frame).tally
    assert {path.name for path in tmp_path.iterdir()} == {"v.parquet", "one.parquet"}, "nothing else is left"


@pytest.mark.parametrize(
    "window", [{"window": "7d"}, {"window": None}, {"step": "7d"}, {"window": "7d", "step": "10d"}]
)
def test_windows_of_any_kind_are_the_same_through_partitions(
    frame: pd.DataFrame, tmp_path: Path, window: dict[str, str | None]
) -> None:
    analyzer.write_features(frame, tmp_path / "v.parquet", memory=SMALL, **window)
    same(read(tmp_path / "v.parquet"), table_of(analyzer.extract_features(analyzer.read_sessions(frame), **window)))


@settings(max_examples=3)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_order_of_rows_and_the_cut_into_files_change_no_byte(
    frame: pd.DataFrame, expected: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    rng = np.random.default_rng(seed)
    shuffled = frame.iloc[rng.permutation(len(frame))]
    for number, part in enumerate(np.array_split(np.arange(len(frame)), 5)):
        rows = shuffled.iloc[part]
        if number == 3:
            rows.to_csv(folder / "views-3.csv", index=False)
        else:
            pq.write_table(pa.Table.from_pandas(rows), folder / f"views-{number}.parquet", row_group_size=10_000)
    analyzer.write_features(folder, folder / "out" / "v.parquet", memory=SMALL)
    same(read(folder / "out" / "v.parquet"), expected)


def test_a_process_pool_gives_what_threads_give(frame: pd.DataFrame, expected: pd.DataFrame, tmp_path: Path) -> None:
    import joblib

    pq.write_table(pa.Table.from_pandas(frame), tmp_path / "views.parquet", row_group_size=20_000)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        analyzer.write_features(tmp_path / "views.parquet", tmp_path / "v.parquet", memory=SMALL, workers=2)
    same(read(tmp_path / "v.parquet"), expected)


# ---------------------------------------------------------------- the kernel


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    everyone, _ = synthesize(Population(viewers=60, days=40, seed=3))
    return analyzer.read_sessions(everyone.to_pandas())


@pytest.mark.parametrize("block_rows", [1, 7, 500, 1 << 20])
@pytest.mark.parametrize("workers", [1, 8])
def test_blocks_and_threads_change_no_vector(sessions: Sessions, block_rows: int, workers: int) -> None:
    plan = Plan(Window(28), sessions.provides)
    cut = vectors_of(sessions.table, sessions.passed_over, plan, workers=workers, block_rows=block_rows)
    same(table_of(as_frame(cut)), table_of(analyzer.extract_features(sessions, workers=1)))


_viewers = st.sampled_from(["ana", "ben", "🦊", "7"])
_row = st.fixed_dictionaries(
    {
        "viewer_id": _viewers,
        "title_id": st.sampled_from(["film", "e1", "e2"]),
        "started_at": st.integers(0, 60 * 24 * 60).map(lambda minutes: MONDAY + pd.Timedelta(minutes=minutes)),
        "played_s": st.sampled_from([0.0, 10.0, 59.5, 600.0, 5400.0, 7000.25]),
        "runtime_s": st.sampled_from([None, 5400.0]),
        "end_position_s": st.sampled_from([None, 0.0, 600.0, 5400.0]),
        "series_id": st.sampled_from([None, "crown"]),
        "utc_offset_min": st.sampled_from([None, -480, 0, 345, 840]),
        "autoplay": st.booleans(),
        "captions": st.sampled_from([None, True, False]),
    }
)


@given(rows=st.lists(_row, min_size=1, max_size=40), seed=st.integers(0, 2**32 - 1))
def test_ties_nulls_and_strangers_change_no_vector(rows: list[dict[str, object]], seed: int) -> None:
    """Rows of one moment, unknown values, clocks that jump; shuffled, alone, and beside other viewers."""
    frame = pd.DataFrame(rows).astype({"runtime_s": "Float64", "end_position_s": "Float64", "utc_offset_min": "Int64"})
    whole = analyzer.read_sessions(frame)
    vectors = analyzer.extract_features(whole, workers=1)
    shuffled = analyzer.read_sessions(frame.sample(frac=1.0, random_state=seed % 2**32))
    same(analyzer.extract_features(shuffled, workers=8), vectors)
    for viewer in frame["viewer_id"].unique():
        alone = analyzer.extract_features(analyzer.read_sessions(frame[frame["viewer_id"] == viewer]))
        same(alone, vectors[vectors.index.get_level_values("viewer_id") == viewer])


# ---------------------------------------------------------------- sliding windows


@pytest.mark.parametrize("offset_days", [0, 7, 14, 21])
def test_windows_that_overlap_are_those_of_a_calendar_that_begins_later(sessions: Sessions, offset_days: int) -> None:
    """Every fourth of the windows of 28 days every 7 days is what windows end to end give, weeks moved."""
    sliding = analyzer.extract_features(sessions, step="7d")
    frame = sessions.to_pandas()
    frame["started_at"] -= pd.Timedelta(days=offset_days)
    moved = sessions.passed_over.to_pandas()
    moved["started_at"] -= pd.Timedelta(days=offset_days)
    earlier = analyzer.read_sessions(frame)
    over = pa.Table.from_pandas(moved, preserve_index=False).cast(sessions.passed_over.schema)
    tumbling = analyzer.extract_features(replace(earlier, passed_over=over))
    viewers, starts = (tumbling.index.get_level_values(name) for name in ("viewer_id", "window_start"))
    tumbling.index = pd.MultiIndex.from_arrays(
        [viewers, starts + pd.Timedelta(days=offset_days)], names=tumbling.index.names
    )
    same(sliding.loc[tumbling.index], tumbling)


def test_a_session_over_the_border_belongs_whole_to_the_window_in_which_its_play_began() -> None:
    border = MONDAY + pd.Timedelta(days=(28 - (MONDAY - pd.Timestamp("1970-01-05", tz="UTC")).days % 28) % 28)
    frame = pd.DataFrame(
        {
            "viewer_id": "ana",
            "title_id": "film",
            "started_at": [border - pd.Timedelta(minutes=30), border + pd.Timedelta(hours=20)],
            "played_s": [3600.0, 1800.0],
            "end_position_s": [3600.0, 5400.0],
            "runtime_s": 5400.0,
        }
    )
    vectors = analyzer.extract_features(analyzer.read_sessions(frame))
    assert len(vectors) == 1, "the second evening resumes the first, so it begins no play of its own"
    assert vectors["hours_played"].tolist() == [1.5]
    assert vectors.index.get_level_values("window_start")[0] == border - pd.Timedelta(days=28)


def test_between_windows_with_gaps_nothing_is_counted(sessions: Sessions) -> None:
    gaps = analyzer.extract_features(sessions, "7d", step="14d")
    weeks = analyzer.extract_features(sessions, "7d")
    same(gaps, weeks.loc[gaps.index])
    assert 0 < len(gaps) < len(weeks)


# ---------------------------------------------------------------- the sort


@given(
    keys=st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2**40), st.integers(-(2**62), 2**62 - 1), st.floats()), max_size=60
    ),
    repeated=st.integers(0, 20),
)
def test_the_packed_sort_is_a_sort_however_wide_the_keys_are(
    keys: list[tuple[int, int, int, float]], repeated: int
) -> None:
    keys = keys + keys[:repeated]
    columns = [np.array([key[i] for key in keys], dtype=np.int64) for i in range(3)]
    breaker = np.array([key[3] for key in keys], dtype=np.float64)
    for count in (1, 2, 3):
        expected = np.lexsort((breaker, *reversed(columns[:count])))
        assert sort_order(columns[:count], (breaker,)).tolist() == expected.tolist()
        assert sort_order(columns[:count]).tolist() == np.lexsort([*reversed(columns[:count])]).tolist()


@given(st.lists(st.floats(allow_nan=False), min_size=2))
def test_floats_sort_as_their_bits(numbers: list[float]) -> None:
    values = np.array(numbers)
    assert values[np.argsort(ordered_bits(values), kind="stable")].tolist() == sorted(numbers)
