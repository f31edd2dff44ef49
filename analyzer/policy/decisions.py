"""May this be said? Use x rulebook -> decision, with every reason.

Forbid is stronger than review, review than allow, and what no rule allows is withheld. Whatever is missing, stale,
unknown or raises, withholds and says so. docs/explanation/how-a-rulebook-decides.md says all of it on one page.
A rulebook that is malformed never comes here: that is a `RulebookError`. A `Decision` is a rulebook that answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from analyzer.policy.clauses import Evidence
from analyzer.policy.counting import Counted, counted
from analyzer.policy.effects import Effect, MarkStatus, Outcome
from analyzer.policy.explain import nearest_for_use
from analyzer.policy.marks import Reason
from analyzer.policy.on_uses import Marked, Match, covers, match
from analyzer.policy.overrides import Override, RefusedOverride, sort_overrides
from analyzer.policy.rulebook import Rulebook, load_rulebook
from analyzer.policy.rules import Rule
from analyzer.policy.uses import Addressed, Purpose, Standing, Subject, Use


@dataclass(frozen=True, slots=True)
class Ground:
    """One reason of a decision.

    Attributes
    ----------
    rule_id : the rule that speaks; empty where none does, such as for what no rule allows.
    outcome : what this reason alone would lead to.
    because, cites : the rule's sentence and sources; of no rule, what is missing.
    evidence : the values that fired it.
    failure : why the rule could not be evaluated; empty where it could.
    overridden : whether two people have set it aside, so that it does not count.
    nearest : the nearest change with which an overridable rule would not fire; else empty.
    """

    rule_id: str
    outcome: Outcome
    because: str
    cites: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    failure: str = ""
    overridden: bool = False
    nearest: str = ""

    def sentence(self) -> str:
        """Return the reason in words."""
        if self.failure:
            return f"Rule {self.rule_id} could not be evaluated because {self.failure}; so it withholds."
        if not self.rule_id:
            return self.because
        told = "; ".join(evidence.sentence() for evidence in self.evidence)
        aside = " Set aside by two people." if self.overridden else ""
        return f"{self.because} ({self.rule_id}{f': {told}' if told else ''}){aside}"


@dataclass(frozen=True, slots=True)
class Decision:
    """The policy's answer to one use.

    Attributes
    ----------
    outcome : the worst of all reasons that count.
    reasons : every forbid and review rule that fired or could not be evaluated, and what is missing; of what is
        allowed, the rules that allow it.
    rulebook_id, rulebook_version, rulebook_hash : which rulebook said so.
    overridden : ids of the rules that were set aside.
    refused : overrides that changed nothing, each with the reason.
    """

    outcome: Outcome
    reasons: tuple[Ground, ...]
    rulebook_id: str
    rulebook_version: str
    rulebook_hash: str
    overridden: tuple[str, ...] = ()
    refused: tuple[RefusedOverride, ...] = ()

    @property
    def rule_ids(self) -> tuple[str, ...]:
        """Ids of the rules behind the outcome, those that were set aside left out."""
        return tuple(dict.fromkeys(r.rule_id for r in self.reasons if r.rule_id and not r.overridden))

    def as_json(self) -> dict[str, Any]:
        """Return the decision as plain JSON values."""
        return {
            "outcome": self.outcome.value,
            "rules": list(self.rule_ids),
            "reasons": [_ground_json(reason) for reason in self.reasons],
            "rulebook": {"id": self.rulebook_id, "version": self.rulebook_version, "hash": self.rulebook_hash},
            "overridden": list(self.overridden),
            "refused_overrides": [refused.sentence() for refused in self.refused],
        }


def decide(
    use: Use,
    rulebook: Rulebook | None = None,
    overrides: Iterable[Override] = (),
    today: date | None = None,
    loosened: Iterable[Override] = (),
) -> Decision:
    """Decide whether something may be said.

    Parameters
    ----------
    use : Use
        What somebody wants to say; what it leaves out is unknown.
    rulebook : Rulebook, optional
        The shipped rulebook by default.
    overrides : iterable of Override
        What two people decided; only what is valid counts.
    today : date, optional
        The day on which is asked. Without it no override is valid, for none can be seen to hold still.
    loosened : iterable of Override
        `Mark.overrides` of the pattern that the use is about, where it brings a mark that people have loosened.

    Returns
    -------
    Decision
        Never an exception for what a rule does: a rule that raises withholds.
    """
    book = rulebook or load_rulebook()
    valid, refused = sort_overrides(overrides, book, today)
    of_pattern, wrong = sort_overrides(loosened, book, today)
    refused += wrong
    marks = counted(use, book, valid, of_pattern)
    against = [ground for rule in book.deciding if (ground := _against(rule, use, marks.asked_of(rule))) is not None]
    named = {ground.rule_id for ground in against}
    grounds = [
        *_gaps(use),
        *(_failed(reason, reason.rule_id, reason.failure) for reason in marks.failed),
        *(_loosened(reason) for reason in marks.aside if reason.rule_id not in named),
        *(_set_aside(ground, valid) for ground in against),
    ]
    overridden = tuple(ground.rule_id for ground in grounds if ground.overridden)
    refused += [RefusedOverride(o, _not_used(i, grounds, marks)) for i, o in valid.items() if i not in overridden]
    allowing, lacking = _allowing(use, book, marks.marked)
    grounds += lacking
    outcome = Outcome.worst([Outcome.ALLOWED, *(ground.outcome for ground in grounds if not ground.overridden)])
    told = (*grounds, *allowing) if outcome is Outcome.ALLOWED else tuple(grounds)
    return Decision(outcome, tuple(told), book.id, book.version, book.hash, overridden, tuple(refused))


_OUTCOMES: Final = {Effect.FORBID: Outcome.WITHHELD, Effect.REVIEW: Outcome.REVIEW, Effect.ALLOW: Outcome.ALLOWED}
_NOT_THEIRS: Final = "the mark is not the rulebook's alone, or the use does not say whose it is (`marked_by`)"
_WORDS: Final = {
    "purpose": "what it is for",
    "statement": "what kind of statement it is",
    "subject": "whom or what it is about",
}


def _gaps(use: Use) -> list[Ground]:
    """What no rulebook can do without, whatever its rules ask."""
    told = [f"The use does not say {words} (`{name}`)." for name, words in _WORDS.items() if getattr(use, name) is None]
    if use.subject is Subject.PATTERN:
        told += [f"The pattern's {name} is missing." for name in ("profile", "mark") if getattr(use, name) is None]
        if use.standing is not Standing.CURRENT:
            standing = "stale" if use.standing is Standing.STALE else "of unknown standing"
            told.append(f"The bundle that the pattern comes from is {standing}.")
    return [Ground("", Outcome.WITHHELD, text) for text in told]


def _failed(rule: Rule | Reason, rule_id: str, why: str) -> Ground:
    return Ground(rule_id, Outcome.WITHHELD, rule.because, rule.cites, failure=why)


def _loosened(reason: Reason) -> Ground:
    """Return a rule about patterns that is set aside: without that the pattern would have the rule's mark."""
    told = (reason.because, reason.cites, reason.evidence)
    outcome = Outcome.WITHHELD if reason.status is MarkStatus.NEVER_SINGLE_OUT else Outcome.REVIEW
    return Ground(reason.rule_id, outcome, *told, overridden=True)


