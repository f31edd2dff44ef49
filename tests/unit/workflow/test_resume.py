"""A run that was stopped goes on where it was, on the same input only, and nobody else can read what it keeps."""

from __future__ import annotations

import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analyzer
from analyzer.errors import InputError, OutputError
from analyzer.sessions.pieces import ReadOptions, pieces_of
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow import checkpoint, options, partitioned
from analyzer.workflow.extraction import extract as extract_in_memory
from analyzer.workflow.intake import Extracted

SOME = ["plays", "titles", "hours_played", "title_starts_max"]
ROWS_AT_A_TIME = 1_000
WORK = ".v.parquet.work"


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least memory that is allowed holds a thousand rows, so that a small file goes through disk."""
    monkeypatch.setattr(options, "BYTES_PER_ROW", (64 << 20) // ROWS_AT_A_TIME)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Some 4,000 rows, among them duplicates, rows that nobody chose and rows that cannot be read."""
    sessions, _ = synthesize(Population(viewers=45, days=40, seed=5))
    used = sessions.to_pandas().astype({"viewer_id": str, "title_id": str}).assign(autoplay=False)
    over = sessions.passed_over.to_pandas().assign(played_s=10.0, autoplay=True)
    table = pd.concat([used, over, used.iloc[::50]], ignore_index=True).sample(frac=1.0, random_state=1)
    table["played_s"] = table["played_s"].where(np.arange(len(table)) % 97 > 0, -1.0)
    assert 3_500 < len(table) < 5_000
    return table


