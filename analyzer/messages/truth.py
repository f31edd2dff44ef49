"""Is a stated figure true: against the data, and against what the draft itself says that it rests on.

Truth never makes a claim sayable: what is right about few people is still about few people. So a finding knows whether
it may be told to whoever wrote the draft; else one could try 52, 53 and 54 until one of them is confirmed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.disclosure.limits import Limits
from analyzer.messages.audience import Audience
from analyzer.messages.bands import band, few, fits
from analyzer.messages.claim import Action, Amount, BasisKind, Claim, Span, Statistic, WhoKind
from analyzer.messages.questions import Unasked
from analyzer.messages.title_figures import Figure

WITHHELD_TRUTH: Final = "Whether this is right is not told: it is about too few households."

_PLAYBACK_ONLY: Final = frozenset({Statistic.HOURS, Statistic.PLAYS, Statistic.TIMES, Statistic.RANK})
_PLAYBACK_ACTIONS: Final = frozenset({Action.REWOUND, Action.SKIPPED, Action.PAUSED, Action.CAPTIONED})


class TruthStatus(Enum):
    """What is known of a stated figure."""

    CONFIRMED = "confirmed"
    CONTRADICTED = "contradicted"
    UNSUPPORTED = "unsupported"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a stated figure.

    Attributes
    ----------
    status : for the verdict; it stays inside unless `tellable`.
    because : a sentence; of the data it holds bands only, and none of fewer households than the floor.
    spans : the words that are confirmed, contradicted or unsupported.
    tellable : whether the status may be shown to whoever wrote the draft.
    """

    status: TruthStatus
    because: str
    spans: tuple[Span, ...]
    tellable: bool = True

    @property
    def told(self) -> str:
        """What may be shown to whoever wrote the draft."""
        return self.because if self.tellable else WITHHELD_TRUTH


def truth_of(claim: Claim, audience: Audience | None, limits: Limits) -> Truth:
    """Return what is known of a claim's figure.

    Parameters
    ----------
    claim : Claim
    audience : Audience, optional
        The claim in the data; None where there is no data, or where the policy did not let it be asked.
    limits : Limits
        Of the purpose: the floor, and how hours of titles are rounded.
    """
    return _against_basis(claim) or _against_data(claim, audience, limits)


def _against_basis(claim: Claim) -> Truth | None:
    """Return what the draft's own basis says against its figure."""
    basis, spans = claim.basis, _spans(claim)
    if basis.kind is BasisKind.PRIVATE_TEXT:
        return Truth(TruthStatus.UNKNOWN, "Private text is not looked up, so nobody can say whether it is so.", spans)
    if basis.kind is not BasisKind.SURVEY:
        return None
    count = claim.who.count
    if basis.n is not None and count is not None and count.low > basis.n.high:
        because = f"A survey of {basis.n.text} cannot count {count.text} people."
        return Truth(TruthStatus.UNSUPPORTED, because, spans)
    if _only_playback_tells(claim):
        asked = f" of {basis.n.text}" if basis.n is not None else ""
        because = f"A survey{asked} cannot tell this; only what was played on the service can."
        return Truth(TruthStatus.UNSUPPORTED, because, spans)
    return Truth(TruthStatus.UNKNOWN, "What people said in a survey cannot be compared with what was played.", spans)


def _only_playback_tells(claim: Claim) -> bool:
    """Whether nobody could know a statistic by asking people: hours, exact counts of plays, of days in a row."""
    exact = claim.frequency is not None and claim.frequency.repeated and claim.window is not None
    often = claim.frequency is not None and claim.frequency.times is not None and claim.frequency.times.low > 1
    return claim.statistic in _PLAYBACK_ONLY or claim.action in _PLAYBACK_ACTIONS or exact or often


def _against_data(claim: Claim, audience: Audience | None, limits: Limits) -> Truth:
    spans = _spans(claim)
    baseless = claim.basis.kind is BasisKind.NONE and claim.statistic is not Statistic.NONE
    if audience is None:
        if baseless:
            return Truth(
                TruthStatus.UNSUPPORTED,
                "The figure has no basis: nobody has looked it up, and it names no source.",
                spans,
            )
        return Truth(TruthStatus.UNKNOWN, "There is no data to compare it with.", spans)
    if audience.unasked is Unasked.OUTSIDE:
        where = (claim.window.span,) if claim.window else spans
        return Truth(TruthStatus.UNSUPPORTED, audience.why, where)
    if not audience.figures:
        status = TruthStatus.UNSUPPORTED if baseless else TruthStatus.UNKNOWN
        return Truth(status, audience.why or "The data does not hold this figure.", spans)
    stated = _stated(claim, audience.figures[0])
    if stated is None:
        return Truth(TruthStatus.UNKNOWN, "No figure is stated that could be compared.", spans)
    return _compared(stated, audience, limits, spans)


def _stated(claim: Claim, plain: Figure) -> Amount | None:
    """Return the number that a claim states in the unit of the data's figure."""
    if plain.unit == "share":
        return claim.who.share
    if plain.unit != "households":
        return claim.amount
    if claim.who.kind in (WhoKind.INDIVIDUAL, WhoKind.UNSTATED):
        return Amount(1.0, math.inf, "that there is somebody", claim.who.span or claim.span)
    return claim.who.count or claim.amount


def _compared(stated: Amount, audience: Audience, limits: Limits, spans: tuple[Span, ...]) -> Truth:
    plain, *_ = audience.figures
    behind = audience.households
    stated_few = plain.unit == "households" and stated.low < limits.floor
    tellable = not (stated_few or few(plain, behind, limits))
    source = f"({audience.window}; data {audience.fingerprint[:12]})"
    for figure in audience.figures:
        if fits(stated, figure, limits):
            because = f"The data confirms {stated.text}, read as: {figure.words} {source}."
            return Truth(TruthStatus.CONFIRMED, because, spans, tellable)
    because = f"The data shows {band(plain, behind, limits)}, not {stated.text}, read as: {plain.words} {source}."
    return Truth(TruthStatus.CONTRADICTED, because, spans, tellable)


def _spans(claim: Claim) -> tuple[Span, ...]:
    """Return the words that state the figure, and those that say what it rests on."""
    amounts = (claim.who.count, claim.who.share, claim.amount)
    told = [amount.span for amount in amounts if amount is not None]
    found = [*(told or [claim.span]), *([claim.basis.span] if claim.basis.span else [])]
    return tuple(dict.fromkeys(found))
