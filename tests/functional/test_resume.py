"""More sessions than the memory holds: a command that was killed goes on, and gives the same answers as in memory."""

from __future__ import annotations

import signal
import stat
import time
from pathlib import Path

import pytest

LOOK_S = 0.002
GIVE_UP_S = 60
LITTLE = ("--memory", "64MB", "--workers", "1")  # 55,924 rows at a time


@pytest.fixture(scope="session")
def many_views(shared) -> Path:
    """Some 400,000 sessions of 3,800 viewers."""
    shared.run("synth", "--viewers", "3800", "--days", "56", "--out", "many.parquet").good()
    return shared.path("many.parquet")


def killed_after_two_partitions(terminal, *args) -> Path:
    """Kill the command as soon as it has finished two partitions, and return its hidden folder."""
    work = terminal.path(".killed.parquet.work")
    process = terminal.start("features", *args, "--out", "killed.parquet")
    until = time.monotonic() + GIVE_UP_S
    while len(list(work.glob("vectors-*.parquet"))) < 2 and process.poll() is None and time.monotonic() < until:
        time.sleep(LOOK_S)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=GIVE_UP_S)
    assert process.returncode == -signal.SIGKILL, "the run ended before it could be killed"
    return work


def test_a_command_that_was_killed_goes_on_where_it_was(terminal, many_views):
    work = killed_after_two_partitions(terminal, many_views, *LITTLE)
    assert terminal.left_behind() == {work.name}
    assert stat.S_IMODE(work.stat().st_mode) == 0o700
    done = terminal.run("features", many_views, *LITTLE, "--out", "killed.parquet", "--json").good().json
    whole = terminal.run("features", many_views, *LITTLE, "--out", "whole.parquet", "--json").good().json
    assert done["resumed_partitions"] >= 2
    assert whole["resumed_partitions"] == 0
    assert done["tally"] == whole["tally"]
    assert done["vectors"] == whole["vectors"] > 0
    assert terminal.path("killed.parquet").read_bytes() == terminal.path("whole.parquet").read_bytes()
    assert terminal.left_behind() == {"killed.parquet", "whole.parquet"}


def test_the_main_job_gives_the_same_answers_in_little_memory_and_in_much(terminal, views):
    little = terminal.run("run", views, *LITTLE, "--out", "little", "--json").good().json
    much = terminal.run("run", views, "--memory", "4GB", "--workers", "2", "--out", "much", "--json").good().json
    assert little["tally"]["read"] > 55_924, "what is little must not hold it"
    for name in ("assignments.parquet", "tally.json", "quarantine.csv", "patterns.json", "marks.json"):
        assert terminal.path(f"little/{name}").read_bytes() == terminal.path(f"much/{name}").read_bytes(), name
    assert {**little, "outputs": 0} == {**much, "outputs": 0}
    assert terminal.left_behind() == {"little", "much"}
