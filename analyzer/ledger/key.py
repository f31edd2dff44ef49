"""The ledger's key: sketches are as good as noise without it, so it is kept beside the database and not in it."""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from analyzer.disclosure.sketch import KEY_BYTES
from analyzer.ledger.records import LedgerError

KEY_VARIABLE: Final = "ANALYZER_LEDGER_KEY"
"""Names the file of a ledger's key where a database is named by its URL."""


def new_key() -> bytes:
    """Return a key that nobody can guess."""
    return secrets.token_bytes(KEY_BYTES)


def fingerprint(key: bytes) -> str:
    """Return what the database keeps of its key: enough to see that another one is used, too little to find it.

    Sketches of two keys look like sketches of different groups; compared with the wrong one, everything would pass.
    """
    return hashlib.blake2b(key, digest_size=16, person=b"ledger key").hexdigest()


def beside(database: Path) -> Path:
    """Return where the key of a file lies."""
    return database.with_name(f"{database.name}.key")


def key_in(file: Path, database: str, new: bool) -> bytes:
    """Return the key in a file; make it where the database is new.

    Parameters
    ----------
    file : Path
        Of the key.
    database : str
        How the database is called in sentences.
    new : bool
        Whether it is about to be made.

    Raises
    ------
    LedgerError
        When an old database has no key or a new one has, or the key cannot be read or written.
    """
    try:
        if new:
            _make(file, database)
        key = bytes.fromhex(file.read_text("ascii"))
    except FileNotFoundError:
        raise LedgerError(
            f"The ledger {database} is there, but its key {file.name} is not.",
            "Bring back the key: without it earlier releases cannot be compared with.",
        ) from None
    except OSError as error:
        raise LedgerError(
            f"The ledger's key {file} cannot be used: {error.strerror}.", "Check that you may read and write it."
        ) from error
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise LedgerError(f"The ledger's key {file} is damaged.", "Bring back the file as it was made.")
    return key


def key_source(file: Path | None, name: str, key: bytes | Path | None) -> Callable[[bool], bytes]:
    """Return what gives the key, told whether the database is new.

    Parameters
    ----------
    file : Path or None
        Of the database; None where it is named by a URL.
    name : str
        How the database is called in sentences.
    key : bytes or path, optional
        Itself, or the file that holds it.

    Raises
    ------
    LedgerError
        When it is too short or long, or no file of it is named.
    """
    if isinstance(key, bytes):
        if len(key) != KEY_BYTES:
            has = f"a key of {len(key)} bytes" if key else "no key"
            raise LedgerError(f"The ledger {name} has {has}.", f"Give key=..., {KEY_BYTES} bytes that you keep.")
        given = key
        return lambda _: given
    named = Path(os.environ[KEY_VARIABLE]) if key is None and os.environ.get(KEY_VARIABLE) and not file else key
    if named is None and file is None:
        raise LedgerError(
            f"The ledger {name} has no key.",
            f"Name the file of its key with --key or in {KEY_VARIABLE}; it is made with the ledger.",
        )
    place = Path(named).expanduser() if named else beside(file or Path())
    return partial(key_in, place, name)


def _make(file: Path, database: str) -> None:
    if file.exists():
        raise LedgerError(
            f"The key {file} is there, but its ledger {database} is not.",
            "Bring back the ledger: without it what left is not known. Where there was none, remove the key.",
        )
    if not file.parent.is_dir():
        raise LedgerError(f"The folder {file.parent} of the ledger's key is not there.", "Make it, for you alone.")
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as out:
        out.write(new_key().hex() + "\n")
        out.flush()
        os.fsync(descriptor)  # before the database knows of it: a ledger that outlives its key is lost
