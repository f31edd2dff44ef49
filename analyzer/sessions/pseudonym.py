"""Names and ids become keyed pseudonyms at the door.

A pseudonym is the first 128 bits of HMAC-SHA-256 under a secret key: without the key nobody can test a
guessed name against it, and with the key the same profile is the same pseudonym in every file and every run.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions.convert import read_as
from analyzer.sessions.schema import COLUMNS, Kind

KEY_BYTES: Final = 32
_PSEUDONYM_CHARS: Final = 32  # hexadecimal, 128 bits: no two of a billion viewers meet by chance


class PseudonymKind(StrEnum):
    """What is hashed; its first letter begins the pseudonym."""

    VIEWER = "viewer"
    HOUSEHOLD = "household"


@dataclass(frozen=True, slots=True)
class Pseudonymiser:
    """Turn names and ids into pseudonyms under one key.

    Parameters
    ----------
    key : bytes
        At least 32 bytes, see `load_key`. Never shown by `repr`.

    Raises
    ------
    InputError
        When the key is too short.
    """

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < KEY_BYTES:
            raise InputError(f"The pseudonym key is shorter than {KEY_BYTES} bytes.", "Use `load_key`.")

    def viewer(self, account: str, profile: str) -> str:
        """Return the pseudonym of a profile of an account: ``v_`` and 32 hexadecimal digits."""
        return self._hash(PseudonymKind.VIEWER, account, profile)

    def household(self, account: str) -> str:
        """Return the pseudonym of an account: ``h_`` and 32 hexadecimal digits."""
        return self._hash(PseudonymKind.HOUSEHOLD, account)

    def column(self, array: pa.Array, kind: PseudonymKind | Literal["viewer", "household"]) -> pa.Array:
        """Return a column of ids as pseudonyms; each distinct id is hashed once.

        Parameters
        ----------
        array : pyarrow.Array
            Ids as text (plain or dictionary) or whole numbers. Null and blank ids stay null.
        kind : PseudonymKind or its value
            What the ids name.

        Returns
        -------
        pyarrow.Array
            Dictionary of int32 to string, as long as `array`.
        """
        ids, _ = read_as(COLUMNS["viewer_id"], array)
        if pa.types.is_null(ids.type) or len(ids) == ids.null_count:
            return pa.nulls(len(ids), Kind.KEY.arrow_type)
        hashed = pa.array([self._hash(PseudonymKind(kind), word) for word in ids.dictionary.to_pylist()], pa.string())
        # Two spellings of one name share a pseudonym, so the hashed dictionary is made distinct again.
        distinct = pc.dictionary_encode(hashed)
        codes = distinct.indices.take(ids.indices).cast(pa.int32())
        return pa.DictionaryArray.from_arrays(codes, distinct.dictionary)

    def _hash(self, kind: PseudonymKind, *parts: str) -> str:
        # Each part is preceded by its length, so that ("ab", "c") and ("a", "bc") are different messages.
        message = b"".join(_framed(part) for part in (kind.value, *parts))
        digest = hmac.new(self.key, message, hashlib.sha256).hexdigest()
        return f"{kind.value[0]}_{digest[:_PSEUDONYM_CHARS]}"


def _framed(part: str) -> bytes:
    data = unicodedata.normalize("NFC", part).encode("utf-8", "surrogatepass")
    return len(data).to_bytes(8, "big") + data


def default_key_file() -> Path:
    """Return where the key is kept when the caller names no file."""
    if named := os.environ.get("ANALYZER_KEY_FILE"):
        return Path(named)
    config = os.environ.get("XDG_CONFIG_HOME", "")
    try:
        folder = Path(config) if Path(config).is_absolute() else Path.home() / ".config"
    except RuntimeError as error:
        raise InputError("No home folder is known for the pseudonym key.", _CHOOSE) from error
    return folder / "analyzer" / "pseudonym.key"


_CHOOSE: Final = "Name a file that you can write with `--key-file`, or set ANALYZER_KEY_FILE."


def load_key(path: Path | None = None) -> bytes:
    """Return the pseudonym key of `path`, created on first use.

    Parameters
    ----------
    path : Path, optional
        The key file. By default ``$ANALYZER_KEY_FILE``, else ``$XDG_CONFIG_HOME/analyzer/pseudonym.key``,
        else ``~/.config/analyzer/pseudonym.key``.

    Returns
    -------
    bytes
        At least 32 bytes.

    Raises
    ------
    InputError
        When the file cannot be created or read, is open to other users, or holds no key.
    """
    path = path or default_key_file()
    try:
        if not path.exists():
            _create(path)
        if os.name == "posix" and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise InputError(
                f"The pseudonym key {path} is open to other users of this computer.",
                f"Close it with `chmod 600 {path}`, or name another file with `--key-file`.",
            )
        return _parsed(path.read_bytes(), path)
    except OSError as error:
        reason = error.strerror or "it is not reachable"
        raise InputError(f"The pseudonym key {path} cannot be used: {reason}.", _CHOOSE) from error


def _parsed(data: bytes, path: Path) -> bytes:
    try:
        key = bytes.fromhex(data.decode("ascii"))
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        # Raised outside the handler: the decoding error would quote the key.
        raise InputError(
            f"The file {path} holds no pseudonym key of at least {2 * KEY_BYTES} hexadecimal digits.",
            "Restore it from a backup, or remove the file: a new key gives every viewer a new pseudonym.",
        )
    return key


def _create(path: Path) -> None:
    """Write a new key beside `path` and link it into place; whoever links first wins, the others read."""
    _make_private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        draft.unlink()


def _make_private_folder(folder: Path) -> None:
    missing = [level for level in (folder, *folder.parents) if not level.exists()]
    for level in reversed(missing):
        level.mkdir(mode=0o700, exist_ok=True)
