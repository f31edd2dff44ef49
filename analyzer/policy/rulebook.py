"""Rulebooks: TOML in, a checked and hashed value out; every mistake is reported at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ModelWrapValidatorHandler, ValidationError, model_validator

from analyzer.errors import RulebookError
from analyzer.policy.rules import Rule, with_parts


class Border(BaseModel):
    """How near a pattern that is not open a vector may be and still be named.

    Attributes
    ----------
    closed_share_above : the share of a vector's membership in patterns that are not open, above which it is withheld.
    because : why.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    closed_share_above: Annotated[float, Field(ge=0, lt=1)]
    because: Annotated[str, Field(min_length=10)]


class Rulebook(BaseModel):
    """A versioned set of rules.

    Attributes
    ----------
    id, version, owner : whose rules these are.
    border : how near a pattern that is not open a vector may be; without it only patterns are looked at.
    rule : the rules, in the order of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: str
    owner: str
    border: Border | None = None
    rule: tuple[Rule, ...]

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        rules = values.get("rule") if isinstance(values, dict) else None
        ids = [str(rule.get("id")) for rule in rules if isinstance(rule, dict)] if isinstance(rules, list) else []
        mistakes = [f"rule {i!r} is there twice" for i in sorted(set(ids)) if ids.count(i) > 1]
        return with_parts(values, parts, [*mistakes, *(["give at least one [[rule]]"] if rules == [] else [])])

    @property
    def hash(self) -> str:
        """SHA-256 of what the rules say, in hex; layout and comments of the file do not count."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, object]:
        """Return the rulebook as plain JSON values, defaults left out."""
        return self.model_dump(mode="json", exclude_defaults=True)


def load_rulebook(path: str | Path | None = None) -> Rulebook:
    """Read a rulebook from a TOML file; the shipped one where no path is given.

    Raises
    ------
    RulebookError
        When the file is missing or malformed; the error lists every mistake.
    """
    if path is None:
        return _shipped()
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulebookError(f"The rulebook {path} cannot be read: {error}.", "Give a TOML file.") from error
    return parse_rulebook(text, str(path))


def parse_rulebook(text: str, label: str = "rulebook") -> Rulebook:
    """Read a rulebook from TOML text; see `load_rulebook`."""
    try:
        return rulebook_from(tomllib.loads(text), label)
    except tomllib.TOMLDecodeError as error:
        raise RulebookError(f"{label} is not TOML: {error}.") from error


def rulebook_from(values: object, label: str) -> Rulebook:
    """Return the rulebook that plain values describe; see `load_rulebook`."""
    try:
        return Rulebook.model_validate(values)
    except ValidationError as error:
        mistakes = " ".join(f"{_place(e['loc'])}: {_plain(e['msg'])}" for e in error.errors())
        raise RulebookError(
            f"{label} has {error.error_count()} mistake{'s' if error.error_count() > 1 else ''}: {mistakes}",
            "docs/how-to/write-a-rulebook.md lists what a rule may say.",
        ) from error


@cache
def _shipped() -> Rulebook:
    return parse_rulebook((resources.files("analyzer.policy") / "default.toml").read_text("utf-8"), "default.toml")


def _place(location: tuple[int | str, ...]) -> str:
    parts = [str(part + 1) if isinstance(part, int) else part for part in location]
    if len(parts) > 1 and parts[0] == "rule":
        parts[:2] = [f"rule {parts[1]}"]
    return " > ".join(parts) or "rulebook"


def _plain(message: str) -> str:
    told = message.removeprefix("Value error, ")
    return told if told.endswith((".", "?")) else f"{told}."
