"""What a stated number can mean, and in which bands a number of the data may be shown to whoever wrote the draft."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from analyzer.disclosure.limits import Limits
from analyzer.disclosure.rounding import MARKER, coded_share, title_hours
from analyzer.messages.claim import Amount
from analyzer.messages.title_figures import Figure

_DIGITS_MEANT: Final = 2
"""Digits of a round number that are meant at least: 1,000 is 950 to 1,050, never 500 to 1,500; 50 is 50."""

_PERCENT: Final = Decimal("0.01")


def meant(amount: Amount, *, share: bool = False, counted: bool = True) -> tuple[float, float]:
    """Return the least and the most that a stated number can mean; the most is not reached by what rounds up.

    What the words leave open ("about 50") is already in the amount. A plain number stands for all that round to it:
    31,300,000 for 31,250,000 up to 31,350,000. A share is told in percent, or in words such as "half". Only what is
    counted can be meant to the last one; 22 hours are 21.5 up to 22.5.
    """
    if amount.low != amount.high:
        return amount.low, amount.high
    stated = Decimal(str(amount.low))
    if not stated:
        return 0.0, 0.0
    if share:
        in_words = not any(sign.isdigit() for sign in amount.text)
        unit = _written_unit(stated) if in_words else min(_written_unit(stated), _PERCENT)
    else:
        unit = min(_written_unit(stated), _least_unit(stated))
    half = unit / 2
    exact = counted and not share and unit <= 1 and stated == stated.to_integral_value()
    return (float(stated), float(stated)) if exact else (float(stated - half), float(stated + half))


def _written_unit(stated: Decimal) -> Decimal:
    """Return the unit of the last digit that is not 0."""
    return Decimal((0, (1,), int(stated.normalize().as_tuple().exponent)))


def _least_unit(stated: Decimal) -> Decimal:
    """Return the unit of the last digit that is meant in any case."""
    return Decimal((0, (1,), stated.adjusted() - (_DIGITS_MEANT - 1)))


def fits(amount: Amount, figure: Figure, limits: Limits) -> bool:
    """Return whether a stated number is the one of the data, within its rounding or that of the door."""
    low, high = meant(amount, share=figure.unit == "share", counted=not figure.unit.startswith("hours"))
    inside = low <= figure.value <= high if low == high or amount.low != amount.high else low <= figure.value < high
    if inside or figure.unit != "hours":
        return inside
    return amount.low == amount.high == title_hours(figure.value, limits)


def few(figure: Figure, households: int | None, limits: Limits) -> bool:
    """Return whether so few households are behind a number that not even whether it is right may be told."""
    if figure.unit == "households" and figure.value < limits.floor:
        return True
    if figure.unit == "hours" and title_hours(figure.value, limits) == MARKER:
        return True
    return households is None or households < limits.floor


def band(figure: Figure, households: int | None, limits: Limits) -> str:
    """Return a number of the data as it may be shown: of few households only that they are few.

    A number of households is told by its first digit alone, so that drafts which differ a little learn nothing new.
    """
    if figure.unit == "hours" and title_hours(figure.value, limits) == MARKER:
        return f"fewer than {limits.title_hours_floor:,.0f} hours"
    if few(figure, households, limits):
        return f"fewer than {limits.floor:,} households"
    if figure.unit == "share":
        return coded_share(min(figure.value, 1.0), limits)
    if figure.unit == "hours":
        return f"about {title_hours(figure.value, limits):,} hours"
    if figure.unit == "rank":
        return f"rank {figure.value:.0f}"
    if figure.unit == "hours a household":
        return f"about {figure.value:.0f} hours a household"
    low = 10 ** (len(str(int(figure.value))) - 1)
    first = int(figure.value) // low
    return f"{first * low:,} to {(first + 1) * low:,} {figure.unit}"
