"""The ledger: what left, kept so that later releases can be compared with it, the budgets that noise is paid from, and
what reviewers decided; all of it with an audit trail.

Writers are serialised in the database. Whoever records a release says which one it saw last; if another one over the
same population came in since, nothing is recorded and the new release has to be compared again.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from analyzer.disclosure.budget import Budget
from analyzer.disclosure.told import Earlier
from analyzer.errors import InputError
from analyzer.ledger.accounts import all_budgets, budget_of, set_total, spend
from analyzer.ledger.audit import Audit
from analyzer.ledger.beginning import KeyOf, opened
from analyzer.ledger.clients import Clients
from analyzer.ledger.connections import engine_of, file_of, make_file, make_folder, memory_engine
from analyzer.ledger.database import Database, name_of_url
from analyzer.ledger.events import COMMAND_LINE
from analyzer.ledger.key import key_source, new_key
from analyzer.ledger.leaving import KeptRelease, all_releases, held, inserted
from analyzer.ledger.people import People
from analyzer.ledger.records import LedgerError, LedgerMovedError, Record, Seen, content_from, told_from
from analyzer.ledger.requests import Requesting, check_approved, fulfil
from analyzer.ledger.reviewing import Reviewing
from analyzer.ledger.sign_ins import SigningIn
from analyzer.ledger.tables import POPULATIONS, RELEASES


class Ledger(Reviewing, Requesting, People, SigningIn, Clients):
    """Releases, budgets and what is reviewed, in a database; see `open_ledger`.

    Parameters
    ----------
    engine : sqlalchemy.Engine
    key_of : callable
        Returns the key of the sketches, told whether the database is new.
    make : bool
        Whether a ledger is made where there is none.

    Attributes
    ----------
    key : bytes
    audit : Audit
    """

    def __init__(self, engine: sa.Engine, key_of: KeyOf, *, make: bool = True) -> None:
        self._database = Database(engine)
        self.key = opened(self._database, key_of, make=make)
        self.audit = Audit(self._database, self.key)

    @property
    def name(self) -> str:
        """The file, or the URL without its password."""
        return self._database.name

    def close(self) -> None:
        """Let go of the database's files or connections; the next call opens them again."""
        self._database.engine.dispose()

    def releases(self, population: str) -> tuple[Earlier, ...]:
        """Return every release over the population that later ones are compared with, oldest first."""
        return self.seen(population).earlier

    def all_releases(self) -> tuple[KeptRelease, ...]:
        """Return every release over whatever population, with noise or without, oldest first."""
        with self._database.connected() as connection:
            return all_releases(connection)

    def seen(self, population: str) -> Seen:
        """Return what has left over the population up to now."""
        with self._database.connected() as connection:
            rows = connection.execute(
                sa.select(RELEASES.c.number, RELEASES.c.made_on, RELEASES.c.told, RELEASES.c.sketches)
                .where(RELEASES.c.population == population)
                .order_by(RELEASES.c.number)
            ).all()
        earlier = tuple(
            Earlier(row.number, row.made_on, told_from(row.told, row.sketches)) for row in rows if row.told is not None
        )
        return Seen(population, earlier, rows[-1].number if rows else 0)

    def last(self, population: str) -> int:
        """Return the number of the newest release over the population, without reading any; 0 where there is none."""
        with self._database.connected() as connection:
            newest = sa.select(sa.func.max(RELEASES.c.number)).where(RELEASES.c.population == population)
            return int(connection.scalar(newest) or 0)

    def record(self, record: Record, seen: int, who: str = COMMAND_LINE, request: int | None = None) -> int:
        """Keep a release, spend what it costs and fulfil what asked for it, all or nothing; return its number.

        Parameters
        ----------
        record : Record
        seen : int
            `Seen.last` of what it was compared with.
        who : str
            The account's name, for the audit trail.
        request : int, optional
            Number of the release request that it fulfils.

        Raises
        ------
        LedgerMovedError
            When another release over the population came in since.
        BudgetSpentError
            When the budget does not pay for it, or none is set.
        DecisionRefusedError
            When the request is not approved, or another release fulfilled it.
        """
        with self._database.connected(writing=True) as connection:
            if request is not None:
                check_approved(connection, request)
            if held(connection, record.population) != seen:
                raise LedgerMovedError(
                    f"Another release over {record.population!r} came in meanwhile.", "Compare again, then record."
                )
            number = inserted(connection, record, who)
            if record.charge is not None:
                spend(connection, record.population, record.charge, number, who)
            if request is not None:
                fulfil(connection, request, number, who, self.key)
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
        with self._database.connected() as connection:
            newest = connection.scalar(sa.select(sa.func.max(RELEASES.c.number))) or 0
            known = 0 < number <= newest
            text = (
                connection.scalar(sa.select(RELEASES.c.content).where(RELEASES.c.number == number)) if known else None
            )
        if text is None:
            told = f"They go from 1 to {newest}." if newest else "There is none yet."
            raise InputError(f"The ledger has no release {number}.", told)
        return content_from(text)

    def allow(self, budget: Budget, who: str = COMMAND_LINE) -> Budget:
        """Set the total of a population and period; return the budget with what is spent of it.

        Raises
        ------
        InputError
            When more than that is spent already.
        """
        with self._database.connected(writing=True) as connection:
            held(connection, budget.population)
            return set_total(connection, budget, who)

    def budget(self, population: str, period: str) -> Budget | None:
        """Return the budget of a population and period; None where none is set."""
        with self._database.connected() as connection:
            return budget_of(connection, population, period)

    def budgets(self) -> tuple[Budget, ...]:
        """Return all budgets, by population and period."""
        with self._database.connected() as connection:
            return all_budgets(connection)


def open_ledger(where: str | Path, key: bytes | Path | None = None, *, make: bool = True) -> Ledger:
    """Open a ledger, and make it where there is none.

    A ledger of an earlier version is brought up to date.

    Parameters
    ----------
    where : str or path
        A file, or the URL of a PostgreSQL database.
    key : bytes or path, optional
        Of its sketches and seals, or the file that holds it. Of a file it lies beside it as `<name>.key`; of a URL in
        the file that the variable ANALYZER_LEDGER_KEY names. It is made with the ledger and must not be lost.
    make : bool
        Whether it is made where there is none; else that is an error.

    Raises
    ------
    LedgerError
        When it is damaged, of a newer version, without its key, or cannot be written.
    """
    file = file_of(where)
    name = str(file) if file else _name(str(where))
    key_of = key_source(file, name, key)
    if file is not None and not make and not file.exists():
        raise LedgerError(f"There is no ledger {file}.", "Name the one that `analyzer release` keeps.")
    if file is not None:
        make_folder(file)
        make_file(file)
    return Ledger(engine_of(file or str(where)), key_of, make=make)


def memory_ledger() -> Ledger:
    """Return a ledger that is forgotten with the process, for tests and notebooks."""
    key = new_key()
    return Ledger(memory_engine(), lambda _: key)


def _name(where: str) -> str:
    try:
        return name_of_url(sa.make_url(where))
    except (ArgumentError, ValueError):
        return "at that address"
