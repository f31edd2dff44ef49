"""Patterns and marks as plain values for JSON and for the report."""

from __future__ import annotations

from typing import Any, Final

from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.profile import PatternProfile
from analyzer.patterns.prototypes import Prototypes
from analyzer.patterns.vocabulary import BASE_RATE as BASE_RATE
from analyzer.patterns.vocabulary import gives
from analyzer.policy.marks import Mark, Reason
from analyzer.report.data import Card, Place
from analyzer.workflow.model import Model

INSIDE: Final = "people inside the company; not for publication"


def cards(model: Model) -> list[Card]:
    """Return one card a pattern, in the order of their ids."""
    select()
    return [
        Card(
            profile=profile,
            mark=mark,
            gives=gives(profile.contrasts),
            place=_place(model.patterns.prototypes_, number),
            features={n: (CATALOG[n].unit, CATALOG[n].meaning) for n in profile.contrasts if n in CATALOG},
        )
        for number, (profile, mark) in enumerate(zip(model.patterns.profiles_, model.marks, strict=False))
    ]


def _place(cells: Prototypes, number: int) -> Place | None:
    centers = cells.centers[cells.pattern == number]
    if len(centers) == 0 or centers.shape[1] < 2:
        return None
    return Place(float(centers[:, 0].mean()), float(centers[:, 1].mean()))


def summary(model: Model) -> list[dict[str, str]]:
    """Return id, name, mark and size band of each pattern."""
    return [
        {"id": p.id, "name": p.name, "mark": m.status.value, "size_band": p.size_band}
        for p, m in zip(model.patterns.profiles_, model.marks, strict=False)
    ]


def headline(profile: PatternProfile | None) -> dict[str, str]:
    """Return name and size band of a pattern; None stands for the windows without one."""
    if profile is None:
        return {"name": "Windows without a pattern", "size_band": "not counted"}
    return {"name": profile.name, "size_band": profile.size_band}


def changes(model: Model) -> list[dict[str, Any]]:
    """Return what became of the earlier model's patterns; empty for a first fit."""
    if model.lineage is None:
        return []
    return [
        {"pattern": c.id, "fate": c.fate.value, "earlier": list(c.earlier), "sentence": c.sentence()}
        for c in model.lineage.changes
    ]


def patterns_json(model: Model) -> dict[str, Any]:
    """Return what each pattern is: size band, contrasts, smoothed quantiles, what it may give people."""
    return {
        "for": INSIDE,
        "window": model.window,
        "fitted_on": model.source,
        "base_rate": BASE_RATE,
        "changes": changes(model),
        "evidence": model.patterns.evidence_.sentence(),
        "patterns": [_pattern_json(profile) for profile in model.patterns.profiles_],
    }


def _pattern_json(profile: PatternProfile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "name": profile.name,
        "size_band": profile.size_band,
        "stability": profile.stability,
        "drift": profile.drift,
        "contrasts": dict(profile.leading_contrasts(len(profile.contrasts))),
        "quantiles": {n: {f"{q:g}": v for q, v in qs.items()} for n, qs in profile.quantiles.items()},
        "gives": gives(profile.contrasts),
    }


def marks_json(model: Model) -> dict[str, Any]:
    """Return each mark with its reasons and their evidence, and the rulebook behind them."""
    return {
        "for": INSIDE,
        "rulebook": {"id": model.rulebook.id, "version": model.rulebook.version, "hash": model.rulebook.hash},
        "decided": model.decided or None,
        "base_rate": BASE_RATE,
        "marks": [mark_json(mark) for mark in model.marks],
    }


def mark_json(mark: Mark) -> dict[str, Any]:
    """Return one mark as plain values."""
    return {
        "pattern": mark.pattern_id,
        "mark": mark.status.value,
        "rules": list(mark.rule_ids),
        "reasons": [_reason_json(reason) for reason in mark.reasons],
        "set_aside": [_reason_json(reason) for reason in mark.aside],
    }


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule_id,
        "mark": reason.status.value,
        "because": reason.because,
        "cites": list(reason.cites),
        "evidence": [evidence.as_json() for evidence in reason.evidence],
        "failure": reason.failure,
    }


def explanation(model: Model, pattern_id: str) -> tuple[PatternProfile | None, Mark] | None:
    """Return profile and mark of a pattern (profile None for "no pattern"), or None where there is no such pattern."""
    wanted = pattern_id.casefold().replace("-", " ").replace("_", " ")
    profiles: list[PatternProfile | None] = [*model.patterns.profiles_, None]
    for profile, mark in zip(profiles, model.marks, strict=True):
        if mark.pattern_id.casefold() == wanted:
            return profile, mark
    return None
