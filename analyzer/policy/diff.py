"""What changes when one rulebook takes the place of another: rules, marks of patterns, and outcomes of uses.

A forbid or review rule that can fire more often, or can no longer be set aside, is tighter; an allow rule that can fire
more often is looser. Only the outcomes say what that comes to: they are listed for every pattern and use at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.policy.clauses import AnyClause, Clause, IfUnknown, OverRepresented
from analyzer.policy.decisions import Decision
from analyzer.policy.effects import Effect, MarkStatus
from analyzer.policy.marks import Mark
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Statement, Subject


class Direction(Enum):
    """Which way a rule changed."""

    ADDED = "added"
    REMOVED = "removed"
    LOOSENED = "loosened"
    TIGHTENED = "tightened"
    BOTH = "loosened and tightened"
    REWORDED = "reworded"


@dataclass(frozen=True, slots=True)
class RuleChange:
    """How one rule differs between two rulebooks: in which direction, and in which parts."""

    rule_id: str
    direction: Direction
    details: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """A pattern or use that is answered otherwise: its name, both answers, and the rules behind them."""

    name: str
    before: str
    after: str
    rules_before: tuple[str, ...]
    rules_after: tuple[str, ...]
    looser: bool


def rule_changes(before: Rulebook, after: Rulebook) -> tuple[RuleChange, ...]:
    """Return every rule that differs, in the order of the later rulebook; those that are gone come last."""
    earlier, later = ({rule.id: rule for rule in book.rule} for book in (before, after))
    changes = [
        RuleChange(name, Direction.ADDED, (f"it can {_does(rule)}",))
        if name not in earlier
        else _changed(earlier[name], rule)
        for name, rule in later.items()
        if rule != earlier.get(name)
    ]
    gone = [
        RuleChange(name, Direction.REMOVED, (f"it could {_does(rule)}",))
        for name, rule in earlier.items()
        if name not in later
    ]
    return (*changes, *_border(before, after), *gone)


def mark_changes(before: Iterable[Mark], after: Iterable[Mark]) -> tuple[OutcomeChange, ...]:
    """Return every pattern whose mark is another; both series are of the same patterns in the same order."""
    return tuple(
        OutcomeChange(
            old.pattern_id,
            old.status.value,
            new.status.value,
            old.rule_ids,
            new.rule_ids,
            new.status.severity < old.status.severity,
        )
        for old, new in zip(before, after, strict=True)
        if old.status is not new.status
    )


def decision_changes(decided: Iterable[tuple[str, Decision, Decision]]) -> tuple[OutcomeChange, ...]:
    """Return every use, given with its name and both decisions, whose outcome is another."""
    return tuple(
        OutcomeChange(
            name,
            old.outcome.value,
            new.outcome.value,
            old.rule_ids,
            new.rule_ids,
            new.outcome.severity < old.outcome.severity,
        )
        for name, old, new in decided
        if old.outcome is not new.outcome
    )


_DOES: Final = {Effect.FORBID: "withhold", Effect.REVIEW: "ask for review", Effect.ALLOW: "permit"}
_STRENGTH: Final = {Effect.ALLOW: 0, Effect.REVIEW: 1, Effect.FORBID: 2}
_SETS: Final[Mapping[str, Sequence[Enum]]] = {
    "purposes": tuple(Purpose),
    "statements": tuple(Statement),
    "subjects": tuple(Subject),
    "addressed": tuple(Addressed),
    "pattern_marked": tuple(MarkStatus),
}
_NUMBERS: Final = {
    "households_below": 1,
    "households_at_least": -1,
    "largest_household_share_above": -1,
    "stability_below": 1,
}
"""Parts with one bound, and whether a larger one lets the rule fire more (1) or less (-1)."""
_WORDS: Final = ("because", "cites", "since")
_ASKED: Final = ("no_pattern", "condition_words", "defined_by_accessibility")


def _does(rule: Rule) -> str:
    marks = f" and mark patterns {rule.mark.words}" if rule.marks_patterns else ""
    return f"{_DOES[rule.effect]}{marks}"


def _changed(old: Rule, new: Rule) -> RuleChange:
    if old.effect is not new.effect:
        tighter = _STRENGTH[new.effect] > _STRENGTH[old.effect]
        told = f"effect: {old.effect.value} became {new.effect.value}"
        return RuleChange(new.id, Direction.TIGHTENED if tighter else Direction.LOOSENED, (told,))
    sign = -1 if new.effect is Effect.ALLOW else 1
    moves = [(sign * way, told) for way, told in _moves(old, new)]
    if old.overridable != new.overridable:
        told = f"overridable: {str(old.overridable).lower()} became {str(new.overridable).lower()}"
        moves.append((1 if old.overridable else -1, told))
    ways = {way for way, _ in moves}
    words = tuple(f"{name} was reworded" for name in _WORDS if getattr(old, name) != getattr(new, name))
    return RuleChange(new.id, _direction(ways), (*(told for _, told in moves), *words))


def _direction(ways: set[int]) -> Direction:
    if not ways:
        return Direction.REWORDED
    if ways == {1}:
        return Direction.TIGHTENED
    return Direction.LOOSENED if ways == {-1} else Direction.BOTH


def _moves(old: Rule, new: Rule) -> list[tuple[int, str]]:
    """Return each part that differs: 1 where the rule can fire more, -1 where less, 0 where that is not clear."""
    moves = [(_of_sets(name, old, new), name) for name in _SETS]
    moves += [(_of_numbers(getattr(old, name), getattr(new, name), way), name) for name, way in _NUMBERS.items()]
    moves += [(int(getattr(old, name)) - int(getattr(new, name)), name) for name in _ASKED]
    moves += [(_of_choice(getattr(old, name), getattr(new, name)), name) for name in ("names_title", "family")]
    moves += [(_of_settings(old.over_represented, new.over_represented), "over_represented")]
    differ = [
        (way, f"{name}: {_said(old, name)} became {_said(new, name)}")
        for way, name in moves
        if getattr(old, name) != getattr(new, name)
    ]
    return differ + _of_clauses("any_of", old, new) + _of_clauses("all_of", old, new)


def _said(rule: Rule, name: str) -> str:
    value = getattr(rule, name)
    if value is None or value == ():
        return "nothing"
    if isinstance(value, tuple):
        return ", ".join(str(one.value) for one in value)
    if isinstance(value, OverRepresented):
        return ", ".join(f"{key} {number:g}" for key, number in value.model_dump(exclude_none=True).items())
    return str(value).lower() if isinstance(value, bool) else f"{value}"


def _of_sets(name: str, old: Rule, new: Rule) -> int:
    before, after = (set(_meant(rule, name)) for rule in (old, new))
    return (1 if before < after else 0) - (1 if after < before else 0)


def _meant(rule: Rule, name: str) -> Sequence[Enum]:
    """Return what a list stands for where it is left out."""
    if name == "pattern_marked" and rule.effect is Effect.ALLOW:
        return rule.pattern_marked or (MarkStatus.OPEN,)
    return getattr(rule, name) or _SETS[name]


def _of_numbers(before: float | None, after: float | None, way: int) -> int:
    if before is None or after is None:
        return _of_choice(before, after)
    return way * (int(after > before) - int(after < before))


def _of_choice(before: object, after: object) -> int:
    """One condition more lets a rule fire less."""
    return int(after is None) - int(before is None)


def _of_settings(before: OverRepresented | None, after: OverRepresented | None) -> int:
    if before is None or after is None:
        return _of_choice(before, after)
    odds = (after.odds_at_least is not None) - (before.odds_at_least is not None)
    if before.odds_at_least is not None and after.odds_at_least is not None:
        odds = _of_numbers(before.odds_at_least, after.odds_at_least, -1)
    ways = {_of_numbers(before.ratio_at_least, after.ratio_at_least, -1), odds}
    ways |= {_of_numbers(before.p_at_most, after.p_at_most, 1)}
    ways -= {0}
    return ways.pop() if len(ways) == 1 else 0


Key = tuple[str, str, float, bool]


def _of_clauses(name: str, old: Rule, new: Rule) -> list[tuple[int, str]]:
    before, after = ({_key(clause): clause for clause in getattr(rule, name)} for rule in (old, new))
    if bool(before) is not bool(after):  # a condition more, or one less
        return [(-1, f"{name} was given")] if after else [(1, f"{name} was dropped")]
    more = 1 if name == "any_of" else -1  # an alternative more fires more, a requirement more fires less
    moves = [(more, f"{name}: {_clause(after[key])} was added") for key in after.keys() - before.keys()]
    moves += [(-more, f"{name}: {_clause(before[key])} was dropped") for key in before.keys() - after.keys()]
    moves += [
        (_of_bounds(before[key], after[key]), f"{name}: {_clause(before[key])} became {_clause(after[key])}")
        for key in before.keys() & after.keys()
        if before[key] != after[key]
    ]
    return sorted(moves, key=lambda move: move[1])


def _key(clause: AnyClause) -> Key:
    if isinstance(clause, Clause):
        return ("feature", clause.feature, clause.quantile, clause.at_least is not None)
    return ("contrast", clause.contrast, 0.0, clause.at_least is not None)


def _clause(clause: AnyClause) -> str:
    silent = ", unknown is no evidence" if clause.if_unknown is IfUnknown.NO_EVIDENCE else ""
    return f"{clause.attribute} {clause.limit}{silent}"


def _of_bounds(before: AnyClause, after: AnyClause) -> int:
    way = _of_numbers(before.at_least, after.at_least, -1) + _of_numbers(before.at_most, after.at_most, 1)
    silent = (before.if_unknown is IfUnknown.NO_EVIDENCE) - (after.if_unknown is IfUnknown.NO_EVIDENCE)
    return way if not silent or way == silent else (silent if not way else 0)


def _border(before: Rulebook, after: Rulebook) -> list[RuleChange]:
    old, new = (book.border.closed_share_above if book.border else None for book in (before, after))
    if before.border == after.border:
        return []
    way = (new is None) - (old is None) if old is None or new is None else (new > old) - (new < old)
    direction = _direction({-way} if way else set())
    told = f"closed_share_above: {'nothing' if old is None else old} became {'nothing' if new is None else new}"
    return [RuleChange("[border]", direction, (told,))]
