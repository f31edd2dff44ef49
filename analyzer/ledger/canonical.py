"""One way to write a value, so that its hash is the same wherever and whenever it is computed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from analyzer.errors import InputError

SEAL_BYTES: Final = 32
_SCALARS: Final = (str, int, bool, type(None))


def canonical(value: Any) -> str:
    """Return a value as JSON: keys sorted, no gaps, ASCII only, no fractions.

    Raises
    ------
    InputError
        When it holds anything but texts, whole numbers, truth values, nothing, lists, and tables with texts as keys.
        Fractions are refused because two programs may write the same one differently.
    """
    _check(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest(value: Any) -> str:
    """Return the SHA-256 of a value in hex."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def seal(key: bytes, value: Any) -> str:
    """Return a keyed hash of a value that may be deleted.

    Without the key nobody can try out which short text it was the hash of. BLAKE2b (RFC 7693), 32 bytes, in hex.
    """
    return hashlib.blake2b(
        canonical(value).encode("ascii"), digest_size=SEAL_BYTES, key=key, person=b"ledger seal"
    ).hexdigest()


def _check(value: Any) -> None:
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str)]
        inside = list(value.values())
    else:
        wrong = []
        inside = list(value) if isinstance(value, list | tuple) else []
        if not isinstance(value, (*_SCALARS, list, tuple)):
            wrong = [value]
    if wrong:
        raise InputError(
            f"{wrong[0]!r:.60} has no one way to be written.", "Give texts, whole numbers, lists and tables of them."
        )
    for part in inside:
        _check(part)
