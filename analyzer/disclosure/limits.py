"""The thresholds of every check, each declared once with its meaning and the source it follows.

`Limits` feeds the checks, the suppression and the documentation; nothing else in the room holds a number of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, Final

from analyzer.errors import InputError


class Readers(Enum):
    """Who sees what is released. Whoever is not known to work inside is the public."""

    INTERNAL = "internal"
    PUBLIC = "public"


class Zeros(Enum):
    """What a cell without any household means."""

    PUBLISH = "publish"  # nobody is in it; what that says about a whole group is the business of class disclosure
    WITHHOLD = "withhold"  # "nobody of group X" is treated as a number about few


@dataclass(frozen=True, slots=True)
class Setting:
    """One threshold as the documentation shows it."""

    name: str
    default: object
    meaning: str
    source: str


def _setting(default: Any, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"meaning": meaning, "source": source})


_HANDBOOK: Final = "Hundepool et al., Handbook on Statistical Disclosure Control, 2nd ed."
_OURS: Final = "our own choice"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every threshold that a number must pass before it may leave; the docs list them with `settings`.

    Raises
    ------
    InputError
        When a threshold is out of its range.
    """

    readers: Readers = _setting(
        Readers.PUBLIC, "Who sees the numbers; decides which of the two floors holds.", "deny by default"
    )
    internal_floor: int = _setting(
        10, "Fewest households of a number for work inside.", "ACRO 1.0 safe_threshold = 10; ONS Longitudinal Study"
    )
    public_floor: int = _setting(
        100, "Fewest households of a number for the public.", f"{_OURS}; nearest published: Wikimedia, more than 90"
    )
    zeros: Zeros = _setting(Zeros.PUBLISH, "Whether an empty cell may leave.", f"{_HANDBOOK}, ch. 5")
    dominance_n: int = _setting(2, "How many of the largest contributions are added up.", f"{_HANDBOOK}, ch. 4; ACRO")
    dominance_share: float = _setting(
        0.90, "A total is withheld when those reach this share of it, or more.", f"{_HANDBOOK}, ch. 4; ACRO"
    )
    p_ratio: float = _setting(
        0.10,
        "A total is withheld when what is neither the largest nor the second contribution is less than this part of"
        " the largest: the second could guess the first too well.",
        f"{_HANDBOOK}, ch. 4; ACRO safe_pratio_p = 0.1",
    )
    class_disclosure: bool = _setting(
        True, "Whether 'all of group X' and 'all of group X but one' are withheld.", f"{_HANDBOOK}, ch. 5"
    )
    within_group_rest: int = _setting(
        1, "How many households outside the one filled cell still know about everybody in it.", f"{_HANDBOOK}, ch. 5"
    )
    safety_range: float = _setting(
        0.20,
        "How widely, as part of itself, a number without a rule of its own must stay in doubt when it is withheld.",
        "tau-Argus manual: frequency and manual safety range",
    )
    strict_low: int = _setting(1, "The strict preset withholds counts from here.", "NHS Digital, HES; OpenSAFELY")
    strict_high: int = _setting(7, "The strict preset withholds counts up to here.", "NHS Digital, HES; OpenSAFELY")
    strict_base: int = _setting(5, "The strict preset rounds other counts to this.", "NHS Digital, HES; OpenSAFELY")
    share_top: float = _setting(0.95, "Shares above are told as 'more than'.", "Delaware Department of Education")
    share_bottom: float = _setting(0.05, "Shares below are told as 'less than'.", "Delaware Department of Education")
    title_hours_floor: float = _setting(
        50_000, "Fewest hours of a title's public total.", "Netflix, What We Watched: titles above 50,000 hours"
    )
    title_hours_step: float = _setting(
        100_000, "A title's public total is rounded to this.", "Netflix, What We Watched: rounded to 100,000"
    )
    derivable_low: int = _setting(1, "No number from here may be derived.", "CMS / ResDAC cell size policy")
    derivable_high: int = _setting(10, "No number up to here may be derived.", "CMS / ResDAC cell size policy")

    def __post_init__(self) -> None:
        shares = ("dominance_share", "share_top", "share_bottom", "safety_range")
        wrong = [
            *[name for name in shares if not 0 < getattr(self, name) <= 1],
            *[
                name
                for name in ("internal_floor", "public_floor", "dominance_n", "strict_base")
                if self._below(name, 1)
            ],
            *[name for name in ("title_hours_step", "p_ratio") if not getattr(self, name) > 0],
            *[name for name in ("strict_low", "derivable_low", "within_group_rest") if self._below(name, 0)],
        ]
        if wrong:
            raise InputError(
                f"{', '.join(wrong)} out of range in the limits of disclosure.",
                "Shares lie between 0 and 1, floors, bases and steps are at least 1.",
            )

    def _below(self, name: str, least: int) -> bool:
        return not getattr(self, name) >= least

    @property
    def floor(self) -> int:
        """Fewest households of a number that may leave."""
        return self.internal_floor if self.readers is Readers.INTERNAL else self.public_floor

    def with_floor(self, floor: int) -> Limits:
        """Return the same limits with another floor, whoever reads."""
        return replace(self, internal_floor=floor, public_floor=floor)


def limits_for(purpose: str) -> Limits:
    """Return the limits for a purpose in words; every purpose but "internal research" is public.

    Parameters
    ----------
    purpose : str
        As the rulebook names it, such as "public message" or "internal research".
    """
    internal = " ".join(purpose.casefold().replace("-", " ").replace("_", " ").split()) == "internal research"
    return Limits(readers=Readers.INTERNAL if internal else Readers.PUBLIC)


def settings() -> tuple[Setting, ...]:
    """Return every threshold with its default, meaning and source, in the order of the declaration."""
    return tuple(
        Setting(
            f.name,
            f.default.value if isinstance(f.default, Enum) else f.default,
            f.metadata["meaning"],
            f.metadata["source"],
        )
        for f in fields(Limits)
    )
