"""Two real households' own exports, where they are at hand; nothing of them is in this repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

REAL = Path(__file__).resolve().parents[3] / "shared" / "real"

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason="The real exports lie beside the repository in shared/real, and only where it is made."
)

HOUSEHOLD_A = "household-a-ViewingActivity.csv"


def run_on(terminal, *names: str) -> dict:
    told = terminal.run("run", *(REAL / name for name in names), "--out", "results", "--json").good().json
    tally = told["tally"]
    assert tally["read"] == tally["used"] + sum(tally["dropped"].values()) + tally["quarantined"]
    assert (terminal.path("results") / "report.html").stat().st_size > 10_000
    assert json.loads((terminal.path("results") / "tally.json").read_text("utf-8"))["read"] == tally["read"]
    return told


def test_a_household_is_read_whole(terminal):
    told = run_on(terminal, HOUSEHOLD_A)
    assert told["tally"]["read"] == 3_824
    assert told["tally"]["used"] > 1_000
    assert told["model"] == "reference"
    assert told["vectors"] > 0


def test_all_exports_at_once(terminal):
    names = sorted(path.name for path in REAL.glob("*.csv"))
    assert HOUSEHOLD_A in names
    assert run_on(terminal, *names)["tally"]["read"] == 3_824 + 126 + 5_591


def test_a_folder_is_read_as_its_files(terminal):
    assert run_on(terminal, "")["tally"]["read"] == 3_824 + 126 + 5_591
