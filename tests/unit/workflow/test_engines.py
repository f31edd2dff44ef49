"""Engines are chosen by name, and choosing costs nothing that is not asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer.errors import InputError
from analyzer.workflow import tables
from analyzer.workflow.engines import LocalEngine, engine_from
from analyzer.workflow.tables import write_vectors

REPOSITORY = Path(__file__).resolve().parents[3]


def test_the_local_engine_has_no_master():
    assert isinstance(engine_from("local", None), LocalEngine)
    with pytest.raises(InputError, match=r"local\[2\] is of no use") as refused:
        engine_from("local", "local[2]")
    assert "--engine spark" in refused.value.remedy


@pytest.mark.parametrize("name", ["dask", "Spark", ""])
def test_an_unknown_engine_is_refused(name):
    with pytest.raises(InputError, match=f"no engine '{name}'") as refused:
        engine_from(name, None)
    assert "local or spark" in refused.value.remedy


def says(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_imports_spark_before_a_session_is_wanted():
    code = """
import sys
import analyzer
from analyzer.workflow import jobs, spark, spark_engine
analyzer.extract_features_spark, analyzer.classify_spark
jobs.engine_from("local", None)
print("pyspark" in sys.modules, "py4j" in sys.modules)
"""
    assert says(code) == "False False"


def test_without_pyspark_the_refusal_says_what_to_install():
    code = """
import sys
sys.modules["pyspark"] = None  # as if it were not installed
from analyzer.errors import InputError
from analyzer.workflow.engines import engine_from
try:
    engine_from("spark", "local[2]")
except InputError as error:
    print(error.cause, error.remedy)
"""
    told = says(code)
    assert told.startswith("Spark is not installed.")
    assert "pip install 'analyzer[spark]'" in told


@pytest.mark.parametrize("shuffled", [False, True])
def test_a_file_is_classified_piece_by_piece_as_it_would_be_whole(fitted, tmp_path, monkeypatch, shuffled):
    vectors = fitted.vectors
    if shuffled:  # a viewer's windows are apart, so the file has to be read whole
        vectors = vectors.iloc[np.random.default_rng(0).permutation(len(vectors))]
        vectors.attrs = fitted.vectors.attrs
    write_vectors(vectors, tmp_path / "vectors.parquet", "28d")
    whole = LocalEngine().classify(fitted.model, tmp_path / "vectors.parquet", internal=False)
    monkeypatch.setattr(tables, "PART_ROWS", 500)
    parts = list(tables.vector_parts(tmp_path / "vectors.parquet"))
    assert (len(parts) == 1) == shuffled
    of_viewer = [set(part.index.get_level_values("viewer_id")) for part in parts]
    assert sum(map(len, of_viewer)) == len(set().union(*of_viewer))
    pd.testing.assert_frame_equal(
        LocalEngine().classify(fitted.model, tmp_path / "vectors.parquet", internal=False), whole
    )
