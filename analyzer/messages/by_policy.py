"""What the rulebook says of a claim: what kind of statement it is, about whom, to whom, and of what behaviour.

A claim that describes a behaviour is held against the rules that mark patterns: "every day for 18 days" is what the
rule about one title over days protects, whoever the people are and however many. Nothing here looks at data; what the
data tells of a claim may be handed in, and then counts instead of what the words say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from analyzer.messages.claim import Action, Claim, Frequency, Occurrence, Per, Span, Statistic, WhoKind
from analyzer.messages.verdict import Layer, Reason, VerdictStatus
from analyzer.messages.windows import at_night
from analyzer.patterns.profile import QUANTILES, PatternProfile
from analyzer.policy.clauses import Clause
from analyzer.policy.decisions import Ground, decide
from analyzer.policy.effects import MarkStatus, Outcome
from analyzer.policy.marks import reasons_for
from analyzer.policy.overrides import Override
from analyzer.policy.rulebook import Rulebook
from analyzer.policy.uses import Addressed, Purpose, Standing, Statement, Subject, Use

MANY: Final = 2**31 - 1
"""More households than there are: what is refused of so many is not refused for being small."""

WINDOW_DAYS: Final = 28
_STATEMENTS: Final = {
    Statistic.PEOPLE: Statement.COUNT_OF_PEOPLE,
    Statistic.SHARE: Statement.COUNT_OF_PEOPLE,
    Statistic.TIMES: Statement.COUNT_OF_PEOPLE,
    Statistic.NONE: Statement.COUNT_OF_PEOPLE,
    Statistic.HOURS: Statement.HOURS,
    Statistic.PLAYS: Statement.HOURS,
    Statistic.AVERAGE: Statement.HOURS,
    Statistic.RANK: Statement.RANK,
    Statistic.TREND: Statement.TREND,
}
_PEOPLE: Final = frozenset({WhoKind.INDIVIDUAL, WhoKind.GROUP, WhoKind.UNSTATED})
_HABITS: Final = frozenset({Action.REWATCHED, Action.REWOUND, Action.CAPTIONED, Action.SKIPPED, Action.PAUSED})
_VIEWERS: Final = frozenset({
    "people", "person", "persons", "users", "user", "members", "member", "viewers", "viewer", "subscribers",
    "subscriber", "customers", "customer", "accounts", "account", "households", "household", "profiles", "profile",
    "homes", "families", "fans", "folks", "listeners", "watchers", "ppl", "leute", "menschen", "nutzer",
    "mitglieder", "zuschauer", "abonnenten", "haushalte", "konten", "personnes", "gens", "abonnés", "abonnes",
    "utilisateurs", "membres", "spectateurs", "foyers", "personas", "gente", "usuarios", "miembros", "espectadores",
    "suscriptores", "hogares", "cuentas",
})  # fmt: skip
"""What a service calls those who use it; any other word is a group of its own, such as nurses or couples."""

_NO_VIEWING: Final = frozenset({Action.USED, Action.SEARCHED, Action.WROTE, Action.NONE})
_AGAIN: Final = 3.0
"""Plays of "again and again" and "on repeat", which say no number."""

_PASSES: Final = 3.0
"""Passes over a passage that is rewound: once, again, and again."""

_DAYS: Final = {Per.DAY: 1.0, Per.NIGHT: 1.0, Per.WEEK: 7.0, Per.MONTH: 30.0, Per.HOUR: 1 / 24, Per.YEAR: 365.0}


@dataclass(frozen=True)
class Found:
    """What the data tells of a claim that the policy is asked about again.

    Attributes
    ----------
    households : behind the claim.
    largest_share : the largest household's share of what is counted.
    mark : how the patterns of these households are marked; None where nobody knows.
    """

    households: int
    largest_share: float | None
    mark: MarkStatus | None


@dataclass(frozen=True)
class Asker:
    """On whose word claims are judged.

    Attributes
    ----------
    rulebook : Rulebook
    purpose : what the draft is for.
    overrides : what two people decided.
    today : the day on which is asked; without it no override counts.
    """

    rulebook: Rulebook = field(repr=False)
    purpose: Purpose
    overrides: tuple[Override, ...] = ()
    today: date | None = None

    def reasons(self, claim: Claim, found: Found | None = None) -> tuple[Reason, ...]:
        """Return what the rulebook has against a claim; none where it has nothing, or is not to be asked."""
        if not is_for_the_policy(claim):
            return ()
        use = self.use_of(claim, found)
        grounds = decide(use, self.rulebook, self.overrides, self.today).reasons
        against = [g for g in grounds if g.outcome is not Outcome.ALLOWED and not g.overridden]
        told = [_reason(ground, use, _spans(claim)) for ground in self._worth_telling(against)]
        marks = reasons_for(use.profile, self.rulebook) if use.profile is not None and told else ()
        told += [
            Reason(mark.rule_id, VerdictStatus.BLOCK, mark.because, mark.cites, _habit_spans(claim), Layer.POLICY)
            for mark in marks
            if mark.status is MarkStatus.NEVER_SINGLE_OUT and not mark.failure
        ]
        return tuple(dict.fromkeys(told))

    def _worth_telling(self, grounds: list[Ground]) -> list[Ground]:
        """Return the absolute reasons alone where there are any; else the refusals, else all.

        What people may set aside, or what nobody permits, is of no use to a reader of what nobody may set aside.
        """
        absolute = {rule.id for rule in self.rulebook.rule if not rule.overridable}
        never = [g for g in grounds if g.rule_id in absolute and g.outcome is Outcome.WITHHELD and not g.failure]
        refused = [g for g in grounds if g.outcome is Outcome.WITHHELD]
        named = [g for g in refused if g.rule_id]
        return never or named or refused or grounds

    def use_of(self, claim: Claim, found: Found | None = None) -> Use:
        """Return a claim as a use that the rulebook decides on."""
        subject = subject_of(claim)
        households = MANY if found is None else found.households
        if found is None and claim.who.count is not None:
            households = int(min(claim.who.count.low, MANY))
        elif found is None and claim.who.kind is WhoKind.INDIVIDUAL:
            households = 1
        profile = mark = by = None
        if subject.has_profile:
            profile = _as_described(claim, self.rulebook, found)
            reasons = reasons_for(profile, self.rulebook)
            given = [] if found is None or found.mark is None else [found.mark]
            mark = MarkStatus.worst([*given, *(reason.status for reason in reasons)])
            by = tuple(reason.rule_id for reason in reasons)
        return Use(
            purpose=self.purpose,
            statement=_statement(claim),
            subject=subject,
            profile=profile,
            mark=mark,
            marked_by=by,
            households=households,
            addressed=claim.addressed,
            names_title=claim.content is not None,
            name="an audience",
            defined_by=("captions",) if _by_setting(claim) else (),
            standing=Standing.CURRENT,
        )


def is_for_the_policy(claim: Claim) -> bool:
    """Return whether the policy has to be asked.

    It has not where the rules about wording say all: of greetings, of what readers are told of themselves, of staff and
    of people who agreed, and of one event of one person that is no viewing, such as an order or a ride.
    """
    who = claim.who
    nobody = who.count is not None and who.count.high == 0  # "zero people"
    if claim.recap or who.consented or who.known or who.staff or nobody:
        return False
    if who.kind is WhoKind.INDIVIDUAL and claim.occurrence is Occurrence.ONCE and claim.action in _NO_VIEWING:
        return False
    return claim.statistic is not Statistic.NONE or (who.kind in _PEOPLE and claim.action is not Action.NONE)


def subject_of(claim: Claim) -> Subject:
    """Return whom or what a claim is about.

    Who merely watched a title is its audience, and a share is of everyone; people become a group of their own by a
    habit, an hour, or a setting.
    """
    kind = claim.who.kind
    if kind is WhoKind.INDIVIDUAL:
        return Subject.PERSON
    if kind in _PEOPLE and is_habit(claim):
        return Subject.GROUP
    return Subject.TITLE if claim.content is not None else Subject.EVERYONE


def is_habit(claim: Claim) -> bool:
    """Return whether a claim tells people apart by more than having watched something."""
    clock = claim.window is not None and claim.window.clock is not None
    often = claim.frequency is not None and claim.action is not Action.NONE
    told = claim.who.role or ""
    role = told[:1].islower() and told.casefold() not in _VIEWERS  # with a capital it is a people: Canadians
    return claim.action in _HABITS or often or clock or bool(claim.topics) or role


def behaviours_of(claim: Claim) -> dict[str, float]:
    """Return the features that a claim's words give to the people that it is about, as the catalog names them.

    Only of one title, or of what came back: who watches something every day has no title that returns.
    """
    often, known = claim.frequency, claim.content is not None
    told: dict[str, float] = {}
    if claim.action is Action.REWOUND:
        told |= {"passage_passes_max": _PASSES, "rewind_chain_max": _PASSES - 1}
    if claim.action is Action.REWATCHED:
        told["title_recent_plays_max"] = 2.0
    if often is None or not (known or claim.action in (Action.REWATCHED, Action.REWOUND)):
        return told
    length = claim.window.days if claim.window and claim.window.days and not _in_a_title(claim) else None
    told |= _by_frequency(often, length)
    if often.repeated and (often.per is Per.NIGHT or at_night(claim.window)):
        told["title_night_replays_max"] = told.get("title_days_max", _AGAIN)
    return told


def _in_a_title(claim: Claim) -> bool:
    """Whether the days that were read are words of a title, as in A Christmas Prince."""
    content, window = claim.content, claim.window
    if content is None or window is None:
        return False
    return content.span.start < window.span.end and window.span.start < content.span.end


def _by_frequency(often: Frequency, length: float | None) -> dict[str, float]:
    times = often.times.low if often.times is not None else None
    if often.per is Per.WINDOW:
        plays = _AGAIN if times is None else times
        crowded = plays if length is None else plays * min(WINDOW_DAYS / max(length, 1.0), 1.0)
        return {"title_recent_plays_max": crowded, "title_plays_max": plays}
    period = _DAYS[often.per]
    whole = WINDOW_DAYS if length is None else length
    if not often.repeated and times is not None and often.per in (Per.DAY, Per.NIGHT):  # on 15 of the past 18 days
        return {"title_days_max": times, "title_recent_plays_max": min(times, float(WINDOW_DAYS))}
    each = 1.0 if times is None else max(times, 1.0)
    days = whole / max(period, 1.0)
    told = {"title_days_max": days, "title_recent_plays_max": each * min(whole, WINDOW_DAYS) / period}
    if period == 1.0:
        told["title_run_days_max"] = whole
    if period <= 1.0 and each > 1.0:
        told["title_plays_day_max"] = each
    return told


def _as_described(claim: Claim, book: Rulebook, found: Found | None) -> PatternProfile:
    """Return the people of a claim as if they were a pattern: what is not said of them is as quiet as can be.

    How many they are is asked of the use, not of the profile: few people are no protected behaviour.
    """
    clauses = [clause for rule in book.rule for clause in (*rule.any_of, *rule.all_of)]
    bounded = {c.feature for c in clauses if isinstance(c, Clause) and c.at_most is not None}
    features = sorted(set().union(*(rule.features for rule in book.rule)))
    quiet = {name: float(MANY) if name in bounded else 0.0 for name in features}
    values = quiet | behaviours_of(claim)
    return PatternProfile(
        id="audience",
        name="an audience",
        households=MANY,
        described=True,
        quantiles={name: dict.fromkeys(QUANTILES, value) for name, value in values.items()},
        contrasts=dict.fromkeys(features, 0.0),
        largest_household_share=0.0 if found is None else found.largest_share or 0.0,
        stability=1.0,
    )


def _statement(claim: Claim) -> Statement:
    if claim.who.kind is WhoKind.INDIVIDUAL and claim.quotes:
        return Statement.QUOTE_OF_ONE_PERSON
    return Statement.COUNT_OF_PEOPLE if claim.who.kind in _PEOPLE else _STATEMENTS[claim.statistic]


def _by_setting(claim: Claim) -> bool:
    """Whether an accessibility setting defines the people; a share of everyone is a number about the setting."""
    return claim.action is Action.CAPTIONED and claim.who.kind in _PEOPLE


def _reason(ground: Ground, use: Use, spans: tuple[Span, ...]) -> Reason:
    """Return one reason of the policy; what could not be evaluated, or no rule permits of a person, people decide."""
    unsure = bool(ground.failure) or (not ground.rule_id and use.subject is Subject.PERSON)
    review = unsure or ground.outcome is Outcome.REVIEW
    status = VerdictStatus.REVIEW if review else VerdictStatus.BLOCK
    words = ground.because if not ground.failure else ground.sentence()
    return Reason(ground.rule_id or "no-rule-allows", status, words, ground.cites, spans, Layer.POLICY)


def _spans(claim: Claim) -> tuple[Span, ...]:
    parts: Iterable[Span | None] = (claim.who.span, claim.content.span if claim.content else None)
    speaks = claim.addressed is not Addressed.NOBODY or claim.who.kind is not WhoKind.NOBODY
    told = tuple(span for span in parts if span is not None) if speaks else ()
    return tuple(dict.fromkeys(told)) or (claim.span,)


def _habit_spans(claim: Claim) -> tuple[Span, ...]:
    window = None if claim.window is None or _in_a_title(claim) else claim.window.span
    parts = (claim.frequency.span if claim.frequency else None, window)
    return tuple(dict.fromkeys(span for span in parts if span is not None)) or _spans(claim)
