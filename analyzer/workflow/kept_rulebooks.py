"""Rulebooks of a ledger as people read them: rules with their conditions in words, and what changed between two."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from analyzer.errors import RulebookError
from analyzer.features.catalog import CATALOG, select
from analyzer.policy.clauses import AnyClause, Clause, IfUnknown
from analyzer.policy.diff import Direction, rule_changes
from analyzer.policy.effects import Effect
from analyzer.policy.rulebook import Rulebook, rulebook_from
from analyzer.policy.rules import Rule

_LOOSER: Final = (Direction.REMOVED, Direction.LOOSENED, Direction.BOTH)
_SCOPE: Final = {
    "purposes": "What it is for:",
    "statements": "What is said:",
    "subjects": "What it is about:",
    "addressed": "Who is spoken to:",
    "pattern_marked": "How the pattern is marked:",
}


@dataclass(frozen=True, slots=True)
class RuleInWords:
    """One rule.

    Attributes
    ----------
    id, effect, because, cites, since : as in the rulebook.
    absolute : whether nobody may set it aside.
    conditions : sentences that must all hold; of one that has alternatives, the alternatives.
    """

    id: str
    effect: Effect
    because: str
    cites: tuple[str, ...]
    since: str
    absolute: bool
    conditions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class BookInWords:
    """A rulebook.

    Attributes
    ----------
    id, version, owner, hash : which one, and who answers for it.
    border : how near a pattern that is not open a window may be; empty where the rulebook does not say.
    marking, deciding, allowing : rules about patterns, rules that refuse uses, and rules that allow uses.
    """

    id: str
    version: str
    owner: str
    hash: str
    border: str
    marking: tuple[RuleInWords, ...]
    deciding: tuple[RuleInWords, ...]
    allowing: tuple[RuleInWords, ...]


@dataclass(frozen=True, slots=True)
class ChangeInWords:
    """How one rule differs: its id, the direction in words, the parts, and whether it may protect less than before."""

    rule: str
    direction: str
    details: tuple[str, ...]
    looser: bool


def book_in_words(text: str) -> BookInWords:
    """Return a rulebook of a ledger in words.

    Parameters
    ----------
    text : str
        Canonical JSON, as `RulebookRecord.text` holds it.

    Raises
    ------
    RulebookError
        When it is no rulebook of this version.
    """
    book = kept_rulebook(text)
    border = book.border
    marking = {rule.id for rule in book.marking}
    others = tuple(rule for rule in book.rule if rule.id not in marking and rule.effect.refuses)
    return BookInWords(
        book.id,
        book.version,
        book.owner,
        book.hash,
        f"Above a share of {border.closed_share_above:g} in patterns that are not open. {border.because}"
        if border
        else "",
        tuple(map(_rule, book.marking)),
        tuple(map(_rule, others)),
        tuple(map(_rule, book.allowing)),
    )


def changes_in_words(before: str, after: str) -> tuple[ChangeInWords, ...]:
    """Return what changes when one rulebook of a ledger takes the place of another.

    An allow rule that is gone permits less, so it counts as no loosening; see `rule_changes`.
    """
    earlier, later = kept_rulebook(before), kept_rulebook(after)
    allowed = {rule.id for rule in (*earlier.allowing, *later.allowing)}
    return tuple(
        ChangeInWords(
            change.rule_id, change.direction.value, change.details, _looser(change.direction, change.rule_id in allowed)
        )
        for change in rule_changes(earlier, later)
    )


def _looser(direction: Direction, allows: bool) -> bool:
    if allows and direction in (Direction.ADDED, Direction.REMOVED):
        return direction is Direction.ADDED
    return direction in _LOOSER


def kept_rulebook(text: str) -> Rulebook:
    """Return a rulebook of a ledger.

    Raises
    ------
    RulebookError
        When it is no rulebook of this version.
    """
    try:
        return rulebook_from(json.loads(text), "the rulebook of the ledger")
    except ValueError as error:
        raise RulebookError("The rulebook of the ledger is not JSON.", "Restore a copy of the ledger.") from error


def _rule(rule: Rule) -> RuleInWords:
    return RuleInWords(
        rule.id,
        rule.effect,
        rule.because,
        rule.cites,
        rule.since.isoformat(),
        not rule.overridable,
        tuple(_conditions(rule)),
    )


def _conditions(rule: Rule) -> Iterator[tuple[str, ...]]:
    select()
    for name, words in _SCOPE.items():
        if values := getattr(rule, name):
            yield (f"{words} {_listed([str(value.value).replace('_', ' ') for value in values])}.",)
    if rule.any_of:
        yield tuple(map(_clause, rule.any_of))
    yield from ((_clause(clause),) for clause in rule.all_of)
    yield from ((sentence,) for sentence in _singles(rule))


def _singles(rule: Rule) -> Iterator[str]:
    if rule.over_represented:
        bounds = rule.over_represented
        odds = f", or an odds ratio from {bounds.odds_at_least:g}" if bounds.odds_at_least is not None else ""
        yield (
            f"An accessibility setting is more common in it than elsewhere: a ratio of shares from"
            f" {bounds.ratio_at_least:g}{odds}, and a p value up to {bounds.p_at_most:g}."
        )
    said: list[tuple[Any, str]] = [
        (rule.family, f"One of its leading contrasts is of the family {rule.family}."),
        (rule.households_below, f"There are fewer than {rule.households_below} households."),
        (rule.households_at_least, f"There are {rule.households_at_least} households or more."),
        (
            rule.largest_household_share_above,
            f"One household makes up more than {rule.largest_household_share_above} of it.",
        ),
        (rule.stability_below, f"Its stability is below {rule.stability_below}."),
        (rule.no_pattern, "The windows have no pattern."),
        (rule.names_title is True, "A title is named."),
        (rule.names_title is False, "No title is named."),
        (rule.condition_words, "The name holds a word for a health condition or a disability."),
        (rule.defined_by_accessibility, "An accessibility setting defines the group."),
    ]
    yield from (sentence for value, sentence in said if value)


def _clause(clause: AnyClause) -> str:
    name = clause.feature if isinstance(clause, Clause) else clause.contrast
    meaning = re.split(r"[:;]| \(", CATALOG[name].meaning, maxsplit=1)[0].rstrip(". ")
    silent = "; where it is unknown, that is no evidence" if clause.if_unknown is IfUnknown.NO_EVIDENCE else ""
    if not isinstance(clause, Clause):
        return f"{meaning} ({name}): {clause.limit} standard deviations against everyone{silent}."
    return f"{meaning} ({name}): {clause.limit} at the {100 * clause.quantile:g} % quantile{silent}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
