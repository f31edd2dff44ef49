"""What pydantic found wrong with a rulebook, said as a person would: line, place, what is wrong, what is allowed.

pydantic's places are paths into the values; `positions` says on which line of the file each of them stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from analyzer.errors import Mistake, did_you_mean
from analyzer.policy.clauses import TAGS, Clause, ContrastClause, OverRepresented
from analyzer.policy.effects import Effect, MarkStatus
from analyzer.policy.positions import Path
from analyzer.policy.rules import Rule

_LONGEST: Final = 60
_OLD_MARKS: Final = {
    MarkStatus.NEVER_SINGLE_OUT.value: f'effect = "{Effect.FORBID.value}"',
    MarkStatus.REVIEW.value: f'effect = "{Effect.REVIEW.value}"',
}
_INSIDE: Final[dict[str, tuple[type[BaseModel], str]]] = {
    "rule": (Rule, "a rule"),
    "over_represented": (OverRepresented, "over_represented"),
    TAGS[0]: (Clause, "a clause"),
    TAGS[1]: (ContrastClause, "a clause on a contrast"),
}


def mistakes_of(
    error: ValidationError, values: object, lines: Mapping[Path, int], whole: Mapping[str, type[BaseModel]]
) -> tuple[Mistake, ...]:
    """Return every mistake, in the order of the file.

    Parameters
    ----------
    error : ValidationError
        Of the rulebook.
    values : object
        What was validated.
    lines : mapping of path to line
        Where each value stands; empty where the values are not from a file.
    whole : mapping of name to model
        The rulebook's own model under "", and those of its tables.
    """
    told: list[dict[str, Any]] = [{**one} for one in error.errors(include_url=False)]
    inner = {one["loc"][:n] for one in told for n in range(len(one["loc"]))}
    told = [one for one in told if not (_kind(one) == "too_short" and one["loc"] in inner)]  # its elements were wrong
    old = {one["loc"][:-1] for one in told if _kind(one) == "extra_forbidden" and one["loc"][-1] == "mark"}
    kept = [one for one in told if not (one["loc"][-1:] == ("effect",) and one["loc"][:-1] in old)]
    found = [_mistake(one, values, lines, whole) for one in kept]
    return tuple(sorted(dict.fromkeys(found), key=lambda mistake: mistake.line or 0))


def shown(value: object) -> str:
    """Return a value as it may stand in a sentence: short, and a table or list only by its kind."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list | tuple):
        return "a list"
    try:
        text = repr(value)
    except ValueError:  # a whole number with thousands of digits
        return "a number that is too long"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _kind(told: Mapping[str, Any]) -> str:
    return str(told.get("ctx", {}).get("kind", told["type"]))


def _mistake(
    told: Mapping[str, Any], values: object, lines: Mapping[Path, int], whole: Mapping[str, type[BaseModel]]
) -> Mistake:
    path: Path = tuple(part for part in told["loc"] if part not in TAGS)
    kind, key = _kind(told), str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        cause, remedy = _unknown_key(key, told, whole)
    elif kind == "missing":
        cause, remedy = f"`{key}` is missing.", _meaning(key, told["loc"], whole)
        path = path[:-1]
    elif kind == "enum":
        cause, remedy = f"{shown(told['input'])} is not allowed.", _choices(told)
    elif kind == "too_short" and not told["input"]:
        cause, remedy = f"`{key}` is empty.", "Leave it out, or name one."
    else:
        cause, remedy = _plain(told, kind)
    return Mistake(_line(path, lines), place_of(path, values), cause, remedy)


def _unknown_key(key: str, told: Mapping[str, Any], whole: Mapping[str, type[BaseModel]]) -> tuple[str, str]:
    model, noun = _model_at(told["loc"], whole)
    if key == "mark" and model is Rule:
        instead = _OLD_MARKS.get(str(told["input"]), 'effect = "forbid" or effect = "review"')
        return "`mark` is no longer a word of a rule.", f"Write {instead}."
    known = list(model.model_fields)
    shown_key = key if len(key) <= _LONGEST else f"{key[:_LONGEST]}..."
    return f"`{shown_key}` is not a word of {noun}.", did_you_mean(key, known) or f"Allowed are {', '.join(known)}."


def _meaning(key: str, location: tuple[Any, ...], whole: Mapping[str, type[BaseModel]]) -> str:
    field = _model_at(location, whole)[0].model_fields.get(key)
    return f"Add {key}: {field.description}." if field and field.description else f"Add {key}."


def _choices(told: Mapping[str, Any]) -> str:
    allowed = told.get("ctx", {}).get("allowed") or told.get("ctx", {}).get("expected", "")
    words = allowed.replace(" or ", ", ").replace("'", "").split(", ")
    near = did_you_mean(str(told["input"]), words) if isinstance(told["input"], str) else ""
    return f"Allowed are {', '.join(words)}. {near}".rstrip()


def _plain(told: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """Return a message of ours as it is, one of pydantic's with the value that it is about."""
    context = told.get("ctx", {})
    text = str(context.get("text", told["msg"])).removeprefix("Value error, ")
    if kind != "rulebook":
        value = told["input"]
        text = f"{text[:1].lower()}{text[1:]}; it is {shown(value)}"
    return text if text.endswith((".", "?")) else f"{text}.", str(context.get("remedy", ""))


def _model_at(location: tuple[Any, ...], whole: Mapping[str, type[BaseModel]]) -> tuple[type[BaseModel], str]:
    """Return the model of the table that holds the last part of a location, and what such a table is called."""
    for part in reversed(location[:-1]):
        if part in _INSIDE:
            return _INSIDE[part]
        if part in whole:
            return whole[part], f"the table {part}"
    return whole[""], "a rulebook"


def _line(path: Path, lines: Mapping[Path, int]) -> int | None:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def place_of(path: Path, values: object) -> str:
    """Return a path in words: `rule `x` > any_of > 2`, a rule by its id where it has one."""
    parts = [str(part + 1) if isinstance(part, int) else str(part)[:_LONGEST] for part in path]
    if len(path) > 1 and path[0] == "rule":
        parts[:2] = [f"rule {_id_of(path[1], values) or parts[1]}"]
    return " > ".join(parts) or "rulebook"


def _id_of(number: str | int, values: object) -> str:
    rules = values.get("rule") if isinstance(values, Mapping) else None
    rule = rules[number] if isinstance(rules, list) and isinstance(number, int) and number < len(rules) else None
    name = rule.get("id") if isinstance(rule, Mapping) else None
    return f"`{name[:_LONGEST]}`" if isinstance(name, str) and name else ""
