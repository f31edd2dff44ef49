"""A ledger that cannot be trusted is not opened, and says why; one that can is opened fast."""

import os
import sqlite3
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analyzer.disclosure.budget import Budget
from analyzer.ledger.connections import engine_of
from analyzer.ledger.leaving import held, inserted
from analyzer.ledger.records import LedgerError
from analyzer.ledger.store import memory_ledger, open_ledger
from analyzer.ledger.tables import SCHEMA_VERSION

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

from recorded import EVERYBODY, PERIOD, record, told  # noqa: E402 - the folder is no package

sys.path.remove(str(FOLDER))

NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    """A ledger with one release and one budget, closed."""
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    ledger.record(record(ledger), 0)
    ledger.allow(Budget.of(EVERYBODY, PERIOD, 1))
    ledger.close()
    return tmp_path / "ledger.sqlite"


def changed(path, statement, *values):
    with sqlite3.connect(path) as connection:
        connection.execute(statement, values)
    connection.close()
    return path


def key_of(path):
    return path.with_name(f"{path.name}.key")


# ---------------------------------------------------------------- the key


def test_the_key_is_for_its_owner_only(tmp_path):
    path = tmp_path / "deep" / "ledger.sqlite"
    open_ledger(path)
    assert key_of(path).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir() if "key" in file.name] == ["ledger.sqlite.key"]


def test_the_ledger_and_its_log_are_for_their_owner_only(path):
    with open_ledger(path).audit._database.connected(writing=True):
        found = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert set(found.values()) == {0o600}
    assert len(found) == 4  # the database, its log, what readers of the log share, and the key


def test_two_ledgers_have_two_keys(tmp_path):
    assert open_ledger(tmp_path / "a").key != open_ledger(tmp_path / "b").key
    assert memory_ledger().key != memory_ledger().key


def test_a_ledger_without_its_key_is_refused_and_gets_no_new_one(path):
    key_of(path).unlink()
    with pytest.raises(LedgerError, match="Bring back the key"):
        open_ledger(path)
    assert not key_of(path).exists()


def test_a_key_without_its_ledger_does_not_begin_a_new_one(path):
    path.unlink()
    for _ in range(2):
        with pytest.raises(LedgerError, match="Bring back the ledger"):
            open_ledger(path)


@pytest.mark.parametrize("text", [b"", b"00ff\n", b"not hex", b"\xff\xfe", b"ab" * 33])
def test_a_damaged_key_is_refused(path, text):
    key_of(path).write_bytes(text)
    with pytest.raises(LedgerError, match="is damaged"):
        open_ledger(path)


def test_the_key_of_another_ledger_is_refused(path, tmp_path):
    open_ledger(tmp_path / "other.sqlite")
    key_of(path).write_bytes((tmp_path / "other.sqlite.key").read_bytes())
    with pytest.raises(LedgerError, match="not the one"):
        open_ledger(path)


def test_a_key_may_be_kept_elsewhere_and_given(tmp_path):
    path = tmp_path / "ledger.sqlite"
    assert open_ledger(path, key=b"k" * 32).key == b"k" * 32
    assert not key_of(path).exists()
    with pytest.raises(LedgerError, match="not the one"):
        open_ledger(path, key=b"l" * 32)


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_given_key_has_its_length(tmp_path, key):
    with pytest.raises(LedgerError, match="32 bytes"):
        open_ledger(tmp_path / "ledger.sqlite", key=key)


# ---------------------------------------------------------------- the file


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path):
    letter = b"This is a letter, and no database at all." * 100
    path.write_bytes(letter)
    for key in (None, b"k" * 32):
        with pytest.raises(LedgerError, match="cannot be used"):
            open_ledger(path, key)
    assert path.read_bytes() == letter


def test_a_file_that_lost_its_end_is_refused(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(LedgerError, match="cannot be used"):
        open_ledger(path).releases(EVERYBODY)


def test_the_database_of_something_else_is_left_as_it_is(tmp_path):
    path = changed(tmp_path / "other.sqlite", "CREATE TABLE populations (x)")
    with pytest.raises(LedgerError, match="not a ledger"):
        open_ledger(path)
    assert not key_of(path).exists()
    tables = sqlite3.connect(path).execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("populations",)]


@pytest.mark.parametrize("change", ["UPDATE ledger_schema SET version = 99", "DELETE FROM ledger_schema"])
def test_a_ledger_of_another_version_is_refused(path, change):
    with pytest.raises(LedgerError, match=f"this version knows {SCHEMA_VERSION}"):
        open_ledger(changed(path, change))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE releases SET sketches = x'00'",
        "UPDATE releases SET sketches = NULL",
        "UPDATE releases SET sketches = zeroblob(520)",
        "UPDATE releases SET told = '[]'",
        "UPDATE releases SET told = '{'",
        "UPDATE releases SET told = replace(told, 'public', 'everybody')",
        'UPDATE releases SET told = replace(told, \'"200"\', \'"200", "3"\')',
    ],
)
def test_a_damaged_release_is_refused_and_not_skipped(path, damage):
    ledger = open_ledger(changed(path, damage))
    with pytest.raises(LedgerError, match="damaged"):
        ledger.releases(EVERYBODY)


