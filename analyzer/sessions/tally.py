"""Nothing lost: each row that was read is used, dropped for a stated reason, or quarantined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class DropReason(StrEnum):
    """Why a well-formed row is not viewing that may be learned from."""

    HIDDEN = "hidden"
    NOT_MAIN_CONTENT = "trailer_or_preview"
    AUTOPLAY = "autoplay"
    DUPLICATE = "duplicate"
    NOT_PLAYBACK = "not_playback"  # events only: a statement about something else
    UNMATCHED = "unmatched"  # events only: a known session runs at that time, but began at another


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows were read and what became of them.

    Raises
    ------
    ValueError
        When the parts do not add up to `read`: a row was lost, which is a defect of an adapter.
    """

    read: int = 0
    used: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    quarantined: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "dropped", MappingProxyType(dict(sorted(self.dropped.items()))))
        accounted = self.used + sum(self.dropped.values()) + self.quarantined
        if accounted != self.read:
            raise ValueError(f"{self.read} rows were read but {accounted} are accounted for")

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.read + other.read,
            self.used + other.used,
            dict(Counter(self.dropped) + Counter(other.dropped)),
            self.quarantined + other.quarantined,
        )

    def with_dropped(self, dropped: Mapping[str, int]) -> Tally:
        """Return the tally after so many of the used rows were dropped, by reason."""
        counts = Counter(self.dropped) + Counter(dropped)
        return Tally(self.read, self.used - sum(dropped.values()), dict(counts), self.quarantined)

    def settled(self, used: Tally) -> Tally:
        """Return the tally after what was used so far has been looked at again, as `used` says.

        Raises
        ------
        ValueError
            When more or less was looked at than was used.
        """
        if used.read != self.used:
            raise ValueError(f"{self.used} rows were used but {used.read} looked at")
        return Tally(self.read - self.used, 0, self.dropped, self.quarantined) + used

    def __reduce__(self) -> tuple[type[Tally], tuple[int, int, dict[str, int], int]]:
        # A mapping proxy cannot travel to another process; plain values can.
        return Tally, (self.read, self.used, dict(self.dropped), self.quarantined)

    def as_json(self) -> dict[str, object]:
        """Return the tally as plain JSON values."""
        return {
            "read": self.read,
            "used": self.used,
            "dropped": dict(self.dropped),
            "quarantined": self.quarantined,
        }

    def sentence(self) -> str:
        """Return the tally as one sentence for people."""
        dropped = ", ".join(f"{count:,} {reason}" for reason, count in self.dropped.items())
        return (
            f"{self.read:,} rows read = {self.used:,} used"
            f" + {sum(self.dropped.values()):,} dropped{f' ({dropped})' if dropped else ''}"
            f" + {self.quarantined:,} quarantined"
        )


def total(tallies: Iterable[Tally]) -> Tally:
    """Return the sum of several tallies."""
    return sum(tallies, Tally())
