"""Why a rule fired, and for a rule that people may set aside, the nearest change with which it would not have fired.

The nearest change is the smallest relative move of one condition: a rule fires only where all its conditions hold, so
one that fails is enough. Counts of households are told as the rule's bound and never as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzer.patterns.profile import PatternProfile
from analyzer.policy.clauses import AnyClause, Evidence, UnknownValueError
from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Mark, Reason
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Use

_OF_ANOTHER_KIND = 2.0  # a change that has no size is farther than any that doubles a value
_OF_SCOPE = 3.0


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that would keep a rule from firing, and how far away it is, as a share of the bound."""

    distance: float
    text: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One rule behind a mark, for a reviewer.

    Attributes
    ----------
    reason : the reason that the mark holds.
    overridable : whether people may set the rule aside; None where the rulebook has no such rule (inherited reasons).
    nearest : with what change it would not fire; empty where the rule is absolute or could not be evaluated.
    """

    reason: Reason
    overridable: bool | None
    nearest: str


def explained(mark: Mark, profile: PatternProfile | None, rulebook: Rulebook) -> tuple[Explained, ...]:
    """Return every rule behind a mark with the values that fired it, and what would flip it where it is overridable."""
    rules = {rule.id: rule for rule in rulebook.marking}
    return tuple(_explained(reason, rules.get(reason.rule_id), profile) for reason in mark.reasons)


def _explained(reason: Reason, rule: Rule | None, profile: PatternProfile | None) -> Explained:
    can = rule is not None and rule.overridable and profile is not None and not reason.failure
    nearest = nearest_for_pattern(rule, profile) if can and rule and profile else ""
    return Explained(reason, rule.overridable if rule else None, nearest)


def nearest_for_pattern(rule: Rule, profile: PatternProfile) -> str:
    """Return the nearest change of a pattern with which a rule that fires on it would not fire."""
    changes = _of_profile(rule, profile)
    if rule.households_below is not None:
        changes.append(_floor(rule.households_below, profile.households))
    return _told(changes)


def nearest_for_use(rule: Rule, use: Use) -> str:
    """Return the nearest change of a use with which a rule that fires on it would not fire."""
    changes = _of_profile(rule, use.profile) if use.profile else []
    if rule.households_below is not None and use.households is not None:
        changes.append(_floor(rule.households_below, use.households))
    return _told([*changes, *_of_use(rule, use)])


def _told(changes: Sequence[Change]) -> str:
    nearest = min(changes, key=lambda change: change.distance, default=None)
    return f"would not fire if {nearest.text}" if nearest else ""


def _of_profile(rule: Rule, profile: PatternProfile) -> list[Change]:
    met = [_away(clause, profile) for clause in rule.any_of if _found(clause, profile)]
    changes = [_all_of(met)] if met else []
    changes += [_away(clause, profile) for clause in rule.all_of]
    if rule.over_represented is not None:
        changes.append(Change(_OF_ANOTHER_KIND, "no accessibility setting were more common than the rule's bounds say"))
    if rule.family is not None:
        changes.append(Change(_OF_ANOTHER_KIND, f"nothing of the family {rule.family} were a leading contrast"))
    if rule.stability_below is not None and profile.stability is not None:
        changes.append(
            _bound("stability", f"at least {rule.stability_below:g}", profile.stability, rule.stability_below)
        )
    bound, share = rule.largest_household_share_above, profile.largest_household_share
    if bound is not None and share is not None:
        changes.append(_bound("the largest household's share", f"at most {bound:g}", share, bound))
    return changes


def _found(clause: AnyClause, profile: PatternProfile) -> Evidence | None:
    try:
        return clause.on_pattern(profile)
    except UnknownValueError:
        return None


def _away(clause: AnyClause, profile: PatternProfile) -> Change:
    """Return what would keep one clause from being met."""
    value = clause.read(profile)
    side, bound = ("below", clause.at_least) if clause.at_least is not None else ("above", clause.at_most)
    return _bound(clause.attribute, f"{side} {bound:g}", float("nan") if value is None else value, bound or 0.0)


def _bound(name: str, limit: str, value: float, bound: float) -> Change:
    return Change(abs(value - bound) / max(abs(bound), 1e-9), f"{name} were {limit}; it is {value:g}")


def _floor(bound: int, households: int) -> Change:
    return Change((bound - households) / bound, f"there were at least {bound} households; there are fewer")


def _all_of(changes: list[Change]) -> Change:
    if len(changes) == 1:
        return changes[0]
    texts = [change.text.replace("; it is ", " (it is ") + ")" for change in changes]
    return Change(max(change.distance for change in changes), " and ".join(texts))


def _of_use(rule: Rule, use: Use) -> list[Change]:
    told = {_OF_ANOTHER_KIND: [], _OF_SCOPE: []}  # type: dict[float, list[str]]
    here = told[_OF_ANOTHER_KIND]
    milder = [mark for mark in MarkStatus if rule.pattern_marked and mark not in rule.pattern_marked]
    here += [f"it were marked {milder[-1].words}"] if milder else []
    here += [_narrower_address(rule)] if rule.addressed else []
    if rule.names_title is not None:
        here.append("no title were named" if rule.names_title else "a title were named")
    here += ["the name held no such word"] if rule.condition_words else []
    here += ["no accessibility setting defined the group"] if rule.defined_by_accessibility else []
    if rule.purposes and use.purpose:
        told[_OF_SCOPE].append(f"it were not for {use.purpose.value}")
    if rule.statements and use.statement:
        told[_OF_SCOPE].append(f"it were no {use.statement.value}")
    return [Change(distance, text) for distance, texts in told.items() for text in texts if text]


def _narrower_address(rule: Rule) -> str:
    order = list(Addressed)
    first = min(order.index(who) for who in rule.addressed)
    return f"{order[first - 1].value} were addressed" if first else ""
