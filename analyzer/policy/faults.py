"""Checked values that tell all their mistakes at once: what every part of a rulebook is built from.

pydantic stops at the first kind of mistake when a model is checked as a whole. `with_parts` reports what is wrong with
the whole beside what is wrong with its parts, and keeps what `mistakes` needs to say each in plain words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

FROZEN: Final = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
OURS: Final = "rulebook"
_M = TypeVar("_M")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a value as a whole, what to do, and where in it this shows (empty: the value itself)."""

    cause: str
    remedy: str = ""
    place: tuple[str | int, ...] = ()


def refused(cause: str, remedy: str = "") -> PydanticCustomError:
    """Return the error that a validator raises for one value: what is wrong, and what to do."""
    return PydanticCustomError(OURS, "{text}", {"text": cause, "remedy": remedy, "kind": OURS, "allowed": ""})


def with_parts(values: object, parts: Callable[[Any], _M], faults: list[Fault]) -> _M:
    """Validate the parts of a value, and report faults of the whole beside theirs: all at once.

    Raises
    ------
    ValidationError
        With every mistake, if there is one.
    """
    found: list[InitErrorDetails] = []
    try:
        made = parts(values)
    except ValidationError as error:
        found = [_kept(dict(told)) for told in error.errors(include_url=False)]
    found += [
        InitErrorDetails(type=refused(fault.cause, fault.remedy), loc=fault.place, input=None) for fault in faults
    ]
    if found:
        raise ValidationError.from_exception_data(OURS, found)
    return made


def _kept(told: dict[str, Any]) -> InitErrorDetails:
    """Return an error of a part with its kind and what is allowed, which pydantic would drop when it is raised anew."""
    context = told.get("ctx", {})
    if told["type"] == OURS:
        kept = dict(context)
    else:
        kept = {
            "text": told["msg"].removeprefix("Value error, "),
            "remedy": "",
            "kind": told["type"],
            "allowed": str(context.get("expected", "")),
        }
    return InitErrorDetails(type=PydanticCustomError(OURS, "{text}", kept), loc=told["loc"], input=told["input"])
