"""The ledger: what left, kept so that later releases can be compared with it, and the budgets that noise is paid from.

Writers are serialised in the database. Whoever records a release says which one it saw last; if another one over the
same population came in since, nothing is recorded and the new release has to be compared again.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from analyzer.disclosure.budget import Budget, BudgetSpentError, Charge, written
from analyzer.disclosure.sketch import KEY_BYTES
from analyzer.disclosure.told import Earlier
from analyzer.errors import InputError
from analyzer.ledger.connections import engine_of, is_file, memory_engine
from analyzer.ledger.key import key_beside
from analyzer.ledger.records import LedgerError, LedgerMovedError, Record, Seen, told_as_text, told_from
from analyzer.ledger.tables import BUDGETS, METADATA, POPULATIONS, RELEASES, SCHEMA, SCHEMA_VERSION, SPENDINGS

_REMEDY: Final = (
    "Check that the file is a ledger, that it and its folder can be written, and that the disk is not full."
)


class Ledger:
    """Releases and budgets in a database; see `open_ledger`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    key : bytes
        Of its sketches.
    """

    def __init__(self, engine: sa.Engine, key: bytes) -> None:
        self._engine = engine
        self.key = key
        with self._connected() as connection:
            there = sa.inspect(connection).has_table(SCHEMA.name)
        with self._connected(writing=not there) as connection:
            _prepare(connection)

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
            last = _hold(connection, record.population)
            if last != seen:
                raise LedgerMovedError(
                    f"Another release over {record.population!r} came in meanwhile.", "Compare again, then record."
                )
            if record.charge is not None:
                _afford(connection, record.population, record.charge)
            number = _insert(connection, record)
            connection.execute(
                sa.update(POPULATIONS).where(POPULATIONS.c.name == record.population).values(last=number)
            )
        return number

    def release(self, number: int) -> Mapping[str, Any]:
        """Return what left with that number, as JSON values."""
        with self._connected() as connection:
            text = connection.scalar(sa.select(RELEASES.c.content).where(RELEASES.c.number == number))
            newest = connection.scalar(sa.select(sa.func.max(RELEASES.c.number)))
        if text is None:
            told = f"They go from 1 to {newest}." if newest else "There is none yet."
            raise InputError(f"The ledger has no release {number}.", told)
        values: Mapping[str, Any] = json.loads(text)
        return values

    def allow(self, budget: Budget) -> Budget:
        """Set the total of a population and period; return the budget with what is spent of it.

        Raises
        ------
        InputError
            When more than that is spent already.
        """
        with self._connected(writing=True) as connection:
            _hold(connection, budget.population)
            spent = _spent(connection, budget.population, budget.period)
            if budget.total < spent:
                raise InputError(
                    f"Of the budget of {budget.population!r} for {budget.period!r} {written(spent)} is spent already.",
                    f"Set it to {written(spent)} or more.",
                )
            where = (BUDGETS.c.population == budget.population) & (BUDGETS.c.period == budget.period)
            connection.execute(sa.delete(BUDGETS).where(where))
            connection.execute(
                sa.insert(BUDGETS).values(population=budget.population, period=budget.period, total=str(budget.total))
            )
        return Budget(budget.population, budget.period, budget.total, spent)

    def budget(self, population: str, period: str) -> Budget | None:
        """Return the budget of a population and period; None where none is set."""
        with self._connected() as connection:
            return _budget(connection, population, period)

    def budgets(self) -> tuple[Budget, ...]:
        """Return all budgets, by population and period."""
        with self._connected() as connection:
            rows = connection.execute(sa.select(BUDGETS).order_by(BUDGETS.c.population, BUDGETS.c.period)).all()
            return tuple(
                Budget(row.population, row.period, Fraction(row.total), _spent(connection, row.population, row.period))
                for row in rows
            )

    @contextmanager
    def _connected(self, *, writing: bool = False) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as plain:
                connection = plain.execution_options(writing=writing)
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise LedgerError(f"The ledger {_name(self._engine)} cannot be used: {cause}.", _REMEDY) from error


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
    if not is_file(where):
        if key is None or len(key) != KEY_BYTES:
            raise LedgerError(
                f"The ledger {_hidden(str(where))} has no key.", f"Give key=..., {KEY_BYTES} bytes that you keep."
            )
        return Ledger(engine_of(str(where)), key)
    path = Path(where).expanduser()
    return Ledger(engine_of(path), key or key_beside(path))


def memory_ledger() -> Ledger:
    """Return a ledger that is forgotten with the process, for tests and notebooks."""
    return Ledger(memory_engine(), secrets.token_bytes(KEY_BYTES))


def _prepare(connection: sa.Connection) -> None:
    if not sa.inspect(connection).has_table(SCHEMA.name):
        METADATA.create_all(connection)
        connection.execute(sa.insert(SCHEMA).values(version=SCHEMA_VERSION))
    version = connection.scalar(sa.select(SCHEMA.c.version))
    if version != SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger is of schema {version}; this version knows {SCHEMA_VERSION}.",
            "Use the version of analyzer that wrote it.",
        )


def _hold(connection: sa.Connection, population: str) -> int:
    """Let no other writer at the population until the transaction ends; return its newest release."""
    row = sa.select(POPULATIONS.c.last).where(POPULATIONS.c.name == population).with_for_update()
    last = connection.scalar(row)
    if last is None:
        connection.execute(sa.insert(POPULATIONS).values(name=population, last=0))
        return 0
    return int(last)


def _insert(connection: sa.Connection, record: Record) -> int:
    told = record.told
    done = connection.execute(
        sa.insert(RELEASES).values(
            population=record.population,
            purpose=record.purpose,
            made_on=record.made_on,
            told=None if told is None else told_as_text(told),
            sketches=None if told is None else b"".join(told.sketches.as_bytes()),
            content=json.dumps(record.content, ensure_ascii=False, sort_keys=True),
            content_hash=record.content_hash,
            rulebook_hash=record.rulebook_hash,
            sources_hash=record.sources_hash,
        )
    )
    number = int(done.inserted_primary_key[0])  # type: ignore[index]  # one row was inserted
    if record.charge is not None:
        connection.execute(
            sa.insert(SPENDINGS).values(
                release=number,
                population=record.population,
                period=record.charge.period,
                amount=str(record.charge.amount),
            )
        )
    return number


def _afford(connection: sa.Connection, population: str, charge: Charge) -> None:
    budget = _budget(connection, population, charge.period)
    if budget is None:
        raise BudgetSpentError(
            f"No privacy budget of {population!r} is set for {charge.period!r}.",
            "Set one with `analyzer budget` or Ledger.allow.",
        )
    budget.spend(charge.amount)


def _budget(connection: sa.Connection, population: str, period: str) -> Budget | None:
    where = (BUDGETS.c.population == population) & (BUDGETS.c.period == period)
    total = connection.scalar(sa.select(BUDGETS.c.total).where(where))
    if total is None:
        return None
    return Budget(population, period, Fraction(total), _spent(connection, population, period))


def _spent(connection: sa.Connection, population: str, period: str) -> Fraction:
    where = (SPENDINGS.c.population == population) & (SPENDINGS.c.period == period)
    return sum(map(Fraction, connection.scalars(sa.select(SPENDINGS.c.amount).where(where))), Fraction(0))


def _name(engine: sa.Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


def _hidden(url: str) -> str:
    return sa.make_url(url).render_as_string(hide_password=True)
