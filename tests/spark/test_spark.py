"""A real local Spark gives what this machine gives: the same vectors bit for bit, the same tally, the same refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analyzer
from analyzer.errors import InputError
from analyzer.features.catalog import CATALOG
from analyzer.features.windows import Window
from analyzer.ledger.reviewed import Choice, Kind
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Reason
from analyzer.sessions.pieces import ReadOptions
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow import jobs
from analyzer.workflow.options import ExtractOptions
from analyzer.workflow.progress import SILENT
from analyzer.workflow.recording import bundle_record

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
]

REPOSITORY = Path(__file__).resolve().parents[2]
INDEX = ["viewer_id", "window_start"]
TIMEOUT_S = 300


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Sessions as a service might hand them over: with repeats, rows nobody chose, broken rows, and unknown columns."""
    sessions, _ = synthesize(Population(viewers=70, days=84, seed=5))
    good = sessions.to_pandas().astype({"viewer_id": str, "title_id": str, "household_id": str})
    looped = good.iloc[::20].assign(autoplay=True, played_s=10.0)
    broken = pd.concat([good.iloc[::90].assign(played_s=-1.0), good.iloc[::70].assign(started_at=pd.NaT)])
    hidden = good.iloc[::60].assign(hidden=True)
    trailers = good.iloc[::50].assign(content_kind="trailer", played_s=40.0)
    everything = pd.concat([good, looped, broken, hidden, trailers, good.iloc[::40]], ignore_index=True)
    shuffled = everything.sample(frac=1.0, random_state=2, ignore_index=True).assign(device=None, note="not declared")
    return arrow(shuffled)


@pytest.fixture(scope="module")
def spread(spark: SparkSession, rows: pa.Table) -> DataFrame:
    """The same rows dealt out one by one to seven partitions, so that no partition has all of a viewer."""
    return spark.createDataFrame(rows).repartition(7)


