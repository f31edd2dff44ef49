"""The specs beside this file: tables of player events and what their sessions must say."""

from __future__ import annotations

from pathlib import Path

import pytest

from .table import MEASURES, Row, Spec, answers, arrow_of, events_of, read, read_specs, rows_of

HERE = Path(__file__).parent
SPECS = [spec for path in sorted(HERE.glob("*.spec")) for spec in read_specs(path)]


def _holds(spec: Spec, rows: list[Row]) -> None:
    """Compare the sessions of a spec, in order of their beginning, with its values."""
    sessions = sorted(rows, key=lambda row: str(row["started_at"]))
    assert spec.values, "a spec says something about a measure"
    for number, measure, expected in spec.values:
        got = len(sessions) if measure == "sessions" else sessions[number - 1][measure]
        same = got is None if expected is None else got == pytest.approx(expected, rel=1e-9, abs=1e-9)
        assert same, f"{number}: {measure} is {got}, not {expected}"


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_spec(spec: Spec) -> None:
    _holds(spec, rows_of(read(arrow_of(events_of(spec.table)))))


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_the_oracle_agrees_with_the_spec(spec: Spec) -> None:
    _holds(spec, answers(events_of(spec.table)))


def test_every_spec_says_something_else() -> None:
    said = [spec.says for spec in SPECS]
    assert len(set(said)) == len(said)


@pytest.mark.parametrize("measure", MEASURES)
def test_every_measure_has_a_value_in_a_spec(measure: str) -> None:
    assert any(value is not None for spec in SPECS for _, name, value in spec.values if name == measure)
