"""Do the records agree with the audit trail? A row that was changed, added or taken away behind its back is found."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from analyzer.ledger.audit_tables import AUDIT
from analyzer.ledger.chain import Fault, Finding
from analyzer.ledger.events import What
from analyzer.ledger.traced import ACCOUNT, ALL_TRACED, CLIENT, Traced

_VOUCHING: Final = frozenset(what.value for what in What if what.vouches)
_OF_ACCOUNTS: Final = (ACCOUNT.word, CLIENT.word)


def disagreements(connection: sa.Connection, key: bytes) -> tuple[Finding, ...]:
    """Return what records say otherwise than the audit trail; the trail itself is verified by `chain`.

    Parameters
    ----------
    connection : sqlalchemy.Connection
    key : bytes
        The ledger's.
    """
    vouched, deleted = vouched_for(connection)
    found: list[Finding] = []
    seen: set[str] = set()
    for traced in ALL_TRACED:
        for row in connection.execute(sa.select(traced.table)).mappings():
            values = dict(row)
            item = traced.item(values)
            seen.add(item)
            found += [_finding(why) for why in _wrong(traced, values, key, vouched.get(item), item in deleted)]
    found += [_finding(f"The {item} is gone.") for item in vouched if item not in seen]
    return tuple(found)


def vouched_for(connection: sa.Connection) -> tuple[dict[str, str], set[str]]:
    """Return the newest digest of each item, and the items whose content was deleted."""
    vouched: dict[str, str] = {}
    deleted: set[str] = set()
    rows = connection.execute(sa.select(AUDIT.c.what, AUDIT.c.item, AUDIT.c.details).order_by(AUDIT.c.number))
    for what, item, details in rows:
        if what == What.DELETED.value:
            deleted.add(item)
        elif not _vouches(what, item):
            continue
        elif told := _digest_in(details):
            vouched[item] = told
    return vouched, deleted


def _vouches(what: str, item: str) -> bool:
    """Return whether an entry tells the digest of a record; of an account's only about accounts and clients."""
    return what in _VOUCHING or (what == What.ACCOUNT.value and item.split(" ")[0] in _OF_ACCOUNTS)


def _digest_in(details: str) -> str:
    try:
        told = json.loads(details).get("digest", "")
    except (ValueError, AttributeError):  # the chain tells of it
        return ""
    return told if isinstance(told, str) else ""


def _wrong(traced: Traced, row: Mapping[str, Any], key: bytes, vouched: str | None, deleted: bool) -> Iterator[str]:
    item = traced.item(row)
    if vouched is None:
        yield f"The {item} was added without an entry in the audit trail."
    elif traced.digest(row) != vouched:
        yield f"The {item} was changed: it is not what the audit trail vouches for."
    if not traced.sealed:
        return
    gone = all(row[name] is None for name in traced.sealed)
    if gone and not deleted:
        yield f"The content of the {item} was deleted without an entry in the audit trail."
    elif not gone and traced.seal(key, row) != row["seal"]:
        yield f"The content of the {item} was changed."


def _finding(sentence: str) -> Finding:
    return Finding(Fault.DISAGREES, None, sentence)
