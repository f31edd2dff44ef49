"""Households and settings travel beside the vectors; losing them is said, and never taken for knowing them."""

from __future__ import annotations

import warnings
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.errors import InputError
from analyzer.features.context import context_of
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow import tables


@pytest.fixture(scope="module")
def vectors() -> pd.DataFrame:
    return analyzer.extract_features(synthesize(Population(150, days=56))[0])


def halves(vectors: pd.DataFrame) -> list[pd.DataFrame]:
    sessions = synthesize(Population(150, days=56))[0].to_pandas()
    first = sessions["viewer_id"].astype(str) < "v00000075"
    return [analyzer.extract_features(analyzer.read_sessions(sessions[part])) for part in (first, ~first)]


def test_vectors_are_saved_by_pandas_without_their_households(vectors: pd.DataFrame, tmp_path: Path) -> None:
    vectors.to_parquet(tmp_path / "vectors.parquet")
    assert b"h00000" not in (tmp_path / "vectors.parquet").read_bytes()
    assert context_of(pd.read_parquet(tmp_path / "vectors.parquet")) is None


def test_the_context_of_one_partition_is_not_taken_for_that_of_another(vectors: pd.DataFrame) -> None:
    together = pd.concat(halves(vectors))
    assert len(together) == len(vectors)
    assert context_of(together) is None


def test_fitting_without_households_is_warned_about(vectors: pd.DataFrame) -> None:
    with pytest.warns(UserWarning, match="lost their households"):
        analyzer.UsagePatterns().fit(pd.concat(halves(vectors)))


def test_fitting_with_them_is_not(vectors: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        analyzer.UsagePatterns().fit(vectors)
        analyzer.UsagePatterns().fit(vectors[vectors["plays"] > 2])
        analyzer.UsagePatterns().fit(vectors.reset_index(drop=True).to_numpy())


@pytest.mark.parametrize(
    "change", [lambda v: v.reset_index(drop=True), lambda v: v.to_numpy(), lambda v: v.rename_axis(["a", "b"])]
)
def test_windows_of_unknown_viewers_are_not_classified(vectors: pd.DataFrame, change) -> None:
    """Else each window would be judged alone, and those beside a guarded one would be named."""
    with pytest.raises(InputError, match="whose they are"):
        analyzer.classify(analyzer.load_model(), change(vectors))


def test_households_survive_a_file_in_which_a_setting_is_missing(vectors: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    tables.write_vectors(vectors, path, "28d")
    pd.read_parquet(path).drop(columns="context.captions").to_parquet(path)
    read, _ = tables.read_vectors(path)
    expected = context_of(vectors).households(vectors.index)
    assert (context_of(read).households(read.index) == expected).all()
