"""Sign-ins: who has signed in with which token, and for how long it holds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from analyzer.ledger.audit import appended
from analyzer.ledger.database import Database
from analyzer.ledger.events import What
from analyzer.ledger.passwords import fits, token_hash
from analyzer.ledger.people import Person, Role
from analyzer.ledger.people_tables import ACCOUNTS, SIGN_INS

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
_SEEN_EVERY: Final = timedelta(minutes=1)  # each page would be a write otherwise


class SigningIn:
    """The part of a ledger that is about sign-ins."""

    _database: Database

    def known(self, name: str, password: str) -> Person | None:
        """Return who has this name and password; None, after as long a time, where nobody has."""
        with self._database.connected() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(ACCOUNTS.c.name == name)).mappings().first()
        right = fits(password, row["password"] if row else None)
        return Person(row["name"], Role(row["role"])) if row and right and not row["disabled"] else None

    def sign_in(self, person: Person, at: datetime | None = None) -> str:
        """Begin a sign-in; return its token, which is told nowhere else."""
        token, moment = secrets.token_urlsafe(32), at or datetime.now(UTC)
        with self._database.connected(writing=True) as connection:
            connection.execute(sa.delete(SIGN_INS).where(SIGN_INS.c.began < _text(moment - LONGEST)))
            values = {"token": token_hash(token), "account": person.name}
            connection.execute(sa.insert(SIGN_INS).values(**values, began=_text(moment), seen=_text(moment)))
            appended(connection, person.name, What.SIGNED_IN, f"account {person.name}", {})
        return token

    def signed_in(self, token: str, at: datetime | None = None) -> Person | None:
        """Return who has signed in with a token; None where it is none, or held too long, or not used for long."""
        moment, kept = at or datetime.now(UTC), token_hash(token)
        with self._database.connected() as connection:
            query = sa.select(SIGN_INS.c.began, SIGN_INS.c.seen, ACCOUNTS.c.name, ACCOUNTS.c.role, ACCOUNTS.c.disabled)
            found = query.join(ACCOUNTS, ACCOUNTS.c.name == SIGN_INS.c.account).where(SIGN_INS.c.token == kept)
            row = connection.execute(found).first()
        if row is None or row.disabled or row.began < _text(moment - LONGEST) or row.seen < _text(moment - IDLE):
            return None
        if row.seen < _text(moment - _SEEN_EVERY):
            with self._database.connected(writing=True) as connection:
                used = sa.update(SIGN_INS).where(SIGN_INS.c.token == kept)
                connection.execute(used.values(seen=_text(moment)))
        return Person(row.name, Role(row.role))

    def sign_out(self, token: str) -> None:
        """End a sign-in."""
        with self._database.connected(writing=True) as connection:
            connection.execute(sa.delete(SIGN_INS).where(SIGN_INS.c.token == token_hash(token)))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
