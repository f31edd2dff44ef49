"""Windows: the period that one behaviour vector describes.

Windows are aligned to a fixed Monday, not to the data's first day: an unrelated viewer who joined earlier must not
move anybody's window. A play belongs to the window in which it starts, whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.errors import InputError
from analyzer.features.segments import Ints

US_PER_DAY: Final = 86_400_000_000
_ORIGIN_DAY: Final = 4  # 1970-01-05, the first Monday after the epoch
_LONGEST_DAYS: Final = 36_500
_PATTERN: Final = re.compile(r"^\s*(\d+)\s*(d|day|days|w|week|weeks)\s*$")


@dataclass(frozen=True, slots=True)
class Window:
    """A window length in days; None describes the whole history as one window."""

    days: int | None = 28

    @classmethod
    def parse(cls, text: str | int | None) -> Window:
        """Read "28d", "4w", a number of days, "all" or None.

        Raises
        ------
        InputError
            When the text is none of these or the length is not positive.
        """
        if text is None or (isinstance(text, str) and text.strip().casefold() in {"all", "none"}):
            return cls(None)
        match = _PATTERN.match(text.casefold()) if isinstance(text, str) else None
        days = text if isinstance(text, int) else _days(match)
        if not 1 <= days <= _LONGEST_DAYS:
            raise InputError(f"{text!r} is not a window length.", "Use days or weeks such as 28d or 4w, or 'all'.")
        return cls(days)

    def index(self, start_us: Ints) -> Ints:
        """Return the window number of each instant (microseconds since 1970, UTC)."""
        if self.days is None:
            return np.zeros(len(start_us), dtype=np.int64)
        return (start_us // US_PER_DAY - _ORIGIN_DAY) // self.days

    def start_us(self, index: Ints, first_us: Ints) -> Ints:
        """Return when each window starts; for the whole history, the day of the first play `first_us`."""
        if self.days is None:
            return first_us // US_PER_DAY * US_PER_DAY
        return (index * self.days + _ORIGIN_DAY) * US_PER_DAY

    def __str__(self) -> str:
        return "all" if self.days is None else f"{self.days}d"


def _days(match: re.Match[str] | None) -> int:
    if match is None:
        return 0
    return int(match[1]) * (7 if match[2].startswith("w") else 1)
