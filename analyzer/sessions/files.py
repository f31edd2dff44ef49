"""Which files a path, a folder, a glob or a list of them names."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any, Final

from analyzer.errors import InputError
from analyzer.sessions import netflix
from analyzer.sessions.playback.netflix_traces import looks_like_traces

_SUFFIXES: Final = frozenset({".parquet", ".pq", ".csv", ".tsv", ".txt"})


EVENT_SUFFIXES: Final = _SUFFIXES | {".json", ".jsonl", ".ndjson", ".db", ".sqlite"}


def paths_in(source: Any, suffixes: frozenset[str] = _SUFFIXES) -> list[Path] | None:
    """Return the files that `source` names, each once, or None when it is a frame.

    Of a folder, the files with one of the suffixes.
    """
    if isinstance(source, (str, os.PathLike)):
        return _expand(source, suffixes)
    if isinstance(source, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in source):
        if not source:
            raise InputError("There is nothing to read.", "Name at least one file, folder or glob.")
        found = [path for item in source for path in _expand(item, suffixes)]
        return list({path.resolve(): path for path in found}.values())
    return None


def _expand(item: str | os.PathLike[str], suffixes: frozenset[str]) -> list[Path]:
    path = Path(item).expanduser()
    if _is_folder(item, path):
        return _inside(path, suffixes)
    if path.exists():
        return [path]
    found_names = glob.glob(str(path), recursive=True)  # noqa: PTH207 - may be absolute
    matches = sorted(match for match in map(Path, found_names) if match.exists())  # glob also finds dangling links
    if matches:
        return [found for match in matches for found in (_inside(match, suffixes) if match.is_dir() else [match])]
    raise InputError(
        f"{path} does not exist." if not glob.has_magic(str(path)) else f"Nothing matches {path}.",
        f"Give a file, a folder or a glob of {', '.join(sorted(suffixes))} files.",
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


def _inside(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    below = [p for p in folder.rglob("*") if not any(part.startswith(".") for part in p.relative_to(folder).parts)]
    files = sorted(p for p in below if p.suffix.lower() in suffixes and p.is_file() and not _is_result(p))
    netflix_files = [p for p in files if _is_of_an_export(p, suffixes)]
    # A whole export holds dozens of other tables; beside recognised files the rest is none of ours.
    chosen = netflix_files or files
    if not chosen:
        raise InputError(
            f"The folder {folder} holds no {'events' if suffixes is EVENT_SUFFIXES else 'sessions'}.",
            f"Looked for {', '.join(sorted(suffixes))} files, also in subfolders.",
        )
    return chosen


def _is_result(path: Path) -> bool:
    """Tell whether a file lies among the results of an earlier run."""
    return (path.parent / "assignments.parquet").exists() and (path.parent / "marks.json").exists()


def _is_of_an_export(path: Path, suffixes: frozenset[str]) -> bool:
    if suffixes is EVENT_SUFFIXES:
        return looks_like_traces(path)
    return looks_like_netflix(path)


def looks_like_netflix(path: Path) -> bool:
    """Tell whether a file is one of a member's own export."""
    return path.suffix.lower() not in {".parquet", ".pq"} and netflix.looks_like(path) is not None


def is_parquet(path: Path) -> bool:
    """Tell whether a file is Parquet, by its name or its first bytes.

    Raises
    ------
    InputError
        When it cannot be read or is empty.
    """
    if not os.access(path, os.R_OK):
        raise InputError(f"{path} cannot be read.", "Check the file's permissions.")
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty.", "Give a file with at least one row.")
    if path.suffix.lower() in {".parquet", ".pq"}:
        return True
    with path.open("rb") as file:
        return file.read(4) == b"PAR1"
