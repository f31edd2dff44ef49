"""How numbers are told that may be told: rounded, coded at the top and the bottom, titles in hours."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import Final

from analyzer.disclosure.limits import Limits
from analyzer.errors import InputError

MARKER: Final = "*"
"""Stands for a count that the strict preset withholds, as in the tables of NHS Digital."""

_DIGITS: Final = 4
_STEPS: Final = ((15, 10), (100, 50), (1_000, 100), (10_000, 500), (100_000, 1_000))


@dataclass(frozen=True, slots=True)
class Rounding:
    """A rule for counts: which are withheld, and to what the others are rounded.

    Attributes
    ----------
    low, high : counts from low up to high are withheld; none where high is below low.
    base : the others are rounded to multiples of this, halves up.
    """

    low: int = 1
    high: int = 0
    base: float = 1

    def __post_init__(self) -> None:
        if not self.base > 0:
            raise InputError(f"Numbers are to be rounded to multiples of {self.base}.", "A base is above 0.")

    def told(self, count: float) -> float | str:
        """Return the rounded count, or `MARKER`."""
        if count < 0:
            raise InputError(f"A count is {count}.", "Counts are at least 0.")
        return MARKER if self.low <= count <= self.high else half_up(count, self.base)


def half_up(value: float, base: float) -> float:
    """Return the multiple of a base that is nearest to a value of 0 or more; the upper one of two.

    Exact for decimals as they are written: 0.15 to one place is 0.2, whatever its binary fraction.
    """
    unit = Fraction(str(base))
    told = floor(Fraction(str(value)) / unit + Fraction(1, 2)) * unit
    return int(told) if told.denominator == 1 else float(told)


def strict(limits: Limits) -> Rounding:
    """Return the strict preset: 1 to 7 are withheld, all others rounded to 5 (NHS Digital, HES; OpenSAFELY)."""
    return Rounding(limits.strict_low, limits.strict_high, limits.strict_base)


def midpoint(count: int, base: int) -> float:
    """Return the middle of the interval of `base` counts that a count lies in; 0 stays 0 (OpenSAFELY, midpoint 6)."""
    return ceil(Fraction(count, base)) * base - base // 2 if count else 0


def significant(count: int) -> float | str:
    """Return a count by size: below 15 as "<15", then to 10, 50, 100, 500, 1,000, at last four digits.

    The rule of the US Census Bureau's Disclosure Review Board for unweighted counts.
    """
    if count < _STEPS[0][0]:
        return "<15" if count else 0
    if count >= 10 ** (_DIGITS + 2):
        return half_up(count, 10 ** (len(str(count)) - _DIGITS))
    return half_up(count, next(base for least, base in reversed(_STEPS) if count >= least))


def coded_share(share: float, limits: Limits) -> str:
    """Return a share in percent; beyond 95 % and 5 % only on which side it is (Delaware Department of Education).

    Parameters
    ----------
    share : float
        From 0 to 1.
    limits : Limits

    Returns
    -------
    str
        "> 95 %", "< 5 %", or the share in whole percent. It never gives back what was coded: what would round beyond
        a limit stays at the limit.
    """
    if not 0 <= share <= 1:
        raise InputError(f"A share is {share}.", "Shares lie between 0 and 1.")
    if share > limits.share_top:
        return f"> {_percent(limits.share_top)}"
    if share < limits.share_bottom:
        return f"< {_percent(limits.share_bottom)}"
    return _percent(half_up(share, 0.01))


def _percent(share: float) -> str:
    return f"{float(Fraction(str(share)) * 100):g} %"


def title_hours(hours: float, limits: Limits) -> float | str:
    """Return a title's public total in steps of 100,000 hours, or `MARKER` below 50,000 (Netflix, What We Watched)."""
    return MARKER if hours < limits.title_hours_floor else half_up(hours, limits.title_hours_step)


def may_be_told(hours: float, limits: Limits) -> bool:
    """Return whether a title's total is one that `title_hours` gives: it left the rounding and is large enough."""
    told = title_hours(hours, limits)
    return told == hours
