"""The ledger keeps what left and what it cost: all of it, nothing of viewers, and never half."""

import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from analyzer.disclosure.budget import Budget, BudgetSpentError, Charge
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.sketch import sketch_groups
from analyzer.disclosure.told import Definition, Statistic, Told
from analyzer.errors import AnalyzerError, ExitCode, InputError
from analyzer.ledger.records import LedgerError, LedgerMovedError, Record
from analyzer.ledger.store import memory_ledger, open_ledger

HOMES = np.array([f"home-{n:05d}" for n in range(300)])


def told(key, population="all viewers", texts=("100", "200")):
    cells = np.repeat([0, 1], [100, 200])
    definition = Definition(population, ("country", "device"), "November “2026”", "households", Statistic.HOUSEHOLDS)
    labels = (("Côte d'Ivoire", "tv"), ("(all)", 'a "box"'))
    return Told(definition, Readers.PUBLIC, labels, texts, sketch_groups(cells, HOMES, 2, key))


def record(ledger, population="all viewers", amount=None, period="2026-11", **changes):
    values = {
        "population": population,
        "purpose": "press",
        "made_on": "2026-11-26",
        "told": told(ledger.key, population),
        "content": {"releases": [{"measure": "households", "cells": [1, 2]}]},
        "content_hash": "c" * 64,
        "rulebook_hash": "r" * 64,
        "sources_hash": "s" * 64,
        "charge": None if amount is None else Charge.of(period, amount),
    }
    return Record(**values | changes)


@pytest.fixture(params=["file", "memory"])
def ledger(request, tmp_path):
    return open_ledger(tmp_path / "ledger.sqlite") if request.param == "file" else memory_ledger()


# ---------------------------------------------------------------- what is kept


def test_a_release_comes_back_as_it_was_told(ledger):
    asked = record(ledger)
    number = ledger.record(asked, 0)
    (kept,) = ledger.releases("all viewers")
    assert (kept.number, kept.made_on) == (number, "2026-11-26")
    assert kept.told.definition == asked.told.definition
    assert (kept.told.readers, kept.told.labels, kept.told.texts) == (
        Readers.PUBLIC,
        asked.told.labels,
        asked.told.texts,
    )
    np.testing.assert_array_equal(kept.told.sketches.heads, asked.told.sketches.heads)
    np.testing.assert_array_equal(kept.told.sketches.households, asked.told.sketches.households)
    assert ledger.release(number) == asked.content


@pytest.mark.parametrize("population", ["all viewers", 'l\'équipe "A"; drop table releases', "", "日本", "x" * 400])
def test_populations_are_called_anything_and_are_kept_apart(ledger, population):
    ledger.record(record(ledger, population), 0)
    ledger.record(record(ledger, "others"), 0)
    assert [e.told.definition.population for e in ledger.releases(population)] == [population]


def test_releases_come_oldest_first(ledger):
    numbers = [ledger.record(record(ledger), ledger.seen("all viewers").last) for _ in range(5)]
    assert [earlier.number for earlier in ledger.releases("all viewers")] == numbers == sorted(numbers)


