"""Who uses the desk: accounts, each with one role; the audit trail has every change of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger import notes
from analyzer.ledger.database import Database
from analyzer.ledger.deciding import person_of
from analyzer.ledger.events import COMMAND_LINE, What
from analyzer.ledger.likeness import as_compared, check_looks
from analyzer.ledger.notes import Note
from analyzer.ledger.passwords import check_password, hashed
from analyzer.ledger.people_tables import ACCOUNTS, CLIENTS, SIGN_INS
from analyzer.ledger.traced import ACCOUNT, now
from analyzer.ledger.writing import vouch


class Role(Enum):
    """What somebody does at the desk; nobody has two roles."""

    COMMUNICATIONS = "communications"
    RESEARCHER = "researcher"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed in, or a client that acts for nobody in particular.

    Attributes
    ----------
    name : of the account, or of the client.
    role : what the doors ask for.
    """

    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class Account:
    """An account; its password is not told.

    Attributes
    ----------
    name, role : see `Person`.
    disabled : whether nobody may sign in with it.
    made : when, UTC.
    """

    name: str
    role: Role
    disabled: bool
    made: str


class People:
    """The part of a ledger that is about accounts, and what people say on patterns."""

    _database: Database
    key: bytes

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts, by name."""
        with self._database.connected() as connection:
            rows = connection.execute(sa.select(ACCOUNTS).order_by(ACCOUNTS.c.name)).mappings().all()
        return tuple(_account(dict(row)) for row in rows)

    def account(self, name: str) -> Account:
        """Return an account.

        Raises
        ------
        InputError
            When there is none of that name.
        """
        with self._database.connected() as connection:
            return _account(_row_of(connection, name))

    def add_account(self, name: str, role: Role, password: str, who: str = COMMAND_LINE) -> Account:
        """Make an account.

        Parameters
        ----------
        name : str
            1 to 200 printable letters that look like no other account's name.
        role : Role
        password : str
            12 characters or more.
        who : str
            Who makes it.

        Raises
        ------
        InputError
            When the name is taken, or name or password cannot be used.
        """
        called = _address_of(person_of(name))
        check_password(password, called)
        kept = hashed(password)  # slow, so not while the ledger is held
        with self._database.connected(writing=True) as connection:
            compared = as_compared(called)
            programs = connection.scalars(sa.select(CLIENTS.c.name))
            if is_taken(connection, compared) or compared in map(as_compared, programs):
                raise InputError(f"Somebody is called {called!r:.60} already, or nearly so.", "Choose another name.")
            values = {"compared": compared, "role": role.value, "password": kept, "disabled": False, "at": now()}
            connection.execute(sa.insert(ACCOUNTS).values(name=called, **values))
            _told(connection, who, called, {"change": "made", "role": role.value})
            return _account(_row_of(connection, called))

    def change_role(self, name: str, role: Role, who: str = COMMAND_LINE) -> None:
        """Give an account another role; its sign-ins end.

        Raises
        ------
        InputError
            When there is none, or no administrator would be left.
        """
        with self._database.connected(writing=True) as connection:
            row = _row_of(connection, name)
            if role is not Role.ADMINISTRATOR:
                _another_administrator(connection, row)
            _changed(connection, row["name"], {"role": role.value})
            _ended(connection, row["name"])
            _told(connection, who, row["name"], {"change": "role", "role": role.value})

    def disable(self, name: str, who: str = COMMAND_LINE) -> None:
        """Let nobody sign in with an account, and end its sign-ins.

        Raises
        ------
        InputError
            When there is none, or no administrator would be left.
        """
        with self._database.connected(writing=True) as connection:
            row = _row_of(connection, name)
            _another_administrator(connection, row)
            _changed(connection, row["name"], {"disabled": True})
            _ended(connection, row["name"])
            _told(connection, who, row["name"], {"change": "disabled"})

    def enable(self, name: str, who: str = COMMAND_LINE) -> None:
        """Let people sign in with an account again.

        Raises
        ------
        InputError
            When there is none.
        """
        with self._database.connected(writing=True) as connection:
            row = _row_of(connection, name)
            _changed(connection, row["name"], {"disabled": False})
            _told(connection, who, row["name"], {"change": "enabled"})

    def set_password(self, name: str, password: str, who: str = COMMAND_LINE) -> None:
        """Set a password, and end the account's sign-ins.

        Raises
        ------
        InputError
            When there is no such account, or others would try the password first.
        """
        check_password(password, name)
        kept = hashed(password)
        with self._database.connected(writing=True) as connection:
            row = _row_of(connection, name)
            _changed(connection, row["name"], {"password": kept})
            _ended(connection, row["name"])
            _told(connection, who, row["name"], {"change": "password"})

    def end_sign_ins(self, name: str, who: str = COMMAND_LINE) -> None:
        """End every sign-in of an account.

        Raises
        ------
        InputError
            When there is none.
        """
        with self._database.connected(writing=True) as connection:
            row = _row_of(connection, name)
            _ended(connection, row["name"])
            _told(connection, who, row["name"], {"change": "sign-ins ended"})

    def person(self, name: str) -> Person | None:
        """Return who may act under a name; None where there is no account, or it is disabled."""
        with self._database.connected() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.name == name)).mappings().first()
        return None if row is None or row["disabled"] else Person(row["name"], Role(row["role"]))

    def notes(self, pattern: str) -> tuple[Note, ...]:
        """Return the discussion on a pattern, oldest first."""
        with self._database.connected() as connection:
            return notes.notes(connection, pattern)

    def add_note(self, pattern: str, who: str, text: str) -> Note:
        """Add to the discussion on a pattern.

        Raises
        ------
        InputError
            When there is no text, or nobody says it.
        """
        with self._database.connected(writing=True) as connection:
            return notes.add_note(connection, pattern, who, text, self.key)


def _address_of(name: str) -> str:
    """Return a name that is taken for no other, and can be part of a page's address."""
    check_looks(name)
    if "/" in name or "\\" in name:
        raise InputError(f"{name!r:.60} cannot be an account's name.", "Give one without a slash.")
    return name


