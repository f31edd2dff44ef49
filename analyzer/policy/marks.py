"""Profile x rulebook -> mark. The worst rule wins, and whatever cannot be evaluated withholds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from analyzer.patterns.profile import PatternProfile
from analyzer.policy.clauses import Evidence, UnknownValueError
from analyzer.policy.effects import MarkStatus
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.rules import Rule

if TYPE_CHECKING:
    from analyzer.patterns.estimator import UsagePatterns  # scikit-learn takes half a second, and drafts need no fit

NO_PATTERN_ID = "no pattern"
CONFIRMED: Final = "people-confirmed"
TIGHTENED: Final = "people-tightened"
LOOSENED: Final = "two-people-loosened"
BY_PEOPLE: Final = frozenset({CONFIRMED, TIGHTENED, LOOSENED})
"""Ids of reasons that are decisions of people, and of no rule; see `workflow.in_force`."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a rule marked a pattern.

    Attributes
    ----------
    rule_id, status, because, cites : from the rulebook.
    evidence : the values that fired it.
    failure : why it could not be evaluated; empty where it could.
    """

    rule_id: str
    status: MarkStatus
    because: str
    cites: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()
    failure: str = ""

    def sentence(self) -> str:
        """Return the reason in words."""
        if self.failure:
            return f"Rule {self.rule_id} could not be evaluated because {self.failure}; so it withholds."
        return f"{self.because} ({self.rule_id}: {'; '.join(e.sentence() for e in self.evidence)})"


@dataclass(frozen=True, slots=True)
class Mark:
    """The policy's word on one pattern.

    Attributes
    ----------
    pattern_id : P01, ... or "no pattern".
    status : the worst of its reasons; open where there is none.
    reasons : every rule that fired or could not be evaluated, in the rulebook's order; then what people decided.
    rulebook_hash : which rulebook said so.
    aside : reasons that would be stricter, and that two people have set aside for now.
    overrides : the same for a decision about a use of this pattern, one a rule that is set aside.
    """

    pattern_id: str
    status: MarkStatus
    reasons: tuple[Reason, ...]
    rulebook_hash: str
    aside: tuple[Reason, ...] = ()
    overrides: tuple[Override, ...] = ()

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Ids of all rules that fired or could not be evaluated."""
        return tuple(reason.rule_id for reason in self.reasons)

    @property
    def given_by(self) -> tuple[str, ...]:
        """Ids of all reasons that give the mark: whoever confirms one gives none."""
        return tuple(name for name in self.rule_ids if name != CONFIRMED)

    @property
    def by_people(self) -> tuple[Reason, ...]:
        """What people decided, of the reasons that count."""
        return tuple(reason for reason in self.reasons if reason.rule_id in BY_PEOPLE)

    @property
    def unloosened(self) -> MarkStatus:
        """The mark as it would be if no rule were set aside: what absolute rules are asked about."""
        return MarkStatus.worst([self.status, *(r.status for r in self.aside if r.rule_id not in BY_PEOPLE)])


def mark_patterns(patterns: UsagePatterns | Iterable[PatternProfile], rulebook: Rulebook | None = None) -> list[Mark]:
    """Mark each pattern, and last the windows without one.

    Parameters
    ----------
    patterns : UsagePatterns or profiles
        A fitted estimator, or the profiles of its patterns.
    rulebook : Rulebook, optional
        The shipped rulebook by default.

    Returns
    -------
    list of Mark
        In the order of the patterns; the last one is for no pattern and never open.
    """
    rulebook = rulebook or load_rulebook()
    profiles = tuple(getattr(patterns, "profiles_", patterns))
    marks = [_mark(profile.id, profile, rulebook) for profile in profiles]
    return [*marks, _mark(NO_PATTERN_ID, None, rulebook)]


def guarded(vectors: pd.DataFrame, rulebook: Rulebook | None = None) -> npt.NDArray[np.bool_]:
    """Return which vectors show a protected behaviour themselves, or cannot be judged; shape (n_vectors,).

    The same rules as for patterns, applied to each vector: a mark on patterns alone leaks the windows that fell into
    an open pattern. Only True or False comes out, never which rule (promise 3).
    """
    rulebook = rulebook or load_rulebook()
    withheld = np.zeros(len(vectors), dtype=bool)
    for rule in rulebook.marking:
        try:
            withheld |= rule.on_vectors(vectors)
        except Exception:  # noqa: BLE001 - whatever a rule raises, it must withhold
            withheld[:] = True
    return withheld


def reasons_for(profile: PatternProfile | None, rulebook: Rulebook) -> tuple[Reason, ...]:
    """Return why a rulebook marks a pattern, rule by rule in its order; profile None stands for no pattern.

    Only rules about patterns mark: those that name a purpose, a statement or anything else about a use decide on uses.
    """
    return tuple(reason for rule in rulebook.marking if (reason := _apply(rule, profile)) is not None)


def _mark(pattern_id: str, profile: PatternProfile | None, rulebook: Rulebook) -> Mark:
    reasons = reasons_for(profile, rulebook)
    statuses = [reason.status for reason in reasons]
    if profile is None or not profile.described:
        statuses.append(MarkStatus.NEVER_SINGLE_OUT)  # deny by default, whatever the rulebook says
    return Mark(pattern_id, MarkStatus.worst(statuses), reasons, rulebook.hash)


def _apply(rule: Rule, profile: PatternProfile | None) -> Reason | None:
    told = (rule.id, rule.mark, rule.because, rule.cites)
    try:
        evidence = tuple(rule.on_pattern(profile))
    except UnknownValueError as error:
        return _failed(rule, f"{error} is missing")
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, it must withhold
        return _failed(rule, f"it raised {type(error).__name__}")
    return Reason(*told, evidence) if evidence else None


def _failed(rule: Rule, why: str) -> Reason:
    return Reason(rule.id, MarkStatus.NEVER_SINGLE_OUT, rule.because, rule.cites, failure=why)
