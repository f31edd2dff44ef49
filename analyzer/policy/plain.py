"""Uses and profiles from plain JSON values and back; every mistake is told, and what is left out stays unknown."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from enum import Enum
from typing import Any, Final, TypeVar

from analyzer.errors import InputError, did_you_mean
from analyzer.patterns.profile import QUANTILES, OverRepresentation, PatternProfile
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Mark
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

Known = Mapping[str, tuple[PatternProfile | None, Mark | MarkStatus | None]]
"""Pattern id -> its profile and mark: what a use may refer to by `pattern`. Only a whole mark says who gave it."""

LEAST_HOUSEHOLDS: Final = 10
_E = TypeVar("_E", bound=Enum)
_WORDS: Final[dict[str, type[Enum]]] = {
    "purpose": Purpose,
    "statement": Statement,
    "subject": Subject,
    "mark": MarkStatus,
    "addressed": Addressed,
    "standing": Standing,
}
_OTHERS: Final = ("profile", "pattern", "marked_by", "households", "names_title", "name", "defined_by")
_PROFILE: Final = (
    "name", "households", "described", "quantiles", "contrasts", "over_represented", "largest_household_share",
    "stability", "drift",
)  # fmt: skip


class _Reader:
    """Takes values out of a table and collects what is wrong with them."""

    def __init__(self, values: object, what: str, known: tuple[str, ...]) -> None:
        self.what, self.remedy = what, ""
        self.wrong: list[str] = []
        self.values: dict[str, Any] = dict(values) if isinstance(values, Mapping) else {}
        if not isinstance(values, Mapping):
            self.wrong.append("it is no table of names and values")
        for name in self.values:
            if name not in known:
                self.wrong.append(f"`{name!s:.60}` is not a word of it")
                self.remedy = self.remedy or did_you_mean(str(name), list(known)) or f"Allowed are {', '.join(known)}."

    def take(self, name: str, meant: str, read: Callable[[Any], Any]) -> Any:
        """Return a value, or None where it is missing, null or a mistake."""
        value = self.values.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except (TypeError, ValueError, KeyError, OverflowError):
            self.wrong.append(f"`{name}` is {value!r:.60}; it is {meant}")
            return None

    def refuse(self) -> None:
        """Raise an error with everything that is wrong, if anything is."""
        if self.wrong:
            raise InputError(
                f"{self.what} has {len(self.wrong)} mistake{'s' if len(self.wrong) > 1 else ''}:"
                f" {'; '.join(self.wrong)}.",
                self.remedy or "docs/how-to/write-a-rulebook.md says what a use is made of.",
            )


def use_from(values: object, known: Known | None = None, what: str = "The use") -> Use:
    """Return the use that plain JSON values describe.

    Parameters
    ----------
    values : mapping
        The attributes of `Use`, each as a word, number, text or list; a profile as a table; or `pattern`, an id in
        `known`, in place of profile and mark. What is missing or null is unknown; nothing has a default.
    known : mapping of pattern id to profile and mark, optional
        An id that is not in it leaves profile and mark unknown, which withholds.
    what : str
        What the values are, for messages.

    Raises
    ------
    InputError
        With every mistake: unknown keys, words that are none, counts below 0 or that are no whole number.
    """
    reader = _Reader(values, what, (*_WORDS, *_OTHERS))
    taken = {name: reader.take(name, f"one of {_listed(kind)}", _word(kind)) for name, kind in _WORDS.items()}
    taken |= {
        "households": reader.take("households", "a whole number from 0", _count),
        "names_title": reader.take("names_title", "true or false", _flag),
        "name": reader.take("name", "a text", _text),
        "defined_by": reader.take("defined_by", "a list of names", _texts),
        "marked_by": reader.take("marked_by", "a list of rule ids", _texts),
        "profile": reader.take("profile", "a table", dict),
    }
    pattern = reader.take("pattern", "the id of a pattern", _text)
    if pattern is not None and {"profile", "mark", "marked_by"} & set(reader.values):
        reader.wrong.append("`pattern` stands beside `profile`, `mark` or `marked_by`; give the one or the others")
    reader.refuse()
    if taken["profile"] is not None:
        taken["profile"] = profile_from(taken["profile"], f"{what}'s profile")
    return Use(**(taken | ({} if pattern is None else _of_pattern(pattern, known or {}))))


def _of_pattern(pattern: str, known: Known) -> dict[str, Any]:
    profile, mark = known.get(pattern, (None, None))
    if isinstance(mark, Mark):
        return {"profile": profile, "mark": mark.status, "marked_by": mark.given_by}
    return {"profile": profile, "mark": mark}


def use_as_json(use: Use) -> dict[str, Any]:
    """Return a use as plain JSON values that `use_from` reads back; what is unknown is left out."""
    told: dict[str, Any] = {}
    for name in Use.__dataclass_fields__:
        value = getattr(use, name)
        if isinstance(value, Enum):
            told[name] = value.value
        elif isinstance(value, PatternProfile):
            told[name] = profile_as_json(value)
        elif value is not None:
            told[name] = list(value) if isinstance(value, tuple) else value
    return told


def profile_from(values: object, what: str = "The profile", pattern_id: str = "P01") -> PatternProfile:
    """Return the profile that plain, sparse JSON values describe; quantiles that are not given are missing.

    A feature's quantiles are a table such as `{"0.75": 4}`, or one number for all of them. `described` follows from
    the number of households where it is not said; that number must be.

    Raises
    ------
    InputError
        With every mistake.
    """
    reader = _Reader(values, what, ("id", *_PROFILE))
    taken = {
        "id": reader.take("id", "a text", _text) or pattern_id,
        "households": reader.take("households", "a whole number from 0", _count),
        "described": reader.take("described", "true or false", _flag),
        "quantiles": reader.take("quantiles", "a table of features", _quantiles) or {},
        "contrasts": reader.take("contrasts", "a table of numbers", _numbers) or {},
        "over_represented": reader.take("over_represented", "a list of settings", _settings) or (),
        "largest_household_share": reader.take("largest_household_share", "a number from 0 to 1", _share),
        "stability": reader.take("stability", "a number from 0 to 1", _share),
        "drift": reader.take("drift", "a number", _number),
    }
    taken["name"] = reader.take("name", "a text", _text) or taken["id"]
    if reader.values.get("households") is None:
        reader.wrong.append("`households` is missing")
    reader.refuse()
    if taken["described"] is None:
        taken["described"] = taken["households"] >= LEAST_HOUSEHOLDS
    return PatternProfile(**taken)


def profile_as_json(profile: PatternProfile) -> dict[str, Any]:
    """Return a profile as plain JSON values that `profile_from` reads back."""
    told = asdict(profile)
    told["quantiles"] = {name: {f"{q:g}": v for q, v in qs.items()} for name, qs in profile.quantiles.items()}
    told["over_represented"] = list(told["over_represented"])
    return {name: value for name, value in told.items() if value is not None}


def _word(kind: type[_E]) -> Callable[[Any], _E]:
    return lambda value: kind(_text(value))


def _listed(kind: type[Enum]) -> str:
    return ", ".join(str(member.value) for member in kind)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(one) for one in _list(value))


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _list(value: Any) -> list[Any] | tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _share(value: Any) -> float:
    if not 0 <= _number(value) <= 1:
        raise ValueError
    return float(value)


def _numbers(value: Any) -> dict[str, float]:
    return {_text(name): _number(number) for name, number in dict(value).items() if number is not None}


def _quantiles(value: Any) -> dict[str, dict[float, float]]:
    return {_text(name): _of_feature(told) for name, told in dict(value).items() if told is not None}


def _of_feature(told: Any) -> dict[float, float]:
    if not isinstance(told, Mapping):
        return dict.fromkeys(QUANTILES, _number(told))
    by_quantile = {float(name): _number(value) for name, value in told.items() if value is not None}
    if not set(by_quantile) <= set(QUANTILES):
        raise ValueError
    return by_quantile


def _settings(value: Any) -> tuple[OverRepresentation, ...]:
    found = [dict(told) for told in _list(value)]
    return tuple(
        OverRepresentation(
            _text(told.pop("setting")), _number(told.pop("ratio")), _number(told.pop("p_value")), **_odds(told)
        )
        for told in found
    )


def _odds(told: dict[str, Any]) -> dict[str, float]:
    odds = told.pop("odds", None)
    if told:
        raise KeyError
    return {} if odds is None else {"odds": _number(odds)}