@pytest.fixture
def views(rows: pd.DataFrame, tmp_path: Path) -> Path:
    """A file of several pieces, and one in an old encoding that makes a note."""
    folder = tmp_path / "views"
    folder.mkdir()
    table = pa.Table.from_pandas(rows, preserve_index=False)
    pq.write_table(table, folder / "a.parquet", row_group_size=ROWS_AT_A_TIME // 2)
    text = "viewer_id,title_id,started_at,played_s\nzoé,film,2024-01-01 20:00,5400\nzoé,film\n"
    (folder / "b.csv").write_bytes(text.encode("cp1252"))
    return folder


class Stopped:
    """Counts what is computed, and stops the run before the call with that number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: Counter[str] = Counter()
        self.stop_before: tuple[str, int] | None = None
        for name in ("split_piece", "partition_vectors", "write_summary", "merge"):
            monkeypatch.setattr(partitioned, name, self._counted(name, getattr(partitioned, name)))

    def _counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **settings: Any) -> Any:
            if self.stop_before == (name, self.calls[name]):
                raise KeyboardInterrupt
            self.calls[name] += 1
            return function(*args, **settings)

        return counted

    def since(self) -> Counter[str]:
        """Return what was computed since the last time that this was asked."""
        calls, self.calls = self.calls, Counter()
        return calls


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stopped]:
    return Stopped(monkeypatch)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out" / "v.parquet"


def extract(source: Any, out: Path, **settings: Any) -> Extracted:
    return analyzer.write_features(source, out, **{"features": SOME, "memory": "64MB", "workers": 1} | settings)


def extract_until(stopped: Stopped, name: str, number: int, source: Any, out: Path, **settings: Any) -> Counter[str]:
    """Run until the call with that number would begin, and return what was done before."""
    stopped.since()
    stopped.stop_before = (name, number)
    try:
        extract(source, out, **settings)
    except KeyboardInterrupt:  # not pytest.raises: it would keep the run's frames, and with them its tables, alive
        stopped.stop_before = None
        return stopped.since()
    raise AssertionError("the run ended before it was stopped")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# ---------------------------------------------------------------- what a stopped run leaves


def test_a_run_that_was_stopped_leaves_no_file_but_a_hidden_folder_for_its_owner_only(
    views: Path, out: Path, stopped: Stopped
) -> None:
    before = os.umask(0)
    try:
        extract_until(stopped, "partition_vectors", 2, views, out)
    finally:
        os.umask(before)
    assert names(out.parent) == {WORK}
    work = out.parent / WORK
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    assert len(list(work.glob("vectors-*.parquet"))) == 2


def test_the_same_call_goes_on_where_it_was_and_computes_nothing_twice(
    views: Path, out: Path, stopped: Stopped
) -> None:
    whole = extract(views, out.with_name("whole.parquet"))
    in_one_go = stopped.since()
    assert in_one_go["split_piece"] > 3
    assert in_one_go["partition_vectors"] > 3
    assert whole.resumed == 0
    extract_until(stopped, "partition_vectors", 2, views, out)
    done = extract(views, out)
    calls = stopped.since()
    assert calls["split_piece"] == 0
    assert calls["partition_vectors"] == in_one_go["partition_vectors"] - 2
    assert done.resumed == 2
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()
    assert names(out.parent) == {"v.parquet", "whole.parquet"}


def test_tally_quarantine_and_notes_survive(views: Path, out: Path, stopped: Stopped) -> None:
    whole = extract(views, out.with_name("whole.parquet"))
    extract_until(stopped, "partition_vectors", 2, views, out)
    done = extract(views, out)
    assert done.intake.tally == whole.intake.tally
    assert done.intake.quarantine.equals(whole.intake.quarantine)
    assert done.intake.notes == whole.intake.notes
    assert done.intake.sources == whole.intake.sources
    assert (done.vectors, done.features) == (whole.vectors, whole.features)
    in_memory = analyzer.read_sessions(views)
    assert done.intake.tally == in_memory.tally
    assert done.intake.notes == in_memory.notes == ("b.csv is not UTF-8; it was read as Windows-1252.",)
    assert min(in_memory.tally.dropped["duplicate"], in_memory.tally.dropped["autoplay"]) > 0
    assert done.intake.quarantine.num_rows == in_memory.tally.quarantined > 10


def test_a_run_that_was_stopped_while_it_split_goes_on_with_the_next_piece(
    views: Path, out: Path, stopped: Stopped
) -> None:
    extract(views, out.with_name("whole.parquet"))
    in_one_go = stopped.since()
    extract_until(stopped, "split_piece", 3, views, out)
    done = extract(views, out)
    assert stopped.since()["split_piece"] == in_one_go["split_piece"] - 3
    assert done.resumed == 0
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_a_run_that_was_stopped_between_a_piece_and_its_summary_goes_on(
    views: Path, out: Path, stopped: Stopped
) -> None:
    whole = extract(views, out.with_name("whole.parquet"))
    extract_until(stopped, "write_summary", 1, views, out)
    done = extract(views, out)
    assert done.intake.tally == whole.intake.tally
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_a_run_that_was_stopped_while_it_wrote_only_has_to_write(views: Path, out: Path, stopped: Stopped) -> None:
    extract(views, out.with_name("whole.parquet"))
    partitions = stopped.since()["partition_vectors"]
    extract_until(stopped, "merge", 0, views, out)
    assert extract(views, out).resumed == partitions
    assert stopped.since() == {"merge": 1}
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_a_run_may_be_stopped_any_number_of_times(views: Path, out: Path, stopped: Stopped) -> None:
    extract(views, out.with_name("whole.parquet"))
    partitions = stopped.since()["partition_vectors"]
    for _ in range(partitions):
        calls = extract_until(stopped, "partition_vectors", 1, views, out)
        assert calls["partition_vectors"] == 1
        if len(list((out.parent / WORK).glob("vectors-*"))) == partitions - 1:
            break
    assert extract(views, out).resumed == partitions - 1
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_a_file_that_was_not_written_to_its_end_is_not_taken_for_finished(
    views: Path, out: Path, stopped: Stopped
) -> None:
    extract(views, out.with_name("whole.parquet"))
    stopped.since()
    calls = extract_until(stopped, "partition_vectors", 2, views, out)
    work = out.parent / WORK
    cut = work / "vectors-00000.parquet"
    cut.rename(work / "vectors-00000.partial")
    os.truncate(work / "vectors-00000.partial", 100)
    (work / "sessions-00000.arrow").rename(work / "sessions-00000.partial")
    assert calls["split_piece"] > 3
    done = extract(views, out)
    assert stopped.since()["split_piece"] == 1
    assert done.resumed == 1
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()
    assert WORK not in names(out.parent)


# ---------------------------------------------------------------- what is another job


@pytest.mark.parametrize(
    "other",
    [
        {"window": "7d"},
        {"step": "7d"},
        {"features": [*SOME, "glance_share"]},
        {"timezone": "Europe/Berlin"},
        {"keep_autoplay": True},
        {"pseudonyms": True},
        {"mapping": {"runtime_s": "end_position_s"}},
        {"fresh": True},
    ],
    ids=lambda other: next(iter(other)),
)
def test_another_setting_starts_over(
    views: Path, out: Path, stopped: Stopped, tmp_path: Path, other: dict[str, Any]
) -> None:
    (views / "b.csv").unlink()  # it lacks what the mapping names
    other = {"key_file": tmp_path / "key"} | other
    extract_until(stopped, "partition_vectors", 2, views, out, key_file=tmp_path / "key")
    done = extract(views, out, **other)
    calls = stopped.since()
    assert done.resumed == 0
    assert min(calls["split_piece"], calls["partition_vectors"]) > 3
    assert names(out.parent) == {"v.parquet"}


def test_another_key_starts_over(views: Path, out: Path, stopped: Stopped, tmp_path: Path) -> None:
    settings = {"pseudonyms": True, "key_file": tmp_path / "key"}
    extract_until(stopped, "partition_vectors", 2, views, out, **settings)
    (tmp_path / "key").unlink()
    assert extract(views, out, **settings).resumed == 0


def test_a_file_that_was_changed_starts_over(views: Path, out: Path, stopped: Stopped, rows: pd.DataFrame) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    changed = pa.Table.from_pandas(rows.assign(played_s=rows["played_s"] / 2), preserve_index=False)
    pq.write_table(changed, views / "a.parquet", row_group_size=ROWS_AT_A_TIME // 2)
    assert extract(views, out).resumed == 0
    extract(views, out.with_name("whole.parquet"))
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_a_file_that_was_written_again_starts_over(views: Path, out: Path, stopped: Stopped) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    told = (views / "a.parquet").stat()
    os.utime(views / "a.parquet", ns=(told.st_atime_ns, told.st_mtime_ns + 1))
    assert extract(views, out).resumed == 0


def test_one_more_file_starts_over(views: Path, out: Path, stopped: Stopped) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    (views / "c.csv").write_text("viewer_id,title_id,started_at,played_s\nnew,film,2024-01-01 20:00,5400\n")
    done = extract(views, out)
    assert done.resumed == 0
    assert "new" in pq.read_table(out)["viewer_id"].to_pylist()


def test_a_frame_is_never_taken_for_an_earlier_one(rows: pd.DataFrame, out: Path, stopped: Stopped) -> None:
    """In a notebook: stop, change the frame, run again."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    longer = table.set_column(table.column_names.index("played_s"), "played_s", pa.array(rows["played_s"] + 60.0))
    extract_until(stopped, "partition_vectors", 2, table, out)
    assert extract(longer, out).resumed == 0
    extract(longer, out.with_name("whole.parquet"))
    assert out.read_bytes() == out.with_name("whole.parquet").read_bytes()


def test_an_address_in_memory_that_is_used_again_makes_no_frame_the_earlier_one() -> None:
    def job_of(seconds: int) -> str:
        frame = pa.table(
            {"viewer_id": ["ana"], "title_id": ["film"], "started_at": ["2024-01-01"], "played_s": [seconds]}
        )
        return partitioned.job_of(pieces_of(frame, ReadOptions()), ReadOptions(), options.ExtractOptions())

    assert len({job_of(seconds) for seconds in range(200)}) == 200


# ---------------------------------------------------------------- errors


def test_a_source_without_one_usable_row_leaves_nothing(out: Path, tmp_path: Path, rows: pd.DataFrame) -> None:
    unusable = pa.Table.from_pandas(rows.assign(played_s=-1.0), preserve_index=False)
    pq.write_table(unusable, tmp_path / "views.parquet", row_group_size=ROWS_AT_A_TIME)
    with pytest.raises(InputError, match=r"No row of .*views.parquet can be used"):
        extract(tmp_path / "views.parquet", out)
    assert names(out.parent) == set()


def test_damage_that_only_shows_while_reading_leaves_nothing(views: Path, out: Path) -> None:
    path = views / "a.parquet"
    with pq.ParquetFile(path) as file:
        column = file.metadata.row_group(5).column(0)
    start = column.dictionary_page_offset or column.data_page_offset
    data = bytearray(path.read_bytes())
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"a.parquet cannot be read as Parquet"):
        extract(views, out)
    assert names(out.parent) == set()


