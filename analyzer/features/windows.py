"""Windows: the period that one behaviour vector describes.

Windows are aligned to a fixed Monday, not to the data's first day: an unrelated viewer who joined earlier must not
move anybody's window. A play belongs, whole, to every window in which it starts: to one where windows follow each
other, to several where they overlap, to none where there are gaps between them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from analyzer.errors import InputError
from analyzer.grouping.arrays import Ints

US_PER_DAY: Final = 86_400_000_000
_ORIGIN_DAY: Final = 4  # 1970-01-05, the first Monday after the epoch
_LONGEST_DAYS: Final = 36_500
_MOST_OVERLAP: Final = 400
_PATTERN: Final = re.compile(r"^\s*(\d+)\s*(d|day|days|w|week|weeks)\s*$")
_REMEDY: Final = "Use days or weeks such as 28d or 4w, or 'all'."


@dataclass(frozen=True, slots=True)
class Window:
    """A window length in days, and the days from one window's start to the next one's.

    Attributes
    ----------
    days : int or None
        None describes the whole history as one window.
    step_days : int or None
        None: windows follow each other, each beginning where the one before ended.
    """

    days: int | None = 28
    step_days: int | None = None

    @classmethod
    def parse(cls, text: str | int | None, step: str | int | None = None) -> Window:
        """Read "28d", "4w", a number of days, "all" or None; and the same for a step, None for no overlap.

        Raises
        ------
        InputError
            When the text is none of these, a length is not positive, a step is given for the whole history, or so
            small a step that a play would count in more than 400 windows.
        """
        if text is None or (isinstance(text, str) and text.strip().casefold() in {"all", "none"}):
            if step is not None:
                raise InputError("The whole history is one window; it has no step.", "Leave out the step.")
            return cls(None)
        days = _days(text, "window length", _REMEDY)
        if step is None:
            return cls(days)
        step_days = _days(step, "step between windows", "Use days or weeks such as 7d or 1w.")
        if days > _MOST_OVERLAP * step_days:
            raise InputError(
                f"With windows of {days}d every {step_days}d a play counts in {-(-days // step_days)} of them.",
                f"At most {_MOST_OVERLAP} are allowed; choose a longer step.",
            )
        return cls(days, None if step_days == days else step_days)

    def first_and_last(self, start_us: Ints) -> tuple[Ints, Ints]:
        """Return the numbers of the first and last window that hold each instant (microseconds since 1970, UTC).

        The last is smaller than the first where a gap between windows holds the instant.
        """
        if self.days is None:
            number = np.zeros(len(start_us), dtype=np.int64)
            return number, number
        day = start_us // US_PER_DAY - _ORIGIN_DAY
        if self.step_days is None:
            number = day // self.days
            return number, number
        return (day - self.days) // self.step_days + 1, day // self.step_days

    def start_us(self, number: Ints, first_us: Ints) -> Ints:
        """Return when each window starts; for the whole history, the day of the first play `first_us`."""
        if self.days is None:
            return first_us // US_PER_DAY * US_PER_DAY
        return (number * (self.step_days or self.days) + _ORIGIN_DAY) * US_PER_DAY

    @property
    def length(self) -> str:
        """The length as text: "28d", or "all"."""
        return "all" if self.days is None else f"{self.days}d"

    @property
    def step(self) -> str | None:
        """The step as text where windows do not simply follow each other, else None."""
        return None if self.step_days is None else f"{self.step_days}d"

    def __str__(self) -> str:
        return self.length if self.step_days is None else f"{self.length} every {self.step}"


def _days(text: str | int, what: str, remedy: str) -> int:
    match = _PATTERN.match(text.casefold()) if isinstance(text, str) else None
    days = text if isinstance(text, int) else 0
    if match is not None:
        days = int(match[1]) * (7 if match[2].startswith("w") else 1)
    if not 1 <= days <= _LONGEST_DAYS:
        raise InputError(f"{text!r} is not a {what}.", remedy)
    return days
