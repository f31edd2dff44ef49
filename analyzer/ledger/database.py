"""A database, its transactions, and its errors said so that a person can act on them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.exc import DataError, SQLAlchemyError

from analyzer.errors import InputError
from analyzer.ledger.connections import WAIT_S, isolation_of, really_delete
from analyzer.ledger.records import LedgerError


class Database:
    """Where a ledger lies.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    """

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._writers = Lock()

    @contextmanager
    def connected(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction; one that writes holds the ledger until it ends.

        Raises
        ------
        LedgerError
            When the database cannot be used.
        InputError
            When it cannot keep a value.
        """
        try:
            with self._turn(writing), self.engine.connect() as plain:
                options = isolation_of(self.engine, writing=writing)
                connection = plain.execution_options(writing=writing, **options)
                with connection.begin():
                    yield connection
        except DataError as error:  # such as the letter NUL, which PostgreSQL has not
            raise InputError(f"The ledger cannot keep a value: {error.orig}.", "Give other or shorter texts.") from None
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).strip().rstrip(".")
            raise LedgerError(f"The ledger {self.name} cannot be used: {cause}.", self._remedy()) from error
        except UnicodeEncodeError as error:
            raise InputError(
                f"The ledger cannot keep the text {error.object!r}.", "Give names of valid Unicode."
            ) from error

    @contextmanager
    def _turn(self, writing: bool) -> Iterator[None]:
        """Let one thread write at a time: in the database each that waits would hold a connection that readers need."""
        if not writing:
            yield
            return
        if not self._writers.acquire(timeout=WAIT_S):
            raise LedgerError(f"Others wrote to {self.name} for {WAIT_S:.0f} seconds.", "Try again later.")
        try:
            yield
        finally:
            self._writers.release()

    def forget(self, *tables: sa.Table) -> None:
        """Let what was deleted from tables leave the files as well."""
        try:
            really_delete(self.engine, tables)
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerError(
                f"What was deleted may still be in the files of {self.name}: {cause}.",
                "Close every program that has it open: that empties its log. In PostgreSQL, run VACUUM (FULL).",
            ) from error

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return name_of_url(self.engine.url)

    def _remedy(self) -> str:
        if self.engine.dialect.name != "sqlite":
            return "Check that the server runs, and that its URL names a database in which you may make tables."
        return (
            "Check that the file is a ledger with its key beside it, that its folder can be written and the disk is"
            " not full."
        )


def name_of_url(url: sa.URL) -> str:
    """Return how a database is called in sentences."""
    if url.get_backend_name() != "sqlite":
        return url.render_as_string(hide_password=True)
    return url.database or "in memory"
