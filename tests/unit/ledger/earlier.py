"""Ledgers as earlier layouts left them, for the tests of bringing them up to date."""

from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command

from analyzer.ledger.connections import engine_of
from analyzer.ledger.database import Database
from analyzer.ledger.key import fingerprint, new_key
from analyzer.ledger.migrating import _config


@contextmanager
def ledger_of_layout(place, version):
    """Make an empty ledger of a layout; yield a connection that writes, its tables by name, and its key."""
    key = new_key()
    place.key.write_text(key.hex() + "\n")
    database = Database(engine_of(Path(place.where) if place.is_file else place.where))
    tables = sa.MetaData()
    with database.connected(writing=True) as connection:
        command.upgrade(_config(connection), f"{version:04}")
        tables.reflect(connection)
        schema = sa.insert(tables.tables["ledger_schema"])
        connection.execute(schema.values(version=version, key_fingerprint=fingerprint(key)))
        yield connection, tables.tables, key
    database.engine.dispose()