@pytest.mark.parametrize("text", ["{", "[]", ""])
def test_damaged_content_is_refused(path, text):
    ledger = open_ledger(changed(path, "UPDATE releases SET content = ?", text))
    with pytest.raises(LedgerError, match="damaged"):
        ledger.release(1)


@pytest.mark.parametrize("text", ["much", "1/0", ""])
def test_a_damaged_budget_is_refused(path, text):
    ledger = open_ledger(changed(path, "UPDATE budgets SET total = ?", text))
    with pytest.raises(LedgerError, match="damaged"):
        ledger.budgets()


# ---------------------------------------------------------------- the place


@pytest.mark.parametrize(
    "url",
    ["nodialect://u:secret@h/y", "postgresql+nodriver://u:secret@h/db", "://secret", "postgresql://u:secret@h:port/db"],
)
def test_an_address_that_cannot_be_used_is_refused_and_hides_its_password(url):
    with pytest.raises(LedgerError) as refusal:
        open_ledger(url, key=b"k" * 32)
    assert "secret" not in str(refusal.value)


def test_another_database_needs_a_key_that_is_given():
    with pytest.raises(LedgerError, match="no key") as refusal:
        open_ledger("postgresql://u:secret@h/db")
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:a?mode=memory&uri=true"])
def test_a_ledger_that_each_thread_would_have_for_itself_is_refused(url):
    with pytest.raises(LedgerError, match="names no file"):
        open_ledger(url, key=b"k" * 32)


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(LedgerError, match="is a folder"):
        open_ledger(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerError, match="cannot be made"):
        open_ledger(tmp_path / "file" / "ledger.sqlite")


@contextmanager
def without_rights():
    """Do something as a user who owns nothing, since root may write everywhere."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that others can read, unlike those that pytest makes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o555)
        yield folder
        folder.chmod(0o755)


def test_a_folder_that_cannot_be_written_is_said(open_folder):
    with without_rights(), pytest.raises(LedgerError, match="cannot be") as refusal:
        open_ledger(open_folder / "ledger.sqlite")
    assert "folder can be written" in refusal.value.remedy
    assert list(open_folder.iterdir()) == []


def test_a_ledger_that_cannot_be_written_is_said(open_folder, path):
    open_folder.chmod(0o755)
    for file in (path, key_of(path)):
        (open_folder / file.name).write_bytes(file.read_bytes())
        (open_folder / file.name).chmod(0o444)
    open_folder.chmod(0o555)
    with without_rights(), pytest.raises(LedgerError, match="cannot be used"):
        open_ledger(open_folder / path.name).allow(Budget.of(EVERYBODY, PERIOD, 2))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a key that belongs to somebody else")
def test_a_key_that_may_not_be_read_is_said(open_folder):
    open_folder.chmod(0o777)
    with without_rights():
        open_ledger(open_folder / "ledger.sqlite").close()
    key_of(open_folder / "ledger.sqlite").chmod(0o000)
    with without_rights(), pytest.raises(LedgerError, match="Permission denied"):
        open_ledger(open_folder / "ledger.sqlite")


# ---------------------------------------------------------------- how it is opened


def test_a_file_is_opened_so_that_nothing_acknowledged_is_lost(tmp_path):
    with engine_of(tmp_path / "ledger.sqlite").connect() as connection:
        set_to = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout", "secure_delete")
        ]
    assert set_to == ["wal", 1, 2, 60_000, 1]


def test_a_thousand_releases_of_a_hundred_cells_are_read_in_time(tmp_path):
    ledger = open_ledger(tmp_path / "ledger.sqlite")
    one = record(ledger)
    wide = told(ledger.key).sketches.take(np.zeros(100, np.int64))
    labels = tuple(("c", str(n)) for n in range(100))
    many = replace(one, told=replace(one.told, labels=labels, texts=("1",) * 100, sketches=wide))
    with ledger._database.connected(writing=True) as connection:  # one transaction, since a thousand take five seconds
        held(connection, EVERYBODY)
        for _ in range(1_000):
            inserted(connection, many, "ana")
    ledger.close()
    started = time.process_time()
    assert len(open_ledger(tmp_path / "ledger.sqlite").releases(EVERYBODY)) == 1_000
    assert time.process_time() - started < 2