def test_an_error_in_a_run_that_goes_on_leaves_nothing_too(views: Path, out: Path, stopped: Stopped) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    (views / "a.parquet").write_bytes((views / "a.parquet").read_bytes()[:1_000])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        extract(views, out)
    assert not out.exists()


# ---------------------------------------------------------------- two at once


def test_a_second_run_on_the_same_output_is_refused_while_the_first_is_at_work(
    views: Path, out: Path, stopped: Stopped
) -> None:
    with checkpoint.work_folder(out, "another job") as folder:
        folder.file("vectors-00000.parquet").write_bytes(b"of the first run")
        with pytest.raises(OutputError, match=r"Another run is writing .*v.parquet") as refused:
            extract(views, out, fresh=True)
        assert "another --out" in refused.value.remedy
        assert folder.file("vectors-00000.parquet").read_bytes() == b"of the first run"
        assert stopped.since() == {}
    assert extract(views, out).resumed == 0
    assert names(out.parent) == {"v.parquet"}


def test_the_folder_is_gone_before_another_run_can_begin_in_it(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    remove, held = shutil.rmtree, []

    def remove_and_look(path: Path, **settings: Any) -> None:
        with (path / "lock").open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                held.append(False)
            except OSError:
                held.append(True)
        remove(path, **settings)

    monkeypatch.setattr(checkpoint.shutil, "rmtree", remove_and_look)
    with checkpoint.work_folder(out, "a job"):
        pass
    assert held == [True]


def test_a_lock_that_nobody_holds_any_more_keeps_nobody_out(views: Path, out: Path, stopped: Stopped) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    assert (out.parent / WORK / "lock").exists()
    assert extract(views, out).resumed == 2


def test_another_output_is_no_matter_to_a_run_that_was_stopped(views: Path, out: Path, stopped: Stopped) -> None:
    extract_until(stopped, "partition_vectors", 2, views, out)
    extract(views, out.with_name("other.parquet"))
    assert names(out.parent) == {WORK, "other.parquet"}
    assert extract(views, out).resumed == 2


def test_vectors_in_memory_go_on_where_a_stopped_run_left_them(views: Path, tmp_path: Path, stopped: Stopped) -> None:
    """`analyzer run` keeps the vectors to itself; what it had finished is still used."""
    how = options.ExtractOptions(features=tuple(SOME), workers=1, memory_bytes=64 << 20)
    stopped.stop_before = ("partition_vectors", 2)
    with pytest.raises(KeyboardInterrupt):
        extract_in_memory(str(views), tmp_path / "results", ReadOptions(), how)
    assert not (tmp_path / "results").exists()
    stopped.stop_before = None
    stopped.since()
    vectors, intake = extract_in_memory(str(views), tmp_path / "results", ReadOptions(), how)
    assert stopped.since()["split_piece"] == 0
    whole = analyzer.read_sessions(views)
    pd.testing.assert_frame_equal(vectors, analyzer.extract_features(whole, features=SOME), check_exact=True)
    assert intake.tally == whole.tally
    assert names(tmp_path) == {"views"}
