"""`--engine spark`: the jobs of the command line on a Spark session."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from analyzer.errors import InputError
from analyzer.features.kernel import Plan
from analyzer.sessions.pieces import Piece, ReadOptions, checked, pieces_of, provided_by
from analyzer.workflow.classify import INTERNAL_NOTE, RELEASE_NOTE
from analyzer.workflow.engines import EngineName
from analyzer.workflow.extraction import Extracted, ExtractOptions, refuse_replacing
from analyzer.workflow.merge import merge
from analyzer.workflow.model import Model
from analyzer.workflow.outputs import staged_file
from analyzer.workflow.progress import Progress
from analyzer.workflow.spark import (
    Batches,
    SparkFeatures,
    admitted_schema,
    checked_batches,
    classify_spark,
    extracted_from,
    intake_of,
    spark_schema,
)

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_REMEDY: Final = "Install it with: pip install 'analyzer[spark]'; it needs Java 17 or newer."
_SETTINGS: Final = {
    "spark.app.name": "analyzer",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
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
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise InputError("Spark is not installed.", _REMEDY) from error
    # Workers run this interpreter unless the cluster says otherwise.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    if master is not None:
        builder = builder.master(master)
    try:
        return builder.getOrCreate()
    except (PySparkException, OSError, RuntimeError) as error:
        raise InputError(f"Spark cannot be started: {_first_line(error)}.", _REMEDY) from error
    except Exception as error:  # py4j's own, such as a master that is none
        raise InputError(
            f"Spark cannot be started: {_first_line(error)}.", "Give a master such as local[2]."
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


class SparkEngine:
    """A Spark session: pieces of the source are read by its tasks, which must see the same paths."""

    name = EngineName.SPARK

    def __init__(self, master: str | None) -> None:
        self._spark = session(master)

    def write_features(
        self, source: Any, out: Path, reading: ReadOptions, options: ExtractOptions, progress: Progress
    ) -> Extracted:
        """Extract the features of `source` into the Parquet file `out`, sorted as the local engine does."""
        pieces = pieces_of(source, reading, options.rows_at_a_time)
        refuse_replacing(out, pieces)
        plan = Plan(options.window, provided_by(pieces, reading), options.features)
        progress("extracting features")
        with staged_file(out) as draft, tempfile.TemporaryDirectory(prefix=".spark-", dir=draft.parent) as folder:
            parts = Path(folder) / "parts"
            self._extracted(pieces, reading, plan).extracted.write.option("compression", "zstd").parquet(
                parts.absolute().as_uri()
            )
            files = sorted(parts.glob("*.parquet"))
            intake = intake_of(_told(files))
            progress("writing")
            count = merge(files, draft, Path(folder), plan, memory_bytes=options.memory_bytes, threads=options.jobs)
        return Extracted(intake, count, len(options.features))

    def _extracted(self, pieces: list[Piece], reading: ReadOptions, plan: Plan) -> SparkFeatures:
        schema = admitted_schema(plan.provides)
        numbers = self._spark.range(0, len(pieces), 1, len(pieces))
        sent = self._spark.sparkContext.broadcast((pieces, reading))

        def read(batches: Batches) -> Batches:
            everything, how = sent.value
            mine = [everything[int(n)] for batch in batches for n in batch.column(0).to_pylist()]
            yield from checked_batches(((part, p) for p in mine for part in checked(p, how)), schema)

        return extracted_from(numbers.mapInArrow(read, spark_schema(schema)), plan)

    def classify(self, model: Model, vectors_path: Path, *, internal: bool) -> pd.DataFrame:
        """Classify a Parquet file of vectors."""
        vectors = self._spark.read.parquet(vectors_path.absolute().as_uri())
        answer = classify_spark(model, vectors, internal=internal).toArrow().to_pandas()
        answer = answer.set_index(["viewer_id", "window_start"]).sort_index()
        answer.attrs["analyzer.note"] = INTERNAL_NOTE if internal else RELEASE_NOTE
        return answer
