"""The audit trail: entries are added in the transaction of what they tell of, and never change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.agreement import disagreements
from analyzer.ledger.audit_tables import AUDIT, HEAD
from analyzer.ledger.canonical import canonical
from analyzer.ledger.chain import Verified, verified
from analyzer.ledger.database import Database
from analyzer.ledger.events import BEGINNING, COMMAND_LINE, Anchor, Entry, Event, What, name_of
from analyzer.ledger.records import LedgerError, damaged

_PAGE: Final = 1_000


class Audit:
    """Everything that happened, oldest first.

    Parameters
    ----------
    database : Database
    key : bytes
        Of the ledger; seals are verified with it.
    """

    def __init__(self, database: Database, key: bytes) -> None:
        self._database = database
        self._key = key

    def append(self, what: What, item: str, details: Mapping[str, Any] | None = None, who: str = COMMAND_LINE) -> Event:
        """Add an entry; when this returns, it is on disk.

        Parameters
        ----------
        what : What
        item : str
            What it is about, such as "account ana".
        details : mapping, optional
            JSON values without fractions. No viewer, no household, no password.
        who : str
            The account's name.

        Raises
        ------
        InputError
            When a field cannot be kept, or only the ledger itself may say that this happened.
        """
        if isinstance(what, What) and what.vouches:
            raise InputError(
                f"{what.value!r} is written by the ledger itself, together with its record.",
                f"Append one of: {', '.join(w.value for w in What if not w.vouches)}.",
            )
        if "digest" in (details or {}):
            raise InputError("A digest vouches for a record, which only the ledger does.", "Leave it out.")
        with self._database.connected(writing=True) as connection:
            return appended(connection, who, what, item, details or {})

    def events(self, after: int = 0, limit: int | None = None, item: str | None = None) -> tuple[Event, ...]:
        """Return entries, oldest first.

        Parameters
        ----------
        after : int
            Only those with a higher number.
        limit : int, optional
            How many at most.
        item : str, optional
            Only those about it.

        Raises
        ------
        LedgerError
            When one of them is damaged; `verify` says how.
        """
        with self._database.connected() as connection:
            query = sa.select(AUDIT).where(AUDIT.c.number > after).order_by(AUDIT.c.number).limit(limit)
            if item is not None:
                query = query.where(AUDIT.c.item == item)
            return tuple(event_of(Entry(**row)) for row in connection.execute(query).mappings())

    def pages(self) -> Iterator[tuple[Event, ...]]:
        """Yield all entries piece by piece, for trails that are larger than memory."""
        after = 0
        while page := self.events(after, _PAGE):
            yield page
            after = page[-1].number

    def anchor(self) -> Anchor:
        """Return how many entries there are and the hash of the last one, to be kept elsewhere."""
        with self._database.connected() as connection:
            return head_of(connection) or Anchor(0, BEGINNING)

    def verify(self, anchor: Anchor | None = None) -> Verified:
        """Say whether the trail, and every record that it tells of, is what was written.

        Parameters
        ----------
        anchor : Anchor, optional
            What `anchor` returned at an earlier time.
        """
        with self._database.connected() as connection:
            rows = connection.execution_options(yield_per=_PAGE).execute(sa.select(AUDIT).order_by(AUDIT.c.number))
            chain = verified((Entry(**row) for row in rows.mappings()), head_of(connection), anchor)
            return Verified(chain.anchor, (*chain.findings, *disagreements(connection, self._key)))


def appended(connection: sa.Connection, who: str, what: What, item: str, details: Mapping[str, Any]) -> Event:
    """Add an entry in the transaction that holds the ledger.

    Raises
    ------
    InputError
        When a field cannot be kept.
    LedgerError
        When the head is gone.
    """
    if not isinstance(what, What):
        raise InputError(f"{what!r:.60} is nothing that happens here.", "Give a member of `What`.")
    head = head_of(connection)
    if head is None:
        raise LedgerError("The head of the audit trail is gone.", "Run `analyzer audit verify`; restore a copy.")
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    told = canonical(dict(details))
    blank = Entry(head.entries + 1, at, name_of(who), what.value, item, told, head.hash, "")
    entry = Entry(blank.number, at, blank.who, blank.what, item, told, head.hash, blank.recomputed())
    fields = {name: getattr(entry, name) for name in AUDIT.c.keys()}  # noqa: SIM118 - columns are no mapping
    connection.execute(sa.insert(AUDIT).values(fields))
    connection.execute(sa.update(HEAD).where(HEAD.c.id == 1).values(entries=entry.number, hash=entry.hash))
    return event_of(entry)


def head_of(connection: sa.Connection) -> Anchor | None:
    """Return what the head says; None where it is gone."""
    row = connection.execute(sa.select(HEAD.c.entries, HEAD.c.hash).where(HEAD.c.id == 1)).first()
    return None if row is None else Anchor(row.entries, row.hash)


def event_of(entry: Entry) -> Event:
    """Return an entry with typed fields.

    Raises
    ------
    LedgerError
        When it is damaged.
    """
    try:
        values = entry.as_json()
        return Event(**values | {"what": What(entry.what)})
    except (ValueError, TypeError) as error:
        raise damaged(f"Entry {entry.number} of the audit trail", error) from error
