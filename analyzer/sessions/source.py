"""`read_sessions`: one call for files, folders, globs and frames; it finds the adapter that fits."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import InputError
from analyzer.sessions import clock, netflix, tabular
from analyzer.sessions.door import DoorRules, admit
from analyzer.sessions.pseudonym import Pseudonymiser, PseudonymKind, load_key
from analyzer.sessions.records import RawRows, Sessions, concatenate

_SUFFIXES: Final = frozenset({".parquet", ".pq", ".csv", ".tsv", ".txt"})


@dataclass(frozen=True)
class ReadOptions:
    """How sources are read; see `read_sessions`."""

    mapping: Mapping[str, str]
    timezone: str | None
    pseudonyms: bool | None
    key_file: Path | None
    keep_autoplay: bool

    def pseudonymiser(self, carries_names: bool) -> Pseudonymiser | None:
        """Return the hasher for a source, or None where its ids are to stay as they are."""
        wanted = carries_names if self.pseudonyms is None else self.pseudonyms
        return Pseudonymiser(load_key(self.key_file)) if wanted else None


def read_sessions(
    source: Any,
    *,
    mapping: Mapping[str, str] | None = None,
    timezone: str | None = None,
    pseudonyms: bool | None = None,
    key_file: str | os.PathLike[str] | None = None,
    keep_autoplay: bool = False,
) -> Sessions:
    """Read viewing sessions from any source.

    Parameters
    ----------
    source : path, glob, folder, frame, or a list of paths
        Parquet or CSV files with the columns of the session table; a member's own Netflix exports
        (ViewingActivity.csv, NetflixViewingHistory.csv); or a pandas, Polars, DuckDB or pyarrow table.
    mapping : dict, optional
        Canonical column -> name in the source, e.g. ``{"started_at": "Start"}``.
    timezone : str, optional
        IANA name of the viewers' time zone, where the source does not know local time. Without it, the country
        decides where it has one time; else features of rhythm are null.
    pseudonyms : bool, optional
        Replace viewers and households by keyed hashes. By default only for exports that carry names.
    key_file : path, optional
        Where the hashing key is kept; created on first use.
    keep_autoplay : bool
        Keep rows that began without anybody's action. They are dropped by default.

    Returns
    -------
    Sessions
        With a tally: read = used + dropped + quarantined.

    Raises
    ------
    InputError
        When a source is missing, empty, damaged, or lacks a required column.
    """
    if isinstance(source, Sessions):
        return source
    options = ReadOptions(mapping or {}, timezone, pseudonyms, Path(key_file) if key_file else None, keep_autoplay)
    paths = _paths(source)
    if paths is None:
        return _admit_table(tabular.read_frame(source, options.mapping), options)
    accounts = netflix.account_of([path for path in paths if _looks_like_netflix(path)])
    return concatenate([_read_path(path, accounts.get(path), options) for path in paths])


def _paths(source: Any) -> list[Path] | None:
    """Return the files that `source` names, each once, or None when it is a frame."""
    if isinstance(source, (str, os.PathLike)):
        return _expand(source)
    if isinstance(source, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in source):
        if not source:
            raise InputError("There is nothing to read.", "Name at least one file, folder or glob.")
        found = [path for item in source for path in _expand(item)]
        return list({path.resolve(): path for path in found}.values())
    return None


def _expand(item: str | os.PathLike[str]) -> list[Path]:
    path = Path(item).expanduser()
    if _is_folder(item, path):
        return _inside(path)
    if path.exists():
        return [path]
    found_names = glob.glob(str(path), recursive=True)  # noqa: PTH207 - may be absolute
    matches = sorted(match for match in map(Path, found_names) if match.exists())  # glob also finds dangling links
    if matches:
        return [found for match in matches for found in (_inside(match) if match.is_dir() else [match])]
    raise InputError(
        f"{path} does not exist." if not glob.has_magic(str(path)) else f"Nothing matches {path}.",
        "Give a file, a folder or a glob of Parquet or CSV files.",
    )


def _is_folder(item: str | os.PathLike[str], path: Path) -> bool:
    try:
        if os.fspath(item):
            return path.is_dir()
        why = "it is empty"
    except (OSError, ValueError) as error:
        why = str(getattr(error, "strerror", None) or error).lower()
    raise InputError(
        f"{os.fspath(item)[:40]!r} is no path: {why}.",
        "Give the name of a file or folder; the text of a CSV must be read into a table first.",
    )


def _inside(folder: Path) -> list[Path]:
    below = [p for p in folder.rglob("*") if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    files = sorted(p for p in below if p.suffix.lower() in _SUFFIXES and p.is_file() and not _is_result(p))
    netflix_files = [p for p in files if _looks_like_netflix(p)]
    # A whole export holds dozens of other tables; beside recognised files the rest is none of ours.
    chosen = netflix_files or files
    if not chosen:
        raise InputError(
            f"The folder {folder} holds no sessions.", "Looked for .parquet, .csv and .tsv files, also in subfolders."
        )
    return chosen


def _is_result(path: Path) -> bool:
    """Tell whether a file lies among the results of an earlier run."""
    return (path.parent / "assignments.parquet").exists() and (path.parent / "marks.json").exists()


def _looks_like_netflix(path: Path) -> bool:
    return path.suffix.lower() not in {".parquet", ".pq"} and netflix.looks_like(path) is not None


def _read_path(path: Path, account: str | None, options: ReadOptions) -> Sessions:
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read.", "Check the file's permissions.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty.", "Give a file with at least one viewing session.")
    if account is not None:
        return _read_netflix(path, account, options)
    read = tabular.read_parquet if _is_parquet(path) else tabular.read_csv
    return _admit_table(read(path, options.mapping), options)


def _is_parquet(path: Path) -> bool:
    if path.suffix.lower() in {".parquet", ".pq"}:
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"


def _read_netflix(path: Path, account: str, options: ReadOptions) -> Sessions:
    rows = netflix.read(path, pseudonymiser=options.pseudonymiser(True), account=account, timezone=options.timezone)
    dated_only = netflix.looks_like(path) is netflix.NetflixFile.VIEWING_HISTORY
    return admit(rows, DoorRules(not options.keep_autoplay, drop_duplicates=not dated_only))


def _admit_table(rows: RawRows, options: ReadOptions) -> Sessions:
    hasher = options.pseudonymiser(False)
    if hasher is not None:
        rows = replace(rows, columns=_hashed(rows.columns, hasher))
    sessions = admit(rows, DoorRules(not options.keep_autoplay))
    return _with_local_clock(sessions, options.timezone)


def _hashed(columns: pa.Table, hasher: Pseudonymiser) -> pa.Table:
    for name, kind in (("viewer_id", PseudonymKind.VIEWER), ("household_id", PseudonymKind.HOUSEHOLD)):
        if name in columns.column_names:
            hashed = hasher.column(columns[name].combine_chunks(), kind)
            columns = columns.set_column(columns.column_names.index(name), name, hashed)
    return columns


def _with_local_clock(sessions: Sessions, timezone: str | None) -> Sessions:
    """Fill in the local clock where the source does not give it and zone or country do."""
    table, names = sessions.table, sessions.table.column_names
    if timezone is None and "country" not in names:
        return sessions
    country = table["country"].combine_chunks() if "country" in names else pa.nulls(len(table), pa.string())
    offset = clock.utc_offset_minutes(table["started_at"].combine_chunks(), country, timezone)
    if "utc_offset_min" not in names:
        return replace(sessions, table=table.append_column("utc_offset_min", offset))
    known = pc.coalesce(table["utc_offset_min"], offset)
    return replace(sessions, table=table.set_column(names.index("utc_offset_min"), "utc_offset_min", known))
