"""Features of a source of any size: in memory where it fits, else through partitions on disk.

Partitions: the source is split by a hash of the viewer (`partitions`), the kernel is mapped over the partitions by
joblib, and DuckDB sorts what comes out into one file (`merge`). All three keep to a memory limit. Whatever is finished
is kept in a work folder (`checkpoint`), so that a run that was killed goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from analyzer.features.catalog import select
from analyzer.features.extract import as_frame
from analyzer.features.kernel import Plan, VectorArrays, vectors_of
from analyzer.features.windows import Window
from analyzer.sessions.pieces import Piece, ReadOptions, Sources, pieces_of
from analyzer.sessions.reading import provided_by
from analyzer.sessions.records import Sessions
from analyzer.sessions.source import read_pieces
from analyzer.workflow.checkpoint import work_folder
from analyzer.workflow.intake import Extracted, Intake
from analyzer.workflow.options import ExtractOptions, memory_bytes_of
from analyzer.workflow.outputs import folder_beside, refuse_replacing, staged_file
from analyzer.workflow.partitioned import Partitioned, can_resume, job_of
from analyzer.workflow.progress import SILENT, Progress, counted
from analyzer.workflow.tables import read_vectors, write_vector_table


def write_features(
    source: Any,
    out: str | os.PathLike[str],
    window: str | int | None = "28d",
    features: list[str] | None = None,
    *,
    events: Any = None,
    step: str | int | None = None,
    workers: int | None = None,
    memory: str = "2GB",
    fresh: bool = False,
    mapping: Mapping[str, str] | None = None,
    event_mapping: Mapping[str, str] | None = None,
    timezone: str | None = None,
    pseudonyms: bool | None = None,
    key_file: str | os.PathLike[str] | None = None,
    keep_autoplay: bool = False,
) -> Extracted:
    """Extract the features of a source of any size into a Parquet file.

    What is larger than memory goes through partitions on disk beside `out`; the same call goes on where an earlier one
    was killed. Workers are joblib's: threads, or what `joblib.parallel_config` says.

    Parameters
    ----------
    source, events, mapping, event_mapping, timezone, pseudonyms, key_file, keep_autoplay
        As `read_sessions`.
    out : path
        The Parquet file: viewer_id, window_start, one column a feature, then context columns; sorted.
    window, features, step
        As `extract_features`.
    workers : int, optional
        How many pieces or partitions are worked on at a time; as many as there are cores by default.
    memory : str
        About how much memory to use, such as "4GB".
    fresh : bool
        Start over, even where an earlier call was killed.

    Returns
    -------
    Extracted
        Tally, quarantine, notes, and how many vectors were written.

    Raises
    ------
    InputError
        When the source cannot be read, no row of it can be used, or a setting is none.
    OutputError
        When the file cannot be written, or another run is writing it.
    """
    names = tuple(spec.name for spec in select(features))
    reading = ReadOptions(
        mapping=dict(mapping or {}),
        event_mapping=dict(event_mapping or {}),
        timezone=timezone,
        pseudonyms=pseudonyms,
        key_file=Path(key_file) if key_file else None,
        keep_autoplay=keep_autoplay,
    )
    options = ExtractOptions(Window.parse(window, step), names, workers, memory_bytes_of(memory), fresh)
    return extract_to_file(source if events is None else Sources(source, events), Path(out), reading, options)


def extract(
    source: Any, beside: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress = SILENT
) -> tuple[pd.DataFrame, Intake]:
    """Extract the features of a source of any size into a DataFrame; what does not fit goes through disk at `beside`.

    Errors are those of `extract_to_file`.
    """
    if isinstance(source, Sessions):
        return as_frame(_of_sessions(source, options, progress)), Intake.of(source)
    pieces = pieces_of(source, reading, options.rows_at_a_time)
    if _fits(pieces, options):
        progress("reading sessions")
        sessions = read_pieces(pieces, reading)
        return as_frame(_of_sessions(sessions, options, progress)), Intake.of(sessions)
    goal = beside.expanduser().absolute()
    target = folder_beside(goal) / f".{goal.name}.vectors.parquet"
    try:
        done = extract_to_file(source, target, reading, options, progress)
        return read_vectors(target)[0], done.intake
    finally:
        target.unlink(missing_ok=True)


def extract_to_file(
    source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress = SILENT
) -> Extracted:
    """Extract the features of a source of any size into the Parquet file `out`, which appears whole or not at all.

    Raises
    ------
    InputError
        When the source cannot be read, or no row of it can be used.
    OutputError
        When the output cannot be written, or another run is writing it.
    """
    if isinstance(source, Sessions):
        return _written(source, options, out, progress)
    pieces = pieces_of(source, reading, options.rows_at_a_time)
    refuse_replacing(out, [piece.path for piece in pieces if piece.frame is None])
    if _fits(pieces, options):
        progress("reading sessions")
        return _written(read_pieces(pieces, reading), options, out, progress)
    plan = Plan(options.window, provided_by(pieces, reading), options.features)
    job, keep = job_of(pieces, reading, options), can_resume(pieces)
    with work_folder(out, job, fresh=options.fresh, keep=keep) as folder:
        return Partitioned(pieces, reading, plan, options, folder, progress).write(out)


def _fits(pieces: list[Piece], options: ExtractOptions) -> bool:
    return sum(piece.rows for piece in pieces) <= options.rows_in_memory


def _of_sessions(sessions: Sessions, options: ExtractOptions, progress: Progress) -> VectorArrays:
    progress("extracting features")
    plan = Plan(options.window, sessions.provides, options.features)
    done = counted(progress, len(sessions) + len(sessions.passed_over))
    return vectors_of(sessions.table, sessions.passed_over, plan, workers=options.jobs, done=done)


def _written(sessions: Sessions, options: ExtractOptions, out: Path, progress: Progress) -> Extracted:
    vectors = _of_sessions(sessions, options, progress)
    progress("writing")
    with staged_file(out) as part:
        write_vector_table(vectors.as_arrow(), part, options.window)
    return Extracted(Intake.of(sessions), len(vectors), len(options.features))