def _met(rule: Rule, use: Use, marked: Marked) -> Match | str:
    """Return how rule and use meet, or why the rule could not be evaluated."""
    try:
        found = match(rule, use, marked)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises, it must withhold
        return f"it raised {type(error).__name__}"
    if found.unknown:
        names = ", ".join(f"`{name}`" if name.isidentifier() else name for name in found.unknown)
        return f"{names} {'are' if len(found.unknown) > 1 else 'is'} missing"
    return found


def _against(rule: Rule, use: Use, marked: Marked) -> Ground | None:
    found = _met(rule, use, marked)
    if isinstance(found, str):
        return _failed(rule, rule.id, found)
    if not found.fires:
        return None
    nearest = nearest_for_use(rule, use) if rule.overridable else ""
    return Ground(rule.id, _OUTCOMES[rule.effect], rule.because, rule.cites, found.evidence, nearest=nearest)


def _set_aside(ground: Ground, valid: Mapping[str, Override]) -> Ground:
    return replace(ground, overridden=ground.rule_id in valid and not ground.failure)


def _not_used(rule_id: str, grounds: Iterable[Ground], marks: Counted) -> str:
    if any(ground.rule_id == rule_id and ground.failure for ground in grounds):
        return "the rule could not be evaluated, and nobody can set that aside"
    return _NOT_THEIRS if rule_id in marks.kept else "the rule did not fire"


