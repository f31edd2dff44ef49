"""The same kernel on an existing Spark cluster.

`extract_features_spark` takes a Spark DataFrame of sessions, in any form that the door reads, and `classify_spark` one
of vectors. Both only move rows: rows are checked where they are, shuffled once so that a viewer's rows are in one
partition, and handed to the kernel a partition at a time (`mapInArrow`). The answers are those of the local engine, bit
for bit.

A partition is held in memory whole by its Python worker; `spark.sql.shuffle.partitions` says how many there are.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from analyzer.errors import AnalyzerError, InputError
from analyzer.features.catalog import select
from analyzer.features.kernel import CONTEXT_PREFIX, Plan, vector_schema
from analyzer.features.windows import Window
from analyzer.sessions.door import Checked, Summary
from analyzer.sessions.kept import EXPORT, FATE, kept_rows
from analyzer.sessions.pieces import Piece, PieceKind, ReadOptions
from analyzer.sessions.reading import checked, provided_by
from analyzer.sessions.records import filled
from analyzer.sessions.schema import arrow_schema
from analyzer.sessions.tabular import match_columns
from analyzer.workflow.classify import classify, require_features
from analyzer.workflow.intake import Intake, summary_bytes, summary_of_bytes
from analyzer.workflow.model import Model, load_model, save_model
from analyzer.workflow.partitions import plain_schema, vectors_of_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from analyzer.ledger.store import Ledger

Batches = Iterator[pa.RecordBatch]
_ANSWERS: Final = pa.schema(
    [("viewer_id", pa.string()), ("window_start", pa.timestamp("us", tz="UTC")), ("pattern", pa.string())]
)
FRAME_LABEL: Final = "the Spark DataFrame"
TOLD: Final = "told"
"""What a task has to tell beside its rows: a summary, a count of duplicates, or why it could not go on."""


@dataclass(frozen=True)
class SparkFeatures:
    """Features of a Spark DataFrame; nothing is computed before an action asks for it.

    Attributes
    ----------
    extracted : pyspark.sql.DataFrame
        Vectors, and rows in which tasks tell what they read. Persist it where both `vectors` and `intake` are wanted.
    """

    extracted: DataFrame

    @property
    def vectors(self) -> DataFrame:
        """One row per viewer and window: viewer_id, window_start, one double a feature, then context columns."""
        return self.extracted.where(f"{TOLD} is null").drop(TOLD)

    def intake(self) -> Intake:
        """Return the tally and the quarantine.

        Raises
        ------
        InputError
            When the source is not what it was taken for.
        """
        return intake_of(
            [bytes(row[TOLD]) for row in self.extracted.where(f"{TOLD} is not null").select(TOLD).collect()]
        )


def extract_features_spark(
    frame: DataFrame,
    window: str | int | None = "28d",
    features: list[str] | None = None,
    *,
    step: str | int | None = None,
    mapping: Mapping[str, str] | None = None,
    timezone: str | None = None,
    keep_autoplay: bool = False,
) -> SparkFeatures:
    """Return the behaviour vectors of a Spark DataFrame of sessions.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        Columns of the session table, or others with a `mapping`. Viewers keep their ids: hash them before.
    window, features, step
        As `extract_features`.
    mapping, timezone, keep_autoplay
        As `read_sessions`.

    Raises
    ------
    InputError
        When a required column is missing, or a feature, window or step is unknown.
    """
    names = tuple(spec.name for spec in select(features))
    options = ReadOptions(dict(mapping or {}), timezone, False, None, keep_autoplay)
    return features_of_frame(frame, Window.parse(window, step), names, options)[1]


def features_of_frame(
    frame: DataFrame, window: Window, features: tuple[str, ...], options: ReadOptions
) -> tuple[Plan, SparkFeatures]:
    """Return the plan and the features of a Spark DataFrame; see `extract_features_spark`."""
    label = FRAME_LABEL
    chosen = match_columns(frame.columns, options.mapping, label)
    options = replace(options.with_key(carries_names=False), mapping={})
    plan = Plan(window, provided_by([Piece(label, PieceKind.FRAME, 0, tuple(chosen))], options), features)
    schema = admitted_schema(plan.provides)
    renamed = frame.select([frame[f"`{source}`"].alias(name) for name, source in chosen.items()])
    admitted = renamed.mapInArrow(_door(label, tuple(chosen), options, schema), spark_schema(schema))
    return plan, extracted_from(admitted, plan)


def classify_spark(
    model: Model,
    vectors: DataFrame,
    *,
    internal: bool = False,
    ledger: Ledger | str | Path | None = None,
    today: date | None = None,
) -> DataFrame:
    """Return viewer_id, window_start and pattern of a Spark DataFrame of vectors; see `classify`.

    The model travels to the workers as the bytes of its bundle, so what cannot be saved cannot be sent.

    Raises
    ------
    InputError
        When the vectors do not say whose they are, lack a feature of the model, or the model cannot be saved.
    LedgerError
        When the ledger cannot be read.
    """
    if ledger is not None:  # here and not on the workers: all of them use the marks of one moment
        from analyzer.workflow.in_force import in_force

        model = in_force(model, ledger, today)
    require_features(model, vectors.columns)
    spark = vectors.sparkSession
    bundle = spark.sparkContext.broadcast((_bundle_bytes(model), model.marks))
    features = [name for name in vectors.columns if not name.startswith(CONTEXT_PREFIX)]
    by_viewer = vectors.select(features).repartition("viewer_id")
    return by_viewer.mapInArrow(
        _classifier(bundle, internal), "viewer_id string, window_start timestamp, pattern string"
    )


def extracted_from(admitted: DataFrame, plan: Plan) -> SparkFeatures:
    """Shuffle admitted rows by viewer and extract."""
    schema = pa.schema([*vector_schema(tuple(spec.name for spec in plan.specs)), (TOLD, pa.binary())])
    return SparkFeatures(admitted.repartition("viewer_id").mapInArrow(_kernel(plan, schema), spark_schema(schema)))


def admitted_schema(provided: frozenset[str]) -> pa.Schema:
    """Return the schema of checked rows on their way to the kernel."""
    plain = plain_schema(arrow_schema(sorted(provided)))
    fields = [field.with_nullable(True) for field in plain]
    return pa.schema([*fields, (FATE, pa.int8()), (EXPORT, pa.bool_()), (TOLD, pa.binary())])


def spark_schema(schema: pa.Schema) -> Any:
    """Return an Arrow schema as Spark names it."""
    from pyspark.sql.pandas.types import from_arrow_schema

    return from_arrow_schema(schema)


def telling(schema: pa.Schema, told: bytes) -> pa.RecordBatch:
    """Return the one row in which a task tells something."""
    columns = [pa.nulls(1, field.type) for field in schema]
    columns[schema.get_field_index(TOLD)] = pa.array([told], pa.binary())
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def checked_batches(rows: Iterable[tuple[Checked, Piece]], schema: pa.Schema) -> Batches:
    """Yield the rows that were let in, and what became of all of them, for parts that were checked at the door."""
    try:
        for part, piece in rows:
            kept, summary = kept_rows(part, piece)
            yield telling(schema, b"S" + summary_bytes(summary))
            yield from filled(kept, schema).to_batches(max_chunksize=1 << 16)
    except AnalyzerError as error:
        yield telling(schema, b"E" + json.dumps([type(error).__name__, error.cause, error.remedy]).encode())


def _door(label: str, names: tuple[str, ...], options: ReadOptions, schema: pa.Schema) -> Callable[[Batches], Batches]:
    def door(batches: Batches) -> Batches:
        # Batches of ten thousand rows are joined: the door's cost is by the batch as much as by the row.
        for table in _tables(batches):
            piece = Piece(label, PieceKind.FRAME, len(table), names, frame=table)
            yield from checked_batches(((part, piece) for part in checked(piece, options)), schema)

    return door


def _tables(batches: Batches, rows: int = 1 << 18) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.num_rows for b in held) >= rows:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _kernel(plan: Plan, schema: pa.Schema) -> Callable[[Batches], Batches]:
    def kernel(batches: Batches) -> Batches:
        held = list(batches)
        if not held:
            return
        rows = pa.Table.from_batches(held)
        told = rows[TOLD].drop_null()
        yield from (telling(schema, text) for text in told.to_pylist())
        # Spark names times by the zone of its session; the kernel knows one zone.
        rows = rows.cast(admitted_schema(plan.provides)).filter(rows[TOLD].is_null()).drop_columns([TOLD])
        if len(rows) == 0:
            return
        found = vectors_of_rows(rows, plan, lambda: rows)
        yield telling(schema, b"D" + str(found.repeated).encode())
        table = found.vectors.as_arrow()
        table = table.append_column(TOLD, pa.nulls(len(table), pa.binary())).cast(schema)
        yield from table.to_batches(max_chunksize=1 << 16)

    return kernel


def intake_of(told: list[bytes]) -> Intake:
    """Return what tasks have told, in whatever order, as one intake.

    Raises
    ------
    InputError
        When a task could not go on, or a source is not what it was taken for.
    """
    for text in told:
        if text[:1] == b"E":
            _, cause, remedy = json.loads(text[1:])
            raise InputError(cause, remedy)
    summaries: list[Summary] = sorted(
        (summary_of_bytes(text[1:]) for text in told if text[:1] == b"S"), key=_place_in_source
    )
    if not summaries:  # no task has seen a row
        raise InputError(f"{FRAME_LABEL} holds no rows.", "Give a source with at least one viewing session.")
    return Intake.of_parts(summaries, sum(int(text[1:]) for text in told if text[:1] == b"D"))


def _place_in_source(summary: Summary) -> tuple[str, int]:
    lines = summary.quarantine["line"]
    return summary.source, lines[0].as_py() if len(lines) else 0


def _bundle_bytes(model: Model) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        place = save_model(
            model.patterns,
            model.under(model.rulebook).marks if model.decided else model.marks,
            Path(folder) / "model",
            rulebook=model.rulebook,
            window=model.window,
            source=model.source,
            lineage=model.lineage,
            inheritance=model.inheritance,
        )
        return {path.name: path.read_bytes() for path in place.iterdir()}


def _classifier(bundle: Any, internal: bool) -> Callable[[Batches], Batches]:
    def classifier(batches: Batches) -> Batches:
        held = list(batches)
        if not held:
            return
        vectors = pa.Table.from_batches(held).to_pandas().set_index(["viewer_id", "window_start"]).sort_index()
        files, marks = bundle.value
        model = replace(_model_of(tuple(sorted(files.items()))), marks=marks)
        answer = classify(model, vectors, internal=internal).reset_index()
        yield from pa.Table.from_pandas(answer, schema=_ANSWERS, preserve_index=False).to_batches()

    return classifier


@cache
def _model_of(files: tuple[tuple[str, bytes], ...]) -> Model:
    """Load a bundle from its bytes, once a worker."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files:
            (Path(folder) / name).write_bytes(data)
        return load_model(folder)
