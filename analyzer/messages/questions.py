"""A claim as a question to sessions: in which window, and what a household must have done to be one of those meant.

Not every claim is one: what the sessions do not hold is not answered with something near it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from analyzer.messages.about import About, number_of
from analyzer.messages.claim import Action, Claim, ContentKind, Statistic
from analyzer.messages.claim import Window as SaidWindow
from analyzer.messages.readings import Reading, clock_of, describes_nobody, readings_of

_PLAIN: Final = frozenset({Action.WATCHED, Action.NONE})
"""What totals of a title count."""


class Unasked(Enum):
    """Why a claim is no question to these sessions."""

    OUTSIDE = "outside the data's window"
    NOT_HELD = "the source does not hold it"
    NOT_VIEWING = "it is not about viewing that sessions tell of"
    NEVER = "never asked"  # accessibility settings define no group


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the sessions.

    Attributes
    ----------
    first, last : the window, both days in it.
    readings : of households; the first one is the plain one. Empty where no household is described.
    """

    first: int
    last: int
    readings: tuple[Reading, ...]


def question_of(claim: Claim, about: About) -> Question | tuple[Unasked, str]:
    """Return the question that a claim is to sessions, or why it is none and a sentence about that."""
    refusal = _not_asked(claim, about)
    if refusal:
        return refusal
    bounds = window_of(claim.window, about)
    if bounds is None:
        return Unasked.OUTSIDE, f"The data spans {about.words()}; the claim speaks of days beyond that."
    first, last = bounds
    readings = readings_of(claim, about, first, last)
    return Question(first, last, tuple({reading.condition: reading for reading in reversed(readings)}.values())[::-1])


def window_of(window: SaidWindow | None, about: About) -> tuple[int, int] | None:
    """Return the first and last day that a claim speaks of; None where the data does not hold all of them.

    A length without a date ends where the data ends.
    """
    if window is None or (window.days is None and window.start is None and window.end is None):
        return about.first_day, about.last_day
    length = None if window.days is None else max(math.ceil(window.days), 1)
    last = about.last_day if window.end is None else number_of(window.end)
    if window.start is not None:
        first = number_of(window.start)
        last = last if window.end is not None or length is None else first + length - 1
    else:
        first = about.first_day if length is None else last - length + 1
    inside = about.first_day <= first <= last <= about.last_day
    return (first, last) if inside else None


def _not_asked(claim: Claim, about: About) -> tuple[Unasked, str] | None:
    action, wanted = claim.action, claim.statistic
    if action is Action.CAPTIONED:
        return Unasked.NEVER, "Accessibility settings define no group, so nobody is looked up by them."
    if action in (Action.WROTE, Action.SEARCHED, Action.USED):
        return Unasked.NOT_VIEWING, "Sessions tell what was played, not what was written, searched or ordered."
    if action in (Action.SKIPPED, Action.PAUSED) or (action is Action.REWOUND and not about.has_rewinds):
        return Unasked.NOT_HELD, f"The index does not hold what {action.value}."
    if clock_of(claim) is not None and not about.has_clock:
        return Unasked.NOT_HELD, "The source does not know the viewers' local time."
    if wanted is Statistic.TREND:
        return Unasked.NOT_HELD, "A trend compares windows; one index holds one."
    if _of_no_household(claim) and (clock_of(claim) is not None or claim.who.place or action not in _PLAIN):
        return Unasked.NOT_HELD, "Totals and ranks are held for all viewing of a title, not by hour, place or kind."
    kind = claim.content.kind if claim.content else None
    if kind not in (None, ContentKind.TITLE, ContentKind.SERIES, ContentKind.ITEM):
        return Unasked.NOT_HELD, "Sessions know titles and series only."
    return None


def _of_no_household(claim: Claim) -> bool:
    """Whether it tells of titles or of everything together, and describes nobody."""
    told = claim.statistic in (Statistic.HOURS, Statistic.PLAYS, Statistic.RANK, Statistic.AVERAGE)
    return told and describes_nobody(claim)
