"""Which mark counts in a decision: the stricter of what the use brings and of what the rulebook says of its profile.

Two people may set aside a rule that marks patterns as in review; then the mark that counts is the one that the other
rules give. A mark of never single out stays, whoever signs, and so does a mark that somebody else gave: what a pattern
has inherited, or what a rule says that is no longer in the rulebook. Rules that are absolute are asked about the mark
as it is without any override, so that setting one rule aside never opens a way around another.

What two people loosened in the ledger sets rules aside for one pattern alone. Then the use brings the mark in force,
which `workflow.in_force` bounds; here the rules that are set aside do not give the stricter mark once more. Absolute
rules are still asked about the mark that these rules give.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from analyzer.policy.effects import MarkStatus
from analyzer.policy.marks import Reason, reasons_for
from analyzer.policy.on_uses import Marked
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Use


@dataclass(frozen=True, slots=True)
class Counted:
    """The marks that count for one use.

    Attributes
    ----------
    strict : by all rules; absolute rules are asked about this one.
    marked : by the rules that are not set aside; what other rules are asked about.
    failed : reasons of rules that could not be evaluated: each of them withholds.
    aside : reasons that are set aside, for this use or for this pattern.
    kept : ids of rules that two people set aside and that count all the same, since the mark is not theirs alone.
    """

    strict: Marked
    marked: Marked
    failed: tuple[Reason, ...] = ()
    aside: tuple[Reason, ...] = ()
    kept: tuple[str, ...] = ()

    def asked_of(self, rule: Rule) -> Marked:
        """Return the mark that a rule is asked about."""
        absolute = not rule.overridable and rule.effect.refuses
        return self.strict if absolute else self.marked


def counted(use: Use, book: Rulebook, agreed: Collection[str], loosened: Collection[str] = ()) -> Counted:
    """Return the marks that count.

    Parameters
    ----------
    use : Use
    book : Rulebook
    agreed : collection of str
        Ids of the rules that two people have validly set aside for this use.
    loosened : collection of str
        Ids of those that two people have validly set aside for the pattern that it is about.
    """
    if use.subject is not None and not use.subject.has_profile:
        return Counted(Marked(None), Marked(None))
    if use.profile is None:
        failed = tuple(_without_profile(rule) for rule in book.marking)
        return Counted(Marked(use.mark), Marked(use.mark), failed)
    reasons = reasons_for(use.profile, book)
    failed = tuple(reason for reason in reasons if reason.failure)
    if use.mark is None:
        return Counted(Marked(None), Marked(None), failed)
    strict = _worst(use, use.mark, reasons)
    for_pattern = tuple(reason for reason in reasons if reason.rule_id in loosened and not reason.failure)
    left = [reason for reason in reasons if reason not in for_pattern]
    aside = tuple(reason for reason in left if reason.rule_id in agreed and _may_go(reason))
    if not aside or not _explained(use, use.mark, left):
        kept = tuple(reason.rule_id for reason in aside)
        return Counted(strict, _worst(use, use.mark, left), failed, for_pattern, kept)
    marked = _worst(use, MarkStatus.OPEN, [reason for reason in left if reason not in aside])
    return Counted(strict, marked, failed, (*for_pattern, *aside))


def _may_go(reason: Reason) -> bool:
    return reason.status is MarkStatus.REVIEW and not reason.failure


def _worst(use: Use, brought: MarkStatus, reasons: Iterable[Reason]) -> Marked:
    given = [(reason.status, reason.rule_id) for reason in reasons]
    least = [] if use.profile is None or use.profile.described else [MarkStatus.NEVER_SINGLE_OUT]
    worst = MarkStatus.worst([brought, *least, *(status for status, _ in given)])
    return Marked(worst, tuple(name for status, name in given if status is worst))


def _explained(use: Use, brought: MarkStatus, reasons: Iterable[Reason]) -> bool:
    """Return whether the mark that the use brings is what rules say that fire on its profile now, and no more."""
    if use.marked_by is None:
        return False
    firing = {reason.rule_id: reason.status for reason in reasons}
    if not set(use.marked_by) <= set(firing):
        return False
    return brought.severity <= MarkStatus.worst([firing[name] for name in use.marked_by]).severity


def _without_profile(rule: Rule) -> Reason:
    missing = "`profile` is missing"
    return Reason(rule.id, MarkStatus.NEVER_SINGLE_OUT, rule.because, rule.cites, failure=missing)
