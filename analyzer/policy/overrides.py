"""Setting a rule aside: two different people, a reason and a last day; never for an absolute rule.

What is not valid changes nothing, and is told. A rule that marks patterns as in review can be set aside for a use; the
mark that counts there is worked out in `counting`. Only a rule that fired can be set aside: "no rule allows it" and "it
could not be evaluated" are no rules, so no number of people can agree on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from analyzer.errors import InputError
from analyzer.policy.effects import Effect
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.words import folded

_FEWEST_LETTERS: Final = 10
_FEWEST_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Override:
    """What two people decided about one rule.

    Attributes
    ----------
    rule_id : the rule that they set aside.
    by : who decided; at least two different people.
    reason : why, in words.
    expires : the first day on which it holds no longer.
    """

    rule_id: str
    by: tuple[str, ...]
    reason: str
    expires: date


@dataclass(frozen=True, slots=True)
class RefusedOverride:
    """An override that changed nothing, and why."""

    override: Override
    because: str

    def sentence(self) -> str:
        """Return the refusal in words."""
        return f"The override of {self.override.rule_id!s:.80} changes nothing: {self.because}."


def sort_overrides(
    overrides: Iterable[Override], rulebook: Rulebook, today: date | None
) -> tuple[dict[str, Override], list[RefusedOverride]]:
    """Return valid overrides by rule id, and those that are not valid with the reason."""
    valid: dict[str, Override] = {}
    refused = []
    for override in overrides:
        wrong = _wrong_with(override, rulebook, today)
        if wrong:
            refused.append(RefusedOverride(override, wrong))
        else:
            valid.setdefault(override.rule_id, override)
    return valid, refused


def override_from(values: object) -> Override:
    """Return the override that plain JSON values describe: `rule`, `by`, `reason`, `expires` as 2026-12-31.

    Raises
    ------
    InputError
        When a key is missing or unknown, or a value is not of its kind. Whether it is valid is another question.
    """
    keys = {"rule", "by", "reason", "expires"}
    if not isinstance(values, dict) or set(values) != keys:
        raise InputError("An override is not made of rule, by, reason and expires.", "Give all four, and nothing else.")
    by = values["by"]
    if not isinstance(by, list) or not all(isinstance(text, str) for text in (*by, values["rule"], values["reason"])):
        raise InputError("An override's rule and reason are no texts, or by is no list of names.", "Write them so.")
    return Override(values["rule"], tuple(by), values["reason"], _day(values["expires"]))


def _day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"An override expires on {value!r:.40}, which is no day.", "Write 2026-12-31.") from error


def _wrong_with(override: Override, rulebook: Rulebook, today: date | None) -> str:
    """Return why an override is not valid; empty where it is."""
    rule = next((rule for rule in rulebook.rule if rule.id == override.rule_id), None)
    if rule is None:
        return "the rulebook has no such rule"
    if rule.effect is Effect.ALLOW:
        return "the rule allows, and there is nothing to set aside"
    if not rule.overridable:
        return "the rule is absolute"
    return wrong_people(override.by) or wrong_reason(override.reason) or wrong_day(override.expires, today)


def wrong_people(by: object) -> str:
    """Return why people may not set something aside; empty where they may: at least two different ones."""
    if not isinstance(by, tuple | list) or not all(isinstance(name, str) for name in by):
        return "nobody is named who decided"
    people = {name_compared(name) for name in by}
    if "" in people:
        return "a person has no name"
    return "" if len(people) >= 2 else "two different people must decide"


def name_compared(name: str) -> str:
    """Return a name as it is compared: only letters and digits, for a dot or a gap makes nobody another."""
    return "".join(c for c in folded(name) if c.isalnum())


def wrong_reason(reason: object) -> str:
    """Return why a reason is none; empty where it is one that somebody could check."""
    told = reason if isinstance(reason, str) else ""
    letters = sum(c.isalpha() for c in told)
    enough = letters >= _FEWEST_LETTERS and len(told.split()) >= _FEWEST_WORDS and len(set(told.casefold())) > 4
    return "" if enough else "no reason is given that somebody could check"


def wrong_day(expires: object, today: date | None) -> str:
    """Return why a last day is none that still holds today; empty where it is."""
    if type(expires) is not date:
        return "it has no last day"
    if type(today) is not date:
        return "nobody said what day it is"
    return "" if expires > today else f"it ended on {expires.isoformat()}"
