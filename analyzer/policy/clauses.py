"""What a rule can ask of a pattern's profile: clauses on quantiles and contrasts, and over-represented settings.

A clause answers with evidence or None. A value that it needs and that is missing raises `UnknownValueError`: the caller
turns that into an answer that withholds, so that not knowing never reads as permission.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, Discriminator, Field, ModelWrapValidatorHandler, Tag, field_validator, model_validator

from analyzer.errors import did_you_mean
from analyzer.features.catalog import CATALOG, select
from analyzer.patterns.profile import QUANTILES, WORTH_KEEPING, OverRepresentation, PatternProfile
from analyzer.policy.faults import FROZEN, Fault, refused, with_parts
from analyzer.sessions.schema import ACCESSIBILITY

ANY: Final = "any"  # the limit of evidence that is true or not, and has no size
TAGS: Final = ("clause on a feature", "clause on a contrast")
"""Names of the two kinds of clause in pydantic's places; `mistakes` leaves them out."""

Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


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

    def as_json(self) -> dict[str, Any]:
        """Return the evidence as plain JSON values."""
        return {"attribute": self.attribute, "value": self.value, "limit": self.limit}


class IfUnknown(Enum):
    """What it means that a clause's value is missing."""

    WITHHOLD = "withhold"
    NO_EVIDENCE = "no evidence"  # the clause is not met: most sources cannot see such behaviour


class _Bound(BaseModel):
    """One bound, from below or from above; the bound itself is included."""

    model_config = FROZEN

    at_least: Annotated[Number | None, Field(description="met from this value on")] = None
    at_most: Annotated[Number | None, Field(description="met up to this value")] = None
    if_unknown: Annotated[IfUnknown, Field(description="what a missing value means")] = IfUnknown.WITHHOLD

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        wrong = isinstance(values, dict) and (values.get("at_least") is None) == (values.get("at_most") is None)
        fault = Fault("give either at_least or at_most", "One bound a clause; two bounds are two clauses of all_of.")
        return with_parts(values, parts, [fault] if wrong else [])

    @property
    def limit(self) -> str:
        """The bound in words."""
        return f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"

    def meets(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        """Return which values meet the bound; NaN never does."""
        with np.errstate(invalid="ignore"):
            if self.at_least is not None:
                return np.asarray(values >= self.at_least)
            return np.asarray(values <= (np.nan if self.at_most is None else self.at_most))

    def _found(self, name: str, told: str, value: float | None) -> Evidence | None:
        if value is None or np.isnan(value):
            if self.if_unknown is IfUnknown.NO_EVIDENCE:
                return None
            raise UnknownValueError(name)
        return Evidence(told, value, self.limit) if self.meets(np.array(value)) else None


class Clause(_Bound):
    """A bound on a feature: for a pattern on one of its quantiles, for a vector on the value itself.

    A missing value withholds, unless the clause says that it is no evidence (`if_unknown = "no evidence"`). That is for
    behaviour that hardly any source can see, such as rewinds: else nothing could be said of any data without them.
    """

    feature: Annotated[str, Field(description="a feature of the catalog; docs/reference/features.md lists them")]
    quantile: Annotated[Number, Field(description="which quantile of the pattern's vectors")] = 0.75

    @field_validator("feature")
    @classmethod
    def _known(cls, name: str) -> str:
        return known_feature(name)

    @field_validator("quantile")
    @classmethod
    def _kept(cls, quantile: float) -> float:
        if quantile not in QUANTILES:
            raise refused(f"quantile is {quantile:g}; allowed are {', '.join(f'{q:g}' for q in QUANTILES)}")
        return quantile

    def read(self, profile: PatternProfile) -> float | None:
        """Return the pattern's value, or None where it is missing."""
        return profile.quantiles.get(self.feature, {}).get(self.quantile)

    @property
    def attribute(self) -> str:
        """What is bounded, in words."""
        return f"{self.feature} (quantile {self.quantile:g})"

    def on_pattern(self, profile: PatternProfile) -> Evidence | None:
        """Return the evidence if the pattern's quantile meets the bound."""
        return self._found(self.feature, self.attribute, self.read(profile))

    def on_vectors(self, vectors: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
        """Return which vectors meet the bound, and which are withheld because the value is unknown."""
        withholds = self.if_unknown is IfUnknown.WITHHOLD
        if self.feature not in vectors.columns:
            return np.zeros(len(vectors), dtype=bool), np.full(len(vectors), withholds)
        values = vectors[self.feature].to_numpy(dtype=np.float64)
        return self.meets(values), np.isnan(values) & withholds


class ContrastClause(_Bound):
    """A bound on how a pattern differs from everyone in a feature, in standard deviations of the scaled feature.

    A vector has no contrasts, so such a clause guards none.
    """

    contrast: Annotated[str, Field(description="the feature whose contrast against everyone is bounded")]

    @field_validator("contrast")
    @classmethod
    def _known(cls, name: str) -> str:
        return known_feature(name)

    def read(self, profile: PatternProfile) -> float | None:
        """Return the pattern's value, or None where it is missing."""
        return profile.contrasts.get(self.contrast)

    @property
    def attribute(self) -> str:
        """What is bounded, in words."""
        return f"{self.contrast} against everyone, in sd,"

    def on_pattern(self, profile: PatternProfile) -> Evidence | None:
        """Return the evidence if the pattern's contrast meets the bound."""
        return self._found(f"the contrast of {self.contrast}", self.attribute, self.read(profile))


def _kind(values: Any) -> str:
    keyed = "contrast" in values if isinstance(values, dict) else isinstance(values, ContrastClause)
    return TAGS[1] if keyed else TAGS[0]


AnyClause = Annotated[
    Annotated[Clause, Tag(TAGS[0])] | Annotated[ContrastClause, Tag(TAGS[1])],
    Discriminator(_kind),
]


def known_feature(name: str) -> str:
    """Return a feature's name if the catalog has it."""
    select()
    if name in ACCESSIBILITY:
        raise refused(
            f"{name!r} is an accessibility setting; it may only be used in over_represented",
            "Settings never define a pattern; over_represented raises protection where they are more common.",
        )
    if name not in CATALOG:
        raise refused(
            f"{name!r} is an unknown feature.",
            did_you_mean(name, list(CATALOG)) or "docs/reference/features.md lists every feature.",
        )
    return name


class OverRepresented(BaseModel):
    """Bounds on how much more common an accessibility setting is in a pattern than elsewhere.

    The ratio of shares suits settings that few people use, the odds ratio those that most do: at 70 %, no share can be
    one and a half times as large. Either one decides, and chance must not explain it.
    """

    model_config = FROZEN

    ratio_at_least: Annotated[Number, Field(gt=1.0, description="share here over share elsewhere")]
    odds_at_least: Annotated[
        Annotated[Number, Field(gt=1.0)] | None, Field(description="or: odds here over odds elsewhere")
    ] = None
    p_at_most: Annotated[
        Number, Field(gt=0.0, le=WORTH_KEEPING, description="largest p value; profiles keep no larger one")
    ]

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
