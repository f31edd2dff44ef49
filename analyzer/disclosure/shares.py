"""What a published share says of a total that is known: an interval of whole numbers, sometimes a single one."""

from __future__ import annotations

import re
from fractions import Fraction
from math import ceil, floor
from typing import Final

from analyzer.errors import InputError

_SHARE: Final = re.compile(r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<percent>%|percent|per cent)?", re.IGNORECASE)
_AT_LEAST: Final = ("or more", "more than", "at least", "over", ">", "≥", "+")
_AT_MOST: Final = ("or less", "or fewer", "less than", "fewer than", "at most", "under", "<", "≤")


def counts_behind(share: str, total: int) -> tuple[int, int]:
    """Return the fewest and the most households that a printed share of a known total can be.

    A share stands for everything that is rounded to it, by the digits that are printed.

    Parameters
    ----------
    share : str
        "12.5 %", "0.95", "95 % or more", "< 5 %".
    total : int
        Households of the whole.

    Raises
    ------
    InputError
        When the share cannot be read.
    """
    match = _SHARE.search(share)
    if match is None:
        raise InputError(f"The share {share!r} cannot be read.", 'Print it as "12.5 %" or "0.125".')
    digits = match["number"].replace(",", ".")
    unit = Fraction(1, 100) if match["percent"] else Fraction(1)
    half = unit * Fraction(1, 2 * 10 ** len(digits.partition(".")[2]))
    told = Fraction(digits) * unit
    low, high = told - half, told + half
    words = share.casefold()
    if any(word in words for word in _AT_LEAST):
        low, high = told, Fraction(1)
    elif any(word in words for word in _AT_MOST):
        low, high = Fraction(0), told
    return max(ceil(low * total), 0), min(floor(high * total), total)


def pins_few(share: str, total: int, floor_: int) -> bool:
    """Tell whether a share of a known total says that some, but fewer than `floor_`, are inside it or outside.

    It does when every whole number that fits the share, or its complement, lies from 1 to `floor_` - 1 (CMS cell size
    policy: no value from 1 to 10 may be derived from percentages).
    """
    try:
        fewest, most = counts_behind(share, total)
    except InputError:
        return True  # what cannot be read cannot be shown to be harmless
    return any(low >= 1 and high < floor_ for low, high in ((fewest, most), (total - most, total - fewest)))
