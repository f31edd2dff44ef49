"""How the ledger reaches its database. What is peculiar to SQLite is here and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from analyzer.ledger.records import LedgerError

_WAIT_S: Final = 60.0  # for another writer; a transaction takes milliseconds


def is_file(where: str | Path) -> bool:
    """Tell a file from the URL of a database."""
    return isinstance(where, Path) or "://" not in where


def engine_of(where: str | Path) -> sa.Engine:
    """Return an engine for a file or a URL.

    Raises
    ------
    LedgerError
        When the URL cannot be read, or its driver is not installed.
    """
    url = sa.URL.create("sqlite", database=str(where)) if is_file(where) else str(where)
    try:
        engine = sa.create_engine(url, connect_args={"timeout": _WAIT_S} if is_file(where) else {})
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise LedgerError(
            f"The ledger's address cannot be used: {error}.", "Give a file, or a database's URL."
        ) from error
    return _with_transactions(engine) if engine.dialect.name == "sqlite" else engine


def memory_engine() -> sa.Engine:
    """Return an engine on a database in memory, the same for all connections."""
    threads: dict[str, Any] = {"check_same_thread": False}
    return _with_transactions(sa.create_engine("sqlite://", connect_args=threads, poolclass=StaticPool))


def _with_transactions(engine: sa.Engine) -> sa.Engine:
    """Let SQLite begin its transactions when told to: writers at once, so that what they read stays true."""

    @sa.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode = WAL", "foreign_keys = ON", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writing = connection.get_execution_options().get("writing", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")

    return engine
