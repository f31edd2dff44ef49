"""The specs beside this file: tables of sessions and what features must say of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analyzer.features.catalog import FeatureSpec, select
from analyzer.features.extract import extract_features

from .oracle import vectors
from .table import Spec, read_specs, sessions_of

HERE = Path(__file__).parent
SPECS = [spec for path in sorted(HERE.glob("*.spec")) for spec in read_specs(path)]
NEVER = "never"


def _vector(vectors: pd.DataFrame, viewer: str, window: str) -> pd.Series:
    viewers, starts = vectors.index.get_level_values(0), vectors.index.get_level_values(1)
    chosen = np.ones(len(vectors), dtype=bool)
    if viewer:
        chosen &= viewers == viewer
    if window:
        chosen &= starts == pd.Timestamp(window, tz="UTC")
    assert chosen.sum() == 1, f"{viewer} {window} is not one of {list(vectors.index)}"
    return vectors[chosen].iloc[0]


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_spec(spec: Spec) -> None:
    assert spec.values, "a spec says something about a feature"
    actual = extract_features(sessions_of(spec.table), spec.window)
    for viewer, window, feature, expected in spec.values:
        got = _vector(actual, viewer, window)[feature]
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), f"{viewer} {feature}"


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_the_oracle_agrees_with_the_spec(spec: Spec) -> None:
    days = None if spec.window == "all" else int(spec.window.removesuffix("d"))
    answer = vectors(sessions_of(spec.table).to_pandas(), days)
    for viewer, window, feature, expected in spec.values:
        got = _vector(answer, viewer, window)[feature]
        assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True), f"{viewer} {feature}"


def test_every_spec_says_something_else() -> None:
    said = [spec.says for spec in SPECS]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("feature", select(), ids=lambda f: f.name)
def test_every_feature_has_a_value_in_a_spec_and_a_null_where_it_can_be_null(feature: FeatureSpec) -> None:
    values = np.array([value for spec in SPECS for *_, name, value in spec.values if name == feature.name])
    assert (~np.isnan(values)).any(), f"no spec gives {feature.name} a value"
    assert np.isnan(values).any() == (feature.null != NEVER), f"{feature.name} is null when: {feature.null}"
