"""Outputs appear whole or not at all, and say in the file what a reader must know."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from analyzer.errors import ExitCode, InputError, OutputError
from analyzer.features.context import context_of
from analyzer.workflow import outputs, tables
from analyzer.workflow.classify import INTERNAL_NOTE, RELEASE_NOTE, classify
from analyzer.workflow.outputs import staged, staged_file


def contents(folder):
    """Return every file below a folder, hidden ones too."""
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def write(stage, number):
    (stage / "a.txt").write_text(f"a{number}")
    (stage / "b.txt").write_text(f"b{number}")
    (stage / "model").mkdir()
    (stage / "model" / "c.txt").write_text(f"c{number}")


def write_and_stop(stage, number, stop):
    write(stage, number)
    raise stop


def write_part_and_stop(part, stop):
    part.write_text("tw")
    raise stop


def results(number):
    return {"out/a.txt": f"a{number}", "out/b.txt": f"b{number}", "out/model/c.txt": f"c{number}"}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.fixture
def earlier(out):
    """Return a folder with earlier results and a file that is somebody else's."""
    with staged(out) as stage:
        write(stage, 1)
    (out / "notes.txt").write_text("mine")
    return out


# A folder


def test_a_folder_appears_whole_when_the_block_ends(out, tmp_path):
    with staged(out) as stage:
        write(stage, 1)
        assert not out.exists()
    assert contents(tmp_path) == results(1)
    assert out.stat().st_mode & 0o500 == 0o500


def test_missing_folders_above_are_made(tmp_path):
    with staged(tmp_path / "some" / "where" / "out") as stage:
        write(stage, 1)
    assert (tmp_path / "some" / "where" / "out" / "a.txt").read_text() == "a1"


def test_earlier_results_are_replaced_and_foreign_files_stay(earlier, tmp_path):
    with staged(earlier) as stage:
        write(stage, 2)
        assert contents(earlier) == {k.removeprefix("out/"): v for k, v in results(1).items()} | {"notes.txt": "mine"}
    assert contents(tmp_path) == {**results(2), "out/notes.txt": "mine"}


def test_a_folder_that_is_replaced_keeps_nothing_of_the_earlier_one(earlier):
    with staged(earlier) as stage:
        (stage / "model").mkdir()
        (stage / "model" / "d.txt").write_text("d2")
    assert {k for k in contents(earlier) if k.startswith("model")} == {"model/d.txt"}


STOPS = [RuntimeError("x"), KeyboardInterrupt(), SystemExit(3), GeneratorExit(), MemoryError()]


@pytest.mark.parametrize("stop", STOPS, ids=lambda e: type(e).__name__)
def test_when_the_block_is_stopped_nothing_is_there(out, tmp_path, stop):
    with pytest.raises(type(stop)), staged(out) as stage:
        write_and_stop(stage, 1, stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("stop", STOPS, ids=lambda e: type(e).__name__)
def test_when_the_block_is_stopped_earlier_results_are_as_they_were(earlier, tmp_path, stop):
    with pytest.raises(type(stop)), staged(earlier) as stage:
        write_and_stop(stage, 2, stop)
    assert contents(tmp_path) == {**results(1), "out/notes.txt": "mine"}


DISK = [
    (errno.ENOSPC, "the disk is full"),
    (errno.EDQUOT, "the disk quota is used up"),
    (errno.EROFS, "the disk is read-only"),
    (errno.EIO, "input/output error"),
]


@pytest.mark.parametrize(("code", "words"), DISK)
def test_when_the_disk_fails_while_writing_it_is_said_and_nothing_is_left(out, tmp_path, monkeypatch, code, words):
    real = Path.write_text

    def failing(self, text, *args, **kwargs):
        if self.name == "b.txt":
            real(self, text[:1])
            raise OSError(code, os.strerror(code))
        return real(self, text, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", failing)
    with pytest.raises(OutputError, match=f"Nothing was written to .*out: {words}") as caught, staged(out) as stage:
        write(stage, 1)
    assert caught.value.exit_code is ExitCode.FAILURE
    assert "--out" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing_at", range(6))
@pytest.mark.parametrize("stop", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt()], ids=["full", "interrupt"])
def test_when_moving_into_place_fails_midway_earlier_results_are_put_back(
    earlier, tmp_path, monkeypatch, failing_at, stop
):
    real = Path.replace
    moves = []

    def failing(self, goal):
        moves.append(self)
        if len(moves) == failing_at + 1:
            raise stop
        return real(self, goal)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises((OutputError, KeyboardInterrupt)), staged(earlier) as stage:
        write(stage, 2)
    assert contents(tmp_path) == {**results(1), "out/notes.txt": "mine"}
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_what_cannot_be_put_back_is_kept_beside_and_never_deleted(earlier, tmp_path, monkeypatch):
    real = Path.replace
    moves = []

    def failing(self, goal):
        moves.append(self)
        if len(moves) > 2:
            raise OSError(errno.EIO, "gone")
        return real(self, goal)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError), staged(earlier) as stage:
        write(stage, 2)
    assert "a1" in contents(tmp_path).values()


