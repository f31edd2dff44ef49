"""How words about what a household did can be read: the plain reading first, then its nearest neighbours.

A figure that somebody counted in a neighbouring way is not called wrong for that.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from analyzer.features.views import NIGHT_HOURS
from analyzer.messages.about import About
from analyzer.messages.claim import Action, Amount, Claim, ContentKind, Frequency, Per, Statistic, WhoKind

AGAIN_PLAYS: Final = 3
"""Fewest plays of "again and again": once, again, and again; as many as make a loop in `features.moves`."""

IN_A_ROW_PLAYS: Final = 3
"""Fewest plays of one day that are "in one go" where a series is meant."""

_PERIODS: Final = {Per.DAY: 1, Per.NIGHT: 1, Per.WEEK: 7, Per.MONTH: 30}
_PERIOD_WORDS: Final = {1: "day", 7: "week", 30: "month of 30 days"}
_ALL_HOURS: Final = 24


class Measure(Enum):
    """What is counted of a household."""

    PLAYS = "plays"
    FINISHED = "plays that were finished"
    IN_ONE_GO = "plays from the beginning to the end in one go"
    REWINDS = "backward seeks"
    HOURS = "hours"
    PERIODS = "days"  # or weeks or months: see `Condition.period`
    RUN = "days in a row"
    LAST_RUN = "days in a row up to the last day"


@dataclass(frozen=True, slots=True)
class Condition:
    """What a household must have done with the titles.

    Attributes
    ----------
    measure, least, most : how much of what.
    first, last : local days since 1970; None is the beginning or the end of the data.
    anywhere : length in days of a window that may lie anywhere between them; None where it is all of it.
    clock : a bit for each local hour in which a play must have begun; None where any may.
    period, each : a period is so many days, and counts when it has so many plays; of 0 something shown is enough.
    """

    measure: Measure
    least: float
    most: float = math.inf
    first: int | None = None
    last: int | None = None
    anywhere: int | None = None
    clock: int | None = None
    period: int = 1
    each: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a claim: in words, and as a condition."""

    words: str
    condition: Condition


def readings_of(claim: Claim, about: About, first: int, last: int) -> list[Reading]:
    """Return the readings of what a household did, the plain one first; none where no household is described."""
    found = _readings(claim, about, first, last)
    if claim.who.kind is not WhoKind.INDIVIDUAL or not found or math.isinf(found[0].condition.most):
        return found
    # That one viewer did a thing at least so often says too little: it is so of every smaller number.
    return [reading for reading in found if not math.isinf(reading.condition.most)]


def describes_nobody(claim: Claim) -> bool:
    """Whether a claim is about titles, hours or everyone, so that no households are to be found."""
    who = claim.who
    return who.kind in (WhoKind.NOBODY, WhoKind.EVERYONE) and who.count is None and who.share is None


def clock_of(claim: Claim) -> int | None:
    """Return a bit for each local hour that a claim speaks of; None where it speaks of none."""
    hours = claim.window.clock if claim.window else None
    return None if hours is None else clock_bits(*hours)


def clock_bits(begin: int, end: int) -> int:
    """Return a bit for each hour from `begin` up to `end`, over midnight where `end` comes first."""
    length = (end - begin) % _ALL_HOURS or _ALL_HOURS
    return sum(1 << (begin + hour) % _ALL_HOURS for hour in range(length))


NIGHT: Final = clock_bits(int(NIGHT_HOURS[0]), int(NIGHT_HOURS[1]))


def _readings(claim: Claim, about: About, first: int, last: int) -> list[Reading]:
    if describes_nobody(claim):
        return []
    often, clock, within = claim.frequency, clock_of(claim), _within(about, first, last)
    if claim.statistic is Statistic.HOURS and claim.amount is not None:
        return _more_or_less(Measure.HOURS, claim.amount, within, clock, about)
    times = often.times if often else None
    if times is None and claim.statistic in (Statistic.TIMES, Statistic.PLAYS) and claim.amount is not None:
        return _more_or_less(_measure(claim.action), claim.amount, within, clock, about)
    if often is None or (times is None and often.per not in _PERIODS):
        return _by_action(claim, often is not None and often.repeated, within, clock)
    if often.per in _PERIODS and (often.repeated or times is None or times.high <= 1):
        return _each_period(often, within, clock, about)
    if times is not None and often.per in (Per.DAY, Per.NIGHT):
        return _some_days(times, within, clock, about)
    return _more_or_less(_measure(claim.action), times, within, clock, about) if times else []


def _some_days(times: Amount, within: Condition, clock: int | None, about: About) -> list[Reading]:
    """Return "on 15 of the past 18 days", or 15 plays on one of them."""
    each = max(math.floor(times.low), 1)
    one_day = replace(within, measure=Measure.PERIODS, least=1, each=each, clock=clock)
    found = [Reading(f"{each:,} plays or more on one day", one_day)]
    return found if each > _length(within, about) else [*_on_days(times, within, clock, about), *found]


def _on_days(times: Amount, within: Condition, clock: int | None, about: About) -> list[Reading]:
    base = replace(within, measure=Measure.PERIODS, least=times.low, clock=clock)
    words = f"{times.low:,g} days"
    found = [
        Reading(f"on at least {words}", base),
        Reading(f"on exactly {words}", replace(base, most=times.low)),
    ]
    if within.first is None and within.last is None:
        return found
    anywhere = replace(base, first=None, last=None, anywhere=_length(within, about))
    return [*found, Reading(f"on at least {words} of any {_length(within, about)} days", anywhere)]


