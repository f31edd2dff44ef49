"""What the data says against a claim that its words do not forbid: too few behind it, one who dominates, not true.

Nothing that is told here lets anybody read a small number off: of fewer households than the floor the answer is the
same whatever the draft states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import MARKER, title_hours
from analyzer.messages.alternatives import dominated
from analyzer.messages.asked import states_a_figure
from analyzer.messages.audience import Audience
from analyzer.messages.claim import BasisKind, Claim, Span
from analyzer.messages.questions import Unasked
from analyzer.messages.title_figures import TitleTotals
from analyzer.messages.truth import Truth, TruthStatus
from analyzer.messages.verdict import Layer, Reason, VerdictStatus
from analyzer.policy.effects import MarkStatus
from analyzer.policy.rulebook import Rulebook

_FLOOR: Final = "docs/explanation/which-numbers-may-leave.md, the floor"
_TRUTH: Final = "docs/how-to/check-a-draft.md, what comes back"
_RATIO: Final = 1.5
_CHANCE: Final = 0.01
_HALF: Final = 0.5


@dataclass(frozen=True)
class Marking:
    """How the households of a claim are marked: for the policy, and for a person who decides.

    Attributes
    ----------
    mark : None where nobody knows.
    reasons : why a person decides.
    """

    mark: MarkStatus | None
    reasons: tuple[Reason, ...] = ()


def marking_of(claim: Claim, audience: Audience, rulebook: Rulebook) -> Marking:
    """Return how the patterns of a claim's households are marked.

    Protected households are among any large audience, as they are among everyone. The claim is about them where they
    are more common in it than elsewhere and chance does not explain that, or where they are most of it; else a person
    decides.
    """
    spans = (claim.who.span or claim.span,)
    if audience.unasked is not None or not audience.figures or audience.households is None:
        return Marking(None)
    inside = audience.marks
    if inside is None:
        because = "Nobody knows which patterns these households are in, for no model and sessions were given."
        return Marking(None, (_reason("marks-unknown", VerdictStatus.REVIEW, because, _FLOOR, spans),))
    ratio, chance = _bounds(rulebook)
    closed = inside.protected + inside.counts.get(None, 0)
    beyond = inside.ratio is not None and inside.ratio >= ratio and inside.p_value <= chance
    if beyond or closed > _HALF * max(audience.households, 1):
        return Marking(MarkStatus.NEVER_SINGLE_OUT)
    if closed or inside.worst is not MarkStatus.OPEN:
        because = "Households of patterns that are not open are among them, as among everyone; a person decides."
        return Marking(MarkStatus.OPEN, (_reason("not-all-open", VerdictStatus.REVIEW, because, _FLOOR, spans),))
    return Marking(MarkStatus.OPEN)


def disclosure_reasons(
    claim: Claim, audience: Audience, totals: TitleTotals | None, limits: Limits
) -> tuple[Reason, ...]:
    """Return what the checks of numbers have against a claim.

    Parameters
    ----------
    claim : Claim
    audience : Audience
    totals : TitleTotals, optional
        Of the titles that a figure about titles is about.
    limits : Limits
        Of the purpose.
    """
    spans = (claim.who.span or claim.span,)
    found: list[Reason] = []
    if is_few(audience, limits):
        because = f"Fewer than {limits.floor:,} households are behind it."
        return (_reason("households-below-floor", VerdictStatus.BLOCK, because, _FLOOR, spans),)
    plain = audience.figures[0] if audience.figures else None
    if plain is not None and plain.unit == "hours" and title_hours(plain.value, limits) == MARKER:
        because = f"A title's hours are told from {limits.title_hours_floor:,.0f} on."
        found.append(_reason("hours-below-floor", VerdictStatus.BLOCK, because, _FLOOR, spans))
    if totals is not None and audience.figures and dominated(totals, limits):
        because = "One or two households make up so much of it that their viewing could be computed."
        found.append(_reason("households-dominate", VerdictStatus.BLOCK, because, _FLOOR, spans))
    return (*found, *_implied(audience, limits, spans))


def truth_reasons(claim: Claim, truth: Truth, *, with_data: bool) -> tuple[Reason, ...]:
    """Return what is known of a claim's figure; what may not be told is told in the same words whatever it is."""
    if not truth.tellable:
        return (_reason("truth-withheld", VerdictStatus.REVIEW, truth.told, _TRUTH, (claim.span,), Layer.TRUTH),)
    if truth.status is TruthStatus.CONFIRMED:
        return (_reason("figure-confirmed", VerdictStatus.ALLOW, truth.told, _TRUTH, truth.spans, Layer.TRUTH),)
    if truth.status is TruthStatus.CONTRADICTED:
        return (_reason("figure-contradicted", VerdictStatus.BLOCK, truth.told, _TRUTH, truth.spans, Layer.TRUTH),)
    if not states_a_figure(claim):
        return ()
    if truth.status is TruthStatus.UNSUPPORTED:
        rule = "basis-contradicted" if claim.basis.kind is BasisKind.SURVEY else "figure-without-basis"
        return (_reason(rule, VerdictStatus.REVIEW, truth.told, _TRUTH, truth.spans, Layer.TRUTH),)
    if with_data and claim.basis.kind in (BasisKind.SERVICE_DATA, BasisKind.NONE):
        return (_reason("figure-not-found", VerdictStatus.REVIEW, truth.told, _TRUTH, truth.spans, Layer.TRUTH),)
    return ()


def is_few(audience: Audience, limits: Limits) -> bool:
    """Return whether so few households are behind a claim that nothing more is told of them, not even how few."""
    if not audience.figures:
        return False
    plain = audience.figures[0]
    behind = audience.households is None or audience.households < limits.floor
    return behind or (plain.unit == "households" and plain.value < limits.floor)


def _implied(audience: Audience, limits: Limits, spans: tuple[Span, ...]) -> tuple[Reason, ...]:
    implied = audience.implied
    if implied is None:
        return ()
    if implied.households is None:
        because = "The data knows countries only, so nobody can say how few households the place has."
        return (_reason("place-unknown", VerdictStatus.REVIEW, because, _FLOOR, spans),)
    if implied.households < limits.floor:
        because = f"The words point at fewer than {limits.floor:,} households: {implied.because}."
        return (_reason("few-implied", VerdictStatus.BLOCK, because, _FLOOR, spans),)
    return ()


def _bounds(rulebook: Rulebook) -> tuple[float, float]:
    """Return from which ratio and up to which chance the strictest rule calls something over-represented."""
    told = [rule.over_represented for rule in rulebook.rule if rule.over_represented is not None]
    ratio = min((one.ratio_at_least for one in told), default=_RATIO)
    return ratio, max((one.p_at_most for one in told), default=_CHANCE)


def _reason(
    rule: str,
    status: VerdictStatus,
    because: str,
    cites: str,
    spans: tuple[Span, ...],
    layer: Layer = Layer.DISCLOSURE,
) -> Reason:
    return Reason(rule, status, because, (cites,), spans, layer)


def not_asked_reason(why: str, spans: tuple[Span, ...], unasked: Unasked) -> Reason:
    """Return the reason of a claim with a figure that could not be looked up."""
    rule = "outside-the-data" if unasked is Unasked.OUTSIDE else "figure-not-found"
    return _reason(rule, VerdictStatus.REVIEW, why, _TRUTH, spans, Layer.TRUTH)
