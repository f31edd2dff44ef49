"""Rulebooks: TOML in, a checked and hashed value out; every mistake is reported at once."""

from __future__ import annotations

import hashlib
import json
import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analyzer.errors import RulebookError, did_you_mean
from analyzer.features.catalog import CATALOG, select
from analyzer.policy.rules import Rule
from analyzer.sessions.schema import ACCESSIBILITY


class Rulebook(BaseModel):
    """A versioned set of rules.

    Attributes
    ----------
    id, version, owner : whose rules these are.
    rule : the rules, in the order of the file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: str
    owner: str
    rule: Annotated[tuple[Rule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        problems = [*self._repeated_ids(), *self._unknown_features()]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _repeated_ids(self) -> list[str]:
        ids = [rule.id for rule in self.rule]
        return [f"rule {i!r} is there twice" for i in sorted(set(ids)) if ids.count(i) > 1]

    def _unknown_features(self) -> list[str]:
        select()
        problems = []
        for rule in self.rule:
            for name in sorted(rule.features - set(CATALOG)):
                hint = did_you_mean(name, list(CATALOG))
                if name in ACCESSIBILITY:
                    hint = "Accessibility settings may only be used in over_represented."
                problems.append(f"rule {rule.id!r} names the unknown feature {name!r}. {hint}".strip())
        return problems

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
    parts = [f"rule {part + 1}" if isinstance(part, int) and i == 1 else str(part) for i, part in enumerate(location)]
    return " > ".join(part for part in parts if part != "rule") or "rulebook"


def _plain(message: str) -> str:
    told = message.removeprefix("Value error, ")
    return told if told.endswith((".", "?")) else f"{told}."
