"""A refit continues an earlier model: ids stay, strict marks are handed on, and what is new waits for a person."""

from __future__ import annotations

from copy import copy
from dataclasses import replace

import numpy as np
import pytest

from analyzer.errors import InputError
from analyzer.policy.marks import mark_patterns
from analyzer.policy.rules import MarkStatus
from analyzer.workflow.classify import WITHHELD, classify
from analyzer.workflow.model import Model, load_model
from analyzer.workflow.refit import continued
from analyzer.workflow.run import save


def of_patterns(model: Model, numbers: list[int]) -> Model:
    """A model that knows only some of the patterns, under the ids P01, P02, ... in that order."""
    patterns = copy(model.patterns)
    patterns.prototypes_ = patterns.prototypes_.of_patterns(np.array(numbers))
    patterns.profiles_ = tuple(
        replace(model.patterns.profiles_[n], id=f"P{at + 1:02d}") for at, n in enumerate(numbers)
    )
    return replace(model, patterns=patterns, marks=tuple(mark_patterns(patterns, model.rulebook)))


def again(model: Model) -> Model:
    """The same patterns as if they had just been fitted."""
    return replace(model, patterns=copy(model.patterns))


def like_no_other(fitted) -> int:
    """The pattern whose vectors would have the least place in the others if it were not there."""

    def placed(number):
        others = [n for n in range(fitted.patterns.prototypes_.patterns) if n != number]
        without = of_patterns(fitted.model, others).patterns
        return (without.predict(fitted.vectors)[fitted.patterns.labels_ == number] >= 0).mean()

    return min(range(fitted.patterns.prototypes_.patterns), key=placed)


def test_the_same_patterns_keep_their_ids_and_have_not_moved(fitted):
    model = continued(again(fitted.model), fitted.vectors, fitted.model)
    assert [p.id for p in model.patterns.profiles_] == [p.id for p in fitted.patterns.profiles_]
    assert {p.drift for p in model.patterns.profiles_} == {0.0}
    assert [m.status for m in model.marks] == [m.status for m in fitted.marks]


def test_ids_follow_the_patterns_and_not_their_order(fitted):
    order = list(range(len(fitted.patterns.profiles_)))[::-1]
    model = continued(again(fitted.model), fitted.vectors, of_patterns(fitted.model, order))
    assert [p.id for p in model.patterns.profiles_] == [f"P{n + 1:02d}" for n in order]


def test_a_pattern_that_is_new_has_a_new_id_and_waits_for_a_person(fitted, tmp_path):
    number = like_no_other(fitted)
    known = [n for n in range(len(fitted.patterns.profiles_)) if n != number]
    model = continued(again(fitted.model), fitted.vectors, of_patterns(fitted.model, known))
    fresh = model.patterns.profiles_[number].id
    assert fresh == f"P{len(known) + 1:02d}"
    assert next(m for m in model.marks if m.pattern_id == fresh).status is not MarkStatus.OPEN
    loaded = load_model(save(model, tmp_path / "refit"))
    assert loaded.marks == model.marks
    assert loaded.lineage == model.lineage
    assert loaded.under(model.rulebook).marks == model.marks
    named = classify(loaded, fitted.vectors)["pattern"]
    assert fresh not in set(named)
    assert WITHHELD in set(named)


def test_a_strict_mark_of_the_earlier_model_is_not_lost(fitted):
    earlier = replace(
        fitted.model, marks=tuple(replace(m, status=MarkStatus.NEVER_SINGLE_OUT) for m in fitted.model.marks)
    )
    model = continued(again(fitted.model), fitted.vectors, earlier)
    assert {m.status for m in model.marks} == {MarkStatus.NEVER_SINGLE_OUT}


def test_an_earlier_model_of_another_window_is_refused(fitted):
    with pytest.raises(InputError, match="windows of 7d"):
        continued(again(fitted.model), fitted.vectors, replace(fitted.model, window="7d"))


def test_an_earlier_model_of_features_that_are_not_there_is_refused(fitted):
    with pytest.raises(InputError, match="lack plays"):
        continued(again(fitted.model), fitted.vectors.drop(columns="plays"), fitted.model)
