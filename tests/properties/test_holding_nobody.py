"""Promise 5: a model holds no viewer. Whoever has the model cannot tell who was in the data."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import holding_nobody
import populations


def test_a_membership_attack_does_hardly_better_than_guessing():
    by_vector, by_viewer = holding_nobody.attack(populations.plain(viewers=6_000, seed=3), seed=1)
    assert by_vector <= 0.52
    assert by_viewer <= 0.53  # one standard deviation of chance is 0.007
