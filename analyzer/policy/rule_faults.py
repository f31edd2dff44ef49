"""What a rule may not say. These checks make every rulebook monotone, not only the shipped one.

Nothing may be said *because* little is known, few are meant, a household dominates or a mark is strict. So conditions
that protect are closed to allow rules, a floor to reach is closed to all others, and a list of marks never leaves out
the side to which a mark can move: a mark that becomes stricter never ends a refusal and never begins a permission.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from analyzer.policy.effects import Effect, MarkStatus
from analyzer.policy.faults import Fault
from analyzer.policy.uses import Addressed, Purpose

SCOPE: Final = ("purposes", "statements", "subjects")
"""What a rule speaks about; a use outside of it is none of its business."""

ABOUT_PATTERNS: Final = (
    "any_of",
    "all_of",
    "over_represented",
    "family",
    "households_below",
    "largest_household_share_above",
    "stability_below",
    "no_pattern",
)
ABOUT_USES: Final = (
    "households_at_least",
    "pattern_marked",
    "addressed",
    "names_title",
    "condition_words",
    "defined_by_accessibility",
)
PROTECTIVE: Final = (
    "over_represented",
    "family",  # a contrast that is missing moves another one up among the leading ones
    "households_below",
    "largest_household_share_above",
    "stability_below",
    "no_pattern",
    "condition_words",
    "defined_by_accessibility",
)


def faults_of(values: Mapping[str, Any]) -> list[Fault]:
    """Return what is wrong with a rule as a whole; its parts are checked elsewhere and may be wrong too."""
    given = {name for name in (*SCOPE, *ABOUT_PATTERNS, *ABOUT_USES) if _is_given(values, name)}
    found = [] if given else [_EMPTY]
    if "no_pattern" in given and len(given & set(ABOUT_PATTERNS)) > 1:
        found.append(_NEVER_FIRES)
    marks = [mark for mark in MarkStatus if mark.value in _words(values, "pattern_marked")]
    if values.get("effect") == Effect.ALLOW.value:
        return found + _of_allow(values, given, marks)
    if values.get("effect") in (Effect.FORBID.value, Effect.REVIEW.value):
        found += [_NEVER_LOOSENED] if _marks_for_good(values, given) else []
        return found + _of_others(given, marks)
    return found


def _marks_for_good(values: Mapping[str, Any], given: set[str]) -> bool:
    """Return whether people could loosen never_single_out; what is set aside of a floor is the floor of a statement."""
    marks = values.get("effect") == Effect.FORBID.value and bool(given) and given <= set(ABOUT_PATTERNS)
    return marks and values.get("overridable") is True and "households_below" not in given


def _is_given(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name)
    return value is not None and (name == "names_title" or value not in (False, [], ()))


def _words(values: Mapping[str, Any], name: str) -> list[str]:
    told = values.get(name)
    return [str(getattr(word, "value", word)) for word in told] if isinstance(told, list | tuple) else []


_EMPTY: Final = Fault(
    f"give at least one condition: {', '.join((*ABOUT_PATTERNS, *ABOUT_USES))}",
    f"Or say what the rule speaks about: {', '.join(SCOPE)}.",
)
_NEVER_FIRES: Final = Fault(
    "no_pattern stands beside another condition on the pattern, so the rule could never fire",
    "Windows without a pattern have no profile; write two rules.",
    ("no_pattern",),
)


_NEVER_LOOSENED: Final = Fault(
    "a rule that marks patterns never_single_out is absolute: nobody loosens that mark",
    'Leave overridable out, or write effect = "review" where people may decide.',
    ("overridable",),
)


def _of_allow(values: Mapping[str, Any], given: set[str], marks: list[MarkStatus]) -> list[Fault]:
    found = [
        Fault(
            f"an allow rule cannot use {name}: nothing is permitted because of it",
            "Use households_at_least for a floor; write a forbid or review rule for the rest.",
            (name,),
        )
        for name in PROTECTIVE
        if name in given
    ]
    if values.get("overridable") is True:
        found.append(Fault("an allow rule forbids nothing that could be set aside", "Leave it out.", ("overridable",)))
    milder = [mark for mark in MarkStatus if marks and mark.severity < marks[-1].severity and mark not in marks]
    if milder:
        found.append(_lacks(milder, "milder", "else a stricter mark would permit what a milder one does not"))
    if MarkStatus.NEVER_SINGLE_OUT in marks and not _is_inside(values):
        found.append(_PROTECTED)
    return found


def _of_others(given: set[str], marks: list[MarkStatus]) -> list[Fault]:
    found = []
    if "households_at_least" in given:
        cause = "only an allow rule can use households_at_least: else fewer households would lift a refusal"
        found.append(Fault(cause, "Use households_below.", ("households_at_least",)))
    stricter = [mark for mark in MarkStatus if marks and mark.severity > marks[0].severity and mark not in marks]
    if stricter:
        found.append(_lacks(stricter, "stricter", "else a stricter mark would lift the refusal"))
    return found


def _lacks(marks: list[MarkStatus], side: str, why: str) -> Fault:
    named = ", ".join(mark.value for mark in marks)
    return Fault(f"it lacks the {side} {named}: {why}", f"Add {named}.", ("pattern_marked",))


def _is_inside(values: Mapping[str, Any]) -> bool:
    addressed = _words(values, "addressed")
    return set(_words(values, "purposes")) == {Purpose.INTERNAL_RESEARCH.value} and set(addressed) == {
        Addressed.NOBODY.value
    }


_PROTECTED: Final = Fault(
    "no rulebook can allow a pattern that is marked never_single_out to be spoken of outside, or to anybody",
    'Beside never_single_out, write purposes = ["internal research"] and addressed = ["nobody"].',
    ("pattern_marked",),
)
