"""What an index was made of: beside its database as `index.json`, and in it, so that neither is exchanged alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError

from analyzer.errors import InputError

if TYPE_CHECKING:
    import duckdb

VERSION: Final = 2
DATABASE: Final = "index.duckdb"
MANIFEST: Final = "index.json"
MAKE_AGAIN: Final = "Make it again with `analyzer index`."
_EPOCH: Final = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class About:
    """What an index was made of.

    Attributes
    ----------
    version : of the layout.
    sources : in words, as files or frames are named.
    fingerprint : SHA-256 of the sources, in hex.
    first_day, last_day : local days since 1970, both in it.
    households, titles, rows : how many there are; rows are days of a household with a title.
    key_check : tells whether a key is the one that households were hashed with; not the key.
    has_rewinds : whether the source knows of backward seeks.
    has_clock : whether the local hour of any play is known.
    """

    version: int
    sources: tuple[str, ...]
    fingerprint: str
    first_day: int
    last_day: int
    households: int
    titles: int
    rows: int
    key_check: str
    has_rewinds: bool
    has_clock: bool

    @property
    def days(self) -> int:
        """How many days the data spans."""
        return self.last_day - self.first_day + 1

    def words(self) -> str:
        """Return the window of the data in words."""
        return f"{day_of(self.first_day)} to {day_of(self.last_day)}"


_ABOUT: Final = TypeAdapter(About)


def about_of(connection: duckdb.DuckDBPyConnection, sources: tuple[str, ...], fingerprint: str, key: bytes) -> About:
    """Return what a filled database was made of.

    Raises
    ------
    InputError
        When there is no day in it.
    """
    ask = connection.execute(
        "SELECT min(day), max(day), count(*), count(rewinds) > 0, count(hours) > 0,"
        " (SELECT count(*) FROM keys), (SELECT count(*) FROM titles) FROM facts"
    )
    first, last, rows, rewinds, clock, households, titles = ask.fetchall()[0]
    if not rows:
        raise InputError("There is no session to ask.", "Give a source with at least one viewing session.")
    check = key_check(key)
    return About(VERSION, sources, fingerprint, first, last, households, titles, rows, check, rewinds, clock)


def key_check(key: bytes) -> str:
    """Return what tells one key from another without telling the key."""
    return hashlib.sha256(b"index of sessions" + key).hexdigest()[:16]


def keep_about(about: About, connection: duckdb.DuckDBPyConnection) -> None:
    """Write what an index was made of into its database, so that database and manifest cannot be exchanged alone."""
    connection.execute("CREATE TABLE about AS SELECT $text AS text", {"text": json.dumps(asdict(about))})


def write_manifest(about: About, folder: Path) -> None:
    """Write what an index was made of beside its database, which is closed, and how large that is."""
    told = {"version": about.version, "bytes": (folder / DATABASE).stat().st_size, "about": asdict(about)}
    (folder / MANIFEST).write_text(json.dumps(told, indent=1) + "\n", "utf-8")


def read_about(folder: Path) -> About:
    """Return what the index in a folder was made of.

    Raises
    ------
    InputError
        When there is no index, or it is damaged or of another version.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        raise InputError(f"There is no index in {folder}.", "Make one with `analyzer index SESSIONS --out FOLDER`.")
    try:
        told = json.loads(manifest.read_text("utf-8"))
        version = told["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The index {folder} is damaged: {MANIFEST} cannot be read.", MAKE_AGAIN) from error
    if version != VERSION:
        raise InputError(f"The index {folder} is of version {version!r:.20}; this one reads {VERSION}.", MAKE_AGAIN)
    try:
        about = _ABOUT.validate_json(json.dumps(told["about"]), strict=True)
        size = (folder / DATABASE).stat().st_size
    except (ValidationError, KeyError, OSError) as error:
        raise InputError(f"The index {folder} is damaged: a part of it is missing.", MAKE_AGAIN) from error
    if size != told.get("bytes"):
        raise InputError(f"The index {folder} is damaged: {DATABASE} has another size.", MAKE_AGAIN)
    return about


def day_of(number: int) -> date:
    """Return the day of a number of days since 1970."""
    return _EPOCH + timedelta(days=number)


def number_of(day: date) -> int:
    """Return how many days after 1 January 1970 a day is."""
    return (day - _EPOCH).days
