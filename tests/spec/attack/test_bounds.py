"""The spec beside this file: what the attacker finds, by the package and by trying out every table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.disclosure.attack import attack
from analyzer.disclosure.insiders import known_to

from .oracle import bounds, possible_tables
from .table import Spec, read_specs

SPECS = read_specs(Path(__file__).with_name("bounds.spec"))
MOST = 16


def by_the_oracle(spec: Spec, cell: int) -> tuple[float, float]:
    known = set() if spec.insider is None else set(known_to(spec.cells(), spec.insider).tolist())
    tables = possible_tables(spec.shape, spec.values, set(spec.bounds), known, spec.step, MOST)
    return bounds(tables, cell, MOST)


def by_the_package(spec: Spec, cell: int) -> tuple[float, float]:
    found = attack(spec.cells(), spec.withheld(), cell, spec.insider)
    return found.low, found.high


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_the_attacker_finds_what_the_spec_says(spec):
    assert spec.bounds, "a spec withholds something"
    assert {cell: by_the_package(spec, cell) for cell in spec.bounds} == spec.bounds


@pytest.mark.parametrize("spec", SPECS, ids=[spec.says for spec in SPECS])
def test_trying_out_every_table_finds_what_the_spec_says(spec):
    assert {cell: by_the_oracle(spec, cell) for cell in spec.bounds} == spec.bounds


@st.composite
def small_tables(draw):
    rows, columns = draw(st.sampled_from([(1, 2), (1, 3), (2, 1), (2, 2), (3, 1)]))
    inner = np.array(draw(st.lists(st.integers(0, 2), min_size=rows * columns, max_size=rows * columns)))
    full = np.pad(inner.reshape(rows, columns), [(0, 1), (0, 1)])
    full[-1], full[:, -1] = full.sum(axis=0), full.sum(axis=1)
    full[-1, -1] = inner.sum()
    withheld = draw(st.sets(st.integers(0, full.size - 2), min_size=1))  # the grand total is told
    ones = [cell for cell in sorted(withheld) if full.ravel()[cell] == 1]
    insider = draw(st.sampled_from(ones)) if ones and draw(st.booleans()) else None
    step = draw(st.sampled_from([0, 0, 2, 3]))
    bounds = dict.fromkeys(withheld, (0.0, 0.0))
    return Spec("", full.shape, tuple(full.ravel().tolist()), bounds, insider, step)


@settings(max_examples=60)
@given(small_tables())
def test_the_attacker_finds_what_trying_out_every_table_finds(spec):
    known = set() if spec.insider is None else set(known_to(spec.cells(), spec.insider).tolist())
    most = spec.values[-1] + spec.step  # no cell can hold more beside a published grand total
    tables = list(possible_tables(spec.shape, spec.values, set(spec.bounds), known, spec.step, most))
    for cell in spec.bounds:
        assert by_the_package(spec, cell) == bounds(iter(tables), cell, most + 1)
