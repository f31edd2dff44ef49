"""The ledger: what left, kept so that later releases can be compared with it, and the budgets that noise is paid from.

Writers are serialised in the database. Whoever records a release says which one it saw last; if another one over the
same population came in since, nothing is recorded and the new release has to be compared again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from analyzer.disclosure.budget import Budget
from analyzer.disclosure.sketch import KEY_BYTES
from analyzer.disclosure.told import Earlier
from analyzer.errors import InputError
from analyzer.ledger.accounts import all_budgets, budget_of, set_total, spend
from analyzer.ledger.beginning import KeyOf, begin, checked_key
from analyzer.ledger.connections import engine_of, file_of, make_folder, memory_engine
from analyzer.ledger.key import key_beside, new_key
from analyzer.ledger.records import (
    LedgerError,
    LedgerMovedError,
    Record,
    Seen,
    content_as_text,
    content_from,
    told_as_text,
    told_from,
)
from analyzer.ledger.tables import POPULATIONS, RELEASES, SCHEMA

_REMEDY: Final = (
    "Check that the file is a ledger with its key beside it, that its folder can be written and the disk is not full."
)


class Ledger:
    """Releases and budgets in a database; see `open_ledger`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    key_of : callable
        Returns the key of the sketches, told whether the database is new.

    Attributes
    ----------
    key : bytes
    """

    def __init__(self, engine: sa.Engine, key_of: KeyOf) -> None:
        self._engine = engine
        with self._connected() as connection:
            there = sa.inspect(connection).has_table(SCHEMA.name)
        if not there:
            with self._connected(writing=True) as connection:
                begin(connection, key_of)
        with self._connected() as connection:
            self.key = checked_key(connection, key_of)

    def releases(self, population: str) -> tuple[Earlier, ...]:
        """Return every release over the population that later ones are compared with, oldest first."""
        return self.seen(population).earlier

    def seen(self, population: str) -> Seen:
        """Return what has left over the population up to now."""
        with self._connected() as connection:
            rows = connection.execute(
                sa.select(RELEASES.c.number, RELEASES.c.made_on, RELEASES.c.told, RELEASES.c.sketches)
                .where(RELEASES.c.population == population)
                .order_by(RELEASES.c.number)
            ).all()
        earlier = tuple(
            Earlier(row.number, row.made_on, told_from(row.told, row.sketches)) for row in rows if row.told is not None
        )
        return Seen(population, earlier, rows[-1].number if rows else 0)

    def record(self, record: Record, seen: int) -> int:
        """Keep a release and spend what it costs, both or neither; return its number.

        Parameters
        ----------
        record : Record
        seen : int
            `Seen.last` of what it was compared with.

        Raises
        ------
        LedgerMovedError
            When another release over the population came in since.
        BudgetSpentError
            When the budget does not pay for it, or none is set.
        """
        with self._connected(writing=True) as connection:
            if _hold(connection, record.population) != seen:
                raise LedgerMovedError(
                    f"Another release over {record.population!r} came in meanwhile.", "Compare again, then record."
                )
            number = _insert(connection, record)
            if record.charge is not None:
                spend(connection, record.population, record.charge, number)
            connection.execute(
                sa.update(POPULATIONS).where(POPULATIONS.c.name == record.population).values(last=number)
            )
        return number

    def release(self, number: int) -> Mapping[str, Any]:
        """Return what left with that number, as JSON values.

        Raises
        ------
        InputError
            When there is none.
        """
        with self._connected() as connection:
            newest = connection.scalar(sa.select(sa.func.max(RELEASES.c.number))) or 0
            known = 0 < number <= newest
            text = (
                connection.scalar(sa.select(RELEASES.c.content).where(RELEASES.c.number == number)) if known else None
            )
        if text is None:
            told = f"They go from 1 to {newest}." if newest else "There is none yet."
            raise InputError(f"The ledger has no release {number}.", told)
        return content_from(text)

    def allow(self, budget: Budget) -> Budget:
        """Set the total of a population and period; return the budget with what is spent of it.

        Raises
        ------
        InputError
            When more than that is spent already.
        """
        with self._connected(writing=True) as connection:
            _hold(connection, budget.population)
            return set_total(connection, budget)

    def budget(self, population: str, period: str) -> Budget | None:
        """Return the budget of a population and period; None where none is set."""
        with self._connected() as connection:
            return budget_of(connection, population, period)

    def budgets(self) -> tuple[Budget, ...]:
        """Return all budgets, by population and period."""
        with self._connected() as connection:
            return all_budgets(connection)

    @contextmanager
    def _connected(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(writing=writing)
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerError(f"The ledger {_name(self._engine.url)} cannot be used: {cause}.", _REMEDY) from error
        except UnicodeEncodeError as error:
            raise InputError(
                f"The ledger cannot keep the text {error.object!r}.", "Give names of valid Unicode."
            ) from error


def open_ledger(where: str | Path, key: bytes | None = None) -> Ledger:
    """Open a ledger, and make it where there is none.

    Parameters
    ----------
    where : str or path
        A file, or a database's URL.
    key : bytes, optional
        Of its sketches. Of a file it lies beside it as `<name>.key`, is made with it, and must not be lost; for another
        database it has to be given.

    Raises
    ------
    LedgerError
        When it is damaged, of another version, without its key, or cannot be written.
    """
    file = file_of(where)
    if (file is None or key is not None) and len(key or b"") != KEY_BYTES:
        has = "no key" if not key else f"a key of {len(key)} bytes"
        raise LedgerError(
            f"The ledger {file or _name(sa.make_url(str(where)))} has {has}.",
            f"Give key=..., {KEY_BYTES} bytes that you keep.",
        )
    if file is not None:
        make_folder(file)
    given = partial(key_beside, file) if file and not key else lambda _: key or b""
    return Ledger(engine_of(file or str(where)), given)


def memory_ledger() -> Ledger:
    """Return a ledger that is forgotten with the process, for tests and notebooks."""
    key = new_key()
    return Ledger(memory_engine(), lambda _: key)


def _hold(connection: sa.Connection, population: str) -> int:
    """Let no other writer at the population until the transaction ends; return its newest release.

    SQLite let in one writer when the transaction began; other databases wait at the row.
    """
    last = connection.scalar(sa.select(POPULATIONS.c.last).where(POPULATIONS.c.name == population).with_for_update())
    if last is not None:
        return int(last)
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(POPULATIONS).values(name=population, last=0))
    except IntegrityError:  # another writer was first with a new population, and is done
        return _hold(connection, population)
    return 0


def _insert(connection: sa.Connection, record: Record) -> int:
    told = record.told
    done = connection.execute(
        sa.insert(RELEASES).values(
            population=record.population,
            purpose=record.purpose,
            made_on=record.made_on,
            told=None if told is None else told_as_text(told),
            sketches=None if told is None else b"".join(told.sketches.as_bytes()),
            content=content_as_text(record.content),
            content_hash=record.content_hash,
            rulebook_hash=record.rulebook_hash,
            sources_hash=record.sources_hash,
        )
    )
    return int(done.inserted_primary_key[0])  # type: ignore[index]  # one row was inserted


def _name(url: sa.URL) -> str:
    return (
        url.render_as_string(hide_password=True) if url.get_backend_name() != "sqlite" else url.database or "in memory"
    )
