"""What a refit hands on to the patterns of a new bundle: the strictest that people decided, wherever they did.

A loosening ends with a refit where it is about the rulebook's own mark. Where it is about what people tightened it goes
on until its day, and no longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa

from analyzer.ledger.fitted import BundleRecord
from analyzer.ledger.following import decisions, followed, kept_of
from analyzer.ledger.review_tables import BUNDLES, MARKS
from analyzer.ledger.reviewed import Decision, Kept
from analyzer.policy.effects import MarkStatus


def handed_on(connection: sa.Connection, record: BundleRecord, today: date) -> dict[str, Kept]:
    """Return what people decided on the patterns of a bundle before it is recorded, by pattern.

    A pattern takes over what was decided on the newest earlier pattern of its id, on the newest of each id that it
    comes from, and on the same pattern of the same bundle, however many other bundles were recorded in between.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    record : BundleRecord
    today : date
        A loosening counts where it holds on this day.
    """
    by_id, same = _earlier(connection, record.fingerprint, today)
    found: dict[str, Kept] = {}
    for mark in record.marks:
        told = [by_id[name] for name in (mark.pattern, *mark.earlier) if name in by_id]
        found[mark.pattern] = strictest([*told, *([same[mark.pattern]] if mark.pattern in same else [])], today)
    return found


def strictest(every: Iterable[Kept], today: date) -> Kept:
    """Return what all come to: a tightening is lifted no further, and no longer, than each of them lets it."""
    told = [one.today(today) for one in every]
    worst = MarkStatus.worst(one.strictest for one in told)
    now = MarkStatus.worst(one.on(today) for one in told)
    ends = [(one.until, one.by) for one in told if one.until]
    return Kept(worst).loosened(now, *min(ends, key=lambda end: end[0])) if ends else Kept(worst)


def _earlier(connection: sa.Connection, fingerprint: str, today: date) -> tuple[dict[str, Kept], dict[str, Kept]]:
    """Return what was decided on the newest pattern of each id, and on each pattern of the bundle of a fingerprint."""
    decided: dict[tuple[int, str], list[Decision]] = {}
    for one in decisions(connection):
        decided.setdefault((one.bundle, one.pattern), []).append(one)
    joined = MARKS.join(BUNDLES, BUNDLES.c.number == MARKS.c.bundle)
    query = sa.select(MARKS, BUNDLES.c.fingerprint).select_from(joined).order_by(MARKS.c.bundle)
    by_id: dict[str, Kept] = {}
    same: dict[str, Kept] = {}
    for row in connection.execute(query).mappings():
        told = decided.get((row["bundle"], row["pattern"]), ())
        kept = followed(MarkStatus(row["mark"]), kept_of(dict(row)), told, today).kept
        by_id[row["pattern"]] = kept
        if row["fingerprint"] == fingerprint:
            same[row["pattern"]] = kept
    return by_id, same