def test_a_target_that_is_a_file_is_refused_and_untouched(out, tmp_path):
    out.write_text("mine")
    with pytest.raises(OutputError, match="it is a file, not a folder"), staged(out):
        pytest.fail("the block must not begin")
    assert contents(tmp_path) == {"out": "mine"}


def test_a_target_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="Nothing was written"), staged(tmp_path / "file" / "out"):
        pytest.fail("the block must not begin")
    assert contents(tmp_path) == {"file": "mine"}


def test_a_target_that_may_not_be_written_is_refused_before_the_work_begins(earlier, tmp_path, monkeypatch):
    monkeypatch.setattr(outputs.os, "access", lambda path, mode: Path(path) != earlier)
    with pytest.raises(OutputError, match="permission denied"), staged(earlier):
        pytest.fail("the block must not begin")
    assert contents(tmp_path) == {**results(1), "out/notes.txt": "mine"}


def test_a_file_in_the_place_of_a_folder_and_the_other_way_round_are_replaced(out):
    out.mkdir()
    (out / "model").write_text("a file")
    (out / "a.txt").mkdir()
    (out / "a.txt" / "x").write_text("x")
    with staged(out) as stage:
        write(stage, 2)
    assert contents(out) == {k.removeprefix("out/"): v for k, v in results(2).items()}


def test_a_link_to_a_folder_on_another_disk_is_followed(tmp_path):
    elsewhere = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
    try:
        (tmp_path / "out").symlink_to(elsewhere)
        for number in (1, 2):
            with staged(tmp_path / "out") as stage:
                write(stage, number)
            assert contents(elsewhere) == {k.removeprefix("out/"): v for k, v in results(number).items()}
        assert (tmp_path / "out").is_symlink()
    finally:
        shutil.rmtree(elsewhere)


@pytest.mark.parametrize("why", ["a disk of its own", "a parent that may not be written"])
def test_where_renaming_works_only_inside_the_target_it_is_done_inside(earlier, tmp_path, monkeypatch, why):
    if why == "a disk of its own":
        monkeypatch.setattr(outputs.os.path, "ismount", lambda path: Path(path) == earlier)
    else:
        monkeypatch.setattr(outputs.os, "access", lambda path, mode: Path(path) != tmp_path)
    with staged(earlier) as stage:
        assert stage.parent == earlier
        write(stage, 2)
    assert contents(tmp_path) == {**results(2), "out/notes.txt": "mine"}


def test_two_at_once_do_not_disturb_each_other(out):
    with staged(out) as one, staged(out) as two:
        assert one != two
        write(one, 1)
        write(two, 2)
    assert contents(out) == {k.removeprefix("out/"): v for k, v in results(1).items()}


# A single file


