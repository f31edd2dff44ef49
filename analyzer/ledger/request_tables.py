"""The tables of release requests: which numbers somebody needs, and what was answered."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from analyzer.ledger.tables import METADATA, RELEASES

REQUESTS: Final = Table(
    "release_requests",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("who", String(200), nullable=False),
    Column("by", Text, nullable=False),  # columns as JSON
    Column("measure", String(100), nullable=False),
    Column("purpose", String(100), nullable=False),
    Column("source", String(200), nullable=False),
    Column("window", String(100), nullable=False),
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("why", Text),  # null when it was deleted; the rest says what the release may be, and stays
)

REQUEST_ANSWERS: Final = Table(
    "release_request_answers",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("request", ForeignKey(REQUESTS.c.number), nullable=False, index=True),
    Column("status", String(30), nullable=False),
    Column("who", String(200), nullable=False),
    Column("release", ForeignKey(RELEASES.c.number)),  # that fulfils it
    Column("at", String(40), nullable=False),
    Column("seal", String(64), nullable=False),
    Column("reason", Text),
)
