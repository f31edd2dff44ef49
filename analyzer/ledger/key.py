"""The ledger's key: sketches are as good as noise without it, so it is kept beside the database and not in it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from analyzer.disclosure.sketch import KEY_BYTES
from analyzer.ledger.records import LedgerError


def key_beside(database: Path) -> bytes:
    """Return the key of a database, and make one where neither of them is there yet.

    Raises
    ------
    LedgerError
        When the database is there without its key, or the key cannot be read.
    """
    file = database.with_name(f"{database.name}.key")
    try:
        if not file.exists():
            _make(file, database)
        key = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise LedgerError(f"The ledger's key {file} cannot be read: {error}.", "Bring back the file.") from error
    if len(key) != KEY_BYTES:
        raise LedgerError(f"The ledger's key {file} is not {KEY_BYTES} bytes long.", "Bring back the file.")
    return key


def _make(file: Path, database: Path) -> None:
    if database.exists() and database.stat().st_size:
        raise LedgerError(
            f"The ledger {database} is there, but its key {file.name} is not.",
            "Bring back the key: without it earlier releases cannot be compared with.",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    stage = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(stage, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
    try:
        os.link(stage, file)  # fails where another process was first; then its key is the key
    except FileExistsError:
        pass
    finally:
        stage.unlink()
