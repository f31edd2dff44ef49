"""Clients of the API: programs that ask with a token, each in a role; the audit trail has every change of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.database import Database
from analyzer.ledger.deciding import person_of
from analyzer.ledger.events import COMMAND_LINE, What
from analyzer.ledger.likeness import as_compared, check_looks
from analyzer.ledger.passwords import token_hash
from analyzer.ledger.people import Role, is_taken
from analyzer.ledger.people_tables import CLIENTS
from analyzer.ledger.traced import CLIENT, next_number, now
from analyzer.ledger.writing import vouch


@dataclass(frozen=True, slots=True)
class Client:
    """A program that asks through the API; its token is told once, when it is made.

    Attributes
    ----------
    number, name, role : which one, what it is called, what it may do.
    ended : whether its token holds no longer.
    made : when, UTC.
    """

    number: int
    name: str
    role: Role
    ended: bool
    made: str


class Clients:
    """The part of a ledger that is about clients of the API."""

    _database: Database

    def clients(self) -> tuple[Client, ...]:
        """Return all clients of the API, oldest first."""
        with self._database.connected() as connection:
            rows = connection.execute(sa.select(CLIENTS).order_by(CLIENTS.c.number)).mappings().all()
        return tuple(_client(dict(row)) for row in rows)

    def add_client(self, name: str, role: Role, who: str = COMMAND_LINE) -> tuple[Client, str]:
        """Make a client; return it and its token, which is told nowhere else.

        Raises
        ------
        InputError
            When the name is none or an account's, or the role is an administrator's: no program makes accounts.
        """
        called = person_of(name)
        check_looks(called)
        if role is Role.ADMINISTRATOR:
            raise InputError("A client cannot be an administrator.", "Give it another role.")
        token = secrets.token_urlsafe(32)
        with self._database.connected(writing=True) as connection:
            if is_taken(connection, as_compared(called)):  # what it sends would stand under that person's name
                raise InputError(f"{called!r:.60} is the name of an account, or nearly so.", "Choose another name.")
            number = next_number(connection, CLIENTS)
            values = {"name": called, "role": role.value, "token": token_hash(token), "ended": False, "at": now()}
            connection.execute(sa.insert(CLIENTS).values(number=number, **values))
            details = {"change": "client made", "name": called, "role": role.value}
            return _client(_told(connection, who, number, details)), token

    def end_client(self, number: int, who: str = COMMAND_LINE) -> None:
        """End a client's token.

        Raises
        ------
        InputError
            When there is no such client.
        """
        with self._database.connected(writing=True) as connection:
            done = connection.execute(sa.update(CLIENTS).where(CLIENTS.c.number == number).values(ended=True))
            if not done.rowcount:
                raise InputError(f"There is no client {number}.", "Name one of those that were made.")
            _told(connection, who, number, {"change": "client ended"})

    def client(self, token: str) -> Client | None:
        """Return the client that has a token; None where none has, or it has ended."""
        with self._database.connected() as connection:
            query = sa.select(CLIENTS).where(CLIENTS.c.token == token_hash(token))
            row = connection.execute(query).mappings().first()
        return None if row is None or row["ended"] else _client(dict(row))


def _told(connection: sa.Connection, who: str, number: int, details: Mapping[str, str]) -> dict[str, Any]:
    """Add the entry that vouches for a client as it is now; return its row."""
    row = dict(connection.execute(sa.select(CLIENTS).where(CLIENTS.c.number == number)).mappings().one())
    vouch(connection, CLIENT, row, who, What.ACCOUNT, details)
    return row


def _client(row: Mapping[str, Any]) -> Client:
    return Client(row["number"], row["name"], Role(row["role"]), bool(row["ended"]), row["at"])
