"""What moves the partitions: this machine, or a Spark cluster. The kernel and its answers are the same."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from analyzer.errors import InputError
from analyzer.sessions.pieces import ReadOptions
from analyzer.workflow.classify import classify, notes_of
from analyzer.workflow.extraction import extract_to_file
from analyzer.workflow.intake import Extracted
from analyzer.workflow.model import Model
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.progress import Progress
from analyzer.workflow.tables import vector_parts


class EngineName(StrEnum):
    """The engines at hand."""

    LOCAL = "local"
    SPARK = "spark"


class Engine(Protocol):
    """Extracts features of sources of any size."""

    name: EngineName

    def write_features(
        self, source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress
    ) -> Extracted:
        """Extract the features of `source` into the Parquet file `out`."""
        ...

    def classify(self, model: Model, vectors_path: Path, *, internal: bool) -> pd.DataFrame:
        """Classify a Parquet file of vectors."""
        ...


class LocalEngine:
    """This machine: joblib's workers over partitions."""

    name = EngineName.LOCAL

    def write_features(
        self, source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress
    ) -> Extracted:
        """Extract the features of `source` into the Parquet file `out`."""
        return extract_to_file(source, out, reading, options, progress)

    def classify(self, model: Model, vectors_path: Path, *, internal: bool) -> pd.DataFrame:
        """Classify a Parquet file of vectors."""
        parts = [classify(model, part, internal=internal) for part in vector_parts(vectors_path)]
        answer = pd.concat(parts).sort_index() if len(parts) > 1 else parts[0]
        answer.attrs |= notes_of(model, internal)
        return answer


def engine_from(name: str, master: str | None, *, events: bool = False) -> Engine:
    """Return an engine by its name.

    Raises
    ------
    InputError
        When there is no such engine, Spark is not installed or is to read player events, or a master is named for
        this machine.
    """
    if name == EngineName.SPARK and events:
        raise InputError("Spark reads sessions, not player events.", "Leave out --engine spark for --events.")
    if name == EngineName.SPARK:
        from analyzer.workflow.spark_engine import SparkEngine

        return SparkEngine(master)
    if name != EngineName.LOCAL:
        raise InputError(f"There is no engine {name!r}.", "Use local or spark.")
    if master is not None:
        raise InputError(f"The master {master} is of no use to the local engine.", "Add --engine spark.")
    return LocalEngine()
