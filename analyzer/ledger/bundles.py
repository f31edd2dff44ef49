"""Bundles and rulebooks in the database, and what each pattern keeps of what people decided before a refit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.events import What
from analyzer.ledger.fitted import BundleRecord, KeptBundle, KeptRulebook, MarkRecord, RulebookRecord
from analyzer.ledger.handing import handed_on
from analyzer.ledger.review_tables import BUNDLES, MARKS, RULEBOOKS
from analyzer.ledger.reviewed import Kept
from analyzer.ledger.traced import BUNDLE, MARK, RULEBOOK, now
from analyzer.ledger.writing import written


def all_bundles(connection: sa.Connection) -> tuple[KeptBundle, ...]:
    """Return all bundles, oldest first."""
    rows = connection.execute(sa.select(BUNDLES).order_by(BUNDLES.c.number)).mappings()
    return tuple(KeptBundle(**row) for row in rows)


def record_rulebook(connection: sa.Connection, record: RulebookRecord, who: str) -> None:
    """Keep a rulebook, unless it is there."""
    known = connection.scalar(sa.select(RULEBOOKS.c.hash).where(RULEBOOKS.c.hash == record.hash))
    if known is None:
        told = {"id": record.id, "version": record.version}
        values = {**told, "hash": record.hash, "text": record.text, "at": now()}
        written(connection, RULEBOOK, values, who, What.RULEBOOK, told)


def rulebook_of(connection: sa.Connection, hashed: str) -> RulebookRecord:
    """Return a rulebook.

    Raises
    ------
    InputError
        When the ledger has none of that hash.
    """
    row = connection.execute(sa.select(RULEBOOKS).where(RULEBOOKS.c.hash == hashed)).first()
    if row is None:
        raise InputError(f"The ledger has no rulebook {hashed!r:.20}.", "Name the hash of one that was recorded.")
    return RulebookRecord(id=row.id, version=row.version, text=row.text)


def all_rulebooks(connection: sa.Connection) -> tuple[KeptRulebook, ...]:
    """Return all rulebooks, oldest first."""
    columns = (RULEBOOKS.c.hash, RULEBOOKS.c.id, RULEBOOKS.c.version, RULEBOOKS.c.at)
    rows = connection.execute(sa.select(*columns).order_by(RULEBOOKS.c.at, RULEBOOKS.c.hash)).mappings()
    return tuple(KeptRulebook(**row) for row in rows)


def record_bundle(connection: sa.Connection, record: BundleRecord, who: str, today: date) -> int:
    """Keep a bundle as the newest one, unless it is, with what people decided before; return its number."""
    newest = all_bundles(connection)[-1:]
    if newest and newest[0].fingerprint == record.fingerprint:
        return newest[0].number
    record_rulebook(connection, record.rulebook, who)
    told = {"fingerprint": record.fingerprint, "rulebook_hash": record.rulebook.hash, "window": record.window}
    values = {**told, "source": record.source, "at": now()}
    number = int(written(connection, BUNDLE, values, who, What.BUNDLE, told)["number"])
    kept = handed_on(connection, record, today)
    for mark in record.marks:
        row = _mark_row(mark, number, kept[mark.pattern])
        written(connection, MARK, row, who, What.MARKED, _told(mark, kept[mark.pattern]))
    return number


def marks_of(connection: sa.Connection, bundle: int, pattern: str | None = None) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of a bundle's marks, by pattern; one where it is named."""
    query = sa.select(MARKS).where(MARKS.c.bundle == bundle).order_by(MARKS.c.pattern)
    if pattern is not None:
        query = query.where(MARKS.c.pattern == pattern)
    return tuple(dict(row) | {"rules": tuple(json.loads(row["rules"]))} for row in connection.execute(query).mappings())


def _mark_row(mark: MarkRecord, bundle: int, kept: Kept) -> dict[str, Any]:
    return {
        "bundle": bundle,
        "pattern": mark.pattern,
        "name": mark.name,
        "mark": mark.mark.value,
        "kept": kept.strictest.value,
        "lifted": kept.lifted.value if kept.lifted else None,
        "lifted_until": kept.until.isoformat() if kept.until else None,
        "lifted_by": kept.by,
        "absolute": mark.absolute,
        "mildest": mark.mildest.value,
        "rules": json.dumps(list(mark.rules)),
    }


def _told(mark: MarkRecord, kept: Kept) -> dict[str, Any]:
    marks = {"mark": mark.mark.value, "kept": kept.strictest.value, "mildest": mark.mildest.value}
    lifted = {"lifted": kept.lifted.value, "until": kept.until.isoformat()} if kept.lifted and kept.until else {}
    return {"pattern": mark.pattern, "absolute": mark.absolute, **marks, **lifted}
