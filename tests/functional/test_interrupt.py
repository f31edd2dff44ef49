"""A run that is stopped leaves nothing half done: no results, or the earlier ones, or all of the new."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LOOK_S = 0.0005
GIVE_UP_S = 60
ALWAYS = {"assignments.parquet", "patterns.json", "marks.json", "tally.json", "quarantine.csv", "report.html"}

# A run that is stopped at a moment of its own: once its hidden folder is made, or between two renamings of its results.
# A signal from outside comes whenever the machine lets it, which may be after the last renaming.
STOPPED_AT_A_MOMENT = """
import os, pathlib, signal, sys
moment, number, *sys.argv[1:] = sys.argv[1:]
def stop():
    os.kill(os.getpid(), int(number))
make, rename = pathlib.Path.mkdir, pathlib.Path.replace
def mkdir(path, *args, **kwargs):
    make(path, *args, **kwargs)
    if moment == "writing" and ".partial-" in path.name:
        stop()
def replace(path, target):
    moved = rename(path, target)
    if moment == "renaming" and ".partial-" in str(path.parent):
        stop()
    return moved
pathlib.Path.mkdir, pathlib.Path.replace = mkdir, replace
from analyzer.cli import main
main()
"""


def contents(folder: Path) -> dict[str, bytes]:
    """Every output; not the ledger, which says when, and keeps earlier runs."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("ledger.sqlite")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def parts(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(".") and ".partial-" in path.name}


def stopped(process, number: int) -> int:
    process.send_signal(number)
    _, err = process.communicate(timeout=GIVE_UP_S)
    assert "Traceback" not in err
    return process.returncode


def stopped_while(moment: str, terminal, number: int, *args) -> int:
    """Run `analyzer ARGS`, which gets a signal at a moment; return the code that it ended with."""
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_AT_A_MOMENT, moment, str(int(number)), *map(str, args)],
        cwd=terminal.folder,
        env=terminal.env,
        capture_output=True,
        text=True,
        timeout=GIVE_UP_S,
    )
    assert "Traceback" not in done.stderr
    return done.returncode


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "end"])
def test_stopped_while_writing_leaves_no_folder(number, code, terminal, few_views):
    assert stopped_while("writing", terminal, number, "run", few_views, "--out", "results") == code
    assert terminal.left_behind() == set()


def test_stopped_from_outside_leaves_nothing_or_all(terminal, few_views):
    process = terminal.start("run", few_views, "--out", "results")
    until = time.monotonic() + GIVE_UP_S
    while not parts(terminal.folder) and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)
    assert stopped(process, signal.SIGTERM) in (143, 0)  # 0: the run was quicker
    left = terminal.left_behind()
    assert left == set() or (left == {"results"} and set(contents(terminal.path("results"))) == ALWAYS)


def test_stopped_while_thinking_leaves_no_folder(terminal, views):
    process = terminal.start("run", views, "--out", "results")
    until = time.monotonic() + GIVE_UP_S
    while "parquet" not in open_files(process.pid) and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)  # its imports are done once it opens the sessions
    assert stopped(process, signal.SIGINT) == 130
    assert terminal.left_behind() == set()


def open_files(pid: int) -> str:
    """Names of what a process has open or mapped; where the system does not tell, pretend that it is far enough."""
    folder = Path(f"/proc/{pid}/fd")
    if not folder.exists():
        time.sleep(3)
        return "parquet"
    try:
        return " ".join(str(link.readlink()) for link in folder.iterdir())
    except OSError:
        return ""


def test_killed_while_writing_leaves_at_most_a_hidden_folder(terminal, few_views):
    assert stopped_while("writing", terminal, signal.SIGKILL, "run", few_views, "--out", "results") == -signal.SIGKILL
    left = terminal.left_behind()
    assert left == parts(terminal.folder) != set()
    terminal.run("run", few_views, "--out", "results").good()
    assert terminal.left_behind() == {*left, "results"}
    assert set(contents(terminal.path("results"))) == ALWAYS


def test_earlier_results_survive_a_rerun_that_is_stopped(terminal, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    before = contents(terminal.path("results"))
    again = ("run", few_views, "--out", "results", "--keep-autoplay")
    assert stopped_while("writing", terminal, signal.SIGHUP, *again) == 129  # the terminal went
    assert contents(terminal.path("results")) == before
    assert terminal.left_behind() == {"results"}


def test_results_of_two_runs_never_mix(terminal, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    terminal.run("run", few_views, "--out", "other", "--keep-autoplay").good()
    again = ("run", few_views, "--out", "results", "--keep-autoplay")
    assert stopped_while("renaming", terminal, signal.SIGTERM, *again) == 143
    assert contents(terminal.path("results")) == contents(terminal.path("other"))
    assert terminal.left_behind() == {"results", "other"}


def test_a_file_that_is_being_written_is_not_there_yet(terminal):
    process = terminal.start("synth", "--viewers", "100000", "--days", "84", "--out", "out.parquet")
    until = time.monotonic() + GIVE_UP_S
    while not parts(terminal.folder) and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)
    seen = terminal.left_behind()
    code = stopped(process, signal.SIGTERM)
    assert "out.parquet" not in seen
    assert code == 143
    assert terminal.left_behind() == set()
