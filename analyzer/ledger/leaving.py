"""Releases in the database: held while one is recorded, and numbered without gaps."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from analyzer.ledger.events import What
from analyzer.ledger.records import Record, content_as_text, told_as_text
from analyzer.ledger.tables import POPULATIONS, RELEASES
from analyzer.ledger.traced import RELEASE
from analyzer.ledger.writing import written


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """A release in the ledger; what left is asked for by its number."""

    number: int
    population: str
    purpose: str
    made_on: str
    with_noise: bool
    content_hash: str
    rulebook_hash: str
    sources_hash: str


def all_releases(connection: sa.Connection) -> tuple[KeptRelease, ...]:
    """Return all releases, oldest first."""
    names = ("number", "population", "purpose", "made_on", "content_hash", "rulebook_hash", "sources_hash")
    with_noise = RELEASES.c.told.is_(None).label("with_noise")
    query = sa.select(*(RELEASES.c[name] for name in names), with_noise).order_by(RELEASES.c.number)
    return tuple(KeptRelease(**row) for row in connection.execute(query).mappings())


def held(connection: sa.Connection, population: str) -> int:
    """Return the number of a population's newest release, in the transaction that holds the ledger; 0 for none."""
    last = connection.scalar(sa.select(POPULATIONS.c.last).where(POPULATIONS.c.name == population))
    if last is None:
        connection.execute(sa.insert(POPULATIONS).values(name=population, last=0))
    return int(last or 0)


def inserted(connection: sa.Connection, record: Record, who: str) -> int:
    """Keep a release in the transaction that holds the ledger; return its number."""
    told = record.told
    hashes = {name: getattr(record, name) for name in ("content_hash", "rulebook_hash", "sources_hash")}
    about = {"population": record.population, "purpose": record.purpose, "made_on": record.made_on, **hashes}
    values = {
        **about,
        "told": None if told is None else told_as_text(told),
        "sketches": None if told is None else b"".join(told.sketches.as_bytes()),
        "content": content_as_text(record.content),
    }
    return int(written(connection, RELEASE, values, who, What.RELEASED, about)["number"])
