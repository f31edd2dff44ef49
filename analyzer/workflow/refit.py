"""A refit continues an earlier model: patterns keep their ids, and a mark is never lost because data were refitted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from analyzer.errors import InputError
from analyzer.features.context import context_of, viewers_of
from analyzer.patterns.identity import Fate, Lineage, match, overlap, renamed
from analyzer.patterns.profile import PatternProfile, drift
from analyzer.policy.inheritance import inheritance, with_inherited
from analyzer.policy.marks import mark_patterns
from analyzer.workflow.model import Model


def continued(model: Model, vectors: pd.DataFrame, earlier: Model) -> Model:
    """Return a model that was just fitted on `vectors`, as the continuation of an earlier one.

    Patterns are matched by how the same vectors are labelled by both. What split or merged carries the strictest mark
    among its earlier patterns, and what was born waits for a person's decision.

    Raises
    ------
    InputError
        When the earlier model was made for another window or needs a feature that the vectors lack.
    """
    _check(model, vectors, earlier)
    before = earlier.patterns.predict(vectors[list(earlier.patterns.feature_names_in_)])
    context = context_of(vectors)
    households = context.households(vectors.index) if context else viewers_of(vectors.index)
    old, new = earlier.patterns.profiles_, model.patterns.profiles_
    table = overlap(before, model.patterns.labels_, households, len(old), len(new))
    used = earlier.lineage.used if earlier.lineage else ()
    lineage = match(table, [profile.id for profile in old], used)
    model.patterns.profiles_ = _drifted(renamed(new, lineage), old, lineage)
    handed_on = inheritance(lineage, earlier.marks, model.rulebook)
    marks = tuple(with_inherited(mark_patterns(model.patterns, model.rulebook), handed_on))
    return replace(model, marks=marks, lineage=lineage, inheritance=handed_on)


def _check(model: Model, vectors: pd.DataFrame, earlier: Model) -> None:
    if earlier.window != model.window:
        raise InputError(
            f"The earlier model was made for windows of {earlier.window}, these vectors for {model.window}.",
            f"Extract features with --window {earlier.window}, or fit without the earlier model.",
        )
    lacking = [
        name for name in getattr(earlier.patterns, "feature_names_in_", ["named features"]) if name not in vectors
    ]
    if lacking:
        raise InputError(
            f"The vectors lack {lacking[0]}, which the earlier model needs.",
            "Extract all features of the earlier model, or fit without it.",
        )


def _drifted(
    profiles: tuple[PatternProfile, ...], earlier: tuple[PatternProfile, ...], lineage: Lineage
) -> tuple[PatternProfile, ...]:
    known = {profile.id: profile for profile in earlier}
    born = {change.id for change in lineage.changes if change.fate is Fate.BORN}
    return tuple(
        profile
        if profile.id in born or profile.id not in known
        else replace(profile, drift=drift(known[profile.id], profile))
        for profile in profiles
    )
