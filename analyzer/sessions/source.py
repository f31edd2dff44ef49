"""`read_sessions`: one call for files, folders, globs and frames; it finds the adapter that fits."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed

from analyzer.errors import InputError
from analyzer.sessions.door import Checked, gather
from analyzer.sessions.duplicates import without_duplicates
from analyzer.sessions.event_source import sessions_with_events
from analyzer.sessions.pieces import Piece, ReadOptions, Sources, pieces_of
from analyzer.sessions.reading import checked
from analyzer.sessions.records import Sessions, concatenate


def read_sessions(
    source: Any = None,
    *,
    events: Any = None,
    mapping: Mapping[str, str] | None = None,
    event_mapping: Mapping[str, str] | None = None,
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
    mapping, event_mapping : dict, optional
        Canonical column -> name in the source, e.g. ``{"started_at": "Start"}``, of sessions and of events.
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
        if events is not None:
            raise InputError(
                "These sessions were read already.", "Name their files or frame, and the events beside them."
            )
        return source
    options = ReadOptions(
        mapping=mapping or {},
        event_mapping=event_mapping or {},
        timezone=timezone,
        pseudonyms=pseudonyms,
        key_file=Path(key_file) if key_file else None,
        keep_autoplay=keep_autoplay,
    )
    return read_pieces(pieces_of(Sources(source, events), options), options)


def read_pieces(pieces: list[Piece], options: ReadOptions) -> Sessions:
    """Read all pieces of a source, some at a time, and join them; errors as `read_sessions`."""
    jobs = min(len(pieces), int(cpu_count()))
    read = Parallel(n_jobs=jobs, require="sharedmem")
    parts = read(delayed(_all_checked)(piece, options, jobs < cpu_count()) for piece in pieces)
    pairs = list(zip(pieces, parts, strict=True))
    if not any(piece.events for piece in pieces):
        return _joined(pairs)
    return sessions_with_events(_by_source(pairs), options, workers=int(cpu_count()))


def _all_checked(piece: Piece, options: ReadOptions, threads: bool) -> list[Checked]:
    parts = list(checked(piece, options, threads=threads))
    for part in parts if not piece.events else ():
        _ = part.used, part.passed_over  # here, where other pieces are being read at the same time
    return parts


Read = list[tuple[Piece, list[Checked]]]


def _joined(read: Read) -> Sessions:
    """Join what was read, source by source.

    A row of one table that stands in another table too was written twice: folders of files may be cut anywhere. A
    member's exports are judged each by itself.
    """
    sources = _by_source(read)
    tables = [gather(parts, distinct=False) for piece, parts in sources if piece.is_table]
    exports = [gather(parts, distinct=piece.distinct) for piece, parts in sources if not piece.is_table]
    if tables:
        exports.insert(0, without_duplicates(concatenate(tables)))
    return concatenate(exports)


def _by_source(read: Read) -> Read:
    sources: dict[str, tuple[Piece, list[Checked]]] = {}
    for piece, parts in read:
        sources.setdefault(piece.label, (piece, []))[1].extend(parts)
    return list(sources.values())
