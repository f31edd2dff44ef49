"""What is kept of each kind, what of it is due, and how that goes without a hole in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.audit import appended
from analyzer.ledger.audit_tables import AUDIT
from analyzer.ledger.events import What
from analyzer.ledger.keeping import Keeping
from analyzer.ledger.people_tables import ACCOUNTS, CLIENTS, SIGN_INS
from analyzer.ledger.review_tables import BUNDLES, DECISIONS, RULEBOOKS
from analyzer.ledger.sign_ins import have_ended
from analyzer.ledger.tables import BUDGETS, RELEASES
from analyzer.ledger.traced import ANSWER, BUDGET, DRAFT, NOTE, REQUEST, REQUEST_ANSWER, RUN, Traced


@dataclass(frozen=True, slots=True)
class Due:
    """What is kept of a kind, and what of it is due.

    Attributes
    ----------
    keeping : Keeping
    held : how many there are whose content is there.
    oldest : the day from which the oldest of them is kept; None where there is none.
    due : how many are due.
    numbers : of those that are due, where they have numbers.
    """

    keeping: Keeping
    held: int
    oldest: date | None = None
    due: int = 0
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Words:
    """Rows whose words go one day, together with what was said to them.

    Attributes
    ----------
    traced : the rows.
    answers : what was said to them; None where nothing is.
    about : the column of answers that names the row.
    """

    traced: Traced
    answers: Traced | None = None
    about: str = ""


_WORDS: Final = {
    "drafts": _Words(DRAFT, ANSWER, "draft"),
    "notes": _Words(NOTE),
    "requests": _Words(REQUEST, REQUEST_ANSWER, "request"),
    "runs": _Words(RUN),
}
_FOR_GOOD: Final = {
    "releases": RELEASES.c.made_on,
    "rulebooks": RULEBOOKS.c.at,
    "bundles": BUNDLES.c.at,
    "decisions": DECISIONS.c.at,
    "accounts": ACCOUNTS.c.at,
    "clients": CLIENTS.c.at,
    "audit": AUDIT.c.at,
}
"""Of each kind that stays, the column that says since when."""


def due(connection: sa.Connection, keepings: Sequence[Keeping], today: date) -> tuple[Due, ...]:
    """Return what is kept and what of it is due on a day.

    A draft or a request is due so many days after it was last answered, or sent in where nobody answered.
    """
    return tuple(_due(connection, keeping, today) for keeping in keepings)


def delete_due(connection: sa.Connection, gone: Sequence[Due], who: str, today: date) -> tuple[sa.Table, ...]:
    """Delete what is due, in the transaction that holds the ledger; return the tables from which words went.

    Words leave a tombstone each. Sign-ins go without a trace but the entry that somebody signed in.
    """
    tables: list[sa.Table] = []
    for kept in gone:
        if kept.keeping.name == "sign-ins":
            connection.execute(sa.delete(SIGN_INS).where(have_ended(_moment(today))))
        for number in kept.numbers:
            tables += _forget(connection, _WORDS[kept.keeping.name], number, who)
    return tuple(dict.fromkeys(tables))


def _due(connection: sa.Connection, keeping: Keeping, today: date) -> Due:
    if words := _WORDS.get(keeping.name):
        since = _since(connection, words)
        ended = () if keeping.days is None else _before(since, today - timedelta(days=keeping.days))
        return Due(keeping, len(since), min(since.values(), default=None), len(ended), ended)
    if keeping.name == "sign-ins":
        held, oldest = _counted(connection, SIGN_INS.c.began)
        ended_ones = sa.select(sa.func.count()).select_from(SIGN_INS).where(have_ended(_moment(today)))
        return Due(keeping, held, oldest, int(connection.scalar(ended_ones) or 0))
    if keeping.name == "budgets":  # a row tells its newest total, the trail since when there is one
        held = int(connection.scalar(sa.select(sa.func.count()).select_from(BUDGETS)) or 0)
        first = sa.select(sa.func.min(AUDIT.c.at)).where(AUDIT.c.item.startswith(f"{BUDGET.word} "))
        return Due(keeping, held, _day(connection.scalar(first)))
    return Due(keeping, *_counted(connection, _FOR_GOOD[keeping.name]))


def _counted(connection: sa.Connection, since: sa.Column[Any]) -> tuple[int, date | None]:
    held, oldest = connection.execute(sa.select(sa.func.count(), sa.func.min(since))).one()
    return int(held), _day(oldest)


def _since(connection: sa.Connection, words: _Words) -> dict[int, date]:
    """Return the day from which each is kept, of those whose words are there."""
    rows, answers = words.traced.table, words.answers
    there = rows.c[words.traced.sealed[0]].is_not(None)
    query = sa.select(rows.c.number, rows.c.at).where(there)
    if answers is not None:
        said = answers.table
        newest = sa.func.coalesce(sa.func.max(said.c.at), rows.c.at)
        joined = rows.outerjoin(said, said.c[words.about] == rows.c.number)
        query = sa.select(rows.c.number, newest).select_from(joined).where(there).group_by(rows.c.number, rows.c.at)
    return {number: date.fromisoformat(at[:10]) for number, at in connection.execute(query)}


def _before(since: dict[int, date], day: date) -> tuple[int, ...]:
    return tuple(sorted(number for number, kept_from in since.items() if kept_from <= day))


def _forget(connection: sa.Connection, words: _Words, number: int, who: str) -> list[sa.Table]:
    """Delete the words of a row, and then of what was said to it; return their tables."""
    _empty(connection, words.traced, number, who)
    if words.answers is None:
        return [words.traced.table]
    said = words.answers.table
    for answer in connection.scalars(sa.select(said.c.number).where(said.c[words.about] == number)).all():
        _empty(connection, words.answers, answer, who)
    return [words.traced.table, said]


def _empty(connection: sa.Connection, traced: Traced, number: int, who: str) -> None:
    nothing = dict.fromkeys(traced.sealed)
    connection.execute(sa.update(traced.table).where(traced.table.c.number == number).values(nothing))
    appended(connection, who, What.DELETED, traced.item({"number": number}), {})


def _moment(today: date) -> datetime:
    """Return the moment at which sign-ins are looked at: now, or the beginning of a day to come."""
    return max(datetime.now(UTC), datetime.combine(today, time(), UTC))


def _day(at: str | None) -> date | None:
    return date.fromisoformat(at[:10]) if at else None
