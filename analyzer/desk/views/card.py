"""A pattern's card: what it is, what it may give people, why it is marked so, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from analyzer.desk.views.words import MARKS, Badge, Moment, moment, seen
from analyzer.ledger.reviewed import Decision, Kind, PatternState
from analyzer.ledger.waiting import Step
from analyzer.policy.effects import MarkStatus
from analyzer.report.data import Card
from analyzer.report.page import Row, bars_of, evidence_words, rows_of, size_of


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One reason of a mark, in words."""

    rule: str
    mark: Badge
    because: str
    failure: str
    evidence: tuple[str, ...]
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portrait:
    """What the model knows of a pattern; counts of households are bands, and few are not described.

    Attributes
    ----------
    described : whether there are enough households to say anything.
    band, stability : in words; empty where not known.
    gives : what it may give people.
    why : the heading above the reasons.
    reasons : of the rulebook's mark.
    bars, rows : the contrasts as a picture, and as the table behind it.
    """

    described: bool
    band: str
    stability: str
    gives: tuple[str, ...]
    why: str
    reasons: tuple[ReasonView, ...]
    bars: Markup | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a pattern's history."""

    at: Moment
    sentence: str
    decided: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a pattern stands: the mark in force, how it came to be, and what waits.

    Attributes
    ----------
    id, name : of the pattern.
    mark, by_rules : in force, and the rulebook's.
    sentences : how the one came from the other.
    absolute : whether nobody may loosen it.
    waiting : the loosening that waits, in words; empty where none does.
    stale : why an earlier decision holds no longer.
    last : number of the newest decision.
    """

    id: str
    name: str
    mark: Badge
    by_rules: Badge
    sentences: tuple[str, ...]
    absolute: bool
    waiting: str
    stale: str
    last: int


WHY: Final = {
    MarkStatus.NEVER_SINGLE_OUT: "Why it is not to be pointed at",
    MarkStatus.REVIEW: "Why a person decides",
    MarkStatus.OPEN: "Why the rulebook leaves it open",
}


def portrait(card: Card) -> Portrait:
    """Return what a card says."""
    profile, mark = card.profile, card.mark
    if not profile.described:
        return Portrait(False, "", "", (), WHY[mark.status], (), None, ())
    rows = tuple(rows_of(card))
    stable = profile.stability
    return Portrait(
        described=True,
        band=f"{size_of(profile)} households",
        stability="" if stable is None else f"stability {stable:.2f} of 1 when other households are drawn",
        gives=tuple(card.gives),
        why=WHY[mark.status],
        reasons=tuple(
            ReasonView(
                reason.rule_id,
                MARKS[reason.status],
                reason.because,
                reason.failure,
                tuple(evidence_words(card, one) for one in reason.evidence),
                tuple(reason.cites),
            )
            for reason in mark.reasons
        ),
        bars=bars_of(card, "contrasts") if rows else None,
        rows=rows,
    )


def standing(state: PatternState) -> Standing:
    """Return where a pattern stands, in words."""
    asked = state.waiting
    waiting = (
        f"{asked.who} asks to loosen it from {asked.before.words} to {asked.after.words} until"
        f" {moment(str(asked.expires)).words} (UTC): {seen(asked.reason)}"
        if asked
        else ""
    )
    return Standing(
        state.pattern,
        seen(state.name),
        MARKS[state.mark],
        MARKS[state.by_rules],
        tuple(_how(state)),
        state.absolute,
        waiting,
        seen(state.stale),
        state.last,
    )


def as_of(state: PatternState) -> str:
    """Return what says whether a card still shows what it showed: a sentence about it holds no longer than that."""
    return f"{state.last} {state.mark.value}"


def steps(history: Iterable[Step]) -> tuple[StepView, ...]:
    """Return a pattern's history, newest first."""
    told = [StepView(moment(step.at), seen(step.sentence), step.kind is not None) for step in history]
    return tuple(reversed(told))


def _how(state: PatternState) -> Iterable[str]:
    yield f"The rulebook marks it {state.by_rules.words}."
    if state.kept.severity > state.by_rules.severity:
        yield f"People made it {state.kept.words} before the patterns were fitted again, and that stays."
    if state.handed_on.strictest.severity > max(state.kept.severity, state.by_rules.severity):
        strictest, ends = state.handed_on.strictest.words, moment(str(state.handed_on.until)).words
        yield f"People made it {strictest} before the patterns were fitted again; two set it aside until {ends} (UTC)."
    if state.mark is not MarkStatus.worst([state.by_rules, state.kept]):
        yield f"{_last_word(state.decisions)}So it is {state.mark.words} today."
    if not state.decided and not state.stale:
        yield "Nobody has decided on it yet."


def _last_word(decisions: Sequence[Decision]) -> str:
    changed = [decision for decision in decisions if decision.kind in (Kind.TIGHTEN, Kind.AGREE)]
    return f"{changed[-1].who} decided otherwise on {moment(changed[-1].at[:10]).words}. " if changed else ""
