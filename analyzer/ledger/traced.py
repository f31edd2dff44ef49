"""Rows that the audit trail vouches for: each is written together with an entry that holds its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.canonical import canonical, digest, seal
from analyzer.ledger.people_tables import ACCOUNTS, CLIENTS, NOTES
from analyzer.ledger.request_tables import REQUEST_ANSWERS, REQUESTS
from analyzer.ledger.review_tables import ANSWERS, BUNDLES, DECISIONS, DRAFTS, MARKS, RULEBOOKS, RUNS
from analyzer.ledger.tables import BUDGETS, RELEASES, SPENDINGS


@dataclass(frozen=True)
class Traced:
    """A table whose rows are vouched for.

    Attributes
    ----------
    table : sqlalchemy.Table
    word : what a row is called.
    key : the columns that name it.
    sealed : columns whose content may be deleted; the column `seal` holds their keyed hash, and the digest that one.
    later : columns that an earlier layout had not: where they are empty the digest is the one that was written then.
    untold : columns that the trail does not vouch for.
    """

    table: sa.Table
    word: str
    key: tuple[str, ...] = ("number",)
    sealed: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    def item(self, row: Mapping[str, Any]) -> str:
        """Return how the audit trail calls a row."""
        if len(self.key) == 1:
            return f"{self.word} {row[self.key[0]]}"
        return f"{self.word} {canonical([row[name] for name in self.key])}"

    def digest(self, row: Mapping[str, Any]) -> str:
        """Return the SHA-256 of a row, without what may be deleted or is not vouched for."""
        left_out = {*self.sealed, *self.untold, *(name for name in self.later if row.get(name) is None)}
        names = [column.name for column in self.table.columns if column.name not in left_out]
        return digest({name: _plain(row.get(name)) for name in names})

    def digest_before(self, row: Mapping[str, Any]) -> str:
        """Return the SHA-256 of a row as layouts before 5 took it of notes and release requests: with its words."""
        return digest(
            {column.name: _plain(row.get(column.name)) for column in self.table.columns if column.name != "seal"}
        )

    def seal(self, key: bytes, row: Mapping[str, Any]) -> str:
        """Return the keyed hash of what may be deleted from a row."""
        return seal(key, {name: row[name] for name in self.sealed})


RELEASE: Final = Traced(RELEASES, "release")
SPENDING: Final = Traced(SPENDINGS, "spending", ("release",))
BUDGET: Final = Traced(BUDGETS, "budget", ("population", "period"))
RULEBOOK: Final = Traced(RULEBOOKS, "rulebook", ("hash",))
BUNDLE: Final = Traced(BUNDLES, "bundle")
MARK: Final = Traced(MARKS, "mark", later=("lifted", "lifted_until", "lifted_by"))
DECISION: Final = Traced(DECISIONS, "decision")
DRAFT: Final = Traced(DRAFTS, "draft", sealed=("text", "verdict"), later=("in_force",))
ANSWER: Final = Traced(ANSWERS, "answer", sealed=("reason",))
NOTE: Final = Traced(NOTES, "note", sealed=("text",))
REQUEST: Final = Traced(REQUESTS, "release request", sealed=("why",))
REQUEST_ANSWER: Final = Traced(REQUEST_ANSWERS, "answer to a release request", sealed=("reason",))
RUN: Final = Traced(RUNS, "run", sealed=("inputs", "tallies"))
ACCOUNT: Final = Traced(ACCOUNTS, "account", ("name",), untold=("password",))
CLIENT: Final = Traced(CLIENTS, "client")

ALL_TRACED: Final = (
    RELEASE,
    SPENDING,
    BUDGET,
    RULEBOOK,
    BUNDLE,
    MARK,
    DECISION,
    NOTE,
    DRAFT,
    ANSWER,
    REQUEST,
    REQUEST_ANSWER,
    RUN,
    ACCOUNT,
    CLIENT,
)


def now() -> str:
    """Return the time in UTC as the ledger writes it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def next_number(connection: sa.Connection, table: sa.Table) -> int:
    """Return the number after the newest one, in the transaction that holds the ledger.

    A sequence of the database would leave gaps where a transaction failed; then nobody could tell a gap from a loss.
    """
    return int(connection.scalar(sa.select(sa.func.max(table.c.number))) or 0) + 1


def _plain(value: Any) -> Any:
    return hashlib.sha256(value).hexdigest() if isinstance(value, bytes) else value
