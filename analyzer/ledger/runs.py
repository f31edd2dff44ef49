"""Runs in the database: what went in as fingerprints, what became of it as counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from analyzer.ledger.events import What
from analyzer.ledger.fitted import KeptRun, RunRecord
from analyzer.ledger.review_tables import RUNS
from analyzer.ledger.traced import RUN, now
from analyzer.ledger.writing import written


def record_run(connection: sa.Connection, record: RunRecord, who: str, key: bytes) -> int:
    """Keep a run in the transaction that holds the ledger; return its number."""
    about = {
        "bundle_fingerprint": record.bundle_fingerprint,
        "rulebook_hash": record.rulebook_hash,
        "window": record.window,
    }
    tallies = {"sessions": record.tally.as_json()} | ({"events": record.events.as_json()} if record.events else {})
    values = {**about, "at": now(), "inputs": json.dumps(list(record.inputs)), "tallies": json.dumps(tallies)}
    return int(written(connection, RUN, values, who, What.RUN, about, key)["number"])


def runs(connection: sa.Connection) -> tuple[KeptRun, ...]:
    """Return all runs, oldest first."""
    rows = connection.execute(sa.select(RUNS).order_by(RUNS.c.number)).mappings()
    return tuple(_kept(dict(row)) for row in rows)


def _kept(row: Mapping[str, Any]) -> KeptRun:
    inputs, tallies = (None if row[name] is None else json.loads(row[name]) for name in ("inputs", "tallies"))
    return KeptRun(
        row["number"],
        row["at"],
        row["window"],
        row["bundle_fingerprint"],
        row["rulebook_hash"],
        None if inputs is None else tuple(inputs),
        tallies,
    )
