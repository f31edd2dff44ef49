"""Kinds of rule as frozen values. What a rule says is data (TOML); what a kind of rule means is here.

A condition answers `Finding` or None. A value that it needs and that is missing raises `Unknown`: the caller turns
that into a mark that withholds, so that not knowing never reads as permission.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from analyzer.errors import did_you_mean
from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.profile import QUANTILES, WORTH_KEEPING, OverRepresentation, PatternProfile
from analyzer.sessions.schema import ACCESSIBILITY


class MarkStatus(Enum):
    """The policy's word on a pattern, mildest first; the worst wins."""

    OPEN = "open"
    REVIEW = "review"
    NEVER_SINGLE_OUT = "never_single_out"

    @property
    def severity(self) -> int:
        """0 for the mildest."""
        return list(MarkStatus).index(self)

    @staticmethod
    def worst(statuses: list[MarkStatus]) -> MarkStatus:
        """Return the most severe of the statuses; open where there is none."""
        return max(statuses, key=lambda s: s.severity, default=MarkStatus.OPEN)


ANY = "any"  # the limit of evidence that is true or not, and has no size


class UnknownValueError(LookupError):
    """A rule needs a value that is missing."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One value that made a rule fire: `attribute` is `value`, where the rule says `limit`."""

    attribute: str
    value: float
    limit: str

    def sentence(self) -> str:
        """Return the evidence in words."""
        return self.attribute if self.limit == ANY else f"{self.attribute} is {self.value:g} ({self.limit})"


_FROZEN = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
_M = TypeVar("_M")


def with_parts(values: object, parts: Callable[[Any], _M], mistakes: list[str]) -> _M:
    """Validate the parts of a value, and report mistakes of the whole beside theirs: all at once."""
    found: list[InitErrorDetails] = []
    try:
        made = parts(values)
    except ValidationError as error:
        found = [_detail(e["msg"], e["loc"], e["input"]) for e in error.errors()]
    found += [_detail(text, (), values) for text in mistakes]
    if found:
        raise ValidationError.from_exception_data("rulebook", found)
    return made


def _detail(text: str, place: tuple[int | str, ...], given: object) -> InitErrorDetails:
    told = PydanticCustomError("rulebook", "{text}", {"text": text})
    return InitErrorDetails(type=told, loc=place, input=given)


class IfUnknown(Enum):
    """What it means that a clause's value is missing."""

    WITHHOLD = "withhold"
    NO_EVIDENCE = "no evidence"  # the clause is not met: most sources cannot see such behaviour


