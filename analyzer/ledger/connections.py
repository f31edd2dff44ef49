"""How the ledger reaches its database. What is peculiar to SQLite or PostgreSQL is here and in the migrations only.

A transaction that writes holds the whole ledger until it ends, in both databases: what it reads stays true, and the
chain of the audit trail cannot fork, however many machines write.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from analyzer.ledger.records import LedgerError

WAIT_S: Final = 60.0  # for another writer; a transaction takes milliseconds
_FILE_CONNECTIONS: Final = 4  # of a process; one query of 40 threads at once took twice as long with one each
_SERVER_CONNECTIONS: Final = 8  # of a process; a server often allows 100 in all
_TEXT: Final = {"client_encoding": "utf8"}  # a database of SQL_ASCII would hand out bytes
_PRAGMAS: Final = ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL", "secure_delete = ON")
_DRIVERS: Final = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
# Durable whatever the server's default is; the lock is of the schema, in which the ledger's tables lie.
_HOLD: Final = (
    f"SET LOCAL lock_timeout = '{WAIT_S:.0f}s'; SET LOCAL synchronous_commit = on;"
    " SELECT pg_advisory_xact_lock(hashtext('analyzer ledger'), hashtext(current_schema()))"
)


def file_of(where: str | Path) -> Path | None:
    """Return the file that a path or an SQLite URL names; None for another database's URL.

    Raises
    ------
    LedgerError
        When it is no URL, or an SQLite URL without a file: each thread would then have a ledger of its own.
    """
    if isinstance(where, Path) or "://" not in where:
        return Path(where).expanduser()
    try:
        url = sa.make_url(where)
    except (ArgumentError, ValueError):  # the cause is not repeated: it may spell out a password
        raise LedgerError(
            "The ledger's address is no URL of a database.", "Give a file, or a database's URL."
        ) from None
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise LedgerError(
            f"The ledger's address {where} names no file.", "Give a file; `memory_ledger()` is one that needs none."
        )
    return Path(url.database)


def make_folder(file: Path) -> None:
    """Make the folder of a ledger's file.

    Raises
    ------
    LedgerError
        When it cannot be made, or the file is a folder itself.
    """
    if file.is_dir():
        raise LedgerError(f"The ledger {file} is a folder.", "Give a file in it, such as `ledger.sqlite`.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"The ledger's folder {file.parent} cannot be made: {error.strerror}.", "Give a folder that you may write."
        ) from error


def make_file(file: Path) -> None:
    """Make a ledger's file for its owner alone, where there is none: drafts and hashes of passwords lie in it.

    SQLite gives its log the same mode. Where a file cannot be made, SQLite says so when it is opened.
    """
    with suppress(OSError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def engine_of(where: str | Path) -> sa.Engine:
    """Return an engine for a file, or for the URL of a PostgreSQL database.

    Raises
    ------
    LedgerError
        When the database is of an unknown kind, or its driver is not installed.
    """
    if isinstance(where, Path):
        url = sa.URL.create("sqlite", database=str(where))
        return _with_transactions(sa.create_engine(url, connect_args={"timeout": WAIT_S}, **_pool(_FILE_CONNECTIONS)))
    url = sa.make_url(where)
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    if url.get_backend_name() != "postgresql":
        raise LedgerError(
            f"The ledger cannot be kept in a database of the kind {url.get_backend_name()!r}.",
            "Give a file, or the URL of a PostgreSQL database.",
        )
    try:
        return _with_a_lock(sa.create_engine(url, pool_pre_ping=True, connect_args=_TEXT, **_pool(_SERVER_CONNECTIONS)))
    except ImportError as error:
        raise LedgerError(
            f"The driver of PostgreSQL is not installed ({error}).", 'Install it: pip install "analyzer[postgres]"'
        ) from error
    except (ArgumentError, NoSuchModuleError) as error:
        raise LedgerError(f"The ledger's address cannot be used: {error}.", "Give a URL of PostgreSQL.") from error


def memory_engine() -> sa.Engine:
    """Return an engine on a database in memory.

    There is one connection, and threads wait for it: two that shared it would be in each other's transactions.
    """
    threads: dict[str, Any] = {"check_same_thread": False}
    return _with_transactions(sa.create_engine("sqlite://", connect_args=threads, **_pool(1)))


def _pool(connections: int) -> dict[str, Any]:
    """Let more threads than that wait for their turn: many that read at once take the interpreter from each other."""
    return {"poolclass": QueuePool, "pool_size": connections, "max_overflow": 0, "pool_timeout": WAIT_S}


def _with_transactions(engine: sa.Engine) -> sa.Engine:
    """Let SQLite begin its transactions when told to: writers at once, so that what they read stays true."""

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            _set(connection, pragma)

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine


def _set(connection: Any, pragma: str) -> None:
    """Set a pragma; where another process is making the same file, SQLite does not wait by itself."""
    until = time.monotonic() + WAIT_S
    while True:
        try:
            connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _with_a_lock(engine: sa.Engine) -> sa.Engine:
    """Let one writer in at a time, and let readers see one moment."""

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("writing", False):
            connection.exec_driver_sql(_HOLD)

    return engine


def isolation_of(engine: sa.Engine, *, writing: bool) -> dict[str, Any]:
    """Return the options of a connection.

    A writer of PostgreSQL must not see the moment before it waited for its turn, whatever the server's default is.
    """
    if engine.dialect.name == "sqlite":
        return {}
    if writing:
        return {"isolation_level": "READ COMMITTED", "postgresql_readonly": False}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _empty_the_log(connection: sa.Connection) -> None:
    """Empty SQLite's log. It cannot be while somebody reads; SQLite says so in its answer, and by no error."""
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {1_000 * LOG_WAIT_S:.0f}")
    busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {1_000 * WAIT_S:.0f}")
    if busy:
        raise sa.exc.OperationalError("PRAGMA wal_checkpoint(TRUNCATE)", None, Exception("somebody is reading it"))


LOG_WAIT_S: Final = 10.0
"""How long is waited for readers before the log is emptied."""


def really_delete(engine: sa.Engine, tables: tuple[sa.Table, ...]) -> None:
    """Let what was deleted leave the files of the tables, too; backups and PostgreSQL's log are not reached."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":  # `secure_delete` has overwritten the pages; the log still has the old ones
            _empty_the_log(connection)
            return
        for table in tables:  # written anew: a plain VACUUM lets rows be overwritten, but does not overwrite them
            connection.exec_driver_sql(f"VACUUM (FULL) {table.name}")
