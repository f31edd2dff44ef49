"""Bundles and rulebooks in the database, and what each pattern keeps of what people decided before a refit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from analyzer.errors import InputError
from analyzer.ledger.events import What
from analyzer.ledger.fitted import BundleRecord, KeptBundle, KeptRulebook, MarkRecord, RulebookRecord
from analyzer.ledger.review_tables import BUNDLES, MARKS, RULEBOOKS
from analyzer.ledger.reviewed import PatternState
from analyzer.ledger.traced import BUNDLE, MARK, RULEBOOK, now
from analyzer.ledger.writing import written
from analyzer.policy.effects import MarkStatus


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


def record_bundle(connection: sa.Connection, record: BundleRecord, before: Iterable[PatternState], who: str) -> int:
    """Keep a bundle as the newest one, unless it is; return its number.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    record : BundleRecord
    before : iterable of PatternState
        Of the bundle that was the newest until now.
    who : str
    """
    newest = all_bundles(connection)[-1:]
    if newest and newest[0].fingerprint == record.fingerprint:
        return newest[0].number
    record_rulebook(connection, record.rulebook, who)
    told = {"fingerprint": record.fingerprint, "rulebook_hash": record.rulebook.hash, "window": record.window}
    values = {**told, "source": record.source, "at": now()}
    number = int(written(connection, BUNDLE, values, who, What.BUNDLE, told)["number"])
    states = {state.pattern: state for state in before}
    for mark in record.marks:
        kept = MarkStatus.worst(strictness(states[name]) for name in mark.earlier or (mark.pattern,) if name in states)
        written(connection, MARK, _mark_row(mark, number, kept), who, What.MARKED, _told(mark, kept))
    return number


def strictness(state: PatternState) -> MarkStatus:
    """Return what people ever made of a pattern at the strictest: a refit lifts nothing that they decided.

    Loosenings do not count, for each of them ends one day.
    """
    tightened = (d.after for d in state.decisions if d.after.severity > d.before.severity)
    return MarkStatus.worst([state.kept, *tightened])


def marks_of(connection: sa.Connection, bundle: int, pattern: str | None = None) -> tuple[Mapping[str, Any], ...]:
    """Return the rows of a bundle's marks, by pattern; one where it is named."""
    query = sa.select(MARKS).where(MARKS.c.bundle == bundle).order_by(MARKS.c.pattern)
    if pattern is not None:
        query = query.where(MARKS.c.pattern == pattern)
    return tuple(dict(row) | {"rules": tuple(json.loads(row["rules"]))} for row in connection.execute(query).mappings())


def _mark_row(mark: MarkRecord, bundle: int, kept: MarkStatus) -> dict[str, Any]:
    return {
        "bundle": bundle,
        "pattern": mark.pattern,
        "name": mark.name,
        "mark": mark.mark.value,
        "kept": kept.value,
        "absolute": mark.absolute,
        "mildest": mark.mildest.value,
        "rules": json.dumps(list(mark.rules)),
    }


def _told(mark: MarkRecord, kept: MarkStatus) -> dict[str, Any]:
    marks = {"mark": mark.mark.value, "kept": kept.value, "mildest": mark.mildest.value}
    return {"pattern": mark.pattern, "absolute": mark.absolute, **marks}
