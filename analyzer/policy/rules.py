"""A rule as a frozen value: its effect, what it speaks about, and the conditions that must all hold.

What a rule says is data (TOML). What a kind of condition means is in `on_profiles` for a pattern and in `on_uses` for
what somebody wants to say. What a rule may not say, so that no rulebook permits more because less is known or fewer are
meant, is in `rule_faults`.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import (
    BaseModel,
    Field,
    ModelWrapValidatorHandler,
    StrictBool,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

from analyzer.features.catalog import Family
from analyzer.patterns.profile import PatternProfile
from analyzer.policy.clauses import ANY as ANY
from analyzer.policy.clauses import AnyClause, Clause, Number, OverRepresented, UnknownValueError
from analyzer.policy.clauses import Evidence as Evidence
from analyzer.policy.clauses import IfUnknown as IfUnknown
from analyzer.policy.effects import Effect
from analyzer.policy.effects import MarkStatus as MarkStatus
from analyzer.policy.faults import FROZEN, refused, with_parts
from analyzer.policy.on_profiles import ON_PROFILE
from analyzer.policy.rule_faults import ABOUT_PATTERNS, ABOUT_USES, SCOPE, faults_of
from analyzer.policy.uses import Addressed, Purpose, Statement, Subject

_MOST: Final = 10**12
_Households = Annotated[StrictInt, Field(ge=2, le=_MOST)]
_Because = Annotated[StrictStr, Field(min_length=10, description="one sentence that a reviewer understands")]


class Rule(BaseModel):
    """One rule: an id, its effect, why, on whose word, what it speaks about, and its conditions, which all must hold.

    A rule that names no purpose, statement or subject, and whose conditions only look at the pattern, speaks about the
    pattern itself: it marks it, and guards every vector that shows the behaviour. Any other rule, and every allow rule,
    decides on uses.
    """

    model_config = FROZEN

    id: Annotated[
        StrictStr, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", description="small letters, digits and hyphens")
    ]
    effect: Annotated[Effect, Field(description="what the rule does where all its conditions hold")]
    because: _Because
    cites: Annotated[
        tuple[Annotated[StrictStr, Field(min_length=1)], ...],
        Field(description="the sources: at least one"),
    ]
    since: Annotated[date, Field(description="the day it was written down; nothing depends on it")]
    overridable: Annotated[
        StrictBool, Field(description="whether two people may set it aside, for a reason and until a day")
    ] = False
    purposes: Annotated[
        tuple[Purpose, ...],
        Field(min_length=1, description="only for these purposes; absent: for every one"),
    ] = ()
    statements: Annotated[
        tuple[Statement, ...],
        Field(min_length=1, description="only for these statements; absent: for every kind"),
    ] = ()
    subjects: Annotated[
        tuple[Subject, ...],
        Field(min_length=1, description="only about these; absent: about anything"),
    ] = ()
    any_of: Annotated[
        tuple[AnyClause, ...],
        Field(min_length=1, description="clauses on the profile: one must be met"),
    ] = ()
    all_of: Annotated[
        tuple[AnyClause, ...],
        Field(min_length=1, description="clauses on the profile: all must be met"),
    ] = ()
    over_represented: Annotated[
        OverRepresented | None, Field(description="an accessibility setting is more common than elsewhere")
    ] = None
    family: Annotated[
        Family | None, Field(description="one of this family is among the pattern's leading contrasts")
    ] = None
    households_below: Annotated[_Households | None, Field(description="fewer households than this")] = None
    households_at_least: Annotated[
        _Households | None, Field(description="this many households or more; only in allow rules")
    ] = None
    largest_household_share_above: Annotated[
        Annotated[Number, Field(gt=0, lt=1)] | None, Field(description="one household makes up more of the pattern")
    ] = None
    stability_below: Annotated[
        Annotated[Number, Field(gt=0, le=1)] | None,
        Field(description="it agrees less with itself when other households are drawn"),
    ] = None
    no_pattern: Annotated[StrictBool, Field(description="the windows have no pattern")] = False
    pattern_marked: Annotated[
        tuple[MarkStatus, ...],
        Field(min_length=1, description="the pattern's mark is one of these"),
    ] = ()
    addressed: Annotated[tuple[Addressed, ...], Field(min_length=1, description="one of these is spoken to")] = ()
    names_title: Annotated[StrictBool | None, Field(description="whether a title is named")] = None
    condition_words: Annotated[
        StrictBool, Field(description="the name holds a word for a health condition or disability")
    ] = False
    defined_by_accessibility: Annotated[
        StrictBool, Field(description="an accessibility setting, or what is built on one, defines the group")
    ] = False

    @field_validator("cites", mode="before")
    @classmethod
    def _some(cls, cites: Any) -> Any:
        if isinstance(cites, list | tuple) and not cites:
            raise refused("name at least one source", "A law, a paper, a rule of the house, or `our own choice`.")
        return cites

    @field_validator("since", mode="before")
    @classmethod
    def _day(cls, since: Any) -> Any:
        if isinstance(since, datetime) or not isinstance(since, date | str):  # a number would be read as seconds
            raise refused(f"{since!r:.40} is no date", "Write a day, such as since = 2026-11-26.")
        return since

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        return with_parts(values, parts, faults_of(values) if isinstance(values, dict) else [])

    @property
    def mark(self) -> MarkStatus:
        """The mark that the rule gives where it speaks about patterns."""
        return self.effect.mark

    @cached_property
    def given(self) -> frozenset[str]:
        """The kinds of condition that the rule has."""
        return frozenset(
            kind for kind in (*ABOUT_PATTERNS, *ABOUT_USES) if getattr(self, kind) not in (None, (), False)
        ) | ({"names_title"} if self.names_title is not None else frozenset())

    @property
    def marks_patterns(self) -> bool:
        """Whether the rule speaks about the pattern itself."""
        scoped = any(getattr(self, name) for name in SCOPE)
        return self.effect is not Effect.ALLOW and not scoped and self.given <= set(ABOUT_PATTERNS)

    @property
    def features(self) -> frozenset[str]:
        """The features whose quantiles the rule reads."""
        return frozenset(clause.feature for clause in self.any_of + self.all_of if isinstance(clause, Clause))

    def on_pattern(self, profile: PatternProfile | None) -> list[Evidence]:
        """Return the evidence if all conditions on the pattern hold; profile None stands for no pattern.

        Raises
        ------
        UnknownValueError
            When a value that decides is missing, even if another condition does not hold.
        """
        if profile is None:
            return [Evidence("the windows have no pattern", 1.0, ANY)] if self.no_pattern else []
        found, missing = [], []
        for kind, condition in ON_PROFILE.items():
            try:
                found += [condition(self, profile)] if kind in self.given else []
            except UnknownValueError as error:
                missing.append(str(error))
        if missing:
            raise UnknownValueError(", ".join(missing))
        return [evidence for part in found for evidence in part] if all(found) else []

    def on_vectors(self, vectors: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which vectors the rule withholds: those that show the behaviour, or for which nobody can tell.

        Only clauses on features can be asked of a vector. Those of `any_of` and `all_of` must both hold; whatever else
        the rule asks of a pattern is taken to hold, which can only withhold more.
        """
        if not self.features:
            return np.zeros(len(vectors), dtype=bool)
        withheld = np.ones(len(vectors), dtype=bool)
        for clauses, joined in ((self.any_of, np.logical_or), (self.all_of, np.logical_and)):
            asked = [clause.on_vectors(vectors) for clause in clauses if isinstance(clause, Clause)]
            if asked:
                withheld &= joined.reduce([meets | unknown for meets, unknown in asked])
        return withheld