def is_taken(connection: sa.Connection, compared: str) -> bool:
    """Return whether an account has a name that looks like this one; see `likeness.as_compared`."""
    return connection.scalar(sa.select(ACCOUNTS.c.name).where(ACCOUNTS.c.compared == compared)) is not None


def _row_of(connection: sa.Connection, name: str) -> Mapping[str, Any]:
    row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.name == name)).mappings().first()
    if row is None:
        raise InputError(f"There is no account {name!r:.60}.", "`analyzer account list` names them all.")
    return dict(row)


def _another_administrator(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Refuse to lose the last administrator: nobody could make accounts at the desk any more."""
    if row["role"] != Role.ADMINISTRATOR.value or row["disabled"]:
        return
    others = sa.select(sa.func.count()).select_from(ACCOUNTS)
    others = others.where(
        ACCOUNTS.c.role == row["role"], ACCOUNTS.c.disabled.is_(False), ACCOUNTS.c.name != row["name"]
    )
    if not connection.scalar(others):
        raise InputError(f"{row['name']} is the last administrator.", "Make another administrator first.")


def _changed(connection: sa.Connection, name: str, values: Mapping[str, Any]) -> None:
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.name == name).values(**values))


def _ended(connection: sa.Connection, name: str) -> None:
    connection.execute(sa.delete(SIGN_INS).where(SIGN_INS.c.account == name))


def _told(connection: sa.Connection, who: str, name: str, details: Mapping[str, str]) -> None:
    vouch(connection, ACCOUNT, _row_of(connection, name), who, What.ACCOUNT, details)


def _account(row: Mapping[str, Any]) -> Account:
    return Account(row["name"], Role(row["role"]), bool(row["disabled"]), row["at"])
