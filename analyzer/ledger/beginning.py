"""How a ledger begins, and how it is known again: its tables, its layout and its key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

from analyzer.ledger.agreement import vouched_for
from analyzer.ledger.audit import appended
from analyzer.ledger.database import Database
from analyzer.ledger.events import COMMAND_LINE, What
from analyzer.ledger.key import fingerprint
from analyzer.ledger.migrating import upgrade
from analyzer.ledger.records import LedgerError
from analyzer.ledger.tables import SCHEMA, SCHEMA_VERSION
from analyzer.ledger.traced import ACCOUNT, BUDGET, CLIENT, NOTE, RELEASE, REQUEST, REQUEST_ANSWER, SPENDING
from analyzer.ledger.writing import vouch

_SEALED: Final = 5
"""The first layout in which the words of notes and release requests are sealed."""
_ADOPTED: Final = ((2, (RELEASE, SPENDING, BUDGET)), (6, (ACCOUNT, CLIENT)))
"""Before which layout the trail did not vouch for what."""

KeyOf = Callable[[bool], bytes]
"""Returns the key, told whether the database is new."""


def opened(database: Database, key_of: KeyOf, *, make: bool) -> bytes:
    """Return the key of a ledger, after it was made or brought up to date where that was due.

    Raises
    ------
    LedgerError
        When there is none and none is to be made, it belongs to something else, is of a newer version, or its key is
        missing, another's, or tells that a ledger was here.
    """
    with database.connected() as connection:
        layout = _layout(connection)
    if layout == 0 and not make:
        raise LedgerError(f"There is no ledger at {database.name}.", "Name the one that `analyzer release` keeps.")
    if layout == 0:
        with database.connected(writing=True) as connection:
            _begin(connection, key_of)
    elif layout < SCHEMA_VERSION:
        with database.connected() as connection:
            key = _checked_key(connection, key_of)  # a ledger that cannot be used is not changed
        with database.connected(writing=True) as connection:
            _bring_up_to_date(connection, key)
    with database.connected() as connection:
        return _checked_key(connection, key_of)


def _layout(connection: sa.Connection) -> int:
    """Return the layout of a ledger; 0 where there is none.

    Raises
    ------
    LedgerError
        When it is no layout that this version knows.
    """
    if not sa.inspect(connection).has_table(SCHEMA.name):
        return 0
    version = connection.scalar(sa.select(SCHEMA.c.version))
    if isinstance(version, int) and 1 <= version <= SCHEMA_VERSION:
        return version
    raise LedgerError(
        f"The ledger is of layout {version}; this version knows {SCHEMA_VERSION} and all before it.",
        "Use the version of analyzer that wrote it, or a newer one.",
    )


def _begin(connection: sa.Connection, key_of: KeyOf) -> None:
    """Make the tables and the key, unless another writer was first."""
    others = sa.inspect(connection).get_table_names()
    if SCHEMA.name in others:
        return
    if others:
        raise LedgerError("The database is not a ledger: it holds other tables.", "Give the ledger one of its own.")
    key = key_of(True)
    upgrade(connection, 0)
    connection.execute(sa.insert(SCHEMA).values(version=SCHEMA_VERSION, key_fingerprint=fingerprint(key)))
    appended(connection, COMMAND_LINE, What.BEGUN, "ledger", {"layout": SCHEMA_VERSION})


def _bring_up_to_date(connection: sa.Connection, key: bytes) -> None:
    """Add what newer layouts have, unless another writer was first; the trail vouches for what was there."""
    since = _layout(connection)
    if since == SCHEMA_VERSION:
        return
    upgrade(connection, since)
    connection.execute(sa.update(SCHEMA).values(version=SCHEMA_VERSION))
    appended(connection, COMMAND_LINE, What.UPGRADED, "ledger", {"from": since, "to": SCHEMA_VERSION})
    for traced in (traced for before, tables in _ADOPTED if since < before for traced in tables):
        for row in connection.execute(sa.select(traced.table)).mappings().all():
            vouch(connection, traced, dict(row), COMMAND_LINE, What.ADOPTED)
    if since < _SEALED:
        _seal(connection, key)


def _seal(connection: sa.Connection, key: bytes) -> None:
    """Seal words that may now be deleted, and vouch for their rows anew.

    A row that is not what the trail vouches for is left as it is, so that verification goes on naming it.
    """
    vouched, _ = vouched_for(connection)
    for traced in (NOTE, REQUEST, REQUEST_ANSWER):
        for row in connection.execute(sa.select(traced.table)).mappings().all():
            values = dict(row)
            if vouched.get(traced.item(values)) != traced.digest_before(values):
                continue
            values["seal"] = traced.seal(key, values)
            own = traced.table.c.number == values["number"]
            connection.execute(sa.update(traced.table).where(own).values(seal=values["seal"]))
            vouch(connection, traced, values, COMMAND_LINE, What.ADOPTED)


def _checked_key(connection: sa.Connection, key_of: KeyOf) -> bytes:
    key = key_of(False)
    if connection.scalar(sa.select(SCHEMA.c.key_fingerprint)) != fingerprint(key):
        raise LedgerError(
            "The key is not the one that the ledger was made with.",
            "Bring back its own key: with another one earlier releases cannot be compared with.",
        )
    return key
