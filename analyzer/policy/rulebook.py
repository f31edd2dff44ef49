"""Rulebooks: TOML in, a checked and hashed value out; every mistake is reported at once, each with its line."""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, StrictStr, ValidationError, model_validator

from analyzer.errors import Mistake, RulebookError
from analyzer.policy.clauses import Number
from analyzer.policy.effects import Effect
from analyzer.policy.faults import FROZEN, Fault, with_parts
from analyzer.policy.mistakes import mistakes_of
from analyzer.policy.positions import Path as Place
from analyzer.policy.positions import lines_of
from analyzer.policy.rules import Rule

REMEDY: Final = "docs/how-to/write-a-rulebook.md lists what a rule may say."
_LARGEST: Final = 1_000_000  # bytes; a rulebook that people review is a hundred times smaller
_MOST_ENTRIES: Final = 20_000  # of all tables and lists; each wrong one is a mistake that would have to be told
_MOST_DOTS: Final = 200  # in one line: a key of that many parts takes tomllib hours


class Border(BaseModel):
    """How near a pattern that is not open a vector may be and still be named.

    Attributes
    ----------
    closed_share_above : the share of a vector's membership in patterns that are not open, above which it is withheld.
    because : why.
    """

    model_config = FROZEN

    closed_share_above: Annotated[
        Number, Field(ge=0, lt=1, description="share of membership in patterns that are not open")
    ]
    because: Annotated[StrictStr, Field(min_length=10, description="one sentence that a reviewer understands")]


class Rulebook(BaseModel):
    """A versioned set of rules.

    Attributes
    ----------
    id, version, owner : whose rules these are.
    border : how near a pattern that is not open a vector may be; without it only patterns are looked at.
    rule : the rules, in the order of the file; the order never changes an outcome.
    """

    model_config = FROZEN

    id: Annotated[StrictStr, Field(description="a name for the rulebook")]
    version: Annotated[StrictStr, Field(description="a text such as 2026.11")]
    owner: Annotated[StrictStr, Field(description="who answers for it")]
    border: Annotated[Border | None, Field(description="how near a closed pattern a vector may be")] = None
    rule: Annotated[tuple[Rule, ...], Field(description="one [[rule]] or more")]

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, values: Any, parts: ModelWrapValidatorHandler[Self]) -> Self:
        rules = values.get("rule") if isinstance(values, dict) else None
        twice = [
            Fault(f"rule {name!r} is there twice", "Give each rule an id of its own.", ("rule", number, "id"))
            for number, name in _repeated(rules if isinstance(rules, list) else [])
        ]
        none = [Fault("give at least one [[rule]]", "The shipped rulebook is a good start.")] if rules == [] else []
        return with_parts(values, parts, [*twice, *none])

    @property
    def marking(self) -> tuple[Rule, ...]:
        """The rules that speak about patterns: they mark, and guard vectors."""
        return tuple(rule for rule in self.rule if rule.marks_patterns)

    @property
    def deciding(self) -> tuple[Rule, ...]:
        """The forbid and review rules that a use meets; a floor for patterns is one for statements as well."""
        others = (rule for rule in self.rule if rule.effect is not Effect.ALLOW)
        return tuple(rule for rule in others if not rule.marks_patterns or rule.households_below is not None)

    @property
    def allowing(self) -> tuple[Rule, ...]:
        """The allow rules."""
        return tuple(rule for rule in self.rule if rule.effect is Effect.ALLOW)

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
        When the file is missing or malformed; `mistakes` has every one, with its line.
    """
    if path is None:
        return _shipped()
    try:
        with Path(path).open("rb") as file:
            content = file.read(_LARGEST + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise RulebookError(f"The rulebook {path} cannot be read: {error}.", "Give a TOML file in UTF-8.") from error
    return parse_rulebook(text, str(path))


def parse_rulebook(text: str, label: str = "rulebook") -> Rulebook:
    """Read a rulebook from TOML text; see `load_rulebook`."""
    if len(text) > _LARGEST or max((line.count(".") for line in text.splitlines()), default=0) > _MOST_DOTS:
        raise RulebookError(f"{label} is too large, or a line of it too long, to be a rulebook.", REMEDY)
    try:
        values = tomllib.loads(text)
    except RecursionError as error:
        raise RulebookError(f"{label} nests its values too deeply to be a rulebook.", REMEDY) from error
    except ValueError as error:  # also numbers of thousands of digits
        line = re.search(r"at line (\d+)", str(error))
        mistake = Mistake(int(line[1]) if line else None, "rulebook", f"this is not TOML: {error}.", "")
        raise RulebookError(f"{label} is not TOML: {error}.", "Look at that line.", (mistake,)) from error
    return rulebook_from(values, label, lines_of(text))


def rulebook_from(values: object, label: str, lines: Mapping[Place, int] | None = None) -> Rulebook:
    """Return the rulebook that plain values describe; see `load_rulebook`. `lines` says where the values stand."""
    if _entries(values) > _MOST_ENTRIES:
        raise RulebookError(f"{label} has more than {_MOST_ENTRIES:,} entries.", REMEDY)
    try:
        return Rulebook.model_validate(values)
    except ValidationError as error:
        mistakes = mistakes_of(error, values, lines or {}, {"": Rulebook, "border": Border})
        count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
        told = [mistake.sentence() for mistake in mistakes]
        cause = f"{label} has {count}: {told[0]}" if len(told) == 1 else "\n  ".join([f"{label} has {count}:", *told])
        raise RulebookError(cause, REMEDY, mistakes) from error


@cache
def _shipped() -> Rulebook:
    return parse_rulebook((resources.files("analyzer.policy") / "default.toml").read_text("utf-8"), "default.toml")


def _repeated(rules: list[Any]) -> list[tuple[int, str]]:
    """Return number and id of each rule whose id an earlier one has."""
    ids = [(number, rule.get("id")) for number, rule in enumerate(rules) if isinstance(rule, dict)]
    seen: set[str] = set()
    again = []
    for number, name in ids:
        if isinstance(name, str) and name in seen:
            again.append((number, name))
        seen |= {name} if isinstance(name, str) else set()
    return again


def _entries(values: object) -> int:
    """Return how many entries all tables and lists have, however deep."""
    waiting, count = [values], 0
    while waiting:
        value = waiting.pop()
        inside = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        count += len(inside)
        waiting += inside
    return count
