"""`--engine spark`: the jobs of the command line on a Spark session.

Pieces of the source are read by Spark's tasks through the adapters of this package, so that every kind of file is read
the same way; the tasks must see the same paths as the command. Sources named by a URI (s3a://, hdfs://) are read by
Spark itself, as Parquet.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pandas as pd
import pyarrow.parquet as pq

from analyzer.errors import InputError
from analyzer.features.kernel import Plan
from analyzer.sessions.pieces import Piece, ReadOptions, Sources, pieces_of
from analyzer.sessions.reading import checked, provided_by
from analyzer.sessions.records import Sessions
from analyzer.workflow.classify import notes_of
from analyzer.workflow.engines import EngineName
from analyzer.workflow.intake import Extracted
from analyzer.workflow.merge import merge
from analyzer.workflow.model import Model
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.outputs import refuse_replacing, staged_file
from analyzer.workflow.progress import Progress
from analyzer.workflow.spark import (
    TOLD,
    Batches,
    SparkFeatures,
    admitted_schema,
    checked_batches,
    classify_spark,
    extracted_from,
    features_of_frame,
    intake_of,
    spark_schema,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_REMEDY: Final = (
    "It needs Java 17 or newer, and: pip install 'analyzer[spark]'."
    " A master is named as in local[2] or spark://host:7077."
)
_SETTINGS: Final = {
    "spark.app.name": "analyzer",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
}


def session(master: str | None) -> SparkSession:
    """Return the Spark session at hand, else a new one.

    Parameters
    ----------
    master : str, optional
        Such as "local[2]" or "spark://host:7077". By default what spark-submit says, or this machine.

    Raises
    ------
    InputError
        When Spark or Java is missing, or the master cannot be reached.
    """
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)  # it gets Arrow only
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError("Spark is not installed.", _REMEDY) from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # what workers run, unless the cluster says otherwise
    if (master or "local").startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    try:
        return (builder if master is None else builder.master(master)).getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise InputError(f"Spark cannot be started: {_first_line(error)}.", _REMEDY) from error


def _first_line(error: object) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0].strip().rstrip(".")


class SparkEngine:
    """A Spark session that does the work.

    Parameters
    ----------
    master : str, optional
        See `session`.
    """

    name = EngineName.SPARK

    def __init__(self, master: str | None) -> None:
        self._spark = session(master)

    def write_features(
        self, source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress
    ) -> Extracted:
        """Extract the features of `source` into the Parquet file `out`, sorted as the local engine does."""
        if isinstance(source, Sources):
            raise InputError("Spark reads sessions, not player events.", "Leave out --engine spark for --events.")
        if isinstance(source, Sessions):
            raise InputError("Without a source there is nothing for Spark to read.", "Name a file or folder.")
        progress("reading sessions")
        plan, features = self._features(list(source), out, reading, options)
        progress("extracting features")
        with staged_file(out) as draft, tempfile.TemporaryDirectory(prefix=".spark-", dir=draft.parent) as folder:
            parts = Path(folder) / "parts"
            features.extracted.write.option("compression", "zstd").parquet(parts.as_uri())
            files = sorted(parts.glob("*.parquet"))
            intake = intake_of(_told(files))
            progress("writing")
            count = merge(files, draft, Path(folder), plan, memory_bytes=options.memory_bytes, threads=options.jobs)
        return Extracted(intake, count, len(options.features))

    def classify(self, model: Model, vectors_path: Path, *, internal: bool) -> pd.DataFrame:
        """Classify a Parquet file of vectors."""
        vectors = self._spark.read.parquet(vectors_path.absolute().as_uri())
        told = classify_spark(model, vectors, internal=internal).toArrow().to_pandas()
        answer: pd.DataFrame = told.set_index(["viewer_id", "window_start"]).sort_index()
        answer.attrs |= notes_of(model, internal)
        return answer

    def _features(
        self, sources: list[str], out: Path, reading: ReadOptions, options: ExtractOptions
    ) -> tuple[Plan, SparkFeatures]:
        if any("://" in source for source in sources):
            return features_of_frame(self._frame(sources, out), options.window, options.features, reading)
        pieces = pieces_of(sources, reading, options.rows_at_a_time)
        refuse_replacing(out, [piece.path for piece in pieces])
        plan = Plan(options.window, provided_by(pieces, reading), options.features)
        return plan, self._of_pieces(pieces, reading, plan)

    def _frame(self, sources: list[str], out: Path) -> DataFrame:
        """Return the Parquet at some URIs, read by Spark."""
        from py4j.protocol import Py4JJavaError
        from pyspark.errors import PySparkException

        try:
            frame = self._spark.read.parquet(*sources)
        except (PySparkException, Py4JJavaError) as error:
            why = error.java_exception.getMessage() if isinstance(error, Py4JJavaError) else str(error)
            raise InputError(
                f"{', '.join(sources)} cannot be read by Spark: {_first_line(why)}.",
                "Give Parquet that Spark's tasks can reach.",
            ) from error
        local = [url2pathname(urlsplit(name).path) for name in frame.inputFiles() if name.startswith("file:")]
        refuse_replacing(out, [Path(name) for name in local])
        return frame

    def _of_pieces(self, pieces: list[Piece], reading: ReadOptions, plan: Plan) -> SparkFeatures:
        schema = admitted_schema(plan.provides)
        numbers = self._spark.range(0, len(pieces), 1, len(pieces))
        named = reading.with_key(any(not piece.is_table for piece in pieces))
        sent = self._spark.sparkContext.broadcast((pieces, named))

        def read(batches: Batches) -> Batches:
            everything, how = sent.value
            mine = [everything[int(n)] for batch in batches for n in batch.column(0).to_pylist()]
            yield from checked_batches(((part, piece) for piece in mine for part in checked(piece, how)), schema)

        return extracted_from(numbers.mapInArrow(read, spark_schema(schema)), plan)


def _told(files: list[Path]) -> list[bytes]:
    """Return what the tasks have told beside the vectors."""
    read = [pq.read_table(file, columns=[TOLD])[TOLD].drop_null().to_pylist() for file in files]
    return [text for found in read for text in found]