class Clause(BaseModel):
    """A bound on a feature: for a pattern on one of its quantiles, for a vector on the value itself.

    A missing value withholds, unless the clause says that it is no evidence (`if_unknown = "no evidence"`). That is for
    behaviour that hardly any source can see, such as rewinds: else nothing could be said of any data without them.
    """

    model_config = _FROZEN

    feature: str
    at_least: float | None = None
    at_most: float | None = None
    quantile: float = 0.75
    if_unknown: IfUnknown = IfUnknown.WITHHOLD

    @field_validator("feature")
    @classmethod
    def _known(cls, name: str) -> str:
        select()
        if name in ACCESSIBILITY:
            raise ValueError(f"{name!r} is an accessibility setting; it may only be used in over_represented")
        if name not in CATALOG:
            raise ValueError(f"{name!r} is an unknown feature. {did_you_mean(name, list(CATALOG))}".strip())
        return name

    @field_validator("quantile")
    @classmethod
    def _kept(cls, quantile: float) -> float:
        if quantile not in QUANTILES:
            raise ValueError(f"quantile is {quantile:g}; allowed are {', '.join(f'{q:g}' for q in QUANTILES)}")
        return quantile

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        wrong = isinstance(values, dict) and (values.get("at_least") is None) == (values.get("at_most") is None)
        return with_parts(values, parts, ["give either at_least or at_most"] if wrong else [])

    @property
    def limit(self) -> str:
        """The bound in words."""
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def on_pattern(self, profile: PatternProfile) -> Evidence | None:
        """Return the evidence if the pattern's quantile meets the bound."""
        value = profile.quantiles.get(self.feature, {}).get(self.quantile)
        if value is None or np.isnan(value):
            if self.if_unknown is IfUnknown.NO_EVIDENCE:
                return None
            raise UnknownValueError(self.feature)
        name = f"{self.feature} (quantile {self.quantile:g})"
        return Evidence(name, value, self.limit) if self._meets(np.array(value)) else None

    def on_vectors(self, vectors: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return which vectors meet the bound, and which are withheld because the value is unknown."""
        withholds = self.if_unknown is IfUnknown.WITHHOLD
        if self.feature not in vectors.columns:
            return np.zeros(len(vectors), dtype=bool), np.full(len(vectors), withholds)
        values = vectors[self.feature].to_numpy(dtype=np.float64)
        return self._meets(values), np.isnan(values) & withholds

    def _meets(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        with np.errstate(invalid="ignore"):
            if self.at_least is not None:
                return np.asarray(values >= self.at_least)
            return np.asarray(values <= (np.nan if self.at_most is None else self.at_most))


class OverRepresented(BaseModel):
    """Bounds on how much more common an accessibility setting is in a pattern than elsewhere.

    The ratio of shares suits settings that few people use, the odds ratio those that most do: at 70 %, no share can be
    one and a half times as large. Either one decides, and chance must not explain it.
    """

    model_config = _FROZEN

    ratio_at_least: Annotated[float, Field(gt=1.0)]
    odds_at_least: Annotated[float, Field(gt=1.0)] | None = None
    p_at_most: Annotated[float, Field(gt=0.0, le=WORTH_KEEPING)]  # profiles keep no more

    def on_pattern(self, profile: PatternProfile) -> list[Evidence]:
        """Return evidence for every setting beyond both bounds. A setting that nobody knows is no evidence."""
        beyond_chance = [found for found in profile.over_represented if found.p_value <= self.p_at_most]
        return [evidence for found in beyond_chance if (evidence := self._evidence(found))]

    def _evidence(self, found: OverRepresentation) -> Evidence | None:
        if found.ratio >= self.ratio_at_least:
            return Evidence(f"{found.setting} ratio", found.ratio, f"at least {self.ratio_at_least:g}")
        if self.odds_at_least is not None and found.odds is not None and found.odds >= self.odds_at_least:
            return Evidence(f"{found.setting} odds ratio", found.odds, f"at least {self.odds_at_least:g}")
        return None


_KINDS = (
    "any_of",
    "all_of",
    "over_represented",
    "households_below",
    "largest_household_share_above",
    "stability_below",
    "no_pattern",
)


class Rule(BaseModel):
    """One rule: an id, the mark it gives, why, on whose word, and exactly one kind of condition."""

    model_config = _FROZEN

    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    mark: MarkStatus
    because: Annotated[str, Field(min_length=10)]
    cites: tuple[Annotated[str, Field(min_length=1)], ...]
    any_of: tuple[Clause, ...] = ()
    all_of: tuple[Clause, ...] = ()
    over_represented: OverRepresented | None = None
    households_below: Annotated[int, Field(ge=2)] | None = None
    largest_household_share_above: Annotated[float, Field(gt=0, lt=1)] | None = None
    stability_below: Annotated[float, Field(gt=0, le=1)] | None = None
    no_pattern: bool = False

    @field_validator("cites", mode="before")
    @classmethod
    def _some(cls, cites: Any) -> Any:
        if isinstance(cites, list | tuple) and not cites:
            raise ValueError("name at least one source")
        return cites

    @field_validator("mark")
    @classmethod
    def _raises(cls, mark: MarkStatus) -> MarkStatus:
        if mark is MarkStatus.OPEN:
            raise ValueError("a rule can only raise a mark; 'open' is what remains when none fires")
        return mark

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        wrong = isinstance(values, dict) and sum(bool(values.get(kind)) for kind in _KINDS) != 1
        return with_parts(values, parts, [f"give exactly one of {', '.join(_KINDS)}"] if wrong else [])

    @property
    def features(self) -> frozenset[str]:
        """The features that the rule reads."""
        return frozenset(clause.feature for clause in self.any_of + self.all_of)

    def on_pattern(self, profile: PatternProfile | None) -> list[Evidence]:
        """Return the evidence if the rule fires on a pattern; None stands for no pattern.

        Raises
        ------
        UnknownValueError
            When a value that decides is missing.
        """
        if profile is None:
            return [Evidence("the windows have no pattern", 1.0, ANY)] if self.no_pattern else []
        if self.any_of:
            return _any(self.any_of, profile)
        if self.all_of:
            found = [clause.on_pattern(profile) for clause in self.all_of]
            return [e for e in found if e] if all(found) else []
        if self.over_represented is not None:
            return self.over_represented.on_pattern(profile)
        if self.stability_below is not None:
            return self._on_stability(profile, self.stability_below)
        return self._on_size(profile)

    def _on_stability(self, profile: PatternProfile, bound: float) -> list[Evidence]:
        if profile.stability is None:
            raise UnknownValueError("stability")
        return [Evidence("stability", profile.stability, f"below {bound:g}")] if profile.stability < bound else []

    def _on_size(self, profile: PatternProfile) -> list[Evidence]:
        if self.households_below is not None and profile.households < self.households_below:
            return [Evidence("households", self.households_below, f"fewer than {self.households_below}")]
        bound = self.largest_household_share_above
        if bound is None:
            return []
        if profile.largest_household_share is None:
            raise UnknownValueError("largest_household_share")
        share = profile.largest_household_share
        return [Evidence("largest household's share", share, f"above {bound:g}")] if share > bound else []

    def on_vectors(self, vectors: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which vectors the rule withholds: those that show the behaviour, or for which nobody can tell."""
        clauses = self.any_of or self.all_of
        if not clauses:
            return np.zeros(len(vectors), dtype=bool)
        meets, unknown = (np.array(part) for part in zip(*(c.on_vectors(vectors) for c in clauses), strict=True))
        if self.any_of:
            return np.asarray(meets.any(axis=0) | unknown.any(axis=0))
        return np.asarray((meets | unknown).all(axis=0))


def _any(clauses: tuple[Clause, ...], profile: PatternProfile) -> list[Evidence]:
    """A clause that fires decides; only if none does, a missing value matters."""
    found, missing = [], []
    for clause in clauses:
        try:
            evidence = clause.on_pattern(profile)
        except UnknownValueError as error:
            missing.append(str(error))
        else:
            found += [evidence] if evidence else []
    if missing and not found:
        raise UnknownValueError(", ".join(missing))
    return found
