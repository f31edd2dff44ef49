"""Rulebooks for reading, and what changed between two."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from analyzer.desk.views.forms import Option
from analyzer.desk.views.words import Badge, Moment, counted, moment
from analyzer.ledger.fitted import KeptRulebook
from analyzer.policy.effects import Effect
from analyzer.workflow.kept_rulebooks import ChangeInWords, RuleInWords

_BADGES: Final = {
    (Effect.FORBID, True): Badge("never single out", "never_single_out", "shield"),
    (Effect.REVIEW, True): Badge("review", "review", "diamond"),
    (Effect.FORBID, False): Badge("forbids", "block", "shield"),
    (Effect.REVIEW, False): Badge("asks a person", "review", "diamond"),
    (Effect.ALLOW, False): Badge("allows", "allow", "circle"),
}


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as it is read."""

    id: str
    badge: Badge
    absolute: bool
    because: str
    conditions: tuple[tuple[str, ...], ...]
    cites: tuple[str, ...]
    since: Moment


def rule_views(rules: Iterable[RuleInWords], *, marking: bool = False) -> tuple[RuleView, ...]:
    """Return rules for reading; where they mark patterns, with the mark that they give."""
    return tuple(
        RuleView(
            rule.id,
            _BADGES[rule.effect, marking],
            rule.absolute and rule.effect is Effect.FORBID,
            rule.because,
            rule.conditions,
            rule.cites,
            moment(rule.since),
        )
        for rule in rules
    )


def kept_options(kept: Iterable[KeptRulebook]) -> tuple[Option, ...]:
    """Return the rulebooks of a ledger to choose from, newest first."""
    told = [Option(one.hash, f"{one.id} {one.version}, {moment(one.at[:10]).words} ({one.hash[:8]})") for one in kept]
    return tuple(reversed(told))


def changes_in_a_sentence(changes: Sequence[ChangeInWords]) -> str:
    """Return how many rules differ, and how many of them may protect less."""
    looser = sum(change.looser for change in changes)
    said = "none of them protects less" if not looser else f"{looser} may protect less"
    return f"{counted(len(changes), 'rule differs', 'rules differ')}; {said}."
