"""How a ledger begins, and how it is known again: its tables, its version and its key."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from analyzer.ledger.key import fingerprint
from analyzer.ledger.records import LedgerError
from analyzer.ledger.tables import METADATA, SCHEMA, SCHEMA_VERSION

KeyOf = Callable[[bool], bytes]
"""Returns the key, told whether the database is new."""


def begin(connection: sa.Connection, key_of: KeyOf) -> None:
    """Make the tables and the key, unless another writer was first.

    Raises
    ------
    LedgerError
        When the database belongs to something else, or a key tells that a ledger was here.
    """
    others = sa.inspect(connection).get_table_names()
    if SCHEMA.name in others:
        return
    if others:
        raise LedgerError("The database is not a ledger: it holds other tables.", "Give the ledger one of its own.")
    key = key_of(True)
    METADATA.create_all(connection)
    connection.execute(sa.insert(SCHEMA).values(version=SCHEMA_VERSION, key_fingerprint=fingerprint(key)))


def checked_key(connection: sa.Connection, key_of: KeyOf) -> bytes:
    """Return the key of a ledger that this version knows.

    Raises
    ------
    LedgerError
        When the ledger is of another version, or the key is not its own.
    """
    version = connection.scalar(sa.select(SCHEMA.c.version))
    if version != SCHEMA_VERSION:
        raise LedgerError(
            f"The ledger is of schema {version}; this version knows {SCHEMA_VERSION}.",
            "Use the version of analyzer that wrote it.",
        )
    key = key_of(False)
    if connection.scalar(sa.select(SCHEMA.c.key_fingerprint)) != fingerprint(key):
        raise LedgerError(
            "The key is not the one that the ledger was made with.",
            "Bring back its own key: with another one earlier releases cannot be compared with.",
        )
    return key
