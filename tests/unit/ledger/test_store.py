"""The ledger keeps what left and what it cost: all of it, nothing of viewers, and nothing that came in between."""

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from analyzer.disclosure.budget import Budget, BudgetSpentError
from analyzer.disclosure.limits import Readers
from analyzer.disclosure.told import Statistic
from analyzer.errors import ExitCode, InputError
from analyzer.ledger.records import LedgerError, LedgerMovedError
from analyzer.ledger.store import memory_ledger, open_ledger

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from recorded import EVERYBODY, PERIOD, record, told  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))


@pytest.fixture(params=["file", "memory", "postgresql"])
def ledger(request, tmp_path):
    if request.param == "memory":
        return memory_ledger()
    if request.param == "file":
        return open_ledger(tmp_path / "ledger.sqlite")
    return open_ledger(request.getfixturevalue("postgresql").new_url(), tmp_path / "key")


# ---------------------------------------------------------------- what is kept


@pytest.mark.parametrize("readers", list(Readers))
@pytest.mark.parametrize("statistic", list(Statistic))
def test_a_release_comes_back_as_it_was_told(ledger, statistic, readers):
    asked = record(ledger, told=told(ledger.key, statistic=statistic, readers=readers))
    number = ledger.record(asked, 0)
    (kept,) = ledger.releases(EVERYBODY)
    assert (kept.number, kept.made_on) == (number, "2026-11-26")
    for name in ("definition", "readers", "labels", "texts"):
        assert getattr(kept.told, name) == getattr(asked.told, name)
    np.testing.assert_array_equal(kept.told.sketches.coins, asked.told.sketches.coins)
    np.testing.assert_array_equal(kept.told.sketches.buckets, asked.told.sketches.buckets)
    np.testing.assert_array_equal(kept.told.sketches.households, asked.told.sketches.households)
    assert ledger.release(number) == asked.content


def test_a_total_of_a_version_that_kept_nothing_of_its_amounts_is_said_to_be_one(ledger):
    asked = told(ledger.key, statistic=Statistic.TOTAL)
    of_households = told(ledger.key).sketches
    ledger.record(record(ledger, told=replace(asked, sketches=of_households)), 0)
    with pytest.raises(LedgerError, match="kept by an earlier version") as refused:
        ledger.releases(EVERYBODY)
    assert "another ledger" in refused.value.remedy


def test_a_table_without_dimensions_or_without_cells_comes_back(ledger):
    nothing = told(ledger.key).keep(np.zeros(2, dtype=bool))
    ledger.record(record(ledger, told=nothing), 0)
    (kept,) = ledger.releases(EVERYBODY)
    assert (kept.told.labels, kept.told.texts, len(kept.told.sketches)) == ((), (), 0)


@pytest.mark.parametrize("population", [EVERYBODY, 'l\'équipe "A"; drop table releases', "", "日本", "x" * 400])
def test_populations_are_called_anything_and_are_kept_apart(ledger, population):
    ledger.allow(Budget.of(population, PERIOD, 1))
    ledger.record(record(ledger, population), 0)
    ledger.record(record(ledger, "others"), 0)
    assert [e.told.definition.population for e in ledger.releases(population)] == [population]
    assert [budget.population for budget in ledger.budgets()] == [population]


def test_a_population_that_is_no_text_is_refused(ledger):
    with pytest.raises(InputError, match="Unicode"):
        ledger.seen("half a character: \ud800")


def test_releases_come_oldest_first(ledger):
    numbers = [ledger.record(record(ledger), ledger.seen(EVERYBODY).last) for _ in range(5)]
    assert [earlier.number for earlier in ledger.releases(EVERYBODY)] == numbers == sorted(numbers)


def test_all_releases_are_listed_over_whatever_population(ledger):
    ledger.allow(Budget.of("others", PERIOD, 1))
    first = ledger.record(record(ledger), 0)
    second = ledger.record(record(ledger, "others", amount="0.25"), 0)
    told = [(kept.number, kept.population, kept.purpose, kept.with_noise) for kept in ledger.all_releases()]
    assert told == [(first, EVERYBODY, "press", False), (second, "others", "press", True)]
    assert ledger.all_releases()[0].rulebook_hash == "r" * 64


