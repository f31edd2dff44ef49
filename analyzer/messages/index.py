"""The index: sessions made ready once, so that a claim about them is answered at once, however many they are.

A folder with a DuckDB database and `index.json`, which says what it was made of. It holds no name of a viewer or
household, only hashes under a key that is kept elsewhere; all the same it holds what each household watched and
belongs where sessions belong.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analyzer.errors import InputError
from analyzer.grouping.arrays import Ints
from analyzer.messages.about import DATABASE, MAKE_AGAIN, MANIFEST, About, key_check, read_about
from analyzer.messages.facts import household_keys
from analyzer.sessions.pseudonym import Pseudonymiser

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, eq=False)
class Index:
    """An index that is open for questions.

    Attributes
    ----------
    connection : DuckDBPyConnection
        Read only, where it is a file.
    about : About
    key : bytes, optional
        Households were hashed with it; needed only where marks come with names.
    """

    connection: duckdb.DuckDBPyConnection = field(repr=False)
    about: About
    key: bytes | None = field(default=None, repr=False)

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a query; each has a cursor of its own, so that questions may come at the same time."""
        found: list[tuple[Any, ...]] = self.connection.cursor().execute(sql, dict(values or {})).fetchall()
        return found

    def arrays(self, sql: str, values: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Return the columns of a query as arrays."""
        found: dict[str, Any] = self.connection.cursor().execute(sql, dict(values or {})).fetchnumpy()
        return found

    @cached_property
    def named(self) -> Mapping[str, tuple[int, ...]]:
        """Titles by what they may be called, case aside: name, id, or the series that they are of."""
        told = self.rows(
            "SELECT name, title FROM names UNION SELECT title_id, title FROM titles"
            " UNION SELECT series_id, title FROM titles WHERE series_id IS NOT NULL ORDER BY ALL"
        )
        found: dict[str, dict[int, None]] = {}
        for name, title in told:
            found.setdefault(_plain(name), {})[title] = None
        return {name: tuple(titles) for name, titles in found.items()}

    @cached_property
    def countries(self) -> Mapping[str, int]:
        """How many households watched in each country."""
        return dict(self.rows("SELECT country, count(*) FROM places GROUP BY country ORDER BY country"))

    def titles_called(self, name: str, catalogue: Mapping[str, tuple[str, ...]] | None = None) -> tuple[int, ...]:
        """Return the titles of a name: by the catalogue (name -> ids), else as the sessions call them."""
        ids = (catalogue or {}).get(name, ())
        found = {title: None for word in (*ids, name) for title in self.named.get(_plain(word), ())}
        return tuple(sorted(found))

    def households_named(self, names: pa.Array) -> Ints:
        """Return the code of each named household; -1 where the index does not know it.

        Raises
        ------
        InputError
            When the index was opened without its key.
        """
        if self.key is None:
            raise InputError(
                "The index was opened without the key that its households were hashed with.",
                "Name the key file that it was made with: --key-file.",
            )
        keys = household_keys(names, Pseudonymiser(self.key))
        known = self.arrays("SELECT household_key FROM keys ORDER BY household")["household_key"]
        at = np.searchsorted(known, keys)
        found = known[np.minimum(at, len(known) - 1)] == keys
        return np.where(found, at, -1).astype(np.int64)


def open_index(
    folder: str | Path, key: bytes | None = None, *, memory: str = "2GB", threads: int | None = None
) -> Index:
    """Open an index that `build_index` made.

    Parameters
    ----------
    folder : path
    key : bytes, optional
        The key that households were hashed with; needed only where marks come with names.
    memory : str
        What DuckDB may use, such as "2GB".
    threads : int, optional
        As many as there are cores by default.

    Raises
    ------
    InputError
        When there is no index, it is damaged or of another version, or the key is another one.
    """
    place = Path(folder)
    about = read_about(place)
    if key is not None and key_check(key) != about.key_check:
        raise InputError(f"The index {place} was made with another key.", "Name the key file that it was made with.")
    connection = _connected(place, {"memory_limit": memory} | ({"threads": threads} if threads else {}))
    index = Index(connection, about, key)
    try:
        _check(index, place)
    except InputError:
        connection.close()
        raise
    return index


def _connected(folder: Path, config: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    import duckdb

    try:
        return duckdb.connect(str(folder / DATABASE), read_only=True, config=config)
    except duckdb.Error as error:
        raise InputError(f"The index {folder} is damaged: {DATABASE} cannot be opened.", MAKE_AGAIN) from error


def _check(index: Index, folder: Path) -> None:
    """Compare the database with its manifest; DuckDB itself checks each block that it reads."""
    import duckdb

    try:
        told = json.loads(index.rows("SELECT text FROM about")[0][0])
        rows = index.rows("SELECT count(*) FROM facts")[0][0]
    except (duckdb.Error, ValueError, IndexError) as error:
        raise InputError(f"The index {folder} is damaged: its tables are not there.", MAKE_AGAIN) from error
    if told != json.loads(json.dumps(asdict(index.about))) or rows != index.about.rows:
        raise InputError(f"The index {folder} is damaged: {DATABASE} and {MANIFEST} disagree.", MAKE_AGAIN)


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