def test_a_release_with_noise_is_kept_and_paid_for_but_not_compared_with(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    number = ledger.record(record(ledger, amount="0.25", told=None), 0)
    assert ledger.releases("all viewers") == ()
    assert ledger.seen("all viewers").last == number
    assert ledger.budget("all viewers", "2026-11").spent == Fraction(1, 4)


def test_what_is_kept_is_there_after_closing(tmp_path):
    first = open_ledger(tmp_path / "ledger.sqlite")
    first.record(record(first), 0)
    again = open_ledger(str(tmp_path / "ledger.sqlite"))
    assert again.key == first.key
    assert len(again.releases("all viewers")) == 1


def test_no_byte_on_disk_tells_of_a_household(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    for _ in range(3):
        ledger.record(record(ledger), ledger.seen("all viewers").last)
    files = list(tmp_path.iterdir())
    assert {"ledger.sqlite", "ledger.sqlite.key"} <= {file.name for file in files}
    assert not [file for file in files if b"home-" in file.read_bytes()]
    assert ledger.key not in (tmp_path / "ledger.sqlite").read_bytes()


def test_an_unknown_release_is_refused_with_the_numbers_that_there_are(ledger):
    with pytest.raises(InputError, match="none yet"):
        ledger.release(1)
    ledger.record(record(ledger), 0)
    with pytest.raises(InputError, match="1 to 1"):
        ledger.release(2)


# ---------------------------------------------------------------- what came in between


def test_a_release_is_refused_when_another_came_in_since_it_was_compared(ledger):
    ledger.record(record(ledger), 0)
    with pytest.raises(LedgerMovedError, match="Compare again"):
        ledger.record(record(ledger), 0)
    assert len(ledger.releases("all viewers")) == 1


def test_a_release_with_noise_that_came_in_between_counts_as_well(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    ledger.record(record(ledger, amount="0.5", told=None), 0)
    with pytest.raises(LedgerMovedError):
        ledger.record(record(ledger), 0)


def test_releases_over_another_population_do_not_get_in_the_way(ledger):
    ledger.record(record(ledger, "others"), 0)
    assert ledger.record(record(ledger), 0) == 2


# ---------------------------------------------------------------- the budget


def test_without_a_budget_nothing_is_paid(ledger):
    with pytest.raises(BudgetSpentError, match="No privacy budget"):
        ledger.record(record(ledger, amount="0.1"), 0)
    assert ledger.seen("all viewers").last == 0


def test_what_a_budget_does_not_pay_for_is_not_recorded(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", "0.3"))
    ledger.record(record(ledger, amount="0.2"), 0)
    with pytest.raises(BudgetSpentError, match=r"0\.1 of 0\.3 left") as refusal:
        ledger.record(record(ledger, amount="0.2"), 1)
    assert refusal.value.exit_code is ExitCode.WITHHELD
    assert len(ledger.releases("all viewers")) == 1
    assert ledger.budget("all viewers", "2026-11").left == Fraction(1, 10)


def test_ten_tenths_are_one(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    for _ in range(10):
        ledger.record(record(ledger, amount="0.1"), ledger.seen("all viewers").last)
    assert ledger.budget("all viewers", "2026-11").left == 0


def test_a_budget_is_raised_but_never_set_below_what_is_spent(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    ledger.record(record(ledger, amount="0.6"), 0)
    with pytest.raises(InputError, match=r"0\.6"):
        ledger.allow(Budget.of("all viewers", "2026-11", "0.5"))
    assert ledger.allow(Budget.of("all viewers", "2026-11", 2)).left == Fraction(7, 5)
    assert ledger.budgets() == (Budget("all viewers", "2026-11", Fraction(2), Fraction(3, 5)),)


def test_each_period_and_population_has_its_own_budget(ledger):
    ledger.allow(Budget.of("all viewers", "2026-11", 1))
    assert ledger.budget("all viewers", "2026-12") is None
    assert ledger.budget("others", "2026-11") is None


# ---------------------------------------------------------------- many at once, and power that fails

WRITER = """
import sys
sys.path.insert(0, sys.argv[3])
from test_store import record
from analyzer.disclosure.budget import BudgetSpentError
from analyzer.ledger.records import LedgerMovedError
from analyzer.ledger.store import open_ledger
ledger, paid = open_ledger(sys.argv[1]), 0
for _ in range(int(sys.argv[2])):
    while True:
        try:
            ledger.record(record(ledger, amount="0.01", told=None), ledger.seen("all viewers").last)
            paid += 1
            print("paid", flush=True)
        except LedgerMovedError:
            continue
        except BudgetSpentError:
            pass
        break
"""


def writer(path, count, out=subprocess.PIPE):
    command = [sys.executable, "-c", WRITER, str(path), str(count), str(Path(__file__).parent)]
    return subprocess.Popen(command, stdout=out, stderr=subprocess.PIPE, text=True)


def test_eight_processes_never_overdraw_a_budget(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(path)
    ledger.allow(Budget.of("all viewers", "2026-11", "1.5"))
    writers = [writer(path, 30) for _ in range(8)]
    answers = [process.communicate(timeout=120) for process in writers]
    assert [process.returncode for process in writers] == [0] * 8, answers
    assert sum(out.count("paid") for out, _ in answers) == 150  # of 240 that were asked for
    assert ledger.budget("all viewers", "2026-11").left == 0
    assert ledger.seen("all viewers").last == 150


def test_a_writer_that_is_killed_leaves_whole_releases_and_all_that_it_acknowledged(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(path).allow(Budget.of("all viewers", "2026-11", 100))
    for pause in (0.05, 0.15):
        before = open_ledger(path).seen("all viewers").last
        out = tmp_path / "out.txt"
        with out.open("w") as file:
            process = writer(path, 10_000, file)
            while not out.stat().st_size:
                time.sleep(0.01)
            time.sleep(pause)
            process.kill()
            process.communicate()
        acknowledged = out.read_text().count("paid\n")
        after = open_ledger(path)
        written = after.seen("all viewers").last - before
        assert acknowledged <= written <= acknowledged + 1
        assert after.budget("all viewers", "2026-11").spent == Fraction(before + written, 100)


# ---------------------------------------------------------------- what cannot be used


def test_the_key_is_for_its_owner_only(tmp_path):
    open_ledger(tmp_path / "deep" / "ledger.sqlite")
    assert (tmp_path / "deep" / "ledger.sqlite.key").stat().st_mode & 0o777 == 0o600


def test_a_ledger_without_its_key_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(path)
    ledger.record(record(ledger), 0)
    (tmp_path / "ledger.sqlite.key").unlink()
    with pytest.raises(LedgerError, match="Bring back the key"):
        open_ledger(path)


@pytest.mark.parametrize("text", ["", "00ff", "not hex"])
def test_a_damaged_key_is_refused(tmp_path, text):
    open_ledger(tmp_path / "ledger.sqlite")
    (tmp_path / "ledger.sqlite.key").write_text(text)
    with pytest.raises(LedgerError, match="key"):
        open_ledger(tmp_path / "ledger.sqlite")


def test_a_file_that_is_no_ledger_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(path)
    for rest in tmp_path.glob("ledger.sqlite-*"):
        rest.unlink()
    path.write_bytes(b"This is a letter, and no database at all." * 100)
    with pytest.raises(LedgerError, match="cannot be used"):
        open_ledger(path)


def test_a_ledger_of_another_version_is_refused(tmp_path):
    path = tmp_path / "ledger.sqlite"
    open_ledger(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE ledger_schema SET version = 99")
    with pytest.raises(LedgerError, match="schema 99"):
        open_ledger(path)


def test_a_damaged_release_is_refused_and_not_skipped(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = open_ledger(path)
    ledger.record(record(ledger), 0)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE releases SET sketches = x'00'")
    with pytest.raises(AnalyzerError, match="ledger"):
        open_ledger(path).releases("all viewers")


@pytest.mark.parametrize("url", ["nodialect://x/y", "sqlite://", "postgresql+nodriver://u:secret@h/db"])
def test_an_address_that_cannot_be_used_is_refused_and_hides_its_password(url):
    with pytest.raises(AnalyzerError) as refusal:
        open_ledger(url, key=None if url == "sqlite://" else b"k" * 32)
    assert "secret" not in str(refusal.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerError, match="cannot be"):
        open_ledger(tmp_path / "ledger.sqlite")


def test_a_snapshot_answers_for_its_own_population_only(ledger):
    with pytest.raises(InputError, match="others"):
        ledger.seen("all viewers").releases("others")


def test_a_thousand_releases_of_a_hundred_cells_are_read_in_time(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    one = record(ledger)
    wide = told(ledger.key).sketches.take(np.zeros(100, np.int64))
    labels = tuple(("c", str(n)) for n in range(100))
    many = replace(one, told=replace(one.told, labels=labels, texts=("1",) * 100, sketches=wide))
    with ledger._connected(writing=True) as connection:
        from analyzer.ledger.store import _hold, _insert

        _hold(connection, "all viewers")
        for _ in range(1_000):
            _insert(connection, many)
    started = time.perf_counter()
    assert len(ledger.releases("all viewers")) == 1_000
    assert time.perf_counter() - started < 20  # two seconds on a quiet machine
