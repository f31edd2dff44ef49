"""The tables of releases and budgets, and what the database says of itself."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text

SCHEMA_VERSION: Final = 6
"""The layout that this version knows; `migrations` brings earlier ones up to it."""

METADATA: Final = MetaData()

SCHEMA: Final = Table(
    "ledger_schema",
    METADATA,
    Column("version", Integer, primary_key=True),
    Column("key_fingerprint", String(64), nullable=False),
)

# Whoever records a release holds the row of its population: so two writers cannot both pass a comparison.
POPULATIONS: Final = Table(
    "populations",
    METADATA,
    Column("name", String(500), primary_key=True),
    Column("last", Integer, nullable=False),  # number of its newest release, with noise or without
)

RELEASES: Final = Table(
    "releases",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("population", ForeignKey(POPULATIONS.c.name), nullable=False, index=True),
    Column("purpose", String(100), nullable=False),
    Column("made_on", String(10), nullable=False),
    Column("told", Text),  # definition, readers, labels and texts as JSON; null where numbers left with noise
    Column("sketches", LargeBinary),  # of the cells, in their order
    Column("content", Text, nullable=False),  # what left, as JSON
    Column("content_hash", String(64), nullable=False),
    Column("rulebook_hash", String(64), nullable=False),
    Column("sources_hash", String(64), nullable=False),
    sqlite_autoincrement=True,  # a number is never used twice
)

BUDGETS: Final = Table(
    "budgets",
    METADATA,
    Column("population", ForeignKey(POPULATIONS.c.name), primary_key=True),
    Column("period", String(100), primary_key=True),
    Column("total", Text, nullable=False),  # exact fractions as text, of any length
)

SPENDINGS: Final = Table(
    "spendings",
    METADATA,
    Column("release", ForeignKey(RELEASES.c.number), primary_key=True),
    Column("population", ForeignKey(POPULATIONS.c.name), nullable=False, index=True),
    Column("period", String(100), nullable=False),
    Column("amount", Text, nullable=False),
)
