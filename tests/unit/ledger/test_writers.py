"""Many write at once, and the power fails: nobody passes unseen, no budget is overdrawn, nothing is half written."""

import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import pytest

from analyzer.disclosure.budget import Budget
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.store import memory_ledger, open_ledger

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from recorded import EVERYBODY, PERIOD, record  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))


def writers(*arguments):
    done = subprocess.run(
        [sys.executable, FOLDER / "writers.py", *map(str, arguments)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_eight_processes_never_overdraw_a_budget(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(path)
    ledger.allow(Budget.of(EVERYBODY, PERIOD, "2.5"))
    words = writers("paying", path, 8, 50)
    assert (words.count("paid"), words.count("refused")) == (250, 150)
    assert ledger.budget(EVERYBODY, PERIOD) == Budget(EVERYBODY, PERIOD, Fraction(5, 2), Fraction(5, 2))
    assert ledger.seen(EVERYBODY).last == 250


def test_of_two_writers_whose_groups_differ_by_one_household_one_is_recorded(tmp_path):
    path = tmp_path / "ledger.sqlite"
    assert sorted(writers("pairing", path, 2)) == ["moved", "recorded", "withheld"]
    assert len(open_ledger(path).releases(EVERYBODY)) == 1


def test_processes_that_begin_a_ledger_together_share_one_key(tmp_path):
    path = tmp_path / "ledger.sqlite"
    assert sorted(writers("pairing", path, 6)) == ["moved"] * 5 + ["recorded"] + ["withheld"] * 5


@pytest.mark.parametrize("where", ["file", "memory"])
def test_threads_share_a_ledger(tmp_path, where):
    ledger = open_ledger(tmp_path / "ledger.sqlite") if where == "file" else memory_ledger()
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    left = iter(range(40))

    def write():
        for _ in left:
            while True:
                try:
                    ledger.record(record(ledger, amount="0.01"), ledger.seen(EVERYBODY).last)
                    break
                except LedgerMovedError:
                    pass

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert ledger.seen(EVERYBODY).last == 40
    assert ledger.budget(EVERYBODY, PERIOD).spent == Fraction(40, 100)


@pytest.mark.parametrize("pause", [0.0, 0.013, 0.05, 0.11])
def test_a_writer_that_is_killed_leaves_whole_releases_and_all_that_it_acknowledged(tmp_path, pause):
    path, out = tmp_path / "ledger.sqlite", tmp_path / "out.txt"
    open_ledger(path).allow(Budget.of(EVERYBODY, PERIOD, 1_000))
    with out.open("w") as file:
        process = subprocess.Popen([sys.executable, "-c", KILLED, FOLDER, path], stdout=file)
        while not out.stat().st_size and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        process.kill()
        process.wait()
    acknowledged = out.read_text().count("paid\n")
    after = open_ledger(path)
    written = after.seen(EVERYBODY).last
    assert 0 < acknowledged <= written <= acknowledged + 1
    assert after.budget(EVERYBODY, PERIOD).spent == Fraction(written, 100)
    assert [after.release(n + 1) for n in range(written)] == [record(after).content] * written
    assert after.record(record(after), written) == written + 1


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from writers import open_ledger, paid, say
ledger = open_ledger(sys.argv[2])
while True:
    say(paid(ledger))
"""
