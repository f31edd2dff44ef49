"""Sign-ins: who has signed in with which token, and for how long it holds."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.audit import appended
from analyzer.ledger.database import Database
from analyzer.ledger.events import NOT_SIGNED_IN, What
from analyzer.ledger.passwords import check_password, fits, hashed, token_hash
from analyzer.ledger.people import Person, Role
from analyzer.ledger.people_tables import ACCOUNTS, SIGN_INS

IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=12)
NO_ACCOUNT: Final = "a name that is no account's"
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
            connection.execute(sa.delete(SIGN_INS).where(have_ended(moment)))
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

    def check_new_password(self, person: Person, password: str) -> None:
        """Refuse a password that others would try first.

        Raises
        ------
        InputError
            When it cannot be this person's password.
        """
        check_password(password, person.name)

    def change_password(self, person: Person, password: str, token: str) -> None:
        """Set the password of somebody who has signed in, and end all their other sign-ins.

        Parameters
        ----------
        person : Person
        password : str
            The new one.
        token : str
            Of the sign-in that goes on.

        Raises
        ------
        InputError
            When others would try the password first, or the sign-in has ended: somebody may have set another password.
        """
        check_password(password, person.name)
        kept = hashed(password)  # slow, so not while the ledger is held
        own, this = SIGN_INS.c.account == person.name, SIGN_INS.c.token == token_hash(token)
        with self._database.connected(writing=True) as connection:
            if connection.scalar(sa.select(SIGN_INS.c.token).where(own, this)) is None:
                raise InputError("You were signed out meanwhile.", "Sign in again, then change your password.")
            connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.name == person.name).values(password=kept))
            connection.execute(sa.delete(SIGN_INS).where(own, ~this))
            appended(connection, person.name, What.ACCOUNT, f"account {person.name}", {"change": "password"})

    def tell_failed_sign_ins(self, tries: int, minutes: int, compared: str | None, place: str | None) -> None:
        """Add to the audit trail that somebody tried to sign in.

        What was typed as a name is told only where it is an account's: people type passwords into that field.

        Parameters
        ----------
        tries, minutes : int
            How many tries failed or were refused, and within how many minutes.
        compared : str, optional
            The name as `likeness.as_compared` returns it; None where there were several.
        place : str, optional
            The address, or the network that counts as one; None where there were several.
        """
        details = {"tries": tries, "within minutes": minutes} | ({} if place is None else {"address": place})
        with self._database.connected(writing=True) as connection:
            found = sa.select(ACCOUNTS.c.name).where(ACCOUNTS.c.compared == compared)
            name = None if compared is None else connection.scalar(found)
            if name is None and compared is not None:
                details |= {"name": NO_ACCOUNT}
            item = f"account {name}" if name else "sign-in"
            appended(connection, NOT_SIGNED_IN, What.SIGN_IN_FAILED, item, details)

    def sign_out(self, token: str) -> None:
        """End a sign-in."""
        with self._database.connected(writing=True) as connection:
            connection.execute(sa.delete(SIGN_INS).where(SIGN_INS.c.token == token_hash(token)))


def have_ended(moment: datetime) -> sa.ColumnElement[bool]:
    """Return the condition under which a sign-in holds no longer."""
    return (SIGN_INS.c.began < _text(moment - LONGEST)) | (SIGN_INS.c.seen < _text(moment - IDLE))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
