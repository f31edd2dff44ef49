"""What a mark inherits across a refit: nothing that was withheld becomes open because patterns were found anew.

A refit can split a protected pattern into parts that no longer reach a rule's bound, mix it with another, or find a
pattern that nobody has looked at. So reasons that no rule of the rulebook gives travel along the lineage until somebody
decides. What became of a pattern says which:

- split, merged: at least the strictest mark of the patterns that it descends from, whatever made that mark.
- born: at least `review`; and the strictest mark of those that gave a part of it.
- same: what the rules say of it now. Strictness that no rule of this rulebook gave (inherited, newborn, set by a
  reviewer, by a rule that has been removed, or for no stated reason) stays: else a second refit would lift what the
  first one has handed on.
- no pattern: untouched; it is never open.

An earlier mark that is missing counts as `never_single_out`. Nothing here ever makes a mark milder.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from analyzer.errors import BundleError, InputError
from analyzer.patterns.identity import Change, Fate, Lineage
from analyzer.policy.marks import NO_PATTERN_ID, Mark, Reason
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.rules import ANY, Evidence, MarkStatus

INHERITED: Final = "inherited-mark"
NEWBORN: Final = "newborn"
_OURS: Final = frozenset({INHERITED, NEWBORN})
_CITES: Final = ("docs/decisions/0006-marks-and-guards.md",)
_HANDED_ON: Final = "The pattern comes from one that was withheld; that stays until somebody decides."
_NEW: Final = "The pattern is new since the last fit, and nobody has decided on it yet."
_NEWBORN: Final = Reason(
    NEWBORN, MarkStatus.REVIEW, _NEW, _CITES, (Evidence("no earlier pattern continues in it", 1.0, ANY),)
)

Inheritance = Mapping[str, tuple[Reason, ...]]
"""Pattern id -> reasons that no rule of the rulebook gives. A decision on a pattern ends its entry."""
_INHERITANCE: Final = TypeAdapter(dict[str, tuple[Reason, ...]])


def inherited(
    marks: Sequence[Mark], lineage: Lineage, earlier_marks: Iterable[Mark], rulebook: Rulebook | None = None
) -> list[Mark]:
    """Return the marks of a refit with what they inherit.

    Parameters
    ----------
    marks : sequence of Mark
        From `mark_patterns`, of the profiles under the ids of the lineage; the last one is for no pattern.
    lineage : Lineage
        Where the patterns come from.
    earlier_marks : iterable of Mark
        Of the earlier model, with all that they had inherited. What a rule gave that is no longer in the rulebook
        stays; mark the earlier patterns by the present rulebook first if its removal was a decision on them too.
    rulebook : Rulebook, optional
        The one that made `marks`; the shipped one by default.

    Raises
    ------
    InputError
        When the marks are of other patterns than the lineage, or of another rulebook.
    """
    rulebook = rulebook or load_rulebook()
    marked, expected = [mark.pattern_id for mark in marks], [*lineage.ids, NO_PATTERN_ID]
    if marked != expected:
        raise InputError(
            f"The marks are of {', '.join(marked)}; the lineage is of {', '.join(expected)}.",
            "Rename the profiles by the lineage, then mark them.",
        )
    if any(mark.rulebook_hash != rulebook.hash for mark in marks):
        raise InputError("The marks were made by another rulebook.", "Pass the rulebook that made them.")
    return with_inherited(marks, inheritance(lineage, earlier_marks, rulebook))


def inheritance(lineage: Lineage, earlier_marks: Iterable[Mark], rulebook: Rulebook | None = None) -> Inheritance:
    """Return what each pattern of a refit inherits; see `inherited`. Patterns that inherit nothing are left out."""
    rules = {rule.id for rule in (rulebook or load_rulebook()).rule} - _OURS
    earlier: dict[str, list[Mark]] = {}
    for mark in earlier_marks:
        earlier.setdefault(mark.pattern_id, []).append(mark)
    handed_on = {
        change.id: _stays(earlier.get(change.id, []), change.id, rules)
        if change.fate is Fate.SAME
        else _descends(change, earlier)
        for change in lineage.changes
        if change.fate is not Fate.GONE
    }
    return {name: reasons for name, reasons in handed_on.items() if reasons}


def with_inherited(marks: Iterable[Mark], handed_on: Inheritance) -> list[Mark]:
    """Return the marks with the reasons that they inherit; the worst of all reasons wins.

    The same inheritance serves any rulebook that marks the patterns again.
    """
    return [_raised(mark, handed_on.get(mark.pattern_id, ())) for mark in marks]


def as_json(handed_on: Inheritance) -> dict[str, Any]:
    """Return an inheritance as plain JSON values; see `inheritance_from`."""
    return dict(_INHERITANCE.dump_python(dict(handed_on), mode="json"))


def inheritance_from(values: object) -> Inheritance:
    """Return the inheritance that plain JSON values describe.

    Raises
    ------
    BundleError
        When they describe none.
    """
    try:
        return _INHERITANCE.validate_json(json.dumps(values, allow_nan=False), strict=True)
    except (TypeError, ValueError, RecursionError) as error:
        told = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BundleError(f"What the marks inherit cannot be read: {told}", "Fit the model again.") from error


def _raised(mark: Mark, reasons: tuple[Reason, ...]) -> Mark:
    more = tuple(reason for reason in reasons if reason not in mark.reasons)
    status = MarkStatus.worst([mark.status, *(reason.status for reason in more)])
    return replace(mark, status=status, reasons=mark.reasons + more)


def _descends(change: Change, earlier: Mapping[str, list[Mark]]) -> tuple[Reason, ...]:
    """Return the strictest mark of all ancestors as one reason that names each which was not open."""
    newborn = (_NEWBORN,) if change.fate is Fate.BORN else ()
    missing = tuple(_unknown(name) for name in change.earlier if name not in earlier)
    strict = {
        name: status
        for name in change.earlier
        if name in earlier and (status := _worst(earlier[name])) is not MarkStatus.OPEN
    }
    return (*newborn, *missing, *([_from(strict)] if strict else []))


def _stays(earlier: list[Mark], name: str, rules: Collection[str]) -> tuple[Reason, ...]:
    """Return what of a pattern's own earlier mark no rule of the rulebook gave."""
    if not earlier:
        return (_unknown(name),)
    reasons = [reason for mark in earlier for reason in mark.reasons]
    kept = tuple(dict.fromkeys(reason for reason in reasons if reason.rule_id not in rules))
    unexplained = [
        mark for mark in earlier if mark.status.severity > MarkStatus.worst([r.status for r in mark.reasons]).severity
    ]
    return (*kept, *([_from({name: _worst(unexplained)})] if unexplained else []))


def _worst(marks: list[Mark]) -> MarkStatus:
    """A mark is as strict as its status and as each of its reasons, whichever is stricter."""
    return MarkStatus.worst([status for mark in marks for status in (mark.status, *(r.status for r in mark.reasons))])


def _from(strict: Mapping[str, MarkStatus]) -> Reason:
    told = tuple(
        Evidence(f"{name} was marked {status.value.replace('_', ' ')}", 1.0, ANY) for name, status in strict.items()
    )
    return Reason(INHERITED, MarkStatus.worst(list(strict.values())), _HANDED_ON, _CITES, told)


def _unknown(name: str) -> Reason:
    return Reason(
        INHERITED, MarkStatus.NEVER_SINGLE_OUT, _HANDED_ON, _CITES, failure=f"the earlier mark of {name} is missing"
    )