@pytest.fixture(scope="module")
def files(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows in a folder: Parquet of several row groups, and CSV."""
    folder = tmp_path_factory.mktemp("views")
    cut = len(rows) // 3
    pq.write_table(rows.slice(0, 2 * cut), folder / "a.parquet", row_group_size=1_000)
    rows.slice(2 * cut).to_pandas().to_csv(folder / "b.csv", index=False)
    return folder


def arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as Arrow, with text as Spark has it."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    text = [pa.types.is_dictionary(field.type) or pa.types.is_large_string(field.type) for field in table.schema]
    plain = [(f.name, pa.string() if is_text else f.type) for f, is_text in zip(table.schema, text, strict=True)]
    return table.cast(pa.schema(plain))


def beside_context(vectors: pd.DataFrame) -> pd.DataFrame:
    """Vectors and their context, as in a file."""
    context = vectors.attrs["analyzer.context"].frame.add_prefix("context.")
    flat = pd.concat([vectors, context], axis=1)
    flat.attrs = {}
    return flat


def gathered(frame: DataFrame) -> pd.DataFrame:
    table: pd.DataFrame = frame.toArrow().to_pandas()
    return table.set_index(INDEX).sort_index()


def same_bits(actual: pd.DataFrame, wanted: pd.DataFrame) -> None:
    assert len(wanted) > 0
    pd.testing.assert_frame_equal(actual, wanted, check_exact=True, check_dtype=False)
    numbers = wanted.select_dtypes("number").columns
    one, other = (np.nan_to_num(f[numbers].to_numpy(np.float64), nan=-1.5) for f in (actual, wanted))
    assert one.tobytes() == other.tobytes()


def same_as_here(
    frame: DataFrame, source: Any, reading: dict[str, Any] | None = None, windows: dict[str, Any] | None = None
) -> pd.DataFrame:
    """Spark's vectors, context, tally and quarantine are those of this machine; return the vectors."""
    sessions = analyzer.read_sessions(source, **(reading or {}))
    features = analyzer.extract_features_spark(frame, **(reading or {}), **(windows or {}))
    features.extracted.persist()
    try:
        vectors, intake = gathered(features.vectors), features.intake()
    finally:
        features.extracted.unpersist()
    same_bits(vectors, beside_context(analyzer.extract_features(sessions, **(windows or {}))))
    assert intake.tally == sessions.tally
    assert Counter(intake.quarantine["reason"].to_pylist()) == Counter(sessions.quarantine["reason"].to_pylist())
    return vectors


def told(call: Callable[[], Any], label: str = "") -> tuple[str, str]:
    """The cause and the remedy with which a call is refused, without the name of the source."""
    with pytest.raises(InputError) as refused:
        call()
    return refused.value.cause.replace(label, "IT") if label else refused.value.cause, refused.value.remedy


# ---------------------------------------------------------------- frames


@pytest.mark.parametrize(
    "windows", [{}, {"window": None}, {"step": "7d", "features": ["plays", "night_share", "title_starts_max"]}], ids=str
)
def test_vectors_tally_and_quarantine_are_those_of_this_machine(
    spread: DataFrame, rows: pa.Table, windows: dict[str, Any]
) -> None:
    vectors = same_as_here(spread, rows, windows=windows)
    assert vectors["context.household_id"].notna().all()


def test_the_rows_of_these_tests_meet_every_fate(rows: pa.Table) -> None:
    """Otherwise the test above would say less than it seems to."""
    tally = analyzer.read_sessions(rows).tally
    assert set(tally.dropped) == {"autoplay", "duplicate", "hidden", "trailer_or_preview"}
    assert min(tally.quarantined, *tally.dropped.values()) > 20


def test_columns_with_other_names_are_found_and_the_options_of_reading_count(
    spark: SparkSession, rows: pa.Table
) -> None:
    names = {"started_at": "Start.Time", "played_s": "Seconds", "title_id": "Title ID"}
    other = rows.rename_columns([names.get(name, name) for name in rows.column_names]).drop_columns(["utc_offset_min"])
    mapping = {"started_at": "Start.Time", "played_s": "Seconds"}
    same_as_here(
        spark.createDataFrame(other), other, {"mapping": mapping, "timezone": "Europe/Berlin", "keep_autoplay": True}
    )


def test_the_clock_follows_the_country_and_ids_may_be_numbers_and_columns_all_null(
    spark: SparkSession, rows: pa.Table
) -> None:
    frame = rows.select(["viewer_id", "title_id", "started_at", "played_s", "series_id"]).to_pandas()
    viewer = frame["viewer_id"].str[1:].astype("int64")
    frame = frame.assign(
        viewer_id=viewer, country=np.array(["DE", "US", None], dtype=object)[viewer % 3], captions=None, runtime_s=None
    )
    table = arrow(frame)
    assert pa.types.is_null(table.schema.field("captions").type)
    vectors = same_as_here(spark.createDataFrame(table).repartition(5), table)
    assert vectors.index.get_level_values("viewer_id").isin(viewer.astype(str)).all()
    known = vectors["night_share"].notna().groupby(vectors.index.get_level_values("viewer_id").astype(int) % 3).mean()
    assert known[0] > known[1] == known[2] == 0.0, "Germany has one time, the States have several"


def test_the_time_zone_of_the_session_changes_nothing(
    spark: SparkSession, spread: DataFrame, rows: pa.Table, answers: dict[bool, pd.DataFrame], vectors_file: Path
) -> None:
    spark.conf.set("spark.sql.session.timeZone", "America/New_York")
    try:
        same_as_here(spread, rows)
        model = analyzer.load_model()
        answer = gathered(analyzer.classify_spark(model, spark.read.parquet(vectors_file.as_uri())))
    finally:
        spark.conf.set("spark.sql.session.timeZone", "UTC")
    moved = answer.index.set_levels(answer.index.levels[1].tz_convert("UTC"), level=1)
    pd.testing.assert_frame_equal(answer.set_index(moved), answers[False], check_dtype=False, check_index_type=False)


OWN_MODULE = """
from analyzer.features.catalog import Family, Transform, feature


@feature(Family.VOLUME, "plays", Transform.LOG, null="never")
def plays_twice_over(p):
    "Plays, counted twice."
    return p.vectors.sizes * 2.0
"""


def test_a_feature_of_a_module_that_was_sent_along_is_known_to_the_workers(
    spark: SparkSession, spread: DataFrame, rows: pa.Table, tmp_path: Path
) -> None:
    (tmp_path / "features_of_these_tests.py").write_text(OWN_MODULE)
    spark.sparkContext.addPyFile(str(tmp_path / "features_of_these_tests.py"))
    import_module("features_of_these_tests")
    try:
        vectors = same_as_here(spread, rows, windows={"features": ["plays", "plays_twice_over"]})
    finally:
        del CATALOG["plays_twice_over"]
    assert (vectors["plays_twice_over"] == 2 * vectors["plays"]).all()


# ---------------------------------------------------------------- frames that are no sessions


def test_what_the_columns_tell_is_refused_at_once(spread: DataFrame, rows: pa.Table) -> None:
    spark, here = analyzer.extract_features_spark, analyzer.read_sessions
    bare, bare_here = (
        spread.withColumnRenamed("played_s", "secs_played"),
        rows.rename_columns({"played_s": "secs_played"}),
    )
    label = "the Spark DataFrame"
    assert told(lambda: spark(bare), label) == told(lambda: here(bare_here), "frame")
    unknown = {"started_at": "begun"}
    assert told(lambda: spark(spread, mapping=unknown), label) == told(lambda: here(rows, mapping=unknown), "frame")
    sessions = here(rows)
    for wrong in ({"features": ["hours_plaid"]}, {"window": "a month"}, {"step": "7 weeks or so"}):
        assert told(partial(spark, spread, **wrong)) == told(partial(analyzer.extract_features, sessions, **wrong))


@pytest.mark.parametrize(
    "change",
    [{"started_at": "yesterday"}, {"played_s": -1.0}, {"played_s": True, "started_at": "a while ago"}],
    ids=["unreadable", "all quarantined", "two columns unreadable"],
)
def test_what_only_the_rows_tell_is_refused_by_the_intake(
    spark: SparkSession, rows: pa.Table, change: dict[str, Any]
) -> None:
    table = arrow(rows.slice(0, 300).to_pandas().assign(**change))
    features = analyzer.extract_features_spark(spark.createDataFrame(table).repartition(3))
    assert told(features.intake, "the Spark DataFrame") == told(lambda: analyzer.read_sessions(table), "frame")


def test_a_frame_without_rows_is_refused_by_the_intake(spread: DataFrame, rows: pa.Table) -> None:
    features = analyzer.extract_features_spark(spread.where("false"))
    nothing = rows.slice(0, 0)
    assert features.vectors.count() == 0
    assert told(features.intake, "the Spark DataFrame") == told(lambda: analyzer.read_sessions(nothing), "frame")


# ---------------------------------------------------------------- the engine of the command line


def extracted(
    engine: str, source: str | Path, out: Path, reading: ReadOptions | None = None, **options: Any
) -> dict[str, Any]:
    master = "local[2]" if engine == "spark" else None
    how = ExtractOptions(workers=20, memory_bytes=64 << 20, **options)  # few rows at a time, so that there are pieces
    return jobs.features_job(
        (str(source),), (), out, reading or ReadOptions(), how, jobs.engine_from(engine, master), SILENT
    )


def both(
    source: str | Path, beside: str | Path, folder: Path, reading: ReadOptions | None = None, **options: Any
) -> None:
    """Both engines say the same and write the same bytes, and leave nothing else."""
    local = extracted("local", beside, folder / "local.parquet", reading, **options)
    spark = extracted("spark", source, folder / "spark.parquet", reading, **options)
    assert (folder / "spark.parquet").read_bytes() == (folder / "local.parquet").read_bytes()
    assert spark.pop("engine") == "spark"
    for key in ("tally", "vectors", "features", "window", "step", "resumed_partitions"):
        assert spark[key] == local[key], key
    assert {path.name for path in folder.iterdir()} <= {"local.parquet", "spark.parquet", "key"}


@pytest.mark.usefixtures("spark")
def test_files_of_any_kind_give_the_file_that_the_local_engine_gives(files: Path, tmp_path: Path) -> None:
    both(files, files, tmp_path)
    both(files / "b.csv", files / "b.csv", tmp_path, window=Window.parse("all"))
    hashed = ReadOptions(pseudonyms=True, key_file=tmp_path / "key", timezone="Asia/Tokyo")
    both(files / "a.parquet", files / "a.parquet", tmp_path, hashed, window=Window.parse("28d", "7d"))


@pytest.mark.usefixtures("spark")
def test_a_source_that_is_a_uri_is_read_by_spark(files: Path, tmp_path: Path) -> None:
    parquet = files / "a.parquet"
    both(parquet.as_uri(), parquet, tmp_path)
    both(parquet.as_uri(), parquet, tmp_path, ReadOptions(pseudonyms=True, key_file=tmp_path / "key"))


@pytest.mark.usefixtures("spark")
def test_damaged_parquet_is_refused_and_leaves_nothing(files: Path, tmp_path: Path) -> None:
    whole = (files / "a.parquet").read_bytes()
    folder = tmp_path / "damaged"
    folder.mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (folder / "short.parquet").write_bytes(whole[: len(whole) // 2])
    (folder / "inside.parquet").write_bytes(whole[:2_000] + bytes(20_000) + whole[22_000:])  # the end is as it was
    for name in ("short.parquet", "inside.parquet"):
        cause, remedy = told(partial(extracted, "spark", folder / name, out / "v.parquet"))
        assert "cannot be read as Parquet" in cause
        assert "\n" not in cause
        assert "write it again" in remedy
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("name", ["damaged", "absent"])
def test_a_uri_that_spark_cannot_read_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "damaged").write_bytes(b"PAR1 and nothing else")
    cause, remedy = told(lambda: extracted("spark", (tmp_path / name).as_uri(), tmp_path / "v.parquet"))
    assert name in cause
    assert "\n" not in cause
    assert remedy
    assert not (tmp_path / "v.parquet").exists()


@pytest.mark.usefixtures("spark")
def test_an_output_that_is_the_input_is_refused(files: Path, tmp_path: Path) -> None:
    views = tmp_path / "views.parquet"
    views.write_bytes((files / "a.parquet").read_bytes())
    for source in (views, views.as_uri()):
        cause, _ = told(partial(extracted, "spark", source, views))
        assert "would replace its own input" in cause
    assert views.read_bytes() == (files / "a.parquet").read_bytes()


# ---------------------------------------------------------------- classification


@pytest.fixture(scope="module")
def vectors_file(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("vectors") / "vectors.parquet"
    analyzer.write_features(files, out)
    return out


@pytest.fixture(scope="module")
def answers(files: Path) -> dict[bool, pd.DataFrame]:
    """What this machine answers by the reference model; the keys say whether `internal`."""
    vectors = analyzer.extract_features(analyzer.read_sessions(files))
    found = {
        internal: analyzer.classify(analyzer.load_model(), vectors, internal=internal) for internal in (False, True)
    }
    for answer in found.values():
        answer.attrs = {}
    assert 0.02 < (found[False]["pattern"] == "withheld").mean() < 0.9
    return found


@pytest.mark.parametrize("internal", [False, True], ids=["released", "internal"])
def test_answers_are_those_of_this_machine(
    spark: SparkSession, answers: dict[bool, pd.DataFrame], vectors_file: Path, tmp_path: Path, internal: bool
) -> None:
    dealt = spark.read.parquet(vectors_file.as_uri()).repartition(6)
    answer = analyzer.classify_spark(analyzer.load_model(), dealt, internal=internal)
    assert answer.columns == [*INDEX, "pattern"]
    pd.testing.assert_frame_equal(gathered(answer), answers[internal], check_dtype=False)
    for engine, master in (("local", None), ("spark", "local[2]")):
        out = tmp_path / f"{engine}.parquet"
        jobs.classify_job(vectors_file, "reference", out, internal, None, jobs.engine_from(engine, master), SILENT)
    assert (tmp_path / "spark.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()


def test_a_model_that_cannot_be_saved_cannot_be_sent(spark: SparkSession, vectors_file: Path) -> None:
    vectors, model = spark.read.parquet(vectors_file.as_uri()), analyzer.load_model()
    with pytest.raises(InputError, match="marks are not those"):
        analyzer.classify_spark(replace(model, marks=model.marks[:-1]), vectors)
    too_fine = copy(model.patterns)
    too_fine.min_households = 2
    marks = tuple(analyzer.mark_patterns(too_fine, model.rulebook))
    with pytest.raises(InputError, match="aggregates 2 households"):
        analyzer.classify_spark(replace(model, patterns=too_fine, marks=marks), vectors)


def test_the_workers_use_the_marks_in_force_and_what_a_refit_handed_on(spark: SparkSession, vectors_file: Path) -> None:
    vectors, model = spark.read.parquet(vectors_file.as_uri()), analyzer.load_model()
    here = jobs.engine_from("local", None).classify
    first, second, *_ = sorted(set(here(model, vectors_file, internal=False)["pattern"]) - {"withheld"})
    handed_on = {first: (Reason("newborn", MarkStatus.REVIEW, "It is new.", ("a source",)),)}
    refitted = replace(model, inheritance=handed_on).under(model.rulebook)
    ledger = analyzer.memory_ledger()
    ledger.record_bundle(bundle_record(refitted))
    choice = Choice(
        pattern=second, kind=Kind.TIGHTEN, who="ana", to=MarkStatus.REVIEW, reason="It was looked at again."
    )
    ledger.decide(choice, ledger.pattern(second).last)
    answer = gathered(analyzer.classify_spark(refitted, vectors, ledger=ledger))
    assert not {first, second} & set(answer["pattern"])
    expected = here(analyzer.in_force(refitted, ledger), vectors_file, internal=False)
    assert (expected["pattern"] != "withheld").sum() > 0
    pd.testing.assert_frame_equal(answer, expected, check_dtype=False, check_index_type=False)


def test_vectors_that_lack_a_feature_of_the_model_are_refused(
    spark: SparkSession, vectors_file: Path, tmp_path: Path
) -> None:
    few = pq.read_table(vectors_file).drop_columns(["hours_played"])
    pq.write_table(few, tmp_path / "few.parquet")
    model, said = analyzer.load_model(), []
    for engine, master in (("local", None), ("spark", "local[2]")):
        mover = jobs.engine_from(engine, master)
        said.append(told(partial(mover.classify, model, tmp_path / "few.parquet", internal=False)))
    assert said[0] == said[1]
    vectors = spark.read.parquet((tmp_path / "few.parquet").as_uri())
    assert told(lambda: analyzer.classify_spark(model, vectors)) == said[0]


# ---------------------------------------------------------------- the command


def command(*args: str | Path, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "JAVA_HOME", "TMPDIR") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "analyzer", *map(str, args)],
        cwd=folder,
        env={**kept, "HOME": str(folder), "PYTHONPATH": str(REPOSITORY), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def test_the_command_says_one_json_value_and_writes_the_local_file(files: Path, tmp_path: Path) -> None:
    done = command(
        *("features", files, "--out", "v.parquet", "--engine", "spark", "--master", "local[2]", "--json"),
        folder=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    answer = json.loads(done.stdout)
    assert answer["engine"] == "spark"
    assert answer["tally"] == analyzer.read_sessions(files).tally.as_json()
    analyzer.write_features(files, tmp_path / "local.parquet")
    assert (tmp_path / "v.parquet").read_bytes() == (tmp_path / "local.parquet").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"v.parquet", "local.parquet"}


@pytest.mark.parametrize("trouble", ["no Java", "no such master"])
def test_a_spark_that_cannot_start_is_refused(files: Path, tmp_path: Path, trouble: str) -> None:
    env = {"PATH": str(tmp_path), "JAVA_HOME": ""} if trouble == "no Java" else {}
    master = "local[2]" if trouble == "no Java" else "moon[2]"
    done = command(
        *("features", files, "--out", "v.parquet", "--engine", "spark", "--master", master, "--json"),
        folder=tmp_path,
        **env,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    said = json.loads(done.stdout)
    assert "Spark cannot be started" in said["error"]
    assert "Java 17" in said["remedy"]
