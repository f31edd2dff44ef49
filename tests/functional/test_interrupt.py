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
TRIES = 5
ALWAYS = {"assignments.parquet", "patterns.json", "marks.json", "tally.json", "quarantine.csv", "report.html"}

# A run that is stopped between the first and the second renaming of its results.
STOPPED_WHILE_RENAMING = """
import os, pathlib, signal, sys
rename = pathlib.Path.replace
def replace(path, target):
    moved = rename(path, target)
    if ".partial-" in str(path.parent):
        os.kill(os.getpid(), int(number))
    return moved
pathlib.Path.replace = replace
number, *sys.argv[1:] = sys.argv[1:]
from analyzer.cli import main
main()
"""


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def parts(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name.startswith(".") and ".partial-" in path.name}


def stopped(process, number: int) -> int:
    process.send_signal(number)
    _, err = process.communicate(timeout=GIVE_UP_S)
    assert "Traceback" not in err
    return process.returncode


def stopped_while_writing(terminal, number: int, *args) -> int:
    """Send a signal once the hidden folder is there; again where the run was quicker."""
    for _ in range(TRIES):
        earlier = parts(terminal.folder)
        process = terminal.start("run", *args, "--out", "results")
        until = time.monotonic() + GIVE_UP_S
        while parts(terminal.folder) == earlier and process.poll() is None and time.monotonic() < until:
            time.sleep(LOOK_S)
        code = stopped(process, number)
        if code:
            return code
    raise AssertionError("every run ended before the signal came")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "end"])
def test_stopped_while_writing_leaves_no_folder(number, code, terminal, views):
    assert stopped_while_writing(terminal, number, views) == code
    assert terminal.left_behind() == set()


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
    assert stopped_while_writing(terminal, signal.SIGKILL, few_views) == -signal.SIGKILL
    left = terminal.left_behind()
    assert left == parts(terminal.folder)
    terminal.run("run", few_views, "--out", "results").good()
    assert terminal.left_behind() == {*left, "results"}
    assert set(contents(terminal.path("results"))) == ALWAYS


def test_earlier_results_survive_a_rerun_that_is_stopped(terminal, views, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    before = contents(terminal.path("results"))
    assert stopped_while_writing(terminal, signal.SIGHUP, few_views, "--keep-autoplay") == 129  # the terminal went
    assert contents(terminal.path("results")) == before
    assert terminal.left_behind() == {"results"}


def test_results_of_two_runs_never_mix(terminal, few_views):
    terminal.run("run", few_views, "--out", "results").good()
    terminal.run("run", few_views, "--out", "other", "--keep-autoplay").good()
    args = ("run", few_views, "--out", "results", "--keep-autoplay")
    done = subprocess.run(
        [sys.executable, "-c", STOPPED_WHILE_RENAMING, str(int(signal.SIGTERM)), *args],
        cwd=terminal.folder,
        env=terminal.env,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 143
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