def _allowing(use: Use, book: Rulebook, marked: Marked) -> tuple[list[Ground], list[Ground]]:
    """Return the rules that allow the use, and what is lacking: each narrower use must be allowed as well."""
    met = [(rule, _met(rule, use, marked)) for rule in book.allowing]
    fired = [(rule, found) for rule, found in met if isinstance(found, Match) and found.fires]
    grounds = [Ground(r.id, Outcome.ALLOWED, r.because, r.cites, found.evidence) for r, found in fired]
    if use.purpose is None:
        return grounds, [Ground("", Outcome.WITHHELD, "No rule allows what is said for no known purpose.")]
    addresses: tuple[Addressed | None, ...] = use.addressed.narrower if use.addressed else (None,)
    places = [(purpose, who) for purpose in use.purpose.narrower for who in addresses]
    bare = [place for place in places if not any(covers(rule, *place) for rule, _ in fired)]
    if not bare:
        return grounds, []
    near = [(rule, found) for rule, found in met if any(covers(rule, *place) for place in bare)]
    return grounds, [_lacking("" if len(bare) == len(places) else _place_words(bare[-1], use), near)]


def _place_words(place: tuple[Purpose, Addressed | None], use: Use) -> str:
    """Say for which narrower use no rule speaks, where others do for wider ones."""
    purpose, who = place
    inside = f" for {purpose.value}, which is narrower" if purpose is not use.purpose else ""
    spoken_to = f" where {who.value} is addressed, which is narrower" if who and who is not use.addressed else ""
    return inside + spoken_to


def _lacking(told: str, met: Iterable[tuple[Rule, Match | str]]) -> Ground:
    """Say that no rule allows it, and of the rules that speak about such uses why they do not."""
    near = []
    for rule, found in met:
        if isinstance(found, str):
            near.append(f"{rule.id} could not be evaluated because {found}")
        elif found.applies and found.unmet:
            near.append(f"{rule.id} is not met: {', '.join(_asked(rule, kind) for kind in found.unmet)}")
    why = f" ({'; '.join(near)})" if near else ""
    return Ground("", Outcome.WITHHELD, f"No rule allows it{told}{why}.")


def _asked(rule: Rule, kind: str) -> str:
    if kind == "households_at_least":
        return f"it asks for {rule.households_at_least} households"
    if kind == "pattern_marked":
        words = [mark.words for mark in rule.pattern_marked] or [MarkStatus.OPEN.words]
        return f"it asks for a pattern marked {' or '.join(words)}"
    return f"{kind} does not hold"


def _ground_json(ground: Ground) -> dict[str, Any]:
    return {
        "rule": ground.rule_id or None,
        "outcome": ground.outcome.value,
        "because": ground.because,
        "cites": list(ground.cites),
        "evidence": [evidence.as_json() for evidence in ground.evidence],
        "failure": ground.failure,
        "overridden": ground.overridden,
        "nearest": ground.nearest,
        "sentence": ground.sentence(),
    }