def test_a_release_with_noise_is_kept_and_paid_for_but_not_compared_with(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    number = ledger.record(record(ledger, amount="0.25"), 0)
    assert ledger.releases(EVERYBODY) == ()
    assert ledger.seen(EVERYBODY).last == number
    assert ledger.budget(EVERYBODY, PERIOD).spent == Fraction(1, 4)


def test_what_is_kept_is_there_after_closing(tmp_path):
    first = open_ledger(tmp_path / "ledger.sqlite")
    first.record(record(first), 0)
    for where in (str(tmp_path / "ledger.sqlite"), f"sqlite:///{tmp_path}/ledger.sqlite"):
        again = open_ledger(where)
        assert again.key == first.key
        assert len(again.releases(EVERYBODY)) == 1


def test_no_byte_on_disk_tells_of_a_household(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    for _ in range(3):
        ledger.record(record(ledger), ledger.seen(EVERYBODY).last)
    files = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(files) == {"ledger.sqlite", "ledger.sqlite.key", "ledger.sqlite-wal", "ledger.sqlite-shm"}
    assert any(b"all viewers" in held for held in files.values())  # the search would find what is there
    assert not [name for name, held in files.items() if b"home-" in held]
    database = [held for name, held in files.items() if not name.endswith(".key")]
    assert not [held for held in database if ledger.key in held or ledger.key.hex().encode() in held]


@pytest.mark.parametrize("number", [-1, 0, 2, 10**30])
def test_an_unknown_release_is_refused_with_the_numbers_that_there_are(ledger, number):
    with pytest.raises(InputError, match="none yet"):
        ledger.release(number)
    ledger.record(record(ledger), 0)
    with pytest.raises(InputError, match="1 to 1"):
        ledger.release(number)


def test_the_number_of_the_newest_release_is_known_without_reading_any(ledger):
    ledger.allow(Budget.of("others", PERIOD, 1))
    assert ledger.last(EVERYBODY) == 0
    for population, amount in ((EVERYBODY, None), ("others", "0.1"), (EVERYBODY, None), ("others", "0.1")):
        number = ledger.record(record(ledger, population, amount), ledger.last(population))
        assert ledger.last(population) == ledger.seen(population).last == number
    assert (ledger.last(EVERYBODY), ledger.last("others"), ledger.last("nobody")) == (3, 4, 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), b"bytes", {1}])
def test_what_is_not_json_is_refused_and_leaves_nothing(ledger, value):
    with pytest.raises(InputError, match="not JSON"):
        ledger.record(record(ledger, content={"value": value}), 0)
    assert ledger.seen(EVERYBODY).last == 0


def test_a_release_is_recorded_under_the_population_that_it_tells_of(ledger):
    with pytest.raises(InputError, match="others"):
        record(ledger, "others", told=told(ledger.key, EVERYBODY))


# ---------------------------------------------------------------- what came in between


def test_a_release_is_refused_when_another_came_in_since_it_was_compared(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.record(record(ledger), 0)
    with pytest.raises(LedgerMovedError, match="Compare again"):
        ledger.record(record(ledger, amount="0.5"), 0)
    assert ledger.seen(EVERYBODY).last == 1
    assert ledger.budget(EVERYBODY, PERIOD).spent == 0


def test_a_release_with_noise_that_came_in_between_counts_as_well(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.record(record(ledger, amount="0.5"), 0)
    with pytest.raises(LedgerMovedError):
        ledger.record(record(ledger), 0)


def test_nobody_has_seen_more_than_there_is(ledger):
    with pytest.raises(LedgerMovedError):
        ledger.record(record(ledger), 7)


def test_releases_over_another_population_do_not_get_in_the_way(ledger):
    ledger.record(record(ledger, "others"), 0)
    assert ledger.record(record(ledger), 0) == 2


def test_a_snapshot_stays_as_it_was_and_answers_for_its_own_population_only(ledger):
    before = ledger.seen(EVERYBODY)
    ledger.record(record(ledger), 0)
    assert (before.last, before.releases(EVERYBODY)) == (0, ())
    with pytest.raises(InputError, match="others"):
        before.releases("others")


# ---------------------------------------------------------------- the budget


def test_without_a_budget_nothing_is_paid(ledger):
    with pytest.raises(BudgetSpentError, match="No privacy budget"):
        ledger.record(record(ledger, amount="0.1"), 0)
    assert ledger.seen(EVERYBODY).last == 0


def test_what_a_budget_does_not_pay_for_is_not_recorded(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, "0.3"))
    ledger.record(record(ledger, amount="0.2"), 0)
    with pytest.raises(BudgetSpentError, match=r"0\.1 of 0\.3 left") as refusal:
        ledger.record(record(ledger, amount="0.2"), 1)
    assert refusal.value.exit_code is ExitCode.WITHHELD
    assert ledger.seen(EVERYBODY).last == 1
    assert ledger.budget(EVERYBODY, PERIOD).left == Fraction(1, 10)


def test_ten_tenths_are_one(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    for _ in range(10):
        ledger.record(record(ledger, amount="0.1"), ledger.seen(EVERYBODY).last)
    assert ledger.budget(EVERYBODY, PERIOD).left == 0


def test_amounts_stay_exact_however_long_they_are(ledger):
    amount = Fraction(10**150 + 7, 10**151 + 9)
    ledger.allow(Budget.of(EVERYBODY, PERIOD, amount))
    ledger.record(record(ledger, amount=amount), 0)
    assert ledger.budget(EVERYBODY, PERIOD) == Budget(EVERYBODY, PERIOD, amount, amount)


def test_a_budget_is_raised_but_never_set_below_what_is_spent(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.record(record(ledger, amount="0.6"), 0)
    with pytest.raises(InputError, match=r"0\.6"):
        ledger.allow(Budget.of(EVERYBODY, PERIOD, "0.5"))
    assert ledger.budget(EVERYBODY, PERIOD).total == 1
    assert ledger.allow(Budget.of(EVERYBODY, PERIOD, 2)).left == Fraction(7, 5)
    assert ledger.budgets() == (Budget(EVERYBODY, PERIOD, Fraction(2), Fraction(3, 5)),)


def test_each_period_and_population_has_its_own_budget(ledger):
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.allow(Budget.of(EVERYBODY, "2026-12", 1))
    ledger.record(record(ledger, amount="0.6"), 0)
    assert ledger.budget(EVERYBODY, "2026-12").spent == 0
    assert ledger.budget("others", PERIOD) is None
