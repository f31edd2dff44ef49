"""The thresholds of every check, each declared once with its meaning and the source it follows.

`Limits` feeds the checks, the suppression and the documentation; nothing else in the room holds a number of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import Any, Final

from analyzer.disclosure.allowed import ABOVE_0, NUMBER, REST, SHARE, TRUTH, Allowed, one_of, whole
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


def _setting(default: Any, allowed: Allowed, meaning: str, source: str) -> Any:
    return field(default=default, metadata={"allowed": allowed, "meaning": meaning, "source": source})


HANDBOOK: Final = "Hundepool et al., Statistical Disclosure Control, 2012"
"""Chapter 4 is on tables of totals, chapter 5 on tables of counts."""

HOURS: Final = "Netflix, What We Watched, 2023: titles above 50,000 hours, rounded to 100,000"
_ACRO: Final = "ACRO, default.yaml"
_OURS: Final = "our own choice"
_STRICT: Final = "NHS Digital, disclosure control of HES since 2018; OpenSAFELY"
_DELAWARE: Final = "Delaware Department of Education, data privacy"
_CMS: Final = "CMS / ResDAC, cell size suppression policy"

_ORDERED: Final = (
    ("internal_floor", "public_floor"),
    ("strict_low", "strict_high"),
    ("share_bottom", "share_top"),
    ("derivable_low", "derivable_high"),
)
_APART: Final = ("share_bottom",)  # what is to be below the other one, and not only no more


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every threshold that a number must pass before it may leave; the docs list them with `settings`.

    Raises
    ------
    InputError
        When thresholds are out of their range or contradict each other; it names all of them.
    """

    readers: Readers = _setting(
        Readers.PUBLIC,
        one_of(Readers),
        "Who sees the numbers; decides which of the two floors holds.",
        f"{_OURS}: deny by default",
    )
    internal_floor: int = _setting(
        10,
        whole(1),
        "Fewest households of a number for work inside.",
        f"{_ACRO}: safe_threshold 10; ONS Longitudinal Study: threshold of 10",
    )
    public_floor: int = _setting(
        100,
        whole(1),
        "Fewest households of a number for the public.",
        f"{_OURS}; nearest published: Wikimedia, page views by country, above 90",
    )
    zeros: Zeros = _setting(Zeros.PUBLISH, one_of(Zeros), "Whether an empty cell may leave.", f"{HANDBOOK}, ch. 5")
    dominance_n: int = _setting(
        2, whole(1), "How many of the largest contributions are added up.", f"{HANDBOOK}, ch. 4; {_ACRO}: safe_nk_n 2"
    )
    dominance_share: float = _setting(
        0.90,
        SHARE,
        "A total is withheld when those reach this share of it, or more.",
        f"{HANDBOOK}, ch. 4; {_ACRO}: safe_nk_k 0.90",
    )
    p_ratio: float = _setting(
        0.10,
        ABOVE_0,
        "A total is withheld when what is neither the largest nor the second contribution is less than this part of"
        " the largest: the second could guess the first too well.",
        f"{HANDBOOK}, ch. 4; {_ACRO}: safe_pratio_p 0.10",
    )
    class_disclosure: bool = _setting(
        True, TRUTH, "Whether 'all of group X' and 'all of group X but one' are withheld.", f"{HANDBOOK}, ch. 5"
    )
    within_group_rest: int = _setting(
        1,
        whole(0),
        "How many households outside the one filled cell still know about everybody in it.",
        f"{HANDBOOK}, ch. 5",
    )
    safety_range: float = _setting(
        0.20,
        SHARE,
        "How widely, as part of itself, a number without a rule of its own must stay in doubt when it is withheld.",
        f"{_OURS}; the same kind of interval as the manual safety range of tau-Argus",
    )
    strict: bool = _setting(
        False,
        TRUTH,
        "Whether counts from strict_low to strict_high are withheld and others rounded to strict_base.",
        _STRICT,
    )
    strict_low: int = _setting(1, whole(1), "The strict preset withholds counts from here.", _STRICT)
    strict_high: int = _setting(7, whole(1), "The strict preset withholds counts up to here.", _STRICT)
    strict_base: int = _setting(5, whole(1), "The strict preset rounds other counts to this.", _STRICT)
    share_top: float = _setting(0.95, SHARE, "Shares above are told as 'more than'.", _DELAWARE)
    share_bottom: float = _setting(0.05, REST, "Shares below are told as 'less than'.", _DELAWARE)
    title_hours_floor: float = _setting(50_000, NUMBER, "Fewest hours of a title's public total.", HOURS)
    title_hours_step: float = _setting(100_000, ABOVE_0, "A title's public total is rounded to this.", HOURS)
    derivable_low: int = _setting(1, whole(1), "No number from here may be derived.", _CMS)
    derivable_high: int = _setting(10, whole(1), "No number up to here may be derived.", _CMS)

    def __post_init__(self) -> None:
        wrong = [*self._out_of_range(), *self._contradictions()]
        if wrong:
            raise InputError(
                f"The limits of disclosure are not to be used: {'; '.join(wrong)}.",
                "Leave out what is to be as it is by default.",
            )

    def _out_of_range(self) -> list[str]:
        return [
            f"{f.name} is {getattr(self, f.name)!r}, allowed is {f.metadata['allowed'].words}"
            for f in fields(self)
            if not f.metadata["allowed"].holds(getattr(self, f.name))
        ]

    def _contradictions(self) -> list[str]:
        """Return which thresholds are beyond those that they must not pass; what is no number was told before."""
        allowed = {f.name: f.metadata["allowed"] for f in fields(self)}
        wrong: list[str] = []
        for less, more in _ORDERED:
            low, high = getattr(self, less), getattr(self, more)
            if not (allowed[less].holds(low) and allowed[more].holds(high)):
                continue
            if low > high or (low == high and less in _APART):
                most = "below" if less in _APART else "at most"
                wrong.append(f"{less} is {low!r} and {more} is {high!r}, allowed is {most} {more}")
        return wrong

    @property
    def floor(self) -> int:
        """Fewest households of a number that may leave; above what the strict preset withholds, where that is on."""
        floor = self.internal_floor if self.readers is Readers.INTERNAL else self.public_floor
        return max(floor, self.strict_high + 1) if self.strict else floor

    def at_least(self, floor: int) -> Limits:
        """Return the same limits where those who read them are told of no fewer households than that."""
        if floor <= self.floor:
            return self
        public = max(floor, self.public_floor)
        inside = self.readers is Readers.INTERNAL
        return replace(self, internal_floor=floor if inside else self.internal_floor, public_floor=public)

    def with_floor(self, floor: int) -> Limits:
        """Return the same limits with another floor, whoever reads; the strict preset may ask for more."""
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
