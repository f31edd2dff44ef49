"""The tables of who uses the desk: accounts, their sign-ins, clients of the API, and notes on patterns.

No password and no token lies here, only hashes: whoever reads the database can sign in with none of them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table, Text

from analyzer.ledger.tables import METADATA

ACCOUNTS: Final = Table(
    "accounts",
    METADATA,
    Column("name", String(200), primary_key=True),
    Column("compared", String(200), nullable=False, unique=True),  # two names that look like one are one person
    Column("role", String(30), nullable=False),
    Column("password", Text, nullable=False),  # as argon2 writes it, with salt and costs
    Column("disabled", Boolean, nullable=False),
    Column("at", String(40), nullable=False),
)

SIGN_INS: Final = Table(
    "sign_ins",
    METADATA,
    Column("token", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("account", ForeignKey(ACCOUNTS.c.name), nullable=False, index=True),
    Column("began", String(40), nullable=False),
    Column("seen", String(40), nullable=False),
)

CLIENTS: Final = Table(
    "clients",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("role", String(30), nullable=False),
    Column("token", String(64), nullable=False, unique=True),  # SHA-256 of the token
    Column("ended", Boolean, nullable=False),
    Column("at", String(40), nullable=False),
)

NOTES: Final = Table(
    "notes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pattern", String(100), nullable=False, index=True),
    Column("who", String(200), nullable=False),
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("text", Text),  # null when it was deleted
)
