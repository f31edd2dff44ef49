"""What many tests share: one synthetic population, fitted once, and plain builders of small things."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

from analyzer.features.extract import extract_features
from analyzer.patterns.estimator import UsagePatterns
from analyzer.patterns.profile import QUANTILES, PatternProfile
from analyzer.policy.marks import Mark, mark_patterns
from analyzer.policy.rulebook import Rulebook, load_rulebook, rulebook_from
from analyzer.sessions.records import Sessions
from analyzer.sessions.synthetic import Population, synthesize
from analyzer.workflow.model import Model

settings.register_profile("same every time", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same every time"))


@dataclass(frozen=True)
class Fitted:
    """A synthetic population with what was planted and what was found. Read only: every test sees the same one."""

    sessions: Sessions
    truth: pd.DataFrame
    vectors: pd.DataFrame
    patterns: UsagePatterns
    marks: tuple[Mark, ...]
    model: Model

    @property
    def planted_protected(self) -> set[str]:
        """Viewers with a planted habit that must never be singled out."""
        return set(self.truth.index[self.truth["protected"]])


@pytest.fixture(scope="session")
def fitted() -> Fitted:
    """About 1,500 viewers over three windows of 28 days, and the patterns found in them."""
    sessions, truth = synthesize(Population(viewers=1_500, days=84, seed=1))
    vectors = extract_features(sessions)
    patterns = UsagePatterns().fit(vectors)
    marks = tuple(mark_patterns(patterns))
    model = Model(patterns, marks, load_rulebook(), "28d", "a synthetic population")
    return Fitted(sessions, truth.to_pandas().set_index("viewer_id"), vectors, patterns, marks, model)


@pytest.fixture(scope="session")
def make_profile() -> Callable[..., PatternProfile]:
    """Return a builder of profiles: quiet in every feature of the shipped rulebook unless told otherwise."""
    quiet = dict.fromkeys(sorted(set().union(*(rule.features for rule in load_rulebook().rule))), 0.0)

    def make(households: int = 500, **changes: Any) -> PatternProfile:
        """Features are given as `upper={name: value}` (every quantile) or as whole `quantiles`."""
        values = {**quiet, **changes.pop("upper", {})}
        quantiles = changes.pop("quantiles", {name: dict.fromkeys(QUANTILES, v) for name, v in values.items()})
        told = {"id": "P01", "name": "A pattern", "described": True, "largest_household_share": 0.05, "stability": 0.95}
        told |= changes
        return PatternProfile(households=households, quantiles=quantiles, **told)

    return make


@pytest.fixture(scope="session")
def make_rulebook() -> Callable[..., Rulebook]:
    """Return a builder of rulebooks: each rule is given as its effect and conditions only."""

    def make(*rules: dict[str, Any]) -> Rulebook:
        told = [
            {
                "id": f"rule-{number}",
                "effect": "forbid",
                "because": "A reason long enough to be one.",
                "cites": ["a source"],
                "since": "2026-11-26",
                **rule,
            }
            for number, rule in enumerate(rules, 1)
        ]
        return rulebook_from({"id": "test", "version": "1", "owner": "tests", "rule": told}, "the test's rulebook")

    return make