def test_a_file_appears_whole_and_replaces_the_earlier_one(tmp_path):
    target = tmp_path / "some" / "x.parquet"
    for text in ("one", "two"):
        with staged_file(target) as part:
            part.write_text(text)
            assert not target.exists() or target.read_text() == "one"
        assert contents(tmp_path) == {"some/x.parquet": text}


@pytest.mark.parametrize("stop", STOPS, ids=lambda e: type(e).__name__)
def test_when_writing_a_file_is_stopped_the_earlier_one_stays(tmp_path, stop):
    target = tmp_path / "x.parquet"
    target.write_text("one")
    with pytest.raises(type(stop)), staged_file(target) as part:
        write_part_and_stop(part, stop)
    assert contents(tmp_path) == {"x.parquet": "one"}


@pytest.mark.parametrize(("code", "words"), DISK)
def test_when_the_disk_fails_the_earlier_file_stays(tmp_path, code, words):
    target = tmp_path / "x.parquet"
    target.write_text("one")
    with pytest.raises(OutputError, match=words), staged_file(target) as part:
        write_part_and_stop(part, OSError(code, os.strerror(code)))
    assert contents(tmp_path) == {"x.parquet": "one"}


def test_a_file_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match="Nothing was written"), staged_file(tmp_path / "file" / "x"):
        pytest.fail("the block must not begin")
    assert contents(tmp_path) == {"file": "mine"}


def test_a_file_in_the_place_of_a_folder_is_refused_and_the_folder_stays(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "y").write_text("mine")
    with pytest.raises(OutputError), staged_file(tmp_path / "x") as part:
        part.write_text("one")
    assert contents(tmp_path) == {"x/y": "mine"}


def test_an_error_that_a_user_caused_stays_that_error(out, tmp_path):
    for place in (staged(out), staged_file(out)):
        with pytest.raises(InputError, match="asked for"), place:
            raise InputError("Not what was asked for.")
    assert list(tmp_path.iterdir()) == []


# What the files say of themselves


@pytest.mark.parametrize(("internal", "note"), [(False, RELEASE_NOTE), (True, INTERNAL_NOTE)])
def test_an_assignments_file_says_whether_it_may_be_published_and_by_which_rulebook(fitted, tmp_path, internal, note):
    path = tmp_path / "assignments.parquet"
    rulebook = {"analyzer.rulebook": fitted.model.rulebook.hash}
    tables.write_assignments(classify(fitted.model, fitted.vectors, internal=internal), path, rulebook)
    table = pq.read_table(path)
    assert table.column_names == ["viewer_id", "window_start", "pattern"]
    assert table.num_rows == len(fitted.vectors)
    assert table.schema.metadata[b"analyzer.note"].decode() == note
    assert table.schema.metadata[b"analyzer.rulebook"].decode() == fitted.model.rulebook.hash


def test_the_metadata_of_assignments_holds_neither_households_nor_settings(fitted, tmp_path):
    path = tmp_path / "assignments.parquet"
    tables.write_assignments(classify(fitted.model, fitted.vectors), path, {})
    told = b" ".join(part for item in pq.read_table(path).schema.metadata.items() for part in item).decode()
    assert not [word for word in ("household", "captions", "h00000", "v0000") if word in told]


def test_a_vectors_file_says_its_window_and_gives_back_what_was_written(fitted, tmp_path):
    path = tmp_path / "vectors.parquet"
    tables.write_vectors(fitted.vectors, path, "28d")
    assert pq.read_table(path).schema.metadata[b"analyzer.window"] == b"28d"
    read, window = tables.read_vectors(path)
    assert window == "28d"
    assert (read.to_numpy() == fitted.vectors.to_numpy())[fitted.vectors.notna().to_numpy()].all()
    assert list(read.columns) == list(fitted.vectors.columns)
    ours, theirs = context_of(fitted.vectors), context_of(read)
    assert (ours.households(fitted.vectors.index) == theirs.households(read.index)).all()
