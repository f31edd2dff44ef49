"""Bringing the tables of a ledger up to date, inside the transaction of whoever opens it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

if TYPE_CHECKING:
    from alembic.config import Config

VERSIONS: Final = "alembic_version"
"""Alembic's own table."""


def upgrade(connection: sa.Connection, since: int) -> None:
    """Bring the tables from a layout up to the newest; 0 where there are none.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        In a transaction that holds the ledger.
    since : int
        The layout of the ledger.
    """
    from alembic import command

    config = _config(connection)
    if since and not sa.inspect(connection).has_table(VERSIONS):
        command.stamp(config, f"{since:04}")  # the first layout was made without Alembic
    command.upgrade(config, "head")


def _config(connection: sa.Connection) -> Config:
    from alembic.config import Config

    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
