"""The jobs behind `analyzer audit` and `analyzer retention`: a ledger in, plain values out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analyzer.ledger.events import Anchor
from analyzer.ledger.keeping import DEFAULTS, keepings_from
from analyzer.ledger.retention import Due
from analyzer.ledger.store import open_ledger


def verify_job(ledger: str, key: Path | None, anchor: str | None) -> dict[str, Any]:
    """Say whether a ledger is what was written."""
    since = None if anchor is None else Anchor.parse(anchor)
    told = open_ledger(ledger, key, make=False).audit.verify(since)
    findings = [{"fault": f.fault.value, "entry": f.number, "sentence": f.sentence} for f in told.findings]
    return {"good": told.good, "entries": told.anchor.entries, "anchor": str(told.anchor), "findings": findings}


def export_job(ledger: str, key: Path | None) -> Iterator[str]:
    """Yield each entry of the audit trail as one line of JSON, oldest first."""
    for page in open_ledger(ledger, key, make=False).audit.pages():
        for event in page:
            yield json.dumps(event.as_json(), sort_keys=True, separators=(",", ":"))


def retention_job(ledger: str, key: Path | None, keep: Path | None, delete: bool) -> dict[str, Any]:
    """Return what is kept and how long; with `delete` after deleting what was due."""
    keepings = DEFAULTS if keep is None else keepings_from(keep)
    book = open_ledger(ledger, key, make=False)
    deleted = {one.keeping.name: one for one in book.delete_due(keepings)} if delete else {}
    return {"kept": [_kept(one, deleted.get(one.keeping.name)) for one in book.retention(keepings)]}


def _kept(one: Due, deleted: Due | None) -> dict[str, Any]:
    return {
        "name": one.keeping.name,
        "days": one.keeping.days,
        "long": one.keeping.long,
        "because": one.keeping.because,
        "held": one.held,
        "oldest": one.oldest.isoformat() if one.oldest else None,
        "due": one.due,
        "deleted": deleted.due if deleted else 0,
        "numbers": list((deleted or one).numbers),
    }