def _within(about: About, first: int, last: int) -> Condition:
    """Return a condition that says nothing but when; where it is all of the data, not even that."""
    starts, ends = first == about.first_day, last == about.last_day
    return Condition(Measure.PLAYS, 1, first=None if starts else first, last=None if ends else last)


def _measure(action: Action) -> Measure:
    special = {
        Action.FINISHED: Measure.FINISHED,
        Action.BINGED: Measure.IN_ONE_GO,
        Action.REWOUND: Measure.REWINDS,
    }
    return special.get(action, Measure.PLAYS)


def _more_or_less(
    measure: Measure, amount: Amount, within: Condition, clock: int | None, about: About
) -> list[Reading]:
    """Return "k times" read as exactly, as at least, and in all of the data where the claim names a window."""
    low, high = amount.low, amount.high
    if clock is not None and measure is Measure.PLAYS:
        measure = Measure.PERIODS  # of a day it is known in which hours plays began, not how many in each
    told = f"{low:,g}" if low == high else f"{low:,g} to {high:,g}"
    what = measure.value
    exact = replace(within, measure=measure, least=low, most=high, clock=clock)
    found = [
        Reading(f"exactly {told} {what}", exact),
        Reading(f"at least {low:,g} {what}", replace(exact, most=math.inf)),
    ]
    if within.first is None and within.last is None:
        return found
    anywhere = _length(within, about)
    loose = replace(exact, first=None, last=None)
    if clock is None:
        words = f"at least {low:,g} {what} within any {anywhere} days"
        found.append(Reading(words, replace(loose, most=math.inf, anywhere=anywhere)))
    return [*found, Reading(f"at least {low:,g} {what} in all of the data", replace(loose, most=math.inf))]


def _length(within: Condition, about: About) -> int:
    last = about.last_day if within.last is None else within.last
    return last - (about.first_day if within.first is None else within.first) + 1


def _by_action(claim: Claim, again: bool, within: Condition, clock: int | None) -> list[Reading]:
    """Return readings of what was done where nothing is said of how often."""
    several = claim.content is not None and claim.content.kind is ContentKind.SERIES
    if claim.action is Action.BINGED and several:
        sitting = replace(within, measure=Measure.PERIODS, least=1, each=IN_A_ROW_PLAYS)
        return [Reading(f"{IN_A_ROW_PLAYS} plays or more on one day", sitting)]
    if again or claim.action is Action.REWATCHED:
        least = AGAIN_PLAYS if again else 2
        plays = replace(within, measure=Measure.PLAYS, least=least)
        found = [Reading(f"{least} plays or more", plays), Reading("2 plays or more", replace(plays, least=2))]
        return found if claim.action is not Action.REWOUND else _rewound(within)
    if claim.action is Action.REWOUND:
        return _rewound(within)
    if claim.action in (Action.FINISHED, Action.BINGED):
        measure = _measure(claim.action)
        return [Reading(f"one or more {measure.value}", replace(within, measure=measure, least=1, clock=clock))]
    shown = replace(within, measure=Measure.PERIODS, least=1, clock=clock)
    finished = replace(within, measure=Measure.FINISHED, least=1)
    return [
        Reading("watched on one day or more", shown),
        *([Reading("finished it", finished)] if clock is None else []),
    ]


def _rewound(within: Condition) -> list[Reading]:
    some = replace(within, measure=Measure.REWINDS, least=1)
    return [Reading("one backward seek or more", some)]


def _each_period(often: Frequency, within: Condition, clock: int | None, about: About) -> list[Reading]:
    """Return "every day": on each of them, in a row anywhere, in all; and at night where nights are said."""
    per, times = often.per, often.times
    period, length = _PERIODS[per], _length(within, about)
    count, each = max(length // period, 1), 0 if times is None or times.high <= 1 else math.floor(times.low)
    base = replace(within, measure=Measure.PERIODS, least=count, clock=clock, period=period, each=each)
    if period > 1:  # what is left over at the beginning is no whole period
        base = replace(base, first=(about.last_day if within.last is None else within.last) - count * period + 1)
    found = [Reading(f"on every {_PERIOD_WORDS[period]} of the {length} days", base)]
    if per is Per.NIGHT and clock is None and about.has_clock:
        found.append(Reading("on every night, from 23 to 5 o'clock", replace(base, clock=NIGHT)))
    loose = replace(base, first=None, last=None)
    if period > 1:
        loose = replace(loose, first=about.last_day - about.days // period * period + 1)
    if period == 1 and not each and clock is None:
        run = replace(loose, measure=Measure.RUN, most=math.inf)
        if within.last is None:
            exact = replace(run, measure=Measure.LAST_RUN, most=count)
            found.append(Reading(f"exactly {count} days in a row up to the last day", exact))
        found.append(Reading(f"at least {count} days in a row at any time", run))
        found.append(Reading(f"exactly {count} days in a row at any time", replace(run, most=count)))
    found.append(Reading(f"at least {count} {_PERIOD_WORDS[period]}s in all of the data", loose))
    return found
