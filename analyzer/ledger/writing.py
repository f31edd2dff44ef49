"""Writing a record and the entry of the audit trail that vouches for it: both, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from analyzer.ledger.audit import appended
from analyzer.ledger.events import What
from analyzer.ledger.traced import Traced, next_number


def written(
    connection: sa.Connection,
    traced: Traced,
    values: Mapping[str, Any],
    who: str,
    what: What,
    details: Mapping[str, Any] | None = None,
    key: bytes = b"",
) -> dict[str, Any]:
    """Add a row in the transaction that holds the ledger; return it.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    traced : Traced
    values : mapping of column to value
        Without `number` and `seal`, which are made here.
    who, what, details
        Of the entry; the row's digest is added to the details.
    key : bytes
        The ledger's; needed where something may be deleted one day.
    """
    row: dict[str, Any] = {column.name: None for column in traced.table.columns} | dict(values)
    if traced.key == ("number",):
        row["number"] = next_number(connection, traced.table)
    if traced.sealed:
        row["seal"] = traced.seal(key, row)
    connection.execute(sa.insert(traced.table).values(row))
    vouch(connection, traced, row, who, what, details)
    return row


def vouch(
    connection: sa.Connection,
    traced: Traced,
    row: Mapping[str, Any],
    who: str,
    what: What,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add the entry of the audit trail that says how a row is from now on; see `written`."""
    appended(connection, who, what, traced.item(row), {**(details or {}), "digest": traced.digest(row)})
