"""What a rule's conditions mean for a pattern's profile: each kind answers with its evidence, or with none.

A value that decides and that is missing raises `UnknownValueError`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.profile import PatternProfile
from analyzer.policy.clauses import Evidence, UnknownValueError

if TYPE_CHECKING:
    from analyzer.policy.rules import Rule

LEADING: Final = 0.5
"""A contrast this large, in standard deviations, is worth naming; below it a pattern is much like everyone."""


def _any(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    """A clause that fires decides; only if none does, a missing value matters."""
    found, missing = [], []
    for clause in rule.any_of:
        try:
            evidence = clause.on_pattern(profile)
        except UnknownValueError as error:
            missing.append(str(error))
        else:
            found += [evidence] if evidence else []
    if missing and not found:
        raise UnknownValueError(", ".join(missing))
    return found


def _all(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    found = [clause.on_pattern(profile) for clause in rule.all_of]
    return [e for e in found if e] if all(found) else []


def _settings(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    return rule.over_represented.on_pattern(profile) if rule.over_represented else []


def _family(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    """Where none of the family leads but one of it was not measured, nobody can tell whether that one would."""
    select()
    named = {name for name, spec in CATALOG.items() if spec.family is rule.family}
    known = {name: value for name, value in profile.contrasts.items() if not np.isnan(value)}
    found = [
        Evidence(f"{name} against everyone, in sd,", value, f"a leading contrast of the family {rule.family}")
        for name, value in replace(profile, contrasts=known).leading_contrasts()
        if name in named and abs(value) >= LEADING
    ]
    if not found and not named <= known.keys():
        raise UnknownValueError(f"a contrast of the family {rule.family}")
    return found


def _size(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    return below(profile.households, rule.households_below)


def below(households: int, bound: int | None) -> list[Evidence]:
    """Return the evidence of a floor; it holds the bound in place of the count, for a small count is about somebody."""
    small = bound is not None and households < bound
    return [Evidence("households", bound, f"fewer than {bound}")] if small and bound is not None else []


def _stability(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    if profile.stability is None or np.isnan(profile.stability):
        raise UnknownValueError("stability")
    bound = rule.stability_below
    small = bound is not None and profile.stability < bound
    return [Evidence("stability", profile.stability, f"below {bound:g}")] if small else []


def _dominance(rule: Rule, profile: PatternProfile) -> list[Evidence]:
    share, bound = profile.largest_household_share, rule.largest_household_share_above
    if share is None or np.isnan(share):
        raise UnknownValueError("largest_household_share")
    large = bound is not None and share > bound
    return [Evidence("largest household's share", share, f"above {bound:g}")] if large else []


def _none(_: Rule, __: PatternProfile) -> list[Evidence]:
    return []  # what has a profile has a pattern


ON_PROFILE: Final[dict[str, Callable[[Rule, PatternProfile], list[Evidence]]]] = {
    "any_of": _any,
    "all_of": _all,
    "over_represented": _settings,
    "family": _family,
    "households_below": _size,
    "largest_household_share_above": _dominance,
    "stability_below": _stability,
    "no_pattern": _none,
}
