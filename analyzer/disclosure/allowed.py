"""What a threshold may be: each kind with its words, so that an error can say what is allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import inf
from numbers import Integral, Real
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a value may be.

    Attributes
    ----------
    words : such as "a whole number from 1".
    holds : whether a value is that.
    """

    words: str
    holds: Callable[[object], bool]


def whole(least: int) -> Allowed:
    """Return the whole numbers from `least`; True and False are no numbers."""
    return Allowed(f"a whole number from {least}", lambda value: isinstance(value, Integral) and _between(value, least))


def one_of(kind: type[Enum]) -> Allowed:
    """Return the members of an enumeration."""
    return Allowed(f"a member of {kind.__name__}", lambda value: isinstance(value, kind))


def _between(value: object, least: float, most: float = inf) -> bool:
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    number: Any = value
    return bool(least <= number <= most and number < inf)  # nothing holds of a NaN


TRUTH: Final = Allowed("True or False", lambda value: isinstance(value, bool))
NUMBER: Final = Allowed("a number from 0", lambda value: _between(value, 0))
ABOVE_0: Final = Allowed("a number above 0", lambda value: _between(value, 0) and value != 0)
SHARE: Final = Allowed("a number above 0, up to 1", lambda value: _between(value, 0, 1) and value != 0)
REST: Final = Allowed("a number from 0, below 1", lambda value: _between(value, 0, 1) and value != 1)
